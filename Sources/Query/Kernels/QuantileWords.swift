/// Group and value of a row as one word, and words put apart by ranges of groups that are about as many as fit the cache.
struct QuantileWords: Sendable {
    let low: Int64
    /// Bits of a value's distance from `low`; the group stands above them.
    let valueBits: UInt64
    /// Groups of one range differ in so many of their low bits.
    let rangeBits: UInt64
    let rangeCount: Int

    private static let rowsPerRange = 1 << 16
    private static let rangesMax = 256

    /// nil where group and value do not fit one word.
    init?(low: Int64, span: UInt64, groups: Int, rows: Int) {
        let groupBits = 64 - (groups - 1).leadingZeroBitCount
        let valueBits = 64 - span.leadingZeroBitCount
        guard groupBits + valueBits <= 64, valueBits < 64 else { return nil }
        self.low = low
        self.valueBits = UInt64(valueBits)
        var bits = 0
        while (groups - 1) >> bits >= max(1, min(Self.rangesMax, rows / Self.rowsPerRange)) { bits += 1 }
        rangeBits = UInt64(bits)
        rangeCount = ((groups - 1) >> bits) + 1
    }
}

/// Words in chunks of one size, by range. Each chunk lies at a multiple of its size, so that the place of the next word alone says when it is
/// full.
final class RangedWords {
    static let chunkBytes = 16 << 10
    static let chunkWords = chunkBytes / 8
    private static let slabBytes = 4 << 20

    /// Where the next word of each range goes; nil: into a new chunk.
    private let next: UnsafeMutablePointer<UnsafeMutablePointer<UInt64>?>
    private let rangeCount: Int
    private var chunks: [[UnsafeMutablePointer<UInt64>]]
    private var slabs: [RawMemory] = []
    private var slabUsed = slabBytes
    private(set) var bytes = 0

    init(rangeCount: Int) {
        self.rangeCount = rangeCount
        next = .allocate(capacity: rangeCount)
        next.initialize(repeating: nil, count: rangeCount)
        chunks = Array(repeating: [], count: rangeCount)
    }
    deinit { next.deallocate() }

    @inline(__always)
    func append(_ word: UInt64, to range: Int) {
        let place = next[range] ?? makeChunk(range)
        place.pointee = word
        let after = place + 1
        next[range] = UInt(bitPattern: after) & UInt(Self.chunkBytes - 1) == 0 ? nil : after
    }

    @inline(never)
    private func makeChunk(_ range: Int) -> UnsafeMutablePointer<UInt64> {
        if slabUsed + Self.chunkBytes > Self.slabBytes {
            slabs.append(RawMemory(byteCount: Self.slabBytes))
            slabUsed = 0
            let misplaced = Int(bitPattern: slabs[slabs.count - 1].base) & (Self.chunkBytes - 1)
            if misplaced > 0 { slabUsed = Self.chunkBytes - misplaced }
        }
        let chunk = (slabs[slabs.count - 1].base + slabUsed).assumingMemoryBound(to: UInt64.self)
        slabUsed += Self.chunkBytes
        bytes += Self.chunkBytes
        chunks[range].append(chunk)
        return chunk
    }

    func count(_ range: Int) -> Int {
        guard let last = chunks[range].last else { return 0 }
        let inLast = next[range].map { $0 - last } ?? Self.chunkWords
        return (chunks[range].count - 1) * Self.chunkWords + inLast
    }

    /// Calls `body` with the words of one range, piece by piece.
    func eachPiece(_ range: Int, _ body: (UnsafePointer<UInt64>, Int) -> Void) {
        var left = count(range)
        for chunk in chunks[range] {
            body(UnsafePointer(chunk), min(left, Self.chunkWords))
            left -= Self.chunkWords
        }
    }
}
