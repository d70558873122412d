import Storage

/// Computes one window over rows in memory.
struct WindowComputer {
    private let rows: Relation
    private let partition: WindowPartition
    private let input: WindowInput
    private let window: WindowColumn
    private let cancellation: Cancellation

    init(_ rows: Relation, _ partition: WindowPartition, _ input: WindowInput, _ window: WindowColumn, _ cancellation: Cancellation) {
        self.rows = rows
        self.partition = partition
        self.input = input
        self.window = window
        self.cancellation = cancellation
    }

    func compute() throws -> ColumnBuffer {
        switch window.call {
        case .aggregate(let call): return try aggregate(call)
        case .window(let call):
            if call.function == .score { return try score() }
            return try ordered(call.function)
        }
    }

    // MARK: aggregates per group

    /// The group's aggregate, the same on each of its rows.
    private func aggregate(_ call: AggregateCall) throws -> ColumnBuffer {
        let context = EvaluationContext(cancellation: cancellation)
        let compiler = ExpressionCompiler(layout: rows.layout, context: context, shared: SharedMaps())
        var lowered = call
        lowered.arguments = zip(call.arguments, input.arguments).map { bound, id in
            id == -1 ? bound : Bound(.column(id), bound.type, bound.span)
        }
        lowered.filter =
            zip([call.filter], [input.filter]).compactMap { bound, id in id.map { Bound(.column($0), .bool, bound!.span) } }.first
        lowered.order = zip(call.order, input.order).map { bound, order in
            BoundOrder(value: Bound(.column(order.id), bound.value.type, bound.value.span), descending: order.descending)
        }
        lowered.per = nil
        let factory = AccumulatorFactory(call: lowered, type: window.type, groups: partition.count, ranges: RangeFinder(.rows(rows)))
        let accumulator = try factory.make(compiler, context)
        accumulator.reserve(partition.count)
        let batch = RelationBatch(rows)
        try partition.groups.withUnsafeBufferPointer { groups in
            var first = 0
            while first < rows.rowCount {
                try cancellation.check()
                let size = min(vectorRowsMax, rows.rowCount - first)
                batch.move(to: first, count: size)
                try accumulator.update(batch, groups.baseAddress! + first)
                first += size
            }
        }
        let answers = try marking(call) { try accumulator.finish(Array(0..<partition.count)) }
        return answers.picked(partition.groups.map(Int.init))
    }

    // MARK: windows by an order

    private func argument(_ index: Int) -> ColumnBuffer { rows[input.arguments[index]] }
    private func keeps(_ row: Int) -> Bool { input.filter.map { rows[$0].mask[row] != 0 && !rows[$0].isNull(row) } ?? true }

    private func ordered(_ function: WindowFunction) throws -> ColumnBuffer {
        let count = rows.rowCount
        let keys = input.order.map { SortKey(rows[$0.id], descending: $0.descending) }
        let order = try Sorting.permutation([SortKey(groups: partition.groups)] + keys, count: count, cancellation: cancellation)
        let out = WindowOutput(count: count)
        var start = 0
        while start < count {
            try cancellation.check()
            var end = start
            let group = partition.groups[order[start]]
            while end < count, partition.groups[order[end]] == group { end += 1 }
            try fill(function, order[start..<end], keys, out)
            start = end
        }
        return out.column(window.type, source: input.arguments.first.flatMap { $0 == -1 ? nil : rows[$0] })
    }

    /// `slice` holds one group's rows in order.
    private func fill(_ function: WindowFunction, _ slice: ArraySlice<Int>, _ keys: [SortKey], _ out: WindowOutput) throws {
        let first = slice.startIndex
        let end = slice.endIndex
        var running = RunningTotal()
        var peerStart = first
        while peerStart < end {
            var peerEnd = peerStart + 1
            while peerEnd < end, keys.allSatisfy({ $0.compare(slice[peerStart], slice[peerEnd]) == 0 }) { peerEnd += 1 }
            switch function {
            case .rank: for i in peerStart..<peerEnd { out.set(slice[i], Int64(peerStart - first + 1)) }
            case .rowNumber: for i in peerStart..<peerEnd { out.set(slice[i], Int64(i - first + 1)) }
            case .percentRank:
                let others = end - first - 1
                let share = others == 0 ? 0 : Decimals.divideHalfEven(Int128(peerStart - first) * 1_000_000, by: Int128(others))
                for i in peerStart..<peerEnd { out.set(slice[i], Int64(share)) }
            case .lag, .lead:
                guard case .integer(let step) = input.constants.count > 1 ? input.constants[1] ?? .integer(1) : .integer(1) else {
                    preconditionFailure("checked when bound")
                }
                for i in peerStart..<peerEnd {
                    let other = function == .lag ? i - Int(step) : i + Int(step)
                    if other >= first, other < end { out.set(slice[i], from: slice[other]) }
                }
            case .runningCount:
                for i in peerStart..<peerEnd where keeps(slice[i]) && (input.arguments.isEmpty || !argument(0).isNull(slice[i])) {
                    running.count += 1
                }
                for i in peerStart..<peerEnd { out.set(slice[i], Int64(running.count)) }
            case .runningSum:
                for i in peerStart..<peerEnd where keeps(slice[i]) { running.add(argument(0), slice[i]) }
                for i in peerStart..<peerEnd { try out.set(slice[i], sum: running, argument(0).form) }
            case .movingAvg:
                guard case .integer(let size)? = input.constants[1] else { preconditionFailure("checked when bound") }
                var total = RunningTotal()
                for i in max(first, min(peerStart, peerEnd - Int(size)))..<peerEnd where keeps(slice[i]) {
                    total.add(argument(0), slice[i])
                }
                for i in peerStart..<peerEnd { try out.set(slice[i], average: total, argument(0), to: window.type) }
            case .score: preconditionFailure("a score needs no order of its own")
            }
            peerStart = peerEnd
        }
    }

    /// 1 + floor(k x the share of the group's non-null values strictly below).
    private func score() throws -> ColumnBuffer {
        guard case .integer(let k)? = input.constants[1] else { preconditionFailure("checked when bound") }
        let values = argument(0)
        let key = SortKey(values, descending: false)
        let order = try Sorting.permutation([SortKey(groups: partition.groups), key], count: rows.rowCount, cancellation: cancellation)
        let out = WindowOutput(count: rows.rowCount)
        var start = 0
        while start < order.count {
            let group = partition.groups[order[start]]
            var end = start
            // Nulls come last within their group.
            var known = 0
            while end < order.count, partition.groups[order[end]] == group {
                if !values.isNull(order[end]) && keeps(order[end]) { known += 1 }
                end += 1
            }
            var below = 0
            var i = start
            while i < end {
                var j = i
                while j < end, key.compare(order[i], order[j]) == 0 { j += 1 }
                var counted = 0
                for row in order[i..<j] where !values.isNull(row) && keeps(row) {
                    out.set(row, 1 + k * Int64(below) / Int64(known))
                    counted += 1
                }
                below += counted
                i = j
            }
            start = end
        }
        return out.column(.int, source: nil)
    }
}

/// A sum that grows row by row: exact for whole numbers and for floats.
private struct RunningTotal {
    var count = 0
    private var integers: Int128 = 0
    private var doubles: ExactSum?

    mutating func add(_ column: ColumnBuffer, _ row: Int) {
        if column.isNull(row) { return }
        count += 1
        if column.form == .doubles {
            if doubles == nil { doubles = ExactSum() }
            doubles!.add(column.doubles[row])
        } else {
            integers += Int128(column.integers[row])
        }
    }

    func integerSum() throws -> Int64 {
        guard let sum = Int64(exactly: integers) else { throw QueryError(.data, "a running sum is larger than 18 digits can hold") }
        return sum
    }

    func doubleSum() throws -> Double {
        guard let doubles else { return 0 }
        guard let sum = doubles.value else { throw QueryError(.data, "a running sum is larger than a float can hold") }
        return sum
    }

    func integerAverage(scaleUp: Int64) throws -> Int64 {
        guard let mean = Int64(exactly: Decimals.divideHalfEven(integers * Int128(scaleUp), by: Int128(count))) else {
            throw QueryError(.data, "an average is larger than 18 digits can hold")
        }
        return mean
    }
}

/// A window's answers, filled in the order of the window and read in the order of the rows.
private final class WindowOutput {
    private var integers: [Int64] = []
    private var doubles: [Double] = []
    private var sources: [Int] = []
    private var known: [Bool]
    private let count: Int

    init(count: Int) {
        self.count = count
        known = Array(repeating: false, count: count)
    }

    func set(_ row: Int, _ value: Int64) {
        if integers.isEmpty { integers = Array(repeating: 0, count: count) }
        integers[row] = value
        known[row] = true
    }

    /// The answer is another row's argument.
    func set(_ row: Int, from source: Int) {
        if sources.isEmpty { sources = Array(repeating: -1, count: count) }
        sources[row] = source
    }

    private func set(_ row: Int, _ value: Double) {
        if doubles.isEmpty { doubles = Array(repeating: 0, count: count) }
        doubles[row] = value
        known[row] = true
    }

    func set(_ row: Int, sum: RunningTotal, _ form: Vector.Form) throws {
        if form == .doubles { set(row, try sum.doubleSum()) } else { set(row, try sum.integerSum()) }
    }

    func set(_ row: Int, average: RunningTotal, _ source: ColumnBuffer, to type: LogicalType) throws {
        guard average.count > 0 else { return }
        if source.form == .doubles {
            set(row, try average.doubleSum() / Double(average.count))
        } else {
            set(row, try average.integerAverage(scaleUp: Decimals.power(type.scale - source.type.scale)))
        }
    }

    func column(_ type: LogicalType, source: ColumnBuffer?) -> ColumnBuffer {
        if !sources.isEmpty { return source!.picked(sources) }
        let out = ColumnBuffer(type: type, dictionary: type == .text ? source?.dictionary : nil, capacity: count)
        for row in 0..<count {
            if !known[row] {
                out.appendNull()
            } else if out.form == .doubles {
                out.append(double: doubles[row])
            } else {
                out.append(integer: integers[row])
            }
        }
        return out
    }
}

extension SortKey {
    init(groups: [UInt32]) {
        words = groups.map(UInt64.init)
        nulls = []
    }
}
