/// What the values of a column seen so far have in common. Evidence only grows, and merges in any order.
struct ColumnEvidence: Equatable, Sendable {
    private(set) var values = 0
    private(set) var sawText = false
    private(set) var sawBool = false
    private(set) var sawNumber = false
    private(set) var sawDate = false
    private(set) var sawTimestamp = false

    private var wholeDigitsMax = 0
    private var placesMax = 0
    private var sawExponent = false
    /// Some number's digits do not survive as a double.
    private var sawInexact = false

    private var slashFirstMax: Int64 = 0
    private var slashSecondMax: Int64 = 0
    private var sawSlash = false
    private var slashDiffers = false

    /// Every value so far fits the stated date layout.
    private(set) var fitsLayout = true

    /// Takes note of one value that is not null. `isString`: a string of JSON, which is never a number.
    mutating func observe(_ start: UnsafePointer<UInt8>, _ count: Int, isString: Bool, layout: DateLayout?) {
        values += 1
        let (bytes, length) = Blanks.trimmed(start, count)
        guard length > 0, length <= 400 else {
            sawText = true
            fitsLayout = false
            return
        }
        if fitsLayout, layout?.timestamp(bytes, length) == nil { fitsLayout = false }
        if sawText { return }
        let first = bytes[0]
        if first == UInt8(ascii: "-") || first == UInt8(ascii: ".") || NumberParsing.isDigit(first) {
            if !isString, observeNumber(bytes, length) { return }
            if observeTemporal(bytes, length) { return }
        } else if !isString, CellParsing.plainBool(bytes, length) != nil {
            sawBool = true
            return
        }
        sawText = true
    }

    private mutating func observeNumber(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        guard let shape = NumberShape(bytes, length) else { return false }
        guard !shape.hasLeadingZeros else {
            sawText = true
            return true
        }
        if shape.places == 0, !shape.hasExponent, shape.wholeDigits > 18, NumberParsing.integer(bytes, length) == nil {
            sawText = true
            return true
        }
        sawNumber = true
        wholeDigitsMax = max(wholeDigitsMax, shape.wholeDigits)
        placesMax = max(placesMax, shape.places)
        if shape.hasExponent { sawExponent = true }
        if !sawInexact, shape.hasExponent || shape.wholeDigits + shape.places > 15 {
            sawInexact = !(FloatParsing.parse(bytes, length)?.isExact ?? false)
        }
        return true
    }

    private mutating func observeTemporal(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        guard let shape = DateShape(bytes, length) else { return false }
        if shape.form == .slashed {
            guard shape.day(order: .dayFirst) != nil || shape.day(order: .monthFirst) != nil else { return false }
        } else {
            guard shape.day(order: .dayFirst) != nil else { return false }
        }
        if shape.length == length {
            sawDate = true
        } else {
            guard DateParsing.timestamp(day: 0, rest: bytes + shape.length, length - shape.length) != nil else { return false }
            sawTimestamp = true
        }
        if shape.form == .slashed {
            sawSlash = true
            slashFirstMax = max(slashFirstMax, shape.first)
            slashSecondMax = max(slashSecondMax, shape.second)
            if shape.first != shape.second { slashDiffers = true }
        }
        return true
    }

    mutating func merge(_ other: ColumnEvidence) {
        fitsLayout = fitsLayout && other.fitsLayout
        values += other.values
        sawText = sawText || other.sawText
        sawBool = sawBool || other.sawBool
        sawNumber = sawNumber || other.sawNumber
        sawDate = sawDate || other.sawDate
        sawTimestamp = sawTimestamp || other.sawTimestamp
        wholeDigitsMax = max(wholeDigitsMax, other.wholeDigitsMax)
        placesMax = max(placesMax, other.placesMax)
        sawExponent = sawExponent || other.sawExponent
        sawInexact = sawInexact || other.sawInexact
        slashFirstMax = max(slashFirstMax, other.slashFirstMax)
        slashSecondMax = max(slashSecondMax, other.slashSecondMax)
        sawSlash = sawSlash || other.sawSlash
        slashDiffers = slashDiffers || other.slashDiffers
    }

    /// The order that some slashed value settles, if any does.
    var settledOrder: SlashOrder? { slashFirstMax > 12 ? .dayFirst : slashSecondMax > 12 ? .monthFirst : nil }

    /// The narrowest way to read all that was seen.
    func plan(layout: DateLayout?, order: ImportOptions.DateOrder?) -> ColumnPlan {
        guard values > 0 else { return ColumnPlan(kind: .text) }
        if let layout, fitsLayout { return ColumnPlan(kind: layout.hasTime ? .layoutTimestamp : .layoutDate) }
        let isTemporal = sawDate || sawTimestamp
        guard !sawText, [sawBool, sawNumber, isTemporal].filter({ $0 }).count == 1 else { return ColumnPlan(kind: .text) }
        if sawBool { return ColumnPlan(kind: .bool) }
        if sawNumber { return numberPlan() }
        var plan = ColumnPlan(kind: sawTimestamp ? .timestamp : .date)
        guard sawSlash else { return plan }
        switch order {
        case .dmy: plan.slashOrder = .dayFirst
        case .mdy: plan.slashOrder = .monthFirst
        case .ymd, nil:
            if slashFirstMax > 12 {
                plan.slashOrder = .dayFirst
            } else if slashSecondMax > 12 {
                plan.slashOrder = .monthFirst
            } else {
                plan.isOrderOpen = true
            }
        }
        let misfits = plan.slashOrder == .dayFirst ? slashSecondMax > 12 : slashFirstMax > 12
        return misfits ? ColumnPlan(kind: .text) : plan
    }

    private func numberPlan() -> ColumnPlan {
        if !sawExponent {
            if placesMax == 0 { return ColumnPlan(kind: .int) }
            if placesMax <= Decimals.maximumScale, wholeDigitsMax + placesMax <= Decimals.maximumDigits {
                return ColumnPlan(kind: .decimal, scale: placesMax)
            }
        }
        return ColumnPlan(kind: sawInexact ? .text : .float)
    }
}
