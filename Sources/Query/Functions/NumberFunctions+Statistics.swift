#if canImport(Glibc)
    import Glibc
#endif
import Storage

/// What a test of significance needs; everything else of it can be said in the language.
extension NumberFunctions {
    static let normalCdf = ScalarFunction(
        "normal_cdf(z)", .number, 1...1,
        "The share of a standard normal distribution that lies below z, a float: 2 * normal_cdf(-abs(z)) is the two-sided p of a z score.",
        [("round(normal_cdf(1.96), 6)", "0.975002"), ("normal_cdf(0)", "0.5")]
    ) { call in
        let instance = FunctionInstance("normal_cdf", monotone: true) { arguments, out, count, context in
            let a = arguments[0].doubles
            KernelLoop.finite(out, count, context) { i in erfc(-a[i] / 2.0.squareRoot()) / 2 }
        }
        return call.result(.float, instance, [try call.float(0)])
    }

    static let chiSquareP = ScalarFunction(
        "chi_square_p(x, df)", .number, 2...2,
        "The share of a chi-square distribution with df degrees of freedom (a whole number from 1) that lies above x, a float: the p of a chi-square test.",
        [("round(chi_square_p(3.841459, 1), 6)", "0.05"), ("round(chi_square_p(10, 4), 6)", "0.040428")]
    ) { call in
        let instance = FunctionInstance("chi_square_p") { arguments, out, count, context in
            let (x, df) = (arguments[0].doubles, arguments[1].integers)
            KernelLoop.finite(out, count, context) { i in chiSquareTail(x[i], degrees: df[i]) }
        }
        return call.result(.float, instance, [try call.float(0), try call.integer(1)])
    }

    /// More degrees of freedom than any table of counts has; the sum below has half as many terms.
    static let degreesMax: Int64 = 1_000_000

    /// The upper tail. For whole degrees it is a finite sum of positive terms, so that no digits are lost: with h = x / 2,
    /// Q(a + 1) = Q(a) + h^a e^-h / Γ(a + 1), from Q(1/2) = erfc(√h) or Q(1) = e^-h on. Terms are kept as logarithms, since e^-h alone may be too small for a double
    /// where the sum is not.
    static func chiSquareTail(_ x: Double, degrees: Int64) -> Double {
        guard degrees >= 1, degrees <= degreesMax else { return .nan }
        guard x > 0 else { return 1 }
        let h = x / 2
        let isOdd = degrees & 1 == 1
        var tail = isOdd ? erfc(h.squareRoot()) : Glibc.exp(-h)
        var a = isOdd ? 0.5 : 1
        // ln of h^a e^-h / Γ(a + 1); Γ(3/2) is √π / 2.
        var term = a * Glibc.log(h) - h - (isOdd ? Glibc.log(Double.pi.squareRoot() / 2) : 0)
        let end = Double(degrees) / 2
        while a < end {
            tail += Glibc.exp(term)
            a += 1
            term += Glibc.log(h / a)
        }
        return min(tail, 1)
    }
}
