import Storage

extension Lexer {
    /// `2026-09-30`, `2026-09`, `2026-Q3`, `2026-W36`, `2026-09-30T12:00`, `2026-09-30 12:00:00`; nil (and nothing read) where none stands.
    mutating func dateLiteral() throws(QueryError) -> Literal? {
        let start = at
        guard let year = digits(start, exactly: 4), byte(start + 4) == UInt8(ascii: "-") else { return nil }
        let second = start + 5
        switch byte(second) {
        case UInt8(ascii: "Q"), UInt8(ascii: "q"): return try numberedSpan(year, letterAt: second, isWeek: false)
        case UInt8(ascii: "W"), UInt8(ascii: "w"): return try numberedSpan(year, letterAt: second, isWeek: true)
        default: break
        }
        var end = second
        while isDigit(end) { end += 1 }
        // `1000-500` is plainly a subtraction; `1000-5` might be meant as a month.
        guard end - second == 1 || end - second == 2 else { return nil }
        let isDate = byte(end) == UInt8(ascii: "-") && isDigit(end + 1)
        guard end - second == 2, let month = digits(second, exactly: 2) else {
            let day = end + 1
            if isDate { end = digitsEnd(day) }
            at = end
            let fullDay = isDate ? "-" + (end - day == 1 ? "0" : "") + string(day, end) : ""
            throw QueryError(
                .syntax, "a month has two digits: `\(string(start, second))0\(string(second, second + 1))\(fullDay)`", at: span(start, end),
                hint: isDate ? nil : "a subtraction has spaces: \(year) - \(string(second, end))")
        }
        at = end
        guard isDate else {
            try endOfDate(start)
            return .span(
                try checkedMonth(year, month, start: start, spaced: "\(string(start, start + 4)) - \(string(second, end))"), .month)
        }
        let dayStart = end + 1
        end = digitsEnd(dayStart)
        at = end
        guard end - dayStart == 2, let day = digits(dayStart, exactly: 2) else {
            throw QueryError(.syntax, "a date is written as 2026-09-30: year, month, day with two digits", at: span(start, end))
        }
        let days = try checkedDay(year, month, day, start: start)
        return try timeOfDay(days, start: start) ?? .date(days)
    }

    /// `2026/09/30`, `30.09.2026`, `9/30/2026`: nobody divides like this.
    mutating func foreignDate() throws(QueryError) {
        var parts: [(start: Int, end: Int)] = []
        var offset = at
        let separator = byte(digitsEnd(at))
        guard separator == UInt8(ascii: "/") || separator == UInt8(ascii: ".") else { return }
        while parts.count < 3, isDigit(offset) {
            let end = digitsEnd(offset)
            parts.append((offset, end))
            guard byte(end) == separator else { break }
            offset = end + 1
        }
        guard parts.count == 3, nameLength(at: parts[2].end, first: false) == nil else { return }
        let lengths = parts.map { $0.end - $0.start }
        let yearFirst = lengths[0] == 4 && lengths[1] <= 2 && lengths[2] <= 2
        guard yearFirst || (lengths[0] <= 2 && lengths[1] <= 2 && lengths[2] == 4) else { return }
        func padded(_ part: Int) -> String { (lengths[part] == 1 ? "0" : "") + string(parts[part].start, parts[part].end) }
        let start = at
        at = parts[2].end
        let hint = yearFirst ? "write \(padded(0))-\(padded(1))-\(padded(2))" : "year, month, day, as in \(padded(2))-09-30"
        throw QueryError(.syntax, "a date is written as 2026-09-30", at: span(start, at), hint: hint)
    }

    private func digits(_ offset: Int, exactly count: Int) -> Int64? {
        var value: Int64 = 0
        for index in offset..<(offset + count) {
            guard isDigit(index) else { return nil }
            value = value * 10 + Int64(bytes[index] - UInt8(ascii: "0"))
        }
        return isDigit(offset + count) ? nil : value
    }

    private func digitsEnd(_ offset: Int) -> Int {
        var end = offset
        while isDigit(end) { end += 1 }
        return end
    }

    private mutating func endOfDate(_ start: Int) throws(QueryError) {
        let end = nameEnd(from: at)
        guard end > at else { return }
        at = end
        throw QueryError(
            .syntax, "`\(string(start, end))` is not a date", at: span(start, end),
            hint: "dates: 2026-09-30, 2026-09, 2026-Q3, 2026-W36, 2026-09-30 12:00")
    }

    /// `Q3`, `W36` behind a year; anything else behind the letter is a subtraction of a column.
    private mutating func numberedSpan(_ year: Int64, letterAt letter: Int, isWeek: Bool) throws(QueryError) -> Literal? {
        let end = digitsEnd(letter + 1)
        guard end > letter + 1, nameLength(at: end, first: false) == nil else { return nil }
        let start = at
        at = end
        let text = string(start, end)
        guard let number = Int64(string(letter + 1, end)), year >= 1 else { throw noSuch(text, "years go from 0001 to 9999", start) }
        guard isWeek else {
            guard (1...4).contains(number), end - letter == 2 else { throw noSuch(text, "quarters are Q1 to Q4", start) }
            return .span(year * 4 + number - 1, .quarter)
        }
        guard end - letter == 3 else { throw noSuch(text, "a week has two digits, as in 2026-W05", start) }
        guard (1...53).contains(number), let week = CivilDate.week(isoYear: year, week: number) else {
            throw noSuch(text, number == 53 ? "\(year) has 52 weeks" : "weeks are W01 to W53", start)
        }
        return .span(week, .week)
    }

    private func noSuch(_ text: String, _ reason: String, _ start: Int, hint: String? = nil) -> QueryError {
        QueryError(.syntax, "there is no `\(text)`: \(reason)", at: span(start, at), hint: hint)
    }

    private func checkedMonth(_ year: Int64, _ month: Int64, start: Int, spaced: String?) throws(QueryError) -> Int64 {
        let hint = spaced.map { "a subtraction has spaces: \($0)" }
        guard year >= 1 else { throw noSuch(string(start, at), "years go from 0001 to 9999", start, hint: hint) }
        guard (1...12).contains(month) else { throw noSuch(string(start, at), "months are 01 to 12", start, hint: hint) }
        return year * 12 + month - 1
    }

    private func checkedDay(_ year: Int64, _ month: Int64, _ day: Int64, start: Int) throws(QueryError) -> Int64 {
        _ = try checkedMonth(year, month, start: start, spaced: nil)
        let last = CivilDate.daysInMonth(year: year, month: month)
        guard (1...last).contains(day) else {
            throw noSuch(string(start, at), "\(string(start, start + 7)) has \(last) days", start)
        }
        return CivilDate.days(year: year, month: month, day: day)
    }

    /// `T12:00[:00[.000000]]` or the same behind exactly one space, which only counts as a time where `hh:mm` follows.
    private mutating func timeOfDay(_ days: Int64, start: Int) throws(QueryError) -> Literal? {
        let letter = byte(at)
        let hourAt = at + 1
        let looksLikeTime = digits(hourAt, exactly: 2) != nil && byte(hourAt + 2) == UInt8(ascii: ":") && isDigit(hourAt + 3)
        guard looksLikeTime, letter == UInt8(ascii: "T") || letter == UInt8(ascii: " ") else {
            try endOfDate(start)
            return nil
        }
        let wrong = "a time is written as 12:00, 12:00:00 or 12:00:00.25"
        guard let hour = digits(hourAt, exactly: 2), let minute = digits(hourAt + 3, exactly: 2) else {
            at = digitsEnd(hourAt + 3)
            throw QueryError(.syntax, wrong, at: span(start, at))
        }
        at = hourAt + 5
        var second: Int64 = 0
        var fraction: Int64 = 0
        if byte(at) == UInt8(ascii: ":") {
            guard let seconds = digits(at + 1, exactly: 2) else {
                at = digitsEnd(at + 1)
                throw QueryError(.syntax, wrong, at: span(start, at))
            }
            second = seconds
            at += 3
            if byte(at) == UInt8(ascii: "."), isDigit(at + 1) { fraction = try secondsFraction(start) }
        }
        guard hour < 24, minute < 60, second < 60 else {
            throw noSuch(string(start, at), "times go from 00:00:00 to 23:59:59", start)
        }
        try noTimeZone(start)
        let seconds = hour * 3600 + minute * 60 + second
        return .timestamp(days * CivilDate.microsecondsPerDay + seconds * 1_000_000 + fraction)
    }

    private mutating func secondsFraction(_ start: Int) throws(QueryError) -> Int64 {
        let first = at + 1
        at = digitsEnd(first)
        guard at - first <= 6 else { throw QueryError(.syntax, "times are exact to the microsecond: six digits", at: span(start, at)) }
        var value: Int64 = 0
        for index in first..<(first + 6) { value = value * 10 + (index < at ? Int64(bytes[index] - UInt8(ascii: "0")) : 0) }
        return value
    }

    private mutating func noTimeZone(_ start: Int) throws(QueryError) {
        var end = nameEnd(from: at)
        if end == at, byte(at) == UInt8(ascii: "+") || byte(at) == UInt8(ascii: "-"), digits(at + 1, exactly: 2) != nil,
            byte(at + 3) == UInt8(ascii: ":")
        {
            end = digitsEnd(at + 4)
        }
        guard end > at else { return }
        at = end
        throw QueryError(
            .syntax, "timestamps have no time zone", at: span(start, at), hint: "leave it out and write local time")
    }
}
