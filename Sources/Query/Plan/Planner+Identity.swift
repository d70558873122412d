extension Planner {
    /// Different values of a key are counted by their ids: those are numbered without gaps, so that a bitmap holds them.
    static let distinctByID = Rewrite(name: "distinct by id") { plan in
        guard case .aggregate(var aggregate) = plan else { return nil }
        var changed = false
        for index in aggregate.measures.indices {
            let call = aggregate.measures[index].call
            guard call.function == .distinct, call.arguments.count == 1, case .column(let id) = call.arguments[0].kind,
                let other = aggregate.input.idColumn(of: id)?.id
            else { continue }
            aggregate.measures[index].call.arguments = [Bound(.column(other), .int, call.arguments[0].span)]
            changed = true
        }
        return changed ? .aggregate(aggregate) : nil
    }

    /// Groups by a key are groups by its ids: they are counted up without looking anything up, range by range of parents where rows lie by
    /// them. The key's value is the same in all of a group.
    static let groupByID = Rewrite(name: "group by id") { plan in
        guard case .aggregate(var aggregate) = plan, aggregate.keys.count == 1, case .column(let id) = aggregate.keys[0].value.kind,
            aggregate.keys[0].value.type.physical == .integer, let other = aggregate.input.idColumn(of: id)?.id
        else { return nil }
        let key = aggregate.keys[0]
        let smallest = AggregateCall(function: .min, arguments: [key.value], filter: nil, order: [], per: nil)
        aggregate.measures.append(AggregatePlan.Measure(id: key.id, type: key.value.type, call: smallest))
        aggregate.keys = [DerivedColumn(id: idOfGroup &- other, value: Bound(.column(other), .int, key.value.span))]
        return .sort(.aggregate(aggregate), [PlanOrder(id: key.id, descending: false)])
    }

    /// Below the ids that the binder gives and those that rewrites of the executor use; the column behind is counted down from here.
    private static let idOfGroup: ColumnID = -1_000
}

extension Plan {
    /// The column with the ids of the values of a stored column, and the domain that numbers them, where the store gave them any.
    func idColumn(of id: ColumnID) -> (id: ColumnID, domain: UInt32)? {
        switch self {
        case .scan(let scan):
            guard let index = scan.columns.first(where: { $0.id == id })?.index, let other = scan.idColumns[index] else { return nil }
            guard let column = scan.columns.first(where: { $0.index == other }), let domain = scan.table.idDomain(column: other) else {
                return nil
            }
            return (column.id, domain)
        case .filter(let input, _), .sort(let input, _), .take(let input, _, _), .sample(let input, _, _), .assert(let input, _),
            .assertAll(let input, _, _):
            return input.idColumn(of: id)
        case .derive(let input, let columns):
            guard let column = columns.first(where: { $0.id == id }) else { return input.idColumn(of: id) }
            if case .column(let other) = column.value.kind { return input.idColumn(of: other) }
            return nil
        case .window(let input, _): return input.idColumn(of: id)
        case .join(let join): return join.rightColumns.contains(id) ? nil : join.left.idColumn(of: id)
        case .rows, .aggregate, .top, .union, .fill, .unfold: return nil
        }
    }
}
