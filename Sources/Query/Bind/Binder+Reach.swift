import Storage

/// From aggregates along paths to plan nodes: who reaches which rows below, and the joins that bring the answers back.
extension Binder {
    /// One aggregate along a path, and the column that its answer gets.
    struct BelowMeasure {
        let id: ColumnID
        let type: LogicalType
        let call: DownwardCall
    }

    /// What the rows of the scope's table reach through paths, as columns of those rows: one join for each path and group.
    func attach(_ measures: [BelowMeasure], to plan: inout Plan, scope: Scope) throws {
        for group in Self.grouped(measures) {
            let path = group[0].call.path
            let outers = group.flatMap(\.call.outers)
            if scope.isRepeated, group[0].call.call.per != nil || !outers.isEmpty { throw repeated(outers.first?.value.span) }
            if let per = group[0].call.call.per {
                var keys: [DerivedColumn] = []
                for key in per { keys.append(DerivedColumn(id: newID(), value: key)) }
                plan = keys.isEmpty ? plan : adding(keys, to: plan)
                let outside = Outside(plan: plan, keys: keys.map(\.id), origin: scope.origin ?? path.start)
                try checkOuter(group)
                let right = try aggregate(group, outside, outers)
                plan = join(plan, right, zip(keys, right.keys).map { ($0.id, $1) }, group, nullsMatch: true)
                continue
            }
            // Of the current row alone: all rows of the table are answered at once, each by its own key.
            if !path.hops[0].isDown {
                if !outers.isEmpty {
                    // What is asked of the rows outside differs from one to the next: each is a group of its own.
                    guard !scope.key.isEmpty else {
                        throw QueryError(
                            .unsupported, "outer behind a path that goes up first needs rows with a declared key", at: outers[0].value.span,
                            hint: "load the table with a key, or derive it for the rows that the link leads to")
                    }
                    let outside = Outside(plan: plan, keys: scope.key, origin: scope.origin ?? path.start)
                    let right = try aggregate(group, outside, outers)
                    plan = join(plan, right, zip(scope.key, right.keys).map { ($0, $1) }, group, nullsMatch: false)
                    continue
                }
                try attachBehind(group, to: &plan, scope: scope)
                continue
            }
            let first = try own(path, path.start)
            if outers.isEmpty, path.hops.allSatisfy(\.isDown) {
                let keys = try climb(path.hops, from: &path.query)
                let right = try grouping(path.query.plan, by: keys, group, path)
                plan = join(plan, right, zip(first, right.keys).map { ($0, $1) }, group, nullsMatch: false)
            } else {
                let outside: Outside
                if outers.isEmpty {
                    // Every row of the table, under ids of its own.
                    let all = scan(path.start.table, name: path.start.name, version: path.start.version)
                    guard let origin = all.scope.origin else { preconditionFailure("a scan has an origin") }
                    outside = Outside(plan: all.plan, keys: try own(path, origin), origin: origin)
                } else {
                    outside = Outside(plan: plan, keys: first, origin: path.start)
                }
                let right = try aggregate(group, outside, outers)
                plan = join(plan, right, zip(first, right.keys).map { ($0, $1) }, group, nullsMatch: false)
            }
        }
    }

    func repeated(_ span: SourceSpan?) -> QueryError {
        QueryError(
            .type, "rows stand several times behind `expand name: …`, so what is below them would be counted as often", at: span,
            hint: "derive it for each row before that expand, and sum it up then")
    }

    /// What lies below the parent of a row is a value of that parent: `count(customer.complaints)`.
    private func attachBehind(_ group: [BelowMeasure], to plan: inout Plan, scope: Scope) throws {
        let path = group[0].call.path
        let ups = path.hops.prefix { !$0.isDown }
        func columns(_ ups: ArraySlice<LinkHop>, _ query: inout BoundQuery) throws -> [ColumnID] {
            guard let origin = query.scope.origin else { preconditionFailure("a path starts from rows of a table") }
            guard let hop = ups.first else {
                let rest = PathBelow(hops: Array(path.hops.drop { !$0.isDown }), start: origin, query: path.query)
                let calls = group.map { Bound(.below(DownwardCall(path: rest, call: $0.call.call, outers: [])), $0.type, 0..<0) }
                return try lift(calls, over: &query.plan, scope: query.scope).map { try column(for: $0, &query) }
            }
            let table = try linkedTable(hop.link, from: origin, at: 0..<0)
            let ids = try columns(ups.dropFirst(), &table.query)
            let reads = zip(ids, group).map { Bound(.linked(LinkRead(table: table, column: $0)), $1.type, 0..<0) }
            return try lift(reads, over: &query.plan, scope: query.scope).map { try column(for: $0, &query) }
        }
        var query = BoundQuery(plan: plan, scope: scope)
        let ids = try columns(ups[...], &query)
        plan = .derive(
            query.plan, zip(group, ids).map { DerivedColumn(id: $0.id, value: Bound(.column($1), $0.type, 0..<0)) })
    }

    /// The answer of an aggregate over nothing.
    func emptyDefault(_ measure: BelowMeasure, _ span: SourceSpan) -> Bound {
        let column = Bound(.column(measure.id), measure.type, span)
        switch measure.call.call.function {
        case .count, .distinct, .exists, .funnel:
            return Bound(.coalesce([column, .constant(.integer(0), measure.type, span)]), measure.type, span)
        case .sum:
            let zero: Value = measure.type == .float ? .double(0) : .integer(0)
            return Bound(.coalesce([column, .constant(zero, measure.type, span)]), measure.type, span)
        case .avg, .min, .max, .median, .quantile, .stddev, .variance, .first, .last, .mode, .correlation, .slope, .weightedAvg, .list,
            .funnelTime:
            return column
        }
    }

    /// Measures that one aggregate can answer: the same path and the same groups.
    private static func grouped(_ measures: [BelowMeasure]) -> [[BelowMeasure]] {
        var groups: [[BelowMeasure]] = []
        for measure in measures {
            func same(_ other: BelowMeasure) -> Bool {
                other.call.path === measure.call.path
                    && other.call.call.per?.map(\.fingerprint) == measure.call.call.per?.map(\.fingerprint)
            }
            if let index = groups.firstIndex(where: { same($0[0]) }) {
                groups[index].append(measure)
            } else {
                groups.append([measure])
            }
        }
        return groups
    }

    /// The rows that a path starts from, with the columns that tell their groups apart.
    struct Outside {
        var plan: Plan
        var keys: [ColumnID]
        var origin: Origin
        /// Each row of the origin's table stands at most once.
        var isUnique = true
    }

    private struct Grouped {
        let plan: Plan
        let keys: [ColumnID]
    }

    private func own(_ path: PathBelow, _ origin: Origin) throws -> [ColumnID] {
        guard let child = path.query.scope.origin else { preconditionFailure("a path leads to rows of a table") }
        let hop = path.hops[0]
        // The child's columns do not matter here, only the parent's.
        let near = path.hops.count == 1 ? child : nil
        return try ends(of: hop.link, child: near ?? firstChild(path), parent: origin, at: 0..<0).map(\.parent)
    }

    private func firstChild(_ path: PathBelow) throws -> Origin {
        guard let origin = try farEnd(of: path.hops[0], from: path.start, at: 0..<0).scope.origin else {
            preconditionFailure("a scan has an origin")
        }
        return origin
    }

    /// For rows at the end of hops that all lead down: the columns that hold the key of the row at their start.
    private func climb(_ hops: [LinkHop], from query: inout BoundQuery) throws -> [ColumnID] {
        guard let origin = query.scope.origin, let last = hops.last else { preconditionFailure("a path has a hop") }
        if hops.count == 1 {
            let parent = try farEnd(of: LinkHop(link: last.link, isDown: false), from: origin, at: 0..<0)
            guard let there = parent.scope.origin else { preconditionFailure("a scan has an origin") }
            return try ends(of: last.link, child: origin, parent: there, at: 0..<0).map(\.child)
        }
        let table = try linkedTable(last.link, from: origin, at: 0..<0)
        let ids = try climb(Array(hops.dropLast()), from: &table.query)
        let reads = try ids.map { Bound(.linked(LinkRead(table: table, column: $0)), try type(of: $0, in: table.query.plan), 0..<0) }
        return try lift(reads, over: &query.plan, scope: query.scope).map { try column(for: $0, &query) }
    }

    private func grouping(_ input: Plan, by keys: [ColumnID], _ group: [BelowMeasure], _ path: PathBelow) throws -> Grouped {
        var planKeys: [DerivedColumn] = []
        for key in keys {
            let id = newID()
            call(id, names[key] ?? "key")
            planKeys.append(DerivedColumn(id: id, value: Bound(.column(key), try type(of: key, in: input), 0..<0)))
        }
        return Grouped(
            plan: .aggregate(AggregatePlan(input: input, keys: planKeys, measures: Self.measures(group), emptyMayMiss: true)),
            keys: planKeys.map(\.id))
    }

    private static func measures(_ group: [BelowMeasure]) -> [AggregatePlan.Measure] {
        group.map { measure in
            var call = measure.call.call
            call.per = nil
            return AggregatePlan.Measure(id: measure.id, type: measure.type, call: call)
        }
    }

    private func join(
        _ left: Plan, _ right: Grouped, _ on: [(left: ColumnID, right: ColumnID)], _ group: [BelowMeasure], nullsMatch: Bool
    ) -> Plan {
        .join(
            JoinPlan(
                left: left, right: right.plan, on: on, rightColumns: group.map(\.id), rightName: "rows below \(group[0].call.path.text)",
                span: 0..<0, kind: .lookup, rightIsUnique: true, nullsMatch: nullsMatch))
    }

    /// One row for each group of the rows outside: the aggregates over the distinct rows below them.
    func aggregateBelow(_ group: [BelowMeasure], _ outside: Outside) throws -> (plan: Plan, keys: [ColumnID]) {
        try checkOuter(group)
        let made = try aggregate(group, outside, group.flatMap(\.call.outers))
        return (made.plan, made.keys)
    }

    /// Of a group, a row below counts once; where several rows of the group lead to it, none of them is the one outside.
    private func checkOuter(_ group: [BelowMeasure]) throws {
        guard let outer = group.flatMap(\.call.outers).first, group[0].call.path.hops.contains(where: { !$0.isDown }) else { return }
        throw QueryError(
            .type, "outer has no single value here: several rows of a group may share a row of \(group[0].call.path.text)",
            at: outer.value.span, hint: "derive the aggregate for each row first")
    }

    private func aggregate(_ group: [BelowMeasure], _ outside: Outside, _ outers: [DerivedColumn]) throws -> Grouped {
        let path = group[0].call.path
        var current = outside
        if !outers.isEmpty {
            let values = try lift(outers.map(\.value), over: &current.plan, scope: Scope())
            current.plan = .derive(current.plan, zip(outers, values).map { DerivedColumn(id: $0.id, value: $1) })
        }
        let passing = current.keys + outers.map(\.id)
        let types = Dictionary(
            outers.map { ($0.id, $0.value.type) }, uniquingKeysWith: { first, _ in first })
        let rows = try reach(path, from: current, passing: passing, types: types)
        var planKeys: [DerivedColumn] = []
        for key in outside.keys {
            let id = newID()
            call(id, names[key] ?? "key")
            planKeys.append(DerivedColumn(id: id, value: Bound(.column(key), try type(of: key, in: outside.plan), 0..<0)))
        }
        return Grouped(
            plan: .aggregate(AggregatePlan(input: rows, keys: planKeys, measures: Self.measures(group), emptyMayMiss: true)),
            keys: planKeys.map(\.id))
    }

    /// The rows of the path's last table that the rows outside reach, each once for every combination of the passing columns.
    func reach(_ path: PathBelow, from outside: Outside, passing: [ColumnID], types: [ColumnID: LogicalType] = [:]) throws -> Plan {
        var current = outside
        let turn = path.hops.lastIndex { !$0.isDown }.map { $0 + 1 } ?? 0
        for hop in path.hops[..<turn] {
            let far = try farEnd(of: hop, from: current.origin, at: 0..<0)
            guard let there = far.scope.origin else { preconditionFailure("a scan has an origin") }
            let pairs =
                hop.isDown
                ? try ends(of: hop.link, child: there, parent: current.origin, at: 0..<0).map { (far: $0.child, near: $0.parent) }
                : try ends(of: hop.link, child: current.origin, parent: there, at: 0..<0).map { (far: $0.parent, near: $0.child) }
            // Many rows may lead to one parent: it is reached once for each group.
            let near = try distinct(current, passing, pairs.map(\.near), unique: hop.isDown && current.isUnique)
            current.plan = .join(
                JoinPlan(
                    left: far.plan, right: near.plan, on: zip(pairs, near.columns).map { ($0.far, $1) }, rightColumns: passing,
                    rightName: "rows of \(current.origin.name.text)", span: 0..<0, kind: near.isUnique ? .matching : .expanding,
                    rightIsUnique: near.isUnique))
            current.origin = there
            current.isUnique = near.isUnique
        }
        let tail = Array(path.hops[turn...])
        let far = try climb(tail, from: &path.query)
        let ownKeys = try tailOwn(tail, current.origin)
        let near = try distinct(current, passing, ownKeys, unique: current.isUnique)
        return .join(
            JoinPlan(
                left: path.query.plan, right: near.plan, on: zip(far, near.columns).map { ($0, $1) }, rightColumns: passing,
                rightName: "rows of \(current.origin.name.text)", span: 0..<0, kind: near.isUnique ? .matching : .expanding,
                rightIsUnique: near.isUnique))
    }

    private func tailOwn(_ tail: [LinkHop], _ origin: Origin) throws -> [ColumnID] {
        let child = try farEnd(of: tail[0], from: origin, at: 0..<0)
        guard let there = child.scope.origin else { preconditionFailure("a scan has an origin") }
        return try ends(of: tail[0].link, child: there, parent: origin, at: 0..<0).map(\.parent)
    }

    /// The pairs of group and row: as they are where every row stands once, else told apart.
    private func distinct(_ outside: Outside, _ passing: [ColumnID], _ row: [ColumnID], unique: Bool) throws -> (
        plan: Plan, columns: [ColumnID], isUnique: Bool
    ) {
        if unique { return (outside.plan, row, true) }
        var keys: [DerivedColumn] = []
        for id in passing {
            keys.append(DerivedColumn(id: id, value: Bound(.column(id), try type(of: id, in: outside.plan), 0..<0)))
        }
        var columns: [ColumnID] = []
        for id in row {
            if passing.contains(id) {
                columns.append(id)
                continue
            }
            let column = newID()
            columns.append(column)
            keys.append(DerivedColumn(id: column, value: Bound(.column(id), try type(of: id, in: outside.plan), 0..<0)))
        }
        // With nothing to tell apart but the rows themselves, each stands once.
        return (.aggregate(AggregatePlan(input: outside.plan, keys: keys, measures: [])), columns, passing.isEmpty)
    }

    private func type(of id: ColumnID, in plan: Plan) throws -> LogicalType {
        guard let type = plan.type(of: id) else { preconditionFailure("column \(id) is not in the plan") }
        return type
    }
}
