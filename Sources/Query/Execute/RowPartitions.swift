import Glibc
import Storage

/// Rows that one worker puts apart by partition, column by column, in chunks of at most ``vectorRowsMax`` rows: a chunk is read back as a batch.
///
/// Each row has a word of the caller's beside its columns, such as its packed key.
final class RowPartitions: @unchecked Sendable {
    /// Rows of one partition.
    struct Chunk {
        let base: UnsafeMutableRawPointer
        var count: Int
        /// A bit for each column that has nulls here.
        var nullColumns: UInt64
    }
    let layout: Layout
    let partitionCount: Int
    private(set) var rowCount = 0
    private(set) var chunks: [[Chunk]]
    /// Where a column's values and its null bytes begin in a chunk.
    private let offsets: [Int]
    private let nullOffsets: [Int]
    private let chunkBytes: Int

    private let slabs: MemorySlabs
    private let arena = TextArena()
    private let bases: UnsafeMutablePointer<UnsafeMutableRawPointer>
    private let fills: UnsafeMutablePointer<UInt32>
    private let counts: UnsafeMutablePointer<UInt32>
    private let places = UnsafeMutablePointer<UInt32>.allocate(capacity: vectorRowsMax)
    /// Bytes in memory; text apart.
    var bytes: Int { slabs.bytes }

    init(_ layout: Layout, partitions: Int) {
        precondition(layout.slots.count <= 64)
        self.layout = layout
        partitionCount = partitions
        chunks = Array(repeating: [], count: partitions)
        var at = vectorRowsMax * 8
        var offsets: [Int] = []
        for slot in layout.slots {
            offsets.append(at)
            at += vectorRowsMax * Vector.Form(slot.type, coded: slot.dictionary != nil).stride
        }
        var nullOffsets: [Int] = []
        for _ in layout.slots {
            nullOffsets.append(at)
            at += vectorRowsMax
        }
        // Chunks that lie a power of two apart would meet in the same few cache sets.
        chunkBytes = at + 192
        self.offsets = offsets
        self.nullOffsets = nullOffsets
        slabs = MemorySlabs(pieceBytes: chunkBytes)
        bases = .allocate(capacity: partitions)
        fills = .allocate(capacity: partitions)
        counts = .allocate(capacity: partitions)
        // Full: the first row opens a chunk.
        fills.initialize(repeating: UInt32(vectorRowsMax), count: partitions)
    }

    deinit {
        bases.deallocate()
        fills.deallocate()
        counts.deallocate()
        places.deallocate()
    }

    /// Puts each row, with its word, into its partition.
    func append(_ vectors: [Vector], words: UnsafePointer<UInt64>, partitions: UnsafePointer<UInt16>, count: Int) {
        let (bases, fills, counts, places) = (bases, fills, counts, places)
        counts.update(repeating: 0, count: partitionCount)
        for i in 0..<count { counts[Int(partitions[i])] &+= 1 }
        for p in 0..<partitionCount where counts[p] > 0 && Int(fills[p] &+ counts[p]) > vectorRowsMax { open(p) }
        for i in 0..<count {
            let p = Int(partitions[i])
            let place = fills[p]
            fills[p] = place &+ 1
            places[i] = place
        }
        scatter(words, 0, partitions, count)
        for (slot, vector) in vectors.enumerated() {
            switch vector.form {
            case .integers: scatter(UnsafePointer(vector.integers), offsets[slot], partitions, count)
            case .doubles: scatter(UnsafePointer(vector.doubles), offsets[slot], partitions, count)
            case .mask: scatter(UnsafePointer(vector.mask), offsets[slot], partitions, count)
            case .codes: scatter(UnsafePointer(vector.codes), offsets[slot], partitions, count)
            case .texts:
                let texts = vector.texts
                for i in 0..<count {
                    let view = vector.isNull(i) ? TextView(base: nil, count: 0) : arena.copy(texts[i].buffer)
                    let column = (bases[Int(partitions[i])] + offsets[slot]).assumingMemoryBound(to: TextView.self)
                    column[Int(places[i])] = view
                }
            }
            if vector.hasNulls { scatterNulls(vector, slot, partitions, count) }
        }
        for p in 0..<partitionCount where counts[p] > 0 { chunks[p][chunks[p].count &- 1].count = Int(fills[p]) }
        rowCount += count
    }

    @inline(__always)
    private func scatter<T>(_ values: UnsafePointer<T>, _ offset: Int, _ partitions: UnsafePointer<UInt16>, _ count: Int) {
        let (bases, places) = (bases, places)
        for i in 0..<count {
            (bases[Int(partitions[i])] + offset).assumingMemoryBound(to: T.self)[Int(places[i])] = values[i]
        }
    }

    private func scatterNulls(_ vector: Vector, _ slot: Int, _ partitions: UnsafePointer<UInt16>, _ count: Int) {
        let bit = UInt64(1) << UInt64(slot)
        for p in 0..<partitionCount where counts[p] > 0 && chunks[p][chunks[p].count &- 1].nullColumns & bit == 0 {
            chunks[p][chunks[p].count &- 1].nullColumns |= bit
            (bases[p] + nullOffsets[slot]).initializeMemory(as: UInt8.self, repeating: 0, count: vectorRowsMax)
        }
        scatter(UnsafePointer(vector.nulls), nullOffsets[slot], partitions, count)
    }

    private func open(_ partition: Int) {
        let base = slabs.piece()
        chunks[partition].append(Chunk(base: base, count: 0, nullColumns: 0))
        bases[partition] = base
        fills[partition] = 0
    }

    // MARK: reading

    func rows(of partition: Int) -> Int { chunks[partition].reduce(0) { $0 + $1.count } }

    static func words(_ chunk: Chunk) -> UnsafePointer<UInt64> { UnsafePointer(chunk.base.assumingMemoryBound(to: UInt64.self)) }

    /// Copies a column of a chunk into a vector of its form.
    func copy(_ slot: Int, of chunk: Chunk, into vector: Vector) {
        vector.reset()
        let count = chunk.count
        let from = chunk.base + offsets[slot]
        switch vector.form {
        case .integers: vector.integers.update(from: from.assumingMemoryBound(to: Int64.self), count: count)
        case .doubles: vector.doubles.update(from: from.assumingMemoryBound(to: Double.self), count: count)
        case .mask: vector.mask.update(from: from.assumingMemoryBound(to: UInt8.self), count: count)
        case .codes: vector.codes.update(from: from.assumingMemoryBound(to: UInt32.self), count: count)
        case .texts: vector.texts.update(from: from.assumingMemoryBound(to: TextView.self), count: count)
        }
        guard chunk.nullColumns >> UInt64(slot) & 1 != 0 else { return }
        vector.nulls.update(from: (chunk.base + nullOffsets[slot]).assumingMemoryBound(to: UInt8.self), count: count)
        vector.hasNulls = true
    }
}

/// Batches over chunks.
final class ChunkBatch: Batch {
    private let vectors: [Vector]
    private var store: RowPartitions?
    private var chunk: RowPartitions.Chunk?

    init(_ layout: Layout) {
        vectors = layout.makeVectors()
        super.init(slotCount: vectors.count)
    }

    func move(to chunk: RowPartitions.Chunk, of store: RowPartitions) {
        self.store = store
        self.chunk = chunk
        advance(count: chunk.count)
    }

    override func load(_ slot: Int) throws -> Vector {
        guard let store, let chunk else { preconditionFailure("a batch of no chunk") }
        store.copy(slot, of: chunk, into: vectors[slot])
        return vectors[slot]
    }
}

/// Memory for many pieces of one size, on large pages where the system has them: rows are scattered over hundreds of places at once.
final class MemorySlabs {
    private static let slabBytesMin = 2 << 20
    private let pieceBytes: Int
    private let slabBytes: Int
    private var slabs: [UnsafeMutableRawPointer] = []
    private var used: Int
    private(set) var bytes = 0

    init(pieceBytes: Int) {
        self.pieceBytes = (pieceBytes + 63) / 64 * 64
        slabBytes = (max(Self.slabBytesMin, self.pieceBytes) + (2 << 20) - 1) / (2 << 20) * (2 << 20)
        used = slabBytes
    }
    deinit { for slab in slabs { Glibc.free(slab) } }

    func piece() -> UnsafeMutableRawPointer {
        if used + pieceBytes > slabBytes {
            var memory: UnsafeMutableRawPointer?
            guard posix_memalign(&memory, 2 << 20, slabBytes) == 0, let memory else { fatalError("out of memory") }
            madvise(memory, slabBytes, Int32(MADV_HUGEPAGE))
            slabs.append(memory)
            bytes += slabBytes
            used = 0
        }
        defer { used += pieceBytes }
        return slabs[slabs.count - 1] + used
    }
}
