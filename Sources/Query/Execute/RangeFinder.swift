import Storage

/// What block headers say about the values an expression can take.
struct RangeFinder: Sendable {
    private let plan: Plan
    init(_ plan: Plan) { self.plan = plan }

    /// Rows of the table or relation below; an upper bound.
    var rowCount: Int { Self.rowCount(plan) }

    private static func rowCount(_ plan: Plan) -> Int {
        switch plan {
        case .scan(let scan): scan.table.rowCount
        case .rows(let relation): relation.rowCount
        case .filter(let input, _), .derive(let input, _), .window(let input, _), .sort(let input, _), .take(let input, _, _),
            .sample(let input, _, _),
            .assert(let input, _), .assertAll(let input, _, _):
            rowCount(input)
        case .aggregate(let aggregate): rowCount(aggregate.input)
        case .top(let top): rowCount(top.input)
        case .join(let join):
            switch join.kind {
            case .lookup, .matching: rowCount(join.left)
            case .expanding: rowCount(join.left).multipliedReportingOverflow(by: max(1, rowCount(join.right))).partialValue & Int.max
            }
        case .union(let union): union.inputs.reduce(0) { $0 + rowCount($1) }
        case .fill: 1 << 20
        case .unfold(let unfold): unfold.rowsMax(rowCount(unfold.input))
        }
    }

    /// True where it is known that no row has a null here.
    func isNeverNull(_ bound: Bound) -> Bool {
        switch bound.kind {
        case .column(let id): Self.isNeverNull(id, plan)
        case .constant(let value): !value.isNull
        case .months, .function, .compare, .and, .or, .not, .isNull, .conditional, .coalesce, .inSet, .inQuery, .nullInQuery, .aggregate,
            .window, .linked, .below:
            false
        }
    }

    private static func isNeverNull(_ id: ColumnID, _ plan: Plan) -> Bool {
        switch plan {
        case .scan(let scan):
            guard let index = scan.columns.first(where: { $0.id == id })?.index else { return false }
            return scan.table.segments.allSatisfy { $0.extent(column: index).nullCount == 0 }
        case .filter(let input, _), .sort(let input, _), .take(let input, _, _), .sample(let input, _, _), .assert(let input, _),
            .assertAll(let input, _, _):
            return isNeverNull(id, input)
        case .derive(let input, let columns):
            if let column = columns.first(where: { $0.id == id }) {
                if case .column(let other) = column.value.kind { return isNeverNull(other, input) }
                return false
            }
            return isNeverNull(id, input)
        case .window(let input, let columns): return !columns.contains { $0.id == id } && isNeverNull(id, input)
        case .join(let join): return !join.rightColumns.contains(id) && isNeverNull(id, join.left)
        case .union(let union):
            guard let column = union.columns.first(where: { $0.id == id }) else { return false }
            return zip(union.inputs, column.from).allSatisfy { isNeverNull($1, $0) }
        case .rows, .aggregate, .top, .fill, .unfold: return false
        }
    }

    /// How many values a condition lists that every row's value here is among; nil where none does.
    func listed(_ bound: Bound) -> Int? {
        guard case .column(let id) = bound.kind else { return nil }
        return Self.listed(id, plan)
    }

    private static func listed(_ id: ColumnID, _ plan: Plan) -> Int? {
        switch plan {
        case .scan(let scan): scan.filters.compactMap { $0.listed(id) }.min()
        case .filter(let input, let condition):
            [condition.listed(id), listed(id, input)].compactMap { $0 }.min()
        case .derive(let input, let columns): columns.contains { $0.id == id } ? nil : listed(id, input)
        case .sort(let input, _), .take(let input, _, _), .sample(let input, _, _), .assert(let input, _), .assertAll(let input, _, _):
            listed(id, input)
        case .join(let join): join.left.carries(id) ? listed(id, join.left) : nil
        case .rows, .aggregate, .window, .top, .union, .fill, .unfold: nil
        }
    }

    /// All non-null values lie in the range; nil where nothing is known.
    func range(of bound: Bound) -> ClosedRange<Int64>? { lattice(of: bound).map { $0.low...$0.high } }

    /// All non-null values are among these.
    func lattice(of bound: Bound) -> IntegerLattice? { Self.lattice(of: bound, plan) }

    private static func lattice(of bound: Bound, _ plan: Plan) -> IntegerLattice? {
        guard bound.type.physical == .integer else { return nil }
        switch bound.kind {
        case .column(let id): return lattice(ofColumn: id, plan)
        case .constant(.integer(let value)): return IntegerLattice(low: value, high: value)
        case .function(let instance, let arguments):
            if let (argument, steps) = instance.codeSteps(arguments) {
                guard let inner = lattice(of: arguments[argument], plan) else { return nil }
                return steps.reduce(inner) { $0?.applying($1) }
            }
            let all = arguments.compactMap { $0.type.physical == .integer ? lattice(of: $0, plan) : nil }
            if all.count == arguments.count, let range = instance.lattice(all) { return range }
            // A non-decreasing function of one column maps the ends to the ends.
            let rest = arguments.dropFirst().compactMap(\.constantValue)
            let types = arguments.map(\.type)
            guard instance.isMonotone, rest.count == arguments.count - 1, let inner = lattice(of: arguments[0], plan),
                let low = ConstantFolding.apply(instance, to: [.integer(inner.low)] + rest, types, result: bound.type),
                let high = ConstantFolding.apply(instance, to: [.integer(inner.high)] + rest, types, result: bound.type),
                case .integer(let a) = low, case .integer(let b) = high, a <= b
            else { return nil }
            return IntegerLattice(low: a, high: b)
        case .conditional(let branches, let otherwise): return union(branches.map(\.value) + [otherwise], plan)
        case .coalesce(let terms): return union(terms, plan)
        case .constant, .months, .compare, .and, .or, .not, .isNull, .inSet, .inQuery, .nullInQuery, .aggregate, .window, .linked, .below:
            return nil
        }
    }

    /// Values of any of these.
    private static func union(_ choices: [Bound], _ plan: Plan) -> IntegerLattice? {
        var all: IntegerLattice?
        for choice in choices where !choice.isNullConstant {
            guard let one = lattice(of: choice, plan) else { return nil }
            all = IntegerLattice(low: min(all?.low ?? one.low, one.low), high: max(all?.high ?? one.high, one.high))
        }
        return all
    }

    private static func lattice(ofColumn id: ColumnID, _ plan: Plan) -> IntegerLattice? {
        switch plan {
        case .scan(let scan):
            guard let index = scan.columns.first(where: { $0.id == id })?.index, scan.table.type(ofStored: index).physical == .integer
            else { return nil }
            var low = Int64.max
            var high = Int64.min
            for segment in scan.table.segments {
                guard let values = segment.extent(column: index).values else { continue }
                low = min(low, values.lowerBound)
                high = max(high, values.upperBound)
            }
            return low <= high ? IntegerLattice(low: low, high: high) : nil
        case .rows(let relation):
            guard relation.layout.contains(id) else { return nil }
            let column = relation[id]
            guard column.form == .integers, column.count > 0 else { return nil }
            var low = column.integers[0]
            var high = low
            for i in 0..<column.count {
                low = min(low, column.integers[i])
                high = max(high, column.integers[i])
            }
            return IntegerLattice(low: low, high: high)
        case .filter(let input, _), .sort(let input, _), .take(let input, _, _), .sample(let input, _, _), .assert(let input, _),
            .assertAll(let input, _, _):
            return lattice(ofColumn: id, input)
        case .derive(let input, let columns):
            if let column = columns.first(where: { $0.id == id }) { return lattice(of: column.value, input) }
            return lattice(ofColumn: id, input)
        case .window(let input, let columns): return columns.contains { $0.id == id } ? nil : lattice(ofColumn: id, input)
        case .top(let top): return top.others ? nil : lattice(ofColumn: id, top.input)
        case .aggregate(let aggregate):
            guard let key = aggregate.keys.first(where: { $0.id == id }) else { return nil }
            return lattice(of: key.value, aggregate.input)
        case .join(let join):
            return lattice(ofColumn: id, join.rightColumns.contains(id) && !join.left.carries(id) ? join.right : join.left)
        case .unfold(let unfold):
            guard id == unfold.id else { return lattice(ofColumn: id, unfold.input) }
            guard let low = lattice(of: unfold.low, unfold.input), let high = lattice(of: unfold.high, unfold.input), low.low <= high.high
            else { return nil }
            return IntegerLattice(low: low.low, high: high.high)
        case .union(let union):
            guard let column = union.columns.first(where: { $0.id == id }) else { return nil }
            var all: IntegerLattice?
            for (input, from) in zip(union.inputs, column.from) {
                guard let one = lattice(ofColumn: from, input) else { return nil }
                all = IntegerLattice(low: min(all?.low ?? one.low, one.low), high: max(all?.high ?? one.high, one.high))
            }
            return all
        case .fill: return nil
        }
    }
}

extension Bound {
    /// How many values there are in the list that this condition holds a column to.
    fileprivate func listed(_ id: ColumnID) -> Int? {
        switch kind {
        case .inSet(let term, let set):
            if case .column(id) = term.kind { set.count } else { nil }
        case .and(let terms): terms.compactMap { $0.listed(id) }.min()
        case .column, .constant, .months, .function, .compare, .or, .not, .isNull, .conditional, .coalesce, .inQuery, .nullInQuery,
            .aggregate, .window, .linked, .below:
            nil
        }
    }
}
