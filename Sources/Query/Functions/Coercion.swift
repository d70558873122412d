import Storage

/// Where a value of one type may stand for another without losing anything.
enum Coercion {
    /// The narrowest type that both fit, or nil. A null constant fits any type.
    static func common(_ a: Bound, _ b: Bound) -> LogicalType? {
        if a.isNullConstant { return b.type }
        if b.isNullConstant { return a.type }
        return common(a.type, b.type)
    }

    static func common(_ a: LogicalType, _ b: LogicalType) -> LogicalType? {
        if a == b { return a }
        switch (a, b) {
        case (.int, .decimal(let s)), (.decimal(let s), .int): return .decimal(scale: s)
        case (.decimal(let s), .decimal(let t)): return .decimal(scale: max(s, t))
        case (.float, .int), (.float, .decimal), (.int, .float), (.decimal, .float): return .float
        case (.date, .timestamp), (.timestamp, .date): return .timestamp
        default: return nil
        }
    }

    /// `bound` as `type`; nil where that would need an explicit cast.
    static func coerce(_ bound: Bound, to type: LogicalType) -> Bound? {
        if bound.type == type { return bound }
        if bound.isNullConstant { return .constant(.null, type, bound.span) }
        guard common(bound.type, type) == type else { return nil }
        switch type {
        case .decimal(let scale):
            let factor = Decimals.power(scale - bound.type.scale)
            if case .integer(let value)? = bound.constantValue {
                let (scaled, overflow) = value.multipliedReportingOverflow(by: factor)
                if !overflow { return .constant(.integer(scaled), type, bound.span) }
            }
            return Bound(.function(rescale(by: factor), [bound]), type, bound.span)
        case .float:
            let unit = Double(Decimals.power(bound.type.scale))
            if case .integer(let value)? = bound.constantValue { return .constant(.double(Double(value) / unit), type, bound.span) }
            let instance = FunctionInstance("float", monotone: true) { arguments, out, count, _ in
                let a = arguments[0].integers
                let o = out.doubles
                for i in 0..<count { o[i] = Double(a[i]) / unit }
            }
            return Bound(.function(instance, [bound]), type, bound.span)
        case .timestamp:
            if case .integer(let value)? = bound.constantValue {
                return .constant(.integer(value &* CivilDate.microsecondsPerDay), type, bound.span)
            }
            let instance = FunctionInstance(
                "timestamp", monotone: true, codeSteps: { _ in [.multiply(CivilDate.microsecondsPerDay)] }
            ) { arguments, out, count, _ in
                let a = arguments[0].integers
                let o = out.integers
                for i in 0..<count { o[i] = a[i] &* CivilDate.microsecondsPerDay }
            }
            return Bound(.function(instance, [bound]), type, bound.span)
        case .bool, .int, .text, .date, .week, .month, .quarter, .year, .duration: return nil
        }
    }

    /// For comparisons: what is too large for 18 digits at the finer scale lies beyond all that the other side can hold, and compares so.
    static func coerceForComparison(_ bound: Bound, to type: LogicalType) -> Bound? {
        guard case .decimal(let scale) = type, bound.type != type, !bound.isNullConstant, common(bound.type, type) == type else {
            return coerce(bound, to: type)
        }
        let factor = Decimals.power(scale - bound.type.scale)
        if case .integer(let value)? = bound.constantValue { return .constant(.integer(clamped(value, factor)), type, bound.span) }
        let instance = FunctionInstance("decimal", monotone: true) { arguments, out, count, _ in
            let a = arguments[0].integers
            let o = out.integers
            for i in 0..<count { o[i] = clamped(a[i], factor) }
        }
        return Bound(.function(instance, [bound]), type, bound.span)
    }

    @inline(__always)
    private static func clamped(_ value: Int64, _ factor: Int64) -> Int64 {
        let (scaled, overflow) = value.multipliedReportingOverflow(by: factor)
        return overflow ? (value < 0 ? .min : .max) : scaled
    }

    private static func rescale(by factor: Int64) -> FunctionInstance {
        FunctionInstance("decimal", monotone: true, codeSteps: { _ in [.multiply(factor)] }) { arguments, out, count, _ in
            let a = arguments[0].integers
            let o = out.integers
            var overflowed = false
            for i in 0..<count {
                let (value, overflow) = a[i].multipliedReportingOverflow(by: factor)
                o[i] = value
                overflowed = overflowed || (overflow && !out.isNull(i))
            }
            if overflowed { throw QueryError(.data, "a number is too large for 18 digits at this scale") }
        }
    }
}
