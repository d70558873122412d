import Storage

/// Draws charts with the characters of a terminal: blocks and dots, or plain ASCII. Widths are counted in cells, so that Chinese labels do
/// not push anything out of its place.
struct TerminalChart {
    let data: ChartData
    let width: Int
    let styled: Bool
    let isASCII: Bool
    private(set) var text = ""
    /// What there was no room for, as sentences.
    private(set) var notes: [String] = []

    /// - Parameter width: cells of a line; less than 30 are not enough for any chart.
    init(_ data: ChartData, width: Int, styled: Bool, isASCII: Bool) {
        self.data = data
        self.width = max(30, width)
        self.styled = styled
        self.isASCII = isASCII
        draw()
        notes += data.notes
    }

    private mutating func draw() {
        line(bold(TerminalChart.safe(data.spec.heading(data.columns))))
        guard data.rowsFound > 0 else { return line(faint("no rows")) }
        switch data.spec.kind {
        case .bar, .histogram: drawBars()
        case .line: drawLines()
        case .heatmap: drawHeatMap()
        }
    }

    // MARK: text

    /// Names come from data and go through the door like everything else.
    static func safe(_ text: String) -> String { VerticalWriter.safeName(text) }

    mutating func line(_ line: String) {
        var line = line[...]
        while line.last == " " { line = line.dropLast() }
        text += line + "\n"
    }

    mutating func note(_ sentence: String) { notes.append(sentence) }

    func bold(_ text: String) -> String { styled ? "\u{1b}[1m\(text)\u{1b}[0m" : text }
    func faint(_ text: String) -> String { styled ? "\u{1b}[2m\(text)\u{1b}[0m" : text }

    /// The colour of a series, as everybody's theme has it.
    func coloured(_ text: String, _ series: Int) -> String {
        styled ? "\u{1b}[\([34, 33, 32, 35, 36, 31, 94, 93][series % 8])m\(text)\u{1b}[0m" : text
    }

    static func padded(_ text: String, to cells: Int, right: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, cells - DisplayMeasure.cells(of: text)))
        return right ? space + text : text + space
    }

    func shortened(_ text: String, to cells: Int) -> String {
        guard DisplayMeasure.cells(of: text) > cells else { return text }
        let mark = isASCII ? "~" : "…"
        var shown = ""
        var measure = DisplayMeasure()
        for scalar in text.unicodeScalars {
            measure.add(scalar)
            if measure.cells > cells - 1 { break }
            shown.unicodeScalars.append(scalar)
        }
        return shown + mark
    }

    /// Labels in one column: as wide as the widest, but never more than a share of the line.
    func labelWidth(_ labels: some Sequence<String>, most: Int) -> Int {
        min(most, labels.reduce(0) { max($0, DisplayMeasure.cells(of: $1)) })
    }

    var nullText: String { isASCII ? "null" : CellStore.nullSign }

    func plain(_ label: String) -> String {
        label == CellStore.nullSign ? nullText : isASCII ? label.replacing(" … ", with: " .. ") : label
    }
}

extension String {
    fileprivate func replacing(_ part: String, with other: String) -> String {
        var out = ""
        var rest = self[...]
        while let range = rest.firstRange(of: part) {
            out += rest[..<range.lowerBound] + other
            rest = rest[range.upperBound...]
        }
        return out + rest
    }
}
