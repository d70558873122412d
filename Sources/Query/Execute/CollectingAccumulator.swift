import Storage

/// Keeps the values of every group and computes the answer at the end: for what needs all values at once or in an order.
final class CollectingAccumulator: Accumulator {
    /// One worker's rows: their group numbers and columns (arguments, then order).
    private struct Part {
        var groups: [UInt32] = []
        var columns: [ColumnBuffer]
        var map: [UInt32]?
    }
    private var parts: [Part]
    private let order: [Evaluator]
    private let descending: [Bool]
    private let reducer: GroupReducer
    private let picked: [Vector]
    private let selection = UnsafeMutablePointer<UInt16>.allocate(capacity: vectorRowsMax)
    private let threads: Int
    private let cancellation: Cancellation

    init(
        reducer: GroupReducer, type: LogicalType, arguments: [Evaluator], order: [Evaluator], descending: [Bool], filter: Evaluator?,
        threads: Int, cancellation: Cancellation
    ) {
        self.reducer = reducer
        self.order = order
        self.descending = descending
        self.threads = threads
        self.cancellation = cancellation
        let all = arguments + order
        parts = [Part(columns: all.map { ColumnBuffer(type: $0.type, dictionary: $0.dictionary) })]
        picked = all.map { Vector(type: $0.type, dictionary: $0.dictionary) }
        super.init(type: type, arguments: arguments, filter: filter)
    }
    deinit { selection.deallocate() }

    override var bytes: Int { parts.reduce(0) { $1.columns.reduce($0 + $1.groups.count * 4) { $0 + $1.bytes } } }

    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        let all = vectors + (try order.map { try $0.evaluate(batch) })
        guard let mask else {
            for (column, vector) in zip(parts[0].columns, all) { column.append(vector, count: batch.count) }
            if let groups {
                parts[0].groups.append(contentsOf: UnsafeBufferPointer(start: groups, count: batch.count))
            } else {
                parts[0].groups.append(contentsOf: repeatElement(0, count: batch.count))
            }
            return
        }
        let kept = Selection.fill(selection, from: mask, count: batch.count)
        for (index, vector) in all.enumerated() {
            Selection.gather(vector, selection, kept, into: picked[index])
            parts[0].columns[index].append(picked[index], count: kept)
        }
        for i in 0..<kept { parts[0].groups.append(groups.map { $0[Int(selection[i])] } ?? 0) }
    }

    override func merge(_ other: Accumulator, map: [UInt32]?) throws {
        guard let other = other as? CollectingAccumulator else { preconditionFailure("workers of one query aggregate alike") }
        for var part in other.parts {
            if let map { for i in part.groups.indices { part.groups[i] = map[Int(part.groups[i])] } }
            parts.append(part)
        }
        other.parts = []
    }

    override func finish(_ groups: [Int]) throws -> ColumnBuffer {
        // All rows of a group side by side, in the order in which they came.
        let size = (groups.max() ?? 0) + 1
        var starts = Array(repeating: 0, count: size + 1)
        for part in parts { for group in part.groups { starts[Int(group) + 1] += 1 } }
        for i in 0..<size { starts[i + 1] += starts[i] }
        if let fast = try reducer.reduceIntegers(parts.map { ($0.groups, $0.columns) }, starts: starts, groups: groups, type: type) {
            return fast
        }
        let total = starts[size]
        let columns =
            parts.count == 1
            ? parts[0].columns
            : try parts[0].columns.indices.map { index in
                try ColumnBuffer.joined(parts.map { $0.columns[index] }, threads: threads)
            }
        let numbers = RowNumbers(count: total)
        var row = 0
        for part in parts {
            part.groups.withUnsafeBufferPointer { groups in
                if let first = groups.baseAddress { (numbers.base + row).update(from: first, count: groups.count) }
            }
            row += part.groups.count
        }
        let arguments = Array(columns[..<self.arguments.count])
        var keys = zip(columns[self.arguments.count...], descending).map { KeyColumn($0, descending: $1) }
        if keys.isEmpty, reducer.wantsSorted { keys = [KeyColumn(arguments[0], descending: false)] }
        let rows = try RowSort.sort([KeyColumn(numbers)] + keys, count: total, threads: threads, cancellation: cancellation).rows
        return try reduced(groups, rows, starts, arguments)
    }

    /// Groups are independent: threads take runs of them.
    private func reduced(_ groups: [Int], _ rows: RowNumbers, _ starts: [Int], _ arguments: [ColumnBuffer]) throws -> ColumnBuffer {
        if groups.isEmpty { return reducer.makeOutput(type, arguments, capacity: 0) }
        let runs = rows.count < Parallel.rowsMin ? 1 : min(groups.count, threads * 8)
        let outputs = ReducedRuns(reducer, count: runs)
        let (type, cancellation) = (type, cancellation)
        try Parallel.run(runs, threads: threads) { run in
            let mine = groups[groups.count * run / runs..<groups.count * (run + 1) / runs]
            let reducer = outputs.makeReducer()
            let out = reducer.makeOutput(type, arguments, capacity: mine.count)
            for group in mine {
                try cancellation.check()
                let places = UnsafeBufferPointer(start: rows.base + starts[group], count: starts[group + 1] - starts[group])
                try reducer.reduce(places, arguments, into: out)
            }
            outputs.set(out, at: run)
        }
        return runs == 1 ? outputs.all[0] : try ColumnBuffer.joined(outputs.all, threads: 1)
    }

    private final class ReducedRuns: @unchecked Sendable {
        private let lock = Mutex()
        private let reducer: GroupReducer
        private var outputs: [ColumnBuffer?]
        init(_ reducer: GroupReducer, count: Int) {
            self.reducer = reducer
            outputs = Array(repeating: nil, count: count)
        }
        func makeReducer() -> GroupReducer { lock.locked { reducer.makeCopy() } }
        func set(_ output: ColumnBuffer, at run: Int) { lock.locked { outputs[run] = output } }
        var all: [ColumnBuffer] { outputs.compactMap { $0 } }
    }
}

/// Turns the collected rows of one group into its answer.
class GroupReducer {
    /// Text results that come from the argument keep its dictionary.
    func makeOutput(_ type: LogicalType, _ arguments: [ColumnBuffer], capacity: Int) -> ColumnBuffer {
        ColumnBuffer(type: type, dictionary: type == .text ? arguments[0].dictionary : nil, capacity: capacity)
    }
    /// Rows without an order of the aggregate's own come sorted by the first argument.
    var wantsSorted: Bool { false }
    /// One for another thread.
    func makeCopy() -> GroupReducer { self }
    /// `rows` are places in the argument columns, in the aggregate's order where it has one; nulls have been left out.
    func reduce(_ rows: UnsafeBufferPointer<UInt32>, _ arguments: [ColumnBuffer], into out: ColumnBuffer) throws {
        preconditionFailure("a reducer without a body")
    }

    /// A shorter way for integers, or nil.
    func reduceIntegers(_ parts: [(groups: [UInt32], columns: [ColumnBuffer])], starts: [Int], groups: [Int], type: LogicalType) throws
        -> ColumnBuffer?
    { nil }
}
