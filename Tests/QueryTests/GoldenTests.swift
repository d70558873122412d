import Foundation
import Storage
import Testing

@testable import Query

/// Runs every `Tests/Golden/**/*.crmq` over the small bank in `Tests/Golden/data` and compares what it says with the `.out` beside it.
///
/// `CRMQ_RECORD=1` writes a changed answer into an `.out` that exists. It never makes the first one: that comes from SQL kept beside
/// the script (`.sql`, checked by `Tests/golden_sql.py`) or from hand arithmetic. `CRMQ_SAID=FOLDER` keeps what was said there, to be
/// compared with the expectation while a script is being written.
@Suite struct GoldenTests {
    static let folder = packageRoot + "/Tests/Golden"

    static var scripts: [String] {
        let all = FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []
        return all.filter { $0.hasSuffix(".crmq") && !$0.hasPrefix("data/") }.sorted()
    }

    @Test func thereAreScripts() { #expect(!Self.scripts.isEmpty) }

    @Test(arguments: scripts) func script(_ path: String) throws {
        for threads in [1, 2] {
            let answer = try Self.answer(path, threads: threads)
            if let said = ProcessInfo.processInfo.environment["CRMQ_SAID"] {
                try answer.write(
                    toFile: said + "/" + path.dropLast(5).replacingOccurrences(of: "/", with: "-"), atomically: true, encoding: .utf8)
            }
            let expectedPath = Self.folder + "/" + path.dropLast(5) + ".out"
            guard let expected = try? String(contentsOfFile: expectedPath, encoding: .utf8) else {
                Issue.record(
                    "\(path) has no .out beside it; work the answer out by SQL or by hand, it is not recorded. It now says:\n\(answer)")
                return
            }
            if answer != expected, ProcessInfo.processInfo.environment["CRMQ_RECORD"] == "1" {
                try answer.write(toFile: expectedPath, atomically: true, encoding: .utf8)
                return
            }
            #expect(answer == expected, "\(path) with \(threads) thread(s)")
        }
    }

    /// Every answer as csv, every message and error as a line of its own; a line `> statement` stands before each.
    static func answer(_ path: String, threads: Int) throws -> String {
        var options = SessionOptions()
        options.threads = threads
        options.asOf = nil
        let session = try Session(storePath: nil, options: options)
        defer { session.close() }
        session.fileFolder = folder
        for name in ["load.crmq", "more.crmq"] + (path.hasPrefix("links/") || path.hasPrefix("definitions/") ? ["links.crmq"] : []) {
            let load = try String(contentsOfFile: folder + "/data/" + name, encoding: .utf8)
            for statement in StatementSplitter.splitFile(load, name: name) { try session.run(statement, receiver: Transcript()) }
        }
        let text = try String(contentsOfFile: folder + "/" + path, encoding: .utf8)
        var out = ""
        for statement in StatementSplitter.splitFile(text, name: path) {
            let transcript = Transcript()
            do {
                try session.run(statement, receiver: transcript)
            } catch let error as QueryError {
                transcript.lines.append("error: " + rendered(error, in: statement))
            } catch let error as StorageError {
                transcript.lines.append("error: " + rendered(QueryError(.storage, error.message, hint: error.hint), in: statement))
            }
            transcript.lines = transcript.lines.map { $0.replacingOccurrences(of: folder + "/", with: "") }
            let first = statement.text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter {
                !$0.isEmpty && !$0.hasPrefix("#")
            }
            out += "> " + first.joined(separator: " ") + "\n" + transcript.text + "\n"
        }
        return out
    }
}

/// As the shell says it: an error that knows no place marks its statement's first word.
private func rendered(_ error: QueryError, in statement: SourceText) -> String {
    var error = error
    let lines = statement.text.split(separator: "\n", omittingEmptySubsequences: false)
    var offset = 0
    for line in lines where error.span == nil {
        let words = line.drop { $0.isWhitespace }
        if let first = words.first, first != "#" {
            let start = offset + line.utf8.count - words.utf8.count
            error.span = start..<start + words.prefix { !$0.isWhitespace && $0 != ";" }.utf8.count
        }
        offset += line.utf8.count + 1
    }
    return Diagnostic.render(error, in: statement)
}

/// Keeps what a session says.
final class Transcript: ResultReceiver {
    private let sink = MemorySink()
    private let buffer: OutputBuffer
    private let writer: ResultWriter
    var lines: [String] = []

    init() {
        buffer = OutputBuffer(sink)
        writer = OutputFormat.csv.makeWriter(buffer, FormatOptions())
    }
    func begin(columns: [ResultColumn]) throws { try writer.begin(columns: columns) }
    func rows(_ batch: ResultBatch) throws { try writer.rows(batch) }
    func end(_ footer: ResultFooter) throws {
        _ = try writer.end()
        try buffer.flush()
        lines += footer.notes.map { "note: " + $0 }
    }
    func message(_ text: String) throws { lines.append(text) }
    func progress(done: Int, total: Int, unit: String) {}

    var text: String { sink.string + lines.map { $0 + "\n" }.joined() }
}

let packageRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
