import Storage

/// Keeps the best rows seen by one worker. Rows that cannot be among them are turned away by the first order column alone.
final class TopSink: BatchSink {
    private let top: TopPlan
    private let keys: [PlanOrder]
    private let slots: [Int]
    private let view: RowsBatch
    private let limit: TopLimit
    private var rows: Relation
    private let cancellation: Cancellation
    /// Rows equal to the last kept one (in what was asked for) that were dropped.
    private var ties = 0
    private var isFull = false
    private let selection = UnsafeMutablePointer<UInt16>.allocate(capacity: vectorRowsMax)
    private let mask = UnsafeMutablePointer<UInt8>.allocate(capacity: vectorRowsMax)
    private let orderSlot: Int?

    init(_ top: TopPlan, keys: [PlanOrder], layout: Layout, slots: [Int], limit: TopLimit, cancellation: Cancellation) {
        self.top = top
        self.keys = keys
        self.slots = slots
        self.limit = limit
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
        if let orderSlot, let kept = try promising(batch, orderSlot) {
            if kept == 0 { return }
            view.set(try slots.map { try batch.vector($0) }, count: batch.count)
            if kept < batch.count { view.narrow(selection, kept) }
        } else {
            view.set(try slots.map { try batch.vector($0) }, count: batch.count)
        }
        try rows.append(view)
        // The sooner the limit is known, the fewer rows come this far.
        if rows.rowCount >= (isFull ? max(2 * top.count, top.count + 16) : top.count) { try prune() }
    }

    /// Picks the rows that are not worse than the limit in the first order column; nil where that column is not a number or all may be in.
    private func promising(_ batch: Batch, _ orderSlot: Int) throws -> Int? {
        let word = limit.limit
        if word == .max { return nil }
        let vector = try batch.vector(slots[orderSlot])
        let count = batch.count
        switch vector.form {
        case .integers:
            let limit = limit.integer(word)
            let values = vector.integers
            if top.order[0].descending {
                for i in 0..<count { mask[i] = values[i] >= limit ? 1 : 0 }
            } else {
                for i in 0..<count { mask[i] = values[i] <= limit ? 1 : 0 }
            }
        case .doubles:
            let limit = limit.double(word)
            let values = vector.doubles
            if top.order[0].descending {
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
        let (kept, dropped, sameBoundary) = try Self.best(rows, top, keys, boundary: boundary, cancellation: cancellation)
        ties = (sameBoundary ? ties : 0) + dropped
        rows = kept
        isFull = rows.rowCount == top.count
        publish()
    }

    private func publish() {
        guard isFull, let orderSlot else { return }
        let column = rows.columns[orderSlot]
        let last = top.count - 1
        if column.isNull(last) { return }
        switch column.form {
        case .integers: limit.lower(to: limit.word(column.integers[last]))
        case .doubles: limit.lower(to: limit.word(column.doubles[last]))
        case .mask, .codes, .texts: break
        }
    }

    /// The best rows in order, how many of the dropped ones tie with the last kept one, and whether that one equals the row at `boundary`.
    private static func best(
        _ rows: Relation, _ top: TopPlan, _ order: [PlanOrder], boundary: Int?, cancellation: Cancellation
    ) throws -> (Relation, Int, Bool) {
        let keys = order.map { KeyColumn(rows[$0.id], descending: $0.descending) }
        let sorted = try RowSort.sort(keys, count: rows.rowCount, threads: 1, cancellation: cancellation).rows
        let kept = rows.picked(sorted, 0..<min(top.count, sorted.count))
        guard sorted.count > top.count, top.count > 0 else { return (kept, 0, true) }
        let asked = keys.prefix(top.asked)
        let last = sorted[top.count - 1]
        func ties(_ row: Int) -> Bool { !asked.isEmpty && asked.allSatisfy { $0.compare(last, row) == 0 } }
        var dropped = 0
        for place in top.count..<sorted.count {
            guard ties(sorted[place]) else { break }
            dropped += 1
        }
        return (kept, dropped, boundary.map(ties) ?? true)
    }

    static func merge(_ sinks: [TopSink], _ top: TopPlan, _ order: [PlanOrder], layout: Layout, cancellation: Cancellation) throws
        -> (Relation, Int)
    {
        for sink in sinks where top.count > 0 { try sink.prune() }
        if sinks.count == 1 {
            let countsTies = sinks[0].isFull && top.count > 0 && top.asked > 0
            return (sinks[0].rows, countsTies ? sinks[0].ties : 0)
        }
        let whole = Relation(layout: layout)
        var boundaries: [(row: Int, ties: Int)] = []
        for sink in sinks {
            if sink.isFull, sink.ties > 0 { boundaries.append((whole.rowCount + top.count - 1, sink.ties)) }
            whole.append(sink.rows)
        }
        let (kept, dropped, _) = try best(whole, top, order, boundary: nil, cancellation: cancellation)
        guard kept.rowCount == top.count, top.count > 0, top.asked > 0 else { return (kept, 0) }
        // A worker's dropped ties count if its last kept row ties with the last one of all.
        var ties = dropped
        let asked = top.order.prefix(top.asked)
        for boundary in boundaries {
            let isTie = asked.allSatisfy { whole[$0.id].isEqual(boundary.row, to: kept[$0.id], top.count - 1) }
            if isTie { ties += boundary.ties }
        }
        return (kept, ties)
    }
}
