import Storage

extension TerminalChart {
    /// One line for each value: label, series, bar, number. Bars of negative values go to the left of a common zero.
    mutating func drawBars() {
        let bars = data.bars
        let labels = bars.map { plain($0.label) }
        let series = bars.map { $0.series.map(plain) ?? "" }
        let texts = bars.map { $0.number == nil ? nullText : $0.text }
        let labelCells = labelWidth(labels, most: width * 2 / 5)
        let seriesCells = labelWidth(series, most: width / 4)
        let textCells = labelWidth(texts, most: 24)
        let fixed = labelCells + (labelCells > 0 ? 2 : 0) + seriesCells + (seriesCells > 0 ? 2 : 0) + textCells + 1
        let room = max(6, width - fixed)
        let low = min(0, bars.compactMap(\.number).min() ?? 0)
        let high = max(0, bars.compactMap(\.number).max() ?? 0)
        let span = high - low
        // Cells on both sides of zero, by the share that each side needs.
        var left = low < 0 ? max(1, Int((Double(room) * -low / span).rounded())) : 0
        if high > 0, left > room - 1 { left = room - 1 }
        let right = room - left
        let names = bars.compactMap(\.series).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        var before: String?
        for (place, bar) in bars.enumerated() {
            var out = ""
            if labelCells > 0 {
                // A label stands once for all bars of its series.
                let isSame = bar.series != nil && before == bar.label
                out += TerminalChart.padded(isSame ? "" : shortened(labels[place], to: labelCells), to: labelCells) + "  "
                before = bar.label
            }
            if seriesCells > 0 { out += TerminalChart.padded(shortened(series[place], to: seriesCells), to: seriesCells) + "  " }
            let value = bar.number ?? 0
            let colour = bar.series.flatMap { names.firstIndex(of: $0) } ?? 0
            if value < 0 {
                let (drawn, cells) = leftBar(value / low * Double(left))
                out += String(repeating: " ", count: left - cells) + coloured(drawn, colour) + " " + texts[place]
            } else {
                out += String(repeating: " ", count: left)
                out += coloured(rightBar(high > 0 ? value / high * Double(right) : 0), colour) + " "
                out += bar.number == nil ? faint(texts[place]) : texts[place]
            }
            line(out)
        }
    }

    /// Eighths of a cell; what is there but too small for one is a thin line.
    private func rightBar(_ cells: Double) -> String {
        guard cells > 0 else { return "" }
        if isASCII { return String(repeating: "#", count: max(1, Int(cells.rounded()))) }
        let eighths = max(1, Int((cells * 8).rounded()))
        let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        return String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
    }

    /// To the left there are halves only.
    private func leftBar(_ cells: Double) -> (String, Int) {
        guard cells > 0 else { return ("", 0) }
        if isASCII {
            let count = max(1, Int(cells.rounded()))
            return (String(repeating: "#", count: count), count)
        }
        let halves = max(1, Int((cells * 2).rounded()))
        return ((halves % 2 == 1 ? "▐" : "") + String(repeating: "█", count: halves / 2), (halves + 1) / 2)
    }
}
