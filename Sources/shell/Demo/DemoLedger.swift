import Storage

/// The transactions of one customer, played through month by month in the order of time with the balances of all accounts. One ledger
/// serves a thread for many customers, so that nothing is allocated per customer.
struct DemoLedger {
    enum Kind: Int {
        case salary, transferIn, transferOut, purchase, cashDeposit, cashWithdrawal, interest, fee, bill, loanRepayment, loanDrawdown
        case cardRepayment, depositIn, depositOut, closing
    }
    enum Channel: Int { case mobile, web, branch, atm, pos, auto }

    struct Entry {
        var ts: Int64
        /// Cents, over 0.
        var amount: Int
        var account: Int8
        var kind: UInt8
        var channel: UInt8
        var isIn: Bool
        /// 1 + index in `DemoWords.merchants`; 0: none.
        var merchant: UInt8
        /// 0: none; 1 ...: see `counterpartyText`.
        var counterparty: Int64
    }

    var entries: [Entry] = []
    /// By place (1...9); cents.
    var balance = [Int](repeating: 0, count: 10)
    /// The day from which a loan's or card's payments are missing.
    var missedSince = [Int64?](repeating: nil, count: 10)
    /// By month from 2024-01: deposits in CNY at the month's end, debts, purchases, fees (cents); branch and other transactions.
    var deposits = [Int](repeating: 0, count: DemoCalendar.months)
    var debts = [Int](repeating: 0, count: DemoCalendar.months)
    var purchases = [Int](repeating: 0, count: DemoCalendar.months)
    var fees = [Int](repeating: 0, count: DemoCalendar.months)
    var branchCount = [Int](repeating: 0, count: DemoCalendar.months)
    var otherCount = [Int](repeating: 0, count: DemoCalendar.months)

    let bank: DemoBank
    var person: DemoPerson
    var accounts: [DemoAccount] = []
    var pending: [Entry] = []
    var placeToIndex = [Int](repeating: -1, count: 10)
    var isSettled = [Bool](repeating: false, count: 10)
    var month = 0
    var cardPlace = 0
    var target = 0

    init(_ bank: DemoBank) {
        self.bank = bank
        person = DemoPerson(
            id: 0, isMale: true, birthday: 0, ageYears: 0, opened: 0, closed: nil, branch: 0, manager: 0, referredBy: nil,
            lifecycle: .silent,
            turn: 0, back: 0, wealth: 0, scale: 0, rate: 0, salary: 0, salaryDay: 1, mobileFrom: 0, lifeStage: 0)
    }

    /// The counterparty of an entry as its own bank would print it.
    static func counterpartyText(_ code: Int64) -> String? {
        switch code {
        case 0: nil
        case 1: "own account"
        case 2..<100: DemoWords.utilities[Int(code - 2)]
        case 100..<1000: DemoWords.employers[Int(code - 100)]
        default: "62\(code)"
        }
    }

    mutating func play(_ p: DemoPerson, _ accounts: [DemoAccount]) {
        person = p
        self.accounts = accounts
        target = bank.currentTarget(p)
        entries.removeAll(keepingCapacity: true)
        for place in 0..<10 {
            balance[place] = 0
            missedSince[place] = nil
            isSettled[place] = false
            placeToIndex[place] = -1
        }
        for (index, account) in accounts.enumerated() {
            placeToIndex[account.place] = index
            balance[account.place] = account.broughtForward
            if let closed = account.closed, closed < DemoCalendar.first {
                isSettled[account.place] = true
                balance[account.place] = 0
            }
        }
        let firstMonth = max(0, bank.calendar.monthIndex(p.opened))
        let lastMonth = p.closed.map { bank.calendar.monthIndex($0) } ?? DemoCalendar.months - 1
        for m in 0..<DemoCalendar.months {
            month = m
            purchases[m] = 0
            fees[m] = 0
            branchCount[m] = 0
            otherCount[m] = 0
            if m >= firstMonth, m <= lastMonth {
                pending.removeAll(keepingCapacity: true)
                scheduleMonth()
                sortPending()
                for entry in pending { post(entry) }
            }
            closeMonth(m)
        }
    }

    private mutating func closeMonth(_ m: Int) {
        var deposit = 0
        var debt = 0
        for account in accounts where account.currency == 0 {
            let b = balance[account.place]
            if b >= 0 { deposit += b } else { debt -= b }
        }
        deposits[m] = deposit
        debts[m] = debt
    }

    /// By time; entries of one moment keep the order in which they were scheduled.
    private mutating func sortPending() {
        for i in 1..<max(1, pending.count) {
            let entry = pending[i]
            var j = i
            while j > 0, pending[j - 1].ts > entry.ts {
                pending[j] = pending[j - 1]
                j -= 1
            }
            pending[j] = entry
        }
    }
}
