import Storage

extension Executor {
    /// What `pipeline` makes, without looking at the clock.
    func unprofiledPipeline(_ plan: Plan, required: Set<ColumnID>) throws -> Pipeline {
        guard let name = plan.holder else { return try pipeline(of: plan, required) }
        return try holding(name) { try pipeline(of: plan, required) }
    }

    private func pipeline(of plan: Plan, _ required: Set<ColumnID>) throws -> Pipeline {
        switch plan {
        case .scan(let scan): return Pipeline(source: try ScanSource(scan, required: required))
        case .rows(let relation): return Pipeline(source: RelationSource(relation: relation))
        case .filter(let input, let condition):
            var pipeline = try pipeline(input, required: required.union(condition.columns))
            pipeline.append(FilterStep(condition: condition))
            return pipeline
        case .derive(let input, let columns): return try derive(input, columns, required)
        case .aggregate(let aggregate): return try groups(aggregate, required: required)
        case .window(let input, let columns): return try windows(input, columns, required)
        case .sort(let input, let order):
            do {
                return relationPipeline(try attempt { try sorted(try relation(input, required: required.union(order.map(\.id))), order) })
            } catch let error as QueryError where error.kind == .memory {
                return try spilledSort(input, order, required: required)
            }
        case .take(let input, let first, let count):
            return relationPipeline(try take(input, first: first, count: count, required: required))
        case .top(let top): return relationPipeline(try run(top, required: required))
        case .join(let join): return try run(join, required: required)
        case .union(let union):
            let wanted = union.columns.filter { required.contains($0.id) }
            let inputs = try union.inputs.enumerated().map { index, input in
                try pipeline(input, required: Set(wanted.map { $0.from[index] }))
            }
            return Pipeline(source: UnionSource(inputs, wanted))
        case .fill(let fill): return relationPipeline(try run(fill, required: required))
        case .unfold(let unfold): return relationPipeline(try run(unfold, required: required))
        case .sample(let input, let size, let seed): return relationPipeline(try sample(input, size, seed: seed, required: required))
        case .assertAll(let input, let aggregate, let check):
            let row = Plan.rows(try run(aggregate, required: Set(aggregate.measures.map(\.id))))
            _ = try run(check, over: row, required: [])
            return try pipeline(input, required: required)
        case .assert(let input, let check): return relationPipeline(try run(check, over: input, required: required))
        }
    }

    func relationPipeline(_ relation: Relation) -> Pipeline { Pipeline(source: RelationSource(relation: relation)) }

    private func derive(_ input: Plan, _ columns: [DerivedColumn], _ required: Set<ColumnID>) throws -> Pipeline {
        let wanted = columns.filter { required.contains($0.id) }
        let made = Set(columns.map(\.id))
        let kept = required.subtracting(made)
        var below = kept
        for column in wanted { below.formUnion(column.value.columns) }
        var pipeline = try pipeline(input, required: below)
        if wanted.isEmpty { return pipeline }
        // Layouts are worked out once, here, so that every worker agrees on which text is coded.
        let context = EvaluationContext(cancellation: cancellation)
        let compiler = ExpressionCompiler(layout: pipeline.layout, context: context, shared: shared)
        let through = kept.filter { pipeline.layout.contains($0) }.sorted()
        let slots =
            through.map { pipeline.layout.slots[pipeline.layout[$0]] }
            + (try wanted.map { Layout.Slot(id: $0.id, type: $0.value.type, dictionary: try compiler.compile($0.value).dictionary) })
        pipeline.append(DeriveStep(columns: wanted, kept: through, output: Layout(slots)))
        return pipeline
    }

    func sorted(_ rows: Relation, _ order: [PlanOrder]) throws -> Relation {
        if order.count == 1, !order[0].descending, rows[order[0].id].isAscending { return rows }
        // Records of the sort, row numbers, and the rows in their new order.
        let lease = MemoryLease(budget, holder)
        try lease.add(rows.rowCount * 24 + rows.bytes)
        defer { _ = lease }
        let keys = order.map { KeyColumn(rows[$0.id], descending: $0.descending) }
        let sorted = try RowSort.sort(keys, count: rows.rowCount, threads: limits.threads, cancellation: cancellation).rows
        return try rows.picked(sorted, 0..<rows.rowCount, threads: limits.threads, cancellation)
    }

    /// Only as many morsels are run as it takes to fill the rows.
    private func take(_ input: Plan, first: Int, count: Int, required: Set<ColumnID>) throws -> Relation {
        let pipeline = try pipeline(input, required: required)
        let slots = pipeline.layout.slots.enumerated().filter { required.contains($1.id) }.map(\.offset)
        let layout = Layout(slots.map { pipeline.layout.slots[$0] })
        let wanted = first + count
        if pipeline.source.morselCount == 1 {
            // A morsel of merged runs may be longer than the memory: what lies before is passed over, and what lies behind is not read.
            let sink = TakeSink(layout: layout, slots: slots, first: first, count: count, MemoryLease(budget, holder))
            do { _ = try run(pipeline) { _ in sink } } catch is TakeSink.Done {}
            return sink.rows
        }
        let rows = Relation(layout: layout)
        let crew = Crew<CollectSink>()
        let lease = MemoryLease(budget, holder)
        var next = 0
        while next < pipeline.source.morselCount, rows.rowCount < wanted {
            let end = min(next + limits.threads, pipeline.source.morselCount)
            let sinks = try run(pipeline, morsels: next..<end, crew: crew) { _ in
                CollectSink(layout: layout, slots: slots, lease: lease, rowsMax: wanted)
            }
            rows.append(try CollectSink.merge(sinks, layout: layout, threads: limits.threads))
            next = end
        }
        let kept = min(first, rows.rowCount)..<min(wanted, rows.rowCount)
        if kept == 0..<rows.rowCount { return rows }
        return rows.picked(RowNumbers(kept), 0..<kept.count)
    }

    /// Hands the rows on in their order while holding only a few morsels of them.
    func deliver(_ plan: Plan, required: Set<ColumnID>, _ receive: (Relation) throws -> Void) throws {
        let pipeline = try pipeline(plan, required: required)
        let slots = pipeline.layout.slots.enumerated().filter { required.contains($1.id) }.map(\.offset)
        let layout = Layout(slots.map { pipeline.layout.slots[$0] })
        if let source = pipeline.source as? RelationSource, pipeline.steps.isEmpty { return try receive(source.relation) }
        if pipeline.source.morselCount == 1 {
            // However long it is: a morsel of merged runs is all there is. One morsel has one worker, which is this thread.
            return try withoutActuallyEscaping(receive) { receive in
                let receiver = UncheckedDelivery(receive)
                let sinks = try run(pipeline) { _ in DeliverSink(layout: layout, slots: slots, receiver) }
                for sink in sinks { try sink.flush() }
            }
        }
        let crew = Crew<CollectSink>()
        var next = 0
        // Threads meet after every run: where conditions leave few of them, more morsels are taken at once.
        var size = limits.threads * 2
        while next < pipeline.source.morselCount {
            let end = min(next + size, pipeline.source.morselCount)
            let sinks = try run(pipeline, morsels: next..<end, crew: crew) { _ in CollectSink(layout: layout, slots: slots) }
            let rows = try CollectSink.merge(sinks, layout: layout, threads: limits.threads)
            try receive(rows)
            size = rows.rowCount < size * Self.sparseRowsMax ? min(size * 4, limits.threads * 16) : limits.threads * 2
            next = end
        }
    }

    /// Fewer rows a morsel are few: so many of so many morsels fit wherever those of a few full morsels do.
    private static let sparseRowsMax = 1 << 10
}

extension Plan {
    /// What an operator that holds rows is called where the memory does not do; nil: it holds none.
    fileprivate var holder: String? {
        switch self {
        case .aggregate: "summarize"
        case .window: "a window function"
        case .sort: "sort"
        case .take: "take"
        case .top: "top"
        case .join: "the right side of a join"
        case .fill: "fill"
        case .unfold: "expand"
        case .sample: "sample"
        case .assert, .assertAll: "assert"
        case .scan, .rows, .filter, .derive, .union: nil
        }
    }
}

/// Keeps some rows of the only morsel, and ends the run when it has them.
private final class TakeSink: BatchSink, @unchecked Sendable {
    struct Done: Error {}
    let rows: Relation
    private let slots: [Int]
    private let view: RowsBatch
    private let selection = UnsafeMutablePointer<UInt16>.allocate(capacity: vectorRowsMax)
    private let lease: MemoryLease
    private var toSkip: Int
    private var toTake: Int

    init(layout: Layout, slots: [Int], first: Int, count: Int, _ lease: MemoryLease) {
        rows = Relation(layout: layout)
        self.slots = slots
        self.lease = lease
        view = RowsBatch(layout: layout)
        toSkip = first
        toTake = count
    }
    deinit { selection.deallocate() }

    func consume(_ batch: Batch, morsel: Int) throws {
        let skipped = min(toSkip, batch.count)
        toSkip -= skipped
        let taken = min(toTake, batch.count - skipped)
        if taken > 0 {
            view.set(try slots.map { try batch.vector($0) }, count: batch.count)
            if taken < batch.count {
                for i in 0..<taken { selection[i] = UInt16(skipped + i) }
                view.narrow(selection, taken)
            }
            try lease.add(try rows.append(view))
            toTake -= taken
        }
        if toTake == 0 { throw Done() }
    }
}

private struct UncheckedDelivery: @unchecked Sendable {
    let receive: (Relation) throws -> Void
    init(_ receive: @escaping (Relation) throws -> Void) { self.receive = receive }
}

/// Hands rows on as they come, some thousands at a time.
private final class DeliverSink: BatchSink {
    private static let rowsMax = 1 << 15
    private let layout: Layout
    private let slots: [Int]
    private let view: RowsBatch
    private let receiver: UncheckedDelivery
    private var rows: Relation
    private var wasEmpty = true

    init(layout: Layout, slots: [Int], _ receiver: UncheckedDelivery) {
        self.layout = layout
        self.slots = slots
        self.receiver = receiver
        view = RowsBatch(layout: layout)
        rows = Relation(layout: layout)
    }

    func consume(_ batch: Batch, morsel: Int) throws {
        view.set(try slots.map { try batch.vector($0) }, count: batch.count)
        try rows.append(view)
        if rows.rowCount >= Self.rowsMax { try flush() }
    }

    func flush() throws {
        guard rows.rowCount > 0 || wasEmpty else { return }
        wasEmpty = false
        try receiver.receive(rows)
        rows = Relation(layout: layout)
    }
}
