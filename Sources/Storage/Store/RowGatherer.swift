/// Copies chosen rows of all columns into memory and hands them to a writer, in the order they came or permuted.
final class RowGatherer {
    private static let vectorRows = 2048
    private static let flushRows = 1 << 16

    private final class Column {
        /// Integers, bits of doubles, new codes, or where a plain text begins in `bytes`.
        let values = RawBuffer(capacity: 1 << 16)
        let ends = RawBuffer()
        let bytes = RawBuffer()
        let nulls = RawBuffer(capacity: 1 << 13)
        var hasNulls = false

        func clear() {
            values.count = 0
            ends.count = 0
            bytes.count = 0
            nulls.count = 0
            hasNulls = false
        }
    }

    private let table: TableSnapshot
    private let codeMaps: [[Int64]?]
    private let writer: TableWriter
    private let progress: ((_ rows: Int, _ total: Int) throws -> Void)?
    private let columns: [Column]
    private(set) var rowCount = 0
    private var cursors: [ColumnCursor] = []
    private let scratch = UnsafeMutablePointer<Int64>.allocate(capacity: RowGatherer.vectorRows)
    private let views = UnsafeMutablePointer<TextView>.allocate(capacity: RowGatherer.vectorRows)
    private let nulls = UnsafeMutablePointer<UInt8>.allocate(capacity: RowGatherer.vectorRows)

    /// `codeMaps`: for coded text columns where each code goes, else nil.
    init(_ table: TableSnapshot, codeMaps: [[Int64]?], writer: TableWriter, progress: ((_ rows: Int, _ total: Int) throws -> Void)? = nil) {
        self.progress = progress
        self.table = table
        self.codeMaps = codeMaps
        self.writer = writer
        columns = table.schema.columns.map { _ in Column() }
    }

    deinit {
        scratch.deallocate()
        views.deallocate()
        nulls.deallocate()
    }

    /// All live rows in storage order.
    func appendAll() throws {
        for segment in table.segments {
            var row = 0
            while row < segment.rowCount {
                let count = min(RowGatherer.vectorRows, segment.rowCount - row)
                try add(segment, firstRow: row, count: count, chosen: (0..<count).filter { !segment.isDeleted(row + $0) })
                if rowCount >= RowGatherer.flushRows { try flush(order: nil) }
                row += count
            }
        }
        try flush(order: nil)
    }

    func flushIfLarge() throws {
        if rowCount >= RowGatherer.flushRows { try flush(order: nil) }
    }

    /// Takes the rows `firstRow + chosen[...]`.
    func add(_ segment: SegmentReader, firstRow: Int, count: Int, chosen: [Int]) throws {
        if chosen.isEmpty { return }
        if cursors.first?.segment !== segment { cursors = columns.indices.map { segment.cursor(column: $0) } }
        for (c, column) in columns.enumerated() { try add(cursors[c], c, column, firstRow, count, chosen) }
        rowCount += chosen.count
    }

    private func add(_ cursor: ColumnCursor, _ c: Int, _ column: Column, _ firstRow: Int, _ count: Int, _ chosen: [Int]) throws {
        let n = chosen.count
        var has = false
        switch table.schema.columns[c].type.physical {
        case .integer:
            has = try cursor.integers(firstRow: firstRow, count: count, into: scratch, nulls: nulls)
        case .double:
            has = try UnsafeMutableRawPointer(scratch).withMemoryRebound(to: Double.self, capacity: count) {
                try cursor.doubles(firstRow: firstRow, count: count, into: $0, nulls: nulls)
            }
        case .text:
            if let map = codeMaps[c] {
                has = try withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count) { codes in
                    guard let codes = codes.baseAddress else { return false }
                    let has = try cursor.codes(firstRow: firstRow, count: count, into: codes, nulls: nulls)
                    // An all-null column has an empty map: the code under a null is looked up nowhere.
                    for i in chosen { scratch[i] = has && nulls[i] != 0 ? 0 : map[Int(codes[i])] }
                    return has
                }
            } else {
                var keeper: [AnyObject] = []
                has = try cursor.texts(firstRow: firstRow, count: count, into: views, nulls: nulls, keeper: &keeper)
                let ends = column.ends.grow(n * 8).assumingMemoryBound(to: Int64.self)
                withExtendedLifetime(keeper) {
                    for (k, i) in chosen.enumerated() {
                        scratch[i] = Int64(column.bytes.count)
                        if !has || nulls[i] == 0 { column.bytes.append(UnsafeRawBufferPointer(views[i].buffer)) }
                        ends[k] = Int64(column.bytes.count)
                    }
                }
            }
        }
        let values = column.values.grow(n * 8).assumingMemoryBound(to: Int64.self)
        let flags = column.nulls.grow(n).assumingMemoryBound(to: UInt8.self)
        for k in 0..<n { values[k] = scratch[chosen[k]] }
        for k in 0..<n { flags[k] = has ? nulls[chosen[k]] : 0 }
        column.hasNulls = column.hasNulls || has
    }

    /// Hands all gathered rows to the writer, row `order[0]` first, and forgets them.
    func flush(order: [UInt32]?) throws {
        var at = 0
        while at < rowCount {
            let count = min(RowGatherer.flushRows, rowCount - at)
            // What a source points to must live until the writer has taken it.
            var kept: [RawBuffer] = []
            let sources = columns.indices.map { source($0, at, count, order, &kept) }
            try withExtendedLifetime(kept) { try writer.append(sources, rows: count) }
            at += count
            try progress?(writer.rowCount, table.rowCount)
        }
        for column in columns { column.clear() }
        rowCount = 0
    }

    private func source(_ c: Int, _ at: Int, _ count: Int, _ order: [UInt32]?, _ kept: inout [RawBuffer]) -> ColumnWriter.Source {
        let column = columns[c]
        let from = column.values.base.assumingMemoryBound(to: Int64.self)
        let flagsFrom = column.nulls.base.assumingMemoryBound(to: UInt8.self)
        let permuted = RawBuffer(capacity: count * 9)
        let values = permuted.grow(count * 8).assumingMemoryBound(to: Int64.self)
        let flags = permuted.grow(count).assumingMemoryBound(to: UInt8.self)
        for i in 0..<count {
            let row = order.map { Int($0[at + i]) } ?? at + i
            values[i] = from[row]
            flags[i] = flagsFrom[row]
        }
        kept.append(permuted)
        let nulls = column.hasNulls ? UnsafePointer(flags) : nil
        switch table.schema.columns[c].type.physical {
        case .integer: return .integers(UnsafePointer(values), nulls: nulls)
        case .double: return .doubles(UnsafeRawPointer(values).assumingMemoryBound(to: Double.self), nulls: nulls)
        case .text:
            if codeMaps[c] != nil { return .codes(UnsafePointer(values), nulls: nulls) }
            var text = TextChunk()
            let bytes = column.bytes.base.assumingMemoryBound(to: UInt8.self)
            let ends = column.ends.base.assumingMemoryBound(to: Int64.self)
            for i in 0..<count {
                let row = order.map { Int($0[at + i]) } ?? at + i
                text.append(UnsafeBufferPointer(start: bytes + Int(from[row]), count: Int(ends[row] - from[row])))
            }
            return .chunk(
                ColumnChunk(values: .text(text), nulls: column.hasNulls ? Array(UnsafeBufferPointer(start: flags, count: count)) : []))
        }
    }
}
