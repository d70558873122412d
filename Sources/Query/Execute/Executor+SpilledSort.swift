import Storage

extension Executor {
    /// Tells apart rows that are equal in all that was asked for: morsel and row of the input. Ids below -3000 are ours.
    fileprivate static let place: ColumnID = -3001
    /// Runs of one worker; beyond them a sort with this little memory would take forever.
    fileprivate static let runsMax = 512

    /// Sorts rows that do not fit the memory: each worker sorts as many as it may hold, again and again, into runs, which are merged as they
    /// are read.
    func spilledSort(_ input: Plan, _ order: [PlanOrder], required: Set<ColumnID>) throws -> Pipeline {
        let needed = required.union(order.map(\.id))
        let pipeline = try pipeline(input, required: needed)
        let slots = pipeline.layout.slots.indices.filter { needed.contains(pipeline.layout.slots[$0].id) }
        let layout = Layout(slots.map { pipeline.layout.slots[$0] } + [Layout.Slot(id: Self.place, type: .int, dictionary: nil)])
        let whole = order + [PlanOrder(id: Self.place, descending: false)]
        // A run is held three times while it is sorted, beside what waits to be written.
        let runBytesMax = max(64 << 10, budget.bytesMax / (8 * max(1, limits.threads)))
        let room = RowPartitions.Room(
            budget: budget, holder: holder, bytesMax: runBytesMax * 2, folder: limits.spillFolder)
        let sinks = try run(pipeline) { [self] _ in
            RunSink(layout, slots, room, runBytesMax: runBytesMax) { try self.sorted($0, whole) }
        }
        for sink in sinks {
            try sink.flush()
            try sink.store.finishWriting()
        }
        return Pipeline(source: MergedRuns(sinks.map(\.store), layout, whole))
    }
}

/// One worker's rows, sorted run by run: a run is a partition.
private final class RunSink: BatchSink {
    let store: RowPartitions
    private let layout: Layout
    private let slots: [Int]
    private let view: RowsBatch
    private let places = Vector(type: .int)
    private let runBytesMax: Int
    private let sort: (Relation) throws -> Relation
    private let lease: MemoryLease
    private let room: RowPartitions.Room
    private var rows: Relation
    private var bytes = 0
    private var runs = 0
    private var morsel = -1
    private var row = 0
    private let words = UnsafeMutablePointer<UInt64>.allocate(capacity: vectorRowsMax)
    private let partitions = UnsafeMutablePointer<UInt16>.allocate(capacity: vectorRowsMax)

    init(
        _ layout: Layout, _ slots: [Int], _ room: RowPartitions.Room, runBytesMax: Int, _ sort: @escaping (Relation) throws -> Relation
    ) {
        self.layout = layout
        self.slots = slots
        self.room = room
        self.runBytesMax = runBytesMax
        self.sort = sort
        lease = MemoryLease(room.budget, room.holder)
        store = RowPartitions(layout, partitions: Executor.runsMax, room: room)
        view = RowsBatch(layout: layout)
        rows = Relation(layout: layout)
        words.initialize(repeating: 0, count: vectorRowsMax)
    }
    deinit {
        words.deallocate()
        partitions.deallocate()
    }

    func consume(_ batch: Batch, morsel: Int) throws {
        if morsel != self.morsel {
            self.morsel = morsel
            row = 0
        }
        places.reset()
        for i in 0..<batch.count { places.integers[i] = Int64(morsel) << 32 + Int64(row + i) }
        row += batch.count
        view.set(try slots.map { try batch.vector($0) } + [places], count: batch.count)
        let more = try rows.append(view)
        try lease.add(more)
        bytes += more
        if bytes >= runBytesMax { try flush() }
    }

    func flush() throws {
        guard rows.rowCount > 0 else { return }
        guard runs < Executor.runsMax else { throw room.budget.shortage(room.holder, runs * runBytesMax) }
        let sorted = try sort(rows)
        rows = Relation(layout: layout)
        bytes = 0
        partitions.update(repeating: UInt16(runs), count: vectorRowsMax)
        runs += 1
        let batch = RelationBatch(sorted)
        var first = 0
        while first < sorted.rowCount {
            let count = min(vectorRowsMax, sorted.rowCount - first)
            batch.move(to: first, count: count)
            try store.append(
                try layout.slots.indices.map { try batch.vector($0) }, words: words, partitions: partitions, count: count)
            first += count
        }
        try lease.set(0)
    }
}

/// Sorted runs, merged into one while they are read: a single morsel.
private final class MergedRuns: MorselSource, @unchecked Sendable {
    private let stores: [RowPartitions]
    private let order: [PlanOrder]
    let layout: Layout

    init(_ stores: [RowPartitions], _ layout: Layout, _ order: [PlanOrder]) {
        self.stores = stores
        self.layout = layout
        self.order = order
    }

    var morselCount: Int { 1 }
    func makeReader(_ worker: WorkerContext) throws -> MorselReader { Reader(self) }

    private final class Reader: MorselReader {
        private let runs: MergedRuns
        private let batch: SwitchedRelationBatch
        init(_ runs: MergedRuns) {
            self.runs = runs
            batch = SwitchedRelationBatch(runs.layout)
        }

        override func read(_ morsel: Int, whole: (WholeBlock) -> Bool, _ body: (Batch) throws -> Void) throws {
            let keys = runs.order.map { RunKey($0, runs.layout) }
            var heap = RunHeap(keys)
            for store in runs.stores {
                for partition in 0..<store.partitionCount where !store.chunks[partition].isEmpty {
                    heap.push(try RunCursor(store, partition))
                }
            }
            while !heap.isEmpty {
                let rows = Relation(layout: runs.layout, capacity: vectorRowsMax)
                var count = 0
                while count < vectorRowsMax, let cursor = heap.first {
                    for slot in rows.columns.indices { cursor.append(slot, to: rows.columns[slot]) }
                    count += 1
                    if try cursor.advance() { heap.settle() } else { heap.removeFirst() }
                }
                batch.move(to: 0, count: count, of: rows)
                try body(batch)
            }
        }
    }
}

/// A key of the order: nulls come last in either direction.
private struct RunKey {
    let slot: Int
    let form: Vector.Form
    let descending: Bool
    let ranks: UnsafeBufferPointer<UInt32>?

    init(_ order: PlanOrder, _ layout: Layout) {
        slot = layout[order.id]
        let column = layout.slots[slot]
        form = Vector.Form(column.type, coded: column.dictionary != nil)
        descending = order.descending
        ranks = column.dictionary?.ranks
    }

    /// Less than 0: `a` comes first.
    func compare(_ a: RunCursor, _ b: RunCursor) -> Int {
        let (noA, noB) = (a.isNull(slot), b.isNull(slot))
        if noA || noB { return (noA ? 1 : 0) - (noB ? 1 : 0) }
        let order: Int
        switch form {
        case .integers: order = Self.compare(a.value(slot, as: Int64.self), b.value(slot, as: Int64.self))
        case .doubles: order = Self.compare(a.value(slot, as: Double.self), b.value(slot, as: Double.self))
        case .mask: order = Self.compare(a.value(slot, as: UInt8.self), b.value(slot, as: UInt8.self))
        case .codes:
            guard let ranks else { preconditionFailure("codes without a dictionary") }
            order = Self.compare(ranks[Int(a.value(slot, as: UInt32.self))], ranks[Int(b.value(slot, as: UInt32.self))])
        case .texts: order = TextView.compare(a.value(slot, as: TextView.self), b.value(slot, as: TextView.self))
        }
        return descending ? -order : order
    }

    private static func compare<T: Comparable>(_ a: T, _ b: T) -> Int { a < b ? -1 : a > b ? 1 : 0 }
}

/// The next row of one run.
private final class RunCursor {
    private let store: RowPartitions
    private let chunks: [RowPartitions.Chunk]
    private let memory = ChunkMemory()
    private var index = 0
    private var base: UnsafeMutableRawPointer
    private var row = 0

    init(_ store: RowPartitions, _ partition: Int) throws {
        self.store = store
        chunks = store.chunks[partition]
        base = try memory.bring(chunks[0], of: store)
    }

    /// False where the run has ended.
    func advance() throws -> Bool {
        row += 1
        if row < chunks[index].count { return true }
        index += 1
        guard index < chunks.count else { return false }
        row = 0
        base = try memory.bring(chunks[index], of: store)
        return true
    }

    func isNull(_ slot: Int) -> Bool { store.nulls(slot, of: chunks[index], at: base).map { $0[row] != 0 } ?? false }
    func value<T>(_ slot: Int, as type: T.Type) -> T { store.values(slot, at: base).assumingMemoryBound(to: T.self)[row] }

    func append(_ slot: Int, to column: ColumnBuffer) {
        if isNull(slot) { return column.appendNull() }
        switch column.form {
        case .integers: column.append(integer: value(slot, as: Int64.self))
        case .doubles: column.append(double: value(slot, as: Double.self))
        case .mask: column.append(integer: Int64(value(slot, as: UInt8.self)))
        case .codes: column.append(code: value(slot, as: UInt32.self))
        case .texts: column.append(text: value(slot, as: TextView.self))
        }
    }
}

/// The runs with the one whose row comes first at the top.
private struct RunHeap {
    private let keys: [RunKey]
    private var cursors: [RunCursor] = []

    init(_ keys: [RunKey]) { self.keys = keys }

    var isEmpty: Bool { cursors.isEmpty }
    var first: RunCursor? { cursors.first }

    private func before(_ a: RunCursor, _ b: RunCursor) -> Bool {
        for key in keys {
            let order = key.compare(a, b)
            if order != 0 { return order < 0 }
        }
        return false
    }

    mutating func push(_ cursor: RunCursor) {
        cursors.append(cursor)
        var at = cursors.count - 1
        while at > 0, before(cursors[at], cursors[(at - 1) / 2]) {
            cursors.swapAt(at, (at - 1) / 2)
            at = (at - 1) / 2
        }
    }

    mutating func removeFirst() {
        cursors.swapAt(0, cursors.count - 1)
        cursors.removeLast()
        settle()
    }

    /// Puts the top where it belongs, now that its row is another.
    mutating func settle() {
        var at = 0
        while true {
            var least = at
            for child in [2 * at + 1, 2 * at + 2] where child < cursors.count && before(cursors[child], cursors[least]) { least = child }
            if least == at { return }
            cursors.swapAt(at, least)
            at = least
        }
    }
}
