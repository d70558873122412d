import Storage

extension Executor {
    func run(_ plan: AggregatePlan, required: Set<ColumnID>) throws -> Relation {
        let groups = try groups(plan, required: required)
        if let source = groups.source as? RelationSource { return source.relation }
        return try collect(groups, required: Set(groups.layout.slots.map(\.id)))
    }

    /// The groups of an aggregate, sorted by their keys unless any order will do.
    func groups(_ plan: AggregatePlan, required: Set<ColumnID>) throws -> Pipeline {
        let (pipeline, ranges, design, measures) = try prepared(plan, required: required)
        let counted = CountedQuantiles(measures.measures, groups: design.denseSize, ranges: ranges)
        if !counted.arguments.isEmpty {
            var plan = plan
            // Groups of two runs in the same order, so that columns fit side by side.
            if !counted.others.isEmpty { plan.inAnyOrder = false }
            do {
                let rows = try attempt { try quantiles(counted, plan, pipeline, design) }
                if counted.others.isEmpty { return relationPipeline(rows) }
                let rest = try run(plan, required: Set(counted.others.map(\.id)))
                return relationPipeline(rows.adding(counted.others.map { (rest.layout.slots[rest.layout[$0.id]], rest[$0.id]) }))
            } catch let error as QueryError where error.kind == .memory && !plan.keys.isEmpty {}
        }
        let order = plan.keys.map { PlanOrder(id: $0.id, descending: false) }
        do {
            let sink = try attempt { try gather(plan, pipeline, design, measures, mayStop: true) }
            let rows = try finished(sink, plan, measures)
            return relationPipeline(plan.inAnyOrder || design.keysAreSorted ? rows : try sorted(rows, order))
        } catch is GroupsOutgrowCache {
        } catch let error as QueryError where error.kind == .memory && !plan.keys.isEmpty {}
        let needed = Set(measures.measures.flatMap { Bound(.aggregate($0.call), $0.type, 0..<0).columns })
        do {
            let partitions = PartitionDesign(plan.keys, try design.packedKeys(), rows: ranges.rowCount)
            let groups = try attempt { try partitioned(plan, partitions, pipeline, required: needed, measures: measures) }
            let isOrdered = plan.inAnyOrder || partitions.keysAreSorted
            if isOrdered, !measures.measures.contains(where: \.call.callsFunction) { return Pipeline(source: groups) }
            let rows = try attempt { try collect(Pipeline(source: groups), required: Set(groups.layout.slots.map(\.id))) }
            return relationPipeline(isOrdered ? rows : try sorted(rows, order))
        } catch let error as QueryError where error.kind == .data {
            // Rows came in another order than the source's: which error is the first is told by going through them as they come.
            _ = try gather(plan, pipeline, design, measures, mayStop: false)
            throw error
        }
    }

    /// The groups with their keys and answers.
    func finished(_ sink: AggregateSink, _ plan: AggregatePlan, _ measures: AggregateMeasures) throws -> Relation {
        let index = sink.index
        for accumulator in sink.accumulators { accumulator.reserve(index.groupCount) }
        let (groups, keyColumns) = index.keys(index is DenseGroups ? sink.heldGroups(index.groupCount) : nil)
        var slots: [Layout.Slot] = []
        var columns: [ColumnBuffer] = []
        for (key, column) in zip(plan.keys, keyColumns) {
            slots.append(Layout.Slot(id: key.id, type: key.value.type, dictionary: column.dictionary))
            columns.append(column)
        }
        for (measure, place) in zip(measures.measures, measures.places) {
            // Groups come in the order of their numbers: as many as there are numbers are all.
            let isWhole = groups.count == index.groupCount
            let column = try marking(measure.call) {
                isWhole ? try sink.columnOfAll(measure, place, groups.count) : try sink.column(measure, place, groups)
            }
            slots.append(Layout.Slot(id: measure.id, type: measure.type, dictionary: column.dictionary))
            columns.append(column)
        }
        return try Relation(layout: Layout(slots), columns: columns, rowCount: groups.count).charged(to: budget, "summarize")
    }

    /// The groups of one integer key in a known small range as an array by key: no group is looked up, moved or sorted. nil where the key
    /// has no such range, or the array no room.
    func runByKey(_ plan: AggregatePlan, required: Set<ColumnID>) throws -> RowsByKey? {
        do {
            return try attempt { try rowsByKey(plan, required: required) }
        } catch let error as QueryError where error.kind == .memory {
            return nil
        }
    }

    private func rowsByKey(_ plan: AggregatePlan, required: Set<ColumnID>) throws -> RowsByKey? {
        guard plan.keys.count == 1, GroupDesign.countsUp(plan.keys[0], RangeFinder(plan.input)) else { return nil }
        let (pipeline, _, design, measures) = try prepared(plan, required: required)
        guard let minimum = design.firstOfOnlyKey, let size = design.denseSize else { preconditionFailure("its groups count up") }
        let sink = try gather(plan, pipeline, design, measures, mayStop: false)
        // The last place is that of the null key, which nobody asks for.
        let places = size - 1
        var missing: [UInt8]
        if let held = sink.heldGroups(size) {
            missing = held
            for group in 0..<size { missing[group] ^= 1 }
        } else {
            missing = Array(repeating: 1, count: size)
            for group in sink.index.keys(nil).groups { missing[group] = 0 }
        }
        missing[places] = 0
        let anyMissing = missing.contains(1)
        var slots: [Layout.Slot] = []
        var columns: [ColumnBuffer] = []
        for (measure, place) in zip(measures.measures, measures.places) {
            let column = try marking(measure.call) { try sink.columnOfAll(measure, place, size) }
            if anyMissing {
                var nulls = missing
                if column.hasNulls { for row in 0..<size where column.isNull(row) { nulls[row] = 1 } }
                column.setNulls(nulls)
            }
            slots.append(Layout.Slot(id: measure.id, type: measure.type, dictionary: column.dictionary))
            columns.append(column)
        }
        let rows = try Relation(layout: Layout(slots), columns: columns, rowCount: size).charged(to: budget, "summarize")
        return RowsByKey(right: rows, minimum: minimum, places: places, missing: anyMissing ? missing : nil)
    }

    private func prepared(_ plan: AggregatePlan, required: Set<ColumnID>) throws -> (Pipeline, RangeFinder, GroupDesign, AggregateMeasures)
    {
        let measures = plan.measures.filter { required.contains($0.id) }
        var below: Set<ColumnID> = []
        for key in plan.keys { below.formUnion(key.value.columns) }
        for measure in measures { for column in Bound(.aggregate(measure.call), measure.type, 0..<0).columns { below.insert(column) } }
        let pipeline = try pipeline(plan.input, required: below)
        let ranges = RangeFinder(plan.input)
        let design = try GroupDesign(
            plan.keys, pipeline.layout, ranges, rows: ranges.rowCount, shared: shared, cancellation: cancellation,
            groupsInCacheMax: limits.groupsInCacheMax)
        return (
            pipeline, ranges, design, AggregateMeasures(measures, groups: design.denseSize, ranges, room: rowRoom("distinct", share: 8))
        )
    }

    /// Groups in one pass. `mayStop`: throws ``GroupsOutgrowCache`` where putting rows apart first is better.
    private func gather(
        _ plan: AggregatePlan, _ pipeline: Pipeline, _ design: GroupDesign, _ measures: AggregateMeasures, mayStop: Bool
    ) throws -> AggregateSink {
        let makeSink: @Sendable (WorkerContext) throws -> AggregateSink = { [budget] worker in
            let compiler = worker.compiler(pipeline.layout)
            return AggregateSink(
                try design.makeIndex(compiler, mayStop: mayStop, tracksSeen: measures.tracksSeen),
                try measures.makeAccumulators(compiler, worker.evaluation), MemoryLease(budget, "summarize"))
        }
        if let sink = try gatherByParent(plan, pipeline, design, makeSink) { return sink }
        if mayStop, design.isLarge, !plan.emptyMayMiss { throw GroupsOutgrowCache() }
        return try gatherMerging(pipeline, makeSink)
    }

    /// Every worker has states of its own, which are put together at the end.
    private func gatherMerging(_ pipeline: Pipeline, _ makeSink: @escaping @Sendable (WorkerContext) throws -> AggregateSink) throws
        -> AggregateSink
    {
        let sinks = try run(pipeline, makeSink)
        guard let first = sinks.first else { preconditionFailure("a run has at least one worker") }
        for other in sinks.dropFirst() { try first.merge(other) }
        for accumulator in first.accumulators { accumulator.reserve(first.index.groupCount) }
        return first
    }

    /// Rows that lie by the parent they are grouped by: each worker takes all rows of a range of parents, so that all workers share one
    /// state, of which a range's part stays in the cache. nil where rows lie otherwise, or some state cannot be shared.
    private func gatherByParent(
        _ plan: AggregatePlan, _ pipeline: Pipeline, _ design: GroupDesign,
        _ makeSink: @escaping @Sendable (WorkerContext) throws -> AggregateSink
    ) throws -> AggregateSink? {
        guard let size = design.denseSize, size >= Self.sharedGroupsMin, plan.keys.count == 1,
            case .column(let id) = plan.keys[0].value.kind, let scan = pipeline.source as? ScanSource,
            let column = scan.storedIndex(id), let (source, separate) = scan.byParent(column)
        else { return nil }
        let context = EvaluationContext(cancellation: cancellation)
        let owner = try makeSink(WorkerContext(evaluation: context, shared: shared))
        try owner.charge()
        let trial = try makeSink(WorkerContext(evaluation: context, shared: shared))
        guard trial.share(owner) else { return nil }
        let sharing: @Sendable (WorkerContext) throws -> AggregateSink = { [owner = SharedSink(owner)] worker in
            let sink = try makeSink(worker)
            let shares = sink.share(owner.sink)
            precondition(shares, "what one worker can share all can")
            return sink
        }
        var cut = pipeline
        cut.source = source
        var sinks = try run(cut, morsels: 0..<separate, sharing)
        // Rows of any parent: one worker after all others.
        if separate < source.morselCount { sinks += try run(cut, morsels: separate..<source.morselCount, threads: 1, sharing) }
        for sink in sinks { _ = owner.index.merge(sink.index) }
        return owner
    }

    /// Of fewer groups, each worker's own states are small enough to merge.
    private static let sharedGroupsMin = 1 << 12

    private struct SharedSink: @unchecked Sendable {
        let sink: AggregateSink
        init(_ sink: AggregateSink) { self.sink = sink }
    }
}

/// An answer that does not fit is told at the call's argument, where nothing closer is known.
func marking<R>(_ call: AggregateCall, _ body: () throws -> R) throws -> R {
    do {
        return try body()
    } catch var error as QueryError {
        if error.span == nil, error.kind == .data { error.span = call.arguments.first?.span }
        throw error
    }
}

extension AggregateCall {
    /// Computing it may fail on some rows.
    var callsFunction: Bool {
        arguments.contains(where: \.callsFunction) || filter?.callsFunction == true || order.contains { $0.value.callsFunction }
    }
}
