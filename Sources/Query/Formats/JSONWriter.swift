import Storage

/// JSON as an array of objects for each answer, or as lines. Exact decimals are numbers with all their digits, years are numbers, dates,
/// other spans and durations are strings as the language writes them.
final class JSONWriter: ResultWriter {
    private let out: OutputBuffer
    private let lines: Bool
    private var types: [ResultColumn] = []
    /// `"name":` for each column, with the comma or bracket that stands before it.
    private var keys: [[UInt8]] = []
    private var rowsWritten = 0

    init(_ out: OutputBuffer, lines: Bool) {
        self.out = out
        self.lines = lines
    }

    func begin(columns: [ResultColumn]) throws {
        types = columns
        rowsWritten = 0
        keys = columns.enumerated().map { index, column in
            var key: [UInt8] = [UInt8(ascii: index == 0 ? "{" : ",")]
            var name = column.name
            name.withUTF8 { JSONWriter.append($0, to: &key) }
            key.append(UInt8(ascii: ":"))
            return key
        }
        if !lines { try out.append(UInt8(ascii: "[")) }
    }

    func rows(_ batch: ResultBatch) throws {
        let columns = BatchColumn.columns(of: batch, types: types)
        var escaped: [UInt8] = []
        for row in 0..<batch.rowCount {
            if !lines { try out.append(rowsWritten == 0 ? "\n  " : ",\n  ") }
            rowsWritten += 1
            if columns.isEmpty { try out.append(UInt8(ascii: "{")) }
            for (index, column) in columns.enumerated() {
                try out.append(keys[index])
                if column.isNull(row) {
                    try out.append("null")
                    continue
                }
                switch column.kind {
                case .bool, .int, .decimal, .double:
                    out.advance(to: column.writePlain(row, to: try out.room(CellText.cellBytesMax)))
                case .span where column.type == .year:
                    out.advance(to: CellText.writeInteger(column.integer(row), to: try out.room(CellText.cellBytesMax)))
                case .date, .timestamp, .span:
                    try out.append(UInt8(ascii: "\""))
                    out.advance(to: column.writePlain(row, to: try out.room(CellText.cellBytesMax)))
                    try out.append(UInt8(ascii: "\""))
                case .text:
                    let text = column.text(row)
                    if JSONWriter.isPlain(text.buffer) {
                        try out.append(UInt8(ascii: "\""))
                        try out.append(text.buffer)
                        try out.append(UInt8(ascii: "\""))
                    } else {
                        escaped.removeAll(keepingCapacity: true)
                        JSONWriter.append(text.buffer, to: &escaped)
                        try out.append(escaped)
                    }
                }
            }
            try out.append(lines ? "}\n" : "}")
        }
    }

    func end() throws -> [String] {
        if !lines { try out.append(rowsWritten == 0 ? "]\n" : "\n]\n") }
        return []
    }

    private static func isPlain(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        for byte in bytes where byte < 0x20 || byte == 0x22 || byte == 0x5C || byte == 0x7F { return false }
        return true
    }

    /// A JSON string with its quotes.
    static func append(_ bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""): out.append(contentsOf: "\\\"".utf8)
            case UInt8(ascii: "\\"): out.append(contentsOf: "\\\\".utf8)
            case 0x0A: out.append(contentsOf: "\\n".utf8)
            case 0x0D: out.append(contentsOf: "\\r".utf8)
            case 0x09: out.append(contentsOf: "\\t".utf8)
            case 0x00..<0x20, 0x7F:
                out.append(contentsOf: "\\u00".utf8)
                out.append(hexDigit(byte >> 4))
                out.append(hexDigit(byte & 15))
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? value + 48 : value + 87 }
}
