import Glibc
import Storage

/// Ranges of one width, round and few, that values are counted in. The bulk of the values decides on the width; what lies far outside is
/// counted in one range at each end, so that a single giant does not press all others into one bar.
struct HistogramBins {
    /// Integers are in the units of the type (cents, days, microseconds).
    enum Edges {
        case integers(from: Int64, width: Int64)
        case doubles(from: Double, width: Double)
    }
    let type: LogicalType
    let edges: Edges
    let count: Int
    /// Values lie below the first range, or above the last one.
    let hasTails: (below: Bool, above: Bool)

    /// - Parameters:
    ///   - low, high: the smallest and the largest value, in the units of the type.
    ///   - bulk: a range that nearly all values lie in.
    init?(type: LogicalType, low: Double, high: Double, bulk: ClosedRange<Double>, wanted: Int) {
        guard low.isFinite, high.isFinite, low <= high, abs(low) < 9e17, abs(high) < 9e17 else { return nil }
        let distance = bulk.upperBound > bulk.lowerBound ? bulk.upperBound - bulk.lowerBound : high - low
        var width = ChartScale.step(distance, count: wanted)
        let isWhole = type.physical == .integer
        if isWhole {
            if type == .timestamp || type == .duration { width = HistogramBins.time(distance, count: wanted) }
            // Numbers of hundredths are still round; of units there are only whole ones.
            if width < 1 || distance == 0 { width = 1 }
            if width != width.rounded() { width *= 2 }
        } else if distance == 0 {
            width = max(abs(low), 1)
        }
        let first = floor(low / width)
        let last = floor(high / width)
        var (from, to) = (floor(bulk.lowerBound / width), floor(bulk.upperBound / width))
        // A short tail is drawn as it is.
        let short = 4.0
        if from - first <= short { from = first }
        if last - to <= short { to = last }
        guard to - from < 1000 else { return nil }
        hasTails = (first < from, last > to)
        count = Int(to - from) + 1
        self.type = type
        edges = isWhole ? .integers(from: Int64(from * width), width: Int64(width)) : .doubles(from: from * width, width: width)
    }

    private static func time(_ distance: Double, count: Int) -> Double {
        let minute = 60e6
        let steps = [1 / 60, 5 / 60, 15 / 60, 1, 5, 15, 30, 60, 180, 360, 720, 1440, 10080].map { $0 * minute }
        return steps.first { distance / $0 <= Double(count) } ?? ChartScale.step(distance, count: count)
    }

    /// Each range holds one whole number.
    var isSingle: Bool {
        if case .integers(_, 1) = edges, type == .int { return true }
        return false
    }

    /// The lower edge of a range, also of the one behind the last.
    func edge(_ index: Int) -> Value {
        switch edges {
        case .integers(let from, let width): .integer(from + Int64(index) * width)
        case .doubles(let from, let width): .double(from + Double(index) * width)
        }
    }

    /// The range that a lower edge is of: -1 below the first, `count` above the last.
    func index(of edge: Value) -> Int {
        switch (edges, edge) {
        case (.integers(let from, let width), .integer(let value)):
            return Int(max(-1, min(Int64(count), CivilDate.floorDiv(value - from, width))))
        case (.doubles(let from, let width), .double(let value)):
            return Int(max(-1, min(Double(count), ((value - from) / width).rounded())))
        case (.integers, .double), (.integers, .text), (.integers, .null), (.doubles, .integer), (.doubles, .text), (.doubles, .null):
            return -1
        }
    }

    /// `bin(clamp(x, …), width)`: what values are grouped by.
    func expression(of x: Expression) -> Expression {
        func call(_ name: String, _ arguments: [Expression]) -> Expression {
            Expression(
                kind: .call(
                    Call(
                        name: Name(text: name, span: x.span), arguments: arguments.map { Call.Argument(label: nil, value: $0) },
                        filter: nil,
                        innerOrder: [], per: nil, order: nil)), span: x.span)
        }
        func literal(_ value: Literal) -> Expression { Expression(kind: .literal(value), span: x.span) }
        switch edges {
        case .integers(let from, let width):
            let step: Literal
            let make: (Int64) -> Literal
            switch type {
            case .decimal(let scale): (step, make) = (.decimal(width, scale: scale), { .decimal($0, scale: scale) })
            case .timestamp: (step, make) = (.duration(width), { .timestamp($0) })
            case .duration: (step, make) = (.duration(width), { .duration($0) })
            case .bool, .int, .float, .text, .date, .week, .month, .quarter, .year: (step, make) = (.integer(width), { .integer($0) })
            }
            let clamped = call("clamp", [x, literal(make(from - width)), literal(make(from + Int64(count) * width))])
            return call("bin", [clamped, literal(step)])
        case .doubles(let from, let width):
            let clamped = call("clamp", [x, literal(.float(from - width)), literal(.float(from + Double(count) * width))])
            return call("bin", [clamped, literal(.float(width))])
        }
    }
}
