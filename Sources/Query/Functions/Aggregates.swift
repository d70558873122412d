import Storage

/// An aggregate call bound to its input; the planner turns it into a column of an aggregate node.
struct AggregateCall: Sendable {
    var function: AggregateFunction
    var arguments: [Bound]
    /// `sum(x where p)`
    var filter: Bound?
    /// `last(x by d)`; empty: none.
    var order: [BoundOrder]
    /// Set by `per`: the groups; nil: all incoming rows (or the stage's own groups).
    var per: [Bound]?
}

struct BoundOrder: Sendable {
    var value: Bound
    var descending: Bool
}

/// A window call that is not a plain aggregate: `rank() per k by x`.
struct WindowCall: Sendable {
    var function: WindowFunction
    var arguments: [Bound]
    var filter: Bound?
    var per: [Bound]
    var order: [BoundOrder]
}

enum AggregateFunction: String, Sendable, CaseIterable {
    case count, sum, avg, min, max, median, quantile, stddev, variance, distinct, first, last, exists, mode
    case correlation, slope
    case weightedAvg = "weighted_avg"
    case list, funnel
    case funnelTime = "funnel_time"
}

enum WindowFunction: String, Sendable, CaseIterable {
    case rank, lag, lead, score
    case rowNumber = "row_number"
    case runningSum = "running_sum"
    case runningCount = "running_count"
    case movingAvg = "moving_avg"
    case percentRank = "percent_rank"
}
