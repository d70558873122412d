import Storage

/// Quantiles of whole numbers. Of few groups by counting: one pass counts values by group and bin, a second keeps those of the bins in which
/// the wanted ranks lie, so that no value is held that is not needed, and nothing is sorted but a few bins. Of many groups by putting the
/// values apart by ranges of groups, each of which is sorted in the cache.
struct CountedQuantiles: Sendable {
    /// Measures of the same values share their passes.
    struct Argument: Sendable {
        let value: Bound
        let filter: Bound?
        let way: Way
        var measures: [AggregatePlan.Measure]
    }
    enum Way: Sendable {
        case counted(QuantileBins)
        case gathered(QuantileWords)
    }
    private(set) var arguments: [Argument] = []
    /// What is not a quantile, or not of values of a known range.
    private(set) var others: [AggregatePlan.Measure] = []

    /// Counters of one worker: few enough for the cache where that gives bins of a few percent.
    private static let countersMax = 1 << 18
    private static let countersLimit = 1 << 22
    private static let binsMax = 1 << 14

    init(_ measures: [AggregatePlan.Measure], groups: Int?, ranges: RangeFinder) {
        var known: [String: Int] = [:]
        for measure in measures {
            let call = measure.call
            guard call.function == .median || call.function == .quantile, let groups, ranges.rowCount < Int(UInt32.max),
                let value = call.arguments.first, value.type != .bool, let range = ranges.range(of: value)
            else {
                others.append(measure)
                continue
            }
            let name = "\(value.fingerprint) where \(call.filter?.fingerprint ?? "")"
            if let place = known[name] {
                arguments[place].measures.append(measure)
                continue
            }
            let span = UInt64(bitPattern: range.upperBound &- range.lowerBound)
            guard span < QuantileBins.spanMax, let way = Self.way(range.lowerBound, span, groups: max(groups, 1), rows: ranges.rowCount)
            else {
                others.append(measure)
                continue
            }
            known[name] = arguments.count
            arguments.append(Argument(value: value, filter: call.filter, way: way, measures: [measure]))
        }
    }

    private static func way(_ low: Int64, _ span: UInt64, groups: Int, rows: Int) -> Way? {
        if let bins = QuantileBins.finest(low: low, span: span, countMax: min(binsMax, countersMax / groups)) { return .counted(bins) }
        if let words = QuantileWords(low: low, span: span, groups: groups, rows: rows) { return .gathered(words) }
        return QuantileBins.finest(low: low, span: span, countMax: countersLimit / groups).map { .counted($0) }
    }

    /// p as a fraction.
    static func share(_ call: AggregateCall) -> (numerator: Int64, denominator: Int64) {
        if call.function == .median { return (1, 2) }
        guard case .integer(let share)? = call.arguments[1].constantValue else { preconditionFailure("checked when bound") }
        return (share, Decimals.power(call.arguments[1].type.scale))
    }
}

extension Executor {
    /// The groups of a plan with the quantiles that can be counted. The pipeline is run twice where one pass leaves a value open.
    func quantiles(_ counted: CountedQuantiles, _ plan: AggregatePlan, _ pipeline: Pipeline, _ design: GroupDesign) throws -> Relation {
        let arguments = counted.arguments
        // Where every row has a value that is counted, the counts say which groups have rows.
        let ranges = RangeFinder(plan.input)
        let counting = arguments.firstIndex { argument in
            if case .counted = argument.way { argument.filter == nil && ranges.isNeverNull(argument.value) } else { false }
        }
        let sinks = try run(pipeline) { [budget] worker in
            let compiler = worker.compiler(pipeline.layout)
            let accumulators = try arguments.map { argument -> Accumulator in
                let value = try compiler.compile(argument.value)
                let filter = try argument.filter.map(compiler.compile)
                switch argument.way {
                case .counted(let bins): return BinCountAccumulator(bins: bins, argument: value, filter: filter)
                case .gathered(let words): return WordGatherAccumulator(words, argument: value, filter: filter)
                }
            }
            return AggregateSink(
                try design.makeIndex(compiler, mayStop: false, tracksSeen: counting == nil), accumulators, MemoryLease(budget, "summarize"))
        }
        guard let first = sinks.first else { preconditionFailure("a run has at least one worker") }
        for other in sinks.dropFirst() { try first.merge(other) }
        for accumulator in first.accumulators { accumulator.reserve(first.index.groupCount) }
        let held = counting.flatMap { (first.accumulators[$0] as? BinCountAccumulator)?.held(first.index.groupCount) }
        let (groups, keyColumns) = first.index.keys(first.index is DenseGroups ? held : nil)
        let searches = try zip(arguments, first.accumulators).map { argument, accumulator -> QuantileAnswers in
            if let counts = accumulator as? BinCountAccumulator {
                return QuantileSearch(argument, counts, groups, groupCount: first.index.groupCount)
            }
            guard let values = accumulator as? WordGatherAccumulator else { preconditionFailure("made above") }
            return try GatheredQuantiles(argument, values, groups, first.index.groupCount, threads: limits.threads, cancellation)
        }
        let open = zip(arguments, searches).compactMap { argument, answers -> (CountedQuantiles.Argument, QuantileSearch)? in
            guard let search = answers as? QuantileSearch, search.needsValues else { return nil }
            return (argument, search)
        }
        if !open.isEmpty {
            let asked = open.map { ($0, $1.bins, $1.slots) }
            // What the rows divide by zero was told by the first pass.
            let sinks = try run(pipeline, isRepeated: true) { [budget] worker in
                let compiler = worker.compiler(pipeline.layout)
                let accumulators = try asked.map { argument, bins, slots in
                    BinPickAccumulator(
                        bins: bins, slots: slots, argument: try compiler.compile(argument.value),
                        filter: try argument.filter.map(compiler.compile))
                }
                return AggregateSink(
                    try design.makeIndex(compiler, mayStop: false, tracksSeen: false), accumulators, MemoryLease(budget, "summarize"))
            }
            for other in sinks.dropFirst() { try sinks[0].merge(other) }
            for ((_, search), accumulator) in zip(open, sinks[0].accumulators) {
                guard let picks = accumulator as? BinPickAccumulator else { preconditionFailure("made above") }
                try search.take(picks, threads: limits.threads, cancellation)
            }
        }
        var slots = zip(plan.keys, keyColumns).map { Layout.Slot(id: $0.id, type: $0.value.type, dictionary: $1.dictionary) }
        var columns = keyColumns
        for (argument, search) in zip(arguments, searches) {
            for measure in argument.measures {
                columns.append(try marking(measure.call) { try search.answer(measure) })
                slots.append(Layout.Slot(id: measure.id, type: measure.type, dictionary: nil))
            }
        }
        let rows = Relation(layout: Layout(slots), columns: columns, rowCount: groups.count)
        return plan.keys.isEmpty || plan.inAnyOrder || first.index.keysAreSorted
            ? rows : try sorted(rows, plan.keys.map { PlanOrder(id: $0.id, descending: false) })
    }
}

/// The quantiles of one argument in every group.
class QuantileAnswers {
    func answer(_ measure: AggregatePlan.Measure) throws -> ColumnBuffer { preconditionFailure("answers without a body") }

    /// Rank and rest of p among `total` values.
    static func position(_ total: Int, _ share: (numerator: Int64, denominator: Int64)) -> (low: Int, rest: Int128) {
        let (low, rest) = (Int128(total - 1) * Int128(share.numerator)).quotientAndRemainder(dividingBy: Int128(share.denominator))
        return (Int(low), rest)
    }
}

/// Where the wanted ranks of every group lie, and the values there.
private final class QuantileSearch: QuantileAnswers {
    let bins: QuantileBins
    private let argument: CountedQuantiles.Argument
    private let groups: [Int]
    private let totals: [Int]
    /// The ranks each group wants, ascending, and for each its value or where to find it.
    private var ranks: [[Int]] = []
    private var values: [[Int64]] = []
    private var openRanks: [Open] = []
    private var slotStarts: [Int] = [0]
    /// See ``BinPickAccumulator``.
    let slots: RawMemory
    var needsValues: Bool { !openRanks.isEmpty }

    private struct Open {
        let group: Int
        let index: Int
        let slot: Int
        let rankInSlot: Int
    }

    init(_ argument: CountedQuantiles.Argument, _ counts: BinCountAccumulator, _ groups: [Int], groupCount: Int) {
        self.argument = argument
        self.groups = groups
        bins = counts.bins
        let width = bins.count
        slots = RawMemory(byteCount: max(groupCount, 1) * width * 4)
        let marks = slots.of(UInt32.self)
        marks.initialize(repeating: 0, count: max(groupCount, 1) * width)
        var totals: [Int] = []
        for (place, group) in groups.enumerated() {
            let bins = counts.counts(of: group)
            var total = 0
            for count in bins { total += Int(count) }
            totals.append(total)
            var wanted: Set<Int> = []
            if total > 0 {
                for measure in argument.measures {
                    let (low, rest) = Self.position(total, CountedQuantiles.share(measure.call))
                    wanted.insert(low)
                    if rest != 0 { wanted.insert(low + 1) }
                }
            }
            let ranks = wanted.sorted()
            var found = [Int64](repeating: 0, count: ranks.count)
            var bin = 0
            var before = 0
            for (index, rank) in ranks.enumerated() {
                while before + Int(bins[bin]) <= rank {
                    before += Int(bins[bin])
                    bin += 1
                }
                if let value = self.bins.value(of: bin) {
                    found[index] = value
                    continue
                }
                let mark = group * width + bin
                if marks[mark] == 0 {
                    slotStarts.append(slotStarts.last! + Int(bins[bin]))
                    marks[mark] = UInt32(slotStarts.count - 1)
                }
                openRanks.append(Open(group: place, index: index, slot: Int(marks[mark]) - 1, rankInSlot: rank - before))
            }
            self.ranks.append(ranks)
            values.append(found)
        }
        self.totals = totals
    }

    func take(_ picks: BinPickAccumulator, threads: Int, _ cancellation: Cancellation) throws {
        precondition(picks.count == slotStarts.last!, "a second pass sees the rows of the first")
        let memory = picks.bySlot(slotStarts)
        // Ranks of one slot stand side by side, ascending.
        var runs: [Range<Int>] = []
        for (place, open) in openRanks.enumerated() {
            if let last = runs.last, openRanks[last.lowerBound].slot == open.slot {
                runs[runs.count - 1] = last.lowerBound..<place + 1
            } else {
                runs.append(place..<place + 1)
            }
        }
        let found = RawMemory(byteCount: max(openRanks.count, 1) * 8)
        let (open, starts, all) = (openRanks, slotStarts, runs)
        let parts = max(1, min(all.count, threads * 8))
        try Parallel.run(parts, threads: picks.count >= Parallel.rowsMin ? threads : 1) { part in
            for run in all[all.count * part / parts..<all.count * (part + 1) / parts] {
                let slot = open[run.lowerBound].slot
                let words = try WordSelection.values(
                    memory.of(UInt64.self) + starts[slot], starts[slot + 1] - starts[slot], ranks: open[run].map(\.rankInSlot),
                    cancellation: cancellation)
                for (place, word) in zip(run, words) { found.of(Int64.self)[place] = Int64(bitPattern: word ^ (1 << 63)) }
            }
        }
        for (place, open) in openRanks.enumerated() { values[open.group][open.index] = found.of(Int64.self)[place] }
    }

    override func answer(_ measure: AggregatePlan.Measure) throws -> ColumnBuffer {
        let share = CountedQuantiles.share(measure.call)
        let scaleUp = Decimals.power(measure.type.scale - argument.value.type.scale)
        let out = ColumnBuffer(type: measure.type, capacity: groups.count)
        for place in groups.indices {
            if totals[place] == 0 {
                out.appendNull()
                continue
            }
            let (low, rest) = Self.position(totals[place], share)
            func value(_ rank: Int) -> Int64 {
                guard let index = ranks[place].firstIndex(of: rank) else { preconditionFailure("ranks were gathered from the measures") }
                return values[place][index]
            }
            let a = value(low)
            let b = rest == 0 ? a : value(low + 1)
            out.append(integer: try QuantileReducer.between(a, b, rest, of: share.denominator, scaleUp: scaleUp))
        }
        return out
    }
}
