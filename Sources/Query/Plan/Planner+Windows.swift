extension Planner {
    /// Groups of a window by a key are groups by its ids: where rows lie by the parents that these lead to, no group leaves its range of them.
    static let windowByID = Rewrite(name: "window by id") { plan in
        guard case .window(let input, var columns) = plan else { return nil }
        func byID(_ groups: [Bound]) -> [Bound]? {
            let ids = groups.map { group -> Bound in
                guard case .column(let id) = group.kind, let other = input.idColumn(of: id) else { return group }
                return Bound(.column(other.id), .int, group.span)
            }
            return ids.map(\.fingerprint) == groups.map(\.fingerprint) ? nil : ids
        }
        var changed = false
        for index in columns.indices {
            switch columns[index].call {
            case .window(var call):
                guard let ids = byID(call.per) else { continue }
                call.per = ids
                columns[index].call = .window(call)
            case .aggregate(var call):
                guard let per = call.per, let ids = byID(per) else { continue }
                call.per = ids
                columns[index].call = .aggregate(call)
            }
            changed = true
        }
        return changed ? .window(input, columns) : nil
    }

    /// An aggregate per key is made in one pass over the rows and looked up in another: no row is held. Only where reading twice is cheap and
    /// nothing that may fail on a row, or counts a division by zero, happens twice.
    static let aggregatePerKey = Rewrite(name: "aggregate per key looked up") { plan in
        guard case .window(let input, let columns) = plan, input.isReadTwice else { return nil }
        var kept: [WindowColumn] = []
        var calls: [(key: Bound, measures: [AggregatePlan.Measure])] = []
        for column in columns {
            guard case .aggregate(var call) = column.call, let per = call.per, per.count == 1, case .column(let id) = per[0].kind,
                per[0].type.physical == .integer, per[0].type != .bool
            else {
                kept.append(column)
                continue
            }
            call.per = nil
            let measure = AggregatePlan.Measure(id: column.id, type: column.type, call: call)
            if let known = calls.firstIndex(where: { if case .column(id) = $0.key.kind { true } else { false } }) {
                calls[known].measures.append(measure)
            } else {
                calls.append((per[0], [measure]))
            }
        }
        if calls.isEmpty { return nil }
        var rows = kept.isEmpty ? input : .window(input, kept)
        let ranges = RangeFinder(input)
        for (key, measures) in calls {
            guard case .column(let asking) = key.kind else { preconditionFailure("looked at above") }
            let id = idOfKey &- measures[0].id
            var groups = AggregatePlan(input: input, keys: [DerivedColumn(id: id, value: key)], measures: measures)
            groups.inAnyOrder = true
            rows = .join(
                JoinPlan(
                    left: rows, right: .aggregate(groups), on: [(left: asking, right: id)], rightColumns: measures.map(\.id),
                    rightName: "groups", span: key.span, rightIsUnique: true, nullsMatch: !ranges.isNeverNull(key)))
        }
        return rows
    }

    /// Rows under a window may come in any order where whoever reads them answers the same for each: they come by parents then.
    static let rowsInAnyOrder = Rewrite(name: "window rows in any order") { plan in
        switch plan {
        case .aggregate(var aggregate):
            let takesAnyOrder = aggregate.measures.allSatisfy { measure in
                let call = measure.call
                return call.function.takesAnyOrder && !call.arguments.contains(where: \.tellsOneRow) && call.filter?.tellsOneRow != true
            }
            guard takesAnyOrder, !aggregate.keys.contains(where: \.value.tellsOneRow),
                let input = inAnyOrder(aggregate.input, belowWindow: false)
            else { return nil }
            aggregate.input = input
            return .aggregate(aggregate)
        case .sort(let input, let order): return inAnyOrder(input, belowWindow: false).map { .sort($0, order) }
        case .top(var top):
            guard let input = inAnyOrder(top.input, belowWindow: false) else { return nil }
            top.input = input
            return .top(top)
        case .scan, .rows, .filter, .derive, .window, .take, .join, .union, .fill, .unfold, .sample, .assert, .assertAll: return nil
        }
    }

    /// The plan with its table's rows in any order; nil where no window needs them so, or an error tells of the first row that
    /// fails.
    private static func inAnyOrder(_ plan: Plan, belowWindow: Bool) -> Plan? {
        switch plan {
        case .scan(var scan):
            guard belowWindow, !scan.inAnyOrder, !scan.filters.contains(where: \.tellsOneRow) else { return nil }
            scan.inAnyOrder = true
            return .scan(scan)
        case .filter(let input, let condition):
            return condition.tellsOneRow ? nil : inAnyOrder(input, belowWindow: belowWindow).map { .filter($0, condition) }
        case .derive(let input, let columns):
            if columns.contains(where: \.value.tellsOneRow) { return nil }
            return inAnyOrder(input, belowWindow: belowWindow).map { .derive($0, columns) }
        case .window(let input, let columns):
            if plan.expressions.contains(where: \.tellsOneRow) { return nil }
            return inAnyOrder(input, belowWindow: true).map { .window($0, columns) }
        case .join(var join):
            guard join.kind != .expanding, let left = inAnyOrder(join.left, belowWindow: belowWindow) else { return nil }
            join.left = left
            return .join(join)
        case .rows, .aggregate, .sort, .take, .top, .union, .fill, .unfold, .sample, .assert, .assertAll: return nil
        }
    }

    /// Below the ids that the binder gives and those of other rewrites; the window's column is counted down from here.
    private static let idOfKey: ColumnID = -1_000_000
}

extension Plan {
    /// Reading it twice is cheap and tells nothing twice: a table's rows, or rows in memory, under nothing that may fail.
    var isReadTwice: Bool {
        switch self {
        case .scan(let scan): !scan.filters.contains(where: \.callsFunction)
        case .rows: true
        case .filter(let input, let condition): !condition.callsFunction && input.isReadTwice
        case .derive(let input, let columns): !columns.contains { $0.value.callsFunction } && input.isReadTwice
        case .aggregate, .window, .sort, .take, .top, .join, .union, .fill, .unfold, .sample, .assert, .assertAll: false
        }
    }
}

extension Bound {
    /// Somewhere inside stands a function that, where it fails, tells of the row. Arithmetic says the same of every row.
    fileprivate var tellsOneRow: Bool {
        contains {
            guard case .function(let instance, _) = $0.kind else { return false }
            return !["+", "-", "*", "/", "div", "mod", "negate"].contains(instance.name)
        }
    }
}
