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
    /// Groups in two passes: rows are put apart by their keys, then each part is grouped by one worker for good. Nothing is merged, and the
    /// groups of a part are made when they are asked for.
    func partitioned(
        _ plan: AggregatePlan, _ design: PartitionDesign, _ pipeline: Pipeline, required: Set<ColumnID>, measures: AggregateMeasures
    ) throws -> PartitionedGroups {
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
        let room = rowRoom("summarize")
        let sinks = try run(pipeline) { worker in
            let compiler = worker.compiler(pipeline.layout)
            return PartitionSink(design, try plan.keys.map { try compiler.compile($0.value) }, kept, layout, room)
        }
        let stores = sinks.map(\.store)
        for store in stores { try store.finishWriting() }
        return try PartitionedGroups(self, plan, design, stores, layout, measures)
    }

    /// What each worker may hold of rows that are put apart: of the memory, one part in `share` for all workers.
    func rowRoom(_ holder: String, share: Int = 2) -> RowPartitions.Room {
        RowPartitions.Room(
            budget: budget, holder: holder, bytesMax: budget.bytesMax / share / max(1, limits.threads), folder: limits.spillFolder)
    }
}

/// The groups of rows that were put apart, a part a morsel.
final class PartitionedGroups: MorselSource, @unchecked Sendable {
    private let executor: Executor
    private let plan: AggregatePlan
    private let design: PartitionDesign
    private let stores: [RowPartitions]
    private let rowLayout: Layout
    private let measures: AggregateMeasures
    /// Parts that hold rows.
    private let parts: [Int]
    /// The first part's groups, which say what the columns are like.
    private let first: Relation?
    let layout: Layout

    init(
        _ executor: Executor, _ plan: AggregatePlan, _ design: PartitionDesign, _ stores: [RowPartitions], _ rowLayout: Layout,
        _ measures: AggregateMeasures
    ) throws {
        self.executor = executor
        self.plan = plan
        self.design = design
        self.stores = stores
        self.rowLayout = rowLayout
        self.measures = measures
        parts = (0..<design.count).filter { part in stores.contains { !$0.chunks[part].isEmpty } }
        guard let part = parts.first else {
            first = nil
            layout = Layout(
                plan.keys.map { Layout.Slot(id: $0.id, type: $0.value.type, dictionary: nil) }
                    + measures.measures.map { Layout.Slot(id: $0.id, type: $0.type, dictionary: nil) })
            return
        }
        let context = EvaluationContext(cancellation: executor.cancellation)
        let made = try Self.grouped(part, stores, executor, plan, design, rowLayout, measures, context, ChunkBatch(rowLayout), expected: 0)
        executor.absorb(context)
        first = made
        layout = made.layout
    }

    var morselCount: Int { parts.count }
    func makeReader(_ worker: WorkerContext) throws -> MorselReader { Reader(self, worker) }

    private static func grouped(
        _ part: Int, _ stores: [RowPartitions], _ executor: Executor, _ plan: AggregatePlan, _ design: PartitionDesign, _ layout: Layout,
        _ measures: AggregateMeasures, _ context: EvaluationContext, _ batch: ChunkBatch, expected: Int
    ) throws -> Relation {
        let compiler = ExpressionCompiler(layout: layout, context: context, shared: executor.shared)
        let index: GroupIndex
        let words: PartitionGroups?
        if let packed = design.packed {
            let groups = PartitionGroups(packed, words: design.words(of: part), expected: expected)
            index = groups
            words = groups
        } else {
            let keys = plan.keys.indices.map { ColumnEvaluator(slot: layout[design.id(ofKey: $0)], layout: layout) }
            let isText = keys.count == 1 && keys[0].type == .text && keys[0].dictionary == nil
            index = isText ? TextGroups(keys[0], trial: nil) : HashGroups(keys)
            words = nil
        }
        let sink = AggregateSink(
            index, try measures.makeAccumulators(compiler, context), MemoryLease(executor.budget, "a part of the groups of summarize"))
        for store in stores {
            for chunk in store.chunks[part] {
                try batch.move(to: chunk, of: store)
                words?.words = batch.words
                try sink.consume(batch, morsel: part)
            }
        }
        return try executor.finished(sink, plan, measures)
    }

    private final class Reader: MorselReader {
        private let groups: PartitionedGroups
        private let worker: WorkerContext
        private let rows: ChunkBatch
        private let batch: SwitchedRelationBatch

        init(_ groups: PartitionedGroups, _ worker: WorkerContext) {
            self.groups = groups
            self.worker = worker
            rows = ChunkBatch(groups.rowLayout)
            batch = SwitchedRelationBatch(groups.layout)
        }

        override func read(_ morsel: Int, whole: (WholeBlock) -> Bool, _ body: (Batch) throws -> Void) throws {
            let relation: Relation
            if morsel == 0, let first = groups.first {
                relation = first
            } else {
                relation = try PartitionedGroups.grouped(
                    groups.parts[morsel], groups.stores, groups.executor, groups.plan, groups.design, groups.rowLayout, groups.measures,
                    worker.evaluation, rows, expected: groups.first?.rowCount ?? 0)
            }
            var first = 0
            while first < relation.rowCount {
                let count = min(vectorRowsMax, relation.rowCount - first)
                batch.move(to: first, count: count, of: relation)
                try body(batch)
                first += count
            }
        }
    }
}

/// Batches over one relation after another, all of one layout.
final class SwitchedRelationBatch: Batch {
    private let layout: Layout
    private let vectors: [Vector]
    private var relation: Relation?
    private var first = 0

    init(_ layout: Layout) {
        self.layout = layout
        vectors = layout.makeVectors()
        super.init(slotCount: vectors.count)
    }

    func move(to first: Int, count: Int, of relation: Relation) {
        self.relation = relation
        self.first = first
        advance(count: count)
    }

    override func load(_ slot: Int) throws -> Vector {
        guard let column = relation?.columns[slot] else { preconditionFailure("a batch of no relation") }
        precondition(column.dictionary === layout.slots[slot].dictionary, "parts of one column have one dictionary")
        column.copy(from: first, count: count, into: vectors[slot])
        return vectors[slot]
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

    init(_ design: PartitionDesign, _ evaluators: [Evaluator], _ kept: [Int], _ layout: Layout, _ room: RowPartitions.Room) {
        self.design = design
        self.evaluators = evaluators
        self.kept = kept
        store = RowPartitions(layout, partitions: design.count, room: room)
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
        try store.append(vectors, words: words, partitions: partitions, count: count)
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
