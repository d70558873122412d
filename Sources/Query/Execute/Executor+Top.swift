import Storage

extension Executor {
    /// Fetching a column late pays while few rows are left.
    private static let lateRowsMax = 1 << 14
    private static let rowID: ColumnID = -1

    func run(_ top: TopPlan, required: Set<ColumnID>) throws -> Relation {
        var needed = required.union(top.order.map(\.id)).union(top.per)
        if !top.per.isEmpty || top.others { return try topPerGroup(top, required: needed) }
        var input = top.input
        var late: (scan: ScanPlan, columns: Set<ColumnID>)?
        if top.count <= Self.lateRowsMax, let (changed, scan) = Self.withRowID(input) {
            let stored = Set(scan.columns.map(\.id))
            let columns = required.intersection(stored).subtracting(top.order.map(\.id))
            if !columns.isEmpty {
                input = changed
                late = (scan, columns)
                needed = needed.subtracting(columns)
                needed.insert(Self.rowID)
            }
        }
        let pipeline = try pipeline(input, required: needed)
        let slots = pipeline.layout.slots.enumerated().filter { needed.contains($1.id) }.map(\.offset)
        let layout = Layout(slots.map { pipeline.layout.slots[$0] })
        let sinks = try run(pipeline) { [cancellation] _ in TopSink(top, layout: layout, slots: slots, cancellation: cancellation) }
        let (rows, ties) = try TopSink.merge(sinks, top, layout: layout, cancellation: cancellation)
        if ties > 0 { note(ties == 1 ? "1 more row ties with the last one shown" : "\(ties) more rows tie with the last one shown") }
        guard let late else { return rows }
        return try fetch(late.columns, of: late.scan, into: rows)
    }

    /// The plan with row ids going through, if it is a scan under filters and derived columns.
    private static func withRowID(_ plan: Plan) -> (Plan, ScanPlan)? {
        switch plan {
        case .scan(var scan):
            scan.rowID = rowID
            return (.scan(scan), scan)
        case .filter(let input, let condition): return withRowID(input).map { (.filter($0, condition), $1) }
        case .derive(let input, let columns): return withRowID(input).map { (.derive($0, columns), $1) }
        case .rows, .aggregate, .window, .sort, .take, .top, .join, .union, .fill, .unfold, .sample, .assert, .assertAll: return nil
        }
    }

    /// Reads columns of single rows.
    private func fetch(_ ids: Set<ColumnID>, of scan: ScanPlan, into rows: Relation) throws -> Relation {
        let wanted = scan.columns.filter { ids.contains($0.id) }
        var columns: [ScanSource.Column] = []
        var slots: [Layout.Slot] = []
        for (id, index) in wanted {
            let type = scan.table.type(ofStored: index)
            let coded = type == .text && scan.table.isCoded(column: index)
            columns.append(.stored(index: index, coded: coded))
            slots.append(Layout.Slot(id: id, type: type, dictionary: coded ? try scan.table.dictionary(column: index) : nil))
        }
        let layout = Layout(slots)
        let batch = ScanBatch(table: scan.table, columns: columns, layout: layout)
        let buffers = slots.map { ColumnBuffer(type: $0.type, dictionary: $0.dictionary, capacity: rows.rowCount) }
        let ids = rows[Self.rowID].integers
        for i in 0..<rows.rowCount {
            try cancellation.check()
            let number = Int(ids[i] >> 40)
            let row = Int(ids[i] & (1 << 40 - 1))
            let frame = row / SegmentReader.rowsPerFrame * SegmentReader.rowsPerFrame
            let segment = scan.table.segments[number]
            batch.move(to: frame, count: min(SegmentReader.rowsPerFrame, segment.rowCount - frame), in: segment, number: number)
            for (slot, buffer) in buffers.enumerated() { buffer.append(row: row - frame, of: try batch.vector(slot)) }
        }
        return rows.adding(Array(zip(slots, buffers)))
    }

    private func topPerGroup(_ top: TopPlan, required: Set<ColumnID>) throws -> Relation {
        let rows = try relation(top.input, required: required)
        let groupKeys = top.per.map { SortKey(rows[$0], descending: false) }
        let orderKeys = top.order.map { SortKey(rows[$0.id], descending: $0.descending) }
        let positions = try Sorting.permutation(groupKeys + orderKeys, count: rows.rowCount, cancellation: cancellation)
        var kept: [Int] = []
        var inGroup = 0
        var ties = 0
        let asked = orderKeys.prefix(top.asked)
        for (i, row) in positions.enumerated() {
            let sameGroup = i > 0 && groupKeys.allSatisfy { $0.compare(positions[i - 1], row) == 0 }
            inGroup = sameGroup ? inGroup + 1 : 1
            if inGroup <= top.count {
                kept.append(row)
            } else if let last = kept.last, asked.allSatisfy({ $0.compare(last, row) == 0 }) {
                ties += 1
            }
        }
        if ties > 0 { note(ties == 1 ? "1 more row ties with the last one shown" : "\(ties) more rows tie with the last ones shown") }
        return rows.picked(kept)
    }
}

extension ColumnBuffer {
    /// Appends one row of a vector of the same form.
    func append(row: Int, of vector: Vector) {
        if vector.isNull(row) { return appendNull() }
        switch form {
        case .integers: append(integer: vector.integers[row])
        case .doubles: append(double: vector.doubles[row])
        case .mask: append(integer: Int64(vector.mask[row]))
        case .codes: append(code: vector.codes[row])
        case .texts: append(text: vector.text(row))
        }
    }
}

/// Keeps the best rows seen by one worker. Rows that cannot be among them are turned away by the first order column alone.
final class TopSink: BatchSink {
    private let top: TopPlan
    private let slots: [Int]
    private let view: RowsBatch
    private var rows: Relation
    private let cancellation: Cancellation
    /// Rows equal to the last kept one (in what was asked for) that were dropped.
    private var ties = 0
    private var isFull = false
    private let selection = UnsafeMutablePointer<UInt16>.allocate(capacity: vectorRowsMax)
    private let mask = UnsafeMutablePointer<UInt8>.allocate(capacity: vectorRowsMax)
    private let orderSlot: Int?

    init(_ top: TopPlan, layout: Layout, slots: [Int], cancellation: Cancellation) {
        self.top = top
        self.slots = slots
        self.cancellation = cancellation
        view = RowsBatch(layout: layout)
        rows = Relation(layout: layout)
        orderSlot = top.order.first.map { layout[$0.id] }
    }
    deinit {
        selection.deallocate()
        mask.deallocate()
    }

    func consume(_ batch: Batch, morsel: Int) throws {
        if top.count == 0 { return }
        if isFull, let orderSlot, let kept = try promising(batch, orderSlot) {
            if kept == 0 { return }
            view.set(try slots.map { try batch.vector($0) }, count: batch.count)
            if kept < batch.count { view.narrow(selection, kept) }
        } else {
            view.set(try slots.map { try batch.vector($0) }, count: batch.count)
        }
        try rows.append(view)
        if rows.rowCount >= 2 * top.count + vectorRowsMax { try prune() }
    }

    /// Picks the rows that are not worse than the last kept one in the first order column; nil where that column is not a number.
    private func promising(_ batch: Batch, _ orderSlot: Int) throws -> Int? {
        let vector = try batch.vector(slots[orderSlot])
        let boundary = rows.columns[orderSlot]
        let last = top.count - 1
        if boundary.isNull(last) { return nil }
        let count = batch.count
        let descending = top.order[0].descending
        switch vector.form {
        case .integers:
            let limit = boundary.integers[last]
            let values = vector.integers
            if descending {
                for i in 0..<count { mask[i] = values[i] >= limit ? 1 : 0 }
            } else {
                for i in 0..<count { mask[i] = values[i] <= limit ? 1 : 0 }
            }
        case .doubles:
            let limit = boundary.doubles[last]
            let values = vector.doubles
            if descending {
                for i in 0..<count { mask[i] = values[i] >= limit ? 1 : 0 }
            } else {
                for i in 0..<count { mask[i] = values[i] <= limit ? 1 : 0 }
            }
        case .mask, .codes, .texts: return nil
        }
        vector.clearNulls(in: mask, count: count)
        if MaskBytes.allZero(mask, count) { return 0 }
        return Selection.fill(selection, from: mask, count: count)
    }

    private func prune() throws {
        let boundary = isFull ? top.count - 1 : nil
        let (kept, dropped, sameBoundary) = try Self.best(rows, top, boundary: boundary, cancellation: cancellation)
        ties = (sameBoundary ? ties : 0) + dropped
        rows = kept
        isFull = rows.rowCount == top.count
    }

    /// The best rows in order, how many of the dropped ones tie with the last kept one, and whether that one equals the row at `boundary`.
    private static func best(_ rows: Relation, _ top: TopPlan, boundary: Int?, cancellation: Cancellation) throws -> (Relation, Int, Bool) {
        let keys = top.order.map { SortKey(rows[$0.id], descending: $0.descending) }
        let positions = try Sorting.permutation(keys, count: rows.rowCount, cancellation: cancellation)
        guard positions.count > top.count, top.count > 0 else { return (rows.picked(Array(positions.prefix(top.count))), 0, true) }
        let asked = keys.prefix(top.asked)
        let last = positions[top.count - 1]
        func ties(_ row: Int) -> Bool { !asked.isEmpty && asked.allSatisfy { $0.compare(last, row) == 0 } }
        var dropped = 0
        for row in positions[top.count...] {
            guard ties(row) else { break }
            dropped += 1
        }
        return (rows.picked(Array(positions.prefix(top.count))), dropped, boundary.map(ties) ?? true)
    }

    static func merge(_ sinks: [TopSink], _ top: TopPlan, layout: Layout, cancellation: Cancellation) throws -> (Relation, Int) {
        let whole = Relation(layout: layout)
        var boundaries: [(row: Int, ties: Int)] = []
        for sink in sinks {
            if top.count > 0 { try sink.prune() }
            if sink.isFull, sink.ties > 0 { boundaries.append((whole.rowCount + top.count - 1, sink.ties)) }
            whole.append(sink.rows)
        }
        let (kept, dropped, _) = try best(whole, top, boundary: nil, cancellation: cancellation)
        guard kept.rowCount == top.count, top.count > 0, top.asked > 0 else { return (kept, 0) }
        // A worker's dropped ties count if its last kept row ties with the last one of all.
        var ties = dropped
        let keys = top.order.prefix(top.asked).map { SortKey(whole[$0.id], descending: $0.descending) }
        let order = try Sorting.permutation(
            top.order.map { SortKey(whole[$0.id], descending: $0.descending) }, count: whole.rowCount, cancellation: cancellation)
        let last = order[top.count - 1]
        for boundary in boundaries where keys.allSatisfy({ $0.compare(last, boundary.row) == 0 }) { ties += boundary.ties }
        return (kept, ties)
    }
}
