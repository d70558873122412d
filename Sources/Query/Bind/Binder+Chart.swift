import Storage

extension Binder {
    /// `bar sum(amount) by branch`: aggregates are summarized, other expressions selected, and of rows that are summarized already the
    /// columns are taken by their role. What is drawn is said beside the plan; the rows go on as rows.
    func chart(_ kind: ChartSpec.Kind, _ written: [NamedExpression], _ keys: [NamedExpression], _ query: inout BoundQuery, _ stage: Stage)
        throws
    {
        let (items, options) = try chartOptions(written, kind)
        var spec: ChartSpec
        if kind == .histogram {
            spec = try histogram(items, keys, bins: options.bins, &query, stage)
        } else if items.isEmpty {
            guard keys.isEmpty else {
                let key = plainName(keys[0].value) ?? "k"
                throw QueryError(
                    .type, "\(kind.rawValue) needs a value to draw", at: stage.keyword.span, hint: "\(kind.rawValue) count() by \(key)")
            }
            spec = try chartByRole(kind, &query, stage)
        } else {
            spec = try chartAsWritten(kind, items, keys, &query, stage)
        }
        spec.title = options.title
        spec.unit = options.unit
        query.presentation = .chart(spec)
        query.presentedBy = stage
    }

    // MARK: options

    private struct ChartOptions {
        var title: String?
        var unit: String?
        var bins: Int?
    }

    /// `title: "…"`, `unit: "CNY"` and, for a histogram, `bins: 30` stand among the items; any other name is a column's.
    private func chartOptions(_ items: [NamedExpression], _ kind: ChartSpec.Kind) throws -> ([NamedExpression], ChartOptions) {
        var options = ChartOptions()
        var rest: [NamedExpression] = []
        for item in items {
            switch (item.name?.text, item.value.kind) {
            case ("title", .literal(.text(let text))): options.title = text
            case ("unit", .literal(.text(let text))): options.unit = text
            case ("bins", .literal(.integer(let count))) where kind == .histogram:
                guard (1...200).contains(count) else {
                    throw QueryError(.type, "a histogram has 1 to 200 bins", at: item.value.span, hint: "bins: 20")
                }
                options.bins = Int(count)
            default: rest.append(item)
            }
        }
        return (rest, options)
    }

    // MARK: roles

    private func chartAsWritten(
        _ kind: ChartSpec.Kind, _ items: [NamedExpression], _ keys: [NamedExpression], _ query: inout BoundQuery, _ stage: Stage
    ) throws -> ChartSpec {
        let bounds = try items.map { try bind($0.value, in: query.scope) }
        var keys = keys
        if bounds.contains(where: \.isSummed) {
            try summarize(items, keys, &query, stage)
        } else {
            if keys.isEmpty {
                keys = roleKeys(query.scope, besides: Set(items.compactMap { plainName($0.value) })).prefix(2).map {
                    NamedExpression(
                        name: nil, value: Expression(kind: .path([Name(text: $0.name, span: stage.keyword.span)]), span: stage.keyword.span)
                    )
                }
            }
            try apply(Stage(kind: .select(keys + items), span: stage.span, keyword: stage.keyword), to: &query, summary: nil)
        }
        guard keys.count <= 2 else {
            throw QueryError(
                .type, "a chart is drawn by two keys at most", at: keys[2].value.span, hint: "leave one out, or filter by it before")
        }
        let visible = query.scope.visible
        for (item, column) in zip(items, visible[keys.count...]) where !column.type.isDrawn {
            throw QueryError(
                .type, "\(kind.rawValue) draws numbers, and \(column.name) is \(article(column.type))", at: item.value.span,
                hint: "\(kind.rawValue) count() by \(column.name)")
        }
        if keys.count == 2, items.count > 1 {
            throw QueryError(
                .type, "by two keys one value can be drawn", at: items[1].value.span, hint: "draw \(visible[3].name) in a chart of its own")
        }
        var spec = ChartSpec(
            kind: kind, along: keys.isEmpty ? nil : 0, series: keys.count == 2 ? 1 : nil, values: Array(keys.count..<visible.count))
        try finish(&spec, &query, stage)
        return spec
    }

    private func chartByRole(_ kind: ChartSpec.Kind, _ query: inout BoundQuery, _ stage: Stage) throws -> ChartSpec {
        let visible = query.scope.visible
        let keys = roleKeys(query.scope, besides: [])
        let numbers = visible.indices.filter { index in visible[index].type.isDrawn && !keys.contains { $0.id == visible[index].id } }
        guard keys.count <= 2 else {
            throw QueryError(
                .type, "these rows have \(keys.count) keys, and a chart is drawn by two at most", at: stage.keyword.span,
                hint: "say which: \(kind.rawValue) \(numbers.first.map { visible[$0].name } ?? "count()") by \(keys[0].name)")
        }
        // A share or an amount is looked at before a count.
        guard let chosen = numbers.first(where: { visible[$0].type != .int }) ?? (kind == .heatmap ? numbers.last : numbers.first) else {
            throw QueryError(
                .type, "\(kind.rawValue) finds no column of numbers to draw", at: stage.keyword.span,
                hint: "\(kind.rawValue) count() by \(visible.first?.name ?? "k")")
        }
        // Numbers of one type are taken for numbers of one measure; by two keys there is room for one.
        let values = kind == .heatmap || keys.count == 2 ? [chosen] : numbers.filter { visible[$0].type == visible[chosen].type }
        let places = keys.compactMap { key in visible.firstIndex { $0.id == key.id } }
        var spec = ChartSpec(kind: kind, along: places.first, series: places.count == 2 ? places[1] : nil, values: values)
        spec.undrawn = numbers.filter { !values.contains($0) }.map { visible[$0].name }
        try finish(&spec, &query, stage)
        return spec
    }

    /// What names the rows: the keys of a summary or a table; without any, the first column that is no number; else the first of several.
    private func roleKeys(_ scope: Scope, besides used: Set<String>) -> [Scope.Column] {
        let visible = scope.visible.filter { !used.contains($0.name) }
        let keyed = visible.filter { scope.key.contains($0.id) }
        if !keyed.isEmpty, keyed.count == scope.key.count { return keyed }
        if let name = visible.first(where: { !$0.type.isDrawn }) { return [name] }
        return visible.count > 1 || !used.isEmpty ? Array(visible.prefix(1)) : []
    }

    /// What a kind needs, and the order it is drawn in.
    private func finish(_ spec: inout ChartSpec, _ query: inout BoundQuery, _ stage: Stage) throws {
        let visible = query.scope.visible
        switch spec.kind {
        case .heatmap:
            guard spec.along != nil, spec.series != nil, spec.values.count == 1 else {
                throw QueryError(
                    .type, "heatmap needs one value and two keys: its rows and its columns", at: stage.span,
                    hint: "heatmap sum(amount) by month(date), channel")
            }
        case .line:
            // A line goes on along its axis; names stay in the order of the rows.
            guard let along = spec.along, visible[along].type != .text, visible[along].type != .bool else { return }
            let order = [PlanOrder(id: visible[along].id, descending: false)]
            query.plan = .sort(query.plan, order + query.scope.tieBreakers(order))
        case .bar, .histogram: break
        }
    }
}

extension Bound {
    /// An aggregate over the rows of a stage, or over what lies below them.
    fileprivate var isSummed: Bool {
        switch kind {
        case .aggregate(let call): call.per == nil || children.contains(where: \.isSummed)
        case .below(let below): below.call.per == nil
        case .window: false
        case .linked, .column, .constant, .months, .function, .compare, .and, .or, .not, .isNull, .conditional, .coalesce, .inSet, .inQuery,
            .nullInQuery:
            children.contains(where: \.isSummed)
        }
    }
}

extension LogicalType {
    /// Numbers and lengths of time have a length on paper.
    var isDrawn: Bool { isNumeric || self == .duration }
}
