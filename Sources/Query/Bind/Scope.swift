import Storage

/// What can be named at one point of a pipe.
struct Scope {
    struct Column {
        let id: ColumnID
        var name: String
        let type: LogicalType
        /// A column that `select` left out stays for the row's identity, but has no name any more.
        var isVisible = true
        /// The join's name before the dot: `branches.city`.
        var qualifier: String?
    }
    var columns: [Column] = []
    /// What makes a row itself: the table's key, or a summary's keys. Every order ends in it.
    var key: [ColumnID] = []
    var time: ColumnID?
    /// Whose rows these are, where every row is still one row of a table: what links hang on.
    var origin: Origin?
    /// Rows stand several times: what is below one row is still that row's, but the rows below many cannot be told apart.
    var isRepeated = false
    /// The path of the `expand` that led here: `transactions.ts` is understood as `ts` of the rows below.
    var arrivedBy: [String] = []
    /// The table's name, for `customers.city`.
    var tableName: String?

    var visible: [Column] { columns.filter(\.isVisible) }

    func column(_ name: String) -> Column? { columns.first { $0.isVisible && $0.name == name } }
    func column(id: ColumnID) -> Column { columns.first { $0.id == id }! }

    /// What an order ends in: the key, or all columns where there is none.
    func tieBreakers(_ used: [PlanOrder]) -> [PlanOrder] {
        let ids = key.isEmpty ? visible.map(\.id) : key
        return ids.filter { id in !used.contains { $0.id == id } }.map { PlanOrder(id: $0, descending: false) }
    }

    /// Adds a column, in the place of a visible one of the same name.
    mutating func put(_ column: Column) {
        if let index = columns.firstIndex(where: { $0.isVisible && $0.name == column.name }) {
            let old = columns[index]
            columns[index] = column
            // The old values may still make up the key.
            columns.append(Column(id: old.id, name: old.name, type: old.type, isVisible: false, qualifier: nil))
        } else {
            columns.append(column)
        }
    }
}

/// A query ready to run.
struct BoundQuery {
    var plan: Plan
    var scope: Scope
    /// `to "file"` at the end.
    var sink: (path: String, raw: Bool, span: SourceSpan)?
    /// How its rows are best looked at, and the stage that says so: it stands at the end, or right before `to`.
    var presentation: Presentation?
    var presentedBy: Stage?
    /// The aggregate just made, for `top … with others`.
    var summary: SummaryShape?
    /// What the footer says of it.
    var notes: [String] = []

    /// What `with others` needs of the `summarize` before it.
    struct SummaryShape {
        let aggregate: AggregatePlan
        /// Aggregates over the rows below the groups' rows, and the table that those are of.
        let below: [Binder.BelowMeasure]
        let origin: Origin?
        let derived: [DerivedColumn]
    }

    /// What stands at the end of a query and nowhere inside another one.
    func requirePlain(_ place: String) throws {
        if let sink { throw QueryError(.syntax, "`to` cannot stand inside \(place)", at: sink.span) }
        if let stage = presentedBy {
            throw QueryError(
                .syntax, "`\(stage.keyword.text)` cannot stand inside \(place)", at: stage.keyword.span,
                hint: "a chart stands at the end of the whole query")
        }
    }

    var columns: [ResultColumn] { scope.visible.map { ResultColumn(name: $0.name, type: $0.type) } }
    var required: [ColumnID] { scope.visible.map(\.id) }
}
