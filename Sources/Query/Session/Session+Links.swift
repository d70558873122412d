import Storage

extension Session {
    /// `link child.key to parent …`
    func declare(_ link: LinkDeclaration, _ progress: @escaping (Int, Int) -> Void) throws -> String {
        let snapshot = try store.snapshot()
        if link.isLatest, let name = link.childrenName {
            throw QueryError(
                .name, "a link to the latest row leads only up, so there is no name for its children", at: name.span,
                hint: "link … latest as \(link.parentName?.text ?? link.parent.text)")
        }
        let parentName = link.parentName?.text ?? link.parent.text
        // The children of a dated link are never asked for, but the store wants a name that no other link has.
        let childrenName = link.isLatest ? "\(link.child.text).\(parentName)" : link.childrenName?.text ?? link.child.text
        let schema = LinkSchema(
            child: link.child.text, childColumns: link.childColumns.map(\.text), parent: link.parent.text,
            parentColumns: link.parentColumns.map(\.text), parentName: parentName, childrenName: childrenName, isLatest: link.isLatest)
        let what = String(schema.statement.dropFirst("link ".count))
        if let known = snapshot.links.first(where: { $0.child == schema.child && $0.parentName == schema.parentName }) {
            // Without columns a link goes to the key that its parent declares.
            func target(_ columns: [String]) -> [String] { columns.isEmpty ? snapshot.table(schema.parent)?.schema.key ?? [] : columns }
            var same = schema
            same.id = known.id
            same.parentColumns = known.parentColumns
            if same == known, target(schema.parentColumns) == target(known.parentColumns) { return "already linked \(what)" }
        }
        for (table, columns, places) in [
            (link.child, link.childColumns, "child"), (link.parent, link.parentColumns, "parent"),
        ] {
            guard let known = snapshot.table(table.text)?.schema else { continue }
            for column in columns where known.index(of: column.text) == nil {
                throw QueryError(
                    .name, "\(table.text) has no column \(column.text)", at: column.span,
                    hint: nearestName(to: column.text, among: known.columns.map(\.name)).map { "did you mean \($0)?" }
                        ?? "columns of the \(places): \(known.columns.map(\.name).prefix(12).joined(separator: ", "))")
            }
        }
        if let parent = snapshot.table(link.parent.text), link.parentColumns.isEmpty {
            guard !parent.schema.key.isEmpty else {
                let columns = link.childColumns.map { Printer.name($0.text) }.joined(separator: ", ")
                throw QueryError(
                    .name, "\(link.parent.text) has no declared key", at: link.parent.span,
                    hint: "say which columns are its key: link \(link.child.text).\(columns) to \(link.parent.text).KEY")
            }
            guard parent.schema.key.count == link.childColumns.count else {
                throw QueryError(
                    .name, "the key of \(link.parent.text) is \(parent.schema.key.joined(separator: ", "))", at: link.parent.span,
                    hint: "name as many columns of \(link.child.text): link \(link.child.text).(a, b) to \(link.parent.text)")
            }
        }
        if link.isLatest { try checkDates(link, snapshot) }
        do {
            try commit("link \(what)") { transaction in
                transaction.progress = { [cancellation] rows, total in
                    try cancellation.check()
                    progress(rows, total)
                }
                _ = try transaction.declareLink(schema)
            }
        } catch let error as StorageError where error.kind == .request || error.kind == .data {
            throw QueryError(
                error.kind == .request ? .name : .data, error.message, at: link.child.span.lowerBound..<link.parent.span.upperBound,
                hint: error.hint)
        }
        // A table may come later; a misspelt one would never, so it is said.
        let waiting = [schema.child, schema.parent].filter { snapshot.table($0) == nil }.map { name in
            "\(name) is not loaded yet"
                + (nearestName(to: name, among: snapshot.tables.map(\.schema.name)).map { "; there is a table \($0)" } ?? "")
        }
        let orphans = try orphanNotes(of: [schema.child], try store.snapshot()).filter { $0.link == schema.parentName }
        return (["linked \(what)"] + waiting + orphans.map(\.text)).joined(separator: "\n")
    }

    /// The last column of a dated link is a date at both ends; a day of the parent holds for the moments in it, not the other way round.
    private func checkDates(_ link: LinkDeclaration, _ snapshot: Snapshot) throws {
        guard let child = snapshot.table(link.child.text)?.schema, let parent = snapshot.table(link.parent.text)?.schema,
            let asks = link.childColumns.last, let holds = (link.parentColumns.isEmpty ? parent.key : link.parentColumns.map(\.text)).last,
            let from = child.index(of: asks.text).map({ child.columns[$0].type }),
            let to = parent.index(of: holds).map({ parent.columns[$0].type })
        else { return }
        let fits = [.date, .timestamp].contains(from) && (from == to || to == .date)
        guard fits else {
            throw QueryError(
                .type,
                "latest needs dates at the end of both keys: \(asks.text) is \(from.withArticle), \(parent.name).\(holds) \(to.withArticle)",
                at: asks.span, hint: "link t.(currency, date) to rates latest")
        }
    }

    func dropLink(_ child: Name, _ parentName: Name) throws -> String {
        let links = try store.snapshot().links.filter { $0.child == child.text }
        guard let link = links.first(where: { $0.parentName == parentName.text }) else {
            throw QueryError(
                .name, "\(child.text) has no link \(parentName.text)", at: parentName.span,
                hint: links.isEmpty ? nil : "its links: \(links.map(\.parentName).joined(separator: ", "))")
        }
        try commitKeeping(
            "drop link \(child.text).\(parentName.text)", changing: "\(child.text).\(parentName.text) cannot be dropped",
            at: parentName.span
        ) { try $0.dropLink(link.id) }
        return "dropped link \(child.text).\(parentName.text)"
    }

    /// After a change of a table: what its links now lack.
    func sayOrphans(of table: String, _ receiver: ResultReceiver) throws {
        for note in try orphanNotes(of: [table], try store.snapshot()) { try receiver.message(note.text) }
    }

    /// Children whose parent is missing, for every link that one of the tables is an end of.
    func orphanNotes(of tables: [String], _ snapshot: Snapshot) throws -> [(link: String, text: String)] {
        var notes: [(link: String, text: String)] = []
        for link in snapshot.links where tables.contains(link.child) || tables.contains(link.parent) {
            guard snapshot.table(link.child) != nil, snapshot.table(link.parent) != nil, !link.isLatest else { continue }
            let (rows, first) = try orphans(of: link, snapshot)
            if rows == 0 { continue }
            notes.append(
                (
                    link.parentName,
                    "\(CellText.grouped(rows)) row\(rows == 1 ? "" : "s") of \(link.child) \(rows == 1 ? "has" : "have") no \(link.parentName) in \(link.parent), the first key is \(first)"
                ))
        }
        return notes
    }

    /// Rows of the child whose key is no parent's, and the smallest such key.
    func orphans(of link: LinkSchema, _ snapshot: Snapshot) throws -> (rows: Int, firstKey: String) {
        let executor = makeExecutor(nil)
        var environment = try environment(snapshot, executor)
        environment.hidesLaterRows = false
        let binder = Binder(environment)
        guard let child = snapshot.table(link.child) else { return (0, "") }
        var query = binder.scan(child, name: Name(text: link.child, span: 0..<0), version: nil)
        guard let origin = query.scope.origin else { return (0, "") }
        let read = try binder.presence(of: link, from: origin, at: 0..<0)
        let keys = link.childColumns.compactMap { query.scope.column($0) }
        let missing = Bound(.isNull(read), .bool, 0..<0)
        let complete = keys.map { Bound(.not(Bound(.isNull(Bound(.column($0.id), $0.type, 0..<0)), .bool, 0..<0)), .bool, 0..<0) }
        let condition = try binder.lift([Bound(.and(complete + [missing]), .bool, 0..<0)], over: &query.plan, scope: query.scope)[0]
        let count = binder.newID()
        let call = AggregateCall(function: .count, arguments: [], filter: nil, order: [], per: nil)
        let grouped = keys.map { DerivedColumn(id: binder.newID(), value: Bound(.column($0.id), $0.type, 0..<0)) }
        let plan = Plan.aggregate(
            AggregatePlan(
                input: .filter(query.plan, condition), keys: grouped, measures: [AggregatePlan.Measure(id: count, type: .int, call: call)]))
        let rows = try relation(plan, required: Set(grouped.map(\.id) + [count]), executor)
        guard rows.rowCount > 0 else { return (0, "") }
        let total = (0..<rows.rowCount).reduce(0) { $0 + Int(rows[count].integers[$1]) }
        let first = zip(grouped, keys).map { CellText.string(rows[$0.id].value(0), type: $1.type) }.joined(separator: ", ")
        return (total, first)
    }

    /// `from links()`
    func linksRelation(_ snapshot: Snapshot) throws -> RelationBuilder {
        var out = RelationBuilder([
            ("child", .text), ("columns", .text), ("parent", .text), ("key", .text), ("parent_name", .text), ("children_name", .text),
            ("latest", .bool), ("orphans", .int),
        ])
        for link in snapshot.links {
            let key = link.parentColumns.isEmpty ? snapshot.table(link.parent)?.schema.key ?? [] : link.parentColumns
            let loaded = snapshot.table(link.child) != nil && snapshot.table(link.parent) != nil && !link.isLatest
            out.add(
                .text(link.child), .text(link.childColumns.joined(separator: ", ")), .text(link.parent),
                key.isEmpty ? .null : .text(key.joined(separator: ", ")), .text(link.parentName),
                link.isLatest ? .null : .text(link.childrenName), .integer(link.isLatest ? 1 : 0),
                loaded ? .integer(Int64(try orphans(of: link, snapshot).rows)) : .null)
        }
        return out
    }
}

extension TableSnapshot {
    /// The type of a stored column: one of the schema's, or a hidden id behind them.
    func type(ofStored index: Int) -> LogicalType { index < schema.columns.count ? schema.columns[index].type : .int }
}

extension LinkSchema {
    /// The statement that declares it.
    var statement: String {
        func columns(_ names: [String]) -> String {
            let all = names.map { Printer.name($0) }.joined(separator: ", ")
            return names.count == 1 ? all : "(\(all))"
        }
        return "link \(Printer.name(child)).\(columns(childColumns)) to \(Printer.name(parent))"
            + (parentColumns.isEmpty ? "" : ".\(columns(parentColumns))") + (isLatest ? " latest" : "")
            + " as \(Printer.name(parentName))" + (isLatest ? "" : ", \(Printer.name(childrenName))")
    }
}
