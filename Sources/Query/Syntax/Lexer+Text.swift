extension Lexer {
    /// Reads a text behind its opening quote, plain (one byte) or curly (three). A text ends on its line.
    mutating func text(quoteLength: Int) throws(QueryError) -> String {
        let start = at
        at += quoteLength
        var value: [UInt8] = []
        var problem: QueryError?
        while at < bytes.count, bytes[at] != UInt8(ascii: "\n") {
            let byte = bytes[at]
            if quoteLength == 1 ? byte == UInt8(ascii: "\"") : PlainText.isCurlyQuote(bytes, at: at) {
                at += quoteLength
                if let problem { throw problem }
                return String(decoding: value, as: UTF8.self)
            }
            guard byte == UInt8(ascii: "\\") else {
                value.append(byte)
                at += 1
                continue
            }
            do { try escape(into: &value) } catch { if problem == nil { problem = error } }
        }
        throw QueryError(
            .syntax, "this quote is never closed", at: span(start, start + quoteLength),
            hint: "a text ends on its line; inside it a quote is written \\\" and a line break \\n")
    }

    /// Reads one escape, and always moves on, so that the text's end is still found behind a wrong one.
    private mutating func escape(into value: inout [UInt8]) throws(QueryError) {
        let start = at
        at += 1
        guard at < bytes.count, bytes[at] != UInt8(ascii: "\n") else { return }
        let letter = bytes[at]
        at += 1
        switch letter {
        case UInt8(ascii: "n"): value.append(0x0A)
        case UInt8(ascii: "t"): value.append(0x09)
        case UInt8(ascii: "r"): value.append(0x0D)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): value.append(letter)
        case UInt8(ascii: "u"): try unicodeEscape(start, into: &value)
        default:
            // A character of several bytes is taken whole.
            while at < bytes.count, bytes[at] & 0xC0 == 0x80 { at += 1 }
            throw QueryError(
                .syntax, "`\(string(start, at))` is not an escape", at: span(start, at),
                hint: "escapes are \\n \\t \\r \\\" \\\\ and \\u{4E2D}; a backslash itself is written \\\\")
        }
    }

    private mutating func unicodeEscape(_ start: Int, into value: inout [UInt8]) throws(QueryError) {
        var code: UInt32 = 0
        var digits = 0
        var end = at + 1
        if byte(at) == UInt8(ascii: "{") {
            while digits < 7, let digit = Character(Unicode.Scalar(byte(end))).hexDigitValue {
                code = code << 4 | UInt32(digit)
                digits += 1
                end += 1
            }
            if digits > 0, byte(end) == UInt8(ascii: "}"), let scalar = Unicode.Scalar(code) {
                at = end + 1
                value.append(contentsOf: Array(String(Character(scalar)).utf8))
                return
            }
        }
        throw QueryError(
            .syntax, "`\\u` is followed by a character's number in braces", at: span(start, at),
            hint: "as in \\u{4E2D}, one to six hexadecimal digits")
    }
}
