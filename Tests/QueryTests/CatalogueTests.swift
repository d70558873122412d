import Foundation
import Testing

@testable import Query

/// Every entry of every catalogue has a doc and an example whose answer is right, run over the small bank of `Tests/Golden/data`.
@Suite struct CatalogueTests {
    static func bank() throws -> Session {
        var options = SessionOptions()
        options.threads = 2
        let session = try Session(storePath: nil, options: options)
        session.fileFolder = GoldenTests.folder
        let load = try String(contentsOfFile: GoldenTests.folder + "/data/load.crmq", encoding: .utf8)
        for statement in StatementSplitter.splitFile(load, name: "load.crmq") { try session.run(statement, receiver: Transcript()) }
        return session
    }

    static func csv(_ query: String, _ session: Session) throws -> String {
        let transcript = Transcript()
        try session.run(SourceText(name: "example", text: query), receiver: transcript)
        transcript.lines = []
        return transcript.text
    }

    @Test func scalarFunctions() throws {
        // Examples of workdays count without holidays.
        let session = try Self.bank()
        defer { session.close() }
        try session.run(SourceText(name: "setup", text: "drop table holidays"), receiver: Transcript())
        for function in FunctionCatalogue.all {
            #expect(!function.summary.isEmpty && !function.examples.isEmpty, "\(function.name)")
            for example in function.examples {
                let answer =
                    try Self.csv("as of 2026-09-30", session)
                    + Self.csv("from branches | take 1 | select x: \(example.expression)", session)
                #expect(Self.unquoted(answer) == "x\n\(example.result)\n", "\(function.name): \(example.expression)")
            }
        }
    }

    /// The catalogue shows a text as it is, csv quotes it where it must.
    private static func unquoted(_ csv: String) -> String {
        let lines = csv.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        guard lines.count == 2, lines[1].hasPrefix("\""), lines[1].hasSuffix("\"\n"), lines[1].count > 3 else { return csv }
        return "\(lines[0])\n" + lines[1].dropFirst().dropLast(2).replacingOccurrences(of: "\"\"", with: "\"") + "\n"
    }

    @Test(arguments: [AggregateCatalogue.all, WindowCatalogue.all, StageCatalogue.all]) func examples(_ entries: [CatalogueEntry]) throws {
        let session = try Self.bank()
        defer { session.close() }
        for entry in entries {
            #expect(!entry.summary.isEmpty && entry.signature.hasPrefix(entry.name), "\(entry.name)")
            #expect(try Self.csv(entry.example.query, session) == entry.example.answer, "\(entry.name): \(entry.example.query)")
        }
    }

    /// Help knows every name, and names are unique within a catalogue.
    @Test func namesAreUniqueAndHelped() throws {
        let session = try Session(storePath: nil, options: SessionOptions())
        defer { session.close() }
        let names =
            FunctionCatalogue.all.map(\.name) + AggregateCatalogue.all.map(\.name) + WindowCatalogue.all.map(\.name)
            + StageCatalogue.all.map(\.name)
        #expect(Set(FunctionCatalogue.all.map(\.name)).count == FunctionCatalogue.all.count)
        for name in names { #expect(!session.help(topic: name).contains("there is no help"), "\(name)") }
    }
}
