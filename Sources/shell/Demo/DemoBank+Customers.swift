import Storage

// A customer, the accounts and what runs over them.
extension DemoBank {
    static let customersPerPiece = 1024

    var customerTable: DemoTable {
        DemoTable(
            "customers", key: ["customer_id"], time: "opened", pieceCount: pieces(DemoBank.customersPerPiece),
            columns: [
                ("customer_id", .int), ("name", .text), ("gender", .text), ("birthday", .date), ("city", .text), ("region", .text),
                ("industry", .text), ("life_stage", .text), ("branch_id", .int), ("manager_id", .int), ("tier", .text), ("opened", .date),
                ("closed", .date), ("balance", DemoBank.money), ("profit_year", DemoBank.money), ("contact_cost_year", DemoBank.money),
                ("total_wallet", DemoBank.money), ("income_year", DemoBank.money), ("referred_by", .int), ("opted_out", .bool),
                ("risk_band", .text),
                ("phone", .text), ("email", .text), ("preferred_channel", .text), ("interest", .text), ("anniversary", .date),
            ]
        ) { [self] piece, rows in
            var ledger = DemoLedger(self)
            for id in customerIds(piece, DemoBank.customersPerPiece) { putCustomer(person(id), &ledger, &rows) }
        }
    }

    func pieces(_ perPiece: Int) -> Int { (customers + perPiece - 1) / perPiece }

    func customerIds(_ piece: Int, _ perPiece: Int) -> Range<Int> {
        let first = piece * perPiece + 1
        return first..<min(first + perPiece, customers + 1)
    }

    private func putCustomer(_ p: DemoPerson, _ ledger: inout DemoLedger, _ rows: inout DemoRows) {
        let accounts = accounts(p)
        ledger.play(p, accounts)
        let months = monthly(p, accounts, ledger)
        var d = Dice(seed, .name, p.id)
        var c = Dice(seed, .contactData, p.id)
        let name = DemoBank.name(&d, isMale: p.isMale, id: p.id)
        let home = c.chance(93, in: 100) ? branches[p.branch].city : c.weighted(DemoWords.cities.map(\.weight))
        let city: DemoWords.City? = c.chance(25) ? nil : DemoWords.cities[home]
        let balance = ledger.deposits[DemoCalendar.months - 1]
        // The tier was set by the balance at the review of June 2026 and stays until the next one.
        let review = calendar.monthIndex(DemoCalendar.day(2026, 6, 30))
        let tier = p.isOpen && calendar.monthIndex(p.opened) <= review ? DemoCatalog.tier(of: Int64(ledger.deposits[review])) : 0

        rows.put(p.id)
        rows.put(text: name)
        rows.put(text: c.chance(20) ? nil : p.isMale ? "male" : "female")
        rows.put(c.chance(30) ? nil : p.birthday)
        rows.put(text: city?.name)
        rows.put(text: city?.region)
        rows.put(text: c.chance(90) ? nil : p.ageYears >= 62 ? "retired" : p.lifeStage == 0 ? "education" : c.pick(DemoWords.industries))
        rows.put(text: c.chance(60) ? nil : DemoWords.lifeStages[p.lifeStage])
        rows.put(branches[p.branch].id)
        rows.put(c.chance(15) ? nil : staff[p.manager].id)
        rows.put(text: DemoCatalog.tiers[tier].name)
        rows.put(p.opened)
        rows.put(p.closed)
        rows.put(balance)
        rows.put(months.suffix(12).reduce(0) { $0 + $1.revenue - $1.cost })
        rows.put(months.suffix(12).reduce(0) { $0 + $1.contactCost })
        let wallet = max(balance, p.wealth) / 100 * c.between(100, 420) / 1000 * 1000
        rows.put(c.chance(64, in: 100) ? nil : wallet)
        rows.put(
            c.chance(45, in: 100) ? nil : p.salary > 0 ? p.salary * 12 : (2_400_000 + p.wealth / 20) / 10_000 * c.between(40, 180) * 100)
        rows.put(p.referredBy)
        rows.put(c.chance(70))
        rows.put(text: riskScores(p).last.map { DemoBank.riskBand($0.score) })
        rows.put(text: c.chance(40) ? nil : phone(p.id))
        rows.put(text: c.chance(42, in: 100) ? nil : email(p, name, &c))
        rows.put(
            text: c.chance(120)
                ? nil
                : p.mobileFrom < DemoCalendar.months
                    ? (c.chance(80, in: 100) ? "mobile" : "phone") : c.chance(60, in: 100) ? "branch" : "phone")
        rows.put(text: c.chance(40, in: 100) ? nil : c.pick(DemoWords.interests))
        let wedding = p.birthday + Int64(c.between(23 * 365, 33 * 365))
        rows.put(p.lifeStage >= 2 && c.chance(30, in: 100) && wedding < DemoCalendar.today ? wedding : nil)
        rows.end()
    }

    /// Eleven digits, each number once: the id is scrambled by a bijection of 28 bits.
    private func phone(_ id: Int) -> String {
        var x = UInt32(truncatingIfNeeded: id) & 0xFFF_FFFF
        for round in 0..<3 {
            x = (x ^ (x >> 13)) & 0xFFF_FFFF
            x = (x &* (0x5BD_1E95 + UInt32(round) * 2)) & 0xFFF_FFFF
        }
        return "13\(100_000_000 + Int(x))"
    }

    private func email(_ p: DemoPerson, _ name: String, _ d: inout Dice) -> String {
        let first = name.utf8.prefix { $0 != UInt8(ascii: " ") }
        let isPlain = first.allSatisfy { $0 >= 65 && $0 <= 122 }
        let host = ["example.com", "example.net", "example.org"][d.weighted([6, 3, 1])]
        return isPlain ? "\(String(first) ?? "c").\(p.id)@\(host)" : "c\(p.id)@\(host)"
    }

    var accountTable: DemoTable {
        DemoTable(
            "accounts", key: ["account_id"], time: "opened", pieceCount: pieces(DemoBank.customersPerPiece),
            columns: [
                ("account_id", .int), ("customer_id", .int), ("product_id", .int), ("opened", .date), ("closed", .date),
                ("opening_balance", DemoBank.money), ("balance", DemoBank.money), ("currency", .text), ("rate", .decimal(scale: 4)),
                ("demand_rate", .decimal(scale: 4)), ("matures", .date), ("renewals", .int), ("filed_on", .date),
                ("credit_limit", DemoBank.money),
                ("overdue_since", .date),
            ]
        ) { [self] piece, rows in
            var ledger = DemoLedger(self)
            for id in customerIds(piece, DemoBank.customersPerPiece) {
                let p = person(id)
                let accounts = accounts(p)
                ledger.play(p, accounts)
                for account in accounts {
                    rows.put(account.id)
                    rows.put(p.id)
                    rows.put(account.product)
                    rows.put(account.opened)
                    rows.put(account.closed)
                    rows.put(account.broughtForward)
                    rows.put(ledger.balance[account.place])
                    rows.put(text: DemoWords.currencies[account.currency])
                    rows.put(account.rate)
                    rows.put(account.isTermDeposit ? 20 : nil)
                    rows.put(account.matures)
                    rows.put(account.isTermDeposit ? account.renewals : nil)
                    rows.put(account.filedOn)
                    rows.put(account.limit)
                    rows.put(ledger.missedSince[account.place])
                    rows.end()
                }
            }
        }
    }

    var transactionTable: DemoTable {
        DemoTable(
            "transactions", key: ["txn_id"], time: "ts", isNumbered: true, pieceCount: pieces(DemoBank.customersPerPiece),
            columns: [
                ("txn_id", .int), ("account_id", .int), ("customer_id", .int), ("ts", .timestamp), ("amount", DemoBank.money),
                ("type", .text),
                ("dir", .text), ("channel", .text), ("product", .text), ("merchant", .text), ("counterparty", .text), ("currency", .text),
            ]
        ) { [self] piece, rows in
            var ledger = DemoLedger(self)
            for id in customerIds(piece, DemoBank.customersPerPiece) {
                let p = person(id)
                let accounts = accounts(p)
                ledger.play(p, accounts)
                for entry in ledger.entries { put(entry, of: p.id, accounts, &rows) }
                // The one place with orphans: now and then an entry is booked again on a customer that is not in the file.
                if id % DemoBank.orphanEvery == 77, let entry = ledger.entries.first {
                    put(entry, of: customers + 1 + id / DemoBank.orphanEvery, accounts, &rows)
                }
            }
        }
    }

    /// One customer in so many leaves an orphan: about one in 10,000 transactions.
    static let orphanEvery = 180

    private func put(_ entry: DemoLedger.Entry, of customer: Int, _ accounts: [DemoAccount], _ rows: inout DemoRows) {
        var product = 1
        var currency = 0
        for account in accounts where account.place == Int(entry.account) {
            product = account.product
            currency = account.currency
        }
        rows.put(0)
        rows.put(customer * 10 + Int(entry.account))
        rows.put(customer)
        rows.put(entry.ts)
        rows.put(entry.amount)
        rows.put(text: DemoWords.types[Int(entry.kind)])
        rows.put(text: entry.isIn ? "in" : "out")
        rows.put(text: DemoWords.channels[Int(entry.channel)])
        rows.put(text: DemoCatalog.products[product - 1].name)
        if entry.merchant == 0 { rows.putNull() } else { rows.put(text: DemoWords.merchants[Int(entry.merchant) - 1]) }
        rows.put(text: DemoLedger.counterpartyText(entry.counterparty))
        rows.put(text: DemoWords.currencies[currency])
        rows.end()
    }

    var holdingTable: DemoTable {
        DemoTable(
            "holdings", key: ["holding_id"], time: "opened", pieceCount: pieces(DemoBank.customersPerPiece),
            columns: [
                ("holding_id", .int), ("customer_id", .int), ("product_id", .int), ("account_id", .int), ("opened", .date),
                ("closed", .date),
                ("amount", DemoBank.money), ("value_now", DemoBank.money), ("first_product", .bool), ("sold_by", .int),
            ]
        ) { [self] piece, rows in
            for id in customerIds(piece, DemoBank.customersPerPiece) {
                let p = person(id)
                for holding in holdings(p, accounts(p)) {
                    rows.put(p.id * 100 + holding.place)
                    rows.put(p.id)
                    rows.put(holding.product)
                    rows.put(holding.accountPlace.map { p.id * 10 + $0 })
                    rows.put(holding.opened)
                    rows.put(holding.closed)
                    rows.put(holding.sum)
                    rows.put(valueNow(holding))
                    rows.put(holding.opened == p.opened)
                    rows.put(holding.seller)
                    rows.end()
                }
            }
        }
    }
}
