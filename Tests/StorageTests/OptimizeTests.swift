import Testing

@testable import Storage

@Suite struct OptimizeTests {
    private func table(_ seed: UInt64, rows: Int, idsFrom: Int) -> [TestColumn] {
        var random = SeededGenerator(seed: seed)
        return [
            TestColumn("id", .int, (0..<rows).map { .integer(Int64(idsFrom + $0)) }),
            TestColumn(
                "at", .timestamp,
                (0..<rows).map { _ in
                    Int.random(in: 0..<50, using: &random) == 0 ? .null : .integer(Int64.random(in: -500...500, using: &random) * 1_000_000)
                }),
            TestColumn(
                "s", .text,
                (0..<rows).map { _ in
                    Int.random(in: 0..<10, using: &random) == 0 ? .null : .text("w\(Int.random(in: 0..<200, using: &random))")
                }),
            TestColumn("u", .text, (0..<rows).map { i in i % 100 == 0 ? .null : .text("unique \(idsFrom + i)") }),
            TestColumn("x", .float, (0..<rows).map { _ in .double(Double.random(in: -1...1, using: &random)) }),
        ]
    }

    @Test(arguments: [nil, "at"]) func answersStay(time: String?) throws {
        let folder = try TemporaryFolder().make()
        let store = try Store(path: folder.store)
        try write(table(1, rows: 70_000, idsFrom: 0), to: store, key: ["id"], time: time)
        try write(table(2, rows: 30_000, idsFrom: 70_000), to: store, key: ["id"], time: time)
        let deletion = try store.begin()
        try deletion.delete(from: "t", segment: 0, rows: (0..<70_000).filter { $0 % 3 == 0 }.map { UInt32($0) })
        try deletion.commit(note: "delete")
        guard let before = try store.snapshot().table("t") else { return }
        let rows = try readAll(before)
        let transaction = try store.begin()
        try transaction.optimize("t")
        try transaction.commit(note: "optimize")
        guard let after = try Store(path: folder.store).snapshot().table("t") else { return }
        #expect(after.segments.count == 1 && after.rowCount == before.rowCount && after.segments[0].deletedCount == 0)
        let order = (0..<before.rowCount).sorted { a, b in
            guard time != nil else { return a < b }
            switch (rows[1][a], rows[1][b]) {
            case (.integer(let x), .integer(let y)): return x != y ? x < y : a < b
            case (.null, .null): return a < b
            default: return rows[1][b].isNull
            }
        }
        let optimized = try readAll(after)
        for c in 0..<5 { #expect(optimized[c] == order.map { rows[c][$0] }) }
        let dictionary = try after.dictionary(column: 2)
        for code in 1..<UInt32(dictionary.count) { #expect(dictionary[code - 1] < dictionary[code]) }
        #expect(try store.verify() == [])
        // The key still holds for later rows, and the dictionary still grows.
        try write(table(3, rows: 10, idsFrom: 100_000), to: store, key: ["id"])
        #expect(throws: StorageError.self) { try write(table(3, rows: 10, idsFrom: 99_999), to: store, key: ["id"]) }
    }

    @Test func rangesOfTime() throws {
        let folder = try TemporaryFolder().make()
        let store = try Store(path: folder.store)
        var random = SeededGenerator(seed: 9)
        let times: [Value] = (0..<30_000).map { i in
            i % 3 == 0 ? .integer(77) : i % 50 == 1 ? .null : .integer(Int64.random(in: -1000...1000, using: &random))
        }
        try write([TestColumn("d", .date, times), TestColumn("i", .int, (0..<30_000).map { .integer(Int64($0)) })], to: store, time: "d")
        guard let table = try store.snapshot().table("t") else { return }
        let transaction = try store.begin()
        try transaction.replaceTable("t", with: table.schema)
        let writer = try transaction.writer(for: "t")
        try TimeOrder.rewrite(
            table, column: 0, through: RowGatherer(table, codeMaps: [nil, nil], writer: writer), rowsPerRange: 700)
        try writer.finish()
        try transaction.commit(note: "sorted")
        guard let sorted = try store.snapshot().table("t") else { return }
        #expect(try TimeOrder.holds(sorted, column: 0))
        let read = try readAll(sorted)
        let order = (0..<30_000).sorted { a, b in
            switch (times[a], times[b]) {
            case (.integer(let x), .integer(let y)): return x != y ? x < y : a < b
            case (.null, .null): return a < b
            default: return times[b].isNull
            }
        }
        #expect(read[1] == order.map { .integer(Int64($0)) })
    }

    @Test func sortedOrder() {
        var random = SeededGenerator(seed: 3)
        for span: Int64 in [0, 5, 3000, .max] {
            let times = (0..<1000).map { _ in Int64.random(in: -(span / 2)...span / 2, using: &random) }
            let expected = (0..<1000).sorted { (a: Int, b: Int) -> Bool in times[a] != times[b] ? times[a] < times[b] : a < b }
            #expect(TimeOrder.sortedOrder(times) == expected.map { UInt32($0) })
        }
        #expect(TimeOrder.sortedOrder([.max, .min, 0]) == [1, 2, 0])
    }
}
