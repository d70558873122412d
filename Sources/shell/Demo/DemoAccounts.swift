import Storage

struct DemoAccount: Sendable {
    /// 1...9 within the customer; the account's number is customer_id * 10 + this.
    var place: Int
    var id: Int
    var product: Int
    var opened: Int64
    var closed: Int64?
    /// In `DemoWords.currencies`.
    var currency: Int = 0
    /// Ten thousandths a year.
    var rate: Int64 = 20
    var matures: Int64?
    var renewals: Int = 0
    var filedOn: Int64?
    /// Cents when it was opened (a deposit's sum, a loan's principal), or 0.
    var sum: Int = 0
    /// Cents at the start of the books, for accounts that are older.
    var broughtForward: Int = 0
    /// Cents; cards only.
    var limit: Int?

    var isTermDeposit: Bool { product >= 4 && product <= 6 }
    var isCard: Bool { product >= 7 && product <= 9 }
    var isLoan: Bool { product >= 10 && product <= 12 }

    func isOpen(on day: Int64) -> Bool { opened <= day && (closed.map { day <= $0 } ?? true) }
}

extension DemoBank {
    /// The accounts of a customer: the current account first (always there), then cards, loan, deposits, foreign currency.
    func accounts(_ p: DemoPerson) -> [DemoAccount] {
        var d = Dice(seed, .accounts, p.id)
        var result: [DemoAccount] = []
        let end = p.lastActive
        let current = open(1, p.wealth > 200_000_000 ? 3 : p.wealth > 12_000_000 ? 2 : 1, p.opened, p, &result, &d)
        result[current].broughtForward =
            p.opened < DemoCalendar.first && p.lifecycle != .silent ? currentTarget(p) * d.between(600, 1400) / 1000 : 0
        guard p.lifecycle != .silent else { return result }
        addCards(p, &result, &d)
        if p.ageYears >= 23, d.chance(p.lifeStage == 3 || p.lifeStage == 4 ? 150 : 80) { addLoan(p, &result, &d) }
        let depositChance = p.wealth > 50_000_000 ? 750 : p.wealth > 8_000_000 ? 480 : p.wealth > 1_500_000 ? 220 : 40
        for place in 5...7 where d.chance(depositChance) { addDeposit(place, p, &result, &d) }
        if d.chance(p.wealth > 20_000_000 ? 130 : 30), end > p.opened {
            let at = open(8, 20, d.between(p.opened, max(p.opened, end - 40)), p, &result, &d)
            result[at].currency = 1 + d.weighted([50, 18, 16, 6, 6, 4])
            result[at].rate = 5
            result[at].broughtForward = result[at].opened < DemoCalendar.first ? d.lognormal(median: 150_000, octaves: 1500) : 0
        }
        // What ended before the books began has nothing to bring forward.
        for at in result.indices where (result[at].closed ?? DemoCalendar.today) < DemoCalendar.first { result[at].broughtForward = 0 }
        return result
    }

    /// Cents on the current account towards which a customer's spending pulls.
    func currentTarget(_ p: DemoPerson) -> Int {
        p.wealth > 50_000_000 ? p.wealth * 3 / 10 : p.wealth > 8_000_000 ? p.wealth / 2 : p.wealth * 8 / 10
    }

    /// Nine in ten papers are filed on the day; a few days late; a few never.
    private func filing(_ opened: Int64, _ d: inout Dice) -> Int64? {
        let kind = d.below(100)
        let late = d.between(Int64(1), 9)
        if kind < 90 { return opened }
        return kind < 97 && opened + late <= DemoCalendar.today ? opened + late : nil
    }

    /// Adds an account and returns its index.
    private func open(
        _ place: Int, _ product: Int, _ day: Int64, _ p: DemoPerson, _ result: inout [DemoAccount], _ d: inout Dice
    ) -> Int {
        result.append(
            DemoAccount(place: place, id: p.id * 10 + place, product: product, opened: day, closed: p.closed, filedOn: filing(day, &d)))
        return result.count - 1
    }

    private func addCards(_ p: DemoPerson, _ result: inout [DemoAccount], _ d: inout Dice) {
        let wants = d.chance(p.ageYears < 60 ? 300 : 120)
        let atOnce = d.chance(25, in: 100)
        let grade = p.wealth > 100_000_000 ? 2 : p.wealth > 15_000_000 ? 1 : 0
        let limit = max(500_000, min(p.wealth / 3, 50_000_000)) / 100_000 * 100_000
        guard wants else { return }
        let opened = atOnce ? p.opened : d.between(p.opened, max(p.opened, p.lastActive - 45))
        let upgrades = grade > 0 && d.chance(35, in: 100)
        let first = open(2, 7 + (upgrades ? grade - 1 : grade), opened, p, &result, &d)
        result[first].limit = limit
        result[first].rate = 1800
        guard upgrades, opened + 200 < p.lastActive else { return }
        let upgrade = d.between(opened + 120, p.lastActive - 60)
        result[first].closed = upgrade
        let second = open(3, 7 + grade, upgrade, p, &result, &d)
        result[second].limit = limit * 2
        result[second].rate = 1600
    }

    private func addLoan(_ p: DemoPerson, _ result: inout [DemoAccount], _ d: inout Dice) {
        let earliest = max(p.opened, DemoCalendar.day(2019, 1, 1))
        guard earliest + 60 < p.lastActive else { return }
        let opened = d.between(earliest, p.lastActive - 45)
        let product = 10 + d.weighted([55, 30, 15])
        let income = max(p.salary, p.wealth / 30, 300_000)
        let months: Int64 = product == 11 ? 240 : product == 12 ? 60 : 36
        let at = open(4, product, opened, p, &result, &d)
        let principal = income * [6, 60, 25][product - 10] * d.between(500, 1400) / 1000 / 1_000_000 * 1_000_000 + 1_000_000
        result[at].sum = principal
        result[at].rate = [650, 365, 520][product - 10] + Int64(d.between(0, 120))
        let matures = CivilDate.addMonths(months, to: opened)
        result[at].matures = matures
        if matures <= DemoCalendar.today { result[at].closed = min(matures, p.closed ?? matures) }
        if opened < DemoCalendar.first {
            let paid = Int(DemoCalendar.first - opened) * 1000 / (Int(months) * 30)
            result[at].broughtForward = -(principal * max(1000 - paid, 20) / 1000)
        }
    }

    private func addDeposit(_ place: Int, _ p: DemoPerson, _ result: inout [DemoAccount], _ d: inout Dice) {
        let earliest = max(p.opened, DemoCalendar.day(2022, 6, 1))
        guard earliest + 10 < p.lastActive else { return }
        let opened = calendar.workday(onOrBefore: d.between(earliest + 7, p.lastActive - 3))
        let kind = d.weighted([35, 45, 20])
        let term: Int64 = [3, 12, 36][kind]
        let fate = d.below(100)
        guard opened >= p.opened else { return }
        let at = open(place, 4 + kind, opened, p, &result, &d)
        let sum = max(p.wealth * (p.wealth > 50_000_000 ? d.between(200, 600) : d.between(80, 350)) / 1000 / 100_000 * 100_000, 500_000)
        result[at].sum = sum
        result[at].rate = [135, 165, 235][kind] + Int64(d.between(-10, 25))
        if opened < DemoCalendar.first { result[at].broughtForward = sum }
        var matures = CivilDate.addMonths(term, to: opened)
        if matures <= p.lastActive {
            if fate < 52 {
                result[at].closed = matures
            } else if fate < 80 {
                // Renewed at each term's end, so the next one lies ahead.
                while matures <= p.lastActive {
                    result[at].renewals += 1
                    matures = CivilDate.addMonths(term * Int64(result[at].renewals + 1), to: opened)
                }
            }
            // The rest rolled into demand: still open after the term's end.
        }
        result[at].matures = matures
    }
}
