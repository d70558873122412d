/// Exact decimal arithmetic on scaled integers.
public enum Decimals {
    /// The language's bound: at most 18 digits, so that a cell always fits Int64.
    public static let maximumDigits = 18
    public static let maximumMagnitude: Int64 = 999_999_999_999_999_999
    /// `/`, `avg` and `median` keep six digits more than their input, at most this many.
    public static let maximumScale = 12

    private static let powers: [Int64] = (0...18).map { exponent in (0..<exponent).reduce(Int64(1)) { p, _ in p * 10 } }

    /// 10^exponent for 0...18.
    @inline(__always)
    public static func power(_ exponent: Int) -> Int64 {
        precondition(exponent >= 0 && exponent <= 18)
        return powers[exponent]
    }

    /// Scale of a quotient, an average or a median of a value of scale `scale`.
    public static func quotientScale(_ scale: Int) -> Int { min(scale + 6, maximumScale) }

    /// numerator / denominator, rounded half to even. The denominator is not zero.
    public static func divideHalfEven(_ numerator: Int128, by denominator: Int128) -> Int128 {
        precondition(denominator != 0)
        let (q, r) = numerator.quotientAndRemainder(dividingBy: denominator)
        guard r != 0 else { return q }
        let twice = r.magnitude &* 2
        let d = denominator.magnitude
        let up = twice > d || (twice == d && q & 1 != 0)
        guard up else { return q }
        return (numerator < 0) != (denominator < 0) ? q - 1 : q + 1
    }
}
