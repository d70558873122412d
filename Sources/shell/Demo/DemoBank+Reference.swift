import Storage

// What does not hang on a customer: the bank's own lists, calendar and prices.
extension DemoBank {
    /// A night on which the mobile app was down: no mobile transaction that day.
    static let outageDay = DemoCalendar.day(2025, 5, 17)
    /// A fee was posted to everyone by mistake.
    static let errorDay = DemoCalendar.day(2026, 4, 15)
    static let errorMonth = 27

    static let money = LogicalType.decimal(scale: 2)

    var branchTable: DemoTable {
        DemoTable(
            "branches", key: ["branch_id"], time: "opened",
            columns: [("branch_id", .int), ("name", .text), ("city", .text), ("region", .text), ("opened", .date)]
        ) { [self] _, rows in
            for branch in branches {
                let city = DemoWords.cities[branch.city]
                rows.put(branch.id)
                rows.put(text: branch.name)
                rows.put(text: city.name)
                rows.put(text: city.region)
                rows.put(branch.opened)
                rows.end()
            }
        }
    }

    var staffTable: DemoTable {
        DemoTable(
            "staff", key: ["staff_id"], time: "joined",
            columns: [
                ("staff_id", .int), ("name", .text), ("role", .text), ("branch_id", .int), ("team", .text), ("joined", .date),
                ("left", .date),
                ("trained_on", .date),
            ]
        ) { [self] _, rows in
            for member in staff {
                rows.put(member.id)
                rows.put(text: member.name)
                rows.put(text: member.role.rawValue)
                rows.put(branches[member.branch].id)
                rows.put(text: member.team)
                rows.put(member.joined)
                rows.put(member.left)
                rows.put(member.trainedOn)
                rows.end()
            }
        }
    }

    var productTable: DemoTable {
        DemoTable(
            "products", key: ["product_id"],
            columns: [
                ("product_id", .int), ("name", .text), ("family", .text), ("grade", .int), ("launched", .date),
                ("margin_rate", .decimal(scale: 4)),
            ]
        ) { _, rows in
            for product in DemoCatalog.products {
                rows.put(product.id)
                rows.put(text: product.name)
                rows.put(text: product.family)
                rows.put(product.grade)
                rows.put(product.launched)
                rows.put(product.margin)
                rows.end()
            }
        }
    }

    var tierTable: DemoTable {
        DemoTable(
            "tiers", key: ["tier"],
            columns: [("tier", .text), ("rank", .int), ("balance_from", DemoBank.money), ("contact_every_days", .int)]
        ) { _, rows in
            for (rank, tier) in DemoCatalog.tiers.enumerated() {
                rows.put(text: tier.name)
                rows.put(rank + 1)
                rows.put(tier.floor)
                rows.put(tier.contactEveryDays)
                rows.end()
            }
        }
    }

    var holidayTable: DemoTable {
        DemoTable("holidays", key: ["day"], columns: [("day", .date), ("name", .text)]) { [self] _, rows in
            for holiday in calendar.holidays {
                rows.put(holiday.day)
                rows.put(text: holiday.name)
                rows.end()
            }
        }
    }

    var lunarTable: DemoTable {
        DemoTable(
            "lunar", key: ["day"],
            columns: [
                ("day", .date), ("lunar_year", .int), ("lunar_month", .int), ("lunar_day", .int), ("leap_month", .bool),
                ("festival", .text),
            ]
        ) { [self] _, rows in
            for day in calendar.lunar {
                rows.put(day.day)
                rows.put(day.year)
                rows.put(day.month)
                rows.put(day.dayOfMonth)
                rows.put(day.isLeapMonth)
                rows.put(text: day.festival)
                rows.end()
            }
        }
    }

    /// CNY for one unit, on workdays; none for AUD, in which some accounts are kept.
    var rateTable: DemoTable {
        DemoTable(
            "rates", key: ["currency", "day"], time: "day", columns: [("currency", .text), ("day", .date), ("rate", .decimal(scale: 6))]
        ) { [self] _, rows in
            let starts: [(String, Int)] = [("USD", 7_120_000), ("EUR", 7_850_000), ("HKD", 910_000), ("JPY", 49_500), ("GBP", 9_050_000)]
            for (index, (currency, start)) in starts.enumerated() {
                var rate = start
                for day in DemoCalendar.first...DemoCalendar.today {
                    var d = Dice(seed, .rate, index, Int(day))
                    // Pulled back to where it began, so that no path runs away.
                    rate += rate * d.normal() * 3 / 1_000_000 + (start - rate) / 300
                    guard calendar.isWorkday(day) else { continue }
                    rows.put(text: currency)
                    rows.put(day)
                    rows.put(rate)
                    rows.end()
                }
            }
        }
    }

    var newsTable: DemoTable {
        DemoTable(
            "news", key: ["news_id"], time: "day", isNumbered: true,
            columns: [("news_id", .int), ("product_id", .int), ("day", .date), ("title", .text)]
        ) { [self] _, rows in
            let titles = [
                "quarterly letter", "change of manager", "new terms", "outlook", "rate notice", "fee cut", "questions and answers",
            ]
            for n in 0..<80 {
                var d = Dice(seed, .news, n)
                let day = DemoCalendar.first + Int64(n) * (DemoCalendar.today - DemoCalendar.first) / 80 + Int64(d.below(10))
                let product = DemoCatalog.products[12 + d.below(11)]
                rows.put(0)
                rows.put(product.launched <= day ? product.id : nil)
                rows.put(day)
                rows.put(text: "\(product.launched <= day ? product.name : "All funds"): \(d.pick(titles))")
                rows.end()
            }
        }
    }

    var campaignTable: DemoTable {
        DemoTable(
            "campaigns", key: ["campaign_id"], time: "starts",
            columns: [
                ("campaign_id", .int), ("name", .text), ("product_id", .int), ("starts", .date), ("ends", .date), ("cost", DemoBank.money),
            ]
        ) { [self] _, rows in
            for campaign in campaigns {
                rows.put(campaign.id)
                rows.put(text: campaign.name)
                rows.put(campaign.product)
                rows.put(campaign.starts)
                rows.put(campaign.ends)
                rows.put(campaign.cost)
                rows.end()
            }
        }
    }

    var eventTable: DemoTable {
        DemoTable(
            "events", key: ["event_id"], time: "announced_on",
            columns: [
                ("event_id", .int), ("theme", .text), ("branch_id", .int), ("announced_on", .date), ("held_on", .date),
                ("cost", DemoBank.money),
            ]
        ) { [self] _, rows in
            for event in events where branches[event.branch].opened <= event.heldOn - 35 {
                rows.put(event.id)
                rows.put(text: event.theme)
                rows.put(branches[event.branch].id)
                rows.put(min(event.heldOn - 35, DemoCalendar.today))
                rows.put(event.heldOn)
                rows.put(event.heldOn <= DemoCalendar.today ? event.cost : nil)
                rows.end()
            }
        }
    }

    /// Goals by month for branches, their managers and three products, from 2025-01 to 2026-12; one in sixty is zero.
    var goalTable: DemoTable {
        DemoTable(
            "goals", key: ["goal_id"], isNumbered: true,
            columns: [
                ("goal_id", .int), ("branch_id", .int), ("staff_id", .int), ("product_id", .int), ("measure", .text), ("period", .month),
                ("target", DemoBank.money),
            ]
        ) { [self] _, rows in
            let measures: [(String, Int)] = [
                ("sales", 2700), ("new_customers", 560), ("customers", 42_000), ("satisfaction", 80), ("conversion", 45),
            ]
            for branch in branches {
                for period in Int64(2025 * 12)..<Int64(2027 * 12) {
                    var d = Dice(seed, .goal, branch.id, Int(period))
                    let season = [110, 80, 110, 100, 100, 105, 90, 90, 100, 95, 105, 115][Int(period % 12)]
                    func put(_ staff: Int?, _ product: Int?, _ measure: String, _ target: Int) {
                        rows.put(0)
                        rows.put(branch.id)
                        rows.put(staff)
                        rows.put(product)
                        rows.put(text: measure)
                        rows.put(period)
                        rows.put(d.chance(1, in: 60) ? 0 : target)
                        rows.end()
                    }
                    for (measure, usual) in measures {
                        switch measure {
                        // Rates in percent: they are carried from period to period and not split.
                        case "satisfaction", "conversion": put(nil, nil, measure, (usual + d.between(-5, 5)) * 100)
                        case "customers": put(nil, nil, measure, usual / 100 * d.between(80, 115) / 100 * 100)
                        default: put(nil, nil, measure, usual * season / 100 * d.between(75, 130) / 100 / 100 * 100)
                        }
                    }
                    for product in [8, 13, 16] { put(nil, product, "sales", d.between(0, 6) * 100) }
                    let start = (branch.id - 1) * DemoBank.staffPerBranch
                    for place in 1...9 where place <= 4 || place == 5 || place == 6 {
                        put(staff[start + place].id, nil, "sales", d.between(1, 5) * 100)
                    }
                }
            }
        }
    }

    var yearGoalTable: DemoTable {
        DemoTable(
            "year_goals", key: ["branch_id", "measure", "year"],
            columns: [("branch_id", .int), ("measure", .text), ("year", .year), ("target", DemoBank.money)]
        ) { [self] _, rows in
            for branch in branches {
                for (measure, usual) in [("sales", 330), ("new_customers", 68), ("profit", 180_000), ("satisfaction", 82)] {
                    for year in 2025...2026 {
                        var d = Dice(seed, .goal, -branch.id, year * 1000 + usual % 1000)
                        rows.put(branch.id)
                        rows.put(text: measure)
                        rows.put(year)
                        rows.put((measure == "satisfaction" ? usual + d.between(-3, 3) : usual * d.between(80, 125) / 100) * 100)
                        rows.end()
                    }
                }
            }
        }
    }
}
