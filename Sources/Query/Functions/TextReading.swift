import Storage

/// Texts read as values, for casts. White space around a value is ignored; anything else that does not belong to it makes it unreadable.
enum TextReading {
    enum Result: Equatable {
        case value(Int64)
        case unreadable
        /// It reads as the type but does not fit it.
        case tooLarge
    }

    /// `-1234`, `+7`, `12.00`: a whole number, perhaps with zeros behind a point.
    static func integer(_ text: TextView) -> Result {
        guard let digits = Digits(text.trimmed(start: true, end: true)), digits.fractionIsZero else { return .unreadable }
        var value: Int64 = 0
        for byte in digits.whole.buffer {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let digit = Int64(byte &- UInt8(ascii: "0"))
            let (next, overflow2) = digits.isNegative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
            if overflow || overflow2 { return .tooLarge }
            value = next
        }
        return .value(value)
    }

    /// `-12.345` at a scale; digits beyond it are rounded half to even.
    static func decimal(_ text: TextView, scale: Int) -> Result {
        guard let digits = Digits(text.trimmed(start: true, end: true)) else { return .unreadable }
        var value: Int64 = 0
        func append(_ digit: UInt8) -> Bool {
            value = value &* 10 &+ Int64(digit &- UInt8(ascii: "0"))
            return value <= Decimals.maximumMagnitude
        }
        for byte in digits.whole.buffer where !append(byte) { return .tooLarge }
        for place in 0..<scale {
            let byte = place < digits.fraction.count ? digits.fraction.base![place] : UInt8(ascii: "0")
            if !append(byte) { return .tooLarge }
        }
        if digits.fraction.count > scale {
            let first = digits.fraction.base![scale]
            let rest = digits.fraction.slice(scale + 1, digits.fraction.count).buffer.contains { $0 != UInt8(ascii: "0") }
            let half = UInt8(ascii: "5")
            if first > half || (first == half && (rest || value & 1 != 0)) { value += 1 }
            if value > Decimals.maximumMagnitude { return .tooLarge }
        }
        return .value(digits.isNegative ? -value : value)
    }

    /// `-1.5e3`; never a NaN or an infinity.
    static func float(_ text: TextView) -> Double? {
        let trimmed = text.trimmed(start: true, end: true)
        if let plain = Digits(trimmed), let value = plain.exactDouble { return value }
        var mantissa = trimmed
        if let e = trimmed.buffer.firstIndex(where: { $0 | 0x20 == UInt8(ascii: "e") }) {
            mantissa = trimmed.slice(0, e)
            guard let exponent = Digits(trimmed.slice(e + 1, trimmed.count)), !exponent.hasPoint else { return nil }
        }
        guard Digits(mantissa) != nil, let value = Double(trimmed.string), value.isFinite else { return nil }
        return value + 0
    }

    /// `2026-09-30`.
    static func date(_ text: TextView) -> Result {
        let trimmed = text.trimmed(start: true, end: true)
        guard trimmed.count == 10, let day = day(trimmed) else { return .unreadable }
        return .value(day)
    }

    /// `2026-09-30`, `2026-09-30 12:00`, `2026-09-30T12:00:00.25`.
    static func timestamp(_ text: TextView) -> Result {
        let trimmed = text.trimmed(start: true, end: true)
        guard let day = day(trimmed) else { return .unreadable }
        let midnight = day &* CivilDate.microsecondsPerDay
        if trimmed.count == 10 { return .value(midnight) }
        guard trimmed.base![10] == UInt8(ascii: " ") || trimmed.base![10] | 0x20 == UInt8(ascii: "t") else { return .unreadable }
        guard let time = timeOfDay(trimmed.slice(11, trimmed.count)) else { return .unreadable }
        return .value(midnight &+ time)
    }

    /// `true`, `yes`, `t`, `y`, `1` and their opposites, in any case.
    static func bool(_ text: TextView) -> Result {
        let trimmed = text.trimmed(start: true, end: true)
        guard trimmed.count <= 5 else { return .unreadable }
        switch trimmed.string.lowercased() {
        case "true", "yes", "t", "y", "1": return .value(1)
        case "false", "no", "f", "n", "0": return .value(0)
        default: return .unreadable
        }
    }

    private static func day(_ text: TextView) -> Int64? {
        guard text.count >= 10, let p = text.base, p[4] == UInt8(ascii: "-"), p[7] == UInt8(ascii: "-"),
            let year = number(text, 0, 4), let month = number(text, 5, 2), let day = number(text, 8, 2),
            year >= 1, month >= 1, month <= 12, day >= 1, day <= CivilDate.daysInMonth(year: year, month: month)
        else { return nil }
        return CivilDate.days(year: year, month: month, day: day)
    }

    private static func timeOfDay(_ text: TextView) -> Int64? {
        guard text.count >= 5, let p = text.base, p[2] == UInt8(ascii: ":"),
            let hour = number(text, 0, 2), hour < 24, let minute = number(text, 3, 2), minute < 60
        else { return nil }
        let minutes = hour * 60 + minute
        if text.count == 5 { return minutes * 60_000_000 }
        guard text.count >= 8, p[5] == UInt8(ascii: ":"), let second = number(text, 6, 2), second < 60 else { return nil }
        let whole = (minutes * 60 + second) * 1_000_000
        if text.count == 8 { return whole }
        let places = text.count - 9
        guard p[8] == UInt8(ascii: "."), (1...6).contains(places), let fraction = number(text, 9, places) else { return nil }
        return whole + fraction * Decimals.power(6 - places)
    }

    private static func number(_ text: TextView, _ from: Int, _ count: Int) -> Int64? {
        var value: Int64 = 0
        for byte in text.slice(from, from + count).buffer {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int64(digit)
        }
        return value
    }

    /// A plain number cut into its parts: a sign, digits, a point, digits; at least one digit in all.
    private struct Digits {
        var isNegative = false
        var hasPoint = false
        var whole: TextView
        var fraction: TextView = .empty

        init?(_ text: TextView) {
            var from = 0
            if let sign = text.buffer.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
                isNegative = sign == UInt8(ascii: "-")
                from = 1
            }
            var at = from
            while at < text.count, text.base![at] &- UInt8(ascii: "0") < 10 { at += 1 }
            whole = text.slice(from, at)
            if at < text.count {
                guard text.base![at] == UInt8(ascii: ".") else { return nil }
                hasPoint = true
                fraction = text.slice(at + 1, text.count)
                for byte in fraction.buffer where byte &- UInt8(ascii: "0") >= 10 { return nil }
            }
            if whole.count + fraction.count == 0 { return nil }
        }

        /// The nearest double where one division finds it: up to 15 digits and a power of ten are exact, so only the quotient rounds.
        var exactDouble: Double? {
            guard whole.count + fraction.count <= 15 else { return nil }
            var mantissa: Int64 = 0
            for byte in whole.buffer { mantissa = mantissa * 10 + Int64(byte &- UInt8(ascii: "0")) }
            for byte in fraction.buffer { mantissa = mantissa * 10 + Int64(byte &- UInt8(ascii: "0")) }
            return Double(isNegative ? -mantissa : mantissa) / Double(Decimals.power(fraction.count))
        }

        var fractionIsZero: Bool { fraction.buffer.allSatisfy { $0 == UInt8(ascii: "0") } }
    }
}
