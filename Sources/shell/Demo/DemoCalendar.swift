import Storage

/// The days of the demo bank: its books start on 2024-01-01 and its last day is 2026-09-30, whatever the clock of the machine says.
struct DemoCalendar: Sendable {
    struct Holiday: Sendable {
        var day: Int64
        var name: String
    }
    struct LunarDay: Sendable {
        var day: Int64
        var year: Int64
        var month: Int64
        var dayOfMonth: Int64
        var isLeapMonth: Bool
        var festival: String?
    }

    static let first = CivilDate.days(year: 2024, month: 1, day: 1)
    static let today = CivilDate.days(year: 2026, month: 9, day: 30)
    /// Months from `first` to `today`, the last one whole.
    static let months = 33
    static let firstMonth: Int64 = 2024 * 12
    static let secondsPerDay: Int64 = 86_400

    /// First day of month 0...33 counted from `first`.
    let monthStart: [Int64]
    let holidays: [Holiday]
    let lunar: [LunarDay]
    private let isHolidayFrom2024: [Bool]

    init() {
        monthStart = (0...Int64(DemoCalendar.months)).map { CivilDate.firstDay(month: DemoCalendar.firstMonth + $0) }
        holidays = DemoCalendar.makeHolidays()
        lunar = DemoCalendar.makeLunar()
        var marks = [Bool](repeating: false, count: 4 * 366)
        for holiday in holidays { marks[Int(holiday.day - DemoCalendar.first)] = true }
        isHolidayFrom2024 = marks
    }

    /// Counted from `first`; negative before.
    func monthIndex(_ day: Int64) -> Int { Int(CivilDate.month(day: day) - DemoCalendar.firstMonth) }

    func isHoliday(_ day: Int64) -> Bool {
        let at = Int(day - DemoCalendar.first)
        return at >= 0 && at < isHolidayFrom2024.count && isHolidayFrom2024[at]
    }

    func isWorkday(_ day: Int64) -> Bool { CivilDate.weekday(day: day) <= 5 && !isHoliday(day) }

    /// The day itself or the first workday after it.
    func workday(onOrAfter day: Int64) -> Int64 {
        var d = day
        while !isWorkday(d) { d += 1 }
        return d
    }

    func workday(onOrBefore day: Int64) -> Int64 {
        var d = day
        while !isWorkday(d) { d -= 1 }
        return d
    }

    static func timestamp(_ day: Int64, second: Int) -> Int64 { day * CivilDate.microsecondsPerDay + Int64(second) * 1_000_000 }

    static func day(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 { CivilDate.days(year: year, month: month, day: day) }

    private static func makeHolidays() -> [Holiday] {
        let spans: [(String, Int64, Int64, Int64, Int)] = [
            ("New Year", 2024, 1, 1, 1), ("Spring Festival", 2024, 2, 10, 8), ("Qingming", 2024, 4, 4, 3), ("Labour Day", 2024, 5, 1, 5),
            ("Dragon Boat", 2024, 6, 8, 3), ("Mid-Autumn", 2024, 9, 15, 3), ("National Day", 2024, 10, 1, 7),
            ("New Year", 2025, 1, 1, 1), ("Spring Festival", 2025, 1, 28, 8), ("Qingming", 2025, 4, 4, 3), ("Labour Day", 2025, 5, 1, 5),
            ("Dragon Boat", 2025, 5, 31, 3), ("National Day and Mid-Autumn", 2025, 10, 1, 8),
            ("New Year", 2026, 1, 1, 3), ("Spring Festival", 2026, 2, 15, 9), ("Qingming", 2026, 4, 4, 3), ("Labour Day", 2026, 5, 1, 5),
            ("Dragon Boat", 2026, 6, 19, 3), ("Mid-Autumn", 2026, 9, 25, 3), ("National Day", 2026, 10, 1, 7),
            ("New Year", 2027, 1, 1, 1),
        ]
        return spans.flatMap { name, year, month, first, count in
            (0..<Int64(count)).map { Holiday(day: day(year, month, first) + $0, name: name) }
        }
    }

    /// Lengths of the lunar months from the new year of 2023 on: 30 or 29 days; `leap` is the month that comes twice, with its own length.
    private static func makeLunar() -> [LunarDay] {
        let years: [(year: Int64, long: [Int], leap: Int, leapDays: Int)] = [
            (2023, [0, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0, 1], 2, 29),
            (2024, [0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 0], 0, 0),
            (2025, [1, 0, 1, 0, 0, 1, 1, 0, 1, 1, 1, 0], 6, 29),
            (2026, [1, 0, 1, 0, 0, 1, 0, 0, 1, 1, 1, 0], 0, 0),
            (2027, [1, 1, 0, 1, 0, 0, 1, 0, 0, 1, 1, 0], 0, 0),
        ]
        let festivals: [Int64: String] = [
            101: "Spring Festival", 115: "Lantern Festival", 505: "Dragon Boat", 707: "Qixi", 815: "Mid-Autumn", 909: "Double Ninth",
            1208: "Laba",
        ]
        var result: [LunarDay] = []
        var day = day(2023, 1, 22)
        let last = DemoCalendar.day(2027, 12, 31)
        for (year, long, leap, leapDays) in years {
            for month in 1...12 {
                let days = long[month - 1] == 1 ? 30 : 29
                for (length, isLeap) in [(days, false), (month == leap ? leapDays : 0, true)] where length > 0 {
                    for n in 1...length {
                        var festival = isLeap ? nil : festivals[Int64(month * 100 + n)]
                        if month == 12, n == days { festival = "New Year's Eve" }
                        if day >= first, day <= last {
                            result.append(
                                LunarDay(
                                    day: day, year: year, month: Int64(month), dayOfMonth: Int64(n), isLeapMonth: isLeap, festival: festival
                                ))
                        }
                        day += 1
                    }
                }
            }
        }
        return result
    }
}
