import Foundation

@testable import Storage

/// Small and repeatable: the whole of a test's randomness comes from the seed it prints.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }
}

/// A folder that goes when the test ends.
final class TemporaryFolder {
    let path: String
    init() {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("crmq-test-\(UUID().uuidString)").path
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    var store: String { path + "/store" }
    func make() throws -> TemporaryFolder {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return self
    }
}

/// One column of a test table: its values as cells.
struct TestColumn {
    var schema: ColumnSchema
    var cells: [Value]

    init(_ name: String, _ type: LogicalType, _ cells: [Value]) {
        schema = ColumnSchema(name: name, type: type)
        self.cells = cells
    }

    func chunk(_ range: Range<Int>) -> ColumnChunk {
        let part = cells[range]
        let nulls = part.contains(.null) ? part.map { $0.isNull ? UInt8(1) : 0 } : []
        switch schema.type.physical {
        case .integer: return ColumnChunk(values: .integers(part.map { if case .integer(let v) = $0 { v } else { 77 } }), nulls: nulls)
        case .double: return ColumnChunk(values: .doubles(part.map { if case .double(let v) = $0 { v } else { .nan } }), nulls: nulls)
        case .text:
            var text = TextChunk()
            for cell in part { text.append({ if case .text(let t) = cell { t } else { "under a null" } }()) }
            return ColumnChunk(values: .text(text), nulls: nulls)
        }
    }
}

func chunk(_ columns: [TestColumn], _ range: Range<Int>) -> RowChunk {
    RowChunk(columns: columns.map { $0.chunk(range) }, rowCount: range.count)
}

/// All live rows of a table, read in vectors of 2,048, in storage order.
func readAll(_ table: TableSnapshot, useCursor: Bool = false) throws -> [[Value]] {
    var rows: [[Value]] = table.schema.columns.map { _ in [] }
    for segment in table.segments {
        for (c, column) in table.schema.columns.enumerated() {
            let cursor = segment.cursor(column: c)
            var row = 0
            while row < segment.rowCount {
                let count = min(2048, segment.rowCount - row)
                let cells = try readVector(segment, useCursor ? cursor : nil, c, column.type, row, count)
                for i in 0..<count where !isDeleted(segment, row + i) { rows[c].append(cells[i]) }
                row += count
            }
        }
    }
    return rows
}

func isDeleted(_ segment: SegmentReader, _ row: Int) -> Bool {
    segment.deleted.map { $0[row >> 6] >> UInt64(row & 63) & 1 != 0 } ?? false
}

private func readVector(
    _ segment: SegmentReader, _ cursor: ColumnCursor?, _ column: Int, _ type: LogicalType, _ row: Int, _ count: Int
) throws -> [Value] {
    var nulls = [UInt8](repeating: 9, count: count)
    func cells(_ has: Bool, _ value: (Int) -> Value) -> [Value] { (0..<count).map { has && nulls[$0] == 1 ? .null : value($0) } }
    switch type.physical {
    case .integer:
        var out = [Int64](repeating: -99, count: count)
        let has =
            try cursor?.integers(firstRow: row, count: count, into: &out, nulls: &nulls)
            ?? segment.integers(column: column, firstRow: row, count: count, into: &out, nulls: &nulls)
        if has { for i in 0..<count where nulls[i] == 1 && out[i] != 0 { return [] } }
        return cells(has) { .integer(out[$0]) }
    case .double:
        var out = [Double](repeating: -99, count: count)
        let has =
            try cursor?.doubles(firstRow: row, count: count, into: &out, nulls: &nulls)
            ?? segment.doubles(column: column, firstRow: row, count: count, into: &out, nulls: &nulls)
        return cells(has) { .double(out[$0]) }
    case .text:
        var out = [TextView](repeating: TextView(base: nil, count: 0), count: count)
        var keeper: [AnyObject] = []
        let has =
            try cursor?.texts(firstRow: row, count: count, into: &out, nulls: &nulls, keeper: &keeper)
            ?? segment.texts(column: column, firstRow: row, count: count, into: &out, nulls: &nulls, keeper: &keeper)
        return withExtendedLifetime(keeper) { cells(has) { .text(out[$0].string) } }
    }
}

/// Writes columns as one table `t` in one segment, in chunks of `chunkRows`.
func write(
    _ columns: [TestColumn], to store: Store, table: String = "t", key: [String] = [], time: String? = nil, chunkRows: Int = 10_000
) throws {
    let transaction = try store.begin()
    if transaction.schema(of: table) == nil {
        try transaction.createTable(TableSchema(name: table, columns: columns.map(\.schema), key: key, time: time))
    }
    let writer = try transaction.writer(for: table)
    let rows = columns[0].cells.count
    var at = 0
    while at < rows {
        let end = min(rows, at + chunkRows)
        try writer.append(chunk(columns, at..<end))
        at = end
    }
    try writer.finish()
    try transaction.commit(note: "test")
}
