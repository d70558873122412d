import Storage

extension SVGChart {
    mutating func drawHeatMap() {
        let values = data.cells.values
        guard let low = values.min(), let high = values.max() else {
            text(12, 24, "no values", "n")
            return grow(to: 40)
        }
        let order = data.columnOrder
        let isShare = data.valuesAreShares
        let labelWidth = Double(data.rowKeys.reduce(0) { max($0, min(24, DisplayMeasure.cells(of: $1.text))) }) * SVGChart.letter + 18
        let cellWidth = min(80, (SVGChart.width - labelWidth - 4) / Double(max(1, order.count)))
        let cellHeight = 24.0
        let top = 42.0
        if let across = data.spec.series {
            text(labelWidth + cellWidth * Double(order.count) / 2, 14, data.columns[across].name, "n", anchor: "middle")
        }
        if let along = data.spec.along { text(labelWidth - 8, 34, data.columns[along].name, "n", anchor: "end") }
        var end = 0.0
        for (place, column) in order.enumerated() {
            let label = SVGChart.shortened(data.columnKeys[column].text, to: max(4, Int(max(cellWidth, 48) / SVGChart.letter)))
            let middle = labelWidth + (Double(place) + 0.5) * cellWidth
            let half = Double(DisplayMeasure.cells(of: label)) * SVGChart.letter / 2
            guard middle - half > end else { continue }
            text(middle, 34, label, "n", anchor: "middle")
            end = middle + half + 2
        }
        for (row, key) in data.rowKeys.enumerated() {
            let y = top + Double(row) * cellHeight
            text(labelWidth - 8, y + 16, SVGChart.shortened(key.text, to: 24), "l", anchor: "end")
            for (place, column) in order.enumerated() {
                guard let value = data.cells[SIMD2(row, column)] else { continue }
                let share = high > low ? (value - low) / (high - low) : 1
                let shown = ChartNumbers.short(value, isShare: isShare)
                let x = labelWidth + Double(place) * cellWidth
                rectangle(
                    x + 0.5, y + 0.5, cellWidth - 1, cellHeight - 1, "s s0", "\(key.text), \(data.columnKeys[column].text): \(shown)",
                    extra: " fill-opacity=\"\(SVGChart.number(0.04 + 0.5 * share))\"")
                if Double(shown.count) * 6.2 <= cellWidth - 4 { text(x + cellWidth / 2, y + 16, shown, "c", anchor: "middle") }
            }
        }
        grow(to: top + Double(data.rowKeys.count) * cellHeight + 10)
    }
}
