import Storage

extension Session {
    private static let rowID: ColumnID = -1

    // MARK: rows of a query into a table

    func storeRows(_ mode: Statement.LoadMode, _ table: Name, _ query: Query, _ clause: ImportClause, _ receiver: ResultReceiver?) throws
        -> String
    {
        let executor = makeExecutor(receiver)
        let snapshot = try store.snapshot()
        let bound = try Binder(environment(snapshot, executor)).bind(query)
        try bound.requirePlain("brackets")
        let columns = bound.scope.visible
        let known = snapshot.table(table.text)?.schema
        switch mode {
        case .load:
            if known != nil {
                throw QueryError(
                    .name, "there is a table \(table.text) already", at: table.span,
                    hint: "`append` adds rows, `replace` puts these in place of all, `upsert` by key")
            }
        case .append, .upsert:
            if known == nil {
                throw QueryError(.name, "there is no table \(table.text)", at: table.span, hint: "`load \(table.text) from (…)` makes it")
            }
        case .replace: break
        }
        let plan = try prepare(bound.plan, executor)
        if mode == .upsert {
            let (inserted, updated) = try upsertRows(
                table, plan, columns.map { (ColumnSchema(name: $0.name, type: $0.type), $0.id) }, query.span)
            let rows = inserted + updated
            return
                "upserted \(CellText.grouped(rows)) row\(rows == 1 ? "" : "s") to \(table.text): \(CellText.grouped(inserted)) new, \(CellText.grouped(updated)) updated"
        }
        let names = columns.map { ColumnSchema(name: $0.name, type: $0.type) }
        for part in clause.key where !names.contains(where: { $0.name == part.text }) {
            throw QueryError(.name, "the query has no column \(part.text) for the key", at: part.span)
        }
        if let time = clause.time { try Self.checkTime(time, names) }
        var schema = TableSchema(name: table.text, columns: names, key: clause.key.map(\.text), time: clause.time?.text)
        if let known {
            schema = mode == .append ? known : schema.keepingRoles(of: known)
        }
        var rows = 0
        try commit("\(mode.rawValue) \(table.text)") { transaction in
            if mode == .load || (mode == .replace && known == nil) { try transaction.createTable(schema) }
            if mode == .replace, known != nil { try transaction.replaceTable(table.text, with: schema) }
            let writer = try transaction.writer(for: table.text)
            rows = try write(
                plan, columns.map { (ColumnSchema(name: $0.name, type: $0.type), $0.id) }, to: writer, schema, executor, query.span)
            try writer.finish()
            if mode == .replace { try checkKept(transaction, replacing: table) }
        }
        if mode == .replace { return "replaced all rows by \(CellText.grouped(rows)) in \(table.text)" }
        return
            "\(mode == .append ? "appended" : "loaded") \(CellText.grouped(rows)) row\(rows == 1 ? "" : "s") \(mode == .append ? "to" : "into") \(table.text)"
    }

    /// Streams a plan's rows into a writer, by column name, with the types of the table.
    private func write(
        _ plan: Plan, _ columns: [(ColumnSchema, ColumnID)], to writer: TableWriter, _ schema: TableSchema, _ executor: Executor,
        _ span: SourceSpan
    ) throws -> Int {
        for (column, _) in columns where schema.index(of: column.name) == nil {
            throw QueryError(
                .name, "\(schema.name) has no column \(column.name)", at: span,
                hint: "columns: \(schema.columns.map(\.name).joined(separator: ", "))")
        }
        var derived: [DerivedColumn] = []
        var sources: [ColumnID?] = []
        for target in schema.columns {
            guard let (column, id) = columns.first(where: { $0.0.name == target.name }) else {
                sources.append(nil)
                continue
            }
            guard let value = Coercion.coerce(Bound(.column(id), column.type, span), to: target.type) else {
                throw QueryError(
                    .type, "\(target.name) is \(target.type.name) in \(schema.name) and \(column.type.name) in the query", at: span)
            }
            if case .column = value.kind {
                sources.append(id)
            } else {
                derived.append(DerivedColumn(id: -10 - derived.count, value: value))
                sources.append(derived.last!.id)
            }
        }
        var rows = 0
        try executor.deliver(derived.isEmpty ? plan : .derive(plan, derived), required: Set(sources.compactMap { $0 })) { relation in
            var first = 0
            while first < relation.rowCount {
                let count = min(65_536, relation.rowCount - first)
                let chunks = zip(schema.columns, sources).map { column, source in
                    source.map { relation[$0].chunk(first, count) } ?? ColumnBuffer(type: column.type).nullChunk(count)
                }
                try writer.append(RowChunk(columns: chunks, rowCount: count))
                first += count
            }
            rows += relation.rowCount
        }
        return rows
    }

    // MARK: upsert

    /// Replaces the rows whose keys are among the new ones, in one commit.
    func upsertRows(_ table: Name, _ plan: Plan, _ columns: [(ColumnSchema, ColumnID)], _ span: SourceSpan) throws -> (
        inserted: Int, updated: Int
    ) {
        let executor = makeExecutor(nil)
        let transaction = try store.begin()
        do {
            guard let target = transaction.base.table(table.text) else {
                throw QueryError(.name, "there is no table \(table.text)", at: table.span)
            }
            let schema = target.schema
            guard !schema.key.isEmpty else {
                throw QueryError(
                    .name, "\(table.text) has no key to upsert by", at: table.span,
                    hint: "declare one when it is loaded: `load \(table.text) from … key …`")
            }
            let keys = try schema.key.map { name -> (new: Bound, type: LogicalType, index: Int) in
                guard let (column, id) = columns.first(where: { $0.0.name == name }) else {
                    throw QueryError(.name, "the new rows have no key column \(name)", at: span)
                }
                let type = schema.columns[schema.index(of: name)!].type
                guard let value = Coercion.coerce(Bound(.column(id), column.type, span), to: type) else {
                    throw QueryError(
                        .type, "the key \(name) is \(type.name) in \(table.text) and \(column.type.name) in the new rows", at: span)
                }
                return (value, type, schema.index(of: name)!)
            }
            let newKeys = keys.enumerated().map { DerivedColumn(id: -10 - $0, value: $1.new) }
            let incoming = try executor.relation(.derive(plan, newKeys), required: Set(newKeys.map(\.id)))
            let scan = ScanPlan(table: target, columns: keys.enumerated().map { (id: 1 + $0, index: $1.index) }, rowID: Self.rowID)
            let existing = try executor.relation(.scan(scan), required: Set((1...keys.count).map { $0 } + [Self.rowID]))
            let index = HashGroups(newKeys.map { KeyReader(slot: incoming.layout[$0.id], layout: incoming.layout) })
            _ = try executor.groupNumbers(of: incoming, in: index)
            let known = index.groupCount
            let probe = HashGroups((1...keys.count).map { KeyReader(slot: existing.layout[$0], layout: existing.layout) })
            let groups = try executor.groupNumbers(of: existing, in: probe)
            let map = index.merge(probe)
            var doomed: [Int: [UInt32]] = [:]
            var updated = 0
            for row in 0..<existing.rowCount where Int(map[Int(groups[row])]) < known {
                let id = existing[Self.rowID].integers[row]
                doomed[Int(id >> 40), default: []].append(UInt32(id & (1 << 40 - 1)))
                updated += 1
            }
            for (segment, rows) in doomed.sorted(by: { $0.key < $1.key }) {
                try transaction.delete(from: table.text, segment: segment, rows: rows)
            }
            let writer = try transaction.writer(for: table.text)
            let written = try write(plan, columns, to: writer, schema, executor, span)
            try writer.finish()
            try transaction.commit(note: "upsert \(table.text)")
            return (written - updated, updated)
        } catch {
            transaction.abort()
            throw error
        }
    }

    // MARK: delete

    func delete(from table: Name, where condition: Expression) throws -> String {
        let executor = makeExecutor(nil)
        let transaction = try store.begin()
        do {
            var environment = try environment(transaction.base, executor)
            // An as-of date must not keep later rows from being deleted, nor from being counted: the statement names its rows itself.
            environment.hidesLaterRows = false
            let target = try environment.table(table, nil)
            let binder = Binder(environment)
            var query = try binder.bind(Source(kind: .table(table, version: nil), span: table.span))
            guard let origin = query.scope.origin else { preconditionFailure("a table's rows have an origin") }
            var scan = ScanPlan(table: target, columns: origin.ids.map { (id: $1, index: $0) })
            scan.rowID = Self.rowID
            query.plan = .scan(scan)
            let test = try binder.condition(condition, in: query.scope)
            let looksAround = test.contains {
                switch $0.kind {
                case .aggregate, .window: true
                case .column, .constant, .months, .function, .compare, .and, .or, .not, .isNull, .conditional, .coalesce, .inSet, .inQuery,
                    .nullInQuery, .linked, .below:
                    false
                }
            }
            if looksAround {
                throw QueryError(
                    .type, "delete looks at one row at a time, without aggregates over the others", at: condition.span,
                    hint: "what lies behind a link may be asked: exists(transactions where …)")
            }
            let lifted = try binder.lift([test], over: &query.plan, scope: query.scope)[0]
            let rows = try relation(.filter(query.plan, lifted), required: [Self.rowID], executor)
            var doomed: [Int: [UInt32]] = [:]
            for row in 0..<rows.rowCount {
                let id = rows[Self.rowID].integers[row]
                doomed[Int(id >> 40), default: []].append(UInt32(id & (1 << 40 - 1)))
            }
            if rows.rowCount == 0 {
                transaction.abort()
                return "deleted 0 rows from \(table.text)"
            }
            for (segment, rows) in doomed.sorted(by: { $0.key < $1.key }) {
                try transaction.delete(from: table.text, segment: segment, rows: rows)
            }
            try transaction.commit(note: "delete from \(table.text)")
            return "deleted \(CellText.grouped(rows.rowCount)) row\(rows.rowCount == 1 ? "" : "s") from \(table.text)"
        } catch {
            transaction.abort()
            throw error
        }
    }
}

extension Executor {
    /// The group of every row.
    func groupNumbers(of relation: Relation, in index: HashGroups) throws -> [UInt32] {
        var groups = Array(repeating: UInt32(0), count: relation.rowCount)
        let batch = RelationBatch(relation)
        try groups.withUnsafeMutableBufferPointer { groups in
            var first = 0
            while first < relation.rowCount {
                try cancellation.check()
                let size = min(vectorRowsMax, relation.rowCount - first)
                batch.move(to: first, count: size)
                try index.assign(batch, into: groups.baseAddress! + first)
                first += size
            }
        }
        return groups
    }
}

extension ColumnBuffer {
    /// Rows in the form that the store takes.
    func chunk(_ first: Int, _ count: Int) -> ColumnChunk {
        let mask = hasNulls ? Array(nulls[first..<first + count]) : []
        switch form {
        case .integers:
            return ColumnChunk(values: .integers(Array(UnsafeBufferPointer(start: integers + first, count: count))), nulls: mask)
        case .mask: return ColumnChunk(values: .integers((first..<first + count).map { Int64(self.mask[$0]) }), nulls: mask)
        case .doubles: return ColumnChunk(values: .doubles(Array(UnsafeBufferPointer(start: doubles + first, count: count))), nulls: mask)
        case .codes, .texts:
            var text = TextChunk()
            for row in first..<first + count {
                text.append(isNull(row) ? UnsafeBufferPointer(start: nil, count: 0) : self.text(row).buffer)
            }
            return ColumnChunk(values: .text(text), nulls: mask)
        }
    }

    func nullChunk(_ count: Int) -> ColumnChunk {
        let rows = ColumnBuffer(type: type, capacity: count)
        for _ in 0..<count { rows.appendNull() }
        return rows.chunk(0, count)
    }
}
