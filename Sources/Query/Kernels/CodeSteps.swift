import Storage

/// What an integer function of one argument does, told as steps that can be taken on a vector's codes: most touch the base and the unit
/// alone, the rest are one multiplication of 32 bits a row.
enum CodeStep: Sendable {
    case add(Int64)
    /// By a positive number.
    case multiply(Int64)
    /// By a positive number, towards negative infinity.
    case floorDivide(Int64)
    /// Of a positive number; the answer is not negative.
    case floorModulo(Int64)
    /// By a positive number, halves to the even side.
    case roundDivide(Int64)
    case magnitude
    /// The function cuts towards zero, which is the same where nothing is negative.
    case requireNonNegative
    /// Numbers beyond it, of either sign, are an error that tells their row.
    case requireMagnitude(Int64)
}

/// Integers from `low` on in steps of `step`, none above `high`.
struct IntegerLattice: Sendable {
    var low: Int64
    var high: Int64
    var step: Int64 = 1

    /// nil: nothing is known of the answers, or they may leave 64 bits.
    func applying(_ code: CodeStep) -> IntegerLattice? {
        switch code {
        case .add(let more):
            let (low, under) = low.addingReportingOverflow(more)
            let (high, over) = high.addingReportingOverflow(more)
            return under || over ? nil : IntegerLattice(low: low, high: high, step: step)
        case .multiply(let factor):
            let (low, under) = low.multipliedReportingOverflow(by: factor)
            let (high, over) = high.multipliedReportingOverflow(by: factor)
            let (step, wide) = step.multipliedReportingOverflow(by: factor)
            return under || over || wide ? nil : IntegerLattice(low: low, high: high, step: step)
        case .floorDivide(let divisor):
            return IntegerLattice(low: CivilDate.floorDiv(low, divisor), high: CivilDate.floorDiv(high, divisor))
        case .floorModulo(let divisor):
            if CivilDate.floorDiv(low, divisor) == CivilDate.floorDiv(high, divisor) {
                return IntegerLattice(low: CivilDate.floorMod(low, divisor), high: CivilDate.floorMod(high, divisor))
            }
            return IntegerLattice(low: 0, high: divisor - 1)
        case .roundDivide(let divisor):
            return IntegerLattice(low: RoundingRule.halfEven.quotient(low, divisor), high: RoundingRule.halfEven.quotient(high, divisor))
        case .magnitude:
            if low >= 0 { return self }
            guard low != .min, high != .min else { return nil }
            return IntegerLattice(low: high <= 0 ? -high : 0, high: max(-low, high))
        case .requireNonNegative: return low >= 0 ? self : nil
        case .requireMagnitude: return self
        }
    }
}

extension Vector {
    /// Takes the steps on the narrow codes of `source`; false (and nothing is said of the values) where some step needs whole values.
    /// Nulls are the caller's.
    func take(_ steps: [CodeStep], on source: Vector, count: Int) -> Bool {
        var base = source.base
        var unit = source.unit
        let codes = narrowCodes
        codes.update(from: source.narrowCodes, count: count)
        var largest = Int64(Codes.largest(codes, count))
        /// What the largest code stands for; nil beyond 64 bits.
        func highest() -> Int64? {
            let (distance, wide) = largest.multipliedReportingOverflow(by: unit)
            let (value, over) = base.addingReportingOverflow(distance)
            return wide || over ? nil : value
        }
        /// Makes the divisor a multiple of the unit, so that both are counted in units: what is then left of the base is less than one unit
        /// and changes no quotient.
        func byUnit(_ divisor: Int64) -> Bool {
            if divisor % unit == 0 { return true }
            let (distance, wide) = largest.multipliedReportingOverflow(by: unit)
            guard !wide, distance < Codes.dividendEnd else { return false }
            // A unit of over 32 bits is left over with the code 0 only.
            let factor = UInt32(truncatingIfNeeded: unit)
            for i in 0..<count { codes[i] = codes[i] &* factor }
            largest = distance
            unit = 1
            return true
        }
        guard highest() != nil else { return false }
        for step in steps {
            switch step {
            case .add(let more):
                let (moved, overflow) = base.addingReportingOverflow(more)
                base = moved
                if overflow || highest() == nil { return false }
            case .multiply(let factor):
                let (moved, overflow) = base.multipliedReportingOverflow(by: factor)
                let (wider, isWide) = unit.multipliedReportingOverflow(by: factor)
                base = moved
                unit = wider
                if overflow || isWide || highest() == nil { return false }
            case .floorDivide(let divisor):
                if unit % divisor == 0 {
                    base = CivilDate.floorDiv(base, divisor)
                    unit /= divisor
                    continue
                }
                guard byUnit(divisor) else { return false }
                let (first, steps) = (CivilDate.floorDiv(base, unit), divisor / unit)
                let offset = CivilDate.floorMod(first, steps)
                guard largest + offset < Codes.dividendEnd else { return false }
                base = CivilDate.floorDiv(first, steps)
                unit = 1
                largest = (largest + offset) / steps
                if largest == 0 {
                    codes.update(repeating: 0, count: count)
                } else {
                    Codes.divide(codes, count, adding: UInt32(offset), by: UInt32(steps))
                }
            case .floorModulo(let divisor):
                if unit % divisor == 0 {
                    base = CivilDate.floorMod(base, divisor)
                    unit = 1
                    largest = 0
                    codes.update(repeating: 0, count: count)
                    continue
                }
                guard byUnit(divisor) else { return false }
                let (first, steps) = (CivilDate.floorDiv(base, unit), divisor / unit)
                let offset = CivilDate.floorMod(first, steps)
                guard largest + offset < Codes.dividendEnd else { return false }
                base = CivilDate.floorMod(base, unit)
                if largest + offset >= steps {
                    Codes.remainder(codes, count, adding: UInt32(offset), by: UInt32(steps))
                    largest = steps - 1
                } else {
                    // No number of units too many for the divisor: only the base moves.
                    base += offset * unit
                }
            case .roundDivide(let divisor):
                guard byUnit(divisor), base % unit == 0 else { return false }
                let (first, steps) = (base / unit, divisor / unit)
                // The base's own quotient is even, so that an even code means an even answer.
                guard steps < Codes.dividendEnd / 4 else { return false }
                let offset = CivilDate.floorMod(first, steps * 2)
                guard largest + offset + steps < Codes.dividendEnd else { return false }
                base = CivilDate.floorDiv(first, steps * 2) * 2
                unit = 1
                largest = (largest + offset + steps) / steps
                Codes.roundHalfEven(codes, count, adding: UInt32(offset), by: UInt32(steps))
            case .magnitude:
                if base >= 0 { continue }
                let (zero, rest) = base.quotientAndRemainder(dividingBy: unit)
                guard rest == 0, zero > -Codes.dividendEnd else { return false }
                Codes.distance(codes, count, to: UInt32(-zero))
                largest = max(-zero, largest + zero)
                base = 0
            case .requireNonNegative: if base < 0 { return false }
            case .requireMagnitude(let limit):
                guard base >= -limit, let highest = highest(), highest <= limit else { return false }
            }
        }
        setNarrow(base: base, unit: unit, count: count)
        return true
    }

}

/// Loops over 32-bit codes.
enum Codes {
    /// Dividends are less: so one 32-bit factor does for every divisor.
    static let dividendEnd: Int64 = 1 << 31

    static func largest(_ codes: UnsafePointer<UInt32>, _ count: Int) -> UInt32 {
        var largest: UInt32 = 0
        for i in 0..<count { largest = max(largest, codes[i]) }
        return largest
    }

    /// `(n * factor) >> shift` is `n / divisor` for every n below 2^31 (Granlund and Montgomery, "Division by invariant integers using
    /// multiplication", 1994).
    private static func factor(_ divisor: UInt32) -> (factor: UInt64, shift: UInt64) {
        let bits = UInt64(32 - (divisor - 1).leadingZeroBitCount)
        let power: UInt64 = 1 << (31 + bits)
        return ((power + UInt64(divisor) - 1) / UInt64(divisor), 31 + bits)
    }

    /// Each code and `more` together divided by a number below 2^31. Sums are below ``dividendEnd``.
    static func divide(_ codes: UnsafeMutablePointer<UInt32>, _ count: Int, adding more: UInt32, by divisor: UInt32) {
        if divisor == 1 {
            for i in 0..<count { codes[i] = codes[i] &+ more }
            return
        }
        let (factor, shift) = factor(divisor)
        for i in 0..<count {
            let product = UInt64(codes[i] &+ more) &* (factor & 0xFFFF_FFFF)
            codes[i] = UInt32(truncatingIfNeeded: product &>> shift)
        }
    }

    /// The same to the nearest number, halves to the even one.
    static func roundHalfEven(_ codes: UnsafeMutablePointer<UInt32>, _ count: Int, adding more: UInt32, by divisor: UInt32) {
        if divisor == 1 { return divide(codes, count, adding: more, by: 1) }
        let (factor, shift) = factor(divisor)
        let half = divisor / 2
        // Only an even divisor has halves.
        let odd: UInt32 = divisor & 1 == 0 ? 1 : 0
        for i in 0..<count {
            let dividend = codes[i] &+ more &+ half
            let product = UInt64(dividend) &* (factor & 0xFFFF_FFFF)
            let quotient = UInt32(truncatingIfNeeded: product &>> shift)
            let isHalf: UInt32 = dividend &- quotient &* divisor == 0 ? 1 : 0
            codes[i] = quotient &- (quotient & odd & isHalf)
        }
    }

    static func distance(_ codes: UnsafeMutablePointer<UInt32>, _ count: Int, to zero: UInt32) {
        for i in 0..<count { codes[i] = max(codes[i], zero) &- min(codes[i], zero) }
    }

    /// What the same division leaves.
    static func remainder(_ codes: UnsafeMutablePointer<UInt32>, _ count: Int, adding more: UInt32, by divisor: UInt32) {
        if divisor == 1 { return codes.update(repeating: 0, count: count) }
        let (factor, shift) = factor(divisor)
        for i in 0..<count {
            let dividend = codes[i] &+ more
            let product = UInt64(dividend) &* (factor & 0xFFFF_FFFF)
            codes[i] = dividend &- UInt32(truncatingIfNeeded: product &>> shift) &* divisor
        }
    }
}
