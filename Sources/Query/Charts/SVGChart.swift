import Storage

/// Draws charts as SVG: a picture with a title that is read aloud, text that stays text, and the colours of the page, light or dark.
struct SVGChart {
    let data: ChartData
    /// What there was no room for, as sentences.
    private(set) var notes: [String] = []
    private(set) var body = ""
    private(set) var height = 0.0
    static let width = 720.0
    static let letter = 7.4

    init(_ data: ChartData) {
        self.data = data
        guard data.rowsFound > 0 else {
            height = 40
            text(0, 24, "no rows", "n")
            return
        }
        switch data.spec.kind {
        case .bar, .histogram: drawBars()
        case .line: drawLines()
        case .heatmap: drawHeatMap()
        }
        notes = data.notes
    }

    /// The whole element. What stands alone as a file brings its colours and its visible title along.
    func element(standsAlone: Bool) -> String {
        let title = SVGChart.escape(VerticalWriter.safeName(data.spec.heading(data.columns)))
        let top = standsAlone ? 34.0 : 0
        let box = "0 0 \(SVGChart.number(SVGChart.width)) \(SVGChart.number(height + top))"
        var out = "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"\(box)\" role=\"img\" aria-label=\"\(title)\""
        if standsAlone { out += " width=\"\(SVGChart.number(SVGChart.width))\" height=\"\(SVGChart.number(height + top))\"" }
        out += ">\n<title>\(title)</title>\n"
        if standsAlone {
            out += "<style>\n\(PageStyle.colours)\n\(PageStyle.chart)\n</style>\n"
            out += "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n<text class=\"h\" x=\"12\" y=\"22\">\(title)</text>\n"
            out += "<g transform=\"translate(0 \(SVGChart.number(top)))\">\n\(body)</g>\n"
        } else {
            out += body
        }
        return out + "</svg>\n"
    }

    // MARK: pieces

    mutating func add(_ piece: String) { body += piece + "\n" }

    mutating func note(_ sentence: String) { notes.append(sentence) }

    mutating func grow(to height: Double) { self.height = max(self.height, height) }

    mutating func text(_ x: Double, _ y: Double, _ text: String, _ style: String, anchor: String = "start") {
        let place = anchor == "start" ? "" : " text-anchor=\"\(anchor)\""
        add("<text class=\"\(style)\" x=\"\(SVGChart.number(x))\" y=\"\(SVGChart.number(y))\"\(place)>\(SVGChart.escape(text))</text>")
    }

    mutating func rule(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
        let n = SVGChart.number
        add("<line class=\"\(style)\" x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\"/>")
    }

    /// A rectangle that tells what it stands for when it is pointed at.
    mutating func rectangle(
        _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String, _ told: String, extra: String = ""
    ) {
        let n = SVGChart.number
        add(
            "<rect class=\"\(style)\" x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(width))\" height=\"\(n(height))\"\(extra)>"
                + "<title>\(SVGChart.escape(told))</title></rect>")
    }

    /// Two places behind the point are less than anyone sees.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let hundredths = Int((value * 100).rounded())
        let (whole, rest) = (abs(hundredths) / 100, abs(hundredths) % 100)
        let sign = hundredths < 0 ? "-" : ""
        if rest == 0 { return "\(sign)\(whole)" }
        return rest % 10 == 0 ? "\(sign)\(whole).\(rest / 10)" : "\(sign)\(whole).\(rest < 10 ? "0" : "")\(rest)"
    }

    static func shortened(_ text: String, to cells: Int) -> String {
        guard DisplayMeasure.cells(of: text) > cells else { return text }
        var shown = ""
        var measure = DisplayMeasure()
        for scalar in text.unicodeScalars {
            measure.add(scalar)
            if measure.cells > cells - 1 { break }
            shown.unicodeScalars.append(scalar)
        }
        return shown + "…"
    }

    static func escape(_ text: String) -> String { HTMLText.escape(text) }
}
