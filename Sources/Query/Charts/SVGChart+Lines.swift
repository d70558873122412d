import Storage

extension SVGChart {
    mutating func drawLines() {
        guard let frame = LineFrame(data, yCount: 5) else {
            text(12, 24, "no values", "n")
            return grow(to: 40)
        }
        let yTexts = frame.yTicks.map { frame.yNumbers.text($0) }
        let left = Double(yTexts.reduce(0) { max($0, DisplayMeasure.cells(of: $1)) }) * SVGChart.letter + 16
        let right = SVGChart.width - 16
        var top = 14.0
        if let unit = data.spec.unit {
            text(12, top, unit, "n")
            top += 16
        }
        if data.series.count > 1 { top = legend(data.series.map(\.name), at: top) + 4 }
        let bottom = top + 260
        func x(_ value: Double) -> Double { left + frame.xShare(value) * (right - left) }
        func y(_ value: Double) -> Double { bottom - frame.yShare(value) * (bottom - top) }
        for (tick, label) in zip(frame.yTicks, yTexts) {
            rule(left, y(tick), right, y(tick), tick == 0 ? "z" : "g")
            text(left - 8, y(tick) + 4, label, "n", anchor: "end")
        }
        var end = 0.0
        for tick in data.axis.ticks(frame.xLow, frame.xHigh, count: 8, isShare: data.alongAreShares, names: data.names) {
            let label = SVGChart.shortened(tick.text, to: 16)
            let half = Double(DisplayMeasure.cells(of: label)) * SVGChart.letter / 2
            let at = max(half, min(SVGChart.width - half, x(tick.at)))
            rule(x(tick.at), bottom, x(tick.at), bottom + 4, "z")
            guard at - half > end else { continue }
            text(at, bottom + 19, label, "n", anchor: "middle")
            end = at + half + 8
        }
        if let along = data.spec.along { text((left + right) / 2, bottom + 38, data.columns[along].name, "n", anchor: "middle") }
        for (place, series) in data.series.enumerated() {
            var path = ""
            var isOpen = false
            // No more points than anyone can see.
            let limit = 1600
            var points = series.points
            while points.count > limit { points = ChartData.thinned(points) }
            var dots: [(Double, Double)] = []
            for point in points {
                guard let value = point.y else {
                    isOpen = false
                    continue
                }
                path += "\(isOpen ? "L" : "M")\(SVGChart.number(x(point.x))) \(SVGChart.number(y(value)))"
                if points.count <= 40 { dots.append((x(point.x), y(value))) }
                isOpen = true
            }
            if points.count > 1 {
                add("<path class=\"p p\(place % 8)\" d=\"\(path)\"><title>\(SVGChart.escape(series.name))</title></path>")
            }
            for dot in dots {
                add("<circle class=\"s s\(place % 8)\" cx=\"\(SVGChart.number(dot.0))\" cy=\"\(SVGChart.number(dot.1))\" r=\"2.5\"/>")
            }
        }
        grow(to: bottom + 48)
    }
}
