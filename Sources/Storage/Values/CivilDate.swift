/// Calendar arithmetic on plain integers: no time zone, no locale, no allocation.
public enum CivilDate {
    public static let microsecondsPerDay: Int64 = 86_400_000_000
    /// Years 1 to 9999 are what the language accepts.
    public static let minimumDay: Int64 = -719_162
    public static let maximumDay: Int64 = 2_932_896

    /// Days since 1970-01-01 of a proleptic Gregorian date, by counting 400-year eras from 1 March.
    @inlinable @inline(__always)
    public static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let y = month <= 2 ? year &- 1 : year
        let era = (y >= 0 ? y : y &- 399) / 400
        let yearOfEra = y &- era &* 400
        let monthFromMarch = month > 2 ? month &- 3 : month &+ 9
        let dayOfYear = (153 &* monthFromMarch &+ 2) / 5 &+ day &- 1
        let dayOfEra = yearOfEra &* 365 &+ yearOfEra / 4 &- yearOfEra / 100 &+ dayOfYear
        return era &* 146_097 &+ dayOfEra &- 719_468
    }

    @inlinable @inline(__always)
    public static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let z = days &+ 719_468
        let era = (z >= 0 ? z : z &- 146_096) / 146_097
        let dayOfEra = z &- era &* 146_097
        let yearOfEra = (dayOfEra &- dayOfEra / 1460 &+ dayOfEra / 36_524 &- dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra &- (365 &* yearOfEra &+ yearOfEra / 4 &- yearOfEra / 100)
        let monthFromMarch = (5 &* dayOfYear &+ 2) / 153
        let day = dayOfYear &- (153 &* monthFromMarch &+ 2) / 5 &+ 1
        let month = monthFromMarch < 10 ? monthFromMarch &+ 3 : monthFromMarch &- 9
        return (yearOfEra &+ era &* 400 &+ (month <= 2 ? 1 : 0), month, day)
    }

    public static func isLeap(_ year: Int64) -> Bool { (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 }

    public static func daysInMonth(year: Int64, month: Int64) -> Int64 {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    @inlinable @inline(__always)
    public static func floorDiv(_ a: Int64, _ b: Int64) -> Int64 {
        let q = a / b
        return (a % b != 0 && ((a < 0) != (b < 0))) ? q &- 1 : q
    }

    @inlinable @inline(__always)
    public static func floorMod(_ a: Int64, _ b: Int64) -> Int64 { a &- floorDiv(a, b) &* b }

    @inlinable @inline(__always) public static func dayOf(timestamp: Int64) -> Int64 { floorDiv(timestamp, microsecondsPerDay) }

    /// ISO weekday, Monday 1 to Sunday 7.
    @inlinable @inline(__always) public static func weekday(day: Int64) -> Int64 { floorMod(day &+ 3, 7) &+ 1 }

    /// Spans of a day, in the units of ``LogicalType``.
    @inlinable @inline(__always) public static func week(day: Int64) -> Int64 { floorDiv(day &+ 3, 7) }
    @inlinable @inline(__always) public static func month(day: Int64) -> Int64 {
        let c = civil(days: day)
        return c.year &* 12 &+ c.month &- 1
    }
    @inlinable @inline(__always) public static func quarter(day: Int64) -> Int64 { floorDiv(month(day: day), 3) }
    @inlinable @inline(__always) public static func year(day: Int64) -> Int64 { civil(days: day).year }

    /// The first day of a span; the last is the day before the next one's first.
    public static func firstDay(week: Int64) -> Int64 { week &* 7 &- 3 }
    public static func firstDay(month: Int64) -> Int64 { days(year: floorDiv(month, 12), month: floorMod(month, 12) &+ 1, day: 1) }
    public static func firstDay(quarter: Int64) -> Int64 { firstDay(month: quarter &* 3) }
    public static func firstDay(year: Int64) -> Int64 { days(year: year, month: 1, day: 1) }

    /// First day of a span value of type `type` (which is a span, or a date).
    public static func firstDay(of value: Int64, type: LogicalType) -> Int64 {
        switch type {
        case .week: firstDay(week: value)
        case .month: firstDay(month: value)
        case .quarter: firstDay(quarter: value)
        case .year: firstDay(year: value)
        case .date: value
        case .bool, .int, .decimal, .float, .text, .timestamp, .duration: preconditionFailure("\(type.name) is not a span")
        }
    }

    /// The span of type `type` that holds a day.
    public static func span(of day: Int64, type: LogicalType) -> Int64 {
        switch type {
        case .week: week(day: day)
        case .month: month(day: day)
        case .quarter: quarter(day: day)
        case .year: year(day: day)
        case .date: day
        case .bool, .int, .decimal, .float, .text, .timestamp, .duration: preconditionFailure("\(type.name) is not a span")
        }
    }

    /// ISO 8601 year and week number of a week span: a week belongs to the year of its Thursday.
    public static func isoYearAndWeek(week: Int64) -> (year: Int64, week: Int64) {
        let thursday = firstDay(week: week) &+ 3
        let year = year(day: thursday)
        return (year, (thursday &- days(year: year, month: 1, day: 1)) / 7 &+ 1)
    }

    /// The week span of an ISO year and week number, or nil where that year has no such week.
    public static func week(isoYear: Int64, week number: Int64) -> Int64? {
        let fourth = days(year: isoYear, month: 1, day: 4)
        let result = week(day: fourth) &+ number &- 1
        return number >= 1 && isoYearAndWeek(week: result) == (isoYear, number) ? result : nil
    }

    /// A day moved by months; a day past the month's end becomes its last day.
    public static func addMonths(_ months: Int64, to day: Int64) -> Int64 {
        let c = civil(days: day)
        let m = c.year &* 12 &+ c.month &- 1 &+ months
        let year = floorDiv(m, 12)
        let month = floorMod(m, 12) &+ 1
        return days(year: year, month: month, day: min(c.day, daysInMonth(year: year, month: month)))
    }
}
