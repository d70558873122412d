import Storage

/// The right side of a join, asked by every worker.
protocol RightSide: Sendable {
    var right: Relation { get }
    /// One worker's questions about rows of this layout.
    func makeFinder(_ layout: Layout) -> RowFinder
}

class RowFinder {
    /// The place of the right row of each row, or -1.
    func find(_ batch: Batch, into positions: UnsafeMutablePointer<Int32>) throws { preconditionFailure("a finder without a body") }
}

extension JoinTable: RightSide {
    func makeFinder(_ layout: Layout) -> RowFinder { Finder(makeProbe(layout)) }

    private final class Finder: RowFinder {
        private let probe: JoinProbe
        init(_ probe: JoinProbe) { self.probe = probe }
        override func find(_ batch: Batch, into positions: UnsafeMutablePointer<Int32>) throws { try probe.find(batch, into: positions) }
    }
}

/// Looks up the one right row of each row as it goes by.
struct JoinStep: PipelineStep {
    let table: any RightSide
    let kind: JoinPlan.Kind
    /// Columns of the left that go through, and of the right that are added.
    let kept: [ColumnID]
    let added: [ColumnID]
    let output: Layout

    var keepsRows: Bool { kind == .lookup }
    func outputLayout(_ input: Layout) -> Layout { output }

    func attach(to input: Batch, layout: Layout, _ worker: WorkerContext) throws -> StepRunner {
        switch kind {
        case .lookup:
            return Lookup(
                input, JoinedBatch(parent: input, slots: kept.map { layout[$0] }, table: table, added: added, layout: output),
                table.makeFinder(layout))
        case .matching:
            let filtered = FilteredBatch(parent: input, layout: layout)
            return Match(
                input, filtered, JoinedBatch(parent: filtered, slots: kept.map { layout[$0] }, table: table, added: added, layout: output),
                table.makeFinder(layout))
        case .expanding: preconditionFailure("an expanding join is no step")
        }
    }

    private final class Lookup: StepRunner {
        private let input: Batch
        private let joined: JoinedBatch

        init(_ input: Batch, _ joined: JoinedBatch, _ probe: RowFinder) {
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
        private let probe: RowFinder
        private let positions = UnsafeMutablePointer<Int32>.allocate(capacity: vectorRowsMax)
        private let mask = UnsafeMutablePointer<UInt8>.allocate(capacity: vectorRowsMax)

        init(_ input: Batch, _ filtered: FilteredBatch, _ joined: JoinedBatch, _ probe: RowFinder) {
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
    private let columns: [ColumnBuffer]
    private let vectors: [Vector]
    let positions = UnsafeMutablePointer<Int32>.allocate(capacity: vectorRowsMax)
    private var isLocated = false
    var find: ((UnsafeMutablePointer<Int32>) throws -> Void)?

    init(parent: Batch, slots: [Int], table: any RightSide, added: [ColumnID], layout: Layout) {
        self.parent = parent
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
        if form != .texts, Self.isRun(positions, rows) { return copy(from: Int(positions[0]), count: rows, into: vector) }
        var lowest: Int32 = 0
        for i in 0..<rows { lowest = min(lowest, positions[i]) }
        if lowest < 0 {
            switch form {
            case .integers: pickOrFirst(integers, positions, rows, vector.integers)
            case .doubles: pickOrFirst(doubles, positions, rows, vector.doubles)
            case .mask: pickOrFirst(mask, positions, rows, vector.mask)
            case .codes: pickOrFirst(codes, positions, rows, vector.codes)
            case .texts: pickOrFirst(texts, positions, rows, vector.texts)
            }
        } else {
            switch form {
            case .integers: pick(integers, positions, rows, vector.integers)
            case .doubles: pick(doubles, positions, rows, vector.doubles)
            case .mask: pick(mask, positions, rows, vector.mask)
            case .codes: pick(codes, positions, rows, vector.codes)
            case .texts: pick(texts, positions, rows, vector.texts)
            }
        }
        guard lowest < 0 || hasNulls else { return }
        if hasNulls {
            nulls.withUnsafeBufferPointer { nulls in
                guard let base = nulls.baseAddress else { return }
                for i in 0..<rows { vector.nulls[i] = positions[i] < 0 ? 1 : base[Int(positions[i])] }
            }
        } else {
            for i in 0..<rows { vector.nulls[i] = positions[i] < 0 ? 1 : 0 }
        }
        vector.hasNulls = !MaskBytes.allZero(vector.nulls, rows)
    }

    /// Each place is the one after its neighbour's, as where the left rows stand in the order of the right.
    private static func isRun(_ positions: UnsafePointer<Int32>, _ rows: Int) -> Bool {
        guard rows > 0, positions[0] >= 0, Int(positions[rows - 1]) - Int(positions[0]) == rows - 1 else { return false }
        let first = positions[0]
        var differs: Int32 = 0
        for i in 0..<rows { differs |= positions[i] ^ (first &+ Int32(truncatingIfNeeded: i)) }
        return differs == 0
    }

    @inline(__always)
    private func pick<T>(_ a: UnsafeMutablePointer<T>, _ positions: UnsafePointer<Int32>, _ rows: Int, _ out: UnsafeMutablePointer<T>) {
        for i in 0..<rows { out[i] = a[Int(positions[i])] }
    }

    /// A missing row reads the first one's value, which its null hides.
    @inline(__always)
    private func pickOrFirst<T>(
        _ a: UnsafeMutablePointer<T>, _ positions: UnsafePointer<Int32>, _ rows: Int, _ out: UnsafeMutablePointer<T>
    ) {
        for i in 0..<rows { out[i] = a[Int(max(positions[i], 0))] }
    }
}
