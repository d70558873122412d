import Foundation
import Testing

@Suite("the examples on the demo bank")
struct ExamplesTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test("every example runs, the same by one and by two threads")
    func run() throws {
        let scratch = try Scratch()
        let made = try Crmq.run(["demo", "bank", "--customers", "500"], folder: scratch.url)
        #expect(made.code == 0, "\(made.err)")
        let examples = Self.root.appendingPathComponent("examples.crmq").path
        let one = try Crmq.run(["bank", "--read-only", "--threads", "1", "-f", examples], folder: scratch.url)
        let two = try Crmq.run(["bank", "--read-only", "--threads", "2", "-f", examples], folder: scratch.url)
        #expect(one.code == 0, "\(one.err)")
        #expect(one.out == two.out)
        // Checked by SQL on another engine: Tests/examples_check.py.
        let golden = try String(contentsOf: Self.root.appendingPathComponent("Tests/Examples/examples.out"), encoding: .utf8)
        var answers = ""
        for line in golden.split(separator: "\n", omittingEmptySubsequences: true) where !line.hasPrefix("> ") { answers += line + "\n" }
        let said = one.out == answers
        #expect(said, "the answers differ from Tests/Examples/examples.out")
    }

    @Test("--echo shows each statement before its answer, on standard error")
    func echo() throws {
        let outcome = try Crmq.run([
            "--echo", "--quiet", "-c", "from tables()\n| summarize n: count(); from tables() | take 0 | select table",
        ])
        #expect(outcome.code == 0, "\(outcome.err)")
        #expect(outcome.out == "n\n0\ntable\n")
        #expect(
            outcome.err == "\n> from tables()\n> | summarize n: count();\n\n> from tables() | take 0 | select table\n", "\(outcome.err)")
    }
}
