extension Store {
    /// That the ids in rows are those of their keys: every row of every table of the newest version.
    func verifyLinks() throws -> [String] {
        var faults: [String] = []
        let snapshot = try snapshot()
        for domain in snapshot.manifest.domains {
            do {
                let values = try keyDomain(domain).values()
                let builder = try DomainBuilder(domain, base: domain.pieces.isEmpty ? nil : values)
                if case .texts(let dictionary) = values {
                    for i in 0..<dictionary.count where dictionary.code(of: dictionary.views[i]) != UInt32(i) {
                        throw DomainBuilder.corrupt(domain)
                    }
                }
                for table in snapshot.tables {
                    for (h, hidden) in table.state.hidden.enumerated() where hidden.domain == domain.id && hidden.role != .retired {
                        faults += try faultOfIDs(table, h, domain, builder, snapshot.links).map { [$0] } ?? []
                    }
                }
            } catch let error as StorageError {
                faults.append(error.message)
            }
        }
        return faults
    }

    /// The first row whose id is not its key's, or whose own id stands twice.
    private func faultOfIDs(
        _ table: TableSnapshot, _ h: Int, _ domain: DomainState, _ builder: DomainBuilder, _ links: [LinkSchema]
    ) throws -> String? {
        let hidden = table.state.hidden[h]
        let isOwn = hidden.role == .own
        let names = isOwn ? domain.columns : links.first { $0.id == hidden.link }?.childColumns ?? []
        let columns = names.compactMap { table.schema.index(of: $0) }
        guard !names.isEmpty, columns.count == names.count, columns.map({ table.schema.columns[$0].type }) == domain.types else {
            return "\(table.schema.name): the ids of link \(hidden.link) go by columns that are not there"
        }
        let reader = KeyReader(table, columns: columns)
        var seen = [UInt64](repeating: 0, count: Int(domain.count) / 64 + 1)
        var fault: String?
        try table.forEachIDs(column: table.schema.columns.count + h) { segment, row, count, ids, nulls in
            if fault != nil { return }
            let parts = try reader.load(segment, firstRow: row)
            for i in 0..<count {
                let isNull = parts.contains { $0.isNull(i) }
                let id = nulls.map { $0[i] != 0 } ?? false ? nil : UInt32(ids[i])
                if isNull ? id != nil : id == nil || builder.find(parts, i) != id {
                    fault = "\(segment.core.file.path): row \(row + i) has the id of another key (\(names.joined(separator: ", ")))"
                    return
                }
                if isOwn, let id, !segment.isDeleted(row + i) {
                    if seen[Int(id >> 6)] >> UInt64(id & 63) & 1 != 0 {
                        fault = "\(segment.core.file.path): the key of row \(row + i) stands twice (\(names.joined(separator: ", ")))"
                        return
                    }
                    seen[Int(id >> 6)] |= 1 << UInt64(id & 63)
                }
            }
        }
        return fault
    }
}
