/// The type of a column, an expression or a cell, shared by the store and the engine.
///
/// Every type is held physically as one of three: a 64-bit integer, a double, or UTF-8 bytes.
public enum LogicalType: Hashable, Sendable {
    /// 0 or 1.
    case bool
    case int
    /// A scaled integer: the value is `integer / 10^scale`. Scale 0 to 12; at most 18 digits.
    case decimal(scale: Int)
    /// A finite IEEE 754 double: NaN and infinities never enter a store.
    case float
    /// UTF-8, ordered by code point (which is the order of its bytes).
    case text
    /// Days since 1970-01-01 in the proleptic Gregorian calendar.
    case date
    /// Microseconds since 1970-01-01 00:00:00, without a time zone.
    case timestamp
    /// ISO weeks, counted since the week of Monday 1969-12-29 (which is week 0).
    case week
    /// `year * 12 + (month - 1)`.
    case month
    /// `year * 4 + (quarter - 1)`.
    case quarter
    /// The year's number.
    case year
    /// A span of exact time in microseconds (months are not exact: see the language's month durations).
    case duration

    public enum Physical: Sendable { case integer, double, text }

    public var physical: Physical {
        switch self {
        case .bool, .int, .decimal, .date, .timestamp, .week, .month, .quarter, .year, .duration: .integer
        case .float: .double
        case .text: .text
        }
    }

    public var isNumeric: Bool {
        switch self {
        case .int, .decimal, .float: true
        case .bool, .text, .date, .timestamp, .week, .month, .quarter, .year, .duration: false
        }
    }

    /// A stretch of days that a date can be asked to lie in.
    public var isSpan: Bool {
        switch self {
        case .week, .month, .quarter, .year: true
        case .bool, .int, .decimal, .float, .text, .date, .timestamp, .duration: false
        }
    }

    /// Date, timestamp, or a span of dates.
    public var isTemporal: Bool { isSpan || self == .date || self == .timestamp }

    /// The scale of an exact number; 0 for everything else.
    public var scale: Int {
        if case .decimal(let scale) = self { return scale }
        return 0
    }

    /// As the language writes it: `int`, `decimal(2)`, `month`.
    public var name: String {
        switch self {
        case .bool: "bool"
        case .int: "int"
        case .decimal(let scale): "decimal(\(scale))"
        case .float: "float"
        case .text: "text"
        case .date: "date"
        case .timestamp: "timestamp"
        case .week: "week"
        case .month: "month"
        case .quarter: "quarter"
        case .year: "year"
        case .duration: "duration"
        }
    }
}

/// One cell, for the edges of the program (literals, zone maps, answers in tests); hot loops never hold one.
public enum Value: Hashable, Sendable {
    case null
    /// Any type whose physical form is an integer.
    case integer(Int64)
    case double(Double)
    case text(String)

    public var isNull: Bool { self == .null }
}
