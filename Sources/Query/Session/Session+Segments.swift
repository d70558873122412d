import Storage

/// Table functions about segments.
extension Session {
    /// The segment that a call's argument names.
    private func segment(_ argument: Call.Argument?, _ call: Call, _ vocabulary: Vocabulary) throws -> DefinitionEntry {
        guard let argument, case .path(let names) = argument.value.kind, names.count == 1 else {
            throw QueryError(
                .type, "\(call.name.text) takes a segment's name", at: argument?.value.span ?? call.name.span,
                hint: "from \(call.name.text)(vip)")
        }
        return try required(.segment, names[0], vocabulary)
    }

    /// `from segments()`: what there is, and how many are in it now.
    func segmentsRelation(_ call: Call, _ snapshot: Snapshot) throws -> RelationBuilder {
        // A segment may look into this very list, which counts who is in it.
        guard !isListingSegments else {
            throw QueryError(.name, "a segment that reads segments() cannot be counted by it", at: call.name.span)
        }
        isListingSegments = true
        defer { isListingSegments = false }
        let vocabulary = try vocabulary(snapshot)
        var out = RelationBuilder([
            ("segment", .text), ("on", .text), ("size", .int), ("rows", .int), ("snapshots", .int), ("last", .date), ("saved", .bool),
        ])
        for entry in vocabulary.own where entry.kind == .segment {
            let table = entry.definition.table?.text ?? ""
            let dates = try membershipDates(of: entry.name, snapshot)
            var size: Value = .null
            var rows: Value = .null
            if case .fits = check(entry, vocabulary, snapshot) {
                let name = Expression(kind: .path([Name(text: entry.name, span: call.name.span)]), span: call.name.span)
                let sizes = try counted([NamedExpression(name: nil, value: name)], table, snapshot, at: call.name.span)
                size = .integer(Int64(sizes[[true]] ?? 0))
                rows = .integer(Int64(sizes.values.reduce(0, +)))
            } else if let table = snapshot.table(table) {
                rows = .integer(Int64(try visibleRowCount(of: table, snapshot, at: call.name.span)))
            }
            out.add(
                .text(entry.name), .text(table), size, rows,
                .integer(Int64(dates.count)), dates.last.map { .integer($0) } ?? .null, .integer(entry.origin == .saved ? 1 : 0))
        }
        return out
    }

    /// Rows of a table that statements see: an as-of hides those of later times.
    func visibleRowCount(of table: TableSnapshot, _ snapshot: Snapshot, at span: SourceSpan) throws -> Int {
        guard hidesLaterRows, table.schema.time != nil else { return table.rowCount }
        return try counted([], table.schema.name, snapshot, at: span).values.reduce(0, +)
    }

    /// Rows of a table for every combination of conditions, in one scan.
    private func counted(_ conditions: [NamedExpression], _ table: String, _ snapshot: Snapshot, at span: SourceSpan) throws
        -> [[Bool]: Int]
    {
        let executor = makeExecutor(nil)
        let binder = Binder(try environment(snapshot, executor))
        var query = try binder.bind(Source(kind: .table(Name(text: table, span: span), version: nil), span: span))
        var keys: [NamedExpression] = []
        for (index, condition) in conditions.enumerated() {
            // A missing truth value is no membership.
            let branch = Expression.Branch(condition: condition.value, value: Expression(kind: .literal(.bool(true)), span: span))
            let value = Expression(
                kind: .conditional([branch], otherwise: Expression(kind: .literal(.bool(false)), span: span)), span: condition.value.span)
            keys.append(NamedExpression(name: Name(text: "key\(index)", span: span), value: value))
        }
        let count = Call(name: Name(text: "count", span: span), arguments: [], filter: nil, innerOrder: [], per: nil, order: nil)
        let measure = NamedExpression(name: Name(text: "rows", span: span), value: Expression(kind: .call(count), span: span))
        let stage = Stage(kind: .summarize([measure], by: keys), span: span, keyword: Name(text: "summarize", span: span))
        try binder.apply([stage], to: &query, summary: nil)
        let columns = query.scope.visible
        let rows = try relation(query.plan, required: Set(columns.map(\.id)), executor)
        var found: [[Bool]: Int] = [:]
        for row in 0..<rows.rowCount {
            let key = columns.dropLast().map { rows[$0.id].value(row) == .integer(1) }
            if case .integer(let number) = rows[columns[columns.count - 1].id].value(row) { found[key] = Int(number) }
        }
        return found
    }

    /// `from overlaps(vip, dormant, young)`: every combination's size, in one scan.
    func overlapsRelation(_ call: Call, _ snapshot: Snapshot) throws -> RelationBuilder {
        let vocabulary = try vocabulary(snapshot)
        let first = try segment(call.arguments.first, call, vocabulary)
        guard (1...12).contains(call.arguments.count) else {
            throw QueryError(.type, "overlaps takes 1 to 12 segments: each doubles the combinations", at: call.name.span)
        }
        var conditions: [NamedExpression] = []
        for argument in call.arguments {
            guard let name = argument.label?.text ?? argument.value.plainName else {
                throw QueryError(.name, "this needs a name", at: argument.value.span, hint: "write `name: …` before it")
            }
            if conditions.contains(where: { $0.name?.text == name }) {
                throw QueryError(.name, "two columns would be called \(name)", at: argument.value.span)
            }
            conditions.append(NamedExpression(name: Name(text: name, span: argument.value.span), value: argument.value))
        }
        let sizes = try counted(conditions, first.definition.table?.text ?? "", snapshot, at: call.name.span)
        let total = sizes.values.reduce(0, +)
        var out = RelationBuilder(
            conditions.map { ($0.name?.text ?? "", LogicalType.bool) } + [("rows", .int), ("share", .decimal(scale: 6))])
        for mask in (0..<1 << conditions.count).reversed() {
            let key = conditions.indices.map { mask >> (conditions.count - 1 - $0) & 1 == 1 }
            let size = sizes[key] ?? 0
            let share: Value =
                total == 0 ? .null : .integer(Int64(Decimals.divideHalfEven(Int128(size) * 1_000_000, by: Int128(total))))
            out.add(key.map { .integer($0 ? 1 : 0) } + [.integer(Int64(size)), share])
        }
        return out
    }

    /// `from memberships(vip)`, `from memberships()`: the dates that are written down, with what changed since the one before.
    func membershipsRelation(_ call: Call, _ snapshot: Snapshot) throws -> RelationBuilder {
        let vocabulary = try vocabulary(snapshot)
        var out = RelationBuilder([
            ("segment", .text), ("date", .date), ("size", .int), ("rows", .int), ("entered", .int), ("left", .int),
        ])
        let entries =
            call.arguments.isEmpty
            ? vocabulary.own.filter { $0.kind == .segment } : [try segment(call.arguments.first, call, vocabulary)]
        for entry in entries {
            var before: Membership?
            for date in try membershipDates(of: entry.name, snapshot) {
                guard let membership = try membership(of: entry.name, at: date, snapshot) else { continue }
                var entered: Value = .null
                var left: Value = .null
                if let before, before.domain == membership.domain {
                    let stayed = before.members.common(with: membership.members)
                    entered = .integer(Int64(membership.members.count - stayed))
                    left = .integer(Int64(before.members.count - stayed))
                }
                out.add(
                    .text(entry.name), .integer(date), .integer(Int64(membership.members.count)), .integer(Int64(membership.rows)), entered,
                    left)
                before = membership
            }
        }
        return out
    }

    // MARK: diff

    /// `diff(vip, 2026-08-31, 2026-09-30)`, `diff(vip, 2026-08-31)` against now, `diff((from …), (from …))`.
    func diffRelation(_ call: Call, _ snapshot: Snapshot) throws -> RelationBuilder {
        if let first = call.arguments.first, case .query(let before) = first.value.kind {
            return try diff(before, call, snapshot)
        }
        let vocabulary = try vocabulary(snapshot)
        let entry = try segment(call.arguments.first, call, vocabulary)
        guard (1...3).contains(call.arguments.count) else {
            throw QueryError(
                .type, "diff takes a segment and one or two dates", at: call.name.span, hint: "diff(vip, 2026-08-31, 2026-09-30)")
        }
        let name = Name(text: entry.name, span: call.arguments[0].value.span)
        let (table, domain) = try membershipTable(entry, snapshot, at: name.span)
        let last = try membershipDates(of: entry.name, snapshot).last ?? today
        func members(_ argument: Call.Argument) throws -> Membership {
            let found = try membership(of: name, asOf: try day(argument.value, snapshot), snapshot, at: argument.value.span)
            guard let domain, domain.id == found.domain else {
                throw QueryError(
                    .data, "the snapshots of \(entry.name) are of another \(table.schema.name): its key has changed since",
                    at: argument.value.span)
            }
            return found
        }
        let old =
            try call.arguments.count > 1
            ? members(call.arguments[1])
            : members(Call.Argument(label: nil, value: Expression(kind: .literal(.date(last)), span: name.span)))
        let new =
            call.arguments.count > 2
            ? try members(call.arguments[2]).members : MembershipBitmap(try membersNow(entry, snapshot, at: name.span))
        guard let domain else { preconditionFailure("members have ids") }
        var rows: [(key: [Value], change: String)] = []
        try old.members.forEachWithSides(of: new) { id, wasIn, isIn in
            guard Int(id) < domain.count else {
                throw StorageError(.corrupt, "a snapshot of \(entry.name) holds an id that was never given")
            }
            rows.append((try domain.key(of: id), wasIn ? isIn ? "stayed" : "left" : "entered"))
        }
        rows.sort { $0.key.precedes($1.key) }
        var out = RelationBuilder(
            zip(table.schema.key, domain.types).map { ($0, $1) } + [
                (table.schema.key.contains("change") ? "change_of_segment" : "change", .text)
            ])
        for row in rows { out.add(row.key + [.text(row.change)]) }
        return out
    }

    /// Rows that are new, gone or changed between two answers, told apart by their keys.
    private func diff(_ before: Query, _ call: Call, _ snapshot: Snapshot) throws -> RelationBuilder {
        let queries = call.arguments.filter { $0.label == nil }
        guard queries.count == 2, case .query(let after) = queries[1].value.kind else {
            throw QueryError(
                .type, "diff takes two queries in brackets", at: call.name.span, hint: "diff((from …), (from …), key: customer_id)")
        }
        let (old, oldScope) = try answer(before, snapshot)
        let (new, newScope) = try answer(after, snapshot)
        var keys = oldScope.key.map { oldScope.column(id: $0) }.filter(\.isVisible).map(\.name)
        if keys.count != oldScope.key.count { keys = [] }
        if let named = call.arguments.first(where: { $0.label?.text == "key" }) {
            switch named.value.kind {
            case .path(let names) where names.count == 1: keys = [names[0].text]
            case .list(let items):
                keys = items.compactMap { if case .path(let names) = $0.kind, names.count == 1 { names[0].text } else { nil } }
            case .literal, .path, .parameter, .call, .negate, .not, .binary, .isNull, .membership, .conditional, .range, .query, .period,
                .memberAsOf, .star:
                throw QueryError(.type, "`key:` names columns", at: named.value.span, hint: "key: customer_id, or key: [a, b]")
            }
        }
        guard !keys.isEmpty else {
            throw QueryError(
                .name, "these rows have no key to be told apart by", at: call.name.span,
                hint: "name it: diff((from …), (from …), key: customer_id)")
        }
        let columns = oldScope.visible.map(\.name)
        guard Set(columns) == Set(newScope.visible.map(\.name)) else {
            let odd = Set(columns).symmetricDifference(newScope.visible.map(\.name)).sorted()
            throw QueryError(
                .name, "the two answers have different columns: \(odd.joined(separator: ", "))", at: queries[1].value.span,
                hint: "end both with the same `select`")
        }
        var made: [(name: String, type: LogicalType, old: ColumnID, new: ColumnID)] = []
        for name in keys + columns.filter({ !keys.contains($0) }) {
            guard let a = oldScope.column(name), let b = newScope.column(name) else {
                throw QueryError(.name, "there is no column \(name) in the answers", at: call.name.span)
            }
            guard a.type == b.type else {
                throw QueryError(
                    .type, "\(name) is \(a.type.name) in the first answer and \(b.type.name) in the second", at: queries[1].value.span)
            }
            made.append((name, a.type, a.id, b.id))
        }
        func cells(_ rows: Relation, _ id: (Int) -> ColumnID) -> [[Value]] {
            (0..<rows.rowCount).map { row in made.indices.map { rows[id($0)].value(row) } }
        }
        let changes = AnswerChanges(columns: made.map { ($0.name, $0.type) }, keyCount: keys.count)
        do {
            return try changes.between(cells(old) { made[$0].old }, cells(new) { made[$0].new }).rows
        } catch var error as QueryError {
            error.span = call.name.span
            throw error
        }
    }

    private func answer(_ query: Query, _ snapshot: Snapshot) throws -> (Relation, Scope) {
        let executor = makeExecutor(nil)
        let bound = try Binder(try environment(snapshot, executor)).bind(query)
        try bound.requirePlain("brackets")
        return (try relation(bound.plan, required: Set(bound.required), executor), bound.scope)
    }
}
