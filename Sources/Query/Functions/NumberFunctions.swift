#if canImport(Glibc)
    import Glibc
#endif
import Storage

extension FunctionCatalogue {
    static let numberFunctions: [ScalarFunction] = [
        NumberFunctions.round, NumberFunctions.roundHalfUp, NumberFunctions.floor, NumberFunctions.ceil, NumberFunctions.trunc,
        NumberFunctions.abs, NumberFunctions.sign,
        NumberFunctions.exp, NumberFunctions.ln, NumberFunctions.log10, NumberFunctions.sqrt, NumberFunctions.power,
        NumberFunctions.clamp, NumberFunctions.least, NumberFunctions.greatest, NumberFunctions.bin,
        NumberFunctions.normalCdf, NumberFunctions.chiSquareP,
    ]
}

/// Functions of numbers. Ints and decimals stay exact; what leaves 18 digits (or an int's 64 bits) is an error, never a wrap.
enum NumberFunctions {
    static func overflow(_ name: String, _ type: LogicalType, _ span: SourceSpan) -> QueryError {
        QueryError(
            .data, type == .int ? "\(name): the result does not fit an int" : "\(name): the result has more than 18 digits", at: span,
            hint: "float(x) gives up exactness for range")
    }

    /// Whether an exact number is outside what its type may hold.
    @inline(__always)
    static func exceeds(_ value: Int64, _ limit: Int64) -> Bool { value > limit || value < 0 &- limit }

    static func limit(of type: LogicalType) -> Int64 { type == .int ? .max : Decimals.maximumMagnitude }

    static let abs = ScalarFunction(
        "abs(x)", .number, 1...1, "The number, or the duration, without its sign.", [("abs(-12.50)", "12.50"), ("abs(3)", "3")]
    ) { call in
        let x = call.arguments[0].type == .duration ? call.arguments[0] : try call.number(0)
        if x.type == .float {
            return call.result(.float, FunctionInstance("abs") { a, o, n, _ in KernelLoop.doubles(a, o, n) { $0.magnitude } }, [x])
        }
        let (type, span) = (x.type, call.span)
        let instance = FunctionInstance("abs", codeSteps: { _ in [.magnitude] }) { arguments, out, count, _ in
            let a = arguments[0].integers
            try KernelLoop.checked(out, count, failure: { _ in overflow("abs", type, span) }) { i in
                (a[i] < 0 ? 0 &- a[i] : a[i], a[i] == .min)
            }
        }
        return call.result(type, instance, [x])
    }

    static let sign = ScalarFunction(
        "sign(x)", .number, 1...1, "-1, 0 or 1 for a negative number, zero or a positive one.", [("sign(-12.50)", "-1"), ("sign(0)", "0")]
    ) { call in
        let x = call.arguments[0].type == .duration ? call.arguments[0] : try call.number(0)
        let instance =
            if x.type == .float {
                FunctionInstance("sign", monotone: true) { arguments, out, count, _ in
                    let a = arguments[0].doubles
                    let o = out.integers
                    for i in 0..<count { o[i] = a[i] > 0 ? 1 : a[i] < 0 ? -1 : 0 }
                }
            } else {
                FunctionInstance("sign", monotone: true) { a, o, n, _ in KernelLoop.integers(a, o, n) { $0.signum() } }
            }
        return call.result(.int, instance, [x])
    }

    static let exp = ScalarFunction(
        "exp(x)", .number, 1...1, "e to the power x, a float; null where it is too large for one.", [("exp(0)", "1")]
    ) { call in
        let instance = FunctionInstance("exp", monotone: true) { arguments, out, count, context in
            let a = arguments[0].doubles
            KernelLoop.finite(out, count, context) { i in Glibc.exp(a[i]) }
        }
        return call.result(.float, instance, [try call.float(0)])
    }

    static let ln = ScalarFunction(
        "ln(x)", .number, 1...1, "The natural logarithm, a float; null where x is not above 0.", [("ln(1)", "0"), ("ln(0)", "")]
    ) { call in
        let instance = FunctionInstance("ln") { arguments, out, count, context in
            let a = arguments[0].doubles
            KernelLoop.finite(out, count, context) { i in Glibc.log(a[i]) }
        }
        return call.result(.float, instance, [try call.float(0)])
    }

    static let log10 = ScalarFunction(
        "log10(x)", .number, 1...1, "The logarithm to base 10, a float; null where x is not above 0.", [("log10(1000)", "3")]
    ) { call in
        let instance = FunctionInstance("log10") { arguments, out, count, context in
            let a = arguments[0].doubles
            KernelLoop.finite(out, count, context) { i in Glibc.log10(a[i]) }
        }
        return call.result(.float, instance, [try call.float(0)])
    }

    static let sqrt = ScalarFunction(
        "sqrt(x)", .number, 1...1, "The square root, a float; null where x is negative.", [("sqrt(2.25)", "1.5"), ("sqrt(-1)", "")]
    ) { call in
        let instance = FunctionInstance("sqrt") { arguments, out, count, context in
            let a = arguments[0].doubles
            KernelLoop.finite(out, count, context) { i in a[i].squareRoot() }
        }
        return call.result(.float, instance, [try call.float(0)])
    }

    static let power = ScalarFunction(
        "power(x, y)", .number, 2...2, "x to the power y, a float; null where there is no finite answer.",
        [("power(2, 10)", "1024"), ("power(-1, 0.5)", "")]
    ) { call in
        let instance = FunctionInstance("power") { arguments, out, count, context in
            let a = arguments[0].doubles
            let b = arguments[1].doubles
            KernelLoop.finite(out, count, context) { i in Glibc.pow(a[i], b[i]) }
        }
        return call.result(.float, instance, [try call.float(0), try call.float(1)])
    }
}
