import Storage
import Testing

@testable import Query

@Suite("charts")
struct ChartTests {
    private func draw(
        _ answer: Answer, _ spec: ChartSpec, width: Int = 40, styled: Bool = false, isASCII: Bool = false, format: OutputFormat = .table
    ) throws -> (text: String, notes: [String]) {
        var options = FormatOptions(terminal: format.name == "table" ? .init(width: width, styled: styled) : nil)
        options.isASCII = isASCII
        return try answer.written(format, options, shownAs: .chart(spec))
    }

    private let bars = Answer(
        [("city", .text), ("n", .int)],
        [[.text("杭州"), .integer(2000)], [.text("Xi'an"), .integer(1000)], [.null, .integer(1)], [.text("a\u{1b}[2J"), .null]])
    private let barSpec = ChartSpec(kind: .bar, along: 0, series: nil, values: [1])

    @Test("bars stand in one column behind labels of any width; nulls have no bar")
    func barsByWidth() throws {
        #expect(
            try draw(bars, barSpec).text == """
                n by city
                杭州   ███████████████████████████ 2,000
                Xi'an  █████████████▌ 1,000
                ∅      ▏ 1
                a␛[2J   ∅

                """)
    }

    @Test("no locale in UTF-8: ASCII alone around the data")
    func ascii() throws {
        let text = try draw(bars, barSpec, isASCII: true).text
        #expect(text.contains("Xi'an  ############## 1,000\n") && text.contains("null   # 1\n"))
        #expect(!text.contains("█") && !text.contains("∅"))
    }

    @Test("negative bars go to the left of a common zero")
    func negative() throws {
        let answer = Answer([("k", .text), ("v", .decimal(scale: 2))], [[.text("a"), .integer(-1000)], [.text("b"), .integer(3000)]])
        #expect(try draw(answer, barSpec).text == "v by k\na  ████████ -10.00\nb          ██████████████████████ 30.00\n")
    }

    @Test("a second key tells the bars of one label apart")
    func series() throws {
        let answer = Answer(
            [("k", .text), ("s", .text), ("v", .int)],
            [[.text("a"), .text("x"), .integer(1)], [.text("a"), .text("y"), .integer(2)], [.text("b"), .text("x"), .integer(1)]])
        let text = try draw(answer, ChartSpec(kind: .bar, along: 0, series: 1, values: [2])).text
        #expect(text == "v by k, s\na  x  ████████████████ 1\n   y  ████████████████████████████████ 2\nb  x  ████████████████ 1\n")
    }

    @Test("of very many bars the first are drawn, and the rest is told")
    func manyBars() throws {
        let many = Answer([("k", .int), ("v", .int)], (0..<250).map { [.integer($0), .integer($0)] })
        let (text, notes) = try draw(many, barSpec)
        #expect(text.split(separator: "\n").count == 101)
        #expect(notes == ["the first 100 of 250 rows are drawn; `top 20 by v` before it picks the largest"])
    }

    @Test("no rows and no values are said, not drawn", arguments: ChartSpec.Kind.allCases)
    func empty(_ kind: ChartSpec.Kind) throws {
        let columns: [(String, LogicalType)] = [("a", .text), ("b", .text), ("v", .int)]
        let spec = ChartSpec(kind: kind, along: 0, series: 1, values: [2])
        #expect(try draw(Answer(columns, []), spec).text.hasSuffix("no rows\n"))
        #expect(try draw(Answer(columns, []), spec, format: .svg).text.contains(">no rows</text>"))
        let nulls = Answer(columns, [[.null, .null, .null]])
        #expect(try draw(nulls, spec).text.count > 10)
        #expect(try draw(nulls, spec, format: .svg).text.hasSuffix("</svg>\n"))
    }

    private let line = Answer(
        [("m", .month), ("share", .decimal(scale: 6))], (0..<13).map { [.integer(2025 * 12 + $0), .integer($0 * 1_000_000 / 12)] })

    @Test("a line in dots, shares as per cent, months along the axis")
    func lines() throws {
        let text = try draw(line, ChartSpec(kind: .line, along: 0, series: nil, values: [1]), width: 60).text
        let rows = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(rows[0] == "share by m" && rows[1].hasPrefix("100% ┤") && rows[15].hasPrefix("  0% ┤"))
        #expect(rows[17].hasPrefix("      2025-01") && rows[17].contains("2025-07"))
        #expect(rows[1].unicodeScalars.last.map { (0x2801...0x28FF).contains($0.value) } == true, "the line ends at the top right")
        #expect(rows[15].unicodeScalars.first { (0x2801...0x28FF).contains($0.value) } != nil, "and begins at the bottom left")
        #expect(rows.allSatisfy { DisplayMeasure.cells(of: $0) <= 60 })
    }

    @Test("without colours several lines have letters, with colours dots")
    func severalLines() throws {
        let two = Answer([("x", .int), ("a", .int), ("b", .int)], (0..<5).map { [.integer($0), .integer($0), .integer(4 - $0)] })
        let spec = ChartSpec(kind: .line, along: 0, series: nil, values: [1, 2])
        let plain = try draw(two, spec).text
        #expect(plain.contains("* a   o b") && !plain.contains("\u{1b}"))
        let styled = try draw(two, spec, styled: true).text
        #expect(styled.contains("\u{1b}[34m━━\u{1b}[0m a") && styled.contains("\u{1b}[33m━━\u{1b}[0m b"))
    }

    @Test("a line of very many points is thinned alike everywhere, and keeps both ends and every peak")
    func samples() {
        var samples = LineSamples()
        for place in 0..<1_000_000 {
            samples.add((Double(place), place == 12_345 ? 999 : place == 900_001 ? -999 : place == 77 ? nil : Double(place % 11)))
        }
        let points = samples.points
        #expect(samples.found == 1_000_000 && points.count > 8000 && points.count < 17_000)
        #expect(points.contains { $0.x == 12_345 && $0.y == 999 } && points.contains { $0.x == 900_001 && $0.y == -999 })
        #expect(points.first?.x == 0 && points.last?.x == 999_999)
        #expect(zip(points, points.dropFirst()).allSatisfy { $0.x < $1.x && $1.x - $0.x < 512 })
        var few = LineSamples()
        for place in 0..<8192 { few.add((Double(place), place % 5 == 0 ? nil : 1)) }
        #expect(few.points.count == 8192 && few.points[5].y == nil && few.points[6].y == 1)
    }

    @Test("thinning keeps both ends and every peak")
    func thinned() {
        var points: [(x: Double, y: Double?)] = (0..<100_000).map { (Double($0), Double($0 % 7)) }
        points[51_234].y = 999
        points[70_001].y = -999
        points[500].y = nil
        while points.count > 1000 { points = ChartData.thinned(points) }
        #expect(points.contains { $0.x == 51_234 && $0.y == 999 } && points.contains { $0.x == 70_001 && $0.y == -999 })
        #expect(points.first?.x == 0 && points.last?.x == 99_999)
        #expect(zip(points, points.dropFirst()).allSatisfy { $0.x < $1.x })
    }

    private let map = Answer(
        [("m", .month), ("p", .int), ("r", .decimal(scale: 6))],
        [
            [.integer(24312), .integer(1), .integer(500_000)], [.integer(24312), .integer(0), .integer(1_000_000)],
            [.integer(24313), .integer(0), .integer(0)], [.integer(24313), .integer(1), .null],
        ])
    private let mapSpec = ChartSpec(kind: .heatmap, along: 0, series: 1, values: [2])

    @Test("a heat map's columns rise, what is missing stays blank")
    func heatMap() throws {
        #expect(try draw(map, mapSpec).text == "r by m, p\nm            0     1\n2026-01  █100% ▒ 50%\n2026-02     0%\n")
        let styled = try draw(map, mapSpec, styled: true).text
        #expect(styled.contains("\u{1b}[48;5;45;38;5;16m100%\u{1b}[0m"))
    }

    @Test("SVG: data is escaped, read aloud, and stays text")
    func svg() throws {
        let answer = Answer([("k", .text), ("v", .int)], [[.text("<script>&\"'\u{1}\u{202e}"), .integer(5)]])
        var spec = barSpec
        spec.unit = "CNY & <b>"
        let text = try draw(answer, spec, format: .svg).text
        #expect(text.contains("&lt;script&gt;&amp;&quot;&#39;␁\\u{202e}") && !text.contains("<script"))
        #expect(text.contains("role=\"img\" aria-label=\"v (CNY &amp; &lt;b&gt;) by k\""))
        #expect(text.contains("prefers-color-scheme:dark") && !text.contains("http://www.w3.org/1999") && !text.contains("NaN"))
    }

    @Test("HTML: one head, a table with headed columns, a chart as a figure")
    func html() throws {
        let text = try bars.written(.html, answers: 2).text
        #expect(text.components("<!doctype html>") == 1 && text.components("<table>") == 2)
        #expect(text.contains("<th scope=\"col\" class=\"r\">n</th>") && text.contains("<td class=\"null\">∅</td><td class=\"r\">1</td>"))
        let chart = try draw(bars, barSpec, format: .html).text
        #expect(chart.contains("<figure>") && chart.contains("<h1>n by city</h1>") && !chart.contains("<table>"))
    }

    @Test(
        "round steps and short numbers",
        arguments: [(0.0, 10.0, 5, 2.0), (0, 97, 4, 25), (-3, 3, 6, 1), (0, 0.7, 4, 0.2), (1e9, 5e9, 4, 1e9)])
    func steps(low: Double, high: Double, count: Int, step: Double) {
        let ticks = ChartScale.ticks(low, high, count: count)
        #expect(abs(ticks[1] - ticks[0] - step) < step * 1e-9)
        #expect(ticks[0] <= low && ticks[ticks.count - 1] >= high)
    }

    @Test(
        "numbers of an axis",
        arguments: [(1_500_000.0, 500_000.0, "1.5m"), (0.25, 0.05, "0.25"), (2500, 500, "2,500"), (25000, 5000, "25k"), (0, 1, "0")])
    func numbers(value: Double, step: Double, text: String) {
        #expect(ChartNumbers(largest: value, step: step).text(value) == text)
    }
}

extension String {
    fileprivate func components(_ part: String) -> Int {
        var count = 0
        var rest = self[...]
        while let range = rest.firstRange(of: part) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}
