import Storage

/// `+`, `-`, `*`, `/` and `div` where a date, a timestamp, a span, a duration or calendar months take part.
///
/// | left | right | gives |
/// |---|---|---|
/// | date | constant duration of whole days | date |
/// | date | any other duration | timestamp |
/// | timestamp | duration | timestamp |
/// | date, timestamp | months | the same, month ends clamped |
/// | month, quarter, year | months (whole quarters, whole years) | the same span |
/// | week | constant duration of whole weeks | week |
/// | date - date | | int, in days |
/// | timestamp - timestamp, or one of them a date | | duration |
/// | span - span of one type | | int, in spans |
/// | duration ± duration | | duration |
/// | duration * number, duration / number | | duration, rounded half to even to microseconds |
/// | duration / duration | | decimal(6) |
/// | duration div duration | | int |
enum TemporalArithmetic {
    /// nil: neither side is temporal, or the operation is no arithmetic.
    static func resolve(_ operation: BinaryOperator, _ a: Bound, _ b: Bound, span: SourceSpan) throws -> Bound? {
        guard isTemporal(a) || isTemporal(b) else { return nil }
        let operands = Operands(operation: operation, a: a, b: b, span: span)
        switch operation {
        case .add: return try add(operands)
        case .subtract: return try subtract(operands)
        case .multiply: return try multiply(operands)
        case .divide: return try divide(operands)
        case .div: return try div(operands)
        case .mod: throw operands.mismatch()
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .and, .or, .like, .notLike: return nil
        }
    }

    /// Two sides on their way to a result.
    struct Operands {
        let operation: BinaryOperator
        let a: Bound
        let b: Bound
        let span: SourceSpan

        var swapped: Operands { Operands(operation: operation, a: b, b: a, span: span) }

        func error(_ message: String, hint: String? = nil) -> QueryError { QueryError(.type, message, at: span, hint: hint) }

        func mismatch(hint: String? = nil) -> QueryError {
            error("\(operation.rawValue) does not go between \(describe(a)) and \(describe(b))", hint: hint)
        }

        func result(_ type: LogicalType, _ instance: FunctionInstance, _ arguments: [Bound]) -> Bound {
            Bound(.function(instance, arguments), type, span)
        }
    }

    static func isTemporal(_ x: Bound) -> Bool { x.type.isTemporal || x.type == .duration }

    static func months(_ x: Bound) -> Int64? {
        if case .months(let count) = x.kind { return count }
        return nil
    }

    static func describe(_ x: Bound) -> String {
        if months(x) != nil { return "calendar months" }
        if x.isNullConstant { return "null" }
        switch x.type {
        case .int: return "an int"
        case .bool, .decimal, .float, .text, .date, .timestamp, .week, .month, .quarter, .year, .duration: return "a \(x.type.name)"
        }
    }

    // MARK: - The calendar's bounds

    static let minimumTimestamp = CivilDate.minimumDay * CivilDate.microsecondsPerDay
    static let maximumTimestamp = (CivilDate.maximumDay + 1) * CivilDate.microsecondsPerDay - 1

    @inline(__always) static func isOutside(day: Int64) -> Bool { day < CivilDate.minimumDay || day > CivilDate.maximumDay }
    @inline(__always) static func isOutside(timestamp: Int64) -> Bool { timestamp < minimumTimestamp || timestamp > maximumTimestamp }

    static func outsideCalendar(_ span: SourceSpan) -> QueryError {
        QueryError(.data, "the result lies outside the calendar, which has the years 1 to 9999", at: span)
    }

    static func durationOverflow(_ span: SourceSpan) -> QueryError {
        QueryError(.data, "the duration is too long: at most some 292,000 years", at: span)
    }

    /// No two days of the calendar lie further apart, so a larger step fails without being taken.
    static let monthsMax: Int64 = 9999 * 12

    @inline(__always)
    static func addMonths(_ months: Int64, toDate day: Int64) -> (value: Int64, failed: Bool) {
        guard months.magnitude <= UInt64(monthsMax), !isOutside(day: day) else { return (0, true) }
        let from = EraDay(date: day)
        let month = Int64(from.month) &+ months
        guard month >= 12, month < 120_000 else { return (0, true) }
        let year = month / 12
        let number = month % 12 &+ 1
        var dayOfMonth = Int64(from.dayOfMonth)
        if dayOfMonth > 28 { dayOfMonth = min(dayOfMonth, CivilDate.daysInMonth(year: year, month: number)) }
        return (CivilDate.days(year: year, month: number, day: dayOfMonth), false)
    }

    @inline(__always)
    static func addMonths(_ months: Int64, toTimestamp timestamp: Int64) -> (value: Int64, failed: Bool) {
        let day = CivilDate.dayOf(timestamp: timestamp)
        let (moved, failed) = addMonths(months, toDate: day)
        return (moved &* CivilDate.microsecondsPerDay &+ (timestamp &- day &* CivilDate.microsecondsPerDay), failed)
    }
}
