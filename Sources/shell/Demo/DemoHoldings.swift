import Storage

/// A product that a customer holds or held.
struct DemoHolding: Sendable {
    /// 1 ... within the customer, by the order of opening.
    var place: Int
    var product: Int
    var opened: Int64
    var closed: Int64?
    /// Cents; nil for what has no amount.
    var sum: Int?
    /// The account's place where the product is an account.
    var accountPlace: Int?
    var seller: Int?
}

/// A customer's part in a campaign.
struct DemoTarget: Sendable {
    var campaign: Int
    var isControl: Bool
    var contactedAt: Int64?
    var respondedAt: Int64?
    var boughtOn: Int64?
    var cost: Int64
}

extension DemoBank {
    /// Who is a target is drawn by campaign; one in four of those assigned is control, by a draw of its own.
    func targets(_ p: DemoPerson) -> [DemoTarget] {
        var result: [DemoTarget] = []
        for campaign in campaigns {
            var d = Dice(seed, .campaign, p.id, campaign.id)
            guard d.chance(campaign.reach, in: 10_000), p.isCustomer(on: campaign.starts), p.lifecycle != .silent else { continue }
            let isControl = d.chance(25, in: 100)
            let isReached = d.chance(87, in: 100)
            let contactDay = calendar.workday(onOrAfter: d.between(campaign.starts, max(campaign.starts, campaign.ends - 10)))
            let contactSecond = d.between(32_400, 64_000)
            let responds = d.chance(140)
            let responseDelay = d.between(1800, 500_000)
            let buys = d.below(10_000)
            let buyDelay = d.between(Int64(0), 20)
            let isContacted = !isControl && isReached && contactDay <= p.lastActive
            var target = DemoTarget(campaign: campaign.id, isControl: isControl, contactedAt: nil, respondedAt: nil, boughtOn: nil, cost: 0)
            if isContacted {
                let at = DemoCalendar.timestamp(contactDay, second: contactSecond)
                target.contactedAt = at
                target.cost = campaign.costPerContact
                let answer = at + Int64(responseDelay) * 1_000_000
                let isBuyer = buys < campaign.targetBuys
                if isBuyer || responds, CivilDate.dayOf(timestamp: answer) <= p.lastActive { target.respondedAt = answer }
            }
            let day = contactDay + (isContacted ? 6 : 0) + buyDelay
            if buys < (isContacted ? campaign.targetBuys : campaign.controlBuys), day <= p.lastActive { target.boughtOn = day }
            result.append(target)
        }
        return result
    }

    /// Everything held, in the order of opening: the accounts and what else was sold.
    func holdings(_ p: DemoPerson, _ accounts: [DemoAccount]) -> [DemoHolding] {
        var result: [DemoHolding] = accounts.map { account in
            DemoHolding(
                place: 0, product: account.product, opened: account.opened, closed: account.closed,
                sum: account.isTermDeposit || account.isLoan ? account.sum : account.limit, accountPlace: account.place, seller: nil)
        }
        guard p.lifecycle != .silent else { return numbered(p, result) }
        var fromCampaigns = 0
        for target in targets(p) {
            guard let day = target.boughtOn else { continue }
            let product = campaigns[target.campaign - 1].product
            var d = Dice(seed, .holdings, p.id, 100 + target.campaign)
            fromCampaigns |= 1 << product
            result.append(extra(p, product, day, &d))
        }
        for (product, chance) in appetite(p, accounts) where fromCampaigns & (1 << product) == 0 {
            var d = Dice(seed, .holdings, p.id, product)
            guard d.chance(chance) else { continue }
            let launched = DemoCatalog.products[product - 1].launched
            let earliest = max(p.opened, launched)
            let latest = p.lastActive - 10
            guard earliest < latest else { continue }
            // What was launched in the books is taken up slowly, then fast, then slowly.
            let day =
                launched > DemoCalendar.first
                ? (d.between(earliest, latest) + d.between(earliest, latest)) / 2 : d.between(earliest, latest)
            result.append(extra(p, product, day, &d))
            let family = DemoCatalog.products[product - 1].family
            if family == "fund" || family == "gold", d.chance(30, in: 100), day + 60 < latest {
                result.append(extra(p, product, d.between(day + 30, latest), &d))
            }
        }
        return numbered(p, result)
    }

    private func numbered(_ p: DemoPerson, _ holdings: [DemoHolding]) -> [DemoHolding] {
        var result = holdings
        // By opening; insertion keeps the order of what opened on one day.
        for i in result.indices.dropFirst() {
            let item = result[i]
            var j = i
            while j > 0, result[j - 1].opened > item.opened {
                result[j] = result[j - 1]
                j -= 1
            }
            result[j] = item
        }
        for i in result.indices {
            result[i].place = i + 1
            var d = Dice(seed, .seller, p.id, i)
            let family = DemoCatalog.products[result[i].product - 1].family
            let isOnline =
                result[i].opened >= DemoCalendar.day(2023, 1, 1) && d.chance(family == "digital" ? 80 : family == "fund" ? 35 : 12, in: 100)
            result[i].seller = isOnline ? nil : seller(branch: p.branch, on: result[i].opened, &d)?.id
        }
        return result
    }

    private func extra(_ p: DemoPerson, _ product: Int, _ day: Int64, _ d: inout Dice) -> DemoHolding {
        let family = DemoCatalog.products[product - 1].family
        var sum: Int?
        var closes = 0
        switch family {
        case "fund", "gold":
            sum = max(100_000, d.lognormal(median: p.wealth / 5 + 50_000, octaves: 900) / 10_000 * 10_000)
            closes = 18
        case "insurance":
            sum = max(20_000, d.lognormal(median: [60_000, 180_000, 500_000][(product - 16) % 3], octaves: 700) / 1000 * 1000)
            closes = product == 16 ? 40 : 9
        default:
            closes = 4
        }
        var closed: Int64?
        if d.chance(closes, in: 100), day + 90 < p.lastActive { closed = d.between(day + 60, p.lastActive - 1) }
        return DemoHolding(place: 0, product: product, opened: day, closed: closed ?? p.closed, sum: sum, accountPlace: nil, seller: nil)
    }

    /// Chance in a thousand of each product that is not an account, by wealth, age, and what is held: the affinities that a basket shows.
    private func appetite(_ p: DemoPerson, _ accounts: [DemoAccount]) -> [(product: Int, chance: Int)] {
        let band = DemoCatalog.tier(of: Int64(p.wealth))
        let hasGoodCard = accounts.contains { $0.product == 8 || $0.product == 9 }
        let hasMortgage = accounts.contains { $0.product == 11 }
        let isFamily = p.lifeStage == 3 || p.lifeStage == 4
        let isMobile = p.mobileFrom < DemoCalendar.months
        return [
            (13, [60, 140, 240, 320, 360][band]), (14, [20, 60, 140, 210, 260][band]),
            (15, [25, 70, 130, 200, 300][band] * (p.ageYears > 60 ? 1 : 2) / 2),
            (16, min(900, [50, 80, 110, 130, 130][band] * (hasGoodCard ? 4 : 1))),
            (17, [50, 80, 110, 130, 140][band] * (isFamily ? 2 : 1)),
            (18, min(800, [25, 50, 70, 90, 100][band] * (hasMortgage ? 6 : 1))), (19, [30, 60, 90, 120, 160][band]),
            (21, isMobile ? 480 : 40), (22, isMobile ? [30, 90, 150, 170, 110][band] : 4),
            (23, p.ageYears >= 40 && p.ageYears < 65 ? [12, 30, 60, 80, 80][band] : 2),
        ]
    }

    /// Cents; nil where the product has no value of its own or is held no more.
    func valueNow(_ h: DemoHolding) -> Int? {
        guard h.closed == nil, let sum = h.sum, let then = unitValue(product: h.product, on: h.opened),
            let now = unitValue(product: h.product, on: DemoCalendar.today)
        else { return nil }
        return sum / 100 * Int(now) / Int(then) * 100 + sum % 100
    }
}
