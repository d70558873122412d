import Storage

extension TerminalChart {
    /// Rows and columns with the number in each cell, the darker the larger: by colour, or by a sign before the number.
    mutating func drawHeatMap() {
        let values = data.cells.values
        guard let low = values.min(), let high = values.max() else { return line(faint("no values")) }
        let rows = data.rowKeys.map { plain($0.text) }
        let order = data.columnOrder
        let isShare = data.valuesAreShares
        func shade(_ value: Double) -> Double { high > low ? (value - low) / (high - low) : 1 }
        var texts: [[String]] = []
        for row in rows.indices {
            texts.append(order.map { column in data.cells[SIMD2(row, column)].map { ChartNumbers.short($0, isShare: isShare) } ?? "" })
        }
        let corner = data.spec.along.map { TerminalChart.safe(data.columns[$0].name) } ?? ""
        let labelCells = labelWidth(rows + [corner], most: width / 3)
        let heads = order.map { plain(data.columnKeys[$0].text) }
        let mark = styled ? 0 : 1
        var cells = 0
        for row in texts { for text in row { cells = max(cells, DisplayMeasure.cells(of: text)) } }
        cells = max(cells + mark, min(10, heads.reduce(0) { max($0, DisplayMeasure.cells(of: $1)) }))
        let shown = min(order.count, max(1, (width - labelCells - 1) / (cells + 1)))
        if shown < order.count {
            note(
                "\(shown) of \(CellText.grouped(order.count)) columns fit the width; `where` before it chooses others, `to \"map.svg\"` draws all"
            )
        }
        var head = TerminalChart.padded(shortened(corner, to: labelCells), to: labelCells) + " "
        for name in heads.prefix(shown) { head += " " + TerminalChart.padded(shortened(name, to: cells), to: cells, right: true) }
        line(faint(head))
        for (row, label) in rows.enumerated() {
            var out = TerminalChart.padded(shortened(label, to: labelCells), to: labelCells) + " "
            for column in 0..<shown {
                let value = data.cells[SIMD2(row, order[column])]
                out += " " + cell(texts[row][column], value.map(shade), cells)
            }
            line(out)
        }
    }

    private func cell(_ text: String, _ shade: Double?, _ cells: Int) -> String {
        guard let shade else { return String(repeating: " ", count: cells) }
        if styled {
            // Backgrounds from nearly none to full blue, with letters that can be read on each of them.
            let ramp = [(17, 253), (18, 254), (19, 255), (20, 255), (26, 255), (32, 16), (39, 16), (45, 16)]
            let step = ramp[min(ramp.count - 1, Int(shade * Double(ramp.count)))]
            return "\u{1b}[48;5;\(step.0);38;5;\(step.1)m" + TerminalChart.padded(text, to: cells, right: true) + "\u{1b}[0m"
        }
        let signs = isASCII ? [" ", ".", ":", "+", "#"] : [" ", "░", "▒", "▓", "█"]
        let sign = signs[min(signs.count - 1, Int(shade * Double(signs.count)))]
        return sign + TerminalChart.padded(text, to: cells - 1, right: true)
    }
}
