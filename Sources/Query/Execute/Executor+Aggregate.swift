import Storage

extension Executor {
    func run(_ plan: AggregatePlan, required: Set<ColumnID>) throws -> Relation {
        let groups = try groups(plan, required: required)
        if let source = groups.source as? RelationSource { return source.relation }
        return try collect(groups, required: Set(groups.layout.slots.map(\.id)))
    }

    /// The groups of an aggregate, sorted by their keys unless any order will do.
    func groups(_ plan: AggregatePlan, required: Set<ColumnID>) throws -> Pipeline {
        let measures = plan.measures.filter { required.contains($0.id) }
        var below: Set<ColumnID> = []
        for key in plan.keys { below.formUnion(key.value.columns) }
        for measure in measures { for column in Bound(.aggregate(measure.call), measure.type, 0..<0).columns { below.insert(column) } }
        let pipeline = try pipeline(plan.input, required: below)
        let ranges = RangeFinder(plan.input)
        let design = try GroupDesign(
            plan.keys, pipeline.layout, ranges, rows: ranges.rowCount, shared: self.shared, cancellation: cancellation,
            groupsInCacheMax: limits.groupsInCacheMax)
        let counted = CountedQuantiles(measures, groups: design.denseSize, ranges: ranges)
        if !counted.arguments.isEmpty {
            var plan = plan
            // Groups of two runs in the same order, so that columns fit side by side.
            if !counted.others.isEmpty { plan.inAnyOrder = false }
            do {
                let rows = try attempt { try quantiles(counted, plan, pipeline, design) }
                if counted.others.isEmpty { return relationPipeline(rows) }
                let rest = try run(plan, required: Set(counted.others.map(\.id)))
                return relationPipeline(rows.adding(counted.others.map { (rest.layout.slots[rest.layout[$0.id]], rest[$0.id]) }))
            } catch let error as QueryError where error.kind == .memory && !plan.keys.isEmpty {}
        }
        var factories: [AccumulatorFactory] = []
        var places: [Int] = []
        var shared: [String: Int] = [:]
        for measure in measures {
            let factory = AccumulatorFactory(
                call: measure.call, type: measure.type, groups: design.denseSize, ranges: ranges,
                room: rowRoom("distinct", share: 8))
            if let state = factory.sharedState, let known = shared[state] {
                places.append(known)
                continue
            }
            if let state = factory.sharedState { shared[state] = factories.count }
            places.append(factories.count)
            factories.append(factory)
        }
        let answers = AggregateMeasures(measures: measures, factories: factories, places: places)
        let needed = Set(measures.flatMap { Bound(.aggregate($0.call), $0.type, 0..<0).columns })
        let order = plan.keys.map { PlanOrder(id: $0.id, descending: false) }
        do {
            if design.isLarge, !plan.emptyMayMiss { throw GroupsOutgrowCache() }
            let rows = try attempt { try grouped(plan, design, pipeline, answers, mayStop: true) }
            return relationPipeline(plan.inAnyOrder || design.keysAreSorted ? rows : try sorted(rows, order))
        } catch is GroupsOutgrowCache {
        } catch let error as QueryError where error.kind == .memory && !plan.keys.isEmpty {}
        do {
            let partitions = PartitionDesign(plan.keys, try design.packedKeys(), rows: ranges.rowCount)
            let groups = try attempt { try partitioned(plan, partitions, pipeline, required: needed, measures: answers) }
            let isOrdered = plan.inAnyOrder || partitions.keysAreSorted
            if isOrdered, !measures.contains(where: \.call.callsFunction) { return Pipeline(source: groups) }
            let rows = try attempt { try collect(Pipeline(source: groups), required: Set(groups.layout.slots.map(\.id))) }
            return relationPipeline(isOrdered ? rows : try sorted(rows, order))
        } catch let error as QueryError where error.kind == .data {
            // Rows came in another order than the source's: which error is the first is told by going through them as they come.
            _ = try grouped(plan, design, pipeline, answers, mayStop: false)
            throw error
        }
    }

    /// Groups in one pass: an index for each worker, merged at the end.
    private func grouped(
        _ plan: AggregatePlan, _ design: GroupDesign, _ pipeline: Pipeline, _ measures: AggregateMeasures, mayStop: Bool
    ) throws -> Relation {
        let sinks = try run(pipeline) { [budget] worker in
            let compiler = worker.compiler(pipeline.layout)
            return AggregateSink(
                try design.makeIndex(compiler, mayStop: mayStop), try measures.makeAccumulators(compiler, worker.evaluation),
                MemoryLease(budget, "summarize"))
        }
        guard let first = sinks.first else { preconditionFailure("a run has at least one worker") }
        for other in sinks.dropFirst() { try first.merge(other) }
        return try finished(first, plan, measures)
    }

    /// The groups with their keys and answers.
    func finished(_ sink: AggregateSink, _ plan: AggregatePlan, _ measures: AggregateMeasures) throws -> Relation {
        for accumulator in sink.accumulators { accumulator.reserve(sink.index.groupCount) }
        let (groups, keyColumns) = sink.index.keys()
        var slots: [Layout.Slot] = []
        var columns: [ColumnBuffer] = []
        for (key, column) in zip(plan.keys, keyColumns) {
            slots.append(Layout.Slot(id: key.id, type: key.value.type, dictionary: column.dictionary))
            columns.append(column)
        }
        for (measure, place) in zip(measures.measures, measures.places) {
            let column = try marking(measure.call) {
                guard let sum = sink.accumulators[place] as? any IntegerSumming else {
                    return try sink.accumulators[place].finish(groups)
                }
                return try sum.finish(groups, average: measure.call.function == .avg, type: measure.type)
            }
            slots.append(Layout.Slot(id: measure.id, type: measure.type, dictionary: column.dictionary))
            columns.append(column)
        }
        return try Relation(layout: Layout(slots), columns: columns, rowCount: groups.count).charged(to: budget, "summarize")
    }
}

extension AggregateCall {
    /// Computing it may fail on some rows.
    var callsFunction: Bool {
        arguments.contains(where: \.callsFunction) || filter?.callsFunction == true || order.contains { $0.value.callsFunction }
    }
}

/// An answer that does not fit is told at the call's argument, where nothing closer is known.
func marking<R>(_ call: AggregateCall, _ body: () throws -> R) throws -> R {
    do {
        return try body()
    } catch var error as QueryError {
        if error.span == nil, error.kind == .data { error.span = call.arguments.first?.span }
        throw error
    }
}

/// How the groups of one aggregate are numbered, decided once for all workers.
struct GroupDesign: Sendable {
    private let keys: [DerivedColumn]
    /// Set where every key has a known small range: (minimum, number of values) of each.
    private let dense: [(minimum: Int64, values: Int)]?
    /// Where the keys are hashed, or so many that hashing may be better: as one word, if they fit.
    let packed: PackedKeys?
    private let makePacked: @Sendable () throws -> PackedKeys?
    /// The keys of ``dense`` groups come in their order.
    let keysAreSorted: Bool
    private let rows: Int
    private let groupsInCacheMax: Int

    init(
        _ keys: [DerivedColumn], _ layout: Layout, _ ranges: RangeFinder, rows: Int, shared: SharedMaps, cancellation: Cancellation,
        groupsInCacheMax: Int
    ) throws {
        self.keys = keys
        self.groupsInCacheMax = groupsInCacheMax
        let compiler = ExpressionCompiler(layout: layout, context: EvaluationContext(cancellation: cancellation), shared: shared)
        var parts: [(minimum: Int64, values: Int)]? = []
        var size = 1
        // Hashing costs some twenty bytes a group; a dense table may have as many places as rows and still be cheaper.
        let limit = max(1 << 16, min(1 << 23, rows / 2))
        for key in keys {
            let evaluator = try compiler.compile(key.value)
            let part: (minimum: Int64, values: Int)?
            if let dictionary = evaluator.dictionary {
                part = (0, dictionary.count)
            } else if evaluator.type == .bool {
                part = (0, 2)
            } else if let range = ranges.range(of: key.value),
                range.upperBound.subtractingReportingOverflow(range.lowerBound).overflow == false,
                range.upperBound - range.lowerBound < Int64(limit)
            {
                part = (range.lowerBound, Int(range.upperBound - range.lowerBound) + 1)
            } else {
                part = nil
            }
            guard let part, part.values + 1 <= limit / size else {
                parts = nil
                break
            }
            size *= part.values + 1
            parts?.append(part)
        }
        dense = parts
        self.rows = rows
        keysAreSorted = try keys.isEmpty || parts != nil && keys.count == 1 && compiler.compile(keys[0].value).dictionary == nil
        makePacked = {
            let compiler = ExpressionCompiler(layout: layout, context: EvaluationContext(cancellation: cancellation), shared: shared)
            return try PackedKeys(keys, compiler, ranges)
        }
        packed = keys.isEmpty || size < groupsInCacheMax * 16 && parts != nil ? nil : try PackedKeys(keys, compiler, ranges)
    }

    func packedKeys() throws -> PackedKeys? { try packed ?? makePacked() }

    /// So many places that putting rows apart first costs less than a cache miss for each.
    var isLarge: Bool { rows > groupsInCacheMax * 16 && packed != nil && denseSize ?? 0 >= groupsInCacheMax * 16 }

    /// Number of groups where it is known beforehand.
    var denseSize: Int? {
        if keys.isEmpty { return 1 }
        return dense.map { $0.reduce(1) { $0 * ($1.values + 1) } }
    }

    func makeIndex(_ compiler: ExpressionCompiler, mayStop: Bool) throws -> GroupIndex {
        if keys.isEmpty { return SingleGroup() }
        let evaluators = try keys.map { try compiler.compile($0.value) }
        guard let dense else {
            // Few rows need no parts.
            let trial = mayStop && rows > groupsInCacheMax * 4 ? GroupTrial(groupsMax: groupsInCacheMax) : nil
            return packed.map { WordGroups(evaluators, $0, trial: trial) } ?? HashGroups(evaluators, trial: trial)
        }
        return DenseGroups(zip(evaluators, dense).map { DenseGroups.Key(evaluator: $0, minimum: $1.minimum, values: $1.values) })
    }
}

final class AggregateSink: BatchSink {
    let index: GroupIndex
    let accumulators: [Accumulator]
    private let groups = UnsafeMutablePointer<UInt32>.allocate(capacity: vectorRowsMax)
    private let single: Bool

    private let lease: MemoryLease

    init(_ index: GroupIndex, _ accumulators: [Accumulator], _ lease: MemoryLease) {
        self.lease = lease
        self.index = index
        self.accumulators = accumulators
        single = index is SingleGroup
        for accumulator in accumulators { accumulator.reserve(index.groupCount) }
    }
    deinit { groups.deallocate() }

    func consume(_ batch: Batch, morsel: Int) throws {
        if !single {
            try index.assign(batch, into: groups)
            for accumulator in accumulators { accumulator.reserve(index.groupCount) }
        }
        for accumulator in accumulators { try accumulator.update(batch, single ? nil : UnsafePointer(groups)) }
        try charge()
    }

    /// What the groups and their states take.
    private func charge() throws {
        var bytes = index.bytes
        for accumulator in accumulators { bytes += accumulator.bytes }
        if bytes != lease.bytes { try lease.set(bytes) }
    }

    func merge(_ other: AggregateSink) throws {
        let map = index.merge(other.index)
        for (accumulator, theirs) in zip(accumulators, other.accumulators) {
            accumulator.reserve(index.groupCount)
            try accumulator.merge(theirs, map: index.numbersAreOwn ? map : nil)
        }
        try charge()
    }
}

/// Makes the accumulator of one measure for each worker.
struct AccumulatorFactory: Sendable {
    let call: AggregateCall
    let type: LogicalType
    let groups: Int?
    let ranges: RangeFinder
    /// For pairs of group and value that are put apart.
    var room = RowPartitions.Room.unbounded

    private static let distinctBytesMax = 64 << 20

    func make(_ compiler: ExpressionCompiler, _ context: EvaluationContext) throws -> Accumulator {
        let arguments = try call.arguments.map { try compiler.compile($0) }
        let filter = try call.filter.map { try compiler.compile($0) }
        func collecting(_ reducer: GroupReducer, _ count: Int = 1) throws -> Accumulator {
            CollectingAccumulator(
                reducer: reducer, type: type, arguments: Array(arguments.prefix(count)),
                order: try call.order.map { try compiler.compile($0.value) },
                descending: call.order.map(\.descending), filter: filter, cancellation: context.cancellation)
        }
        switch call.function {
        case .count: return CountAccumulator(asBool: false, arguments: arguments, filter: filter)
        case .exists: return CountAccumulator(asBool: true, arguments: arguments, filter: filter)
        case .sum, .avg:
            let average = call.function == .avg
            if arguments[0].type == .float { return DoubleSumAccumulator(average: average, argument: arguments[0], filter: filter) }
            if sumsFitInteger { return NarrowSumAccumulator(average: average, type: type, argument: arguments[0], filter: filter) }
            return WideSumAccumulator(average: average, type: type, argument: arguments[0], filter: filter)
        case .min: return ExtremeAccumulators.make(isMaximum: false, argument: arguments[0], filter: filter)
        case .max: return ExtremeAccumulators.make(isMaximum: true, argument: arguments[0], filter: filter)
        case .distinct: return distinct(arguments[0], filter, context)
        case .median: return try collecting(QuantileReducer(numerator: 1, denominator: 2, scaleUp: quantileScale))
        case .quantile:
            guard case .integer(let share)? = call.arguments[1].constantValue else { preconditionFailure("checked when bound") }
            return try collecting(
                QuantileReducer(numerator: share, denominator: Decimals.power(call.arguments[1].type.scale), scaleUp: quantileScale))
        case .first: return try collecting(EdgeReducer(last: false))
        case .last: return try collecting(EdgeReducer(last: true))
        case .mode: return try collecting(ModeReducer())
        case .list:
            guard case .integer(let limit)? = call.arguments[1].constantValue else { preconditionFailure("checked when bound") }
            return try collecting(ListReducer(limit: Int(limit), ordered: !call.order.isEmpty))
        case .funnel, .funnelTime: return try collecting(FunnelReducer(call), 2)
        case .variance: return try collecting(MomentReducer(.variance))
        case .stddev: return try collecting(MomentReducer(.standardDeviation))
        case .correlation: return try collecting(MomentReducer(.correlation), 2)
        case .slope: return try collecting(MomentReducer(.slope), 2)
        case .weightedAvg: return try collecting(MomentReducer(.weightedAverage), 2)
        }
    }

    /// The largest value in the block headers, on every row, still fits 64 bits.
    private var sumsFitInteger: Bool {
        guard let range = ranges.range(of: call.arguments[0]) else { return false }
        let largest = Int128(max(range.lowerBound.magnitude, range.upperBound.magnitude))
        return largest * Int128(max(ranges.rowCount, 1)) < Int128(Int64.max)
    }

    /// Measures with the same text share one accumulator: the sum and the mean of the same values are one state.
    var sharedState: String? {
        guard call.function == .sum || call.function == .avg, call.arguments[0].type.physical == .integer else { return nil }
        return "\(call.arguments[0].fingerprint) where \(call.filter?.fingerprint ?? "")"
    }

    private var quantileScale: Int64 { Decimals.power(type.scale - call.arguments[0].type.scale) }

    private func distinct(_ argument: Evaluator, _ filter: Evaluator?, _ context: EvaluationContext) -> Accumulator {
        var values: (minimum: Int64, count: Int)?
        if let dictionary = argument.dictionary {
            values = (0, max(dictionary.count, 1))
        } else if argument.type == .bool {
            values = (0, 2)
        } else if argument.type.physical == .integer, let range = ranges.range(of: call.arguments[0]),
            range.upperBound.subtractingReportingOverflow(range.lowerBound).overflow == false, range.upperBound - range.lowerBound < 1 << 40
        {
            values = (range.lowerBound, Int(range.upperBound - range.lowerBound) + 1)
        }
        if let groups, let values, values.count / 8 <= min(Self.distinctBytesMax, room.budget.bytesMax / 16) / max(groups, 1) {
            return BitmapDistinctAccumulator(minimum: values.minimum, values: values.count, argument: argument, filter: filter)
        }
        let way: PairDistinctAccumulator.Values
        if argument.dictionary != nil || argument.type == .bool {
            way = .codes
        } else if groups == 1, argument.type != .text {
            way = .alone
        } else if let values, values.count <= 1 << 32 {
            way = .near(values.minimum)
        } else {
            way = .numbered
        }
        return PairDistinctAccumulator(
            way, argument: argument, filter: filter, pairsInCacheMax: context.groupsInCacheMax, threads: context.threads,
            room: room)
    }
}

/// What block headers say about the values an expression can take.
struct RangeFinder: Sendable {
    private let plan: Plan
    init(_ plan: Plan) { self.plan = plan }

    /// Rows of the table or relation below; an upper bound.
    var rowCount: Int { Self.rowCount(plan) }

    private static func rowCount(_ plan: Plan) -> Int {
        switch plan {
        case .scan(let scan): scan.table.rowCount
        case .rows(let relation): relation.rowCount
        case .filter(let input, _), .derive(let input, _), .window(let input, _), .sort(let input, _), .take(let input, _, _),
            .sample(let input, _, _),
            .assert(let input, _), .assertAll(let input, _, _):
            rowCount(input)
        case .aggregate(let aggregate): rowCount(aggregate.input)
        case .top(let top): rowCount(top.input)
        case .join(let join):
            switch join.kind {
            case .lookup, .matching: rowCount(join.left)
            case .expanding: rowCount(join.left).multipliedReportingOverflow(by: max(1, rowCount(join.right))).partialValue & Int.max
            }
        case .union(let union): union.inputs.reduce(0) { $0 + rowCount($1) }
        case .fill: 1 << 20
        case .unfold(let unfold): unfold.rowsMax(rowCount(unfold.input))
        }
    }

    /// All non-null values lie in the range; nil where nothing is known.
    func range(of bound: Bound) -> ClosedRange<Int64>? { Self.range(of: bound, plan) }

    private static func range(of bound: Bound, _ plan: Plan) -> ClosedRange<Int64>? {
        guard bound.type.physical == .integer else { return nil }
        switch bound.kind {
        case .column(let id): return range(ofColumn: id, plan)
        case .constant(.integer(let value)): return value...value
        case .function(let instance, let arguments):
            // A non-decreasing function of one column maps the ends to the ends.
            guard instance.isMonotone, arguments.count == 1, let inner = range(of: arguments[0], plan),
                let low = ConstantFolding.apply(instance, to: [.integer(inner.lowerBound)], [arguments[0].type], result: bound.type),
                let high = ConstantFolding.apply(instance, to: [.integer(inner.upperBound)], [arguments[0].type], result: bound.type),
                case .integer(let a) = low, case .integer(let b) = high, a <= b
            else { return nil }
            return a...b
        case .constant, .months, .compare, .and, .or, .not, .isNull, .conditional, .coalesce, .inSet, .inQuery, .nullInQuery, .aggregate,
            .window, .linked, .below:
            return nil
        }
    }

    private static func range(ofColumn id: ColumnID, _ plan: Plan) -> ClosedRange<Int64>? {
        switch plan {
        case .scan(let scan):
            guard let index = scan.columns.first(where: { $0.id == id })?.index, scan.table.type(ofStored: index).physical == .integer
            else { return nil }
            var low = Int64.max
            var high = Int64.min
            for segment in scan.table.segments {
                for block in 0..<segment.blockCount {
                    let meta = segment.meta(column: index, block: block)
                    if meta.nullCount == meta.rowCount { continue }
                    low = min(low, meta.minimum)
                    high = max(high, meta.maximum)
                }
            }
            return low <= high ? low...high : nil
        case .rows(let relation):
            guard relation.layout.contains(id) else { return nil }
            let column = relation[id]
            guard column.form == .integers, column.count > 0 else { return nil }
            var low = column.integers[0]
            var high = low
            for i in 0..<column.count {
                low = min(low, column.integers[i])
                high = max(high, column.integers[i])
            }
            return low...high
        case .filter(let input, _), .sort(let input, _), .take(let input, _, _), .sample(let input, _, _), .assert(let input, _),
            .assertAll(let input, _, _):
            return range(ofColumn: id, input)
        case .derive(let input, let columns):
            if let column = columns.first(where: { $0.id == id }) { return range(of: column.value, input) }
            return range(ofColumn: id, input)
        case .window(let input, let columns): return columns.contains { $0.id == id } ? nil : range(ofColumn: id, input)
        case .top(let top): return top.others ? nil : range(ofColumn: id, top.input)
        case .aggregate(let aggregate):
            guard let key = aggregate.keys.first(where: { $0.id == id }) else { return nil }
            return range(of: key.value, aggregate.input)
        case .join(let join):
            return range(ofColumn: id, join.rightColumns.contains(id) && !join.left.carries(id) ? join.right : join.left)
        case .unfold(let unfold):
            guard id == unfold.id else { return range(ofColumn: id, unfold.input) }
            guard let low = range(of: unfold.low, unfold.input), let high = range(of: unfold.high, unfold.input),
                low.lowerBound <= high.upperBound
            else { return nil }
            return low.lowerBound...high.upperBound
        case .union, .fill: return nil
        }
    }
}
