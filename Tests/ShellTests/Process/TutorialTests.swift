import Foundation
import Testing

/// The tutorial is run as its reader would: every block of shell commands, in order, in one folder, must give what stands below it.
/// `CRMQ_RECORD=1` writes changed answers into the page, to be read there before they are kept.
@Suite("the tutorial")
struct TutorialTests {
    private static let page = Crmq.packageRoot.appendingPathComponent("docs/tutorial.md")

    private struct Part {
        var prose: String
        var commands: String
        var answer: String
    }

    /// Blocks of `sh`, each with the block of `text` that follows it at once, if any; the last part is prose alone.
    private static func parts(_ page: String) -> [Part] {
        var parts: [Part] = []
        var prose = ""
        var lines = page.components(separatedBy: "\n")[...]
        func block() -> String {
            var text = ""
            while let line = lines.popFirst(), line != "```" { text += line + "\n" }
            return text
        }
        while let line = lines.popFirst() {
            guard line == "```sh" else {
                prose += line + (lines.isEmpty ? "" : "\n")
                continue
            }
            var part = Part(prose: prose, commands: block(), answer: "")
            if lines.prefix(2) == ["", "```text"] {
                lines.removeFirst(2)
                part.answer = block()
            }
            parts.append(part)
            prose = ""
        }
        return parts + [Part(prose: prose, commands: "", answer: "")]
    }

    private static func text(_ parts: [Part]) -> String {
        parts.map { part in
            let answer = part.answer.isEmpty ? "" : "\n```text\n\(part.answer)```\n"
            return part.prose + (part.commands.isEmpty ? "" : "```sh\n\(part.commands)```\n" + answer)
        }.joined()
    }

    @Test("every block answers as the page says")
    func run() throws {
        let page = try String(contentsOf: Self.page, encoding: .utf8)
        var parts = Self.parts(page)
        #expect(Self.text(parts) == page)
        #expect(parts.filter { !$0.answer.isEmpty }.count > 12)
        let scratch = try Scratch()
        for index in parts.indices where !parts[index].commands.isEmpty {
            let outcome = try Crmq.shell(
                "export LC_ALL=C.UTF-8; crmq() { \"$CRMQ\" \"$@\"; }\n" + parts[index].commands, folder: scratch.url)
            if outcome.out == parts[index].answer { continue }
            if ProcessInfo.processInfo.environment["CRMQ_RECORD"] == "1" {
                parts[index].answer = outcome.out
            } else {
                Issue.record("\(parts[index].commands)says\n\(outcome.out)where the page has\n\(parts[index].answer)")
            }
        }
        let found = Self.text(parts)
        if found != page { try found.write(to: Self.page, atomically: true, encoding: .utf8) }
        let report = try String(contentsOf: scratch.url.appendingPathComponent("pack-2026-08.html"), encoding: .utf8)
        #expect(report.contains("<svg") && report.contains("Sales pack 2026-08"))
    }
}
