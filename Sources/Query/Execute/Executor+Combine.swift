import Storage

extension Executor {
    /// Adds to each left row the columns of the right row with its key. The right side is held in memory, the left streams by.
    func run(_ join: JoinPlan, required: Set<ColumnID>) throws -> Pipeline {
        let added = join.rightColumns.filter { required.contains($0) }
        let leftColumns = required.subtracting(join.rightColumns)
        if added.isEmpty, join.kind == .lookup, join.rightIsUnique { return try pipeline(join.left, required: leftColumns) }
        let (leftPlan, rightPlan) = try narrowed(join, required: leftColumns.union(join.on.map(\.left)))
        let direct = try byKey(join, rightPlan, added)
        let found = try direct?.right ?? relation(rightPlan, required: Set(added).union(join.on.map(\.right)))
        let placed = direct == nil ? RowsByKey(found, join, columns: added) : direct
        let right = placed?.right ?? found
        var left = try pipeline(leftPlan, required: leftColumns.union(join.on.map(\.left)))
        let kept = leftColumns.filter { left.layout.contains($0) }.sorted()
        let slots =
            kept.map { left.layout.slots[left.layout[$0]] }
            + added.map { Layout.Slot(id: $0, type: right[$0].type, dictionary: right[$0].dictionary) }
        let table: any RightSide
        if let placed {
            table = placed
        } else {
            // A slot half full, the key's words and the row's number.
            let lease = MemoryLease(budget, holder)
            try lease.add(join.on.isEmpty ? 0 : right.rowCount * (24 + 8 * (join.on.count + 1)))
            let hashed = try JoinTable(join, right: right, left: left.layout, cancellation: cancellation)
            hashed.lease = lease
            if join.kind == .expanding { return relationPipeline(try expanded(left, hashed, kept, added, Layout(slots))) }
            table = hashed
        }
        left.append(JoinStep(table: table, kind: join.kind, kept: kept, added: added, output: Layout(slots)))
        return left
    }

    /// The right side as an array by key, where it is an aggregate by one key of a known small range.
    private func byKey(_ join: JoinPlan, _ right: Plan, _ added: [ColumnID]) throws -> RowsByKey? {
        guard join.kind != .expanding, !join.isLatest, !join.nullsMatch, join.on.count == 1, case .aggregate(let aggregate) = right,
            aggregate.keys.map(\.id) == [join.on[0].right], !added.contains(join.on[0].right)
        else { return nil }
        let rows = try runByKey(aggregate, required: Set(added))
        return rows?.asked(by: join.on[0].left, matchesOnly: join.kind == .matching)
    }

    /// A row for every pair of a left and a right row of one key.
    private func expanded(_ left: Pipeline, _ table: JoinTable, _ kept: [ColumnID], _ added: [ColumnID], _ layout: Layout) throws
        -> Relation
    {
        let rows = try collect(left, required: Set(left.layout.slots.map(\.id)))
        let probe = table.makeProbe(rows.layout)
        let batch = RelationBatch(rows)
        var leftRows: [Int] = []
        var rightRows: [Int] = []
        var first = 0
        while first < rows.rowCount {
            try cancellation.check()
            let size = min(vectorRowsMax, rows.rowCount - first)
            batch.move(to: first, count: size)
            try table.pairs(probe, batch) {
                leftRows.append(first + $0)
                rightRows.append($1)
            }
            first += size
        }
        let columns = kept.map { rows[$0].picked(leftRows) } + added.map { table.right[$0].picked(rightRows) }
        return Relation(layout: layout, columns: columns, rowCount: leftRows.count)
    }

    /// Adds a row for every value between the smallest and the largest that a group lacks.
    func run(_ fill: FillPlan, required: Set<ColumnID>) throws -> Relation {
        let rows = try relation(fill.input, required: required.union(fill.per).union([fill.column]))
        // Without keys a stated range is filled even where there is no row at all.
        guard rows.rowCount > 0 || (fill.range != nil && fill.per.isEmpty) else { return rows }
        let values = rows[fill.column]
        var low = Int64.max
        var high = Int64.min
        for row in 0..<rows.rowCount where !values.isNull(row) {
            low = min(low, values.integers[row])
            high = max(high, values.integers[row])
        }
        if let range = fill.range {
            low = range.lowerBound
            high = range.upperBound
        }
        let partition = try WindowGroups(rows, per: fill.per, isCompact: true, threads: 1, cancellation: cancellation)
        guard low <= high else { return rows }
        let span = high.subtractingReportingOverflow(low)
        guard !span.overflow, (Int(span.partialValue) + 1).multipliedReportingOverflow(by: partition.count).partialValue < 50_000_000,
            span.partialValue < 50_000_000
        else {
            throw QueryError(.data, "fill would add more than 50 million rows")
        }
        let width = Int(span.partialValue) + 1
        var present = Array(repeating: false, count: width * partition.count)
        var example = Array(repeating: -1, count: partition.count)
        for row in 0..<rows.rowCount {
            example[partition.numbers[row]] = row
            if !values.isNull(row), values.integers[row] >= low, values.integers[row] <= high {
                present[partition.numbers[row] * width + Int(values.integers[row] - low)] = true
            }
        }
        let stated = Dictionary(uniqueKeysWithValues: fill.others.map { ($0.id, $0.value) })
        let columns = rows.layout.slots.enumerated().map { index, slot -> ColumnBuffer in
            // A stated text need not be in the column's dictionary.
            let plain = slot.type == .text && !fill.per.contains(slot.id)
            let out = ColumnBuffer(type: slot.type, dictionary: plain ? nil : slot.dictionary, capacity: rows.rowCount)
            if plain {
                for row in 0..<rows.rowCount { out.append(row: row, of: rows.columns[index]) }
            } else {
                out.append(rows.columns[index])
            }
            return out
        }
        var added = 0
        for group in 0..<partition.count {
            for step in 0..<width where !present[group * width + step] {
                for (slot, out) in zip(rows.layout.slots, columns) {
                    if slot.id == fill.column {
                        out.append(integer: low + Int64(step))
                    } else if fill.per.contains(slot.id) {
                        out.append(row: example[group], of: rows[slot.id])
                    } else {
                        out.append(stated[slot.id] ?? .null)
                    }
                }
                added += 1
            }
        }
        if added > 0 { note("\(added) row\(added == 1 ? "" : "s") filled in") }
        let layout = Layout(zip(rows.layout.slots, columns).map { Layout.Slot(id: $0.id, type: $0.type, dictionary: $1.dictionary) })
        let whole = Relation(layout: layout, columns: columns, rowCount: rows.rowCount + added)
        return try sorted(whole, (fill.per + [fill.column]).map { PlanOrder(id: $0, descending: false) })
    }

    /// A row is taken by the hash of its place and the seed: the same rows for any number of threads.
    func sample(_ input: Plan, _ size: SampleSize, seed: UInt64, required: Set<ColumnID>) throws -> Relation {
        let rows = try relation(input, required: required)
        func weight(_ row: Int) -> UInt64 {
            var x = UInt64(row) &+ seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x9E37_79B9_7F4A_7C15
            x = (x ^ x >> 30) &* 0xBF58_476D_1CE4_E5B9
            x = (x ^ x >> 27) &* 0x94D0_49BB_1331_11EB
            return x ^ x >> 31
        }
        switch size {
        case .share(let millionths):
            let limit = UInt64(millionths)
            return rows.picked((0..<rows.rowCount).filter { weight($0) % 1_000_000 < limit })
        case .rows(let count):
            if count >= rows.rowCount { return rows }
            let lightest = (0..<rows.rowCount).map { (weight($0), $0) }.sorted { $0 < $1 }.prefix(count)
            return rows.picked(lightest.map(\.1).sorted())
        }
    }

    /// Passes the rows on if the condition holds on every one of them.
    func run(_ check: AssertPlan, over input: Plan, required: Set<ColumnID>) throws -> Relation {
        let failing = Bound(.not(check.condition), .bool, check.condition.span)
        let shown = Set(check.shown.map(\.id))
        let wrong = try relation(.take(.filter(input, failing), first: 0, count: 1), required: shown)
        guard wrong.rowCount == 0 else {
            let row = check.shown.map { "\($0.name) \(CellText.string(wrong[$0.id].value(0), type: $0.type))" }.joined(separator: ", ")
            throw QueryError(.assertion, check.message, at: check.span, hint: row.isEmpty ? nil : "first row that fails: \(row)")
        }
        return try relation(input, required: required)
    }
}
