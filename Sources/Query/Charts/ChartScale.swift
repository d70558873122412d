import Glibc
import Storage

/// Round numbers along an axis.
enum ChartScale {
    /// 1, 2, 2.5 or 5 times a power of ten, so that about `count` of them span the distance.
    static func step(_ distance: Double, count: Int) -> Double {
        guard distance > 0, distance.isFinite else { return 1 }
        let raw = distance / Double(max(1, count))
        let power = pow(10, floor(log10(raw)))
        guard power > 0, power.isFinite else { return raw }
        for factor in [1, 2, 2.5, 5, 10] where raw <= factor * power * (1 + 1e-9) { return factor * power }
        return 10 * power
    }

    /// Round values from `low` to `high`, both of which lie within them.
    static func ticks(_ low: Double, _ high: Double, count: Int) -> [Double] {
        guard low < high else { return [low] }
        let step = step(high - low, count: count)
        let first = floor(low / step + 1e-9)
        let last = ceil(high / step - 1e-9)
        guard last - first < 1000 else { return [low, high] }
        return stride(from: first, through: last, by: 1).map { $0 * step }
    }
}

/// How numbers of one axis are written: short, and alike.
struct ChartNumbers {
    /// Shares of a whole are read as per cent.
    let isShare: Bool
    private let divisor: Double
    private let suffix: String
    private let places: Int

    /// - Parameter step: the smallest difference that must be seen.
    init(largest: Double, step: Double, isShare: Bool = false) {
        self.isShare = isShare
        let largest = abs(largest)
        let scales: [(from: Double, suffix: String)] = [(1e12, "tn"), (1e9, "bn"), (1e6, "m"), (1e4, "k")]
        if isShare {
            (divisor, suffix) = (0.01, "%")
        } else if let scale = scales.first(where: { largest >= $0.from }) {
            (divisor, suffix) = (scale.from == 1e4 ? 1e3 : scale.from, scale.suffix)
        } else {
            (divisor, suffix) = (1, "")
        }
        let smallest = step / divisor
        places = smallest <= 0 || !smallest.isFinite ? 0 : max(0, min(6, Int(ceil(-log10(smallest) - 1e-9))))
    }

    func text(_ value: Double) -> String { ChartNumbers.fixed(value / divisor, places: places) + (value == 0 && !isShare ? "" : suffix) }

    /// Digits with grouped thousands.
    static func fixed(_ value: Double, places: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        var scaled = (value * pow(10, Double(places))).rounded(.toNearestOrEven)
        if scaled == 0 { scaled = 0 }
        var digits = String(Int64(abs(scaled)))
        if places > 0 {
            while digits.count <= places { digits = "0" + digits }
        }
        let whole = digits.dropLast(places)
        let fraction = digits.suffix(places)
        return (scaled < 0 ? "-" : "") + CellText.grouped(Int(whole) ?? 0) + (places > 0 ? ".\(fraction)" : "")
    }

    /// Three digits that matter, for the cells of a heat map.
    static func short(_ value: Double, isShare: Bool) -> String {
        if isShare { return fixed(value * 100, places: abs(value) < 0.0995 && value != 0 ? 1 : 0) + "%" }
        let size = abs(value)
        if size < 10_000 {
            if value == value.rounded() { return fixed(value, places: 0) }
            return fixed(value, places: size >= 100 ? 0 : size >= 10 ? 1 : 2)
        }
        for (from, suffix) in [(1e12, "tn"), (1e9, "bn"), (1e6, "m"), (1e3, "k")] where size >= from * 0.9995 {
            let part = value / from
            return fixed(part, places: abs(part) >= 99.95 ? 0 : abs(part) >= 9.995 ? 1 : 2) + suffix
        }
        return fixed(value, places: 0)
    }
}

/// The axis along a line: numbers, time, or names one after another.
enum ChartAxis {
    case numbers
    case time(LogicalType)
    case names

    init(_ type: LogicalType) {
        switch type {
        case .int, .decimal, .float, .duration: self = .numbers
        case .date, .timestamp, .week, .month, .quarter, .year: self = .time(type)
        case .text, .bool: self = .names
        }
    }

    /// Places along the axis with what stands there, at most about `count`, all from `low` to `high`.
    func ticks(_ low: Double, _ high: Double, count: Int, isShare: Bool, names: [String]) -> [(at: Double, text: String)] {
        switch self {
        case .names:
            guard !names.isEmpty else { return [] }
            let step = max(1, Int((Double(names.count) / Double(max(1, count))).rounded(.up)))
            return stride(from: 0, to: names.count, by: step).map { (Double($0), names[$0]) }
        case .numbers:
            let ticks = ChartScale.ticks(low, high, count: count).filter {
                $0 >= low - 1e-9 * abs(high - low) && $0 <= high + 1e-9 * abs(high - low)
            }
            let step = ticks.count > 1 ? ticks[1] - ticks[0] : max(abs(low), 1)
            let numbers = ChartNumbers(largest: max(abs(low), abs(high)), step: step, isShare: isShare)
            return ticks.map { ($0, numbers.text($0)) }
        case .time(.timestamp): return ChartAxis.times(low, high, count: count)
        case .time(.date): return ChartAxis.days(low, high, count: count)
        case .time(let type):
            let steps: [Double]
            switch type {
            case .month: steps = [1, 2, 3, 6, 12, 24, 36, 60, 120, 240, 600, 1200]
            case .quarter: steps = [1, 2, 4, 8, 12, 20, 40, 80, 200, 400]
            case .week: steps = [1, 2, 4, 13, 26, 52, 104, 260, 520]
            case .year, .bool, .int, .decimal, .float, .text, .date, .timestamp, .duration:
                steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
            }
            let step = steps.first { (high - low) / $0 <= Double(max(1, count)) } ?? steps[steps.count - 1]
            let first = (low / step).rounded(.up) * step
            return stride(from: step > 1 && first > high ? low : first, through: high, by: step).map {
                ($0, CellText.string(.integer(Int64($0)), type: type))
            }
        }
    }

    private static func days(_ low: Double, _ high: Double, count: Int) -> [(at: Double, text: String)] {
        let range = high - low
        let few = Double(max(1, count))
        if range <= 14 * few {
            let step = [1.0, 2, 7, 14].first { range / $0 <= few } ?? 14
            return stride(from: low, through: high, by: step).map { ($0, CellText.string(.integer(Int64($0)), type: .date)) }
        }
        let (from, to) = (CivilDate.month(day: Int64(low)), CivilDate.month(day: Int64(high)))
        let step = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200].first { Double(to - from) / Double($0) <= few } ?? 1200
        var month = CivilDate.floorDiv(from + Int64(step) - 1, Int64(step)) * Int64(step)
        var ticks: [(at: Double, text: String)] = []
        while month <= to {
            let day = Double(CivilDate.firstDay(month: month))
            if day >= low, day <= high {
                ticks.append(
                    (day, step % 12 == 0 ? String(CivilDate.floorDiv(month, 12)) : CellText.string(.integer(month), type: .month)))
            }
            month += Int64(step)
        }
        return ticks
    }

    private static func times(_ low: Double, _ high: Double, count: Int) -> [(at: Double, text: String)] {
        let day = Double(CivilDate.microsecondsPerDay)
        guard high - low <= 3 * day else {
            return days((low / day).rounded(.up), high / day, count: count).map { ($0.at * day, $0.text) }
        }
        let minute = 60e6
        let steps = [1, 5, 15, 30, 60, 180, 360, 720, 1440].map { $0 * minute }
        let step = steps.first { (high - low) / $0 <= Double(max(1, count)) } ?? day
        return stride(from: (low / step).rounded(.up) * step, through: high, by: step).map {
            ($0, String(CellText.string(.integer(Int64($0)), type: .timestamp).dropLast(3).dropFirst(step < day ? 11 : 0)))
        }
    }
}
