import Storage
import Testing

@testable import Query

@Suite struct FunctionCastTests {
    @Test func casts() throws {
        let cases: [(String, String)] = [
            ("int(\" -42 \")", "-42"), ("int(\"+7\")", "7"), ("int(\"12.00\")", "12"),
            ("int(\"-9223372036854775808\")", "-9223372036854775808"),
            ("try_int(\"12.5\")", ""), ("try_int(12.5)", ""), ("try_int(\"\")", ""), ("try_int(\"-\")", ""), ("try_int(\"1e3\")", ""),
            ("int(true)", "1"), ("int(3e2)", "300"),
            ("decimal(\"0.125\", 2)", "0.12"), ("decimal(\"0.1251\", 2)", "0.13"), ("decimal(\"-.5\", 0)", "0"),
            ("decimal(\"1.5\", 0)", "2"),
            ("decimal(\"1.\", 1)", "1.0"), ("decimal(1.005, 2)", "1.00"), ("decimal(1.015, 2)", "1.02"), ("decimal(2.5e0, 1)", "2.5"),
            ("try_decimal(\"1e5\", 2)", ""), ("try_decimal(\"9999999999999999.999\", 2)", ""), ("try_decimal(1e18, 0)", ""),
            ("float(\"-1e-3\")", "-0.001"), ("float(\".5\")", "0.5"), ("try_float(\"1e999\")", ""), ("try_float(\"0x10\")", ""),
            ("try_float(\"inf\")", ""),
            ("try_float(\"1e\")", ""), ("try_float(\"e5\")", ""), ("try_float(\"1e+5\")", "100000"), ("try_float(\"1e.5\")", ""),
            ("text(true)", "true"), ("text(1.5e0)", "1.5"), ("text(36h)", "1d 12h"), ("text(null)", ""), ("text(2026-Q3)", "2026-Q3"),
            ("date(timestamp(\"1969-12-31 23:59:59\"))", "1969-12-31"), ("try_date(\"2026-9-30\")", ""),
            ("try_date(\"2026-09-30 00:00\")", ""),
            ("try_date(\"0000-01-01\")", ""), ("date(\"9999-12-31\")", "9999-12-31"), ("timestamp(2026-09-30)", "2026-09-30 00:00:00"),
            ("timestamp(\"2026-09-30T01:02:03.25\")", "2026-09-30 01:02:03.25"), ("try_timestamp(\"2026-09-30 24:00\")", ""),
            ("try_timestamp(\"2026-09-30 12:00:00.1234567\")", ""), ("try_timestamp(\"2026-09-30 12:00:\")", ""),
            ("try_timestamp(\"2026-09-30 1\")", ""),
            ("bool(\"NO\")", "false"), ("bool(\" t \")", "true"), ("bool(1)", "true"), ("bool(null)", ""),
        ]
        for (text, result) in cases { #expect(try FunctionHarness().cell(text) == result, "\(text)") }
    }

    /// text(x), read again, is x: for all types that a cast can read.
    @Test func textReadsBack() throws {
        var random = SeededGenerator(seed: 3)
        func values(_ range: ClosedRange<Int64>) -> [Value] {
            (0..<3000).map { i in
                i == 0 ? .integer(range.lowerBound) : i == 1 ? .integer(range.upperBound) : .integer(.random(in: range, using: &random))
            }
        }
        let columns: [(LogicalType, String, [Value])] = [
            (.int, "int(text(x))", values(.min ... .max)),
            (.decimal(scale: 2), "decimal(text(x), 2)", values(-Decimals.maximumMagnitude...Decimals.maximumMagnitude)),
            (.decimal(scale: 12), "decimal(text(x), 12)", values(-Decimals.maximumMagnitude...Decimals.maximumMagnitude)),
            (.date, "date(text(x))", values(CivilDate.minimumDay...CivilDate.maximumDay)),
            (.timestamp, "timestamp(text(x))", values(TemporalArithmetic.minimumTimestamp...TemporalArithmetic.maximumTimestamp)),
            (.float, "float(text(x))", (0..<3000).map { _ in .double(Double.random(in: -1e9...1e9, using: &random)) }),
            (.bool, "bool(text(x))", [.integer(0), .integer(1), .null]),
        ]
        for (type, text, values) in columns {
            let harness = FunctionHarness(columns: ["x": .init(type: type, values: values)])
            let result = try harness.evaluate(text)
            #expect(result.type == type)
            #expect(result.values == values, "seed 3: \(text)")
        }
    }
}
