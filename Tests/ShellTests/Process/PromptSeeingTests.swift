import Foundation
import Testing

/// Charts, profiles and tables as somebody at a terminal of 100 columns sees them.
@Suite("seeing at the prompt", .enabled(if: Crmq.path != nil && PromptPlayer.isAvailable))
struct PromptSeeingTests {
    private let file = """
        city,sold,n
        杭州,2026-01-05,30
        杭州,2026-02-07,10
        Berlin,2026-02-09,20
        ,2026-03-01,5

        """

    private func play(_ steps: [(type: String, awaits: String)], locale: String = "C.UTF-8") throws -> (transcript: String, raw: String) {
        let folder = try Scratch()
        try folder.write(file, to: "sales.csv")
        let outcome = try PromptPlayer.play(
            steps + [("\u{4}", "")], arguments: ["--no-rc"], folder: folder,
            environment: ["TERM": "xterm", "LC_ALL": locale, "INPUTRC": "/dev/null", "CRMQ_PAGER": "", "NO_COLOR": ""])
        return (outcome.transcript, outcome.raw)
    }

    @Test("a chart is drawn in colour, a line with | goes on without it, and csv has its rows")
    func charts() throws {
        let (said, raw) = try play([
            ("from \"sales.csv\" | bar sum(n) by city\r", "3 rows"), ("| line sum(n) by m: month(sold)\r", "3 rows"),
            ("| heatmap sum(n) by city, m: month(sold)\r", "4 rows"), (".mode csv\r", "> "), ("| bar sum(n) by city\r", "Berlin,20"),
        ])
        #expect(said.contains("杭州    █") && said.contains(" 40\n") && said.contains("∅       █"))
        #expect(
            said.contains("sum_n by m\n") && said.contains("2026-01")
                && said.unicodeScalars.contains { (0x2801...0x28FF).contains($0.value) })
        #expect(said.contains("city,sum_n\nBerlin,20\n杭州,40\n,5\n"))
        #expect(raw.contains("\u{1b}[34m█") && raw.contains("\u{1b}[48;5;"), "bars and cells in colour")
    }

    @Test("profile is one screen, and rows where they are asked for")
    func profile() throws {
        let (said, _) = try play([
            ("from \"sales.csv\" | profile\r", "3 rows"), ("| where missing > 0 | select column, missing\r", "1 row"),
        ])
        #expect(said.contains("4 rows, 3 columns\n"))
        #expect(said.contains("city    text  1 (25%)") && said.contains("top 杭州 (2), Berlin (1)"))
        #expect(said.contains("min 5 · 25% 8.8 · median 15 · 75% 22.5 · max 30 · mean 16.25"))
        #expect(said.contains("column  missing\n──────  ───────\ncity          1\n"))
    }

    @Test("where the locale is not UTF-8, drawings are ASCII")
    func ascii() throws {
        let (said, _) = try play([("from \"sales.csv\" | summarize n: sum(n) by sold | bar\r", "4 rows")], locale: "C")
        #expect(said.contains("2026-01-05  ####") && !said.contains("█"))
    }

    @Test("a report opened at the prompt is written when it is left")
    func report() throws {
        let folder = try Scratch()
        try folder.write(file, to: "sales.csv")
        let said = try PromptPlayer.play(
            [
                ("report \"sold.html\" \"Sold\"\r", "> "), ("from \"sales.csv\" | bar sum(n) by city\r", "> "),
                ("from \"sales.csv\" | nothing(1)\r", "no stage or verb"), ("\u{4}", "wrote sold.html"),
            ], arguments: ["--no-rc"], folder: folder, environment: ["TERM": "xterm", "INPUTRC": "/dev/null"]
        ).transcript
        #expect(said.contains("wrote sold.html: 0 tables, 1 chart") && !said.contains("█"))
        #expect(try String(contentsOfFile: folder.path("sold.html"), encoding: .utf8).contains("<h1>Sold</h1>"))
    }
}
