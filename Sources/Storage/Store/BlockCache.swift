import Synchronization

/// One column's blocks of one stripe in memory, checked: what decoders read from. Immutable once made.
final class Stripe: @unchecked Sendable {
    let bytes: RawBuffer
    let entries: UnsafeMutablePointer<BlockEntry>
    let blockCount: Int
    /// The file offset of the first byte.
    let offset: UInt64
    let slot: Int
    fileprivate weak let owner: OpenSegment?
    /// Set by every use, cleared by the clock's hand: what was not used for a whole turn may go.
    let wasUsed = Atomic<Bool>(true)
    /// Its place in the cache's ring, guarded by the cache's lock.
    fileprivate var place = -1

    init(bytes: RawBuffer, entries: [BlockEntry], offset: UInt64, slot: Int, owner: OpenSegment) {
        self.bytes = bytes
        blockCount = entries.count
        self.entries = .allocate(capacity: max(1, entries.count))
        self.entries.initialize(from: entries, count: entries.count)
        self.offset = offset
        self.slot = slot
        self.owner = owner
    }

    deinit { entries.deallocate() }

    @inline(__always)
    func payload(_ block: Int) -> UnsafeRawPointer {
        UnsafeRawPointer(bytes.base) + Int(truncatingIfNeeded: entries[block].offset &- offset)
    }
}

/// Decides which stripes of all a store's segments stay in memory. Lookups go to the segment's own slots and never come here:
/// this lock is taken only when a stripe was read from the disk. A stripe in use outlives its eviction by being referenced.
final class BlockCache: @unchecked Sendable {
    private let mutex = Mutex()
    private let bytesMax: Int
    private var ring: [Stripe] = []
    private var hand = 0
    private(set) var bytes = 0

    let memory: StripeMemory

    init(bytesMax: Int) {
        self.bytesMax = bytesMax
        memory = StripeMemory(cacheBytesMax: bytesMax)
    }

    func insert(_ stripe: Stripe) {
        var gone: [Stripe] = []
        mutex.locked {
            stripe.place = ring.count
            ring.append(stripe)
            bytes += stripe.bytes.capacity
            while bytes > bytesMax, ring.count > 1 {
                if hand >= ring.count { hand = 0 }
                let candidate = ring[hand]
                if candidate === stripe || candidate.wasUsed.exchange(false, ordering: .relaxed) {
                    hand += 1
                } else {
                    removeLocked(candidate)
                    gone.append(candidate)
                }
            }
        }
        for stripe in gone { stripe.owner?.forget(stripe) }
    }

    func remove(_ stripes: [Stripe]) {
        mutex.locked {
            for stripe in stripes where stripe.place >= 0 { removeLocked(stripe) }
        }
    }

    private func removeLocked(_ stripe: Stripe) {
        let last = ring.removeLast()
        if last !== stripe {
            ring[stripe.place] = last
            last.place = stripe.place
        }
        stripe.place = -1
        bytes -= stripe.bytes.capacity
    }
}
