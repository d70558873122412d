import Storage

extension Parser {
    /// A literal, a name, a call with its window, or something in brackets.
    mutating func primary(windows: Bool = true) throws(QueryError) -> Expression {
        height = 1
        let start = token
        switch start.kind {
        case .literal(let literal):
            advance()
            if token.kind == .word, !token.isReserved, !token.spaceBefore { throw expected("an operator") }
            return Expression(kind: .literal(literal), span: start.span)
        case .text:
            advance()
            return Expression(kind: .literal(.text(start.text)), span: start.span)
        case .quotedName: return try pathOrCall(windows: windows)
        case .word:
            switch start.text {
            case "null", "true", "false":
                advance()
                return Expression(kind: .literal(start.text == "null" ? .null : .bool(start.text == "true")), span: start.span)
            case "if": return try conditional()
            case "case" where peek().isWord("when") || peek(2).isWord("when"), "CASE" where peek().isWord("WHEN"):
                throw failure("there is no `case when`", hint: "write `if a then b else if c then d else e`")
            case "NULL", "TRUE", "FALSE", "NOT", "True", "False", "None":
                if !peek().isSymbol(.openRound), !peek().isSymbol(.dot) {
                    let small = start.text == "None" ? "null" : start.text.lowercased()
                    throw failure(
                        "expected a value, found `\(start.text)`",
                        hint: "keywords are written small: `\(small)`; a column of that name stands in backticks")
                }
            default: break
            }
            if start.isReserved { throw reservedInExpression() }
            if let period = try period() { return period }
            return try pathOrCall(windows: windows)
        case .symbol(.at):
            advance()
            guard token.isName, !token.spaceBefore else { throw expected("a parameter's name right behind `@`") }
            let parameter = try name("a parameter's name")
            return Expression(kind: .parameter(parameter), span: start.span.lowerBound..<parameter.span.upperBound)
        case .symbol(.openRound): return try round()
        case .symbol(.openSquare): return try list()
        case .symbol, .invalid, .end: throw expectedValue()
        }
    }

    private func expectedValue() -> QueryError {
        switch token.kind {
        case .symbol(.star): expected("a value", hint: "`*` multiplies two values; rows are counted by count()")
        case .symbol(.range): expected("a value", hint: "a range names both ends: 1..5; an open one is a comparison: x <= 5")
        case .symbol(.dot): expected("a value", hint: "a number starts with a digit: 0.5")
        case .symbol(.equal) where index > 0 && tokens[index - 1].isSymbol(.equal): expected("a value", hint: "`=` compares")
        case .symbol, .word, .quotedName, .text, .literal, .invalid, .end:
            expected("a value", hint: index > 0 && tokens[index - 1].isSymbol(.comma) ? "a comma is followed by one more item" : nil)
        }
    }

    private func reservedInExpression() -> QueryError {
        switch token.text {
        case "from": expected("a value", hint: "a query stands in brackets: (from t | …)")
        case "not": expected("a value", hint: "`not` stands before a whole condition: not a = b")
        default: expected("a value", hint: habitHint(token) ?? "a name that is a reserved word stands in backticks: `\(token.text)`")
        }
    }

    // MARK: brackets

    private mutating func round() throws(QueryError) -> Expression {
        let opening = token
        if peek().isWord("from") {
            let query = try bracketedQuery()
            height = 1
            return Expression(kind: .query(query), span: span(from: opening.span.lowerBound))
        }
        advance()
        let owned = stageOwnsBy
        stageOwnsBy = false
        if at(word: "select") { throw selectHabit() }
        var inner = try expression()
        if at(.comma) { throw tupleHabit(opening) }
        try expectClosing(.closeRound, of: opening, "`)`")
        inner.span = span(from: opening.span.lowerBound)
        stageOwnsBy = owned
        return inner
    }

    /// `("a", "b")`
    private mutating func tupleHabit(_ opening: Token) -> QueryError {
        while !atEnd, !at(.closeRound), !at(.pipe) { advance() }
        let inner = text(of: opening.span.upperBound..<span(from: opening.span.upperBound).upperBound)
        if at(.closeRound) { advance() }
        return failure("a list stands in square brackets", at: span(from: opening.span.lowerBound), hint: "write [\(inner)]")
    }

    private mutating func list() throws(QueryError) -> Expression {
        let opening = token
        advance()
        return try inBrackets { parser throws(QueryError) in
            var items: [Expression] = []
            var highest = 0
            if !parser.at(.closeSquare) {
                repeat {
                    items.append(try parser.expression())
                    highest = max(highest, parser.height)
                } while parser.accept(.comma)
            }
            try parser.expectClosing(.closeSquare, of: opening)
            try parser.grow(highest, at: opening)
            return Expression(kind: .list(items), span: parser.span(from: opening.span.lowerBound))
        }
    }

    // MARK: if

    private mutating func conditional() throws(QueryError) -> Expression {
        let start = token
        var branches: [Expression.Branch] = []
        var otherwise: Expression?
        var highest = 0
        while accept(word: "if") {
            if at(.openRound), !peek().isWord("from"), branches.isEmpty, let form = functionIf() {
                throw failure("`if` is not a function", at: start, hint: "write `\(form)`")
            }
            let condition = try expression()
            highest = max(highest, height)
            guard accept(word: "then") else { throw expected("`then`", hint: "if a then b else c") }
            let value = try expression()
            highest = max(highest, height)
            branches.append(Expression.Branch(condition: condition, value: value))
            guard accept(word: "else") else { break }
            if at(word: "if") { continue }
            otherwise = try expression()
            highest = max(highest, height)
        }
        // A conditional in brackets behind `else` says the same as one without.
        if let last = otherwise, case .conditional(let more, let final) = last.kind {
            branches += more
            otherwise = final
        }
        try grow(highest, at: start)
        return Expression(kind: .conditional(branches, otherwise: otherwise), span: span(from: start.span.lowerBound))
    }

    /// `(a, b, c)` behind `if`, told in this language; nil for a plain bracket.
    private func functionIf() -> String? {
        var pieces: [String] = []
        var depth = 0
        var start = index + 1
        var at = index
        while at < tokens.count, tokens[at].kind != .end {
            let token = tokens[at]
            if token.isSymbol(.openRound) || token.isSymbol(.openSquare) { depth += 1 }
            if token.isSymbol(.closeRound) || token.isSymbol(.closeSquare) { depth -= 1 }
            if depth == 0 || (depth == 1 && token.isSymbol(.comma)) {
                pieces.append(plainWords(start..<at))
                start = at + 1
            }
            if depth == 0 { break }
            at += 1
        }
        guard pieces.count > 1 else { return nil }
        return "if \(pieces[0]) then \(pieces[1])" + (pieces.count > 2 ? " else \(pieces[2])" : "")
    }

    // MARK: names and calls

    private mutating func pathOrCall(windows: Bool) throws(QueryError) -> Expression {
        var names = [try name("a name")]
        while at(.dot) {
            advance()
            names.append(try name("a name behind the point"))
        }
        let start = names[0].span.lowerBound
        guard at(.openRound) else {
            return Expression(kind: .path(names), span: span(from: start))
        }
        if names.count > 1 {
            let path = names.dropLast().map { Printer.name($0.text) }.joined(separator: ".")
            let inner = peek().isName ? "." + peek().text : ""
            throw failure(
                "a function's name has no point", at: start..<names[names.count - 1].span.upperBound,
                hint: "write \(names[names.count - 1].text)(\(path)\(inner))")
        }
        var call = try call(names[0])
        let inner = height
        if windows { try window(&call) }
        try grow(max(inner, height), at: tokens[index])
        return Expression(kind: .call(call), span: span(from: start))
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
