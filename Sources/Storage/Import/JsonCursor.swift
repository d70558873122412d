/// A walk over one line of JSON, without recursion: nested values are passed over as text.
struct JsonCursor {
    struct Value {
        var start: UnsafePointer<UInt8>
        /// -1 is null.
        var length: Int
        var isString: Bool
    }

    private let bytes: UnsafePointer<UInt8>
    private let count: Int
    private let arena: ByteArena
    private(set) var position = 0
    private(set) var problem: String?

    init(bytes: UnsafePointer<UInt8>, count: Int, arena: ByteArena) {
        self.bytes = bytes
        self.count = count
        self.arena = arena
    }

    var isAtEnd: Bool { position >= count }

    mutating func skipBlanks() {
        while position < count, bytes[position] == 32 || bytes[position] == 9 || bytes[position] == 13 || bytes[position] == 10 {
            position += 1
        }
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard position < count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    mutating func value() -> Value? {
        guard position < count else { return nil }
        let start = position
        switch bytes[position] {
        case UInt8(ascii: "\""):
            guard let text = string() else { return nil }
            return Value(start: text.baseAddress ?? bytes, length: text.count, isString: true)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard skipNested() else {
                problem = "a bracket that opens at byte \(start + 1) is not closed"
                return nil
            }
            return Value(start: bytes + start, length: position - start, isString: true)
        case _:
            while position < count, !isEnd(bytes[position]) { position += 1 }
            let length = position - start
            let word = UnsafeBufferPointer(start: bytes + start, count: length)
            if bytes[start] >= UInt8(ascii: "a") {
                if word.elementsEqual("null".utf8) { return Value(start: bytes + start, length: -1, isString: false) }
                if word.elementsEqual("true".utf8) || word.elementsEqual("false".utf8) {
                    return Value(start: bytes + start, length: length, isString: false)
                }
            }
            guard let shape = NumberShape(bytes + start, length), !shape.hasLeadingZeros else {
                problem = "\(FieldText.shown(word)) is not a JSON value"
                return nil
            }
            return Value(start: bytes + start, length: length, isString: false)
        }
    }

    private func isEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte <= 32 }

    private mutating func skipNested() -> Bool {
        var open: [UInt8] = []
        while position < count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                while position < count, bytes[position] != UInt8(ascii: "\"") {
                    position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
                }
            // A closing bracket is two above its opening one in ASCII.
            case UInt8(ascii: "{"), UInt8(ascii: "["): open.append(bytes[position] + 2)
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard open.popLast() == bytes[position] else { return false }
                if open.isEmpty {
                    position += 1
                    return true
                }
            case _: break
            }
            position += 1
        }
        position = min(position, count)
        return false
    }

    /// A string's text without its quotes; in the arena where it has escapes.
    mutating func string() -> UnsafeBufferPointer<UInt8>? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = position
        var hasEscape = false
        while position < count, bytes[position] != UInt8(ascii: "\"") {
            if bytes[position] == UInt8(ascii: "\\") {
                hasEscape = true
                position += 1
            }
            position += 1
        }
        guard position < count else {
            problem = "the quote at byte \(start) is never closed"
            position = count
            return nil
        }
        let length = position - start
        position += 1
        guard hasEscape else { return UnsafeBufferPointer(start: bytes + start, count: length) }
        return unescaped(start, length)
    }

    private mutating func unescaped(_ start: Int, _ length: Int) -> UnsafeBufferPointer<UInt8>? {
        let out = arena.allocate(length)
        var made = 0
        var i = start
        let end = start + length
        while i < end {
            guard bytes[i] == UInt8(ascii: "\\") else {
                out[made] = bytes[i]
                made += 1
                i += 1
                continue
            }
            // The walk above never ends on a backslash, so one byte follows.
            let escape = bytes[i + 1]
            i += 2
            switch escape {
            case UInt8(ascii: "n"): out[made] = 10
            case UInt8(ascii: "t"): out[made] = 9
            case UInt8(ascii: "r"): out[made] = 13
            case UInt8(ascii: "b"): out[made] = 8
            case UInt8(ascii: "f"): out[made] = 12
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out[made] = escape
            case UInt8(ascii: "u"):
                guard var scalar = hex4(i, end) else {
                    problem = "\\u needs four hexadecimal digits"
                    return nil
                }
                i += 4
                if scalar >= 0xD800, scalar < 0xDC00, i + 1 < end, bytes[i] == UInt8(ascii: "\\"), bytes[i + 1] == UInt8(ascii: "u"),
                    let low = hex4(i + 2, end), low >= 0xDC00, low < 0xE000
                {
                    scalar = 0x10000 + (scalar - 0xD800) << 10 + (low - 0xDC00)
                    i += 6
                }
                guard let valid = Unicode.Scalar(scalar) else {
                    problem = "\\u\(String(scalar, radix: 16)) is half of a surrogate pair"
                    return nil
                }
                // An escape is at least six bytes, its text at most four.
                for byte in UTF8.encode(valid) ?? .init() {
                    out[made] = byte
                    made += 1
                }
                continue
            case _:
                problem = "the escape \\\(FieldText.shown(UnsafeBufferPointer(start: bytes + i - 1, count: 1))) is not JSON"
                return nil
            }
            made += 1
        }
        return UnsafeBufferPointer(start: out, count: made)
    }

    private func hex4(_ at: Int, _ end: Int) -> UInt32? {
        guard at + 4 <= end else { return nil }
        var value: UInt32 = 0
        for k in 0..<4 {
            let byte = bytes[at + k]
            switch byte {
            case 48...57: value = value << 4 | UInt32(byte - 48)
            case 65...70: value = value << 4 | UInt32(byte - 55)
            case 97...102: value = value << 4 | UInt32(byte - 87)
            case _: return nil
            }
        }
        return value
    }
}
