import Storage

extension Executor {
    /// The input's rows in their order, with one more column for each window.
    func windows(_ input: Plan, _ columns: [WindowColumn], _ required: Set<ColumnID>) throws -> Pipeline {
        let wanted = columns.filter { required.contains($0.id) }
        let kept = required.subtracting(columns.map(\.id))
        if wanted.isEmpty { return try pipeline(input, required: kept) }
        // An aggregate over everything is one value: it is computed in a pass of its own, and the rows stream past it.
        let scalars = wanted.filter { $0.isScalar }
        let others = wanted.filter { !$0.isScalar }
        var plan = input
        if !scalars.isEmpty {
            let measures = scalars.map { AggregatePlan.Measure(id: $0.id, type: $0.type, call: $0.aggregateCall!) }
            let row = try run(AggregatePlan(input: input, keys: [], measures: measures), required: Set(scalars.map(\.id)))
            plan = .derive(plan, scalars.map { DerivedColumn(id: $0.id, value: .constant(row[$0.id].value(0), $0.type, 0..<0)) })
        }
        if others.isEmpty { return try pipeline(plan, required: required) }
        return try windowed(plan, others, kept.union(scalars.map(\.id)))
    }

    private func windowed(_ input: Plan, _ columns: [WindowColumn], _ kept: Set<ColumnID>) throws -> Pipeline {
        // Arguments, groups and orders become columns of their own first; ids below -1000 are ours.
        var temporary: [String: ColumnID] = [:]
        var derived: [DerivedColumn] = []
        func column(_ bound: Bound) -> ColumnID {
            if case .column(let id) = bound.kind { return id }
            let name = "\(bound.type.name) \(bound.fingerprint)"
            if let known = temporary[name] { return known }
            let id = -1000 - derived.count
            temporary[name] = id
            derived.append(DerivedColumn(id: id, value: bound))
            return id
        }
        let calls = columns.map { (column: $0, input: WindowInput($0, column)) }
        var needed = kept
        for call in calls { needed.formUnion(call.input.columns) }
        let pipeline = try pipeline(derived.isEmpty ? input : .derive(input, derived), required: needed)
        if let ranges = try windowsByRange(pipeline, calls, held: needed) { return ranges }
        if let placed = try windowsByPlace(input, derived, calls, kept: kept) { return placed }
        let rows = try relation(pipeline, required: needed)
        var added: [(Layout.Slot, ColumnBuffer)] = []
        let orders = WindowOrders(rows, threads: limits.threads, cancellation: cancellation)
        for (column, call) in calls {
            try cancellation.check()
            let computed = try WindowComputer(rows, call, column, threads: limits.threads, cancellation).compute(orders)
            added.append((Layout.Slot(id: column.id, type: column.type, dictionary: computed.dictionary), computed))
        }
        return relationPipeline(rows.adding(added))
    }
}

extension WindowColumn {
    var aggregateCall: AggregateCall? {
        guard case .aggregate(let call) = call else { return nil }
        return call
    }
    /// An aggregate over all rows.
    var isScalar: Bool { aggregateCall.map { ($0.per ?? []).isEmpty } ?? false }
}

/// A window's parts as columns of the input.
struct WindowInput: Sendable {
    let arguments: [ColumnID]
    /// Constant arguments, by position.
    let constants: [Value?]
    let filter: ColumnID?
    let per: [ColumnID]
    let order: [PlanOrder]

    init(_ window: WindowColumn, _ column: (Bound) -> ColumnID) {
        let (given, condition, groups, sequence): ([Bound], Bound?, [Bound], [BoundOrder]) =
            switch window.call {
            case .window(let call): (call.arguments, call.filter, call.per, call.order)
            case .aggregate(let call): (call.arguments, call.filter, call.per ?? [], call.order)
            }
        constants = given.map(\.constantValue)
        // What a window looks at is a column even where it never changes; steps and counts behind it are not.
        arguments = given.enumerated().map { $0 == 0 || $1.constantValue == nil ? column($1) : -1 }
        filter = condition.map(column)
        per = groups.map(column)
        order = sequence.map { PlanOrder(id: column($0.value), descending: $0.descending) }
    }

    var columns: Set<ColumnID> { Set(arguments.filter { $0 != -1 } + per + order.map(\.id) + (filter.map { [$0] } ?? [])) }
}
