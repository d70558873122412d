import Storage

extension Plan {
    /// Whether rows of this plan have the column.
    func carries(_ id: ColumnID) -> Bool {
        switch self {
        case .scan(let scan): scan.rowID == id || scan.columns.contains { $0.id == id }
        case .rows(let relation): relation.layout.contains(id)
        case .filter(let input, _), .sort(let input, _), .take(let input, _, _), .sample(let input, _, _), .assert(let input, _),
            .assertAll(let input, _, _):
            input.carries(id)
        case .derive(let input, let columns): columns.contains { $0.id == id } || input.carries(id)
        case .window(let input, let columns): columns.contains { $0.id == id } || input.carries(id)
        case .aggregate(let aggregate): aggregate.keys.contains { $0.id == id } || aggregate.measures.contains { $0.id == id }
        case .top(let top): top.input.carries(id)
        case .join(let join): join.rightColumns.contains(id) || join.left.carries(id)
        case .union(let union): union.columns.contains { $0.id == id }
        case .fill(let fill): fill.input.carries(id)
        case .unfold(let unfold): unfold.id == id || unfold.input.carries(id)
        }
    }
}

extension Plan {
    /// Some stage may have left out rows of the table below.
    var isNarrowed: Bool {
        switch self {
        case .scan(let scan): !scan.filters.isEmpty
        case .filter, .take, .top, .sample, .rows: true
        case .derive(let input, _), .window(let input, _), .sort(let input, _), .assert(let input, _), .assertAll(let input, _, _):
            input.isNarrowed
        case .join(let join): join.kind == .matching || join.left.isNarrowed
        case .aggregate, .union, .fill, .unfold: false
        }
    }
}

extension Plan {
    func type(of id: ColumnID) -> LogicalType? {
        switch self {
        case .scan(let scan): return scan.columns.first { $0.id == id }.map { scan.table.type(ofStored: $0.index) }
        case .rows(let relation): return relation.layout.contains(id) ? relation[id].type : nil
        case .filter(let input, _), .sort(let input, _), .take(let input, _, _), .sample(let input, _, _), .assert(let input, _),
            .assertAll(let input, _, _):
            return input.type(of: id)
        case .derive(let input, let columns): return columns.first { $0.id == id }?.value.type ?? input.type(of: id)
        case .window(let input, let columns): return columns.first { $0.id == id }?.type ?? input.type(of: id)
        case .aggregate(let aggregate):
            return aggregate.keys.first { $0.id == id }?.value.type ?? aggregate.measures.first { $0.id == id }?.type
        case .top(let top): return top.input.type(of: id)
        case .join(let join): return join.left.type(of: id) ?? join.right.type(of: id)
        case .union(let union): return union.columns.first { $0.id == id }?.type
        case .fill(let fill): return fill.input.type(of: id)
        case .unfold(let unfold): return unfold.id == id ? unfold.type : unfold.input.type(of: id)
        }
    }
}

extension Plan {
    /// No two rows have the same value in the column: it alone is the key of the rows' table, or of their groups.
    func tellsRowsApart(_ id: ColumnID) -> Bool {
        switch self {
        case .scan(let scan):
            guard let index = scan.columns.first(where: { $0.id == id })?.index else { return false }
            return scan.table.schema.key.count == 1 && scan.table.schema.index(of: scan.table.schema.key[0]) == index
        case .filter(let input, _), .sort(let input, _), .take(let input, _, _), .sample(let input, _, _), .assert(let input, _),
            .assertAll(let input, _, _):
            return input.tellsRowsApart(id)
        case .derive(let input, let columns):
            guard let column = columns.first(where: { $0.id == id }) else { return input.tellsRowsApart(id) }
            if case .column(let other) = column.value.kind { return input.tellsRowsApart(other) }
            return false
        case .window(let input, let columns): return !columns.contains { $0.id == id } && input.tellsRowsApart(id)
        case .aggregate(let aggregate): return aggregate.keys.count == 1 && aggregate.keys[0].id == id
        case .join(let join): return join.kind != .expanding && !join.rightColumns.contains(id) && join.left.tellsRowsApart(id)
        case .rows, .top, .union, .fill, .unfold: return false
        }
    }

    /// Rows of a table as they are stored, some left out and columns added without a function, which could fail on a row.
    var isPlainScan: Bool {
        switch self {
        case .scan(let scan): !scan.filters.contains(where: \.callsFunction)
        case .filter(let input, let condition): !condition.callsFunction && input.isPlainScan
        case .derive(let input, let columns): !columns.contains { $0.value.callsFunction } && input.isPlainScan
        case .rows, .aggregate, .window, .sort, .take, .top, .join, .union, .fill, .unfold, .sample, .assert, .assertAll: false
        }
    }
}
