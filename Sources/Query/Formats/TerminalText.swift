/// The one door through which text from data, file names and messages goes to a terminal. Control characters, escape sequences and
/// invisible or order-changing marks come out as visible signs, so that no cell can move the cursor, colour the screen or read backwards.
public enum TerminalText {
    /// Text for a message of our own: line ends and tabs stay.
    public static func safe(_ text: String) -> String {
        var text = text
        return text.withUTF8 { bytes in
            var out: [UInt8] = []
            out.reserveCapacity(bytes.count)
            append(bytes, to: &out, keepsLines: true)
            return String(decoding: out, as: UTF8.self)
        }
    }

    /// Appends the safe form and answers how many cells of a terminal it takes. `keepsLines`: line feeds and tabs stay as they are.
    @discardableResult
    static func append(_ bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8], keepsLines: Bool = false) -> Int {
        var width = 0
        var plainFrom = 0
        var at = 0
        // A cell is mostly plain ASCII: it is copied in runs.
        while at < bytes.count {
            let byte = bytes[at]
            if byte >= 0x20, byte < 0x7F {
                at &+= 1
                continue
            }
            width &+= at &- plainFrom
            out.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[plainFrom..<at]))
            width &+= appendOther(bytes, &at, to: &out, keepsLines: keepsLines)
            plainFrom = at
        }
        width &+= at &- plainFrom
        out.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[plainFrom..<at]))
        return width
    }

    /// Everything from one byte outside printable ASCII to the next printable ASCII byte.
    private static func appendOther(_ bytes: UnsafeBufferPointer<UInt8>, _ at: inout Int, to out: inout [UInt8], keepsLines: Bool) -> Int {
        var measure = DisplayMeasure()
        while at < bytes.count, bytes[at] < 0x20 || bytes[at] >= 0x7F {
            let from = at
            guard let scalar = decodeScalar(bytes, &at) else {
                measure.addPlain(cells: appendCode(UInt32(bytes[from]), prefix: "\\x{", to: &out))
                continue
            }
            switch scalar.value {
            case 0x09 where keepsLines, 0x0A where keepsLines: out.append(UInt8(scalar.value))
            case 0x00..<0x20:
                // Unicode has a picture for each control character: ␛ for escape, ␊ for line feed.
                appendScalar(0x2400 + scalar.value, to: &out)
                measure.addPlain(cells: 1)
            case 0x7F:
                appendScalar(0x2421, to: &out)
                measure.addPlain(cells: 1)
            default:
                if isHidden(scalar) {
                    measure.addPlain(cells: appendCode(scalar.value, prefix: "\\u{", to: &out))
                } else {
                    out.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[from..<at]))
                    measure.add(scalar)
                }
            }
        }
        return measure.cells
    }

    /// C1 controls, bidirectional marks and overrides, zero-width spaces, line and paragraph separators, and whatever Unicode calls a format
    /// character. The joiners stay: emoji and several scripts need them.
    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x80..<0xA0, 0x2028, 0x2029: return true
        case 0x200C, 0x200D: return false
        // The tag characters inside emoji flags.
        case 0xE0020...0xE007F: return false
        case 0xA0..<0xAD, 0x3000..<0xD800: return false
        default: return scalar.properties.generalCategory == .format
        }
    }

    private static func appendCode(_ value: UInt32, prefix: String, to out: inout [UInt8]) -> Int {
        let digits = Array(String(value, radix: 16).utf8)
        out.append(contentsOf: prefix.utf8)
        out.append(contentsOf: digits)
        out.append(UInt8(ascii: "}"))
        return prefix.utf8.count + digits.count + 1
    }

    private static func appendScalar(_ value: UInt32, to out: inout [UInt8]) {
        guard let scalar = Unicode.Scalar(value) else { preconditionFailure("not a scalar: \(value)") }
        out.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }

    /// The scalar that starts at `at`, which moves behind it; nil (and one byte further) where the bytes are not UTF-8.
    static func decodeScalar(_ bytes: UnsafeBufferPointer<UInt8>, _ at: inout Int) -> Unicode.Scalar? {
        let first = UInt32(bytes[at])
        at += 1
        let (extra, least): (Int, UInt32)
        var value: UInt32
        switch first {
        case 0x00..<0x80: return Unicode.Scalar(first)
        case 0xC2..<0xE0: (extra, least, value) = (1, 0x80, first & 0x1F)
        case 0xE0..<0xF0: (extra, least, value) = (2, 0x800, first & 0x0F)
        case 0xF0..<0xF5: (extra, least, value) = (3, 0x10000, first & 0x07)
        default: return nil
        }
        guard at + extra <= bytes.count else { return nil }
        for offset in 0..<extra {
            let byte = UInt32(bytes[at + offset])
            guard byte & 0xC0 == 0x80 else { return nil }
            value = value << 6 | byte & 0x3F
        }
        guard value >= least, let scalar = Unicode.Scalar(value) else { return nil }
        at += extra
        return scalar
    }
}

/// Lets data through to a terminal in the formats that are meant for programs: what is dangerous becomes visible, line ends and tabs stay.
public final class TerminalSink: ByteSink {
    private let sink: ByteSink
    /// The beginning of a character whose rest has not come yet.
    private var pending: [UInt8] = []

    public init(_ sink: ByteSink) { self.sink = sink }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        var whole = pending
        whole.append(contentsOf: bytes)
        let complete = whole.count - TerminalSink.unfinishedBytes(whole)
        pending = Array(whole[complete...])
        var safe: [UInt8] = []
        whole[..<complete].withUnsafeBufferPointer { _ = TerminalText.append($0, to: &safe, keepsLines: true) }
        try safe.withUnsafeBytes { try sink.write($0) }
    }

    private static func unfinishedBytes(_ bytes: [UInt8]) -> Int {
        for back in 1...3 where back <= bytes.count {
            let byte = bytes[bytes.count - back]
            if byte & 0xC0 == 0x80 { continue }
            let needed = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return needed > back ? back : 0
        }
        return 0
    }
}
