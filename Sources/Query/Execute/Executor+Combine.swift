import Storage

extension Executor {
    /// Adds to each left row the columns of the one right row with its key. The right side is held in memory.
    func run(_ join: JoinPlan, required: Set<ColumnID>) throws -> Pipeline {
        let wanted = join.rightColumns.filter { required.contains($0) }
        let right = try relation(join.right, required: Set(wanted).union(join.on.map(\.right)))
        let left = try relation(join.left, required: required.subtracting(join.rightColumns).union(join.on.map(\.left)))
        let table = HashGroups(join.on.map { KeyReader(slot: right.layout[$0.right], layout: right.layout) })
        var rowOfGroup: [Int] = []
        try numbers(of: right, in: table) { row, group in
            if join.on.contains(where: { right[$0.right].isNull(row) }) { return }
            while rowOfGroup.count <= Int(group) { rowOfGroup.append(-1) }
            guard rowOfGroup[Int(group)] < 0 else {
                let key = join.on.map { CellText.string(right[$0.right].value(row), type: right[$0.right].type) }.joined(separator: ", ")
                throw QueryError(
                    .data, "join: \(join.rightName) has several rows for \(key), so rows would double", at: join.span,
                    hint: "join to a key, or summarize \(join.rightName) by it first")
            }
            rowOfGroup[Int(group)] = row
        }
        // Left keys are looked up in the same table: new ones get groups behind the right's, which have no row.
        let probe = HashGroups(join.on.map { KeyReader(slot: left.layout[$0.left], layout: left.layout) })
        var groupOfRow = Array(repeating: UInt32(0), count: left.rowCount)
        try numbers(of: left, in: probe) { row, group in groupOfRow[row] = group }
        let map = table.merge(probe)
        let picked = (0..<left.rowCount).map { row -> Int in
            if join.on.contains(where: { left[$0.left].isNull(row) }) { return -1 }
            let group = Int(map[Int(groupOfRow[row])])
            return group < rowOfGroup.count ? rowOfGroup[group] : -1
        }
        let columns = wanted.map { id -> (Layout.Slot, ColumnBuffer) in
            let column = right[id].picked(picked)
            return (Layout.Slot(id: id, type: column.type, dictionary: column.dictionary), column)
        }
        return relationPipeline(left.adding(columns))
    }

    private func numbers(of relation: Relation, in index: HashGroups, _ body: (Int, UInt32) throws -> Void) throws {
        let batch = RelationBatch(relation)
        let groups = UnsafeMutablePointer<UInt32>.allocate(capacity: vectorRowsMax)
        defer { groups.deallocate() }
        var first = 0
        while first < relation.rowCount {
            try cancellation.check()
            let size = min(vectorRowsMax, relation.rowCount - first)
            batch.move(to: first, count: size)
            try index.assign(batch, into: groups)
            for i in 0..<size { try body(first + i, groups[i]) }
            first += size
        }
    }

    /// The inputs' rows one after another. Text of different dictionaries becomes views.
    func run(_ union: UnionPlan, required: Set<ColumnID>) throws -> Relation {
        let wanted = union.columns.filter { required.contains($0.id) }
        let parts = try union.inputs.indices.map { index in try relation(union.inputs[index], required: Set(wanted.map { $0.from[index] }))
        }
        var slots: [Layout.Slot] = []
        var columns: [ColumnBuffer] = []
        for column in wanted {
            let sources = zip(parts, column.from).map { $0[$1] }
            let shared = sources.first?.dictionary
            let dictionary = sources.allSatisfy { $0.dictionary === shared } ? shared : nil
            let out = ColumnBuffer(type: column.type, dictionary: dictionary, capacity: sources.reduce(0) { $0 + $1.count })
            for source in sources {
                if source.form == out.form { out.append(source) } else { for row in 0..<source.count { out.append(row: row, of: source) } }
            }
            slots.append(Layout.Slot(id: column.id, type: column.type, dictionary: dictionary))
            columns.append(out)
        }
        return Relation(layout: Layout(slots), columns: columns, rowCount: parts.reduce(0) { $0 + $1.rowCount })
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
        let partition = try WindowPartition(rows, per: fill.per)
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
            example[Int(partition.groups[row])] = row
            if !values.isNull(row), values.integers[row] >= low, values.integers[row] <= high {
                present[Int(partition.groups[row]) * width + Int(values.integers[row] - low)] = true
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

/// Reads a key column whose text is coded by one dictionary on the left and another on the right: as views, so that they meet.
final class KeyReader: Evaluator {
    private let source: Evaluator

    init(slot: Int, layout: Layout) {
        let column = ColumnEvaluator(slot: slot, layout: layout)
        source = column.dictionary == nil ? column : DecodeEvaluator(column)
        super.init(type: column.type)
    }
    override func evaluate(_ batch: Batch) throws -> Vector { try source.evaluate(batch) }
}
