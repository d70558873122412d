import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Memory for stripes, cut from regions on huge pages: reading a fresh stripe into ordinary pages spends more on page faults than on the
/// copy. A region goes when the last stripe in it goes, so regions are used for half of the cache at most; past that, and for small
/// stripes, memory comes from the allocator piece by piece.
final class StripeMemory: @unchecked Sendable {
    private static let regionBytes = 8 << 20
    private static let pieceBytesMin = 32 << 10
    private static let hugePageBytes = 2 << 20

    /// Regions alive. Held by the regions themselves, which may outlive the store in a snapshot's hands.
    private final class Count: Sendable {
        let value = Atomic<Int>(0)
    }

    private final class Region: @unchecked Sendable {
        let base: UnsafeMutableRawPointer
        private let count: Count

        init?(_ count: Count) {
            var start: UnsafeMutableRawPointer?
            guard posix_memalign(&start, StripeMemory.hugePageBytes, StripeMemory.regionBytes) == 0, let start else { return nil }
            // Where the kernel has no huge pages this does nothing.
            madvise(start, StripeMemory.regionBytes, MADV_HUGEPAGE)
            base = start
            self.count = count
            count.value.add(1, ordering: .relaxed)
        }

        deinit {
            free(base)
            count.value.subtract(1, ordering: .relaxed)
        }
    }

    private let mutex = Mutex()
    private let regionsMax: Int
    private let regions = Count()
    private var current: Region?
    private var used = 0

    init(cacheBytesMax: Int) { regionsMax = cacheBytesMax / 2 / StripeMemory.regionBytes }

    func allocate(_ count: Int) -> RawBuffer {
        guard count >= StripeMemory.pieceBytesMin, count <= StripeMemory.regionBytes / 4 else { return RawBuffer(capacity: count) }
        let rounded = (count + RawBuffer.alignment - 1) & ~(RawBuffer.alignment - 1)
        let piece = mutex.locked { () -> RawBuffer? in
            if current == nil || used + rounded > StripeMemory.regionBytes {
                current = nil
                guard regions.value.load(ordering: .relaxed) < regionsMax, let made = Region(regions) else { return nil }
                current = made
                used = 0
            }
            guard let current else { return nil }
            defer { used += rounded }
            return RawBuffer(borrowing: current.base + used, capacity: rounded, owner: current)
        }
        return piece ?? RawBuffer(capacity: count)
    }
}
