import Storage

// What is planted for the risk desk: each in one month of a few customers.
extension DemoLedger {
    mutating func schedulePatterns(_ start: Int64, _ begin: Int64, _ end: Int64) {
        guard person.lifecycle != .silent, end - begin >= 12 else { return }
        var d = Dice(bank.seed, .patterns, person.id)
        let kind = d.below(1000)
        let when = d.below(DemoCalendar.months)
        if person.lifecycle == .waker, month == person.turn || month == person.turn + 1 {
            for _ in 0..<d.between(4, 8) {
                let day = d.between(begin, end - 2)
                let sum = d.between(80, 600) * 100_000
                let at = d.between(30_000, 70_000)
                add(.transferIn, .mobile, day, at, amount: sum, isIn: true, counterparty: counterparty(&d))
                add(
                    .transferOut, .mobile, day + Int64(d.below(2)), at + d.between(1800, 9000), amount: sum * 95 / 100, isIn: false,
                    counterparty: counterparty(&d))
            }
        }
        guard month == when, person.activity(month: month) > 0 else { return }
        switch kind {
        case ..<7: scheduleStructuring(begin, end, &d)
        case 7..<16: scheduleBurst(begin, end, &d)
        case 16..<22: scheduleLargeCash(begin, end, &d)
        case 22..<32:
            // A sudden change: one month ten times as large as the others.
            for _ in 0..<5 {
                let sum = person.scale * 15_000 * d.between(80, 120) / 1000 * 10
                add(
                    .transferIn, .web, d.between(begin, end), d.between(30_000, 80_000), amount: sum, isIn: true,
                    counterparty: counterparty(&d))
            }
        default: return
        }
    }

    /// Cash in several sums just under the 50,000 that must be reported, within a few days; then out in one.
    private mutating func scheduleStructuring(_ begin: Int64, _ end: Int64, _ d: inout Dice) {
        let from = d.between(begin, end - 7)
        var sum = 0
        for _ in 0..<d.between(3, 6) {
            let amount = d.between(455, 499) * 10_000
            let day = from + Int64(d.below(5))
            sum += amount
            add(.cashDeposit, isBranchOpen(day) ? .branch : .atm, day, d.between(33_000, 60_000), amount: amount, isIn: true)
        }
        add(.transferOut, .web, from + 6, d.between(33_000, 60_000), amount: sum, isIn: false, counterparty: counterparty(&d))
    }

    /// Many payments within two hours of one night.
    private mutating func scheduleBurst(_ begin: Int64, _ end: Int64, _ d: inout Dice) {
        let day = d.between(begin, end)
        guard day != DemoBank.outageDay else { return }
        let from = d.between(1 * 3600, 21 * 3600)
        add(.transferIn, .mobile, day, from - 600, amount: 5_000_000, isIn: true, counterparty: counterparty(&d))
        for _ in 0..<d.between(12, 25) {
            add(
                .transferOut, .mobile, day, from + d.below(7000), amount: d.between(500, 2500) * 100, isIn: false,
                counterparty: counterparty(&d))
        }
    }

    /// More than 200,000 in cash on a day, in two or three parts.
    private mutating func scheduleLargeCash(_ begin: Int64, _ end: Int64, _ d: inout Dice) {
        var day = d.between(begin, end)
        while day > begin, !isBranchOpen(day) { day -= 1 }
        for _ in 0..<d.between(2, 3) {
            add(.cashDeposit, .branch, day, d.between(33_000, 60_000), amount: d.between(11, 40) * 1_000_000, isIn: true)
        }
    }
}
