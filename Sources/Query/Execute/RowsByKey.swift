import Storage

/// The right side of a join as an array by key: row `key - minimum`, if there is one.
final class RowsByKey: RightSide {
    let right: Relation
    private let minimum: Int64
    /// Keys below `minimum + places` have a place; a row behind those belongs to no key.
    private let places: Int
    /// One byte a row, 1: it stands for no row. nil where every place has one.
    private let missing: [UInt8]?
    private let left: ColumnID?
    private let matchesOnly: Bool

    init(right: Relation, minimum: Int64, places: Int, missing: [UInt8]?, left: ColumnID? = nil, matchesOnly: Bool = false) {
        precondition(right.rowCount < Int(Int32.max), "a join's right side has fewer than 2^31 rows")
        self.right = right
        self.minimum = minimum
        self.places = places
        self.missing = missing
        self.left = left
        self.matchesOnly = matchesOnly
    }

    /// Puts the right rows of a join to the places of their keys, so that a left row reads its columns with one look-up; nil where keys are
    /// no integers in a small range, or may come twice.
    convenience init?(_ rows: Relation, _ join: JoinPlan, columns: [ColumnID]) {
        guard join.rightIsUnique, join.kind != .expanding, !join.isLatest, !join.nullsMatch, join.on.count == 1, rows.rowCount > 0 else {
            return nil
        }
        let key = rows[join.on[0].right]
        guard key.form == .integers, !key.hasNulls, columns.allSatisfy({ rows[$0].form != .texts }) else { return nil }
        let values = key.integers
        var low = values[0]
        var high = low
        var isRun = true
        for row in 0..<rows.rowCount {
            low = min(low, values[row])
            high = max(high, values[row])
            isRun = isRun && values[row] == values[0] &+ Int64(row)
        }
        let matchesOnly = join.kind == .matching
        let layout = Layout(columns.map { rows.layout.slots[rows.layout[$0]] })
        if isRun {
            self.init(
                right: Relation(layout: layout, columns: columns.map { rows[$0] }, rowCount: rows.rowCount), minimum: low,
                places: rows.rowCount, missing: nil, left: join.on[0].left, matchesOnly: matchesOnly)
            return
        }
        let (span, overflow) = high.subtractingReportingOverflow(low)
        guard !overflow, span < Int64(max(1 << 16, rows.rowCount * 2)) else { return nil }
        let count = Int(span) + 1
        var missing = Array(repeating: UInt8(1), count: count)
        var isUnique = true
        for row in 0..<rows.rowCount {
            let place = Int(values[row] &- low)
            isUnique = isUnique && missing[place] == 1
            missing[place] = 0
        }
        // What was promised to be unique is told apart by whoever looks it up by hash.
        guard isUnique else { return nil }
        let placed = columns.map { rows[$0].placed(at: values, minimum: low, count: count, missing: missing) }
        self.init(
            right: Relation(layout: layout, columns: placed, rowCount: count), minimum: low, places: count,
            missing: rows.rowCount < count ? missing : nil, left: join.on[0].left, matchesOnly: matchesOnly)
    }

    /// Asked by the left side's column. Where rows without a match go through as well, a missing row's nulls say so; else it is not found.
    func asked(by left: ColumnID, matchesOnly: Bool) -> RowsByKey {
        RowsByKey(right: right, minimum: minimum, places: places, missing: missing, left: left, matchesOnly: matchesOnly)
    }

    func makeFinder(_ layout: Layout) -> RowFinder {
        guard let left else { preconditionFailure("nobody said who asks") }
        return Finder(self, slot: layout[left])
    }

    private final class Finder: RowFinder {
        private let rows: RowsByKey
        private let slot: Int

        init(_ rows: RowsByKey, slot: Int) {
            self.rows = rows
            self.slot = slot
        }

        override func find(_ batch: Batch, into positions: UnsafeMutablePointer<Int32>) throws {
            let vector = try batch.vector(slot)
            let count = batch.count
            let size = rows.places
            let (first, overflow) = vector.base.subtractingReportingOverflow(rows.minimum)
            if vector.isNarrow, vector.unit == 1, !overflow, first >= 0, first < Int64(Int32.max) {
                let codes = vector.narrowCodes
                let start = UInt32(first)
                var largest: UInt32 = 0
                for i in 0..<count {
                    positions[i] = Int32(bitPattern: codes[i] &+ start)
                    largest = max(largest, codes[i])
                }
                // Nearly always every key has a place: that is known from the largest alone.
                if Int(largest) + Int(start) >= size {
                    for i in 0..<count where Int(codes[i]) + Int(start) >= size { positions[i] = -1 }
                }
            } else {
                let values = vector.integers
                let end = UInt64(size)
                for i in 0..<count {
                    let place = UInt64(bitPattern: values[i] &- rows.minimum)
                    positions[i] = place < end ? Int32(truncatingIfNeeded: place) : -1
                }
            }
            if vector.hasNulls {
                let nulls = vector.nulls
                for i in 0..<count where nulls[i] != 0 { positions[i] = -1 }
            }
            guard rows.matchesOnly, let missing = rows.missing else { return }
            missing.withUnsafeBufferPointer { missing in
                guard let missing = missing.baseAddress else { return }
                for i in 0..<count where positions[i] >= 0 && missing[Int(positions[i])] != 0 { positions[i] = -1 }
            }
        }
    }
}

extension ColumnBuffer {
    /// Each row at the place of its key; places without a row are null.
    fileprivate func placed(at keys: UnsafePointer<Int64>, minimum: Int64, count places: Int, missing: [UInt8]) -> ColumnBuffer {
        let out = ColumnBuffer(type: type, dictionary: dictionary, rows: places)
        switch form {
        case .integers: place(integers, keys, minimum, out.integers, places)
        case .doubles: place(doubles, keys, minimum, out.doubles, places)
        case .mask: place(mask, keys, minimum, out.mask, places)
        case .codes: place(codes, keys, minimum, out.codes, places)
        case .texts: preconditionFailure("texts stay where their views are")
        }
        var nulls = missing
        if hasNulls { for row in 0..<count where isNull(row) { nulls[Int(keys[row] &- minimum)] = 1 } }
        out.setNulls(nulls)
        return out
    }

    @inline(__always)
    private func place<T: ExpressibleByIntegerLiteral>(
        _ a: UnsafePointer<T>, _ keys: UnsafePointer<Int64>, _ minimum: Int64, _ out: UnsafeMutablePointer<T>, _ places: Int
    ) {
        // What lies under a null is harmless.
        if places > count { out.update(repeating: 0, count: places) }
        for row in 0..<count { out[Int(keys[row] &- minimum)] = a[row] }
    }
}
