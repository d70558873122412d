/// Adds one segment to a table. One thread; the work inside is spread over the columns.
public final class TableWriter {
    private let transaction: Transaction
    private let table: TableSchema
    private let fileId: UInt64
    private var file: SegmentFileWriter?
    private let columns: [ColumnWriter]
    private let builders: [DictionaryBuilder?]
    private var isOpen = true
    private var failed = false
    public private(set) var rowCount = 0

    private let checksKey: Bool
    /// For a table whose rows go to their parents' partitions.
    private let runs: RunBuffer?
    private let hidden: HiddenColumns
    private let hiddenSchemas: [HiddenColumn]
    private let partitionColumnID: UInt32?
    /// Why the rows cannot be kept, said when they are complete.
    private let fault: StorageError?

    /// `complete` names the columns whose builder holds all the texts to come, which are then handed in as codes.
    init(
        transaction: Transaction, table: TableState, builders: [DictionaryBuilder?], complete: Set<Int> = [], checksKey: Bool = true,
        fault: StorageError? = nil
    ) throws {
        self.checksKey = checksKey
        self.fault = fault
        hidden = try HiddenColumns(table.hidden, of: table.schema, transaction: transaction)
        hiddenSchemas = table.hidden
        self.transaction = transaction
        self.table = table.schema
        self.builders = builders
        fileId = transaction.takeFileId()
        let rowsBefore = table.segments.reduce(0) { $0 + Int($1.rows) }
        let partitionColumn = table.hidden.firstIndex { $0.role == .parent && $0.link == table.partitionLink }
        let shown = table.schema.columns.enumerated().map { c, column in
            ColumnWriter(
                name: column.name, type: column.type, builder: builders[c], rowsBefore: rowsBefore,
                // The run decides between codes and plain text, long before the rows come to be encoded.
                dictionaryIsComplete: complete.contains(c) || partitionColumn != nil)
        }
        columns = shown + table.hidden.map { _ in ColumnWriter(idsOf: table.schema.name) }
        if let partitionColumn {
            runs = RunBuffer(
                table.schema, builders: builders, complete: complete, rowsBefore: rowsBefore, writers: columns, hidden: hidden,
                partitionColumn: partitionColumn, limits: transaction.partitionLimits)
        } else {
            runs = nil
        }
        partitionColumnID = partitionColumn.map { table.hidden[$0].id }
    }

    deinit { cancel() }

    /// Rows in the schema's column order. Blocks are encoded and written as they fill: memory stays bounded.
    public func append(_ chunk: RowChunk) throws {
        precondition(chunk.columns.count == table.columns.count, "a chunk of another table")
        try append(chunk.columns.map { .chunk($0) }, rows: chunk.rowCount)
    }

    func append(_ sources: [ColumnWriter.Source], rows: Int) throws {
        precondition(isOpen, "the writer has ended")
        if rows == 0 { return }
        if rowCount + rows > Int(UInt32.max) {
            throw StorageError(.request, "one load holds at most \(UInt32.max) rows", hint: "append the rest in a second statement")
        }
        do {
            if let runs {
                try runs.append(sources, rows: rows, flush: takeStripes)
            } else {
                try appendAll(sources, rows)
            }
            rowCount += rows
            try takeStripes()
        } catch {
            failed = true
            throw error
        }
    }

    /// Rows that can be gathered before some are written; nil where rows stay in the order they come.
    var rowsPerRun: Int? { runs?.capacity }

    /// Every run goes to partitions, however few its rows are.
    func forcePartitions() { runs?.isForced = true }

    /// Puts all rows since the last call in order among themselves.
    func endRun() throws {
        precondition(isOpen, "the writer has ended")
        do {
            try runs?.endRun(takeStripes)
        } catch {
            failed = true
            throw error
        }
    }

    /// Columns side by side, and beside them the ids of each domain.
    private func appendAll(_ sources: [ColumnWriter.Source], _ rows: Int) throws {
        let shown = table.columns.count
        let tasks = shown + hidden.groups.count
        if rows < 4096 || tasks == 1 {
            for task in 0..<tasks { try run(task, sources, rows) }
            return
        }
        let job = WriterJob(self, sources)
        // The widest work (text) should not start last, but order among few columns matters little against simplicity.
        WorkerThreads.each(tasks) { job.run($0, rows: rows) }
        if let error = job.failure { throw error }
    }

    fileprivate func run(_ task: Int, _ sources: [ColumnWriter.Source], _ rows: Int) throws {
        let shown = table.columns.count
        if task < shown { return try columns[task].append(sources[task], rows: rows) }
        for h in hidden.groups[task - shown] {
            let (ids, nulls) = try hidden.resolve(h, rows: rows) { keys, body in
                try ColumnWriter.Source.withKeyParts(sources, builders, keys[...], [], body)
            }
            try columns[shown + h].append(.integers(ids, nulls: nulls), rows: rows)
        }
    }

    private func takeStripes() throws {
        let ready = columns[0].stripes.count
        if ready == 0 { return }
        let file = try self.file ?? transaction.createSegment(fileId, columnCount: columns.count)
        self.file = file
        for s in 0..<ready {
            for (c, column) in columns.enumerated() { try file.append(column.stripes[s], column: c) }
        }
        for column in columns { column.recycleStripes() }
    }

    /// Ends the segment; must be called before commit. Enforces the key (unique against all live rows, never null): a `.data` error names
    /// the key's value and says how often it stands. Rows that this transaction deleted before this call do not count.
    public func finish() throws {
        precondition(isOpen && !failed, "the writer has ended or failed")
        do {
            if let fault { throw fault }
            if rowCount > 0 {
                try runs?.endRun(takeStripes)
                for column in columns { column.finish() }
                try takeStripes()
                guard let file else { preconditionFailure("rows without a file") }
                var described = zip(table.columns, columns).map { schema, column in
                    SegmentColumn(
                        id: schema.id, physical: SegmentColumn.physical(of: schema.type), isCoded: column.isCoded,
                        dictionaryCount: column.dictionaryCount)
                }
                for (h, column) in hiddenSchemas.enumerated() {
                    described.append(
                        SegmentColumn(id: column.id, physical: .integer, isCoded: false, isID: true, dictionaryCount: hidden.idCount(h)))
                }
                let bytes = try file.finish(
                    rows: rowCount, columns: described, partitions: runs?.partitions ?? [], linkColumn: partitionColumnID)
                let order = table.key.count == 1 ? table.index(of: table.key[0]).flatMap(keyOrder) : nil
                try transaction.finish(
                    table: table, segment: SegmentState(file: fileId, rows: UInt64(rowCount), bytes: UInt64(bytes)), builders: builders,
                    keyOrder: order, checksKey: checksKey)
            }
            isOpen = false
            transaction.writerEnded()
        } catch {
            failed = true
            throw error
        }
    }

    private func keyOrder(_ column: Int) -> KeyOrder? { runs.map { $0.keyOrder(column) } ?? KeyOrder(columns[column]) }

    /// Gives the rows up and removes the file. A writer that is released without ``finish()`` does the same.
    public func cancel() {
        guard isOpen else { return }
        isOpen = false
        transaction.abandon(segment: fileId, table: table.id)
        transaction.writerEnded()
    }
}

/// What the writer saw of a single integer key on its way, so that the usual ascending key needs no second look.
struct KeyOrder {
    var isIncreasing = true
    var minimum = Int64.max
    var maximum = Int64.min

    init() {}

    init?(_ column: ColumnWriter) {
        guard column.minimum <= column.maximum else { return nil }
        isIncreasing = column.isIncreasing
        minimum = column.minimum
        maximum = column.maximum
    }

    /// nil as long as no value was seen.
    var ifAny: KeyOrder? { minimum <= maximum ? self : nil }

    /// Looks at the next values in the order they come.
    mutating func watch(_ values: UnsafePointer<Int64>, _ nulls: UnsafePointer<UInt8>?, _ count: Int) {
        if count == 0 { return }
        if let nulls, NullBytes.count(nulls, rows: count) > 0 {
            isIncreasing = false
            for i in 0..<count where nulls[i] == 0 {
                minimum = min(minimum, values[i])
                maximum = max(maximum, values[i])
            }
            return
        }
        if isIncreasing {
            var falls = minimum > maximum || values[0] > maximum ? 0 : 1
            for i in 1..<max(count, 1) { falls &+= values[i] > values[i &- 1] ? 0 : 1 }
            isIncreasing = falls == 0
        }
        for i in 0..<count {
            minimum = min(minimum, values[i])
            maximum = max(maximum, values[i])
        }
    }
}

/// One chunk's columns, each appended by whichever thread comes to it.
private final class WriterJob: @unchecked Sendable {
    private let writer: TableWriter
    private let sources: [ColumnWriter.Source]
    private let mutex = Mutex()
    private var errors: [Int: any Error] = [:]

    init(_ writer: TableWriter, _ sources: [ColumnWriter.Source]) {
        self.writer = writer
        self.sources = sources
    }

    /// The leftmost column's error, so that messages do not depend on the threads.
    var failure: (any Error)? { errors.min { $0.key < $1.key }?.value }

    func run(_ task: Int, rows: Int) {
        do {
            try writer.run(task, sources, rows)
        } catch {
            mutex.locked { errors[task] = error }
        }
    }
}
