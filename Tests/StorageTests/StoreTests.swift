#if canImport(Glibc)
    import Glibc
#endif
import Testing

@testable import Storage

@Suite struct StoreTests {
    private func numbers(_ values: [Int64], _ name: String = "n") -> TestColumn { TestColumn(name, .int, values.map { .integer($0) }) }

    private func values(_ snapshot: Snapshot, _ table: String = "t", column: Int = 0) throws -> [Int64] {
        guard let table = snapshot.table(table) else { return [] }
        return try readAll(table)[column].map { if case .integer(let v) = $0 { v } else { -1 } }
    }

    @Test func emptyStoreNeedsNoFolder() throws {
        let folder = try TemporaryFolder().make()
        let store = try Store(path: folder.store)
        #expect(try store.snapshot().version == 0)
        #expect(try store.versions().isEmpty && store.verify().isEmpty)
        var options = Store.Options()
        options.readOnly = true
        #expect(throws: StorageError.self) { try Store(path: folder.store, options: options) }
        do {
            let transaction = try store.begin()
            transaction.abort()
        }
        #expect(try PosixFileSystem.shared.list(folder.store) == nil)
    }

    @Test func abortedAndReleasedTransactionsLeaveNothing() throws {
        let folder = try TemporaryFolder().make()
        let store = try Store(path: folder.store)
        try write([numbers([1, 2, 3])], to: store)
        let before = try PosixFileSystem.shared.list(folder.store)?.sorted()
        do {
            let transaction = try store.begin()
            let writer = try transaction.writer(for: "t")
            try writer.append(chunk([numbers(Array(0..<200_000))], 0..<200_000))
            try writer.finish()
            transaction.setDefinition("x", [1])
        }
        #expect(try PosixFileSystem.shared.list(folder.store)?.sorted() == before)
        #expect(try values(store.snapshot()) == [1, 2, 3])
    }

    @Test func versionsDeletesAndVacuum() throws {
        let folder = try TemporaryFolder().make()
        let store = try Store(path: folder.store)
        try write([numbers(Array(0..<20_000))], to: store)
        let first = try store.snapshot()
        let transaction = try store.begin()
        try transaction.delete(from: "t", segment: 0, rows: [0, 5, 19_999])
        try transaction.delete(from: "t", segment: 0, rows: [5, 6])
        try transaction.commit(note: "delete")
        let more = try store.begin()
        try more.delete(from: "t", segment: 0, rows: (100..<12_000).map { UInt32($0) })
        try more.commit(note: "delete more")

        #expect(try store.versions().map(\.number) == [1, 2, 3])
        #expect(try store.versions().map(\.note) == ["test", "delete", "delete more"])
        #expect(try values(first).count == 20_000)
        let gone: Set<Int64> = [0, 5, 6, 19_999]
        let second: [Int64] = (0..<20_000).filter { !gone.contains($0) }
        let newest: [Int64] = second.filter { $0 < 100 || $0 >= 12_000 }
        #expect(try values(store.snapshot(version: 2)) == second)
        #expect(try values(store.snapshot()) == newest)
        #expect(try store.verify() == [])
        #expect(throws: StorageError.self) { try store.snapshot(version: 9) }

        // A reader of another process, opened before the vacuum.
        let other = try Store(path: folder.store).snapshot(version: 1)
        let vacuumed = try store.vacuum()
        #expect(vacuumed.files == 3 && vacuumed.bytes > 0)
        #expect(try values(other).count == 20_000)
        #expect(try store.versions().map(\.number) == [3])
        #expect(try values(store.snapshot()) == newest)
        #expect(try values(Store(path: folder.store).snapshot()) == newest)
        #expect(throws: StorageError.self) { try Store(path: folder.store).snapshot(version: 2) }
        #expect(try store.vacuum() == (0, 0))
    }

    @Test func deletingEveryRowDropsTheSegment() throws {
        let folder = try TemporaryFolder().make()
        let store = try Store(path: folder.store)
        try write([numbers([1, 2])], to: store)
        let transaction = try store.begin()
        try transaction.delete(from: "t", segment: 0, rows: [0, 1])
        try transaction.commit(note: "delete")
        #expect(try store.snapshot().table("t")?.rowCount == 0)
        #expect(try store.snapshot().table("t")?.segments.count == 0)
        #expect(try store.verify() == [])
    }

    @Test func schemaChanges() throws {
        let folder = try TemporaryFolder().make()
        let store = try Store(path: folder.store)
        try write([numbers([1]), TestColumn("s", .text, [.text("a")])], to: store, key: ["n"])
        let transaction = try store.begin()
        try transaction.renameColumn("n", of: "t", to: "号")
        try transaction.renameTable("t", to: "u")
        try transaction.createTable(TableSchema(name: "t", columns: [ColumnSchema(name: "d", type: .decimal(scale: 2))]))
        #expect(throws: StorageError.self) { try transaction.createTable(TableSchema(name: "u", columns: [])) }
        #expect(throws: StorageError.self) { try transaction.renameTable("u", to: "t") }
        #expect(throws: StorageError.self) { try transaction.renameColumn("s", of: "u", to: "号") }
        #expect(throws: StorageError.self) { try transaction.dropTable("nothing") }
        transaction.setDefinition("segment vip", Array("balance > 1m".utf8))
        try transaction.commit(note: "rename")
        var snapshot = try Store(path: folder.store).snapshot()
        #expect(snapshot.table("u")?.schema.key == ["号"])
        #expect(try values(snapshot, "u") == [1])
        #expect(snapshot.table("t")?.schema.columns[0].type == .decimal(scale: 2))
        #expect(snapshot.definitions["segment vip"] == Array("balance > 1m".utf8))
        let ids = snapshot.table("u")?.schema.columns.map(\.id)

        let replace = try store.begin()
        try replace.replaceTable(
            "u",
            with: TableSchema(
                name: "u", columns: [ColumnSchema(name: "s", type: .text), ColumnSchema(name: "号", type: .text)], key: ["s"]))
        let writer = try replace.writer(for: "u")
        try writer.append(
            chunk([TestColumn("s", .text, [.text("b"), .text("c")]), TestColumn("号", .text, [.null, .text("d")])], 0..<2))
        try writer.finish()
        try replace.dropTable("t")
        replace.setDefinition("segment vip", nil)
        try replace.commit(note: "replace")
        snapshot = try Store(path: folder.store).snapshot()
        let replaced = snapshot.table("u")?.schema.columns.map(\.id)
        #expect(replaced?[0] == ids?[1] && replaced?[1] == 2)
        #expect(snapshot.tables.count == 1 && snapshot.definitions.isEmpty)
        #expect(try snapshot.table("u").map { try readAll($0) } == [[.text("b"), .text("c")], [.null, .text("d")]])
    }

    /// Codes are permanent: a longer dictionary begins with the shorter one.
    @Test func dictionariesGrow() throws {
        let folder = try TemporaryFolder().make()
        let store = try Store(path: folder.store)
        var all: [String] = []
        var previous: TextDictionary?
        for commit in 0..<5 {
            let texts = (0..<100).map { "text \($0 % (10 + commit * 20)) ü" }
            all += texts
            try write([TestColumn("s", .text, texts.map { .text($0) })], to: commit % 2 == 0 ? store : Store(path: folder.store))
            guard let table = try store.snapshot().table("t") else { return }
            let dictionary = try table.dictionary(column: 0)
            #expect(dictionary.count == min(100, 10 + commit * 20))
            if let previous {
                for code in 0..<UInt32(previous.count) { #expect(previous[code] == dictionary[code]) }
            }
            for code in 0..<UInt32(dictionary.count) { #expect(dictionary.code(of: dictionary[code]) == code) }
            previous = dictionary
            #expect(try readAll(table)[0] == all.map { .text($0) })
        }
        guard let dictionary = previous else { return }
        let ranks = dictionary.ranks
        let codes = Array(0..<UInt32(dictionary.count))
        let sorted = codes.sorted { (a: UInt32, b: UInt32) -> Bool in
            dictionary[a].string.utf8.lexicographicallyPrecedes(dictionary[b].string.utf8)
        }
        let places = sorted.map { (code: UInt32) -> UInt32 in ranks[Int(code)] }
        #expect(places == codes)
        let made = TextDictionary(["b", "a", "b", "", "abcdefgh1", "abcdefgh0"])
        #expect(Array(made.ranks) == [4, 1, 4, 0, 3, 2])
        #expect(made.code(of: made[2]) == 0)
    }

    @Test func oneWriterAtATime() throws {
        let folder = try TemporaryFolder().make()
        let store = try Store(path: folder.store)
        let other = try Store(path: folder.store)
        let transaction = try store.begin()
        do {
            _ = try other.begin()
            Issue.record("two writers")
        } catch let error as StorageError {
            #expect(error.kind == .environment && error.message.contains("process \(getpid())"))
        }
        #expect(try other.snapshot().version == 0)
        transaction.abort()
        try write([numbers([1])], to: other)
        #expect(try values(store.snapshot()) == [1])
    }

    @Test func cancelledWriterLeavesTheTransactionUsable() throws {
        let folder = try TemporaryFolder().make()
        let store = try Store(path: folder.store)
        let transaction = try store.begin()
        try transaction.createTable(TableSchema(name: "t", columns: [ColumnSchema(name: "s", type: .text)]))
        do {
            let writer = try transaction.writer(for: "t")
            let many = TestColumn("s", .text, (0..<300_000).map { .text("x\($0 % 50)") })
            try writer.append(chunk([many], 0..<300_000))
        }
        try transaction.replaceTable("t", with: TableSchema(name: "t", columns: [ColumnSchema(name: "s", type: .text)]))
        let writer = try transaction.writer(for: "t")
        try writer.append(chunk([TestColumn("s", .text, [.text("y")])], 0..<1))
        try writer.finish()
        let second = try transaction.writer(for: "t")
        try second.append(chunk([TestColumn("s", .text, [.text("z"), .text("y")])], 0..<2))
        try second.finish()
        try transaction.commit(note: "load")
        guard let table = try store.snapshot().table("t") else { return }
        #expect(try readAll(table) == [[.text("y"), .text("z"), .text("y")]])
        #expect(try table.dictionary(column: 0).count == 2)
        #expect(try PosixFileSystem.shared.list(folder.store)?.filter { $0.hasPrefix("segment") }.count == 2)
    }

    /// Long texts that never repeat leave the dictionary before it is as large as they are.
    @Test func longTextsArePlain() throws {
        let folder = try TemporaryFolder().make()
        let store = try Store(path: folder.store)
        let filler = String(repeating: "x", count: 3000)
        let cells: [Value] = (0..<24_000).map { .text("\($0) \(filler)") }
        try write([TestColumn("s", .text, cells)], to: store, chunkRows: 1000)
        guard let table = try store.snapshot().table("t") else { return }
        #expect(!table.isCoded(column: 0) && table.dictionaryCount(column: 0) == 16_384)
        #expect(table.segments[0].isCoded(column: 0, block: 1) && !table.segments[0].isCoded(column: 0, block: 2))
        #expect(try readAll(table)[0] == cells)
        #expect(try store.verify() == [])
    }

    /// Answers stay what they were with room for next to nothing in the cache.
    @Test func tinyCache() throws {
        let folder = try TemporaryFolder().make()
        let expected: [Int64] = (0..<400_000).map { (i: Int64) -> Int64 in i &* 7919 % 100_003 }
        try write([numbers(expected), numbers(Array(0..<400_000), "m")], to: Store(path: folder.store))
        var options = Store.Options()
        options.cacheBytesMax = 1000
        let store = try Store(path: folder.store, options: options)
        for _ in 0..<2 { #expect(try values(store.snapshot()) == expected) }
        #expect(store.cache.bytes < 600_000)
    }
}
