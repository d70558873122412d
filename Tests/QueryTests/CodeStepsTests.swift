import Storage
import Testing

@testable import Query

/// Steps taken on codes against the same arithmetic on whole values, number by number.
struct CodeStepsTests {
    private static let seed: UInt64 = 20_261_122

    private static func value(_ x: Int64, _ steps: [CodeStep]) -> Int64? {
        var x = Int128(x)
        for step in steps {
            switch step {
            case .add(let more): x += Int128(more)
            case .multiply(let factor): x *= Int128(factor)
            case .floorDivide(let divisor): x = (x - ((x % Int128(divisor)) + Int128(divisor)) % Int128(divisor)) / Int128(divisor)
            case .floorModulo(let divisor): x = ((x % Int128(divisor)) + Int128(divisor)) % Int128(divisor)
            case .roundDivide(let divisor):
                let (q, r) = x.quotientAndRemainder(dividingBy: Int128(divisor))
                let twice = r.magnitude * 2
                x = twice > UInt128(divisor) || (twice == UInt128(divisor) && q % 2 != 0) ? q + (x < 0 ? -1 : 1) : q
            case .magnitude: x = x.magnitude > UInt128(Int64.max) ? Int128.max : Int128(x.magnitude)
            case .requireNonNegative: if x < 0 { return nil }
            case .requireMagnitude(let limit): if x.magnitude > UInt128(limit) { return nil }
            }
            if Int64(exactly: x) == nil { return nil }
        }
        return Int64(x)
    }

    @Test func agreesWithWholeValues() {
        var random = SplitMix(seed: Self.seed)
        var taken = 0
        for round in 0..<4000 {
            let units: [Int64] = [1, 1, 7, 100, 1_000_000]
            let unit = units[Int(random.next() % 5)]
            let base = Int64(bitPattern: random.next()) >> Int64(random.next() % 63)
            let bits = random.next() % 32
            let source = Vector(type: .int)
            let count = 50
            for i in 0..<count { source.narrowCodes[i] = UInt32(truncatingIfNeeded: random.next() & ((1 << bits) - 1)) }
            source.setNarrow(base: base, unit: unit, count: count)
            var steps: [CodeStep] = []
            for _ in 0..<1 + random.next() % 3 {
                let small = Int64(random.next() % 1000) + 1
                let number =
                    random.next() % 3 == 0
                    ? small * unit : random.next() % 2 == 0 ? small : Int64(random.next() >> (1 + random.next() % 62)) + 1
                switch random.next() % 8 {
                case 0: steps.append(.add(random.next() % 2 == 0 ? number : -number))
                case 1: steps.append(.multiply(number))
                case 2: steps.append(.floorDivide(number))
                case 3: steps.append(.floorModulo(number))
                case 4: steps.append(.roundDivide(min(number, 1 << 60)))
                case 5: steps.append(.magnitude)
                case 6: steps += [.requireNonNegative, .floorModulo(number)]
                default: steps += [.floorDivide(number), .multiply(number), .requireMagnitude(1 << 60)]
                }
            }
            let out = Vector(type: .int)
            guard out.take(steps, on: source, count: count) else { continue }
            taken += 1
            let (low, high) = (0..<count).reduce(into: (Int64.max, Int64.min)) {
                $0 = (min($0.0, source.integers[$1]), max($0.1, source.integers[$1]))
            }
            let lattice = steps.reduce(Optional(IntegerLattice(low: low, high: high))) { $0?.applying($1) }
            for i in 0..<count {
                let wanted = Self.value(source.integers[i], steps)
                #expect(out.integers[i] == wanted, "seed \(Self.seed), round \(round), \(source.integers[i]) by \(steps)")
                if let lattice {
                    #expect(out.integers[i] >= lattice.low && out.integers[i] <= lattice.high, "seed \(Self.seed), round \(round)")
                    #expect((out.integers[i] &- lattice.low) % lattice.step == 0, "seed \(Self.seed), round \(round)")
                }
            }
        }
        // Most rounds must have been worth a look.
        #expect(taken > 1000, "only \(taken) rounds")
    }
}
