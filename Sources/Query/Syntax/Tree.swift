import Storage

// The tree that the parser makes and the binder reads. Every node knows its place in the source (UTF-8 offsets).

public typealias SourceSpan = Range<Int>

public struct Name: Sendable, Equatable {
    public var text: String
    public var span: SourceSpan
    /// Set on a name that came into a definition's body with an argument: how many aggregates along paths stood around the call. It means
    /// what it means there.
    var callerDepth: Int?

    public init(text: String, span: SourceSpan) {
        self.text = text
        self.span = span
    }
}

public struct Expression: Sendable {
    public var kind: Kind
    public var span: SourceSpan

    public indirect enum Kind: Sendable {
        case literal(Literal)
        /// `amount`, `customer.city`, `outer.x`: one name or several joined by dots.
        case path([Name])
        /// `@month`
        case parameter(Name)
        case call(Call)
        case negate(Expression)
        case not(Expression)
        case binary(BinaryOperator, Expression, Expression)
        case isNull(Expression, negated: Bool)
        /// `x in [1, 2]`, `x in 2026-Q3`, `x in 1..5`, `x in (from … | select k)`, `x in last 90d`
        case membership(Expression, Expression, negated: Bool)
        case conditional([Branch], otherwise: Expression?)
        case list([Expression])
        /// `A..B`, both ends in.
        case range(Expression, Expression)
        case query(Query)
        case period(Period)
        /// `vip as of 2026-08-31`: who was in a segment when its membership was last written down.
        case memberAsOf([Name], Expression)
        /// `*` as the only argument of a call or an item of `select`.
        case star
    }

    public struct Branch: Sendable {
        public var condition: Expression
        public var value: Expression
    }
}

public enum Literal: Sendable, Equatable {
    case null
    case bool(Bool)
    /// `500k`, `10万`, `42`
    case integer(Int64)
    /// `2.5%` is 0.025: unscaled 25, scale 3.
    case decimal(Int64, scale: Int)
    /// Only with an exponent: `1.5e3`.
    case float(Double)
    case text(String)
    case date(Int64)
    case timestamp(Int64)
    /// `2026`-like years are integers until a date stands beside them; `2026-09`, `2026-Q3`, `2026-W36` are spans at once.
    case span(Int64, LogicalType)
    /// `48h`, `15min`, `90d`, `2w`: exact time in microseconds.
    case duration(Int64)
    /// `3mo`, `1q`, `1y`: calendar months.
    case months(Int64)
}

public enum BinaryOperator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case div = "div"
    case mod = "mod"
    case equal = "="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case and = "and"
    case or = "or"
    case like = "like"
    case notLike = "not like"
}

/// A stretch of time that hangs on today.
public enum Period: Sendable, Equatable {
    /// `last 90d`, `next 30d`: `months` or `days` (one of them 0); hours and minutes count in `microseconds`.
    case last(Duration)
    case next(Duration)
    /// `this month`, `previous quarter`, `next year`; the unit is a span type or `.date` (`this day`).
    case this(LogicalType)
    case previous(LogicalType)
    case following(LogicalType)
    case monthToDate
    case quarterToDate
    case yearToDate
    case today
    case yesterday
    case tomorrow
    case now

    /// A stretch that is no single span, so that it has no value of its own.
    var isRolling: Bool {
        switch self {
        case .last, .next, .monthToDate, .quarterToDate, .yearToDate: true
        case .this, .previous, .following, .today, .yesterday, .tomorrow, .now: false
        }
    }

    public enum Duration: Sendable, Equatable {
        case exact(microseconds: Int64)
        case months(Int64)
        /// `last @window`: the value of a parameter, known when bound.
        case parameter(Name)
        /// `last window` inside a metric or a verb with that parameter: its argument takes the place.
        case argument(Name)
    }
}

public struct Call: Sendable {
    /// `customer.spend(90d)`: the links before a metric's name.
    public var link: [Name] = []
    public var name: Name
    public var arguments: [Argument]
    /// `sum(amount where dir = "in")`
    public var filter: Expression?
    /// An aggregate's own order, inside its brackets: `last(balance by date)`.
    public var innerOrder: [OrderItem]
    /// `f(x) per KEYS by ORDER`; nil where the word does not stand.
    public var per: [Expression]?
    public var order: [OrderItem]?

    public struct Argument: Sendable {
        public var label: Name?
        public var value: Expression
    }
}

public struct OrderItem: Sendable {
    public var value: Expression
    public var descending: Bool
    /// False where neither `asc` nor `desc` was written.
    public var explicit: Bool
}

/// `n: count()`; name nil where none was written.
public struct NamedExpression: Sendable {
    public var name: Name?
    public var value: Expression
}

public struct Query: Sendable {
    public var source: Source
    public var stages: [Stage]
    public var span: SourceSpan
}

public struct Source: Sendable {
    public var kind: Kind
    public var span: SourceSpan

    public indirect enum Kind: Sendable {
        /// `customers`, `customers as of version 41`
        case table(Name, version: Int?)
        /// `from "file.csv" (delimiter: ";")`
        case file(String, ImportClause)
        /// `diff(vip, 2026-08-31, 2026-09-30)`, `show(segments)`, `snapshots()`
        case function(Call)
        case query(Query)
        /// A line that starts with `|` at the prompt: goes on from the last query.
        case previous
    }
}

/// What may stand behind the file of a `load`, in any order: `key a, b`, `time c`, `null: "", "?"`, …
public struct ImportClause: Sendable {
    public var key: [Name] = []
    public var time: Name?
    public var options: [Option] = []
    public var rejects: String?

    /// `delimiter: ";"`, `null: "", "?"`, `header: false`, `skip: 2`, `types: (a: text, b: decimal(2))`; checked by the binder.
    public struct Option: Sendable {
        public var name: Name
        public var values: [Expression]
        /// For `types:` and `names:` only.
        public var columns: [ColumnDefinition]
    }
    public init() {}
}

public struct ColumnDefinition: Sendable {
    public var name: Name
    public var type: LogicalType
    public var span: SourceSpan
}

public struct Stage: Sendable {
    public var kind: Kind
    public var span: SourceSpan
    /// The stage's first word, for messages.
    public var keyword: Name

    public enum Kind: Sendable {
        case `where`(Expression)
        case derive([NamedExpression])
        /// An item without a name that is a plain path keeps the path's name.
        case select([NamedExpression])
        case drop([Name])
        case rename([Renaming])
        case summarize([NamedExpression], by: [NamedExpression])
        case sort([OrderItem])
        /// `take 5`, `take 5 from 11` (rows 11 to 15)
        case take(Expression, from: Expression?)
        /// `top 10 per k by x with others`
        case top(Expression, per: [Expression], by: [OrderItem], others: Bool)
        case distinct([NamedExpression])
        case expand([Name])
        /// `expand k: 1..12`, `expand name: ["a", "b"], value: [a, b]`: each row once for every value.
        case unfold([NamedExpression])
        case join(Join)
        case union(Source)
        /// `pivot sum(amount), count() by month over channel [in ["a", "b"]]`
        case pivot([NamedExpression], by: [NamedExpression], over: NamedExpression, values: Expression?)
        /// `fill m per channel in 2026-01..2026-12 with 0`
        case fill(Name, per: [Name], in: Expression?, with: Expression?)
        /// `sample 100 seed 7`, `sample 1% seed 7`
        case sample(Expression, seed: Expression?)
        case profile
        case assert(Expression, message: String?)
        /// `to "branches-{month}.csv"`, with `raw`
        case to(String, raw: Bool)
        /// `bar`, `line`, `histogram`, `heatmap`: parsed, refused until they are built.
        case chart([NamedExpression], by: [NamedExpression])
        /// Any other word with brackets: a verb.
        case verb(Call)
    }

    public struct Renaming: Sendable {
        public var new: Name
        public var old: Name
    }

    public struct Join: Sendable {
        public var source: Source
        /// `join branches as b on branch_id = id`: how its columns are spoken of; the table's name where none is given.
        public var alias: Name?
        /// Column here, column there; the same name where only one is written. Empty: the key's names.
        public var on: [Renaming]
    }
}

public struct Statement: Sendable {
    public var kind: Kind
    public var span: SourceSpan

    public indirect enum Kind: Sendable {
        case query(Query)
        case explain(Query, analyze: Bool)
        case load(LoadMode, table: Name, paths: [String], ImportClause)
        /// `append t from (from …)`, `replace t from (from …)`: the rows of a query.
        case store(LoadMode, table: Name, Query, ImportClause)
        case delete(table: Name, Expression)
        case createTable(Name, [ColumnDefinition], key: [Name], time: Name?)
        case dropTable(Name)
        case renameTable(Name, to: Name)
        case renameColumn(table: Name, column: Name, to: Name)
        /// nil: every table.
        case optimize(Name?)
        case vacuum
        /// `snapshots`: the versions that can be read.
        case snapshots
        /// `tables`, `describe t`
        case tables
        case describe(Name)
        /// Definitions and what is done with them.
        case vocabulary(VocabularyStatement)
        case asOf(Expression)
        /// `link child.key to parent[.key] [latest] [as parent_name, children_name]`
        case link(LinkDeclaration)
        /// `drop link transactions.customer`: by the name that leads up.
        case dropLink(child: Name, parentName: Name)
        /// `report "pack-{month}.html" "Title"`; nil ends the one that is open: `report end`.
        case report(ReportHead?)
    }

    public enum LoadMode: String, Sendable { case load, append, replace, upsert }
}

/// Where the answers that follow are collected.
public struct ReportHead: Sendable {
    public var path: String
    public var pathSpan: SourceSpan
    public var title: String?
}

/// `link t.(currency, date) to rates latest as rate, trades`
public struct LinkDeclaration: Sendable {
    public var child: Name
    public var childColumns: [Name]
    public var parent: Name
    /// Empty: the key that the parent declares.
    public var parentColumns: [Name]
    /// The last column is a date, and the link goes to the latest row that is not later.
    public var isLatest: Bool
    public var parentName: Name?
    public var childrenName: Name?
}
