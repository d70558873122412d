/// A sum of doubles without rounding: a fixed-point number wide enough for every double, in limbs of 32 bits with room to carry.
/// The result does not depend on the order of the additions, so neither threads nor blocks nor `optimize` can change it.
final class ExactSum {
    /// 2^-1074 is bit 0; 2^1024 and a few carries on top of it need 2,200 bits.
    static let limbCount = 70
    private let limbs: UnsafeMutablePointer<Int64>
    private var additions = 0

    init() {
        limbs = .allocate(capacity: Self.limbCount)
        limbs.initialize(repeating: 0, count: Self.limbCount)
    }
    deinit { limbs.deallocate() }

    func reset() {
        limbs.update(repeating: 0, count: Self.limbCount)
        additions = 0
    }

    /// The value is finite.
    @inline(__always)
    func add(_ value: Double) {
        let bits = value.bitPattern
        let exponent = Int(bits >> 52 & 0x7FF)
        var mantissa = bits & 0xF_FFFF_FFFF_FFFF
        let position = max(exponent - 1, 0)
        if exponent != 0 { mantissa |= 1 << 52 }
        let limb = position >> 5
        let shift = UInt64(position & 31)
        // 53 bits shifted by up to 31 touch three limbs.
        let low = Int64(mantissa << shift & 0xFFFF_FFFF)
        let middle = Int64((mantissa >> (32 - shift)) & 0xFFFF_FFFF)
        let high = shift == 0 ? 0 : Int64(mantissa >> (64 - shift))
        if bits >> 63 == 0 {
            limbs[limb] &+= low
            limbs[limb &+ 1] &+= middle
            limbs[limb &+ 2] &+= high
        } else {
            limbs[limb] &-= low
            limbs[limb &+ 1] &-= middle
            limbs[limb &+ 2] &-= high
        }
        additions &+= 1
        if additions > 1 << 30 { normalise() }
    }

    /// Adds `a * b` without rounding: the product's rounding error is a double too.
    @inline(__always)
    func addProduct(_ a: Double, _ b: Double) {
        let product = a * b
        add(product)
        add((-product).addingProduct(a, b))
    }

    func add(_ other: ExactSum) {
        other.normalise()
        normalise()
        for i in 0..<Self.limbCount { limbs[i] &+= other.limbs[i] }
        additions = 2
    }

    private func normalise() {
        var carry: Int64 = 0
        for i in 0..<Self.limbCount - 1 {
            let sum = limbs[i] &+ carry
            limbs[i] = sum & 0xFFFF_FFFF
            carry = sum >> 32
        }
        limbs[Self.limbCount - 1] &+= carry
        additions = 1
    }

    /// The sum, rounded once, half to even; nil where it is beyond the largest double.
    var value: Double? {
        normalise()
        var digits = (0..<Self.limbCount).map { limbs[$0] }
        let negative = digits[Self.limbCount - 1] < 0
        if negative {
            var carry: Int64 = 0
            for i in digits.indices {
                let sum = -digits[i] + carry
                digits[i] = i == digits.count - 1 ? sum : sum & 0xFFFF_FFFF
                carry = i == digits.count - 1 ? 0 : sum >> 32
            }
        }
        guard let top = digits.lastIndex(where: { $0 != 0 }) else { return 0 }
        // The top 96 bits at least, then whether anything lies below.
        var head: UInt128 = 0
        for i in 0..<4 { head = head << 32 | (top - i >= 0 ? UInt128(digits[top - i]) : 0) }
        let sticky = top >= 4 && digits[0...(top - 4)].contains { $0 != 0 }
        // head is the value scaled by 2^-(32 * (top - 3)) with bit 0 at 2^-1074.
        let length = 128 - head.leadingZeroBitCount
        let exponentOfBit0 = 32 * (top - 3) - 1074
        // Subnormals keep fewer bits.
        let drop = max(length - 53, -1074 - exponentOfBit0, 0)
        var mantissa = drop >= 128 ? 0 : head >> UInt128(drop)
        let rest = drop == 0 ? 0 : head & ((UInt128(1) << UInt128(drop)) - 1)
        let half = drop == 0 ? 0 : UInt128(1) << UInt128(drop - 1)
        if rest > half || (rest == half && drop > 0 && (sticky || mantissa & 1 == 1)) { mantissa += 1 }
        let magnitude = scalbn(Double(UInt64(mantissa)), exponentOfBit0 + drop)
        guard magnitude.isFinite else { return nil }
        return negative ? -magnitude : magnitude
    }

    private func scalbn(_ value: Double, _ exponent: Int) -> Double {
        // Two steps: the first may be a normal number beyond the range of a single power of two.
        let half = exponent / 2
        return value * Self.power(half) * Self.power(exponent - half)
    }

    private static func power(_ exponent: Int) -> Double { Double(sign: .plus, exponent: exponent, significand: 1) }
}
