import Foundation
import Storage
import Testing

@testable import Query

/// Holds `docs/language.md` to what the program does: every example in it is run over the small bank of `Tests/Golden/data`, and every
/// entry of every catalogue stands in its tables word for word.
///
/// | block | checked |
/// |---|---|
/// | `crmq` | runs without an error |
/// | `csv` behind it | its answers are exactly these |
/// | `note` behind either | its messages and the notes of its footers are exactly these |
/// | `crmq-error` | fails; a `text` behind it is how the error is shown, from its first line on |
/// | `crmq-values` | each line `expression → value`, with 2026-09-30 as today |
///
/// Each block has a bank of its own, so that examples do not hang on each other.
@Suite struct DocumentationTests {
    static let path = packageRoot + "/docs/language.md"
    static let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""

    /// A fenced block with the line it begins in.
    struct Block: Sendable, CustomTestStringConvertible {
        let kind: String
        let body: String
        let line: Int
        var answers: String?
        var notes: String?
        var failure: String?
        var testDescription: String { "\(kind) in line \(line)" }
    }

    static let blocks = readBlocks()

    /// Blocks of statements, each with what stands right behind it.
    private static func readBlocks() -> [Block] {
        var found: [Block] = []
        var isTied = false
        var kind: String?
        var body: [Substring] = []
        var start = 0
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard let open = kind else {
                if line.hasPrefix("```") {
                    kind = String(line.dropFirst(3))
                    body = []
                    start = index + 1
                } else if !line.isEmpty {
                    isTied = false
                }
                continue
            }
            guard line == "```" else {
                body.append(line)
                continue
            }
            kind = nil
            let whole = body.map { $0 + "\n" }.joined()
            switch open {
            case "crmq", "crmq-error", "crmq-values":
                found.append(Block(kind: open, body: whole, line: start))
                isTied = true
            case "csv" where isTied: found[found.count - 1].answers = whole
            case "note" where isTied: found[found.count - 1].notes = whole
            case "text" where isTied: found[found.count - 1].failure = whole
            default: isTied = false
            }
        }
        return found
    }

    @Test func thereAreExamples() {
        for kind in ["crmq", "crmq-error", "crmq-values"] { #expect(Self.blocks.contains { $0.kind == kind }, "\(kind)") }
        #expect(Self.blocks.contains { $0.answers != nil })
    }

    private static func bank() throws -> Session {
        var options = SessionOptions()
        options.threads = 2
        let session = try Session(storePath: nil, options: options)
        session.fileFolder = packageRoot + "/Tests/Golden"
        let load = try String(contentsOfFile: packageRoot + "/Tests/Golden/data/load.crmq", encoding: .utf8)
        for statement in StatementSplitter.splitFile(load, name: "load.crmq") { try session.run(statement, receiver: Transcript()) }
        return session
    }

    @Test(arguments: blocks.filter { $0.kind == "crmq" }) func example(_ block: Block) throws {
        let session = try Self.bank()
        defer { session.close() }
        var answers = ""
        var notes = ""
        for statement in StatementSplitter.splitFile(block.body, name: "query") {
            let transcript = Transcript()
            do {
                try session.run(statement, receiver: transcript)
            } catch let error as QueryError {
                Issue.record("line \(block.line): \(Diagnostic.render(error, in: statement))")
            }
            for line in transcript.lines { notes += (line.hasPrefix("note: ") ? String(line.dropFirst(6)) : line) + "\n" }
            transcript.lines = []
            answers += transcript.text
        }
        if let expected = block.answers { #expect(answers == expected, "line \(block.line)") }
        if let expected = block.notes { #expect(notes == expected, "line \(block.line)") }
    }

    @Test(arguments: blocks.filter { $0.kind == "crmq-error" }) func failure(_ block: Block) throws {
        let session = try Self.bank()
        defer { session.close() }
        var said: String?
        for statement in StatementSplitter.splitFile(block.body, name: "query") where said == nil {
            do {
                try session.run(statement, receiver: Transcript())
            } catch let error as QueryError {
                said = Diagnostic.render(error, in: statement)
            } catch let error as StorageError {
                said = error.description
            }
        }
        guard let said else {
            Issue.record("line \(block.line) runs without an error")
            return
        }
        guard let expected = block.failure else { return }
        let shown = expected.split(separator: "\n")
        #expect(!shown.isEmpty && Array(said.split(separator: "\n").prefix(shown.count)) == shown, "line \(block.line) says\n\(said)")
    }

    @Test(arguments: blocks.filter { $0.kind == "crmq-values" }) func values(_ block: Block) throws {
        let session = try Self.bank()
        defer { session.close() }
        try session.run(SourceText(name: "query", text: "as of 2026-09-30"), receiver: Transcript())
        for line in block.body.split(separator: "\n") {
            let parts = line.split(separator: " → ")
            guard parts.count == 2 else {
                Issue.record("line \(block.line): no arrow in \(line)")
                continue
            }
            let transcript = Transcript()
            try session.run(SourceText(name: "query", text: "from branches | take 1 | select v: \(parts[0])"), receiver: transcript)
            transcript.lines = []
            let value = transcript.text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst().first ?? ""
            #expect((value.isEmpty ? "null" : value) == parts[1], "line \(block.line): \(line)")
        }
    }

    // MARK: the tables

    /// Every catalogue's entries as the beginnings of their rows.
    static let rows: [String] =
        FunctionCatalogue.all.map { function in
            let examples = function.examples.map { "`\(cell($0.expression))` → `\($0.result.isEmpty ? "null" : cell($0.result))`" }
            return "| `\(cell(function.signature))` | \(cell(function.summary)) | \(examples.joined(separator: ", ")) |"
        }
        + (AggregateCatalogue.all + WindowCatalogue.all + StageCatalogue.all).map { "| `\(cell($0.signature))` | \(cell($0.summary)) |" }
        + StageCatalogue.sinks.map { "| `\(cell($0.signature))` | \(cell($0.summary)) |" }

    private static func cell(_ text: String) -> String { text.replacingOccurrences(of: "|", with: "\\|") }

    @Test func everyCatalogueEntryStandsInTheReference() {
        let lines = Self.text.split(separator: "\n")
        for row in Self.rows { #expect(lines.contains { $0.hasPrefix(row) }, "docs/language.md lacks the row\n\(row)") }
    }

    /// Every stage has a section, or stands in a section's title.
    @Test func everyStageWordIsExplained() {
        let titles = Self.text.split(separator: "\n").filter { $0.hasPrefix("### ") }.joined(separator: " ")
        let words = titles.split { !$0.isLetter }
        let built = Set(StageCatalogue.all.map(\.name) + StageCatalogue.sinks.map(\.name))
        for stage in built { #expect(words.contains { $0 == stage }, "\(stage)") }
        for word in Parser.stageWords { #expect(built.contains(word), "\(word)") }
    }

    @Test func everyImportOptionIsExplained() {
        for word in Parser.importWords { #expect(Self.text.contains("`\(word)"), "\(word)") }
    }
}
