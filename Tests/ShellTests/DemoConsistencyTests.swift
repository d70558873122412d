import Storage
import Testing
@testable import shell

/// What must agree between the tables of the bank. All on one bank, so that it is made once.
@Suite struct DemoConsistencyTests {
    static let size = 1000
    static let bank = DemoBank(customers: size, seed: 11)
    static let customers = bank.data("customers")
    static let accounts = bank.data("accounts")
    static let transactions = bank.data("transactions")
    static let holdings = bank.data("holdings")

    /// Accounts by number: row.
    static let accountRows = Dictionary(uniqueKeysWithValues: accounts.values("account_id").enumerated().map { ($1, $0) })

    @Test func keysAreUniqueAndTimesNeverNullNorLate() {
        for table in Self.bank.tables {
            let data = DemoTableData(table)
            if !data.schema.key.isEmpty {
                #expect(Set((0..<data.rowCount).map { data.key($0) }).count == data.rowCount, "\(data.schema.name)")
                for name in data.schema.key {
                    #expect(!(0..<data.rowCount).contains { data.isNull(data.at(name), $0) }, "\(data.schema.name).\(name)")
                }
            }
            guard let time = data.schema.time else { continue }
            let values = data.values(time)
            #expect(values.count == data.rowCount, "\(data.schema.name).\(time) has nulls")
            let isTimestamp = data.schema.columns[data.at(time)].type == .timestamp
            let latest = values.max().map { isTimestamp ? CivilDate.dayOf(timestamp: $0) : $0 } ?? 0
            #expect(latest <= DemoCalendar.today, "\(data.schema.name).\(time) reaches past the last day")
        }
    }

    @Test func numberedTablesCountFromOne() {
        for table in Self.bank.tables where table.isNumbered {
            let data = DemoTableData(table)
            #expect(data.values(data.schema.columns[0].name) == (0..<data.rowCount).map { Int64($0 + 1) }, "\(data.schema.name)")
        }
    }

    @Test func everyReferenceHasItsRow() {
        let known: [String: Set<Int64>] = [
            "customer_id": Set(Self.customers.values("customer_id")), "account_id": Set(Self.accounts.values("account_id")),
            "branch_id": Set(Self.bank.data("branches").values("branch_id")), "staff_id": Set(Self.bank.data("staff").values("staff_id")),
            "product_id": Set(Self.bank.data("products").values("product_id")),
            "campaign_id": Set(Self.bank.data("campaigns").values("campaign_id")),
            "event_id": Set(Self.bank.data("events").values("event_id")),
            "application_id": Set(Self.bank.data("applications").values("application_id")),
        ]
        let aliases = [
            "manager_id": "staff_id", "sold_by": "staff_id", "referred_by": "customer_id", "referrer_customer_id": "customer_id",
            "referred_customer_id": "customer_id", "referrer_staff_id": "staff_id", "opportunity": "product_id",
        ]
        for table in Self.bank.tables {
            let data = DemoTableData(table)
            for column in data.schema.columns {
                guard let ids = known[aliases[column.name] ?? column.name] else { continue }
                let strangers = data.ints(column.name).filter { $0.map { !ids.contains($0) } ?? false }.count
                let isPlanted = table.schema.name == "transactions" && (column.name == "customer_id" || column.name == "account_id")
                if isPlanted {
                    #expect(strangers >= 3 && strangers <= Self.size / 100, "\(strangers) orphans")
                } else {
                    #expect(strangers == 0, "\(table.schema.name).\(column.name): \(strangers)")
                }
            }
        }
    }

    @Test func balancesAreTheSumOfTheirTransactions() {
        var sums = Dictionary(uniqueKeysWithValues: zip(Self.accounts.values("account_id"), Self.accounts.values("opening_balance")))
        let (ids, amounts, dirs) = (
            Self.transactions.values("account_id"), Self.transactions.values("amount"), Self.transactions.strings("dir")
        )
        for row in ids.indices where sums[ids[row]] != nil {
            sums[ids[row], default: 0] += dirs[row] == "in" ? amounts[row] : -amounts[row]
        }
        for (id, balance) in zip(Self.accounts.values("account_id"), Self.accounts.values("balance")) {
            #expect(sums[id] == balance, "account \(id)")
        }
        #expect(!amounts.contains { $0 <= 0 })
    }

    @Test func transactionsLieWithinTheirAccounts() {
        let (ids, customers, times) = (
            Self.transactions.values("account_id"), Self.transactions.values("customer_id"), Self.transactions.values("ts")
        )
        let (opened, closed) = (Self.accounts.values("opened"), Self.accounts.ints("closed"))
        let owner = Self.accounts.values("customer_id")
        var last: [Int64: Int64] = [:]
        var faults: [Int] = []
        for row in ids.indices {
            guard let account = Self.accountRows[ids[row]] else { continue }
            let day = CivilDate.dayOf(timestamp: times[row])
            let isWithin = day >= opened[account] && day <= closed[account] ?? DemoCalendar.today && day >= DemoCalendar.first
            let isInOrder = last[customers[row]] ?? 0 <= times[row]
            if owner[account] != customers[row] || !isWithin || !isInOrder { faults.append(row + 1) }
            last[customers[row]] = times[row]
        }
        #expect(faults.isEmpty, "transactions \(faults.prefix(5))")
    }

    @Test func closedAccountsAreEmptyAndOnlyCreditIsNegative() {
        let (balance, closed, product) = (Self.accounts.values("balance"), Self.accounts.ints("closed"), Self.accounts.values("product_id"))
        for row in balance.indices {
            if closed[row] != nil { #expect(balance[row] == 0) }
            if balance[row] < 0 { #expect((7...12).contains(product[row])) }
        }
    }

    @Test func customersAgreeWithTheirMonths() {
        let months = Self.bank.data("customer_months")
        let (customer, month, balance, profit) = (
            months.values("customer_id"), months.values("month"), months.values("balance"), months.values("profit")
        )
        var lastBalance: [Int64: Int64] = [:]
        var year: [Int64: Int64] = [:]
        for row in customer.indices {
            if month[row] == 2026 * 12 + 8 { lastBalance[customer[row]] = balance[row] }
            if month[row] >= 2025 * 12 + 9 { year[customer[row], default: 0] += profit[row] }
        }
        let (ids, balances, profits, closed) = (
            Self.customers.values("customer_id"), Self.customers.values("balance"), Self.customers.values("profit_year"),
            Self.customers.ints("closed")
        )
        for row in ids.indices {
            #expect(balances[row] == (lastBalance[ids[row]] ?? 0), "customer \(ids[row])")
            #expect(profits[row] == (year[ids[row]] ?? 0), "customer \(ids[row])")
            if closed[row] != nil { #expect(balances[row] == 0) }
        }
    }

    @Test func contactCostsAgree() {
        let contacts = Self.bank.data("contacts")
        var year: [Int64: Int64] = [:]
        let from = DemoCalendar.day(2025, 10, 1) * CivilDate.microsecondsPerDay
        let (doneAt, cost, reached) = (contacts.ints("done_at"), contacts.ints("cost"), contacts.ints("reached"))
        for (row, customer) in contacts.values("customer_id").enumerated() {
            if let done = doneAt[row], done >= from { year[customer, default: 0] += cost[row] ?? 0 }
            #expect((doneAt[row] == nil) == (reached[row] == nil))
        }
        for (id, cost) in zip(Self.customers.values("customer_id"), Self.customers.values("contact_cost_year")) {
            #expect(cost == year[id] ?? 0, "customer \(id)")
        }
    }

    @Test func holdingsAgreeWithAccounts() {
        let (account, product, opened, closed) = (
            Self.holdings.ints("account_id"), Self.holdings.values("product_id"), Self.holdings.values("opened"),
            Self.holdings.ints("closed")
        )
        var seen = 0
        for row in product.indices {
            if let closed = closed[row] { #expect(closed >= opened[row]) }
            guard let id = account[row] else { continue }
            seen += 1
            guard let at = Self.accountRows[id] else { Issue.record("holding without account \(id)"); continue }
            #expect(Self.accounts.values("product_id")[at] == product[row])
            #expect(Self.accounts.values("opened")[at] == opened[row])
            #expect(Self.accounts.ints("closed")[at] == closed[row])
        }
        #expect(seen == Self.accounts.rowCount)
    }

    @Test func nothingIsSoldBeforeItsLaunchOrItsCustomer() {
        let products = Self.bank.data("products")
        let launched = Dictionary(uniqueKeysWithValues: zip(products.values("product_id"), products.values("launched")))
        let arrived = Self.customers.values("opened")
        let (holder, product, opened) = (
            Self.holdings.values("customer_id"), Self.holdings.values("product_id"), Self.holdings.values("opened")
        )
        let early = holder.indices.filter { opened[$0] < launched[product[$0]] ?? .max || opened[$0] < arrived[Int(holder[$0]) - 1] }
        #expect(early.isEmpty, "holdings \(early.prefix(5))")
    }

    @Test func campaignSalesAreHoldings() {
        let campaigns = Self.bank.data("campaigns")
        let product = Dictionary(uniqueKeysWithValues: zip(campaigns.values("campaign_id"), campaigns.values("product_id")))
        let (holder, held, opened) = (
            Self.holdings.values("customer_id"), Self.holdings.values("product_id"), Self.holdings.values("opened")
        )
        let sold = Set(holder.indices.map { "\(holder[$0])|\(held[$0])|\(opened[$0])" })
        let targets = Self.bank.data("campaign_targets")
        let (campaign, customer, bought) = (targets.values("campaign_id"), targets.values("customer_id"), targets.ints("bought_at"))
        var buyers = 0
        for row in 0..<targets.rowCount {
            guard let day = bought[row] else { continue }
            buyers += 1
            let key = "\(customer[row])|\(product[campaign[row]] ?? 0)|\(day)"
            #expect(sold.contains(key), "\(key)")
        }
        #expect(buyers > 20)
        let control = targets.strings("grp").filter { $0 == "control" }.count
        #expect((20...30).contains(control * 100 / targets.rowCount))
    }

    @Test func applicationStepsAreInOrder() {
        let a = Self.bank.data("applications")
        let chain = ["applied_at", "verified_at", "approved_at", "activated_at", "first_use_at"].map { a.ints($0) }
        let declined = a.ints("declined_at")
        var reached = [0, 0, 0, 0, 0]
        for row in 0..<a.rowCount {
            let steps = chain.compactMap { $0[row] }
            #expect(steps == steps.sorted())
            // A step is never reached without the one before it.
            #expect(chain.prefix(steps.count).allSatisfy { $0[row] != nil })
            if let declined = declined[row] { #expect(declined > steps[steps.count - 1] && steps.count <= 2) }
            for step in steps.indices { reached[step] += 1 }
        }
        #expect(zip(reached, reached.dropFirst()).allSatisfy { $0 > $1 && $1 > 0 }, "\(reached)")
    }

    @Test func referralsAreATreeButForTwoCircles() {
        let ids = Self.customers.values("customer_id")
        let by = Self.customers.ints("referred_by")
        var circles: Set<Int64> = []
        for row in ids.indices {
            var at: Int64? = ids[row]
            var steps = 0
            while let next = at, steps <= ids.count {
                at = by[Int(next) - 1]
                steps += 1
                if at == ids[row] {
                    circles.insert(ids[row])
                    break
                }
            }
        }
        #expect(circles == [3, 5, 7, 11, 13])
        let referrals = Self.bank.data("referrals")
        var seen: [Int64: Int64] = [:]
        for row in 0..<referrals.rowCount {
            if let referrer = referrals.ints("referrer_customer_id")[row], let referred = referrals.ints("referred_customer_id")[row] {
                seen[referred] = referrer
            }
        }
        #expect(seen == Dictionary(uniqueKeysWithValues: ids.indices.compactMap { row in by[row].map { (ids[row], $0) } }))
    }

    @Test func pointsAreNeverOverspent() {
        let points = Self.bank.data("points")
        var sums: [Int64: Int64] = [:]
        var lowest: Int64 = 0
        for (customer, value) in zip(points.values("customer_id"), points.values("points")) {
            sums[customer, default: 0] += value
            lowest = min(lowest, sums[customer] ?? 0)
        }
        #expect(lowest >= 0)
        #expect(points.strings("reason").contains("redeemed"))
    }

    @Test func plantedPatternsAreThere() {
        let bank = DemoBank(customers: 3000, seed: 1)
        let t = bank.data("transactions")
        let (customer, ts, amount, type, channel) = (
            t.values("customer_id"), t.values("ts"), t.values("amount"), t.strings("type"), t.strings("channel")
        )
        var nearLimit: [String: Int] = [:]
        var perHour: [String: Int] = [:]
        var outage = 0
        var errorFees = 0
        for row in customer.indices {
            let day = CivilDate.dayOf(timestamp: ts[row])
            if type[row] == "cash_deposit", amount[row] >= 4_500_000, amount[row] < 5_000_000 {
                nearLimit["\(customer[row])|\(CivilDate.month(day: day))", default: 0] += 1
            }
            if type[row] == "transfer_out" { perHour["\(customer[row])|\(day)", default: 0] += 1 }
            if channel[row] == "mobile", day == DemoBank.outageDay { outage += 1 }
            if type[row] == "fee", day == DemoBank.errorDay { errorFees += 1 }
        }
        #expect(nearLimit.values.filter { $0 >= 3 }.count >= 5)
        #expect(perHour.values.filter { $0 >= 12 }.count >= 5)
        #expect(outage == 0)
        #expect(errorFees > 1500)
        let rates = bank.data("rates")
        #expect(!rates.strings("currency").contains("AUD"))
        #expect(!rates.values("day").contains { CivilDate.weekday(day: $0) > 5 })
        #expect(t.strings("currency").contains("AUD"))
        let rings = bank.data("applications").strings("device").compactMap { $0 }.filter { $0.hasPrefix("ring") }
        #expect(rings.count >= 8)
        let deposits = bank.data("accounts")
        let (products, closed, matures) = (deposits.values("product_id"), deposits.ints("closed"), deposits.ints("matures"))
        let rolled = products.indices.filter {
            (4...6).contains(products[$0]) && closed[$0] == nil && matures[$0] ?? .max < DemoCalendar.today
        }
        #expect(rolled.count > 50)
    }

    @Test func everyNullableColumnHasNullsAndValues() {
        let sometimesNull: [String: [String]] = [
            "customers": [
                "gender", "birthday", "city", "region", "industry", "life_stage", "manager_id", "closed", "total_wallet", "income_year",
                "referred_by",
                "risk_band", "phone", "email", "preferred_channel", "interest", "anniversary",
            ],
            "accounts": ["closed", "demand_rate", "matures", "renewals", "filed_on", "credit_limit", "overdue_since"],
            "transactions": ["merchant", "counterparty"], "holdings": ["account_id", "closed", "amount", "value_now", "sold_by"],
            "contacts": ["done_at", "reached", "new_facts", "cost", "opportunity", "outcome", "follow_up_at", "reviewed_at"],
            "complaints": ["answered_at", "closed_at", "staff_id"], "surveys": ["csat", "nps", "would_recommend"],
            "referrals": ["referrer_customer_id", "referrer_staff_id", "referred_customer_id", "converted_at"],
            "staff": ["left", "trained_on"],
        ]
        for table in Self.bank.tables {
            let data = DemoTableData(table)
            for (at, column) in data.schema.columns.enumerated() {
                guard let names = sometimesNull[table.schema.name] else { continue }
                let nulls = (0..<data.rowCount).filter { data.isNull(at, $0) }.count
                #expect(
                    (nulls > 0) == names.contains(column.name), "\(table.schema.name).\(column.name): \(nulls) nulls of \(data.rowCount)")
                #expect(nulls < data.rowCount)
            }
        }
    }
}
