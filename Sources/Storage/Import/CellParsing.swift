/// One value's bytes as its physical 64 bits. Each parser is a concrete type, so that the loop over a column specialises to it.
protocol CellParser {
    /// False where the bytes do not fit the type. Eight bytes may be read beyond `length`.
    mutating func parse(_ bytes: UnsafePointer<UInt8>, _ length: Int, _ out: UnsafeMutablePointer<Int64>) -> Bool
}

enum CellParsing {
    /// `true` and `false` in any case.
    static func plainBool(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Bool? {
        if equals(bytes, length, "true") { return true }
        if equals(bytes, length, "false") { return false }
        return nil
    }

    /// What a column stated to be bool may hold besides.
    static func statedBool(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> Bool? {
        if let plain = plainBool(bytes, length) { return plain }
        for spelling: StaticString in ["1", "yes", "y", "t"] where equals(bytes, length, spelling) { return true }
        for spelling: StaticString in ["0", "no", "n", "f"] where equals(bytes, length, spelling) { return false }
        return nil
    }

    /// Without regard to case; the spelling is in lower case.
    static func equals(_ bytes: UnsafePointer<UInt8>, _ length: Int, _ spelling: StaticString) -> Bool {
        guard length == spelling.utf8CodeUnitCount else { return false }
        for i in 0..<length {
            let byte = bytes[i]
            let lower = byte >= 65 && byte <= 90 ? byte | 0x20 : byte
            guard lower == spelling.utf8Start[i] else { return false }
        }
        return true
    }
}

struct BoolParser: CellParser {
    let isStated: Bool
    func parse(_ bytes: UnsafePointer<UInt8>, _ length: Int, _ out: UnsafeMutablePointer<Int64>) -> Bool {
        let value = isStated ? CellParsing.statedBool(bytes, length) : CellParsing.plainBool(bytes, length)
        guard let value else { return false }
        out.pointee = value ? 1 : 0
        return true
    }
}

struct IntParser: CellParser {
    @inline(__always)
    func parse(_ bytes: UnsafePointer<UInt8>, _ length: Int, _ out: UnsafeMutablePointer<Int64>) -> Bool {
        guard let value = NumberParsing.integer(bytes, length) else { return false }
        out.pointee = value
        return true
    }
}

struct DecimalParser: CellParser {
    let scale: Int
    let power: Int64
    init(scale: Int) {
        self.scale = scale
        power = Decimals.power(scale)
    }
    @inline(__always)
    func parse(_ bytes: UnsafePointer<UInt8>, _ length: Int, _ out: UnsafeMutablePointer<Int64>) -> Bool {
        guard let value = NumberParsing.decimal(bytes, length, scale: scale, power: power) else { return false }
        out.pointee = value
        return true
    }
}

/// Writes the double's bits.
struct FloatParser: CellParser {
    let isStated: Bool
    func parse(_ bytes: UnsafePointer<UInt8>, _ length: Int, _ out: UnsafeMutablePointer<Int64>) -> Bool {
        guard let parsed = FloatParsing.parse(bytes, length), isStated || parsed.isExact else { return false }
        out.pointee = Int64(bitPattern: parsed.value.bitPattern)
        return true
    }
}

/// Dates and timestamps in the usual layouts. Neighbours in a file often share their day: its bytes are kept and compared.
struct TemporalParser: CellParser {
    let isTimestamp: Bool
    let isStated: Bool
    let order: SlashOrder
    /// What the slashed values of this column say about their order.
    private(set) var sawSlash = false
    private(set) var slashDiffers = false
    private(set) var slashFirstMax: Int64 = 0
    private var keptHead: UInt64 = 0
    private var keptTail: UInt16 = 0
    private var keptDay: Int64 = 0

    init(isTimestamp: Bool, isStated: Bool, order: SlashOrder) {
        self.isTimestamp = isTimestamp
        self.isStated = isStated
        self.order = order
    }

    @inline(__always)
    mutating func parse(_ bytes: UnsafePointer<UInt8>, _ length: Int, _ out: UnsafeMutablePointer<Int64>) -> Bool {
        if isTimestamp {
            if length == 19, bytes[10] == 32 || bytes[10] == UInt8(ascii: "T") {
                let time = DateParsing.plainTime(bytes + 11)
                if time >= 0, plainDay(bytes) {
                    out.pointee = keptDay &* CivilDate.microsecondsPerDay &+ time
                    return true
                }
            }
        } else if length == 10, plainDay(bytes) {
            out.pointee = keptDay
            return true
        }
        return parseAny(bytes, length, out)
    }

    /// `yyyy-MM-dd` in ten bytes, into `keptDay`.
    @inline(__always)
    private mutating func plainDay(_ bytes: UnsafePointer<UInt8>) -> Bool {
        let raw = UnsafeRawPointer(bytes)
        let head = raw.loadUnaligned(as: UInt64.self)
        let tail = raw.loadUnaligned(fromByteOffset: 8, as: UInt16.self)
        if head == keptHead, tail == keptTail { return true }
        guard bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-") else { return false }
        let year = NumberParsing.digits8(bytes, 4)
        let month = NumberParsing.digits8(bytes + 5, 2)
        let dayOfMonth = NumberParsing.digits8(bytes + 8, 2)
        guard let day = DateParsing.day(year: year, month: month, day: dayOfMonth) else { return false }
        keptHead = head
        keptTail = tail
        keptDay = day
        return true
    }

    private mutating func parseAny(_ bytes: UnsafePointer<UInt8>, _ length: Int, _ out: UnsafeMutablePointer<Int64>) -> Bool {
        guard let shape = DateShape(bytes, length) else {
            guard isStated, let day = DateParsing.compactDay(bytes, length) else { return false }
            out.pointee = isTimestamp ? day * CivilDate.microsecondsPerDay : day
            return true
        }
        guard let day = shape.day(order: order),
            let micro = DateParsing.timestamp(day: day, rest: bytes + shape.length, length - shape.length)
        else { return false }
        if shape.form == .slashed {
            sawSlash = true
            slashFirstMax = max(slashFirstMax, shape.first)
            if shape.first != shape.second { slashDiffers = true }
        }
        if isTimestamp {
            out.pointee = micro
            return true
        }
        // A stated date may be written with a midnight; any other time of day would be lost.
        guard shape.length == length || (isStated && micro == day * CivilDate.microsecondsPerDay) else { return false }
        out.pointee = day
        return true
    }
}

/// A stated layout; its date part alone where the column is a date and the time is midnight.
struct LayoutParser: CellParser {
    let layout: DateLayout
    let isTimestamp: Bool
    func parse(_ bytes: UnsafePointer<UInt8>, _ length: Int, _ out: UnsafeMutablePointer<Int64>) -> Bool {
        guard let micro = layout.timestamp(bytes, length) else { return false }
        if isTimestamp {
            out.pointee = micro
            return true
        }
        let day = CivilDate.dayOf(timestamp: micro)
        out.pointee = day
        return micro == day * CivilDate.microsecondsPerDay
    }
}

/// Spans as the language writes them: `2026-W36`, `2026-09`, `2026-Q3`, `2026`.
struct SpanParser: CellParser {
    let kind: ColumnPlan.Kind
    func parse(_ bytes: UnsafePointer<UInt8>, _ length: Int, _ out: UnsafeMutablePointer<Int64>) -> Bool {
        guard length >= 4 else { return false }
        let year = NumberParsing.digits8(bytes, 4)
        guard year >= 1 else { return false }
        if kind == .year {
            out.pointee = year
            return length == 4
        }
        guard length >= 6, bytes[4] == UInt8(ascii: "-") else { return false }
        let letter = bytes[5] & 0xDF
        let digitsStart = kind == .month ? 5 : 6
        guard length > digitsStart, length - digitsStart <= 2 else { return false }
        let number = NumberParsing.digits8(bytes + digitsStart, length - digitsStart)
        switch kind {
        case .month:
            out.pointee = year * 12 + number - 1
            return number >= 1 && number <= 12
        case .quarter:
            out.pointee = year * 4 + number - 1
            return letter == UInt8(ascii: "Q") && number >= 1 && number <= 4
        case .week:
            guard letter == UInt8(ascii: "W"), let week = CivilDate.week(isoYear: year, week: number) else { return false }
            out.pointee = week
            return true
        case .bool, .int, .decimal, .float, .text, .date, .timestamp, .layoutDate, .layoutTimestamp, .year, .duration:
            preconditionFailure("not a span")
        }
    }
}

/// Durations as the language writes exact ones: `2d 3h 15min 4.5s`, with `w` for seven days and a leading minus.
struct DurationParser: CellParser {
    func parse(_ bytes: UnsafePointer<UInt8>, _ length: Int, _ out: UnsafeMutablePointer<Int64>) -> Bool {
        var i = 0
        let negative = length > 0 && bytes[0] == UInt8(ascii: "-")
        if negative { i = 1 }
        var total: Int64 = 0
        var parts = 0
        while i < length {
            if bytes[i] == 32 {
                i += 1
                continue
            }
            let start = i
            while i < length, NumberParsing.isDigit(bytes[i]) || bytes[i] == UInt8(ascii: ".") { i += 1 }
            guard i > start, let number = NumberParsing.decimal(bytes + start, i - start, scale: 6, power: 1_000_000) else { return false }
            let unitStart = i
            while i < length, bytes[i] >= 97, bytes[i] <= 122 { i += 1 }
            let unit = String(decoding: UnsafeBufferPointer(start: bytes + unitStart, count: i - unitStart), as: UTF8.self)
            let seconds: Int64
            switch unit {
            case "w": seconds = 604_800
            case "d": seconds = 86_400
            case "h": seconds = 3_600
            case "min": seconds = 60
            case "s": seconds = 1
            case _: return false
            }
            let (product, over) = number.multipliedReportingOverflow(by: seconds)
            let (sum, past) = total.addingReportingOverflow(product)
            guard !over, !past else { return false }
            total = sum
            parts += 1
        }
        out.pointee = negative ? -total : total
        return parts > 0
    }
}
