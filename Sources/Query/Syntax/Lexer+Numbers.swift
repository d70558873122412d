import Storage

extension Lexer {
    /// Reads a number, a duration or anything of dates; stands on a digit.
    mutating func number() throws(QueryError) -> Literal {
        let start = at
        if let date = try dateLiteral() { return date }
        try foreignDate()
        var digits: [UInt8] = []
        scanDigits(into: &digits)
        var scale = 0
        if byte(at) == UInt8(ascii: "."), isDigit(at + 1) {
            let whole = digits.count
            at += 1
            scanDigits(into: &digits)
            scale = digits.count - whole
        } else if byte(at) == UInt8(ascii: "."), byte(at + 1) != UInt8(ascii: "."), nameLength(at: at + 1, first: true) == nil {
            at += 1
            throw QueryError(
                .syntax, "a number ends in a point", at: span(start, at), hint: "write `\(string(start, at))0`, or leave the point out")
        }
        if let float = try exponent(from: start) { return float }
        let value = try exactValue(digits, start: start)
        let unitStart = at
        at = nameEnd(from: at)
        if at > unitStart { return try withUnit(value, scale: scale, start: start, unitStart: unitStart) }
        if byte(at) == UInt8(ascii: "%") {
            at += 1
            return try decimal(value, scale: scale + 2, start: start)
        }
        return scale == 0 ? .integer(value) : try decimal(value, scale: scale, start: start)
    }

    /// Digits with `_` between them.
    private mutating func scanDigits(into digits: inout [UInt8]) {
        while isDigit(at) || (byte(at) == UInt8(ascii: "_") && isDigit(at - 1) && isDigit(at + 1)) {
            if bytes[at] != UInt8(ascii: "_") { digits.append(bytes[at]) }
            at += 1
        }
    }

    private mutating func exponent(from start: Int) throws(QueryError) -> Literal? {
        guard byte(at) | 0x20 == UInt8(ascii: "e") else { return nil }
        var end = at + 1
        if byte(end) == UInt8(ascii: "+") || byte(end) == UInt8(ascii: "-") { end += 1 }
        guard isDigit(end) else { return nil }
        while isDigit(end) { end += 1 }
        guard nameLength(at: end, first: false) == nil else { return nil }
        at = end
        var text: [UInt8] = []
        for byte in bytes[start..<at] where byte != UInt8(ascii: "_") { text.append(byte) }
        guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else {
            throw QueryError(.syntax, "this number is too large", at: span(start, at), hint: "floats reach about 1.8e308")
        }
        return .float(value)
    }

    private func exactValue(_ digits: [UInt8], start: Int) throws(QueryError) -> Int64 {
        let significant = digits.drop { $0 == UInt8(ascii: "0") }
        guard significant.count <= Decimals.maximumDigits else { throw tooManyDigits(start) }
        return significant.reduce(Int64(0)) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }

    private func tooManyDigits(_ start: Int) -> QueryError {
        QueryError(
            .syntax, "a number has more than \(Decimals.maximumDigits) digits", at: span(start, at),
            hint: "exact numbers hold \(Decimals.maximumDigits) digits; a float is written with an exponent: 1e20")
    }

    private func decimal(_ value: Int64, scale: Int, start: Int) throws(QueryError) -> Literal {
        guard scale <= Decimals.maximumScale else {
            throw QueryError(
                .syntax, "a number has more than \(Decimals.maximumScale) digits behind the point", at: span(start, at),
                hint: "exact numbers hold \(Decimals.maximumScale) of them; a float is written with an exponent: 1e-13")
        }
        return .decimal(value, scale: scale)
    }

    private func withUnit(_ value: Int64, scale: Int, start: Int, unitStart: Int) throws(QueryError) -> Literal {
        let unit = string(unitStart, at)
        switch unit {
        case "k", "K": return try scaled(value, scale: scale, exponent: 3, start: start)
        case "m", "M": return try scaled(value, scale: scale, exponent: 6, start: start)
        case "bn": return try scaled(value, scale: scale, exponent: 9, start: start)
        case "万": return try scaled(value, scale: scale, exponent: 4, start: start)
        case "亿": return try scaled(value, scale: scale, exponent: 8, start: start)
        case "万亿": return try scaled(value, scale: scale, exponent: 12, start: start)
        case "s": return try duration(value, scale: scale, unit: 1_000_000, start: start)
        case "min": return try duration(value, scale: scale, unit: 60_000_000, start: start)
        case "h": return try duration(value, scale: scale, unit: 3_600_000_000, start: start)
        case "d": return try duration(value, scale: scale, unit: CivilDate.microsecondsPerDay, start: start)
        case "w": return try duration(value, scale: scale, unit: 7 * CivilDate.microsecondsPerDay, start: start)
        case "mo": return try months(value, scale: scale, unit: 1, start: start)
        case "q": return try months(value, scale: scale, unit: 3, start: start)
        case "y": return try months(value, scale: scale, unit: 12, start: start)
        default: throw unknownUnit(unit, start: start, unitStart: unitStart)
        }
    }

    private func unknownUnit(_ unit: String, start: Int, unitStart: Int) -> QueryError {
        let number = string(start, unitStart)
        let meant: String? =
            switch unit {
            case "b", "B", "BN", "Bn": "bn"
            case "day", "days", "天", "日": "d"
            case "week", "weeks", "周": "w"
            case "month", "months", "mon", "月": "mo"
            case "quarter", "quarters", "季": "q"
            case "year", "years", "yr", "年": "y"
            case "hour", "hours", "hr", "小时": "h"
            case "minute", "minutes", "mins", "分钟": "min"
            case "sec", "second", "seconds", "秒": "s"
            case "mn", "mio", "million": "m"
            default: nil
            }
        if let meant { return QueryError(.syntax, "`\(unit)` is not a unit", at: span(start, at), hint: "write \(number)\(meant)") }
        return QueryError(
            .syntax, "`\(number)\(unit)` is neither a number nor a name", at: span(start, at),
            hint: "units are k m bn 万 亿 and s min h d w mo q y; a name that starts with a digit stands in backticks")
    }

    /// `1.5m` is the integer 1500000, `1.2345k` the decimal 1234.5.
    private func scaled(_ value: Int64, scale: Int, exponent: Int, start: Int) throws(QueryError) -> Literal {
        if scale > exponent { return try decimal(value, scale: scale - exponent, start: start) }
        let (product, overflow) = value.multipliedReportingOverflow(by: Decimals.power(exponent - scale))
        guard !overflow, product <= Decimals.maximumMagnitude else { throw tooManyDigits(start) }
        return .integer(product)
    }

    private func duration(_ value: Int64, scale: Int, unit: Int64, start: Int) throws(QueryError) -> Literal {
        let product = Int128(value) * Int128(unit)
        let (whole, rest) = product.quotientAndRemainder(dividingBy: Int128(Decimals.power(min(scale, Decimals.maximumDigits))))
        guard scale <= Decimals.maximumDigits, rest == 0 else {
            throw QueryError(.syntax, "a duration is finer than a microsecond", at: span(start, at))
        }
        guard let result = Int64(exactly: whole) else {
            throw QueryError(.syntax, "a duration is too long", at: span(start, at), hint: "dates reach from year 1 to 9999")
        }
        return .duration(result)
    }

    private func months(_ value: Int64, scale: Int, unit: Int64, start: Int) throws(QueryError) -> Literal {
        guard scale == 0 else {
            throw QueryError(
                .syntax, "calendar units are whole: months, quarters and years have no parts", at: span(start, at),
                hint: "a year and a half is 18mo")
        }
        guard value <= 120_000 else {
            throw QueryError(.syntax, "a duration is too long", at: span(start, at), hint: "dates reach from year 1 to 9999")
        }
        return .months(value * unit)
    }
}
