import Storage

extension Session {
    static let showGroups = ["segments", "metrics", "verbs", "queries", "lets", "params", "all", "prelude"]

    /// `from show(segments)`, `from show(all)`
    func showRelation(_ call: Call, _ snapshot: Snapshot) throws -> RelationBuilder {
        guard call.arguments.count == 1, case .path(let names) = call.arguments[0].value.kind, names.count == 1 else {
            throw QueryError(
                .type, "show takes what is to be listed", at: call.name.span,
                hint: Self.showGroups.map { "show(\($0))" }.joined(separator: ", "))
        }
        return try listed(names[0], try vocabulary(snapshot))
    }

    private func listed(_ group: Name, _ vocabulary: Vocabulary) throws -> RelationBuilder {
        let kinds: [String: Definition.Kind] = [
            "segments": .segment, "metrics": .metric, "verbs": .verb, "queries": .query, "lets": .let, "params": .param,
        ]
        let entries: [DefinitionEntry]
        if group.text == "prelude" {
            return shippedVerbs()
        } else if let kind = kinds[group.text] {
            entries = vocabulary.own.filter { $0.kind == kind }
        } else if group.text == "all" {
            entries = vocabulary.own
        } else {
            throw QueryError(
                .name, "show cannot list \(group.text)", at: group.span,
                hint: nearestName(to: group.text, among: Self.showGroups).map { "did you mean \($0)?" }
                    ?? Self.showGroups.joined(separator: ", "))
        }
        var out = RelationBuilder(Self.listColumns)
        for entry in entries {
            let uses = self.uses(entry, vocabulary)
            // The table that it is about stands in a column of its own.
            let names = uses.definitions + uses.tables.filter { $0 != entry.definition.table?.text }
            out.add(
                .text(entry.kind.rawValue), .text(entry.name), entry.definition.table.map { .text($0.text) } ?? .null, .text(entry.text),
                .integer(entry.origin == .saved ? 1 : 0), entry.doc.map { .text($0) } ?? .null,
                names.isEmpty ? .null : .text(names.joined(separator: ", ")))
        }
        return out
    }

    private static let listColumns: [(name: String, type: LogicalType)] = [
        ("kind", .text), ("name", .text), ("on", .text), ("definition", .text), ("saved", .bool), ("doc", .text), ("uses", .text),
    ]

    /// The verbs that ship; those whose stages are put together from the call show how they are called.
    private func shippedVerbs() -> RelationBuilder {
        var out = RelationBuilder(Self.listColumns)
        for verb in Prelude.verbs {
            out.add(
                .text("verb"), .text(verb.name), .null, .text(Prelude.definitions[verb.name]?.text ?? verb.signature), .integer(0),
                .text(verb.summary), .null)
        }
        return out
    }

    private func shipped(_ verb: PreludeVerb) -> RelationBuilder {
        var out = RelationBuilder([("property", .text), ("value", .text)])
        out.add(.text("definition"), .text(Prelude.definitions[verb.name]?.text ?? verb.signature))
        out.add(.text("doc"), .text(verb.summary))
        out.add(.text("source"), .text(verb.source))
        out.add(.text("example"), .text(verb.example.query))
        out.add(.text("lives"), .text("in the program"))
        return out
    }

    /// `show vip`: everything about one definition; `show segments`: a list.
    func shown(_ name: Name, isMarked: Bool) throws -> RelationBuilder {
        let snapshot = try store.snapshot()
        let vocabulary = try vocabulary(snapshot)
        let key = isMarked ? "@" + name.text : name.text
        let own = vocabulary.entry(key) ?? vocabulary.entry("@" + name.text)
        if own == nil || own?.origin == .shipped, let verb = Prelude.verbs.first(where: { $0.name == name.text }) { return shipped(verb) }
        guard let entry = own else {
            if !isMarked, Self.showGroups.contains(name.text) { return try listed(name, vocabulary) }
            let known = vocabulary.own.map(\.name) + Prelude.verbs.map(\.name)
            throw QueryError(
                .name, "there is no definition \(name.text)", at: name.span,
                hint: nearestName(to: name.text, among: known.sorted()).map { "did you mean \($0)?" } ?? "`show all` lists them")
        }
        var out = RelationBuilder([("property", .text), ("value", .text)])
        out.add(.text("definition"), .text(entry.text))
        if let doc = entry.doc { out.add(.text("doc"), .text(doc)) }
        let uses = self.uses(entry, vocabulary)
        if !uses.definitions.isEmpty { out.add(.text("uses"), .text(uses.definitions.joined(separator: ", "))) }
        let status = check(entry, vocabulary, snapshot)
        var columns: [String] = []
        if case .fits(let references) = status { columns = Set(references.columns.map { "\($0.table).\($0.column)" }).sorted() }
        if !uses.tables.isEmpty { out.add(.text("tables"), .text(uses.tables.joined(separator: ", "))) }
        if !columns.isEmpty { out.add(.text("columns"), .text(columns.joined(separator: ", "))) }
        let users = vocabulary.own.filter { $0.key != entry.key && self.uses($0, vocabulary).definitions.contains(entry.key) }
        if !users.isEmpty { out.add(.text("used by"), .text(users.map(\.title).joined(separator: ", "))) }
        if entry.kind == .segment {
            let dates = try membershipDates(of: entry.name, snapshot)
            if !dates.isEmpty {
                out.add(
                    .text("snapshots"), .text(dates.map { CellText.string(.integer($0), type: .date) }.joined(separator: ", ")))
            }
        }
        if entry.kind == .param, let value = try environment(snapshot, makeExecutor(nil)).parameters[entry.name]?.constantValue,
            case .param(let type, _, _) = entry.definition.body
        {
            out.add(.text("value"), .text(CellText.string(value, type: type)))
        }
        switch entry.origin {
        case .run: out.add(.text("lives"), .text(vocabulary.saved[entry.key] == nil ? "for this run" : "for this run, before a saved one"))
        case .saved: out.add(.text("lives"), .text("with the data"))
        case .shipped: out.add(.text("lives"), .text("in the program"))
        }
        switch status {
        case .fits: break
        case .unloaded(let tables): out.add(.text("unchecked"), .text("not loaded: \(tables.sorted().joined(separator: ", "))"))
        case .broken(let error): out.add(.text("broken"), .text(error.message))
        }
        return out
    }

    // MARK: as a script

    /// `from show(all) | to "definitions.crmq"`: the rows' definitions as a script that `run` reads, each behind those that it needs.
    func script(of rows: Relation, _ columns: [Scope.Column], _ snapshot: Snapshot, at span: SourceSpan) throws -> (
        text: String, count: Int
    ) {
        let vocabulary = try vocabulary(snapshot)
        guard let kind = columns.first(where: { $0.name == "kind" && $0.type == .text }),
            let name = columns.first(where: { $0.name == "name" && $0.type == .text })
        else {
            throw QueryError(.type, "a .crmq file holds definitions: the rows need the columns kind and name", at: span)
        }
        var wanted: [DefinitionEntry] = []
        for row in 0..<rows.rowCount {
            guard case .text(let kindText) = rows[kind.id].value(row), case .text(let nameText) = rows[name.id].value(row),
                let kind = Definition.Kind(rawValue: kindText), let entry = vocabulary.entry(DefinitionEntry.key(kind, nameText), kind)
            else {
                throw QueryError(
                    .type, "a .crmq file holds the rows of show(…) alone", at: span, hint: "from show(all) | to \"definitions.crmq\"")
            }
            if !wanted.contains(where: { $0.key == entry.key }) { wanted.append(entry) }
        }
        var ordered: [DefinitionEntry] = []
        func add(_ entry: DefinitionEntry) {
            if ordered.contains(where: { $0.key == entry.key }) { return }
            for key in uses(entry, vocabulary).definitions {
                if let needed = wanted.first(where: { $0.key == key }), key != entry.key { add(needed) }
            }
            ordered.append(entry)
        }
        for entry in wanted { add(entry) }
        let text = ordered.map { "\($0.commentLines)save \($0.text)\n" }.joined(separator: "\n")
        return (text, ordered.count)
    }
}
