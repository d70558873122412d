import Storage

/// Looks up the one right row of each row as it goes by.
struct JoinStep: PipelineStep {
    let table: JoinTable
    let kind: JoinPlan.Kind
    /// Columns of the left that go through, and of the right that are added.
    let kept: [ColumnID]
    let added: [ColumnID]
    let output: Layout

    func outputLayout(_ input: Layout) -> Layout { output }

    func attach(to input: Batch, layout: Layout, _ worker: WorkerContext) throws -> StepRunner {
        switch kind {
        case .lookup:
            return Lookup(
                input, JoinedBatch(parent: input, slots: kept.map { layout[$0] }, table: table, added: added, layout: output),
                table.makeProbe(layout))
        case .matching:
            let filtered = FilteredBatch(parent: input, layout: layout)
            return Match(
                input, filtered, JoinedBatch(parent: filtered, slots: kept.map { layout[$0] }, table: table, added: added, layout: output),
                table.makeProbe(layout))
        case .expanding: preconditionFailure("an expanding join is no step")
        }
    }

    private final class Lookup: StepRunner {
        private let input: Batch
        private let joined: JoinedBatch

        init(_ input: Batch, _ joined: JoinedBatch, _ probe: JoinProbe) {
            self.input = input
            self.joined = joined
            super.init(output: joined)
            // Positions are found when a right column is first asked for: a condition on the left may leave no row.
            joined.find = { [unowned input] in try probe.find(input, into: $0) }
        }
        override func advance() throws -> Bool {
            joined.start(count: input.count, located: false)
            return true
        }
    }

    private final class Match: StepRunner {
        private let input: Batch
        private let filtered: FilteredBatch
        private let joined: JoinedBatch
        private let probe: JoinProbe
        private let positions = UnsafeMutablePointer<Int32>.allocate(capacity: vectorRowsMax)
        private let mask = UnsafeMutablePointer<UInt8>.allocate(capacity: vectorRowsMax)

        init(_ input: Batch, _ filtered: FilteredBatch, _ joined: JoinedBatch, _ probe: JoinProbe) {
            self.input = input
            self.filtered = filtered
            self.joined = joined
            self.probe = probe
            super.init(output: joined)
        }
        deinit {
            positions.deallocate()
            mask.deallocate()
        }

        override func advance() throws -> Bool {
            let count = input.count
            try probe.find(input, into: positions)
            for i in 0..<count { mask[i] = positions[i] >= 0 ? 1 : 0 }
            guard filtered.select(mask: mask) else { return false }
            for i in 0..<filtered.count { joined.positions[i] = positions[Int(filtered.selection[i])] }
            joined.start(count: filtered.count, located: true)
            return true
        }
    }
}

/// A batch with columns of the right rows that its rows were found to meet.
final class JoinedBatch: Batch {
    private let parent: Batch
    private let parentSlots: [Int]
    private let table: JoinTable
    private let columns: [ColumnBuffer]
    private let vectors: [Vector]
    let positions = UnsafeMutablePointer<Int32>.allocate(capacity: vectorRowsMax)
    private var isLocated = false
    var find: ((UnsafeMutablePointer<Int32>) throws -> Void)?

    init(parent: Batch, slots: [Int], table: JoinTable, added: [ColumnID], layout: Layout) {
        self.parent = parent
        self.table = table
        parentSlots = slots
        columns = added.map { table.right[$0] }
        vectors = columns.map { Vector(type: $0.type, dictionary: $0.dictionary) }
        super.init(slotCount: layout.slots.count)
    }
    deinit { positions.deallocate() }

    func start(count: Int, located: Bool) {
        isLocated = located
        advance(count: count)
    }

    override func load(_ slot: Int) throws -> Vector {
        if slot < parentSlots.count { return try parent.vector(parentSlots[slot]) }
        if !isLocated {
            try find?(positions)
            isLocated = true
        }
        let column = columns[slot - parentSlots.count]
        let vector = vectors[slot - parentSlots.count]
        column.gather(positions, count: count, into: vector)
        return vector
    }
}

extension ColumnBuffer {
    /// The rows at `positions` as a vector of the same form; -1 gives null.
    func gather(_ positions: UnsafePointer<Int32>, count rows: Int, into vector: Vector) {
        vector.reset()
        guard count > 0 else {
            vector.nulls.update(repeating: 1, count: rows)
            vector.hasNulls = true
            if form == .texts { for i in 0..<rows { vector.texts[i] = TextView(base: nil, count: 0) } }
            return
        }
        switch form {
        case .integers: pick(integers, positions, rows, vector.integers)
        case .doubles: pick(doubles, positions, rows, vector.doubles)
        case .mask: pick(mask, positions, rows, vector.mask)
        case .codes: pick(codes, positions, rows, vector.codes)
        case .texts: pick(texts, positions, rows, vector.texts)
        }
        var lowest: Int32 = 0
        for i in 0..<rows { lowest = min(lowest, positions[i]) }
        guard lowest < 0 || hasNulls else { return }
        vector.hasNulls = true
        if hasNulls {
            nulls.withUnsafeBufferPointer { nulls in
                guard let base = nulls.baseAddress else { return }
                for i in 0..<rows { vector.nulls[i] = positions[i] < 0 ? 1 : base[Int(positions[i])] }
            }
        } else {
            for i in 0..<rows { vector.nulls[i] = positions[i] < 0 ? 1 : 0 }
        }
    }

    /// A missing row reads the first one's value, which its null hides.
    @inline(__always)
    private func pick<T>(_ a: UnsafeMutablePointer<T>, _ positions: UnsafePointer<Int32>, _ rows: Int, _ out: UnsafeMutablePointer<T>) {
        for i in 0..<rows { out[i] = a[Int(max(positions[i], 0))] }
    }
}
