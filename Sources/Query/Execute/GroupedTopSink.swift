import Storage

/// Keeps each group's best rows, as far as one worker has seen them. Rows that cannot be among them are turned away by the first order
/// column alone, once their group has as many as it may keep.
final class GroupedTopSink: BatchSink {
    private let top: TopPlan
    private let keys: [PlanOrder]
    private let index: GroupIndex
    private let slots: [Int]
    private let orderSlot: Int?
    private let descending: Bool
    private let view: RowsBatch
    private let cancellation: Cancellation
    private var rows: Relation
    /// The group of each row kept.
    private var groups: [UInt32] = []
    /// For each group the word of its last row that may stay; the largest where all may.
    private var limits = GroupStates<UInt64>()
    /// For each group that is full, where its last row lies in `rows`; else -1.
    private var boundaries = GroupStates<Int32>()
    /// For each group, rows equal to its last one (in what was asked for) that were dropped.
    private var ties = GroupStates<UInt32>()
    private var pruneAt: Int
    private static let slack = 1 << 15
    private let numbers = UnsafeMutablePointer<UInt32>.allocate(capacity: vectorRowsMax)
    private let words = UnsafeMutablePointer<UInt64>.allocate(capacity: vectorRowsMax)
    private let mask = UnsafeMutablePointer<UInt8>.allocate(capacity: vectorRowsMax)
    private let selection = UnsafeMutablePointer<UInt16>.allocate(capacity: vectorRowsMax)

    init(_ top: TopPlan, keys: [PlanOrder], index: GroupIndex, layout: Layout, slots: [Int], cancellation: Cancellation) {
        self.top = top
        self.keys = keys
        self.index = index
        self.slots = slots
        self.cancellation = cancellation
        orderSlot = top.order.first.map { layout[$0.id] }
        descending = top.order.first?.descending ?? false
        view = RowsBatch(layout: layout)
        rows = Relation(layout: layout)
        pruneAt = Self.slack
    }
    deinit {
        numbers.deallocate()
        words.deallocate()
        mask.deallocate()
        selection.deallocate()
        limits.free()
        boundaries.free()
        ties.free()
    }

    func consume(_ batch: Batch, morsel: Int) throws {
        if top.count == 0 { return }
        let count = batch.count
        try index.assign(batch, into: numbers)
        if limits.count < index.groupCount {
            let room = max(index.groupCount, limits.count * 2)
            limits.grow(to: room, filling: .max)
            boundaries.grow(to: room, filling: -1)
            ties.grow(to: room, filling: 0)
        }
        if let orderSlot, fillWords(try batch.vector(slots[orderSlot]), count) {
            let limits = limits.pointer
            for i in 0..<count { mask[i] = words[i] <= limits[Int(numbers[i])] ? 1 : 0 }
            if MaskBytes.allZero(mask, count) { return }
            let kept = Selection.fill(selection, from: mask, count: count)
            view.set(try slots.map { try batch.vector($0) }, count: count)
            if kept < count { view.narrow(selection, kept) }
            for i in 0..<kept { groups.append(numbers[Int(selection[i])]) }
        } else {
            view.set(try slots.map { try batch.vector($0) }, count: count)
            groups.append(contentsOf: UnsafeBufferPointer(start: numbers, count: count))
        }
        try rows.append(view)
        if rows.rowCount >= pruneAt { try prune() }
    }

    /// The first order column in words that fall towards the best; false where it is text without codes.
    private func fillWords(_ vector: Vector, _ count: Int) -> Bool {
        let flip: UInt64 = descending ? ~0 : 0
        switch vector.form {
        case .integers:
            let values = vector.integers
            for i in 0..<count { words[i] = KeyColumn.word(values[i]) ^ flip }
        case .doubles:
            let values = vector.doubles
            for i in 0..<count { words[i] = KeyColumn.word(values[i]) ^ flip }
        case .mask:
            let values = vector.mask
            for i in 0..<count { words[i] = UInt64(values[i]) ^ flip }
        case .codes:
            let ranks = vector.dictionary!.ranks
            let codes = vector.codes
            if ranks.isEmpty { return false }
            let base = ranks.baseAddress!
            for i in 0..<count { words[i] = UInt64(base[Int(codes[i])]) ^ flip }
        case .texts: return false
        }
        if vector.hasNulls { for i in 0..<count where vector.nulls[i] != 0 { words[i] = .max } }
        return true
    }

    /// Drops what no group keeps any more. What stays is in the order of groups and, within them, of the best.
    private func prune() throws {
        let order = keys.map { KeyColumn(rows[$0.id], descending: $0.descending) }
        let numbered = RowNumbers(count: groups.count)
        groups.withUnsafeBufferPointer { numbered.base.update(from: $0.baseAddress!, count: groups.count) }
        let sorted = try RowSort.sort(
            [KeyColumn(numbered)] + order, groupKeys: 1, count: rows.rowCount, marks: true, threads: 1, cancellation: cancellation)
        let marks = sorted.marks!.of(UInt8.self)
        let asked = order.prefix(top.asked)
        let kept = RowNumbers(count: sorted.rows.count)
        var keptGroups: [UInt32] = []
        var start = 0
        let count = sorted.rows.count
        while start < count {
            var end = start + 1
            while end < count, marks[end] & SortedRows.newGroup == 0 { end += 1 }
            let group = numbered[sorted.rows[start]]
            let size = min(end - start, top.count)
            for place in start..<start + size {
                kept.base[keptGroups.count] = sorted.rows.base[place]
                keptGroups.append(UInt32(group))
            }
            if size == top.count {
                let last = sorted.rows[start + size - 1]
                if !asked.isEmpty {
                    func isTie(_ row: Int) -> Bool { asked.allSatisfy { $0.compare(last, row) == 0 } }
                    let old = Int(boundaries.pointer[group])
                    if old >= 0, !isTie(old) { ties.pointer[group] = 0 }
                    var place = start + size
                    while place < end, isTie(sorted.rows[place]) {
                        ties.pointer[group] += 1
                        place += 1
                    }
                }
                boundaries.pointer[group] = Int32(keptGroups.count - 1)
                if let first = order.first, rows[keys[0].id].form != .texts {
                    limits.pointer[group] = first.isNull(last) ? .max : first.word(last)
                }
            }
            start = end
        }
        rows = rows.picked(kept, 0..<keptGroups.count)
        groups = keptGroups
        pruneAt = 2 * rows.rowCount + Self.slack
    }

    /// All workers' rows: for each group the best, in the order of the groups' values.
    static func merge(
        _ sinks: [GroupedTopSink], _ top: TopPlan, _ order: [PlanOrder], layout: Layout, threads: Int, cancellation: Cancellation
    ) throws -> (Relation, Int) {
        let whole = Relation(layout: layout)
        /// Rows of `whole` that are the last of a full group of one worker, and that worker's ties with it.
        var boundaries: [(row: Int, ties: Int)] = []
        for sink in sinks where top.count > 0 && sink.rows.rowCount > 0 {
            try sink.prune()
            for row in 0..<sink.rows.rowCount {
                let group = Int(sink.groups[row])
                if Int(sink.boundaries.pointer[group]) == row, sink.ties.pointer[group] > 0 {
                    boundaries.append((whole.rowCount + row, Int(sink.ties.pointer[group])))
                }
            }
            whole.append(sink.rows)
        }
        let groupKeys = top.per.map { KeyColumn(whole[$0], descending: false) }
        let keys = order.map { KeyColumn(whole[$0.id], descending: $0.descending) }
        let asked = keys.prefix(top.asked)
        let sorted = try RowSort.sort(
            groupKeys + keys, groupKeys: groupKeys.count, count: whole.rowCount, marks: true, threads: threads, cancellation: cancellation)
        let marks = sorted.marks!.of(UInt8.self)
        let count = sorted.rows.count
        let kept = RowNumbers(count: count)
        var size = 0
        var ties = 0
        var start = 0
        /// For rows that are boundaries: the last row of their group that is kept.
        let lastOfRow = boundaries.isEmpty ? nil : RowNumbers(count: count)
        while start < count {
            var end = start + 1
            while end < count, marks[end] & SortedRows.newGroup == 0 { end += 1 }
            let stop = min(start + top.count, end)
            for place in start..<stop {
                kept.base[size] = sorted.rows.base[place]
                size += 1
            }
            let last = sorted.rows[stop - 1]
            if let lastOfRow { for place in start..<end { lastOfRow.base[sorted.rows[place]] = UInt32(last) } }
            var place = stop
            while place < end, !asked.isEmpty, asked.allSatisfy({ $0.compare(last, sorted.rows[place]) == 0 }) {
                ties += 1
                place += 1
            }
            start = end
        }
        for boundary in boundaries {
            let last = lastOfRow![boundary.row]
            if asked.allSatisfy({ $0.compare(last, boundary.row) == 0 }) { ties += boundary.ties }
        }
        return (try whole.picked(kept, 0..<size, threads: threads, cancellation), ties)
    }
}
