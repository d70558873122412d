import Storage

struct DemoContact: Sendable {
    var manager: Int
    var plannedOn: Int64
    var plannedFor: Int64
    var doneAt: Int64?
    var method: Int
    var theme: Int
    var reached: Bool?
    var newFacts: Int?
    var cost: Int64?
    var opportunity: Int?
    var outcome: String?
    var followUpAt: Int64?
    var reviewedAt: Int64?
}

struct DemoApplication: Sendable {
    var place: Int
    var product: Int
    var appliedAt: Int64
    var documentsAt: Int64?
    var documentsAgainAt: Int64?
    var verifiedAt: Int64?
    var approvedAt: Int64?
    var activatedAt: Int64?
    var firstUseAt: Int64?
    var declinedAt: Int64?
    var channel: Int
    var device: Int
    var isRing = false
    var accountPlace: Int?
}

extension DemoBank {
    /// The day of a week on which a manager meets customers, so that a day has several meetings and not one; the largest branches have
    /// two such days. What falls on a holiday is spread over the days after it.
    private func meetingDay(_ p: DemoPerson, near day: Int64) -> Int64 {
        let monday = CivilDate.firstDay(week: CivilDate.week(day: day))
        var d = Dice(seed, .meetingDay, p.manager, Int(monday))
        let isBusy = p.branch < 2
        let planned = monday + Int64((d.below(5) + (isBusy && p.id % 2 == 0 ? 2 : 0)) % 5)
        return calendar.isWorkday(planned) ? planned : calendar.workday(onOrAfter: planned + Int64(p.id % 10))
    }

    /// Planned contacts by the rhythm of the customer's worth, over the books and a month ahead; not all of them are kept.
    func contacts(_ p: DemoPerson) -> [DemoContact] {
        var d = Dice(seed, .contact, p.id)
        let band = DemoCatalog.tier(of: Int64(p.wealth))
        let every = [210, 110, 60, 32, 16][band]
        let isCared = d.chance([60, 92, 98, 100, 100][band], in: 100)
        guard isCared, p.lastActive >= DemoCalendar.first else { return [] }
        var result: [DemoContact] = []
        let end = min(p.lastActive, DemoCalendar.today) + (p.isOpen ? 28 : 0)
        var day = p.firstActive + Int64(d.below(every))
        while day <= end {
            let planned = meetingDay(p, near: day)
            if planned >= p.firstActive, planned <= end { result.append(contact(p, band, planned, &d)) }
            day += Int64(every * d.between(70, 130) / 100)
        }
        return result
    }

    private func contact(_ p: DemoPerson, _ band: Int, _ plannedFor: Int64, _ d: inout Dice) -> DemoContact {
        let method = d.weighted([[50, 40, 6, 4], [46, 32, 12, 10], [42, 24, 20, 14], [36, 16, 30, 18], [28, 10, 42, 20]][band])
        let theme = d.weighted([30, 10, 10, 20, 10, 14, 6])
        let fate = d.below(100)
        let late = fate < 88 ? 0 : Int64(d.between(1, 6))
        let at = DemoCalendar.timestamp(plannedFor + late, second: d.between(32_400, 61_200))
        let isReached = d.chance([62, 84, 93, 96][method], in: 100)
        let facts = d.chance(35, in: 100) ? d.between(1, 4) : 0
        let sells = d.chance(14 + 2 * band, in: 100)
        let outcome = ["open", "sold", "lost"][d.weighted([35, 25, 40])]
        let product = [5, 6, 8, 13, 14, 15, 17, 18, 19, 22][d.below(10)]
        let review = d.below(100)
        let reviewHours = review < 80 ? d.between(1, 47) : d.between(49, 120)
        var contact = DemoContact(
            manager: staff[p.manager].id, plannedOn: max(p.firstActive, plannedFor - Int64(d.between(3, 21))), plannedFor: plannedFor,
            method: method,
            theme: theme)
        let isDone = fate < 94 && CivilDate.dayOf(timestamp: at) <= min(p.lastActive, DemoCalendar.today)
        guard isDone else {
            contact.plannedOn = min(contact.plannedOn, DemoCalendar.today)
            return contact
        }
        contact.doneAt = at
        contact.reached = isReached
        contact.cost = [1200, 80, 16_000, 22_000][method] * Int64(d.between(70, 130)) / 100
        guard isReached else { return contact }
        contact.newFacts = facts
        if sells, DemoCatalog.products[product - 1].launched <= plannedFor {
            contact.opportunity = product
            contact.outcome = outcome
            if outcome == "open" { contact.followUpAt = plannedFor + Int64(d.between(3, 45)) }
            let reviewed = at + Int64(reviewHours) * 3_600_000_000
            if review < 92, CivilDate.dayOf(timestamp: reviewed) <= DemoCalendar.today { contact.reviewedAt = reviewed }
        }
        return contact
    }

    /// Card and loan applications: one for each account opened in the books, those that led nowhere, and a few planted rings.
    func applications(_ p: DemoPerson, _ accounts: [DemoAccount]) -> [DemoApplication] {
        guard p.lastActive >= DemoCalendar.first else { return [] }
        var result: [DemoApplication] = []
        for account in accounts where (account.isCard || account.isLoan) && account.opened >= DemoCalendar.first {
            result.append(granted(p, account))
        }
        var d = Dice(seed, .application, p.id)
        if p.lifecycle != .silent, d.chance(24, in: 100) {
            for n in 0..<(d.chance(20, in: 100) ? 2 : 1) {
                if let application = dropped(p, n, &d) { result.append(application) }
            }
        }
        if let ring = ringApplication(p) { result.append(ring) }
        for i in result.indices.dropFirst() {
            var j = i
            while j > 0, result[j - 1].appliedAt > result[j].appliedAt {
                result.swapAt(j - 1, j)
                j -= 1
            }
        }
        for i in result.indices { result[i].place = i + 1 }
        return result
    }

    /// Steps of one application lie on rising days, and on one day in rising hours, so that they are always in order.
    private func granted(_ p: DemoPerson, _ account: DemoAccount) -> DemoApplication {
        var d = Dice(seed, .application, p.id, account.place)
        let approved = account.opened
        let verified = max(p.opened, approved - Int64(d.between(0, 4)))
        let documents = max(p.opened, verified - Int64(d.between(0, 3)))
        let applied = max(p.opened, documents - Int64(d.between(0, 5)))
        let end = min(account.closed ?? DemoCalendar.today, DemoCalendar.today)
        var a = DemoApplication(
            place: 0, product: account.product, appliedAt: DemoCalendar.timestamp(applied, second: d.between(30_000, 33_000)),
            channel: channel(p, &d),
            device: p.id)
        a.accountPlace = account.place
        a.documentsAt = DemoCalendar.timestamp(documents, second: d.between(33_001, 36_000))
        if d.chance(15, in: 100) { a.documentsAgainAt = DemoCalendar.timestamp(verified, second: d.between(36_001, 38_000)) }
        a.verifiedAt = DemoCalendar.timestamp(verified, second: d.between(38_001, 46_000))
        a.approvedAt = DemoCalendar.timestamp(approved, second: d.between(46_001, 60_000))
        let activated = approved + Int64(min(d.below(40), d.below(40)))
        if d.chance(84, in: 100), activated <= end {
            a.activatedAt = DemoCalendar.timestamp(activated, second: d.between(60_001, 70_000))
            let used = activated + Int64(min(d.below(60), d.below(60)))
            if d.chance(86, in: 100), used <= end { a.firstUseAt = DemoCalendar.timestamp(used, second: d.between(70_001, 80_000)) }
        }
        return a
    }

    private func dropped(_ p: DemoPerson, _ n: Int, _ d: inout Dice) -> DemoApplication? {
        let applied = d.between(p.firstActive, p.lastActive)
        let product = 7 + d.weighted([35, 20, 6, 27, 5, 7])
        var a = DemoApplication(
            place: 0, product: product, appliedAt: DemoCalendar.timestamp(applied, second: d.between(30_000, 80_000)),
            channel: channel(p, &d), device: p.id)
        /// 0 only applied, 1 documents, 2 verified and then nothing, 3 declined after verification, 4 declined at once.
        let reached = d.weighted([18, 16, 16, 38, 12])
        let end = DemoCalendar.timestamp(p.lastActive, second: 86_399)
        func later(_ ts: Int64, _ hours: ClosedRange<Int>) -> Int64? {
            let t = ts + Int64(d.between(hours.lowerBound * 3600, hours.upperBound * 3600)) * 1_000_000
            return t <= end ? t : nil
        }
        if reached == 4 {
            a.declinedAt = later(a.appliedAt, 1...30)
            return a
        }
        guard reached >= 1, let documents = later(a.appliedAt, 1...120) else { return a }
        a.documentsAt = documents
        guard reached >= 2, let verified = later(documents, 4...140) else { return a }
        a.verifiedAt = verified
        if reached == 3 { a.declinedAt = later(verified, 4...200) }
        return a
    }

    /// Rings of six neighbours by number whose applications come from one device within a week.
    private func ringApplication(_ p: DemoPerson) -> DemoApplication? {
        let ring = (p.id - 1) / 1500
        guard (p.id - 1) % 1500 >= 700, (p.id - 1) % 1500 < 706, p.lifecycle != .silent else { return nil }
        var d = Dice(seed, .application, -ring - 1)
        let day = d.between(DemoCalendar.day(2026, 1, 5), DemoCalendar.day(2026, 9, 1))
        var own = Dice(seed, .application, p.id, 77)
        let applied = day + Int64(own.below(6))
        guard p.isCustomer(on: applied) else { return nil }
        var a = DemoApplication(
            place: 0, product: 10, appliedAt: DemoCalendar.timestamp(applied, second: own.between(5000, 20_000)), channel: 0,
            device: -ring - 1)
        a.isRing = true
        a.documentsAt = a.appliedAt + 900_000_000
        if own.chance(50, in: 100) { a.declinedAt = a.appliedAt + 86_400_000_000 * 2 } else { a.verifiedAt = a.appliedAt + 86_400_000_000 }
        return a
    }

    private func channel(_ p: DemoPerson, _ d: inout Dice) -> Int {
        p.mobileFrom < DemoCalendar.months ? d.weighted([60, 20, 20]) : d.weighted([5, 20, 75])
    }
}
