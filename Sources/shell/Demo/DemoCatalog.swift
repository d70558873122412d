import Storage

/// What the demo bank sells and how it grades its customers.
enum DemoCatalog {
    struct Product: Sendable {
        var id: Int
        var name: String
        var family: String
        /// Place within the family, 1 the plainest: a sale of a higher grade to a holder of a lower one is an up-sell.
        var grade: Int
        var launched: Int64
        /// Ten thousandths a year of the amount held.
        var margin: Int64
        /// Drift and spread of the value in ten thousandths a month; nil where value is not what the customer buys.
        var growth: (drift: Int, spread: Int)?
    }

    struct Tier: Sendable {
        var name: String
        /// Cents.
        var floor: Int64
        var contactEveryDays: Int
    }

    static let products: [Product] = [
        product(1, "Everyday Account", "current", 1, 2005, 110), product(2, "Plus Account", "current", 2, 2008, 120),
        product(3, "Private Account", "current", 3, 2008, 130), product(4, "Term Deposit 3M", "deposit", 1, 2005, 60),
        product(5, "Term Deposit 12M", "deposit", 2, 2005, 70), product(6, "Term Deposit 36M", "deposit", 3, 2005, 80),
        product(7, "Classic Card", "card", 1, 2006, 900), product(8, "Gold Card", "card", 2, 2008, 850),
        product(9, "Platinum Card", "card", 3, 2008, 800), product(10, "Consumer Loan", "loan", 1, 2007, 420),
        product(11, "Mortgage", "loan", 2, 2005, 140), product(12, "Business Loan", "loan", 3, 2008, 310),
        product(13, "Money Market Fund", "fund", 1, 2010, 30, (18, 4)), product(14, "Bond Fund", "fund", 2, 2010, 70, (26, 60)),
        product(15, "Equity Fund", "fund", 3, 2010, 140, (45, 420)), product(16, "Travel Insurance", "insurance", 1, 2012, 2200),
        product(17, "Health Insurance", "insurance", 2, 2012, 1800), product(18, "Life Insurance", "insurance", 3, 2012, 1500),
        product(19, "Gold Savings", "gold", 1, 2014, 90, (60, 250)), product(20, "Foreign Currency Account", "foreign", 1, 2008, 150),
        product(21, "Mobile Wallet", "digital", 1, 2019, 20),
        Product(
            id: 22, name: "Robo Portfolio", family: "fund", grade: 2, launched: DemoCalendar.day(2025, 4, 7), margin: 90, growth: (30, 200)),
        Product(
            id: 23, name: "Pension Plan", family: "insurance", grade: 3, launched: DemoCalendar.day(2026, 3, 2), margin: 120,
            growth: (28, 90)),
        Product(
            id: 24, name: "Safe Deposit Box", family: "service", grade: 1, launched: DemoCalendar.day(2026, 9, 1), margin: 0, growth: nil),
    ]

    static let tiers: [Tier] = [
        Tier(name: "standard", floor: 0, contactEveryDays: 365), Tier(name: "silver", floor: 5_000_000, contactEveryDays: 180),
        Tier(name: "gold", floor: 20_000_000, contactEveryDays: 90), Tier(name: "platinum", floor: 100_000_000, contactEveryDays: 45),
        Tier(name: "private", floor: 600_000_000, contactEveryDays: 21),
    ]

    /// The last tier whose floor is reached; a debt is standard.
    static func tier(of balance: Int64) -> Int { tiers.lastIndex { balance >= $0.floor } ?? 0 }

    private static func product(
        _ id: Int, _ name: String, _ family: String, _ grade: Int, _ year: Int64, _ margin: Int64, _ growth: (Int, Int)? = nil
    ) -> Product {
        Product(
            id: id, name: name, family: family, grade: grade, launched: DemoCalendar.day(year, 3, 1), margin: margin,
            growth: growth.map { (drift: $0.0, spread: $0.1) })
    }
}

struct DemoBranch: Sendable {
    var id: Int
    var name: String
    var city: Int
    var opened: Int64
    /// -10 ... 10: what its customers feel, so that branches differ in satisfaction.
    var quality: Int
}

struct DemoStaff: Sendable {
    enum Role: String, Sendable { case head, manager, teller, lobby }
    var id: Int
    var name: String
    var role: Role
    var branch: Int
    var team: String
    var joined: Int64
    var left: Int64?
    var trainedOn: Int64?
    /// Percent of the usual sales.
    var talent: Int

    func isThere(_ day: Int64) -> Bool { joined <= day && (left.map { day < $0 } ?? true) }
}

struct DemoCampaign: Sendable {
    var id: Int
    var name: String
    var product: Int
    var starts: Int64
    var ends: Int64
    /// Per ten thousand, of those assigned: to be in the campaign, to buy as a target who was contacted, to buy as control.
    var reach: Int
    var targetBuys: Int
    var controlBuys: Int
    /// Cents.
    var cost: Int64
    var costPerContact: Int64
}

struct DemoEvent: Sendable {
    var id: Int
    var theme: String
    var branch: Int
    var heldOn: Int64
    var cost: Int64
}

extension DemoBank {
    static let staffPerBranch = 12
    static let eventsPerBranch = 12

    static func makeBranches(customers: Int, seed: UInt64) -> [DemoBranch] {
        let count = max(4, min(2000, customers / 500))
        let weights = DemoWords.cities.map(\.weight)
        var used: [String: Int] = [:]
        return (0..<count).map { index in
            var d = Dice(seed, .branch, index)
            let city = index == 0 ? 1 : d.weighted(weights)
            var name = "\(DemoWords.cities[city].name) \(d.pick(DemoWords.branchPlaces))"
            let times = (used[name] ?? 0) + 1
            used[name] = times
            if times > 1 { name += " \(times)" }
            // The last branch is young, so that one line starts in the middle of every chart.
            let isYoung = index == count - 1
            let opened = isYoung ? DemoCalendar.day(2025, 3, 3) : DemoCalendar.day(2003, 1, 6) + 7 * d.between(Int64(0), 780)
            return DemoBranch(
                id: index + 1, name: name, city: city, opened: index == 0 ? DemoCalendar.day(2002, 5, 13) : opened,
                quality: d.between(-10, 10))
        }
    }

    static func makeStaff(branches: [DemoBranch], seed: UInt64) -> [DemoStaff] {
        branches.indices.flatMap { branch in (0..<staffPerBranch).map { place in makeStaffMember(branch, place, branches[branch], seed) } }
    }

    private static func makeStaffMember(_ branch: Int, _ place: Int, _ home: DemoBranch, _ seed: UInt64) -> DemoStaff {
        let index = branch * staffPerBranch + place
        var d = Dice(seed, .staff, index)
        let role: DemoStaff.Role = place == 0 ? .head : place <= 4 ? .manager : place <= 9 ? .teller : .lobby
        // The head, a manager and a teller are there from the branch's first day: someone can always serve.
        let isFounder = place == 0 || place == 1 || place == 5
        let latest = DemoCalendar.today - 120
        let joined = isFounder ? home.opened : d.between(home.opened, max(home.opened, latest))
        let trained = role != .head && d.chance(45, in: 100) ? d.between(DemoCalendar.day(2025, 1, 6), DemoCalendar.day(2026, 3, 31)) : nil
        let leaves = !isFounder && role == .manager && d.chance(80)
        let left = leaves ? d.between(max(joined + 60, DemoCalendar.day(2026, 7, 1)), DemoCalendar.today - 1) : nil
        return DemoStaff(
            id: index + 1, name: name(&d, isMale: d.chance(45, in: 100), id: index + 1), role: role, branch: branch,
            team: role == .manager ? (place <= 2 ? "wealth" : "retail") : role == .head ? "lead" : "floor", joined: joined, left: left,
            trainedOn: trained.flatMap { $0 > joined ? $0 : nil }, talent: d.between(50, 160))
    }

    static func makeCampaigns(customers: Int) -> [DemoCampaign] {
        let day = DemoCalendar.day
        let plan: [(String, Int, Int64, Int64, Int, Int, Int)] = [
            ("Spring Funds", 13, day(2024, 3, 4), 42, 900, 900, 350), ("Summer Travel", 16, day(2024, 5, 20), 56, 1200, 700, 200),
            ("Health First", 17, day(2024, 9, 2), 42, 700, 500, 240), ("Golden Year End", 19, day(2024, 11, 18), 35, 800, 650, 300),
            ("New Year Bonds", 14, day(2025, 1, 6), 28, 600, 480, 260), ("Robo Launch", 22, day(2025, 4, 14), 56, 1500, 800, 250),
            ("Wallet Welcome", 21, day(2025, 6, 2), 42, 1000, 1500, 900), ("Protect the Family", 18, day(2025, 8, 4), 49, 700, 300, 310),
            ("Equity Autumn", 15, day(2025, 10, 13), 42, 600, 260, 240), ("Travel in Winter", 16, day(2025, 12, 1), 42, 900, 620, 180),
            ("Pension Start", 23, day(2026, 3, 9), 63, 1300, 560, 140), ("Gold for Mothers", 19, day(2026, 4, 20), 28, 700, 230, 330),
            ("Robo for All", 22, day(2026, 6, 8), 56, 1400, 640, 300), ("Autumn Health", 17, day(2026, 9, 7), 56, 1000, 420, 180),
        ]
        return plan.enumerated().map { index, p in
            DemoCampaign(
                id: index + 1, name: p.0, product: p.1, starts: p.2, ends: p.2 + p.3 - 1, reach: p.4, targetBuys: p.5, controlBuys: p.6,
                cost: 2_000_000 + Int64(customers) * 90 * Int64(1 + index % 3), costPerContact: [150, 30, 900][index % 3])
        }
    }

    /// One salon a quarter and branch, the first of 2024 to the last of 2026 (that one only announced).
    static func makeEvents(branches: [DemoBranch], calendar: DemoCalendar, seed: UInt64) -> [DemoEvent] {
        branches.indices.flatMap { branch in
            (0..<eventsPerBranch).map { quarter in
                var d = Dice(seed, .event, branch, quarter)
                let quarterStart = CivilDate.firstDay(quarter: 2024 * 4 + Int64(quarter))
                let day = calendar.workday(onOrAfter: quarterStart + d.between(Int64(14), 70))
                return DemoEvent(
                    id: branch * eventsPerBranch + quarter + 1, theme: d.pick(DemoWords.salonThemes), branch: branch, heldOn: day,
                    cost: Int64(d.between(300_000, 1_500_000)))
            }
        }
    }

    /// Value of one unit by product (id - 1) and month counted from 2009-01, 1,000,000 at the start; empty where a product has no value.
    static func makeGrowth(seed: UInt64) -> [[Int64]] {
        let months = Int((2026 - 2009) * 12 + 9)
        return DemoCatalog.products.map { product in
            guard let growth = product.growth else { return [] }
            var value: Int64 = 1_000_000
            return (0..<months).map { month in
                var d = Dice(seed, .growth, product.id, month)
                var step = growth.drift + d.normal() * growth.spread / 1000
                // A bad year for what swings: those who bought from 2023 to the spring of 2024 have lost since.
                if growth.spread >= 200, month >= 184, month < 196 { step -= growth.spread / 2 }
                value = max(value + value * Int64(step) / 10_000, 1000)
                return value
            }
        }
    }
}
