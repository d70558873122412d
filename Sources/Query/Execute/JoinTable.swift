import Storage

/// The right side of a join by its key: built once, read by all workers.
final class JoinTable: @unchecked Sendable {
    let right: Relation
    private let plan: JoinPlan
    private let keys: [KeyColumn]
    private let index: Index
    /// The row whose only key is null, where nulls meet.
    private var nullRow: Int32 = -1

    private enum Index {
        /// No key: the one right row, if there is one.
        case single
        /// Integers in a small range: the row of each, or -1.
        case dense(minimum: Int64, rows: UnsafeMutableBufferPointer<Int32>)
        /// The group of each key; its rows are `rows[starts[group] ..< starts[group + 1]]`, in the order of their dates where the latest is asked for.
        case hash(GroupTable, starts: [Int32], rows: [Int32])
    }

    /// How a key column becomes a word.
    fileprivate struct KeyColumn {
        let column: ColumnBuffer
        /// Texts that the two sides hold under different codes meet here.
        var interner: TextInterner?
        /// Both sides have the very same dictionary: codes are enough.
        let sharesCodes: Bool
    }

    init(_ plan: JoinPlan, right: Relation, left: Layout, cancellation: Cancellation) throws {
        self.plan = plan
        self.right = right
        precondition(right.rowCount < Int(Int32.max), "a join's right side has fewer than 2^31 rows")
        let exact = plan.isLatest ? Array(plan.on.dropLast()) : plan.on
        var keys = exact.map { pair -> KeyColumn in
            let column = right[pair.right]
            let shares = column.form == .codes && left.slots[left[pair.left]].dictionary === column.dictionary
            return KeyColumn(column: column, interner: column.type == .text && !shares ? TextInterner() : nil, sharesCodes: shares)
        }
        if plan.on.isEmpty {
            index = .single
        } else if !plan.isLatest, plan.kind != .expanding, let dense = try Self.dense(plan, keys, right.rowCount, &nullRow) {
            index = dense
        } else {
            index = try Self.hash(plan, &keys, right, cancellation)
        }
        self.keys = keys
        if !plan.isLatest, plan.kind != .expanding { try checkUnique() }
    }

    deinit {
        switch index {
        case .single: break
        case .dense(_, let rows): rows.deallocate()
        case .hash(let table, _, _): table.free()
        }
    }

    // MARK: building

    private static func dense(_ plan: JoinPlan, _ keys: [KeyColumn], _ count: Int, _ nullRow: inout Int32) throws -> Index? {
        guard keys.count == 1, keys[0].column.form == .integers, count > 0 else { return nil }
        let column = keys[0].column
        let values = column.integers
        var low = Int64.max
        var high = Int64.min
        for row in 0..<count where !column.isNull(row) {
            low = min(low, values[row])
            high = max(high, values[row])
        }
        guard low <= high else { return nil }
        let (span, overflow) = high.subtractingReportingOverflow(low)
        // Four bytes a place against some thirty a row in a hash table.
        guard !overflow, span < Int64(max(1 << 16, count * 8)) else { return nil }
        let rows = UnsafeMutableBufferPointer<Int32>.allocate(capacity: Int(span) + 1)
        rows.initialize(repeating: -1)
        for row in 0..<count {
            if column.isNull(row) {
                if plan.nullsMatch { nullRow = Int32(row) }
                continue
            }
            let place = Int(values[row] &- low)
            if rows[place] >= 0 {
                defer { rows.deallocate() }
                throw double(plan, keys, row)
            }
            rows[place] = Int32(row)
        }
        return .dense(minimum: low, rows: rows)
    }

    private static func hash(_ plan: JoinPlan, _ keys: inout [KeyColumn], _ right: Relation, _ cancellation: Cancellation) throws -> Index {
        let width = keys.count + 1
        var table = GroupTable(width: width)
        let key = UnsafeMutablePointer<UInt64>.allocate(capacity: width)
        defer { key.deallocate() }
        var groups: [Int32] = Array(repeating: -1, count: right.rowCount)
        let dates = plan.isLatest ? plan.on.last.map { right[$0.right] } : nil
        for row in 0..<right.rowCount {
            if row & 0xFFFF == 0 { try cancellation.check() }
            key[width - 1] = 0
            for c in keys.indices { keys[c].write(row, into: key, at: c, nulls: width - 1) }
            if key[width - 1] != 0, !plan.nullsMatch { continue }
            if let dates, dates.isNull(row) { continue }
            groups[row] = Int32(table.group(of: key))
        }
        var starts: [Int32] = Array(repeating: 0, count: table.count + 1)
        for group in groups where group >= 0 { starts[Int(group) + 1] += 1 }
        for group in 0..<table.count { starts[group + 1] += starts[group] }
        var next = starts
        var rows: [Int32] = Array(repeating: 0, count: Int(starts[table.count]))
        for (row, group) in groups.enumerated() where group >= 0 {
            rows[Int(next[Int(group)])] = Int32(row)
            next[Int(group)] += 1
        }
        if let dates {
            let values = dates.integers
            for group in 0..<table.count {
                rows[Int(starts[group])..<Int(starts[group + 1])].sort { (values[Int($0)], $0) < (values[Int($1)], $1) }
            }
        }
        return .hash(table, starts: starts, rows: rows)
    }

    private func checkUnique() throws {
        guard case .hash(_, let starts, let rows) = index else { return }
        for group in 0..<starts.count - 1 where starts[group + 1] - starts[group] > 1 {
            throw Self.double(plan, keys, Int(rows[Int(starts[group]) + 1]))
        }
    }

    private static func double(_ plan: JoinPlan, _ keys: [KeyColumn], _ row: Int) -> QueryError {
        let key = keys.map { CellText.string($0.column.value(row), type: $0.column.type) }.joined(separator: ", ")
        return QueryError(
            .data, "join: \(plan.rightName) has several rows for \(key), so rows would double", at: plan.span.isEmpty ? nil : plan.span,
            hint: "join to a key, or summarize \(plan.rightName) by it first")
    }

    // MARK: asking

    /// One worker's questions.
    func makeProbe(_ layout: Layout) -> JoinProbe { JoinProbe(self, plan, layout) }

    fileprivate func find(_ probe: JoinProbe, _ batch: Batch, into positions: UnsafeMutablePointer<Int32>) throws {
        let count = batch.count
        switch index {
        case .single: positions.update(repeating: right.rowCount == 1 ? 0 : -1, count: count)
        case .dense(let minimum, let rows):
            let vector = try batch.vector(probe.slots[0])
            let values = vector.integers
            let size = UInt64(rows.count)
            guard let base = rows.baseAddress else { return }
            for i in 0..<count {
                let place = UInt64(bitPattern: values[i] &- minimum)
                positions[i] = place < size ? base[Int(truncatingIfNeeded: place)] : -1
            }
            if vector.hasNulls {
                let nulls = vector.nulls
                for i in 0..<count where nulls[i] != 0 { positions[i] = nullRow }
            }
        case .hash(let table, let starts, let rows):
            try words(probe, batch)
            let dates = plan.isLatest ? try batch.vector(probe.slots[probe.slots.count - 1]) : nil
            let width = keys.count + 1
            for i in 0..<count {
                let group = group(probe.words + i &* width, table)
                if group < 0 {
                    positions[i] = -1
                } else if let dates {
                    positions[i] = dates.isNull(i) ? -1 : latest(dates.integers[i], rows[Int(starts[group])..<Int(starts[group + 1])])
                } else {
                    positions[i] = rows[Int(starts[group])]
                }
            }
        }
    }

    /// Every right row that a left row meets: `receive(left row of the batch, right row)`.
    func pairs(_ probe: JoinProbe, _ batch: Batch, _ receive: (Int, Int) -> Void) throws {
        guard case .hash(let table, let starts, let rows) = index else { preconditionFailure("an expanding join hashes its keys") }
        try words(probe, batch)
        for i in 0..<batch.count {
            let group = group(probe.words + i &* (keys.count + 1), table)
            if group < 0 { continue }
            for at in Int(starts[group])..<Int(starts[group + 1]) { receive(i, Int(rows[at])) }
        }
    }

    private func words(_ probe: JoinProbe, _ batch: Batch) throws {
        let width = keys.count + 1
        for i in 0..<batch.count { probe.words[i &* width &+ width &- 1] = 0 }
        for c in keys.indices {
            keys[c].write(try batch.vector(probe.slots[c]), batch.count, into: probe.words + c, width: width, nulls: width - 1 - c)
        }
    }

    @inline(__always)
    private func group(_ key: UnsafePointer<UInt64>, _ table: GroupTable) -> Int {
        let marks = key[keys.count]
        // A text that the right side does not hold.
        if marks & KeyColumn.stranger != 0 { return -1 }
        if marks != 0, !plan.nullsMatch { return -1 }
        return table.find(key)
    }

    /// The last of `rows`, which are in the order of their dates, that is not later than `date`.
    private func latest(_ date: Int64, _ rows: ArraySlice<Int32>) -> Int32 {
        guard let last = plan.on.last else { preconditionFailure("a latest join has a date") }
        let dates = right[last.right].integers
        var low = rows.startIndex
        var high = rows.endIndex
        while low < high {
            let middle = (low + high) / 2
            if dates[Int(rows[middle])] <= date { low = middle + 1 } else { high = middle }
        }
        return low == rows.startIndex ? -1 : rows[low - 1]
    }
}

extension JoinTable.KeyColumn {
    static let stranger: UInt64 = 1 << 63

    mutating func write(_ row: Int, into key: UnsafeMutablePointer<UInt64>, at place: Int, nulls: Int) {
        if column.isNull(row) {
            key[place] = 0
            key[nulls] |= 1 << UInt64(place)
            return
        }
        switch column.form {
        case .integers: key[place] = UInt64(bitPattern: column.integers[row])
        case .doubles: key[place] = (column.doubles[row] + 0.0).bitPattern
        case .mask: key[place] = UInt64(column.mask[row])
        case .codes, .texts:
            key[place] = sharesCodes ? UInt64(column.codes[row]) : UInt64(interner!.code(of: column.text(row)))
        }
    }

    /// The words of a batch's rows, `width` words apart; marks go `nulls` words behind.
    func write(_ vector: Vector, _ count: Int, into words: UnsafeMutablePointer<UInt64>, width: Int, nulls: Int) {
        switch vector.form {
        case .integers:
            let values = vector.integers
            for i in 0..<count { words[i &* width] = UInt64(bitPattern: values[i]) }
        case .doubles:
            let values = vector.doubles
            for i in 0..<count { words[i &* width] = (values[i] + 0.0).bitPattern }
        case .mask:
            let mask = vector.mask
            for i in 0..<count { words[i &* width] = UInt64(mask[i]) }
        case .codes, .texts:
            if sharesCodes {
                let codes = vector.codes
                for i in 0..<count { words[i &* width] = UInt64(codes[i]) }
            } else {
                for i in 0..<count where !vector.isNull(i) {
                    if let code = interner!.find(vector.text(i)) {
                        words[i &* width] = UInt64(code)
                    } else {
                        words[i &* width &+ nulls] |= Self.stranger
                    }
                }
            }
        }
        guard vector.hasNulls else { return }
        // The place of this column among the keys, which is what its mark says.
        let mark = UInt64(1) << UInt64(width - 1 - nulls)
        for i in 0..<count where vector.nulls[i] != 0 {
            words[i &* width] = 0
            words[i &* width &+ nulls] |= mark
        }
    }
}

/// One worker's side of a join: where its keys lie and room for their words.
final class JoinProbe {
    private let table: JoinTable
    fileprivate let slots: [Int]
    fileprivate let words: UnsafeMutablePointer<UInt64>

    fileprivate init(_ table: JoinTable, _ plan: JoinPlan, _ layout: Layout) {
        self.table = table
        slots = plan.on.map { layout[$0.left] }
        words = .allocate(capacity: vectorRowsMax * (plan.on.count + 1))
        words.initialize(repeating: 0, count: vectorRowsMax * (plan.on.count + 1))
    }
    deinit { words.deallocate() }

    /// The right row of each of the batch's rows, -1 where there is none.
    func find(_ batch: Batch, into positions: UnsafeMutablePointer<Int32>) throws { try table.find(self, batch, into: positions) }
}
