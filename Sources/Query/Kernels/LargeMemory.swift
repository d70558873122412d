import Glibc

/// Memory for very many values. Large pieces lie on large pages where the system has them: a page fault for every 4 KB would cost more than
/// the loops that fill them.
enum LargeMemory {
    private static let largeBytesMin = 4 << 20
    private static let largePageBytes = 2 << 20

    /// Freed by `deallocate()`.
    static func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
        guard byteCount >= largeBytesMin else { return .allocate(byteCount: max(byteCount, 64), alignment: 64) }
        let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: largePageBytes)
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
    deinit { base.deallocate() }

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
