import Storage
import Testing

/// Files that nobody should have written: each gives one clear error or a right answer, and never a trap.
@Suite struct ImportMalformedTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: [UInt8]
        /// What the error says; nil: it loads.
        var error: String?
        var rows = 0
        var testDescription: String { name }

        init(_ name: String, _ text: String, error: String) {
            self.init(name, Array(text.utf8), error: error)
        }
        init(_ name: String, _ bytes: [UInt8], error: String) {
            self.name = name
            self.bytes = bytes
            self.error = error
        }
        init(_ name: String, _ text: String, rows: Int) {
            self.name = name
            bytes = Array(text.utf8)
            self.rows = rows
        }
    }

    static let cases: [Case] = [
        Case("nothing", "", error: "t.csv is empty: it has no header and no rows"),
        Case("only line ends", "\n\n\r\n\n", error: "is empty"),
        Case("only spaces", "   \n  \n", error: "is empty"),
        Case("only a byte order mark", [0xEF, 0xBB, 0xBF], error: "is empty"),
        Case("half a mark", [0xFF, 0xFE], error: "is empty"),
        Case("one byte", "x", rows: 0),
        Case("one quote", "\"", error: "t.csv, line 1: the quote that opens here is never closed"),
        Case("quote never closed", "a,b\n1,2\n3,\"x\n4,5\n6,7\n", error: "t.csv, line 3: the quote that opens here is never closed"),
        Case("quote never closed in the last field", "a,b\n1,2\n3,\"x", error: "t.csv, line 3: the quote that opens here is never closed"),
        Case(
            "text after a quote", "a,b\n1,2\n3,\"x\"y\n4,5\n", error: "t.csv, line 3, column b: text stands after a field's closing quote"),
        Case("lone quote inside quotes", "a,b\n1,2\n3,\"x\"y\"\n", error: "t.csv, line 3, column b: a quote stands inside"),
        Case("lone quote in a bare field", "a,b\n1,2\n3,x\"y\n", rows: 2),
        Case("too few fields", "a,b,c\n1,2,3\n4,5\n", error: "t.csv, line 3: 2 fields where 3 are expected"),
        Case("too many fields", "a,b\n1,2\n3,4,5\n", error: "t.csv, line 3: 3 fields where 2 are expected"),
        Case("ragged after a quoted line end", "a,b\n\"x\ny\",2\n3,4,5\n", error: "t.csv, line 4: 3 fields"),
        Case("trailing delimiter", "a,b\n1,2,\n", error: "t.csv, line 2: 3 fields where 2"),
        Case("delimiters alone", ",,,\n,,,\n,,,\n", rows: 3),
        Case("one delimiter", ",", rows: 1),
        Case("blank lines between", "a,b\n\n1,2\n\r\n\n3,4\n\n\n", rows: 2),
        Case("a NUL in a text", "a,b\n1,x\u{0}y\n2,z\n", rows: 2),
        Case("NULs alone", [UInt8](repeating: 0, count: 100), error: ""),
        Case("bad UTF-8", Array("a,b\n1,".utf8) + [0xC3, 0x28, 10], error: "t.csv, line 2: byte 0xc3 is not UTF-8"),
        Case("an overlong form", Array("a,b\n1,".utf8) + [0xC0, 0x80, 10], error: "is not UTF-8"),
        Case("a surrogate in UTF-8", Array("a,b\n1,".utf8) + [0xED, 0xA0, 0x80, 10], error: "is not UTF-8"),
        Case("a sequence cut by the end", Array("a,b\n1,x".utf8) + [0xE4, 0xBD], error: "is not UTF-8"),
        Case("bad UTF-8 in the header", [0xE9] + Array(",b\n1,2\n".utf8), error: "is not UTF-8"),
        Case("odd UTF-16", [0xFF, 0xFE, 0x61, 0, 0x2C, 0, 0x62, 0, 10, 0, 0x31], error: "ends in the middle of a character"),
        Case("lone surrogate in UTF-16", [0xFF, 0xFE, 0x61, 0, 0x2C, 0, 0x62, 0, 10, 0, 0, 0xD8, 0x31, 0], error: "not UTF-16LE"),
        Case("a mixed record end", "a,b\r\n1,2\n3,4\r\n", rows: 2),
        Case("carriage returns in a field", "a,b\n1,x\ry\n2,z\n", rows: 2),
        Case("no last line end", "a,b\n1,2\n3,4", rows: 2),
        Case("a duplicate header", "a,a\n1,2\n", rows: 1),
        Case("an empty header", ",\n1,2\n", rows: 2),
        Case("a quoted header with a line end", "\"a\nb\",c\n1,2\n3\n", error: "t.csv, line 4: 1 field where 2"),
        Case("binary", (0..<5000).map { UInt8(truncatingIfNeeded: ($0 &* 7919) ^ ($0 >> 3)) }, error: ""),
        Case(
            "an ELF file", [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0] + [UInt8](repeating: 0, count: 64) + (128...255).map { UInt8($0) },
            error: ""),
        Case(
            "a gzip file by another name, torn", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3], error: "is not complete, or not a gzip file"
        ),
        Case("huge numbers", "a\n" + String(repeating: "9", count: 5000) + "\n", rows: 1),
        Case("a huge exponent", "a,b\n1e999999999999,2\n", rows: 1),
        Case("impossible dates", "a,b\n2026-13-45,1\n0000-00-00,2\n", rows: 2),
        Case("minus signs", "a,b\n-,--1\n-,1-\n", rows: 2),
    ]

    @Test(arguments: cases) func givesOneErrorOrARightAnswer(_ malformed: Case) throws {
        if let says = malformed.error {
            let error = importError(malformed.bytes)
            #expect(error?.kind == .data || (says.isEmpty && error == nil))
            #expect(error == nil || error!.message.hasPrefix("t.csv"), "\(error?.message ?? "")")
            #expect(says.isEmpty || error?.message.contains(says) == true, "\(error?.message ?? "no error")")
        } else {
            let loaded = try importBytes(malformed.bytes)
            #expect(loaded.summary.rows == malformed.rows)
        }
    }

    @Test func nulBytesAreText() throws {
        #expect(try importText("a,b\n1,x\u{0}y\n2,z\n").sink.column("b") == ["x\u{0}y", "z"])
    }

    @Test func aHugeFieldLoads() throws {
        let big = String(repeating: "lorem, \"\"ipsum\"\"\n", count: 300_000)
        let loaded = try importText("a,b\n1,\"\(big)\"\n2,x\n")
        #expect(loaded.sink.rows.count == 2)
        #expect(loaded.sink.rows[0][1]?.utf8.count == 300_000 * 15)
        #expect(loaded.sink.rows[1] == ["2", "x"])
    }

    @Test func aRecordWithoutEndIsAnErrorThatNamesItsLine() {
        let error = importError("a,b\n1,2\n2,\"" + String(repeating: "x", count: 70 << 20) + "\"\n")
        #expect(error?.kind == .data)
        #expect(error?.message == "t.csv, line 3: a quoted field that begins here is longer than 64 MB")
    }

    @Test func anUnclosedQuoteIsAnErrorEvenWithRejects() throws {
        let folder = try ImportFolder()
        let error = importError("a,b\n1,2\n3,\"x\n4,5\n") { $0.rejects = folder.path("bad.csv") }
        #expect(error?.message == "t.csv, line 3: the quote that opens here is never closed")
    }
}
