extension Planner {
    /// Groups come sorted by their keys. Where whoever takes them puts them into an order of its own, or none, they are not sorted first; equal
    /// rows are told apart by the keys as if they had been.
    static let groupsInAnyOrder = Rewrite(name: "groups in any order") { plan in
        switch plan {
        case .top(var top):
            guard !top.others, let (input, keys) = unordered(top.input) else { return nil }
            top.input = input
            top.order += missing(keys, in: top.order)
            return .top(top)
        case .sort(let input, let order):
            guard let (input, keys) = unordered(input) else { return nil }
            return .sort(input, order + missing(keys, in: order))
        case .aggregate(var aggregate):
            let takesAnyOrder = aggregate.measures.allSatisfy { measure in
                let call = measure.call
                return call.function.takesAnyOrder && !call.arguments.contains(where: \.callsFunction) && call.filter?.callsFunction != true
            }
            guard takesAnyOrder, !aggregate.keys.contains(where: \.value.callsFunction), let (input, _) = unordered(aggregate.input) else {
                return nil
            }
            aggregate.input = input
            return .aggregate(aggregate)
        case .scan, .rows, .filter, .derive, .window, .take, .join, .union, .fill, .unfold, .sample, .assert, .assertAll: return nil
        }
    }

    /// The plan with its groups in any order, and their keys; nil where it makes no groups, or they come in any order already.
    private static func unordered(_ plan: Plan) -> (Plan, [ColumnID])? {
        switch plan {
        case .aggregate(var aggregate):
            guard !aggregate.inAnyOrder, !aggregate.keys.isEmpty else { return nil }
            aggregate.inAnyOrder = true
            return (.aggregate(aggregate), aggregate.keys.map(\.id))
        // Which row fails first depends on the order.
        case .filter(let input, let condition):
            guard !condition.callsFunction, let (input, keys) = unordered(input) else { return nil }
            return (.filter(input, condition), keys)
        case .derive(let input, let columns):
            guard !columns.contains(where: \.value.callsFunction), let (input, keys) = unordered(input) else { return nil }
            return (.derive(input, columns), keys)
        case .scan, .rows, .window, .sort, .take, .top, .join, .union, .fill, .unfold, .sample, .assert, .assertAll: return nil
        }
    }

    private static func missing(_ keys: [ColumnID], in order: [PlanOrder]) -> [PlanOrder] {
        keys.filter { key in !order.contains { $0.id == key } }.map { PlanOrder(id: $0, descending: false) }
    }
}

extension AggregateFunction {
    /// The answer is the same to the last bit, whatever order the rows come in.
    var takesAnyOrder: Bool {
        switch self {
        case .count, .exists, .sum, .avg, .min, .max, .distinct, .median, .quantile: true
        case .stddev, .variance, .first, .last, .mode, .correlation, .slope, .weightedAvg, .list, .funnel, .funnelTime: false
        }
    }
}
