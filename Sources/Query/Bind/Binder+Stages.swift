import Storage

extension Binder {
    func apply(_ stage: Stage, to query: inout BoundQuery, summary: BoundQuery.SummaryShape?) throws {
        switch stage.kind {
        case .where(let expression):
            let condition = try condition(expression, in: query.scope)
            let lifted = try lift([condition], over: &query.plan, scope: query.scope)
            query.plan = .filter(query.plan, lifted[0])
        case .derive(let items): try derive(items, &query, stage)
        case .select(let items): try select(items, &query, stage)
        case .drop(let names):
            for name in names { query.scope.columns[try index(of: name, query.scope)].isVisible = false }
            if query.scope.visible.isEmpty { throw QueryError(.name, "drop leaves no column", at: stage.span) }
        case .rename(let pairs): try rename(pairs, &query)
        case .summarize(let measures, let keys): try summarize(measures, keys, &query, stage)
        case .sort(let items):
            let order = try planOrder(items, &query, defaultDescending: false)
            query.plan = .sort(query.plan, order + query.scope.tieBreakers(order))
        case .take(let count, let from):
            let rows = try whole(count, "take", in: query.scope)
            let first = try from.map { try whole($0, "the first row", in: query.scope) } ?? 1
            guard first >= 1 else { throw QueryError(.type, "rows are counted from 1", at: from?.span) }
            query.plan = .take(query.plan, first: first - 1, count: rows)
        case .top(let count, let per, let by, let others):
            try top(try whole(count, "top", in: query.scope), per, by, others, &query, summary, stage)
        case .distinct(let items): try distinct(items, &query, stage)
        case .expand(let path): try expand(path, &query, stage)
        case .unfold(let items):
            try unfold(items, &query, stage)
            // A row now stands many times: what is below several of them would be counted as often.
            query.scope.isRepeated = true
        case .join(let join): try self.join(join, &query, stage)
        case .union(let source): try union(source, &query, stage)
        case .pivot(let measures, let keys, let over, let values): try pivot(measures, keys, over, values, &query, stage)
        case .fill(let column, let per, let range, let value): try fill(column, per, range, value, &query, stage)
        case .sample(let size, let seed):
            let seed = try seed.map { UInt64(try whole($0, "a seed", in: query.scope)) } ?? 1
            query.plan = .sample(query.plan, try sampleSize(size, in: query.scope), seed: seed)
        case .assert(let expression, let message): try assert(expression, message, &query, stage)
        case .to(let path, let raw): query.sink = (path, raw, stage.span)
        case .verb(let call): try apply(verb: call, to: &query, summary: summary, stage.span)
        case .chart(let items, let keys):
            guard let kind = ChartSpec.Kind(rawValue: stage.keyword.text) else { preconditionFailure("the parser knows charts by name") }
            try chart(kind, items, keys, &query, stage)
        case .profile: try profile(&query, stage)
        }
    }

    func whole(_ expression: Expression, _ what: String, in scope: Scope) throws -> Int {
        if case .path(let names) = expression.kind {
            throw QueryError(
                .type, "\(what) needs a whole number that is the same for all rows", at: expression.span,
                hint: "a number, or @\(names[0].text) if it is defined by `let`")
        }
        let bound = try bind(expression, in: Scope())
        guard bound.type == .int, case .integer(let value)? = bound.constantValue, value >= 0, value <= 1 << 40 else {
            throw QueryError(.type, "\(what) needs a whole number that is not negative", at: expression.span)
        }
        return Int(value)
    }

    private func sampleSize(_ expression: Expression, in scope: Scope) throws -> SampleSize {
        let bound = try bind(expression, in: Scope())
        if bound.type == .int { return .rows(try whole(expression, "sample", in: scope)) }
        guard case .decimal(let scale) = bound.type, case .integer(let value)? = bound.constantValue, value >= 0,
            value <= Decimals.power(scale)
        else {
            throw QueryError(.type, "sample needs a number of rows or a share such as 1%", at: expression.span)
        }
        return .share(millionths: Int(Int128(value) * 1_000_000 / Int128(Decimals.power(scale))))
    }

    func index(of name: Name, _ scope: Scope, isFar: Bool = false) throws -> Int {
        guard let index = scope.columns.firstIndex(where: { $0.isVisible && $0.name == name.text }) else { throw unknown(name, in: scope) }
        note(name, scope.columns[index], isFar: isFar)
        return index
    }

    // MARK: names

    /// The name of an expression that was given none, where it has a plain one.
    func plainName(_ expression: Expression) -> String? { expression.plainName }

    func name(of item: NamedExpression) throws -> String {
        if let name = item.name { return name.text }
        guard let name = plainName(item.value) else {
            throw QueryError(.name, "this needs a name", at: item.value.span, hint: "write `name: …` before it")
        }
        return name
    }

    private func checkDuplicates(_ names: [(String, SourceSpan)]) throws {
        var seen: Set<String> = []
        for (name, span) in names where !seen.insert(name).inserted {
            throw QueryError(.name, "two columns would be called \(name)", at: span, hint: "give one of them a name: `other: …`")
        }
    }

    // MARK: columns

    private func derive(_ items: [NamedExpression], _ query: inout BoundQuery, _ stage: Stage) throws {
        try checkDuplicates(try items.map { (try name(of: $0), $0.value.span) })
        for item in items {
            let bound = try lift([try bind(item.value, in: query.scope)], over: &query.plan, scope: query.scope)[0]
            let name = try name(of: item)
            let id = newID()
            query.plan = adding([DerivedColumn(id: id, value: try materialized(bound))], to: query.plan)
            call(id, name)
            noteColumn(id, item.value)
            query.scope.put(Scope.Column(id: id, name: name, type: bound.type))
        }
    }

    /// A step of months is no value of its own.
    func materialized(_ bound: Bound) throws -> Bound {
        if case .months = bound.kind {
            throw QueryError(
                .type, "months have no fixed length, so they cannot stand in a column", at: bound.span, hint: "add them to a date")
        }
        return bound
    }

    /// Columns that do not build on each other share one node.
    func adding(_ columns: [DerivedColumn], to plan: Plan) -> Plan {
        if case .derive(let input, let known) = plan {
            let made = Set(known.map(\.id))
            if columns.allSatisfy({ $0.value.columns.isDisjoint(with: made) }) { return .derive(input, known + columns) }
        }
        return .derive(plan, columns)
    }

    private func select(_ items: [NamedExpression], _ query: inout BoundQuery, _ stage: Stage) throws {
        var chosen: [Scope.Column] = []
        var places: [SourceSpan] = []
        for item in items {
            if case .star = item.value.kind, item.name == nil {
                chosen += query.scope.visible
                places += query.scope.visible.map { _ in item.value.span }
                continue
            }
            let bound = try lift([try bind(item.value, in: query.scope)], over: &query.plan, scope: query.scope)[0]
            let name = try name(of: item)
            places.append(item.value.span)
            // A column picked a second time needs an id of its own.
            if case .column(let id) = bound.kind, !chosen.contains(where: { $0.id == id }) {
                let known = query.scope.columns.first { $0.id == id }
                chosen.append(Scope.Column(id: id, name: name, type: bound.type, qualifier: item.name == nil ? known?.qualifier : nil))
            } else {
                let id = newID()
                query.plan = adding([DerivedColumn(id: id, value: try materialized(bound))], to: query.plan)
                noteColumn(id, item.value)
                chosen.append(Scope.Column(id: id, name: name, type: bound.type))
            }
        }
        try checkDuplicates(zip(chosen, places).map { ($0.name, $1) })
        let hidden = query.scope.columns.filter { old in !chosen.contains { $0.id == old.id } }
        query.scope.columns =
            chosen
            + hidden.map {
                var column = $0
                column.isVisible = false
                return column
            }
    }

    private func rename(_ pairs: [Stage.Renaming], _ query: inout BoundQuery) throws {
        let places = try pairs.map { try index(of: $0.old, query.scope) }
        for (pair, place) in zip(pairs, places) {
            query.scope.columns[place].name = pair.new.text
            query.scope.columns[place].qualifier = nil
        }
        try checkDuplicates(
            query.scope.visible.map { column in (column.name, pairs.first { $0.new.text == column.name }?.new.span ?? pairs[0].new.span) })
    }

    // MARK: order

    /// The columns of an order; what is not a column yet becomes one.
    func planOrder(_ items: [OrderItem], _ query: inout BoundQuery, defaultDescending: Bool) throws -> [PlanOrder] {
        let bounds = try lift(try items.map { try bind($0.value, in: query.scope) }, over: &query.plan, scope: query.scope)
        var order: [PlanOrder] = []
        for (item, bound) in zip(items, bounds) {
            let descending = item.explicit ? item.descending : defaultDescending
            order.append(PlanOrder(id: try column(for: bound, &query), descending: descending))
        }
        return order
    }

    func column(for bound: Bound, _ query: inout BoundQuery) throws -> ColumnID {
        if case .column(let id) = bound.kind { return id }
        let id = newID()
        query.plan = adding([DerivedColumn(id: id, value: try materialized(bound))], to: query.plan)
        query.scope.columns.append(Scope.Column(id: id, name: "", type: bound.type, isVisible: false))
        return id
    }

    private func top(
        _ count: Int, _ per: [Expression], _ by: [OrderItem], _ others: Bool, _ query: inout BoundQuery,
        _ summary: BoundQuery.SummaryShape?, _ stage: Stage
    ) throws {
        var groups: [ColumnID] = []
        for expression in per {
            groups.append(
                try column(for: try lift([try bind(expression, in: query.scope)], over: &query.plan, scope: query.scope)[0], &query))
        }
        if others, per.isEmpty == false { throw QueryError(.type, "`with others` sums up one top, not one per group", at: stage.span) }
        let order = try planOrder(by, &query, defaultDescending: true)
        let ranked = order + query.scope.tieBreakers(order)
        var plan = Plan.top(TopPlan(input: query.plan, count: count, per: groups, order: ranked, asked: order.count, others: false))
        if others {
            guard let summary else {
                throw QueryError(
                    .type, "`with others` can follow only `summarize`", at: stage.span,
                    hint: "put `top … with others` right behind the summarize")
            }
            plan = try withOthers(plan, summary, query, stage)
        }
        if !per.isEmpty {
            let groupOrder = groups.map { PlanOrder(id: $0, descending: false) }
            plan = .sort(plan, groupOrder + ranked.filter { item in !groups.contains(item.id) })
        }
        query.plan = plan
    }

    /// One more row: the same aggregates over the rows of all groups that are not shown.
    private func withOthers(_ top: Plan, _ summary: BoundQuery.SummaryShape, _ query: BoundQuery, _ stage: Stage) throws -> Plan {
        let visible = query.scope.visible
        guard summary.aggregate.keys.count == 1 else {
            throw QueryError(
                .type, "`with others` needs a summary by one key, this one has \(summary.aggregate.keys.count)", at: stage.span)
        }
        let key = summary.aggregate.keys[0]
        let shown = SubqueryBox(plan: top, column: key.id)
        // Null is a group too: it belongs to the others unless it was shown.
        let isShown = Bound(.inQuery(key.value, shown), .bool, stage.span)
        let isRest = Bound(.not(isShown), .bool, stage.span)
        let nullShown = NullKeyCheck(key: key, shown: shown)
        var rest = summary.aggregate
        rest.input = .filter(rest.input, nullShown.condition(isRest, stage.span))
        rest.keys = []
        var mapping: [ColumnID: ColumnID] = [:]
        rest.measures = rest.measures.map { measure in
            let id = newID()
            mapping[measure.id] = id
            return AggregatePlan.Measure(id: id, type: measure.type, call: measure.call)
        }
        let counter = newID()
        rest.measures.append(
            AggregatePlan.Measure(
                id: counter, type: .int, call: AggregateCall(function: .count, arguments: [], filter: nil, order: [], per: nil)))
        let below = summary.below.map { measure in
            let id = newID()
            mapping[measure.id] = id
            return BelowMeasure(id: id, type: measure.type, call: measure.call)
        }
        var plan = try plan(BoundQuery.SummaryShape(aggregate: rest, below: below, origin: summary.origin, derived: []))
        for column in summary.derived {
            let id = newID()
            let value = column.value.transformed { node in
                guard case .column(let old) = node.kind, let new = mapping[old] else { return node }
                return Bound(.column(new), node.type, node.span)
            }
            mapping[column.id] = id
            plan = .derive(plan, [DerivedColumn(id: id, value: value)])
        }
        plan = .filter(
            plan,
            Bound(
                .compare(.greater, Bound(.column(counter), .int, stage.span), .constant(.integer(0), .int, stage.span)), .bool, stage.span))
        let keyType = key.value.type
        let label = newID()
        plan = .derive(
            plan,
            [
                DerivedColumn(
                    id: label,
                    value: keyType == .text ? .constant(.text("others"), .text, stage.span) : .constant(.null, keyType, stage.span))
            ])
        mapping[key.id] = label
        let all = Set(visible.map(\.id)).union(query.scope.key)
        let columns = all.sorted().compactMap { id -> (id: ColumnID, type: LogicalType, from: [ColumnID])? in
            guard let other = mapping[id] else { return nil }
            return (id, query.scope.column(id: id).type, [id, other])
        }
        return .union(UnionPlan(inputs: [top, plan], columns: columns))
    }

    // MARK: assertions

    private func assert(_ expression: Expression, _ message: String?, _ query: inout BoundQuery, _ stage: Stage) throws {
        let bound = try condition(expression, in: query.scope)
        let lifted = try lift([bound], over: &query.plan, scope: query.scope)[0]
        let isAboutAll = bound.containsAggregate && bound.columnsOutsideAggregates.isEmpty
        let shown = isAboutAll ? [] : query.scope.visible.prefix(8).map { (name: $0.name, id: $0.id, type: $0.type) }
        let check = AssertPlan(condition: lifted, message: message ?? "assert failed", span: expression.span, shown: Array(shown))
        // An assertion about all rows must fail on an empty table too, where no row carries the aggregate.
        if isAboutAll, case .window(let input, let windows) = query.plan, windows.allSatisfy(\.isScalar) {
            let measures = windows.map { AggregatePlan.Measure(id: $0.id, type: $0.type, call: $0.aggregateCall!) }
            query.plan = .assertAll(input, AggregatePlan(input: input, keys: [], measures: measures), check)
        } else {
            query.plan = .assert(query.plan, check)
        }
    }
}

extension Bound {
    /// Columns that are read row by row.
    var columnsOutsideAggregates: Set<ColumnID> {
        switch kind {
        case .aggregate, .window: []
        case .linked: Set(children.flatMap(\.columns))
        // Below one row lies what is this row's own.
        case .below(let below): below.call.per == nil ? Set(below.path.start.ids.values) : []
        case .column(let id): [id]
        case .constant, .months, .function, .compare, .and, .or, .not, .isNull, .conditional, .coalesce, .inSet, .inQuery, .nullInQuery:
            children.reduce(into: Set<ColumnID>()) { $0.formUnion($1.columnsOutsideAggregates) }
        }
    }
}

/// `not (key in shown)` counts a null key as not shown; where the top rows hold the null group, its rows are not among the others.
struct NullKeyCheck {
    let key: DerivedColumn
    let shown: SubqueryBox

    func condition(_ isRest: Bound, _ span: SourceSpan) -> Bound {
        let isNull = Bound(.isNull(key.value), .bool, span)
        let nullIsShown = Bound(.nullInQuery(shown), .bool, span)
        return Bound(.and([isRest, Bound(.not(Bound(.and([isNull, nullIsShown]), .bool, span)), .bool, span)]), .bool, span)
    }
}
