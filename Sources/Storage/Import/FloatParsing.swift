/// Doubles from bytes, with the question whether the double still holds every digit that was written.
enum FloatParsing {
    private static let powers: [Double] = (0...22).map { exponent in (0..<exponent).reduce(1.0) { power, _ in power * 10 } }

    struct Parsed {
        var value: Double
        /// The double's shortest text has the same digits.
        var isExact: Bool
    }

    /// nil where the bytes are not a number or the double would be infinite.
    static func parse(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Parsed? {
        guard let shape = NumberShape(bytes, length), !shape.hasLeadingZeros else { return nil }
        var mantissa: UInt64 = 0
        var digits = 0
        var trailingZeros = 0
        var tooLong = false
        var i = shape.wholeStart
        let digitsEnd = shape.hasPoint ? shape.wholeEnd + 1 + shape.places : shape.wholeEnd
        while i < digitsEnd {
            let digit = bytes[i] &- 48
            i += 1
            guard digit <= 9 else { continue }
            if digits == 0, digit == 0 { continue }
            digits += 1
            trailingZeros = digit == 0 ? trailingZeros + 1 : 0
            if digits <= 19 { mantissa = mantissa &* 10 &+ UInt64(digit) } else { tooLong = true }
        }
        var exponent = -shape.places
        if shape.hasExponent {
            i += 1
            let negative = bytes[i] == UInt8(ascii: "-")
            if negative || bytes[i] == UInt8(ascii: "+") { i += 1 }
            var written = 0
            while i < length {
                written = written * 10 + Int(bytes[i] &- 48)
                i += 1
            }
            exponent += negative ? -written : written
        }
        if digits == 0 { return Parsed(value: shape.isNegative ? -0.0 : 0, isExact: true) }
        if !tooLong, mantissa < 1 << 53, exponent >= -22, exponent <= 22 {
            // Both factors are exact, so the one rounding is the correct one.
            let value = exponent < 0 ? Double(mantissa) / powers[-exponent] : Double(mantissa) * powers[exponent]
            let isExact = digits - trailingZeros <= 15 || roundTrips(value, bytes, length, shape)
            return Parsed(value: shape.isNegative ? -value : value, isExact: isExact)
        }
        let text = String(decoding: UnsafeBufferPointer(start: bytes, count: length), as: UTF8.self)
        guard let value = Double(text), value.isFinite else { return nil }
        return Parsed(value: value, isExact: roundTrips(value.magnitude, bytes, length, shape))
    }

    /// Compares digits and exponent of the written text with those of the double's shortest text.
    private static func roundTrips(_ magnitude: Double, _ bytes: UnsafePointer<UInt8>, _ length: Int, _ shape: NumberShape) -> Bool {
        let start = shape.wholeStart
        let written = normalized(UnsafeBufferPointer(start: bytes + start, count: length - start))
        var text = magnitude.description
        return text.withUTF8 { normalized($0) == written }
    }

    /// Significant digits without zeros at either end, and the power of ten of the first one.
    private static func normalized(_ text: UnsafeBufferPointer<UInt8>) -> [Int] {
        var digits: [Int] = []
        var exponent = 0
        var seenPoint = false
        var i = 0
        while i < text.count, text[i] | 0x20 != UInt8(ascii: "e") {
            if text[i] == UInt8(ascii: ".") {
                seenPoint = true
            } else {
                if !seenPoint { exponent += 1 }
                if digits.isEmpty, text[i] == 48 { exponent -= 1 } else { digits.append(Int(text[i]) - 48) }
            }
            i += 1
        }
        if i < text.count {
            i += 1
            let negative = text[i] == UInt8(ascii: "-")
            if negative || text[i] == UInt8(ascii: "+") { i += 1 }
            var value = 0
            while i < text.count {
                value = value * 10 + Int(text[i]) - 48
                i += 1
            }
            exponent += negative ? -value : value
        }
        while digits.last == 0 { digits.removeLast() }
        return digits.isEmpty ? [] : digits + [exponent]
    }
}
