import Storage

extension Executor {
    /// Some rows deep in an order, without sorting what lies before and behind them: the first order column's values are counted by bins, and
    /// only rows in the bins in which the page begins and ends, and between them, are read as wholes.
    func page(_ top: TopPlan, required: Set<ColumnID>) throws -> Relation {
        guard let found = try boundsOfPage(top) else {
            return try relation(.take(.sort(top.input, top.order), first: top.first, count: top.count - top.first), required: required)
        }
        let (id, type) = (top.order[0].id, found.type)
        func compared(_ comparison: Comparison, _ value: Int64) -> Bound {
            Bound(.compare(comparison, Bound(.column(id), type, 0..<0), Bound(.constant(.integer(value)), type, 0..<0)), .bool, 0..<0)
        }
        var log: [String] = []
        let between = Planner.plan(
            .filter(
                .filter(top.input, compared(.greaterOrEqual, found.values.lowerBound)), compared(.lessOrEqual, found.values.upperBound)),
            with: [Planner.filterBelowDerive, Planner.filterIntoScan], log: &log)
        let rows = try sorted(try relation(between, required: required.union(top.order.map(\.id))), top.order)
        let kept = min(top.first - found.before, rows.rowCount)..<min(top.count - found.before, rows.rowCount)
        return rows.picked(RowNumbers(kept), 0..<kept.count)
    }

    private struct PageBounds {
        let type: LogicalType
        /// Of the first order column.
        let values: ClosedRange<Int64>
        /// Rows whose values come before these.
        let before: Int
    }

    /// nil where the page lies among nulls, or the bins that it needs hold most of the rows.
    private func boundsOfPage(_ top: TopPlan) throws -> PageBounds? {
        let order = top.order[0]
        guard let type = top.input.type(of: order.id),
            let range = RangeFinder(top.input).range(of: Bound(.column(order.id), type, 0..<0))
        else { return nil }
        let bins = PageBins(range, descending: order.descending)
        let pipeline = try pipeline(top.input, required: [order.id])
        let slot = pipeline.layout[order.id]
        let sinks = try run(pipeline) { _ in BinSink(bins, slot: slot) }
        var counts = [Int](repeating: 0, count: bins.count)
        var known = 0
        for sink in sinks {
            for place in counts.indices { counts[place] += sink.count(at: place) }
        }
        for count in counts { known += count }
        guard top.first < known, top.count <= known else { return nil }
        var before = 0
        var first = 0
        while before + counts[first] <= top.first {
            before += counts[first]
            first += 1
        }
        var inside = counts[first]
        var last = first
        while before + inside < top.count {
            last += 1
            inside += counts[last]
        }
        guard inside <= max(known / 2, Parallel.rowsMin) else { return nil }
        return PageBounds(type: type, values: bins.values(first...last), before: before)
    }
}

/// Bins of equal width for whole numbers of a known range, in their order.
private struct PageBins: Sendable {
    private let range: ClosedRange<Int64>
    private let descending: Bool
    private let shift: UInt64
    let count: Int

    private static let bits = 16

    init(_ range: ClosedRange<Int64>, descending: Bool) {
        self.range = range
        self.descending = descending
        let span = UInt64(bitPattern: range.upperBound &- range.lowerBound)
        shift = UInt64(max(0, 64 - span.leadingZeroBitCount - Self.bits))
        count = Int(span >> shift) + 1
    }

    /// Counts values in bins that ascend.
    func add(_ values: UnsafePointer<Int64>, _ rows: Int, _ nulls: UnsafePointer<UInt8>?, into counts: UnsafeMutablePointer<UInt32>) {
        let (low, shift) = (range.lowerBound, shift & 63)
        // Ranges come from block headers: a value outside of them is a mistake of ours.
        if let nulls {
            for i in 0..<rows where nulls[i] == 0 {
                let bin = UInt64(bitPattern: values[i] &- low) >> shift
                precondition(bin < UInt64(count))
                counts[Int(bin)] &+= 1
            }
        } else {
            for i in 0..<rows {
                let bin = UInt64(bitPattern: values[i] &- low) >> shift
                precondition(bin < UInt64(count))
                counts[Int(bin)] &+= 1
            }
        }
    }

    /// The bin that comes at `place` in the order.
    func bin(at place: Int) -> Int { descending ? count - 1 - place : place }

    /// All values of the bins that come at the places in the order.
    func values(_ places: ClosedRange<Int>) -> ClosedRange<Int64> {
        let (a, b) = (bin(at: places.lowerBound), bin(at: places.upperBound))
        let (lowest, highest) = (min(a, b), max(a, b))
        let first = range.lowerBound &+ Int64(bitPattern: UInt64(lowest) << shift)
        if highest == count - 1 { return first...range.upperBound }
        return first...(range.lowerBound &+ Int64(bitPattern: UInt64(highest + 1) << shift) &- 1)
    }
}

private final class BinSink: BatchSink {
    private let bins: PageBins
    private let slot: Int
    private let memory: RawMemory

    init(_ bins: PageBins, slot: Int) {
        self.bins = bins
        self.slot = slot
        memory = RawMemory(byteCount: bins.count * 4)
        memory.of(UInt32.self).initialize(repeating: 0, count: bins.count)
    }

    func consume(_ batch: Batch, morsel: Int) throws {
        let vector = try batch.vector(slot)
        bins.add(vector.integers, batch.count, vector.hasNulls ? UnsafePointer(vector.nulls) : nil, into: memory.of(UInt32.self))
    }

    /// By place in the order.
    func count(at place: Int) -> Int { Int(memory.of(UInt32.self)[bins.bin(at: place)]) }
}
