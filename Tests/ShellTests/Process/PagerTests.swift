import Foundation
import Testing

/// Long answers at a real terminal of 40 lines. The pager is a program that marks what goes through it, so that nobody has to leave it.
@Suite("the pager and colours", .enabled(if: Crmq.path != nil && PromptPlayer.isAvailable))
struct PagerTests {
    private let long = "from (from \"n.csv\" | expand k: 1..60 | select k)"

    private func play(_ steps: [(type: String, awaits: String)], _ arguments: [String] = [], pager: String) throws -> String {
        let folder = try Scratch()
        _ = try folder.write("n\n1\n", to: "n.csv")
        return try PromptPlayer.play(
            steps, arguments: ["--no-rc", "--quiet"] + arguments, folder: folder,
            environment: ["CRMQ_PAGER": pager, "TERM": "xterm", "LC_ALL": "C.UTF-8", "INPUTRC": "/dev/null"]
        ).transcript
    }

    @Test("what is longer than the screen goes through it, what fits does not")
    func longer() throws {
        let said = try play(
            [("\(long)\r", "paged 60"), ("\(long) | take 3\r", "3\n"), ("\u{4}", "")], pager: "sed 's/^ */paged /'")
        #expect(said.contains("paged 1\n") && said.contains("paged 60\n"))
        #expect(said.contains(" 3\n") && said.components(separatedBy: "paged 3\n").count == 2)
    }

    @Test("leaving it ends the answer and nothing else")
    func left() throws {
        let said = try play(
            [
                (".mode csv\r", "> "), ("from \"n.csv\" | expand k: 1..3m | select k\r", "left early"),
                ("from \"n.csv\" | derive again: n + 41\r", "1,42"),
                ("\u{4}", ""),
            ], pager: "head -n 2 > /dev/null; echo left early")
        #expect(said.contains("left early") && said.contains("1,42") && !said.contains("error"))
    }

    @Test("an empty PAGER means none, and safe mode starts no program")
    func none() throws {
        let plain = try play([("\(long)\r", "60\n"), ("\u{4}", "")], pager: "")
        #expect(plain.contains(" 60\n") || plain.contains("\n60\n"))
        let store = try Scratch()
        let path = store.path("store")
        try store.write("n\n1\n", to: "n.csv")
        #expect(try Crmq.run([path, "-c", "load n from \"n.csv\""], folder: store.url).code == 0)
        let safe = try PromptPlayer.play(
            [("from n | expand k: 1..60 | select k\r", "60\n"), ("\u{4}", "")], arguments: [path, "--no-rc", "--safe"], folder: store,
            environment: ["CRMQ_PAGER": "sed 's/^ */paged /'", "TERM": "xterm", "INPUTRC": "/dev/null"]
        ).transcript
        #expect(safe.contains("60\n") && !safe.contains("paged 60"))
    }

    @Test(
        "colours: on a terminal, unless NO_COLOR is set; --color decides against both",
        arguments: [([], "", true), ([], "1", false), (["--color", "always"], "1", true), (["--color", "never"], "", false)])
    func colours(arguments: [String], noColor: String, styled: Bool) throws {
        let folder = try Scratch()
        _ = try folder.write("n\n1\n", to: "n.csv")
        let raw = try PromptPlayer.play(
            [("from \"n.csv\"\r", "1 row"), ("\u{4}", "")], arguments: ["--no-rc"] + arguments, folder: folder,
            environment: ["NO_COLOR": noColor, "TERM": "xterm", "CRMQ_PAGER": "", "INPUTRC": "/dev/null"]
        ).raw
        #expect(raw.contains("\u{1b}[1mn\u{1b}[0m") == styled)
    }

    @Test("a pipe has colours only where they are asked for")
    func pipe() throws {
        let query = "from tables() | summarize n: count(), none: max(rows)"
        #expect(try !Crmq.run(["--format", "table", "-c", query]).out.contains("\u{1b}"))
        #expect(try Crmq.run(["--format", "table", "--color", "always", "-c", query]).out.contains("\u{1b}[1m"))
        #expect(try Crmq.run(["--color", "sometimes"]).code == 2)
    }
}
