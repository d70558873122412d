/// How the values of one column are parsed.
struct ColumnPlan: Equatable, Sendable {
    /// A small integer, so that choosing a loop is one switch a column and piece.
    enum Kind: UInt8, Sendable {
        case bool, int, decimal, float, text, date, timestamp, layoutDate, layoutTimestamp, week, month, quarter, year, duration
    }
    var kind: Kind
    var scale = 0
    /// Given in the statement: a value that does not fit is a bad row, and the column never widens.
    var isStated = false
    var slashOrder = SlashOrder.dayFirst
    /// Both orders still fit and differ somewhere: settled by a later value, or an error at the end.
    var isOrderOpen = false

    init(kind: Kind, scale: Int = 0) {
        self.kind = kind
        self.scale = scale
    }

    init(stated type: LogicalType, layout: DateLayout?, order: ImportOptions.DateOrder?) {
        switch type {
        case .bool: kind = .bool
        case .int: kind = .int
        case .decimal(let digits):
            kind = .decimal
            scale = digits
        case .float: kind = .float
        case .text: kind = .text
        case .date: kind = layout == nil ? .date : .layoutDate
        case .timestamp: kind = layout == nil ? .timestamp : .layoutTimestamp
        case .week: kind = .week
        case .month: kind = .month
        case .quarter: kind = .quarter
        case .year: kind = .year
        case .duration: kind = .duration
        }
        isStated = true
        slashOrder = order == .mdy ? .monthFirst : .dayFirst
        isOrderOpen = (kind == .date || kind == .timestamp) && (order == nil || order == .ymd)
    }

    var type: LogicalType {
        switch kind {
        case .bool: .bool
        case .int: .int
        case .decimal: .decimal(scale: scale)
        case .float: .float
        case .text: .text
        case .date, .layoutDate: .date
        case .timestamp, .layoutTimestamp: .timestamp
        case .week: .week
        case .month: .month
        case .quarter: .quarter
        case .year: .year
        case .duration: .duration
        }
    }
}

/// Blanks around a value that is not text mean nothing.
enum Blanks {
    @inline(__always)
    static func trimmed(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> (UnsafePointer<UInt8>, Int) {
        var start = 0
        var end = count
        while start < end, bytes[start] == 32 || bytes[start] == 9 { start &+= 1 }
        while end > start, bytes[end &- 1] == 32 || bytes[end &- 1] == 9 { end &-= 1 }
        return (bytes + start, end &- start)
    }
}
