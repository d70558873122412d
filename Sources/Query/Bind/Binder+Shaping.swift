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
        try right.requirePlain("a join")
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
            JoinPlan(
                left: query.plan, right: other.plan, on: on, rightColumns: columns, rightName: alias, span: stage.span,
                rightIsUnique: on.contains { other.plan.tellsRowsApart($0.right) }))
    }

    // MARK: union

    func union(_ source: Source, _ query: inout BoundQuery, _ stage: Stage) throws {
        let other = try bind(source)
        try other.requirePlain("a union")
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
