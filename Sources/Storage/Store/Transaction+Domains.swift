/// Which ids a table's rows must hold, and who gives them.
extension Transaction {
    /// The hidden columns that links and domains ask of a table, still without column ids; domains that are missing are made.
    private func neededColumns(of table: TableSchema) throws -> [HiddenColumn] {
        var needed: [HiddenColumn] = []
        for link in working.links where link.parent == table.name && !link.isLatest {
            guard let columns = parentColumns(of: link), let types = try linkTypes(link) else { continue }
            needed.append(HiddenColumn(id: 0, role: .own, domain: domain(of: table.name, columns, types), link: 0))
        }
        // Ids that were given once are kept up even when the link is gone: sets of ids may stand in blobs.
        for domain in working.domains where domain.table == table.name && table.types(of: domain.columns) == domain.types {
            needed.append(HiddenColumn(id: 0, role: .own, domain: domain.id, link: 0))
        }
        var seen: Set<UInt32> = []
        needed.removeAll { !seen.insert($0.domain).inserted }
        for link in working.links where link.child == table.name && !link.isLatest {
            guard let types = try linkTypes(link) else { continue }
            let domain = domain(of: link.parent, parentColumns(of: link), types)
            needed.append(HiddenColumn(id: 0, role: .parent, domain: domain, link: link.id))
        }
        return needed
    }

    /// The domain of these columns, made where there is none. Children may come before their parent: then its key is not known, and
    /// the domain waits for its columns' names.
    private func domain(of table: String, _ columns: [String]?, _ types: [LogicalType]) -> UInt32 {
        let known = working.domains.indices.filter { working.domains[$0].table == table && working.domains[$0].types == types }
        if let columns {
            if let found = known.first(where: { working.domains[$0].columns == columns }) { return working.domains[found].id }
            if let waiting = known.first(where: { working.domains[$0].columns.isEmpty }), schema(of: table)?.key == columns {
                working.domains[waiting].columns = columns
                return working.domains[waiting].id
            }
        } else if let found = known.first {
            return working.domains[found].id
        }
        let made = DomainState(id: working.nextDomain, table: table, columns: columns ?? [], types: types)
        working.nextDomain += 1
        working.domains.append(made)
        return made.id
    }

    /// The domain of a table's declared key.
    func keepDomain(of table: TableSchema) throws {
        guard let types = table.types(of: table.key) else { preconditionFailure("a key of no columns") }
        _ = domain(of: table.name, table.key, types)
    }

    /// Makes the rows of a table hold what links ask for, rewriting them only where something is missing.
    func settle(_ t: Int) throws {
        let state = working.tables[t]
        if working.links.isEmpty, working.domains.isEmpty, state.hidden.isEmpty { return }
        var needed = try neededColumns(of: state.schema)
        for n in needed.indices {
            needed[n].id = state.hidden.first { needed[n].isSame(as: $0) }?.id ?? .max
        }
        if state.segments.isEmpty || needed.contains(where: { $0.id == .max }) {
            for n in needed.indices where needed[n].id == .max {
                needed[n].id = working.tables[t].nextColumn
                working.tables[t].nextColumn += 1
            }
            choosePartitionLink(t, needed)
            if state.segments.isEmpty {
                working.tables[t].hidden = needed
            } else {
                try rewrite(t, hidden: needed)
            }
            return
        }
        for h in state.hidden.indices where !needed.contains(where: { $0.id == state.hidden[h].id }) {
            working.tables[t].hidden[h] = HiddenColumn(id: state.hidden[h].id, role: .retired, domain: 0, link: 0)
        }
        choosePartitionLink(t, needed)
    }

    /// Exactly one link decides where rows lie: the first that was declared, as long as it stands.
    private func choosePartitionLink(_ t: Int, _ hidden: [HiddenColumn]) {
        let links = hidden.filter { $0.role == .parent }.map(\.link)
        if let now = working.tables[t].partitionLink, links.contains(now) { return }
        working.tables[t].partitionLink = links.first
    }

    /// Before a commit: every table as its links ask, and no domain that nothing can use.
    func settleAll() throws {
        for t in working.tables.indices { try settle(t) }
        let held = Set(working.tables.flatMap { $0.hidden.map(\.domain) })
        working.domains = working.domains.filter { domain in
            // A waiting domain whose children have gone over to another is of no use either.
            held.contains(domain.id) || (!domain.columns.isEmpty && working.links.contains { $0.parent == domain.table && !$0.isLatest })
        }
    }

    // MARK: Builders

    func domainBuilder(_ id: UInt32) throws -> DomainBuilder {
        if let found = domainBuilders[id] { return found }
        guard let state = working.domain(id) else { preconditionFailure("a hidden column of no domain") }
        let made: DomainBuilder
        if let kept = store.takeDomainBuilder(state) {
            made = kept
        } else {
            made = try DomainBuilder(state, base: state.pieces.isEmpty ? nil : try store.keyDomain(state).values())
        }
        domainBuilders[id] = made
        return made
    }

    private static let keyPiecesMax = 64

    /// Writes the ids that writers have given since the last call into one keys file.
    func writeKeys() throws {
        guard domainBuilders.values.contains(where: { $0.count > $0.written }) else { return }
        let id = takeFileId()
        let out = RecordFile.fileHeader(kind: .keys, file: id)
        for d in working.domains.indices {
            // A snapshot holds every keys file open: many small commits must not leave many.
            let isAnew = working.domains[d].pieces.count >= Transaction.keyPiecesMax
            guard let builder = domainBuilders[working.domains[d].id], builder.count > builder.written,
                let piece = builder.appendPiece(file: id, anew: isAnew, to: out)
            else { continue }
            if isAnew { working.domains[d].pieces = [] }
            working.domains[d].pieces.append(piece)
        }
        try create(.keys(id)).append(out)
    }

    /// Brings the pieces that many small commits have left together; the ids stay.
    func joinKeys(of domain: UInt32) throws {
        guard let d = working.domains.firstIndex(where: { $0.id == domain }), working.domains[d].pieces.count > 1 else { return }
        let builder = try domainBuilder(domain)
        let id = takeFileId()
        let out = RecordFile.fileHeader(kind: .keys, file: id)
        guard let piece = builder.appendPiece(file: id, anew: true, to: out) else { return }
        working.domains[d].pieces = [piece]
        try create(.keys(id)).append(out)
    }

    // MARK: Rewriting

    /// The table's live rows as one new segment with these hidden columns. Dictionaries and the order of rows stay as they are, but
    /// that children go to their parents' partitions.
    private func rewrite(_ t: Int, hidden: [HiddenColumn]) throws {
        let state = working.tables[t]
        let source = try snapshot(of: state)
        var empty = state
        empty.segments = []
        empty.hidden = hidden
        empty.partitionLink = working.tables[t].partitionLink
        empty.nextColumn = working.tables[t].nextColumn
        working.tables[t] = empty
        var codeMaps: [[Int64]?] = []
        var complete: Set<Int> = []
        for (c, column) in state.schema.columns.enumerated() {
            let isCoded = column.type == .text && source.isCoded(column: c)
            codeMaps.append(isCoded ? (0..<source.dictionaryCount(column: c)).map { Int64($0) } : nil)
            if isCoded { complete.insert(c) }
        }
        let builders = try state.schema.columns.indices.map { try builder(empty, column: $0) }
        let writer = try opened(TableWriter(transaction: self, table: empty, builders: builders, complete: complete, checksKey: false))
        let gatherer = RowGatherer(source, codeMaps: codeMaps, writer: writer, progress: progress)
        try gatherer.appendAll()
        try writer.finish()
    }
}

extension HiddenColumn {
    fileprivate func isSame(as other: HiddenColumn) -> Bool {
        role == other.role && domain == other.domain && link == other.link
    }
}

extension TableSchema {
    /// nil where one of the columns is not there.
    fileprivate func types(of columns: [String]) -> [LogicalType]? {
        var types: [LogicalType] = []
        for column in columns {
            guard let at = index(of: column) else { return nil }
            types.append(self.columns[at].type)
        }
        return types
    }
}
