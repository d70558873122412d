import Storage

extension DateFunctions {
    /// What `day`, `week`, `month`, `quarter` and `year` do, with the unit as an argument: a verb that takes a step needs no form for each.
    static let period = ScalarFunction(
        name: "period", family: .date, signature: "period(date, step, n)",
        summary:
            "The day, week, month, quarter or year that a date (or a span's first day) lies in, by a step of 1d, 1w, 1mo, 1q or 1y; n of them later where n is given.",
        examples: [
            .init("period(2026-09-30, 1mo)", "2026-09"), .init("period(2026-09-30, 1w, -1)", "2026-W39"),
            .init("period(2026-12, 1mo, 1)", "2027-01"),
        ]
    ) { call in
        let signature = "period(date, step, n)"
        if let label = call.labels.compactMap({ $0 }).first {
            throw QueryError(
                .type, "period takes no argument by name, so \(label.text): has no place here", at: label.span, hint: signature)
        }
        try call.requireCount(2...3, signature)
        let unit = try unit(ofStep: call.arguments[1], call)
        let x = call.arguments[0]
        // A bare 2026 is the year.
        let isYear = x.type == .int && x.constantValue.map { !$0.isNull } == true
        let from: Bound = isYear ? yearOfNumber(x, span: x.span) : x.type.isSpan ? x : try call.instant(0)
        let n = call.arguments.count > 2 ? try call.integer(2) : .constant(.integer(0), .int, call.span)
        if from.type == unit, n.constantValue == .integer(0) { return Bound(from.kind, unit, call.span) }
        let (type, span) = (from.type, call.span)
        let instance = FunctionInstance("period", monotone: n.constantValue != nil) { arguments, out, count, _ in
            let (a, n) = (arguments[0].integers, arguments[1].integers)
            try KernelLoop.checked(out, count, failure: { _ in TemporalArithmetic.outsideCalendar(span) }) { i in
                guard n[i].magnitude < 4_000_000 else { return (0, true) }
                let day =
                    type == .timestamp ? CivilDate.dayOf(timestamp: a[i]) : type == .date ? a[i] : CivilDate.firstDay(of: a[i], type: type)
                let value = (unit == .date ? day : CivilDate.span(of: day, type: unit)) &+ n[i]
                let first = unit == .date ? value : CivilDate.firstDay(of: value, type: unit)
                return (value, TemporalArithmetic.isOutside(day: first))
            }
        }
        return call.result(unit, instance, [from, n])
    }

    private static func unit(ofStep step: Bound, _ call: FunctionCall) throws -> LogicalType {
        if case .months(let months) = step.kind {
            switch months {
            case 1: return .month
            case 3: return .quarter
            case 12: return .year
            default: break
            }
        } else if step.type == .duration, case .integer(let microseconds)? = step.constantValue {
            if microseconds == CivilDate.microsecondsPerDay { return .date }
            if microseconds == 7 * CivilDate.microsecondsPerDay { return .week }
        }
        throw call.error("a step of periods is 1d, 1w, 1mo, 1q or 1y", argument: 1, hint: "period(date, 1mo)")
    }
}
