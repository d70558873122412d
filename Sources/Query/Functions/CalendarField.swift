import Storage

/// A day as a count from 0000-03-01, where every four-hundred-year era and every leap day lies at an end. Days of the years 1
/// to 9999 fit 32 bits, in which divisions by constants are multiplications: some two nanoseconds a row.
///
/// The method is that of Neri and Schneider, "Euclidean affine functions and their application to calendar algorithms" (2022).
struct EraDay {
    let number: UInt32

    static let shift: Int64 = 719_468

    @inline(__always) init(date: Int64) { number = UInt32(truncatingIfNeeded: date &+ EraDay.shift) }

    /// The bias makes every timestamp of the calendar positive, so that the division needs no correction.
    @inline(__always) init(timestamp: Int64) {
        let micro = UInt64(bitPattern: timestamp &+ EraDay.shift &* CivilDate.microsecondsPerDay)
        number = UInt32(truncatingIfNeeded: micro / UInt64(CivilDate.microsecondsPerDay))
    }

    @inline(__always) var date: Int64 { Int64(number) &- EraDay.shift }

    /// The year that begins in March, the month in it (3 to 14), and the day of the month less one.
    @inline(__always)
    private var parts: (year: UInt32, month: UInt32, day: UInt32) {
        let inCenturies = number &* 4 &+ 3
        let century = inCenturies / 146_097
        let dayOfCentury = inCenturies % 146_097 / 4
        let product = UInt64(2_939_745) &* UInt64(dayOfCentury &* 4 &+ 3)
        let year = UInt32(truncatingIfNeeded: product >> 32)
        let dayOfYear = UInt32(truncatingIfNeeded: product) / 2_939_745 / 4
        let inMonths = 2141 &* dayOfYear &+ 197_913
        return (century &* 100 &+ year, inMonths >> 16, (inMonths & 0xFFFF) / 2141)
    }

    /// `year * 12 + month - 1`: January and February count on from the year that began in March, which needs no case.
    @inline(__always) var month: UInt32 {
        let p = parts
        return p.year &* 12 &+ p.month &- 1
    }

    @inline(__always) var dayOfMonth: UInt32 { parts.day &+ 1 }

    /// Day 0 of the era was a Wednesday.
    @inline(__always) var weekday: UInt32 { (number &+ 2) % 7 &+ 1 }

    @inline(__always) var week: Int64 { Int64((number &+ 2) / 7) &- 102_781 }
}

/// A whole number that follows from a day alone. A type rather than a closure, so that each kernel is compiled for its own field.
protocol CalendarField: Sendable {
    static func value(_ day: EraDay) -> Int64
    /// How the field follows from a count of days since 1970-01-01, where that takes divisions only.
    static var dayCodeSteps: [CodeStep]? { get }
}

extension CalendarField {
    static var dayCodeSteps: [CodeStep]? { nil }
}

enum CalendarFields {
    enum Day: CalendarField {
        @inline(__always) static func value(_ day: EraDay) -> Int64 { day.date }
        static let dayCodeSteps: [CodeStep]? = []
    }
    enum Week: CalendarField {
        @inline(__always) static func value(_ day: EraDay) -> Int64 { day.week }
        // 1970-01-01 was a Thursday.
        static let dayCodeSteps: [CodeStep]? = [.add(3), .floorDivide(7)]
    }
    enum Month: CalendarField { @inline(__always) static func value(_ day: EraDay) -> Int64 { Int64(day.month) } }
    enum Quarter: CalendarField { @inline(__always) static func value(_ day: EraDay) -> Int64 { Int64(day.month / 3) } }
    enum Year: CalendarField { @inline(__always) static func value(_ day: EraDay) -> Int64 { Int64(day.month / 12) } }
    enum QuarterNumber: CalendarField { @inline(__always) static func value(_ day: EraDay) -> Int64 { Int64(day.month / 3 % 4 &+ 1) } }
    enum MonthNumber: CalendarField { @inline(__always) static func value(_ day: EraDay) -> Int64 { Int64(day.month % 12 &+ 1) } }
    enum WeekNumber: CalendarField {
        @inline(__always) static func value(_ day: EraDay) -> Int64 { CivilDate.isoYearAndWeek(week: day.week).week }
    }
    enum DayOfMonth: CalendarField { @inline(__always) static func value(_ day: EraDay) -> Int64 { Int64(day.dayOfMonth) } }
    enum DayOfYear: CalendarField {
        @inline(__always)
        static func value(_ day: EraDay) -> Int64 { day.date &- CivilDate.days(year: Int64(day.month / 12), month: 1, day: 1) &+ 1 }
    }
    enum Weekday: CalendarField {
        @inline(__always) static func value(_ day: EraDay) -> Int64 { Int64(day.weekday) }
        static let dayCodeSteps: [CodeStep]? = [.add(3), .floorModulo(7), .add(1)]
    }
}

extension CalendarField {
    /// The same from dates or from timestamps.
    static func codeSteps(from type: LogicalType) -> [CodeStep]? {
        guard let dayCodeSteps else { return nil }
        return type == .timestamp ? [.floorDivide(CivilDate.microsecondsPerDay)] + dayCodeSteps : dayCodeSteps
    }

    /// A kernel from dates or from timestamps.
    static func kernel(from type: LogicalType) -> Kernel {
        if type == .timestamp {
            return { a, o, n, _ in KernelLoop.integers(a, o, n) { value(EraDay(timestamp: $0)) } }
        }
        return { a, o, n, _ in KernelLoop.integers(a, o, n) { value(EraDay(date: $0)) } }
    }
}
