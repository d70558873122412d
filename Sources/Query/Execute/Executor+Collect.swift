import Storage

extension Executor {
    /// All rows of a plan, with (at least) the required columns.
    func relation(_ plan: Plan, required: Set<ColumnID>) throws -> Relation {
        try relation(try pipeline(plan, required: required), required: required)
    }

    /// All rows of a pipeline, with (at least) the required columns.
    func relation(_ pipeline: Pipeline, required: Set<ColumnID>) throws -> Relation {
        if let source = pipeline.source as? RelationSource, pipeline.steps.isEmpty { return source.relation }
        return try collect(pipeline, required: required)
    }

    /// The rows of a pipeline in the order of its source.
    func collect(_ pipeline: Pipeline, required: Set<ColumnID>) throws -> Relation {
        let slots = pipeline.layout.slots.enumerated().filter { required.contains($1.id) }.map(\.offset)
        let layout = Layout(slots.map { pipeline.layout.slots[$0] })
        if let starts = pipeline.firstRows, let total = starts.last, total >= Self.placedRowsMin {
            let lease = MemoryLease(budget, holder)
            try lease.add(layout.slots.reduce(0) { $0 + Vector.Form($1.type, coded: $1.dictionary != nil).stride } * total)
            let columns = PlacedColumns(layout, rows: total)
            _ = try run(pipeline) { _ in PlacingSink(columns, slots: slots, starts: starts, lease: lease) }
            let rows = columns.relation(layout)
            rows.lease = lease
            return rows
        }
        let lease = MemoryLease(budget, holder)
        let sinks = try run(pipeline) { _ in CollectSink(layout: layout, slots: slots, lease: lease) }
        let rows = try CollectSink.merge(sinks, layout: layout, threads: limits.threads)
        rows.lease = lease
        return rows
    }

    private static let placedRowsMin = 1 << 14
}

extension Pipeline {
    /// Where the rows of each morsel begin, and how many there are in all; nil where that is not known before they are read.
    fileprivate var firstRows: [Int]? { steps.allSatisfy(\.keepsRows) ? source.firstRows : nil }
}

/// Columns of a known number of rows, which workers write where they belong.
final class PlacedColumns: @unchecked Sendable {
    private let lock = Mutex()
    private let rowCount: Int
    let columns: [ColumnBuffer]
    private var nulls: [RawMemory?]

    init(_ layout: Layout, rows: Int) {
        rowCount = rows
        columns = layout.slots.map { ColumnBuffer(type: $0.type, dictionary: $0.dictionary, rows: rows) }
        nulls = columns.map { _ in nil }
    }

    /// One byte a row, 0 until it is written.
    func nulls(_ slot: Int) -> UnsafeMutablePointer<UInt8> {
        lock.locked {
            if let known = nulls[slot] { return known.of(UInt8.self) }
            let made = RawMemory(byteCount: rowCount)
            made.of(UInt8.self).initialize(repeating: 0, count: rowCount)
            nulls[slot] = made
            return made.of(UInt8.self)
        }
    }

    /// Texts lie in their writers' memory.
    func keep(_ arena: TextArena) { lock.locked { for column in columns where column.form == .texts { column.keep(arena) } } }

    func relation(_ layout: Layout) -> Relation {
        let whole = zip(columns, nulls).map { column, nulls -> ColumnBuffer in
            guard let nulls else { return column }
            return column.with(nulls: Array(UnsafeBufferPointer(start: nulls.of(UInt8.self), count: rowCount)))
        }
        return Relation(layout: layout, columns: whole, rowCount: rowCount)
    }
}

/// Writes a worker's rows to their places.
private final class PlacingSink: BatchSink {
    private let columns: PlacedColumns
    private let slots: [Int]
    private let starts: [Int]
    private let lease: MemoryLease
    private var morsel = -1
    private var row = 0
    private var arena: TextArena?

    init(_ columns: PlacedColumns, slots: [Int], starts: [Int], lease: MemoryLease) {
        self.lease = lease
        self.columns = columns
        self.slots = slots
        self.starts = starts
    }

    func consume(_ batch: Batch, morsel: Int) throws {
        if self.morsel != morsel {
            self.morsel = morsel
            row = starts[morsel]
        }
        let count = batch.count
        precondition(row + count <= starts[morsel + 1])
        for (place, slot) in slots.enumerated() {
            let vector = try batch.vector(slot)
            let column = columns.columns[place]
            switch column.form {
            case .integers: (column.integers + row).update(from: vector.integers, count: count)
            case .doubles: (column.doubles + row).update(from: vector.doubles, count: count)
            case .mask: (column.mask + row).update(from: vector.mask, count: count)
            case .codes: (column.codes + row).update(from: vector.codes, count: count)
            case .texts:
                if arena == nil {
                    let made = TextArena()
                    columns.keep(made)
                    arena = made
                }
                var bytes = 0
                for i in 0..<count {
                    let text = vector.isNull(i) ? TextView(base: nil, count: 0) : arena!.copy(vector.text(i).buffer)
                    column.texts[row + i] = text
                    bytes += text.count
                }
                try lease.add(bytes)
            }
            if vector.hasNulls { (columns.nulls(place) + row).update(from: vector.nulls, count: count) }
        }
        row += count
    }
}
