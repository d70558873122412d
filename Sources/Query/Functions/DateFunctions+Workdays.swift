import Storage

/// Mondays to Fridays that are no holidays, counted without walking over days.
struct WorkCalendar: Sendable {
    /// Holidays on weekdays, in order; for each, how many workdays (in this calendar's count) come before it.
    private let holidays: [Int64]
    private let ranks: [Int64]

    /// `holidays` in any order; those on a weekend change nothing.
    init(holidays: [Int64]) {
        var days = holidays.filter { CivilDate.weekday(day: $0) <= 5 }.sorted()
        var kept = 0
        for index in days.indices where index == 0 || days[index] != days[index - 1] {
            days[kept] = days[index]
            kept += 1
        }
        self.holidays = Array(days.prefix(kept))
        ranks = self.holidays.enumerated().map { WorkCalendar.weekdays(before: $1) - Int64($0) }
    }

    /// Weekdays (holidays or not) before a day, counted from a Monday.
    private static func weekdays(before day: Int64) -> Int64 {
        let fromMonday = day &+ 3
        return CivilDate.floorDiv(fromMonday, 7) &* 5 &+ min(CivilDate.floorMod(fromMonday, 7), 5)
    }

    /// Workdays before a day: the rank of a day among the workdays.
    func rank(_ day: Int64) -> Int64 { WorkCalendar.weekdays(before: day) &- Int64(WorkCalendar.count(holidays, below: day)) }

    /// The workday of a rank.
    func day(ofRank rank: Int64) -> Int64 {
        // A holiday that at most `rank` workdays precede lies before the day sought.
        let weekday = rank &+ Int64(WorkCalendar.count(ranks, below: rank &+ 1))
        return CivilDate.floorDiv(weekday, 5) &* 7 &+ CivilDate.floorMod(weekday, 5) &- 3
    }

    func isWorkday(_ day: Int64) -> Bool { rank(day &+ 1) != rank(day) }

    /// Workdays in `from...to`, both ends in; negative where `to` is the earlier.
    func count(_ from: Int64, _ to: Int64) -> Int64 { from <= to ? rank(to &+ 1) &- rank(from) : rank(to) &- rank(from &+ 1) }

    /// The `n`-th workday after a day, before it where `n` is negative; the day itself for 0.
    func add(_ n: Int64, to day: Int64) -> Int64 {
        if n == 0 { return day }
        return self.day(ofRank: n > 0 ? rank(day &+ 1) &+ n &- 1 : rank(day) &+ n)
    }

    /// How many of the sorted values are below a bound.
    private static func count(_ sorted: [Int64], below bound: Int64) -> Int {
        var low = 0
        var high = sorted.count
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < bound { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Workdays: Monday to Friday without the days of the first date column of the table `holidays`, where the store has one.
extension DateFunctions {
    static let workdays = ScalarFunction(
        "workdays(from, to)", .date, 2...2,
        "How many workdays (Monday to Friday, without the table holidays) there are from one date to the other, both ends in; "
            + "negative where to is the earlier.",
        [("workdays(2026-09-28, 2026-10-02)", "5"), ("workdays(2026-09-26, 2026-09-27)", "0")]
    ) { call in
        let calendar = WorkCalendar(holidays: try call.holidays())
        let instance = FunctionInstance("workdays") { a, o, n, _ in KernelLoop.integers2(a, o, n) { calendar.count($0, $1) } }
        return call.result(.int, instance, [try call.day(0), try call.day(1)])
    }

    static let addWorkdays = ScalarFunction(
        "add_workdays(date, n)", .date, 2...2,
        "The n-th workday (Monday to Friday, without the table holidays) after the date, before it where n is negative; the date itself for 0.",
        [("add_workdays(2026-10-02, 1)", "2026-10-05"), ("add_workdays(2026-10-05, -1)", "2026-10-02")]
    ) { call in
        let calendar = WorkCalendar(holidays: try call.holidays())
        let span = call.span
        let instance = FunctionInstance("add_workdays") { arguments, out, count, _ in
            let (a, n) = (arguments[0].integers, arguments[1].integers)
            try KernelLoop.checked(out, count, failure: { _ in TemporalArithmetic.outsideCalendar(span) }) { i in
                guard n[i].magnitude < 4_000_000 else { return (0, true) }
                let day = calendar.add(n[i], to: a[i])
                return (day, TemporalArithmetic.isOutside(day: day))
            }
        }
        return call.result(.date, instance, [try call.day(0), try call.integer(1)])
    }

    static let isWorkday = ScalarFunction(
        "is_workday(date)", .date, 1...1, "Whether the day is a Monday to Friday and not in the table holidays; false where it is missing.",
        [("is_workday(2026-09-30)", "true"), ("is_workday(2026-10-03)", "false")]
    ) { call in
        let calendar = WorkCalendar(holidays: try call.holidays())
        let instance = FunctionInstance("is_workday", strict: false) { arguments, out, count, context in
            let a = arguments[0].integers
            try KernelLoop.condition(arguments, out, count, context) { i in calendar.isWorkday(a[i]) }
        }
        return call.result(.bool, instance, [try call.day(0)])
    }
}
