import Storage

extension Binder {
    /// `expand transactions`: from the rows here to the rows below them, each once. The columns are those of the rows below; what was
    /// derived before goes along where every row below has one row here.
    ///
    /// A path may end in a column, which says no more than the rows it stands in: a verb that is given `transactions.ts` goes to the rows
    /// with `expand time` and reads the column as `time` there, since the path in front of a column is understood behind `expand`.
    func expand(_ names: [Name], _ query: inout BoundQuery, _ stage: Stage) throws {
        let text = names.map(\.text).joined(separator: ".")
        guard let start = query.scope.origin else {
            throw QueryError(
                .name, "expand goes along links, and these rows are no rows of a table any more", at: stage.span,
                hint: "expand before the stage that made them")
        }
        if query.scope.isRepeated { throw repeated(stage.span) }
        var hops: [LinkHop] = []
        var origin = start
        var far: BoundQuery?
        for (index, name) in names.enumerated() {
            if index > 0, index == names.count - 1, far?.scope.column(name.text) != nil { break }
            guard let hop = hop(name.text, from: origin) else {
                let known = linksDown(origin).map(\.childrenName) + linksUp(origin).map(\.parentName)
                throw QueryError(
                    .name, "there is no link \(name.text) here", at: name.span,
                    hint: didYouMean(name.text, known) ?? (known.isEmpty ? nil : "links here: \(known.joined(separator: ", "))"))
            }
            let next = try farEnd(of: hop, from: origin, at: name.span)
            guard let there = next.scope.origin else { preconditionFailure("a scan has an origin") }
            hops.append(hop)
            origin = there
            far = next
        }
        guard let last = hops.last, last.isDown, let far else {
            throw QueryError(
                .type, "expand goes down, and \(text) leads up", at: stage.span,
                hint: "the parent's columns stand behind the link: \(text).x")
        }
        let path = PathBelow(hops: hops, start: start, query: far)
        // What the rows here are called in the store stays behind; what was made of it, or named anew, goes along.
        let stored = Dictionary(uniqueKeysWithValues: start.ids.map { ($1, $0) })
        func isOwn(_ column: Scope.Column) -> Bool {
            guard let index = stored[column.id] else { return false }
            return index >= start.table.schema.columns.count || start.table.schema.columns[index].name == column.name
        }
        let isTree = hops.allSatisfy(\.isDown)
        var carried: [Scope.Column] = []
        if isTree { carried = query.scope.visible.filter { !isOwn($0) && far.scope.column($0.name) == nil } }
        // Every row is its own group, so that a tree needs no telling apart; over a join table only which rows are reached counts.
        let outside = Outside(plan: query.plan, keys: [], origin: start)
        query.plan = try reach(path, from: outside, passing: carried.map(\.id))
        var scope = path.query.scope
        scope.columns += carried
        scope.arrivedBy = names.prefix(hops.count).map(\.text)
        query.scope = scope
        query.summary = nil
    }
}
