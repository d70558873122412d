import Storage

// What the bank and its customers have to do with each other: contacts, sales, applications, complaints, surveys, referrals.
extension DemoBank {
    var contactTable: DemoTable {
        perCustomer(
            "contacts", perPiece: 4096, key: ["contact_id"], time: "planned_on", isNumbered: true,
            columns: [
                ("contact_id", .int), ("customer_id", .int), ("staff_id", .int), ("planned_on", .date), ("planned_for", .date),
                ("done_at", .timestamp),
                ("method", .text), ("theme", .text), ("reached", .bool), ("new_facts", .int), ("cost", DemoBank.money),
                ("opportunity", .int), ("outcome", .text), ("follow_up_at", .date), ("reviewed_at", .timestamp),
            ]
        ) { [self] p, rows in
            for contact in contacts(p) {
                rows.put(0)
                rows.put(p.id)
                rows.put(contact.manager)
                rows.put(contact.plannedOn)
                rows.put(contact.plannedFor)
                rows.put(contact.doneAt)
                rows.put(text: DemoWords.contactMethods[contact.method])
                rows.put(text: DemoWords.contactThemes[contact.theme])
                rows.put(contact.reached)
                rows.put(contact.newFacts)
                rows.put(contact.cost)
                rows.put(contact.opportunity)
                rows.put(text: contact.outcome)
                rows.put(contact.followUpAt)
                rows.put(contact.reviewedAt)
                rows.end()
            }
        }
    }

    /// Calls that came in; most are answered the same day, a few never.
    var callTable: DemoTable {
        perCustomer(
            "calls", perPiece: 16_384, key: ["call_id"], time: "received_at", isNumbered: true,
            columns: [
                ("call_id", .int), ("customer_id", .int), ("staff_id", .int), ("received_at", .timestamp), ("answered_at", .timestamp),
                ("reason", .text),
            ]
        ) { [self] p, rows in
            guard p.lastActive >= DemoCalendar.first, p.lifecycle != .silent else { return }
            var d = Dice(seed, .call, p.id)
            let count = [0, 1, 2, 4][d.weighted([58, 24, 13, 5])]
            for day in days(count, p, &d) {
                let at = DemoCalendar.timestamp(day, second: d.between(30_000, 70_000))
                let wait = d.below(100)
                let seconds = wait < 60 ? d.between(5, 600) : wait < 85 ? d.between(600, 14_000) : d.between(14_000, 240_000)
                let answered = at + Int64(seconds) * 1_000_000
                rows.put(0)
                rows.put(p.id)
                rows.put(staff[p.manager].id)
                rows.put(at)
                rows.put(wait < 96 && CivilDate.dayOf(timestamp: answered) <= DemoCalendar.today ? answered : nil)
                rows.put(text: d.pick(DemoWords.callReasons))
                rows.end()
            }
        }
    }

    /// So many days of the customer's time in the books, rising.
    private func days(_ count: Int, _ p: DemoPerson, _ d: inout Dice) -> [Int64] {
        (0..<count).map { _ in d.between(p.firstActive, p.lastActive) }.sorted()
    }

    var guestTable: DemoTable {
        perCustomer(
            "event_guests", perPiece: 16_384, key: ["event_id", "customer_id"], time: "invited_on",
            columns: [("event_id", .int), ("customer_id", .int), ("invited_on", .date), ("attended", .bool), ("bought_on", .date)]
        ) { [self] p, rows in
            guard p.lastActive >= DemoCalendar.first, p.lifecycle != .silent else { return }
            let sales = holdings(p, accounts(p)).filter { $0.accountPlace == nil && $0.sum != nil }
            let band = DemoCatalog.tier(of: Int64(p.wealth))
            for quarter in 0..<DemoBank.eventsPerBranch {
                let event = events[p.branch * DemoBank.eventsPerBranch + quarter]
                var d = Dice(seed, .invitation, p.id, quarter)
                let isInvited = d.chance([20, 60, 120, 200, 300][band])
                let comes = d.chance(38, in: 100)
                let follows = d.chance(45, in: 100)
                let invitedOn = event.heldOn - Int64(d.between(10, 30))
                guard p.isCustomer(on: invitedOn), invitedOn >= DemoCalendar.first, invitedOn <= DemoCalendar.today,
                    branches[p.branch].opened <= event.heldOn - 35
                else { continue }
                let sale = sales.first { $0.opened > event.heldOn && $0.opened <= event.heldOn + 30 }
                let bought = follows ? sale?.opened : nil
                guard isInvited || bought != nil else { continue }
                rows.put(event.id)
                rows.put(p.id)
                rows.put(invitedOn)
                rows.put(event.heldOn <= DemoCalendar.today ? comes || bought != nil : nil)
                rows.put(bought)
                rows.end()
            }
        }
    }

    var campaignTargetTable: DemoTable {
        perCustomer(
            "campaign_targets", perPiece: 16_384, key: ["campaign_id", "customer_id"], time: "assigned_on",
            columns: [
                ("campaign_id", .int), ("customer_id", .int), ("assigned_on", .date), ("grp", .text), ("contacted_at", .timestamp),
                ("responded_at", .timestamp), ("bought_at", .date), ("cost", DemoBank.money),
            ]
        ) { [self] p, rows in
            for target in targets(p) {
                rows.put(target.campaign)
                rows.put(p.id)
                rows.put(campaigns[target.campaign - 1].starts)
                rows.put(text: target.isControl ? "control" : "target")
                rows.put(target.contactedAt)
                rows.put(target.respondedAt)
                rows.put(target.boughtOn)
                rows.put(target.cost)
                rows.end()
            }
        }
    }

    var applicationTable: DemoTable {
        perCustomer(
            "applications", perPiece: 16_384, key: ["application_id"], time: "applied_at",
            columns: [
                ("application_id", .int), ("customer_id", .int), ("product_id", .int), ("account_id", .int), ("applied_at", .timestamp),
                ("verified_at", .timestamp), ("approved_at", .timestamp), ("activated_at", .timestamp), ("first_use_at", .timestamp),
                ("declined_at", .timestamp), ("staff_id", .int), ("channel", .text), ("device", .text),
            ]
        ) { [self] p, rows in
            for a in applications(p, accounts(p)) {
                rows.put(p.id * 10 + a.place)
                rows.put(p.id)
                rows.put(a.product)
                rows.put(a.accountPlace.map { p.id * 10 + $0 })
                rows.put(a.appliedAt)
                rows.put(a.verifiedAt)
                rows.put(a.approvedAt)
                rows.put(a.activatedAt)
                rows.put(a.firstUseAt)
                rows.put(a.declinedAt)
                var d = Dice(seed, .application, p.id, 1000 + a.place)
                rows.put(a.channel == 2 ? seller(branch: p.branch, on: CivilDate.dayOf(timestamp: a.appliedAt), &d)?.id : nil)
                rows.put(text: ["mobile", "web", "branch"][a.channel])
                rows.put(text: a.channel == 2 ? nil : a.device < 0 ? "ring-\(-a.device)" : "device-\(a.device)")
                rows.end()
            }
        }
    }

    /// The same applications as events, one a line, with the papers that the wide form leaves out (some are asked for twice).
    var applicationStepTable: DemoTable {
        perCustomer(
            "application_steps", perPiece: 16_384, time: "ts",
            columns: [("application_id", .int), ("customer_id", .int), ("step", .text), ("ts", .timestamp)]
        ) { [self] p, rows in
            for a in applications(p, accounts(p)) {
                let steps: [(String, Int64?)] = [
                    ("applied", a.appliedAt), ("documents", a.documentsAt), ("documents", a.documentsAgainAt), ("verified", a.verifiedAt),
                    ("approved", a.approvedAt), ("declined", a.declinedAt), ("activated", a.activatedAt), ("first_use", a.firstUseAt),
                ]
                for (step, ts) in steps {
                    guard let ts else { continue }
                    rows.put(p.id * 10 + a.place)
                    rows.put(p.id)
                    rows.put(text: step)
                    rows.put(ts)
                    rows.end()
                }
            }
        }
    }

    /// More of them from those who leave, in the months before they do.
    var complaintTable: DemoTable {
        perCustomer(
            "complaints", perPiece: 16_384, key: ["complaint_id"], time: "opened_at", isNumbered: true,
            columns: [
                ("complaint_id", .int), ("customer_id", .int), ("opened_at", .timestamp), ("answered_at", .timestamp),
                ("closed_at", .timestamp),
                ("topic", .text), ("channel", .text), ("branch_id", .int), ("staff_id", .int),
            ]
        ) { [self] p, rows in
            guard p.lastActive >= DemoCalendar.first, p.lifecycle != .silent else { return }
            var d = Dice(seed, .complaint, p.id)
            let count = p.isChurning ? [0, 1, 2][d.weighted([62, 28, 10])] : [0, 1, 2][d.weighted([92, 7, 1])]
            var list = days(count, p, &d)
            if p.isChurning, let last = list.indices.last {
                list[last] = max(list[last], min(p.lastActive, calendar.monthStart[p.turn] + Int64(d.below(28))))
            }
            for day in list {
                let at = DemoCalendar.timestamp(day, second: d.between(30_000, 75_000))
                let isSlow = branches[p.branch].quality < -4
                let answer = at + Int64(d.lognormal(median: isSlow ? 2400 : 900, octaves: 1500)) * 60_000_000
                let isAnswered = d.chance(94, in: 100) && CivilDate.dayOf(timestamp: answer) <= DemoCalendar.today
                let close = answer + Int64(d.lognormal(median: 2500, octaves: 1300)) * 60_000_000
                let isClosed = isAnswered && d.chance(92, in: 100) && CivilDate.dayOf(timestamp: close) <= DemoCalendar.today
                let server = seller(branch: p.branch, on: day, &d)?.id
                rows.put(0)
                rows.put(p.id)
                rows.put(at)
                rows.put(isAnswered ? answer : nil)
                rows.put(isClosed ? close : nil)
                rows.put(text: d.pick(DemoWords.complaintTopics))
                rows.put(text: ["phone", "branch", "mobile"][d.weighted([5, 3, 4])])
                rows.put(branches[p.branch].id)
                rows.put(d.chance(30, in: 100) ? nil : server)
                rows.end()
            }
        }
    }

    var surveyTable: DemoTable {
        perCustomer(
            "surveys", perPiece: 16_384, key: ["survey_id"], time: "ts", isNumbered: true,
            columns: [
                ("survey_id", .int), ("customer_id", .int), ("branch_id", .int), ("staff_id", .int), ("ts", .timestamp), ("csat", .int),
                ("nps", .int),
                ("would_recommend", .bool),
            ]
        ) { [self] p, rows in
            guard p.lastActive >= DemoCalendar.first, p.lifecycle != .silent else { return }
            var d = Dice(seed, .survey, p.id)
            let count = [0, 1, 2, 3][d.weighted([50, 28, 15, 7])]
            guard count > 0 else { return }
            let sales = holdings(p, accounts(p))
            for day in days(count, p, &d) {
                // Those who buy again within eighteen months were pleased more often, those who leave less.
                let buysAgain = sales.contains { $0.opened > day && $0.opened <= day + 548 }
                let mood = branches[p.branch].quality * 2 + (buysAgain ? 18 : 0) - (p.isChurning ? 30 : 0) + d.normal() * 32 / 1000
                let csat = mood > 22 ? 5 : mood > -12 ? 4 : mood > -38 ? 3 : mood > -58 ? 2 : 1
                let nps = max(0, min(10, 7 + mood / 12 + d.below(3) - 1))
                let server = seller(branch: p.branch, on: day, &d)?.id
                rows.put(0)
                rows.put(p.id)
                rows.put(branches[p.branch].id)
                rows.put(server)
                rows.put(DemoCalendar.timestamp(day, second: d.between(32_000, 75_000)))
                rows.put(d.chance(60) ? nil : csat)
                rows.put(d.chance(180) ? nil : nps)
                rows.put(d.chance(250) ? nil : nps >= 8)
                rows.end()
            }
        }
    }

    /// Three kinds: a customer brought a customer (it agrees with `referred_by`); a customer named a friend who never came (the referred
    /// is null); someone of the floor staff passed a customer on, and a sale came of it or not.
    var referralTable: DemoTable {
        perCustomer(
            "referrals", perPiece: 16_384, key: ["referral_id"], time: "ts", isNumbered: true,
            columns: [
                ("referral_id", .int), ("referrer_customer_id", .int), ("referrer_staff_id", .int), ("referred_customer_id", .int),
                ("ts", .timestamp),
                ("product_id", .int), ("converted_at", .date),
            ]
        ) { [self] p, rows in
            var d = Dice(seed, .referral, p.id)
            let holdings = holdings(p, accounts(p))
            func put(_ customer: Int?, _ staff: Int?, _ referred: Int?, _ day: Int64, _ product: Int?, _ converted: Int64?) {
                rows.put(0)
                rows.put(customer)
                rows.put(staff)
                rows.put(referred)
                rows.put(DemoCalendar.timestamp(day, second: d.between(32_400, 61_000)))
                rows.put(product)
                rows.put(converted)
                rows.end()
            }
            if let referrer = p.referredBy { put(referrer, nil, p.id, p.opened - Int64(d.between(1, 25)), 1, p.opened) }
            if d.chance(70), p.lifecycle != .silent { put(p.id, nil, nil, d.between(p.firstActive, p.lastActive), 1, nil) }
            for holding in holdings where holding.opened > max(p.opened, DemoCalendar.first) && d.chance(18, in: 100) {
                let day = max(p.opened, holding.opened - Int64(d.between(0, 14)))
                if let member = floorMember(p.branch, day, &d) { put(nil, member, p.id, day, holding.product, holding.opened) }
            }
            if d.chance(130), p.lastActive >= DemoCalendar.first {
                let day = d.between(p.firstActive, p.lastActive)
                let product = [7, 8, 10, 13, 17, 18][d.below(6)]
                if let member = floorMember(p.branch, day, &d) { put(nil, member, p.id, day, product, nil) }
            }
        }
    }

    private func floorMember(_ branch: Int, _ day: Int64, _ d: inout Dice) -> Int? {
        let member = staff[branch * DemoBank.staffPerBranch + 5 + d.below(7)]
        return member.isThere(day) ? member.id : nil
    }
}
