import Storage
import Testing

@testable import Query

@Suite("table and vertical")
struct AlignedTests {
    private let answer = Answer(
        [("city", .text), ("n", .int), ("total", .decimal(scale: 2))],
        [
            [.text("杭州"), .integer(3), .integer(123_450)], [.text("Xi'an"), .integer(1_234_567), .integer(-99_999_999_999)],
            [.null, .integer(0), .null], [.text("👩‍🚀é́"), .integer(-12), .integer(5)],
        ])

    @Test("columns aligned by display width, numbers to the right, thousands grouped, null shown")
    func table() throws {
        #expect(
            try answer.text(.table) == """
                city           n            total
                ─────  ─────────  ───────────────
                杭州           3         1,234.50
                Xi'an  1,234,567  -999,999,999.99
                ∅              0                ∅
                👩‍🚀é́          -12             0.05

                """)
    }

    @Test("a left-aligned last column has no spaces behind it")
    func noTrailingSpaces() throws {
        let text = try Answer([("n", .int), ("t", .text)], [[.integer(1), .text("a")], [.integer(2), .text("bbb")]]).text(.table)
        #expect(text == "n  t\n─  ───\n1  a\n2  bbb\n")
    }

    @Test("years, dates and spans are not grouped")
    func spans() throws {
        let text = try Answer([("y", .year), ("m", .month)], [[.integer(2026), .integer(2026 * 12)]]).text(.table)
        #expect(text == "y     m\n────  ───────\n2026  2026-01\n")
    }

    @Test("no rows: the header alone")
    func empty() throws {
        #expect(try Answer([("a", .int)], []).text(.table) == "a\n─\n")
    }

    @Test("escapes, controls and bidi overrides are made visible")
    func hostile() throws {
        let text = try Answer(
            [("a\u{1b}", .text)],
            [[.text("\u{1b}[2J")], [.text("a\r\n\tb")], [.text("abc\u{202e}def")], [.text("\u{9b}31m\u{7f}")], [.text("z\u{200b}w")]]
        ).text(.table)
        #expect(
            text == """
                a␛
                ──────────────
                ␛[2J
                a␍␊␉b
                abc\\u{202e}def
                \\u{9b}31m␡
                z\\u{200b}w

                """)
        #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || (0x7F..<0xA0).contains($0.value) || $0.value == 0x202E })
    }

    @Test("only a terminal shortens, and by display width")
    func shortened() throws {
        let long = Answer([("id", .int), ("t", .text)], [[.integer(1), .text(String(repeating: "王", count: 30))]])
        let narrow = FormatOptions(terminal: .init(width: 24, styled: false))
        #expect(try long.text(.table, narrow) == "id  t\n──  ────────────────────\n 1  王王王王王王王王王…\n")
        #expect(try long.text(.table).contains(String(repeating: "王", count: 30)))
    }

    private let wideColumns: [(String, LogicalType)] = (1...6).map { ("column\($0)", .int) }

    @Test("columns that do not fit stand below, behind the first once more; three rows or fewer turn vertical")
    func tooWide() throws {
        let wide = Answer(wideColumns, (0..<4).map { row in (1...6).map { .integer(Int64(row * 10 + $0)) } })
        let (text, notes) = try wide.written(.table, FormatOptions(terminal: .init(width: 26, styled: false)))
        #expect(
            text == """
                column1  column2  column3
                ───────  ───────  ───────
                      1        2        3
                     11       12       13
                     21       22       23
                     31       32       33

                column1  column4  column5
                ───────  ───────  ───────
                      1        4        5
                     11       14       15
                     21       24       25
                     31       34       35

                column1  column6
                ───────  ───────
                      1        6
                     11       16
                     21       26
                     31       36

                """)
        #expect(notes.isEmpty)
        let few = Answer(wideColumns, [(0..<6).map { .integer(Int64($0)) }])
        #expect(try few.text(.table, FormatOptions(terminal: .init(width: 30, styled: false))).hasPrefix("── row 1 ──\ncolumn1  0\n"))
    }

    @Test("no line is wider than the terminal, whatever the columns are", arguments: [10, 20, 33, 47, 80, 121])
    func neverWider(width: Int) throws {
        for count in [1, 2, 5, 14] {
            let columns: [(String, LogicalType)] = (0..<count).map { ("name of column \($0)", $0 % 3 == 0 ? .text : .int) }
            let rows: [[Value]] = (0..<5).map { row in
                (0..<count).map { $0 % 3 == 0 ? .text(String(repeating: "王", count: row * $0 + 3)) : .integer(Int64(row) * 123_456) }
            }
            let text = try Answer(columns, rows).text(.table, FormatOptions(terminal: .init(width: width, styled: false)))
            // Lines of `name value` may be longer: nothing in them is shortened.
            for line in text.split(separator: "\n") where !text.hasPrefix("── row") {
                #expect(DisplayMeasure.cells(of: String(line)) <= width, "\(count) columns: \(line)")
            }
        }
    }

    @Test("where a pager moves to the sides, long tables stay in one piece")
    func scrolled() throws {
        let wide = Answer(wideColumns, (0..<30).map { row in (1...6).map { .integer(Int64(row * 10 + $0)) } })
        var options = FormatOptions(terminal: .init(width: 26, styled: false))
        options.terminal?.rowsScrolled = 20
        #expect(try wide.text(.table, options).split(separator: "\n").count == 32)
        options.terminal?.rowsScrolled = 40
        #expect(try wide.text(.table, options).split(separator: "\n").count == 96)
    }

    @Test("in ASCII the signs of a table are ASCII, and null is a word")
    func ascii() throws {
        var options = FormatOptions(terminal: .init(width: 12, styled: false))
        options.isASCII = true
        let text = try Answer([("t", .text)], [[.text("abcdefghijklmnopq")], [.null], [.text("")]]).text(.table, options)
        #expect(text == "t\n------------\nabcdefghijk~\nnull\n\n")
    }

    @Test("rows beyond the terminal's measure are counted in a note, elsewhere all are written")
    func manyRows() throws {
        let many = Answer([("n", .int)], (0..<5000).map { [.integer($0)] })
        let (text, notes) = try many.written(.table, FormatOptions(terminal: .init(width: 80, rowsMax: 10, styled: false)), batchRows: 1000)
        #expect(text.split(separator: "\n").count == 12)
        #expect(notes == ["10 of 5,000 rows shown; `to \"file.csv\"` or --format csv gives all"])
        #expect(try many.text(.table, batchRows: 1000).split(separator: "\n").count == 5002)
    }

    @Test("style only where asked for")
    func style() throws {
        let one = Answer([("t", .text)], [[.null]])
        #expect(try !one.text(.table).contains("\u{1b}"))
        #expect(
            try one.text(.table, FormatOptions(terminal: .init(width: 80, styled: true))) == "\u{1b}[1mt\u{1b}[0m\n─\n\u{1b}[2m∅\u{1b}[0m\n"
        )
    }

    @Test("vertical: names aligned by width")
    func vertical() throws {
        let text = try Answer([("城市", .text), ("n", .int)], [[.text("a\nb"), .integer(1000)], [.null, .integer(2)]]).text(.vertical)
        #expect(text == "── row 1 ──\n城市  a␊b\nn     1,000\n── row 2 ──\n城市  ∅\nn     2\n")
    }

    @Test(
        "cells of a terminal",
        arguments: [
            ("abc", 3), ("王芳", 4), ("é", 1), ("e\u{301}", 1), ("👍🏽", 2), ("👨‍👩‍👧", 2), ("🇨🇳", 2), ("ｱ", 1), ("，", 2), ("한국", 4), ("∅", 1),
            ("…", 1), ("❤️", 1),
        ])
    func widths(text: String, cells: Int) {
        #expect(DisplayMeasure.cells(of: text) == cells)
    }
}

@Suite("the terminal's door")
struct TerminalTextTests {
    @Test("messages keep their lines")
    func messages() {
        #expect(TerminalText.safe("one\n\ttwo\u{1b}]0;x\u{7}\u{2066}") == "one\n\ttwo␛]0;x␇\\u{2066}")
    }

    @Test("bytes that are not UTF-8 are shown, and none is lost")
    func invalid() {
        var out: [UInt8] = []
        let bytes: [UInt8] = [0x61, 0xFF, 0xC3, 0x28, 0xE7, 0x8E]
        bytes.withUnsafeBufferPointer { _ = TerminalText.append($0, to: &out) }
        #expect(String(decoding: out, as: UTF8.self) == "a\\x{ff}\\x{c3}(\\x{e7}\\x{8e}")
    }

    @Test("a terminal that is given csv gets no escapes, even where a character is cut in two by the buffer")
    func sink() throws {
        let memory = MemorySink()
        let door = TerminalSink(memory)
        for byte in Array("a王\u{1b}[1m,\u{202e}\n".utf8) { try [byte].withUnsafeBytes { try door.write($0) } }
        #expect(memory.string == "a王␛[1m,\\u{202e}\n")
    }
}
