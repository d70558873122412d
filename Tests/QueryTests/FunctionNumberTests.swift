import Storage
import Testing

@testable import Query

@Suite struct FunctionNumberTests {
    private func check(_ cases: [(String, String)]) throws {
        for (text, result) in cases { #expect(try FunctionHarness().cell(text) == result, "\(text)") }
    }

    @Test func rounding() throws {
        try check([
            ("round(0.5)", "0"), ("round(1.5)", "2"), ("round(-0.5)", "0"), ("round(-1.5)", "-2"), ("round(2.345, 1)", "2.3"),
            ("round(2.345, 3)", "2.345"), ("round(2.345, 5)", "2.34500"), ("round(7, 2)", "7.00"), ("round(150, -2)", "200"),
            ("round(250, -2)", "200"), ("round(249.99, -2)", "200"), ("round(999999.99, -18)", "0"), ("round_half_up(250, -2)", "300"),
            ("round_half_up(-0.5)", "-1"), ("round_half_up(2.344, 2)", "2.34"), ("floor(-0.01)", "-1"), ("ceil(0.01)", "1"),
            ("ceil(-0.99)", "0"),
            ("trunc(-0.99)", "0"), ("floor(5)", "5"), ("round(2.5e0)", "2"), ("round(2.675e0, 2)", "2.68"), ("round(1e300, 2)", "1e+300"),
            ("round(1234.5e0, -2)", "1200"), ("round_half_up(2.5e0)", "3"), ("ceil(-0.5e0)", "0"), ("floor(-2.5e0)", "-3"),
            ("abs(-2.5e0)", "2.5"), ("abs(-90min)", "1h 30min"), ("sign(-0.01)", "-1"), ("sign(2e0)", "1"), ("round(null)", ""),
        ])
        #expect(try FunctionHarness().bind("round(2.345, 2)").type == .decimal(scale: 2))
        #expect(try FunctionHarness().bind("round(2.345)").type == .int)
        #expect(try FunctionHarness().bind("floor(2.345)").type == .int)
        #expect(try FunctionHarness().bind("round(2.5e0)").type == .float)
    }

    @Test(arguments: ["round", "round_half_up", "floor", "ceil", "trunc"])
    func roundingAgreesWithWideArithmetic(_ name: String) throws {
        var random = SeededGenerator(seed: 5)
        for scale in [0, 2, 4, 12] {
            let type: LogicalType = scale == 0 ? .int : .decimal(scale: scale)
            let values: [Int64] = (0..<3000).map { i in
                let sign: Int64 = i % 2 == 0 ? 1 : -1
                // Many ties: a few digits, then fives and zeros.
                let tie = Int64(random.below(2000)) * Decimals.power(random.below(13)) * 5
                return sign * (i % 3 == 0 ? tie % 100_000_000_000_000 : Int64(random.next() >> UInt64(18 + random.below(40))))
            }
            let harness = FunctionHarness(columns: ["x": .init(type: type, values: values.map { .integer($0) })])
            for digits in name.hasPrefix("round") ? [-5, -1, 0, 1, 2, 3] : [0] {
                let result = try harness.evaluate(name.hasPrefix("round") ? "\(name)(x, \(digits))" : "\(name)(x)")
                #expect(result.type == (digits > 0 ? .decimal(scale: digits) : .int))
                for (value, answer) in zip(values, result.values) {
                    let expected = wide(name, Int128(value), scale: scale, digits: digits)
                    #expect(answer == .integer(Int64(expected)), "seed 5: \(name)(\(value)e-\(scale), \(digits))")
                }
            }
        }
    }

    /// The value at `max(digits, 0)` digits, by plain search among the two neighbours.
    private func wide(_ name: String, _ value: Int128, scale: Int, digits: Int) -> Int128 {
        // In units of 10^-18, so that all of it is whole.
        var exact = value
        for _ in scale..<18 { exact *= 10 }
        var unit: Int128 = 1
        for _ in 0..<(18 - digits) { unit *= 10 }
        let below = exact >= 0 ? exact / unit : -((-exact + unit - 1) / unit)
        let rest = exact - below * unit
        let chosen: Int128 =
            switch name {
            case "floor": below
            case "ceil": rest == 0 ? below : below + 1
            case "trunc": exact >= 0 || rest == 0 ? below : below + 1
            case "round": rest * 2 < unit || (rest * 2 == unit && below % 2 == 0) ? below : below + 1
            default: rest * 2 < unit || (rest * 2 == unit && exact < 0) ? below : below + 1
            }
        var result = chosen
        for _ in 0..<max(-digits, 0) { result *= 10 }
        return result
    }

    @Test func undefinedResultsAreNullAndCounted() throws {
        let values: [Value] = [.double(-1), .double(0), .double(1), .null, .double(1e308)]
        let harness = FunctionHarness(columns: ["x": .init(type: .float, values: values)])
        #expect(try harness.evaluate("ln(x)").values.map(\.isNull) == [true, true, false, true, false])
        #expect(harness.context.undefinedResults == 2)
        #expect(try harness.evaluate("power(x, 3)").values.map(\.isNull) == [false, false, false, true, true])
        #expect(harness.context.undefinedResults == 3)
        #expect(try harness.evaluate("exp(x)").values.map(\.isNull) == [false, false, false, true, true])
        #expect(try harness.evaluate("round(x, -3)").values.map(\.isNull) == [false, false, false, true, false])
        #expect(try harness.evaluate("sqrt(x)").values.map(\.isNull) == [true, false, false, true, false])
    }

    @Test func rangesAndChoice() throws {
        try check([
            ("clamp(5, 1, 3)", "3"), ("clamp(0.5, 1, 3)", "1.0"), ("clamp(2026-09-30, 2026-01-01, 2026-06-30)", "2026-06-30"),
            ("clamp(\"b\", \"c\", \"d\")", "c"), ("clamp(5e0, 1, 3)", "3"), ("clamp(null, 1, 3)", ""), ("least(\"b\", \"a\", \"c\")", "a"),
            ("greatest(2026-09, 2026-10)", "2026-10"), ("greatest(1, null)", ""), ("least(1.5, 2e0)", "1.5"),
            ("greatest(2026-09-30, timestamp(\"2026-09-30 01:00\"))", "2026-09-30 01:00:00"), ("greatest(3h, 90min)", "3h"),
            ("bin(-1, 10)", "-10"), ("bin(0, 10)", "0"), ("bin(9.99, 2.5)", "7.50"), ("bin(7e0, 2)", "6"), ("bin(-7e0, 2, 1)", "-7"),
            ("bin(timestamp(\"2026-09-30 12:44:59\"), 15min)", "2026-09-30 12:30:00"), ("bin(2026-09-30, 7d, 2026-09-28)", "2026-09-28"),
            ("bin(1969-12-31, 2d)", "1969-12-30"), ("bin(50min, 1h)", "0s"), ("coalesce(null, null)", ""), ("coalesce(2, 1.25)", "2.00"),
            ("coalesce(null, \"a\")", "a"), ("null_if(1.50, 1.5)", ""), ("null_if(null, 1)", ""), ("null_if(1, null)", "1"),
            ("null_if(\"\", \"\")", ""),
        ])
        #expect(FunctionHarness().error("bin(2026-09-30, 12h)")?.message == "bin: dates lie in bins of whole days")
    }

    /// The value under a null must not fail or be counted.
    @Test func nullsHideOldValues() throws {
        var values: [Value] = (0..<3000).map { .integer($0 % 3 == 0 ? 999_999_999_999_999_999 : 1) }
        for i in stride(from: 0, to: 3000, by: 3) { values[i] = .null }
        let harness = FunctionHarness(columns: ["x": .init(type: .int, values: values)])
        let result = try harness.evaluate("round(x, 2)")
        #expect(result.values.enumerated().allSatisfy { $1 == ($0 % 3 == 0 ? .null : .integer(100)) })
    }
}
