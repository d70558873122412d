#if canImport(Glibc)
    import Glibc
#endif

/// How one value is written as plain text: in csv, in messages, in keys. The one place, so that all outputs agree.
///
/// The `write` functions put bytes at a raw pointer and answer the pointer behind them; the caller has made room for ``cellBytesMax``.
/// Exports spend most of their time here, so nothing below allocates (a float's shortest digits excepted).
public enum CellText {
    /// No value that is not text is longer than this: the longest is a duration of a hundred million days.
    public static let cellBytesMax = 64

    // MARK: Raw bytes

    /// Writes the canonical text of an integer-class value.
    @inlinable
    public static func write(_ value: Int64, type: LogicalType, to out: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        switch type {
        case .int: return writeInteger(value, to: out)
        case .decimal(let scale): return writeDecimal(value, scale: scale, to: out)
        case .date: return writeDate(value, to: out)
        case .timestamp: return writeTimestamp(value, to: out)
        case .bool: return writeBool(value, to: out)
        case .week, .month, .quarter, .year, .duration: return writeSpan(value, type: type, to: out)
        case .float, .text: preconditionFailure("\(type.name) is not an integer")
        }
    }

    @inlinable
    public static func writeBool(_ value: Int64, to out: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        value != 0 ? writeASCII("true", to: out) : writeASCII("false", to: out)
    }

    @inlinable
    public static func writeInteger(_ value: Int64, to out: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        var p = out
        if value < 0 {
            p.pointee = UInt8(ascii: "-")
            p += 1
        }
        return writeDigits(value.magnitude, minimum: 1, to: p)
    }

    /// `-12.30` for (-1230, 2): always exactly `scale` digits after the point.
    @inlinable
    public static func writeDecimal(_ value: Int64, scale: Int, to out: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        if scale == 0 { return writeInteger(value, to: out) }
        var p = out
        if value < 0 {
            p.pointee = UInt8(ascii: "-")
            p += 1
        }
        // All digits first, then the fraction moves one place to the right to let the point in: one division chain instead of two.
        let end = writeDigits(value.magnitude, minimum: scale + 1, to: p)
        var at = end
        for _ in 0..<scale {
            at.pointee = (at - 1).pointee
            at -= 1
        }
        at.pointee = UInt8(ascii: ".")
        return end + 1
    }

    @inlinable
    public static func writeDate(_ day: Int64, to out: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        let c = CivilDate.civil(days: day)
        var p = out
        if c.year >= 0, c.year <= 9999 {
            writePair(c.year / 100, to: p)
            writePair(c.year % 100, to: p + 2)
            p += 4
        } else {
            p = writePadded(c.year, digits: 4, to: p)
        }
        p[0] = UInt8(ascii: "-")
        writePair(c.month, to: p + 1)
        p[3] = UInt8(ascii: "-")
        writePair(c.day, to: p + 4)
        return p + 6
    }

    /// `2026-09-30 12:00:00`, with a fraction only where there is one, without its trailing zeros.
    @inlinable
    public static func writeTimestamp(_ value: Int64, to out: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        let day = CivilDate.dayOf(timestamp: value)
        let p = writeDate(day, to: out)
        p.pointee = UInt8(ascii: " ")
        return writeTimeOfDay(value &- day &* CivilDate.microsecondsPerDay, to: p + 1)
    }

    @inlinable
    public static func writeTimeOfDay(_ microseconds: Int64, to out: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        let seconds = microseconds / 1_000_000
        writePair(seconds / 3600, to: out)
        out[2] = UInt8(ascii: ":")
        writePair(seconds / 60 % 60, to: out + 3)
        out[5] = UInt8(ascii: ":")
        writePair(seconds % 60, to: out + 6)
        let fraction = microseconds &- seconds &* 1_000_000
        return fraction == 0 ? out + 8 : writeFraction(UInt64(fraction), to: out + 8)
    }

    public static func writeSpan(_ value: Int64, type: LogicalType, to out: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        var p = out
        switch type {
        case .week:
            let iso = CivilDate.isoYearAndWeek(week: value)
            p = writeASCII("-W", to: writePadded(iso.year, digits: 4, to: p))
            return writePadded(iso.week, digits: 2, to: p)
        case .month:
            p = writeASCII("-", to: writePadded(CivilDate.floorDiv(value, 12), digits: 4, to: p))
            return writePadded(CivilDate.floorMod(value, 12) &+ 1, digits: 2, to: p)
        case .quarter:
            p = writeASCII("-Q", to: writePadded(CivilDate.floorDiv(value, 4), digits: 4, to: p))
            return writeInteger(CivilDate.floorMod(value, 4) &+ 1, to: p)
        case .year: return writePadded(value, digits: 4, to: p)
        case .duration: return writeDuration(value, to: p)
        case .bool, .int, .decimal, .float, .text, .date, .timestamp: preconditionFailure("\(type.name) is not a span")
        }
    }

    /// Shortest text that reads back as the same double; whole numbers without `.0`.
    public static func writeDouble(_ value: Double, to out: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        if value == value.rounded(), abs(value) <= 0x1p53 { return writeInteger(Int64(value), to: out) }
        var text = value.description
        return text.withUTF8 { utf8 in
            out.update(from: utf8.baseAddress!, count: utf8.count)
            return out + utf8.count
        }
    }

    /// A duration as the language writes it, largest unit days: `2d 3h 15min 1.5s`, `0s`, `-1d`.
    static func writeDuration(_ value: Int64, to out: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        if value == 0 { return writeASCII("0s", to: out) }
        var p = value < 0 ? writeASCII("-", to: out) : out
        let first = p
        let micro = value.magnitude
        func part(_ n: UInt64, _ unit: StaticString) {
            guard n > 0 else { return }
            if p != first { p = writeASCII(" ", to: p) }
            p = writeASCII(unit, to: writeDigits(n, minimum: 1, to: p))
        }
        part(micro / 86_400_000_000, "d")
        part(micro / 3_600_000_000 % 24, "h")
        part(micro / 60_000_000 % 60, "min")
        let rest = micro % 60_000_000
        guard rest > 0 else { return p }
        if p != first { p = writeASCII(" ", to: p) }
        p = writeDigits(rest / 1_000_000, minimum: 1, to: p)
        if rest % 1_000_000 != 0 { p = writeFraction(rest % 1_000_000, to: p) }
        return writeASCII("s", to: p)
    }

    /// `.5` for 500,000 microseconds.
    @usableFromInline
    static func writeFraction(_ microseconds: UInt64, to out: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        var rest = microseconds
        var digits = 6
        while rest % 10 == 0 {
            rest /= 10
            digits -= 1
        }
        return writeDigits(rest, minimum: digits, to: writeASCII(".", to: out))
    }

    @inlinable
    public static func writeASCII(_ text: StaticString, to out: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        out.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        return out + text.utf8CodeUnitCount
    }

    @usableFromInline
    static func writePadded(_ value: Int64, digits: Int, to out: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        var p = out
        if value < 0 { p = writeASCII("-", to: p) }
        return writeDigits(value.magnitude, minimum: digits, to: p)
    }

    /// Two digits of a number from 0 to 99: a multiplication finds the tens.
    @inlinable @inline(__always)
    static func writePair(_ value: Int64, to out: UnsafeMutablePointer<UInt8>) {
        let v = UInt32(truncatingIfNeeded: value)
        let tens = (v &* 103) >> 10
        out[0] = UInt8(truncatingIfNeeded: tens &+ 48)
        out[1] = UInt8(truncatingIfNeeded: v &- tens &* 10 &+ 48)
    }

    @inlinable
    static func writeDigits(_ value: UInt64, minimum: Int, to out: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        var count = 1
        var probe = value
        while probe >= 10_000 {
            probe /= 10_000
            count &+= 4
        }
        count &+= probe >= 1000 ? 3 : probe >= 100 ? 2 : probe >= 10 ? 1 : 0
        let end = out + max(count, minimum)
        var at = end
        var rest = value
        while rest >= 100 {
            let next = rest / 100
            at -= 2
            writePair(Int64(truncatingIfNeeded: rest &- next &* 100), to: at)
            rest = next
        }
        if rest >= 10 {
            at -= 2
            writePair(Int64(truncatingIfNeeded: rest), to: at)
        } else {
            at -= 1
            at.pointee = UInt8(truncatingIfNeeded: rest &+ 48)
        }
        while at > out {
            at -= 1
            at.pointee = UInt8(ascii: "0")
        }
        return end
    }

    // MARK: Into an array

    /// Appends the canonical text of an integer-class value.
    public static func append(_ value: Int64, type: LogicalType, to out: inout [UInt8]) {
        append(to: &out) { write(value, type: type, to: $0) }
    }

    public static func appendInteger(_ value: Int64, to out: inout [UInt8]) {
        append(to: &out) { writeInteger(value, to: $0) }
    }

    public static func appendDecimal(_ value: Int64, scale: Int, to out: inout [UInt8]) {
        append(to: &out) { writeDecimal(value, scale: scale, to: $0) }
    }

    public static func appendDouble(_ value: Double, to out: inout [UInt8]) {
        append(to: &out) { writeDouble(value, to: $0) }
    }

    public static func appendDate(_ day: Int64, to out: inout [UInt8]) {
        append(to: &out) { writeDate(day, to: $0) }
    }

    private static func append(to out: inout [UInt8], _ body: (UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8>) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: cellBytesMax) { scratch in
            let start = scratch.baseAddress!
            out.append(contentsOf: UnsafeBufferPointer(start: start, count: body(start) - start))
        }
    }

    /// Convenience for messages and tests; null is the empty string.
    public static func string(_ value: Value, type: LogicalType) -> String {
        switch value {
        case .null: return ""
        case .text(let text): return text
        case .double(let double):
            var out: [UInt8] = []
            appendDouble(double, to: &out)
            return String(decoding: out, as: UTF8.self)
        case .integer(let integer):
            var out: [UInt8] = []
            append(integer, type: type, to: &out)
            return String(decoding: out, as: UTF8.self)
        }
    }
}
