extension Parser {
    mutating func pathOrCall(windows: Bool) throws(QueryError) -> Expression {
        var names = [try name("a name")]
        while at(.dot) {
            advance()
            names.append(try name("a name behind the point"))
        }
        let start = names[0].span.lowerBound
        guard at(.openRound) else {
            if let member = try asOfMembership(names) { return member }
            return Expression(kind: .path(names), span: span(from: start))
        }
        let last = names[names.count - 1]
        if names.count > 1, Parser.isFunction(last.text) {
            let path = names.dropLast().map { Printer.name($0.text) }.joined(separator: ".")
            let inner = peek().isName ? "." + peek().text : ""
            throw failure(
                "a function's name has no point", at: start..<last.span.upperBound, hint: "write \(last.text)(\(path)\(inner))")
        }
        var call = try call(last)
        call.link = Array(names.dropLast())
        let inner = height
        if windows { try window(&call) }
        try grow(max(inner, height), at: tokens[index])
        return Expression(kind: .call(call), span: span(from: start))
    }

    private static func isFunction(_ name: String) -> Bool {
        FunctionCatalogue.byName[name] != nil || AggregateFunction(rawValue: name) != nil || WindowFunction(rawValue: name) != nil
    }

    /// The brackets of a call: arguments, then its own `where` and `by`.
    mutating func call(_ name: Name) throws(QueryError) -> Call {
        let opening = token
        try expect(.openRound)
        return try inBrackets { parser throws(QueryError) in
            var call = Call(name: name, arguments: [], filter: nil, innerOrder: [], per: nil, order: nil)
            var highest = 0
            if !parser.at(.closeRound), !parser.at(word: "where"), !parser.at(word: "by") {
                repeat {
                    call.arguments.append(try parser.argument(of: name))
                    highest = max(highest, parser.height)
                } while parser.accept(.comma)
            }
            while parser.at(word: "where") || parser.at(word: "by") {
                if parser.at(word: "where"), call.filter == nil {
                    parser.advance()
                    call.filter = try parser.expression()
                    highest = max(highest, parser.height)
                } else if parser.at(word: "by"), call.innerOrder.isEmpty {
                    parser.advance()
                    repeat {
                        call.innerOrder.append(try parser.orderItem())
                        highest = max(highest, parser.height)
                    } while parser.accept(.comma)
                } else {
                    throw parser.expected("`)`", hint: "a call has one `where` and one `by`; conditions are joined by `and`")
                }
            }
            if call.filter != nil, parser.at(.comma) {
                throw parser.failure("the `where` of a call stands behind its last argument", hint: "\(name.text)(x, y where …)")
            }
            try parser.expectClosing(.closeRound, of: opening)
            parser.height = highest
            return call
        }
    }

    private mutating func argument(of function: Name) throws(QueryError) -> Call.Argument {
        if at(.star), peek().isSymbol(.closeRound) || peek().isSymbol(.comma) || peek().isWord("where") {
            if function.text == "count" { throw failure("count() needs no `*`", hint: "count() counts rows, count(x) the values of x") }
            let star = Expression(kind: .star, span: token.span)
            advance()
            height = 1
            return Call.Argument(label: nil, value: star)
        }
        if at(word: "distinct"), peek().isName {
            throw failure("`distinct` is a function of its own", hint: "distinct(\(peek().text)) counts the different values")
        }
        var label: Name?
        if token.isName, peek().isSymbol(.colon) {
            label = try name("a name")
            advance()
        }
        return Call.Argument(label: label, value: try expression())
    }

    /// `per KEYS by ORDER` behind a call; each takes one key or a bracketed list.
    private mutating func window(_ call: inout Call) throws(QueryError) {
        var highest = 0
        while true {
            if at(word: "per"), call.per == nil {
                advance()
                call.per = try keys { parser throws(QueryError) in try parser.expression() }
            } else if at(word: "by"), call.order == nil, !stageOwnsBy {
                advance()
                call.order = try keys { parser throws(QueryError) in
                    try parser.orderItem()
                } single: { parser throws(QueryError) in
                    try parser.orderItem(key: true)
                }
            } else {
                break
            }
            highest = max(highest, height)
        }
        height = highest
    }

    /// One key, or a list in brackets.
    private mutating func keys(_ item: (inout Parser) throws(QueryError) -> Expression) throws(QueryError) -> [Expression] {
        try keys(item) { parser throws(QueryError) in try parser.primary(windows: false) }
    }

    private mutating func keys<R>(
        _ item: (inout Parser) throws(QueryError) -> R, single: (inout Parser) throws(QueryError) -> R
    ) throws(QueryError) -> [R] {
        guard at(.openRound) else { return [try single(&self)] }
        var highest = 0
        let items = try bracketed { parser throws(QueryError) in
            let one = try item(&parser)
            highest = max(highest, parser.height)
            return one
        }
        height = highest
        return items
    }

    /// `per k` or `per (a, b)` of a stage.
    mutating func stageKeys() throws(QueryError) -> [Expression] {
        let keys = try keys { parser throws(QueryError) in try parser.expression() }
        if at(.comma) { throw failure("several keys stand in brackets", hint: "per (a, b)") }
        return keys
    }

    /// `amount desc`
    mutating func orderItem(key: Bool = false) throws(QueryError) -> OrderItem {
        if key, at(.minus) {
            throw expected("a key", hint: "a falling order is `by amount desc`; anything but a plain key stands in brackets")
        }
        let value = key ? try primary(windows: false) : try expression()
        if accept(word: "desc") { return OrderItem(value: value, descending: true, explicit: true) }
        if accept(word: "asc") { return OrderItem(value: value, descending: false, explicit: true) }
        if at(word: "descending") || at(word: "ascending") {
            throw expected("`asc` or `desc`", hint: "write `\(token.text == "descending" ? "desc" : "asc")`")
        }
        return OrderItem(value: value, descending: false, explicit: false)
    }

    /// `name: value` or a plain value.
    mutating func namedExpression(stage: String) throws(QueryError) -> NamedExpression {
        if token.isName, peek().isSymbol(.colon) {
            let label = try name("a name")
            advance()
            return NamedExpression(name: label, value: try expression())
        }
        if token.isReserved, peek().isSymbol(.colon) { _ = try name("a name") }
        if token.kind == .text, peek().isSymbol(.colon) {
            throw expected("a name before `:`", hint: "a name has no quotes; an unusual one stands in backticks")
        }
        let start = token
        if at(.star), stage == "select" {
            advance()
            height = 1
            return NamedExpression(name: nil, value: Expression(kind: .star, span: start.span))
        }
        let value = try expression()
        try checkNaming(value, stage: stage)
        return NamedExpression(name: nil, value: value)
    }

    mutating func namedExpressions(stage: String) throws(QueryError) -> [NamedExpression] {
        var items = [try namedExpression(stage: stage)]
        while accept(.comma) { items.append(try namedExpression(stage: stage)) }
        return items
    }
}
