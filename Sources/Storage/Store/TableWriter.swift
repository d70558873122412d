import Dispatch

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

    /// `complete` names the columns whose builder holds all the texts to come, which are then handed in as codes.
    init(
        transaction: Transaction, table: TableState, builders: [DictionaryBuilder?], complete: Set<Int> = [], checksKey: Bool = true
    ) {
        self.checksKey = checksKey
        self.transaction = transaction
        self.table = table.schema
        self.builders = builders
        fileId = transaction.takeFileId()
        let rowsBefore = table.segments.reduce(0) { $0 + Int($1.rows) }
        columns = table.schema.columns.enumerated().map { c, column in
            ColumnWriter(
                name: column.name, type: column.type, builder: builders[c], rowsBefore: rowsBefore,
                dictionaryIsComplete: complete.contains(c))
        }
    }

    deinit { cancel() }

    /// Rows in the schema's column order. Blocks are encoded and written as they fill: memory stays bounded.
    public func append(_ chunk: RowChunk) throws {
        precondition(chunk.columns.count == columns.count, "a chunk of another table")
        try append(chunk.columns.map { .chunk($0) }, rows: chunk.rowCount)
    }

    func append(_ sources: [ColumnWriter.Source], rows: Int) throws {
        precondition(isOpen, "the writer has ended")
        if rows == 0 { return }
        if rowCount + rows > Int(UInt32.max) {
            throw StorageError(.request, "one load holds at most \(UInt32.max) rows", hint: "append the rest in a second statement")
        }
        do {
            if rows < 4096 || columns.count == 1 {
                for (column, source) in zip(columns, sources) { try column.append(source, rows: rows) }
            } else {
                try appendConcurrently(sources, rows)
            }
            rowCount += rows
            try takeStripes()
        } catch {
            failed = true
            throw error
        }
    }

    private func appendConcurrently(_ sources: [ColumnWriter.Source], _ rows: Int) throws {
        let job = ColumnJob(columns: columns, sources: sources)
        // The widest work (text) should not start last, but order among few columns matters little against simplicity.
        DispatchQueue.concurrentPerform(iterations: columns.count) { job.run($0, rows: rows) }
        if let error = job.failure { throw error }
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
            if rowCount > 0 {
                for column in columns { column.finish() }
                try takeStripes()
                guard let file else { preconditionFailure("rows without a file") }
                let described = zip(table.columns, columns).map { schema, column in
                    SegmentColumn(
                        id: schema.id, physical: SegmentColumn.physical(of: schema.type), isCoded: column.isCoded,
                        dictionaryCount: column.dictionaryCount)
                }
                let bytes = try file.finish(rows: rowCount, columns: described)
                let order = table.key.count == 1 ? table.index(of: table.key[0]).flatMap { KeyOrder(columns[$0]) } : nil
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
    var isIncreasing: Bool
    var minimum: Int64
    var maximum: Int64

    init?(_ column: ColumnWriter) {
        guard column.minimum <= column.maximum else { return nil }
        isIncreasing = column.isIncreasing
        minimum = column.minimum
        maximum = column.maximum
    }
}

/// One chunk's columns, each appended by whichever thread comes to it.
private final class ColumnJob: @unchecked Sendable {
    private let columns: [ColumnWriter]
    private let sources: [ColumnWriter.Source]
    private let mutex = Mutex()
    private var errors: [Int: any Error] = [:]

    init(columns: [ColumnWriter], sources: [ColumnWriter.Source]) {
        self.columns = columns
        self.sources = sources
    }

    /// The leftmost column's error, so that messages do not depend on the threads.
    var failure: (any Error)? { errors.min { $0.key < $1.key }?.value }

    func run(_ column: Int, rows: Int) {
        do {
            try columns[column].append(sources[column], rows: rows)
        } catch {
            mutex.locked { errors[column] = error }
        }
    }
}
