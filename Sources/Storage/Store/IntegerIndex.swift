#if canImport(Glibc)
    import Glibc
#endif

/// Finds the id of an integer key: an array over the range of the keys where they are dense enough, else open addressing.
///
/// Keys are found by reading one slot either way; the values themselves stand in the order of their ids elsewhere.
final class IntegerIndex {
    /// An array may have this many slots for nothing: zeroed pages that nobody touches cost no memory.
    private static let denseSlotsMin = 1 << 22
    /// Beyond that an array may have so many slots for every key.
    private static let denseSlotsPerKey = 16

    /// id + 1, or 0; slot `value - low`.
    private(set) var slots: UnsafeMutablePointer<UInt32>?
    private(set) var low: Int64 = 0
    private(set) var slotCount: UInt64 = 0
    private var buckets: UnsafeMutablePointer<Bucket>?
    private var bucketCount = 0
    private(set) var count = 0
    private var minimum = Int64.max
    private var maximum = Int64.min

    private struct Bucket {
        var value: Int64
        /// id + 1, or 0.
        var slot: UInt32
    }

    deinit {
        IntegerIndex.free(slots, slotCount)
        Glibc.free(buckets)
    }

    /// An array of this size and more lies on huge pages: a look-up anywhere in it would else miss the table of pages as well.
    private static let hugeBytesMin = 4 << 20

    private static func zeroedSlots(_ count: UInt64) throws -> UnsafeMutablePointer<UInt32> {
        let bytes = Int(count) * 4
        if bytes < hugeBytesMin { return try zeroed(Int(count), of: UInt32.self) }
        guard let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), memory != MAP_FAILED else {
            throw StorageError(.environment, "not enough memory for \(count) keys")
        }
        madvise(memory, bytes, MADV_HUGEPAGE)
        return memory.bindMemory(to: UInt32.self, capacity: Int(count))
    }

    private static func free(_ slots: UnsafeMutablePointer<UInt32>?, _ count: UInt64) {
        guard let slots else { return }
        if Int(count) * 4 < hugeBytesMin { Glibc.free(slots) } else { munmap(slots, Int(count) * 4) }
    }

    @inline(__always)
    func find(_ value: Int64) -> UInt32? {
        if let slots {
            let at = UInt64(bitPattern: value &- low)
            if at >= slotCount { return nil }
            let held = slots[Int(truncatingIfNeeded: at)]
            return held == 0 ? nil : held &- 1
        }
        guard let buckets else { return nil }
        var at = IntegerIndex.home(value, bucketCount)
        while buckets[at].slot != 0 {
            if buckets[at].value == value { return buckets[at].slot &- 1 }
            at = (at &+ 1) & (bucketCount &- 1)
        }
        return nil
    }

    /// Adds a value that is not here yet.
    func insert(_ value: Int64, id: UInt32) throws {
        minimum = min(minimum, value)
        maximum = max(maximum, value)
        if buckets == nil, UInt64(bitPattern: value &- low) >= slotCount { try widen() }
        if let slots {
            slots[Int(truncatingIfNeeded: UInt64(bitPattern: value &- low))] = id &+ 1
        } else {
            if (count + 1) * 2 > bucketCount { try growBuckets() }
            if slots != nil { return try insert(value, id: id) }
            place(Bucket(value: value, slot: id &+ 1))
        }
        count += 1
    }

    /// The range that holds all values, with room to grow at the end where keys usually go on.
    private func widen() throws {
        let span = UInt64(bitPattern: maximum &- minimum)
        let limit = UInt64(max(IntegerIndex.denseSlotsMin, (count + 1) * IntegerIndex.denseSlotsPerKey))
        guard span < limit else { return try moveToBuckets() }
        var low = slotCount > 0 ? self.low : minimum
        if minimum < low {
            // Values that come downward ask for room below, as many as there are.
            low = minimum - Int64(min(span, UInt64(bitPattern: minimum &- Int64.min)))
        }
        let needed = UInt64(bitPattern: maximum &- low) + 1
        var wanted = max(needed, slotCount > 0 ? min(limit, needed * 2) : 1 << 10)
        // Never past the last integer: a slot's value must exist.
        wanted = min(wanted, UInt64(bitPattern: Int64.max &- low))
        if wanted < needed { return try moveToBuckets() }
        let larger = try IntegerIndex.zeroedSlots(wanted)
        if let slots {
            let offset = UInt64(bitPattern: self.low &- low)
            memcpy(larger + Int(offset), slots, Int(min(slotCount, wanted - offset)) * 4)
            IntegerIndex.free(slots, slotCount)
        }
        slots = larger
        self.low = low
        slotCount = wanted
    }

    private func moveToBuckets() throws {
        var size = 1 << 12
        while size < (count + 1) * 2 { size *= 2 }
        let old = slots
        buckets = try IntegerIndex.zeroed(size, of: Bucket.self)
        bucketCount = size
        if let old {
            for at in 0..<Int(slotCount) where old[at] != 0 { place(Bucket(value: low &+ Int64(at), slot: old[at])) }
            IntegerIndex.free(old, slotCount)
        }
        slots = nil
        slotCount = 0
    }

    private func growBuckets() throws {
        let old = UnsafeMutableBufferPointer(start: buckets, count: bucketCount)
        // Keys that came in no order may have turned out dense.
        let span = UInt64(bitPattern: maximum &- minimum)
        if span < UInt64((count + 1) * IntegerIndex.denseSlotsPerKey / 2), maximum < .max {
            let dense = try IntegerIndex.zeroedSlots(span + 1)
            for bucket in old where bucket.slot != 0 { dense[Int(bucket.value &- minimum)] = bucket.slot }
            slots = dense
            low = minimum
            slotCount = span + 1
            Glibc.free(buckets)
            buckets = nil
            bucketCount = 0
            return
        }
        let size = bucketCount * 2
        buckets = try IntegerIndex.zeroed(size, of: Bucket.self)
        bucketCount = size
        for bucket in old where bucket.slot != 0 { place(bucket) }
        Glibc.free(old.baseAddress)
    }

    private func place(_ bucket: Bucket) {
        guard let buckets else { return }
        var at = IntegerIndex.home(bucket.value, bucketCount)
        while buckets[at].slot != 0 { at = (at &+ 1) & (bucketCount &- 1) }
        buckets[at] = bucket
    }

    @inline(__always)
    private static func home(_ value: Int64, _ count: Int) -> Int {
        let (high, low) = UInt64(bitPattern: value).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return Int(truncatingIfNeeded: high ^ low) & (count &- 1)
    }

    private static func zeroed<T>(_ count: Int, of type: T.Type) throws -> UnsafeMutablePointer<T> {
        guard let memory = calloc(count, MemoryLayout<T>.stride) else {
            throw StorageError(.environment, "not enough memory for \(count) keys")
        }
        return memory.bindMemory(to: type, capacity: count)
    }
}
