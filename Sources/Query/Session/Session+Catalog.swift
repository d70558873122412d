import Storage

/// Small answers about the store itself, made row by row.
struct RelationBuilder {
    private let columns: [(name: String, type: LogicalType)]
    private let buffers: [ColumnBuffer]
    private var rows = 0

    init(_ columns: [(name: String, type: LogicalType)]) {
        self.columns = columns
        buffers = columns.map { ColumnBuffer(type: $0.type) }
    }

    mutating func add(_ values: Value...) { add(values) }

    mutating func add(_ values: [Value]) {
        precondition(values.count == columns.count)
        for (buffer, value) in zip(buffers, values) { buffer.append(value) }
        rows += 1
    }

    var relation: Relation {
        let slots = columns.enumerated().map { Layout.Slot(id: $0 + 1, type: $1.type, dictionary: nil) }
        return Relation(layout: Layout(slots), columns: buffers, rowCount: rows)
    }

    var scope: Scope {
        var scope = Scope()
        scope.columns = columns.enumerated().map { Scope.Column(id: $0 + 1, name: $1.name, type: $1.type) }
        return scope
    }
}

extension Session {
    func deliver(_ builder: RelationBuilder, _ receiver: ResultReceiver) throws {
        let relation = builder.relation
        let columns = builder.scope.visible
        try receiver.begin(columns: columns.map { ResultColumn(name: $0.name, type: $0.type) })
        try ResultBatches.send(relation, columns.map(\.id), to: receiver, cancellation)
        try receiver.end(ResultFooter(rows: relation.rowCount))
    }

    func tablesRelation(_ snapshot: Snapshot) throws -> RelationBuilder {
        var out = RelationBuilder([("table", .text), ("rows", .int), ("columns", .int), ("key", .text), ("time", .text), ("bytes", .int)])
        for table in snapshot.tables.sorted(by: { $0.schema.name < $1.schema.name }) {
            let schema = table.schema
            out.add(
                .text(schema.name), .integer(Int64(table.rowCount)), .integer(Int64(schema.columns.count)),
                schema.key.isEmpty ? .null : .text(schema.key.joined(separator: ", ")), schema.time.map { .text($0) } ?? .null,
                .integer(Int64(table.bytesOnDisk)))
        }
        return out
    }

    func describeRelation(_ table: TableSnapshot, links: [LinkSchema]) throws -> RelationBuilder {
        var out = RelationBuilder([
            ("column", .text), ("type", .text), ("role", .text), ("missing", .int), ("encodings", .text), ("bytes", .int),
            ("bits_a_row", .decimal(scale: 2)),
        ])
        let rows = table.segments.reduce(0) { $0 + $1.rowCount }
        for (index, column) in table.schema.columns.enumerated() {
            var missing = 0
            var bytes = 0
            var encodings: [String] = []
            for segment in table.segments {
                for block in 0..<segment.blockCount {
                    let meta = segment.meta(column: index, block: block)
                    missing += meta.nullCount
                    bytes += meta.bytes
                    let name = meta.encodingName
                    if !encodings.contains(name) { encodings.append(name) }
                }
            }
            var roles: [String] = []
            if table.schema.key.contains(column.name) { roles.append("key") }
            if table.schema.time == column.name { roles.append("time") }
            for link in links where link.child == table.schema.name && link.childColumns.contains(column.name) {
                roles.append("link \(link.parentName) to \(link.parent)")
            }
            out.add(
                .text(column.name), .text(column.type.name), roles.isEmpty ? .null : .text(roles.joined(separator: ", ")),
                .integer(Int64(missing)),
                encodings.isEmpty ? .null : .text(encodings.sorted().joined(separator: ", ")), .integer(Int64(bytes)),
                rows == 0 ? .null : .integer(Int64((bytes * 800 + rows / 2) / rows)))
        }
        return out
    }

    func snapshotsRelation() throws -> RelationBuilder {
        var out = RelationBuilder([("version", .int), ("committed_at", .timestamp), ("change", .text)])
        for version in try store.versions() { out.add(.integer(Int64(version.number)), .integer(version.committedAt), .text(version.note)) }
        return out
    }

    static let tableFunctions = [
        "tables", "columns", "snapshots", "links", "show", "segments", "memberships", "overlaps", "diff",
    ]

    /// `from tables()`, `from columns(customers)`, `from snapshots()`.
    func tableFunction(_ call: Call, _ snapshot: Snapshot) throws -> (Relation, Scope) {
        let made: RelationBuilder
        switch call.name.text {
        case "tables" where call.arguments.isEmpty: made = try tablesRelation(snapshot)
        case "snapshots" where call.arguments.isEmpty: made = try snapshotsRelation()
        case "columns":
            guard call.arguments.count == 1, case .path(let names) = call.arguments[0].value.kind, names.count == 1 else {
                throw QueryError(.type, "columns takes a table's name", at: call.name.span, hint: "from columns(customers)")
            }
            made = try describeRelation(try requireTable(names[0]), links: snapshot.links)
        case "links" where call.arguments.isEmpty: made = try linksRelation(snapshot)
        case "show": made = try showRelation(call, snapshot)
        case "diff": made = try diffRelation(call, snapshot)
        case "segments" where call.arguments.isEmpty: made = try segmentsRelation(call, snapshot)
        case "memberships" where call.arguments.count <= 1: made = try membershipsRelation(call, snapshot)
        case "overlaps": made = try overlapsRelation(call, snapshot)
        default:
            throw QueryError(
                .name, "there is no table function \(call.name.text)", at: call.name.span,
                hint: nearestName(to: call.name.text, among: Self.tableFunctions).map { "did you mean \($0)(…)?" }
                    ?? Self.tableFunctions.map { "\($0)(…)" }.joined(separator: ", "))
        }
        return (made.relation, made.scope)
    }

    /// `.schema`: the statements that would make the tables.
    public func schemaText(_ name: String?) throws -> String {
        let snapshot = try store.snapshot()
        let tables: [TableSnapshot]
        if let name {
            guard let table = snapshot.table(name) else {
                let hint = nearestName(to: name, among: snapshot.tables.map(\.schema.name)).map { "did you mean \($0)?" }
                throw QueryError(.name, "there is no table \(name)", hint: hint)
            }
            tables = [table]
        } else {
            tables = snapshot.tables.sorted { $0.schema.name < $1.schema.name }
        }
        return tables.map { table in
            let schema = table.schema
            let columns = schema.columns.map { "\(Printer.name($0.name)): \($0.type.name)" }.joined(separator: ", ")
            var text = "create table \(Printer.name(schema.name)) (\(columns))"
            if !schema.key.isEmpty { text += " key \(schema.key.map(Printer.name).joined(separator: ", "))" }
            if let time = schema.time { text += " time \(Printer.name(time))" }
            return ([text] + snapshot.links.filter { $0.child == schema.name }.map(\.statement)).joined(separator: "\n")
        }.joined(separator: "\n")
    }
}
