import Storage

extension Binder {
    /// Counts the values of one column in ranges, by a key where one is given. Which ranges are round and few hangs on the values, so they
    /// are asked for first, and what comes of it are rows: the ranges, also those that nothing lies in, and how many rows are in each.
    func histogram(
        _ items: [NamedExpression], _ keys: [NamedExpression], bins: Int?, _ query: inout BoundQuery, _ stage: Stage
    ) throws -> ChartSpec {
        guard items.count == 1 else {
            throw QueryError(
                .type, items.isEmpty ? "histogram needs a value" : "histogram shows one value",
                at: items.dropFirst().first?.value.span ?? stage.keyword.span,
                hint: "histogram amount, or histogram amount by channel")
        }
        if keys.count > 1 { throw QueryError(.type, "a histogram is drawn by one key at most", at: keys[1].value.span) }
        let name = try name(of: items[0])
        var bound = try lift([try bind(items[0].value, in: query.scope)], over: &query.plan, scope: query.scope)[0]
        switch bound.type {
        case .text, .bool:
            throw QueryError(
                .type, "histogram counts numbers and dates in ranges, and \(name) is \(article(bound.type))", at: items[0].value.span,
                hint: "bar count() by \(name)")
        case .int, .decimal, .float, .date, .timestamp, .week, .month, .quarter, .year, .duration: bound = try materialized(bound)
        }
        var input = query
        var scope = Scope()
        scope.columns.append(Scope.Column(id: try column(for: bound, &input), name: "_x", type: bound.type))
        if let key = keys.first {
            let by = try materialized(try lift([try bind(key.value, in: query.scope)], over: &input.plan, scope: query.scope)[0])
            scope.columns.append(Scope.Column(id: try column(for: by, &input), name: "_by", type: by.type))
        }
        input.scope = scope
        let keyName = try keys.first.map { (name: try self.name(of: $0), type: scope.columns[1].type) }
        if let keyName, keyName.name == name || keyName.name == "count" {
            throw QueryError(
                .name, "two columns would be called \(keyName.name)", at: keys[0].value.span, hint: "give it a name: `other: …`")
        }
        let (shape, missing) = try histogramShape(bound.type, input, wanted: bins ?? 20, span: items[0].value.span)
        let rows = try counted(shape, name, keyName, input, span: items[0].value.span)
        query = rows.query
        if missing > 0 { expansions.note("\(CellText.grouped(missing)) missing value\(missing == 1 ? " is" : "s are") in no range") }
        var spec = ChartSpec(kind: .histogram, along: 0, series: nil, values: [rows.columns - 1])
        if rows.hasUpper { spec.upper = 1 }
        if keyName != nil { spec.series = rows.columns - 2 }
        return spec
    }

    enum HistogramShape {
        case empty
        case bins(HistogramBins, low: Value, high: Value)
        /// Days, weeks, months, quarters or years.
        case calendar(LogicalType, from: LogicalType)
    }

    /// The columns of a summary that is run at once: keys first, then the measures.
    func summarized(_ texts: [String], by keys: [(String, Expression)] = [], _ input: BoundQuery, _ span: SourceSpan) throws
        -> [ColumnBuffer]
    {
        var query = input
        let measures = try texts.enumerated().map {
            NamedExpression(name: Name(text: "_\($0)", span: span), value: try expression($1, at: span))
        }
        let named = keys.map { NamedExpression(name: Name(text: $0.0, span: span), value: $0.1) }
        let stage = Stage(kind: .summarize(measures, by: named), span: span, keyword: Name(text: "summarize", span: span))
        try summarize(measures, named, &query, stage)
        let ids = query.required
        let rows = try environment.rows(query.plan, ids)
        return ids.map { rows[$0] }
    }

    /// An expression of our own, with the place of the stage that it works for.
    func expression(_ text: String, at span: SourceSpan) throws -> Expression {
        try ArgumentRewriter([:], at: span, of: "chart").expression(try Expression.parse(text))
    }

    private func histogramShape(_ type: LogicalType, _ input: BoundQuery, wanted: Int, span: SourceSpan) throws -> (
        HistogramShape, missing: Int
    ) {
        let texts = ["count()", "count(_x)", "min(_x)", "max(_x)"] + (type.isNumeric ? ["quantile(_x, 1%)", "quantile(_x, 99%)"] : [])
        let facts = try summarized(texts, input, span)
        guard case .integer(let all) = facts[0].value(0), case .integer(let known) = facts[1].value(0) else {
            preconditionFailure("counts are whole numbers")
        }
        let bulk = type.isNumeric ? (facts[4], facts[5]) : (facts[2], facts[3])
        guard let shape = histogramShape(type, low: facts[2], high: facts[3], bulk: bulk, wanted: wanted) else {
            throw QueryError(.data, "these values lie too far apart for a histogram", at: span, hint: "where … before it, or log10(x)")
        }
        return (shape, Int(all - known))
    }

    /// What ranges suit values of which the edges, and those of the bulk, are known; nil where none do.
    func histogramShape(
        _ type: LogicalType, low: ColumnBuffer, high: ColumnBuffer, bulk: (ColumnBuffer, ColumnBuffer), wanted: Int
    ) -> HistogramShape? {
        func number(_ column: ColumnBuffer) -> Double? {
            switch column.value(0) {
            case .integer(let integer): Double(integer) / Double(Decimals.power(column.type.scale))
            case .double(let double): double
            case .null, .text: nil
            }
        }
        guard let first = number(low), let last = number(high) else { return .empty }
        if type.isSpan || type == .date || (type == .timestamp && last - first > 3 * Double(CivilDate.microsecondsPerDay)) {
            return .calendar(calendarStep(type, first, last, most: max(wanted, 40)), from: type == .timestamp ? .date : type)
        }
        let unit = Double(Decimals.power(type.scale))
        let from = number(bulk.0) ?? first
        let upto = max(from, number(bulk.1) ?? last)
        let bins = HistogramBins(type: type, low: first * unit, high: last * unit, bulk: from * unit...upto * unit, wanted: wanted)
        return bins.map { .bins($0, low: low.value(0), high: high.value(0)) }
    }

    /// The finest calendar step that makes no more than `most` ranges.
    private func calendarStep(_ type: LogicalType, _ low: Double, _ high: Double, most: Int) -> LogicalType {
        func day(_ value: Double) -> Int64 {
            type == .timestamp ? CivilDate.dayOf(timestamp: Int64(value)) : CivilDate.firstDay(of: Int64(value), type: type)
        }
        let finest: [LogicalType] = [.date, .week, .month, .quarter, .year]
        let from = finest.firstIndex(of: type == .timestamp ? .date : type) ?? 0
        for step in finest[from...] where !(type == .month && step == .week) {
            if CivilDate.span(of: day(high), type: step) - CivilDate.span(of: day(low), type: step) < Int64(most) { return step }
        }
        return .year
    }

    // MARK: counting

    func counted(
        _ shape: HistogramShape, _ name: String, _ key: (name: String, type: LogicalType)?, _ input: BoundQuery, span: SourceSpan
    ) throws
        -> (query: BoundQuery, columns: Int, hasUpper: Bool)
    {
        let x = Expression(kind: .path([Name(text: "_x", span: span)]), span: span)
        let by = key.map { _ in [("_by", Expression(kind: .path([Name(text: "_by", span: span)]), span: span))] } ?? []
        var ranges: [(from: Value, upto: Value)] = []
        var counts: [[Int64]] = []
        var groups: [Value] = key == nil ? [.null] : []
        var groupPlaces: [Value: Int] = key == nil ? [.null: 0] : [:]
        func gather(_ found: [ColumnBuffer], _ place: (Value) -> Int) {
            for row in 0..<found[0].count {
                let edge = found[0].value(row)
                guard !edge.isNull else { continue }
                let group = key == nil ? Value.null : found[1].value(row)
                if groupPlaces[group] == nil {
                    groupPlaces[group] = groups.count
                    groups.append(group)
                    counts.append(Array(repeating: 0, count: ranges.count))
                }
                guard case .integer(let count) = found[found.count - 1].value(row) else { continue }
                counts[groupPlaces[group] ?? 0][place(edge)] += count
            }
        }
        var type = input.scope.columns[0].type
        var hasUpper = false
        switch shape {
        case .empty: break
        case .bins(let bins, let low, let high):
            hasUpper = !bins.isSingle || bins.hasTails.above || bins.hasTails.below
            if bins.hasTails.below { ranges.append((low, bins.edge(0))) }
            for index in 0..<bins.count { ranges.append((bins.edge(index), bins.edge(index + 1))) }
            if bins.hasTails.above { ranges.append((bins.edge(bins.count), high)) }
            if key == nil { counts = [Array(repeating: 0, count: ranges.count)] }
            let first = bins.hasTails.below ? 1 : 0
            let found = try summarized(["count()"], by: [("_bin", bins.expression(of: x))] + by, input, span)
            gather(found) { min(ranges.count - 1, max(0, bins.index(of: $0) + first)) }
        case .calendar(let step, let from):
            type = step
            let edge = from == input.scope.columns[0].type ? x : try expression("day(_x)", at: span)
            let found = try summarized(["count()"], by: [("_bin", edge)] + by, input, span)
            func place(_ value: Value) -> Int64? {
                guard case .integer(let integer) = value else { return nil }
                return CivilDate.span(of: CivilDate.firstDay(of: integer, type: from), type: step)
            }
            let places = (0..<found[0].count).compactMap { place(found[0].value($0)) }
            guard let low = places.min(), let high = places.max() else { break }
            ranges = (low...high).map { (.integer($0), .null) }
            if key == nil { counts = [Array(repeating: 0, count: ranges.count)] }
            gather(found) { Int((place($0) ?? low) - low) }
        }
        var columns: [(name: String, type: LogicalType)] = [(hasUpper ? "\(name)_from" : name, type)]
        if hasUpper { columns.append(("\(name)_to", type)) }
        if let key { columns.append((key.name, key.type)) }
        columns.append(("count", .int))
        var out = RelationBuilder(columns)
        for (place, range) in ranges.enumerated() {
            for (group, value) in groups.enumerated() {
                out.add([range.from] + (hasUpper ? [range.upto] : []) + (key == nil ? [] : [value]) + [.integer(counts[group][place])])
            }
        }
        return (rows(out), columns.count, hasUpper)
    }

    /// Rows in memory as a query of its own.
    func rows(_ builder: RelationBuilder) -> BoundQuery {
        let relation = builder.relation
        var scope = builder.scope
        var slots: [Layout.Slot] = []
        for (index, column) in scope.columns.enumerated() {
            let id = newID()
            call(id, column.name)
            scope.columns[index] = Scope.Column(id: id, name: column.name, type: column.type)
            slots.append(Layout.Slot(id: id, type: column.type, dictionary: nil))
        }
        return BoundQuery(
            plan: .rows(Relation(layout: Layout(slots), columns: relation.columns, rowCount: relation.rowCount)), scope: scope)
    }
}
