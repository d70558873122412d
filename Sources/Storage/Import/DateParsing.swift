/// How the two small numbers of `03/04/2026` are read.
enum SlashOrder: UInt8, Sendable { case dayFirst, monthFirst }

/// The outer form of a date with its three numbers, before anyone decides which is the month.
struct DateShape {
    enum Form { case yearFirst, dayFirst, slashed }
    var form: Form
    var year: Int64
    /// Month and day; for `.slashed` the first and the second number as they stand.
    var first: Int64
    var second: Int64
    /// Bytes taken.
    var length: Int

    /// `2026-09-30`, `2026/9/30`, `2026.09.30`, `30.09.2026`, `30/09/2026` or `30-09-2026` at the beginning of the bytes. Years have
    /// four digits.
    init?(_ bytes: UnsafePointer<UInt8>, _ length: Int) {
        var i = 0
        @inline(__always) func number(_ digitsMax: Int) -> (value: Int64, digits: Int) {
            var value: Int64 = 0
            let start = i
            while i < length, i - start < digitsMax, NumberParsing.isDigit(bytes[i]) {
                value = value &* 10 &+ Int64(bytes[i] &- 48)
                i += 1
            }
            return (value, i - start)
        }
        let a = number(4)
        guard a.digits > 0, i < length else { return nil }
        let separator = bytes[i]
        guard separator == UInt8(ascii: "-") || separator == UInt8(ascii: "/") || separator == UInt8(ascii: ".") else { return nil }
        i += 1
        let b = number(2)
        guard b.digits > 0, i < length, bytes[i] == separator else { return nil }
        i += 1
        if a.digits == 4 {
            let c = number(2)
            guard c.digits > 0 else { return nil }
            form = .yearFirst
            year = a.value
            first = b.value
            second = c.value
        } else {
            guard a.digits <= 2 else { return nil }
            let c = number(4)
            guard c.digits == 4 else { return nil }
            form = separator == UInt8(ascii: ".") ? .dayFirst : .slashed
            year = c.value
            first = a.value
            second = b.value
        }
        if i < length, NumberParsing.isDigit(bytes[i]) { return nil }
        self.length = i
    }

    /// Days since 1970, or nil for a day that no calendar has.
    func day(order: SlashOrder) -> Int64? {
        switch form {
        case .yearFirst: DateParsing.day(year: year, month: first, day: second)
        case .dayFirst: DateParsing.day(year: year, month: second, day: first)
        case .slashed:
            order == .dayFirst
                ? DateParsing.day(year: year, month: second, day: first) : DateParsing.day(year: year, month: first, day: second)
        }
    }
}

enum DateParsing {
    static func day(year: Int64, month: Int64, day: Int64) -> Int64? {
        guard year >= 1, year <= 9999, month >= 1, month <= 12, day >= 1,
            day <= 28 || day <= CivilDate.daysInMonth(year: year, month: month)
        else { return nil }
        return CivilDate.days(year: year, month: month, day: day)
    }

    /// Two-digit years as POSIX has them: 70 to 99 are 1970 to 1999, 00 to 69 are 2000 to 2069.
    static func fullYear(_ twoDigits: Int64) -> Int64 { twoDigits < 70 ? 2000 + twoDigits : 1900 + twoDigits }

    /// `yyyyMMdd` or `yyMMdd`: read only where a column is stated to be a date.
    static func compactDay(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Int64? {
        guard length == 8 || length == 6 else { return nil }
        let value = NumberParsing.digits8(bytes, length)
        guard value >= 0 else { return nil }
        let year = value / 10_000
        return day(year: length == 6 ? fullYear(year) : year, month: value / 100 % 100, day: value % 100)
    }

    /// `HH:mm`, `HH:mm:ss`, `HH:mm:ss.ffffff` with up to nine places (nonzero ones beyond microseconds do not fit), an optional `Z`.
    /// Microseconds since midnight.
    static func timeOfDay(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Int64? {
        var count = length
        if count > 0, bytes[count - 1] == UInt8(ascii: "Z") { count -= 1 }
        guard count >= 4 else { return nil }
        let hourDigits = bytes[1] == UInt8(ascii: ":") ? 1 : 2
        guard count >= hourDigits + 3, bytes[hourDigits] == UInt8(ascii: ":") else { return nil }
        let hour = NumberParsing.digits8(bytes, hourDigits)
        let minute = NumberParsing.digits8(bytes + hourDigits + 1, 2)
        var i = hourDigits + 3
        var second: Int64 = 0
        var micro: Int64 = 0
        if i < count {
            guard count >= i + 3, bytes[i] == UInt8(ascii: ":") else { return nil }
            second = NumberParsing.digits8(bytes + i + 1, 2)
            i += 3
            if i < count {
                let places = count - i - 1
                guard bytes[i] == UInt8(ascii: ".") || bytes[i] == UInt8(ascii: ","), places >= 1, places <= 9 else { return nil }
                for k in 0..<max(places, 6) {
                    let digit: UInt8 = k < places ? bytes[i + 1 + k] &- 48 : 0
                    guard digit <= 9 else { return nil }
                    if k < 6 { micro = micro * 10 + Int64(digit) } else if digit != 0 { return nil }
                }
            }
        }
        guard hour >= 0, hour <= 23, minute >= 0, minute <= 59, second >= 0, second <= 59 else { return nil }
        return ((hour * 60 + minute) * 60 + second) * 1_000_000 + micro
    }

    /// A date followed by a blank or `T` and a time. Microseconds since 1970.
    static func timestamp(_ bytes: UnsafePointer<UInt8>, _ length: Int, order: SlashOrder) -> Int64? {
        guard let shape = DateShape(bytes, length), let day = shape.day(order: order) else { return nil }
        return timestamp(day: day, rest: bytes + shape.length, length - shape.length)
    }

    /// What follows a date: nothing (midnight), or a time.
    static func timestamp(day: Int64, rest: UnsafePointer<UInt8>, _ length: Int) -> Int64? {
        guard length > 0 else { return day * CivilDate.microsecondsPerDay }
        guard rest[0] == 32 || rest[0] == UInt8(ascii: "T"), let time = timeOfDay(rest + 1, length - 1) else { return nil }
        return day * CivilDate.microsecondsPerDay + time
    }

    /// `2026-09-30 12:00:00` and nothing else: the time's microseconds, or -1. The eight bytes are `HH:mm:ss`.
    @inline(__always)
    static func plainTime(_ bytes: UnsafePointer<UInt8>) -> Int64 {
        let word = UInt64(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self))
        let low = word ^ 0x3030_3A30_303A_3030
        guard (low | (low &+ 0x0606_0006_0600_0606)) & 0xF0F0_FFF0_F0FF_F0F0 == 0 else { return -1 }
        let hour = Int64(truncatingIfNeeded: (low & 0xF) &* 10 &+ (low &>> 8 & 0xF))
        let minute = Int64(truncatingIfNeeded: (low &>> 24 & 0xF) &* 10 &+ (low &>> 32 & 0xF))
        let second = Int64(truncatingIfNeeded: (low &>> 48 & 0xF) &* 10 &+ (low &>> 56 & 0xF))
        guard hour <= 23, minute <= 59, second <= 59 else { return -1 }
        return ((hour &* 60 &+ minute) &* 60 &+ second) &* 1_000_000
    }
}
