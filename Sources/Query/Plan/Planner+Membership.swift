extension Planner {
    /// Where a key is looked for among keys of the same kind, its ids are looked for instead: those are numbered without gaps, so that a
    /// small bitmap holds them, and rows that lie by them are left out block by block.
    static let membershipByID = Rewrite(name: "in query by id") { plan in
        guard case .filter(let input, let condition) = plan, let changed = byID(condition, input) else { return nil }
        return .filter(input, changed)
    }

    /// The condition over ids; nil where none of its terms looks for a key.
    private static func byID(_ condition: Bound, _ input: Plan) -> Bound? {
        if case .inQuery(let operand, let box) = condition.kind, case .column(let left) = operand.kind,
            let ours = input.idColumn(of: left), let theirs = box.plan.idColumn(of: box.column), ours.domain == theirs.domain
        {
            let column = DerivedColumn(id: box.column, value: Bound(.column(theirs.id), .int, operand.span))
            guard case .derive(let rows, _) = box.plan else { return nil }
            return Bound(
                .inQuery(Bound(.column(ours.id), .int, operand.span), SubqueryBox(plan: .derive(rows, [column]), column: box.column)),
                .bool,
                condition.span)
        }
        var changed = false
        let children = condition.children.map { child -> Bound in
            guard let other = byID(child, input) else { return child }
            changed = true
            return other
        }
        return changed ? condition.with(children: children) : nil
    }
}
