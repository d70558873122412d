/// Finds texts by their bytes: open addressing over numbers of views that stand elsewhere. Half of each slot is a tag of the hash, so
/// that a text's bytes are looked at only when it is very likely the right one.
struct TextTable {
    private var slots: UnsafeMutablePointer<UInt64>
    private(set) var slotCount: Int
    private(set) var used = 0

    init(capacity: Int) {
        var size = 256
        while size < capacity * 2 { size *= 2 }
        slotCount = size
        slots = .allocate(capacity: size)
        slots.initialize(repeating: 0, count: size)
    }

    func free() { slots.deallocate() }

    /// Eight bytes at a time, the last eight overlapping what was read before: no byte loop, which costs more than the rest for the short
    /// texts that columns are made of.
    @inline(__always)
    static func hash(_ base: UnsafePointer<UInt8>?, _ count: Int) -> UInt64 {
        var h: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: count)
        // The empty text is the same text with memory behind it and without.
        guard let base, count > 0 else { return h }
        let p = UnsafeRawPointer(base)
        if count >= 8 {
            var at = 0
            while at &+ 8 < count {
                h = mix(h ^ p.loadUnaligned(fromByteOffset: at, as: UInt64.self))
                at &+= 8
            }
            return mix(h ^ p.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self))
        }
        if count >= 4 {
            let low = UInt64(p.loadUnaligned(as: UInt32.self))
            let high = UInt64(p.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
            return mix(h ^ (low | high << 32))
        }
        let first = UInt64(base[0])
        let middle = UInt64(base[count &>> 1])
        let last = UInt64(base[count &- 1])
        return mix(h ^ (first | middle << 8 | last << 16))
    }

    @inline(__always)
    private static func mix(_ x: UInt64) -> UInt64 {
        let (high, low) = x.multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return high ^ low
    }

    @inline(__always)
    func find(_ base: UnsafePointer<UInt8>?, _ count: Int, hash: UInt64, views: UnsafePointer<TextView>) -> UInt32? {
        let mask = slotCount &- 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        let tag = hash &>> 32
        while true {
            let held = slots[slot]
            if held == 0 { return nil }
            if held &>> 32 == tag {
                let index = UInt32(truncatingIfNeeded: held) &- 1
                let view = views[Int(index)]
                if view.count == count, TextTable.equal(view.base, base, count) { return index }
            }
            slot = (slot &+ 1) & mask
        }
    }

    @inline(__always)
    private static func equal(_ a: UnsafePointer<UInt8>?, _ b: UnsafePointer<UInt8>?, _ count: Int) -> Bool {
        guard let a, let b else { return count == 0 }
        let x = UnsafeRawPointer(a)
        let y = UnsafeRawPointer(b)
        if count >= 8 {
            var at = 0
            while at &+ 8 < count {
                if x.loadUnaligned(fromByteOffset: at, as: UInt64.self) != y.loadUnaligned(fromByteOffset: at, as: UInt64.self) {
                    return false
                }
                at &+= 8
            }
            return x.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
                == y.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
        }
        for i in 0..<count where a[i] != b[i] { return false }
        return true
    }

    /// Adds view number `index`, which must not stand here yet. `views` are needed when the table grows.
    mutating func insert(_ index: UInt32, hash: UInt64, views: UnsafePointer<TextView>) {
        if (used + 1) * 2 > slotCount { grow(views) }
        place(index, hash)
        used += 1
    }

    private func place(_ index: UInt32, _ hash: UInt64) {
        let mask = slotCount &- 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 { slot = (slot &+ 1) & mask }
        slots[slot] = hash & 0xFFFF_FFFF_0000_0000 | UInt64(index &+ 1)
    }

    private mutating func grow(_ views: UnsafePointer<TextView>) {
        let old = UnsafeMutableBufferPointer(start: slots, count: slotCount)
        slotCount *= 2
        slots = .allocate(capacity: slotCount)
        slots.initialize(repeating: 0, count: slotCount)
        for held in old where held != 0 {
            let index = UInt32(truncatingIfNeeded: held) &- 1
            let view = views[Int(index)]
            place(index, TextTable.hash(view.base, view.count))
        }
        old.deallocate()
    }
}
