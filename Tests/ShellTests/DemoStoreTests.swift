import Foundation
import Storage
import Testing
@testable import shell

@Suite struct DemoStoreTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "crmq-demo-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test func wholeBankInOneCommit() throws {
        try withFolder { folder in
            var said: [String] = []
            try makeDemo(storePath: folder, customers: 150, seed: 5, threads: 2) { said.append($0) }
            let store = try Store(path: folder)
            let snapshot = try store.snapshot()
            let bank = DemoBank(customers: 150, seed: 5)
            #expect(try store.versions().filter { $0.note.hasPrefix("demo") }.count == 1)
            #expect(snapshot.tables.count == bank.tables.count)
            for table in bank.tables {
                let stored = snapshot.table(table.schema.name)
                #expect(stored?.rowCount == DemoTableData(table).rowCount, "\(table.schema.name)")
                #expect(stored?.schema.key == table.schema.key && stored?.schema.time == table.schema.time)
                #expect(stored?.schema.columns.map(\.type) == table.schema.columns.map(\.type))
            }
            #expect(try store.verify() == [])
            #expect(said.contains("customers: 150 rows"))
        }
    }

    @Test func secondBankIsRefusedAndChangesNothing() throws {
        try withFolder { folder in
            try makeDemo(storePath: folder, customers: 20, seed: 5, threads: 1) { _ in }
            let version = try Store(path: folder).snapshot().version
            #expect(throws: StorageError.self) { try makeDemo(storePath: folder, customers: 20, seed: 6, threads: 1) { _ in } }
            #expect(throws: StorageError.self) { try makeDemo(storePath: folder, customers: -1, seed: 6, threads: 1) { _ in } }
            #expect(try Store(path: folder).snapshot().version == version)
        }
    }

    @Test func emptyBankHasItsTables() throws {
        try withFolder { folder in
            try makeDemo(storePath: folder, customers: 0, seed: 1, threads: 2) { _ in }
            let snapshot = try Store(path: folder).snapshot()
            #expect(snapshot.table("transactions")?.rowCount == 0)
            #expect(snapshot.table("products")?.rowCount == 24)
        }
    }
}
