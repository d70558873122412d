import Testing

@testable import Query
@testable import Storage

/// The library says what a pattern means; our own reading must answer the same wherever it answers.
@Suite struct RegularExpressionTests {
    private static let seed: UInt64 = 20_261_122

    /// How many of the texts our own reading answered itself.
    private func compare(_ pattern: String, _ texts: [String]) throws -> (asked: Int, answered: Int) {
        guard let expression = try? RegularExpression(pattern, span: 0..<0) else { return (0, 0) }
        var answered = 0
        try expression.search { searcher in
            for text in texts {
                let owned = OwnedText(Array(text.utf8))
                let own = try searcher.matches(owned.view)
                let library = try searcher.matchesByLibrary(owned.view)
                #expect(own == library, "\(pattern.debugDescription) in \(text.debugDescription)")
                if searcher.isAnsweredHere(owned.view) { answered += 1 }
            }
        }
        return (texts.count, answered)
    }

    @Test func randomPatternsAgreeWithTheLibrary() throws {
        var random = SeededGenerator(seed: Self.seed)
        var asked = 0
        var answered = 0
        for _ in 0..<4_000 {
            let pattern = (random.below(5) == 0 ? "(?i)" : "") + Self.alternatives(&random, depth: 3)
            let texts = (0..<20).map { _ in Self.text(&random) }
            let counts = try compare(pattern, texts)
            asked += counts.asked
            answered += counts.answered
        }
        #expect(answered * 2 > asked, "seed \(Self.seed): \(answered) of \(asked)")
    }

    @Test func knownPatternsAgreeWithTheLibrary() throws {
        let texts = [
            "", "a", "b", "ab", "aab", "abab", "A", "aB", "C000755607", "7077", "a\nb", "\n", " ", "a b", "-", "]", "^", "$", ".", "\\",
            "é", "aé", "éa",
            "杭州", "杭州市西湖区", "x😀y", "İ", "ſ", "K", "k", "a\0b", "\0", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "_", "[", "{", "}", "a{2}",
            "CZ-1234",
        ]
        let patterns = [
            "7[0-4]+7$", "^a", "b$", "^$", "$^", "^", "$", "a|b", "(^a|b$)", "a^b", "a$b", "(a|)b", "a||b", "()", "(^)*a", "(a$)*", "^*",
            "a{0}", "a{0}b", "(a){2}",
            "(ab){1,2}$", "a{,2}b", "a{2,}b", "a**", "a+*", "(a*)*b", "(a|b)*abb", ".", "^.$", "^..$", "[^a]", "^[^a]$", "^[^a-z]+$",
            "[]a]", "[^]a]", "[a-]", "[-a]", "[a^]",
            "[[:alpha:]]", "[^[:alpha:]]", "(?i)[A-z]", "(?i)[[:lower:]]+", "(?i)k", "(?i)ſ", "(?i)i", "[[:space:]]", "\\s", "\\S", "\\w+$",
            "\\W", "\\d{2}", "\\D",
            "\\.", "\\$", "\\^", "\\\\", "\\{", "\\<a", "a\\>", "\\ba", "é", "é+$", "^é*a", "^(杭|州)+$", "[杭州]", "市(.*)区", "😀", "^[^杭]",
            "a.b", "x.y", "[\\w\\-]+$", "^([0-9]{2}){2}",
            "[[.a.]]", "[[=a=]]", "^[A-Z]{2}-[0-9]+$", "(((a)))", "(a|ab)(c|bcd)*$", "a?b?c?$", "^(a?){20}a{20}$", "\\t", "\\n", "}", "]",
            "a]", "[a\\]]",
        ]
        for pattern in patterns { _ = try compare(pattern, texts) }
    }

    @Test func countsAreWrittenOut() throws {
        let texts = (0..<40).map { String(repeating: "a", count: $0) }
        for (least, most) in [(0, 0), (0, 3), (2, 2), (3, 7), (20, 31)] {
            let counts = try compare("^a{\(least),\(most)}$", texts)
            #expect(counts.answered == texts.count)
        }
        // Far more states than a table has room for: the library takes over.
        let long = (0..<200).map { i in String((0..<60).map { ($0 * 7 + i * 13) % 5 < 2 ? "a" : "b" }) }
        _ = try compare("(a|b)*a(a|b){14}$", long)
    }

    @Test func placesAreTheLibrarys() throws {
        let cases = [("a(b*)", "xabbc", 1, 2..<4), ("b+", "abbb", 0, 1..<4), ("[0-9]+$", "a12b345", 0, 4..<7)]
        for (pattern, text, group, range) in cases {
            let owned = OwnedText(Array(text.utf8))
            let other = OwnedText(Array("ü".utf8))
            try RegularExpression(pattern, span: 0..<0).search { searcher in
                let found = try searcher.firstMatch(owned.view, group: group)
                #expect(found == range)
                let none = try searcher.firstMatch(other.view, group: 0)
                #expect(none == nil)
            }
        }
    }

    private static func pick(_ random: inout SeededGenerator, _ choices: [String]) -> String { choices[random.below(choices.count)] }

    // MARK: what patterns and texts are made of

    private static func alternatives(_ random: inout SeededGenerator, depth: Int) -> String {
        let count = random.below(4) == 0 ? 2 : 1
        return (0..<count).map { _ in branch(&random, depth: depth) }.joined(separator: "|")
    }

    private static func branch(_ random: inout SeededGenerator, depth: Int) -> String {
        (0..<1 + random.below(4)).map { _ in atom(&random, depth: depth) + quantifier(&random) }.joined()
    }

    private static func atom(_ random: inout SeededGenerator, depth: Int) -> String {
        switch random.below(16) {
        case 0 where depth > 0, 1 where depth > 0: "(" + alternatives(&random, depth: depth - 1) + ")"
        case 2: "."
        case 3: "^"
        case 4: "$"
        case 5: bracket(&random)
        case 6: pick(&random, ["\\d", "\\w", "\\W", "\\s", "\\S", "\\D", "\\.", "\\*", "\\b", "\\-"])
        case 7: pick(&random, ["é", "杭", "😀"])
        default: pick(&random, ["a", "b", "c", "A", "7", "0", "-"])
        }
    }

    private static func bracket(_ random: inout SeededGenerator) -> String {
        var text = random.below(3) == 0 ? "[^" : "["
        if random.below(8) == 0 { text += "]" }
        for _ in 0..<1 + random.below(3) {
            text += pick(&random, ["a", "b", "C", "7", "a-c", "A-B", "0-4", "[:alpha:]", "[:digit:]", "[:upper:]", "_", "^", "\\]", "é"])
        }
        return text + (random.below(8) == 0 ? "-]" : "]")
    }

    private static func quantifier(_ random: inout SeededGenerator) -> String {
        random.below(3) > 0 ? "" : pick(&random, ["*", "+", "?", "{2}", "{1,2}", "{0,1}", "{2,}", "{0}"])
    }

    private static func text(_ random: inout SeededGenerator) -> String {
        let letters =
            random.below(3) == 0 ? ["a", "b", "é", "杭", "😀", "A", "7"] : ["a", "b", "c", "A", "B", "7", "0", "-", " ", "_", "\n", "]"]
        return (0..<random.below(9)).map { _ in pick(&random, letters) }.joined()
    }
}
