import Foundation
import Testing

@testable import Query

/// Every verb that ships has a doc, the source of its definition, an example whose answer is right, a golden script and a row in the
/// reference.
@Suite struct PreludeTests {
    /// The small bank with its links.
    static func bank() throws -> Session {
        let session = try CatalogueTests.bank()
        for link in [
            "link transactions.customer_id to customers as customer, transactions", "link customers.city to branches as branch, customers",
        ] { try session.run(SourceText(name: "links", text: link), receiver: Transcript()) }
        try session.run(SourceText(name: "today", text: "as of 2026-09-30"), receiver: Transcript())
        return session
    }

    @Test(arguments: Prelude.verbs.map(\.name)) func example(_ name: String) throws {
        let verb = try #require(Prelude.verbs.first { $0.name == name })
        let session = try Self.bank()
        defer { session.close() }
        #expect(try CatalogueTests.csv(verb.example.query, session) == verb.example.answer, "\(verb.example.query)")
        #expect(verb.example.query.contains("| \(name)("))
    }

    @Test(arguments: Prelude.verbs.map(\.name)) func describesItself(_ name: String) throws {
        let verb = try #require(Prelude.verbs.first { $0.name == name })
        #expect(verb.signature.hasPrefix("\(name)("))
        #expect(verb.summary.hasSuffix(".") && verb.source.hasSuffix("."), "\(name)")
        let script = GoldenTests.folder + "/prelude/\(name).crmq"
        let isTested =
            (try? String(contentsOfFile: script, encoding: .utf8))?.contains("| \(name)(") ?? false
        #expect(isTested, "\(name) has no golden script Tests/Golden/prelude/\(name).crmq")
        let row = "| `\(verb.signature)` | \(verb.summary) | \(verb.source) |"
        let isDocumented = DocumentationTests.text.contains(row)
        #expect(isDocumented, "docs/language.md lacks: \(row)")
    }

    @Test func namesAreUniqueAndHelped() throws {
        let session = try Session(storePath: nil, options: SessionOptions())
        defer { session.close() }
        #expect(Set(Prelude.verbs.map(\.name)).count == Prelude.verbs.count)
        for verb in Prelude.verbs {
            #expect(session.help(topic: verb.name).contains(verb.source))
            #expect(!StageCatalogue.all.contains { $0.name == verb.name })
        }
    }

    /// A verb of one's own takes the place of one that ships; what needs the whole pipe cannot stand inside a verb.
    @Test func ownVerbs() throws {
        let session = try Self.bank()
        defer { session.close() }
        for definition in [
            "verb tier(x) = derive t: x", "verb card() = select n: 1 | take 1",
            "query swept = from customers | summarize n: count(where balance > @b) | sweep(b: [0, 1m])",
        ] {
            try session.run(SourceText(name: "own", text: definition), receiver: Transcript())
        }
        #expect(try CatalogueTests.csv("from branches | where city = \"Berlin\" | tier(region) | select t", session) == "t\nWest\n")
        #expect(try CatalogueTests.csv("from branches | sort city | card()", session) == "n\n1\n")
        #expect(try CatalogueTests.csv("from swept | where n > 1", session) == "b,n\n0,5\n")
        do {
            try session.run(
                SourceText(name: "own", text: "verb twice(x) = where balance > x | sweep(b: [x, 1m])"),
                receiver: Transcript())
            _ = try CatalogueTests.csv("from customers | twice(0)", session)
            Issue.record("sweep inside a verb went through")
        } catch let error as QueryError { #expect(error.message.contains("needs the whole pipe in front of it")) }
    }

    /// What a caller gets wrong is told at the caller's place.
    @Test func wrongCallsTeach() throws {
        let session = try Self.bank()
        defer { session.close() }
        for (stage, message) in [
            ("tier(balance)", "tier needs a value and the lower bound of each tier"),
            ("tier(balance, a: 5, b: 3)", "the bounds of tiers rise, and that of b does not"),
            ("tier(balance, a: 5, a: 6)", "a is given twice"), ("flags(balance > 5)", "every flag has a name"),
            ("flags(a: [balance > 5])", "a flag is a condition, or a list of one and its weight"),
            ("funnel(within: 3d, a: opened)", "funnel needs two steps at least, each with its name"),
            ("contrast(tier)", "contrast needs the condition of group a"),
            ("contrast(a: active)", "contrast needs the columns in which the groups may differ"),
            ("contrast(a: active, opened + 1d)", "this needs a name"),
            ("sweep()", "sweep needs the name of a parameter and its values"),
            ("sweep([1, 2])", "sweep needs the parameter's name before its values"),
            ("sweep(a: [name])", "there is no column name here"),
            ("sweep(a: [1, \"x\"])", "the values of sweep have one type, and int and text have none in common"),
            ("sweep(a: 1..2000)", "a range of sweep goes up in whole steps, at most 1000"),
            ("sweep(name: [1])", "the pipe before sweep has a column name already"),
            ("summarize n: count() | card()", "card shows rows of a table with their links, and these are no rows of a table any more"),
            ("card(5)", "card takes only the number of rows of each table"),
            ("rfm(transactions.ts)", "verb rfm needs amount"),
            ("cohorts(transactions.ts)", "there is no stage or verb cohorts"),
        ] {
            let text = "from customers | \(stage)"
            do {
                _ = try CatalogueTests.csv(text, session)
                Issue.record("\(text) went through")
            } catch let error as QueryError {
                #expect(error.message.hasSuffix(message), "\(text): \(error.message)")
                #expect(error.span != nil, "\(text)")
            }
        }
    }
}
