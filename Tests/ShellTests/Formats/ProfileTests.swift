import Storage
import Testing

@testable import Query

@Suite("profile on a screen")
struct ProfileTests {
    private let columns: [(String, LogicalType)] = ProfileRow.columns.map { ($0.name, $0.type) }

    private func row(_ values: [String?], rows: Int64, missing: Int64, distinct: Int64) -> [Value] {
        func text(_ place: Int) -> Value { values[place].map { .text($0) } ?? .null }
        return [text(0), text(1), .integer(rows), .integer(missing), .integer(distinct)] + (2..<10).map(text)
    }

    private var answer: Answer {
        Answer(
            columns,
            [
                row(
                    ["余额", "decimal(2)", "-35.10", "600.00", "98000.00", "250000.50", "1500000.00", "299880.84285714", "1.00 (2)", "▁▂█"],
                    rows: 1000, missing: 17, distinct: 6),
                row(["id", "int", "1", "2.5", "4", "6", "1000", nil, nil, nil], rows: 1000, missing: 0, distinct: 1000),
            ])
    }

    @Test("two lines a column, numbers grouped, names by display width, wrapped by the width")
    func screen() throws {
        let text = try answer.written(.table, FormatOptions(terminal: .init(width: 60, styled: false)), shownAs: .profile).text
        #expect(
            text == """
                1,000 rows, 2 columns
                column  type          missing  distinct  shape
                余额    decimal(2)  17 (1.7%)         6  ▁▂█
                  min -35.10 · 25% 600.00 · median 98,000.00
                  75% 250,000.50 · max 1,500,000.00 · mean 299,880.8429
                  top 1.00 (2)
                id      int                 0     1,000
                  min 1 · 25% 2.5 · median 4 · 75% 6 · max 1,000
                  all different

                """)
    }

    @Test("in ASCII the shape is drawn with signs")
    func ascii() throws {
        var options = FormatOptions(terminal: .init(width: 100, styled: false))
        options.isASCII = true
        let text = try answer.written(.table, options, shownAs: .profile).text
        #expect(text.contains("  .:@\n") && !text.contains("▁") && !text.contains("·"))
    }

    @Test("a sparkline's blocks rise with its numbers, gaps stay open")
    func sparkline() {
        #expect(Sparkline.text([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█")
        #expect(Sparkline.text([5, nil, 10]) == "▁ █" && Sparkline.text([5, 5]) == "▄▄" && Sparkline.text([0, 0], from: 0) == "▁▁")
        #expect(Sparkline.text([]) == "" && Sparkline.text([nil]) == " ")
        #expect(Sparkline.merged([1, 2, 3, 4, 5], most: 3) == [3, 7, 5])
    }
}
