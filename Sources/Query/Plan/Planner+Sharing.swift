extension Planner {
    /// Aggregates over the same rows below, asked for one after another, come from one scan: the later join's measures move into the earlier.
    static let shareRowsBelow = Rewrite(name: "one scan for aggregates below") { plan in
        guard case .join(let later) = plan, let measures = later.belowAggregate else { return nil }
        return adding(measures, of: later, into: later.left)
    }

    /// The plan with an aggregate's measures added to an earlier one of the same rows, keys and askers; nil where there is none.
    private static func adding(_ aggregate: AggregatePlan, of later: JoinPlan, into plan: Plan) -> Plan? {
        switch plan {
        case .derive(let input, let columns): return adding(aggregate, of: later, into: input).map { .derive($0, columns) }
        case .window(let input, let columns): return adding(aggregate, of: later, into: input).map { .window($0, columns) }
        // The rows below are the same, whichever of the rows here go on.
        case .filter(let input, let condition): return adding(aggregate, of: later, into: input).map { .filter($0, condition) }
        case .join(var earlier):
            guard earlier.kind == .lookup else { return nil }
            if var known = earlier.belowAggregate, earlier.nullsMatch == later.nullsMatch,
                earlier.on.map(\.left) == later.on.map(\.left),
                known.keys.map(\.value.fingerprint) == aggregate.keys.map(\.value.fingerprint), known.input.isSame(as: aggregate.input)
            {
                known.measures += aggregate.measures
                earlier.right = .aggregate(known)
                earlier.rightColumns += later.rightColumns
                return .join(earlier)
            }
            guard let left = adding(aggregate, of: later, into: earlier.left) else { return nil }
            earlier.left = left
            return .join(earlier)
        case .scan, .rows, .aggregate, .sort, .take, .top, .union, .fill, .sample, .assert, .assertAll, .unfold: return nil
        }
    }
}

extension JoinPlan {
    /// The right side, where it is an aggregate of the rows below each left row and nothing else.
    fileprivate var belowAggregate: AggregatePlan? {
        guard kind == .lookup, rightIsUnique, !isLatest, case .aggregate(let aggregate) = right, aggregate.emptyMayMiss,
            aggregate.keys.map(\.id) == on.map(\.right)
        else { return nil }
        return aggregate
    }
}

extension Plan {
    /// The same rows with the same columns, as far as that is plain to see.
    func isSame(as other: Plan) -> Bool {
        switch (self, other) {
        case (.scan(let a), .scan(let b)):
            a.table === b.table && a.columns.map(\.id) == b.columns.map(\.id) && a.rowID == b.rowID
                && a.filters.map(\.fingerprint) == b.filters.map(\.fingerprint)
        case (.rows(let a), .rows(let b)): a === b
        case (.filter(let a, let p), .filter(let b, let q)): p.fingerprint == q.fingerprint && a.isSame(as: b)
        case (.derive(let a, let p), .derive(let b, let q)):
            p.map(\.id) == q.map(\.id) && p.map(\.value.fingerprint) == q.map(\.value.fingerprint) && a.isSame(as: b)
        case (.join(let a), .join(let b)):
            a.kind == b.kind && a.on.map(\.left) == b.on.map(\.left) && a.on.map(\.right) == b.on.map(\.right)
                && a.rightColumns == b.rightColumns && a.nullsMatch == b.nullsMatch && a.isLatest == b.isLatest && a.left.isSame(as: b.left)
                && a.right.isSame(as: b.right)
        case (.scan, _), (.rows, _), (.filter, _), (.derive, _), (.join, _), (.aggregate, _), (.window, _), (.sort, _), (.take, _),
            (.top, _),
            (.union, _), (.fill, _), (.sample, _), (.assert, _), (.assertAll, _), (.unfold, _):
            false
        }
    }
}
