import Storage

/// A Markdown table, not padded, numbers aligned to the right. What Markdown would read as markup is escaped; null is an empty cell.
final class MarkdownWriter: ResultWriter {
    private let out: OutputBuffer
    private var types: [ResultColumn] = []
    private var answers = 0

    init(_ out: OutputBuffer) { self.out = out }

    func begin(columns: [ResultColumn]) throws {
        types = columns
        // Without a blank line two tables would be read as one.
        if answers > 0 { try out.append(UInt8(ascii: "\n")) }
        answers += 1
        var cell: [UInt8] = []
        for column in columns {
            cell.removeAll(keepingCapacity: true)
            var name = column.name
            name.withUTF8 { MarkdownWriter.append($0, to: &cell) }
            try out.append("| ")
            try out.append(cell)
            try out.append(" ")
        }
        try out.append("|\n")
        for column in columns { try out.append(column.type.isNumeric ? "| ---: " : "| --- ") }
        try out.append("|\n")
    }

    func rows(_ batch: ResultBatch) throws {
        let columns = BatchColumn.columns(of: batch, types: types)
        var cell: [UInt8] = []
        for row in 0..<batch.rowCount {
            for column in columns {
                try out.append("| ")
                if !column.isNull(row) {
                    if column.kind == .text, MarkdownWriter.isPlain(column.text(row).buffer) {
                        try out.append(column.text(row).buffer)
                    } else if column.kind == .text {
                        cell.removeAll(keepingCapacity: true)
                        MarkdownWriter.append(column.text(row).buffer, to: &cell)
                        try out.append(cell)
                    } else {
                        out.advance(to: column.writePlain(row, to: try out.room(CellText.cellBytesMax)))
                    }
                    try out.append(" ")
                }
            }
            try out.append("|\n")
        }
    }

    func end() throws -> [String] { [] }

    /// Printable ASCII that is no markup needs nothing done to it.
    private static func isPlain(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "|"), UInt8(ascii: "\\"), UInt8(ascii: "`"), UInt8(ascii: "*"), UInt8(ascii: "["), UInt8(ascii: "<"),
                UInt8(ascii: "&"):
                return false
            case 0x20..<0x7F: continue
            default: return false
            }
        }
        return true
    }

    /// Text of ours between tables, with nothing in it that Markdown would read.
    static func plain(_ text: String) -> String {
        var text = text
        var out: [UInt8] = []
        text.withUTF8 { append($0, to: &out) }
        return String(decoding: out, as: UTF8.self)
    }

    private static func append(_ bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
        var run: [UInt8] = []
        func flush(to out: inout [UInt8]) {
            run.withUnsafeBufferPointer { _ = TerminalText.append($0, to: &out) }
            run.removeAll(keepingCapacity: true)
        }
        for (at, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "|"), UInt8(ascii: "\\"), UInt8(ascii: "`"), UInt8(ascii: "*"), UInt8(ascii: "["):
                run.append(UInt8(ascii: "\\"))
                run.append(byte)
            case UInt8(ascii: "<"): run.append(contentsOf: "&lt;".utf8)
            case UInt8(ascii: "&") where at + 1 < bytes.count && startsEntity(bytes[at + 1]): run.append(contentsOf: "&amp;".utf8)
            case 0x0A:
                if run.last == 0x0D { run.removeLast() }
                flush(to: &out)
                out.append(contentsOf: "<br>".utf8)
            default: run.append(byte)
            }
        }
        flush(to: &out)
    }

    private static func startsEntity(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "#"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        default: false
        }
    }
}
