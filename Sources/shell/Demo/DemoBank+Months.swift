import Storage

// What is known of a customer month by month.
extension DemoBank {
    struct Month: Sendable {
        var index: Int
        /// All in cents.
        var balance: Int
        var debt: Int
        var revenue: Int
        var cost: Int
        var contactCost: Int
    }

    /// One for each month of the books up to the last, from the customer's first to the closing one (empty values outside), so that a
    /// suffix of 12 is the last year.
    func monthly(_ p: DemoPerson, _ accounts: [DemoAccount], _ ledger: DemoLedger) -> [Month] {
        var invested = [Int](repeating: 0, count: DemoCalendar.months)
        for holding in holdings(p, accounts) where holding.accountPlace == nil {
            guard let sum = holding.sum else { continue }
            let margin = Int(DemoCatalog.products[holding.product - 1].margin)
            let from = max(0, calendar.monthIndex(holding.opened))
            let to = min(DemoCalendar.months - 1, calendar.monthIndex(holding.closed ?? DemoCalendar.today))
            guard from <= to else { continue }
            for m in from...to { invested[m] += sum / 1000 * margin / 120 }
        }
        var contactCosts = [Int](repeating: 0, count: DemoCalendar.months)
        for contact in contacts(p) {
            guard let at = contact.doneAt, let cost = contact.cost else { continue }
            contactCosts[calendar.monthIndex(CivilDate.dayOf(timestamp: at))] += Int(cost)
        }
        let first = calendar.monthIndex(p.opened)
        let last = p.closed.map { calendar.monthIndex($0) } ?? DemoCalendar.months - 1
        return (0..<DemoCalendar.months).map { m in
            guard m >= first, m <= last else { return Month(index: m, balance: 0, debt: 0, revenue: 0, cost: 0, contactCost: 0) }
            let deposit = ledger.deposits[m]
            let debt = ledger.debts[m]
            let revenue = deposit / 1000 * 11 / 12 + debt / 1000 * 38 / 12 + ledger.purchases[m] / 1000 * 4 + ledger.fees[m] + invested[m]
            let cost = 450 + 900 * ledger.branchCount[m] + 12 * ledger.otherCount[m] + contactCosts[m]
            return Month(index: m, balance: deposit, debt: debt, revenue: revenue, cost: cost, contactCost: contactCosts[m])
        }
    }

    var customerMonthTable: DemoTable {
        DemoTable(
            "customer_months", key: ["customer_id", "month"], time: "month_end", pieceCount: pieces(2048),
            columns: [
                ("customer_id", .int), ("month", .month), ("month_end", .date), ("balance", DemoBank.money), ("debt", DemoBank.money),
                ("revenue", DemoBank.money), ("cost", DemoBank.money), ("profit", DemoBank.money),
            ]
        ) { [self] piece, rows in
            var ledger = DemoLedger(self)
            for id in customerIds(piece, 2048) {
                let p = person(id)
                let accounts = accounts(p)
                ledger.play(p, accounts)
                let first = calendar.monthIndex(p.opened)
                let last = p.closed.map { calendar.monthIndex($0) } ?? DemoCalendar.months - 1
                for month in monthly(p, accounts, ledger) where month.index >= first && month.index <= last {
                    rows.put(p.id)
                    rows.put(DemoCalendar.firstMonth + Int64(month.index))
                    rows.put(calendar.monthStart[month.index + 1] - 1)
                    rows.put(month.balance)
                    rows.put(month.debt)
                    rows.put(month.revenue)
                    rows.put(month.cost)
                    rows.put(month.revenue - month.cost)
                    rows.end()
                }
            }
        }
    }

    private static let assessments = [
        DemoCalendar.day(2024, 6, 30), DemoCalendar.day(2024, 12, 31), DemoCalendar.day(2025, 6, 30), DemoCalendar.day(2025, 12, 31),
        DemoCalendar.day(2026, 6, 30),
    ]

    static func riskBand(_ score: Int) -> String {
        DemoWords.riskBands[score >= 740 ? 0 : score >= 660 ? 1 : score >= 580 ? 2 : score >= 500 ? 3 : 4]
    }

    /// Half-yearly scores, 300 to 850, drifting; worse for those on their way out and for the customers that the risk desk looks for.
    func riskScores(_ p: DemoPerson) -> [(day: Int64, score: Int)] {
        var d = Dice(seed, .risk, p.id)
        var score = 690 + d.normal() * 75 / 1000 + (p.wealth > 20_000_000 ? 30 : 0)
        if p.lifecycle == .waker { score -= 90 }
        return DemoBank.assessments.compactMap { day in
            score += d.normal() * 22 / 1000 - (p.isChurning ? 6 : 0)
            score = max(300, min(850, score))
            return p.isCustomer(on: day) ? (day, score) : nil
        }
    }

    var riskRatingTable: DemoTable {
        perCustomer(
            "risk_ratings", perPiece: 8192, key: ["customer_id", "assessed_on"], time: "assessed_on",
            columns: [("customer_id", .int), ("assessed_on", .date), ("score", .int), ("band", .text)]
        ) { [self] p, rows in
            for (day, score) in riskScores(p) {
                rows.put(p.id)
                rows.put(day)
                rows.put(score)
                rows.put(text: DemoBank.riskBand(score))
                rows.end()
            }
        }
    }

    /// One point for each 10 spent in a month, booked on the first of the next one; some are spent again. They hold for two years.
    var pointTable: DemoTable {
        DemoTable(
            "points", time: "ts", pieceCount: pieces(4096),
            columns: [("customer_id", .int), ("ts", .timestamp), ("points", .int), ("reason", .text), ("expires", .date)]
        ) { [self] piece, rows in
            var ledger = DemoLedger(self)
            for id in customerIds(piece, 4096) {
                let p = person(id)
                var d = Dice(seed, .points, id)
                guard d.chance(62, in: 100), p.lastActive >= DemoCalendar.first else { continue }
                ledger.play(p, accounts(p))
                putPoints(p, ledger, &d, &rows)
            }
        }
    }

    private func putPoints(_ p: DemoPerson, _ ledger: DemoLedger, _ d: inout Dice, _ rows: inout DemoRows) {
        var sum = 0
        func put(_ ts: Int64, _ points: Int, _ reason: String) {
            sum += points
            rows.put(p.id)
            rows.put(ts)
            rows.put(points)
            rows.put(text: reason)
            rows.put(points > 0 ? CivilDate.addMonths(24, to: CivilDate.dayOf(timestamp: ts)) : nil)
            rows.end()
        }
        for m in 0..<DemoCalendar.months {
            let day = calendar.monthStart[m + 1]
            guard day <= p.lastActive else { return }
            let earned = ledger.purchases[m] / 1000
            if earned > 0 { put(DemoCalendar.timestamp(day, second: 7200), earned, "purchase") }
            let birthMonth = Int(CivilDate.civil(days: p.birthday).month) - 1
            if birthMonth == (m + 1) % 12, p.lifecycle != .silent, earned > 0 {
                put(DemoCalendar.timestamp(day, second: 7300), 200, "birthday")
            }
            let redeems = d.chance(12, in: 100)
            let at = d.between(30_000, 80_000)
            if redeems, sum >= 500 { put(DemoCalendar.timestamp(day, second: at), -(sum / 100 * 100), "redeemed") }
        }
    }
}
