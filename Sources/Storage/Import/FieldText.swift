/// A delimited field's bytes as the text they stand for.
enum FieldText {
    enum Problem: String {
        case textAfterQuote = "text stands after a field's closing quote"
        case loneQuote = "a quote stands inside a quoted field without being doubled"
    }

    struct Content {
        var start: UnsafePointer<UInt8>
        var length: Int
        var wasQuoted: Bool
        var problem: Problem?
    }

    /// Takes off blanks (where spaces part fields) and quotes, and resolves doubled and escaped quotes into the arena.
    @inline(__always)
    static func content(_ start: UnsafePointer<UInt8>, _ length: Int, _ dialect: Dialect, _ arena: ByteArena) -> Content {
        var bytes = start
        var count = length
        if dialect.collapsesSpaces {
            while count > 0, bytes[0] == 32 {
                bytes += 1
                count -= 1
            }
            while count > 0, bytes[count - 1] == 32 { count -= 1 }
        }
        guard count > 0, let quote = dialect.quote, bytes[0] == quote else {
            return Content(start: bytes, length: count, wasQuoted: false, problem: nil)
        }
        return quoted(bytes, count, quote, dialect.escape, arena)
    }

    private static func quoted(
        _ bytes: UnsafePointer<UInt8>, _ count: Int, _ quote: UInt8, _ escape: UInt8?, _ arena: ByteArena
    ) -> Content {
        guard count >= 2, bytes[count - 1] == quote else {
            return Content(start: bytes, length: count, wasQuoted: true, problem: .textAfterQuote)
        }
        let inner = bytes + 1
        let length = count - 2
        var isPlain = true
        for i in 0..<length where inner[i] == quote || inner[i] == escape { isPlain = false }
        if isPlain { return Content(start: inner, length: length, wasQuoted: true, problem: nil) }
        let out = arena.allocate(length)
        var made = 0
        var i = 0
        while i < length {
            let byte = inner[i]
            if byte == escape, i + 1 < length, inner[i + 1] == quote || inner[i + 1] == escape {
                out[made] = inner[i + 1]
                i += 2
            } else if byte == quote {
                guard i + 1 < length, inner[i + 1] == quote else {
                    return Content(start: bytes, length: count, wasQuoted: true, problem: .loneQuote)
                }
                out[made] = quote
                i += 2
            } else {
                out[made] = byte
                i += 1
            }
            made += 1
        }
        return Content(start: UnsafePointer(out), length: made, wasQuoted: true, problem: nil)
    }

    /// For messages: at most 60 characters, no line ends, no control characters.
    static func shown(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        let text = String(decoding: bytes.prefix(240), as: UTF8.self)
        var out = ""
        for scalar in text.unicodeScalars.prefix(60) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
                out += scalar == "\n" ? "\\n" : scalar == "\t" ? "\\t" : scalar == "\r" ? "\\r" : "\\u{\(String(scalar.value, radix: 16))}"
            case _: out.unicodeScalars.append(scalar)
            }
        }
        return bytes.count > out.utf8.count && text.unicodeScalars.count > 60 ? out + "…" : out
    }
}
