import Testing

@testable import Storage

@Suite struct KeyTests {
    private func ids(_ values: [Int64?]) -> TestColumn { TestColumn("id", .int, values.map { $0.map { .integer($0) } ?? .null }) }

    private func failure(_ body: () throws -> Void) -> StorageError? {
        do {
            try body()
            return nil
        } catch {
            return error as? StorageError
        }
    }

    @Test func duplicateWithinALoad() throws {
        let folder = try TemporaryFolder().make()
        let store = try Store(path: folder.store)
        let error = failure { try write([ids([5, 1001, 7, 1001])], to: store, table: "customers", key: ["id"]) }
        #expect(error?.kind == .data)
        #expect(error?.message == "key id is not unique: 1001 stands 2 times")
        #expect(error?.hint?.contains("upsert") == true && error?.hint?.contains("replace") == true)
        #expect(try store.snapshot().version == 0)
    }

    @Test func nullKey() throws {
        let folder = try TemporaryFolder().make()
        let store = try Store(path: folder.store)
        let error = failure { try write([ids((0..<9000).map { $0 == 8500 ? nil : $0 })], to: store, key: ["id"]) }
        #expect(error?.message == "key id has no value in row 8501 of the new rows")
    }

    @Test func duplicateOfAnOlderRow() throws {
        let folder = try TemporaryFolder().make()
        let store = try Store(path: folder.store)
        try write([ids((0..<20_000).map { $0 * 2 })], to: store, key: ["id"])
        try write([ids((0..<20_000).reversed().map { $0 * 2 + 1 })], to: store, key: ["id"])
        #expect(failure { try write([ids([39_999])], to: store, key: ["id"]) }?.message == "key id is not unique: 39999 stands 2 times")
        try write([ids([40_000, 40_001])], to: store, key: ["id"])
        #expect(failure { try write([ids([-7, 12])], to: store, key: ["id"]) }?.message == "key id is not unique: 12 stands 2 times")
        #expect(try store.snapshot().table("t")?.rowCount == 40_002)
    }

    /// Values too far apart for a bitmap go by hashes.
    @Test func wideIntegers() throws {
        let folder = try TemporaryFolder().make()
        let store = try Store(path: folder.store)
        var random = SeededGenerator(seed: 4)
        let values = (0..<30_000).map { _ in Int64(bitPattern: random.next()) }
        try write([ids(values)], to: store, key: ["id"])
        #expect(
            failure { try write([ids([1, values[17]])], to: store, key: ["id"]) }?.message
                == "key id is not unique: \(values[17]) stands 2 times")
        try write([ids([.min, .max, 3])], to: store, key: ["id"])
    }

    @Test func textAndSeveralColumns() throws {
        let folder = try TemporaryFolder().make()
        let store = try Store(path: folder.store)
        let rows = 90_000
        // Nearly unique, so that some blocks are plain text.
        let names = TestColumn("name", .text, (0..<rows).map { .text("n\($0)") })
        try write([names], to: store, table: "people", key: ["name"])
        #expect(try store.snapshot().table("people")?.isCoded(column: 0) == false)
        let again = TestColumn("name", .text, [.text("new"), .text("n89999")])
        #expect(
            failure { try write([again], to: store, table: "people", key: ["name"]) }?.message
                == "key name is not unique: n89999 stands 2 times")

        let a = TestColumn("branch", .text, (0..<1000).map { .text("b\($0 % 10)") })
        let b = TestColumn("month", .month, (0..<1000).map { .integer(Int64(24_000 + $0 / 10)) })
        try write([a, b], to: store, table: "goals", key: ["branch", "month"])
        let message = failure {
            try write(
                [TestColumn("branch", .text, [.text("b3")]), TestColumn("month", .month, [.integer(24_001)])], to: store, table: "goals",
                key: ["branch", "month"])
        }?.message
        #expect(message == "key (branch, month) is not unique: b3, 2000-02 stands 2 times")
    }

    @Test func hashesInSeveralPasses() throws {
        let folder = try TemporaryFolder().make()
        let store = try Store(path: folder.store)
        let rows = 5000
        let a = TestColumn("a", .int, (0..<rows).map { .integer(Int64($0 % 70)) })
        let b = TestColumn("b", .float, (0..<rows).map { .double($0 == rows - 1 ? 3.5 : Double($0 / 70) + 0.5) })
        var last = a
        last.cells[rows - 1] = .integer(0)
        try write([last, b], to: store)
        guard var schema = try store.snapshot().table("t")?.schema, let table = try store.snapshot().table("t") else { return }
        schema.key = ["a", "b"]
        var state = table.state
        state.schema = schema
        let keyed = try store.open(state, domains: [])
        for rowsPerPass in [1 << 24, 1000, 100] {
            let error = failure { try KeyCheck(keyed, rowsPerPass: rowsPerPass).checkLastSegment(order: nil) }
            #expect(error?.message == "key (a, b) is not unique: 0, 3.5 stands 2 times")
        }
    }

    @Test func deletedRowsDoNotCount() throws {
        let folder = try TemporaryFolder().make()
        let store = try Store(path: folder.store)
        try write([ids((0..<1000).map { $0 })], to: store, key: ["id"])
        let upsert = try store.begin()
        try upsert.delete(from: "t", segment: 0, rows: [10, 11])
        let writer = try upsert.writer(for: "t")
        try writer.append(chunk([ids([11, 5000, 10])], 0..<3))
        try writer.finish()
        try upsert.commit(note: "upsert")
        #expect(try store.snapshot().table("t")?.rowCount == 1001)
        #expect(failure { try write([ids([10])], to: store, key: ["id"]) }?.message == "key id is not unique: 10 stands 2 times")
    }
}
