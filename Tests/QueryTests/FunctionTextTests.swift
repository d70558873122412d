import Storage
import Testing

@testable import Query

@Suite struct FunctionTextTests {
    private func check(_ cases: [(String, String)], sourceLocation: SourceLocation = #_sourceLocation) throws {
        for (text, result) in cases {
            #expect(try FunctionHarness().cell(text) == result, "\(text)", sourceLocation: sourceLocation)
        }
    }

    @Test func caseOfEveryAlphabet() throws {
        try check([
            ("upper(\"žižkov ß ΰ ω ж ա\")", "ŽIŽKOV SS Ϋ́ Ω Ж Ա"), ("lower(\"ŽIŽKOV ΟΔΟΣ ЖЮ İ\")", "žižkov οδοσ жю i̇"),
            ("upper(\"杭州 abc\")", "杭州 ABC"), ("upper(\"ａｂ\")", "ＡＢ"), ("lower(\"𐐀\")", "𐐨"), ("upper(\"\")", ""),
            ("upper(\"{|}~@[`\")", "{|}~@[`"), ("lower(\"{|}~@[`\")", "{|}~@[`"),
        ])
    }

    @Test func partsCountCharacters() throws {
        try check([
            ("length(\"\")", "0"), ("length(\"añ杭𐐀\")", "4"), ("substring(\"杭州西湖\", 2, 2)", "州西"), ("substring(\"abc\", 9)", ""),
            ("substring(\"abc\", 2, 0)", ""), ("substring(\"abc\", 1, 99)", "abc"), ("left(\"杭州\", 1)", "杭"), ("left(\"ab\", 5)", "ab"),
            ("left(\"ab\", 0)", ""), ("left(\"ab\", -3)", ""), ("right(\"杭州西湖\", 3)", "州西湖"), ("right(\"ab\", 5)", "ab"),
            ("right(\"ab\", 0)", ""),
            ("position(\"杭州西湖\", \"西\")", "3"), ("position(\"abc\", \"\")", "1"),
            ("split(\"a;;c\", \";\", 2)", ""), ("split(\"\", \";\", 1)", ""), ("split(\"a→b→c\", \"→\", 3)", "c"),
            ("split(\"abc\", \"x\", 1)", "abc"),
            ("replace(\"aaa\", \"aa\", \"b\")", "ba"), ("replace(\"abc\", \"\", \"x\")", "abc"), ("replace(\"abc\", \"b\", \"\")", "ac"),
            ("trim(\" \\t a　b　\")", "a　b"), ("trim(\"   \")", ""), ("pad_start(\"杭州\", 4, \"〇\")", "〇〇杭州"), ("pad_end(\"abc\", 2)", "abc"),
            ("concat(true, 1.50, 2026-W36, 90min, null)", "true1.502026-W361h 30min"), ("contains(\"abc\", \"\")", "true"),
            ("starts_with(\"ab\", \"abc\")", "false"), ("ends_with(\"ab\", \"b\")", "true"), ("ends_with(null, \"b\")", "false"),
        ])
        // Positions from a column may lie before the first; they take part in the length.
        let column = FunctionHarness.Column(type: .int, values: [.integer(0), .integer(-5), .integer(.min), .integer(.max), .null])
        let harness = FunctionHarness(columns: ["n": column])
        #expect(try harness.evaluate("substring(\"abcdef\", n, 3)").values == [.text("ab"), .text(""), .text(""), .text(""), .null])
        #expect(try harness.evaluate("split(\"a;b\", \";\", n)").values == [.null, .null, .null, .null, .null])
        #expect(try harness.evaluate("left(\"abcdef\", n)").values == [.text(""), .text(""), .text(""), .text("abcdef"), .null])
    }

    /// Texts of every length around the words that kernels read, with and without characters beyond ASCII.
    @Test func kernelsReadWordsAsBytes() throws {
        var random = SeededGenerator(seed: 17)
        let alphabet: [Character] = ["a", "z", "A", "Z", "@", "[", "`", "{", "m", "M", "0", " ", "é", "Ž", "杭", "ß"]
        for round in 0..<400 {
            let letters = round % 2 == 0 ? 12 : alphabet.count
            let text = String((0..<random.below(40)).map { _ in alphabet[random.below(letters)] })
            let part = String((0..<1 + random.below(3)).map { _ in alphabet[random.below(letters)] })
            var harness = FunctionHarness()
            harness.columns = [
                "t": FunctionHarness.Column(type: .text, values: [.text(text)]),
                "p": FunctionHarness.Column(type: .text, values: [.text(part)]),
            ]
            #expect(try harness.cell("upper(t)") == text.uppercased(), "\(text)")
            #expect(try harness.cell("lower(t)") == text.lowercased(), "\(text)")
            #expect(try harness.cell("length(t)") == "\(text.unicodeScalars.count)", "\(text)")
            #expect(try harness.cell("contains(t, p)") == "\(text.contains(part))", "\(part) in \(text)")
            #expect(try harness.cell("right(t, 5)") == String(text.suffix(5)), "\(text)")
            #expect(try harness.cell("left(t, 5)") == String(text.prefix(5)), "\(text)")
        }
    }

    @Test func regularExpressions() throws {
        try check([
            ("matches(\"a1\", \"\\\\d\")", "true"), ("matches(\"ad\", \"\\\\d\")", "false"), ("matches(\"杭州\", \"^.{2}$\")", "true"),
            ("matches(\"Žižkov\", \"(?i)ŽIŽ\")", "true"), ("matches(\"a.b\", \"a[\\\\.]b\")", "true"),
            ("matches(\"a\\\\b\", \"a[.]b\")", "false"),
            ("matches(\"a-b\", \"[\\\\w\\\\-]+$\")", "true"), ("matches(\"a]b\", \"a[\\\\]x]b\")", "true"),
            ("matches(\"^\", \"[\\\\^]\")", "true"),
            ("matches(\"a\", \"[^\\\\^]\")", "true"), ("matches(\"\", \"^$\")", "true"), ("matches(\"a b\", \"a\\\\sb\")", "true"),
            ("matches(null, \"a\")", "false"), ("extract(\"tel. 0571-88\", \"[0-9]+-[0-9]+\")", "0571-88"),
            ("extract(\"a=1;b=2\", \"b=([0-9])\")", "2"), ("extract(\"a=1;b=2\", \"b=([0-9])\", 0)", "b=2"), ("extract(\"x\", \"y\")", ""),
            ("extract(\"ab\", \"(x)?b\")", ""), ("extract(\"杭州市西湖区\", \"市(.*)区\")", "西湖"), ("length(extract(\"a\", \"b*\"))", "0"),
        ])
        #expect(try FunctionHarness().cell("matches(\"2026-09-30\", \"^([0-9]{2}){2}-\\\\d{2}-[0-9]{1,2}$\")") == "true")
        #expect(FunctionHarness().error("matches(\"a\", \"\(String(repeating: "(", count: 5000))\")")?.kind == .type)
        for pattern in [
            "[", "a{2", "(", "*a{", "(?:a)", "a+?", "\\\\1(a)", "\\\\q", "a\\\\", "(a{200}){200}", "((a{30}){30}){30}", "a{100000}",
            "a{99}{99}{99}", "{a}", "[[:foo:]]",
        ] {
            #expect(FunctionHarness().error("matches(\"a\", \"\(pattern)\")")?.kind == .type, "\(pattern)")
        }
    }

    @Test func likeIsFalseWhereSomethingIsMissing() throws {
        try check([
            ("\"abc\" like \"a%\"", "true"), ("\"abc\" not like \"a%\"", "false"), ("null like \"a%\"", "false"),
            ("null not like \"a%\"", "true"), ("\"a\" like null", "false"), ("\"a\" not like null", "true"),
            ("\"100%\" like \"100\\\\%\"", "true"), ("\"1000\" like \"100\\\\%\"", "false"), ("\"杭州\" like \"__\"", "true"),
            ("\"杭州\" like \"_\"", "false"), ("\"Abc\" like \"a%\"", "false"), ("\"\" like \"%\"", "true"), ("\"\" like \"\"", "true"),
        ])
        #expect(FunctionHarness().error("3 like \"a\"")?.message == "like compares texts, and this is int")
    }

    @Test func likeAgreesWithRecursion() throws {
        var random = SeededGenerator(seed: 11)
        let alphabet: [Character] = ["a", "b", "杭", "%", "_"]
        func word(_ letters: Int, _ length: Int) -> String {
            String((0..<random.below(length)).map { _ in alphabet[random.below(letters)] })
        }
        for _ in 0..<30_000 {
            let (text, pattern) = (word(3, 10), word(5, 9))
            let bytes = OwnedText(Array(text.utf8))
            #expect(LikePattern(pattern).matches(bytes.view) == naiveLike(Array(text), Array(pattern)[...]), "\(text) like \(pattern)")
        }
    }

    private func naiveLike(_ text: [Character], _ pattern: ArraySlice<Character>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == "%" { return (0...text.count).contains { naiveLike(Array(text[$0...]), pattern.dropFirst()) } }
        guard let head = text.first, first == "_" || head == first else { return false }
        return naiveLike(Array(text.dropFirst()), pattern.dropFirst())
    }

    /// A pattern that makes a backtracking matcher try some 10^20 ways.
    @Test func likeDoesNotBacktrack() throws {
        let text = OwnedText(Array(String(repeating: "a", count: 20_000).utf8))
        #expect(!LikePattern(String(repeating: "%a_", count: 15) + "%b").matches(text.view))
        #expect(LikePattern(String(repeating: "%a_", count: 15) + "%a").matches(text.view))
    }

    @Test func patternsFromAColumn() throws {
        let harness = FunctionHarness(columns: [
            "t": .init(type: .text, values: [.text("abc"), .text("abc"), .null, .text("x")]),
            "p": .init(type: .text, values: [.text("a%"), .text("b%"), .text("%"), .null]),
        ])
        #expect(try harness.evaluate("t like p").values == [.integer(1), .integer(0), .integer(0), .integer(0)])
        #expect(try harness.evaluate("t not like p").values == [.integer(0), .integer(1), .integer(1), .integer(1)])
    }

    /// Broken bytes never make a function read past a text's end.
    @Test func brokenTextIsHarmless() {
        for bytes: [UInt8] in [[0xE6], [0xF0, 0x9F], [0x80], [0xC3], [0xFF, 0x41], [0xE6, 0x41]] {
            let text = OwnedText(bytes)
            var out = TextScratch()
            CaseMapping.upper.append(text.view, to: &out)
            let length = out.count
            #expect(length > 0)
            #expect(text.view.offset(after: 99) == bytes.count)
            #expect(text.view.offset(ofLast: 99) == 0)
            #expect(text.view.trimmed(start: true, end: true).count == bytes.count)
            withExtendedLifetime(text) {}
        }
    }
}
