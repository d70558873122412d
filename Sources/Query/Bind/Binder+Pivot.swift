import Storage

extension Binder {
    // MARK: pivot

    /// One column for each value: the measure with a `where over = value` inside.
    func pivot(
        _ measures: [NamedExpression], _ keys: [NamedExpression], _ over: NamedExpression, _ values: Expression?, _ query: inout BoundQuery,
        _ stage: Stage
    ) throws {
        let lifted = try lift([try bind(over.value, in: query.scope)], over: &query.plan, scope: query.scope)[0]
        let column = try column(for: lifted, &query)
        let type = lifted.type
        let found: [Value]
        if let values {
            guard case .list(let items) = values.kind else {
                throw QueryError(.type, "pivot needs a list of values: `in [a, b]`", at: values.span)
            }
            if items.isEmpty {
                throw QueryError(
                    .type, "pivot needs at least one value", at: values.span, hint: "write `in [a, b]`, or leave `in …` out for all values")
            }
            found = try items.map { item in
                guard let bound = Coercion.coerce(try bind(item, in: Scope()), to: type), let value = bound.constantValue else {
                    throw QueryError(.type, "a value of type \(type.name) is needed", at: item.span)
                }
                return value
            }
        } else {
            let distinct = AggregatePlan(
                input: query.plan, keys: [DerivedColumn(id: newID(), value: Bound(.column(column), type, stage.span))], measures: [])
            found = try environment.values(.aggregate(distinct), distinct.keys[0].id)
        }
        guard found.count <= 1000 else {
            throw QueryError(
                .data, "pivot would make \(found.count) columns", at: over.value.span,
                hint: "name the values: `over … in [a, b]`, or use summarize")
        }
        let condition = Bound(.column(column), type, over.value.span)
        var named: [(String, Bound)] = []
        for value in found {
            let label = value.isNull ? "null" : CellText.string(value, type: type)
            let test =
                value.isNull
                ? Bound(.isNull(condition), .bool, stage.span)
                : Bound(.compare(.equal, condition, .constant(value, type, stage.span)), .bool, stage.span)
            for measure in measures {
                let bound = try bind(measure.value, in: query.scope).transformedFromTop { node in
                    guard case .aggregate(var call) = node.kind else { return nil }
                    call.filter = call.filter.map { Bound(.and([$0, test]), .bool, stage.span) } ?? test
                    return Bound(.aggregate(call), node.type, node.span)
                }
                guard bound.containsAggregate else { throw QueryError(.type, "pivot needs an aggregate here", at: measure.value.span) }
                if bound.contains(where: { if case .below = $0.kind { true } else { false } }) {
                    throw QueryError(
                        .unsupported, "pivot cannot spread an aggregate along a link", at: measure.value.span,
                        hint: "derive it before: `derive x: sum(transactions.amount) | pivot sum(x) …`")
                }
                named.append((measures.count == 1 ? label : "\(label)_\(try name(of: measure))", bound))
            }
        }
        try summarizeBound(named, keys, &query, stage)
    }

    private func summarizeBound(_ measures: [(String, Bound)], _ keys: [NamedExpression], _ query: inout BoundQuery, _ stage: Stage) throws
    {
        let boundKeys = try lift(
            try keys.map { try materialized(try bind($0.value, in: query.scope)) }, over: &query.plan, scope: query.scope)
        var scope = Scope()
        var planKeys: [DerivedColumn] = []
        for (key, bound) in zip(keys, boundKeys) {
            let id = newID()
            planKeys.append(DerivedColumn(id: id, value: bound))
            scope.columns.append(Scope.Column(id: id, name: try name(of: key), type: bound.type))
        }
        var collected: [AggregatePlan.Measure] = []
        var derived: [DerivedColumn] = []
        for (name, bound) in measures {
            if scope.column(name) != nil {
                throw QueryError(.name, "two columns would be called \(name)", at: stage.span, hint: "rename the key")
            }
            let ready = try bound.transformedFromTop { node in
                guard case .aggregate = node.kind, node.children.contains(where: \.needsLifting) else { return nil }
                return node.with(children: try self.lift(node.children, over: &query.plan, scope: query.scope))
            }
            let rebuilt = ready.transformedFromTop { node in
                guard case .aggregate(let call) = node.kind else { return nil }
                let id = self.newID()
                collected.append(AggregatePlan.Measure(id: id, type: node.type, call: call))
                return Bound(.column(id), node.type, node.span)
            }
            let id = newID()
            derived.append(DerivedColumn(id: id, value: rebuilt))
            scope.columns.append(Scope.Column(id: id, name: name, type: rebuilt.type))
        }
        query.plan = .derive(.aggregate(AggregatePlan(input: query.plan, keys: planKeys, measures: collected)), derived)
        scope.key = planKeys.map(\.id)
        query.scope = scope
    }

    // MARK: fill

    func fill(_ name: Name, _ per: [Name], _ range: Expression?, _ value: Expression?, _ query: inout BoundQuery, _ stage: Stage) throws {
        let column = query.scope.columns[try index(of: name, query.scope)]
        switch column.type {
        case .int, .date, .week, .month, .quarter, .year: break
        case .bool, .decimal, .float, .text, .timestamp, .duration:
            throw QueryError(
                .type, "fill closes gaps in whole steps, \(name.text) is \(article(column.type))", at: name.span,
                hint: "fill a day, week, month, quarter, year or int")
        }
        let groups = try per.map { query.scope.columns[try index(of: $0, query.scope)].id }
        let stated = try value.map { try bind($0, in: Scope()) } ?? .constant(.null, .int, stage.span)
        guard stated.constantValue != nil else { throw QueryError(.type, "fill needs a constant", at: value?.span) }
        var others: [(id: ColumnID, value: Value)] = []
        for other in query.scope.columns where other.id != column.id && !groups.contains(other.id) {
            // A number fills numbers, a text fills texts; what it does not fit stays null.
            others.append((other.id, Coercion.coerce(stated, to: other.type)?.constantValue ?? .null))
        }
        query.plan = .fill(
            FillPlan(
                input: query.plan, column: column.id, type: column.type, per: groups, others: others,
                range: try range.map { try steps($0, of: column) }))
        query.scope.key = groups + [column.id]
        // The rows that are added are no rows of the table.
        query.scope.origin = nil
    }

    /// The steps that `fill … in` asks for: `0..12`, `2026-01..2026-12`, and for days, weeks, months and quarters a longer span too.
    private func steps(_ range: Expression, of column: Scope.Column) throws -> ClosedRange<Int64> {
        func end(_ expression: Expression, last: Bool) throws -> Int64 {
            let bound = try bind(expression, in: Scope())
            if bound.type == column.type, case .integer(let value)? = bound.constantValue { return value }
            // The first or last day, week, month or quarter of a longer span.
            if bound.type.isSpan || bound.type == .date, column.type != .int, case .integer(let value)? = bound.constantValue {
                let day =
                    bound.type == .date ? value : CivilDate.firstDay(of: last ? value + 1 : value, type: bound.type) - (last ? 1 : 0)
                return column.type == .date ? day : CivilDate.span(of: day, type: column.type)
            }
            // A bare 2026 beside dates is the year.
            if bound.type == .int, column.type != .int, case .integer(let value)? = bound.constantValue, (1000...9999).contains(value) {
                let day = last ? CivilDate.firstDay(year: value + 1) - 1 : CivilDate.firstDay(year: value)
                return column.type == .date ? day : CivilDate.span(of: day, type: column.type)
            }
            throw QueryError(
                .type, "\(column.name) is \(article(column.type)), so fill needs constants of that type here", at: expression.span,
                hint: column.type == .int ? "fill k in 0..12" : "fill m in 2026-01..2026-12, or in 2026")
        }
        let (low, high): (Int64, Int64)
        if case .range(let first, let second) = range.kind {
            (low, high) = (try end(first, last: false), try end(second, last: true))
        } else {
            (low, high) = (try end(range, last: false), try end(range, last: true))
        }
        guard low <= high else { throw QueryError(.type, "this range is empty: its end lies before its start", at: range.span) }
        return low...high
    }
}
