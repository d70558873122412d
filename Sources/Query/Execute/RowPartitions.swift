import Storage

/// Rows that one worker puts apart by partition, column by column, in chunks: a chunk is read back as a batch.
///
/// Each row has a word of the caller's beside its columns, such as its packed key. Where the memory does not do, all chunks go to a file.
final class RowPartitions: @unchecked Sendable {
    /// Rows of one partition.
    struct Chunk {
        /// Nil where the rows are in the file.
        let base: UnsafeMutableRawPointer?
        var count: Int
        /// A bit for each column that has nulls here.
        var nullColumns: UInt64
        /// Place and size in the file.
        var offset = 0
        var bytes = 0
    }
    /// What a store may take.
    struct Room: Sendable {
        let budget: MemoryBudget
        let holder: String
        /// Of this store; beyond it rows go to a file.
        let bytesMax: Int
        let folder: String?

        static let unbounded = Room(budget: MemoryBudget(bytesMax: .max), holder: "distinct", bytesMax: 1 << 40, folder: nil)
    }
    let layout: Layout
    let partitionCount: Int
    private(set) var rowCount = 0
    private(set) var chunks: [[Chunk]]
    /// Rows of a full chunk.
    private let chunkRows: Int
    /// Where a column's values and its null bytes begin in a chunk.
    private let offsets: [Int]
    private let nullOffsets: [Int]
    fileprivate let chunkBytes: Int

    private let room: Room
    private let lease: MemoryLease
    private let slabs: MemorySlabs
    private var arena = TextArena()
    private var textBytes = 0
    private var file: SpillFile?
    private let bases: UnsafeMutablePointer<UnsafeMutableRawPointer>
    private let fills: UnsafeMutablePointer<UInt32>
    private let counts: UnsafeMutablePointer<UInt32>
    private let places = UnsafeMutablePointer<UInt32>.allocate(capacity: vectorRowsMax)

    init(_ layout: Layout, partitions: Int, room: Room) {
        precondition(layout.slots.count <= 64)
        self.layout = layout
        self.room = room
        partitionCount = partitions
        chunks = Array(repeating: [], count: partitions)
        let strides = layout.slots.map { Vector.Form($0.type, coded: $0.dictionary != nil).stride }
        let rowBytes = 8 + strides.reduce(0, +) + strides.count
        // A chunk for each partition has room, and is not read back in crumbs.
        var chunkRows = vectorRowsMax
        while chunkRows > 64, chunkRows * rowBytes * partitions > room.bytesMax / 2 { chunkRows /= 2 }
        self.chunkRows = chunkRows
        var at = chunkRows * 8
        offsets = strides.map { stride in
            defer { at += chunkRows * stride }
            return at
        }
        nullOffsets = strides.map { _ in
            defer { at += chunkRows }
            return at
        }
        // Chunks that lie a power of two apart would meet in the same few cache sets.
        chunkBytes = at + 192
        slabs = MemorySlabs(pieceBytes: chunkBytes, slabBytes: room.bytesMax / 4)
        lease = MemoryLease(room.budget, room.holder)
        bases = .allocate(capacity: partitions)
        fills = .allocate(capacity: partitions)
        counts = .allocate(capacity: partitions)
        // Full: the first row opens a chunk.
        fills.initialize(repeating: UInt32(chunkRows), count: partitions)
    }

    deinit {
        bases.deallocate()
        fills.deallocate()
        counts.deallocate()
        places.deallocate()
    }

    // MARK: writing

    /// Puts each row, with its word, into its partition.
    func append(_ vectors: [Vector], words: UnsafePointer<UInt64>, partitions: UnsafePointer<UInt16>, count: Int) throws {
        var first = 0
        while first < count {
            let size = min(chunkRows, count - first)
            try append(vectors, words, partitions, first, size)
            first += size
        }
    }

    private func append(
        _ vectors: [Vector], _ words: UnsafePointer<UInt64>, _ partitions: UnsafePointer<UInt16>, _ first: Int, _ count: Int
    ) throws {
        let (fills, counts, places) = (fills, counts, places)
        let parts = partitions + first
        counts.update(repeating: 0, count: partitionCount)
        for i in 0..<count { counts[Int(parts[i])] &+= 1 }
        try openChunks(textBytes(vectors, first, count))
        for i in 0..<count {
            let p = Int(parts[i])
            let place = fills[p]
            fills[p] = place &+ 1
            places[i] = place
        }
        scatter(words + first, 0, parts, count)
        for (slot, vector) in vectors.enumerated() {
            let offset = offsets[slot]
            switch vector.form {
            case .integers: scatter(UnsafePointer(vector.integers + first), offset, parts, count)
            case .doubles: scatter(UnsafePointer(vector.doubles + first), offset, parts, count)
            case .mask: scatter(UnsafePointer(vector.mask + first), offset, parts, count)
            case .codes: scatter(UnsafePointer(vector.codes + first), offset, parts, count)
            case .texts: scatterTexts(vector, offset, parts, first, count)
            }
            if vector.hasNulls { scatterNulls(vector, slot, parts, first, count) }
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

    /// Texts are copied one behind the other: the room for all of them is asked for once.
    private func scatterTexts(_ vector: Vector, _ offset: Int, _ partitions: UnsafePointer<UInt16>, _ first: Int, _ count: Int) {
        let (bases, places) = (bases, places)
        let texts = vector.texts + first
        let nulls = vector.hasNulls ? UnsafePointer(vector.nulls + first) : nil
        var bytes = 0
        for i in 0..<count where nulls == nil || nulls.unsafelyUnwrapped[i] == 0 { bytes &+= texts[i].count }
        var target = arena.room(bytes)
        for i in 0..<count {
            var view = TextView(base: nil, count: 0)
            if nulls == nil || nulls.unsafelyUnwrapped[i] == 0, let base = texts[i].base, texts[i].count > 0 {
                target.update(from: base, count: texts[i].count)
                view = TextView(base: target, count: texts[i].count)
                target += texts[i].count
            }
            (bases[Int(partitions[i])] + offset).assumingMemoryBound(to: TextView.self)[Int(places[i])] = view
        }
    }

    private func scatterNulls(_ vector: Vector, _ slot: Int, _ partitions: UnsafePointer<UInt16>, _ first: Int, _ count: Int) {
        let bit = UInt64(1) << UInt64(slot)
        for p in 0..<partitionCount where counts[p] > 0 && chunks[p][chunks[p].count &- 1].nullColumns & bit == 0 {
            chunks[p][chunks[p].count &- 1].nullColumns |= bit
            (bases[p] + nullOffsets[slot]).initializeMemory(as: UInt8.self, repeating: 0, count: chunkRows)
        }
        scatter(UnsafePointer(vector.nulls + first), nullOffsets[slot], partitions, count)
    }

    private func textBytes(_ vectors: [Vector], _ first: Int, _ count: Int) -> Int {
        var bytes = 0
        for vector in vectors where vector.form == .texts {
            for i in first..<first + count where !vector.isNull(i) { bytes += vector.texts[i].count }
        }
        return bytes
    }

    /// Sees to it that every partition has room in its chunk for its ``counts``, and the arena for the batch's texts.
    private func openChunks(_ text: Int) throws {
        var needed = 0
        for p in 0..<partitionCount where counts[p] > 0 && Int(fills[p] &+ counts[p]) > chunkRows { needed += 1 }
        if needed == 0, text == 0 { return }
        if !makeRoom(needed, text) {
            try spill()
            needed = 0
            for p in 0..<partitionCount where counts[p] > 0 { needed += 1 }
            let more = slabs.bytesFor(needed) + text
            guard makeRoom(needed, text) else { throw room.budget.shortage(room.holder, more) }
        }
        for p in 0..<partitionCount where counts[p] > 0 && Int(fills[p] &+ counts[p]) > chunkRows {
            let base = slabs.piece()
            chunks[p].append(Chunk(base: base, count: 0, nullColumns: 0))
            bases[p] = base
            fills[p] = 0
        }
    }

    private func makeRoom(_ pieces: Int, _ text: Int) -> Bool {
        let more = slabs.bytesFor(pieces) + text
        if more == 0 { return true }
        // The first slab is a store's in any case, as long as the budget has it.
        guard lease.bytes + more <= room.bytesMax || lease.bytes == 0, lease.tryAdd(more) else { return false }
        slabs.grow(for: pieces)
        textBytes += text
        return true
    }

    // MARK: the file

    /// Writes all chunks to the file, partition by partition, and begins anew with the memory that they had.
    private func spill() throws {
        let file = try self.file ?? SpillFile(folder: room.folder)
        self.file = file
        var buffer: [UInt8] = []
        for p in 0..<partitionCount {
            for (index, chunk) in chunks[p].enumerated() {
                guard let base = chunk.base, chunk.count > 0 else { continue }
                buffer.removeAll(keepingCapacity: true)
                write(chunk, base, into: &buffer)
                let offset = try buffer.withUnsafeBytes { bytes in try bytes.baseAddress.map { try file.append($0, bytes.count) } ?? 0 }
                chunks[p][index] = Chunk(
                    base: nil, count: chunk.count, nullColumns: chunk.nullColumns, offset: offset, bytes: buffer.count)
            }
            chunks[p].removeAll { $0.count == 0 }
            fills[p] = UInt32(chunkRows)
        }
        slabs.reuse()
        arena = TextArena()
        try lease.add(-textBytes)
        textBytes = 0
    }

    /// If some rows are in the file, all are: the memory is for those who read them.
    func finishWriting() throws {
        guard file != nil else { return }
        try spill()
        slabs.removeAll()
        try lease.set(0)
    }

    private func write(_ chunk: Chunk, _ base: UnsafeMutableRawPointer, into buffer: inout [UInt8]) {
        func add(_ start: UnsafeRawPointer, _ count: Int) { buffer.append(contentsOf: UnsafeRawBufferPointer(start: start, count: count)) }
        add(base, chunk.count * 8)
        for (slot, column) in layout.slots.enumerated() {
            let form = Vector.Form(column.type, coded: column.dictionary != nil)
            if form == .texts {
                let texts = (base + offsets[slot]).assumingMemoryBound(to: TextView.self)
                for i in 0..<chunk.count { withUnsafeBytes(of: UInt32(texts[i].count)) { buffer.append(contentsOf: $0) } }
                for i in 0..<chunk.count { buffer.append(contentsOf: texts[i].buffer) }
            } else {
                add(base + offsets[slot], chunk.count * form.stride)
            }
            if chunk.nullColumns >> UInt64(slot) & 1 != 0 { add(base + nullOffsets[slot], chunk.count) }
        }
    }

    /// Brings a chunk of the file to where one in memory would lie: `base` has room for one; texts point into `bytes`.
    fileprivate func load(_ chunk: Chunk, into base: UnsafeMutableRawPointer, _ bytes: UnsafeMutableRawPointer) throws {
        guard let file else { preconditionFailure("a chunk in no file") }
        try file.read(chunk.offset, chunk.bytes, into: bytes)
        var at = 0
        func take(_ count: Int, _ target: UnsafeMutableRawPointer) {
            target.copyMemory(from: bytes + at, byteCount: count)
            at += count
        }
        take(chunk.count * 8, base)
        for (slot, column) in layout.slots.enumerated() {
            let form = Vector.Form(column.type, coded: column.dictionary != nil)
            if form == .texts {
                let texts = (base + offsets[slot]).assumingMemoryBound(to: TextView.self)
                var start = at + chunk.count * 4
                for i in 0..<chunk.count {
                    let count = Int((bytes + at + i * 4).loadUnaligned(as: UInt32.self))
                    texts[i] = TextView(base: UnsafePointer((bytes + start).assumingMemoryBound(to: UInt8.self)), count: count)
                    start += count
                }
                at = start
            } else {
                take(chunk.count * form.stride, base + offsets[slot])
            }
            if chunk.nullColumns >> UInt64(slot) & 1 != 0 { take(chunk.count, base + nullOffsets[slot]) }
        }
        precondition(at == chunk.bytes)
    }

    // MARK: reading

    /// Where a column's values, and the null bytes that it may have, lie in a chunk at `base`.
    func values(_ slot: Int, at base: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer { base + offsets[slot] }
    func nulls(_ slot: Int, of chunk: Chunk, at base: UnsafeMutableRawPointer) -> UnsafeMutablePointer<UInt8>? {
        chunk.nullColumns >> UInt64(slot) & 1 != 0 ? (base + nullOffsets[slot]).assumingMemoryBound(to: UInt8.self) : nil
    }

    /// Copies a column of a chunk that lies at `base` into a vector of its form.
    fileprivate func copy(_ slot: Int, of chunk: Chunk, at base: UnsafeMutableRawPointer, into vector: Vector) {
        vector.reset()
        let count = chunk.count
        let from = base + offsets[slot]
        switch vector.form {
        case .integers: vector.integers.update(from: from.assumingMemoryBound(to: Int64.self), count: count)
        case .doubles: vector.doubles.update(from: from.assumingMemoryBound(to: Double.self), count: count)
        case .mask: vector.mask.update(from: from.assumingMemoryBound(to: UInt8.self), count: count)
        case .codes: vector.codes.update(from: from.assumingMemoryBound(to: UInt32.self), count: count)
        case .texts: vector.texts.update(from: from.assumingMemoryBound(to: TextView.self), count: count)
        }
        guard chunk.nullColumns >> UInt64(slot) & 1 != 0 else { return }
        vector.nulls.update(from: (base + nullOffsets[slot]).assumingMemoryBound(to: UInt8.self), count: count)
        vector.hasNulls = true
    }
}

/// Room for one chunk that comes from a file.
final class ChunkMemory {
    private var loaded: UnsafeMutableRawPointer?
    private var loadedBytes = 0
    /// Its bytes as they came, which texts point into.
    private var raw: UnsafeMutableRawPointer?
    private var rawBytes = 0

    deinit {
        loaded?.deallocate()
        raw?.deallocate()
    }

    /// Where the chunk's columns lie, until the next is brought.
    func bring(_ chunk: RowPartitions.Chunk, of store: RowPartitions) throws -> UnsafeMutableRawPointer {
        if let base = chunk.base { return base }
        let target = Self.room(store.chunkBytes, &loaded, &loadedBytes)
        try store.load(chunk, into: target, Self.room(chunk.bytes, &raw, &rawBytes))
        return target
    }

    private static func room(_ count: Int, _ memory: inout UnsafeMutableRawPointer?, _ size: inout Int) -> UnsafeMutableRawPointer {
        if let memory, size >= count { return memory }
        memory?.deallocate()
        let made = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 64)
        memory = made
        size = count
        return made
    }
}

/// Batches over chunks, wherever they lie.
final class ChunkBatch: Batch {
    private let vectors: [Vector]
    private let memory = ChunkMemory()
    private var store: RowPartitions?
    private var chunk: RowPartitions.Chunk?
    private var base: UnsafeMutableRawPointer?

    init(_ layout: Layout) {
        vectors = layout.makeVectors()
        super.init(slotCount: vectors.count)
    }

    func move(to chunk: RowPartitions.Chunk, of store: RowPartitions) throws {
        self.store = store
        self.chunk = chunk
        base = try memory.bring(chunk, of: store)
        advance(count: chunk.count)
    }

    /// The words beside the rows.
    var words: UnsafePointer<UInt64> {
        guard let base else { preconditionFailure("a batch of no chunk") }
        return UnsafePointer(base.assumingMemoryBound(to: UInt64.self))
    }

    override func load(_ slot: Int) throws -> Vector {
        guard let store, let chunk, let base else { preconditionFailure("a batch of no chunk") }
        store.copy(slot, of: chunk, at: base, into: vectors[slot])
        return vectors[slot]
    }
}
