import Storage

/// Computes one window over rows in memory: linear passes over the rows in the window's order.
struct WindowComputer: Sendable {
    private let rows: Relation
    private let input: WindowInput
    private let window: WindowColumn
    private let threads: Int
    private let cancellation: Cancellation

    init(_ rows: Relation, _ input: WindowInput, _ window: WindowColumn, threads: Int, _ cancellation: Cancellation) {
        self.rows = rows
        self.input = input
        self.window = window
        self.threads = threads
        self.cancellation = cancellation
    }

    func compute(_ orders: WindowOrders) throws -> ColumnBuffer {
        switch window.call {
        case .aggregate(let call): return try aggregate(call, try orders.groups(per: input.per))
        case .window(let call):
            if call.function == .score {
                if input.per.isEmpty, let answer = try scoreBySelection() { return answer }
                let order = try orders.order(per: input.per, by: [PlanOrder(id: input.arguments[0], descending: false)])
                return try scoreByOrder(order)
            }
            return try ordered(call.function, try orders.order(per: input.per, by: input.order))
        }
    }

    // MARK: aggregates per group

    /// The group's aggregate, the same on each of its rows.
    private func aggregate(_ call: AggregateCall, _ groups: WindowGroups) throws -> ColumnBuffer {
        var lowered = call
        lowered.arguments = zip(call.arguments, input.arguments).map { bound, id in
            id == -1 ? bound : Bound(.column(id), bound.type, bound.span)
        }
        lowered.filter =
            zip([call.filter], [input.filter]).compactMap { bound, id in id.map { Bound(.column($0), .bool, bound!.span) } }.first
        lowered.order = zip(call.order, input.order).map { bound, order in
            BoundOrder(value: Bound(.column(order.id), bound.value.type, bound.value.span), descending: order.descending)
        }
        lowered.per = nil
        let factory = AccumulatorFactory(call: lowered, type: window.type, groups: groups.count, ranges: RangeFinder(.rows(rows)))
        let maps = SharedMaps()
        // Two states of many groups each would not be worth their memory.
        let ranges = groups.count > rows.rowCount / 8 ? [0..<rows.rowCount] : Parallel.ranges(rows.rowCount, threads: threads)
        let made = MadeAccumulators(count: ranges.count)
        try Parallel.run(ranges.count, threads: threads) { part in
            let context = EvaluationContext(cancellation: cancellation)
            let accumulator = try factory.make(ExpressionCompiler(layout: rows.layout, context: context, shared: maps), context)
            accumulator.reserve(groups.count)
            let batch = RelationBatch(rows)
            var first = ranges[part].lowerBound
            while first < ranges[part].upperBound {
                try cancellation.check()
                let size = min(vectorRowsMax, ranges[part].upperBound - first)
                batch.move(to: first, count: size)
                try accumulator.update(batch, groups.numbers.base + first)
                first += size
            }
            made.set(accumulator, at: part)
        }
        let all = made.all
        for other in all.dropFirst() { try all[0].merge(other, map: nil) }
        let answers = try marking(call) { try all[0].finish(Array(0..<groups.count)) }
        return try answers.picked(groups.numbers, 0..<groups.numbers.count, threads: threads, cancellation)
    }

    private final class MadeAccumulators: @unchecked Sendable {
        private let lock = Mutex()
        private var made: [Accumulator?]
        init(count: Int) { made = Array(repeating: nil, count: count) }
        func set(_ accumulator: Accumulator, at part: Int) { lock.locked { made[part] = accumulator } }
        var all: [Accumulator] { made.compactMap { $0 } }
    }

    // MARK: windows by an order

    private func argument(_ index: Int) -> ColumnBuffer { rows[input.arguments[index]] }

    /// One byte a row: whether the window's condition keeps it and, where asked, its first argument is known. Nil: all rows.
    private func active(knownOnly: Bool) -> [UInt8]? {
        let argument = knownOnly && !input.arguments.isEmpty ? argument(0) : nil
        guard input.filter != nil || argument?.hasNulls == true else { return nil }
        var flags = [UInt8](repeating: 1, count: rows.rowCount)
        for column in [input.filter.map { rows[$0] }, argument].compactMap({ $0 }) {
            if column === argument {
                for row in 0..<column.nulls.count { flags[row] &= column.nulls[row] ^ 1 }
            } else {
                let mask = column.mask
                for row in 0..<rows.rowCount { flags[row] &= mask[row] }
                for row in 0..<column.nulls.count { flags[row] &= column.nulls[row] ^ 1 }
            }
        }
        return flags
    }

    /// Hands parts of the order to threads.
    private func eachPart(_ order: WindowOrder, _ body: @Sendable (Range<Int>) throws -> Void) throws {
        try Parallel.run(order.parts.count, threads: threads) { part in
            try cancellation.check()
            try body(order.parts[part])
        }
    }

    private func ordered(_ function: WindowFunction, _ order: WindowOrder) throws -> ColumnBuffer {
        switch function {
        case .lag, .lead: return try shifted(order, isLag: function == .lag)
        case .movingAvg: return try movingAverage(order)
        case .rank, .rowNumber, .percentRank, .runningCount, .runningSum: break
        case .score: preconditionFailure("a score needs no order of its own")
        }
        let out = ColumnBuffer(type: window.type, rows: rows.rowCount)
        switch function {
        case .rank: try eachPart(order) { WindowLoops.rank(order, $0, out.integers) }
        case .rowNumber: try eachPart(order) { WindowLoops.rowNumber(order, $0, out.integers) }
        case .percentRank: try eachPart(order) { WindowLoops.percentRank(order, $0, out.integers) }
        case .runningCount:
            let active = active(knownOnly: true)
            try eachPart(order) { part in
                active.withPointer { WindowLoops.runningCount(order, part, $0, out.integers) }
            }
        case .runningSum:
            let active = active(knownOnly: true)
            let argument = argument(0)
            try eachPart(order) { part in
                try active.withPointer { active in
                    if argument.form == .doubles {
                        try WindowLoops.runningSum(order, part, argument.doubles, active, out.doubles)
                    } else {
                        try WindowLoops.runningSum(order, part, argument.integers, active, out.integers)
                    }
                }
            }
        case .lag, .lead, .movingAvg, .score: preconditionFailure("handled before")
        }
        return out
    }

    private func shifted(_ order: WindowOrder, isLag: Bool) throws -> ColumnBuffer {
        guard case .integer(let step) = input.constants.count > 1 ? input.constants[1] ?? .integer(1) : .integer(1) else {
            preconditionFailure("checked when bound")
        }
        let count = rows.rowCount
        let places = Int(max(-Int64(count) - 1, min(Int64(count) + 1, step)))
        if argument(0).form != .texts { return try shiftedNumbers(order, isLag ? -places : places) }
        let sources = RowNumbers(count: count)
        try eachPart(order) { WindowLoops.sources(order, $0, isLag ? -places : places, sources.base) }
        return try argument(0).picked(sources, 0..<count, threads: threads, hasGaps: true, cancellation)
    }

    private func shiftedNumbers(_ order: WindowOrder, _ step: Int) throws -> ColumnBuffer {
        let from = argument(0)
        let out = ColumnBuffer(type: from.type, dictionary: from.dictionary, rows: rows.rowCount)
        let flags = RawMemory(byteCount: rows.rowCount)
        let known: [UInt8]? = from.hasNulls ? from.nulls : nil
        try eachPart(order) { part in
            known.withPointer { nulls in
                let outNulls = flags.of(UInt8.self)
                switch from.form {
                case .integers: WindowLoops.shift(order, part, step, from.integers, nulls, out.integers, outNulls)
                case .doubles: WindowLoops.shift(order, part, step, from.doubles, nulls, out.doubles, outNulls)
                case .mask: WindowLoops.shift(order, part, step, from.mask, nulls, out.mask, outNulls)
                case .codes: WindowLoops.shift(order, part, step, from.codes, nulls, out.codes, outNulls)
                case .texts: preconditionFailure("texts are picked by row")
                }
            }
        }
        return out.with(nulls: flags)
    }

    private func movingAverage(_ order: WindowOrder) throws -> ColumnBuffer {
        guard case .integer(let size)? = input.constants[1] else { preconditionFailure("checked when bound") }
        let argument = argument(0)
        let active = active(knownOnly: true)
        let out = ColumnBuffer(type: window.type, rows: rows.rowCount)
        let flags = RawMemory(byteCount: rows.rowCount)
        let scaleUp = argument.form == .doubles ? 1 : Decimals.power(window.type.scale - argument.type.scale)
        try eachPart(order) { part in
            try active.withPointer { active in
                let nulls = flags.of(UInt8.self)
                if argument.form == .doubles {
                    try WindowLoops.movingAverage(order, part, Int(size), argument.doubles, active, out.doubles, nulls)
                } else {
                    try WindowLoops.movingAverage(order, part, Int(size), argument.integers, scaleUp: scaleUp, active, out.integers, nulls)
                }
            }
        }
        return out.with(nulls: flags)
    }

    // MARK: score: 1 + floor(k x the share of the group's known values strictly below)

    private var scoreSteps: Int64 {
        guard case .integer(let k)? = input.constants[1] else { preconditionFailure("checked when bound") }
        return k
    }

    private func scoreByOrder(_ order: WindowOrder) throws -> ColumnBuffer {
        let k = scoreSteps
        let active = active(knownOnly: true)
        let out = ColumnBuffer(type: .int, rows: rows.rowCount)
        let flags = RawMemory(byteCount: rows.rowCount)
        try eachPart(order) { part in
            active.withPointer { WindowLoops.score(order, part, k, $0, out.integers, flags.of(UInt8.self)) }
        }
        return active == nil ? out : out.with(nulls: flags)
    }

    /// A score hangs on the value alone: it is a comparison with the k - 1 values at which a new score begins, found by selection. Nil
    /// where there are too many of them.
    private func scoreBySelection() throws -> ColumnBuffer? {
        let k = scoreSteps
        let column = argument(0)
        guard k <= 256, column.form == .integers || column.form == .doubles else { return nil }
        let active = active(knownOnly: true)
        let key = KeyColumn(column, descending: false)
        try key.measure(threads: threads, cancellation: cancellation)
        let words = RawMemory(byteCount: rows.rowCount * 8)
        let known = try active.withPointer { active in
            try WindowLoops.gather(key, rows.rowCount, active, words.of(UInt64.self), threads: threads, cancellation)
        }
        // A value's score is above s where at least ceil(s x known / k) values lie strictly below it: where it is above the value of
        // that rank.
        var ranks: [Int] = []
        if known > 0 { for s in 1..<max(k, 1) { ranks.append(Int((Int128(s) * Int128(known) + Int128(k) - 1) / Int128(k)) - 1) } }
        let bounds = try WordSelection.values(words.of(UInt64.self), known, ranks: ranks, threads: threads, cancellation: cancellation)
        let out = ColumnBuffer(type: .int, rows: rows.rowCount)
        let ranges = Parallel.ranges(rows.rowCount, threads: threads)
        try Parallel.run(ranges.count, threads: threads) { part in
            WindowLoops.scores(key, ranges[part], bounds, out.integers)
        }
        guard let active else { return out }
        return out.with(nulls: active.map { $0 ^ 1 })
    }
}

extension ColumnBuffer {
    fileprivate func with(nulls flags: RawMemory) -> ColumnBuffer {
        with(nulls: Array(UnsafeBufferPointer(start: flags.of(UInt8.self), count: count)))
    }
}

extension Optional<[UInt8]> {
    /// The array's memory, or nil.
    @inline(__always)
    fileprivate func withPointer<R>(_ body: (UnsafePointer<UInt8>?) throws -> R) rethrows -> R {
        guard let array = self else { return try body(nil) }
        return try array.withUnsafeBufferPointer { try body($0.baseAddress) }
    }
}
