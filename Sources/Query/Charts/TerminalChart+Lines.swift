import Glibc
import Storage

/// Where points of lines lie: the frame that terminal and SVG share.
struct LineFrame {
    var xLow: Double
    var xHigh: Double
    var yTicks: [Double]
    var yNumbers: ChartNumbers

    /// nil: there is no point to draw.
    init?(_ data: ChartData, yCount: Int) {
        let xs = data.series.flatMap { $0.points.map(\.x) }
        let ys = data.series.flatMap { $0.points.compactMap(\.y) }
        guard let xLow = xs.min(), let xHigh = xs.max(), var low = ys.min(), var high = ys.max() else { return nil }
        self.xLow = xLow
        self.xHigh = xHigh
        // Zero belongs to the picture unless all values lie far away from it.
        if low > 0, low < high * 0.6 || low == high { low = 0 }
        if high < 0, high > low * 0.6 || low == high { high = 0 }
        if low == high { (low, high) = (low - 1, high + 1) }
        yTicks = ChartScale.ticks(low, high, count: yCount)
        let step = yTicks.count > 1 ? yTicks[1] - yTicks[0] : high - low
        yNumbers = ChartNumbers(largest: max(abs(low), abs(high)), step: step, isShare: data.valuesAreShares)
    }

    var yLow: Double { yTicks[0] }
    var yHigh: Double { yTicks[yTicks.count - 1] }

    func xShare(_ x: Double) -> Double { xHigh > xLow ? (x - xLow) / (xHigh - xLow) : 0.5 }
    func yShare(_ y: Double) -> Double { yHigh > yLow ? (y - yLow) / (yHigh - yLow) : 0.5 }
}

extension TerminalChart {
    private static let plotRows = 15

    /// One line in dots of braille, several in colours; where there is no colour each has a letter of its own.
    mutating func drawLines() {
        guard let frame = LineFrame(data, yCount: 4) else { return line(faint("no values")) }
        let rows = TerminalChart.plotRows
        let tickTexts = frame.yTicks.map { frame.yNumbers.text($0) }
        let yCells = tickTexts.reduce(0) { max($0, DisplayMeasure.cells(of: $1)) }
        let plot = max(10, width - yCells - 2)
        let isDotted = !isASCII && (data.series.count == 1 || styled)
        var canvas = Canvas(columns: plot, rows: rows, isDotted: isDotted)
        for (place, series) in data.series.enumerated() {
            var last: (Int, Int)?
            for point in series.points {
                guard let y = point.y else {
                    last = nil
                    continue
                }
                let to = (
                    Int((frame.xShare(point.x) * Double(canvas.dotColumns - 1)).rounded()),
                    Int(((1 - frame.yShare(y)) * Double(canvas.dotRows - 1)).rounded())
                )
                canvas.draw(from: last ?? to, to: to, series: place)
                last = to
            }
        }
        let tickRows = Dictionary(
            frame.yTicks.enumerated().map { (Int(((1 - frame.yShare($1)) * Double(rows - 1)).rounded()), $0) }, uniquingKeysWith: { $1 })
        for row in 0..<rows {
            let label = tickRows[row].map { tickTexts[$0] } ?? ""
            let bar = isASCII ? (tickRows[row] == nil ? "|" : "+") : (tickRows[row] == nil ? "│" : "┤")
            line(TerminalChart.padded(label, to: yCells, right: true) + " " + faint(bar) + canvas.row(row) { coloured($0, $1) })
        }
        line(
            String(repeating: " ", count: yCells + 1)
                + faint((isASCII ? "+" : "└") + String(repeating: isASCII ? "-" : "─", count: plot)))
        line(String(repeating: " ", count: yCells + 2) + xLabels(frame, plot))
        if data.series.count > 1 {
            let marks = data.series.indices.map { isDotted ? "━━" : String(Canvas.letters[$0 % Canvas.letters.count]) }
            let legend = data.series.enumerated().map { "\(coloured(marks[$0], $0)) \(shortened(plain($1.name), to: 30))" }
            line(String(repeating: " ", count: yCells + 2) + legend.joined(separator: "   "))
        }
    }

    /// Labels under their places, left out where they would touch.
    private func xLabels(_ frame: LineFrame, _ plot: Int) -> String {
        let ticks = data.axis.ticks(
            frame.xLow, frame.xHigh, count: max(2, plot / 14), isShare: data.alongAreShares, names: data.names.map(plain))
        var out = ""
        var cells = 0
        for tick in ticks {
            let label = shortened(tick.text, to: 20)
            let size = DisplayMeasure.cells(of: label)
            var at = Int((frame.xShare(tick.at) * Double(plot - 1)).rounded()) - size / 2
            at = max(0, min(plot - size, at))
            guard at >= cells + (cells > 0 ? 2 : 0) else { continue }
            out += String(repeating: " ", count: at - cells) + label
            cells = at + size
        }
        return out
    }
}

/// A field of dots, eight to a cell, or of letters.
private struct Canvas {
    static let letters = Array("*o+x#@%&")

    let columns: Int
    let rows: Int
    let isDotted: Bool
    private var dots: [UInt8]
    private var owners: [Int]

    init(columns: Int, rows: Int, isDotted: Bool) {
        self.columns = columns
        self.rows = rows
        self.isDotted = isDotted
        dots = Array(repeating: 0, count: columns * rows)
        owners = Array(repeating: -1, count: columns * rows)
    }

    var dotColumns: Int { isDotted ? columns * 2 : columns }
    var dotRows: Int { isDotted ? rows * 4 : rows }

    mutating func draw(from: (Int, Int), to: (Int, Int), series: Int) {
        let steps = max(abs(to.0 - from.0), abs(to.1 - from.1), 1)
        for step in 0...steps {
            let x = from.0 + Int((Double((to.0 - from.0) * step) / Double(steps)).rounded())
            let y = from.1 + Int((Double((to.1 - from.1) * step) / Double(steps)).rounded())
            set(x, y, series)
        }
    }

    private mutating func set(_ x: Int, _ y: Int, _ series: Int) {
        guard x >= 0, y >= 0, x < dotColumns, y < dotRows else { return }
        let cell = isDotted ? y / 4 * columns + x / 2 : y * columns + x
        if isDotted {
            let bits: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]
            dots[cell] |= bits[y % 4][x % 2]
        } else {
            dots[cell] = 1
        }
        owners[cell] = series
    }

    /// Runs of one series are coloured as one.
    func row(_ row: Int, _ colour: (String, Int) -> String) -> String {
        var out = ""
        var run = ""
        var owner = -1
        for column in 0..<columns {
            let cell = row * columns + column
            if owners[cell] != owner {
                out += owner < 0 ? run : colour(run, owner)
                run = ""
                owner = owners[cell]
            }
            if dots[cell] == 0 {
                run += " "
            } else if isDotted, let scalar = Unicode.Scalar(0x2800 + UInt32(dots[cell])) {
                run.unicodeScalars.append(scalar)
            } else {
                run.append(Canvas.letters[owners[cell] % Canvas.letters.count])
            }
        }
        return out + (owner < 0 ? run : colour(run, owner))
    }
}
