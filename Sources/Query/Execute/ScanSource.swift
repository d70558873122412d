import Storage

/// Reads a table's blocks: skips those that the zone maps rule out, decodes the columns that the filters need, then, for the
/// vectors where rows are left, whatever else is asked for.
struct ScanSource: MorselSource {
    static let blocksPerMorsel = 16
    private let table: TableSnapshot
    private let columns: [Column]
    private let filters: [Bound]
    /// For each filter what block headers can say of it.
    private let zoneTests: [ZoneTest?]
    private var morsels: [Morsel]
    private let gate: BlockGate?
    /// Whoever reads the rows answers the same in whatever order they come.
    let inAnyOrder: Bool
    let layout: Layout

    enum Column: Sendable {
        case stored(index: Int, coded: Bool)
        case rowID
    }
    /// Rows of one segment.
    private struct Piece: Sendable {
        let segment: Int
        let rows: Range<Int>
    }
    private struct Morsel: Sendable {
        let pieces: [Piece]
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
        zoneTests = plan.filters.map { ZoneTest($0, plan.columns) }
        inAnyOrder = plan.inAnyOrder
        gate = plan.gate
        if let gate = plan.gate {
            morsels = Self.morsels(plan.table, gate)
            return
        }
        morsels = plan.table.segments.enumerated().flatMap { Self.morsels(of: 0..<$1.rowCount, segment: $0) }
    }

    /// Runs of whole blocks.
    private static func morsels(of rows: Range<Int>, segment: Int) -> [Morsel] {
        stride(from: rows.lowerBound, to: rows.upperBound, by: blocksPerMorsel * SegmentReader.rowsPerBlock).map { first in
            let end = min(first + blocksPerMorsel * SegmentReader.rowsPerBlock, rows.upperBound)
            return Morsel(pieces: [Piece(segment: segment, rows: first..<end)])
        }
    }

    /// Every block for itself, the most promising first.
    private static func morsels(_ table: TableSnapshot, _ gate: BlockGate) -> [Morsel] {
        var blocks: [(best: UInt64, place: Int)] = []
        var pieces: [Piece] = []
        for (index, segment) in table.segments.enumerated() {
            for block in 0..<segment.blockCount {
                let best = gate.best(segment.meta(column: gate.column, block: block))
                let first = block * SegmentReader.rowsPerBlock
                let rows = first..<min(first + SegmentReader.rowsPerBlock, segment.rowCount)
                blocks.append((best, pieces.count))
                pieces.append(Piece(segment: index, rows: rows))
            }
        }
        blocks.sort { $0.best == $1.best ? $0.place < $1.place : $0.best < $1.best }
        return blocks.map { Morsel(pieces: [pieces[$0.place]]) }
    }

    /// The index in the table of a column that is read as it is stored.
    func storedIndex(_ id: ColumnID) -> Int? {
        guard layout.contains(id), case .stored(let index, _) = columns[layout[id]] else { return nil }
        return index
    }

    /// The same rows, cut by ranges of parents: morsels before the returned number have parents that no other of them has; those behind
    /// hold rows of any parent. nil where most rows do not lie by this column.
    func byParent(_ column: Int) -> (source: ScanSource, separate: Int)? { parentRanges(column).map { ($0.source, $0.parents.count) } }

    /// A scan whose first morsels hold the children of one range of parents each.
    struct ParentRanges {
        let source: ScanSource
        /// The parents of each morsel, ascending; the morsels behind these hold rows of any parent and of none.
        let parents: [ClosedRange<UInt32>]
        /// All rows come in the order in which they are stored, and those behind the ranges have no parent.
        let keepsOrder: Bool
    }

    func parentRanges(_ column: Int) -> ParentRanges? {
        var ranges: [UInt64: [Piece]] = [:]
        var mixed: [Morsel] = []
        var mixedRows = 0
        var isMixed = false
        for (index, segment) in table.segments.enumerated() {
            guard segment.partitionColumn == column else {
                isMixed = true
                mixed += Self.morsels(of: 0..<segment.rowCount, segment: index)
                mixedRows += segment.rowCount
                continue
            }
            for part in segment.partitions {
                let rows = part.firstRow..<(part.firstRow + part.rowCount)
                if part.isMixed || part.isWithoutParent {
                    isMixed = isMixed || part.isMixed
                    mixed += Self.morsels(of: rows, segment: index)
                    mixedRows += rows.count
                } else {
                    ranges[UInt64(part.lowestParent) << 32 | UInt64(part.highestParent), default: []].append(
                        Piece(segment: index, rows: rows))
                }
            }
        }
        guard !ranges.isEmpty, mixedRows <= table.rowCount / 8 else { return nil }
        // Ranges are aligned powers of two: of two that meet, one lies in the other, and they go together.
        var parts: [Morsel] = []
        var parents: [ClosedRange<UInt32>] = []
        var pieces: [Piece] = []
        var first: UInt32 = 0
        var end: UInt64 = 0
        func close() {
            parts.append(Morsel(pieces: pieces))
            parents.append(first...UInt32(truncatingIfNeeded: end - 1))
        }
        for key in ranges.keys.sorted() {
            if key >> 32 >= end {
                if !pieces.isEmpty { close() }
                pieces = []
                first = UInt32(truncatingIfNeeded: key >> 32)
            }
            pieces += ranges[key]!
            end = max(end, (key & 0xFFFF_FFFF) + 1)
        }
        close()
        var source = self
        source.morsels = parts + mixed
        let places = source.morsels.flatMap(\.pieces).map { ($0.segment, $0.rows.lowerBound) }
        let keepsOrder = !isMixed && zip(places, places.dropFirst()).allSatisfy { $0 < $1 }
        return ParentRanges(source: source, parents: parents, keepsOrder: keepsOrder)
    }

    var morselCount: Int { morsels.count }
    /// Rows of a morsel before any condition.
    func rowCount(ofMorsel index: Int) -> Int { morsels[index].pieces.reduce(0) { $0 + $1.rows.count } }

    var firstRows: [Int]? {
        guard filters.isEmpty, gate == nil, table.segments.allSatisfy({ $0.deletedCount == 0 }) else { return nil }
        return rowsRead
    }

    var rowsRead: [Int]? {
        morsels.reduce(into: [0]) { starts, morsel in
            starts.append(morsel.pieces.reduce(starts.last!) { $0 + $1.rows.count })
        }
    }

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
        /// Filters that the header of the block at hand does not answer.
        private var asked: [Bool]

        init(source: ScanSource, batch: ScanBatch, filters: [(evaluator: Evaluator, callsFunction: Bool)]) {
            self.source = source
            self.batch = batch
            self.filters = filters
            asked = filters.map { _ in true }
            left = FilteredBatch(parent: batch, layout: source.layout)
            let narrows =
                !filters.isEmpty || source.table.segments.contains { $0.deletedCount > 0 }
                || source.gate == nil
                    && source.morsels.contains { $0.pieces.contains { $0.rows.lowerBound % SegmentReader.rowsPerFrame != 0 } }
            filtered = narrows ? FilteredBatch(parent: batch, layout: source.layout) : nil
        }
        deinit { mask.deallocate() }

        override func read(_ index: Int, whole: (WholeBlock) -> Bool, _ body: (Batch) throws -> Void) throws {
            for piece in source.morsels[index].pieces {
                let segment = source.table.segments[piece.segment]
                var row = piece.rows.lowerBound
                while row < piece.rows.upperBound {
                    let block = row / SegmentReader.rowsPerBlock
                    let end = min((block + 1) * SegmentReader.rowsPerBlock, piece.rows.upperBound)
                    try read(segment, piece.segment, block, row..<end, whole, body)
                    row = end
                }
            }
            counts.bytes = batch.bytes
        }

        private func read(
            _ segment: SegmentReader, _ number: Int, _ block: Int, _ rows: Range<Int>, _ whole: (WholeBlock) -> Bool,
            _ body: (Batch) throws -> Void
        ) throws {
            if let gate = source.gate, !gate.admits(segment.meta(column: gate.column, block: block)) {
                counts.blocksSkipped += 1
                isDone = true
                return
            }
            var anyAsked = false
            for (index, test) in source.zoneTests.enumerated() {
                guard let test else {
                    asked[index] = true
                    anyAsked = true
                    continue
                }
                let meta = segment.meta(column: test.column, block: block)
                if test.excludes(meta) {
                    counts.blocksSkipped += 1
                    return
                }
                asked[index] = !test.includes(meta)
                anyAsked = anyAsked || asked[index]
            }
            if !anyAsked, segment.deleted == nil,
                rows.lowerBound % SegmentReader.rowsPerBlock == 0, rows.count == segment.meta(column: 0, block: block).rowCount,
                whole(WholeBlock(segment: segment, block: block, rowCount: rows.count, columns: source.columns))
            {
                counts.blocksSkipped += 1
                return
            }
            counts.blocksRead += 1
            var row = rows.lowerBound / SegmentReader.rowsPerFrame * SegmentReader.rowsPerFrame
            while row < rows.upperBound {
                let count = min(vectorRowsMax, rows.upperBound - row)
                batch.move(to: row, count: count, in: segment, number: number, block: block)
                try pass(segment, row, count, skipping: max(0, rows.lowerBound - row), anyAsked, body)
                row += count
            }
        }

        private func pass(
            _ segment: SegmentReader, _ row: Int, _ count: Int, skipping skipped: Int, _ anyAsked: Bool, _ body: (Batch) throws -> Void
        ) throws {
            guard let filtered else { return try body(batch) }
            if !anyAsked, skipped == 0, segment.deleted == nil {
                filtered.selectAll()
                return try body(filtered)
            }
            mask.update(repeating: 0, count: skipped)
            (mask + skipped).update(repeating: 1, count: count - skipped)
            if let deleted = segment.deleted { Self.clear(mask, deleted, row, count) }
            for (index, (evaluator, callsFunction)) in filters.enumerated() where asked[index] {
                if callsFunction, index > 0 || segment.deleted != nil || skipped > 0 {
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

        /// Most words of 64 rows have no deleted one.
        private static func clear(_ mask: UnsafeMutablePointer<UInt8>, _ deleted: UnsafeBufferPointer<UInt64>, _ row: Int, _ count: Int) {
            precondition(row % 64 == 0)
            for word in 0..<(count + 63) / 64 {
                var bits = deleted[row / 64 + word]
                while bits != 0 {
                    let at = word &* 64 &+ bits.trailingZeroBitCount
                    if at < count { mask[at] = 0 }
                    bits &= bits &- 1
                }
            }
        }
    }
}

/// A block of which every row goes on, so that its headers may answer for it.
struct WholeBlock {
    let segment: SegmentReader
    let block: Int
    let rowCount: Int
    let columns: [ScanSource.Column]

    /// The header of the column in `slot`; nil where it is not stored.
    func meta(_ slot: Int) -> BlockMeta? {
        guard case .stored(let index, _) = columns[slot] else { return nil }
        return segment.meta(column: index, block: block)
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
    private var block = 0
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

    func move(to row: Int, count: Int, in segment: SegmentReader, number: Int, block: Int? = nil) {
        if self.segment !== segment {
            self.segment = segment
            for slot in cursors.indices {
                cursors[slot] = nil
                counted[slot] = -1
            }
        }
        segmentNumber = number
        firstRow = row
        self.block = block ?? row / SegmentReader.rowsPerBlock
        advance(count: count)
    }

    override func bounds(_ slot: Int) -> ColumnBounds? {
        guard case .stored(let column, _) = columns[slot], vectors[slot].form == .integers, let segment else { return nil }
        let meta = segment.meta(column: column, block: block)
        return ColumnBounds(low: meta.minimum, high: meta.maximum, hasNulls: meta.nullCount > 0)
    }

    private func cursor(_ slot: Int, _ column: Int) -> ColumnCursor {
        guard let segment else { preconditionFailure("a batch of no segment") }
        if counted[slot] != block {
            counted[slot] = block
            bytes += segment.meta(column: column, block: block).bytes
        }
        if let known = cursors[slot] { return known }
        let made = segment.cursor(column: column)
        cursors[slot] = made
        return made
    }

    override func pick(_ slot: Int, _ places: UnsafePointer<UInt16>, _ picked: Int, into vector: Vector) throws -> Bool {
        guard case .stored(let column, _) = columns[slot] else { return false }
        vector.reset()
        switch vector.form {
        case .integers:
            guard
                let form = try cursor(slot, column).narrow(
                    firstRow: firstRow, span: count, places: places, count: picked, into: vector.narrowCodes, nulls: vector.nulls)
            else { return false }
            vector.setNarrow(base: form.base, unit: form.unit, count: picked)
            vector.hasNulls = form.hasNulls
            vector.isConstant = form.isConstant
        case .codes:
            guard
                let hasNulls = try cursor(slot, column).codes(
                    firstRow: firstRow, span: count, places: places, count: picked, into: vector.codes, nulls: vector.nulls)
            else { return false }
            vector.hasNulls = hasNulls
        case .texts:
            guard
                let hasNulls = try cursor(slot, column).texts(
                    firstRow: firstRow, span: count, places: places, count: picked, into: vector.texts, nulls: vector.nulls,
                    keeper: &vector.keepers)
            else { return false }
            vector.hasNulls = hasNulls
        case .doubles, .mask: return false
        }
        return true
    }

    override func load(_ slot: Int) throws -> Vector {
        let vector = vectors[slot]
        vector.reset()
        switch columns[slot] {
        case .rowID:
            let base = Int64(segmentNumber) << 40 | Int64(firstRow)
            for i in 0..<count { vector.integers[i] = base &+ Int64(i) }
        case .stored(let column, _):
            let cursor = cursor(slot, column)
            switch vector.form {
            case .integers:
                let narrow = try cursor.narrow(firstRow: firstRow, count: count, into: vector.narrowCodes, nulls: vector.nulls)
                if let narrow {
                    vector.setNarrow(base: narrow.base, unit: narrow.unit, count: count)
                    vector.hasNulls = narrow.hasNulls
                    vector.isConstant = narrow.isConstant
                    break
                }
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
