import Storage
@testable import shell

/// A table of the demo bank, read whole for a test.
struct DemoTableData {
    let schema: TableSchema
    private(set) var rowCount = 0
    private var integers: [[Int64?]]
    private var texts: [[String?]]

    init(_ table: DemoTable, threads: Int = 2) {
        schema = table.schema
        integers = [[Int64?]](repeating: [], count: table.schema.columns.count)
        texts = integers.map { _ in [] }
        table.forEachChunk(threads: threads) { add($0) }
    }

    private mutating func add(_ chunk: RowChunk) {
        rowCount += chunk.rowCount
        for (at, column) in chunk.columns.enumerated() {
            let isNull = { (row: Int) in !column.nulls.isEmpty && column.nulls[row] == 1 }
            switch column.values {
            case .integers(let values): integers[at] += values.indices.map { isNull($0) ? nil : values[$0] }
            case .text(let text):
                texts[at] += (0..<text.count).map { row in
                    isNull(row) ? nil : String(decoding: text.bytes[text.offsets[row]..<text.offsets[row + 1]], as: UTF8.self)
                }
            case .doubles: preconditionFailure("the demo bank holds no floats")
            }
        }
    }

    func at(_ column: String) -> Int {
        guard let at = schema.index(of: column) else { preconditionFailure("no column \(column) in \(schema.name)") }
        return at
    }

    func ints(_ column: String) -> [Int64?] { integers[at(column)] }
    /// For a column without nulls.
    func values(_ column: String) -> [Int64] { ints(column).compactMap { $0 } }
    func strings(_ column: String) -> [String?] { texts[at(column)] }
    func isNull(_ column: Int, _ row: Int) -> Bool {
        schema.columns[column].type == .text ? texts[column][row] == nil : integers[column][row] == nil
    }

    /// The cells of a row's key as one text.
    func key(_ row: Int) -> String {
        schema.key.map { name in
            let column = at(name)
            return schema.columns[column].type == .text ? texts[column][row] ?? "" : String(integers[column][row] ?? -1)
        }.joined(separator: "|")
    }
}

extension DemoBank {
    func table(_ name: String) -> DemoTable {
        guard let table = tables.first(where: { $0.schema.name == name }) else { preconditionFailure("no table \(name)") }
        return table
    }

    func data(_ name: String) -> DemoTableData { DemoTableData(table(name)) }

    /// One hash a table over every cell, null and text byte of every chunk, and over where the chunks are cut.
    func hash(threads: Int) -> [String: UInt64] {
        var result: [String: UInt64] = [:]
        for table in tables {
            var hash = Hash()
            table.forEachChunk(threads: threads) { chunk in
                hash.add(UInt64(chunk.rowCount))
                for column in chunk.columns {
                    column.nulls.withUnsafeBytes { hash.add($0) }
                    switch column.values {
                    case .integers(let values): values.withUnsafeBytes { hash.add($0) }
                    case .text(let text):
                        text.bytes.withUnsafeBytes { hash.add($0) }
                        text.offsets.withUnsafeBytes { hash.add($0) }
                    case .doubles: preconditionFailure("the demo bank holds no floats")
                    }
                }
            }
            result[table.schema.name] = hash.state
        }
        return result
    }

    private struct Hash {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325

        mutating func add(_ word: UInt64) { state = ((state ^ word) &* 0x9E37_79B9_7F4A_7C15) ^ (state >> 29) }

        /// Eight bytes at a time, the rest as one short word, and the length.
        mutating func add(_ bytes: UnsafeRawBufferPointer) {
            var at = 0
            while at + 8 <= bytes.count {
                add(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
                at += 8
            }
            var tail: UInt64 = 0
            while at < bytes.count {
                tail = tail << 8 | UInt64(bytes[at])
                at += 1
            }
            add(tail)
            add(UInt64(bytes.count))
        }
    }
}
