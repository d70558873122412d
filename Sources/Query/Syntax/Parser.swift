/// Recursive descent over the tokens of one statement.
struct Parser {
    let tokens: [Token]
    let lexErrors: [QueryError]
    let bytes: [UInt8]
    var index = 0
    /// Brackets and prefixes open around the current token.
    var nesting = 0
    /// Height of the expression returned last: long chains are as dangerous to a recursive reader as deep brackets.
    var height = 0
    /// True where an unbracketed `by` belongs to the stage and not to the call on its left.
    var stageOwnsBy = false

    /// True where the expression returned last is an `and` without brackets around it.
    var bareConjunction = false

    /// Parameters of the definition being read: behind `last` and `next` they stand for a length of time.
    var parameterNames: Set<String> = []

    static let maximumNesting = 200
    /// A query in brackets counts for this many levels: reading one takes that much more of the stack.
    static let queryWeight = 8
    static let maximumHeight = 500
    /// The engine numbers the branches of a conditional in a byte.
    static let maximumBranches = 200

    init(_ text: String) {
        bytes = Array(text.utf8)
        let lexer = Lexer(bytes)
        tokens = lexer.tokens
        lexErrors = lexer.errors
    }

    // MARK: looking

    var token: Token { tokens[index] }
    func peek(_ distance: Int = 1) -> Token { tokens[min(index + distance, tokens.count - 1)] }
    func at(_ symbol: Symbol) -> Bool { token.isSymbol(symbol) }
    func at(word: String) -> Bool { token.isWord(word) }

    /// The statement's end: nothing, or its `;`.
    var atEnd: Bool { token.kind == .end || at(.semicolon) }

    /// The end of a stage or of a query in brackets.
    var atStageEnd: Bool { atEnd || at(.pipe) || at(.closeRound) }

    mutating func advance() { if index < tokens.count - 1 { index += 1 } }

    mutating func accept(_ symbol: Symbol) -> Bool {
        guard at(symbol) else { return false }
        advance()
        return true
    }

    mutating func accept(word: String) -> Bool {
        guard at(word: word) else { return false }
        advance()
        return true
    }

    /// From a token's start to the end of the last token read.
    func span(from start: Int) -> SourceSpan {
        let end = index > 0 ? tokens[index - 1].span.upperBound : start
        return start..<max(start, end)
    }

    func text(of span: SourceSpan) -> String { String(decoding: bytes[span], as: UTF8.self) }

    // MARK: failing

    /// An error at a token; a token that could not be read at all speaks for itself.
    func failure(_ message: String, at token: Token? = nil, hint: String? = nil) -> QueryError {
        let token = token ?? self.token
        if case .invalid(let error) = token.kind { return lexErrors[error] }
        return QueryError(.syntax, message, at: token.span, hint: hint)
    }

    func failure(_ message: String, at span: SourceSpan, hint: String? = nil) -> QueryError {
        QueryError(.syntax, message, at: span, hint: hint)
    }

    func expected(_ what: String, hint: String? = nil) -> QueryError {
        failure("expected \(what), found \(found(token))", hint: hint)
    }

    func found(_ token: Token) -> String {
        switch token.kind {
        case .end: return "the end"
        case .text: return "the text \(Printer.quote(token.text))"
        case .literal: return "\(text(of: token.span))"
        case .word where token.isReserved: return "the reserved word `\(token.text)`"
        case .word, .quotedName, .symbol, .invalid: return "`\(token.text)`"
        }
    }

    mutating func expect(_ symbol: Symbol, _ what: String? = nil, hint: String? = nil) throws(QueryError) {
        guard accept(symbol) else { throw expected(what ?? "`\(symbol.rawValue)`", hint: hint) }
    }

    /// The closing twin of the bracket at `opening`; an unclosed bracket is told where it opened.
    mutating func expectClosing(_ symbol: Symbol, of opening: Token, _ what: String? = nil) throws(QueryError) {
        if accept(symbol) { return }
        // Where the next statement begins at its line's first column, the bracket has swallowed it.
        let start = token.span.lowerBound
        let isNextStatement =
            token.kind == .word && Parser.statementWords.contains(token.text) && start > 0 && bytes[start - 1] == UInt8(ascii: "\n")
        if atEnd || isNextStatement || token.isSymbol(symbol == .closeRound ? .closeSquare : .closeRound) {
            throw failure(
                "this `\(opening.text)` is never closed", at: opening, hint: "expected `\(symbol.rawValue)` before \(found(token))")
        }
        throw expected(what ?? "`,` or `\(symbol.rawValue)`", hint: habitHint(token))
    }

    /// Goes one level deeper; the caller goes back with `leave`, except where it throws and all is over anyway.
    mutating func enter(_ weight: Int = 1) throws(QueryError) {
        nesting += weight
        guard nesting <= Parser.maximumNesting else {
            throw failure("this is nested too deep", hint: "name a part with `derive` or `let` and use the name")
        }
    }

    mutating func leave(_ weight: Int = 1) { nesting -= weight }

    /// Inside brackets a `by` belongs to the call on its left again.
    mutating func inBrackets<R>(_ body: (inout Parser) throws(QueryError) -> R) throws(QueryError) -> R {
        let owned = stageOwnsBy
        stageOwnsBy = false
        let result = try body(&self)
        stageOwnsBy = owned
        return result
    }

    /// Notes that an expression stands above others of height `heights`.
    mutating func grow(_ heights: Int..., at token: Token) throws(QueryError) {
        height = (heights.max() ?? 0) + 1
        guard height <= Parser.maximumHeight else {
            throw failure(
                "an expression has more than \(Parser.maximumHeight) operators in a row", at: token,
                hint: "many alternatives of one column are a list: x in [\"a\", \"b\"]")
        }
    }

    // MARK: names and small words

    mutating func name(_ what: String) throws(QueryError) -> Name {
        guard token.isName else {
            if token.isReserved {
                throw failure(
                    "expected \(what), found the reserved word `\(token.text)`",
                    hint: "a name that is a reserved word stands in backticks: `\(token.text)`")
            }
            if token.kind == .text { throw expected(what, hint: "a name has no quotes; an unusual one stands in backticks") }
            throw expected(what)
        }
        let name = Name(text: token.text, span: token.span)
        advance()
        return name
    }

    /// `a, b` or `(a, b)`.
    mutating func names(_ what: String) throws(QueryError) -> [Name] {
        if at(.openRound) { return try bracketed { parser throws(QueryError) in try parser.name(what) } }
        var names = [try name(what)]
        while accept(.comma) { names.append(try name(what)) }
        return names
    }

    /// `( item, item )`; a trailing comma is an error.
    mutating func bracketed<R>(_ item: (inout Parser) throws(QueryError) -> R) throws(QueryError) -> [R] {
        let opening = token
        try expect(.openRound)
        return try inBrackets { parser throws(QueryError) in
            var items = [try item(&parser)]
            while parser.accept(.comma) { items.append(try item(&parser)) }
            try parser.expectClosing(.closeRound, of: opening)
            return items
        }
    }

    mutating func string(_ what: String) throws(QueryError) -> String {
        guard token.kind == .text else { throw expected(what, hint: "texts stand in double quotes") }
        let value = token.text
        advance()
        return value
    }
}
