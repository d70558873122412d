import Storage

extension FunctionCatalogue {
    static let dateFunctions: [ScalarFunction] = [
        DateFunctions.year, DateFunctions.quarter, DateFunctions.month, DateFunctions.week, DateFunctions.day,
        DateFunctions.yearNumber, DateFunctions.quarterNumber, DateFunctions.monthNumber, DateFunctions.weekNumber,
        DateFunctions.dayOfMonth, DateFunctions.dayOfYear, DateFunctions.weekday,
        DateFunctions.hour, DateFunctions.minute, DateFunctions.second,
        DateFunctions.start, DateFunctions.end, DateFunctions.makeDate, DateFunctions.addMonths,
        DateFunctions.daysBetween, DateFunctions.monthsBetween, DateFunctions.yearsBetween, DateFunctions.age,
        DateFunctions.workdays, DateFunctions.addWorkdays, DateFunctions.isWorkday, DateFunctions.period,
    ]
}

/// Functions that put a date, a timestamp or a smaller span into a span.
enum DateFunctions {
    static let year = spanFunction(
        "year", .year, CalendarFields.Year.self,
        "The year that a date, a month or a quarter lies in, as a span; of an int the year of that number.",
        [("year(2026-09-30)", "2026"), ("year(2026-Q3)", "2026"), ("year(2026) + 1y", "2027")])
    static let quarter = spanFunction(
        "quarter", .quarter, CalendarFields.Quarter.self, "The quarter that a date or a month lies in, as a span.",
        [("quarter(2026-09-30)", "2026-Q3"), ("quarter(2026-02)", "2026-Q1")])
    static let month = spanFunction(
        "month", .month, CalendarFields.Month.self, "The month that a date or a timestamp lies in, as a span.",
        [("month(2026-09-30)", "2026-09"), ("month(2026-09-30) + 1mo", "2026-10")])
    static let week = spanFunction(
        "week", .week, CalendarFields.Week.self, "The ISO week (Monday to Sunday) that a date or a timestamp lies in, as a span.",
        [("week(2026-09-30)", "2026-W40"), ("week(2027-01-01)", "2026-W53")])

    static let day = ScalarFunction(
        "day(date)", .date, 1...1, "The day of a timestamp, as a date.", [("day(timestamp(\"2026-09-30 12:00\"))", "2026-09-30")]
    ) { call in
        let x = try call.instant(0)
        return x.type == .date ? Bound(x.kind, .date, call.span) : day(of: x, span: call.span)
    }

    static func day(of timestamp: Bound, span: SourceSpan) -> Bound {
        let instance = FunctionInstance(
            "day", monotone: true, codeSteps: { _ in CalendarFields.Day.codeSteps(from: .timestamp) },
            kernel: CalendarFields.Day.kernel(from: .timestamp))
        return Bound(.function(instance, [timestamp]), .date, span)
    }

    private static func spanFunction(
        _ name: String, _ unit: LogicalType, _ field: any CalendarField.Type, _ summary: String, _ examples: [(String, String)]
    ) -> ScalarFunction {
        ScalarFunction("\(name)(date)", .date, 1...1, summary, examples) { call in
            let x = call.arguments[0]
            if x.type == unit { return x }
            if x.type.isSpan { return try widen(x, to: unit, call) }
            if x.type == .int, unit == .year { return yearOfNumber(x, span: call.span) }
            let from = try call.instant(0)
            let instance = FunctionInstance(
                name, monotone: true, codeSteps: { _ in field.codeSteps(from: from.type) }, kernel: field.kernel(from: from.type))
            return call.result(unit, instance, [from])
        }
    }

    /// A span as the larger span that holds all of it.
    private static func widen(_ x: Bound, to unit: LogicalType, _ call: FunctionCall) throws -> Bound {
        switch (x.type, unit) {
        case (.month, .quarter): return divided(x, by: 3, unit, call)
        case (.month, .year): return divided(x, by: 12, unit, call)
        case (.quarter, .year): return divided(x, by: 4, unit, call)
        case (.week, _):
            throw call.error(
                "a week may lie in two \(unit.name)s, so it has no \(unit.name)", argument: 0,
                hint: "\(unit.name)(start(x)) takes the one its Monday lies in")
        default:
            throw call.error(
                "a \(x.type.name) is longer than a \(unit.name), so it lies in none", argument: 0,
                hint: "\(unit.name)(start(x)) is the first \(unit.name) of it, \(unit.name)(end(x)) the last")
        }
    }

    private static func divided(_ x: Bound, by divisor: Int64, _ unit: LogicalType, _ call: FunctionCall) -> Bound {
        let instance = FunctionInstance(unit.name, monotone: true, codeSteps: { _ in [.floorDivide(divisor)] }) { a, o, n, _ in
            KernelLoop.integers(a, o, n) { CivilDate.floorDiv($0, divisor) }
        }
        return call.result(unit, instance, [x])
    }

    /// The year with a number: a bare 2026 is an int.
    static func yearOfNumber(_ x: Bound, span: SourceSpan) -> Bound {
        if case .integer(let number)? = x.constantValue, (1...9999).contains(number) { return .constant(.integer(number), .year, x.span) }
        let instance = FunctionInstance("year", monotone: true) { arguments, out, count, _ in
            let a = arguments[0].integers
            func failure(_ i: Int) -> QueryError {
                QueryError(.data, "there is no year \(a[i]): the calendar has the years 1 to 9999", at: span)
            }
            try KernelLoop.checked(out, count, failure: failure) { i in (a[i], a[i] < 1 || a[i] > 9999) }
        }
        return Bound(.function(instance, [x]), .year, span)
    }

    // MARK: - Ends of spans

    static let start = ScalarFunction(
        "start(span)", .date, 1...1, "The first day of a span.", [("start(2026-Q3)", "2026-07-01"), ("start(2026-W36)", "2026-08-31")]
    ) { call in
        try edge(call, next: 0, back: 0)
    }

    static let end = ScalarFunction(
        "end(span)", .date, 1...1, "The last day of a span.", [("end(2026-02)", "2026-02-28"), ("end(month(2026-09-15))", "2026-09-30")]
    ) { call in
        try edge(call, next: 1, back: 1)
    }

    /// The first day of the span `next` spans on, less `back` days.
    private static func edge(_ call: FunctionCall, next: Int64, back: Int64) throws -> Bound {
        var x = call.arguments[0]
        if case .integer? = x.constantValue, x.type == .int { x = yearOfNumber(x, span: x.span) }
        if x.type == .date || x.isNullConstant { return x.type == .date ? x : .constant(.null, .date, x.span) }
        let name = call.name.text
        let span = call.span
        func instance(_ months: Int64) -> FunctionInstance {
            FunctionInstance(name, monotone: true) { a, o, n, _ in
                KernelLoop.integers(a, o, n) { CivilDate.firstDay(month: ($0 &+ next) &* months) &- back }
            }
        }
        switch x.type {
        case .month: return call.result(.date, instance(1), [x])
        case .quarter: return call.result(.date, instance(3), [x])
        case .year: return call.result(.date, instance(12), [x])
        case .week:
            // The week of 9999-12-31 ends after the calendar does.
            let instance = FunctionInstance(name, monotone: true) { arguments, out, count, _ in
                let a = arguments[0].integers
                try KernelLoop.checked(out, count, failure: { _ in TemporalArithmetic.outsideCalendar(span) }) { i in
                    let day = CivilDate.firstDay(week: a[i] &+ next) &- back
                    return (day, TemporalArithmetic.isOutside(day: day))
                }
            }
            return call.result(.date, instance, [x])
        case .timestamp:
            throw call.needs("a span", 0, hint: "\(name)(month(x)) is the \(next == 0 ? "first" : "last") day of a timestamp's month")
        case .bool, .int, .decimal, .float, .text, .date, .duration: throw call.needs("a span such as 2026-09 or month(date)", 0)
        }
    }
}
