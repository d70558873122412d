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
