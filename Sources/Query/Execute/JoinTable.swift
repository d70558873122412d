import Storage

/// The right side of a join by its key: built once, read by all workers.
final class JoinTable: @unchecked Sendable {
    let right: Relation
    /// What the table takes of the statement's memory.
    var lease: MemoryLease?
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
        /// Integers in a range that is larger, but not by far.
        case ranked(RankedIndex)
        /// Texts that are codes on the left: the row of each code there, or -1.
        case coded(UnsafeMutableBufferPointer<Int32>)
        /// The group of each key; its rows are `rows[starts[group] ..< starts[group + 1]]`, in the order of their dates where the latest is asked for.
        case hash(GroupTable, starts: UnsafeMutablePointer<Int32>, rows: UnsafeMutablePointer<Int32>)
    }

    /// How a key column becomes a word.
    fileprivate struct KeyColumn {
        let column: ColumnBuffer
        /// Texts that the two sides hold under different codes meet here.
        let interner: TextInterner?
        /// Both sides have the very same dictionary: codes are enough.
        let sharesCodes: Bool
        /// The number here of each text of the left side's dictionary, or ``unknown``.
        var translation: [UInt32] = []
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
        } else if !plan.isLatest, plan.kind != .expanding,
            let coded = try Self.coded(plan, keys, right.rowCount, left.slots[left[plan.on[0].left]].dictionary, &nullRow)
        {
            index = coded
        } else {
            index = try Self.hash(plan, &keys, right, cancellation)
            for (c, pair) in zip(keys.indices, exact) { keys[c].translate(left.slots[left[pair.left]].dictionary) }
        }
        self.keys = keys
        if !plan.isLatest, plan.kind != .expanding { try checkUnique() }
    }

    deinit {
        switch index {
        case .single, .ranked: break
        case .dense(_, let rows): rows.baseAddress?.freeLarge()
        case .coded(let rows): rows.deallocate()
        case .hash(let table, let starts, let rows):
            table.free()
            starts.deallocate()
            rows.deallocate()
        }
    }

    // MARK: building

    private static func dense(_ plan: JoinPlan, _ keys: [KeyColumn], _ count: Int, _ nullRow: inout Int32) throws -> Index? {
        guard keys.count == 1, keys[0].column.form == .integers, count > 0 else { return nil }
        let column = keys[0].column
        let values = column.integers
        let nulls = column.hasNulls ? column.nulls : []
        var low = Int64.max
        var high = Int64.min
        var isAscending = true
        if nulls.isEmpty {
            var last = Int64.min
            for row in 0..<count {
                let value = values[row]
                low = min(low, value)
                high = max(high, value)
                isAscending = isAscending && last <= value
                last = value
            }
        } else {
            for row in 0..<count where nulls[row] == 0 {
                low = min(low, values[row])
                high = max(high, values[row])
            }
            if plan.nullsMatch { for row in 0..<count where nulls[row] != 0 { nullRow = Int32(row) } }
        }
        guard low <= high else { return nil }
        let (span, overflow) = high.subtractingReportingOverflow(low)
        guard !overflow else { return nil }
        // Four bytes a place where places are few; a quarter of a byte where they are many.
        guard span < Int64(max(1 << 16, count * 2)) else {
            guard RankedIndex.fits(span: span, count: count) else { return nil }
            var row = 0
            let index = nulls.withUnsafeBufferPointer { nulls in
                RankedIndex(
                    values, nulls: nulls.isEmpty ? nil : nulls.baseAddress, count: count, low: low, high: high, isAscending: isAscending,
                    double: &row)
            }
            guard let index else { throw double(plan, keys, row) }
            return .ranked(index)
        }
        let rows = UnsafeMutableBufferPointer<Int32>(start: .allocateLarge(capacity: Int(span) + 1), count: Int(span) + 1)
        rows.initialize(repeating: -1)
        for row in 0..<count {
            if !nulls.isEmpty, nulls[row] != 0 { continue }
            let place = Int(values[row] &- low)
            if rows[place] >= 0 {
                defer { rows.baseAddress?.freeLarge() }
                throw double(plan, keys, row)
            }
            rows[place] = Int32(row)
        }
        return .dense(minimum: low, rows: rows)
    }

    /// One key of text that is codes on the left: each right row is brought to the code that the left has for its text.
    private static func coded(
        _ plan: JoinPlan, _ keys: [KeyColumn], _ count: Int, _ left: TextDictionary?, _ nullRow: inout Int32
    ) throws -> Index? {
        guard keys.count == 1, let left, keys[0].column.type == .text else { return nil }
        let column = keys[0].column
        let rows = UnsafeMutableBufferPointer<Int32>.allocate(capacity: max(left.count, 1))
        rows.initialize(repeating: -1)
        // Texts that no left row can hold must not double either.
        let strangers = TextInterner()
        for row in 0..<count {
            if column.isNull(row) {
                if plan.nullsMatch { nullRow = Int32(row) }
                continue
            }
            let code = keys[0].sharesCodes ? column.codes[row] : left.code(of: column.text(row))
            let isDouble: Bool
            if let code {
                isDouble = rows[Int(code)] >= 0
                rows[Int(code)] = Int32(row)
            } else {
                let known = strangers.count
                _ = strangers.code(of: column.text(row))
                isDouble = strangers.count == known
            }
            if isDouble {
                defer { rows.deallocate() }
                throw double(plan, keys, row)
            }
        }
        return .coded(rows)
    }

    private static func hash(_ plan: JoinPlan, _ keys: inout [KeyColumn], _ right: Relation, _ cancellation: Cancellation) throws -> Index {
        let width = keys.count + 1
        let count = right.rowCount
        var table = GroupTable(width: width)
        let words = UnsafeMutablePointer<UInt64>.allocate(capacity: vectorRowsMax * width)
        let numbers = UnsafeMutablePointer<UInt32>.allocate(capacity: vectorRowsMax)
        // The key's number of each row; -1: the row meets nothing.
        let groups = UnsafeMutablePointer<Int32>.allocate(capacity: max(count, 1))
        defer {
            words.deallocate()
            numbers.deallocate()
            groups.deallocate()
        }
        let dates = plan.isLatest ? plan.on.last.map { right[$0.right] } : nil
        var first = 0
        while first < count {
            try cancellation.check()
            let size = min(vectorRowsMax, count - first)
            for i in 0..<size { words[i &* width &+ width &- 1] = 0 }
            for c in keys.indices { keys[c].write(first, size, into: words + c, width: width, nulls: width - 1 - c) }
            // Rows whose key is null are numbered too where nulls do not meet; nobody asks for them.
            table.assign(words, size, into: numbers)
            for i in 0..<size { groups[first + i] = Int32(truncatingIfNeeded: numbers[i]) }
            if !plan.nullsMatch { for i in 0..<size where words[i &* width &+ width &- 1] != 0 { groups[first + i] = -1 } }
            if let dates { for i in 0..<size where dates.isNull(first + i) { groups[first + i] = -1 } }
            first += size
        }
        let starts = UnsafeMutablePointer<Int32>.allocate(capacity: table.count + 2)
        starts.initialize(repeating: 0, count: table.count + 2)
        for row in 0..<count where groups[row] >= 0 { starts[Int(groups[row]) + 2] += 1 }
        for group in 0..<table.count { starts[group + 2] += starts[group + 1] }
        // Each group's start lies one place too far until its rows are placed, which moves it on.
        let rows = UnsafeMutablePointer<Int32>.allocate(capacity: max(1, Int(starts[table.count + 1])))
        for row in 0..<count where groups[row] >= 0 {
            let group = Int(groups[row])
            rows[Int(starts[group + 1])] = Int32(row)
            starts[group + 1] += 1
        }
        if let dates {
            let values = dates.integers
            for group in 0..<table.count {
                var own = UnsafeMutableBufferPointer(start: rows + Int(starts[group]), count: Int(starts[group + 1] - starts[group]))
                own.sort { (values[Int($0)], $0) < (values[Int($1)], $1) }
            }
        }
        return .hash(table, starts: starts, rows: rows)
    }

    private func checkUnique() throws {
        guard case .hash(let table, let starts, let rows) = index else { return }
        for group in 0..<table.count where starts[group + 1] - starts[group] > 1 {
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
        case .ranked(let index):
            let vector = try batch.vector(probe.slots[0])
            if vector.isNarrow {
                index.find(
                    vector.narrowCodes, first: UInt64(bitPattern: vector.base &- index.minimum), unit: UInt64(bitPattern: vector.unit),
                    count,
                    into: positions)
            } else {
                index.find(vector.integers, first: UInt64(bitPattern: 0 &- index.minimum), unit: 1, count, into: positions)
            }
            if vector.hasNulls {
                let nulls = vector.nulls
                for i in 0..<count { positions[i] = nulls[i] != 0 ? nullRow : positions[i] }
            }
        case .coded(let rows):
            let vector = try batch.vector(probe.slots[0])
            guard let base = rows.baseAddress else { return }
            let codes = vector.codes
            for i in 0..<count { positions[i] = base[Int(codes[i])] }
            if vector.hasNulls {
                let nulls = vector.nulls
                for i in 0..<count { positions[i] = nulls[i] != 0 ? nullRow : positions[i] }
            }
        case .hash(let table, let starts, let rows):
            try words(probe, batch)
            let dates = plan.isLatest ? try batch.vector(probe.slots[probe.slots.count - 1]) : nil
            groups(probe, count, table)
            let groups = probe.groups
            for i in 0..<count {
                let group = Int(groups[i])
                if group < 0 || starts[group] == starts[group + 1] {
                    positions[i] = -1
                } else if let dates {
                    positions[i] = dates.isNull(i) ? -1 : latest(dates.integers[i], rows, Int(starts[group])..<Int(starts[group + 1]))
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
        groups(probe, batch.count, table)
        for i in 0..<batch.count {
            let group = Int(probe.groups[i])
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

    /// The number of each row's key, or -1.
    private func groups(_ probe: JoinProbe, _ count: Int, _ table: GroupTable) {
        let width = keys.count + 1
        let groups = probe.groups
        table.find(probe.words, count, into: groups)
        // A text that the right side does not hold, or a null that meets nothing.
        let strangers = plan.nullsMatch ? KeyColumn.stranger : UInt64.max
        for i in 0..<count where probe.words[i &* width &+ width &- 1] & strangers != 0 { groups[i] = -1 }
    }

    /// The last of `rows`, which are in the order of their dates, that is not later than `date`.
    private func latest(_ date: Int64, _ rows: UnsafePointer<Int32>, _ range: Range<Int>) -> Int32 {
        guard let last = plan.on.last else { preconditionFailure("a latest join has a date") }
        let dates = right[last.right].integers
        var low = range.lowerBound
        var high = range.upperBound
        while low < high {
            let middle = (low + high) / 2
            if dates[Int(rows[middle])] <= date { low = middle + 1 } else { high = middle }
        }
        return low == range.lowerBound ? -1 : rows[low - 1]
    }
}

extension JoinTable.KeyColumn {
    static let stranger: UInt64 = 1 << 63
    private static let unknown = UInt32.max

    /// Looks up each text of the left side's dictionary, once all of this column's are there: no row needs to.
    mutating func translate(_ left: TextDictionary?) {
        guard let left, let interner, !sharesCodes else { return }
        translation = left.count == 0 ? [Self.unknown] : left.entries.map { interner.find($0) ?? Self.unknown }
    }

    /// The words of some of the column's own rows, `width` words apart; marks of nulls go `nulls` words behind.
    mutating func write(_ first: Int, _ count: Int, into words: UnsafeMutablePointer<UInt64>, width: Int, nulls: Int) {
        switch column.form {
        case .integers:
            let values = column.integers + first
            for i in 0..<count { words[i &* width] = UInt64(bitPattern: values[i]) }
        case .doubles:
            // +0 and -0 are one value.
            let values = column.doubles + first
            for i in 0..<count { words[i &* width] = (values[i] + 0.0).bitPattern }
        case .mask:
            let mask = column.mask + first
            for i in 0..<count { words[i &* width] = UInt64(mask[i]) }
        case .codes, .texts:
            if sharesCodes {
                let codes = column.codes + first
                for i in 0..<count { words[i &* width] = UInt64(codes[i]) }
            } else {
                for i in 0..<count where !column.isNull(first + i) {
                    words[i &* width] = UInt64(interner!.code(of: column.text(first + i)))
                }
            }
        }
        guard column.hasNulls else { return }
        let mark = UInt64(1) << UInt64(width - 1 - nulls)
        for i in 0..<count where column.isNull(first + i) {
            words[i &* width] = 0
            words[i &* width &+ nulls] |= mark
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
            } else if !translation.isEmpty {
                let codes = vector.codes
                translation.withUnsafeBufferPointer { translation in
                    guard let numbers = translation.baseAddress else { return }
                    for i in 0..<count where !vector.isNull(i) {
                        let number = numbers[Int(codes[i])]
                        words[i &* width] = UInt64(number)
                        words[i &* width &+ nulls] |= number == Self.unknown ? Self.stranger : 0
                    }
                }
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
    fileprivate let groups = UnsafeMutablePointer<Int32>.allocate(capacity: vectorRowsMax)

    fileprivate init(_ table: JoinTable, _ plan: JoinPlan, _ layout: Layout) {
        self.table = table
        slots = plan.on.map { layout[$0.left] }
        words = .allocate(capacity: vectorRowsMax * (plan.on.count + 1))
        words.initialize(repeating: 0, count: vectorRowsMax * (plan.on.count + 1))
    }
    deinit {
        words.deallocate()
        groups.deallocate()
    }

    /// The right row of each of the batch's rows, -1 where there is none.
    func find(_ batch: Batch, into positions: UnsafeMutablePointer<Int32>) throws { try table.find(self, batch, into: positions) }
}
