import Foundation
import Testing

@testable import Query

/// Reports over the small bank, written into a folder of their own.
@Suite struct ReportTests {
    /// Runs a file's statements as `run` does, and answers the folder that it wrote to.
    private func run(
        _ text: String, threads: Int = 2, safe: Bool = false, parameters: [String: String] = [:]
    ) throws -> (folder: Folder, said: [String], answers: String) {
        let folder = try Folder()
        var options = SessionOptions()
        options.threads = threads
        options.parameters = parameters
        let bank = try Session(storePath: folder.path("store"), options: options)
        bank.fileFolder = GoldenTests.folder
        let load = try String(contentsOfFile: GoldenTests.folder + "/data/load.crmq", encoding: .utf8)
        for statement in StatementSplitter.splitFile(load, name: "load.crmq") { try bank.run(statement, receiver: Transcript()) }
        bank.close()
        options.safe = safe
        let session = try Session(storePath: folder.path("store"), options: options)
        defer { session.close() }
        session.fileFolder = folder.path
        let transcript = Transcript()
        for statement in StatementSplitter.splitFile(text, name: "pack.crmq") { try session.run(statement, receiver: transcript) }
        try session.finishReports(downTo: 0, receiver: transcript)
        let said = transcript.lines
        transcript.lines = []
        return (folder, said, transcript.text)
    }

    private let pack = """
        # What the file is for; no part of the page.
        param month: month = 2026-09
        let floor = 1k
        report "pack-{month}.html" "Pack <{month}>"

        # A remark to whoever reads the file.

        ## Customers & money
        # Where the money
        # lies.

        # Customers by "tier"
        # Of all
        # times.
        #
        # Second paragraph.
        from customers | summarize n: count() by tier

        # Who has more than a thousand
        segment rich on customers = balance > @floor

        from customers | where rich | select name: concat("<b>", name, "&"), balance | sort name

        ## Charts

        # Balances
        from customers | histogram balance, bins: 5, unit: "CNY"
        from customers | bar count() by tier

        """

    @Test func aPageHoldsAnswersHeadingsParametersAndDefinitions() throws {
        let (folder, said, answers) = try run(pack)
        #expect(said.last == "wrote pack-2026-09.html: 2 tables, 2 charts")
        #expect(answers.isEmpty, "answers go to the report alone")
        let html = try folder.read("pack-2026-09.html")
        for part in [
            "<html lang=\"en\">", "<title>Pack &lt;2026-09&gt;</title>", "<h1>Pack &lt;2026-09&gt;</h1>", "<dt>month</dt><dd>2026-09</dd>",
            ">Customers &amp; money</h2>", "<p>Where the money lies.</p>", ">Customers by &quot;tier&quot;</h3>", "<p>Of all times.</p>",
            "<p>Second paragraph.</p>", "<td>&lt;b&gt;王伟&amp;</td>", "<h3>segment rich</h3>", "<p>Who has more than a thousand</p>",
            "segment rich on customers = balance &gt; @floor", "let floor = 1000",
            "1 missing value is in no range",
            "aria-label=\"balance (CNY): rows in each range\"",
        ] { #expect(html.contains(part), "\(part)") }
        for absent in ["no part of the page", "A remark to", "<b>王", "NaN", "@floor</h"] { #expect(!html.contains(absent), "\(absent)") }
        #expect(try folder.mode("pack-2026-09.html") == 0o600)
        #expect(try folder.names() == ["pack-2026-09.html", "store"], "nothing else is left behind")
    }

    /// What a reader with a screen reader, a keyboard or a phone needs, and nothing that comes from outside.
    @Test func aPageIsAccessible() throws {
        let html = try run(pack).folder.read("pack-2026-09.html")
        let headings = html.matches(of: /<h([1-6])[ >]/).compactMap { Int($0.1) }
        #expect(headings.first == 1 && headings.filter { $0 == 1 }.count == 1)
        #expect(zip(headings, headings.dropFirst()).allSatisfy { $1 <= $0 + 1 }, "no level is left out: \(headings)")
        #expect(html.matches(of: /<th[ >]/).count == html.matches(of: /<th scope="col"/).count && html.contains("<th scope"))
        let ids = html.matches(of: /\ id="([^"]*)"/).map { String($0.1) }
        #expect(Set(ids).count == ids.count)
        let targets = html.matches(of: /href="#([^"]*)"/).map { String($0.1) }
        #expect(targets.count == 6 && targets.allSatisfy(ids.contains))
        #expect(html.matches(of: /<svg[ ]/).count == html.matches(of: /role="img" aria-label="[^"]+"/).count)
        #expect(html.contains("<meta name=\"viewport\"") && html.contains("@media print") && html.contains("prefers-color-scheme:dark"))
        for outside in ["<script", "<link", "<img", "src=", "url(", "@import", "https:"] { #expect(!html.contains(outside), "\(outside)") }
        for tag in [
            "section", "table", "tr", "td", "th", "figure", "details", "ol", "li", "nav", "main", "p", "dl", "svg", "text", "div", "pre",
        ] {
            let opened = html.matches(of: try Regex("<\(tag)[ >]")).count
            #expect(opened == html.matches(of: try Regex("</\(tag)>")).count, "\(tag)")
        }
    }

    /// WCAG 2.1: text stands at 4.5 to 1 on every ground that it is written on, in both lights.
    @Test(arguments: [0, 1]) func coloursAreFarEnoughApart(_ light: Int) throws {
        let themes = PageStyle.colours.components(separatedBy: "@media")
        let values = Dictionary(
            themes[light].matches(of: /--([a-z0-9]+):#([0-9a-f]+)/).map { (String($0.1), String($0.2)) }, uniquingKeysWith: { $1 })
        func channels(_ hex: String) -> [Double] {
            let digits =
                hex.count == 3 ? hex.map { "\($0)\($0)" } : stride(from: 0, to: 6, by: 2).map { String(hex.dropFirst($0).prefix(2)) }
            return digits.compactMap { Int($0, radix: 16) }.map { Double($0) / 255 }
        }
        func luminance(_ colour: [Double]) -> Double {
            let linear = colour.map { $0 <= 0.03928 ? $0 / 12.92 : pow(($0 + 0.055) / 1.055, 2.4) }
            return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        }
        func contrast(_ a: [Double], _ b: [Double]) -> Double {
            let (x, y) = (luminance(a), luminance(b))
            return (max(x, y) + 0.05) / (min(x, y) + 0.05)
        }
        let colours = values.mapValues(channels)
        let paper = try #require(colours["paper"])
        for text in ["ink", "faint", "link"] {
            for ground in ["paper", "band"] {
                #expect(try contrast(#require(colours[text]), #require(colours[ground])) >= 4.5, "\(text) on \(ground)")
            }
        }
        // Parts of pictures need 3 to 1.
        for series in 0..<8 { #expect(try contrast(#require(colours["c\(series)"]), paper) >= 3, "c\(series)") }
        // The darkest cell of a heat map, of which 54 % is the first colour.
        let first = try #require(colours["c0"])
        let cell = zip(first, paper).map { $0 * 0.54 + $1 * 0.46 }
        #expect(try contrast(#require(colours["ink"]), cell) >= 4.5)
    }

    @Test func markdownSaysTheSame() throws {
        let text =
            pack.replacingOccurrences(of: ".html", with: ".md") + "from customers | select x: concat(\"```\", name) | bar count() by x\n"
        let page = try run(text).folder.read("pack-2026-09.md")
        #expect(page.hasPrefix("# Pack &lt;2026-09>\n"))
        for part in [
            "- month: 2026-09\n", "\n## Customers & money\n", "\n### Customers by \"tier\"\n\nOf all times.\n\nSecond paragraph.\n",
            "| tier | n |\n| --- | ---: |\n| gold | 2 |\n", "```text\nbalance (CNY): rows in each range\n",
            "\n*1 missing value is in no range*\n",
            "````text\ncount by x\n", "## Definitions used\n\n### segment rich\n",
        ] { #expect(page.contains(part), "\(part)") }
    }

    @Test func theSameDataMakesTheSameBytes() throws {
        let pages = try [1, 2, 2].map { try run(pack, threads: $0).folder.read("pack-2026-09.html") }
        #expect(pages[0] == pages[1] && pages[1] == pages[2])
    }

    @Test func aParameterNamesTheFile() throws {
        let (folder, _, _) = try run(pack, parameters: ["month": "2026-08"])
        #expect(try folder.names() == ["pack-2026-08.html", "store"])
    }

    @Test func nothingIsWrittenWhereSomethingFails() throws {
        let folder = try Folder()
        let session = try Session(storePath: nil, options: SessionOptions())
        defer { session.close() }
        session.fileFolder = folder.path
        try folder.write("report \"a.html\" \"A\"\nfrom tables()\nfrom tables() | assert count() = 7\n", to: "a.crmq")
        #expect(throws: QueryError.self) { try session.run(SourceText(name: "t", text: "run \"a.crmq\""), receiver: Transcript()) }
        #expect(try folder.names() == ["a.crmq"] && session.openReports == 0)
        // What follows is none of its business.
        let after = Transcript()
        try session.run(SourceText(name: "t", text: "from tables() | summarize n: count()"), receiver: after)
        #expect(after.text == "n\n0\n")
    }

    @Test func aReportEndsWithItsFileAndStandsInsideAnother() throws {
        let folder = try Folder()
        let session = try Session(storePath: nil, options: SessionOptions())
        defer { session.close() }
        session.fileFolder = folder.path
        try folder.write("param k: int = 1\nreport \"inner-{k}.html\"\n# Inner\nfrom tables()\n", to: "inner.crmq")
        try folder.write(
            "report \"one.html\" \"One\"\n# First\nfrom tables()\nrun \"inner.crmq\" with k = 5\n# Last\nfrom tables()\nreport \"two.html\"\n# Only\nfrom tables()\nreport end\nfrom tables() | summarize n: count()\n",
            to: "outer.crmq")
        let said = Transcript()
        try session.run(SourceText(name: "t", text: "run \"outer.crmq\""), receiver: said)
        #expect(
            said.text
                == "n\n0\nwrote inner-5.html: 1 table, 0 charts\nwrote one.html: 2 tables, 0 charts\nwrote two.html: 1 table, 0 charts\n")
        let (one, two, inner) = try (folder.read("one.html"), folder.read("two.html"), folder.read("inner-5.html"))
        #expect(one.contains(">First<") && one.contains(">Last<") && !one.contains(">Inner<") && !one.contains(">Only<"))
        #expect(two.contains(">Only<") && two.contains("<h1>two</h1>") && inner.contains("<dt>k</dt><dd>5</dd>"))
    }

    @Test(
        arguments: [
            ("report \"a.csv\" \"A\"", "a report is a page: a.csv"),
            ("report \"a-{nothing}.html\"", "there is no parameter nothing for the file's name"),
            ("report \"a.html\" \"{nothing}\"", "there is no parameter nothing for the title"), ("report end", "no report is open here"),
            ("report \"a.html\" title", "the end of the statement"), ("report \"none/a.html\"", "cannot write none/a.html: No such file"),
            ("report", "a query starts with `from`"),
        ]) func whatIsRefused(_ text: String, _ message: String) throws
    {
        do {
            _ = try run(text)
            Issue.record("\(text) runs")
        } catch let error as QueryError { #expect(error.message.contains(message), "\(error.message)") }
    }

    @Test func safeModeWritesNoPage() throws {
        do {
            _ = try run(pack, safe: true)
            Issue.record("it is written")
        } catch let error as QueryError { #expect(error.message == "writing a file is not allowed in safe mode") }
    }

    @Test func aLongTableIsShortenedAndSaysSo() throws {
        let html = try run("report \"long.html\"\nfrom customers | expand k: 1..400 | select customer_id, k\n").folder.read("long.html")
        #expect(html.contains("1,000 of 3,200 rows") && html.matches(of: /<tr>/).count == 1001)
    }

    @Test func aChineseTitleMakesAChinesePage() throws {
        let html = try run(
            "report \"z.html\" \"客户月报\"\n## 客户\n# 按等级\nfrom customers | bar count() by tier\n## 其他\nfrom customers | take 1\n"
        ).folder.read("z.html")
        #expect(html.contains("<html lang=\"zh\">") && html.contains(">目录</h2>") && html.contains("截至 "))
    }
}

private final class Folder {
    let path: String
    init() throws {
        path = NSTemporaryDirectory() + "crmq-report-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    func path(_ name: String) -> String { path + "/" + name }
    func read(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }
    func write(_ text: String, to name: String) throws { try text.write(toFile: path(name), atomically: true, encoding: .utf8) }
    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    func mode(_ name: String) throws -> Int {
        (try FileManager.default.attributesOfItem(atPath: path(name))[.posixPermissions] as? NSNumber)?.intValue ?? 0
    }
}
