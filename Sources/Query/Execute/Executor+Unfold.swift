import Storage

extension UnfoldPlan {
    /// A stage that multiplies rows says so before it fills the memory.
    static let rowsMax = 50_000_000

    /// An upper bound of the rows that come out of `rows` of the input.
    func rowsMax(_ rows: Int) -> Int {
        guard case .integer(let low)? = low.constantValue, case .integer(let high)? = high.constantValue else { return Self.rowsMax }
        let (product, overflow) = rows.multipliedReportingOverflow(by: max(0, Int(high) - Int(low) + 1))
        return overflow ? Self.rowsMax : min(product, Self.rowsMax)
    }
}

extension Executor {
    /// Rows come in the order of the input, the values of one row ascending. A row that lacks an end, or whose range is empty, has none.
    func run(_ unfold: UnfoldPlan, required: Set<ColumnID>) throws -> Relation {
        // Ids below -1000 are windows' and -900 and -901 ours.
        let ends = [DerivedColumn(id: -900, value: unfold.low), DerivedColumn(id: -901, value: unfold.high)]
        let kept = required.subtracting([unfold.id])
        let rows = try relation(.derive(unfold.input, ends), required: kept.union([-900, -901]))
        let (low, high) = (rows[-900], rows[-901])
        var places: [Int] = []
        let values = ColumnBuffer(type: unfold.type)
        for row in 0..<rows.rowCount where !low.isNull(row) && !high.isNull(row) && low.integers[row] <= high.integers[row] {
            let (span, overflow) = high.integers[row].subtractingReportingOverflow(low.integers[row])
            guard !overflow, span < UnfoldPlan.rowsMax, places.count + Int(span) < UnfoldPlan.rowsMax else {
                throw QueryError(.data, "expand would make more than 50 million rows", at: unfold.low.span)
            }
            for step in 0...span {
                places.append(row)
                values.append(integer: low.integers[row] + step)
            }
            if row & 255 == 0 { try cancellation.check() }
        }
        let slots = rows.layout.slots.enumerated().filter { kept.contains($1.id) }
        let columns = slots.map { rows.columns[$0.offset].picked(places) }
        return Relation(
            layout: Layout(slots.map(\.element) + [Layout.Slot(id: unfold.id, type: unfold.type, dictionary: nil)]),
            columns: columns + [values],
            rowCount: places.count)
    }
}
