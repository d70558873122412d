import Storage

/// A column of a plan, unique within one statement; names are only for people.
typealias ColumnID = Int

/// An expression whose names are resolved and whose types agree. What the planner rewrites and the executor compiles.
struct Bound: Sendable {
    indirect enum Kind: Sendable {
        case column(ColumnID)
        case constant(Value)
        /// `3mo`, `1q`, `1y`: calendar months, only as an operand of `+` and `-` beside a date or as an argument that asks for a step; its `type` is `.duration`.
        case months(Int64)
        case function(FunctionInstance, [Bound])
        /// Both sides have the same physical form and, for numbers, the same scale. A comparison with a null is false.
        case compare(Comparison, Bound, Bound)
        case and([Bound])
        case or([Bound])
        /// The complement of a condition; a null bool counts as false, so its `not` is true.
        case not(Bound)
        case isNull(Bound)
        /// The first branch whose condition holds; all values have the result's type.
        case conditional([(condition: Bound, value: Bound)], otherwise: Bound)
        case coalesce([Bound])
        /// One of the listed constants (never null), of the operand's type.
        case inSet(Bound, ConstantSet)
        /// One of the values of a query's only column; the box is filled before the plan around it runs.
        case inQuery(Bound, SubqueryBox)
        /// Whether a null is among the values of a query's only column.
        case nullInQuery(SubqueryBox)
        /// An aggregate or a window over the rows, lifted out into a plan node of its own before execution.
        case aggregate(AggregateCall)
        case window(WindowCall)
        /// A column of the one row that a link leads up to; lifted out into a join.
        case linked(LinkRead)
        /// An aggregate over the rows that a path of links leads down to; lifted out into an aggregate and a join.
        case below(DownwardCall)
    }

    var kind: Kind
    var type: LogicalType
    var span: SourceSpan

    init(_ kind: Kind, _ type: LogicalType, _ span: SourceSpan) {
        self.kind = kind
        self.type = type
        self.span = span
    }

    static func constant(_ value: Value, _ type: LogicalType, _ span: SourceSpan) -> Bound { Bound(.constant(value), type, span) }

    var constantValue: Value? {
        if case .constant(let value) = kind { return value }
        return nil
    }

    var isNullConstant: Bool { constantValue == .some(.null) }
}

enum Comparison: String, Sendable {
    case equal = "="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="

    /// The comparison with its sides exchanged.
    var mirrored: Comparison {
        switch self {
        case .equal: .equal
        case .notEqual: .notEqual
        case .less: .greater
        case .lessOrEqual: .greaterOrEqual
        case .greater: .less
        case .greaterOrEqual: .lessOrEqual
        }
    }
}

/// A query inside an expression and, once it has run, its values.
final class SubqueryBox: @unchecked Sendable {
    let plan: Plan
    let column: ColumnID
    var values = ConstantSet()
    var hasNull = false

    init(plan: Plan, column: ColumnID) {
        self.plan = plan
        self.column = column
    }
}
