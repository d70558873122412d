import Storage

/// A generated bank: the same for the same seed and number of customers, on any machine and number of threads.
///
/// What many rows share (branches, staff, campaigns) is held; what belongs to a customer is a pure function of the customer's number and
/// is made anew wherever a table needs it, so memory does not grow with the number of customers.
final class DemoBank: Sendable {
    let customers: Int
    let seed: UInt64
    let calendar: DemoCalendar
    let branches: [DemoBranch]
    let staff: [DemoStaff]
    let campaigns: [DemoCampaign]
    let events: [DemoEvent]
    let growth: [[Int64]]

    init(customers: Int, seed: UInt64) {
        precondition(customers >= 0)
        self.customers = customers
        self.seed = seed
        calendar = DemoCalendar()
        branches = DemoBank.makeBranches(customers: customers, seed: seed)
        staff = DemoBank.makeStaff(branches: branches, seed: seed)
        campaigns = DemoBank.makeCampaigns(customers: customers)
        events = DemoBank.makeEvents(branches: branches, calendar: calendar, seed: seed)
        growth = DemoBank.makeGrowth(seed: seed)
    }

    /// Parents before their children.
    var tables: [DemoTable] {
        [
            branchTable, staffTable, productTable, tierTable, holidayTable, lunarTable, rateTable, newsTable, campaignTable, eventTable,
            customerTable, accountTable, holdingTable, transactionTable, customerMonthTable, riskRatingTable, pointTable, contactTable,
            callTable, guestTable, campaignTargetTable, applicationTable, applicationStepTable, complaintTable, surveyTable, referralTable,
            goalTable, yearGoalTable,
        ]
    }

    /// A table made customer by customer, in pieces of `perPiece` customers.
    func perCustomer(
        _ name: String, perPiece: Int, key: [String] = [], time: String? = nil, isNumbered: Bool = false,
        columns: [(String, LogicalType)], fill: @escaping @Sendable (_ customer: DemoPerson, _ rows: inout DemoRows) -> Void
    ) -> DemoTable {
        DemoTable(
            name, key: key, time: time, isNumbered: isNumbered, pieceCount: (customers + perPiece - 1) / perPiece, columns: columns
        ) { [self] piece, rows in
            let first = piece * perPiece + 1
            for id in first..<min(first + perPiece, customers + 1) { fill(person(id), &rows) }
        }
    }

    /// Someone of the branch who sells, there on that day; the trained sell twice as much from their training on.
    func seller(branch: Int, on day: Int64, _ d: inout Dice) -> DemoStaff? {
        let start = branch * DemoBank.staffPerBranch
        var weights = [Int](repeating: 0, count: DemoBank.staffPerBranch)
        var sum = 0
        for place in weights.indices {
            let member = staff[start + place]
            guard member.isThere(day) else { continue }
            let base =
                switch member.role {
                case .head: 0
                case .manager: 5
                case .teller: 3
                case .lobby: 3
                }
            let isTrained = member.trainedOn.map { $0 <= day } ?? false
            weights[place] = base * member.talent * (isTrained ? 2 : 1)
            sum += weights[place]
        }
        return sum == 0 ? nil : staff[start + d.weighted(weights)]
    }

    /// The unit value index of a product at a day, for days from 2009 on.
    func unitValue(product: Int, on day: Int64) -> Int64? {
        let path = growth[product - 1]
        guard !path.isEmpty else { return nil }
        return path[max(0, min(path.count - 1, Int(CivilDate.month(day: day) - 2009 * 12)))]
    }

    static func name(_ d: inout Dice, isMale: Bool, id: Int) -> String {
        if d.chance(72, in: 100) {
            let surname = d.chance(15) ? d.pick(DemoWords.doubleSurnames) : d.pick(DemoWords.surnames)
            return surname + d.pick(isMale ? DemoWords.maleNames : DemoWords.femaleNames)
        }
        let first = d.pick(isMale ? DemoWords.latinMale : DemoWords.latinFemale)
        let last = d.pick(DemoWords.latinLast)
        // A few names that test a reader of csv.
        switch d.below(150) {
        case 0: return "\(last), \(first)"
        case 1: return "\(first) \"\(String(first.prefix(2)))\" \(last)"
        case 2: return "\(first) \(last), Jr."
        default: return "\(first) \(last)"
        }
    }
}
