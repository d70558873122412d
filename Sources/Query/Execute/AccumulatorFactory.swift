import Storage

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
                descending: call.order.map(\.descending), filter: filter, threads: context.threads,
                cancellation: context.cancellation)
        }
        switch call.function {
        case .count: return CountAccumulator(asBool: false, arguments: arguments, filter: filter)
        case .exists: return CountAccumulator(asBool: true, arguments: arguments, filter: filter)
        case .sum, .avg:
            let average = call.function == .avg
            if arguments[0].type == .float { return DoubleSumAccumulator(average: average, argument: arguments[0], filter: filter) }
            let range = ranges.range(of: call.arguments[0])
            if sumsFitInteger {
                return NarrowSumAccumulator(
                    average: average, type: type, argument: arguments[0], filter: filter, range: range, countsRows: countsRows)
            }
            return WideSumAccumulator(
                average: average, type: type, argument: arguments[0], filter: filter, range: range, countsRows: countsRows)
        case .min, .max:
            return ExtremeAccumulators.make(
                isMaximum: call.function == .max, argument: arguments[0], filter: filter, range: ranges.range(of: call.arguments[0]))
        case .distinct: return distinct(arguments[0], filter, context)
        case .median:
            return try collecting(QuantileReducer(numerator: 1, denominator: 2, scaleUp: quantileScale, cancellation: context.cancellation))
        case .quantile:
            guard case .integer(let share)? = call.arguments[1].constantValue else { preconditionFailure("checked when bound") }
            return try collecting(
                QuantileReducer(
                    numerator: share, denominator: Decimals.power(call.arguments[1].type.scale), scaleUp: quantileScale,
                    cancellation: context.cancellation))
        case .first, .last:
            let order = try call.order.map { try compiler.compile($0.value) }
            guard EdgeAccumulator.suits(arguments[0], order) else { return try collecting(EdgeReducer(last: call.function == .last)) }
            return EdgeAccumulator(
                last: call.function == .last, type: type, argument: arguments[0], order: order, descending: call.order.map(\.descending),
                filter: filter)
        case .mode: return try collecting(ModeReducer())
        case .list:
            guard case .integer(let limit)? = call.arguments[1].constantValue else { preconditionFailure("checked when bound") }
            return try collecting(ListReducer(limit: Int(limit), ordered: !call.order.isEmpty))
        case .funnel, .funnelTime: return try collecting(FunnelReducer(call), 2)
        case .variance: return try moments(.variance, compiler, filter) ?? collecting(MomentReducer(.variance))
        case .stddev: return try moments(.standardDeviation, compiler, filter) ?? collecting(MomentReducer(.standardDeviation))
        case .correlation: return try moments(.correlation, compiler, filter) ?? collecting(MomentReducer(.correlation), 2)
        case .slope: return try moments(.slope, compiler, filter) ?? collecting(MomentReducer(.slope), 2)
        case .weightedAvg: return try moments(.weightedAverage, compiler, filter) ?? collecting(MomentReducer(.weightedAverage), 2)
        }
    }

    private func moments(_ statistic: MomentReducer.Statistic, _ compiler: ExpressionCompiler, _ filter: Evaluator?) throws -> Accumulator?
    {
        guard let arguments = IntegerMomentAccumulator.arguments(call, ranges) else { return nil }
        return IntegerMomentAccumulator(
            statistic, try arguments.map { try compiler.compile($0.value) }, origins: arguments.map(\.origin), filter: filter)
    }

    /// The largest value in the block headers, on every row, still fits 64 bits.
    private var sumsFitInteger: Bool {
        guard let range = ranges.range(of: call.arguments[0]) else { return false }
        let largest = Int128(max(range.lowerBound.magnitude, range.upperBound.magnitude))
        return largest * Int128(max(ranges.rowCount, 1)) < Int128(Int64.max)
    }

    /// Measures with the same state share one accumulator: the sum and the mean of the same values are one.
    var sharedState: String? {
        guard isIntegerSum else { return nil }
        return "\(call.arguments[0].fingerprint) where \(call.filter?.fingerprint ?? "")"
    }

    private var isIntegerSum: Bool {
        (call.function == .sum || call.function == .avg) && call.arguments[0].type.physical == .integer
    }

    /// A sum or a mean that also counts the very rows that `other`, a count, asks for.
    func answers(_ other: AccumulatorFactory) -> Bool {
        guard isIntegerSum, other.call.function == .count || other.call.function == .exists else { return false }
        return call.filter?.fingerprint == other.call.filter?.fingerprint && ranges.isNeverNull(call.arguments[0])
            && other.call.arguments.allSatisfy { ranges.isNeverNull($0) }
    }

    /// The state says of every group whether it has rows.
    var countsRows: Bool {
        if call.filter != nil { return false }
        if isIntegerSum { return ranges.isNeverNull(call.arguments[0]) }
        return call.arguments.isEmpty && (call.function == .count || call.function == .exists)
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
