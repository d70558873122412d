import Storage

/// What is to be done, as a tree of operators over column ids. Made by the binder, rewritten by the planner, run by the executor.
indirect enum Plan: Sendable {
    case scan(ScanPlan)
    /// Rows that are there already.
    case rows(Relation)
    case filter(Plan, Bound)
    /// Adds columns; all others go through.
    case derive(Plan, [DerivedColumn])
    /// One row a group (exactly one row in all without keys), sorted by the keys.
    case aggregate(AggregatePlan)
    /// Adds columns that need to see other rows; rows and their order stay.
    case window(Plan, [WindowColumn])
    case sort(Plan, [PlanOrder])
    case take(Plan, first: Int, count: Int)
    case top(TopPlan)
    /// Adds the columns of the one right row with the same key, or nulls.
    case join(JoinPlan)
    case union(UnionPlan)
    case fill(FillPlan)
    case unfold(UnfoldPlan)
    case sample(Plan, SampleSize, seed: UInt64)
    /// Passes its rows on, or fails.
    case assert(Plan, AssertPlan)
    /// The same for a condition on aggregates over all rows, which must hold for no rows too.
    case assertAll(Plan, AggregatePlan, AssertPlan)
}

struct ScanPlan: Sendable {
    let table: TableSnapshot
    /// Plan id and place in the schema.
    var columns: [(id: ColumnID, index: Int)]
    /// Asked for by a rewrite that fetches columns late: segment << 40 | row.
    var rowID: ColumnID?
    /// For the place of a column that alone is a key, or alone leads to a parent: the place of the hidden column with its values' ids.
    /// Two rows have one id where they have one value, and none where it is null.
    var idColumns: [Int: Int] = [:]
    /// Conditions that hold for every row that is passed on, cheapest first.
    var filters: [Bound] = []
    /// Set by the executor for a scan whose best rows alone are wanted.
    var gate: BlockGate?
    /// Whoever reads the rows answers the same in whatever order they come.
    var inAnyOrder = false
}

struct DerivedColumn: Sendable {
    let id: ColumnID
    var value: Bound
}

struct AggregatePlan: Sendable {
    var input: Plan
    var keys: [DerivedColumn]
    var measures: [Measure]
    /// Whoever reads the groups takes a missing one for one without rows, so that groups may be left out where nothing counts in them.
    var emptyMayMiss = false
    /// Whoever reads the groups puts them into an order of its own.
    var inAnyOrder = false

    struct Measure: Sendable {
        let id: ColumnID
        let type: LogicalType
        var call: AggregateCall
    }
}

struct WindowColumn: Sendable {
    enum Call: Sendable {
        case window(WindowCall)
        case aggregate(AggregateCall)
    }
    let id: ColumnID
    let type: LogicalType
    var call: Call
}

struct PlanOrder: Sendable {
    let id: ColumnID
    let descending: Bool
}

struct TopPlan: Sendable {
    var input: Plan
    var count: Int
    var per: [ColumnID]
    /// What was asked for, then the key that settles ties.
    var order: [PlanOrder]
    /// How many of `order` were asked for; rows equal in these tie.
    var asked: Int
    /// `with others`: the aggregate below, once more over the rows of the groups that did not make it.
    var others: Bool
    /// Blocks are read from the most promising on, and those that cannot hold one of the best rows are not.
    var skipsBlocks = false
    /// A page deep in the order, without the `first` rows before it: where it lies is found by counting.
    var isPage = false
    var first = 0
}

struct JoinPlan: Sendable {
    enum Kind: Sendable {
        /// Every left row, with nulls where no right row has its key.
        case lookup
        /// Left rows that have a right row.
        case matching
        /// A row for every pair: never written by hand, only along paths over a join table, where pairs are told apart by their groups.
        case expanding
    }
    var left: Plan
    var right: Plan
    /// Columns of equal types, left and right. None: the right side is one row, which every left row gets.
    var on: [(left: ColumnID, right: ColumnID)]
    /// Columns of the right that go on.
    var rightColumns: [ColumnID]
    var rightName: String
    var span: SourceSpan
    var kind = Kind.lookup
    /// Keys were told apart when rows were stored or grouped: no need to look for doubles where no column is asked for.
    var rightIsUnique = false
    /// A null key meets a null key, as groups do.
    var nullsMatch = false
    /// The last pair is not of equal values: it names the latest right row that is not later.
    var isLatest = false
}

struct UnionPlan: Sendable {
    var inputs: [Plan]
    /// For each output column its id, type and the column of each input.
    var columns: [(id: ColumnID, type: LogicalType, from: [ColumnID])]
}

struct FillPlan: Sendable {
    var input: Plan
    var column: ColumnID
    var type: LogicalType
    var per: [ColumnID]
    /// Columns that take the stated value (or null) in the rows that are added.
    var others: [(id: ColumnID, value: Value)]
    /// The steps that are wanted; nil: from the smallest value of all rows to the largest. Rows outside stay as they are.
    var range: ClosedRange<Int64>?
}

/// Each row once for every whole step from `low` to `high`, both in; `low` and `high` may differ from row to row.
struct UnfoldPlan: Sendable {
    var input: Plan
    var id: ColumnID
    var type: LogicalType
    var low: Bound
    var high: Bound
}

enum SampleSize: Sendable {
    case rows(Int)
    /// Of a million.
    case share(millionths: Int)
}

struct AssertPlan: Sendable {
    var condition: Bound
    var message: String
    var span: SourceSpan
    /// Columns shown of the first row that fails.
    var shown: [(name: String, id: ColumnID, type: LogicalType)]
}
