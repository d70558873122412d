import Storage
import Testing

@testable import Query

@Suite struct FunctionDateTests {
    private static let allDays = CivilDate.minimumDay...CivilDate.maximumDay

    private static func day(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 { CivilDate.days(year: year, month: month, day: day) }

    private func check(_ cases: [(String, String)], _ harness: FunctionHarness = FunctionHarness()) throws {
        for (text, result) in cases { #expect(try harness.cell(text) == result, "\(text)") }
    }

    /// Both ends of the calendar, the days around month ends and leap days, and a sample of all others.
    private static func sampleDays(_ random: inout SeededGenerator, _ count: Int) -> [Int64] {
        var days = [CivilDate.minimumDay, CivilDate.maximumDay, 0, -1]
        for year in [1, 4, 100, 400, 1600, 1900, 1970, 2000, 2024, 2026, 2100, 9999] as [Int64] {
            for month in 1...12 as ClosedRange<Int64> {
                days += [day(year, month, 1), day(year, month, CivilDate.daysInMonth(year: year, month: month))]
            }
        }
        return days + (0..<count).map { _ in Int64.random(in: allDays, using: &random) }
    }

    @Test func fieldsAgreeWithTheCalendar() throws {
        var random = SeededGenerator(seed: 1)
        let days = FunctionDateTests.sampleDays(&random, 20_000)
        let times = days.map { $0 * CivilDate.microsecondsPerDay + Int64.random(in: 0..<CivilDate.microsecondsPerDay, using: &random) }
        let fields: [(String, (Int64) -> Int64)] = [
            ("year", CivilDate.year), ("quarter", CivilDate.quarter), ("month", CivilDate.month), ("week", CivilDate.week), ("day", { $0 }),
            ("year_number", { CivilDate.civil(days: $0).year }), ("month_number", { CivilDate.civil(days: $0).month }),
            ("quarter_number", { (CivilDate.civil(days: $0).month - 1) / 3 + 1 }), ("day_of_month", { CivilDate.civil(days: $0).day }),
            ("week_number", { CivilDate.isoYearAndWeek(week: CivilDate.week(day: $0)).week }), ("weekday", CivilDate.weekday),
            ("day_of_year", { $0 - CivilDate.days(year: CivilDate.civil(days: $0).year, month: 1, day: 1) + 1 }),
        ]
        for (type, values) in [(LogicalType.date, days), (.timestamp, times)] {
            let harness = FunctionHarness(columns: ["x": .init(type: type, values: values.map { .integer($0) })])
            for (name, field) in fields {
                let result = try harness.evaluate("\(name)(x)").values
                for (index, day) in days.enumerated() {
                    #expect(result[index] == .integer(field(day)), "seed 1: \(name) of day \(day)")
                }
            }
        }
        let harness = FunctionHarness(columns: ["x": .init(type: .timestamp, values: times.map { .integer($0) })])
        for (name, unit, cycle) in [("hour", 3_600_000_000, 24), ("minute", 60_000_000, 60), ("second", 1_000_000, 60)]
            as [(String, Int64, Int64)]
        {
            let result = try harness.evaluate("\(name)(x)").values
            for (index, time) in times.enumerated() {
                #expect(result[index] == .integer(CivilDate.floorMod(CivilDate.floorDiv(time, unit), cycle)))
            }
        }
    }

    @Test func everyDayOfTheCalendarHasItsMonth() {
        var wrong = 0
        var (year, month, dayOfMonth): (Int64, Int64, Int64) = (1, 1, 1)
        for day in FunctionDateTests.allDays {
            let era = EraDay(date: day)
            if Int64(era.month) != year * 12 + month - 1 || Int64(era.dayOfMonth) != dayOfMonth { wrong += 1 }
            dayOfMonth += 1
            if dayOfMonth > CivilDate.daysInMonth(year: year, month: month) { (month, dayOfMonth) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        #expect(wrong == 0)
        #expect(year == 10_000)
    }

    @Test func spansOfSpans() throws {
        try check([
            ("year(2026)", "2026"), ("quarter(2026-12)", "2026-Q4"), ("year(2026-01)", "2026"), ("month(2026-09)", "2026-09"),
            ("year_number(2026-Q4)", "2026"), ("month_number(2026-12)", "12"), ("quarter_number(2026-01)", "1"),
            ("start(2026-09-30)", "2026-09-30"), ("start(year(2026-09-30))", "2026-01-01"), ("end(year(2026-09-30))", "2026-12-31"),
            ("end(2026-Q1)", "2026-03-31"), ("end(2026-W53)", "2027-01-03"), ("end(year(9999-01-01))", "9999-12-31"),
            ("start(week(0001-01-01))", "0001-01-01"), ("day(2026-09-30)", "2026-09-30"), ("start(2026)", "2026-01-01"),
            ("end(2024)", "2024-12-31"),
            ("year(2026-09-30) - year(2000)", "26"), ("weekday(2026-10-04)", "7"),
        ])
        #expect(FunctionHarness().error("year(0)")?.message == "there is no year 0: the calendar has the years 1 to 9999")
        #expect(FunctionHarness().error("year(2026-09-30) - 2000")?.hint == "year(2000) is a year, year_number(x) an int")
        #expect(FunctionHarness().error("end(week(9999-12-31))")?.kind == .data)
        #expect(FunctionHarness().error("week(2026-09)")?.message == "a month is longer than a week, so it lies in none")
        #expect(FunctionHarness().error("day(2026-09)")?.hint == "start(x) and end(x) give the first and the last day of a month")
    }

    @Test func wholeMonthsAgreeWithCountingUp() throws {
        var random = SeededGenerator(seed: 2)
        for _ in 0..<4000 {
            let from = Int64.random(in: FunctionDateTests.day(1890, 1, 1)...FunctionDateTests.day(2110, 12, 31), using: &random)
            let to = from + Int64(random.below(2000))
            var months: Int64 = 0
            while CivilDate.addMonths(months + 1, to: from) <= to { months += 1 }
            #expect(DateFunctions.wholeMonths(from, to) == months, "seed 2: from \(from) to \(to)")
            #expect(DateFunctions.wholeMonths(to, from) == -months, "seed 2: from \(to) to \(from)")
        }
    }

    @Test func differencesAndAge() throws {
        try check([
            ("days_between(2026-09-30, 2026-09-01)", "-29"), ("days_between(timestamp(\"2026-09-29 23:59\"), 2026-09-30)", "1"),
            ("months_between(2026-08-31, 2026-09-30)", "1"), ("months_between(2026-09-30, 2026-08-31)", "-1"),
            ("months_between(2026-08-31, 2026-09-29)", "0"), ("years_between(2025-03-01, 2026-02-28)", "0"),
            ("age(2000-09-30)", "26"), ("age(2000-10-01)", "25"), ("age(2004-02-29, 2027-02-27)", "22"),
            ("age(2004-02-29, 2028-02-28)", "23"),
            ("age(2004-02-29, 2028-02-29)", "24"), ("age(null)", ""), ("make_date(2024, 2, 29)", "2024-02-29"),
            ("add_months(timestamp(\"2026-01-31 12:30\"), 1)", "2026-02-28 12:30:00"), ("add_months(0001-01-31, 1)", "0001-02-28"),
        ])
        for text in ["add_months(0001-01-31, -1)", "add_months(2026-01-31, 999999999999)", "make_date(0, 1, 1)", "make_date(10000, 1, 1)"] {
            #expect(FunctionHarness().error(text)?.kind == .data, "\(text)")
        }
    }

    @Test func addedMonthsAgreeWithTheCalendar() throws {
        var random = SeededGenerator(seed: 4)
        for day in FunctionDateTests.sampleDays(&random, 5000) {
            let months = Int64(random.below(5000)) - 2500
            let (moved, failed) = TemporalArithmetic.addMonths(months, toDate: day)
            let expected = CivilDate.addMonths(months, to: day)
            #expect(failed == TemporalArithmetic.isOutside(day: expected), "seed 4: day \(day) + \(months) months")
            if !failed { #expect(moved == expected, "seed 4: day \(day) + \(months) months") }
        }
    }

    // MARK: - Workdays

    @Test func workdaysAgreeWithCountingDays() throws {
        var random = SeededGenerator(seed: 6)
        for _ in 0..<300 {
            let base = FunctionDateTests.day(1965, 1, 1) + Int64(random.below(5000))
            let holidays = (0..<random.below(40)).map { _ in base + Int64(random.below(120)) }
            let calendar = WorkCalendar(holidays: holidays)
            func isWorkday(_ day: Int64) -> Bool { CivilDate.weekday(day: day) <= 5 && !holidays.contains(day) }
            for _ in 0..<20 {
                let (a, b) = (base + Int64(random.below(120)), base + Int64(random.below(120)))
                let count = Int64((min(a, b)...max(a, b)).filter(isWorkday).count)
                #expect(calendar.count(a, b) == (a <= b ? count : -count), "seed 6: \(a)...\(b) without \(holidays)")
                #expect(calendar.isWorkday(a) == isWorkday(a), "seed 6: \(a) without \(holidays)")
                let n = Int64(random.below(61)) - 30
                var day = a
                var left = n.magnitude
                while left > 0 {
                    day += n.signum()
                    if isWorkday(day) { left -= 1 }
                }
                #expect(calendar.add(n, to: a) == day, "seed 6: \(a) + \(n) without \(holidays)")
            }
        }
    }

    @Test func holidaysAreNoWorkdays() throws {
        let goldenWeek = (1...7).map { FunctionDateTests.day(2026, 10, $0) }
        let harness = FunctionHarness(holidays: goldenWeek)
        try check(
            [
                ("workdays(2026-09-28, 2026-10-09)", "5"), ("add_workdays(2026-09-30, 1)", "2026-10-08"),
                ("add_workdays(2026-10-08, -1)", "2026-09-30"),
                ("is_workday(2026-10-01)", "false"), ("is_workday(2026-10-08)", "true"), ("is_workday(null)", "false"),
                ("workdays(2026-10-09, 2026-09-28)", "-5"), ("add_workdays(2026-10-03, 0)", "2026-10-03"),
            ], harness)
        #expect(harness.error("add_workdays(9999-12-31, 1)")?.kind == .data)
        #expect(harness.error("add_workdays(2026-01-01, int(\"-9223372036854775808\"))")?.kind == .data)
    }

    // MARK: - Arithmetic

    @Test func pointsMovedInTime() throws {
        try check([
            ("2026-09-30 + 1d", "2026-10-01"), ("1d + 2026-09-30", "2026-10-01"), ("2026-09-30 - 2w", "2026-09-16"),
            ("2026-09-30 + 24h", "2026-10-01"),
            ("2026-09-30 + 1h", "2026-09-30 01:00:00"), ("2026-09-30 - 1min", "2026-09-29 23:59:00"),
            ("timestamp(2026-09-30) - 1d", "2026-09-29 00:00:00"), ("2026-01-31 + 1mo", "2026-02-28"), ("1mo + 2026-01-31", "2026-02-28"),
            ("2024-02-29 - 1y", "2023-02-28"), ("2026-08-31 + 1q", "2026-11-30"),
            ("timestamp(\"2026-01-31 12:00\") + 1mo", "2026-02-28 12:00:00"),
            ("2026-09 + 4mo", "2027-01"), ("2026-Q3 + 1q", "2026-Q4"), ("2026-Q1 - 1y", "2025-Q1"), ("year(2026-09-30) + 1y", "2027"),
            ("2026-W53 + 1w", "2027-W01"), ("2026-W01 - 7d", "2025-W52"), ("2026-09-30 - 2026-09-01", "29"),
            ("timestamp(2026-09-30) - 2026-09-29", "1d"), ("2026-09-30 - timestamp(\"2026-09-30 06:00\")", "-6h"),
            ("2026-09 - 2025-12", "9"),
            ("2026-Q1 - 2025-Q4", "1"), ("2026-W01 - 2025-W52", "1"), ("2026-09-30 + null", ""), ("null + 1mo", ""),
            ("2026-01-31 + (1mo + 1q)", "2026-05-31"), ("2026-01-31 + 2 * 1mo", "2026-03-31"), ("2026-01-31 + 1y / 4", "2026-04-30"),
        ])
    }

    @Test func durationsAmongThemselves() throws {
        try check([
            ("1h + 30min", "1h 30min"), ("1h - 90min", "-30min"), ("90min * 2", "3h"), ("1.5 * 1h", "1h 30min"), ("1h * 0.5e0", "30min"),
            ("1h / 4", "15min"),
            ("1h / 0", ""), ("1h / 0.0", ""), ("1h / 0e0", ""), ("1h / 1.5", "40min"), ("1h / 90min", "0.666667"), ("36h / 1d", "1.500000"),
            ("1h / 0h", ""),
            ("36h div 1d", "1"), ("1h div 0h", ""), ("1h * null", ""), ("1h / null", ""),
        ])
        let harness = FunctionHarness()
        _ = try harness.evaluate("1h / 0")
        _ = try harness.evaluate("1h / 0min")
        _ = try harness.evaluate("1h / 0e0")
        #expect(harness.context.divisionsByZero == 3)
        for text in ["1d * 999999999", "1h / 0.0000000001e-9", "100000000d + 100000000d", "100000000d / 0.000001s"] {
            #expect(FunctionHarness().error(text)?.kind == .data, "\(text)")
        }
    }

    @Test func columnsOfTimeAreMoved() throws {
        let harness = FunctionHarness(columns: [
            "d": .init(type: .date, values: [.integer(0), .null, .integer(1)]),
            "s": .init(type: .duration, values: [.integer(3_600_000_000), .integer(0), .null]),
            "n": .init(type: .int, values: [.integer(2), .integer(3), .null]),
            "w": .init(type: .week, values: [.integer(0), .integer(1), .null]),
        ])
        let moved = try harness.evaluate("d + s")
        #expect(moved.type == .timestamp && moved.values == [.integer(3_600_000_000), .null, .null])
        #expect(try harness.evaluate("d - s").values == [.integer(-3_600_000_000), .null, .null])
        #expect(try harness.evaluate("d + 1mo").values == [.integer(31), .null, .integer(32)])
        #expect(try harness.evaluate("add_months(d, n)").values == [.integer(59), .null, .null])
        #expect(try harness.evaluate("w + 2w").values == [.integer(2), .integer(3), .null])
        #expect(
            try harness.evaluate("n * 1d").values == [
                .integer(2 * CivilDate.microsecondsPerDay), .integer(3 * CivilDate.microsecondsPerDay), .null,
            ])
        #expect(harness.error("w + s")?.message == "a week moves by whole weeks")
        #expect(harness.error("d + n")?.hint == "+ n * 1d moves by n of them")
        #expect(harness.error("d + n * 1mo")?.hint == "add_months(date, n) moves by any number of months")
    }

    @Test func mistakesWithTimeTeach() throws {
        let cases: [(String, String, String?)] = [
            ("2026-09-30 + 3", "a date moves by a length of time, not by an int", "did you mean + 3d?"),
            ("2026-09-30 - 3", "a date moves by a length of time, not by an int", "did you mean - 3d?"),
            ("2026-09 + 1", "a month moves by a length of time, not by an int", "did you mean + 1mo?"),
            (
                "2026-09-30 - \"2026-09-01\"", "- does not go between a date and a text",
                "dates are written without quotes, as in 2026-09-30; date(x) reads a text as a date"
            ),
            (
                "2026-09-30 + 2026-09-01", "+ does not go between a date and a date",
                "two points in time cannot be added; - gives what lies between them"
            ),
            ("2026-09 + 3d", "a month moves by months, not by days or hours", "as in + 1mo"),
            ("2026-Q3 + 1mo", "a quarter moves by whole quarters, and 1 months are none", "as in + 1q or + 3mo"),
            ("2026-W36 + 1mo", "a week does not move by months: they hold no whole number of weeks", "as in + 4w, or start(x) + 1mo"),
            (
                "2026-09-30 - 2026-09", "- does not go between a date and a month",
                "start(x) and end(x) give the first and the last day of a month"
            ),
            ("2026-Q3 - 2026-09", "- does not go between a quarter and a month", "bring both to one kind of span first, as in quarter(x)"),
            ("1mo + 3d", "calendar months and exact time do not add up to one length", "move the date twice, as in date + 1mo + 3d"),
            (
                "1d - 2026-09-30", "- does not go between a duration and a date",
                "a length of time can be taken from a date, not a date from it"
            ),
            ("2026-09-30 * 2", "* does not go between a date and an int", nil),
            ("2 / 1h", "/ does not go between an int and a duration", nil),
            ("1h mod 2", "mod does not go between a duration and an int", nil),
        ]
        for (text, message, hint) in cases {
            let error = try #require(FunctionHarness().error(text), "\(text)")
            #expect(error.kind == .type && error.message == message && error.hint == hint, "\(text): \(error)")
            #expect(error.span != nil)
        }
    }
}
