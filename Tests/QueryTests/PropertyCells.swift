import Storage

/// One value of the reference interpreter. What it means is said by the type that stands beside it: an exact number is a whole at the
/// type's scale, a date a day number, a month a month number, a condition 0 or 1.
enum Cell: Hashable {
    case null
    case whole(Int128)
    case float(Double)
    case text([UInt8])

    static func bool(_ value: Bool) -> Cell { .whole(value ? 1 : 0) }
    static func text(_ string: String) -> Cell { .text(Array(string.utf8)) }

    var isTrue: Bool { self == .whole(1) }

    /// Nulls last, text by code point (which the order of UTF-8 bytes is).
    static func precedes(_ a: Cell, _ b: Cell, descending: Bool = false) -> Int {
        switch (a, b) {
        case (.null, .null): return 0
        case (.null, _): return 1
        case (_, .null): return -1
        default: return descending ? -compare(a, b) : compare(a, b)
        }
    }

    /// Of two values of one type, neither null: -1, 0 or 1.
    static func compare(_ a: Cell, _ b: Cell) -> Int {
        switch (a, b) {
        case (.whole(let x), .whole(let y)): return x < y ? -1 : x == y ? 0 : 1
        case (.float(let x), .float(let y)): return x < y ? -1 : x == y ? 0 : 1
        case (.text(let x), .text(let y)): return x == y ? 0 : x.lexicographicallyPrecedes(y) ? -1 : 1
        default: preconditionFailure("cells of two types")
        }
    }

    /// As csv shows it.
    func csv(_ type: LogicalType) -> String {
        switch self {
        case .null: return ""
        case .float(let value):
            var text = value.description
            if text.hasSuffix(".0") { text.removeLast(2) }
            return text == "-0" ? "0" : text
        case .text(let bytes):
            let text = String(decoding: bytes, as: UTF8.self)
            let plain = !bytes.isEmpty && bytes.first != 32 && bytes.last != 32 && !bytes.contains { [34, 44, 10, 13].contains($0) }
            if plain { return text }
            return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
        case .whole(let value):
            switch type {
            case .bool: return value == 0 ? "false" : "true"
            case .int: return "\(value)"
            case .decimal(let scale): return Self.decimal(value, scale)
            case .date: return Calendar.text(day: Int(value))
            case .timestamp:
                let day = Calendar.floor(Int(value), 86_400_000_000)
                let second = (Int(value) - day * 86_400_000_000) / 1_000_000
                return Calendar.text(day: day) + " " + Calendar.two(second / 3600) + ":" + Calendar.two(second / 60 % 60) + ":"
                    + Calendar.two(second % 60)
            case .month: return "\(Calendar.floor(Int(value), 12))-" + Calendar.two(Int(value) - 12 * Calendar.floor(Int(value), 12) + 1)
            case .quarter: return "\(Calendar.floor(Int(value), 4))-Q\(Int(value) - 4 * Calendar.floor(Int(value), 4) + 1)"
            case .year: return "\(value)"
            case .float, .text, .week, .duration: preconditionFailure("not made by the interpreter")
            }
        }
    }

    private static func decimal(_ value: Int128, _ scale: Int) -> String {
        if scale == 0 { return "\(value)" }
        var digits = "\(value.magnitude)"
        while digits.utf8.count <= scale { digits = "0" + digits }
        return (value < 0 ? "-" : "") + digits.dropLast(scale) + "." + digits.suffix(scale)
    }
}

/// The interpreter's own calendar: by counting, not by the store's formulas.
enum Calendar {
    /// Day number of the first day of every month from 1900-01 to 2101-12, and one more.
    private static let firstDays: [Int] = {
        var days = [Int]()
        var day = -25567
        for year in 1900...2101 {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            for length in [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
                days.append(day)
                day += length
            }
        }
        days.append(day)
        return days
    }()

    static func floor(_ a: Int, _ b: Int) -> Int { a >= 0 ? a / b : -((b - 1 - a) / b) }
    static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

    /// Months are counted from year 0.
    static func month(ofDay day: Int) -> Int {
        var low = 0
        var high = firstDays.count - 1
        while high - low > 1 {
            let middle = (low + high) / 2
            if firstDays[middle] <= day { low = middle } else { high = middle }
        }
        return 1900 * 12 + low
    }

    static func firstDay(ofMonth month: Int) -> Int { firstDays[month - 1900 * 12] }

    static func day(_ year: Int, _ month: Int, _ day: Int) -> Int { firstDay(ofMonth: year * 12 + month - 1) + day - 1 }

    static func text(day: Int) -> String {
        let month = month(ofDay: day)
        return "\(month / 12)-\(two(month % 12 + 1))-\(two(day - firstDay(ofMonth: month) + 1))"
    }

    /// Months later, the day clamped to the month's end.
    static func add(months: Int, to day: Int) -> Int {
        let from = month(ofDay: day)
        let offset = day - firstDay(ofMonth: from)
        let to = from + months
        return min(firstDay(ofMonth: to) + offset, firstDay(ofMonth: to + 1) - 1)
    }

    /// First and last microsecond of a value of any type of time.
    static func stretch(_ value: Int, _ type: LogicalType) -> (Int, Int) {
        func days(_ first: Int, _ end: Int) -> (Int, Int) { (first * 86_400_000_000, end * 86_400_000_000 - 1) }
        switch type {
        case .timestamp: return (value, value)
        case .date: return days(value, value + 1)
        case .month: return days(firstDay(ofMonth: value), firstDay(ofMonth: value + 1))
        case .quarter: return days(firstDay(ofMonth: value * 3), firstDay(ofMonth: value * 3 + 3))
        case .year: return days(firstDay(ofMonth: value * 12), firstDay(ofMonth: value * 12 + 12))
        case .bool, .int, .decimal, .float, .text, .week, .duration: preconditionFailure("not a time of the interpreter")
        }
    }
}

/// Whole numbers without a bound that matters.
enum Exact {
    static func power(_ exponent: Int) -> Int128 { (0..<max(0, exponent)).reduce(Int128(1)) { power, _ in power * 10 } }

    /// a / b, half to even.
    static func divide(_ a: Int128, _ b: Int128) -> Int128 {
        let negative = (a < 0) != (b < 0)
        let (quotient, rest) = a.magnitude.quotientAndRemainder(dividingBy: b.magnitude)
        let up = rest * 2 > b.magnitude || (rest * 2 == b.magnitude && quotient % 2 == 1)
        let value = Int128(quotient) + (up ? 1 : 0)
        return negative ? -value : value
    }

    /// The sum of doubles, rounded once (Shewchuk's partials, as in Python's `math.fsum`).
    static func sum(_ values: [Double]) -> Double {
        var partials: [Double] = []
        for value in values {
            var x = value
            var kept: [Double] = []
            for partial in partials {
                var (large, small) = (x, partial)
                if abs(large) < abs(small) { swap(&large, &small) }
                let high = large + small
                let low = small - (high - large)
                if low != 0 { kept.append(low) }
                x = high
            }
            partials = kept + [x]
        }
        guard var high = partials.popLast() else { return 0 }
        var low = 0.0
        while let next = partials.popLast() {
            let x = high
            high = x + next
            low = next - (high - x)
            if low != 0 { break }
        }
        // Half-way cases are decided by what lies below.
        if let next = partials.last, (low < 0 && next < 0) || (low > 0 && next > 0) {
            let twice = low * 2
            let x = high + twice
            if twice == x - high { high = x }
        }
        return high
    }
}

/// xorshift: the same numbers for the same seed everywhere.
struct PropertyRandom {
    private var state: UInt64
    init(_ seed: UInt64) { state = (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D >> 11
    }
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
    mutating func pick<T>(_ items: [T]) -> T { items[below(items.count)] }
    mutating func within(_ range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.upperBound - range.lowerBound + 1) }
}
