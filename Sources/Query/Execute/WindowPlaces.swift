import Storage

extension Executor {
    /// Windows range by range of parents for whoever takes the rows as they are stored: the windows' columns are written to the places of their
    /// rows, and the rows read a second time. nil where rows do not lie by parents, reading them
    /// twice is dear, or only some of them are wanted.
    func windowsByPlace(
        _ input: Plan, _ derived: [DerivedColumn], _ calls: [(column: WindowColumn, input: WindowInput)], kept: Set<ColumnID>
    ) throws -> Pipeline? {
        guard input.isReadTwice, !input.isNarrowed, let (plan, scan) = Self.withRowID(input, nil) else { return nil }
        let starts = scan.table.segments.reduce(into: [0]) { $0.append($0.last! + $1.rowCount) }
        guard let total = starts.last, total < Int(Int32.max) else { return nil }
        var needed: Set<ColumnID> = [Self.rowID]
        for call in calls { needed.formUnion(call.input.columns) }
        let rows = try pipeline(derived.isEmpty ? plan : .derive(plan, derived), required: needed)
        guard let ranges = try windowsByRange(rows, calls, held: needed, inAnyOrder: true) else { return nil }
        let ids = calls.map(\.column.id)
        let layout = Layout(ids.map { ranges.layout.slots[ranges.layout[$0]] })
        guard layout.slots.allSatisfy({ Vector.Form($0.type, coded: $0.dictionary != nil) != .texts }) else { return nil }
        let lease = MemoryLease(budget, holder)
        try lease.add(layout.slots.reduce(0) { $0 + Vector.Form($1.type, coded: $1.dictionary != nil).stride + 1 } * total)
        let places = PlacedColumns(layout, rows: total)
        let slots = ids.map { ranges.layout[$0] }
        let idSlot = ranges.layout[Self.rowID]
        _ = try run(ranges) { _ in PlaceSink(places, slots: slots, idSlot: idSlot, starts: starts) }
        let columns = places.relation(layout)
        columns.lease = lease
        var again = try pipeline(plan, required: kept.union([Self.rowID]))
        let through = kept.filter { again.layout.contains($0) }.sorted()
        let output = Layout(through.map { again.layout.slots[again.layout[$0]] } + layout.slots)
        again.append(
            JoinStep(table: RowsByPlace(right: columns, starts: starts), kind: .lookup, kept: through, added: ids, output: output))
        return again
    }
}

/// Columns with a place for every row of a table, asked by row ids.
private struct RowsByPlace: RightSide {
    let right: Relation
    /// Of each segment.
    let starts: [Int]

    func makeFinder(_ layout: Layout) -> RowFinder { Finder(starts, slot: layout[Executor.rowID]) }

    private final class Finder: RowFinder {
        private let starts: [Int]
        private let slot: Int
        init(_ starts: [Int], slot: Int) {
            self.starts = starts
            self.slot = slot
        }
        override func find(_ batch: Batch, into positions: UnsafeMutablePointer<Int32>) throws {
            let ids = try batch.vector(slot).integers
            guard batch.count > 0 else { return }
            // A batch is of one segment.
            let segment = ids[0] >> 40
            let start = Int64(starts[Int(segment)]) &- segment << 40
            for i in 0..<batch.count { positions[i] = Int32(truncatingIfNeeded: ids[i] &+ start) }
        }
    }
}

/// Writes computed columns to the places of their rows.
private final class PlaceSink: BatchSink {
    private let columns: PlacedColumns
    private let slots: [Int]
    private let idSlot: Int
    private let starts: [Int]
    private let places = UnsafeMutablePointer<Int>.allocate(capacity: vectorRowsMax)

    init(_ columns: PlacedColumns, slots: [Int], idSlot: Int, starts: [Int]) {
        self.columns = columns
        self.slots = slots
        self.idSlot = idSlot
        self.starts = starts
    }
    deinit { places.deallocate() }

    func consume(_ batch: Batch, morsel: Int) throws {
        let ids = try batch.vector(idSlot).integers
        let count = batch.count
        starts.withUnsafeBufferPointer { starts in
            for i in 0..<count { places[i] = starts[Int(ids[i] >> 40)] &+ Int(ids[i] & (1 << 40 - 1)) }
        }
        for (place, slot) in slots.enumerated() {
            let vector = try batch.vector(slot)
            let column = columns.columns[place]
            switch column.form {
            case .integers: scatter(vector.integers, count, column.integers)
            case .doubles: scatter(vector.doubles, count, column.doubles)
            case .mask: scatter(vector.mask, count, column.mask)
            case .codes: scatter(vector.codes, count, column.codes)
            case .texts: preconditionFailure("texts lie in the memory of their range")
            }
            if vector.hasNulls { scatter(vector.nulls, count, columns.nulls(place)) }
        }
    }

    @inline(__always)
    private func scatter<T>(_ values: UnsafePointer<T>, _ count: Int, _ out: UnsafeMutablePointer<T>) {
        for i in 0..<count { out[places[i]] = values[i] }
    }
}
