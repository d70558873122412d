/// Cuts a text into tokens. Never fails: what cannot be read becomes an `.invalid` token, and reading goes on behind it.
struct Lexer {
    private(set) var tokens: [Token] = []
    private(set) var errors: [QueryError] = []
    private let plain: PlainText
    let bytes: [UInt8]
    var at = 0

    init(_ source: some Sequence<UInt8>) {
        plain = PlainText(source)
        bytes = plain.bytes
        run()
    }

    func byte(_ offset: Int) -> UInt8 { offset < bytes.count && offset >= 0 ? bytes[offset] : 0 }
    func isDigit(_ offset: Int) -> Bool { byte(offset) &- UInt8(ascii: "0") < 10 }
    func span(_ start: Int, _ end: Int) -> SourceSpan { plain.original(start)..<plain.original(end) }
    func string(_ start: Int, _ end: Int) -> String { String(decoding: bytes[start..<end], as: UTF8.self) }

    private mutating func run() {
        var spaced = true
        while true {
            let before = at
            skipSpace()
            spaced = spaced || at > before
            guard at < bytes.count else { break }
            let start = at
            do {
                let (kind, text) = try next()
                precondition(at > start)
                tokens.append(Token(kind: kind, text: text, span: span(start, at), spaceBefore: spaced))
            } catch {
                if at <= start { at = start + 1 }
                tokens.append(Token(kind: .invalid(errors.count), text: string(start, at), span: span(start, at), spaceBefore: spaced))
                errors.append(error)
            }
            spaced = false
        }
        // The end is told right behind the last word, not behind a comment or an empty line.
        let end = tokens.last?.span.upperBound ?? span(at, at).lowerBound
        tokens.append(Token(kind: .end, text: "", span: end..<end, spaceBefore: true))
    }

    private mutating func skipSpace() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x09...0x0D, 0x20: at += 1
            case UInt8(ascii: "#"): while at < bytes.count, bytes[at] != UInt8(ascii: "\n") { at += 1 }
            default: return
            }
        }
    }

    private mutating func next() throws(QueryError) -> (Token.Kind, String) {
        let start = at
        switch bytes[at] {
        case UInt8(ascii: "\""): return (.text, try text(quoteLength: 1))
        case UInt8(ascii: "`"): return (.quotedName, try quotedName())
        case UInt8(ascii: "'"): throw singleQuoted()
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            let literal = try number()
            return (.literal(literal), string(start, at))
        default: break
        }
        if PlainText.isCurlyQuote(bytes, at: at) { return (.text, try text(quoteLength: 3)) }
        if let length = nameLength(at: at, first: true) {
            at += length
            while let more = nameLength(at: at, first: false) { at += more }
            return (.word, string(start, at))
        }
        let symbol = try symbol()
        return (.symbol(symbol), symbol.rawValue)
    }

    /// Bytes of the name character at `offset`, nil where none stands there. Unicode letters, digits and marks, and `_`.
    func nameLength(at offset: Int, first: Bool) -> Int? {
        guard offset < bytes.count else { return nil }
        let byte = bytes[offset]
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): return 1
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return first ? nil : 1
        case 0..<0x80: return nil
        default: break
        }
        guard let (scalar, length) = PlainText.scalar(in: bytes, at: offset) else { return nil }
        return (first ? scalar.properties.isXIDStart : scalar.properties.isXIDContinue) ? length : nil
    }

    /// End of the name that starts or goes on at `offset`.
    func nameEnd(from offset: Int) -> Int {
        var end = offset
        while let more = nameLength(at: end, first: false) { end += more }
        return end
    }

    private mutating func quotedName() throws(QueryError) -> String {
        let start = at
        at += 1
        var name: [UInt8] = []
        while at < bytes.count, bytes[at] != UInt8(ascii: "\n") {
            if bytes[at] == UInt8(ascii: "`") {
                at += 1
                guard byte(at) == UInt8(ascii: "`") else {
                    if name.isEmpty { throw QueryError(.syntax, "a name in backticks is empty", at: span(start, at)) }
                    return String(decoding: name, as: UTF8.self)
                }
            }
            name.append(bytes[at])
            at += 1
        }
        throw QueryError(
            .syntax, "this backtick is never closed", at: span(start, start + 1),
            hint: "a name in backticks ends on its line; a backtick inside it is written twice")
    }

    private mutating func singleQuoted() -> QueryError {
        let start = at
        at += 1
        while at < bytes.count, bytes[at] != UInt8(ascii: "\n"), bytes[at] != UInt8(ascii: "'") { at += 1 }
        guard byte(at) == UInt8(ascii: "'") else {
            return QueryError(
                .syntax, "a single quote has no meaning here", at: span(start, start + 1), hint: "texts stand in double quotes: \"…\"")
        }
        let inner = string(start + 1, at)
        at += 1
        var hint = "write \(Printer.quote(inner))"
        if case .literal(let literal)? = Lexer(inner.utf8).tokens.first?.kind, literal.isOfDates {
            hint += "; a date has no quotes: \(inner)"
        }
        return QueryError(.syntax, "texts stand in double quotes", at: span(start, at), hint: hint)
    }

    private mutating func symbol() throws(QueryError) -> Symbol {
        let start = at
        func wrong(_ length: Int, _ message: String, _ hint: String) -> QueryError {
            QueryError(.syntax, message, at: span(start, start + length), hint: hint)
        }
        let first = bytes[at]
        let second = byte(at + 1)
        let pair = String(decoding: [first, second], as: UTF8.self)
        switch pair {
        case "==":
            at += 2
            throw wrong(2, "`==` is not an operator", "`=` compares")
        case "<>":
            at += 2
            throw wrong(2, "`<>` is not an operator", "write `!=`")
        case "&&":
            at += 2
            throw wrong(2, "`&&` is not an operator", "write `and`")
        case "||":
            at += 2
            throw wrong(2, "`||` is not an operator", "write `or`; texts are joined by concat(a, b)")
        case "=~", "!~":
            at += 2
            throw wrong(2, "`\(pair)` is not an operator", "a pattern is tested with `like \"a%\"`, a regular expression by a function")
        case ":=", "=>", "->":
            at += 2
            throw wrong(2, "`\(pair)` is not an operator", "`:` names a column, `=` compares and defines")
        case "**":
            at += 2
            throw wrong(2, "`**` is not an operator", "write power(a, b)")
        case "!=", "<=", ">=", "..":
            at += 2
            return Symbol(rawValue: pair)!
        default: break
        }
        at += 1
        let sign = String(decoding: [first], as: UTF8.self)
        if first < 0x80, let symbol = Symbol(rawValue: sign) { return symbol }
        switch sign {
        case "!": throw wrong(1, "`!` is not an operator", "write `not`, or `!=` for unequal")
        case "%": throw wrong(1, "`%` stands right behind a number: 2.5%", "the remainder of a division is `a mod b`")
        case "&": throw wrong(1, "`&` is not an operator", "write `and`")
        case "{", "}": throw wrong(1, "`\(sign)` has no meaning here", "lists stand in [ ], everything else in ( )")
        case "^": throw wrong(1, "`^` is not an operator", "write power(a, b)")
        case "?": throw wrong(1, "`?` has no meaning here", "a parameter is written @name, a condition `if a then b else c`")
        case "$": throw wrong(1, "`$` has no meaning here", "a parameter is written @name; amounts have no currency sign")
        case "\\": throw wrong(1, "`\\` has no meaning outside a text", "a statement goes on by itself where the next line is indented")
        default: break
        }
        throw strayCharacter(start)
    }

    private mutating func strayCharacter(_ start: Int) -> QueryError {
        guard let (scalar, length) = PlainText.scalar(in: bytes, at: start) else {
            return QueryError(.syntax, "this byte is not UTF-8", at: span(start, at), hint: "save the text as UTF-8")
        }
        at = start + length
        let number = String(scalar.value, radix: 16, uppercase: true)
        let code = "U+" + String(repeating: "0", count: max(0, 4 - number.count)) + number
        let place = span(start, at)
        switch scalar.value {
        case 0x2264: return QueryError(.syntax, "`≤` is not an operator", at: place, hint: "write `<=`")
        case 0x2265: return QueryError(.syntax, "`≥` is not an operator", at: place, hint: "write `>=`")
        case 0x2260: return QueryError(.syntax, "`≠` is not an operator", at: place, hint: "write `!=`")
        case 0xD7: return QueryError(.syntax, "`×` is not an operator", at: place, hint: "write `*`")
        case 0xF7: return QueryError(.syntax, "`÷` is not an operator", at: place, hint: "write `/`")
        case 0xA3, 0xA5, 0x20AC, 0xFFE5:
            return QueryError(.syntax, "`\(scalar)` has no meaning here", at: place, hint: "amounts have no currency sign")
        case 0x2013, 0x2014: return QueryError(.syntax, "a dash (\(code)) is not a minus sign", at: place, hint: "write `-`")
        default: break
        }
        if scalar.isInvisible {
            return QueryError(.syntax, "an invisible character (\(code)) has no meaning here", at: place, hint: "delete it")
        }
        return QueryError(
            .syntax, "the character `\(scalar)` has no meaning here", at: place, hint: "a name that holds it stands in backticks")
    }
}

extension Literal {
    /// A date, a timestamp or a span of dates.
    var isOfDates: Bool {
        switch self {
        case .date, .timestamp, .span: true
        case .null, .bool, .integer, .decimal, .float, .text, .duration, .months: false
        }
    }
}
