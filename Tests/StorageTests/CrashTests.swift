import Testing

@testable import Storage

/// Whatever operation the machine stops at, the store opens with exactly the old or the new state.
@Suite struct CrashTests {
    private static let path = "/disk/store"

    private func open(_ disk: FaultyFileSystem) throws -> Store { try Store(path: CrashTests.path, options: Store.Options(), files: disk) }

    private func rows(_ count: Int, from: Int) -> [TestColumn] {
        [
            TestColumn("id", .int, (from..<from + count).map { .integer(Int64($0)) }),
            TestColumn("s", .text, (from..<from + count).map { .text("text \($0 % 17) \(from)") }),
        ]
    }

    /// Everything that a state consists of, as one comparable text.
    private func describe(_ store: Store) throws -> String {
        let snapshot = try store.snapshot()
        var lines = ["\(snapshot.definitions.sorted { $0.key < $1.key })", "\(snapshot.links)"]
        for name in snapshot.blobNames { lines.append("\(name): \(try snapshot.blob(name) ?? [])") }
        for table in snapshot.tables { lines.append("\(table.schema.name): \(try readAll(table))") }
        for link in snapshot.links { lines.append("\(try snapshot.orphans(link: link.id).map { "\($0)" } ?? "unresolved")") }
        return lines.joined(separator: "\n")
    }

    /// One commit of every kind of change.
    private func change(_ store: Store, _ round: Int) throws {
        let transaction = try store.begin()
        if transaction.schema(of: "t") == nil {
            try transaction.createTable(
                TableSchema(name: "t", columns: [ColumnSchema(name: "id", type: .int), ColumnSchema(name: "s", type: .text)], key: ["id"]))
        } else if let table = transaction.base.table("t"), !table.segments.isEmpty {
            try transaction.delete(from: "t", segment: 0, rows: [UInt32(round), UInt32(round + 1)])
        }
        let writer = try transaction.writer(for: "t")
        try writer.append(chunk(rows(300, from: round * 1000), 0..<300))
        try writer.finish()
        try changeChildren(transaction, round)
        if round == 3 { try transaction.optimize("t") }
        transaction.setDefinition("round", [UInt8(round)])
        transaction.setBlob("round \(round % 2)", Array(repeating: UInt8(round), count: 100 + round))
        try transaction.declareLink(
            LinkSchema(
                child: "later \(round)", childColumns: ["t_id"], parent: "t", parentColumns: [], parentName: "t",
                childrenName: "children \(round)"))
        try transaction.commit(note: "round \(round)")
    }

    /// Children that come first, a link that rewrites both tables, then appends to linked tables and an optimize of partitioned rows.
    private func changeChildren(_ transaction: Transaction, _ round: Int) throws {
        transaction.partitionLimits = PartitionLimits(
            rangeBits: 6, rowsMax: 100, rowsMin: 100, rowsPerRangeMin: 1, runBytesMax: 4000)
        if round == 0 { return }
        if transaction.schema(of: "c") == nil {
            try transaction.createTable(TableSchema(name: "c", columns: [ColumnSchema(name: "t_id", type: .int)]))
        }
        let writer = try transaction.writer(for: "c")
        try writer.append(chunk([TestColumn("t_id", .int, (0..<200).map { .integer(Int64(round * 1000 + $0 * 2)) })], 0..<200))
        try writer.finish()
        if round == 2 { try transaction.declareLink(link("c", "t_id", to: "t", as: "t", "cs")) }
        if round == 3 { try transaction.optimize("c") }
    }

    private func prepared(rounds: Int) throws -> FaultyFileSystem {
        let disk = FaultyFileSystem()
        let store = try open(disk)
        for round in 0..<rounds { try change(store, round) }
        return disk.copy()
    }

    @Test(arguments: [0, 1, 2, 3]) func everyOperation(round: Int) throws {
        let disk = try prepared(rounds: round)
        let old = try describe(open(disk))
        let done = disk.copy()
        try change(open(done), round)
        let new = try describe(open(done))
        let steps = done.operations
        #expect(old != new && steps > 8)

        for step in 1...steps {
            for fault in [FaultyFileSystem.Fault.crash(at: step), .fail(at: step)] {
                let broken = disk.copy()
                broken.fault = fault
                var committed = false
                do {
                    let store = try open(broken)
                    try change(store, round)
                    committed = true
                } catch {}
                broken.fault = .none
                for seed in 0..<4 {
                    // A failed operation leaves the machine running: then the disk is as it is.
                    let after = broken.hasCrashed ? broken.rebooted(seed: UInt64(seed)) : broken.copy()
                    let store = try open(after)
                    let state = try describe(store)
                    let about = "\(fault), round \(round), seed \(seed), committed \(committed)"
                    #expect(committed ? state == new : state == old || state == new, "\(about)")
                    if case .fail = fault, !committed { #expect(state == old, "\(about)") }
                    #expect(try store.verify() == [], "\(about)")
                    // The next writer is not hindered by what was left, and removes it.
                    try change(store, 8)
                    #expect(try store.verify() == [], "\(about)")
                    _ = try store.vacuum()
                    let needed = try store.manifest(store.snapshot().version)?.files.count ?? 0
                    #expect(after.fileNames.count == needed + 1, "\(about): \(after.fileNames)")
                }
            }
        }
    }

    @Test func vacuumAtEveryOperation() throws {
        let disk = try prepared(rounds: 4)
        let state = try describe(open(disk))
        let done = disk.copy()
        _ = try open(done).vacuum()
        for step in 1...done.operations {
            let broken = disk.copy()
            broken.fault = .crash(at: step)
            #expect(throws: FaultyFileSystem.Crashed.self) { try open(broken).vacuum() }
            for seed in 0..<6 {
                let store = try open(broken.rebooted(seed: UInt64(seed)))
                #expect(try describe(store) == state)
                // Old versions either are gone or can be read whole.
                for version in try store.versions() { _ = try store.snapshot(version: version.number) }
                #expect(try store.verify() == [])
            }
        }
    }
}
