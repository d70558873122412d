import Storage

/// Windows whose groups hang on the rows' parents, over rows that lie by parents: each range of parents is a morsel, whose rows are held,
/// put in order and handed on by one worker. Only as many ranges are in memory as there are workers.
struct WindowRanges: MorselSource {
    private let input: Pipeline
    private let slots: [Int]
    /// The columns of the input that are held.
    private let held: Layout
    private let calls: [(column: WindowColumn, input: WindowInput)]
    /// Rows that lie apart from their parents' others, by the range of their parents; at the end those that belong to no range.
    private let apart: [Relation?]
    private let starts: [Int]?
    private let rowsMax: [Int]
    private let budget: MemoryBudget
    private let holder: String
    private let node: OperatorProfile?
    let layout: Layout

    fileprivate init(
        _ input: Pipeline, _ rowsMax: [Int], slots: [Int], held: Layout, _ calls: [(column: WindowColumn, input: WindowInput)],
        apart: [Relation?], _ budget: MemoryBudget, _ holder: String, _ node: OperatorProfile?
    ) {
        self.input = input
        self.rowsMax = rowsMax
        self.slots = slots
        self.held = held
        self.calls = calls
        self.apart = apart
        self.budget = budget
        self.holder = holder
        self.node = node
        let keepsRows = input.steps.allSatisfy(\.keepsRows) && apart.allSatisfy { $0 == nil }
        starts = keepsRows ? input.source.firstRows : nil
        let added = calls.map { column, call in
            // What goes through from another row keeps that column's codes.
            let dictionary = column.type == .text ? held.slots[held[call.arguments[0]]].dictionary : nil
            return Layout.Slot(id: column.id, type: column.type, dictionary: dictionary)
        }
        layout = Layout(held.slots + added)
    }

    var morselCount: Int { apart.count }
    var firstRows: [Int]? { starts }
    func makeReader(_ worker: WorkerContext) throws -> MorselReader { try Reader(self, worker) }

    private final class Reader: MorselReader {
        private let source: WindowRanges
        private let input: PipelineWorker
        private let sink: RowsSink
        private let batch: RelationBatch
        private let lease: MemoryLease
        private let cancellation: Cancellation

        init(_ source: WindowRanges, _ worker: WorkerContext) throws {
            self.source = source
            input = try PipelineWorker(source.input, worker)
            lease = MemoryLease(source.budget, source.holder)
            sink = RowsSink(source.held, slots: source.slots, lease)
            batch = RelationBatch(Relation(layout: source.layout))
            cancellation = worker.evaluation.cancellation
        }

        override func read(_ morsel: Int, whole: (WholeBlock) -> Bool, _ body: (Batch) throws -> Void) throws {
            try lease.set(0)
            sink.rows = Relation(layout: source.held, capacity: morsel < source.rowsMax.count ? source.rowsMax[morsel] : 0)
            if morsel < source.rowsMax.count {
                let startedAt = source.node == nil ? 0 : QueryProfile.now()
                try input.run(morsel, into: sink)
                // The operators below told their time themselves.
                if let node = source.node { node.add(rows: 0, nanoseconds: startedAt - QueryProfile.now()) }
            }
            if let more = source.apart[morsel] {
                try lease.add(more.bytes)
                sink.rows.append(more)
            }
            if sink.rows.rowCount == 0 { return }
            let rows = try compute(sink.rows)
            batch.show(rows)
            var first = 0
            while first < rows.rowCount {
                let count = min(vectorRowsMax, rows.rowCount - first)
                batch.move(to: first, count: count)
                try body(batch)
                first += count
            }
        }

        private func compute(_ rows: Relation) throws -> Relation {
            // Answers, a row number, a mark and what an order is made from.
            try lease.add(rows.rowCount * (8 * source.calls.count + 32))
            let orders = WindowOrders(rows, threads: 1, cancellation: cancellation)
            let columns = try source.calls.map { column, call in
                try cancellation.check()
                return try WindowComputer(rows, call, column, threads: 1, cancellation).compute(orders)
            }
            return Relation(layout: source.layout, columns: rows.columns + columns, rowCount: rows.rowCount)
        }
    }

    /// Keeps the rows of one morsel.
    private final class RowsSink: BatchSink {
        var rows: Relation
        private let slots: [Int]
        private let view: RowsBatch
        private let lease: MemoryLease

        init(_ layout: Layout, slots: [Int], _ lease: MemoryLease) {
            rows = Relation(layout: layout, capacity: 0)
            self.slots = slots
            self.lease = lease
            view = RowsBatch(layout: layout)
        }

        func consume(_ batch: Batch, morsel: Int) throws {
            view.set(try slots.map { try batch.vector($0) }, count: batch.count)
            try lease.add(try rows.append(view))
        }
    }
}

extension Executor {
    /// The windows range by range of parents; nil where rows do not lie so, some window's groups do not hang on the parent, or the order in
    /// which the rows would come is of importance.
    func windowsByRange(
        _ pipeline: Pipeline, _ calls: [(column: WindowColumn, input: WindowInput)], held ids: Set<ColumnID>, inAnyOrder: Bool = false
    ) throws -> Pipeline? {
        guard let scan = pipeline.source as? ScanSource, let first = calls.first,
            let (key, ranges) = parents(scan, pipeline, first.input.per),
            calls.allSatisfy({ $0.input.per.contains(key) && $0.column.answersInPlace }), ranges.keepsOrder || scan.inAnyOrder || inAnyOrder
        else { return nil }
        let separate = ranges.parents.count
        let rowsMax = (0..<separate).map(ranges.source.rowCount(ofMorsel:))
        guard separate >= limits.threads || rowsMax.reduce(0, +) < Parallel.rowsMin * 8 else { return nil }
        let slots = pipeline.layout.slots.enumerated().filter { ids.contains($1.id) }.map(\.offset)
        let held = Layout(slots.map { pipeline.layout.slots[$0] })
        var cut = pipeline
        cut.source = ranges.source
        let apart = try rowsApart(cut, ranges, slots, held, key)
        cut.profile?.sink = nil
        return Pipeline(
            source: WindowRanges(cut, rowsMax, slots: slots, held: held, calls, apart: apart, budget, holder, profile?.current))
    }

    /// The stored column among `groups` by whose values rows lie.
    private func parents(_ scan: ScanSource, _ pipeline: Pipeline, _ groups: [ColumnID]) -> (ColumnID, ScanSource.ParentRanges)? {
        for id in groups where pipeline.layout.contains(id) {
            if let column = scan.storedIndex(id), let ranges = scan.parentRanges(column) { return (id, ranges) }
        }
        return nil
    }

    /// Rows behind the ranges, put to the range of their parent; at the end, if there are any, those of no range.
    private func rowsApart(_ cut: Pipeline, _ ranges: ScanSource.ParentRanges, _ slots: [Int], _ held: Layout, _ key: ColumnID) throws
        -> [Relation?]
    {
        let separate = ranges.parents.count
        var apart: [Relation?] = Array(repeating: nil, count: separate)
        let morsels = separate..<ranges.source.morselCount
        if morsels.isEmpty { return apart }
        let lease = MemoryLease(budget, holder)
        let sinks = try run(cut, morsels: morsels) { _ in CollectSink(layout: held, slots: slots, lease: lease) }
        let rows = try CollectSink.merge(sinks, layout: held, threads: limits.threads)
        if rows.rowCount == 0 { return apart }
        let ids = rows[key]
        let sorted = try RowSort.sort(
            [KeyColumn(ids, descending: false)], count: rows.rowCount, threads: limits.threads, cancellation: cancellation
        ).rows
        var others: [Int] = []
        var place = 0
        for (range, parents) in ranges.parents.enumerated() {
            func isBelow(_ end: Int64) -> Bool { !ids.isNull(sorted[place]) && ids.integers[sorted[place]] < end }
            while place < sorted.count, isBelow(Int64(parents.lowerBound)) {
                others.append(sorted[place])
                place += 1
            }
            let start = place
            while place < sorted.count, isBelow(Int64(parents.upperBound) + 1) { place += 1 }
            if place > start { apart[range] = rows.picked(sorted, start..<place) }
        }
        for place in place..<sorted.count { others.append(sorted[place]) }
        if !others.isEmpty { apart.append(rows.picked(others)) }
        for part in apart { part?.lease = lease }
        return apart
    }
}

extension WindowColumn {
    /// How its values are held is known before there are any: numbers, or another row's text.
    fileprivate var answersInPlace: Bool {
        switch call {
        case .window: true
        case .aggregate: type.physical != .text
        }
    }
}
