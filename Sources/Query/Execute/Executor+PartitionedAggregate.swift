import Dispatch
import Storage

/// How rows are put apart before they are grouped, so that each part's groups fit the cache and no two workers meet the same group.
struct PartitionDesign: Sendable {
    /// Enough that a part of some ten million rows fits the cache; few enough that a worker's open chunks do, too.
    private static let partitionBitsMax = 8
    /// A range of words this long is an array that fits the cache.
    private static let spanBitsMin = 16
    private static let rangesMax = 512

    let keys: [DerivedColumn]
    let packed: PackedKeys?
    /// Of words, where their range is not much larger than there are rows: the bits below a partition's number.
    let rangeBits: Int?
    let count: Int

    init(_ keys: [DerivedColumn], _ packed: PackedKeys?, rows: Int) {
        self.keys = keys
        self.packed = packed
        if let packed {
            let limit = packed.limit
            var bits = Self.spanBitsMin
            while limit >> UInt64(bits) >= UInt64(Self.rangesMax) { bits += 1 }
            // Beyond some places a row a hash table is smaller, and beyond the cache no place is found at once.
            if limit <= UInt64(max(rows, 1)) * 8, bits <= Self.spanBitsMin + 3 {
                rangeBits = bits
                count = Int(limit >> UInt64(bits)) + 1
                return
            }
        }
        rangeBits = nil
        var bits = 4
        while bits < Self.partitionBitsMax, rows >> bits > 1 << 16 { bits += 1 }
        count = 1 << bits
    }

    /// Groups come in the order of their keys.
    var keysAreSorted: Bool { rangeBits != nil && packed?.isOrdered == true }

    /// The words of a partition, where it is a range.
    func words(of partition: Int) -> Range<UInt64>? {
        guard let rangeBits, let packed else { return nil }
        let first = UInt64(partition) << UInt64(rangeBits)
        return first..<min(first + 1 << UInt64(rangeBits), max(packed.limit, first))
    }

    /// Keys that are not packed travel as columns of their own; ids below -2000 are ours.
    func id(ofKey index: Int) -> ColumnID { -2001 - index }
}

extension Executor {
    /// Groups in two passes: rows are put apart by their keys, then each part is grouped by one worker for good. Nothing is merged.
    func partitioned(
        _ plan: AggregatePlan, _ design: PartitionDesign, _ pipeline: Pipeline, required: Set<ColumnID>, measures: AggregateMeasures
    ) throws -> Relation {
        let kept = pipeline.layout.slots.indices.filter { required.contains(pipeline.layout.slots[$0].id) }
        let compiler = ExpressionCompiler(
            layout: pipeline.layout, context: EvaluationContext(cancellation: cancellation), shared: shared)
        var slots = kept.map { pipeline.layout.slots[$0] }
        if design.packed == nil {
            for (index, key) in plan.keys.enumerated() {
                let dictionary = try compiler.compile(key.value).dictionary
                slots.append(Layout.Slot(id: design.id(ofKey: index), type: key.value.type, dictionary: dictionary))
            }
        }
        let layout = Layout(slots)
        let sinks = try run(pipeline) { worker in
            let compiler = worker.compiler(pipeline.layout)
            return PartitionSink(design, try plan.keys.map { try compiler.compile($0.value) }, kept, layout)
        }
        let stores = sinks.map(\.store)
        let parts = PartitionResults(count: design.count)
        let queue = MorselQueue(0..<design.count)
        let body: @Sendable (Int) -> Void = { [self] _ in
            let context = EvaluationContext(cancellation: cancellation)
            context.groupsInCacheMax = limits.groupsInCacheMax
            while let partition = queue.next() {
                do {
                    try cancellation.check()
                    let rows = try grouped(partition, of: stores, plan, design, layout, context, measures)
                    if let rows { parts.set(rows, at: partition) }
                } catch {
                    parts.fail(error, partition)
                    queue.stop()
                }
            }
            absorb(context)
        }
        let workers = max(1, min(limits.threads, design.count))
        if workers == 1 { body(0) } else { DispatchQueue.concurrentPerform(iterations: workers, execute: body) }
        if let error = parts.error { throw error }
        return try concatenated(parts.relations, plan, measures)
    }

    /// The groups of one partition; nil where it has no rows.
    private func grouped(
        _ partition: Int, of stores: [RowPartitions], _ plan: AggregatePlan, _ design: PartitionDesign, _ layout: Layout,
        _ context: EvaluationContext, _ measures: AggregateMeasures
    ) throws -> Relation? {
        guard stores.contains(where: { !$0.chunks[partition].isEmpty }) else { return nil }
        let compiler = ExpressionCompiler(layout: layout, context: context, shared: shared)
        let index: GroupIndex
        let words: PartitionGroups?
        if let packed = design.packed {
            let groups = PartitionGroups(packed, words: design.words(of: partition))
            index = groups
            words = groups
        } else {
            index = HashGroups(plan.keys.indices.map { ColumnEvaluator(slot: layout[design.id(ofKey: $0)], layout: layout) }, trial: nil)
            words = nil
        }
        let sink = AggregateSink(index, try measures.makeAccumulators(compiler, context))
        let batch = ChunkBatch(layout)
        for store in stores {
            for chunk in store.chunks[partition] {
                words?.words = RowPartitions.words(chunk)
                batch.move(to: chunk, of: store)
                try sink.consume(batch, morsel: partition)
            }
        }
        return try finished(sink, plan, measures)
    }

    private func concatenated(_ parts: [Relation], _ plan: AggregatePlan, _ measures: AggregateMeasures) throws -> Relation {
        guard let first = parts.first else {
            // No row at all.
            return Relation(
                layout: Layout(
                    plan.keys.map { Layout.Slot(id: $0.id, type: $0.value.type, dictionary: nil) }
                        + measures.measures.map { Layout.Slot(id: $0.id, type: $0.type, dictionary: nil) }))
        }
        let rowCount = parts.reduce(0) { $0 + $1.rowCount }
        let columns = first.columns.map { ColumnBuffer(type: $0.type, dictionary: $0.dictionary, capacity: rowCount) }
        let together: @Sendable (Int) -> Void = { column in for part in parts { columns[column].append(part.columns[column]) } }
        if limits.threads == 1 {
            for column in columns.indices { together(column) }
        } else {
            DispatchQueue.concurrentPerform(iterations: columns.count, execute: together)
        }
        return Relation(layout: first.layout, columns: columns, rowCount: rowCount)
    }
}

/// What one aggregate computes, and where each measure's answer comes from.
struct AggregateMeasures: Sendable {
    let measures: [AggregatePlan.Measure]
    let factories: [AccumulatorFactory]
    /// The accumulator of each measure: the sum and the mean of the same values share one.
    let places: [Int]

    func makeAccumulators(_ compiler: ExpressionCompiler, _ context: EvaluationContext) throws -> [Accumulator] {
        try factories.map { try $0.make(compiler, context) }
    }
}

/// Puts the rows of one worker apart.
private final class PartitionSink: BatchSink {
    let store: RowPartitions
    private let design: PartitionDesign
    private let evaluators: [Evaluator]
    private let kept: [Int]
    private let words = UnsafeMutablePointer<UInt64>.allocate(capacity: vectorRowsMax)
    private let partitions = UnsafeMutablePointer<UInt16>.allocate(capacity: vectorRowsMax)

    init(_ design: PartitionDesign, _ evaluators: [Evaluator], _ kept: [Int], _ layout: Layout) {
        self.design = design
        self.evaluators = evaluators
        self.kept = kept
        store = RowPartitions(layout, partitions: design.count)
    }
    deinit {
        words.deallocate()
        partitions.deallocate()
    }

    func consume(_ batch: Batch, morsel: Int) throws {
        let count = batch.count
        var vectors = try kept.map { try batch.vector($0) }
        if let packed = design.packed {
            try packed.pack(evaluators, batch, into: words)
        } else {
            let keys = try evaluators.map { try $0.evaluate(batch) }
            KeyHash.hash(keys, count, into: words)
            vectors += keys
        }
        if let rangeBits = design.rangeBits {
            let shift = UInt64(rangeBits)
            for i in 0..<count { partitions[i] = UInt16(truncatingIfNeeded: words[i] >> shift) }
        } else {
            let shift = UInt64(64 - design.count.trailingZeroBitCount)
            for i in 0..<count { partitions[i] = UInt16(truncatingIfNeeded: WordTable.hash(words[i]) >> shift) }
        }
        store.append(vectors, words: words, partitions: partitions, count: count)
    }
}

/// One hash of all key columns of a row, the same wherever the same values come from.
enum KeyHash {
    static func hash(_ keys: [Vector], _ count: Int, into hashes: UnsafeMutablePointer<UInt64>) {
        hashes.update(repeating: 0, count: count)
        for vector in keys {
            let nulls = vector.hasNulls ? UnsafePointer(vector.nulls) : nil
            switch vector.form {
            case .integers:
                let values = vector.integers
                mix(hashes, nulls, count) { UInt64(bitPattern: values[$0]) }
            case .doubles:
                // +0 and -0 are one value.
                let values = vector.doubles
                mix(hashes, nulls, count) { (values[$0] + 0.0).bitPattern }
            case .mask:
                let mask = vector.mask
                mix(hashes, nulls, count) { UInt64(mask[$0]) }
            case .codes:
                let codes = vector.codes
                mix(hashes, nulls, count) { UInt64(codes[$0]) }
            case .texts:
                let texts = vector.texts
                mix(hashes, nulls, count) { texts[$0].hash }
            }
        }
    }

    @inline(__always)
    private static func mix(
        _ hashes: UnsafeMutablePointer<UInt64>, _ nulls: UnsafePointer<UInt8>?, _ count: Int, _ word: (Int) -> UInt64
    ) {
        if let nulls {
            for i in 0..<count { hashes[i] = WordTable.hash(hashes[i] &+ (nulls[i] != 0 ? 0x5851_F42D_4C95_7F2D : word(i))) }
        } else {
            for i in 0..<count { hashes[i] = WordTable.hash(hashes[i] &+ word(i)) }
        }
    }
}

private final class PartitionResults: @unchecked Sendable {
    private let lock = Mutex()
    private var made: [Relation?]
    private var failure: (partition: Int, error: any Error)?

    init(count: Int) { made = Array(repeating: nil, count: count) }
    func set(_ relation: Relation, at partition: Int) { lock.locked { made[partition] = relation } }
    func fail(_ error: any Error, _ partition: Int) {
        lock.locked { if failure == nil || partition < failure!.partition { failure = (partition, error) } }
    }
    var error: (any Error)? { failure?.error }
    var relations: [Relation] { made.compactMap { $0 } }
}
