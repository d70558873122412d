import Storage

extension Planner {
    /// The best rows by a stored column: its block headers say where they may be.
    static let topSkipsBlocks = Rewrite(name: "best blocks first") { plan in
        guard case .top(var top) = plan, !top.skipsBlocks, top.per.isEmpty, !top.others, top.count > 0, let first = top.order.first,
            isStored(first.id, in: top.input)
        else { return nil }
        top.skipsBlocks = true
        return .top(top)
    }

    /// Whether a column comes as a number from a scan, past expressions that cannot fail on a row that would not be read.
    private static func isStored(_ id: ColumnID, in plan: Plan) -> Bool {
        switch plan {
        case .scan(let scan):
            guard let index = scan.columns.first(where: { $0.id == id })?.index else { return false }
            let type = scan.table.type(ofStored: index)
            return type.physical != .text && type != .bool && !scan.filters.contains(where: \.callsFunction)
        case .filter(let input, let condition): return !condition.callsFunction && isStored(id, in: input)
        case .derive(let input, let columns): return !columns.contains { $0.value.callsFunction } && isStored(id, in: input)
        case .rows, .aggregate, .window, .sort, .take, .top, .join, .union, .fill, .unfold, .sample, .assert, .assertAll: return false
        }
    }
}
