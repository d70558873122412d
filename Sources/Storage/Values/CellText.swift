/// How one value is written as plain text: in csv, in messages, in keys. The one place, so that all outputs agree.
public enum CellText {
    /// Appends the canonical text of an integer-class value.
    public static func append(_ value: Int64, type: LogicalType, to out: inout [UInt8]) {
        switch type {
        case .bool: out.append(contentsOf: value != 0 ? "true".utf8 : "false".utf8)
        case .int: appendInteger(value, to: &out)
        case .decimal(let scale): appendDecimal(value, scale: scale, to: &out)
        case .date: appendDate(value, to: &out)
        case .timestamp:
            let day = CivilDate.dayOf(timestamp: value)
            appendDate(day, to: &out)
            out.append(UInt8(ascii: " "))
            appendTimeOfDay(value &- day &* CivilDate.microsecondsPerDay, to: &out)
        case .week:
            let iso = CivilDate.isoYearAndWeek(week: value)
            appendPadded(iso.year, digits: 4, to: &out)
            out.append(contentsOf: "-W".utf8)
            appendPadded(iso.week, digits: 2, to: &out)
        case .month:
            appendPadded(CivilDate.floorDiv(value, 12), digits: 4, to: &out)
            out.append(UInt8(ascii: "-"))
            appendPadded(CivilDate.floorMod(value, 12) &+ 1, digits: 2, to: &out)
        case .quarter:
            appendPadded(CivilDate.floorDiv(value, 4), digits: 4, to: &out)
            out.append(contentsOf: "-Q".utf8)
            appendInteger(CivilDate.floorMod(value, 4) &+ 1, to: &out)
        case .year: appendPadded(value, digits: 4, to: &out)
        case .duration: appendDuration(value, to: &out)
        case .float, .text: preconditionFailure("\(type.name) is not an integer")
        }
    }

    public static func appendInteger(_ value: Int64, to out: inout [UInt8]) {
        if value < 0 { out.append(UInt8(ascii: "-")) }
        appendDigits(value.magnitude, minimum: 1, to: &out)
    }

    /// `-12.30` for (-1230, 2): always exactly `scale` digits after the point.
    public static func appendDecimal(_ value: Int64, scale: Int, to out: inout [UInt8]) {
        if value < 0 { out.append(UInt8(ascii: "-")) }
        if scale == 0 { return appendDigits(value.magnitude, minimum: 1, to: &out) }
        let unit = UInt64(Decimals.power(scale))
        let (whole, fraction) = value.magnitude.quotientAndRemainder(dividingBy: unit)
        appendDigits(whole, minimum: 1, to: &out)
        out.append(UInt8(ascii: "."))
        appendDigits(fraction, minimum: scale, to: &out)
    }

    /// Shortest text that reads back as the same double; whole numbers without `.0`.
    public static func appendDouble(_ value: Double, to out: inout [UInt8]) {
        if value == value.rounded(), abs(value) < 1e15 { return appendInteger(Int64(value), to: &out) }
        out.append(contentsOf: value.description.utf8)
    }

    public static func appendDate(_ day: Int64, to out: inout [UInt8]) {
        let c = CivilDate.civil(days: day)
        appendPadded(c.year, digits: 4, to: &out)
        out.append(UInt8(ascii: "-"))
        appendPadded(c.month, digits: 2, to: &out)
        out.append(UInt8(ascii: "-"))
        appendPadded(c.day, digits: 2, to: &out)
    }

    /// `12:00:00`, with a fraction only where there is one, without its trailing zeros.
    static func appendTimeOfDay(_ microseconds: Int64, to out: inout [UInt8]) {
        let seconds = microseconds / 1_000_000
        appendPadded(seconds / 3600, digits: 2, to: &out)
        out.append(UInt8(ascii: ":"))
        appendPadded(seconds / 60 % 60, digits: 2, to: &out)
        out.append(UInt8(ascii: ":"))
        appendPadded(seconds % 60, digits: 2, to: &out)
        appendFraction(microseconds % 1_000_000, to: &out)
    }

    /// A duration as the language writes it, largest unit days: `2d 3h 15min 1.5s`, `0s`, `-1d`.
    static func appendDuration(_ value: Int64, to out: inout [UInt8]) {
        if value == 0 { return out.append(contentsOf: "0s".utf8) }
        if value < 0 { out.append(UInt8(ascii: "-")) }
        let micro = value.magnitude
        var wrote = false
        func part(_ n: UInt64, _ unit: String, to out: inout [UInt8]) {
            guard n > 0 else { return }
            if wrote { out.append(UInt8(ascii: " ")) }
            appendDigits(n, minimum: 1, to: &out)
            out.append(contentsOf: unit.utf8)
            wrote = true
        }
        part(micro / 86_400_000_000, "d", to: &out)
        part(micro / 3_600_000_000 % 24, "h", to: &out)
        part(micro / 60_000_000 % 60, "min", to: &out)
        let rest = micro % 60_000_000
        guard rest > 0 else { return }
        if wrote { out.append(UInt8(ascii: " ")) }
        appendDigits(rest / 1_000_000, minimum: 1, to: &out)
        appendFraction(Int64(rest % 1_000_000), to: &out)
        out.append(UInt8(ascii: "s"))
    }

    private static func appendFraction(_ microseconds: Int64, to out: inout [UInt8]) {
        guard microseconds != 0 else { return }
        out.append(UInt8(ascii: "."))
        var rest = UInt64(microseconds)
        var digits = 6
        while rest % 10 == 0 {
            rest /= 10
            digits -= 1
        }
        appendDigits(rest, minimum: digits, to: &out)
    }

    private static func appendPadded(_ value: Int64, digits: Int, to out: inout [UInt8]) {
        if value < 0 { out.append(UInt8(ascii: "-")) }
        appendDigits(value.magnitude, minimum: digits, to: &out)
    }

    private static func appendDigits(_ value: UInt64, minimum: Int, to out: inout [UInt8]) {
        var count = 1
        var limit: UInt64 = 10
        while count < 20, value >= limit {
            count += 1
            let (next, overflow) = limit.multipliedReportingOverflow(by: 10)
            if overflow { count = 20; break }
            limit = next
        }
        let width = max(count, minimum)
        let start = out.count
        out.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: width))
        var rest = value
        var at = start + width - 1
        while rest > 0 {
            out[at] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            at -= 1
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
