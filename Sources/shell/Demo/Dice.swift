/// Chance that is a pure function of (seed, topic, row, position of the draw), so that any row of any table can be made alone, in any
/// order, on any thread and machine. Integers only: a last bit of a libm must never show in the bytes of a bank.
struct Dice: Sendable {
    /// What the draws are for. Each topic has draws of its own, so that one more draw here moves nothing there.
    enum Topic: UInt64 {
        case branch = 1, staff, person, name, contactData, accounts, ledger, patterns, holdings, seller, growth
        case campaign, application, complaint, survey, contact, call, invitation, referral, points, risk, goal, rate, news, event
        case meetingDay
    }

    private var state: UInt64

    init(_ seed: UInt64, _ topic: Topic, _ row: Int, _ part: Int = 0) {
        let table = Dice.mix(seed &+ topic.rawValue &* 0xD1B5_4A32_D192_ED03)
        state = Dice.mix(Dice.mix(table ^ UInt64(truncatingIfNeeded: row)) &+ UInt64(truncatingIfNeeded: part) &* 0x8CB9_2BA7_2F3D_8DD7)
    }

    /// The finalizer of the splitmix64 generator: every input bit reaches every output bit.
    @inline(__always)
    static func mix(_ x: UInt64) -> UInt64 {
        var z = x
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    @inline(__always)
    mutating func bits() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Dice.mix(state)
    }

    /// 0 ..< bound; the bias of the multiplication is under bound / 2^64.
    @inline(__always)
    mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0)
        return Int(truncatingIfNeeded: bits().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// Both ends in; `low` where the range is empty.
    @inline(__always)
    mutating func between(_ low: Int, _ high: Int) -> Int { high <= low ? low : low &+ below(high &- low &+ 1) }

    @inline(__always)
    mutating func between(_ low: Int64, _ high: Int64) -> Int64 { Int64(between(Int(low), Int(high))) }

    /// True `count` times in `total`.
    @inline(__always)
    mutating func chance(_ count: Int, in total: Int = 1000) -> Bool { below(total) < count }

    mutating func pick<T>(_ items: [T]) -> T { items[below(items.count)] }

    /// A place in `weights`, with a chance in proportion to the weight; the weights sum to more than 0.
    mutating func weighted(_ weights: [Int]) -> Int {
        var rest = below(weights.reduce(0, +))
        for (place, weight) in weights.enumerated() {
            if rest < weight { return place }
            rest -= weight
        }
        return weights.count - 1
    }

    /// About normal with deviation 1000 (a sum of four uniforms: never beyond 3464 either way).
    @inline(__always)
    mutating func normal() -> Int {
        let b = bits()
        let sum = Int(b & 0xFFFF) &+ Int(b >> 16 & 0xFFFF) &+ Int(b >> 32 & 0xFFFF) &+ Int(b >> 48)
        return (sum &- 131_070) &* 1000 / 37_837
    }

    /// median x 2^(normal x octaves / 1000): long-tailed like money. `octaves` is the deviation in thousandths of a doubling.
    @inline(__always)
    mutating func lognormal(median: Int, octaves: Int) -> Int { Dice.scaled(median, exponent: normal() &* octaves &* 65_536 / 1_000_000) }

    /// value x 2^(exponent / 65536) by a cubic that is exact at whole octaves and right to 2 in 10,000 between them.
    @inline(__always)
    static func scaled(_ value: Int, exponent: Int) -> Int {
        let whole = exponent >> 16
        let f = exponent & 0xFFFF
        // Horner's rule with 16 bits after the point; the coefficients sum to 65,536.
        let cubic = 14_752 &+ ((f &* 5190) >> 16)
        let square = 45_594 &+ ((f &* cubic) >> 16)
        let mantissa = 65_536 &+ ((f &* square) >> 16)
        let product = value &* mantissa
        let shift = whole &- 16
        return shift >= 0 ? product << shift : product >> (0 &- shift)
    }
}
