import Storage

/// The orders and groups that windows over the same rows share: each is made once.
final class WindowOrders {
    private let rows: Relation
    private let threads: Int
    private let cancellation: Cancellation
    private var orders: [String: WindowOrder] = [:]
    private var groups: [[ColumnID]: WindowGroups] = [:]

    init(_ rows: Relation, threads: Int, cancellation: Cancellation) {
        self.rows = rows
        self.threads = threads
        self.cancellation = cancellation
    }

    func order(per: [ColumnID], by order: [PlanOrder]) throws -> WindowOrder {
        let name = "\(per) \(order.map { ($0.id, $0.descending) })"
        if let known = orders[name] { return known }
        let made = WindowOrder(try placed(per, order) ?? sorted(per, order), threads: threads)
        orders[name] = made
        return made
    }

    private func placed(_ per: [ColumnID], _ order: [PlanOrder]) throws -> SortedRows? {
        guard per.count == 1 else { return nil }
        let keys = order.map { KeyColumn(rows[$0.id], descending: $0.descending) }
        return try PlacedOrder.rows(rows[per[0]], by: keys, cancellation: cancellation)
    }

    private func sorted(_ per: [ColumnID], _ order: [PlanOrder]) throws -> SortedRows {
        let keys = per.map { KeyColumn(rows[$0], descending: false) } + order.map { KeyColumn(rows[$0.id], descending: $0.descending) }
        return try RowSort.sort(
            keys, groupKeys: per.count, count: rows.rowCount, marks: true, threads: threads, cancellation: cancellation)
    }

    func groups(per: [ColumnID]) throws -> WindowGroups {
        if let known = groups[per] { return known }
        let made = try WindowGroups(rows, per: per, threads: threads, cancellation: cancellation)
        groups[per] = made
        return made
    }
}

/// Rows in the order of their groups and, within a group, of the window.
struct WindowOrder: Sendable {
    let sorted: SortedRows
    /// Places, cut where groups begin, for threads to share.
    let parts: [Range<Int>]
    var rows: UnsafeMutablePointer<UInt32> { sorted.rows.base }
    var marks: UnsafeMutablePointer<UInt8> { sorted.marks!.of(UInt8.self) }
    var count: Int { sorted.rows.count }

    init(_ sorted: SortedRows, threads: Int) {
        self.sorted = sorted
        let count = sorted.rows.count
        let marks = sorted.marks!.of(UInt8.self)
        let wanted = max(1, min(threads * 8, count / Parallel.rowsMin))
        var parts: [Range<Int>] = []
        var start = 0
        for part in 1...wanted {
            var end = max(start, count * part / wanted)
            while end < count, marks[end] & SortedRows.newGroup == 0 { end += 1 }
            if end > start { parts.append(start..<end) }
            start = end
        }
        self.parts = parts
    }

    /// The end of the group that begins at `start`.
    @inline(__always)
    func groupEnd(_ start: Int, _ limit: Int) -> Int {
        let marks = marks
        var end = start &+ 1
        while end < limit, marks[end] & SortedRows.newGroup == 0 { end &+= 1 }
        return end
    }

    /// The end of the rows that tie with the one at `start`.
    @inline(__always)
    func peerEnd(_ start: Int, _ limit: Int) -> Int {
        let marks = marks
        var end = start &+ 1
        while end < limit, marks[end] == 0 { end &+= 1 }
        return end
    }
}

/// The group number of every row.
struct WindowGroups: Sendable {
    let numbers: RowNumbers
    /// Numbers are below it; some may have no rows, unless they were asked to be compact.
    let count: Int

    init(_ rows: Relation, per: [ColumnID], isCompact: Bool = false, threads: Int, cancellation: Cancellation) throws {
        let numbers = RowNumbers(count: rows.rowCount)
        self.numbers = numbers
        guard !per.isEmpty else {
            numbers.base.initialize(repeating: 0, count: rows.rowCount)
            count = 1
            return
        }
        let keys = per.map { DerivedColumn(id: $0, value: Bound(.column($0), rows[$0].type, 0..<0)) }
        let maps = SharedMaps()
        let design = try GroupDesign(
            keys, rows.layout, RangeFinder(.rows(rows)), rows: rows.rowCount, shared: maps, cancellation: cancellation,
            groupsInCacheMax: 1 << 40)
        // Numbers that are computed are so by each thread for itself; those that are looked up are given in turn.
        let looksUp = isCompact || design.denseSize == nil
        let ranges = looksUp ? [0..<rows.rowCount] : Parallel.ranges(rows.rowCount, threads: threads)
        let found = GroupCount()
        try Parallel.run(ranges.count, threads: threads) { part in
            let context = EvaluationContext(cancellation: cancellation)
            let compiler = ExpressionCompiler(layout: rows.layout, context: context, shared: maps)
            let index =
                looksUp
                ? HashGroups(try keys.map { try compiler.compile($0.value) })
                : try design.makeIndex(compiler, mayStop: false, tracksSeen: true)
            let batch = RelationBatch(rows)
            var first = ranges[part].lowerBound
            while first < ranges[part].upperBound {
                try cancellation.check()
                let size = min(vectorRowsMax, ranges[part].upperBound - first)
                batch.move(to: first, count: size)
                try index.assign(batch, into: numbers.base + first)
                first += size
            }
            found.add(index.groupCount)
        }
        count = found.value
    }

    private final class GroupCount: @unchecked Sendable {
        private let lock = Mutex()
        private(set) var value = 0
        func add(_ count: Int) { lock.locked { value = max(value, count) } }
    }
}
