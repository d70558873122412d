import Storage

/// Sums and differences with dates, timestamps and spans.
extension TemporalArithmetic {
    static func add(_ operands: Operands) throws -> Bound {
        let (a, b) = (operands.a, operands.b)
        if a.isNullConstant || b.isNullConstant { return null(operands) }
        if a.type == .duration, b.type == .duration { return try combineDurations(operands) }
        if a.type == .duration { return try move(operands.swapped, by: 1) }
        if b.type == .duration { return try move(operands, by: 1) }
        throw notAStep(operands)
    }

    static func subtract(_ operands: Operands) throws -> Bound {
        let (a, b) = (operands.a, operands.b)
        if a.isNullConstant || b.isNullConstant { return null(operands) }
        if a.type == .duration, b.type == .duration { return try combineDurations(operands) }
        if b.type == .duration { return try move(operands, by: -1) }
        if a.type == .duration, b.type.isTemporal {
            throw operands.mismatch(hint: "a length of time can be taken from a date, not a date from it")
        }
        guard a.type.isTemporal, b.type.isTemporal else { throw notAStep(operands) }
        return try difference(operands)
    }

    /// What stands beside the null decides, as far as it can: a point in time stays one.
    private static func null(_ operands: Operands) -> Bound {
        let known = operands.a.isNullConstant ? operands.b : operands.a
        return .constant(.null, known.type, operands.span)
    }

    /// A date beside something that is no step of time.
    private static func notAStep(_ operands: Operands) -> QueryError {
        let (a, b) = (operands.a, operands.b)
        let (point, other) = isTemporal(a) ? (a, b) : (b, a)
        let sign = operands.operation.rawValue
        if other.type == .int {
            let unit =
                switch point.type {
                case .week: "w"
                case .month: "mo"
                case .quarter: "q"
                case .year: "y"
                case .date, .timestamp, .duration, .bool, .int, .decimal, .float, .text: "d"
                }
            let what = point.type == .duration ? "a duration" : "a \(point.type.name)"
            if case .integer(let number)? = other.constantValue, point.type == .year, number >= 1000 {
                return operands.error(
                    "\(what) moves by a length of time, not by an int", hint: "year(\(number)) is a year, year_number(x) an int")
            }
            if case .integer(let number)? = other.constantValue, number >= 0 {
                return operands.error("\(what) moves by a length of time, not by an int", hint: "did you mean \(sign) \(number)\(unit)?")
            }
            let hint =
                ["d", "w"].contains(unit)
                ? "\(sign) n * 1\(unit) moves by n of them" : "add_months(start(x), n) moves its first day by n months"
            return operands.error("\(what) moves by a length of time, not by an int", hint: hint)
        }
        if other.type == .text {
            return operands.mismatch(hint: "dates are written without quotes, as in 2026-09-30; date(x) reads a text as a date")
        }
        if sign == "+", a.type.isTemporal, b.type.isTemporal {
            return operands.mismatch(hint: "two points in time cannot be added; - gives what lies between them")
        }
        return operands.mismatch()
    }

    // MARK: - A point moved by a step

    /// `operands.a` moved by the duration or the months of `operands.b`, forwards or backwards.
    private static func move(_ operands: Operands, by sign: Int64) throws -> Bound {
        let (point, step) = (operands.a, operands.b)
        if let months = months(step) { return try move(operands, months: sign &* months) }
        switch point.type {
        case .date:
            if case .integer(let micro)? = step.constantValue, micro % CivilDate.microsecondsPerDay == 0 {
                return moveDays(operands, by: sign &* (micro / CivilDate.microsecondsPerDay))
            }
            guard let timestamp = Coercion.coerce(point, to: .timestamp) else { throw operands.mismatch() }
            return moveTimestamp(operands, timestamp, by: sign)
        case .timestamp: return moveTimestamp(operands, point, by: sign)
        case .week:
            let week = 7 * CivilDate.microsecondsPerDay
            guard case .integer(let micro)? = step.constantValue, micro % week == 0 else {
                throw operands.error("a week moves by whole weeks", hint: "as in + 1w; start(x) gives its Monday, which moves by days")
            }
            return shift(operands, by: sign &* (micro / week)) { isOutside(day: CivilDate.firstDay(week: $0)) }
        case .month, .quarter, .year:
            let unit = point.type == .month ? "mo" : point.type == .quarter ? "q" : "y"
            throw operands.error("a \(point.type.name) moves by \(point.type.name)s, not by days or hours", hint: "as in + 1\(unit)")
        case .bool, .int, .decimal, .float, .text, .duration: throw notAStep(operands)
        }
    }

    private static func move(_ operands: Operands, months: Int64) throws -> Bound {
        let point = operands.a
        let span = operands.span
        switch point.type {
        case .date, .timestamp:
            let isTimestamp = point.type == .timestamp
            let instance = FunctionInstance("add_months", monotone: true) { arguments, out, count, _ in
                let a = arguments[0].integers
                try KernelLoop.checked(out, count, failure: { _ in outsideCalendar(span) }) { i in
                    isTimestamp ? addMonths(months, toTimestamp: a[i]) : addMonths(months, toDate: a[i])
                }
            }
            // Months of different lengths do not keep the order of times of day: the 31st 09:00 and the 30th 12:00 meet on the 30th.
            let kept = isTimestamp ? FunctionInstance("add_months", kernel: instance.kernel) : instance
            return operands.result(point.type, kept, [point])
        case .month: return shift(operands, by: months) { $0 < 12 || $0 >= 120_000 }
        case .quarter:
            guard months % 3 == 0 else {
                throw operands.error(
                    "a quarter moves by whole quarters, and \(months.magnitude) months are none", hint: "as in + 1q or + 3mo")
            }
            return shift(operands, by: months / 3) { $0 < 4 || $0 >= 40_000 }
        case .year:
            guard months % 12 == 0 else {
                throw operands.error("a year moves by whole years, and \(months.magnitude) months are none", hint: "as in + 1y or + 12mo")
            }
            return shift(operands, by: months / 12) { $0 < 1 || $0 > 9999 }
        case .week:
            throw operands.error(
                "a week does not move by months: they hold no whole number of weeks", hint: "as in + 4w, or start(x) + 1mo")
        case .bool, .int, .decimal, .float, .text, .duration: throw notAStep(operands)
        }
    }

    /// A span moved by a constant number of spans.
    @inline(__always)
    private static func shift(_ operands: Operands, by steps: Int64, isOutside: @escaping @Sendable (Int64) -> Bool) -> Bound {
        let span = operands.span
        let instance = FunctionInstance("add", monotone: true) { arguments, out, count, _ in
            let a = arguments[0].integers
            try KernelLoop.checked(out, count, failure: { _ in outsideCalendar(span) }) { i in
                let (value, overflow) = a[i].addingReportingOverflow(steps)
                return (value, overflow || value.magnitude > 1 << 32 || isOutside(value))
            }
        }
        return operands.result(operands.a.type, instance, [operands.a])
    }

    private static func moveDays(_ operands: Operands, by days: Int64) -> Bound {
        let span = operands.span
        let instance = FunctionInstance("add_days", monotone: true) { arguments, out, count, _ in
            let a = arguments[0].integers
            try KernelLoop.checked(out, count, failure: { _ in outsideCalendar(span) }) { i in
                let day = a[i] &+ days
                return (day, isOutside(day: day))
            }
        }
        return operands.result(.date, instance, [operands.a])
    }

    private static func moveTimestamp(_ operands: Operands, _ timestamp: Bound, by sign: Int64) -> Bound {
        let span = operands.span
        let instance = FunctionInstance("add_time", monotone: operands.b.constantValue != nil) { arguments, out, count, _ in
            let a = arguments[0].integers
            let step = arguments[1].integers
            try KernelLoop.checked(out, count, failure: { _ in outsideCalendar(span) }) { i in
                let (value, overflow) =
                    sign > 0 ? a[i].addingReportingOverflow(step[i]) : a[i].subtractingReportingOverflow(step[i])
                return (value, overflow || isOutside(timestamp: value))
            }
        }
        return operands.result(.timestamp, instance, [timestamp, operands.b])
    }

    // MARK: - What lies between two points

    private static func difference(_ operands: Operands) throws -> Bound {
        let (a, b) = (operands.a, operands.b)
        let subtract = FunctionInstance("subtract") { a, o, n, _ in KernelLoop.integers2(a, o, n) { $0 &- $1 } }
        if a.type == b.type { return operands.result(a.type == .timestamp ? .duration : .int, subtract, [a, b]) }
        if let x = Coercion.coerce(a, to: .timestamp), let y = Coercion.coerce(b, to: .timestamp) {
            return operands.result(.duration, subtract, [x, y])
        }
        let span = a.type.isSpan ? a : b
        if a.type.isSpan, b.type.isSpan {
            throw operands.mismatch(hint: "bring both to one kind of span first, as in \(widerName(a.type, b.type))(x)")
        }
        throw operands.mismatch(hint: "start(x) and end(x) give the first and the last day of a \(span.type.name)")
    }

    private static func widerName(_ a: LogicalType, _ b: LogicalType) -> String {
        for type in [LogicalType.year, .quarter] where a == type || b == type { return type.name }
        return "month"
    }
}
