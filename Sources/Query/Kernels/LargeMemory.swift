import Glibc

/// Memory for very many values. Large pieces lie on large pages where the system has them, for a page fault for every 4 KB would cost more
/// than the loops that fill them; and they are kept when they are freed, for the next piece of about that size.
enum LargeMemory {
    private static let largeBytesMin = 1 << 19
    private static let pool = LargePool()

    /// How many bytes of freed memory the process may keep; the rest goes back to the system.
    static func keep(_ bytesMax: Int) { pool.keep(bytesMax) }

    /// Freed by ``free(_:)``. What lies in it is unspecified.
    static func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
        guard byteCount >= largeBytesMin else { return .allocate(byteCount: max(byteCount, 64), alignment: 64) }
        return pool.take(byteCount).memory
    }

    /// Freed by ``free(_:)``. All bytes are zero.
    static func allocateZeroed(byteCount: Int) -> UnsafeMutableRawPointer {
        if byteCount < largeBytesMin {
            guard let memory = calloc(max(byteCount, 64), 1) else { fatalError("the system has no memory left") }
            return memory
        }
        let (memory, isFresh) = pool.take(byteCount)
        if !isFresh { memset(memory, 0, byteCount) }
        return memory
    }

    static func free(_ memory: UnsafeMutableRawPointer) {
        // Of what the allocator hands out next to nothing lies at the start of a large page.
        if UInt(bitPattern: memory) % UInt(LargePool.pageBytes) == 0, pool.put(memory) { return }
        Glibc.free(memory)
    }
}

extension UnsafeMutablePointer {
    /// Freed by ``freeLarge()``.
    static func allocateLarge(capacity: Int) -> UnsafeMutablePointer {
        LargeMemory.allocate(byteCount: capacity * MemoryLayout<Pointee>.stride).bindMemory(to: Pointee.self, capacity: capacity)
    }

    /// All bytes are zero. Freed by ``freeLarge()``.
    static func allocateLargeZeroed(capacity: Int) -> UnsafeMutablePointer {
        LargeMemory.allocateZeroed(byteCount: capacity * MemoryLayout<Pointee>.stride).bindMemory(to: Pointee.self, capacity: capacity)
    }

    func freeLarge() { LargeMemory.free(UnsafeMutableRawPointer(self)) }
}

/// Mapped pieces of whole large pages: those in use by their address, and those that nobody uses by their size.
private final class LargePool: @unchecked Sendable {
    static let pageBytes = 2 << 20

    private let lock = Mutex()
    private var used: [UnsafeMutableRawPointer: Int] = [:]
    /// By size.
    private var idle: [(byteCount: Int, memory: UnsafeMutableRawPointer)] = []
    private var idleBytes = 0
    private var idleBytesMax = 1 << 30

    func keep(_ bytesMax: Int) {
        let gone = lock.locked {
            idleBytesMax = bytesMax
            return shrink()
        }
        for piece in gone { munmap(piece.memory, piece.byteCount) }
    }

    func take(_ byteCount: Int) -> (memory: UnsafeMutableRawPointer, isFresh: Bool) {
        let wanted = Self.rounded(byteCount)
        let found = lock.locked { () -> UnsafeMutableRawPointer? in
            // The smallest that is large enough, but not one that most of would lie idle.
            guard let index = idle.firstIndex(where: { $0.byteCount >= wanted }), idle[index].byteCount <= wanted * 2 else { return nil }
            let piece = idle.remove(at: index)
            idleBytes -= piece.byteCount
            used[piece.memory] = piece.byteCount
            return piece.memory
        }
        if let found { return (found, false) }
        let made = Self.map(wanted)
        lock.locked { used[made] = wanted }
        return (made, true)
    }

    /// False where the memory is not from here.
    func put(_ memory: UnsafeMutableRawPointer) -> Bool {
        var gone: [(byteCount: Int, memory: UnsafeMutableRawPointer)] = []
        let isOurs = lock.locked { () -> Bool in
            guard let byteCount = used.removeValue(forKey: memory) else { return false }
            idle.insert((byteCount, memory), at: idle.firstIndex { $0.byteCount >= byteCount } ?? idle.count)
            idleBytes += byteCount
            gone = shrink()
            return true
        }
        for piece in gone { munmap(piece.memory, piece.byteCount) }
        return isOurs
    }

    private func shrink() -> [(byteCount: Int, memory: UnsafeMutableRawPointer)] {
        var gone: [(byteCount: Int, memory: UnsafeMutableRawPointer)] = []
        while idleBytes > idleBytesMax, let largest = idle.popLast() {
            idleBytes -= largest.byteCount
            gone.append(largest)
        }
        return gone
    }

    /// Whole pages, of many of them only so many different numbers that a freed piece is likely to fit again.
    private static func rounded(_ byteCount: Int) -> Int {
        var step = pageBytes
        while byteCount > step * 16 { step *= 2 }
        return (byteCount + step - 1) / step * step
    }

    private static func map(_ byteCount: Int) -> UnsafeMutableRawPointer {
        // One page more than asked for, and what lies before the first and behind the last whole one given back.
        let length = byteCount + pageBytes
        guard let start = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), start != MAP_FAILED else {
            fatalError("the system has no memory left")
        }
        let before = (pageBytes - Int(bitPattern: start) % pageBytes) % pageBytes
        let memory = start + before
        if before > 0 { munmap(start, before) }
        if pageBytes - before > 0 { munmap(memory + byteCount, pageBytes - before) }
        // Where the kernel has no large pages this does nothing.
        madvise(memory, byteCount, MADV_HUGEPAGE)
        return memory
    }
}

/// A piece of memory that its last user frees.
final class RawMemory: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let byteCount: Int

    init(byteCount: Int) {
        self.byteCount = byteCount
        base = LargeMemory.allocate(byteCount: byteCount)
    }
    deinit { LargeMemory.free(base) }

    @inline(__always)
    func of<T>(_ type: T.Type) -> UnsafeMutablePointer<T> { base.assumingMemoryBound(to: type) }
}

/// Row numbers in flat memory.
final class RowNumbers: @unchecked Sendable {
    private let memory: RawMemory
    let count: Int
    let base: UnsafeMutablePointer<UInt32>

    init(count: Int) {
        // Row numbers are 32 bits wide: more rows do not fit the memory of any machine that this runs on.
        precondition(count <= Int(UInt32.max))
        self.count = count
        memory = RawMemory(byteCount: count * 4)
        base = memory.of(UInt32.self)
    }

    convenience init(_ range: Range<Int>) {
        self.init(count: range.count)
        for i in 0..<range.count { base[i] = UInt32(truncatingIfNeeded: range.lowerBound &+ i) }
    }

    convenience init(_ rows: [Int]) {
        self.init(count: rows.count)
        for (i, row) in rows.enumerated() { base[i] = UInt32(row) }
    }

    @inline(__always) subscript(i: Int) -> Int { Int(base[i]) }
}
