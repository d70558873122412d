/// The greatest common divisor of a block's distances from its minimum, and exact division by it.
///
/// A number that divides evenly by an odd `d` is divided by one multiplication with d's inverse modulo 2^64; the power of two is a shift.
struct Divisor {
    let value: UInt64
    let shift: UInt64
    let inverse: UInt64
    private let quotientMax: UInt64

    init(_ value: UInt64) {
        precondition(value > 0)
        self.value = value
        shift = UInt64(value.trailingZeroBitCount)
        let odd = value >> shift
        // Newton's iteration doubles the number of right bits: 3, 6, 12, 24, 48, 96.
        var x = odd &* 3 ^ 2
        for _ in 0..<5 { x = x &* (2 &- odd &* x) }
        inverse = x
        quotientMax = UInt64.max / odd
    }

    @inline(__always)
    func divides(_ x: UInt64) -> Bool {
        (x &>> shift) &* inverse <= quotientMax && x & ((1 &<< shift) &- 1) == 0
    }

    @inline(__always)
    func quotient(_ x: UInt64) -> UInt64 { (x &>> shift) &* inverse }

    /// The common divisor of all `values[i] - minimum`; 1 where there is none worth dividing by, and for a constant.
    static func common(_ values: UnsafePointer<Int64>, count: Int, minimum: Int64) -> UInt64 {
        var common: UInt64 = 0
        var i = 0
        // Most columns show within a few values that they have no common step.
        let sample = min(count, 48)
        while i < sample {
            common = gcd(common, UInt64(bitPattern: values[i] &- minimum))
            if common == 1 { return 1 }
            i &+= 1
        }
        while i < count {
            if common == 0 {
                common = UInt64(bitPattern: values[i] &- minimum)
                i &+= 1
                continue
            }
            let divisor = Divisor(common)
            while i < count, divisor.divides(UInt64(bitPattern: values[i] &- minimum)) { i &+= 1 }
            if i < count {
                common = gcd(common, UInt64(bitPattern: values[i] &- minimum))
                if common == 1 { return 1 }
                i &+= 1
            }
        }
        // A saving of one bit is not worth a multiplication for every value read.
        return common >= 4 ? common : 1
    }

    private static func gcd(_ a: UInt64, _ b: UInt64) -> UInt64 {
        var x = a
        var y = b
        while y != 0 { (x, y) = (y, x % y) }
        return x
    }
}
