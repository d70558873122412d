/// Feeding a child table's rows to a writer a few ranges of parents at a time, so that each range comes in one run, whole.
///
/// Blocks are read once for every group of ranges they touch: about once where the rows lie partitioned already.
enum ParentOrder {
    /// `column` holds the parents' ids; `rowsPerRun` is what the writer can gather.
    static func rewrite(
        _ table: TableSnapshot, column: Int, rangeBits: Int, rowsPerRun: Int, gatherer: RowGatherer, writer: TableWriter
    ) throws {
        writer.forcePartitions()
        var counts: [Int] = []
        var withoutParent = 0
        try table.forEachIDs(column: column) { segment, row, count, ids, nulls in
            for i in 0..<count where !segment.isDeleted(row &+ i) {
                if let nulls, nulls[i] != 0 {
                    withoutParent += 1
                    continue
                }
                let range = Int(ids[i]) >> rangeBits
                if range >= counts.count { counts += Array(repeating: 0, count: range + 1 - counts.count) }
                counts[range] += 1
            }
        }
        var low = 0
        var rows = 0
        for (range, count) in counts.enumerated() {
            if rows > 0, rows + count > rowsPerRun {
                try feed(table, column, low << rangeBits..<range << rangeBits, gatherer, writer)
                low = range
                rows = 0
            }
            rows += count
        }
        let isLast = withoutParent + rows <= rowsPerRun
        if rows > 0 || isLast {
            try feed(table, column, low << rangeBits..<max(counts.count, 1) << rangeBits, gatherer, writer, nulls: isLast)
        }
        if !isLast { try feed(table, column, 0..<0, gatherer, writer, nulls: true) }
    }

    /// Live rows whose parent is in the range, in storage order, as one run.
    private static func feed(
        _ table: TableSnapshot, _ column: Int, _ range: Range<Int>, _ gatherer: RowGatherer, _ writer: TableWriter,
        nulls takesNulls: Bool = false
    ) throws {
        let low = Int64(range.lowerBound)
        let high = Int64(range.upperBound)
        var chosen: [Int] = []
        let ids = UnsafeMutablePointer<Int64>.allocate(capacity: KeyReader.rows)
        let nulls = UnsafeMutablePointer<UInt8>.allocate(capacity: KeyReader.rows)
        defer {
            ids.deallocate()
            nulls.deallocate()
        }
        for segment in table.segments {
            let cursor = segment.cursor(column: column)
            for block in 0..<segment.blockCount {
                let meta = segment.meta(column: column, block: block)
                let holdsIDs = meta.nullCount < meta.rowCount && meta.minimum < high && meta.maximum >= low
                guard holdsIDs || (takesNulls && meta.nullCount > 0) else { continue }
                var row = block * SegmentReader.rowsPerBlock
                let end = row + meta.rowCount
                while row < end {
                    let count = min(KeyReader.rows, end - row)
                    let has = try cursor.integers(firstRow: row, count: count, into: ids, nulls: nulls)
                    chosen.removeAll(keepingCapacity: true)
                    for i in 0..<count {
                        let isNull = has && nulls[i] != 0
                        let isWanted = isNull ? takesNulls : ids[i] >= low && ids[i] < high
                        if isWanted, !segment.isDeleted(row &+ i) { chosen.append(i) }
                    }
                    try gatherer.add(segment, firstRow: row, count: count, chosen: chosen)
                    try gatherer.flushIfLarge()
                    row += count
                }
            }
        }
        try gatherer.flush(order: nil)
        try writer.endRun()
    }
}
