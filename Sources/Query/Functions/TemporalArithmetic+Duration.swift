import Storage

/// Durations among themselves and with numbers. What does not fit 64 bits of microseconds is an error.
extension TemporalArithmetic {
    static func combineDurations(_ operands: Operands) throws -> Bound {
        let (a, b, span) = (operands.a, operands.b, operands.span)
        let adds = operands.operation == .add
        switch (months(a), months(b)) {
        case (let x?, let y?):
            let (total, overflow) = adds ? x.addingReportingOverflow(y) : x.subtractingReportingOverflow(y)
            if overflow { throw outsideCalendar(span) }
            return Bound(.months(total), .duration, span)
        case (_?, nil), (nil, _?):
            throw operands.error(
                "calendar months and exact time do not add up to one length", hint: "move the date twice, as in date + 1mo + 3d")
        case (nil, nil): break
        }
        let instance = FunctionInstance(adds ? "add" : "subtract") { arguments, out, count, _ in
            let (x, y) = (arguments[0].integers, arguments[1].integers)
            try KernelLoop.checked(out, count, failure: { _ in durationOverflow(span) }) { i in
                let (value, overflow) = adds ? x[i].addingReportingOverflow(y[i]) : x[i].subtractingReportingOverflow(y[i])
                return (value, overflow)
            }
        }
        return operands.result(.duration, instance, [a, b])
    }

    static func multiply(_ operands: Operands) throws -> Bound {
        let (duration, number) = operands.a.type == .duration ? (operands.a, operands.b) : (operands.b, operands.a)
        if duration.type == .duration, number.isNullConstant { return .constant(.null, .duration, operands.span) }
        guard duration.type == .duration, number.type.isNumeric else { throw operands.mismatch() }
        let span = operands.span
        if let months = months(duration) {
            guard case .integer(let factor)? = number.constantValue, number.type == .int else {
                throw operands.error(
                    "calendar months are multiplied by constant ints only", hint: "add_months(date, n) moves by any number of months")
            }
            let (product, overflow) = months.multipliedReportingOverflow(by: factor)
            if overflow { throw outsideCalendar(span) }
            return Bound(.months(product), .duration, span)
        }
        let unit = Int128(Decimals.power(number.type.scale))
        let kernel: Kernel =
            switch number.type.physical {
            case .integer:
                { arguments, out, count, _ in
                    let (x, y) = (arguments[0].integers, arguments[1].integers)
                    try KernelLoop.checked(out, count, failure: { _ in durationOverflow(span) }) { i in
                        if unit == 1 {
                            let (value, overflow) = x[i].multipliedReportingOverflow(by: y[i])
                            return (value, overflow)
                        }
                        return narrow(Decimals.divideHalfEven(Int128(x[i]) * Int128(y[i]), by: unit))
                    }
                }
            case .double, .text:
                { arguments, out, count, _ in
                    let (x, y) = (arguments[0].integers, arguments[1].doubles)
                    try KernelLoop.checked(out, count, failure: { _ in durationOverflow(span) }) { i in narrow(Double(x[i]) * y[i]) }
                }
            }
        return operands.result(.duration, FunctionInstance("multiply", kernel: kernel), [duration, number])
    }

    static func divide(_ operands: Operands) throws -> Bound {
        let (a, b, span) = (operands.a, operands.b, operands.span)
        guard a.type == .duration, b.type == .duration || b.type.isNumeric || b.isNullConstant else { throw operands.mismatch() }
        if b.isNullConstant { return .constant(.null, .duration, span) }
        if months(a) != nil || months(b) != nil { return try divideMonths(operands) }
        if b.type == .duration {
            let instance = FunctionInstance("divide") { arguments, out, count, context in
                let (x, y) = (arguments[0].integers, arguments[1].integers)
                markZeroes(y, out, count, context)
                func failure(_ i: Int) -> QueryError { NumberFunctions.overflow("/", .decimal(scale: 6), span) }
                try KernelLoop.checked(out, count, failure: failure) { i in
                    if y[i] == 0 { return (0, false) }
                    let (value, failed) = narrow(Decimals.divideHalfEven(Int128(x[i]) * 1_000_000, by: Int128(y[i])))
                    return (value, failed || NumberFunctions.exceeds(value, Decimals.maximumMagnitude))
                }
            }
            return operands.result(.decimal(scale: 6), instance, [a, b])
        }
        if b.type == .float {
            let instance = FunctionInstance("divide") { arguments, out, count, context in
                let (x, y) = (arguments[0].integers, arguments[1].doubles)
                for i in 0..<count where y[i] == 0 && !out.isNull(i) {
                    context.divisionsByZero += 1
                    out.setNull(i, of: count)
                }
                try KernelLoop.checked(out, count, failure: { _ in durationOverflow(span) }) { i in
                    y[i] == 0 ? (0, false) : narrow(Double(x[i]) / y[i])
                }
            }
            return operands.result(.duration, instance, [a, b])
        }
        let unit = Int128(Decimals.power(b.type.scale))
        let instance = FunctionInstance("divide") { arguments, out, count, context in
            let (x, y) = (arguments[0].integers, arguments[1].integers)
            markZeroes(y, out, count, context)
            try KernelLoop.checked(out, count, failure: { _ in durationOverflow(span) }) { i in
                y[i] == 0 ? (0, false) : narrow(Decimals.divideHalfEven(Int128(x[i]) * unit, by: Int128(y[i])))
            }
        }
        return operands.result(.duration, instance, [a, b])
    }

    /// How many times one duration goes into another, cut to a whole number.
    static func div(_ operands: Operands) throws -> Bound {
        let (a, b, span) = (operands.a, operands.b, operands.span)
        guard a.type == .duration, b.type == .duration, months(a) == nil, months(b) == nil else {
            throw operands.mismatch(hint: a.type == .duration && b.type.isNumeric ? "/ divides a duration by a number" : nil)
        }
        let instance = FunctionInstance("div") { arguments, out, count, context in
            let (x, y) = (arguments[0].integers, arguments[1].integers)
            markZeroes(y, out, count, context)
            try KernelLoop.checked(out, count, failure: { _ in durationOverflow(span) }) { i in
                if y[i] == 0 { return (0, false) }
                let (value, overflow) = x[i].dividedReportingOverflow(by: y[i])
                return (value, overflow)
            }
        }
        return operands.result(.int, instance, [a, b])
    }

    private static func divideMonths(_ operands: Operands) throws -> Bound {
        if let months = months(operands.a), operands.b.type == .int, case .integer(let divisor)? = operands.b.constantValue, divisor != 0,
            months % divisor == 0
        {
            return Bound(.months(months / divisor), .duration, operands.span)
        }
        throw operands.error("calendar months have no fixed length, so they are divided by a constant that goes into them only")
    }

    private static func markZeroes(_ divisors: UnsafeMutablePointer<Int64>, _ out: Vector, _ count: Int, _ context: EvaluationContext) {
        for i in 0..<count where divisors[i] == 0 && !out.isNull(i) {
            context.divisionsByZero += 1
            out.setNull(i, of: count)
        }
    }

    @inline(__always)
    private static func narrow(_ value: Int128) -> (value: Int64, failed: Bool) {
        guard let narrow = Int64(exactly: value) else { return (0, true) }
        return (narrow, false)
    }

    @inline(__always)
    private static func narrow(_ value: Double) -> (value: Int64, failed: Bool) {
        let rounded = value.rounded(.toNearestOrEven)
        return rounded.magnitude < 0x1p63 ? (Int64(rounded), false) : (0, true)
    }
}
