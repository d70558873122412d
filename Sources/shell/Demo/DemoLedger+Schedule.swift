import Storage

// What should happen in a month, in no order yet; the amounts are wishes.
extension DemoLedger {
    mutating func add(
        _ kind: Kind, _ channel: Channel, _ day: Int64, _ second: Int, amount: Int, place: Int = 1, isIn: Bool, merchant: Int = 0,
        counterparty: Int64 = 0
    ) {
        pending.append(
            Entry(
                ts: DemoCalendar.timestamp(day, second: second), amount: amount, account: Int8(place), kind: UInt8(kind.rawValue),
                channel: UInt8(channel.rawValue), isIn: isIn, merchant: UInt8(merchant), counterparty: counterparty))
    }

    mutating func scheduleMonth() {
        let start = bank.calendar.monthStart[month]
        let end = min(bank.calendar.monthStart[month + 1] - 1, person.lastActive)
        let begin = max(start, person.opened < start ? start : person.opened + 1)
        var d = Dice(bank.seed, .ledger, person.id, month)
        let activity = person.activity(month: month)
        cardPlace = cardInUse(on: end)

        if person.opened >= start, person.lifecycle != .silent { scheduleOpening(&d) }
        scheduleAccountEnds(start, end, &d)
        guard begin <= end else { return scheduleClosing(start, end) }
        if person.salary > 0, activity >= 100 { scheduleSalary(start, begin, end, &d) }
        let season = [110, 96, 98, 95, 100, 108, 92, 95, 100, 102, 124, 148][month % 12]
        let expected = person.rate * activity * season * d.between(40, 160) / (256 * 10_000)
        var count = expected >> 8
        if d.below(256) < expected & 255 { count += 1 }
        for _ in 0..<count { scheduleDiscretionary(begin, end, &d) }
        scheduleStanding(start, begin, end, activity, &d)
        schedulePatterns(start, begin, end)
        scheduleClosing(start, end)
    }

    private func cardInUse(on day: Int64) -> Int {
        for place in [3, 2] where placeToIndex[place] >= 0 && accounts[placeToIndex[place]].isOpen(on: day) { return place }
        return 0
    }

    private mutating func scheduleOpening(_ d: inout Dice) {
        let cash = d.chance(45, in: 100)
        let sum = max(10_000, target * d.between(400, 1100) / 1000 / 10_000 * 10_000)
        add(
            cash ? .cashDeposit : .transferIn, cash || d.chance(50, in: 100) ? .branch : .mobile, person.opened, d.between(34_000, 58_000),
            amount: sum,
            isIn: true, counterparty: cash ? 0 : counterparty(&d))
    }

    /// Deposits, loans and foreign accounts that open, and accounts that close before their customer does.
    private mutating func scheduleAccountEnds(_ start: Int64, _ end: Int64, _ d: inout Dice) {
        for account in accounts where account.place > 1 {
            if account.opened >= start, account.opened <= end {
                if account.isTermDeposit {
                    add(.depositIn, .branch, account.opened, 38_000, amount: account.sum, place: account.place, isIn: true)
                } else if account.isLoan {
                    add(.loanDrawdown, .branch, account.opened, 40_000, amount: account.sum, place: account.place, isIn: false)
                } else if account.currency != 0 {
                    let sum = d.lognormal(median: 200_000, octaves: 1300)
                    add(
                        .transferIn, .branch, account.opened, 42_000, amount: sum, place: account.place, isIn: true,
                        counterparty: counterparty(&d))
                }
            }
            if let closed = account.closed, closed >= start, closed <= end, closed != person.closed { settle(account, on: closed) }
        }
    }

    private mutating func scheduleClosing(_ start: Int64, _ end: Int64) {
        guard let closed = person.closed, closed >= start, closed <= end else { return }
        for account in accounts.reversed() where account.closed == closed { settle(account, on: closed) }
    }

    /// The last entry of an account; what it moves is known only when it is posted.
    private mutating func settle(_ account: DemoAccount, on day: Int64) {
        let kind: Kind = account.isTermDeposit ? .depositOut : account.isLoan ? .loanRepayment : account.isCard ? .cardRepayment : .closing
        add(kind, .branch, day, 16 * 3600 + 1800 - account.place, amount: 0, place: account.place, isIn: account.isLoan || account.isCard)
    }

    private mutating func scheduleSalary(_ start: Int64, _ begin: Int64, _ end: Int64, _ d: inout Dice) {
        let day = bank.calendar.workday(onOrBefore: min(start + Int64(person.salaryDay) - 1, bank.calendar.monthStart[month + 1] - 1))
        let bonus = month % 12 == 0 ? d.between(150, 300) : 100
        let raise = 100 + 4 * (month / 12)
        let amount = person.salary / 100 * raise / 100 * d.between(97, 103) / 100 * bonus
        let share = d.between(12, 42)
        let pause = d.between(Int64(2), 8)
        let employer = 100 + Int64(Dice.mix(UInt64(person.id)) % UInt64(DemoWords.employers.count))
        guard day >= begin, day <= end else { return }
        add(.salary, .auto, day, d.between(3600, 20_000), amount: amount, isIn: true, counterparty: employer)
        let billDay = day + pause
        if billDay <= end {
            let utility = 2 + Int64(d.below(DemoWords.utilities.count))
            add(.bill, .auto, billDay, d.between(7200, 25_000), amount: amount * share / 100, isIn: false, counterparty: utility)
        }
    }

    func counterparty(_ d: inout Dice) -> Int64 {
        let slot = min(d.below(8), d.below(8))
        let h = Dice.mix(UInt64(person.id) &* 31 &+ UInt64(slot))
        return 10_000_000_000_000 + Int64(h % 80_000_000_000_000)
    }

    /// A day of the span: two in three purchases that could fall on a weekend or a workday fall on the weekend, all else on workdays.
    private func day(_ begin: Int64, _ end: Int64, prefersWeekend: Bool, _ d: inout Dice) -> Int64 {
        let a = d.between(begin, end)
        let b = d.between(begin, end)
        let isWeekendA = CivilDate.weekday(day: a) >= 6
        return isWeekendA == prefersWeekend || d.chance(35, in: 100) ? a : b
    }

    func isBranchOpen(_ day: Int64) -> Bool { CivilDate.weekday(day: day) <= 6 && !bank.calendar.isHoliday(day) }

    private func second(_ channel: Channel, _ d: inout Dice) -> Int {
        switch channel {
        case .branch: return 9 * 3600 + d.below(8 * 3600)
        case .auto: return d.between(1800, 18_000)
        case .mobile, .web, .atm, .pos: return 7 * 3600 + (d.below(16 * 3600) + d.below(16 * 3600)) / 2
        }
    }

    private mutating func scheduleDiscretionary(_ begin: Int64, _ end: Int64, _ d: inout Dice) {
        let isMobile = month >= person.mobileFrom
        let what = d.below(100)
        let day = day(begin, end, prefersWeekend: what < 54, &d)
        let scale = person.scale
        if what < 54 {
            let wantsCard = cardPlace != 0 && d.chance(55, in: 100)
            let channel: Channel = d.chance(isMobile ? 62 : 12, in: 100) ? .mobile : .pos
            if channel == .mobile, day == DemoBank.outageDay { return }
            let merchant = d.chance(8, in: 100) ? 0 : 1 + min(d.below(DemoWords.merchants.count), d.below(DemoWords.merchants.count))
            var amount = d.lognormal(median: 11_000, octaves: 1500) * (500 + scale / 2) / 1000
            if d.chance(30, in: 100) { amount = amount / 1000 * 1000 + 990 }
            add(
                .purchase, channel, day, second(channel, &d), amount: max(amount, 100), place: wantsCard ? cardPlace : 1, isIn: false,
                merchant: merchant)
            return
        }
        let isCash = what >= 82
        var channel: Channel
        if isCash {
            channel = d.chance(isMobile ? 75 : 50, in: 100) ? .atm : .branch
            if channel == .branch, !isBranchOpen(day) { channel = .atm }
        } else {
            let roll = d.below(100)
            channel = isMobile ? (roll < 82 ? .mobile : roll < 94 ? .web : .branch) : (roll < 58 ? .branch : roll < 90 ? .web : .mobile)
            if channel == .branch, !isBranchOpen(day) { channel = .web }
            if channel == .mobile, day == DemoBank.outageDay { return }
        }
        let at = second(channel, &d)
        switch what {
        case ..<69:
            let amount = d.lognormal(median: 140_000, octaves: 1500) * scale / 1000
            add(
                .transferOut, channel, day, at, amount: d.chance(60, in: 100) ? amount / 10_000 * 10_000 + 10_000 : amount + 1, isIn: false,
                counterparty: counterparty(&d))
        case ..<82:
            let amount = d.lognormal(median: 160_000, octaves: 1500) * scale / 1000
            add(
                .transferIn, channel, day, at, amount: d.chance(50, in: 100) ? amount / 10_000 * 10_000 + 10_000 : amount + 1, isIn: true,
                counterparty: counterparty(&d))
        case ..<93:
            let amount = max(10_000, d.lognormal(median: 80_000, octaves: 1100) * scale / 1000 / 10_000 * 10_000)
            add(.cashWithdrawal, channel, day, at, amount: channel == .atm ? min(amount, 2_000_000) : amount, isIn: false)
        default:
            let amount = max(10_000, d.lognormal(median: 250_000, octaves: 1300) * scale / 1000 / 10_000 * 10_000)
            add(.cashDeposit, channel, day, at, amount: channel == .atm ? min(amount, 2_000_000) : amount, isIn: true)
        }
    }

    /// What comes by itself: interest, fees, card and loan payments, foreign transfers.
    private mutating func scheduleStanding(_ start: Int64, _ begin: Int64, _ end: Int64, _ activity: Int, _ d: inout Dice) {
        let day20 = start + 19
        // Once a year and only to those who still move: a line from the bank itself must not make a sleeper look awake.
        if month % 12 == 11, activity > 0, day20 + 1 >= begin, day20 + 1 <= end {
            add(.interest, .auto, day20 + 1, 600, amount: 0, isIn: true)
        }
        if month % 12 == 11, activity > 0, day20 >= begin, day20 <= end, d.chance(40, in: 100) {
            add(.fee, .auto, day20, 900, amount: 1000, isIn: false)
        }
        // A posting error of one night: a fee for everyone who is active.
        if month == DemoBank.errorMonth, DemoBank.errorDay >= begin, DemoBank.errorDay <= end, activity > 0 {
            add(.fee, .auto, DemoBank.errorDay, 300, amount: 1000, isIn: false)
        }
        if cardPlace != 0, start + 24 >= begin, start + 24 <= end {
            add(.cardRepayment, .auto, start + 24, 5400, amount: d.chance(75, in: 100) ? 100 : 25, place: cardPlace, isIn: true)
        }
        if placeToIndex[4] >= 0 {
            let loan = accounts[placeToIndex[4]]
            if loan.isOpen(on: day20), loan.opened < start, day20 >= begin, day20 <= end {
                let months = loan.product == 11 ? 240 : loan.product == 12 ? 60 : 36
                let installment = loan.sum / months + loan.sum * Int(loan.rate) / 10_000 / 24
                add(.loanRepayment, .auto, day20, 5000, amount: installment, place: 4, isIn: true)
            }
        }
        if placeToIndex[8] >= 0, d.chance(30 * activity, in: 256 * 100) {
            let day = d.between(begin, end)
            let isIn = d.chance(60, in: 100)
            if accounts[placeToIndex[8]].opened < day, day != DemoBank.outageDay {
                let amount = d.lognormal(median: 90_000, octaves: 1400)
                add(
                    isIn ? .transferIn : .transferOut, .mobile, day, second(.mobile, &d), amount: amount, place: 8, isIn: isIn,
                    counterparty: counterparty(&d))
            }
        }
    }
}
