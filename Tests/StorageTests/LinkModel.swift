import Testing

@testable import Storage

/// Rows of a column, in storage order: live rows only.
private func cells(_ table: TableSnapshot, _ column: Int) throws -> [Value] {
    var cells: [Value] = []
    try table.forEachIDs(column: column) { segment, row, count, ids, nulls in
        for i in 0..<count where !isDeleted(segment, row + i) {
            cells.append(nulls.map { $0[i] != 0 } ?? false ? .null : .integer(ids[i]))
        }
    }
    return cells
}

/// That what a store says of its links by ids is what its rows say by keys.
func checkLinks(_ store: Store, _ about: String = "") throws {
    #expect(try store.verify() == [], "\(about)")
    let snapshot = try Store(path: store.path, options: Store.Options(), files: store.files).snapshot()
    for link in snapshot.links where !link.isLatest {
        guard let child = snapshot.table(link.child), child.rowCount > 0 else { continue }
        guard let column = child.parentIDColumn(link: link.id), let domain = snapshot.domain(link: link.id) else {
            Issue.record("\(about): \(link.summary) is not resolved")
            continue
        }
        var rows: [[Value]: Int] = [:]
        var byID: [Int64: Int] = [:]
        if let parent = snapshot.table(link.parent) {
            let columns = link.parentColumns.isEmpty ? parent.schema.key : link.parentColumns
            guard let own = parent.ownIDColumn(of: columns) else {
                if parent.rowCount > 0 { Issue.record("\(about): \(parent.schema.name) has no ids by \(columns)") }
                continue
            }
            let all = try readAll(parent)
            let ids = try cells(parent, own)
            for row in 0..<parent.rowCount {
                rows[columns.map { all[parent.schema.index(of: $0)!][row] }] = row
                guard case .integer(let id) = ids[row] else {
                    Issue.record("\(about): a parent without an id")
                    return
                }
                #expect(byID.updateValue(row, forKey: id) == nil && id >= 0 && id < Int64(domain.count), "\(about)")
            }
        }
        let all = try readAll(child)
        let parts = link.childColumns.map { all[child.schema.index(of: $0)!] }
        let ids = try cells(child, column)
        var orphans = LinkOrphans(rows: 0, keys: 0, firstKey: nil)
        var orphanKeys: Set<[Value]> = []
        for row in 0..<child.rowCount {
            let key = parts.map { $0[row] }
            guard case .integer(let id) = ids[row] else {
                #expect(key.contains(.null), "\(about): row \(row) of \(link.child) has no parent id")
                continue
            }
            #expect(!key.contains(.null) && rows[key] == byID[id], "\(about): row \(row) of \(link.child), \(key), id \(id)")
            #expect(try domain.key(of: UInt32(id)) == key && domain.id(of: key) == UInt32(id), "\(about)")
            if rows[key] == nil {
                orphans.rows += 1
                orphanKeys.insert(key)
                if orphans.firstKey == nil {
                    orphans.firstKey = zip(key, domain.types).map { CellText.string($0, type: $1) }.joined(separator: ", ")
                }
            }
        }
        orphans.keys = orphanKeys.count
        #expect(try snapshot.orphans(link: link.id) == orphans, "\(about): \(link.summary)")
    }
}

extension Store {
    /// One commit that appends rows to a table, or makes it.
    func add(
        _ columns: [TestColumn], to table: String, key: [String] = [], time: String? = nil,
        deleting rows: [UInt32] = [], _ prepare: (Transaction) throws -> Void = { _ in }
    ) throws {
        let transaction = try begin()
        try prepare(transaction)
        if !rows.isEmpty { try transaction.delete(from: table, segment: 0, rows: rows) }
        if transaction.schema(of: table) == nil {
            try transaction.createTable(TableSchema(name: table, columns: columns.map(\.schema), key: key, time: time))
        }
        let writer = try transaction.writer(for: table)
        try writer.append(chunk(columns, 0..<columns[0].cells.count))
        try writer.finish()
        try transaction.commit(note: "test")
    }

    func change(_ body: (Transaction) throws -> Void) throws {
        let transaction = try begin()
        try body(transaction)
        try transaction.commit(note: "test")
    }
}
