import Foundation
import Testing

/// Long work at a real terminal.
@Suite("waiting at the prompt", .enabled(if: PromptPlayer.isAvailable, "needs python3 and its pty module"))
struct PromptWaitingTests {
    @Test(".watch repeats the last statement, whole, until Ctrl-C")
    func watch() throws {
        let scratch = try Scratch()
        try scratch.write("id\n1\n2\n3\n", to: "t.csv")
        let (code, text, _) = try PromptPlayer.play(
            [
                (".watch\r", "there is no statement to repeat"), ("from \"t.csv\" | where id > 1\r", "2 rows,"),
                ("| where id < 3\r", "1 row,"),
                (".watch 0.2\r", "every 0.2 s until Ctrl-C"), ("", "1 row,"), ("", "1 row,"), ("\u{3}", "crmq> "),
                (".watch x\r", "needs a number"),
                ("from \"t.csv\" | where id = 3\r", "1 row,"), ("\u{4}", ""),
            ], folder: scratch)
        #expect(code == 0)
        let repeated = text.components(separatedBy: "every 0.2 s until Ctrl-C").count - 1
        #expect(repeated >= 2, "\(text)")
        // Two by hand, one at the end, and one for each time that was begun.
        #expect(text.components(separatedBy: "1 row,").count - 1 >= repeated + 1, "\(text)")
        #expect(text.contains(" 3\n1 row,"), "\(text)")
    }

    @Test("a script has nobody to end a .watch, nor an editor, nor a history")
    func scripts() throws {
        for command in [".watch", ".edit", ".history"] {
            let outcome = try Crmq.run([], input: command + "\n")
            #expect(outcome.code == 1)
            #expect(outcome.err.contains("belongs to the prompt"), "\(outcome.err)")
        }
    }

    @Test("the timer is said, set, and silenced")
    func timer() throws {
        let (_, text, _) = try PromptPlayer.play(
            [
                (".timer\r", "off"), (".timer on\r", "> "), ("let x = 1\r", " s\n"), (".timer\r", "on"), (".timer off\r", "> "),
                ("let y = 1\r", "> "), ("\u{4}", ""),
            ], folder: Scratch())
        #expect(text.components(separatedBy: " s\n").count == 2, "\(text)")
    }

    #if DEBUG
        // Only a debug build is slow enough to be caught at work for certain.
        @Test(
            "Ctrl-C is answered at once in a load, a sort, an export, a window, and the prompt goes on",
            arguments: [
                "from n | expand k: 1..60 | derive z: x * k mod 1000003 | sort z | to \"out.csv\"",
                "from n | expand k: 1..60 | to \"out.json\"",
                "from n | expand k: 1..60 | derive g: x mod 10 | derive r: rank() per g by x desc | summarize max(r)",
                "from n | expand k: 1..60 | summarize d: distinct(x * k) by g: x mod 3", "load m from (from n | expand k: 1..60)",
                "load m from \"long.csv\"",
            ])
        func cancel(_ statement: String) throws {
            let scratch = try Scratch()
            _ = try Crmq.shell("(echo x; seq 1 1500000) > n.csv", folder: scratch.url)
            // Longer than any machine reads between the first sign of progress and the key.
            if statement.contains("long.csv") { _ = try Crmq.shell("(echo x; seq 1 30000000) > long.csv", folder: scratch.url) }
            _ = try Crmq.run(["store", "-c", "load n from \"n.csv\""], folder: scratch.url)
            let (code, text, _) = try PromptPlayer.play(
                [(statement + "\r", " left"), ("\u{3}", "interrupted\n"), ("from n | take 1\r", "1 row,"), ("\u{4}", "")],
                arguments: ["store"], folder: scratch)
            #expect(code == 0)
            #expect(text.contains("interrupted\n"), "\(text)")
            #expect(text.contains("1 row,"), "\(text)")
            // What was being written has been taken away again.
            let files = try FileManager.default.contentsOfDirectory(atPath: scratch.url.path)
            #expect(!files.contains { $0.hasPrefix("out.") }, "\(files)")
        }
    #endif

    @Test("progress tells rate and time left of each part of the work")
    func progress() throws {
        let scratch = try Scratch()
        _ = try Crmq.shell("(echo x; seq 1 3000000) > n.csv", folder: scratch.url)
        let (_, text, raw) = try PromptPlayer.play([("load n from \"n.csv\"\r", "loaded"), ("\u{4}", "")], folder: scratch)
        #expect(text.contains("loaded 3,000,000 rows"), "\(text)")
        // A release build may be done before anything is worth showing.
        if raw.contains("left") { #expect(raw.contains("MB/s") || raw.contains("KB/s"), "\(raw)") }
    }
}
