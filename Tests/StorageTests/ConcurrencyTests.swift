import Dispatch
import Testing

@testable import Storage

/// Many readers and quarrelling writers on one folder, each with its own open store, as processes would have.
@Suite struct ConcurrencyTests {
    private final class Tally: @unchecked Sendable {
        private let mutex = Mutex()
        private(set) var faults: [String] = []
        private(set) var commits = 0
        func fault(_ text: String) { mutex.locked { faults.append(text) } }
        func commit() { mutex.locked { commits += 1 } }
    }

    private static func commit(_ store: Store, rows: Int) throws {
        let transaction = try store.begin()
        if transaction.schema(of: "t") == nil {
            try transaction.createTable(
                TableSchema(name: "t", columns: [ColumnSchema(name: "n", type: .int), ColumnSchema(name: "s", type: .text)]))
        }
        let version = transaction.base.version
        let writer = try transaction.writer(for: "t")
        try writer.append(
            RowChunk(
                columns: [
                    ColumnChunk(values: .integers(Array(repeating: Int64(version), count: rows))),
                    ColumnChunk(
                        values: .text(
                            {
                                var text = TextChunk()
                                for i in 0..<rows { text.append("v\(version) \(i % 3)") }
                                return text
                            }())),
                ], rowCount: rows))
        try writer.finish()
        try transaction.commit(note: "round")
    }

    @Test func readersAndWriters() throws {
        let folder = try TemporaryFolder().make()
        let path = folder.store
        let tally = Tally()
        DispatchQueue.concurrentPerform(iterations: 6) { worker in
            do {
                let store = try Store(path: path)
                for round in 0..<25 {
                    if worker < 3 {
                        do {
                            try ConcurrencyTests.commit(store, rows: 100)
                            tally.commit()
                            if round % 10 == 9 { _ = try store.vacuum() }
                        } catch let error as StorageError where error.message.contains("being changed") {
                            continue
                        }
                    } else {
                        // Version v holds exactly the rows of v commits.
                        let snapshot = try store.snapshot()
                        guard let table = snapshot.table("t") else { continue }
                        let rows = try readAll(table)
                        if rows[0].count != snapshot.version * 100 { tally.fault("\(rows[0].count) rows in version \(snapshot.version)") }
                        for (n, s) in zip(rows[0], rows[1]) {
                            if case .integer(let v) = n, case .text(let text) = s, text.hasPrefix("v\(v) ") { continue }
                            tally.fault("\(n) \(s)")
                        }
                    }
                }
            } catch {
                tally.fault("worker \(worker): \(error)")
            }
        }
        #expect(tally.faults.prefix(3) == [])
        #expect(try Store(path: path).snapshot().version == tally.commits)
        #expect(tally.commits > 0)
        #expect(try Store(path: path).verify() == [])
    }

    /// Threads of one process decode the same stripes while a cache too small for them keeps evicting.
    @Test func sharedSegmentTinyCache() throws {
        let folder = try TemporaryFolder().make()
        let rows = 600_000
        let values = (0..<rows).map { Int64($0 &* 7_368_787 % 1_000_003) }
        try write([TestColumn("n", .int, values.map { .integer($0) })], to: Store(path: folder.store), chunkRows: 200_000)
        var options = Store.Options()
        options.cacheBytesMax = 700_000
        let store = try Store(path: folder.store, options: options)
        guard let segment = try store.snapshot().table("t")?.segments[0] else { return }
        let tally = Tally()
        DispatchQueue.concurrentPerform(iterations: 4) { worker in
            do {
                var random = SeededGenerator(seed: UInt64(worker))
                var out = [Int64](repeating: 0, count: 2048)
                var nulls = [UInt8](repeating: 0, count: 2048)
                let cursor = segment.cursor(column: 0)
                for round in 0..<2000 {
                    let row = Int.random(in: 0..<rows / 2048, using: &random) * 2048
                    _ =
                        try round % 2 == 0
                        ? segment.integers(column: 0, firstRow: row, count: 2048, into: &out, nulls: &nulls)
                        : cursor.integers(firstRow: row, count: 2048, into: &out, nulls: &nulls)
                    if out[0] != values[row] || out[2047] != values[row + 2047] { tally.fault("row \(row)") }
                }
            } catch {
                tally.fault("\(error)")
            }
        }
        #expect(tally.faults.prefix(3) == [])
    }
}
