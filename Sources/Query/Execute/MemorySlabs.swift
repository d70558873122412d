/// Memory for many pieces of one size, on large pages where the system has them: rows are scattered over hundreds of places at once.
final class MemorySlabs {
    private static let largePageBytes = 2 << 20
    private let pieceBytes: Int
    private let slabBytes: Int
    private var slabs: [UnsafeMutableRawPointer] = []
    /// The slab that pieces are cut from, and how much of it is gone.
    private var current = 0
    private var used = 0

    /// - Parameter slabBytes: about how much to ask for at once, at most a few large pages.
    init(pieceBytes: Int, slabBytes: Int) {
        self.pieceBytes = (pieceBytes + 63) / 64 * 64
        let wanted = min(max(slabBytes, self.pieceBytes), max(2 * Self.largePageBytes, self.pieceBytes))
        // Whole large pages, or as many pieces as fit.
        self.slabBytes =
            wanted >= Self.largePageBytes
            ? (wanted + Self.largePageBytes - 1) / Self.largePageBytes * Self.largePageBytes : wanted / self.pieceBytes * self.pieceBytes
    }
    deinit { removeAll() }

    private var piecesPerSlab: Int { slabBytes / pieceBytes }
    private var free: Int {
        guard current < slabs.count else { return 0 }
        return (slabs.count - current - 1) * piecesPerSlab + (slabBytes - used) / pieceBytes
    }

    /// What ``grow(for:)`` would take.
    func bytesFor(_ pieces: Int) -> Int { max(0, pieces - free + piecesPerSlab - 1) / piecesPerSlab * slabBytes }

    func grow(for pieces: Int) {
        for _ in 0..<bytesFor(pieces) / slabBytes {
            slabs.append(LargeMemory.allocate(byteCount: slabBytes))
        }
    }

    func piece() -> UnsafeMutableRawPointer {
        if used + pieceBytes > slabBytes {
            current += 1
            used = 0
        }
        precondition(current < slabs.count)
        defer { used += pieceBytes }
        return slabs[current] + used
    }

    /// Begins anew in the same memory.
    func reuse() {
        current = 0
        used = 0
    }

    func removeAll() {
        for slab in slabs { LargeMemory.free(slab) }
        slabs = []
        reuse()
    }
}
