import Foundation
import Storage
import Testing

/// The file cases of the Pollock benchmark. How each one loads here:
///
/// - as it is, equal to its clean twin: double_trailing_newline, escape_char_0x5C, field delimiters `;` tab and `, `, header_only,
///   no_header, no_trailing_newline, one_data_row, preamble (two lines are passed over, with a note),
///   record delimiters `\n` and lone `\r`;
/// - with its second and third header line as rows of text, unless told `skip`: header_multirow_2 and _3;
/// - a clear error: no_payload (empty), escape_char_0x00 and quotation_char_0x27 (quotes inside quotes, neither doubled nor escaped),
///   field_delimiter_0x20 (its texts hold bare spaces), multitable_less and _more (rows of another width), multitable_same (a broken row
///   in its second table; nothing tells the second header from a row). With `rejects` these keep the bad rows aside and load the rest.
@Suite struct ImportPollockTests {
    static let noData: Comment = "the folder shared/data is not beside the project"
    static let hasData = SharedData.has("pollock")

    private func clean(_ name: String) throws -> MemorySink {
        try importFiles([SharedData.path("pollock/clean/\(name).csv")]) {
            $0.delimiter = ","
            $0.quote = "\""
        }.sink
    }

    private func load(_ name: String, _ set: (inout ImportOptions) -> Void = { _ in }) throws -> Loaded {
        try importFiles([SharedData.path("pollock/csv/\(name).csv")], set)
    }

    @Test(
        .enabled(if: hasData, noData),
        arguments: [
            "file_double_trailing_newline", "file_escape_char_0x5C", "file_field_delimiter_0x3B", "file_field_delimiter_0x9",
            "file_field_delimiter_0x2C_0x20", "file_header_only", "file_no_header", "file_no_trailing_newline", "file_one_data_row",
            "file_preamble", "file_record_delimiter_0xA", "file_record_delimiter_0xD",
        ])
    func loadsLikeItsCleanTwin(_ name: String) throws {
        let expected = try clean(name)
        let loaded = try load(name)
        #expect(loaded.sink.schema == expected.schema)
        #expect(loaded.sink.rows.count == expected.rows.count)
        // The clean files quote every field, so what is missing in one is an empty text in the other.
        for (row, wanted) in zip(loaded.sink.rows, expected.rows) {
            #expect(row.map { $0 ?? "" } == wanted.map { $0 ?? "" })
        }
    }

    @Test(.enabled(if: hasData, noData)) func dateAndNames() throws {
        let loaded = try load("file_double_trailing_newline")
        #expect(loaded.summary.rows == 83)
        #expect(
            loaded.sink.types
                == "DATE date, TIME text, Qty int, PRODUCTID text, Price text, ProductType text, ProductDescription text, URL text, Comments text"
        )
        #expect(loaded.sink.rows[0].prefix(5) == ["2018-01-28", "00:00", "2", "MG-8769", "$74.69"])
        #expect(try load("file_preamble").summary.notes.first?.contains("passed over 2 lines") == true)
    }

    @Test(.enabled(if: hasData, noData), arguments: [2, 3]) func severalHeaderLines(_ lines: Int) throws {
        let name = "file_header_multirow_\(lines)"
        #expect(try load(name).summary.rows == 83 + lines - 1)
        let told = try load(name) { $0.skip = lines - 1 }
        #expect(told.summary.rows == 83)
        #expect(told.sink.schema[0] == ColumnSchema(name: "DATE", type: .date))
    }

    @Test(
        .enabled(if: hasData, noData),
        arguments: [
            ("file_no_payload", "is empty"), ("file_escape_char_0x00", "quote"), ("file_quotation_char_0x27", "quote"),
            ("file_multitable_same", "quote"), ("file_field_delimiter_0x20", "field where"),
            ("file_multitable_less", "fields where 9 are expected"), ("file_multitable_more", "fields where 9 are expected"),
        ])
    func isAClearError(_ name: String, _ says: String) throws {
        let path = SharedData.path("pollock/csv/\(name).csv")
        let error = #expect(throws: StorageError.self) { _ = try importFiles([path]) }
        #expect(error?.kind == .data)
        #expect(error?.message.hasPrefix("\(name).csv") == true)
        #expect(error?.message.contains(says) == true, "\(error?.message ?? "")")
    }

    @Test(.enabled(if: hasData, noData)) func severalTables() throws {
        let folder = try ImportFolder()
        let less = try load("file_multitable_less") { $0.rejects = folder.path("bad.csv") }
        #expect(less.summary.rows == 83)
        #expect(less.summary.rejected == 83)
        let same = try load("file_multitable_same") { $0.rejects = folder.path("bad.csv") }
        #expect(same.summary.rows + same.summary.rejected == 83 + 83)
    }
}
