import Storage

/// One line for each field of each row: for wide rows.
final class VerticalWriter: ResultWriter {
    private let out: OutputBuffer
    private let options: FormatOptions
    private var terminal: FormatOptions.Terminal? { options.terminal }
    private var types: [ResultColumn] = []
    private var names: [(text: String, width: Int)] = []
    private var nameWidth = 0
    private var rowsFound = 0
    private var rowsShown = 0

    init(_ out: OutputBuffer, _ options: FormatOptions) {
        self.out = out
        self.options = options
    }

    static func safeName(_ name: String) -> String {
        var name = name
        var safe: [UInt8] = []
        name.withUTF8 { _ = TerminalText.append($0, to: &safe) }
        return String(decoding: safe, as: UTF8.self)
    }

    func begin(columns: [ResultColumn]) throws {
        types = columns
        names = columns.map { column in
            let text = VerticalWriter.safeName(column.name)
            return (text, DisplayMeasure.cells(of: text))
        }
        nameWidth = names.map(\.width).max() ?? 0
        rowsFound = 0
        rowsShown = 0
    }

    func rows(_ batch: ResultBatch) throws {
        rowsFound += batch.rowCount
        let columns = BatchColumn.columns(of: batch, types: types)
        var cells = CellStore(columnCount: types.count, isASCII: options.isASCII, nullText: options.nullText)
        for row in 0..<batch.rowCount {
            if let terminal, rowsShown >= terminal.rowsMax { return }
            cells.removeAll()
            cells.append(columns, row: row)
            rowsShown += 1
            try write(cells, firstNumber: rowsShown)
        }
    }

    func end() throws -> [String] {
        guard rowsShown < rowsFound else { return [] }
        return [
            "\(CellText.grouped(rowsShown)) of \(CellText.grouped(rowsFound)) rows shown; `to \"file.csv\"` or --format csv gives all"
        ]
    }

    func write(_ cells: CellStore, firstNumber: Int) throws {
        let styled = options.isStyled
        let rule = options.isASCII ? "--" : "──"
        for row in 0..<cells.rowCount {
            try out.append(styled ? "\u{1b}[1m" : "")
            try out.append("\(rule) row \(CellText.grouped(firstNumber + row)) \(rule)")
            try out.append(styled ? "\u{1b}[0m\n" : "\n")
            for (column, name) in names.enumerated() {
                try out.append(name.text)
                try out.append(repeating: 0x20, count: nameWidth - name.width + 2)
                let cell = cells.cell(row, column)
                if cell.isNull, styled {
                    try out.append("\u{1b}[2m\(cells.nullSign)\u{1b}[0m")
                } else {
                    try cells.bytes.withUnsafeBufferPointer { try out.append(UnsafeBufferPointer(rebasing: $0[cell.bytes])) }
                }
                try out.append(UInt8(ascii: "\n"))
            }
        }
    }
}
