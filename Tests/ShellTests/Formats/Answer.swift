@testable import Query
import Storage

/// A canned answer, built from plain values, handed to a writer in batches.
struct Answer {
    var columns: [ResultColumn]
    var rows: [[Value]]

    init(_ columns: [(String, LogicalType)], _ rows: [[Value]]) {
        self.columns = columns.map { ResultColumn(name: $0.0, type: $0.1) }
        self.rows = rows
    }

    /// The text a format makes of it. Every batch holds at most `batchRows` rows.
    func text(_ format: OutputFormat, _ options: FormatOptions = FormatOptions(), batchRows: Int = 3, answers: Int = 1) throws -> String {
        try written(format, options, batchRows: batchRows, answers: answers).text
    }

    func written(
        _ format: OutputFormat, _ options: FormatOptions = FormatOptions(), batchRows: Int = 3, answers: Int = 1,
        shownAs presentation: Presentation? = nil
    ) throws -> (text: String, notes: [String]) {
        let sink = MemorySink()
        let out = OutputBuffer(sink, capacity: 4096)
        let writer = format.makeWriter(out, options)
        var notes: [String] = []
        for _ in 0..<answers {
            try writer.begin(columns: columns, shownAs: presentation)
            var from = 0
            while from < rows.count {
                let to = min(rows.count, from + batchRows)
                try Answer.withBatch(columns, Array(rows[from..<to])) { try writer.rows($0) }
                from = to
            }
            notes += try writer.end()
        }
        try out.flush()
        return (sink.string, notes)
    }

    /// Lays rows out as the engine does: column by column, borrowed for the call.
    static func withBatch(_ columns: [ResultColumn], _ rows: [[Value]], _ body: (ResultBatch) throws -> Void) rethrows {
        var frees: [() -> Void] = []
        defer { for free in frees { free() } }
        var batchColumns: [ResultBatch.Column] = []
        for (index, column) in columns.enumerated() {
            let nulls = UnsafeMutablePointer<UInt8>.allocate(capacity: rows.count + 1)
            frees.append { nulls.deallocate() }
            for (at, row) in rows.enumerated() { nulls[at] = row[index].isNull ? 1 : 0 }
            let anyNull = rows.contains { $0[index].isNull }
            let values: ResultBatch.Column.Values
            switch column.type.physical {
            case .integer:
                let base = UnsafeMutablePointer<Int64>.allocate(capacity: rows.count + 1)
                frees.append { base.deallocate() }
                for (at, row) in rows.enumerated() {
                    if case .integer(let value) = row[index] { base[at] = value } else { base[at] = 0 }
                }
                values = .integers(base)
            case .double:
                let base = UnsafeMutablePointer<Double>.allocate(capacity: rows.count + 1)
                frees.append { base.deallocate() }
                for (at, row) in rows.enumerated() {
                    if case .double(let value) = row[index] { base[at] = value } else { base[at] = 0 }
                }
                values = .doubles(base)
            case .text:
                let base = UnsafeMutablePointer<TextView>.allocate(capacity: rows.count + 1)
                frees.append { base.deallocate() }
                for (at, row) in rows.enumerated() {
                    guard case .text(let text) = row[index] else {
                        base[at] = TextView(base: nil, count: 0)
                        continue
                    }
                    let bytes = Array(text.utf8)
                    let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count + 1)
                    frees.append { copy.deallocate() }
                    copy.update(from: bytes, count: bytes.count)
                    base[at] = TextView(base: copy, count: bytes.count)
                }
                values = .texts(base)
            }
            batchColumns.append(ResultBatch.Column(values: values, nulls: anyNull ? nulls : nil))
        }
        try body(ResultBatch(rowCount: rows.count, columns: batchColumns))
    }
}

/// A fixed random source, so that a failure can be run again by its seed.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
