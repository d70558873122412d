import Foundation
import Testing

/// Tab at a real terminal.
@Suite("completion at the prompt", .enabled(if: PromptPlayer.isAvailable, "needs python3 and its pty module"))
struct PromptCompletionTests {
    private func scratch() throws -> Scratch {
        let scratch = try Scratch()
        try scratch.write("id,city,amount\n1,杭州,3\n2,New York,4\n3,Hangzhou,5\n", to: "cities.csv")
        return scratch
    }

    @Test("stages, columns of this point, values in quotes, files")
    func words() throws {
        let (code, text, _) = try PromptPlayer.play(
            [
                ("load t from \"ci\t key id\r", "loaded 3 rows"), ("from t | wh\tcity = \"New\t\r", "1 row,"),
                ("from t | select ci\t, a: amo\t * 2 | sort a de\t\r", "3 rows"), ("quit\r", ""),
            ], folder: scratch())
        #expect(code == 0)
        #expect(text.contains("from t | where city = \"New York\""), "\(text)")
        #expect(text.contains("from t | select city, a: amount * 2 | sort a desc"), "\(text)")
    }

    @Test("a list shows what fits with what it is, and the line stands below it again")
    func list() throws {
        let (_, text, _) = try PromptPlayer.play(
            [
                ("load t from \"cities.csv\"\r", "loaded"), ("from t | ta\t", "take"), ("\u{3}", "crmq> "),
                ("from t | s\t\t", "sweep(name: [values]"), ("\u{3}", "crmq> "), ("quit\r", ""),
            ], folder: scratch())
        #expect(text.contains("sample n | share% [seed s]"), "\(text)")
    }

    @Test("the lines above count, and dot-commands have values of their own")
    func linesAbove() throws {
        let (_, text, _) = try PromptPlayer.play(
            [
                ("load t from \"cities.csv\"\r", "loaded"), ("from t | where (\r", "..> "), ("ci\t = \"杭\t)\r", "1 row,"),
                (".mo\tjsonl\r", "> "), (".help derive\r", "Adds columns"), (".mode ver\t\r", "> "), (".mode\r", "vertical"),
                ("quit\r", ""),
            ], folder: scratch())
        #expect(text.contains("..> city = \"杭州\")"), "\(text)")
        #expect(text.contains(".mode vertical"), "\(text)")
    }
}
