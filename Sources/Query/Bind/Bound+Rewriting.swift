import Storage

extension Bound {
    /// The expressions one step below.
    var children: [Bound] {
        switch kind {
        case .column, .constant, .months, .nullInQuery: []
        case .function(_, let arguments): arguments
        case .compare(_, let a, let b): [a, b]
        case .and(let terms), .or(let terms), .coalesce(let terms): terms
        case .not(let a), .isNull(let a), .inSet(let a, _), .inQuery(let a, _): [a]
        case .conditional(let branches, let otherwise): branches.flatMap { [$0.condition, $0.value] } + [otherwise]
        case .aggregate(let call): call.arguments + (call.filter.map { [$0] } ?? []) + call.order.map(\.value) + (call.per ?? [])
        case .window(let call): call.arguments + (call.filter.map { [$0] } ?? []) + call.per + call.order.map(\.value)
        case .linked(let read): read.table.on.map { Bound(.column($0.left), .int, span) }
        // What the call says about the rows below is not about this row: only its groups and `outer` columns are.
        case .below(let below): (below.call.per ?? []) + below.outers.map(\.value)
        }
    }

    /// The same node over other children, in the order of ``children``.
    func with(children new: [Bound]) -> Bound {
        var copy = self
        var rest = new[...]
        func next() -> Bound { rest.removeFirst() }
        func next(_ count: Int) -> [Bound] { (0..<count).map { _ in rest.removeFirst() } }
        switch kind {
        case .column, .constant, .months, .nullInQuery: break
        case .function(let instance, let arguments): copy.kind = .function(instance, next(arguments.count))
        case .compare(let comparison, _, _):
            let a = next()
            copy.kind = .compare(comparison, a, next())
        case .and(let terms): copy.kind = .and(next(terms.count))
        case .or(let terms): copy.kind = .or(next(terms.count))
        case .coalesce(let terms): copy.kind = .coalesce(next(terms.count))
        case .not: copy.kind = .not(next())
        case .isNull: copy.kind = .isNull(next())
        case .inSet(_, let set): copy.kind = .inSet(next(), set)
        case .inQuery(_, let box): copy.kind = .inQuery(next(), box)
        case .conditional(let branches, _):
            let made = branches.map { _ in
                let condition = next()
                return (condition: condition, value: next())
            }
            copy.kind = .conditional(made, otherwise: next())
        case .aggregate(var call):
            call.arguments = next(call.arguments.count)
            if call.filter != nil { call.filter = next() }
            call.order = call.order.map { BoundOrder(value: next(), descending: $0.descending) }
            if let per = call.per { call.per = next(per.count) }
            copy.kind = .aggregate(call)
        case .window(var call):
            call.arguments = next(call.arguments.count)
            if call.filter != nil { call.filter = next() }
            call.per = next(call.per.count)
            call.order = call.order.map { BoundOrder(value: next(), descending: $0.descending) }
            copy.kind = .window(call)
        // A link's own columns never change: they are the row's identity.
        case .linked: break
        case .below(var below):
            if let per = below.call.per { below.call.per = next(per.count) }
            below.outers = below.outers.map { DerivedColumn(id: $0.id, value: next()) }
            copy.kind = .below(below)
        }
        return copy
    }

    /// Rebuilds the tree from its leaves up.
    func transformed(_ change: (Bound) throws -> Bound) rethrows -> Bound {
        let below = children
        let rebuilt = below.isEmpty ? self : with(children: try below.map { try $0.transformed(change) })
        return try change(rebuilt)
    }

    func visit(_ body: (Bound) -> Void) {
        body(self)
        for child in children { child.visit(body) }
    }

    func contains(where test: (Bound) -> Bool) -> Bool { test(self) || children.contains { $0.contains(where: test) } }

    var columns: Set<ColumnID> {
        var found: Set<ColumnID> = []
        visit { if case .column(let id) = $0.kind { found.insert(id) } }
        return found
    }

    /// The one column that this expression reads, if there is exactly one.
    var onlyColumn: ColumnID? {
        let found = columns
        return found.count == 1 ? found.first : nil
    }

    /// A column, or a function that never decreases of one, its other arguments constant.
    var isMonotone: Bool {
        switch kind {
        case .column: true
        case .function(let instance, let arguments):
            instance.isMonotone && arguments.dropFirst().allSatisfy { $0.constantValue != nil } && arguments.first?.isMonotone == true
        case .constant, .months, .compare, .and, .or, .not, .isNull, .conditional, .coalesce, .inSet, .inQuery, .nullInQuery, .aggregate,
            .window, .linked, .below:
            false
        }
    }

    func replacing(column: ColumnID, with other: ColumnID) -> Bound {
        transformed {
            guard case .column(column) = $0.kind else { return $0 }
            return Bound(.column(other), $0.type, $0.span)
        }
    }

    /// Somewhere inside stands a function: it may fail on a row, or count a division by zero.
    var callsFunction: Bool {
        var found = false
        visit {
            switch $0.kind {
            case .function: found = true
            case .column, .constant, .months, .compare, .and, .or, .not, .isNull, .conditional, .coalesce, .inSet, .aggregate, .window,
                .inQuery, .nullInQuery, .linked, .below:
                break
            }
        }
        return found
    }

    /// Something that needs other rows than this one, so that it must be lifted into a plan node of its own.
    var needsLifting: Bool {
        switch kind {
        case .aggregate, .window, .linked, .below: true
        case .column, .constant, .months, .function, .compare, .and, .or, .not, .isNull, .conditional, .coalesce, .inSet, .inQuery,
            .nullInQuery:
            children.contains(where: \.needsLifting)
        }
    }

    var containsAggregate: Bool {
        var found = false
        visit {
            switch $0.kind {
            case .aggregate, .window, .below: found = true
            case .linked, .column, .constant, .months, .function, .compare, .and, .or, .not, .isNull, .conditional, .coalesce, .inSet,
                .inQuery,
                .nullInQuery:
                break
            }
        }
        return found
    }

    /// A text that is equal for equal expressions of one statement: what makes two aggregates of the same thing share their work,
    /// and what `explain` prints.
    var fingerprint: String {
        let below = children.map(\.fingerprint)
        switch kind {
        case .column(let id): return "#\(id)"
        case .constant(let value):
            if case .text(let text) = value { return "\"\(text)\"" }
            return value.isNull ? "null" : "\(CellText.string(value, type: type))"
        case .months(let months): return "\(months)mo"
        case .function(let instance, _):
            return "\(instance.name)@\(ObjectIdentifier(instance.identity).hashValue)(\(below.joined(separator: ", ")))"
        case .compare(let comparison, _, _): return "(\(below[0]) \(comparison.rawValue) \(below[1]))"
        case .and: return "(\(below.joined(separator: " and ")))"
        case .or: return "(\(below.joined(separator: " or ")))"
        case .not: return "not \(below[0])"
        case .isNull: return "(\(below[0]) is null)"
        case .conditional(let branches, _):
            let ifs = branches.indices.map { "if \(below[$0 * 2]) then \(below[$0 * 2 + 1])" }.joined(separator: " else ")
            return "(\(ifs) else \(below.last!))"
        case .coalesce: return "coalesce(\(below.joined(separator: ", ")))"
        case .inSet(_, let set): return "(\(below[0]) in list@\(ObjectIdentifier(set).hashValue))"
        case .inQuery(_, let box): return "(\(below[0]) in query@\(ObjectIdentifier(box).hashValue))"
        case .nullInQuery(let box): return "(null in query@\(ObjectIdentifier(box).hashValue))"
        case .linked(let read): return "link#\(read.column)"
        case .below(let below):
            let call = Bound(.aggregate(below.call), type, span).fingerprint
            return "below\(ObjectIdentifier(below.path).hashValue) \(call) outer \(below.outers.map { "#\($0.id)" })"
        case .aggregate(let call):
            return
                "\(call.function.rawValue)(\(below.joined(separator: ", ")); \(call.arguments.count) \(call.filter != nil) \(call.order.map(\.descending)) \(call.per?.count ?? -1))"
        case .window(let call):
            return
                "\(call.function.rawValue)(\(below.joined(separator: ", ")); \(call.arguments.count) \(call.filter != nil) \(call.order.map(\.descending)))"
        }
    }
}
