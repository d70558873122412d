import Storage

/// Rewrites that change how a plan runs and never what it answers. Each has a name; `explain` prints those that applied.
struct Rewrite: Sendable {
    let name: String
    /// The plan with the rewrite applied at its root, or nil.
    let apply: @Sendable (Plan) -> Plan?
}

enum Planner {
    /// In order; the list runs over every node, from the leaves up, until nothing changes.
    static let rewrites: [Rewrite] = [
        splitConditions, filterBelowDerive, filterBelowJoin, sharedFilterBelowAggregate, shareRowsBelow, distinctByID, groupByID,
        windowByID, aggregatePerKey, membershipByID, filterIntoScan, sortAndTakeIsTop, sortAndTakeIsPage, groupsInAnyOrder, rowsInAnyOrder,
        topSkipsBlocks,
    ]

    static func plan(_ plan: Plan, with rewrites: [Rewrite] = rewrites, log: inout [String]) -> Plan {
        var current = plan.mapInputs { Self.plan($0, with: rewrites, log: &log) }
        var rounds = 0
        var changed = true
        while changed, rounds < 100 {
            changed = false
            rounds += 1
            for rewrite in rewrites {
                guard let next = rewrite.apply(current) else { continue }
                log.append(rewrite.name)
                current = next.mapInputs { Self.plan($0, with: rewrites, log: &log) }
                changed = true
            }
        }
        return current
    }

    /// `where a and b` is `where a | where b`.
    static let splitConditions = Rewrite(name: "split conditions") { plan in
        guard case .filter(let input, let condition) = plan, case .and = condition.kind else { return nil }
        return conjuncts(condition).reduce(input) { .filter($0, $1) }
    }

    /// The terms of an `and`, also of those inside it: a range is an `and` of its ends.
    private static func conjuncts(_ condition: Bound) -> [Bound] {
        guard case .and(let terms) = condition.kind else { return [condition] }
        return terms.flatMap(conjuncts)
    }

    /// A condition that needs none of the derived columns is asked before they are made.
    static let filterBelowDerive = Rewrite(name: "filter before derive") { plan in
        guard case .filter(.derive(let input, let columns), let condition) = plan else { return nil }
        guard condition.columns.isDisjoint(with: columns.map(\.id)) else { return nil }
        return .derive(.filter(input, condition), columns)
    }

    /// A condition on the left side's columns is asked before the right side's are looked up.
    static let filterBelowJoin = Rewrite(name: "filter before join") { plan in
        guard case .filter(.join(var join), let condition) = plan, condition.columns.isDisjoint(with: join.rightColumns) else { return nil }
        // A function may fail on rows that the join would have dropped.
        if join.kind != .lookup, condition.callsFunction { return nil }
        join.left = .filter(join.left, condition)
        return .join(join)
    }

    /// A condition inside every one of the aggregates is asked once, before rows are grouped: blocks are skipped, and fewer rows scattered.
    static let sharedFilterBelowAggregate = Rewrite(name: "filter before aggregate") { plan in
        guard case .aggregate(var aggregate) = plan, aggregate.emptyMayMiss, !aggregate.keys.isEmpty else { return nil }
        let filters = aggregate.measures.map { $0.call.filter.map(conjuncts) ?? [] }
        guard let first = filters.first else { return nil }
        let common = first.filter { term in
            // A function may fail on a row that another term turns away.
            !term.callsFunction && filters.allSatisfy { $0.contains { $0.fingerprint == term.fingerprint } }
        }
        guard !common.isEmpty else { return nil }
        let asked = Set(common.map(\.fingerprint))
        for index in aggregate.measures.indices {
            let rest = filters[index].filter { !asked.contains($0.fingerprint) }
            aggregate.measures[index].call.filter = rest.isEmpty ? nil : rest.count == 1 ? rest[0] : Bound(.and(rest), .bool, rest[0].span)
        }
        aggregate.input = common.reduce(aggregate.input) { .filter($0, $1) }
        return .aggregate(aggregate)
    }

    /// The scan itself asks the condition: blocks are skipped and columns decoded only where rows are left.
    static let filterIntoScan = Rewrite(name: "filter in scan") { plan in
        guard case .filter(.scan(var scan), let condition) = plan else { return nil }
        let cost = cost(condition)
        // A function may fail on rows that the conditions before it turn away: it never overtakes one.
        let place =
            condition.callsFunction ? scan.filters.endIndex : scan.filters.firstIndex { Self.cost($0) > cost } ?? scan.filters.endIndex
        scan.filters.insert(condition, at: place)
        return .scan(scan)
    }

    /// More rows are not kept in order while others go by.
    static let topRowsMax = 100_000

    /// Only the first rows of an order are kept while the rows go by.
    static let sortAndTakeIsTop = Rewrite(name: "sort and take is top") { plan in
        guard case .take(.sort(let input, let order), let first, let count) = plan else { return nil }
        let (end, overflow) = first.addingReportingOverflow(count)
        guard !overflow, end <= topRowsMax else { return nil }
        let top = Plan.top(TopPlan(input: input, count: end, per: [], order: order, asked: 0, others: false))
        return first == 0 ? top : .take(top, first: first, count: count)
    }

    /// A rough order of work per row.
    static func cost(_ bound: Bound) -> Int {
        let own =
            switch bound.kind {
            case .column: bound.type == .text ? 2 : 1
            case .constant, .months, .nullInQuery: 0
            case .compare: bound.children[0].type == .text ? 3 : 1
            case .and, .or, .not, .isNull: 1
            case .inSet, .inQuery: 5
            case .conditional, .coalesce: 8
            case .function: 10
            case .aggregate, .window, .linked, .below: 100
            }
        return bound.children.reduce(own) { $0 + cost($1) }
    }
}

extension Plan {
    /// The same node over other inputs.
    func mapInputs(_ change: (Plan) -> Plan) -> Plan {
        switch self {
        case .scan, .rows: return self
        case .filter(let input, let condition): return .filter(change(input), condition)
        case .derive(let input, let columns): return .derive(change(input), columns)
        case .aggregate(var aggregate):
            aggregate.input = change(aggregate.input)
            return .aggregate(aggregate)
        case .window(let input, let columns): return .window(change(input), columns)
        case .sort(let input, let order): return .sort(change(input), order)
        case .take(let input, let first, let count): return .take(change(input), first: first, count: count)
        case .top(var top):
            top.input = change(top.input)
            return .top(top)
        case .join(var join):
            join.left = change(join.left)
            join.right = change(join.right)
            return .join(join)
        case .union(var union):
            union.inputs = union.inputs.map(change)
            return .union(union)
        case .fill(var fill):
            fill.input = change(fill.input)
            return .fill(fill)
        case .unfold(var unfold):
            unfold.input = change(unfold.input)
            return .unfold(unfold)
        case .sample(let input, let size, let seed): return .sample(change(input), size, seed: seed)
        case .assert(let input, let check): return .assert(change(input), check)
        case .assertAll(let input, var aggregate, let check):
            aggregate.input = change(aggregate.input)
            return .assertAll(change(input), aggregate, check)
        }
    }

    var inputs: [Plan] {
        var found: [Plan] = []
        _ = mapInputs {
            found.append($0)
            return $0
        }
        return found
    }

    /// Every expression of this node.
    var expressions: [Bound] {
        func of(_ call: AggregateCall) -> [Bound] { Bound(.aggregate(call), .int, 0..<0).children }
        switch self {
        case .scan(let scan): return scan.filters
        case .filter(_, let condition): return [condition]
        case .derive(_, let columns): return columns.map(\.value)
        case .aggregate(let aggregate), .assertAll(_, let aggregate, _):
            return aggregate.keys.map(\.value) + aggregate.measures.flatMap { of($0.call) }
        case .window(_, let columns):
            return columns.flatMap { column -> [Bound] in
                switch column.call {
                case .window(let call): Bound(.window(call), .int, 0..<0).children
                case .aggregate(let call): of(call)
                }
            }
        case .unfold(let unfold): return [unfold.low, unfold.high]
        case .assert(_, let check): return [check.condition]
        case .rows, .sort, .take, .top, .join, .union, .fill, .sample: return []
        }
    }

    /// Queries inside expressions, of this node and all below, innermost first where they nest.
    var subqueries: [SubqueryBox] {
        var found: [SubqueryBox] = []
        for input in inputs { found += input.subqueries }
        for expression in expressions {
            expression.visit {
                switch $0.kind {
                case .inQuery(_, let box), .nullInQuery(let box): if !found.contains(where: { $0 === box }) { found.append(box) }
                case .column, .constant, .months, .function, .compare, .and, .or, .not, .isNull, .conditional, .coalesce, .inSet,
                    .aggregate, .window, .linked, .below:
                    break
                }
            }
        }
        return found
    }
}
