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
        guard branches.count <= Parser.maximumBranches else {
            throw failure(
                "an `if` has more than \(Parser.maximumBranches) branches", at: start,
                hint: "that many cases are a table of their own: join it")
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
}
