import Storage

/// Makes the demo bank in the store at `storePath`, all tables in one commit: a reader sees the whole bank or none of it.
///
/// - Parameters:
///   - threads: how many make rows side by side; the bytes do not depend on it.
///   - progress: is told, in a short sentence, what is being made; a table may speak several times.
/// - Throws: `StorageError`: `.request` where a table of the bank exists already or `customers` is out of range, else what the store throws.
func makeDemo(storePath: String, customers: Int, seed: UInt64, threads: Int, progress: (String) -> Void) throws {
    guard customers >= 0, customers <= 100_000_000 else {
        throw StorageError(.request, "a demo bank has 0 to 100,000,000 customers, not \(customers)")
    }
    let bank = DemoBank(customers: customers, seed: seed)
    let store = try Store(path: storePath)
    let transaction = try store.begin()
    do {
        // Links before rows: they are resolved while the rows are written.
        for table in bank.tables { try transaction.createTable(table.schema) }
        for link in bank.links { try transaction.declareLink(link) }
        for table in bank.tables {
            var writer: TableWriter?
            var rows = 0
            try table.forEachChunk(threads: threads) { chunk in
                let open = try writer ?? transaction.writer(for: table.schema.name)
                writer = open
                try open.append(chunk)
                rows += chunk.rowCount
                progress("\(table.schema.name): \(rows) rows")
            }
            try writer?.finish()
        }
        progress("writing it down")
        try transaction.commit(note: "demo \(customers) customers, seed \(seed)")
    } catch {
        transaction.abort()
        throw error
    }
}
