import Foundation
import Testing

/// A file that is run again: its parameters, its first line, what has changed since.
@Suite("running again")
struct RerunTests {
    private static let monthly = """
        # What was sold in a month.
        param month: month = 2026-01
        # Which shop.
        param shop: text in ["north", "south"]
        from "sales.csv" (types: (month: month)) | where month = @month and shop = @shop | summarize n: count(), s: sum(amount)
        """

    private func scratch() throws -> Scratch {
        let scratch = try Scratch()
        try scratch.write("month,shop,amount\n2026-01,north,1.50\n2026-01,south,2.25\n2026-02,south,4.00\n", to: "sales.csv")
        try scratch.write(Self.monthly, to: "monthly.crmq")
        return scratch
    }

    @Test("the prompt asks for parameters, says what they are, and asks again", .enabled(if: PromptPlayer.isAvailable, "needs python3"))
    func asks() throws {
        let (code, text, _) = try PromptPlayer.play(
            [
                ("run \"monthly.crmq\"\r", "month [2026-01]> "), ("2026-13\r", "month [2026-01]> "), ("2026-02\r", "shop> "),
                ("\r", "shop> "), ("east\r", "shop> "), ("south\r", "1 row,"),
                ("run \"monthly.crmq\" with shop = \"north\"\r", "month [2026-01]> "), ("\r", "1 row,"),
                (".read monthly.crmq\r", "month [2026-01]> "), ("\u{3}", "interrupted"), ("param k: int\r", "k> "), ("7\r", "crmq> "),
                ("from \"sales.csv\" | take 1 | select k: @k\r", "1 row,"), ("\u{4}", ""),
            ], folder: scratch())
        #expect(code == 0)
        #expect(text.contains("month: month. What was sold in a month.\n"), "\(text)")
        #expect(text.contains("shop: text, in [\"north\", \"south\"]. Which shop.\n"), "\(text)")
        #expect(text.contains("2026-13 is not a month for parameter month"), "\(text)")
        #expect(text.contains("it has no default"), "\(text)")
        #expect(text.contains("east is not an allowed value of shop"), "\(text)")
        #expect(text.contains("n     s\n─  ────\n1  4.00\n"), "\(text)")
        #expect(text.contains("n     s\n─  ────\n1  1.50\n"), "\(text)")
    }

    @Test("a script is refused what nobody gave, and takes what the command line gives")
    func scripts() throws {
        let scratch = try scratch()
        let refused = try Crmq.run(["-f", "monthly.crmq"], folder: scratch.url)
        #expect(refused.code == 2)
        #expect(refused.err.contains("monthly.crmq:4:7: parameter shop has no value"), "\(refused.err)")
        #expect(refused.err.contains("--param shop=…"), "\(refused.err)")
        let nested = try Crmq.run(["-c", "run \"monthly.crmq\" with month = 2026-02"], folder: scratch.url)
        #expect(nested.code == 2 && nested.err.contains("shop has no value"), "\(nested.err)")
        let given = try Crmq.run(["-f", "monthly.crmq", "--param", "shop=south"], folder: scratch.url)
        #expect(given.out == "n,s\n1,2.25\n", "\(given.err)")
    }

    @Test("a file with #! is a program, with its options behind it")
    func executable() throws {
        let scratch = try scratch()
        let program = try #require(Crmq.path)
        try scratch.write("#!/usr/bin/env -S \(program) --quiet -f\n" + Self.monthly, to: "monthly.crmq")
        let outcome = try Crmq.shell("chmod +x monthly.crmq && ./monthly.crmq --param shop=north", folder: scratch.url)
        #expect(outcome.code == 0)
        #expect(outcome.out == "n,s\n1,1.50\n", "\(outcome.err)")
        let mistaken = try Crmq.run(["monthly.crmq"], folder: scratch.url)
        #expect(mistaken.code == 4 && mistaken.err.contains("run a file with -f monthly.crmq"), "\(mistaken.err)")
    }

    @Test("answers compared with those of the last run")
    func against() throws {
        let scratch = try scratch()
        try scratch.write(
            "from \"sales.csv\" | summarize s: sum(amount) by shop\nfrom \"sales.csv\" | select shop, d: if amount > 3 then 2026-01-05\n",
            to: "totals.crmq")
        let run = "run \"totals.crmq\" against \"last\""
        let first = try Crmq.run(["-c", run], folder: scratch.url)
        #expect(first.out == "shop,s\nnorth,1.50\nsouth,6.25\nshop,d\nnorth,\nsouth,\nsouth,2026-01-05\n", "\(first.err)")
        #expect(first.err.contains("answer 1: kept in last/1.csv"), "\(first.err)")
        let same = try Crmq.run(["-c", run], folder: scratch.url)
        #expect(same.out == "", "\(same.out)")
        #expect(same.err.contains("answer 1: nothing has changed since the last run, 2 rows"), "\(same.err)")
        try scratch.write("month,shop,amount\n2026-01,west,1.50\n2026-01,south,2.25\n", to: "sales.csv")
        let changed = try Crmq.run(["-c", run], folder: scratch.url)
        #expect(
            changed.out
                == "shop,change,s_before,s\nnorth,gone,1.50,\nsouth,changed,6.25,2.25\nwest,new,,1.50\n"
                + "shop,d,change\nnorth,,gone\nsouth,2026-01-05,gone\nwest,,new\n", "\(changed.out)")
        #expect(changed.err.contains("answer 1: 1 new, 1 gone, 1 changed since the last run"), "\(changed.err)")
        // A run that fails keeps what the last good one kept.
        try scratch.write("from \"sales.csv\" | summarize s: sum(amount) by shop\nfrom nothing\n", to: "totals.crmq")
        try scratch.write("month,shop,amount\n2026-01,west,9.50\n", to: "sales.csv")
        #expect(try Crmq.run(["-c", run], folder: scratch.url).code == 1)
        #expect(try scratch.read("last/1.csv") == "shop,s\nsouth,2.25\nwest,1.50\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path("last")).sorted() == ["1.csv", "2.csv"])
        // Other columns are another answer.
        try scratch.write("from \"sales.csv\" | summarize n: count() by shop\n", to: "totals.crmq")
        let other = try Crmq.run(["-c", run], folder: scratch.url)
        #expect(other.out == "shop,n\nwest,1\n")
        #expect(other.err.contains("its columns are not those of the last run"), "\(other.err)")
    }

    @Test("settings are listed, set in the rc file too, and checked", .enabled(if: PromptPlayer.isAvailable, "needs python3"))
    func settings() throws {
        let scratch = try scratch()
        try scratch.write("# mine\n.set mode = jsonl\nlet one = 1\n.set timer on\n", to: ".crmqrc")
        let (_, text, _) = try PromptPlayer.play(
            [
                (".set\r", "timer = on"), ("from \"sales.csv\" | take @one | select shop\r", " s\n"),
                (".set mode = tabel\r", "did you mean `table`?"),
                (".set modes\r", "did you mean mode?"), (".set mode\r", "mode = jsonl"), (".set timer = maybe\r", "values: on, off"),
                (".set mode = table\r", "> "), (".set null = (none)\r", "> "), (".set null\r", "null = (none)"),
                ("from \"sales.csv\" | take 1 | select none: if false then 1\r", "(none)"), (".set width = 1\r", "from 20 to 10000"),
                (".set width = 40\r", "> "), (".set pager = off\r", "> "), (".set quiet = on\r", "> "), ("\u{4}", ""),
            ], folder: scratch)
        #expect(text.contains("{\"shop\":\"north\"}"), "\(text)")
        #expect(text.contains("mode = jsonl"), "\(text)")
        let plain = try PromptPlayer.play([(".set mode\r", "mode = "), ("\u{4}", "")], arguments: ["--no-rc"], folder: scratch)
        #expect(plain.transcript.contains("mode = table"), "\(plain.transcript)")
    }
}
