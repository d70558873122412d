import Storage

/// Functions that make a date, move it, or measure from one date to another. A timestamp counts as its day.
extension DateFunctions {
    static let makeDate = ScalarFunction(
        "make_date(year, month, day)", .date, 3...3, "The date with these three numbers; one that does not exist is an error.",
        [("make_date(2026, 9, 30)", "2026-09-30")]
    ) { call in
        let arguments = [try call.integer(0), try call.integer(1), try call.integer(2)]
        let span = call.span
        let instance = FunctionInstance("make_date") { arguments, out, count, _ in
            let (y, m, d) = (arguments[0].integers, arguments[1].integers, arguments[2].integers)
            func failure(_ i: Int) -> QueryError {
                QueryError(.data, "there is no date with year \(y[i]), month \(m[i]) and day \(d[i])", at: span)
            }
            try KernelLoop.checked(out, count, failure: failure) { i in
                guard y[i] >= 1, y[i] <= 9999, m[i] >= 1, m[i] <= 12, d[i] >= 1, d[i] <= CivilDate.daysInMonth(year: y[i], month: m[i])
                else { return (0, true) }
                return (CivilDate.days(year: y[i], month: m[i], day: d[i]), false)
            }
        }
        return call.result(.date, instance, arguments)
    }

    static let addMonths = ScalarFunction(
        "add_months(date, n)", .date, 2...2,
        "The date n months later, earlier where n is negative; a day that its month does not have becomes the month's last.",
        [("add_months(2026-01-31, 1)", "2026-02-28"), ("add_months(2026-03-31, -1)", "2026-02-28")]
    ) { call in
        let x = try call.instant(0)
        let n = try call.integer(1)
        let span = call.span
        let isTimestamp = x.type == .timestamp
        let instance = FunctionInstance("add_months") { arguments, out, count, _ in
            let (a, months) = (arguments[0].integers, arguments[1].integers)
            try KernelLoop.checked(out, count, failure: { _ in TemporalArithmetic.outsideCalendar(span) }) { i in
                isTimestamp
                    ? TemporalArithmetic.addMonths(months[i], toTimestamp: a[i]) : TemporalArithmetic.addMonths(months[i], toDate: a[i])
            }
        }
        return call.result(x.type, instance, [x, n])
    }

    static let daysBetween = ScalarFunction(
        "days_between(from, to)", .date, 2...2, "How many days lie from one date to the other; negative where to is the earlier.",
        [("days_between(2026-09-01, 2026-09-30)", "29")]
    ) { call in
        let instance = FunctionInstance("days_between") { a, o, n, _ in KernelLoop.integers2(a, o, n) { $1 &- $0 } }
        return call.result(.int, instance, [try call.day(0), try call.day(1)])
    }

    static let monthsBetween = ScalarFunction(
        "months_between(from, to)", .date, 2...2,
        "How many whole months have passed from one date to the other, month ends clamped: from the 31st to the 30th of the next month is one.",
        [("months_between(2026-01-31, 2026-02-28)", "1"), ("months_between(2026-01-15, 2026-03-14)", "1")]
    ) { call in
        let instance = FunctionInstance("months_between") { a, o, n, _ in KernelLoop.integers2(a, o, n, wholeMonths) }
        return call.result(.int, instance, [try call.day(0), try call.day(1)])
    }

    static let yearsBetween = ScalarFunction(
        "years_between(from, to)", .date, 2...2,
        "How many whole years have passed from one date to the other; 29 February falls on the 28th.",
        [("years_between(2020-02-29, 2026-02-28)", "6")]
    ) { call in
        call.result(.int, wholeYears("years_between"), [try call.day(0), try call.day(1)])
    }

    static let age = ScalarFunction(
        "age(birthday, at)", .date, 1...2,
        "Age in whole years on a day (today where none is given); who was born on 29 February turns a year older on the 28th in common years.",
        [("age(1990-10-01, 2026-09-30)", "35"), ("age(2004-02-29, 2026-02-28)", "22")]
    ) { call in
        let birthday = try call.day(0)
        let at = call.arguments.count > 1 ? try call.day(1) : .constant(.integer(call.today), .date, call.span)
        return call.result(.int, wholeYears("age"), [birthday, at])
    }

    private static func wholeYears(_ name: String) -> FunctionInstance {
        FunctionInstance(name) { a, o, n, _ in KernelLoop.integers2(a, o, n) { wholeMonths($0, $1) / 12 } }
    }

    /// The largest number of months that can be added to `from` without passing `to`; backwards it is the same, negated.
    @inline(__always)
    static func wholeMonths(_ from: Int64, _ to: Int64) -> Int64 {
        let (earlier, later) = from <= to ? (EraDay(date: from), EraDay(date: to)) : (EraDay(date: to), EraDay(date: from))
        var months = Int64(later.month) &- Int64(earlier.month)
        let day = later.dayOfMonth
        // The month's last day counts as any later day: it is where one that the month does not have is clamped to.
        if day < earlier.dayOfMonth, day < 28 || EraDay(date: later.date &+ 1).dayOfMonth != 1 { months &-= 1 }
        return from <= to ? months : 0 &- months
    }
}
