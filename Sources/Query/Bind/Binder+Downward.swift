import Storage

extension Binder {
    /// A path down among an aggregate's arguments, if there is one: `transactions`, `accounts.transactions.amount`.
    func pathBelow(_ call: Call, in scope: Scope) throws -> PathFrame? {
        var found: PathFrame?
        for argument in call.arguments {
            try argument.value.visitPaths { names in
                guard found == nil, let frame = try pathBelow(names, in: scope) else { return }
                found = frame
            }
        }
        return found
    }

    /// The longest start of a path that ends in a hop downward.
    private func pathBelow(_ names: [Name], in scope: Scope) throws -> PathFrame? {
        guard let origin = scope.origin else { return nil }
        try refuseTwoMeanings(names, in: scope)
        if names.count == 1, scope.column(names[0].text) != nil { return nil }
        if scope.columns.contains(where: { $0.isVisible && $0.qualifier == names[0].text }) { return nil }
        var hops: [LinkHop] = []
        var ends = [origin]
        var queries: [BoundQuery] = []
        for name in names {
            guard let hop = hop(name.text, from: ends[ends.count - 1]) else { break }
            hops.append(hop)
            // The last table is read where its columns are asked for.
            let far = try farEnd(of: hop, from: ends[ends.count - 1], at: name.span)
            guard let next = far.scope.origin else { preconditionFailure("a scan has an origin") }
            ends.append(next)
            queries.append(far)
        }
        guard let last = hops.lastIndex(where: \.isDown) else { return nil }
        let steps = Array(hops[...last])
        let prefix = names.prefix(steps.count).map(\.text)
        let key = "\(origin.ids.values.min() ?? 0) \(steps.map { "\($0.link.id) \($0.name)" })"
        let path: PathBelow
        if let known = pathsBelow[key] {
            path = known
        } else {
            path = PathBelow(hops: steps, start: origin, query: queries[last])
            pathsBelow[key] = path
        }
        return PathFrame(path: path, names: prefix, outside: scope)
    }

    /// An aggregate along a path: its arguments, `where` and order are bound among the rows below.
    func bindBelow(_ function: AggregateFunction, _ call: Call, _ frame: PathFrame, in scope: Scope, _ span: SourceSpan) throws -> Bound {
        if call.order != nil, call.innerOrder.isEmpty {
            throw QueryError(
                .type, "an order of the rows below stands inside the brackets", at: span, hint: "last(transactions.balance by date)")
        }
        let per = try call.per.map { try $0.map { try bind($0, in: scope) } }
        var inner = call
        inner.per = nil
        inner.arguments = try call.arguments.filter { argument in
            guard case .path(let names) = argument.value.kind, names.map(\.text) == frame.names else { return true }
            guard function == .count || function == .exists else {
                throw QueryError(
                    .type, "\(function.rawValue) needs a column of \(names.map(\.text).joined(separator: "."))", at: argument.value.span,
                    hint: frame.path.query.scope.visible.first.map { "\(function.rawValue)(\(frame.path.text).\($0.name))" })
            }
            return false
        }
        frames.append(frame)
        let bound: Bound
        do {
            bound = try bind(plain: function, inner, in: frame.path.query.scope, span)
        } catch {
            frames.removeLast()
            throw error
        }
        let outers = frames.removeLast().outers
        guard case .aggregate(var made) = bound.kind else { preconditionFailure("an aggregate was bound") }
        let node = Bound(.aggregate(made), bound.type, span)
        let passing = Set(outers.map(\.id))
        for part in node.children {
            if let deep = part.firstLifted(reading: passing) {
                throw QueryError(
                    .unsupported, "outer cannot stand inside an aggregate, window or link inside another aggregate", at: deep.span,
                    hint: "derive it for the rows outside first")
            }
        }
        let lifted = try lift(node.children, over: &frame.path.query.plan, scope: frame.path.query.scope)
        guard case .aggregate(let flat) = node.with(children: lifted).kind else { preconditionFailure("the same node") }
        made = flat
        made.per = per
        return Bound(.below(DownwardCall(path: frame.path, call: made, outers: outers)), bound.type, span)
    }

    /// Whether names that an argument brought into a definition are the caller's: those that mean something there. A path that the aggregate
    /// itself goes along is none of them.
    func belongsToCaller(_ names: [Name], in scope: Scope) -> Bool {
        guard let depth = names[0].callerDepth, frames.count > depth, let frame = frames.last,
            frame.path.query.scope.origin?.ids == scope.origin?.ids
        else { return false }
        if names.count > frame.names.count, names.prefix(frame.names.count).map(\.text) == frame.names { return false }
        let caller = frames[depth].outside
        if names.count == 1 {
            return caller.column(names[0].text) != nil
                || environment.vocabulary.entry(names[0].text)?.definition.table?.text == caller.origin?.table.schema.name
        }
        if let origin = caller.origin, let hop = hop(names[0].text, from: origin) { return !hop.isDown }
        return caller.tableName == names[0].text || caller.columns.contains { $0.isVisible && $0.qualifier == names[0].text }
    }

    /// `outer.x` inside an aggregate along a path.
    func bindOuter(_ rest: [Name], _ span: SourceSpan) throws -> Bound {
        guard let frame = frames.popLast() else {
            throw QueryError(
                .name, "outer stands only inside an aggregate along a link", at: span,
                hint: "sum(transactions.amount where date > outer.opened)"
            )
        }
        let value: Bound
        do {
            value = try bind(path: rest, in: frame.outside, span)
        } catch {
            frames.append(frame)
            throw error
        }
        frames.append(frame)
        if value.constantValue != nil { return value }
        let fingerprint = value.fingerprint
        if let known = frame.outers.first(where: { $0.value.fingerprint == fingerprint }) {
            return Bound(.column(known.id), value.type, span)
        }
        let id = newID()
        call(id, "outer." + rest.map(\.text).joined(separator: "."))
        frames[frames.count - 1].outers.append(DerivedColumn(id: id, value: value))
        return Bound(.column(id), value.type, span)
    }
}

extension Expression {
    /// Every path that belongs to this expression itself, not to an aggregate or window inside it.
    func visitPaths(_ body: ([Name]) throws -> Void) rethrows {
        switch kind {
        case .path(let names): try body(names)
        case .memberAsOf(let names, let date):
            try body(names)
            try date.visitPaths(body)
        case .call(let call) where !call.link.isEmpty: try body(call.link + [call.name])
        case .call(let call):
            // Only a plain function hands its arguments on: an aggregate or a metric reads them itself.
            guard FunctionCatalogue.byName[call.name.text] != nil else { return }
            for argument in call.arguments { try argument.value.visitPaths(body) }
        case .negate(let a), .not(let a), .isNull(let a, _): try a.visitPaths(body)
        case .binary(_, let a, let b), .membership(let a, let b, _), .range(let a, let b):
            try a.visitPaths(body)
            try b.visitPaths(body)
        case .conditional(let branches, let otherwise):
            for branch in branches {
                try branch.condition.visitPaths(body)
                try branch.value.visitPaths(body)
            }
            try otherwise?.visitPaths(body)
        case .list(let items): for item in items { try item.visitPaths(body) }
        case .literal, .parameter, .query, .period, .star: break
        }
    }
}

extension Bound {
    /// The first node that is lifted into a plan of its own and reads one of `columns`.
    func firstLifted(reading ids: Set<ColumnID>) -> Bound? {
        switch kind {
        case .aggregate, .window, .linked, .below: return columns.isDisjoint(with: ids) ? nil : self
        case .column, .constant, .months, .function, .compare, .and, .or, .not, .isNull, .conditional, .coalesce, .inSet, .inQuery,
            .nullInQuery:
            for child in children { if let found = child.firstLifted(reading: ids) { return found } }
            return nil
        }
    }
}
