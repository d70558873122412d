/// Key columns of stored rows, 2,048 at a time, in the form that domains take.
final class KeyReader {
    static let rows = 2048
    private let table: TableSnapshot
    private let columns: [Int]
    private let values: [UnsafeMutablePointer<Int64>]
    private let views: [UnsafeMutablePointer<TextView>]
    private let nulls: [UnsafeMutablePointer<UInt8>]
    private var keeper: [AnyObject] = []
    private var cursors: [ColumnCursor] = []

    init(_ table: TableSnapshot, columns: [Int]) {
        self.table = table
        self.columns = columns
        values = columns.map { _ in .allocate(capacity: KeyReader.rows) }
        views = columns.map { _ in .allocate(capacity: KeyReader.rows) }
        nulls = columns.map { _ in .allocate(capacity: KeyReader.rows) }
    }

    deinit {
        for c in columns.indices {
            values[c].deallocate()
            views[c].deallocate()
            nulls[c].deallocate()
        }
    }

    /// The rows from `firstRow`, a multiple of 2,048; they stand until the next call.
    func load(_ segment: SegmentReader, firstRow: Int) throws -> [KeyPart] {
        let count = min(KeyReader.rows, segment.rowCount - firstRow)
        if cursors.first?.segment !== segment { cursors = columns.map { segment.cursor(column: $0) } }
        keeper.removeAll(keepingCapacity: true)
        return try columns.indices.map { c in
            switch table.schema.columns[columns[c]].type.physical {
            case .integer:
                let has = try cursors[c].integers(firstRow: firstRow, count: count, into: values[c], nulls: nulls[c])
                return .integers(values[c], nulls: has ? UnsafePointer(nulls[c]) : nil)
            case .double:
                let doubles = UnsafeMutableRawPointer(values[c]).bindMemory(to: Double.self, capacity: KeyReader.rows)
                let has = try cursors[c].doubles(firstRow: firstRow, count: count, into: doubles, nulls: nulls[c])
                return .doubles(doubles, nulls: has ? UnsafePointer(nulls[c]) : nil)
            case .text:
                let has = try cursors[c].texts(firstRow: firstRow, count: count, into: views[c], nulls: nulls[c], keeper: &keeper)
                return .views(views[c], nulls: has ? UnsafePointer(nulls[c]) : nil)
            }
        }
    }
}

extension TableSnapshot {
    /// Every vector of 2,048 rows of an id column: where it begins, how many rows, the ids, and the nulls where there are any.
    func forEachIDs(
        column: Int,
        _ body: (SegmentReader, _ firstRow: Int, _ count: Int, UnsafePointer<Int64>, UnsafePointer<UInt8>?) throws -> Void
    ) throws {
        let ids = UnsafeMutablePointer<Int64>.allocate(capacity: KeyReader.rows)
        let nulls = UnsafeMutablePointer<UInt8>.allocate(capacity: KeyReader.rows)
        defer {
            ids.deallocate()
            nulls.deallocate()
        }
        for segment in segments {
            let cursor = segment.cursor(column: column)
            var row = 0
            while row < segment.rowCount {
                let count = min(KeyReader.rows, segment.rowCount - row)
                let has = try cursor.integers(firstRow: row, count: count, into: ids, nulls: nulls)
                try body(segment, row, count, ids, has ? UnsafePointer(nulls) : nil)
                row += count
            }
        }
    }
}
