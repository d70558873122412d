import Storage

extension Planner {
    /// The best rows by a stored column: its block headers say where they may be.
    static let topSkipsBlocks = Rewrite(name: "best blocks first") { plan in
        guard case .top(var top) = plan, !top.skipsBlocks, !top.isPage, top.per.isEmpty, !top.others, top.count > 0,
            let first = top.order.first,
            isStored(first.id, in: top.input)
        else { return nil }
        top.skipsBlocks = true
        return .top(top)
    }

    /// Of very many sorted rows only some are taken: a count of the first order column's values says between which of them these lie, and no
    /// others are sorted. Reads the rows twice.
    static let sortAndTakeIsPage = Rewrite(name: "sort and take is a page") { plan in
        guard case .take(.sort(let input, let order), let first, let count) = plan, count > 0, let leading = order.first, input.isReadTwice,
            let type = input.type(of: leading.id), type.physical == .integer, type != .bool
        else { return nil }
        let (end, overflow) = first.addingReportingOverflow(count)
        guard !overflow, end > topRowsMax, end <= RangeFinder(input).rowCount else { return nil }
        var page = TopPlan(input: input, count: end, per: [], order: order, asked: 0, others: false)
        page.isPage = true
        page.first = first
        return .top(page)
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
