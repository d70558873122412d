/// The rows of a child table on their way to their parents' partitions: gathered in memory until a run is full, then put in order and
/// written. Each run has partitions of its own, so memory stays bounded and nothing is written twice; `optimize` brings the runs
/// together.
final class RunBuffer {
    private static let rowsMax = 1 << 23

    private let columns: [RunColumn]
    private let time: Int?
    private let writers: [ColumnWriter]
    private let hidden: HiddenColumns
    private let partitionColumn: Int
    private let limits: PartitionLimits
    let capacity: Int
    private var rows = 0
    private var rowsWritten = 0
    /// Of the rows written; empty as long as they stand in the order they came.
    private(set) var partitions: [Partition] = []
    private let mutex = Mutex()
    private var spares: [RunSpare] = []
    /// `optimize` partitions however few rows there are.
    var isForced = false

    /// `writers` are those of the schema's columns and then of the hidden ones, of which number `partitionColumn` decides.
    init(
        _ schema: TableSchema, builders: [DictionaryBuilder?], complete: Set<Int>, rowsBefore: Int, writers: [ColumnWriter],
        hidden: HiddenColumns, partitionColumn: Int, limits: PartitionLimits
    ) {
        let perRow = schema.columns.reduce(4 + 9 * hidden.count) { $0 + RunColumn.bytesPerRow($1.type) }
        let capacity = min(RunBuffer.rowsMax, max(limits.runBytesMax / perRow, 1))
        self.capacity = capacity
        columns = schema.columns.enumerated().map { c, column in
            RunColumn(
                column, builder: builders[c], capacity: capacity, rowsBefore: rowsBefore,
                dictionaryIsComplete: complete.contains(c), watchesOrder: schema.key == [column.name])
        }
        time = schema.time.flatMap { schema.index(of: $0) }
        self.writers = writers
        self.hidden = hidden
        self.partitionColumn = partitionColumn
        self.limits = limits
    }

    /// What was seen of a key of one integer column, in the order the rows came.
    func keyOrder(_ column: Int) -> KeyOrder? { columns[column].order.ifAny }

    /// Calls `flush` whenever encoded stripes may be written.
    func append(_ sources: [ColumnWriter.Source], rows count: Int, flush: () throws -> Void) throws {
        var first = 0
        while first < count {
            let n = min(count - first, capacity - rows)
            let job = RunJob { [columns] c in try columns[c].append(sources[c], first: first, count: n) }
            try job.run(columns.count, isParallel: n >= 4096)
            rows += n
            first += n
            if rows == capacity || columns.reduce(0, { $0 + $1.plainBytes }) > limits.runBytesMax / 2 { try endRun(flush) }
        }
    }

    /// Writes what has been gathered.
    func endRun(_ flush: () throws -> Void) throws {
        if rows == 0 { return }
        let resolved = try resolve()
        var order: RunOrder?
        // Once a run has gone to partitions all that follow do.
        if isForced || rowsWritten > 0 || rows >= limits.rowsMin {
            let parents = resolved[partitionColumn]
            order = RunOrder(
                count: rows, ids: parents.ids, nulls: parents.nulls, times: time.flatMap { columns[$0].integers }, limits: limits,
                isForced: isForced || rowsWritten > 0)
        }
        if rowsWritten > 0, partitions.isEmpty, order != nil {
            // The first run was too thinly spread.
            partitions.append(Partition(firstRow: 0, rows: rowsWritten))
        }
        for var partition in order?.partitions ?? [] {
            partition.firstRow += UInt64(rowsWritten)
            partitions.append(partition)
        }
        let job = RunJob { [self] c in
            let spare = takeSpare()
            defer { giveBack(spare) }
            if c < columns.count { return try columns[c].write(order, spare, to: writers[c]) }
            let (ids, nulls) = resolved[c - columns.count]
            try spare.write(ids, nulls: nulls, rows: rows, order) { try writers[c].append(.integers($0, nulls: $1), rows: $2) }
        }
        try job.run(writers.count, isParallel: rows >= 4096)
        try flush()
        rowsWritten += rows
        rows = 0
        for column in columns { column.clear() }
    }

    private func takeSpare() -> RunSpare { mutex.locked { spares.popLast() } ?? RunSpare(capacity: capacity) }
    private func giveBack(_ spare: RunSpare) { mutex.locked { spares.append(spare) } }

    private typealias IDs = (ids: UnsafePointer<Int64>, nulls: UnsafePointer<UInt8>?)

    /// The ids of all rows of the run, in the order they came.
    private func resolve() throws -> [IDs] {
        let results = Results(count: hidden.count)
        let job = RunJob { [columns, hidden, rows] group in
            for h in hidden.groups[group] {
                results.ids[h] = try hidden.resolve(h, rows: rows) { keys, body in try body(keys.map { columns[$0].keyPart }) }
            }
        }
        try job.run(hidden.groups.count, isParallel: rows >= 4096)
        return (0..<hidden.count).map { h in
            guard let found = results.ids[h] else { preconditionFailure("a hidden column in no group") }
            return found
        }
    }

    private final class Results: @unchecked Sendable {
        let ids: UnsafeMutableBufferPointer<IDs?>
        init(count: Int) {
            ids = .allocate(capacity: count)
            ids.initialize(repeating: nil)
        }
        deinit { ids.deallocate() }
    }
}

/// Tasks side by side, each by whichever thread comes to it.
private final class RunJob: @unchecked Sendable {
    private let task: (Int) throws -> Void
    private let mutex = Mutex()
    private var errors: [Int: any Error] = [:]

    init(_ task: @escaping (Int) throws -> Void) { self.task = task }

    func run(_ count: Int, isParallel: Bool) throws {
        if isParallel, count > 1 {
            WorkerThreads.each(count) { step($0) }
        } else {
            for t in 0..<count { step(t) }
        }
        // The first column's error, so that messages do not depend on the threads.
        if let error = errors.min(by: { $0.key < $1.key })?.value { throw error }
    }

    private func step(_ t: Int) {
        do {
            try task(t)
        } catch {
            mutex.locked { errors[t] = error }
        }
    }
}
