import Storage

/// What one aggregate computes, and where each measure's answer comes from.
struct AggregateMeasures: Sendable {
    enum Place {
        case own(Int)
        /// The number of rows that the sum counted.
        case count(of: Int)
    }
    let measures: [AggregatePlan.Measure]
    private(set) var factories: [AccumulatorFactory] = []
    /// The accumulator of each measure: the sum and the mean of the same values share one, and so does the count of the same rows.
    let places: [Place]

    /// `groups`: how many there are, where it is known.
    init(_ measures: [AggregatePlan.Measure], groups: Int?, _ ranges: RangeFinder, room: RowPartitions.Room) {
        self.measures = measures
        let all = measures.map { AccumulatorFactory(call: $0.call, type: $0.type, groups: groups, ranges: ranges, room: room) }
        var places: [Place?] = Array(repeating: nil, count: measures.count)
        var states: [String: Int] = [:]
        for (index, factory) in all.enumerated() {
            guard let state = factory.sharedState else { continue }
            places[index] = .own(states[state] ?? factories.count)
            if states[state] == nil {
                states[state] = factories.count
                factories.append(factory)
            }
        }
        for (index, factory) in all.enumerated() where places[index] == nil {
            if let sum = factories.firstIndex(where: { $0.answers(factory) }) {
                places[index] = .count(of: sum)
            } else {
                places[index] = .own(factories.count)
                factories.append(factory)
            }
        }
        self.places = places.compactMap { $0 }
    }

    /// No accumulator knows which groups have rows.
    var tracksSeen: Bool { !factories.contains(where: \.countsRows) }

    func makeAccumulators(_ compiler: ExpressionCompiler, _ context: EvaluationContext) throws -> [Accumulator] {
        try factories.map { try $0.make(compiler, context) }
    }
}

extension AggregateSink {
    func column(_ measure: AggregatePlan.Measure, _ place: AggregateMeasures.Place, _ groups: [Int]) throws -> ColumnBuffer {
        switch place {
        case .count(let index): return summing(index).finishCounts(groups, type: measure.type)
        case .own(let index):
            guard let sum = accumulators[index] as? any IntegerSumming else { return try accumulators[index].finish(groups) }
            return try sum.finish(groups, average: measure.call.function == .avg, type: measure.type)
        }
    }

    /// The same for the groups from 0 on.
    func columnOfAll(_ measure: AggregatePlan.Measure, _ place: AggregateMeasures.Place, _ count: Int) throws -> ColumnBuffer {
        switch place {
        case .count(let index): return summing(index).finishAllCounts(count, type: measure.type)
        case .own(let index):
            guard let sum = accumulators[index] as? any IntegerSumming else { return try accumulators[index].finishAll(count) }
            return try sum.finishAll(count, average: measure.call.function == .avg, type: measure.type)
        }
    }

    private func summing(_ index: Int) -> any IntegerSumming {
        guard let sum = accumulators[index] as? any IntegerSumming else { preconditionFailure("only sums count for others") }
        return sum
    }
}
