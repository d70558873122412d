import Storage

/// How a customer's life with the bank goes.
enum DemoLifecycle: Sendable {
    /// As ever.
    case steady
    /// Less every month from `turn` on; most of them close in the end.
    case fading
    /// Active until the account is closed.
    case leaver
    /// Nothing after `turn`, the account stays open.
    case sleeper
    /// Nothing from `turn` to `back`, then as before.
    case returner
    /// Next to nothing until `turn`, then large sums: one for the risk desk.
    case waker
    /// Only around the new year and in autumn.
    case seasonal
    /// Never a transaction.
    case silent
}

/// What is drawn once for a customer and decides the rest.
struct DemoPerson: Sendable {
    var id: Int
    var isMale: Bool
    var birthday: Int64
    var ageYears: Int
    var opened: Int64
    var closed: Int64?
    var branch: Int
    var manager: Int
    var referredBy: Int?
    var lifecycle: DemoLifecycle
    /// Month indexes from 2024-01, where the lifecycle has them.
    var turn: Int
    var back: Int
    /// Cents that the customer keeps here when all is well.
    var wealth: Int
    /// Thousandths of the usual sums.
    var scale: Int
    /// Discretionary transactions a month in 1/256.
    var rate: Int
    /// Cents a month, 0 for none; paid on this day of the month.
    var salary: Int
    var salaryDay: Int
    /// The month from which the customer prefers the mobile app (past the last one: never).
    var mobileFrom: Int
    var lifeStage: Int

    /// First and last day on which the customer can act within the books.
    var firstActive: Int64 { max(opened, DemoCalendar.first) }
    var lastActive: Int64 { closed ?? DemoCalendar.today }
    var isOpen: Bool { closed == nil }
    var isChurning: Bool { lifecycle == .fading || lifecycle == .leaver }

    func isCustomer(on day: Int64) -> Bool { opened <= day && (closed.map { day < $0 } ?? true) }

    /// How active a month is, 256 being as usual.
    func activity(month m: Int) -> Int {
        switch lifecycle {
        case .steady: return 256
        case .fading:
            guard m >= turn else { return 256 }
            return m - turn >= 8 ? 0 : 256 * [80, 60, 44, 30, 20, 12, 7, 4][m - turn] / 100
        case .leaver: return 256
        case .sleeper: return m < turn ? 256 : 0
        case .returner: return m < turn || m >= back ? 256 : 0
        case .waker: return m < turn ? 3 : 256
        case .seasonal: return [256, 256, 0, 0, 0, 0, 0, 0, 200, 120, 0, 256][m % 12]
        case .silent: return 0
        }
    }
}

extension DemoBank {
    /// Share of the customers (of 65,536) that had opened by a day: old stock, then steady growth through the books.
    private static let openingCurve: [(share: Int, day: Int64)] = [
        (0, DemoCalendar.day(2009, 3, 2)), (6_500, DemoCalendar.day(2013, 1, 7)), (16_000, DemoCalendar.day(2017, 1, 9)),
        (26_000, DemoCalendar.day(2020, 1, 6)), (36_000, DemoCalendar.day(2022, 9, 5)), (43_500, DemoCalendar.day(2024, 1, 2)),
        (51_000, DemoCalendar.day(2024, 12, 31)), (59_500, DemoCalendar.day(2025, 12, 31)), (65_536, DemoCalendar.day(2026, 9, 30)),
    ]

    private static func openingDay(share: Int) -> Int64 {
        let upper = openingCurve.firstIndex { $0.share > share } ?? openingCurve.count - 1
        let (a, b) = (openingCurve[upper - 1], openingCurve[upper])
        return a.day + (b.day - a.day) * Int64(share - a.share) / Int64(b.share - a.share)
    }

    /// Customers are numbered in the order in which they came.
    func person(_ id: Int) -> DemoPerson {
        var d = Dice(seed, .person, id)
        let share = ((id - 1) << 16 + d.below(1 << 16)) / customers
        let opened = calendar.workday(onOrAfter: DemoBank.openingDay(share: share))
        let isMale = d.chance(49, in: 100)
        var birthday = opened - Int64(18 * 366 + (d.below(1 << 10) * d.below(1 << 10) * 19_000) >> 20)
        if id % 499 == 100, opened > DemoCalendar.day(2010, 6, 1) { birthday = DemoCalendar.day(d.chance(1, in: 2) ? 1988 : 1992, 2, 29) }
        let age = Int(DemoCalendar.today - birthday) * 100 / 36_525
        var branch = d.chance(35, in: 100) ? min(d.below(branches.count), d.below(branches.count)) : d.below(branches.count)
        if branches[branch].opened > opened { branch = 0 }
        let manager = branch * DemoBank.staffPerBranch + 1 + d.weighted([34, 28, 22, 16])
        let referredBy = referrer(of: id, &d)

        let ageFactor = age < 25 ? 250 : age < 35 ? 700 : age < 50 ? 1200 : age < 65 ? 1500 : 1100
        // A sum of four uniforms has thin tails: one customer in seventy is rich beyond them.
        let richness = d.chance(14) ? d.between(4, 30) : 1
        let wealth = min(d.lognormal(median: 2_600_000, octaves: 2600) * ageFactor / 1000 * richness, 4_000_000_000)
        let scale = max(150, min(30_000, Dice.scaled(1000, exponent: (bitWidth(wealth) - 21) * 24_000 + d.normal() * 30)))
        var rate = min(d.lognormal(median: 190, octaves: 1550), 256 * 40)
        let isEmployed = age >= 20 && age < 62 && d.chance(46, in: 100)
        let salary = isEmployed ? (d.lognormal(median: 820_000, octaves: 750) / 5000) * 5000 : 0
        let mobileFrom = DemoBank.mobileMonth(age: age, &d)
        if age > 65 { rate = rate * 7 / 10 }

        let stage: Int =
            switch age {
            case ..<23: d.weighted([70, 30])
            case ..<30: d.weighted([5, 60, 25, 10])
            case ..<45: d.weighted([0, 20, 20, 40, 20])
            case ..<58: d.weighted([0, 12, 12, 8, 55, 13])
            default: d.weighted([0, 5, 10, 0, 10, 25, 50])
            }
        var p = DemoPerson(
            id: id, isMale: isMale, birthday: birthday, ageYears: age, opened: opened, closed: nil, branch: branch, manager: manager,
            referredBy: referredBy, lifecycle: .steady, turn: 0, back: 0, wealth: max(wealth, 5000), scale: scale, rate: rate,
            salary: salary, salaryDay: d.between(5, 28), mobileFrom: mobileFrom, lifeStage: stage)
        live(&p, &d)
        return p
    }

    private func bitWidth(_ x: Int) -> Int { Int.bitWidth - x.leadingZeroBitCount }

    private static func mobileMonth(age: Int, _ d: inout Dice) -> Int {
        let kind = d.below(100)
        let early = age < 35 ? 55 : age < 55 ? 30 : 10
        let never = age < 35 ? 5 : age < 55 ? 18 : 45
        let draw = d.between(1, DemoCalendar.months)
        return kind < early ? 0 : kind >= 100 - never ? DemoCalendar.months + 1 : draw
    }

    /// Someone with a smaller number, a few of them far more often than others; two planted circles break the tree.
    private func referrer(of id: Int, _ d: inout Dice) -> Int? {
        let isReferred = d.chance(180)
        let other = id > 1 ? 1 + d.below(id - 1) : 0
        let isHub = d.chance(40, in: 100)
        if customers >= 20, let planted = [3: 5, 5: 3, 7: 11, 11: 13, 13: 7][id] { return planted }
        guard isReferred, other > 0 else { return nil }
        return isHub && other > 37 ? other - other % 37 : other
    }

    private func live(_ p: inout DemoPerson, _ d: inout Dice) {
        let first = DemoCalendar.first
        let start = max(0, calendar.monthIndex(p.opened) + 2)
        let last = DemoCalendar.months
        let kind = d.below(1000)
        let turn = d.between(start, last - 1)
        let gap = d.between(7, 14)
        let closingDelay = d.between(Int64(60), 270)
        let day = d.below(28)
        let closes = d.chance(62, in: 100)
        if p.opened < first - 400, d.chance(70) {
            p.closed = calendar.workday(onOrBefore: d.between(p.opened + 200, first - 3))
            p.lifecycle = .silent
            return
        }
        guard start + 3 < last else { return p.lifecycle = kind < 40 ? .silent : .steady }
        p.turn = turn
        // Those who came through another customer stay longer.
        let stays = p.referredBy == nil ? 0 : 110
        switch kind {
        case ..<(150 - stays / 2):
            p.lifecycle = .fading
            let closing = calendar.monthStart[turn] + closingDelay
            if closes, closing <= DemoCalendar.today { p.closed = closing }
        case 150..<(270 - stays):
            p.lifecycle = .leaver
            p.closed = calendar.monthStart[turn] + Int64(day)
        case 270..<330: p.lifecycle = .sleeper
        case 330..<390:
            p.back = turn + gap
            p.lifecycle = p.back < last ? .returner : .sleeper
        case 390..<396:
            p.lifecycle = .waker
            p.turn = max(start, last - 9 + turn % 8)
        case 396..<436: p.lifecycle = .seasonal
        case 436..<462: p.lifecycle = .silent
        default: p.lifecycle = .steady
        }
        if let closed = p.closed { p.closed = min(calendar.workday(onOrAfter: closed), DemoCalendar.today) }
    }
}
