import Storage

/// How each cast checks its argument and what it computes.
extension CastFunctions {
    /// Integers read from texts: an unreadable one is an error or null.
    private static func reader(
        _ name: String, _ type: LogicalType, orNull: Bool, _ span: SourceSpan,
        _ read: @escaping @Sendable (TextView) -> TextReading.Result
    ) -> FunctionInstance {
        FunctionInstance(name) { arguments, out, count, context in
            let a = arguments[0].texts
            let o = out.integers
            for i in 0..<count {
                o[i] = 0
                if out.isNull(i) { continue }
                switch read(a[i]) {
                case .value(let value): o[i] = value
                case .unreadable where orNull, .tooLarge where orNull: out.setNull(i, of: count)
                case .unreadable: throw unreadable(a[i], type, span, tryForm: "try_\(name)(…)")
                case .tooLarge: throw unreadable(a[i], type, span, tryForm: "try_\(name)(…)", tooLarge: true)
                }
                if i & 255 == 255 { try context.cancellation.check() }
            }
        }
    }

    /// Integers computed from numbers: a row that fails is an error or null.
    @inline(__always)
    private static func convert(
        _ out: Vector, _ count: Int, orNull: Bool, failure: (Int) -> QueryError, _ body: (Int) -> (value: Int64, failed: Bool)
    ) throws {
        guard orNull else { return try KernelLoop.checked(out, count, failure: failure, body) }
        let o = out.integers
        for i in 0..<count {
            let (value, failed) = body(i)
            o[i] = failed ? 0 : value
            if failed, !out.isNull(i) { out.setNull(i, of: count) }
        }
    }

    static func toInt(_ call: FunctionCall, orNull: Bool) throws -> Bound {
        let x = call.arguments[0]
        if x.type == .int || x.isNullConstant { return Bound(x.kind, .int, call.span) }
        let span = call.span
        let roundHint = "round(x), floor(x), ceil(x) and trunc(x) say what becomes of the digits after the point"
        switch x.type {
        case .text:
            let instance = reader("int", .int, orNull: orNull, span) { TextReading.integer($0) }
            return call.result(.int, instance, [x])
        case .decimal(let scale):
            let unit = Decimals.power(scale)
            let instance = FunctionInstance("int") { arguments, out, count, _ in
                let a = arguments[0].integers
                func failure(_ i: Int) -> QueryError {
                    QueryError(
                        .data, "\(CellText.string(.integer(a[i]), type: .decimal(scale: scale))) is no whole number", at: span,
                        hint: roundHint)
                }
                try convert(out, count, orNull: orNull, failure: failure) { i in
                    let (q, r) = a[i].quotientAndRemainder(dividingBy: unit)
                    return (q, r != 0)
                }
            }
            return call.result(.int, instance, [x])
        case .float:
            let instance = FunctionInstance("int") { arguments, out, count, _ in
                let a = arguments[0].doubles
                func failure(_ i: Int) -> QueryError {
                    let shown = CellText.string(.double(a[i]), type: .float)
                    return Int64(exactly: a[i].rounded()) == nil
                        ? QueryError(.data, "\(shown) is too large for int", at: span)
                        : QueryError(.data, "\(shown) is no whole number", at: span, hint: "int(round(x)) rounds it first")
                }
                try convert(out, count, orNull: orNull, failure: failure) { i in
                    guard let value = Int64(exactly: a[i]) else { return (0, true) }
                    return (value, false)
                }
            }
            return call.result(.int, instance, [x])
        case .bool:
            let instance = FunctionInstance("int", monotone: true) { arguments, out, count, _ in
                let (a, o) = (arguments[0].mask, out.integers)
                for i in 0..<count { o[i] = Int64(a[i]) }
            }
            return call.result(.int, instance, [x])
        case .year, .quarter, .month, .week:
            throw call.needs("a text or a number", 0, hint: "\(x.type.name)_number(x) is the number of a \(x.type.name)")
        case .date, .timestamp:
            throw call.needs("a text or a number", 0, hint: "days_between(a, b), year_number(x) and the like give numbers")
        case .duration: throw call.needs("a text or a number", 0, hint: "x / 1d is a duration in days")
        case .int: return x
        }
    }

    static func toDecimal(_ call: FunctionCall, orNull: Bool) throws -> Bound {
        let scale = Int(try call.constantInteger(1, "the scale", 0...Int64(Decimals.maximumScale)))
        let type = LogicalType.decimal(scale: scale)
        let x = call.arguments[0]
        if x.type == type || x.isNullConstant { return Bound(x.kind, type, call.span) }
        let span = call.span
        switch x.type {
        case .text:
            let instance = reader("decimal", type, orNull: orNull, span) { TextReading.decimal($0, scale: scale) }
            return call.result(type, instance, [x])
        case .int, .decimal:
            let from = x.type
            let cut = max(x.type.scale - scale, 0)
            let unit = Decimals.power(cut)
            let factor = Decimals.power(max(scale - x.type.scale, 0))
            let instance = FunctionInstance("decimal", monotone: true) { arguments, out, count, _ in
                let a = arguments[0].integers
                func failure(_ i: Int) -> QueryError {
                    QueryError(.data, "\(CellText.string(.integer(a[i]), type: from)) has more than 18 digits as \(type.name)", at: span)
                }
                try convert(out, count, orNull: orNull, failure: failure) { i in
                    let rounded = cut > 0 ? RoundingRule.halfEven.quotient(a[i], unit) : a[i]
                    let (value, overflow) = rounded.multipliedReportingOverflow(by: factor)
                    return (value, overflow || NumberFunctions.exceeds(value, Decimals.maximumMagnitude))
                }
            }
            return call.result(type, instance, [x])
        case .float:
            let unit = Double(Decimals.power(scale))
            let instance = FunctionInstance("decimal", monotone: true) { arguments, out, count, _ in
                let a = arguments[0].doubles
                func failure(_ i: Int) -> QueryError {
                    QueryError(.data, "\(CellText.string(.double(a[i]), type: .float)) has more than 18 digits as \(type.name)", at: span)
                }
                try convert(out, count, orNull: orNull, failure: failure) { i in
                    let scaled = (a[i] * unit).rounded(.toNearestOrEven)
                    return scaled.magnitude < 1e18 ? (Int64(scaled), false) : (0, true)
                }
            }
            return call.result(type, instance, [x])
        case .bool, .date, .timestamp, .week, .month, .quarter, .year, .duration: throw call.needs("a text or a number", 0)
        }
    }

    static func toFloat(_ call: FunctionCall, orNull: Bool) throws -> Bound {
        let x = call.arguments[0]
        if let number = Coercion.coerce(x, to: .float) { return number }
        guard x.type == .text else { throw call.needs("a text or a number", 0) }
        let span = call.span
        let instance = FunctionInstance("float") { arguments, out, count, context in
            let a = arguments[0].texts
            let o = out.doubles
            for i in 0..<count {
                o[i] = 0
                if out.isNull(i) { continue }
                if let value = TextReading.float(a[i]) {
                    o[i] = value
                } else if orNull {
                    out.setNull(i, of: count)
                } else {
                    throw unreadable(a[i], .float, span, tryForm: "try_float(…)")
                }
                if i & 255 == 255 { try context.cancellation.check() }
            }
        }
        return call.result(.float, instance, [x])
    }

    /// To a date or a timestamp.
    static func toTime(_ call: FunctionCall, _ type: LogicalType, orNull: Bool) throws -> Bound {
        let x = call.arguments[0]
        switch x.type {
        case type: return x
        case _ where x.isNullConstant: return .constant(.null, type, x.span)
        case .timestamp: return DateFunctions.day(of: x, span: call.span)
        case .date: return try call.argument(0, as: .timestamp, "a date")
        case .text:
            let instance =
                type == .date
                ? reader("date", .date, orNull: orNull, call.span) { TextReading.date($0) }
                : reader("timestamp", .timestamp, orNull: orNull, call.span) { TextReading.timestamp($0) }
            return call.result(type, instance, [x])
        case .week, .month, .quarter, .year:
            throw call.needs("a text or a date", 0, hint: "start(x) and end(x) give the first and the last day of a \(x.type.name)")
        case .int: throw call.needs("a text or a date", 0, hint: "make_date(year, month, day) makes a date of numbers")
        case .bool, .decimal, .float, .duration: throw call.needs("a text or a date", 0)
        }
    }
}
