import Storage

extension FunctionCatalogue {
    static let castFunctions: [ScalarFunction] = [
        CastFunctions.int, CastFunctions.decimal, CastFunctions.float, CastFunctions.text, CastFunctions.date, CastFunctions.timestamp,
        CastFunctions.bool, CastFunctions.tryInt, CastFunctions.tryDecimal, CastFunctions.tryFloat, CastFunctions.tryDate,
        CastFunctions.tryTimestamp,
    ]
}

/// Casts. What cannot be read or would lose something unsaid is an error that names the value; the `try_` forms give null instead.
enum CastFunctions {
    static let int = ScalarFunction(
        "int(x)", .cast, 1...1, "The whole number in a text, a decimal, a float or a bool; one with digits after the point is an error.",
        [("int(\"42\")", "42"), ("int(12.00)", "12")]
    ) { call in
        try toInt(call, orNull: false)
    }

    static let tryInt = ScalarFunction(
        "try_int(x)", .cast, 1...1, "Like int, but null where x is no whole number.", [("try_int(\"42\")", "42"), ("try_int(\"n/a\")", "")]
    ) { call in
        try toInt(call, orNull: true)
    }

    static let decimal = ScalarFunction(
        "decimal(x, scale)", .cast, 2...2,
        "The number as a decimal with scale digits after the point (0 to 12); further digits are rounded half to even.",
        [("decimal(\"12.345\", 2)", "12.34"), ("decimal(7, 2)", "7.00")]
    ) { call in
        try toDecimal(call, orNull: false)
    }

    static let tryDecimal = ScalarFunction(
        "try_decimal(x, scale)", .cast, 2...2, "Like decimal, but null where x is no number or too large.",
        [("try_decimal(\"12.5\", 2)", "12.50"), ("try_decimal(\"?\", 2)", "")]
    ) { call in
        try toDecimal(call, orNull: true)
    }

    static let float = ScalarFunction(
        "float(x)", .cast, 1...1, "The number as a float, which trades exactness for range.",
        [("float(\"1.5e3\")", "1500"), ("float(2.50)", "2.5")]
    ) { call in
        try toFloat(call, orNull: false)
    }

    static let tryFloat = ScalarFunction(
        "try_float(x)", .cast, 1...1, "Like float, but null where x is no number.",
        [("try_float(\"1.5\")", "1.5"), ("try_float(\"nan\")", "")]
    ) { call in
        try toFloat(call, orNull: true)
    }

    static let text = ScalarFunction(
        "text(x)", .cast, 1...1, "The value as text, written as csv writes it.", [("text(12.50)", "12.50"), ("text(2026-09)", "2026-09")]
    ) { call in
        text(of: call.arguments[0])
    }

    static let date = ScalarFunction(
        "date(x)", .cast, 1...1, "The date in a text written 2026-09-30, or the day of a timestamp.",
        [("date(\"2026-09-30\")", "2026-09-30")]
    ) { call in
        try toTime(call, .date, orNull: false)
    }

    static let tryDate = ScalarFunction(
        "try_date(x)", .cast, 1...1, "Like date, but null where x is no date.",
        [("try_date(\"2026-09-30\")", "2026-09-30"), ("try_date(\"2026-02-30\")", "")]
    ) { call in
        try toTime(call, .date, orNull: true)
    }

    static let timestamp = ScalarFunction(
        "timestamp(x)", .cast, 1...1,
        "The timestamp in a text written 2026-09-30 12:00:00 (seconds may be missing, a T may stand between), or the first moment of a date.",
        [("timestamp(\"2026-09-30 12:00\")", "2026-09-30 12:00:00")]
    ) { call in
        try toTime(call, .timestamp, orNull: false)
    }

    static let tryTimestamp = ScalarFunction(
        "try_timestamp(x)", .cast, 1...1, "Like timestamp, but null where x is none.", [("try_timestamp(\"noon\")", "")]
    ) { call in
        try toTime(call, .timestamp, orNull: true)
    }

    static let bool = ScalarFunction(
        "bool(x)", .cast, 1...1, "True for true, yes, t, y, 1 and false for their opposites, in a text of any case or an int.",
        [("bool(\"Yes\")", "true"), ("bool(0)", "false")]
    ) { call in
        let x = call.arguments[0]
        if x.type == .bool || x.isNullConstant { return Bound(x.kind, .bool, call.span) }
        let span = call.span
        if x.type == .int {
            let instance = FunctionInstance("bool") { arguments, out, count, _ in
                let a = arguments[0].integers
                let o = out.mask
                for i in 0..<count {
                    o[i] = a[i] == 0 ? 0 : 1
                    guard a[i] != 0, a[i] != 1, !out.isNull(i) else { continue }
                    throw QueryError(.data, "\(a[i]) is no bool", at: span, hint: "x != 0 asks whether a number is not zero")
                }
            }
            return call.result(.bool, instance, [x])
        }
        guard x.type == .text else { throw call.needs("a text or an int", 0, hint: x.type.isNumeric ? "x != 0 asks for not zero" : nil) }
        let instance = FunctionInstance("bool") { arguments, out, count, _ in
            let a = arguments[0].texts
            let o = out.mask
            for i in 0..<count {
                o[i] = 0
                if out.isNull(i) { continue }
                guard case .value(let value) = TextReading.bool(a[i]) else { throw unreadable(a[i], .bool, span, tryForm: nil) }
                o[i] = UInt8(truncatingIfNeeded: value)
            }
        }
        return call.result(.bool, instance, [x])
    }

    // MARK: - Text

    /// Any value as text; texts as they are.
    static func text(of x: Bound) -> Bound {
        if x.type == .text { return x }
        if let value = x.constantValue {
            return .constant(value.isNull ? .null : .text(CellText.string(value, type: x.type)), .text, x.span)
        }
        let type = x.type
        let instance = FunctionInstance("text") { arguments, out, count, context in
            let argument = arguments[0]
            var scratch: [UInt8] = []
            try KernelLoop.texts(out, count, context) { i in
                scratch.removeAll(keepingCapacity: true)
                switch argument.form {
                case .integers: CellText.append(argument.integers[i], type: type, to: &scratch)
                case .mask: CellText.append(Int64(argument.mask[i]), type: type, to: &scratch)
                case .doubles: CellText.appendDouble(argument.doubles[i], to: &scratch)
                case .codes, .texts: scratch.append(contentsOf: argument.text(i).buffer)
                }
                out.setText(i, scratch: scratch)
            }
        }
        return Bound(.function(instance, [x]), .text, x.span)
    }

    static func unreadable(_ text: TextView, _ type: LogicalType, _ span: SourceSpan, tryForm: String?, tooLarge: Bool = false)
        -> QueryError
    {
        let shown = text.characterCount > 40 ? text.slice(0, text.offset(after: 40)).string + "…" : text.string
        let message = tooLarge ? "\"\(shown)\" is too large for \(type.name)" : "\"\(shown)\" cannot be read as \(type.name)"
        return QueryError(.data, message, at: span, hint: tryForm.map { "\($0) gives null instead" })
    }
}
