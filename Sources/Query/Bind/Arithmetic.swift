import Storage

/// `+ - * / div mod` of numbers: exact where both sides are, floats otherwise.
enum Arithmetic {
    static func resolve(_ operation: BinaryOperator, _ a: Bound, _ b: Bound, _ span: SourceSpan) throws -> Bound {
        for side in [a, b] where !side.type.isNumeric && !side.isNullConstant { throw notANumber(operation, side, a, b, span) }
        if a.isNullConstant || b.isNullConstant {
            let other = a.isNullConstant ? b : a
            return .constant(.null, other.isNullConstant ? .int : other.type, span)
        }
        if a.type == .float || b.type == .float { return try floats(operation, a, b, span) }
        let s = a.type.scale
        let t = b.type.scale
        switch operation {
        case .add, .subtract:
            let type: LogicalType = a.type == .int && b.type == .int ? .int : .decimal(scale: max(s, t))
            let instance = operation == .add ? addIntegers : subtractIntegers
            return Bound(.function(instance, [try coerce(a, type), try coerce(b, type)]), type, span)
        case .multiply:
            if a.type == .int && b.type == .int { return Bound(.function(multiplyIntegers, [a, b]), .int, span) }
            if s + t <= Decimals.maximumScale { return Bound(.function(multiplyIntegers, [a, b]), .decimal(scale: s + t), span) }
            let drop = Decimals.power(s + t - Decimals.maximumScale)
            return Bound(.function(multiplyRounding(drop), [a, b]), .decimal(scale: Decimals.maximumScale), span)
        case .divide:
            let scale = Decimals.quotientScale(max(s, t))
            return Bound(.function(divide(shift: scale - s + t), [a, b]), .decimal(scale: scale), span)
        case .div:
            let type: LogicalType = s == 0 && t == 0 ? .int : .decimal(scale: max(s, t))
            return Bound(.function(truncatingDivide, [try coerce(a, type), try coerce(b, type)]), .int, span)
        case .mod:
            let type: LogicalType = a.type == .int && b.type == .int ? .int : .decimal(scale: max(s, t))
            return Bound(.function(remainder, [try coerce(a, type), try coerce(b, type)]), type, span)
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .and, .or, .like, .notLike:
            preconditionFailure("\(operation.rawValue) is not arithmetic")
        }
    }

    private static func coerce(_ bound: Bound, _ type: LogicalType) throws -> Bound {
        guard let coerced = Coercion.coerce(bound, to: type) else { preconditionFailure("\(bound.type.name) does not fit \(type.name)") }
        return coerced
    }

    private static func notANumber(_ operation: BinaryOperator, _ side: Bound, _ a: Bound, _ b: Bound, _ span: SourceSpan) -> QueryError {
        let hint: String? =
            switch side.type {
            case .text: operation == .add ? "concat(a, b) joins texts" : "decimal(…) or int(…) reads a number from text"
            case .bool: "`if flag then 1 else 0`"
            case .int, .decimal, .float, .date, .timestamp, .week, .month, .quarter, .year, .duration: nil
            }
        return QueryError(
            .type, "`\(operation.rawValue)` needs numbers, this is a \(side.type.name)", at: side.span.isEmpty ? span : side.span,
            hint: hint)
    }

    // MARK: exact

    private static let overflow = QueryError(.data, "a number is larger than 18 digits can hold")

    static let addIntegers = FunctionInstance(
        "+", codeSteps: { constant($0).map { [.add($0)] } }, lattice: { corners($0) { $0.addingReportingOverflow($1) } }
    ) { arguments, out, count, _ in
        let (a, b, o) = (arguments[0].integers, arguments[1].integers, out.integers)
        if max(bits(arguments[0], count), bits(arguments[1], count)) < 63 {
            for i in 0..<count { o[i] = a[i] &+ b[i] }
        } else {
            try checked(arguments, out, count) { $0.addingReportingOverflow($1) }
        }
    }
    static let subtractIntegers = FunctionInstance(
        "-", codeSteps: { subtracted($0) }, lattice: { corners($0) { $0.subtractingReportingOverflow($1) } }
    ) { arguments, out, count, _ in
        let (a, b, o) = (arguments[0].integers, arguments[1].integers, out.integers)
        if max(bits(arguments[0], count), bits(arguments[1], count)) < 63 {
            for i in 0..<count { o[i] = a[i] &- b[i] }
        } else {
            try checked(arguments, out, count) { $0.subtractingReportingOverflow($1) }
        }
    }
    static let multiplyIntegers = FunctionInstance(
        "*", codeSteps: { factor($0) }, lattice: { corners($0) { $0.multipliedReportingOverflow(by: $1) } }
    ) { arguments, out, count, _ in
        let (a, b, o) = (arguments[0].integers, arguments[1].integers, out.integers)
        let (bitsA, bitsB) = (bits(arguments[0], count), bits(arguments[1], count))
        if max(bitsA, bitsB) < 32 {
            // Two 32-bit factors: the one multiplication that every x86 has for vectors.
            for i in 0..<count { o[i] = Int64(Int32(truncatingIfNeeded: a[i])) &* Int64(Int32(truncatingIfNeeded: b[i])) }
        } else if bitsA + bitsB < 64 {
            for i in 0..<count { o[i] = a[i] &* b[i] }
        } else {
            try checked(arguments, out, count) { $0.multipliedReportingOverflow(by: $1) }
        }
    }

    /// How many bits, the sign among them, hold every value: what is known of it leaves checks for overflow out of the loops.
    private static func bits(_ vector: Vector, _ count: Int) -> Int {
        let values = vector.integers
        if vector.isConstant, count > 0 { return 64 - (values[0] ^ (values[0] >> 63)).leadingZeroBitCount + 1 }
        var all: Int64 = 0
        for i in 0..<count { all |= values[i] ^ (values[i] >> 63) }
        return 64 - all.leadingZeroBitCount + 1
    }

    /// Sums, differences and products are smallest and largest at the ends of what their sides can be.
    private static func corners(_ sides: [IntegerLattice], _ body: (Int64, Int64) -> (partialValue: Int64, overflow: Bool))
        -> IntegerLattice?
    {
        guard sides.count == 2 else { return nil }
        var low = Int64.max
        var high = Int64.min
        for a in [sides[0].low, sides[0].high] {
            for b in [sides[1].low, sides[1].high] {
                let (value, overflow) = body(a, b)
                if overflow { return nil }
                low = min(low, value)
                high = max(high, value)
            }
        }
        return IntegerLattice(low: low, high: high)
    }

    /// The one constant, wherever it stands.
    private static func constant(_ constants: [Value?]) -> Int64? {
        for case .integer(let value)? in constants { return value }
        return nil
    }
    private static func subtracted(_ constants: [Value?]) -> [CodeStep]? {
        guard case .integer(let less)? = constants[1], less != .min else { return nil }
        return [.add(-less)]
    }
    private static func factor(_ constants: [Value?]) -> [CodeStep]? {
        guard let factor = constant(constants), factor > 0 else { return nil }
        return [.multiply(factor)]
    }
    /// Towards zero is downwards where nothing is negative.
    private static func divisor(_ constants: [Value?], _ step: (Int64) -> CodeStep) -> [CodeStep]? {
        guard case .integer(let divisor)? = constants[1], divisor > 0 else { return nil }
        return [.requireNonNegative, step(divisor)]
    }

    @inline(__always)
    private static func checked(
        _ arguments: [Vector], _ out: Vector, _ count: Int, _ body: (Int64, Int64) -> (partialValue: Int64, overflow: Bool)
    ) throws {
        let a = arguments[0].integers
        let b = arguments[1].integers
        let o = out.integers
        var failed = false
        for i in 0..<count {
            let (value, overflow) = body(a[i], b[i])
            o[i] = value
            failed = failed != overflow ? true : failed
        }
        guard failed else { return }
        // What lies under a null may overflow without harm.
        for i in 0..<count where !out.isNull(i) && body(a[i], b[i]).overflow { throw overflow }
    }

    private static func multiplyRounding(_ drop: Int64) -> FunctionInstance {
        FunctionInstance("*") { arguments, out, count, _ in
            let a = arguments[0].integers
            let b = arguments[1].integers
            for i in 0..<count where !out.isNull(i) {
                guard let value = Int64(exactly: Decimals.divideHalfEven(Int128(a[i]) * Int128(b[i]), by: Int128(drop))) else {
                    throw overflow
                }
                out.integers[i] = value
            }
        }
    }

    /// a * 10^shift / b, half to even; the shift may be negative.
    private static func divide(shift: Int) -> FunctionInstance {
        // From a whole to twelve places over a divisor with twelve, the shift is 24 digits.
        let up = Int128(Decimals.power(min(max(shift, 0), 18))) * Int128(Decimals.power(max(shift - 18, 0)))
        let down = Int128(Decimals.power(max(-shift, 0)))
        return FunctionInstance("/") { arguments, out, count, context in
            let a = arguments[0].integers
            let b = arguments[1].integers
            let o = out.integers
            for i in 0..<count where !out.isNull(i) {
                let divisor = b[i]
                if divisor == 0 {
                    out.setNull(i, of: count)
                    context.divisionsByZero += 1
                    continue
                }
                // What leaves 128 bits here stays beyond 64 after any division by 64 bits.
                let (dividend, isBeyond) = Int128(a[i]).multipliedReportingOverflow(by: up)
                guard !isBeyond, let value = Int64(exactly: Decimals.divideHalfEven(dividend, by: Int128(divisor) * down)) else {
                    throw overflow
                }
                o[i] = value
            }
        }
    }

    /// Towards zero, as in C and SQL.
    private static let truncatingDivide = FunctionInstance("div", codeSteps: { divisor($0) { .floorDivide($0) } }) {
        arguments, out, count, context in
        let a = arguments[0].integers
        let b = arguments[1].integers
        for i in 0..<count where !out.isNull(i) {
            if b[i] == 0 {
                out.setNull(i, of: count)
                context.divisionsByZero += 1
                continue
            }
            let (value, failed) = a[i].dividedReportingOverflow(by: b[i])
            if failed { throw overflow }
            out.integers[i] = value
        }
    }

    /// The sign of the dividend, so that `a = (a div b) * b + a mod b`.
    private static let remainder = FunctionInstance("mod", codeSteps: { divisor($0) { .floorModulo($0) } }) {
        arguments, out, count, context in
        let a = arguments[0].integers
        let b = arguments[1].integers
        for i in 0..<count where !out.isNull(i) {
            if b[i] == 0 {
                out.setNull(i, of: count)
                context.divisionsByZero += 1
                continue
            }
            out.integers[i] = b[i] == -1 ? 0 : a[i] % b[i]
        }
    }

    // MARK: floats

    private static func floats(_ operation: BinaryOperator, _ a: Bound, _ b: Bound, _ span: SourceSpan) throws -> Bound {
        let sides = [try coerce(a, .float), try coerce(b, .float)]
        let instance: FunctionInstance
        switch operation {
        case .add: instance = float("+") { $0 + $1 }
        case .subtract: instance = float("-") { $0 - $1 }
        case .multiply: instance = float("*") { $0 * $1 }
        case .divide: instance = float("/", dividing: true) { $0 / $1 }
        case .mod: instance = float("mod", dividing: true) { $0.truncatingRemainder(dividingBy: $1) }
        case .div: instance = float("div", dividing: true) { ($0 / $1).rounded(.towardZero) }
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .and, .or, .like, .notLike:
            preconditionFailure("\(operation.rawValue) is not arithmetic")
        }
        return Bound(.function(instance, sides), .float, span)
    }

    /// No NaN and no infinity leaves a kernel: a zero below is counted as such, the rest as without an answer.
    private static func float(_ name: String, dividing: Bool = false, _ body: @escaping @Sendable (Double, Double) -> Double)
        -> FunctionInstance
    {
        FunctionInstance(name) { arguments, out, count, context in
            let a = arguments[0].doubles
            let b = arguments[1].doubles
            let o = out.doubles
            for i in 0..<count {
                let value = body(a[i], b[i])
                o[i] = value
                if !value.isFinite, !out.isNull(i) {
                    o[i] = 0
                    out.setNull(i, of: count)
                    if dividing && b[i] == 0 { context.divisionsByZero += 1 } else { context.undefinedResults += 1 }
                }
            }
        }
    }
}
