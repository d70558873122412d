import Storage

/// `distinct(x)` where no bitmap of the values is small enough: pairs of group and value, a word each, in a table. When it outgrows the cache
/// the pairs are put apart by their hash instead and told apart at the end, part by part.
final class PairDistinctAccumulator: Accumulator {
    /// How a value becomes the lower half of its pair's word.
    enum Values {
        /// Whole numbers less than 2^32 above this.
        case near(Int64)
        /// Codes and bools.
        case codes
        /// Anything, numbered in the order of its coming.
        case numbered
        /// Any number where all rows are one group: the word is the value alone.
        case alone
    }
    private static let partBits = 9
    /// Where each pair comes that often, a table is still better than rows put apart.
    private static let rowsPerPairMin = 16

    private let values: Values
    private let pairsInCacheMax: Int
    private let threads: Int
    private var table: WordTable?
    private var rows = 0
    private var numbers: WordTable?
    private var texts: TextInterner?
    /// Our own, then other workers'.
    private var stores: [RowPartitions] = []
    private let words = UnsafeMutablePointer<UInt64>.allocate(capacity: vectorRowsMax)
    private let ids = UnsafeMutablePointer<UInt32>.allocate(capacity: vectorRowsMax)
    private let parts = UnsafeMutablePointer<UInt16>.allocate(capacity: vectorRowsMax)

    private let room: RowPartitions.Room
    private let chunk = ChunkBatch(Layout([]))

    init(_ values: Values, argument: Evaluator, filter: Evaluator?, pairsInCacheMax: Int, threads: Int, room: RowPartitions.Room) {
        self.room = room
        self.values = values
        self.pairsInCacheMax = pairsInCacheMax
        self.threads = threads
        table = WordTable()
        if case .numbered = values {
            if argument.type == .text { texts = TextInterner() } else { numbers = WordTable() }
        }
        super.init(type: .int, arguments: [argument], filter: filter)
    }
    deinit {
        table?.free()
        numbers?.free()
        words.deallocate()
        ids.deallocate()
        parts.deallocate()
    }

    /// Pairs that are put apart are charged by those who hold them.
    override var bytes: Int { (table?.bytes ?? 0) + (numbers?.bytes ?? 0) + (texts?.byteCount ?? 0) }

    // MARK: adding

    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        let vector = vectors[0]
        let words = words
        var count = batch.count
        switch (values, vector.form) {
        case (.near(let minimum), .integers):
            let integers = vector.integers
            count = write(count, groups, mask) { UInt64(bitPattern: integers[$0] &- minimum) }
        case (.codes, .codes):
            let codes = vector.codes
            count = write(count, groups, mask) { UInt64(codes[$0]) }
        case (.codes, .mask):
            let flags = vector.mask
            count = write(count, groups, mask) { UInt64(flags[$0]) }
        case (.alone, .integers):
            let integers = vector.integers
            count = write(count, nil, mask) { UInt64(bitPattern: integers[$0]) }
        case (.alone, .doubles):
            // +0 and -0 are one value.
            let doubles = vector.doubles
            count = write(count, nil, mask) { (doubles[$0] + 0.0).bitPattern }
        case (.numbered, .texts):
            let views = vector.texts
            for i in 0..<count where mask == nil || mask![i] != 0 { ids[i] = texts!.code(of: views[i]) }
            let ids = ids
            count = write(count, groups, mask) { UInt64(ids[$0]) }
        case (.numbered, .integers):
            numbers!.assign(UnsafeRawPointer(vector.integers).assumingMemoryBound(to: UInt64.self), count, into: ids)
            let ids = ids
            count = write(count, groups, mask) { UInt64(ids[$0]) }
        case (.numbered, .doubles):
            let doubles = vector.doubles
            for i in 0..<count { words[i] = (doubles[i] + 0.0).bitPattern }
            numbers!.assign(words, count, into: ids)
            let ids = ids
            count = write(count, groups, mask) { UInt64(ids[$0]) }
        case (.near, _), (.codes, _), (.alone, _), (.numbered, _): preconditionFailure("values that their way does not fit")
        }
        try take(count)
    }

    /// Writes the words of the rows that count; returns how many.
    @inline(__always)
    private func write(
        _ count: Int, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?, _ value: (Int) -> UInt64
    ) -> Int {
        let words = words
        switch (groups, mask) {
        case (nil, nil):
            for i in 0..<count { words[i] = value(i) }
            return count
        case (let groups?, nil):
            for i in 0..<count { words[i] = UInt64(groups[i]) << 32 | value(i) }
            return count
        case (_, let mask?):
            var kept = 0
            for i in 0..<count {
                let word = (groups.map { UInt64($0[i]) << 32 } ?? 0) | value(i)
                words[min(kept, vectorRowsMax - 1)] = word
                kept &+= mask[i] != 0 ? 1 : 0
            }
            return kept
        }
    }

    /// Takes in the first `count` of ``words``.
    private func take(_ count: Int) throws {
        if table == nil { return try put(count) }
        table!.assign(words, count, into: ids)
        rows += count
        let pairs = table!.count
        if pairs > pairsInCacheMax, rows < pairs * Self.rowsPerPairMin { try partition() }
    }

    /// Puts the first `count` of ``words`` apart.
    private func put(_ count: Int) throws {
        if stores.isEmpty { stores.append(RowPartitions(Layout([]), partitions: 1 << Self.partBits, room: room)) }
        let (words, parts) = (words, parts)
        for i in 0..<count { parts[i] = UInt16(truncatingIfNeeded: WordTable.hash(words[i]) >> UInt64(64 - Self.partBits)) }
        try stores[0].append([], words: words, partitions: parts, count: count)
    }

    /// From a table to parts.
    private func partition() throws {
        guard let old = table else { return }
        table = nil
        let known = UnsafeMutablePointer<UInt64>.allocate(capacity: max(old.count, 1))
        defer { known.deallocate() }
        old.copyWords(into: known)
        let count = old.count
        old.free()
        // What is in ``words`` has been taken in.
        for first in stride(from: 0, to: count, by: vectorRowsMax) {
            let size = min(vectorRowsMax, count - first)
            words.update(from: known + first, count: size)
            try put(size)
        }
    }

    // MARK: merging

    override func merge(_ other: Accumulator, map: [UInt32]?) throws {
        guard let other = other as? PairDistinctAccumulator else { preconditionFailure("workers of one query aggregate alike") }
        let translation = translation(of: other)
        if other.table == nil, map == nil, translation == nil {
            try partition()
            // Ours stay in front, where rows are added.
            if stores.isEmpty { try put(0) }
            stores += other.stores
            return
        }
        try other.visit { word in
            var word = word
            if let map { word = UInt64(map[Int(word >> 32)]) << 32 | word & 0xFFFF_FFFF }
            if let translation { word = word & ~0xFFFF_FFFF | UInt64(translation[Int(word & 0xFFFF_FFFF)]) }
            return word
        } receive: { pointer, count in
            words.update(from: pointer, count: count)
            try take(count)
        }
    }

    /// What the other's numbers are here.
    private func translation(of other: PairDistinctAccumulator) -> [UInt32]? {
        if let theirs = other.texts {
            return (0..<theirs.count).map { code in theirs.withView(UInt32(code)) { texts!.code(of: $0) } }
        }
        guard let theirs = other.numbers else { return nil }
        let found = UnsafeMutablePointer<UInt64>.allocate(capacity: max(theirs.count, 1))
        defer { found.deallocate() }
        theirs.copyWords(into: found)
        return (0..<theirs.count).map { numbers!.number(of: found[$0]) }
    }

    /// All words, changed, a batch at a time.
    private func visit(_ change: (UInt64) -> UInt64, receive: (UnsafePointer<UInt64>, Int) throws -> Void) throws {
        let batch = UnsafeMutablePointer<UInt64>.allocate(capacity: vectorRowsMax)
        defer { batch.deallocate() }
        func hand(_ from: UnsafePointer<UInt64>, _ count: Int) throws {
            for first in stride(from: 0, to: count, by: vectorRowsMax) {
                let size = min(vectorRowsMax, count - first)
                for i in 0..<size { batch[i] = change(from[first + i]) }
                try receive(batch, size)
            }
        }
        if let table {
            let found = UnsafeMutablePointer<UInt64>.allocate(capacity: max(table.count, 1))
            defer { found.deallocate() }
            table.copyWords(into: found)
            try hand(found, table.count)
        }
        for store in stores {
            for partition in 0..<store.partitionCount {
                for part in store.chunks[partition] {
                    try chunk.move(to: part, of: store)
                    try hand(chunk.words, part.count)
                }
            }
        }
    }

    // MARK: the answer

    override func finish(_ groups: [Int]) throws -> ColumnBuffer {
        let size = (groups.max() ?? 0) + 1
        let tally = DistinctTally(size)
        let isAlone = if case .alone = values { true } else { false }
        if let table {
            if isAlone {
                tally.counts[0] = Int64(table.count)
            } else {
                let found = UnsafeMutablePointer<UInt64>.allocate(capacity: max(table.count, 1))
                defer { found.deallocate() }
                table.copyWords(into: found)
                for i in 0..<table.count { tally.counts[Int(found[i] >> 32)] += 1 }
            }
        } else {
            let queue = MorselQueue(0..<1 << Self.partBits)
            let stores = stores
            for store in stores { try store.finishWriting() }
            let body: @Sendable (Int) -> Void = { _ in
                do {
                    try Self.count(stores, queue, isAlone: isAlone, size, tally)
                } catch {
                    queue.stop()
                    tally.fail(error)
                }
            }
            WorkerThreads.run(threads, body)
        }
        if let error = tally.error { throw error }
        let out = ColumnBuffer(type: .int, capacity: groups.count)
        for group in groups { out.append(integer: tally.counts[group]) }
        return out
    }

    /// One worker: counts the pairs of the partitions that it gets, by group.
    private static func count(_ stores: [RowPartitions], _ queue: MorselQueue, isAlone: Bool, _ size: Int, _ tally: DistinctTally) throws {
        var set = WordSet()
        let chunk = ChunkBatch(Layout([]))
        let own = UnsafeMutablePointer<UInt32>.allocate(capacity: size)
        own.initialize(repeating: 0, count: size)
        defer {
            set.free()
            own.deallocate()
        }
        while let partition = queue.next() {
            set.clear()
            for store in stores {
                for part in store.chunks[partition] {
                    try chunk.move(to: part, of: store)
                    if isAlone {
                        set.insert(chunk.words, part.count) { _ in }
                    } else {
                        set.insert(chunk.words, part.count) { own[Int($0 >> 32)] &+= 1 }
                    }
                }
            }
            if isAlone { tally.add(Int64(set.count)) }
        }
        if isAlone { return }
        tally.add(own, size)
    }
}

/// Counts that several workers add to.
private final class DistinctTally: @unchecked Sendable {
    private let lock = Mutex()
    let counts: UnsafeMutablePointer<Int64>

    init(_ size: Int) {
        counts = .allocate(capacity: size)
        counts.initialize(repeating: 0, count: size)
    }
    deinit { counts.deallocate() }
    private(set) var error: (any Error)?
    func fail(_ error: any Error) { lock.locked { if self.error == nil { self.error = error } } }
    func add(_ more: Int64) { lock.locked { counts[0] += more } }
    func add(_ more: UnsafePointer<UInt32>, _ size: Int) { lock.locked { for i in 0..<size { counts[i] += Int64(more[i]) } } }
}
