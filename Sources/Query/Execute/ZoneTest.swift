import Storage

/// What a condition on one integer-class column lets a block's header decide. It only ever prunes: a block that may hold a row is read.
struct ZoneTest: Sendable {
    let column: Int
    private let test: Test

    private enum Test: Sendable {
        case compare(Comparison, Int64)
        case among(ConstantSet)
    }

    init?(_ filter: Bound, _ columns: [(id: ColumnID, index: Int)]) {
        let found: (ColumnID, Test)?
        switch filter.kind {
        case .compare(let comparison, let left, let right) where left.type.physical == .integer && left.type != .bool:
            switch (left.kind, right.kind) {
            case (.column(let id), .constant(.integer(let value))): found = (id, .compare(comparison, value))
            case (.constant(.integer(let value)), .column(let id)): found = (id, .compare(comparison.mirrored, value))
            default: found = nil
            }
        case .inSet(let term, let set) where term.type.physical == .integer && term.type != .bool:
            if case .column(let id) = term.kind { found = (id, .among(set)) } else { found = nil }
        case .column, .constant, .months, .function, .compare, .and, .or, .not, .isNull, .conditional, .coalesce, .inSet, .inQuery,
            .nullInQuery, .aggregate, .window, .linked, .below:
            found = nil
        }
        guard let (id, test) = found, let index = columns.first(where: { $0.id == id })?.index else { return nil }
        column = index
        self.test = test
    }

    func excludes(_ meta: BlockMeta) -> Bool {
        // A null fails every comparison.
        if meta.nullCount == meta.rowCount { return true }
        switch test {
        case .compare(let comparison, let bound):
            switch comparison {
            case .equal: return bound < meta.minimum || bound > meta.maximum
            case .notEqual: return meta.minimum == bound && meta.maximum == bound
            case .less: return meta.minimum >= bound
            case .lessOrEqual: return meta.minimum > bound
            case .greater: return meta.maximum <= bound
            case .greaterOrEqual: return meta.maximum < bound
            }
        case .among(let set): return !set.mayHold(meta.minimum, meta.maximum)
        }
    }

    /// Every row of the block passes.
    func includes(_ meta: BlockMeta) -> Bool {
        if meta.nullCount > 0 { return false }
        switch test {
        case .compare(let comparison, let bound):
            switch comparison {
            case .equal: return meta.minimum == bound && meta.maximum == bound
            case .notEqual: return bound < meta.minimum || bound > meta.maximum
            case .less: return meta.maximum < bound
            case .lessOrEqual: return meta.maximum <= bound
            case .greater: return meta.minimum > bound
            case .greaterOrEqual: return meta.minimum >= bound
            }
        case .among: return false
        }
    }
}
