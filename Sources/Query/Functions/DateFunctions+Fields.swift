import Storage

/// The numbers of a date, a timestamp or a span.
extension DateFunctions {
    static let yearNumber = numberFunction(
        "year_number", CalendarFields.Year.self, [.year: .init(1, 0), .quarter: .init(4, 0), .month: .init(12, 0)],
        "The number of the year, as an int.", [("year_number(2026-09-30)", "2026")], monotone: true)
    static let quarterNumber = numberFunction(
        "quarter_number", CalendarFields.QuarterNumber.self, [.quarter: .init(1, 4), .month: .init(3, 4)],
        "The number of the quarter in its year, 1 to 4.", [("quarter_number(2026-09-30)", "3"), ("quarter_number(2026-Q3)", "3")])
    static let monthNumber = numberFunction(
        "month_number", CalendarFields.MonthNumber.self, [.month: .init(1, 12)],
        "The number of the month in its year, 1 to 12.", [("month_number(2026-09-30)", "9"), ("month_number(2026-09)", "9")])
    static let dayOfMonth = numberFunction(
        "day_of_month", CalendarFields.DayOfMonth.self, [:], "The number of the day in its month, 1 to 31.",
        [("day_of_month(2026-09-30)", "30")])
    static let dayOfYear = numberFunction(
        "day_of_year", CalendarFields.DayOfYear.self, [:], "The number of the day in its year, 1 to 366.",
        [("day_of_year(2026-12-31)", "365")])
    static let weekday = numberFunction(
        "weekday", CalendarFields.Weekday.self, [:], "The number of the day in its week, Monday 1 to Sunday 7.",
        [("weekday(2026-09-30)", "3")])

    static let weekNumber = ScalarFunction(
        "week_number(date)", .date, 1...1, "The ISO number of the week in its year, 1 to 53.",
        [("week_number(2026-09-30)", "40"), ("week_number(2026-W36)", "36")]
    ) { call in
        if call.arguments[0].type == .week {
            let instance = FunctionInstance("week_number") { a, o, n, _ in
                KernelLoop.integers(a, o, n) { CivilDate.isoYearAndWeek(week: $0).week }
            }
            return call.result(.int, instance, call.arguments)
        }
        let from = try call.instant(0)
        return call.result(.int, FunctionInstance("week_number", kernel: CalendarFields.WeekNumber.kernel(from: from.type)), [from])
    }

    /// How a span's number yields the field: divided by `unit`, then counted from 1 within `cycle` (0: taken as it is).
    private struct SpanRule: Sendable {
        let unit: Int64
        let cycle: Int64
        init(_ unit: Int64, _ cycle: Int64) {
            self.unit = unit
            self.cycle = cycle
        }
    }

    private static func numberFunction(
        _ name: String, _ field: any CalendarField.Type, _ spans: [LogicalType: SpanRule], _ summary: String,
        _ examples: [(String, String)], monotone: Bool = false
    ) -> ScalarFunction {
        ScalarFunction("\(name)(date)", .date, 1...1, summary, examples) { call in
            if let rule = spans[call.arguments[0].type] {
                let (unit, cycle) = (rule.unit, rule.cycle)
                let steps: [CodeStep] = [.floorDivide(unit)] + (cycle == 0 ? [] : [.floorModulo(cycle), .add(1)])
                let instance = FunctionInstance(name, monotone: monotone, codeSteps: { _ in steps }) { a, o, n, _ in
                    if cycle == 0 {
                        KernelLoop.integers(a, o, n) { CivilDate.floorDiv($0, unit) }
                    } else {
                        KernelLoop.integers(a, o, n) { CivilDate.floorMod(CivilDate.floorDiv($0, unit), cycle) &+ 1 }
                    }
                }
                return call.result(.int, instance, call.arguments)
            }
            let from = try call.instant(0)
            let instance = FunctionInstance(
                name, monotone: monotone, codeSteps: { _ in field.codeSteps(from: from.type) }, kernel: field.kernel(from: from.type))
            return call.result(.int, instance, [from])
        }
    }

    static let hour = timeFunction("hour", "The hour of a timestamp, 0 to 23.", unit: 3_600_000_000, cycle: 24, "9")
    static let minute = timeFunction("minute", "The minute of a timestamp within its hour, 0 to 59.", unit: 60_000_000, cycle: 60, "5")
    static let second = timeFunction(
        "second", "The whole second of a timestamp within its minute, 0 to 59.", unit: 1_000_000, cycle: 60, "7")

    private static func timeFunction(_ name: String, _ summary: String, unit: UInt64, cycle: UInt64, _ result: String) -> ScalarFunction {
        ScalarFunction("\(name)(timestamp)", .date, 1...1, summary, [("\(name)(timestamp(\"2026-09-30 09:05:07\"))", result)]) { call in
            let x = call.arguments[0]
            if x.type == .date, !x.isNullConstant { throw call.error("a date has no time of day, so it has no \(name)", argument: 0) }
            let from = try call.argument(0, as: .timestamp, "a timestamp", hint: x.type == .text ? "timestamp(x) reads a text as one" : nil)
            let steps: [CodeStep] = [.floorDivide(Int64(unit)), .floorModulo(Int64(cycle))]
            let instance = FunctionInstance(name, codeSteps: { _ in steps }) { a, o, n, _ in
                KernelLoop.integers(a, o, n) { timestamp in
                    let micro = UInt64(bitPattern: timestamp &+ EraDay.shift &* CivilDate.microsecondsPerDay)
                    return Int64(truncatingIfNeeded: micro / unit % cycle)
                }
            }
            return call.result(.int, instance, [from])
        }
    }
}
