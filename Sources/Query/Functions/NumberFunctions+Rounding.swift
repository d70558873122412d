import Storage

/// What becomes of the digits that are cut.
enum RoundingRule: Sendable {
    case halfEven, halfUp, down, up, towardZero

    var floatingPoint: FloatingPointRoundingRule {
        switch self {
        case .halfEven: .toNearestOrEven
        case .halfUp: .toNearestOrAwayFromZero
        case .down: .down
        case .up: .up
        case .towardZero: .towardZero
        }
    }

    /// `value / unit` as a whole number. `unit` is at most 10^18, so that twice a remainder cannot overflow.
    @inline(__always)
    func quotient(_ value: Int64, _ unit: Int64) -> Int64 {
        let (q, r) = value.quotientAndRemainder(dividingBy: unit)
        let twice = r.magnitude &* 2
        let half = unit.magnitude
        switch self {
        case .halfEven: return twice > half || (twice == half && q & 1 != 0) ? q &+ (value < 0 ? -1 : 1) : q
        case .halfUp: return twice >= half ? q &+ (value < 0 ? -1 : 1) : q
        case .down: return r < 0 ? q &- 1 : q
        case .up: return r > 0 ? q &+ 1 : q
        case .towardZero: return q
        }
    }
}

extension NumberFunctions {
    static let round = ScalarFunction(
        "round(x, digits)", .number, 1...2,
        "The number rounded to digits after the point (none where left out, negative for tens and hundreds), halves to the even digit.",
        [("round(2.345, 2)", "2.34"), ("round(2.5)", "2"), ("round(1250, -2)", "1200")]
    ) { call in
        try rounding(call, .halfEven)
    }

    static let roundHalfUp = ScalarFunction(
        "round_half_up(x, digits)", .number, 1...2, "Like round, but halves go away from zero.",
        [("round_half_up(2.345, 2)", "2.35"), ("round_half_up(-2.5)", "-3")]
    ) { call in
        try rounding(call, .halfUp)
    }

    static let floor = ScalarFunction(
        "floor(x)", .number, 1...1, "The largest whole number not above x: an int, of a float a float.",
        [("floor(2.7)", "2"), ("floor(-2.1)", "-3")]
    ) { call in
        try rounding(call, .down)
    }

    static let ceil = ScalarFunction(
        "ceil(x)", .number, 1...1, "The smallest whole number not below x: an int, of a float a float.",
        [("ceil(2.1)", "3"), ("ceil(-2.7)", "-2")]
    ) { call in
        try rounding(call, .up)
    }

    static let trunc = ScalarFunction(
        "trunc(x)", .number, 1...1, "x without its digits after the point: an int, of a float a float.",
        [("trunc(2.7)", "2"), ("trunc(-2.7)", "-2")]
    ) { call in
        try rounding(call, .towardZero)
    }

    private static func rounding(_ call: FunctionCall, _ rule: RoundingRule) throws -> Bound {
        let x = try call.number(0)
        var digits = 0
        if call.arguments.count > 1 {
            digits = Int(try call.constantInteger(1, "the number of digits", -18...Int64(Decimals.maximumScale)))
        }
        let name = call.name.text
        if x.type == .float {
            let instance = FunctionInstance(name, monotone: true, kernel: floatKernel(digits, rule.floatingPoint))
            return call.result(.float, instance, [x])
        }
        // Whole results are ints, so that they may stand wherever a whole number is asked for.
        let type: LogicalType = digits > 0 ? .decimal(scale: digits) : .int
        let cut = x.type.scale - digits
        if cut == 0, x.type == type { return x }
        let kernel =
            if cut > 0 {
                cutKernel(name, rule, cut: cut, tens: max(-digits, 0), type, call.span)
            } else {
                widenKernel(name, by: Decimals.power(-cut), type, call.span)
            }
        let steps = cut > 0 && cut <= Decimals.maximumDigits && digits >= 0 ? codeSteps(rule, Decimals.power(cut)) : nil
        return call.result(type, FunctionInstance(name, monotone: true, codeSteps: { _ in steps }, kernel: kernel), [x])
    }

    private static func codeSteps(_ rule: RoundingRule, _ unit: Int64) -> [CodeStep]? {
        switch rule {
        case .halfEven: [.roundDivide(unit)]
        case .down: [.floorDivide(unit)]
        case .towardZero: [.requireNonNegative, .floorDivide(unit)]
        case .halfUp, .up: nil
        }
    }

    private static func cutKernel(
        _ name: String, _ rule: RoundingRule, cut: Int, tens: Int, _ type: LogicalType, _ span: SourceSpan
    ) -> Kernel {
        // Only halves are rounded with a negative number of digits, and 18 digits are below half of 10^19.
        guard cut <= Decimals.maximumDigits else { return { a, o, n, _ in KernelLoop.integers(a, o, n) { _ in 0 } } }
        let unit = Decimals.power(cut)
        let factor = Decimals.power(tens)
        if tens == 0, rule == .halfEven {
            return { a, o, n, _ in KernelLoop.integers(a, o, n) { RoundingRule.halfEven.quotient($0, unit) } }
        }
        return { arguments, out, count, _ in
            let a = arguments[0].integers
            try KernelLoop.checked(out, count, failure: { _ in overflow(name, type, span) }) { i in
                let (value, overflow) = rule.quotient(a[i], unit).multipliedReportingOverflow(by: factor)
                return (value, overflow)
            }
        }
    }

    private static func widenKernel(_ name: String, by factor: Int64, _ type: LogicalType, _ span: SourceSpan) -> Kernel {
        let limit = limit(of: type)
        return { arguments, out, count, _ in
            let a = arguments[0].integers
            try KernelLoop.checked(out, count, failure: { _ in overflow(name, type, span) }) { i in
                let (value, overflow) = a[i].multipliedReportingOverflow(by: factor)
                return (value, overflow || exceeds(value, limit))
            }
        }
    }

    /// A float is scaled, rounded and scaled back; one too large to have digits there stays as it is.
    private static func floatKernel(_ digits: Int, _ rule: FloatingPointRoundingRule) -> Kernel {
        let unit = Double(Decimals.power(digits.magnitude == 0 ? 0 : Int(digits.magnitude)))
        if digits == 0 { return { a, o, n, _ in KernelLoop.doubles(a, o, n) { $0.rounded(rule) + 0 } } }
        if digits < 0 {
            return { arguments, out, count, context in
                let a = arguments[0].doubles
                KernelLoop.finite(out, count, context) { i in (a[i] / unit).rounded(rule) * unit }
            }
        }
        return { a, o, n, _ in
            KernelLoop.doubles(a, o, n) { x in
                let scaled = x * unit
                return scaled.magnitude < 0x1p52 ? scaled.rounded(rule) / unit + 0 : x
            }
        }
    }
}
