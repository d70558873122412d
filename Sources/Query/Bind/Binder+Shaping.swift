import Storage

extension Binder {
    // MARK: summarize

    func summarize(_ measures: [NamedExpression], _ keys: [NamedExpression], _ query: inout BoundQuery, _ stage: Stage) throws {
        let boundKeys = try keys.map { try materialized(try bind($0.value, in: query.scope)) }
        for (key, bound) in zip(keys, boundKeys) where bound.hasOpenAggregate {
            throw QueryError(.type, "a key of summarize cannot be an aggregate", at: key.value.span, hint: "derive it first, with `per`")
        }
        let boundMeasures = try measures.map { try bind($0.value, in: query.scope) }
        let names = try keys.map { try name(of: $0) } + (try measures.map { try name(of: $0) })
        var seen: Set<String> = []
        for (name, item) in zip(names, keys + measures) where !seen.insert(name).inserted {
            throw QueryError(.name, "two columns would be called \(name)", at: item.value.span, hint: "give one of them a name: `other: …`")
        }
        // Windows inside keys and arguments come first; then what is left are the aggregates of this stage.
        let (liftedKeys, liftedMeasures) = try liftBelowAggregates(boundKeys, boundMeasures, &query)
        var planKeys: [DerivedColumn] = []
        for bound in liftedKeys { planKeys.append(DerivedColumn(id: newID(), value: bound)) }
        var collected: [AggregatePlan.Measure] = []
        var below: [BelowMeasure] = []
        var known: [String: ColumnID] = [:]
        var results: [Bound] = []
        for (item, bound) in zip(measures, liftedMeasures) {
            guard bound.containsAggregate else {
                if case .call(let call) = item.value.kind, call.per != nil || call.order != nil {
                    throw QueryError(
                        .type, "`per` makes a window over the rows, summarize has one row a group", at: item.value.span,
                        hint: "name the groups with `by`: `summarize \(call.name.text)(…) by …`")
                }
                throw QueryError(
                    .type, "summarize needs an aggregate here", at: item.value.span,
                    hint: plainName(item.value).map { "group by it: `summarize … by \($0)`, or take one value: max(\($0))" }
                        ?? "such as count(), sum(x), max(x)")
            }
            let rebuilt = bound.transformedFromTop { node in
                let fingerprint = node.fingerprint
                let id = known[fingerprint] ?? self.newID()
                switch node.kind {
                case .aggregate(let call):
                    if known[fingerprint] == nil { collected.append(AggregatePlan.Measure(id: id, type: node.type, call: call)) }
                    known[fingerprint] = id
                    return Bound(.column(id), node.type, node.span)
                case .below(let call):
                    let measure = BelowMeasure(id: id, type: node.type, call: call)
                    if known[fingerprint] == nil { below.append(measure) }
                    self.call(id, "\(call.call.function.rawValue) over \(call.path.text)")
                    known[fingerprint] = id
                    return self.emptyDefault(measure, node.span)
                case .column, .constant, .months, .function, .compare, .and, .or, .not, .isNull, .conditional, .coalesce, .inSet, .inQuery,
                    .nullInQuery, .window, .linked:
                    return nil
                }
            }
            results.append(rebuilt)
        }
        let made = Set(collected.map(\.id) + below.map(\.id))
        for (item, result) in zip(measures, results) where !result.columns.isSubset(of: made) {
            throw QueryError(
                .type, "a column outside of an aggregate has no single value for a group", at: item.value.span,
                hint: "summarize sees its input only: make it a key (`by`), or put it into an aggregate")
        }
        if !below.isEmpty, query.scope.isRepeated { throw repeated(stage.span) }
        let shape = BoundQuery.SummaryShape(
            aggregate: AggregatePlan(input: query.plan, keys: planKeys, measures: collected), below: below, origin: query.scope.origin,
            derived: [])
        query.plan = try plan(shape)
        var scope = Scope()
        for (key, name) in zip(planKeys, names) { scope.columns.append(Scope.Column(id: key.id, name: name, type: key.value.type)) }
        var derived: [DerivedColumn] = []
        for (result, name) in zip(results, names[keys.count...]) {
            if case .column(let id) = result.kind, !scope.columns.contains(where: { $0.id == id }) {
                scope.columns.append(Scope.Column(id: id, name: name, type: result.type))
            } else {
                let id = newID()
                derived.append(DerivedColumn(id: id, value: result))
                scope.columns.append(Scope.Column(id: id, name: name, type: result.type))
            }
        }
        if !derived.isEmpty { query.plan = .derive(query.plan, derived) }
        scope.key = planKeys.map(\.id)
        query.scope = scope
        query.summary = BoundQuery.SummaryShape(aggregate: shape.aggregate, below: below, origin: shape.origin, derived: derived)
    }

    /// A summary's groups with the aggregates over the incoming rows and, joined to them, those over the rows below.
    func plan(_ shape: BoundQuery.SummaryShape) throws -> Plan {
        var plan = Plan.aggregate(shape.aggregate)
        var rest = shape.below[...]
        while let first = rest.first {
            // Aggregates along one path share its scan.
            let group = rest.filter { $0.call.path === first.call.path }
            rest = rest.filter { $0.call.path !== first.call.path }
            guard let origin = shape.origin else { preconditionFailure("a path starts from rows of a table") }
            let keys = shape.aggregate.keys.map { DerivedColumn(id: newID(), value: $0.value) }
            let input = keys.isEmpty ? shape.aggregate.input : Plan.derive(shape.aggregate.input, keys)
            let (right, rightKeys) = try aggregateBelow(Array(group), Outside(plan: input, keys: keys.map(\.id), origin: origin))
            plan = .join(
                JoinPlan(
                    left: plan, right: right, on: zip(shape.aggregate.keys, rightKeys).map { ($0.id, $1) }, rightColumns: group.map(\.id),
                    rightName: "rows below \(first.call.path.text)", span: 0..<0, kind: .lookup, rightIsUnique: true, nullsMatch: true))
        }
        return plan
    }

    /// `per` and window functions anywhere below an aggregate (or in a key) see the stage's input: they become columns of it.
    private func liftBelowAggregates(_ keys: [Bound], _ measures: [Bound], _ query: inout BoundQuery) throws -> ([Bound], [Bound]) {
        var plan = query.plan
        let scope = query.scope
        let newKeys = keys.isEmpty ? [] : try lift(keys, over: &plan, scope: scope)
        let newMeasures = try measures.map { measure in
            try measure.transformedFromTop { node in
                // An aggregate along a path is one of the stage's own.
                if case .below(let below) = node.kind, below.call.per == nil { return node }
                guard case .aggregate(let call) = node.kind, call.per == nil else {
                    // A window that stands beside the aggregates is one over the input; it is refused when columns are checked.
                    return node.isWindow ? try self.lift([node], over: &plan, scope: scope)[0] : nil
                }
                guard node.children.contains(where: \.needsLifting) else { return node }
                return node.with(children: try self.lift(node.children, over: &plan, scope: scope))
            }
        }
        query.plan = plan
        return (newKeys, newMeasures)
    }

    func distinct(_ items: [NamedExpression], _ query: inout BoundQuery, _ stage: Stage) throws {
        let chosen =
            items.isEmpty
            ? query.scope.visible.map {
                NamedExpression(name: nil, value: Expression(kind: .path([Name(text: $0.name, span: stage.span)]), span: stage.span))
            } : items
        try summarizeKeysOnly(chosen, &query, stage)
    }

    private func summarizeKeysOnly(_ items: [NamedExpression], _ query: inout BoundQuery, _ stage: Stage) throws {
        try summarize([], items, &query, stage)
        query.summary = nil
    }

    // MARK: join

    func join(_ join: Stage.Join, _ query: inout BoundQuery, _ stage: Stage) throws {
        let right = try bind(join.source)
        if let sink = right.sink { throw QueryError(.syntax, "`to` cannot stand inside a join", at: sink.span) }
        let alias: String
        if let given = join.alias {
            alias = given.text
        } else if case .table(let name, _) = join.source.kind {
            alias = name.text
        } else {
            throw QueryError(.name, "a joined query needs a name", at: join.source.span, hint: "write `join (…) as name on column`")
        }
        var pairs = join.on
        if pairs.isEmpty {
            guard !right.scope.key.isEmpty else {
                throw QueryError(
                    .name, "\(alias) has no declared key, so the join must say on what", at: join.source.span,
                    hint: "write `join \(alias) on column`")
            }
            pairs = right.scope.key.map { id in
                let name = Name(text: right.scope.column(id: id).name, span: join.source.span)
                return Stage.Renaming(new: name, old: name)
            }
        }
        var left = query
        var other = right
        var on: [(left: ColumnID, right: ColumnID)] = []
        var rightKeys: Set<ColumnID> = []
        for pair in pairs {
            let here = query.scope.columns[try index(of: pair.new, query.scope)]
            let there = right.scope.columns[try index(of: pair.old, right.scope, isFar: true)]
            let a = Bound(.column(here.id), here.type, pair.new.span)
            let b = Bound(.column(there.id), there.type, pair.old.span)
            guard let type = Coercion.common(here.type, there.type), let fromLeft = Coercion.coerce(a, to: type),
                let fromRight = Coercion.coerce(b, to: type)
            else {
                throw QueryError(
                    .type, "\(pair.new.text) is \(article(here.type)) and \(alias).\(pair.old.text) \(article(there.type))",
                    at: pair.new.span)
            }
            rightKeys.insert(there.id)
            on.append((try column(for: fromLeft, &left), try column(for: fromRight, &other)))
        }
        query = left
        let added = right.scope.visible.filter { !rightKeys.contains($0.id) }
        var columns: [ColumnID] = []
        for column in added {
            let name = "\(alias)_\(column.name)"
            if query.scope.column(name) != nil {
                throw QueryError(
                    .name, "there is a column \(name) already", at: stage.span,
                    hint: "give the joined table another name: `join … as other on …`")
            }
            columns.append(column.id)
            query.scope.columns.append(Scope.Column(id: column.id, name: name, type: column.type, qualifier: alias))
        }
        query.plan = .join(
            JoinPlan(left: query.plan, right: other.plan, on: on, rightColumns: columns, rightName: alias, span: stage.span))
    }

    // MARK: union

    func union(_ source: Source, _ query: inout BoundQuery, _ stage: Stage) throws {
        let other = try bind(source)
        if let sink = other.sink { throw QueryError(.syntax, "`to` cannot stand inside a union", at: sink.span) }
        try union(other, at: source.span, &query, stage)
    }

    func union(_ other: BoundQuery, at place: SourceSpan, _ query: inout BoundQuery, _ stage: Stage) throws {
        let left = query.scope.visible
        let right = other.scope.visible
        let missing = left.map(\.name).filter { other.scope.column($0) == nil }
        let extra = right.map(\.name).filter { query.scope.column($0) == nil }
        guard missing.isEmpty, extra.isEmpty else {
            let parts = [
                missing.isEmpty ? nil : "the second lacks \(missing.joined(separator: ", "))",
                extra.isEmpty ? nil : "the first lacks \(extra.joined(separator: ", "))",
            ]
            throw QueryError(
                .name, "union needs the same columns on both sides: \(parts.compactMap { $0 }.joined(separator: "; "))", at: place,
                hint: "use select or rename on one side")
        }
        var first = query.plan
        var second = other.plan
        var scope = Scope()
        var columns: [(id: ColumnID, type: LogicalType, from: [ColumnID])] = []
        for column in left {
            let match = other.scope.column(column.name)!
            let a = Bound(.column(column.id), column.type, stage.span)
            let b = Bound(.column(match.id), match.type, stage.span)
            guard let type = Coercion.common(column.type, match.type), let fromLeft = Coercion.coerce(a, to: type),
                let fromRight = Coercion.coerce(b, to: type)
            else {
                throw QueryError(
                    .type, "\(column.name) is \(article(column.type)) in the first and \(article(match.type)) in the second",
                    at: place, hint: "make them one type, e.g. with text(…)")
            }
            let ids = [(fromLeft, column.id), (fromRight, match.id)].enumerated().map { index, side -> ColumnID in
                if case .column(let id) = side.0.kind { return id }
                let id = newID()
                if index == 0 {
                    first = adding([DerivedColumn(id: id, value: side.0)], to: first)
                } else {
                    second = adding([DerivedColumn(id: id, value: side.0)], to: second)
                }
                return id
            }
            let id = newID()
            columns.append((id, type, ids))
            scope.columns.append(Scope.Column(id: id, name: column.name, type: type))
        }
        query.plan = .union(UnionPlan(inputs: [first, second], columns: columns))
        query.scope = scope
    }

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

extension Bound {
    var isWindow: Bool {
        switch kind {
        case .window, .aggregate, .below: true
        case .linked, .column, .constant, .months, .function, .compare, .and, .or, .not, .isNull, .conditional, .coalesce, .inSet, .inQuery,
            .nullInQuery:
            false
        }
    }

    /// An aggregate that is not a window of its own.
    var hasOpenAggregate: Bool {
        if case .aggregate(let call) = kind, call.per == nil { return true }
        return children.contains(where: \.hasOpenAggregate)
    }
}
