/// A source text whose full-width signs outside texts, names in backticks and comments are replaced by their plain twins, with the way
/// back to the original offsets. The lexer then knows plain signs only.
struct PlainText {
    let bytes: [UInt8]
    /// Original offset of every byte, and one for the end; nil where nothing was replaced.
    private let origin: [Int]?

    init(_ source: some Sequence<UInt8>) {
        let source = Array(source)
        guard source.contains(where: { $0 >= 0x80 }) else {
            bytes = source
            origin = nil
            return
        }
        var builder = Builder(source: source)
        builder.run()
        bytes = builder.out
        origin = builder.origin + [source.count]
    }

    func original(_ offset: Int) -> Int { origin.map { $0[offset] } ?? offset }

    /// The scalar at `offset` and its length in bytes; nil for bytes that are not UTF-8.
    static func scalar(in bytes: [UInt8], at offset: Int) -> (scalar: Unicode.Scalar, length: Int)? {
        let first = bytes[offset]
        if first < 0x80 { return (Unicode.Scalar(first), 1) }
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard first >= 0xC2, first < 0xF5, offset + length <= bytes.count else { return nil }
        var value = UInt32(first) & (0x7F >> UInt32(length))
        for next in bytes[(offset + 1)..<(offset + length)] {
            guard next & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(next & 0x3F)
        }
        return Unicode.Scalar(value).map { ($0, length) }
    }

    /// The plain twin of a sign that a Chinese keyboard types.
    static func twin(_ value: UInt32) -> UInt8? {
        switch value {
        case 0xFF01...0xFF0F, 0xFF1A...0xFF20, 0xFF3B...0xFF40, 0xFF5B...0xFF5E: UInt8(value - 0xFEE0)
        case 0x3000, 0x00A0, 0xFEFF, 0x2000...0x200A, 0x202F, 0x205F: UInt8(ascii: " ")
        case 0x3001: UInt8(ascii: ",")
        case 0x3002, 0xFF61: UInt8(ascii: ".")
        case 0x3010: UInt8(ascii: "[")
        case 0x3011: UInt8(ascii: "]")
        case 0x300A: UInt8(ascii: "<")
        case 0x300B: UInt8(ascii: ">")
        case 0x2018, 0x2019: UInt8(ascii: "'")
        case 0x2212: UInt8(ascii: "-")
        default: nil
        }
    }

    /// `“` and `”`: either opens a text, either closes it.
    static func isCurlyQuote(_ bytes: [UInt8], at offset: Int) -> Bool {
        offset + 3 <= bytes.count && bytes[offset] == 0xE2 && bytes[offset + 1] == 0x80
            && (bytes[offset + 2] == 0x9C || bytes[offset + 2] == 0x9D)
    }

    private struct Builder {
        let source: [UInt8]
        var out: [UInt8] = []
        var origin: [Int] = []
        var at = 0
        /// What the byte before belongs to: full-width digits are digits in a number but part of the name in a name.
        var within = Within.nothing

        enum Within { case nothing, name, number }

        init(source: [UInt8]) {
            self.source = source
            out.reserveCapacity(source.count)
            origin.reserveCapacity(source.count + 1)
        }

        mutating func run() {
            while at < source.count {
                let byte = source[at]
                if byte < 0x80 { plain(byte) } else { wide() }
            }
        }

        mutating func keep(_ count: Int) {
            for offset in at..<(at + count) {
                out.append(source[offset])
                origin.append(offset)
            }
            at += count
        }

        mutating func replace(_ length: Int, by byte: UInt8) {
            out.append(byte)
            origin.append(at)
            at += length
        }

        mutating func plain(_ byte: UInt8) {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "`"), UInt8(ascii: "#"):
                var end = at + 1
                while end < source.count, source[end] != UInt8(ascii: "\n") {
                    if byte == UInt8(ascii: "#") {
                        end += 1
                        continue
                    }
                    if byte == UInt8(ascii: "\""), source[end] == UInt8(ascii: "\\"), end + 1 < source.count {
                        end += source[end + 1] == UInt8(ascii: "\n") ? 1 : 2
                        continue
                    }
                    end += 1
                    if source[end - 1] == byte { break }
                }
                keep(min(end, source.count) - at)
                within = .nothing
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                if within == .nothing { within = .number }
                keep(1)
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
                if within == .nothing { within = .name }
                keep(1)
            default:
                within = .nothing
                keep(1)
            }
        }

        mutating func wide() {
            if PlainText.isCurlyQuote(source, at: at) { return curlyText() }
            guard let (scalar, length) = PlainText.scalar(in: source, at: at) else { return keep(1) }
            switch scalar.value {
            case 0xB7: middleDotName()
            case 0xFF03: comment(length)
            case 0xFF02: wideQuotedText(length)
            case 0xFF10...0xFF19 where within != .name:
                within = .number
                replace(length, by: UInt8(scalar.value - 0xFEE0))
            case 0xFF21...0xFF3A where within == .number, 0xFF41...0xFF5A where within == .number:
                replace(length, by: UInt8(scalar.value - 0xFEE0))
            default:
                if let twin = PlainText.twin(scalar.value) {
                    if twin != UInt8(ascii: "_") { within = .nothing }
                    return replace(length, by: twin)
                }
                if within == .nothing { within = .name }
                keep(length)
            }
        }

        mutating func comment(_ length: Int) {
            replace(length, by: UInt8(ascii: "#"))
            var end = at
            while end < source.count, source[end] != UInt8(ascii: "\n") { end += 1 }
            keep(end - at)
            within = .nothing
        }

        mutating func curlyText() {
            keep(3)
            textRest { PlainText.isCurlyQuote($0, at: $1) ? 3 : 0 }
        }

        /// `＂…＂` reads as `“…”`, whose bytes take the same room.
        mutating func wideQuotedText(_ length: Int) {
            let isQuote: ([UInt8], Int) -> Int = { bytes, offset in
                offset + 3 <= bytes.count && bytes[offset] == 0xEF && bytes[offset + 1] == 0xBC && bytes[offset + 2] == 0x82 ? 3 : 0
            }
            let start = out.count
            keep(length)
            textRest(isQuote)
            for offset in [start, out.count - 3] where offset >= start && out[offset] == 0xEF && isQuote(out, offset) == 3 {
                out.replaceSubrange(offset..<(offset + 3), with: [0xE2, 0x80, 0x9C])
            }
        }

        mutating func textRest(_ closes: ([UInt8], Int) -> Int) {
            within = .nothing
            while at < source.count, source[at] != UInt8(ascii: "\n") {
                if source[at] == UInt8(ascii: "\\"), at + 1 < source.count, source[at + 1] != UInt8(ascii: "\n") {
                    keep(2)
                    continue
                }
                let length = closes(source, at)
                keep(max(length, 1))
                if length > 0 { return }
            }
        }

        /// The key of the backtick types a middle dot on a Chinese keyboard.
        mutating func middleDotName() {
            replace(2, by: UInt8(ascii: "`"))
            within = .nothing
            while at < source.count, source[at] != UInt8(ascii: "\n") {
                if source[at] == 0xC2, at + 1 < source.count, source[at + 1] == 0xB7 { return replace(2, by: UInt8(ascii: "`")) }
                if source[at] == UInt8(ascii: "`") { return keep(1) }
                keep(1)
            }
        }
    }
}
