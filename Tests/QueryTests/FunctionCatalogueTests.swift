import Storage
import Testing

@testable import Query

@Suite struct FunctionCatalogueTests {
    @Test(arguments: FunctionCatalogue.all.map(\.name))
    func examplesAreTrue(_ name: String) throws {
        let function = try #require(FunctionCatalogue.byName[name])
        #expect(!function.examples.isEmpty)
        for example in function.examples {
            #expect(try FunctionHarness().cell(example.expression) == example.result, "\(example.expression)")
        }
    }

    @Test(arguments: FunctionCatalogue.all.map(\.name))
    func entriesDescribeThemselves(_ name: String) throws {
        let function = try #require(FunctionCatalogue.byName[name])
        #expect(function.signature.hasPrefix("\(name)("))
        #expect(function.signature.hasSuffix(")"))
        #expect(function.summary.hasSuffix("."), "\(function.summary)")
        #expect(function.examples.contains { $0.expression.contains("\(name)(") })
        #expect(name.allSatisfy { $0.isLowercase || $0 == "_" || $0.isNumber })
    }

    /// Every function answers null or false, and does not fail, when all it is given is missing.
    @Test(arguments: FunctionCatalogue.all.map(\.name))
    func missingArgumentsAreNoError(_ name: String) throws {
        let constants: [String: String] = [
            "matches": "matches(null, \"a\")", "extract": "extract(null, \"a\")", "round": "round(null, 2)",
            "round_half_up": "round_half_up(null, 2)", "bin": "bin(null, 5)", "decimal": "decimal(null, 2)",
            "try_decimal": "try_decimal(null, 2)", "pad_start": "pad_start(null, 3)", "pad_end": "pad_end(null, 3)",
            "concat": "concat(null)", "period": "period(null, 1mo)",
        ]
        let function = try #require(FunctionCatalogue.byName[name])
        let parameters = function.signature.dropFirst(name.count + 1).dropLast().split(separator: ",").count
        let call =
            constants[name]
            ?? "\(name)(\(Array(repeating: "null", count: function.signature.contains("…") ? 2 : parameters).joined(separator: ", ")))"
        let cell = try FunctionHarness().cell(call)
        #expect(cell == "" || cell == "false", "\(call) is \(cell)")
    }

    @Test func wrongCallsTeach() throws {
        let cases: [(String, String, String?)] = [
            ("upper(3)", "upper needs a text, not int", "text(x) writes any value as text"),
            ("substring(\"a\", \"b\")", "substring needs a whole number as its second argument, not text", nil),
            ("substring(\"a\", 0)", "substring counts from 1, so 0 is no position", "right(text, n) takes from the end"),
            ("upper(\"a\", \"b\")", "upper takes 1 argument, not 2", "upper(text)"),
            ("round(1.5, digits: 1)", "round takes no argument by name, so digits: has no place here", "round(x, digits)"),
            ("round(1.5, 13)", "round: the number of digits must lie in -18..12, not be 13", nil),
            ("round(\"1.5\")", "round needs a number, not text", "int(x), decimal(x, 2) and float(x) read a text as a number"),
            (
                "month(2026-Q3)", "a quarter is longer than a month, so it lies in none",
                "month(start(x)) is the first month of it, month(end(x)) the last"
            ),
            ("month(2026-W36)", "a week may lie in two months, so it has no month", "month(start(x)) takes the one its Monday lies in"),
            ("month(\"2026-09-30\")", "month needs a date, not text", "date(x) reads a text as a date"),
            (
                "abs(3mo)", "abs cannot take calendar months: they have no fixed length",
                "months stand beside + or -, as in date + 3mo; add_months(date, n) moves by a number of months"
            ),
            ("hour(2026-09-30)", "a date has no time of day, so it has no hour", nil),
            ("coalesce(1, \"a\")", "coalesce: int and text have no type in common", "text(x) writes any value as text"),
            ("int(2026-09)", "int needs a text or a number, not month", "month_number(x) is the number of a month"),
            (
                "start(timestamp(\"2026-09-30\"))", "start needs a span, not timestamp",
                "start(month(x)) is the first day of a timestamp's month"
            ),
            ("matches(\"a\", \"(a\")", "\"(a\" is no regular expression: unmatched ( or \\(", nil),
            (
                "matches(\"a\", \"a*?\")", "in the regular expression \"a*?\": lazy and possessive quantifiers are not known",
                "say what may stand in between, as in \"<[^>]*>\" for \"<.*?>\""
            ),
            ("extract(\"a\", \"(a)\", 2)", "extract: the group must lie in 0..1, not be 2", nil),
            ("clamp(1, 5, 2)", "clamp: the lower bound is above the upper one", nil),
            ("bin(1, 0)", "bin: the width must be a constant above 0", nil),
            (
                "least(true, false)", "least needs values with an order as its first argument, not bool",
                "or and and choose among conditions"
            ),
        ]
        for (text, message, hint) in cases {
            let error = try #require(FunctionHarness().error(text), "\(text)")
            #expect(error.kind == .type && error.message == message, "\(text): \(error)")
            if let hint { #expect(error.hint == hint, "\(text)") }
            #expect(error.span != nil)
        }
    }

    @Test func wrongDataIsNamed() throws {
        let cases: [(String, String)] = [
            ("int(\"12x\")", "\"12x\" cannot be read as int"),
            ("int(12.50)", "12.50 is no whole number"),
            ("int(1.5e0)", "1.5 is no whole number"),
            ("int(1e30)", "1e+30 is too large for int"),
            ("int(\"9223372036854775808\")", "\"9223372036854775808\" is too large for int"),
            ("decimal(\"1234567890123456789\", 0)", "\"1234567890123456789\" is too large for decimal(0)"),
            ("decimal(1234567890123456, 4)", "1234567890123456 has more than 18 digits as decimal(4)"),
            ("decimal(1e17, 2)", "1e+17 has more than 18 digits as decimal(2)"),
            ("date(\"2026-02-30\")", "\"2026-02-30\" cannot be read as date"),
            ("timestamp(\"noon\")", "\"noon\" cannot be read as timestamp"),
            ("bool(\"maybe\")", "\"maybe\" cannot be read as bool"),
            ("bool(2)", "2 is no bool"),
            ("float(\"nan\")", "\"nan\" cannot be read as float"),
            ("make_date(2026, 2, 30)", "there is no date with year 2026, month 2 and day 30"),
            ("abs(int(\"-9223372036854775808\"))", "abs: the result does not fit an int"),
            ("round(int(\"9223372036854775807\"), -1)", "round: the result does not fit an int"),
            ("round(123456789012345678, 2)", "round: the result has more than 18 digits"),
            ("add_months(9999-12-31, 1)", "the result lies outside the calendar, which has the years 1 to 9999"),
            ("2026-09-30 + 3000000d", "the result lies outside the calendar, which has the years 1 to 9999"),
            ("year(9999-01-01) + 1y", "the result lies outside the calendar, which has the years 1 to 9999"),
        ]
        for (text, message) in cases {
            let error = FunctionHarness().error(text)
            #expect(error?.kind == .data && error?.message == message, "\(text): \(String(describing: error))")
            #expect(error?.span != nil, "\(text)")
        }
    }
}
