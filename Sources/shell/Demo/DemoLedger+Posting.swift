import Storage

// From wishes to entries: what the balances allow, in the order of time.
extension DemoLedger {
    mutating func post(_ scheduled: Entry) {
        var e = scheduled
        let place = Int(e.account)
        guard placeToIndex[place] >= 0, !isSettled[place] else { return }
        let account = accounts[placeToIndex[place]]
        let day = CivilDate.dayOf(timestamp: e.ts)
        guard account.isOpen(on: day) else { return }
        switch Kind(rawValue: Int(e.kind)) ?? .closing {
        case .salary, .transferIn, .cashDeposit, .depositIn, .loanDrawdown: write(e)
        case .interest:
            e.amount = balance[1] / 500
            if e.amount >= 100 { write(e) }
        case .purchase where account.isCard:
            e.amount = min(e.amount, (account.limit ?? 0) + balance[place])
            if e.amount >= 100 { write(e) }
        case .transferOut, .cashWithdrawal, .purchase, .fee, .bill: postOut(&e, place)
        case .cardRepayment:
            if scheduled.amount == 0 { return postSettlement(e, place) }
            payDebt(e, place, owed: -balance[place] * scheduled.amount / 100, day: day)
        case .loanRepayment:
            if scheduled.amount == 0 { return postSettlement(e, place) }
            payDebt(e, place, owed: min(-balance[place], scheduled.amount), day: day)
        case .depositOut:
            postDepositInterest(e, account)
            postSettlement(e, place)
        case .closing: postSettlement(e, place)
        }
    }

    /// Nothing goes out that is not there; who keeps much more than usual moves a part of it away.
    private mutating func postOut(_ e: inout Entry, _ place: Int) {
        let there = balance[place]
        if place == 1, e.kind == UInt8(Kind.transferOut.rawValue), there > 2 * target + 1_000_000 {
            e.amount += (there - 2 * target) / 30_000 * 10_000
        }
        let isTight = place == 1 && there < target / 4 && e.amount > there / 3
        let most = isTight ? there / 3 : there * 95 / 100
        if e.amount > most {
            let unit = e.kind == UInt8(Kind.cashWithdrawal.rawValue) ? 10_000 : 100
            e.amount = most / unit * unit
        }
        if e.amount >= 100 { write(e) }
    }

    /// A payment from the current account: two entries, or none and a mark where the money is not there.
    private mutating func payDebt(_ e: Entry, _ place: Int, owed: Int, day: Int64) {
        guard owed >= 5000 else { return }
        guard balance[1] > owed, !isSettled[1] else {
            if missedSince[place] == nil { missedSince[place] = day }
            return
        }
        missedSince[place] = nil
        var out = e
        out.amount = owed
        out.account = 1
        out.isIn = false
        out.kind = UInt8(Kind.transferOut.rawValue)
        out.counterparty = 1
        write(out)
        var paid = e
        paid.amount = owed
        paid.counterparty = 1
        write(paid)
    }

    private mutating func postDepositInterest(_ e: Entry, _ account: DemoAccount) {
        guard let matures = account.matures, let closed = account.closed else { return }
        let days = Int(min(matures, closed) - account.opened)
        var interest = e
        interest.kind = UInt8(Kind.interest.rawValue)
        interest.channel = UInt8(Channel.auto.rawValue)
        interest.isIn = true
        let rate = closed < matures ? 20 : Int(account.rate)
        interest.amount = balance[account.place] / 10_000 * rate * days / 365
        if interest.amount > 0, balance[account.place] > 0 { write(interest) }
    }

    /// Brings the account to nothing and ends it.
    private mutating func postSettlement(_ e: Entry, _ place: Int) {
        var last = e
        let there = balance[place]
        if there != 0 {
            last.amount = abs(there)
            last.isIn = there < 0
            write(last)
        }
        isSettled[place] = true
        missedSince[place] = nil
    }

    private mutating func write(_ e: Entry) {
        precondition(e.amount > 0)
        balance[Int(e.account)] += e.isIn ? e.amount : -e.amount
        if e.kind == UInt8(Kind.purchase.rawValue) { purchases[month] += e.amount }
        if e.kind == UInt8(Kind.fee.rawValue) { fees[month] += e.amount }
        if e.channel == UInt8(Channel.branch.rawValue) { branchCount[month] += 1 } else { otherCount[month] += 1 }
        entries.append(e)
    }
}
