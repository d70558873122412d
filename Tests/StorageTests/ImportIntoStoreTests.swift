import Storage
import Testing

/// Import into a real table: what the sinks of the other tests cannot show.
@Suite struct ImportIntoStoreTests {
    private func load(_ path: String, into store: Store, _ table: String) throws -> ImportSummary {
        let transaction = try store.begin()
        var writer: TableWriter?
        let summary = try Importer(paths: [path], options: ImportOptions()).load(
            makeWriter: { columns -> TableWriter in
                writer?.cancel()
                let schema = TableSchema(name: table, columns: columns)
                if transaction.schema(of: table) == nil {
                    try transaction.createTable(schema)
                } else {
                    try transaction.replaceTable(table, with: schema)
                }
                let made = try transaction.writer(for: table)
                writer = made
                return made
            }, progress: { _ in })
        try writer?.finish()
        try transaction.commit(note: "load \(table)")
        return summary
    }

    @Test func aLateSurpriseLeavesOneWholeTable() throws {
        let folder = try ImportFolder()
        var bytes = Array("id,name,amount\n".utf8)
        for i in 0..<100_000 { bytes += Array("\(i),customer \(i % 700),\(i)\n".utf8) }
        bytes += Array("100000,\"the, last\",0.25\n".utf8)
        let path = try folder.write("t.csv", bytes)
        let store = try Store(path: folder.path("store"))
        let summary = try load(path, into: store, "t")
        #expect(summary.rows == 100_001)
        let table = try #require(try store.snapshot().table("t"))
        #expect(table.rowCount == 100_001)
        #expect(table.schema.columns.map(\.type) == [.int, .text, .decimal(scale: 2)])
        #expect(table.segments.count == 1)
        let segment = table.segments[0]
        var values = [Int64](repeating: 0, count: SegmentReader.rowsPerBlock)
        var nulls = [UInt8](repeating: 0, count: SegmentReader.rowsPerBlock)
        var sum: Int64 = 0
        for block in 0..<segment.blockCount {
            let first = block * SegmentReader.rowsPerBlock
            let count = min(SegmentReader.rowsPerBlock, segment.rowCount - first)
            #expect(try !segment.integers(column: 2, firstRow: first, count: count, into: &values, nulls: &nulls))
            for i in 0..<count { sum += values[i] }
        }
        #expect(sum == 100 * (99_999 * 100_000 / 2) + 25)
        #expect(try store.verify().isEmpty)
    }
}
