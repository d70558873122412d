import Storage

/// The longest ordered chain of steps: rows r1, r2, … whose times do not fall, row i serving step i, each row serving one step only, and
/// the last not later than the first plus the window. Rows of equal time may stand in any order.
///
/// Of all longest chains the one that starts first counts, and from there each step at its earliest.
final class FunnelReducer: GroupReducer {
    /// How far a chain may reach from its start.
    enum Window {
        case none
        case microseconds(Int64)
        case months(Int64)
    }
    private let window: Window
    private let steps: Int
    /// nil: the number of steps reached; else the time of this step (from 1).
    private let wanted: Int?
    private let isTimestamp: Bool

    /// Rows of one time: their place in `bits`.
    private struct Moment {
        let time: Int64
        let range: Range<Int>
    }
    private var moments: [Moment] = []
    private var bits: [Int64] = []

    init(window: Window, steps: Int, wanted: Int?, isTimestamp: Bool) {
        self.window = window
        self.steps = steps
        self.wanted = wanted
        self.isTimestamp = isTimestamp
    }

    /// From the constants that ``FunnelAggregate`` left behind.
    convenience init(_ call: AggregateCall) {
        func constant(_ place: Int) -> Int64? {
            guard case .integer(let value)? = call.arguments[place].constantValue else { return nil }
            return value
        }
        let window: Window =
            if let microseconds = constant(FunnelAggregate.Place.microseconds) {
                .microseconds(microseconds)
            } else if let months = constant(FunnelAggregate.Place.months) {
                .months(months)
            } else {
                .none
            }
        let wanted = constant(FunnelAggregate.Place.wanted) ?? 0
        self.init(
            window: window, steps: Int(constant(FunnelAggregate.Place.steps) ?? 0), wanted: wanted == 0 ? nil : Int(wanted),
            isTimestamp: call.arguments[FunnelAggregate.Place.time].type == .timestamp)
    }

    /// By time.
    override var wantsSorted: Bool { true }
    override func makeCopy() -> GroupReducer { FunnelReducer(window: window, steps: steps, wanted: wanted, isTimestamp: isTimestamp) }

    override func makeOutput(_ type: LogicalType, _ arguments: [ColumnBuffer], capacity: Int) -> ColumnBuffer {
        ColumnBuffer(type: type, capacity: capacity)
    }

    override func reduce(_ rows: UnsafeBufferPointer<UInt32>, _ arguments: [ColumnBuffer], into out: ColumnBuffer) throws {
        let times = arguments[0].integers
        let masks = arguments[1].integers
        moments.removeAll(keepingCapacity: true)
        bits.removeAll(keepingCapacity: true)
        var start = 0
        while start < rows.count {
            let time = times[Int(rows[start])]
            var end = start
            while end < rows.count, times[Int(rows[end])] == time {
                bits.append(masks[Int(rows[end])])
                end += 1
            }
            moments.append(Moment(time: time, range: start..<end))
            start = end
        }
        let level = longest()
        guard let wanted else { return out.append(integer: Int64(level)) }
        if wanted <= level, let time = time(of: wanted, level: level) { out.append(integer: time) } else { out.appendNull() }
    }

    private func isWithin(_ time: Int64, of start: Int64) -> Bool {
        switch window {
        case .none: return true
        case .microseconds(let limit): return (time - start) * (isTimestamp ? 1 : CivilDate.microsecondsPerDay) <= limit
        case .months(let months):
            let (end, failed) =
                isTimestamp ? TemporalArithmetic.addMonths(months, toTimestamp: start) : TemporalArithmetic.addMonths(months, toDate: start)
            return failed || time <= end
        }
    }

    /// For each number of steps, the latest start of a chain that has come so far: a later start reaches whatever an earlier one does.
    private func longest() -> Int {
        var starts = [Int64?](repeating: nil, count: steps + 1)
        var best = 0
        for moment in moments {
            // From the last step down, so that no row takes two.
            for from in stride(from: best, through: 0, by: -1) {
                guard let start = from == 0 ? moment.time : starts[from], isWithin(moment.time, of: start) else { continue }
                let reached = reach(from, moment)
                for step in from..<max(reached, from) { starts[step + 1] = max(starts[step + 1] ?? start, start) }
                best = max(best, reached)
            }
            if best == steps { return best }
        }
        return best
    }

    /// How many steps a chain of `from` steps has when it also takes rows of this moment: as many of the next steps as can be given rows of
    /// their own.
    private func reach(_ from: Int, _ moment: Moment) -> Int {
        if moment.range.count == 1 {
            return from < steps && bits[moment.range.lowerBound] >> Int64(from) & 1 == 1 ? from + 1 : from
        }
        var union: Int64 = 0
        for mask in bits[moment.range] { union |= mask }
        var owner = [Int](repeating: -1, count: moment.range.count)
        var step = from
        while step < steps, union >> Int64(step) & 1 == 1 {
            var seen = [Bool](repeating: false, count: owner.count)
            guard give(step, moment.range.lowerBound, &owner, &seen) else { break }
            step += 1
        }
        return step
    }

    /// Finds a row for a step, moving earlier steps to other rows where that frees one.
    private func give(_ step: Int, _ base: Int, _ owner: inout [Int], _ seen: inout [Bool]) -> Bool {
        for row in owner.indices where !seen[row] && bits[base + row] >> Int64(step) & 1 == 1 {
            seen[row] = true
            if owner[row] < 0 || give(owner[row], base, &owner, &seen) {
                owner[row] = step
                return true
            }
        }
        return false
    }

    /// The time of a step in the chain that starts first among those of `level` steps.
    private func time(of step: Int, level: Int) -> Int64? {
        for (index, first) in moments.enumerated() {
            var reached = 0
            var found: Int64?
            for moment in moments[index...] {
                guard isWithin(moment.time, of: first.time) else { break }
                let next = reach(reached, moment)
                if reached < step, next >= step { found = moment.time }
                reached = next
                if reached >= level { return found }
                // A chain starts at its first step.
                if reached == 0 { break }
            }
        }
        return nil
    }
}
