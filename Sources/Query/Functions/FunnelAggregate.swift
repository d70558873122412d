import Storage

/// `funnel(t, within, c1, c2, …)` and `funnel_time(t, within, n, c1, c2, …)`: checks a call and brings it into the form that is run.
///
/// Any number of conditions becomes one whole number a row, bit i for step i + 1, so that an aggregate over events needs two columns
/// whatever the number of steps, and rows that serve no step are filtered out before anything is kept of them.
enum FunnelAggregate {
    static let stepsMax = 62
    static let signature = "funnel(time, within, step1, step2, …)"
    static let timeSignature = "funnel_time(time, within, n, step1, step2, …)"

    /// Places of ``Checked/arguments``.
    enum Place {
        static let time = 0
        static let bits = 1
        static let microseconds = 2
        static let months = 3
        static let steps = 4
        static let wanted = 5
    }

    struct Checked {
        var arguments: [Bound]
        /// Some step's condition holds.
        var servesAStep: Bound
        var type: LogicalType
    }

    static func check(_ function: AggregateFunction, _ arguments: [Bound], _ call: Call, _ span: SourceSpan) throws -> Checked {
        let isTime = function == .funnelTime
        let name = function.rawValue
        let hint = isTime ? timeSignature : signature
        let first = isTime ? 3 : 2
        guard arguments.count > first else {
            throw QueryError(
                .type, "\(name) needs a time, a window\(isTime ? ", a step's number" : "") and the conditions of the steps", at: span,
                hint: hint)
        }
        for (index, argument) in call.arguments.enumerated().prefix(first) {
            guard let label = argument.label, !(index == 1 && label.text == "within") else { continue }
            throw QueryError(.type, "only the window (within:) and the steps of \(name) have names", at: label.span, hint: hint)
        }
        var time = arguments[0]
        if time.isNullConstant { time = .constant(.null, .date, time.span) }
        guard time.type == .date || time.type == .timestamp else {
            throw QueryError(
                .type, "\(name) needs the date or timestamp of an event first, this is a \(time.type.name)", at: time.span, hint: hint)
        }
        let (microseconds, months) = try window(arguments[1], name, hint)
        let steps = Array(arguments[first...])
        guard steps.count <= stepsMax else {
            throw QueryError(.type, "\(name) takes at most \(stepsMax) steps", at: steps[stepsMax].span)
        }
        for step in steps where step.type != .bool && !step.isNullConstant {
            throw QueryError(
                .type, "a step is a condition, this is \(step.type.withArticle)", at: step.span,
                hint: "compare it with something: funnel(ts, 30d, type = \"visit\", type = \"order\")")
        }
        var wanted = Bound.constant(.integer(0), .int, span)
        if isTime {
            guard arguments[2].type == .int, case .integer(let step)? = arguments[2].constantValue, step >= 1, step <= steps.count else {
                throw QueryError(.type, "the number of a step lies in 1..\(steps.count)", at: arguments[2].span, hint: hint)
            }
            wanted = arguments[2]
        }
        let bits = Bound(.function(stepBits, steps.map { $0.isNullConstant ? .constant(.integer(0), .bool, $0.span) : $0 }), .int, span)
        let zero = Bound.constant(.integer(0), .int, span)
        return Checked(
            arguments: [time, bits, microseconds, months, .constant(.integer(Int64(steps.count)), .int, span), wanted],
            servesAStep: Bound(.compare(.notEqual, bits, zero), .bool, span), type: isTime ? time.type : .int)
    }

    /// Microseconds and months; both null where there is no limit.
    private static func window(_ bound: Bound, _ name: String, _ hint: String) throws -> (microseconds: Bound, months: Bound) {
        let none = Bound.constant(.null, .int, bound.span)
        if case .months(let months) = bound.kind, months >= 0 { return (none, .constant(.integer(months), .int, bound.span)) }
        if bound.isNullConstant { return (none, none) }
        guard bound.type == .duration, case .integer(let microseconds)? = bound.constantValue, microseconds >= 0 else {
            throw QueryError(
                .type, "the window of \(name) is a constant length of time such as 30d, 48h or 3mo, or null for no limit", at: bound.span,
                hint: hint)
        }
        return (.constant(.integer(microseconds), .int, bound.span), none)
    }

    /// A condition that is missing counts as false, as everywhere.
    private static let stepBits = FunctionInstance("steps", strict: false) { arguments, out, count, _ in
        let o = out.integers
        for i in 0..<count { o[i] = 0 }
        for (step, argument) in arguments.enumerated() {
            let mask = argument.mask
            for i in 0..<count { o[i] |= Int64(mask[i]) &<< Int64(step) }
            guard argument.hasNulls else { continue }
            for i in 0..<count where argument.isNull(i) { o[i] &= ~(1 &<< Int64(step)) }
        }
    }
}
