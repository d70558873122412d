/// An open-addressing table from keys of a few words to group numbers, in memory of its own: no array checks in the hot loop.
struct GroupTable {
    private(set) var count = 0
    private let width: Int
    /// Keys of all groups, one after another.
    private var words: UnsafeMutablePointer<UInt64>
    private var capacity = 1024
    private var slots: UnsafeMutablePointer<Slot>
    private var mask = 4095

    private struct Slot {
        /// Upper half of the hash: most strangers differ here, so that their keys are not looked at.
        var tag: UInt32
        /// Group + 1; 0: free.
        var mark: UInt32
    }

    init(width: Int) {
        self.width = width
        words = .allocateLarge(capacity: capacity * width)
        slots = .allocateLargeZeroed(capacity: mask + 1)
    }

    var bytes: Int { capacity * width * 8 + (mask + 1) * MemoryLayout<Slot>.stride }

    func free() {
        words.freeLarge()
        slots.freeLarge()
    }

    @inline(__always)
    func key(_ group: Int) -> UnsafeMutablePointer<UInt64> { words + group &* width }

    @inline(__always)
    private static func hash(_ key: UnsafePointer<UInt64>, _ width: Int) -> UInt64 {
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15
        for j in 0..<width {
            let (high, low) = (hash ^ key[j]).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
            hash = high ^ low
        }
        return hash
    }

    @inline(__always)
    mutating func group(of key: UnsafePointer<UInt64>) -> UInt32 {
        let hash = Self.hash(key, width)
        let tag = UInt32(truncatingIfNeeded: hash >> 32)
        var at = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = slots[at]
            if slot.mark == 0 { break }
            if slot.tag == tag {
                let other = words + Int(slot.mark &- 1) &* width
                var difference: UInt64 = 0
                for j in 0..<width { difference |= other[j] ^ key[j] }
                if difference == 0 { return slot.mark &- 1 }
            }
            at = (at &+ 1) & mask
        }
        return insert(key, tag, at)
    }

    /// The groups of up to ``vectorRowsMax`` keys, one after another; new ones get the next. What most rows find at their first slot is looked
    /// at without a branch, so that the cache misses of many rows overlap.
    mutating func assign(_ keys: UnsafePointer<UInt64>, _ rows: Int, into groups: UnsafeMutablePointer<UInt32>) {
        let (mask, slots, words, width) = (mask, slots, words, width)
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: vectorRowsMax) { buffer in
            guard let missed = buffer.baseAddress else { return }
            var misses = 0
            for i in 0..<rows {
                let key = keys + i &* width
                let hash = Self.hash(key, width)
                let slot = slots[Int(truncatingIfNeeded: hash) & mask]
                let group = Int(max(slot.mark, 1) &- 1)
                let other = words + group &* width
                var difference = UInt64(slot.mark == 0 ? 1 : 0)
                for j in 0..<width { difference |= other[j] ^ key[j] }
                groups[i] = UInt32(truncatingIfNeeded: group)
                missed[misses] = UInt16(truncatingIfNeeded: i)
                misses &+= difference != 0 ? 1 : 0
            }
            for m in 0..<misses {
                let i = Int(missed[m])
                groups[i] = group(of: keys + i &* width)
            }
        }
    }

    /// The groups of up to ``vectorRowsMax`` keys, -1 for those that are not there.
    func find(_ keys: UnsafePointer<UInt64>, _ rows: Int, into groups: UnsafeMutablePointer<Int32>) {
        let (mask, slots, words, width) = (mask, slots, words, width)
        for i in 0..<rows {
            let key = keys + i &* width
            let hash = Self.hash(key, width)
            let slot = slots[Int(truncatingIfNeeded: hash) & mask]
            let group = Int(max(slot.mark, 1) &- 1)
            let other = words + group &* width
            var difference: UInt64 = 0
            for j in 0..<width { difference |= other[j] ^ key[j] }
            // Not at the first slot, but perhaps at one behind it.
            groups[i] = slot.mark == 0 ? -1 : difference == 0 ? Int32(truncatingIfNeeded: group) : -2
        }
        for i in 0..<rows where groups[i] == -2 { groups[i] = find(keys + i &* width) }
    }

    private func find(_ key: UnsafePointer<UInt64>) -> Int32 {
        let hash = Self.hash(key, width)
        let tag = UInt32(truncatingIfNeeded: hash >> 32)
        var at = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = slots[at]
            if slot.mark == 0 { return -1 }
            if slot.tag == tag {
                let other = words + Int(slot.mark &- 1) &* width
                var difference: UInt64 = 0
                for j in 0..<width { difference |= other[j] ^ key[j] }
                if difference == 0 { return Int32(truncatingIfNeeded: slot.mark &- 1) }
            }
            at = (at &+ 1) & mask
        }
    }

    private mutating func insert(_ key: UnsafePointer<UInt64>, _ tag: UInt32, _ at: Int) -> UInt32 {
        precondition(count < UInt32.max - 1)
        if count == capacity {
            let grown = UnsafeMutablePointer<UInt64>.allocateLarge(capacity: capacity * 2 * width)
            grown.update(from: words, count: capacity * width)
            words.freeLarge()
            words = grown
            capacity *= 2
        }
        (words + count &* width).update(from: key, count: width)
        count += 1
        slots[at] = Slot(tag: tag, mark: UInt32(count))
        if count &* 2 > mask { grow() }
        return UInt32(count - 1)
    }

    private mutating func grow() {
        let size = (mask + 1) * 4
        slots.freeLarge()
        slots = .allocateLargeZeroed(capacity: size)
        mask = size - 1
        for group in 0..<count {
            let hash = Self.hash(words + group &* width, width)
            var at = Int(truncatingIfNeeded: hash) & mask
            while slots[at].mark != 0 { at = (at &+ 1) & mask }
            slots[at] = Slot(tag: UInt32(truncatingIfNeeded: hash >> 32), mark: UInt32(group + 1))
        }
    }
}
