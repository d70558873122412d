import Storage

/// Reads a table's blocks: skips those that the zone maps rule out, decodes the columns that the filters need, then, for the
/// vectors where rows are left, whatever else is asked for.
struct ScanSource: MorselSource {
    static let blocksPerMorsel = 16
    private let table: TableSnapshot
    private let columns: [Column]
    private let filters: [Bound]
    private let zoneTests: [ZoneTest]
    private let morsels: [Morsel]
    private let gate: BlockGate?
    let layout: Layout

    enum Column: Sendable {
        case stored(index: Int, coded: Bool)
        case rowID
    }
    private struct Morsel: Sendable {
        let segment: Int
        let blocks: Range<Int>
    }

    init(_ plan: ScanPlan, required: Set<ColumnID>) throws {
        table = plan.table
        var needed = required
        for filter in plan.filters { needed.formUnion(filter.columns) }
        var columns: [Column] = []
        var slots: [Layout.Slot] = []
        for (id, index) in plan.columns where needed.contains(id) {
            let type = plan.table.type(ofStored: index)
            let coded = type == .text && plan.table.isCoded(column: index)
            columns.append(.stored(index: index, coded: coded))
            slots.append(Layout.Slot(id: id, type: type, dictionary: coded ? try plan.table.dictionary(column: index) : nil))
        }
        if let rowID = plan.rowID, required.contains(rowID) {
            columns.append(.rowID)
            slots.append(Layout.Slot(id: rowID, type: .int, dictionary: nil))
        }
        self.columns = columns
        layout = Layout(slots)
        filters = plan.filters
        var tests: [ZoneTest] = []
        for filter in plan.filters {
            if let test = ZoneTest(filter, plan.columns) { tests.append(test) }
        }
        zoneTests = tests
        gate = plan.gate
        if let gate = plan.gate {
            morsels = Self.morsels(plan.table, gate)
            return
        }
        var morsels: [Morsel] = []
        for (index, segment) in plan.table.segments.enumerated() {
            var first = 0
            while first < segment.blockCount {
                let end = min(first + Self.blocksPerMorsel, segment.blockCount)
                morsels.append(Morsel(segment: index, blocks: first..<end))
                first = end
            }
        }
        self.morsels = morsels
    }

    /// Every block for itself, the most promising first.
    private static func morsels(_ table: TableSnapshot, _ gate: BlockGate) -> [Morsel] {
        var blocks: [(best: UInt64, morsel: Morsel)] = []
        for (index, segment) in table.segments.enumerated() {
            for block in 0..<segment.blockCount {
                let best = gate.best(segment.meta(column: gate.column, block: block))
                blocks.append((best, Morsel(segment: index, blocks: block..<block + 1)))
            }
        }
        blocks.sort {
            ($0.best, $0.morsel.segment, $0.morsel.blocks.lowerBound) < ($1.best, $1.morsel.segment, $1.morsel.blocks.lowerBound)
        }
        return blocks.map(\.morsel)
    }

    var morselCount: Int { morsels.count }

    func makeReader(_ worker: WorkerContext) throws -> MorselReader {
        let batch = ScanBatch(table: table, columns: columns, layout: layout)
        let compiler = worker.compiler(layout)
        let filters = try filters.map { filter in
            let evaluator = try compiler.compile(filter)
            // What is mapped over a dictionary has been computed already, without a failure.
            return (evaluator: evaluator, callsFunction: filter.callsFunction && !(evaluator is DictionaryMapEvaluator))
        }
        return Reader(source: self, batch: batch, filters: filters)
    }

    private final class Reader: MorselReader {
        private let source: ScanSource
        private let batch: ScanBatch
        private let filtered: FilteredBatch?
        /// Rows that the filters before left, for those that call a function: it may fail on a row, or divide it by zero, and must not be
        /// asked about rows that are deleted or were turned away.
        private let left: FilteredBatch
        private let filters: [(evaluator: Evaluator, callsFunction: Bool)]
        private let mask = UnsafeMutablePointer<UInt8>.allocate(capacity: vectorRowsMax)

        init(source: ScanSource, batch: ScanBatch, filters: [(evaluator: Evaluator, callsFunction: Bool)]) {
            self.source = source
            self.batch = batch
            self.filters = filters
            left = FilteredBatch(parent: batch, layout: source.layout)
            let narrows = !filters.isEmpty || source.table.segments.contains { $0.deletedCount > 0 }
            filtered = narrows ? FilteredBatch(parent: batch, layout: source.layout) : nil
        }
        deinit { mask.deallocate() }

        override func read(_ index: Int, _ body: (Batch) throws -> Void) throws {
            let morsel = source.morsels[index]
            let segment = source.table.segments[morsel.segment]
            for block in morsel.blocks {
                if let gate = source.gate, !gate.admits(segment.meta(column: gate.column, block: block)) {
                    counts.blocksSkipped += 1
                    continue
                }
                if source.zoneTests.contains(where: { $0.excludes(segment.meta(column: $0.column, block: block)) }) {
                    counts.blocksSkipped += 1
                    continue
                }
                counts.blocksRead += 1
                let first = block * SegmentReader.rowsPerBlock
                let end = min(first + SegmentReader.rowsPerBlock, segment.rowCount)
                var row = first
                while row < end {
                    let count = min(vectorRowsMax, end - row)
                    batch.move(to: row, count: count, in: segment, number: morsel.segment)
                    try pass(segment, row, count, body)
                    row += count
                }
            }
            counts.bytes = batch.bytes
        }

        private func pass(_ segment: SegmentReader, _ row: Int, _ count: Int, _ body: (Batch) throws -> Void) throws {
            guard let filtered else { return try body(batch) }
            mask.update(repeating: 1, count: count)
            if let deleted = segment.deleted { Self.clear(mask, deleted, row, count) }
            for (index, (evaluator, callsFunction)) in filters.enumerated() {
                if callsFunction, index > 0 || segment.deleted != nil {
                    guard left.select(mask: mask) else { return }
                    let vector = try evaluator.evaluate(left)
                    let bits = vector.mask
                    for i in 0..<left.count { mask[Int(left.selection[i])] = bits[i] & (vector.isNull(i) ? 0 : 1) }
                } else {
                    let vector = try evaluator.evaluate(batch)
                    let bits = vector.mask
                    for i in 0..<count { mask[i] &= bits[i] }
                    vector.clearNulls(in: mask, count: count)
                }
                if MaskBytes.allZero(mask, count) { return }
            }
            if filtered.select(mask: mask) { try body(filtered) }
        }

        private static func clear(_ mask: UnsafeMutablePointer<UInt8>, _ deleted: UnsafeBufferPointer<UInt64>, _ row: Int, _ count: Int) {
            for i in 0..<count {
                let at = row &+ i
                let bit = deleted[at >> 6] >> UInt64(at & 63) & 1
                mask[i] &= UInt8(truncatingIfNeeded: bit ^ 1)
            }
        }
    }
}

/// The rows of one segment that a scan stands on; columns are decoded when asked for.
final class ScanBatch: Batch {
    private let columns: [ScanSource.Column]
    private let vectors: [Vector]
    private var segment: SegmentReader?
    private var segmentNumber = 0
    /// One for each slot: pins the stripe it stands on, so that most reads take no lock.
    private var cursors: [ColumnCursor?]
    private var firstRow = 0
    /// Stored bytes of the blocks that columns were decoded from, and each slot's last block.
    private(set) var bytes = 0
    private var counted: [Int]
    /// Bools are stored as integers.
    private let wide = UnsafeMutablePointer<Int64>.allocate(capacity: vectorRowsMax)

    init(table: TableSnapshot, columns: [ScanSource.Column], layout: Layout) {
        self.columns = columns
        vectors = layout.makeVectors()
        cursors = Array(repeating: nil, count: columns.count)
        counted = Array(repeating: -1, count: columns.count)
        super.init(slotCount: columns.count)
    }
    deinit { wide.deallocate() }

    func move(to row: Int, count: Int, in segment: SegmentReader, number: Int) {
        if self.segment !== segment {
            self.segment = segment
            for slot in cursors.indices {
                cursors[slot] = nil
                counted[slot] = -1
            }
        }
        segmentNumber = number
        firstRow = row
        advance(count: count)
    }

    override func load(_ slot: Int) throws -> Vector {
        let vector = vectors[slot]
        vector.reset()
        switch columns[slot] {
        case .rowID:
            let base = Int64(segmentNumber) << 40 | Int64(firstRow)
            for i in 0..<count { vector.integers[i] = base &+ Int64(i) }
        case .stored(let column, _):
            let block = firstRow / SegmentReader.rowsPerBlock
            if counted[slot] != block {
                counted[slot] = block
                bytes += segment!.meta(column: column, block: block).bytes
            }
            let cursor: ColumnCursor
            if let known = cursors[slot] {
                cursor = known
            } else {
                cursor = segment!.cursor(column: column)
                cursors[slot] = cursor
            }
            switch vector.form {
            case .integers:
                vector.hasNulls = try cursor.integers(firstRow: firstRow, count: count, into: vector.integers, nulls: vector.nulls)
            case .mask:
                vector.hasNulls = try cursor.integers(firstRow: firstRow, count: count, into: wide, nulls: vector.nulls)
                for i in 0..<count { vector.mask[i] = wide[i] != 0 ? 1 : 0 }
            case .doubles:
                vector.hasNulls = try cursor.doubles(firstRow: firstRow, count: count, into: vector.doubles, nulls: vector.nulls)
            case .codes:
                vector.hasNulls = try cursor.codes(firstRow: firstRow, count: count, into: vector.codes, nulls: vector.nulls)
            case .texts:
                vector.hasNulls = try cursor.texts(
                    firstRow: firstRow, count: count, into: vector.texts, nulls: vector.nulls, keeper: &vector.keepers)
            }
        }
        return vector
    }
}
