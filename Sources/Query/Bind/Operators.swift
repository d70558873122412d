import Storage

/// Comparisons, with spans as stretches of time.
enum Operators {
    static func compare(_ comparison: Comparison, _ a: Bound, _ b: Bound, _ span: SourceSpan) throws -> Bound {
        if a.isNullConstant || b.isNullConstant { return .constant(.integer(0), .bool, span) }
        if a.type.isTemporal || b.type.isTemporal { return try compareTimes(comparison, a, b, span) }
        if case .months = a.kind { throw months(a) }
        if case .months = b.kind { throw months(b) }
        guard let type = Coercion.common(a, b), let left = Coercion.coerceForComparison(a, to: type),
            let right = Coercion.coerceForComparison(b, to: type)
        else {
            throw mismatch(a, b, span)
        }
        return Bound(.compare(comparison, left, right), .bool, span)
    }

    private static func months(_ bound: Bound) -> QueryError {
        QueryError(
            .type, "months have no fixed length, so they cannot be compared", at: bound.span, hint: "compare days, or dates moved by months"
        )
    }

    private static func example(_ type: LogicalType) -> String { type == .week ? "2026-W36" : type == .month ? "2026-09" : "2026-Q3" }

    private static func mismatch(_ a: Bound, _ b: Bound, _ span: SourceSpan) -> QueryError {
        var hint: String?
        switch (a.type, b.type) {
        case (.text, _) where b.type.isNumeric: hint = "write the text in double quotes, or use \(b.type == .int ? "int" : "decimal")(…)"
        case (_, .text) where a.type.isNumeric: hint = "numbers stand without quotes"
        case (.week, .int), (.month, .int), (.quarter, .int):
            hint = "a \(a.type.name) stands in its year, such as \(example(a.type)); \(a.type.name)_number(x) is its number"
        case (let time, .int) where time.isTemporal, (.int, let time) where time.isTemporal:
            hint = "a year has four digits: 2026; a day is written 2026-09-30"
        case (_, .text) where a.type.isTemporal: hint = "dates stand without quotes: 2026-09-30"
        case (.bool, _), (_, .bool): hint = "a condition is tested by itself: `where flag`, `where not flag`"
        default: hint = nil
        }
        return QueryError(.type, "cannot compare \(a.type.name) with \(b.type.name)", at: span, hint: hint)
    }

    /// Both sides are brought to the coarser unit: `ts <= 2026-09` asks whether the month of ts is not after it. Against a constant the
    /// span's edges are compared instead, so that the column stays as it is.
    private static func compareTimes(_ comparison: Comparison, _ a: Bound, _ b: Bound, _ span: SourceSpan) throws -> Bound {
        let left = year(a, beside: b)
        let right = year(b, beside: a)
        guard left.type.isTemporal, right.type.isTemporal else {
            let (time, other) = left.type.isTemporal ? (left, right) : (right, left)
            if time.constantValue != nil, time.type == .month, other.type.isNumeric, case .integer(let value)? = time.constantValue {
                let year = CivilDate.floorDiv(value, 12)
                let month = CivilDate.floorMod(value, 12) + 1
                let written = "\(year) - \(month < 10 ? "0" : "")\(month)"
                throw QueryError(
                    .type, "this is the month \(CellText.string(.integer(value), type: .month)), not a number", at: time.span,
                    hint: "a subtraction has spaces: \(written)")
            }
            throw mismatch(left, right, span)
        }
        if left.type == right.type { return Bound(.compare(comparison, left, right), .bool, span) }
        guard let coarse = coarser(left.type, right.type) else {
            throw QueryError(
                .type, "cannot compare a \(left.type.name) with a \(right.type.name): weeks cross the ends of months", at: span)
        }
        if left.type != coarse { return try compare(comparison, fine: left, coarse: right, span) }
        return try compare(comparison.mirrored, fine: right, coarse: left, span)
    }

    /// `2026` beside a date is the year; a number that does not look like one is more likely a slip.
    private static func year(_ bound: Bound, beside other: Bound) -> Bound {
        guard other.type.isTemporal, bound.type == .int, case .integer(let value)? = bound.constantValue, (1000...9999).contains(value)
        else { return bound }
        return .constant(.integer(value), .year, bound.span)
    }

    /// The unit of which both are made up, or nil (a week is not part of a month).
    static func coarser(_ a: LogicalType, _ b: LogicalType) -> LogicalType? {
        func rank(_ type: LogicalType) -> Int {
            switch type {
            case .timestamp: 0
            case .date: 1
            case .week: 2
            case .month: 3
            case .quarter: 4
            case .year: 5
            case .bool, .int, .decimal, .float, .text, .duration: -1
            }
        }
        if a == .week && rank(b) > 2 || b == .week && rank(a) > 2 { return nil }
        return rank(a) > rank(b) ? a : b
    }

    private static func compare(_ comparison: Comparison, fine: Bound, coarse: Bound, _ span: SourceSpan) throws -> Bound {
        if case .integer(let value)? = coarse.constantValue {
            let (first, last) = edges(of: value, coarse.type, in: fine.type)
            let low = Bound.constant(.integer(first), fine.type, coarse.span)
            let high = Bound.constant(.integer(last), fine.type, coarse.span)
            func test(_ c: Comparison, _ edge: Bound) -> Bound { Bound(.compare(c, fine, edge), .bool, span) }
            switch comparison {
            case .equal: return Bound(.and([test(.greaterOrEqual, low), test(.lessOrEqual, high)]), .bool, span)
            case .notEqual:
                return Bound(.not(Bound(.and([test(.greaterOrEqual, low), test(.lessOrEqual, high)]), .bool, span)), .bool, span)
            case .less: return test(.less, low)
            case .lessOrEqual: return test(.lessOrEqual, high)
            case .greater: return test(.greater, high)
            case .greaterOrEqual: return test(.greaterOrEqual, low)
            }
        }
        let name = coarse.type == .date ? "day" : coarse.type.name
        guard let function = FunctionCatalogue.byName[name] else { preconditionFailure("the catalogue lacks \(name)") }
        let call = FunctionCall(
            name: Name(text: name, span: fine.span), arguments: [fine], labels: [nil], span: fine.span, today: 0, holidays: { [] })
        return Bound(.compare(comparison, try function.resolve(call), coarse), .bool, span)
    }

    /// First and last value of type `type` within a span.
    static func edges(of value: Int64, _ unit: LogicalType, in type: LogicalType) -> (Int64, Int64) {
        let first = CivilDate.firstDay(of: value, type: unit)
        let last = CivilDate.firstDay(of: value + 1, type: unit) - 1
        switch type {
        case .timestamp: return (first * CivilDate.microsecondsPerDay, (last + 1) * CivilDate.microsecondsPerDay - 1)
        case .date: return (first, last)
        case .week, .month, .quarter, .year: return (CivilDate.span(of: first, type: type), CivilDate.span(of: last, type: type))
        case .bool, .int, .decimal, .float, .text, .duration: preconditionFailure("\(type.name) has no place in time")
        }
    }

    static func negate(_ operand: Bound, _ span: SourceSpan) throws -> Bound {
        if case .months(let months) = operand.kind { return Bound(.months(-months), .duration, span) }
        switch operand.type {
        case .int, .decimal, .float, .duration: break
        case .bool, .text, .date, .timestamp, .week, .month, .quarter, .year:
            throw QueryError(.type, "a \(operand.type.name) has no negative", at: span, hint: operand.type == .bool ? "write `not`" : nil)
        }
        if operand.isNullConstant { return operand }
        if operand.type == .float {
            let instance = FunctionInstance("negate") { arguments, out, count, _ in
                let a = arguments[0].doubles
                let o = out.doubles
                for i in 0..<count { o[i] = -a[i] }
            }
            return try ConstantFolding.fold(Bound(.function(instance, [operand]), .float, span))
        }
        let zero = Bound.constant(.integer(0), operand.type, span)
        return try ConstantFolding.fold(Bound(.function(Arithmetic.subtractIntegers, [zero, operand]), operand.type, span))
    }
}
