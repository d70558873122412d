import Storage

/// The table that people read: header, rule, columns aligned by display width.
///
/// Widths must be known before the first row is written, so rows are kept until the end: on a terminal as many as are shown, elsewhere up to
/// ``bytesKeptMax``; behind that the widths found so far hold and a wider cell stands out of its column, but everything is written.
final class AlignedWriter: ResultWriter {
    private static let bytesKeptMax = 64 << 20
    private static let gap = 2
    /// Text columns are not made narrower than this; a header may ask for more.
    private static let narrowest = 12
    /// Answers of so few rows turn into lines of `name value` where the columns do not fit side by side.
    private static let rowsForVerticalMax = 3
    /// More blocks of columns than these below each other are harder to read than lines of `name value`.
    private static let blocksMax = 8

    private let out: OutputBuffer
    private let options: FormatOptions
    private var terminal: FormatOptions.Terminal? { options.terminal }
    /// Set while the answer is one that is drawn.
    private var chart: ChartData?
    private var profile: ProfileDrawing?
    private var types: [ResultColumn] = []
    private var names: [(text: String, width: Int)] = []
    private var cells = CellStore(columnCount: 0)
    private var rowsFound = 0
    /// Set when the header has been written.
    private var layout: [Int]?

    init(_ out: OutputBuffer, _ options: FormatOptions) {
        self.out = out
        self.options = options
    }

    func begin(columns: [ResultColumn], shownAs presentation: Presentation?) throws {
        try begin(columns: columns)
        switch presentation {
        case .chart(let spec): chart = ChartData(spec, columns)
        case .profile: profile = ProfileDrawing(columns)
        case nil: break
        }
    }

    func begin(columns: [ResultColumn]) throws {
        chart = nil
        profile = nil
        types = columns
        names = columns.map { column in
            let text = VerticalWriter.safeName(column.name)
            return (text, DisplayMeasure.cells(of: text))
        }
        cells = CellStore(columnCount: columns.count, isASCII: options.isASCII, nullText: options.nullText)
        rowsFound = 0
        layout = nil
    }

    func rows(_ batch: ResultBatch) throws {
        rowsFound += batch.rowCount
        if chart != nil {
            chart?.add(batch)
            return
        }
        if profile != nil {
            profile?.add(batch)
            return
        }
        let columns = BatchColumn.columns(of: batch, types: types)
        for row in 0..<batch.rowCount {
            if let terminal, cells.rowCount >= terminal.rowsMax { return }
            cells.append(columns, row: row)
        }
        if terminal == nil, cells.bytes.count > AlignedWriter.bytesKeptMax { try writeKeptRows() }
    }

    func end() throws -> [String] {
        if let data = chart {
            let drawing = TerminalChart(
                data, width: terminal?.width ?? options.drawingWidth, styled: options.isStyled, isASCII: options.isASCII)
            try out.append(drawing.text)
            return drawing.notes
        }
        if let profile {
            try out.append(
                profile.text(
                    width: terminal?.width ?? options.drawingWidth, styled: options.isStyled, isASCII: options.isASCII))
            return []
        }
        guard !types.isEmpty else { return [] }
        var notes: [String] = []
        let shown = layout == nil ? cells.rowCount : rowsFound
        if shown < rowsFound {
            notes.append("\(grouped(shown)) of \(grouped(rowsFound)) rows shown; `to \"file.csv\"` or --format csv gives all")
        }
        if let terminal, layout == nil {
            var widths = naturalWidths()
            if let most = terminal.rowsScrolled, cells.rowCount > most {
                let columns = Array(widths.indices)
                try writeHeader(widths, columns)
                try writeRows(widths, columns)
                cells.removeAll()
                return notes
            }
            AlignedWriter.fit(&widths, types: types, names: names, into: terminal.width)
            widths = widths.map { min($0, terminal.width) }
            let blocks = AlignedWriter.blocks(widths, into: terminal.width)
            let isTooWide = blocks.count > 1 && cells.rowCount <= AlignedWriter.rowsForVerticalMax && cells.rowCount > 0
            if isTooWide || blocks.count > AlignedWriter.blocksMax {
                let vertical = VerticalWriter(out, options)
                try vertical.begin(columns: types)
                try vertical.write(cells, firstNumber: 1)
                return notes
            }
            for (place, columns) in blocks.enumerated() {
                if place > 0 { try out.append(UInt8(ascii: "\n")) }
                try writeHeader(widths, columns)
                try writeRows(widths, columns)
            }
            cells.removeAll()
            return notes
        }
        try writeKeptRows()
        return notes
    }

    /// Columns that stand side by side. Where they do not all fit, those that are left stand below, behind the first one once more, so that
    /// rows can be told apart there too.
    static func blocks(_ widths: [Int], into width: Int) -> [[Int]] {
        var blocks: [[Int]] = []
        var block: [Int] = []
        var cells = 0
        for column in widths.indices {
            if !block.isEmpty, cells + gap + widths[column] > width {
                blocks.append(block)
                // A first column that leaves no room is not repeated.
                block = widths[0] + gap + widths[column] <= width ? [0] : []
                cells = block.isEmpty ? -gap : widths[0]
            }
            cells += (block.isEmpty ? 0 : gap) + widths[column]
            if block.isEmpty { cells = widths[column] }
            block.append(column)
        }
        return block.isEmpty ? blocks : blocks + [block]
    }

    private func naturalWidths() -> [Int] {
        var widths = names.map(\.width)
        for row in 0..<cells.rowCount {
            for column in 0..<widths.count { widths[column] = max(widths[column], cells.width(row, column)) }
        }
        return widths
    }

    /// Makes the widest text columns narrower, all to the same measure, until the table fits or nothing is left to take.
    static func fit(_ widths: inout [Int], types: [ResultColumn], names: [(text: String, width: Int)], into width: Int) {
        let room = width - gap * (widths.count - 1)
        let texts = widths.indices.filter { types[$0].type == .text }
        guard widths.reduce(0, +) > room, let widest = texts.map({ widths[$0] }).max() else { return }
        let natural = widths
        func narrowed(to cap: Int) -> [Int] {
            var result = natural
            for column in texts { result[column] = min(natural[column], max(cap, min(names[column].width, 2 * narrowest))) }
            return result
        }
        // The largest measure that fits, by halving; the narrowest where none does.
        var low = min(narrowest, widest)
        var high = widest
        while low < high {
            let middle = (low + high + 1) / 2
            if narrowed(to: middle).reduce(0, +) <= room { low = middle } else { high = middle - 1 }
        }
        widths = narrowed(to: low)
    }

    private func writeHeader(_ widths: [Int], _ columns: [Int]) throws {
        if options.isStyled { try out.append("\u{1b}[1m") }
        for column in columns {
            let (name, width) = (names[column], widths[column])
            if column != columns[0] { try out.append(repeating: 0x20, count: AlignedWriter.gap) }
            var shown = name.text
            var cells = name.width
            if cells > width { (shown, cells) = shorten(name.text, to: width) }
            let right = types[column].type.isNumeric
            if right { try out.append(repeating: 0x20, count: width - cells) }
            try out.append(shown)
            if !right, column != columns[columns.count - 1] { try out.append(repeating: 0x20, count: width - cells) }
        }
        if options.isStyled { try out.append("\u{1b}[0m") }
        try out.append(UInt8(ascii: "\n"))
        for column in columns {
            if column != columns[0] { try out.append(repeating: 0x20, count: AlignedWriter.gap) }
            for _ in 0..<widths[column] { try out.append(options.isASCII ? "-" : "─") }
        }
        try out.append(UInt8(ascii: "\n"))
    }

    private var mark: String { options.isASCII ? "~" : "…" }

    private func shorten(_ text: String, to width: Int) -> (String, Int) {
        var shown = ""
        var measure = DisplayMeasure()
        var cells = 0
        for scalar in text.unicodeScalars {
            measure.add(scalar)
            if measure.cells > width - 1 { break }
            cells = measure.cells
            shown.unicodeScalars.append(scalar)
        }
        return (shown + mark, cells + 1)
    }

    private func writeKeptRows() throws {
        let columns = Array(types.indices)
        let widths: [Int]
        if let known = layout {
            widths = known
        } else {
            widths = naturalWidths()
            layout = widths
            try writeHeader(widths, columns)
        }
        try writeRows(widths, columns)
        cells.removeAll()
    }

    private func writeRows(_ widths: [Int], _ columns: [Int]) throws {
        for row in 0..<cells.rowCount {
            for column in columns {
                if column != columns[0] { try out.append(repeating: 0x20, count: AlignedWriter.gap) }
                try write(
                    cells.cell(row, column), width: widths[column], right: types[column].type.isNumeric,
                    isLast: column == columns[columns.count - 1])
            }
            try out.append(UInt8(ascii: "\n"))
        }
    }

    private func write(_ cell: CellStore.Cell, width: Int, right: Bool, isLast: Bool) throws {
        var bytes = cell.bytes
        var shownWidth = cell.width
        // Only a terminal shortens; behind the rows that were measured, a wider cell stands out of its column.
        let shortens = terminal != nil && cell.width > width
        if shortens {
            (bytes, shownWidth) = cells.prefix(of: cell, fitting: width - 1)
            shownWidth += 1
        }
        let padding = max(0, width - shownWidth)
        if right { try out.append(repeating: 0x20, count: padding) }
        if cell.isNull, options.isStyled {
            try out.append("\u{1b}[2m\(cells.nullSign)\u{1b}[0m")
        } else {
            try cells.bytes.withUnsafeBufferPointer { try out.append(UnsafeBufferPointer(rebasing: $0[bytes])) }
        }
        if shortens { try out.append(mark) }
        if !right, !isLast { try out.append(repeating: 0x20, count: padding) }
    }

    private func grouped(_ number: Int) -> String { CellText.grouped(number) }
}

extension CellText {
    /// `20,000,000`: a count as messages and footers write it.
    public static func grouped(_ number: Int) -> String {
        var plain = String(number)
        var out: [UInt8] = []
        plain.withUTF8 { CellStore.appendGrouped($0, to: &out) }
        return String(decoding: out, as: UTF8.self)
    }
}
