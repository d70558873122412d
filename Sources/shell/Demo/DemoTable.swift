import Dispatch
import Storage

/// Rows being made, cell by cell in the order of the columns.
struct DemoRows {
    private struct Column {
        var isText: Bool
        var integers: [Int64] = []
        var text = TextChunk()
        var nulls: [UInt8] = []
    }
    private var columns: [Column]
    private var at = 0
    private(set) var count = 0

    init(_ schema: TableSchema) {
        columns = schema.columns.map { column in
            precondition(column.type.physical != .double, "the demo bank holds no floats")
            return Column(isText: column.type.physical == .text)
        }
    }

    @inline(__always)
    mutating func put(_ value: Int64) {
        precondition(!columns[at].isText)
        columns[at].integers.append(value)
        if !columns[at].nulls.isEmpty { columns[at].nulls.append(0) }
        at &+= 1
    }

    @inline(__always)
    mutating func put(_ value: Int) { put(Int64(value)) }

    mutating func put(_ value: Int64?) {
        guard let value else { return putNull() }
        put(value)
    }

    mutating func put(_ value: Int?) { put(value.map { Int64($0) }) }

    mutating func put(_ value: Bool?) { put(value.map { Int64($0 ? 1 : 0) }) }

    @inline(__always)
    mutating func put(text: String) {
        precondition(columns[at].isText)
        columns[at].text.append(text)
        if !columns[at].nulls.isEmpty { columns[at].nulls.append(0) }
        at &+= 1
    }

    mutating func put(text: String?) {
        guard let text else { return putNull() }
        put(text: text)
    }

    mutating func putNull() {
        if columns[at].nulls.isEmpty { columns[at].nulls = [UInt8](repeating: 0, count: count) }
        columns[at].nulls.append(1)
        if columns[at].isText { columns[at].text.append("") } else { columns[at].integers.append(0) }
        at &+= 1
    }

    /// Ends a row; every column must have had its cell.
    @inline(__always)
    mutating func end() {
        precondition(at == columns.count, "a row has \(at) of \(columns.count) cells")
        at = 0
        count &+= 1
    }

    /// The rows as a chunk, with 1, 2, 3, … after `numbered` in the first column unless that is nil.
    consuming func chunk(numberedAfter numbered: Int?) -> RowChunk {
        precondition(at == 0)
        if let numbered {
            for row in 0..<count { columns[0].integers[row] = Int64(numbered + row + 1) }
        }
        let values = columns.map { column in
            ColumnChunk(values: column.isText ? .text(column.text) : .integers(column.integers), nulls: column.nulls)
        }
        return RowChunk(columns: values, rowCount: count)
    }
}

/// A table that can be made in pieces: each piece is a pure function of its number, so pieces are made on any thread and read in order.
struct DemoTable: Sendable {
    let schema: TableSchema
    let pieceCount: Int
    /// The first column counts the table's rows from 1, in the order in which they are made.
    let isNumbered: Bool
    let fill: @Sendable (_ piece: Int, _ rows: inout DemoRows) -> Void

    init(
        _ name: String, key: [String] = [], time: String? = nil, isNumbered: Bool = false, pieceCount: Int = 1,
        columns: [(String, LogicalType)], fill: @escaping @Sendable (_ piece: Int, _ rows: inout DemoRows) -> Void
    ) {
        schema = TableSchema(name: name, columns: columns.map { ColumnSchema(name: $0.0, type: $0.1) }, key: key, time: time)
        self.pieceCount = pieceCount
        self.isNumbered = isNumbered
        self.fill = fill
    }

    /// All chunks in order, none of them empty. The next ones are made on `threads` threads while `body` works on those before: at most
    /// twice `threads` pieces are in memory. The chunks are the same for any number of threads.
    func forEachChunk(threads: Int, _ body: (RowChunk) throws -> Void) rethrows {
        var rowsBefore = 0
        func hand(_ rows: DemoRows) throws {
            let count = rows.count
            guard count > 0 else { return }
            try body(rows.chunk(numberedAfter: isNumbered ? rowsBefore : nil))
            rowsBefore += count
        }
        guard threads > 1, pieceCount > 1 else {
            for piece in 0..<pieceCount { try hand(make(piece)) }
            return
        }
        var wave = Wave(self, first: 0, count: min(threads, pieceCount))
        while true {
            let pieces = wave.wait()
            let next = wave.first + pieces.count
            let isLast = next >= pieceCount
            if !isLast { wave = Wave(self, first: next, count: min(threads, pieceCount - next)) }
            for rows in pieces { try hand(rows) }
            if isLast { return }
        }
    }

    private func make(_ piece: Int) -> DemoRows {
        var rows = DemoRows(schema)
        fill(piece, &rows)
        return rows
    }

    /// A few pieces in the making, side by side. Each slot is written by one thread and read after `wait`.
    private final class Wave: @unchecked Sendable {
        let first: Int
        private var slots: [DemoRows?]
        private let lock = DispatchSemaphore(value: 1)
        private let group = DispatchGroup()

        init(_ table: DemoTable, first: Int, count: Int) {
            self.first = first
            slots = [DemoRows?](repeating: nil, count: count)
            for slot in 0..<count {
                DispatchQueue.global().async(group: group) {
                    let rows = table.make(first + slot)
                    self.lock.wait()
                    self.slots[slot] = rows
                    self.lock.signal()
                }
            }
        }

        func wait() -> [DemoRows] {
            group.wait()
            return slots.compactMap { $0 }
        }
    }
}
