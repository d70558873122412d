import Glibc
import Storage

extension Binder {
    /// One row for each column, made of ordinary aggregates: one summary tells counts, edges and quantiles of all columns, then each column
    /// is grouped by its values for the most frequent ones, and by ranges for its shape. The rows are there when the stage is bound, since
    /// which ranges suit hangs on the values.
    func profile(_ query: inout BoundQuery, _ stage: Stage) throws {
        var input = query
        // What is costly to make is made once. A table is read again and again: that costs less than holding it.
        if !input.plan.isCheapToRepeat {
            input.plan = .rows(try environment.rows(input.plan, input.required))
        }
        let columns = query.scope.visible
        var facts = try profileFacts(columns, input, stage.span)
        for place in columns.indices where facts[place].distinct > 0 {
            var one = input
            one.scope = Scope()
            one.scope.columns = [Scope.Column(id: columns[place].id, name: "_x", type: columns[place].type)]
            facts[place].top = try mostFrequent(facts[place], one, stage.span)
            facts[place].shape = try shape(facts[place], one, stage.span)
        }
        var out = RelationBuilder(ProfileRow.columns)
        for (column, facts) in zip(columns, facts) { out.add(facts.cells(column.name)) }
        query = rows(out)
        query.presentation = .profile
    }

    // MARK: facts

    private func profileFacts(_ columns: [Scope.Column], _ input: BoundQuery, _ span: SourceSpan) throws -> [ProfileRow] {
        var scoped = input
        scoped.scope = Scope()
        scoped.scope.columns = columns.enumerated().map { Scope.Column(id: $1.id, name: "_c\($0)", type: $1.type) }
        var texts = ["count()"]
        var starts: [Int] = []
        for (place, column) in columns.enumerated() {
            starts.append(texts.count)
            let x = "_c\(place)"
            texts += ["count(\(x))", "distinct(\(x))", "min(\(x))", "max(\(x))"]
            if column.type.hasQuantiles { texts += ["1%", "25%", "50%", "75%", "99%"].map { "quantile(\(x), \($0))" } }
            if column.type.isDrawn { texts.append("avg(\(x))") }
        }
        let found = try summarized(texts, scoped, span)
        func count(_ place: Int) -> Int {
            guard case .integer(let count) = found[place].value(0) else { return 0 }
            return Int(count)
        }
        return zip(columns, starts).map { column, start in
            var row = ProfileRow(type: column.type, rows: count(0), known: count(start), distinct: count(start + 1))
            row.low = found[start + 2]
            row.high = found[start + 3]
            if column.type.hasQuantiles { row.quantiles = Array(found[(start + 4)..<(start + 9)]) }
            if column.type.isDrawn { row.mean = found[start + 9] }
            return row
        }
    }

    /// The three most frequent values, where values come again at all and telling them apart is cheap.
    private func mostFrequent(_ facts: ProfileRow, _ input: BoundQuery, _ span: SourceSpan) throws -> String? {
        guard facts.distinct < facts.known, facts.distinct <= ProfileRow.groupsMax else { return nil }
        var query = input
        let x = try expression("_x", at: span)
        let stages: [Stage.Kind] = [
            .where(try expression("_x is not null", at: span)),
            .summarize(
                [NamedExpression(name: Name(text: "_n", span: span), value: try expression("count()", at: span))],
                by: [NamedExpression(name: Name(text: "_k", span: span), value: x)]),
            .top(
                try expression("3", at: span), per: [],
                by: [OrderItem(value: try expression("_n", at: span), descending: true, explicit: true)], others: false),
        ]
        try apply(stages.map { Stage(kind: $0, span: span, keyword: Name(text: "profile", span: span)) }, to: &query, summary: nil)
        let ids = query.required
        let found = try environment.rows(query.plan, ids)
        return (0..<found.rowCount).map { row in
            let value = CellText.string(found[ids[0]].value(row), type: facts.type)
            guard case .integer(let count) = found[ids[1]].value(row) else { return value }
            return "\(ProfileRow.shortened(value)) (\(CellText.grouped(Int(count))))"
        }.joined(separator: ", ")
    }

    /// A histogram as a line of blocks.
    private func shape(_ facts: ProfileRow, _ input: BoundQuery, _ span: SourceSpan) throws -> String? {
        guard facts.type.isDrawn || facts.type.isTemporal, let low = facts.low, let high = facts.high else { return nil }
        let bulk = facts.type.isNumeric && facts.quantiles.count == 5 ? (facts.quantiles[0], facts.quantiles[4]) : (low, high)
        guard let shape = histogramShape(facts.type, low: low, high: high, bulk: bulk, wanted: 16) else { return nil }
        let made = try counted(shape, "x", nil, input, span: span)
        guard case .rows(let relation) = made.query.plan else { return nil }
        let counts = (0..<relation.rowCount).map { row -> Double in
            guard case .integer(let count) = relation.columns[made.columns - 1].value(row) else { return 0 }
            return Double(count)
        }
        return Sparkline.text(Sparkline.merged(counts, most: 20), from: 0)
    }
}

/// What `profile` says of a column.
struct ProfileRow {
    /// More different values than these are not counted one by one.
    static let groupsMax = 1_000_000
    private static let valueCharactersMax = 40

    let type: LogicalType
    var rows: Int
    var known: Int
    var distinct: Int
    var low: ColumnBuffer?
    var high: ColumnBuffer?
    /// At 1, 25, 50, 75 and 99 %.
    var quantiles: [ColumnBuffer] = []
    var mean: ColumnBuffer?
    var top: String?
    var shape: String?

    init(type: LogicalType, rows: Int, known: Int, distinct: Int) {
        self.type = type
        self.rows = rows
        self.known = known
        self.distinct = distinct
    }

    static let columns: [(name: String, type: LogicalType)] = [
        ("column", .text), ("type", .text), ("rows", .int), ("missing", .int), ("distinct", .int), ("min", .text), ("q25", .text),
        ("median", .text), ("q75", .text), ("max", .text), ("mean", .text), ("top", .text), ("shape", .text),
    ]

    func cells(_ name: String) -> [Value] {
        func text(_ column: ColumnBuffer?) -> Value {
            guard let column, !column.isNull(0) else { return .null }
            return .text(ProfileRow.shortened(plain(column)))
        }
        let middle = quantiles.count == 5 ? quantiles[1...3].map { text($0) } : [.null, .null, .null]
        return [
            .text(name), .text(type.name), .integer(Int64(rows)), .integer(Int64(rows - known)), .integer(Int64(distinct)), text(low),
            middle[0], middle[1], middle[2], text(high), text(mean), top.map { .text($0) } ?? .null, shape.map { .text($0) } ?? .null,
        ]
    }

    /// A quotient's zeros behind the column's own places say nothing.
    private func plain(_ column: ColumnBuffer) -> String {
        var text = CellText.string(column.value(0), type: column.type)
        guard column.type.scale > type.scale, text.contains(".") else { return text }
        for _ in 0..<(column.type.scale - type.scale) where text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }

    static func shortened(_ text: String) -> String {
        text.count <= valueCharactersMax ? text : text.prefix(valueCharactersMax - 1) + "…"
    }
}

extension LogicalType {
    /// What `quantile` takes.
    fileprivate var hasQuantiles: Bool { isNumeric || self == .date || self == .timestamp || self == .duration }
}

extension Plan {
    /// Rows of a table or in memory, with nothing but conditions and columns on them.
    fileprivate var isCheapToRepeat: Bool {
        switch self {
        case .scan, .rows: true
        case .filter(let input, _), .derive(let input, _): input.isCheapToRepeat
        case .aggregate, .window, .sort, .take, .top, .join, .union, .fill, .unfold, .sample, .assert, .assertAll: false
        }
    }
}
