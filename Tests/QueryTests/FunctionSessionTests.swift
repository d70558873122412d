import Storage
import Testing

@testable import Query

#if canImport(Glibc)
    import Glibc
#endif

/// Functions through the whole engine: parsed, bound, folded, compiled and run over a table.
@Suite struct FunctionSessionTests {
    private final class Collector: ResultReceiver {
        var columns: [ResultColumn] = []
        var rows: [[String]] = []

        func begin(columns: [ResultColumn]) { self.columns = columns }
        func rows(_ batch: ResultBatch) {
            for row in 0..<batch.rowCount {
                rows.append(
                    zip(columns, batch.columns).map { column, data in
                        if let nulls = data.nulls, nulls[row] != 0 { return "" }
                        switch data.values {
                        case .integers(let values): return CellText.string(.integer(values[row]), type: column.type)
                        case .doubles(let values): return CellText.string(.double(values[row]), type: column.type)
                        case .texts(let values): return values[row].string
                        }
                    })
            }
        }
        func end(_ footer: ResultFooter) {}
        func message(_ text: String) {}
        func progress(done: Int, total: Int, unit: String) {}
    }

    /// The rows that `query` answers with, over a file with these lines.
    private func rows(_ csv: String, _ query: (String) -> String) throws -> [[String]] {
        var template = Array("/tmp/crmq-functions-XXXXXX".utf8CString)
        let descriptor = template.withUnsafeMutableBufferPointer { mkstemp($0.baseAddress!) }
        #expect(descriptor >= 0)
        let path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        defer { unlink(path) }
        var bytes = Array(csv.utf8)
        #expect(write(descriptor, &bytes, bytes.count) == bytes.count)
        close(descriptor)
        var options = SessionOptions()
        options.asOf = nil
        let session = try Session(storePath: nil, options: options)
        defer { session.close() }
        let collector = Collector()
        try session.run(SourceText(name: "test", text: query(path)), receiver: collector)
        return collector.rows
    }

    @Test func everyExampleHoldsInTheEngine() throws {
        let examples = FunctionCatalogue.all.flatMap(\.examples)
        let items = examples.enumerated().map { "e\($0): \($1.expression)" }.joined(separator: ", ")
        let row = try #require(try rows("a\n1\n") { "from \"\($0)\" | select \(items)" }.first)
        #expect(row.count == examples.count)
        for (example, cell) in zip(examples, row) { #expect(cell == example.result, "\(example.expression)") }
    }

    @Test func columnsWithMissingValues() throws {
        let csv = "x,d,n\n12,2026-01-31,1\nn/a,2026-02-28,2\n,,3\n"
        let answer = try rows(csv) {
            "from \"\($0)\" | select a: x like \"%a\", b: x not like \"%a\", c: matches(x, \"[0-9]\"), e: matches(x, \"n\"), "
                + "f: d + 1mo, g: d + n * 1d, h: upper(x), i: concat(x, \"-\", n), j: try_int(x), k: is_workday(d), l: coalesce(x, \"?\"), "
                + "m: null_if(x, \"n/a\"), o: month(d) + 1mo, p: extract(x, \"[a-z]+\")"
        }
        #expect(
            answer == [
                [
                    "false", "true", "true", "false", "2026-02-28", "2026-02-01 00:00:00", "12", "12-1", "12", "false", "12", "12",
                    "2026-02", "",
                ],
                [
                    "true", "false", "false", "true", "2026-03-28", "2026-03-02 00:00:00", "N/A", "n/a-2", "", "false", "n/a", "",
                    "2026-03", "n",
                ],
                ["false", "true", "false", "false", "", "", "", "-3", "", "false", "?", "", "", ""],
            ])
    }

    /// A value that an earlier stage or a condition has taken out must not fail in a cast.
    @Test func onlyRowsThatAreAskedForAreCast() throws {
        let csv = "x\n12\nn/a\n7\n"
        #expect(try rows(csv) { "from \"\($0)\" | where x != \"n/a\" | select v: int(x)" } == [["12"], ["7"]])
        #expect(try rows(csv) { "from \"\($0)\" | select v: if x = \"n/a\" then null else int(x)" } == [["12"], [""], ["7"]])
        #expect(throws: QueryError.self) { try rows(csv) { "from \"\($0)\" | select v: int(x)" } }
    }
}
