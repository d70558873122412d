import Storage
import Testing

@testable import Query

@Suite("csv and tsv")
struct DelimitedTests {
    private func oneColumn(_ texts: [String?]) -> Answer {
        Answer([("t", .text)], texts.map { [$0.map(Value.text) ?? .null] })
    }

    @Test("every type in its canonical text")
    func types() throws {
        let answer = Answer(
            [
                ("b", .bool), ("i", .int), ("d", .decimal(scale: 2)), ("f", .float), ("t", .text), ("day", .date), ("ts", .timestamp),
                ("w", .week),
                ("m", .month), ("q", .quarter), ("y", .year), ("span", .duration),
            ],
            [
                [
                    .integer(1), .integer(-7), .integer(-5), .double(0.1), .text("x"), .integer(20_726), .integer(1_790_769_600_000_000),
                    .integer(2961), .integer(2026 * 12 + 8), .integer(2026 * 4 + 2), .integer(2026), .integer(90_061_500_000),
                ],
                [.null, .null, .null, .null, .null, .null, .null, .null, .null, .null, .null, .null],
            ])
        #expect(
            try answer.text(.csv) == """
                b,i,d,f,t,day,ts,w,m,q,y,span
                true,-7,-0.05,0.1,x,2026-09-30,2026-09-30 12:00:00,2026-W40,2026-09,2026-Q3,2026,1d 1h 1min 1.5s
                ,,,,,,,,,,,

                """)
    }

    @Test("null is an empty field, empty text is two quotes")
    func nullAndEmpty() throws {
        #expect(try oneColumn([nil, "", "a"]).text(.csv) == "t\n\n\"\"\na\n")
        #expect(try oneColumn([nil, "", "a"]).text(.tsv) == "t\n\n\"\"\na\n")
    }

    @Test(
        "quotes exactly where they are needed",
        arguments: [
            ("plain", "plain"), ("a,b", "\"a,b\""), ("say \"hi\"", "\"say \"\"hi\"\"\""), ("two\nlines", "\"two\nlines\""),
            ("cr\rhere", "\"cr\rhere\""), (" lead", "\" lead\""), ("trail ", "\"trail \""), ("in side", "in side"), ("\"", "\"\"\"\""),
            (" ", "\" \""), ("tab\there", "tab\there"), ("王,芳", "\"王,芳\""), ("张伟", "张伟"), ("12345678,", "\"12345678,\""),
            ("1234567,", "\"1234567,\""), ("12345,", "\"12345,\""), ("123,", "\"123,\""), (",", "\",\""),
            ("0123456789abcdef", "0123456789abcdef"),
            ("0123456789abcdef\"g", "\"0123456789abcdef\"\"g\""),
        ])
    func quoting(text: String, field: String) throws {
        #expect(try oneColumn([text]).text(.csv) == "t\n\(field)\n")
    }

    @Test("a tab asks for quotes in tsv, a comma does not")
    func tabs() throws {
        #expect(try oneColumn(["a\tb", "a,b"]).text(.tsv) == "t\n\"a\tb\"\na,b\n")
    }

    @Test("column names are quoted too")
    func header() throws {
        #expect(try Answer([("a,b", .int), (" c", .int)], []).text(.csv) == "\"a,b\",\" c\"\n")
    }

    @Test("answers follow each other without blank lines")
    func severalAnswers() throws {
        #expect(try oneColumn(["x"]).text(.csv, answers: 2) == "t\nx\nt\nx\n")
    }

    @Test(
        "a file for a spreadsheet runs nothing",
        arguments: [
            ("=1+1", "'=1+1"), ("+86 138", "'+86 138"), ("-x", "'-x"), ("@a", "'@a"), ("\tx", "'\tx"), ("\rx", "\"'\rx\""),
            ("=a,b", "\"'=a,b\""),
            ("a=b", "a=b"), ("'=1", "'=1"), ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
        ])
    func formulas(text: String, field: String) throws {
        #expect(try oneColumn([text]).text(.csv, FormatOptions(defusesFormulas: true)) == "t\n\(field)\n")
    }

    @Test("numbers are never defused, and nothing is without the option")
    func notDefused() throws {
        let answer = Answer([("n", .int), ("t", .text)], [[.integer(-5), .text("=1")]])
        #expect(try answer.text(.csv, FormatOptions(defusesFormulas: true)) == "n,t\n-5,'=1\n")
        #expect(try answer.text(.csv) == "n,t\n-5,=1\n")
    }

    @Test("texts longer than the buffer arrive whole")
    func long() throws {
        let plain = String(repeating: "x", count: 10_000)
        let quoted = String(repeating: "\"", count: 10_000)
        #expect(try oneColumn([plain, quoted, "z"]).text(.csv) == "t\n\(plain)\n\"\(quoted)\(quoted)\"\nz\n")
    }

    @Test("what is written reads back, whatever the bytes")
    func roundTrip() throws {
        let seed: UInt64 = 20_260_930
        var random = SeededGenerator(seed: seed)
        let alphabet: [Character] = ["a", "b", ",", "\"", "\n", "\r", " ", "王", "é", "\t", "'", ";"]
        for delimited in [(OutputFormat.csv, Character(",")), (OutputFormat.tsv, Character("\t"))] {
            let texts: [String?] = (0..<400).map { _ in
                if Int.random(in: 0..<10, using: &random) == 0 { return nil }
                return String((0..<Int.random(in: 0..<24, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "a" })
            }
            let rows = stride(from: 0, to: texts.count, by: 2).map {
                [texts[$0].map(Value.text) ?? .null, texts[$0 + 1].map(Value.text) ?? .null]
            }
            let text = try Answer([("a", .text), ("b", .text)], rows).text(delimited.0, batchRows: 7)
            let back = parse(text, delimiter: delimited.1)
            #expect(back.dropFirst().flatMap { $0 } == texts, "seed \(seed)")
        }
    }

    /// A small reader of quoted fields, written for this test alone: unquoted empty is nil.
    private func parse(_ text: String, delimiter: Character) -> [[String?]] {
        let scalars = Array(text.unicodeScalars)
        let separator = delimiter.unicodeScalars.first
        var rows: [[String?]] = []
        var row: [String?] = []
        var field = String.UnicodeScalarView()
        var wasQuoted = false
        var inside = false
        var at = 0
        func close() {
            row.append(field.isEmpty && !wasQuoted ? nil : String(field))
            field = String.UnicodeScalarView()
            wasQuoted = false
        }
        while at < scalars.count {
            let scalar = scalars[at]
            if inside {
                if scalar == "\"" {
                    if at + 1 < scalars.count, scalars[at + 1] == "\"" {
                        field.append(scalar)
                        at += 1
                    } else {
                        inside = false
                    }
                } else {
                    field.append(scalar)
                }
            } else if scalar == "\"" {
                inside = true
                wasQuoted = true
            } else if scalar == separator {
                close()
            } else if scalar == "\n" {
                close()
                rows.append(row)
                row = []
            } else {
                field.append(scalar)
            }
            at += 1
        }
        return rows
    }
}
