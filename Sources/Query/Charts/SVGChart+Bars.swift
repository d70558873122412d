import Storage

extension SVGChart {
    /// Bars lie, so that their labels can be read, whatever their length.
    mutating func drawBars() {
        let bars = data.bars
        let names = bars.compactMap(\.series).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let labelsMost = 30
        let labelWidth = Double(bars.reduce(0) { max($0, min(labelsMost, DisplayMeasure.cells(of: $1.label))) }) * SVGChart.letter + 16
        let numbers = bars.compactMap(\.number)
        let low = min(0, numbers.min() ?? 0)
        let high = max(0, numbers.max() ?? 0)
        let ticks = ChartScale.ticks(low, high > low ? high : low + 1, count: 5)
        let isShare = data.valuesAreShares
        let step = ticks.count > 1 ? ticks[1] - ticks[0] : 1
        let style = ChartNumbers(largest: max(abs(low), abs(high)), step: step, isShare: isShare)
        let textWidth = Double(bars.reduce(0) { max($0, DisplayMeasure.cells(of: $1.text)) }) * SVGChart.letter + 10
        let (from, to) = (labelWidth, SVGChart.width - min(textWidth, 170))
        let (first, last) = (ticks[0], ticks[ticks.count - 1])
        func x(_ value: Double) -> Double { from + (value - first) / (last - first) * (to - from) }
        var y = 8.0
        if names.count > 1 { y = legend(names, at: 12) }
        let top = y
        let thickness = names.count > 1 ? 15.0 : 18.0
        var before: String?
        var marks: [(label: String?, y: Double, place: Int)] = []
        for (place, bar) in bars.enumerated() {
            let isSame = bar.series != nil && before == bar.label
            if !isSame, place > 0 { y += names.count > 1 ? 8 : 5 }
            marks.append((isSame ? nil : bar.label, y, place))
            before = bar.label
            y += thickness
        }
        let bottom = y + 6
        for tick in ticks {
            rule(x(tick), top - 2, x(tick), bottom, tick == 0 ? "z" : "g")
            text(x(tick), bottom + 16, style.text(tick), "n", anchor: "middle")
        }
        for mark in marks {
            let bar = bars[mark.place]
            let middle = mark.y + thickness / 2 + 4
            if let label = mark.label, !label.isEmpty {
                text(from - 8, middle, SVGChart.shortened(label, to: labelsMost), "l", anchor: "end")
            }
            let colour = bar.series.flatMap { names.firstIndex(of: $0) } ?? 0
            let told = [bar.label, bar.series ?? "", bar.text].filter { !$0.isEmpty }.joined(separator: ", ")
            let value = bar.number ?? 0
            if bar.number != nil {
                rectangle(min(x(0), x(value)), mark.y + 1, max(1, abs(x(value) - x(0))), thickness - 2, "s s\(colour % 8)", told)
            }
            text(max(x(0), x(value)) + 6, middle, bar.text, "v")
        }
        let unit = data.spec.unit ?? data.spec.values.map { data.columns[$0].name }.joined(separator: ", ")
        text((from + to) / 2, bottom + 34, unit, "n", anchor: "middle")
        grow(to: bottom + 44)
    }

    /// Names of series with their colours, in as many lines as they need; answers where the drawing goes on.
    mutating func legend(_ names: [String], at y: Double) -> Double {
        var (x, y) = (12.0, y)
        for (place, name) in names.enumerated() {
            let shown = SVGChart.shortened(name, to: 30)
            let width = Double(DisplayMeasure.cells(of: shown)) * SVGChart.letter + 34
            if x + width > SVGChart.width, x > 12 {
                x = 12
                y += 20
            }
            rectangle(x, y - 9, 12, 12, "s s\(place % 8)", name)
            text(x + 18, y + 1.5, shown, "l")
            x += width
        }
        return y + 20
    }
}
