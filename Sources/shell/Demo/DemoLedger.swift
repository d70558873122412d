import Storage

/// The transactions of one customer, played through month by month in the order of time with the balances of all accounts. One ledger
/// serves a thread for many customers, so that nothing is allocated per customer.
struct DemoLedger {
    enum Kind: Int {
        case salary, transferIn, transferOut, purchase, cashDeposit, cashWithdrawal, interest, fee, bill, loanRepayment, loanDrawdown
        case cardRepayment, depositIn, depositOut, closing
    }
    enum Channel: Int { case mobile, web, branch, atm, pos, auto }

    struct Entry {
        var ts: Int64
        /// Cents, over 0.
        var amount: Int
        var account: Int8
        var kind: UInt8
        var channel: UInt8
        var isIn: Bool
        /// 1 + index in `DemoWords.merchants`; 0: none.
        var merchant: UInt8
        /// 0: none; 1 ...: see `counterpartyText`.
        var counterparty: Int64
    }

    private(set) var entries: [Entry] = []
    /// By place (1...9); cents.
    private(set) var balance = [Int](repeating: 0, count: 10)
    /// The day from which a loan's or card's payments are missing.
    private(set) var missedSince = [Int64?](repeating: nil, count: 10)
    /// By month from 2024-01: deposits in CNY at the month's end, debts, purchases, fees (cents); branch and other transactions.
    private(set) var deposits = [Int](repeating: 0, count: DemoCalendar.months)
    private(set) var debts = [Int](repeating: 0, count: DemoCalendar.months)
    private(set) var purchases = [Int](repeating: 0, count: DemoCalendar.months)
    private(set) var fees = [Int](repeating: 0, count: DemoCalendar.months)
    private(set) var branchCount = [Int](repeating: 0, count: DemoCalendar.months)
    private(set) var otherCount = [Int](repeating: 0, count: DemoCalendar.months)

    private let bank: DemoBank
    private var person: DemoPerson
    private var accounts: [DemoAccount] = []
    private var pending: [Entry] = []
    private var placeToIndex = [Int](repeating: -1, count: 10)
    private var isSettled = [Bool](repeating: false, count: 10)
    private var month = 0
    private var cardPlace = 0
    private var target = 0

    init(_ bank: DemoBank) {
        self.bank = bank
        person = DemoPerson(
            id: 0, isMale: true, birthday: 0, ageYears: 0, opened: 0, closed: nil, branch: 0, manager: 0, referredBy: nil,
            lifecycle: .silent,
            turn: 0, back: 0, wealth: 0, scale: 0, rate: 0, salary: 0, salaryDay: 1, mobileFrom: 0, lifeStage: 0)
    }

    /// The counterparty of an entry as its own bank would print it.
    static func counterpartyText(_ code: Int64) -> String? {
        switch code {
        case 0: nil
        case 1: "own account"
        case 2..<100: DemoWords.utilities[Int(code - 2)]
        case 100..<1000: DemoWords.employers[Int(code - 100)]
        default: "62\(code)"
        }
    }

    mutating func play(_ p: DemoPerson, _ accounts: [DemoAccount]) {
        person = p
        self.accounts = accounts
        target = bank.currentTarget(p)
        entries.removeAll(keepingCapacity: true)
        for place in 0..<10 {
            balance[place] = 0
            missedSince[place] = nil
            isSettled[place] = false
            placeToIndex[place] = -1
        }
        for (index, account) in accounts.enumerated() {
            placeToIndex[account.place] = index
            balance[account.place] = account.broughtForward
            if let closed = account.closed, closed < DemoCalendar.first {
                isSettled[account.place] = true
                balance[account.place] = 0
            }
        }
        let firstMonth = max(0, bank.calendar.monthIndex(p.opened))
        let lastMonth = p.closed.map { bank.calendar.monthIndex($0) } ?? DemoCalendar.months - 1
        for m in 0..<DemoCalendar.months {
            month = m
            purchases[m] = 0
            fees[m] = 0
            branchCount[m] = 0
            otherCount[m] = 0
            if m >= firstMonth, m <= lastMonth {
                pending.removeAll(keepingCapacity: true)
                scheduleMonth()
                sortPending()
                for entry in pending { post(entry) }
            }
            closeMonth(m)
        }
    }

    private mutating func closeMonth(_ m: Int) {
        var deposit = 0
        var debt = 0
        for account in accounts where account.currency == 0 {
            let b = balance[account.place]
            if b >= 0 { deposit += b } else { debt -= b }
        }
        deposits[m] = deposit
        debts[m] = debt
    }

    /// By time; entries of one moment keep the order in which they were scheduled.
    private mutating func sortPending() {
        for i in 1..<max(1, pending.count) {
            let entry = pending[i]
            var j = i
            while j > 0, pending[j - 1].ts > entry.ts {
                pending[j] = pending[j - 1]
                j -= 1
            }
            pending[j] = entry
        }
    }

    // MARK: Scheduling

    private mutating func add(
        _ kind: Kind, _ channel: Channel, _ day: Int64, _ second: Int, amount: Int, place: Int = 1, isIn: Bool, merchant: Int = 0,
        counterparty: Int64 = 0
    ) {
        pending.append(
            Entry(
                ts: DemoCalendar.timestamp(day, second: second), amount: amount, account: Int8(place), kind: UInt8(kind.rawValue),
                channel: UInt8(channel.rawValue), isIn: isIn, merchant: UInt8(merchant), counterparty: counterparty))
    }

    private mutating func scheduleMonth() {
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

    private func counterparty(_ d: inout Dice) -> Int64 {
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

    private func isBranchOpen(_ day: Int64) -> Bool { CivilDate.weekday(day: day) <= 6 && !bank.calendar.isHoliday(day) }

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

    // MARK: Planted patterns

    private mutating func schedulePatterns(_ start: Int64, _ begin: Int64, _ end: Int64) {
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

    // MARK: Posting

    private mutating func post(_ scheduled: Entry) {
        var e = scheduled
        let place = Int(e.account)
        guard placeToIndex[place] >= 0, !isSettled[place] else { return }
        let account = accounts[placeToIndex[place]]
        let day = CivilDate.dayOf(timestamp: e.ts)
        guard account.isOpen(on: day) else { return }
        switch Kind(rawValue: Int(e.kind)) ?? .closing {
        case .salary, .transferIn, .cashDeposit, .depositIn, .loanDrawdown: write(e)
        case .interest:
            e.amount = balance[1] / 500
            if e.amount >= 100 { write(e) }
        case .purchase where account.isCard:
            e.amount = min(e.amount, (account.limit ?? 0) + balance[place])
            if e.amount >= 100 { write(e) }
        case .transferOut, .cashWithdrawal, .purchase, .fee, .bill: postOut(&e, place)
        case .cardRepayment:
            if scheduled.amount == 0 { return postSettlement(e, place) }
            payDebt(e, place, owed: -balance[place] * scheduled.amount / 100, day: day)
        case .loanRepayment:
            if scheduled.amount == 0 { return postSettlement(e, place) }
            payDebt(e, place, owed: min(-balance[place], scheduled.amount), day: day)
        case .depositOut:
            postDepositInterest(e, account)
            postSettlement(e, place)
        case .closing: postSettlement(e, place)
        }
    }

    /// Nothing goes out that is not there; who keeps much more than usual moves a part of it away.
    private mutating func postOut(_ e: inout Entry, _ place: Int) {
        let there = balance[place]
        if place == 1, e.kind == UInt8(Kind.transferOut.rawValue), there > 2 * target + 1_000_000 {
            e.amount += (there - 2 * target) / 30_000 * 10_000
        }
        let isTight = place == 1 && there < target / 4 && e.amount > there / 3
        let most = isTight ? there / 3 : there * 95 / 100
        if e.amount > most {
            let unit = e.kind == UInt8(Kind.cashWithdrawal.rawValue) ? 10_000 : 100
            e.amount = most / unit * unit
        }
        if e.amount >= 100 { write(e) }
    }

    /// A payment from the current account: two entries, or none and a mark where the money is not there.
    private mutating func payDebt(_ e: Entry, _ place: Int, owed: Int, day: Int64) {
        guard owed >= 5000 else { return }
        guard balance[1] > owed, !isSettled[1] else {
            if missedSince[place] == nil { missedSince[place] = day }
            return
        }
        missedSince[place] = nil
        var out = e
        out.amount = owed
        out.account = 1
        out.isIn = false
        out.kind = UInt8(Kind.transferOut.rawValue)
        out.counterparty = 1
        write(out)
        var paid = e
        paid.amount = owed
        paid.counterparty = 1
        write(paid)
    }

    private mutating func postDepositInterest(_ e: Entry, _ account: DemoAccount) {
        guard let matures = account.matures, let closed = account.closed else { return }
        let days = Int(min(matures, closed) - account.opened)
        var interest = e
        interest.kind = UInt8(Kind.interest.rawValue)
        interest.channel = UInt8(Channel.auto.rawValue)
        interest.isIn = true
        let rate = closed < matures ? 20 : Int(account.rate)
        interest.amount = balance[account.place] / 10_000 * rate * days / 365
        if interest.amount > 0, balance[account.place] > 0 { write(interest) }
    }

    /// Brings the account to nothing and ends it.
    private mutating func postSettlement(_ e: Entry, _ place: Int) {
        var last = e
        let there = balance[place]
        if there != 0 {
            last.amount = abs(there)
            last.isIn = there < 0
            write(last)
        }
        isSettled[place] = true
        missedSince[place] = nil
    }

    private mutating func write(_ e: Entry) {
        precondition(e.amount > 0)
        balance[Int(e.account)] += e.isIn ? e.amount : -e.amount
        if e.kind == UInt8(Kind.purchase.rawValue) { purchases[month] += e.amount }
        if e.kind == UInt8(Kind.fee.rawValue) { fees[month] += e.amount }
        if e.channel == UInt8(Channel.branch.rawValue) { branchCount[month] += 1 } else { otherCount[month] += 1 }
        entries.append(e)
    }
}
