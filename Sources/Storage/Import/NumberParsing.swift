/// Numbers straight from bytes: no allocation, no locale, no rounding.
enum NumberParsing {
    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 <= 9 }

    /// The value of 1 to 8 digits, or -1. Reads eight bytes whatever the length.
    @inline(__always)
    static func digits8(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Int64 {
        let raw = UInt64(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self))
        // The digits move to the word's high end, zeros take the places before them.
        let shift = UInt64(truncatingIfNeeded: 64 &- length &* 8)
        let word = (raw &<< shift) | (0x3030_3030_3030_3030 & ~(~0 &<< shift))
        let low = word ^ 0x3030_3030_3030_3030
        guard (low | (low &+ 0x0606_0606_0606_0606)) & 0xF0F0_F0F0_F0F0_F0F0 == 0 else { return -1 }
        let pairs = low &* 10 &+ (low &>> 8)
        let first = (pairs & 0x0000_00FF_0000_00FF) &* 0x000F_4240_0000_0064
        let second = ((pairs &>> 16) & 0x0000_00FF_0000_00FF) &* 0x0000_2710_0000_0001
        return Int64(truncatingIfNeeded: (first &+ second) &>> 32)
    }

    /// The value of 1 to 18 digits, or -1.
    @inline(__always)
    static func digits18(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Int64 {
        if length <= 8 { return digits8(bytes, length) }
        if length <= 16 {
            let high = digits8(bytes, length &- 8)
            let low = digits8(bytes + (length &- 8), 8)
            return (high | low) < 0 ? -1 : high &* 100_000_000 &+ low
        }
        guard length <= 18 else { return -1 }
        let top = digits8(bytes, length &- 16)
        let high = digits8(bytes + (length &- 16), 8)
        let low = digits8(bytes + (length &- 8), 8)
        return (top | high | low) < 0 ? -1 : (top &* 100_000_000 &+ high) &* 100_000_000 &+ low
    }

    /// A plain integer that fits Int64: no plus, no leading zeros, no spaces.
    @inline(__always)
    static func integer(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Int64? {
        let negative = bytes[0] == UInt8(ascii: "-")
        let start = negative ? 1 : 0
        let count = length &- start
        guard count >= 1, count <= 18 else { return count == 19 ? integer19(bytes, length) : nil }
        if bytes[start] == 48, count > 1 { return nil }
        let value = digits18(bytes + start, count)
        guard value >= 0 else { return nil }
        return negative ? 0 &- value : value
    }

    private static func integer19(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Int64? {
        let negative = bytes[0] == UInt8(ascii: "-")
        let start = negative ? 1 : 0
        guard bytes[start] != 48 else { return nil }
        var value: Int64 = 0
        for i in start..<length {
            guard isDigit(bytes[i]) else { return nil }
            let digit = Int64(bytes[i] &- 48)
            let (ten, over) = value.multipliedReportingOverflow(by: 10)
            let (next, past) = negative ? ten.subtractingReportingOverflow(digit) : ten.addingReportingOverflow(digit)
            guard !over, !past else { return nil }
            value = next
        }
        return value
    }

    /// A decimal as an integer scaled by 10^scale, at most 18 digits; nil where it is not one or has more (nonzero) places.
    @inline(__always)
    static func decimal(_ bytes: UnsafePointer<UInt8>, _ length: Int, scale: Int, power: Int64) -> Int64? {
        let negative = bytes[0] == UInt8(ascii: "-")
        let start = negative ? 1 : 0
        let whole = length &- scale &- 1 &- start
        // The usual shape: all places written, at least one digit before them, no leading zero.
        if scale > 0, whole >= 1, whole &+ scale <= 18, bytes[start &+ whole] == UInt8(ascii: "."),
            bytes[start] != 48 || whole == 1
        {
            let high = digits18(bytes + start, whole)
            let low = digits18(bytes + (start &+ whole &+ 1), scale)
            if (high | low) >= 0 {
                let value = high &* power &+ low
                return negative ? 0 &- value : value
            }
        }
        return anyDecimal(bytes, length, scale: scale)
    }

    private static func anyDecimal(_ bytes: UnsafePointer<UInt8>, _ length: Int, scale: Int) -> Int64? {
        guard let shape = NumberShape(bytes, length), !shape.hasExponent, !shape.hasLeadingZeros else { return nil }
        guard shape.significantPlaces <= scale, shape.wholeDigits + scale <= Decimals.maximumDigits else { return nil }
        var value: Int64 = 0
        for i in shape.wholeStart..<shape.wholeEnd { value = value &* 10 &+ Int64(bytes[i] &- 48) }
        for k in 0..<scale {
            value = value &* 10
            if k < shape.places { value = value &+ Int64(bytes[shape.wholeEnd + 1 + k] &- 48) }
        }
        return shape.isNegative ? 0 &- value : value
    }
}

/// The outer form of a number: `-?digits[.digits][e[+-]digits]`, or nil for anything else.
struct NumberShape {
    var isNegative = false
    var wholeStart = 0
    var wholeEnd = 0
    /// Digits before the point, a lone zero not counted.
    var wholeDigits = 0
    /// Digits after the point as written.
    var places = 0
    /// The same without trailing zeros.
    var significantPlaces = 0
    var hasPoint = false
    var hasLeadingZeros = false
    var hasExponent = false

    init?(_ bytes: UnsafePointer<UInt8>, _ length: Int) {
        var i = 0
        if i < length, bytes[i] == UInt8(ascii: "-") {
            isNegative = true
            i += 1
        }
        wholeStart = i
        while i < length, NumberParsing.isDigit(bytes[i]) { i += 1 }
        wholeEnd = i
        let whole = wholeEnd - wholeStart
        wholeDigits = whole == 1 && bytes[wholeStart] == 48 ? 0 : whole
        hasLeadingZeros = whole > 1 && bytes[wholeStart] == 48
        if i < length, bytes[i] == UInt8(ascii: ".") {
            hasPoint = true
            i += 1
            let start = i
            while i < length, NumberParsing.isDigit(bytes[i]) {
                if bytes[i] != 48 { significantPlaces = i - start + 1 }
                i += 1
            }
            places = i - start
            // `5.` is no number here: a point without places is more likely the end of a sentence or a list's number.
            guard places > 0 else { return nil }
        }
        guard whole + places > 0 else { return nil }
        if i < length, bytes[i] | 0x20 == UInt8(ascii: "e") {
            hasExponent = true
            i += 1
            if i < length, bytes[i] == UInt8(ascii: "-") || bytes[i] == UInt8(ascii: "+") { i += 1 }
            let start = i
            while i < length, NumberParsing.isDigit(bytes[i]) { i += 1 }
            guard i > start, i - start <= 4 else { return nil }
        }
        guard i == length else { return nil }
    }
}
