import Storage

/// Joins whose left side runs first, because it says which right rows are asked for at all.
extension Executor {
    /// Where only few rows ask, only what they ask for is read on the right: the left side runs first, and its keys become a condition on the
    /// right, which leaves out whole blocks where rows lie by the key.
    func narrowed(_ join: JoinPlan, required: Set<ColumnID>) throws -> (left: Plan, right: Plan) {
        guard !join.nullsMatch, !join.isLatest, join.on.count == 1, join.left.isNarrowed else { return (join.left, join.right) }
        switch (join.kind, join.right) {
        case (.lookup, .aggregate(let aggregate)): return try narrowed(join, aggregate, required: required)
        case (.lookup, .scan), (.lookup, .filter), (.lookup, .derive), (.matching, .scan), (.matching, .filter), (.matching, .derive):
            return try narrowedScan(join, required: required)
        case (.lookup, _), (.matching, _), (.expanding, _): return (join.left, join.right)
        }
    }

    /// Only the groups that are asked for are made.
    private func narrowed(_ join: JoinPlan, _ below: AggregatePlan, required: Set<ColumnID>) throws -> (left: Plan, right: Plan) {
        var aggregate = below
        guard aggregate.emptyMayMiss, let key = aggregate.keys.first, key.value.type.physical == .integer, key.value.type != .bool,
            case .column = key.value.kind
        else { return (join.left, join.right) }
        let rows = try relation(join.left, required: required)
        let asking = rows[join.on[0].left]
        // Rows that ask against rows that there are to ask: where ids are given by the store, their range says how many.
        let ranges = RangeFinder(aggregate.input)
        let parents = ranges.range(of: key.value).map { $0.upperBound.subtractingReportingOverflow($0.lowerBound).partialValue } ?? 0
        guard rows.rowCount * Self.narrowingFactor < min(Int(max(parents, 0)), ranges.rowCount) else { return (.rows(rows), join.right) }
        aggregate.input = asked(aggregate.input, key.value, by: asking)
        return (.rows(rows), .aggregate(aggregate))
    }

    /// Only the rows that are asked for are held. Keys are told apart beforehand, so none that is left out could be a double.
    private func narrowedScan(_ join: JoinPlan, required: Set<ColumnID>) throws -> (left: Plan, right: Plan) {
        let key = join.on[0].right
        guard join.rightIsUnique, join.right.isPlainScan, let type = join.right.type(of: key), type.physical == .integer, type != .bool,
            RangeFinder(join.right).rowCount >= Self.scanRowsMin
        else { return (join.left, join.right) }
        let limit = RangeFinder(join.right).rowCount / Self.narrowingFactor
        guard try looksFewer(join.left, than: limit) else { return (join.left, join.right) }
        let rows: Relation
        do {
            rows = try attempt { try relation(join.left, required: required) }
        } catch let error as QueryError where error.kind == .memory {
            // More than the trial told: they need not be held at once.
            return (join.left, join.right)
        }
        guard rows.rowCount < limit else { return (.rows(rows), join.right) }
        return (.rows(rows), asked(join.right, Bound(.column(key), type, join.span), by: rows[join.on[0].left]))
    }

    /// The rows of a plan whose key is among those that ask.
    private func asked(_ plan: Plan, _ key: Bound, by asking: ColumnBuffer) -> Plan {
        let isAsked = Bound(.inSet(key, ConstantSet(integers: asking.distinctIntegers())), .bool, key.span)
        var log: [String] = []
        return Planner.plan(
            .filter(plan, isAsked), with: [Planner.filterBelowDerive, Planner.filterBelowJoin, Planner.filterIntoScan], log: &log)
    }

    /// Whether a plan has fewer rows than `limit`, as far as a few of its morsels tell.
    private func looksFewer(_ plan: Plan, than limit: Int) throws -> Bool {
        if RangeFinder(plan).rowCount < limit { return true }
        guard plan.isScanBelow else { return false }
        // What is tried is no part of the plan that `explain analyze` shows.
        let shown = profile
        profile = nil
        defer { profile = shown }
        let pipeline = try pipeline(plan, required: [])
        let morsels = pipeline.source.morselCount
        let size = max(morsels / Self.trialShare, limits.threads)
        guard morsels > size * 4 else { return false }
        // Rows are often in the order of something: two places say more than one.
        var rows = 0
        do {
            for start in [morsels / 4, morsels * 3 / 4 - size] {
                let sinks = try attempt { try run(pipeline, morsels: start..<start + size) { _ in RowCountSink() } }
                rows += sinks.reduce(0) { $0 + $1.rows }
            }
        } catch let error as QueryError where error.kind == .data {
            // Which row fails first is told by going through them in their order.
            return false
        }
        return rows * morsels / (size * 2) < limit
    }

    /// A condition costs about as much as adding a row to its group, or holding it: it must leave out most of them to pay.
    private static let narrowingFactor = 8
    /// Fewer rows are held sooner than anything is found out.
    private static let scanRowsMin = 1 << 15
    /// One in so many morsels is tried at two places.
    private static let trialShare = 64
}

/// Counts rows, and looks at none of their columns.
private final class RowCountSink: BatchSink {
    private(set) var rows = 0
    func consume(_ batch: Batch, morsel: Int) throws { rows += batch.count }
}

extension Plan {
    /// Conditions and derived columns over the rows of a table: to begin it costs nothing.
    fileprivate var isScanBelow: Bool {
        switch self {
        case .scan: true
        case .filter(let input, _), .derive(let input, _): input.isScanBelow
        case .rows, .aggregate, .window, .sort, .take, .top, .join, .union, .fill, .unfold, .sample, .assert, .assertAll: false
        }
    }
}
