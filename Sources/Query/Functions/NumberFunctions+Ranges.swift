import Storage

/// Functions that keep a value within bounds, choose among several, or put it into a bin.
extension NumberFunctions {
    static let clamp = ScalarFunction(
        "clamp(x, low, high)", .number, 3...3, "x, but at least low and at most high (high wins where low is above it).",
        [("clamp(120, 0, 100)", "100"), ("clamp(-0.5, 0, 1)", "0.0")]
    ) { call in
        let (type, arguments) = try ordered(call)
        if case .integer(let low)? = arguments[1].constantValue, case .integer(let high)? = arguments[2].constantValue, low > high {
            throw call.error("clamp: the lower bound is above the upper one", argument: 1)
        }
        let kernel: Kernel =
            switch type.physical {
            case .integer:
                { arguments, out, count, _ in
                    let (x, low, high, o) = (arguments[0].integers, arguments[1].integers, arguments[2].integers, out.integers)
                    for i in 0..<count { o[i] = Swift.min(Swift.max(x[i], low[i]), high[i]) }
                }
            case .double:
                { arguments, out, count, _ in
                    let (x, low, high, o) = (arguments[0].doubles, arguments[1].doubles, arguments[2].doubles, out.doubles)
                    for i in 0..<count { o[i] = Swift.min(Swift.max(x[i], low[i]), high[i]) }
                }
            case .text:
                { arguments, out, count, _ in
                    let (x, low, high) = (arguments[0].texts, arguments[1].texts, arguments[2].texts)
                    for i in 0..<count where !out.isNull(i) {
                        let raised = x[i] < low[i] ? low[i] : x[i]
                        out.setText(i, (high[i] < raised ? high[i] : raised).buffer)
                    }
                }
            }
        return call.result(type, FunctionInstance("clamp", kernel: kernel), arguments)
    }

    static let least = ScalarFunction(
        "least(a, b, …)", .number, 2...ScalarFunction.argumentsMax, "The smallest of the arguments; null where one is missing.",
        [("least(3, 1.5, 2)", "1.5"), ("least(2026-09-30, 2026-03-31)", "2026-03-31")]
    ) { call in
        let (type, arguments) = try ordered(call)
        return call.result(type, FunctionInstance("least", kernel: chooser(type, wantsLeast: true)), arguments)
    }

    static let greatest = ScalarFunction(
        "greatest(a, b, …)", .number, 2...ScalarFunction.argumentsMax, "The largest of the arguments; null where one is missing.",
        [("greatest(3, 1.5, 2)", "3.0")]
    ) { call in
        let (type, arguments) = try ordered(call)
        return call.result(type, FunctionInstance("greatest", kernel: chooser(type, wantsLeast: false)), arguments)
    }

    private static func ordered(_ call: FunctionCall) throws -> (type: LogicalType, arguments: [Bound]) {
        let (type, arguments) = try call.alike()
        if type == .bool { throw call.needs("values with an order", 0, hint: "or and and choose among conditions") }
        return (type, arguments)
    }

    private static func chooser(_ type: LogicalType, wantsLeast: Bool) -> Kernel {
        switch type.physical {
        case .integer:
            return { arguments, out, count, _ in
                let o = out.integers
                o.update(from: arguments[0].integers, count: count)
                for argument in arguments.dropFirst() {
                    let a = argument.integers
                    if wantsLeast {
                        for i in 0..<count { o[i] = Swift.min(o[i], a[i]) }
                    } else {
                        for i in 0..<count { o[i] = Swift.max(o[i], a[i]) }
                    }
                }
            }
        case .double:
            return { arguments, out, count, _ in
                let o = out.doubles
                o.update(from: arguments[0].doubles, count: count)
                for argument in arguments.dropFirst() {
                    let a = argument.doubles
                    for i in 0..<count where (a[i] < o[i]) == wantsLeast { o[i] = a[i] }
                }
            }
        case .text:
            return { arguments, out, count, _ in
                for i in 0..<count {
                    var chosen = TextView.empty
                    if !out.isNull(i) {
                        chosen = arguments[0].texts[i]
                        for argument in arguments.dropFirst() {
                            let text = argument.texts[i]
                            if wantsLeast ? text < chosen : chosen < text { chosen = text }
                        }
                    }
                    out.setText(i, chosen.buffer)
                }
            }
        }
    }

    static let bin = ScalarFunction(
        "bin(x, width, origin)", .number, 2...3,
        "The lower edge of the bin of that width which holds x, where origin (0, or 1970-01-01) is an edge; of a timestamp by a duration too.",
        [("bin(37, 10)", "30"), ("bin(-2.5, 5)", "-5.0"), ("bin(12.30, 5, 2.5)", "7.50")]
    ) { call in
        switch call.arguments[0].type {
        case .date, .timestamp: return try binInstants(call)
        case .duration: return try bin(call, try (0..<call.arguments.count).map { try call.argument($0, as: .duration, "a duration") })
        case .bool, .int, .decimal, .float, .text, .week, .month, .quarter, .year:
            for index in call.arguments.indices { _ = try call.number(index) }
            return try bin(call, try call.alike().arguments)
        }
    }

    /// A date in bins of whole days, a timestamp in bins of any duration.
    private static func binInstants(_ call: FunctionCall) throws -> Bound {
        let type = call.arguments[0].type
        let width = try call.argument(1, as: .duration, "a duration such as 7d or 15min")
        guard case .integer(var step) = try call.constant(1, "the width") else {
            throw call.error("bin: the width is missing", argument: 1)
        }
        var origin = Bound.constant(.integer(0), type, call.span)
        if call.arguments.count > 2 { origin = try call.argument(2, as: type, "a \(type.name)") }
        if type == .date {
            guard step % CivilDate.microsecondsPerDay == 0 else {
                throw call.error("bin: dates lie in bins of whole days", argument: 1, hint: "timestamp(x) can be binned by hours")
            }
            step /= CivilDate.microsecondsPerDay
        }
        return try bin(call, [call.arguments[0], .constant(.integer(step), type, width.span), origin])
    }

    private static func bin(_ call: FunctionCall, _ given: [Bound]) throws -> Bound {
        let type = given[0].type
        if type == .float { return try binFloats(call, given) }
        guard case .integer(let width)? = given[1].constantValue, width > 0 else {
            throw call.error("bin: the width must be a constant above 0", argument: 1)
        }
        var origin: Int64 = 0
        if given.count > 2 {
            guard case .integer(let value)? = given[2].constantValue else {
                throw call.error("bin: the origin must be a constant", argument: 2)
            }
            origin = value
        }
        let span = call.span
        let limit = type.isNumeric ? limit(of: type) : .max
        let edge = origin
        var steps: [CodeStep] = [.floorDivide(width), .multiply(width), .add(edge), .requireMagnitude(limit)]
        if edge != .min { steps.insert(.add(-edge), at: 0) }
        let codeSteps = edge == .min ? nil : steps
        let instance = FunctionInstance("bin", monotone: true, codeSteps: { _ in codeSteps }) { arguments, out, count, _ in
            let a = arguments[0].integers
            try KernelLoop.checked(out, count, failure: { _ in overflow("bin", type, span) }) { i in
                let (distance, overflow) = a[i].subtractingReportingOverflow(edge)
                let remainder = distance % width
                let above = remainder < 0 ? remainder &+ width : remainder
                let (lower, underflow) = a[i].subtractingReportingOverflow(above)
                return (lower, overflow || underflow || exceeds(lower, limit))
            }
        }
        return call.result(type, instance, [given[0]])
    }

    private static func binFloats(_ call: FunctionCall, _ given: [Bound]) throws -> Bound {
        guard case .double(let width)? = given[1].constantValue, width > 0 else {
            throw call.error("bin: the width must be a constant above 0", argument: 1)
        }
        var origin = 0.0
        if given.count > 2 {
            guard case .double(let value)? = given[2].constantValue else {
                throw call.error("bin: the origin must be a constant", argument: 2)
            }
            origin = value
        }
        let edge = origin
        let instance = FunctionInstance("bin", monotone: true) { arguments, out, count, context in
            let a = arguments[0].doubles
            KernelLoop.finite(out, count, context) { i in ((a[i] - edge) / width).rounded(.down) * width + edge }
        }
        return call.result(.float, instance, [given[0]])
    }
}
