import Storage

extension Executor {
    static let rowID: ColumnID = -1

    func run(_ top: TopPlan, required: Set<ColumnID>) throws -> Relation {
        if top.isPage { return try page(top, required: required) }
        if !top.per.isEmpty || top.others { return try topPerGroup(top, required: required) }
        let limit = TopLimit(descending: top.order.first?.descending ?? false)
        let (input, needed, late) = lateColumns(of: top, required: required, limit: limit)
        let pipeline = try pipeline(input, required: needed)
        let slots = pipeline.layout.slots.enumerated().filter { needed.contains($1.id) }.map(\.offset)
        let layout = Layout(slots.map { pipeline.layout.slots[$0] })
        // Rows that the order leaves equal stand as they are stored.
        let order = top.order + (layout.contains(Self.rowID) ? [PlanOrder(id: Self.rowID, descending: false)] : [])
        let sinks = try run(pipeline) { [cancellation] _ in
            TopSink(top, keys: order, layout: layout, slots: slots, limit: limit, cancellation: cancellation)
        }
        let (rows, ties) = try TopSink.merge(sinks, top, order, layout: layout, cancellation: cancellation)
        if ties > 0 { note(ties == 1 ? "1 more row ties with the last one shown" : "\(ties) more rows tie with the last one shown") }
        guard let late else { return rows }
        return try fetch(late.columns, of: late.scan, into: rows)
    }

    private func topPerGroup(_ top: TopPlan, required: Set<ColumnID>) throws -> Relation {
        let (input, needed, late) = lateColumns(of: top, required: required, limit: nil)
        let pipeline = try pipeline(input, required: needed)
        let slots = pipeline.layout.slots.enumerated().filter { needed.contains($1.id) }.map(\.offset)
        let layout = Layout(slots.map { pipeline.layout.slots[$0] })
        let order = top.order + (layout.contains(Self.rowID) ? [PlanOrder(id: Self.rowID, descending: false)] : [])
        let keys = top.per.map { id in DerivedColumn(id: id, value: Bound(.column(id), layout.slots[layout[id]].type, 0..<0)) }
        let ranges = RangeFinder(input)
        let design = try GroupDesign(
            keys, pipeline.layout, ranges, rows: ranges.rowCount, shared: shared, cancellation: cancellation,
            groupsInCacheMax: limits.groupsInCacheMax)
        let sinks = try run(pipeline) { [cancellation] worker in
            let index = try design.makeIndex(worker.compiler(pipeline.layout), mayStop: false, tracksSeen: true)
            return GroupedTopSink(top, keys: order, index: index, layout: layout, slots: slots, cancellation: cancellation)
        }
        let (rows, ties) = try GroupedTopSink.merge(sinks, top, order, layout: layout, threads: limits.threads, cancellation: cancellation)
        if ties > 0 { note(ties == 1 ? "1 more row ties with the last one shown" : "\(ties) more rows tie with the last ones shown") }
        guard let late else { return rows }
        return try fetch(late.columns, of: late.scan, into: rows)
    }

    // MARK: late columns

    /// The input with row ids in the place of columns that only the best rows need, if it is a scan under filters and derived columns.
    private func lateColumns(of top: TopPlan, required: Set<ColumnID>, limit: TopLimit?)
        -> (input: Plan, needed: Set<ColumnID>, late: (scan: ScanPlan, columns: Set<ColumnID>)?)
    {
        var needed = required.union(top.order.map(\.id)).union(top.per)
        var gate: ((ScanPlan) -> BlockGate?)?
        if top.skipsBlocks, let limit, let first = top.order.first {
            gate = { scan in
                guard let index = scan.columns.first(where: { $0.id == first.id })?.index else { return nil }
                let type = scan.table.type(ofStored: index)
                guard type.physical != .text, type != .bool else { return nil }
                return BlockGate(column: index, isDouble: type.physical == .double, limit: limit)
            }
        }
        guard let (changed, scan) = Self.withRowID(top.input, gate) else { return (top.input, needed, nil) }
        let stored = Set(scan.columns.map(\.id))
        let columns = required.intersection(stored).subtracting(top.order.map(\.id)).subtracting(top.per)
        needed.subtract(columns)
        needed.insert(Self.rowID)
        return (changed, needed, columns.isEmpty ? nil : (scan, columns))
    }

    /// The plan with row ids going through, if it is a scan under filters and derived columns.
    static func withRowID(_ plan: Plan, _ gate: ((ScanPlan) -> BlockGate?)?) -> (Plan, ScanPlan)? {
        switch plan {
        case .scan(var scan):
            scan.rowID = rowID
            scan.gate = gate?(scan)
            return (.scan(scan), scan)
        case .filter(let input, let condition): return withRowID(input, gate).map { (.filter($0, condition), $1) }
        case .derive(let input, let columns): return withRowID(input, gate).map { (.derive($0, columns), $1) }
        case .rows, .aggregate, .window, .sort, .take, .top, .join, .union, .fill, .unfold, .sample, .assert, .assertAll: return nil
        }
    }

    /// Reads columns of single rows, each frame once.
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
        let byID = try RowSort.sort(
            [KeyColumn(rows[Self.rowID], descending: false)], count: rows.rowCount, threads: limits.threads, cancellation: cancellation
        ).rows
        let numbers = rows[Self.rowID]
        let ranges = Parallel.ranges(rows.rowCount, threads: limits.threads)
        let parts = FetchedParts(count: ranges.count)
        let (table, made, asked) = (scan.table, columns, slots)
        try Parallel.run(ranges.count, threads: limits.threads) { part in
            let buffers = asked.map { ColumnBuffer(type: $0.type, dictionary: $0.dictionary, capacity: ranges[part].count) }
            let batch = ScanBatch(table: table, columns: made, layout: layout)
            let view = RowsBatch(layout: layout)
            let selection = UnsafeMutablePointer<UInt16>.allocate(capacity: SegmentReader.rowsPerFrame)
            defer { selection.deallocate() }
            var place = ranges[part].lowerBound
            while place < ranges[part].upperBound {
                try cancellation.check()
                let id = numbers.integers[byID[place]]
                let segment = table.segments[Int(id >> 40)]
                let row = Int(id & (1 << 40 - 1))
                let frame = row / SegmentReader.rowsPerFrame * SegmentReader.rowsPerFrame
                let base = id - Int64(row - frame)
                var kept = 0
                while place < ranges[part].upperBound {
                    let offset = numbers.integers[byID[place]] - base
                    if offset >= Int64(SegmentReader.rowsPerFrame) { break }
                    selection[kept] = UInt16(offset)
                    kept += 1
                    place += 1
                }
                let size = min(SegmentReader.rowsPerFrame, segment.rowCount - frame)
                batch.move(to: frame, count: size, in: segment, number: Int(id >> 40))
                view.set(try asked.indices.map { try batch.vector($0) }, count: size)
                view.narrow(selection, kept)
                for (slot, buffer) in buffers.enumerated() { buffer.append(try view.vector(slot), count: kept) }
            }
            parts.set(buffers, at: part)
        }
        let fetched = parts.joined()
        // Back into the rows' own order.
        let places = RowNumbers(count: rows.rowCount)
        for i in 0..<rows.rowCount { places.base[byID[i]] = UInt32(truncatingIfNeeded: i) }
        return rows.adding(
            try zip(slots, fetched).map { ($0, try $1.picked(places, 0..<places.count, threads: limits.threads, cancellation)) })
    }
}

private final class FetchedParts: @unchecked Sendable {
    private let lock = Mutex()
    private var parts: [[ColumnBuffer]]
    init(count: Int) { parts = Array(repeating: [], count: count) }
    func set(_ buffers: [ColumnBuffer], at part: Int) { lock.locked { parts[part] = buffers } }
    func joined() -> [ColumnBuffer] {
        for part in parts.dropFirst() { for (column, more) in zip(parts[0], part) { column.append(more) } }
        return parts[0]
    }
}
