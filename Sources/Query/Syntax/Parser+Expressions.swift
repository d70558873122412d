/// Loosest to tightest.
enum Precedence: Int, Comparable {
    case or, and, not, comparison, range, sum, product, unary, postfix

    static func < (a: Precedence, b: Precedence) -> Bool { a.rawValue < b.rawValue }
    var tighter: Precedence { Precedence(rawValue: rawValue + 1) ?? .postfix }
}

extension BinaryOperator {
    var precedence: Precedence {
        switch self {
        case .or: .or
        case .and: .and
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .like, .notLike: .comparison
        case .add, .subtract: .sum
        case .multiply, .divide, .div, .mod: .product
        }
    }
}

extension Parser {
    mutating func expression(_ minimum: Precedence = .or) throws(QueryError) -> Expression {
        try enter()
        let result =
            switch minimum {
            case .or: try disjunction()
            case .and: try conjunction()
            case .not: try negation()
            case .comparison: try comparison()
            case .range: try range()
            case .sum, .product: try arithmetic(minimum)
            case .unary, .postfix: try unary()
            }
        leave()
        return result
    }

    // MARK: and, or, not

    private mutating func disjunction() throws(QueryError) -> Expression {
        var left = try conjunction()
        guard at(word: "or") else { return left }
        var leftHeight = height
        var mixed = bareConjunction
        var pieces = [(left.span, bareConjunction)]
        while at(word: "or") {
            let sign = token
            advance()
            let right = try conjunction()
            mixed = mixed || bareConjunction
            pieces.append((right.span, bareConjunction))
            try grow(leftHeight, height, at: sign)
            leftHeight = height
            left = Expression(kind: .binary(.or, left, right), span: left.span.lowerBound..<right.span.upperBound)
        }
        // Where `and` and `or` meet without brackets, neither reading is safe to assume.
        guard mixed else { return left }
        let form = pieces.map { span, isBare in isBare ? "(\(words(of: span)))" : words(of: span) }.joined(separator: " or ")
        throw failure("`and` and `or` are mixed without brackets", at: left.span, hint: "if this is meant, write \(form)")
    }

    private mutating func conjunction() throws(QueryError) -> Expression {
        var left = try negation()
        var leftHeight = height
        var isBare = false
        while at(word: "and") {
            let sign = token
            isBare = true
            advance()
            let right = try negation()
            try grow(leftHeight, height, at: sign)
            leftHeight = height
            left = Expression(kind: .binary(.and, left, right), span: left.span.lowerBound..<right.span.upperBound)
        }
        bareConjunction = isBare
        return left
    }

    private mutating func negation() throws(QueryError) -> Expression {
        guard at(word: "not") else { return try comparison() }
        let start = token
        advance()
        try enter()
        let inner = try negation()
        leave()
        try grow(height, at: start)
        return Expression(kind: .not(inner), span: start.span.lowerBound..<inner.span.upperBound)
    }

    // MARK: comparisons

    private static let comparisons: [Symbol: BinaryOperator] = [
        .equal: .equal, .notEqual: .notEqual, .less: .less, .lessOrEqual: .lessOrEqual, .greater: .greater,
        .greaterOrEqual: .greaterOrEqual,
    ]

    private mutating func comparison() throws(QueryError) -> Expression {
        let left = try range()
        guard let result = try comparisonTail(left) else { return left }
        if startsComparison(token) {
            throw failure(
                "comparisons do not chain", hint: "`a < b and b < c`, or `b in a..c` with both ends in")
        }
        return result
    }

    private func startsComparison(_ token: Token) -> Bool {
        if case .symbol(let symbol) = token.kind { return Parser.comparisons[symbol] != nil }
        return token.isWord("in") || token.isWord("is") || token.isWord("like")
    }

    private mutating func comparisonTail(_ left: Expression) throws(QueryError) -> Expression? {
        let sign = token
        let leftHeight = height
        let start = left.span.lowerBound
        if case .symbol(let symbol) = sign.kind, let operation = Parser.comparisons[symbol] {
            advance()
            let right = try range()
            if case .literal(.null) = right.kind, operation == .equal || operation == .notEqual {
                let form = operation == .equal ? "is null" : "is not null"
                throw failure(
                    operation == .equal ? "a comparison with null is never true" : "`!= null` is true for every row",
                    at: start..<right.span.upperBound,
                    hint: "write `\(words(of: left.span)) \(form)`")
            }
            try grow(leftHeight, height, at: sign)
            return Expression(kind: .binary(operation, left, right), span: start..<right.span.upperBound)
        }
        if at(word: "is") {
            advance()
            let negated = accept(word: "not")
            guard accept(word: "null") else {
                throw expected("`null` or `not null` behind `is`", hint: "`=` compares with a value, `in` with a list or a span")
            }
            try grow(leftHeight, at: sign)
            return Expression(kind: .isNull(left, negated: negated), span: span(from: start))
        }
        let negated = at(word: "not") && (peek().isWord("in") || peek().isWord("like") || peek().isWord("between"))
        let word = negated ? peek() : token
        if word.isWord("in") {
            if negated { advance() }
            advance()
            let opening = token
            let right = try range()
            // `x in ("a")`
            if case .literal = right.kind, opening.isSymbol(.openRound), right.span.lowerBound == opening.span.lowerBound {
                throw failure(
                    "a list stands in square brackets", at: right.span, hint: "write [\(text(of: right.span).dropFirst().dropLast())]")
            }
            try grow(leftHeight, height, at: sign)
            return Expression(kind: .membership(left, right, negated: negated), span: span(from: start))
        }
        if word.isWord("like") {
            if negated { advance() }
            advance()
            let right = try range()
            try grow(leftHeight, height, at: sign)
            return Expression(kind: .binary(negated ? .notLike : .like, left, right), span: span(from: start))
        }
        if word.isWord("between") { throw betweenHabit(left, negated: negated, word: word) }
        return nil
    }

    private mutating func betweenHabit(_ left: Expression, negated: Bool, word: Token) -> QueryError {
        if negated { advance() }
        advance()
        let name = words(of: left.span)
        let inWord = negated ? "not in" : "in"
        var form = "\(name) \(inWord) a..b"
        if let low = try? expression(.sum), accept(word: "and"), let high = try? expression(.sum) {
            form = "\(name) \(inWord) \(words(of: low.span))..\(words(of: high.span))"
        }
        return failure("there is no `between`", at: word, hint: "write `\(form)`, both ends in")
    }

    // MARK: arithmetic

    private mutating func range() throws(QueryError) -> Expression {
        let left = try arithmetic(.sum)
        guard at(.range) else { return left }
        let sign = token
        let leftHeight = height
        advance()
        if atStageEnd || at(.closeSquare) || at(.comma) {
            throw expected("the range's upper end", hint: "a range names both ends: 1..5; an open one is a comparison: x >= 1")
        }
        let right = try arithmetic(.sum)
        try grow(leftHeight, height, at: sign)
        if at(.range) { throw failure("a range has two ends", hint: "as in 1..5") }
        return Expression(kind: .range(left, right), span: left.span.lowerBound..<right.span.upperBound)
    }

    private func arithmeticOperator() -> BinaryOperator? {
        switch token.kind {
        case .symbol(.plus): .add
        case .symbol(.minus): .subtract
        case .symbol(.star): .multiply
        case .symbol(.slash): .divide
        case .word: token.text == "div" ? .div : token.text == "mod" ? .mod : nil
        case .symbol, .quotedName, .text, .literal, .invalid, .end: nil
        }
    }

    private mutating func arithmetic(_ minimum: Precedence) throws(QueryError) -> Expression {
        var left = try unary()
        var leftHeight = height
        while let operation = arithmeticOperator(), operation.precedence >= minimum {
            let sign = token
            advance()
            if sign.isSymbol(.minus), at(.minus), !token.spaceBefore { throw commentHabit(sign, "--") }
            if sign.isSymbol(.slash), at(.slash) || at(.star), !token.spaceBefore { throw commentHabit(sign, "/" + token.text) }
            let right = try arithmetic(operation.precedence.tighter)
            try grow(leftHeight, height, at: sign)
            leftHeight = height
            left = Expression(kind: .binary(operation, left, right), span: left.span.lowerBound..<right.span.upperBound)
        }
        return left
    }

    func commentHabit(_ sign: Token, _ text: String) -> QueryError {
        failure("`\(text)` has no meaning here", at: sign.span.lowerBound..<(sign.span.upperBound + 1), hint: "a comment starts with `#`")
    }

    private mutating func unary() throws(QueryError) -> Expression {
        guard at(.minus) else {
            if at(.plus) { throw expected("a value", hint: "a positive number has no sign") }
            return try primary()
        }
        let sign = token
        advance()
        if at(.minus), !token.spaceBefore { throw commentHabit(sign, "--") }
        try enter()
        let inner = try unary()
        leave()
        try grow(height, at: sign)
        return Expression(kind: .negate(inner), span: sign.span.lowerBound..<inner.span.upperBound)
    }
}
