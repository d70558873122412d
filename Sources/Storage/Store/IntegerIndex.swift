#if canImport(Glibc)
    import Glibc
#endif

/// Finds the id of an integer key: an array over the range where most keys lie, if they are dense enough, and open addressing for the
/// rest. A key inside the array's range is in the array, any other is not: one slot answers, and a few keys far off cost nothing.
///
/// The values themselves stand in the order of their ids elsewhere.
final class IntegerIndex {
    /// An array may have this many slots for nothing: zeroed pages that nobody touches cost no memory.
    private static let denseSlotsMin = 1 << 22
    /// Beyond that an array may have so many slots for every key in it.
    private static let denseSlotsPerKey = 16

    /// id + 1, or 0; slot `value - low`.
    private(set) var slots: UnsafeMutablePointer<UInt32>?
    private(set) var low: Int64 = 0
    private(set) var slotCount: UInt64 = 0
    /// Keys in the array, and the least and the greatest of them.
    private var denseCount = 0
    private var minimum = Int64.max
    private var maximum = Int64.min
    private var buckets: UnsafeMutablePointer<Bucket>?
    private var bucketCount = 0
    private var sparseCount = 0

    private struct Bucket {
        var value: Int64
        /// id + 1, or 0.
        var slot: UInt32
    }

    var count: Int { denseCount + sparseCount }

    deinit {
        IntegerIndex.free(slots, slotCount)
        Glibc.free(buckets)
    }

    @inline(__always)
    func find(_ value: Int64) -> UInt32? {
        let at = UInt64(bitPattern: value &- low)
        if at < slotCount, let slots {
            let held = slots[Int(truncatingIfNeeded: at)]
            return held == 0 ? nil : held &- 1
        }
        guard let buckets else { return nil }
        var place = IntegerIndex.home(value, bucketCount)
        while buckets[place].slot != 0 {
            if buckets[place].value == value { return buckets[place].slot &- 1 }
            place = (place &+ 1) & (bucketCount &- 1)
        }
        return nil
    }

    /// Adds a value that is not here yet.
    func insert(_ value: Int64, id: UInt32) throws {
        if UInt64(bitPattern: value &- low) >= slotCount, try !widen(toHold: value) {
            if (sparseCount + 1) * 2 > bucketCount { try growBuckets() }
            // The array may have moved to where the others are.
            if UInt64(bitPattern: value &- low) >= slotCount {
                if (sparseCount + 1) * 2 > bucketCount { try enlargeBuckets() }
                place(Bucket(value: value, slot: id &+ 1))
                sparseCount += 1
                return
            }
        }
        hold(value, id &+ 1)
    }

    @inline(__always)
    private func hold(_ value: Int64, _ held: UInt32) {
        slots?[Int(truncatingIfNeeded: UInt64(bitPattern: value &- low))] = held
        minimum = min(minimum, value)
        maximum = max(maximum, value)
        denseCount += 1
    }

    /// Makes the array's range reach a value, with room to grow where keys go on; false where it would be too thin.
    private func widen(toHold value: Int64) throws -> Bool {
        let minimum = min(minimum, value)
        let maximum = max(maximum, value)
        let span = UInt64(bitPattern: maximum &- minimum)
        let limit = UInt64(max(IntegerIndex.denseSlotsMin, (denseCount + 1) * IntegerIndex.denseSlotsPerKey))
        guard span < limit else { return false }
        var low = slotCount > 0 ? self.low : minimum
        if minimum < low {
            // Values that come downward ask for room below, as many as there are.
            low = minimum - Int64(min(span, UInt64(bitPattern: minimum &- Int64.min)))
        }
        let needed = UInt64(bitPattern: maximum &- low) + 1
        var wanted = max(needed, slotCount > 0 ? min(limit, needed * 2) : 1 << 10)
        // Never past the last integer: a slot's value must exist.
        wanted = min(wanted, UInt64(bitPattern: Int64.max &- low))
        // A range that grows by little grows often, and every growth moves all keys.
        if wanted < needed || wanted < slotCount + slotCount / 2 { return false }
        try rebuild(low: low, slotCount: wanted)
        return true
    }

    private func growBuckets() throws {
        var low = Int64.max
        var high = Int64.min
        let old = UnsafeMutableBufferPointer(start: buckets, count: bucketCount)
        for bucket in old where bucket.slot != 0 {
            low = min(low, bucket.value)
            high = max(high, bucket.value)
        }
        // The first keys may have been the strange ones: then the array goes to where most are.
        let span = UInt64(bitPattern: high &- low)
        if sparseCount > denseCount, span < UInt64(sparseCount * IntegerIndex.denseSlotsPerKey), high < .max {
            return try rebuild(low: low, slotCount: span + 1)
        }
        try enlargeBuckets()
    }

    private func enlargeBuckets() throws {
        let old = UnsafeMutableBufferPointer(start: buckets, count: bucketCount)
        let size = max(1 << 10, bucketCount * 2)
        buckets = try IntegerIndex.zeroed(size)
        bucketCount = size
        for bucket in old where bucket.slot != 0 { place(bucket) }
        Glibc.free(old.baseAddress)
    }

    /// Gives the array another range; every key goes where it then belongs.
    private func rebuild(low newLow: Int64, slotCount newCount: UInt64) throws {
        let larger = try IntegerIndex.zeroedSlots(newCount)
        let (oldSlots, oldLow, oldCount) = (slots, low, slotCount)
        let oldBuckets = UnsafeMutableBufferPointer(start: buckets, count: bucketCount)
        (slots, low, slotCount) = (larger, newLow, newCount)
        (denseCount, minimum, maximum) = (0, .max, .min)
        var outside: [Bucket] = []
        if let oldSlots {
            for at in 0..<Int(oldCount) where oldSlots[at] != 0 {
                let value = oldLow &+ Int64(at)
                if UInt64(bitPattern: value &- newLow) < newCount {
                    hold(value, oldSlots[at])
                } else {
                    outside.append(Bucket(value: value, slot: oldSlots[at]))
                }
            }
            IntegerIndex.free(oldSlots, oldCount)
        }
        for bucket in oldBuckets where bucket.slot != 0 {
            if UInt64(bitPattern: bucket.value &- newLow) < newCount {
                hold(bucket.value, bucket.slot)
            } else {
                outside.append(bucket)
            }
        }
        Glibc.free(oldBuckets.baseAddress)
        buckets = nil
        bucketCount = 0
        sparseCount = outside.count
        if outside.isEmpty { return }
        var size = 1 << 10
        while size < (outside.count + 1) * 2 { size *= 2 }
        buckets = try IntegerIndex.zeroed(size)
        bucketCount = size
        for bucket in outside { place(bucket) }
    }

    private func place(_ bucket: Bucket) {
        guard let buckets else { preconditionFailure("no buckets") }
        var at = IntegerIndex.home(bucket.value, bucketCount)
        while buckets[at].slot != 0 { at = (at &+ 1) & (bucketCount &- 1) }
        buckets[at] = bucket
    }

    @inline(__always)
    private static func home(_ value: Int64, _ count: Int) -> Int {
        let (high, low) = UInt64(bitPattern: value).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return Int(truncatingIfNeeded: high ^ low) & (count &- 1)
    }

    // MARK: Memory

    /// An array of this size and more lies on huge pages: a look-up anywhere in it would else miss the table of pages as well.
    private static let hugeBytesMin = 4 << 20

    private static func zeroed(_ count: Int) throws -> UnsafeMutablePointer<Bucket> {
        guard let memory = calloc(count, MemoryLayout<Bucket>.stride) else { throw noMemory(count) }
        return memory.bindMemory(to: Bucket.self, capacity: count)
    }

    private static func zeroedSlots(_ count: UInt64) throws -> UnsafeMutablePointer<UInt32> {
        let bytes = Int(count) * 4
        var memory: UnsafeMutableRawPointer?
        if bytes < hugeBytesMin {
            memory = calloc(Int(count), 4)
        } else {
            memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            if memory == MAP_FAILED { memory = nil }
            if let memory { madvise(memory, bytes, MADV_HUGEPAGE) }
        }
        guard let memory else { throw noMemory(Int(count)) }
        return memory.bindMemory(to: UInt32.self, capacity: Int(count))
    }

    private static func free(_ slots: UnsafeMutablePointer<UInt32>?, _ count: UInt64) {
        guard let slots else { return }
        if Int(count) * 4 < hugeBytesMin { Glibc.free(slots) } else { munmap(slots, Int(count) * 4) }
    }

    private static func noMemory(_ keys: Int) -> StorageError {
        StorageError(.environment, "not enough memory for \(keys) keys")
    }
}
