import Foundation
import Testing

/// Lines, history and the editor at a real terminal.
@Suite("editing at the prompt", .enabled(if: PromptPlayer.isAvailable, "needs python3 and its pty module"))
struct PromptEditingTests {
    private func scratch() throws -> Scratch {
        let scratch = try Scratch()
        try scratch.write("id,city\n1,杭州\n2,Xi'an\n3,Berlin\n", to: "t.csv")
        return scratch
    }

    private let up = "\u{1B}[A"

    @Test("a pasted query of several lines runs as one, and comes back as one in the next session")
    func paste() throws {
        let scratch = try scratch()
        let query = "from \"t.csv\"\n  | where id > 1\n| sort id desc\n"
        let (_, text, _) = try PromptPlayer.play([("\u{1B}[200~\(query)\u{1B}[201~\r", "2 rows,"), ("\u{4}", "")], folder: scratch)
        #expect(!text.contains("3 rows"), "\(text)")
        #expect(try scratch.read(".crmq_history") == "from \"t.csv\"\\n  | where id > 1\\n| sort id desc\n")
        let (_, again, _) = try PromptPlayer.play([(up + "\r", "2 rows,"), ("\u{4}", "")], folder: scratch)
        #expect(!again.contains("3 rows"), "\(again)")
        #expect(try scratch.read(".crmq_history").split(separator: "\n").count == 1)
    }

    @Test("a pasted text that cannot be over yet waits for its rest")
    func unfinishedPaste() throws {
        let (_, text, _) = try PromptPlayer.play(
            [
                ("\u{1B}[200~from \"t.csv\" | where (\n  id = 1\u{1B}[201~\r", "..> "), ("or id = 2)\r", "2 rows,"), ("\u{4}", ""),
            ], folder: scratch())
        #expect(text.contains("2 rows"), "\(text)")
    }

    @Test("two pasted statements run in order")
    func twoStatements() throws {
        let (_, text, _) = try PromptPlayer.play(
            [
                ("\u{1B}[200~let a = 2\nfrom \"t.csv\"\n| where id = @a\n\u{1B}[201~\r", "1 row,"), ("\u{4}", ""),
            ], folder: scratch())
        #expect(text.contains(" 2  Xi'an"), "\(text)")
    }

    @Test("the last result is _, and a line with a bar goes on from it")
    func underscore() throws {
        let (_, text, _) = try PromptPlayer.play(
            [
                ("from \"t.csv\" | where id > 1\r", "2 rows,"), ("from _ | where id < 3 | select city\r", "1 row,"),
                ("| derive n: length(city)\r", "1 row,"), ("\u{4}", ""),
            ], folder: scratch())
        #expect(text.contains("city   n\n─────  ─\nXi'an  5"), "\(text)")
    }

    @Test("Ctrl-R finds, and the history is listed and searched")
    func search() throws {
        let scratch = try scratch()
        let (_, text, _) = try PromptPlayer.play(
            [
                ("from \"t.csv\" | where id = 3\r", "1 row,"), ("let x = 1\r", "> "), ("\u{12}= 3", "where id = 3"),
                ("\r", "Berlin"),
                (".history\r", "2  let x = 1"), (".history LET\r", "let x"), (".history 1\r", "history LET"), ("\u{4}", ""),
            ], folder: scratch)
        #expect(text.components(separatedBy: "Berlin").count == 3, "\(text)")
        #expect(text.contains("  1  from \"t.csv\" | where id = 3\n  2  let x = 1\n"), "\(text)")
    }

    @Test(".edit opens the last statement in the editor and runs what was saved")
    func edit() throws {
        let scratch = try scratch()
        try scratch.write("#!/bin/sh\ncp \"$2\" seen\nsed -i s/$1/ \"$2\"\n", to: "editor")
        _ = try Crmq.shell("chmod +x editor", folder: scratch.url)
        let (_, text, _) = try PromptPlayer.play(
            [
                ("from \"t.csv\" |\r", "..> "), ("  where id = 3\r", "1 row,"), (".edit\r", "Xi'an"), ("\u{4}", ""),
            ], folder: scratch, environment: ["EDITOR": "./editor '3/2'"])
        #expect(text.contains(" 2  Xi'an\n1 row,"), "\(text)")
        #expect(try scratch.read("seen") == "from \"t.csv\" |\n  where id = 3\n")
        #expect(try scratch.read(".crmq_history").contains("where id = 2"))
    }

    @Test("an editor that saves nothing runs nothing; --safe starts none")
    func editNothing() throws {
        let scratch = try scratch()
        let steps = [("let x = 1\r", "> "), (".edit\r", "\n"), ("\u{4}", "")]
        #expect(try PromptPlayer.play(steps, folder: scratch, environment: ["VISUAL": "true"]).transcript.contains("nothing was saved"))
        #expect(
            try PromptPlayer.play(steps, folder: scratch, environment: ["VISUAL": "false"]).transcript.contains("false ended with an error")
        )
        let safe = try PromptPlayer.play(steps, arguments: ["--safe"], folder: scratch, environment: ["VISUAL": "touch gone; true"])
        #expect(safe.transcript.contains("--safe does not allow"), "\(safe.transcript)")
        #expect(!FileManager.default.fileExists(atPath: scratch.path("gone")))
    }

    @Test("what is half typed goes on in the editor, by .edit on a line of its own or by Ctrl-X Ctrl-E")
    func editTyped() throws {
        let scratch = try scratch()
        try scratch.write("#!/bin/sh\nprintf '  where id = 1\\n' >> \"$1\"\n", to: "editor")
        _ = try Crmq.shell("chmod +x editor", folder: scratch.url)
        let (_, text, _) = try PromptPlayer.play(
            [
                ("from \"t.csv\" |\r", "..> "), (".edit\r", "1 row,"), ("from \"t.csv\" | select id |\u{18}\u{5}", "1 row,"), ("\u{4}", ""),
            ], folder: scratch, environment: ["EDITOR": "./editor"])
        #expect(text.contains(" 1  杭州\n1 row,"), "\(text)")
        #expect(text.contains("id\n──\n 1\n1 row,"), "\(text)")
    }

    @Test("inputrc holds, with its part for crmq")
    func inputrc() throws {
        let scratch = try scratch()
        try scratch.write("$if crmq\n\"\\C-t\": \"from \\\"t.csv\\\" | where id = 1\\C-m\"\n$endif\n", to: ".inputrc")
        let (_, text, _) = try PromptPlayer.play([("\u{14}", "1 row,"), ("\u{4}", "")], folder: scratch)
        #expect(text.contains(" 1  杭州"), "\(text)")
    }
}
