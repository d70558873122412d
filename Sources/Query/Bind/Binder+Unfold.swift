import Storage

extension Binder {
    /// `expand k: 1..12`, `expand m: 2026-01..2026-09`, `expand name: ["a", "b"], value: [a, b]`.
    func unfold(_ items: [NamedExpression], _ query: inout BoundQuery, _ stage: Stage) throws {
        var names: Set<String> = []
        for item in items {
            guard let name = item.name, names.insert(name.text).inserted else {
                throw QueryError(.name, "two columns would be called \(item.name?.text ?? "")", at: item.name?.span ?? stage.span)
            }
        }
        if case .range(let low, let high) = items[0].value.kind {
            guard items.count == 1 else {
                throw QueryError(
                    .type, "only lists go side by side; a range stands alone", at: items[1].value.span,
                    hint: "write a second expand: every pair of values, or derive what hangs on the first")
            }
            return try unfold(items[0].name, low, high, &query)
        }
        var lists: [(name: Name, values: [Expression])] = []
        for item in items {
            guard case .list(let values) = item.value.kind, let name = item.name else {
                throw QueryError(
                    .type, "expand needs a list or a range", at: item.value.span,
                    hint: "expand k: 1..12, or expand name: [\"a\", \"b\"], value: [a, b]")
            }
            if values.count != lists.first?.values.count ?? values.count {
                throw QueryError(
                    .type, "lists that go side by side have the same length, this one has \(values.count)", at: item.value.span)
            }
            lists.append((name, values))
        }
        let place = newID()
        let span = items[0].value.span
        // All values are those of the row as it came in: a name that one list gives anew is still the old column in the next.
        var columns: [(name: Name, value: Bound)] = []
        for list in lists {
            guard !list.values.isEmpty else {
                throw QueryError(.type, "an empty list would leave no row", at: span)
            }
            let bounds = try lift(
                try list.values.map { try materialized(try bind($0, in: query.scope)) }, over: &query.plan, scope: query.scope)
            columns.append((list.name, try chosen(bounds, by: place, span)))
        }
        let last = Int64(lists[0].values.count - 1)
        query.plan = .unfold(
            UnfoldPlan(
                input: query.plan, id: place, type: .int, low: .constant(.integer(0), .int, span),
                high: .constant(.integer(last), .int, span)))
        query.scope.columns.append(Scope.Column(id: place, name: "", type: .int, isVisible: false))
        if !query.scope.key.isEmpty { query.scope.key.append(place) }
        for column in columns {
            let id = newID()
            query.plan = adding([DerivedColumn(id: id, value: column.value)], to: query.plan)
            call(id, column.name.text)
            query.scope.put(Scope.Column(id: id, name: column.name.text, type: column.value.type))
        }
    }

    private func unfold(_ name: Name?, _ low: Expression, _ high: Expression, _ query: inout BoundQuery) throws {
        let bounds = try lift([try bind(low, in: query.scope), try bind(high, in: query.scope)], over: &query.plan, scope: query.scope)
        guard let name, let type = Coercion.common(bounds[0].type, bounds[1].type), let first = Coercion.coerce(bounds[0], to: type),
            let last = Coercion.coerce(bounds[1], to: type)
        else {
            throw QueryError(
                .type, "a range goes from one value to another of its type, not from \(bounds[0].type.name) to \(bounds[1].type.name)",
                at: low.span)
        }
        switch type {
        case .int, .date, .week, .month, .quarter, .year: break
        case .bool, .decimal, .float, .text, .timestamp, .duration:
            throw QueryError(
                .type, "expand goes in whole steps, this is \(type.withArticle)", at: low.span,
                hint: "a range of ints, days, weeks, months, quarters or years")
        }
        let id = newID()
        let (start, end) = (first.decided, last.decided)
        if start.fingerprint == end.fingerprint {
            // From a value to itself: each row once, without the rows that have none.
            let known = Bound(.not(Bound(.isNull(start), .bool, low.span)), .bool, low.span)
            query.plan = .derive(.filter(query.plan, known), [DerivedColumn(id: id, value: start)])
        } else {
            query.plan = .unfold(UnfoldPlan(input: query.plan, id: id, type: type, low: start, high: end))
        }
        call(id, name.text)
        query.scope.put(Scope.Column(id: id, name: name.text, type: type))
        if !query.scope.key.isEmpty { query.scope.key.append(id) }
    }

    /// The value at a place of a list.
    private func chosen(_ values: [Bound], by place: ColumnID, _ span: SourceSpan) throws -> Bound {
        var type = values.first { !$0.isNullConstant }?.type ?? values[0].type
        for value in values where !value.isNullConstant {
            guard let common = Coercion.common(type, value.type) else {
                throw QueryError(
                    .type, "the values of a list have one type, and \(type.name) and \(value.type.name) have none in common",
                    at: value.span,
                    hint: "text(x) writes any value as text")
            }
            type = common
        }
        let column = Bound(.column(place), .int, span)
        let same = try values.map { value -> Bound in
            guard let coerced = Coercion.coerce(value, to: type) else {
                throw QueryError(.type, "this cannot be a \(type.name)", at: value.span)
            }
            return coerced
        }
        let branches = same.dropLast().enumerated().map { index, value in
            (
                condition: Bound(.compare(.equal, column, .constant(.integer(Int64(index)), .int, span)), .bool, span), value: value
            )
        }
        if branches.isEmpty { return same[0] }
        return Bound(.conditional(branches, otherwise: same.last!), type, span)
    }
}

extension Bound {
    /// A conditional whose conditions are constants, as those of a verb's arguments are, is the branch that they choose.
    fileprivate var decided: Bound {
        guard case .conditional(let branches, let otherwise) = kind else { return self }
        for branch in branches {
            guard case .integer(let holds)? = branch.condition.constantValue else { return self }
            if holds != 0 { return branch.value.decided }
        }
        return otherwise.decided
    }
}
