import Storage

/// Gives equal texts equal codes, in the order of their first coming. Bytes, their ends and the table lie in flat memory.
final class TextInterner {
    private struct Slot {
        /// Upper half of the hash: most strangers differ here, so that their bytes are not looked at.
        var tag: UInt32
        /// Code + 1; 0: free.
        var mark: UInt32
    }
    private(set) var count = 0
    private var texts: UnsafeMutablePointer<UInt8>
    private var textsCapacity = 1 << 14
    private var textsCount = 0
    /// The end of each text; its beginning is the end of the one before.
    private var ends: UnsafeMutablePointer<Int>
    private var hashes: UnsafeMutablePointer<UInt64>
    private var capacity = 512
    private var slots: UnsafeMutablePointer<Slot>
    private var mask = 1023
    /// Of the texts of one batch.
    private let batchHashes = UnsafeMutablePointer<UInt64>.allocate(capacity: vectorRowsMax)
    private let batchSlots = UnsafeMutablePointer<Slot>.allocate(capacity: vectorRowsMax)

    init() {
        texts = .allocate(capacity: textsCapacity)
        ends = .allocate(capacity: capacity + 1)
        ends[0] = 0
        hashes = .allocate(capacity: capacity)
        slots = .allocate(capacity: mask + 1)
        slots.initialize(repeating: Slot(tag: 0, mark: 0), count: mask + 1)
    }

    deinit {
        texts.deallocate()
        ends.deallocate()
        hashes.deallocate()
        slots.deallocate()
        batchHashes.deallocate()
        batchSlots.deallocate()
    }

    /// Memory held.
    var byteCount: Int { textsCapacity + capacity * 16 + (mask + 1) * MemoryLayout<Slot>.stride }

    func code(of view: TextView) -> UInt32 { code(of: view, hash: Self.hash(view)) }

    private func code(of view: TextView, hash: UInt64) -> UInt32 {
        var at = Int(truncatingIfNeeded: hash) & mask
        let tag = UInt32(truncatingIfNeeded: hash >> 32)
        while slots[at].mark != 0 {
            if slots[at].tag == tag, self[slots[at].mark &- 1].equals(view) { return slots[at].mark &- 1 }
            at = (at &+ 1) & mask
        }
        return insert(view, hash, at)
    }

    /// The codes of up to ``vectorRowsMax`` texts, written `stride` words apart; 0 for those that are null. What most texts find at their first
    /// slot is looked at for a whole batch first, so that the cache misses of many overlap.
    @inline(__always)
    func codes<Word: FixedWidthInteger>(
        of views: UnsafePointer<TextView>, nulls: UnsafePointer<UInt8>?, count: Int, into codes: UnsafeMutablePointer<Word>, stride: Int
    ) {
        let hashes = batchHashes
        for i in 0..<count { hashes[i] = nulls != nil && nulls.unsafelyUnwrapped[i] != 0 ? 0 : Self.hash(views[i]) }
        let (mask, slots) = (mask, slots)
        let places = batchSlots
        for i in 0..<count { places[i] = slots[Int(truncatingIfNeeded: hashes[i]) & mask] }
        for i in 0..<count {
            if let nulls, nulls[i] != 0 {
                codes[i &* stride] = 0
                continue
            }
            let view = views[i]
            let place = places[i]
            let code = place.mark &- 1
            if place.mark != 0, place.tag == UInt32(truncatingIfNeeded: hashes[i] &>> 32), self[code].equals(view) {
                codes[i &* stride] = Word(truncatingIfNeeded: code)
            } else {
                codes[i &* stride] = Word(truncatingIfNeeded: self.code(of: view, hash: hashes[i]))
            }
        }
    }

    /// The code of a text that is there.
    func find(_ view: TextView) -> UInt32? {
        let hash = Self.hash(view)
        var at = Int(truncatingIfNeeded: hash) & mask
        let tag = UInt32(truncatingIfNeeded: hash >> 32)
        while slots[at].mark != 0 {
            if slots[at].tag == tag, self[slots[at].mark &- 1].equals(view) { return slots[at].mark &- 1 }
            at = (at &+ 1) & mask
        }
        return nil
    }

    /// Borrowed until the next text is added.
    @inline(__always)
    subscript(code: UInt32) -> TextView {
        let start = ends[Int(code)]
        return TextView(base: texts + start, count: ends[Int(code) &+ 1] &- start)
    }

    func withView<R>(_ code: UInt32, _ body: (TextView) throws -> R) rethrows -> R { try body(self[code]) }

    /// Appends the texts of some codes to a column of plain text.
    func append(_ codes: Range<Int>, to column: ColumnBuffer) {
        column.append(texts: texts, ends: ends + codes.lowerBound, count: codes.count)
    }

    func makeDictionary() -> TextDictionary {
        TextDictionary(
            bytes: Array(UnsafeBufferPointer(start: texts, count: textsCount)),
            offsets: Array(UnsafeBufferPointer(start: ends, count: count + 1)))
    }

    private func insert(_ view: TextView, _ hash: UInt64, _ at: Int) -> UInt32 {
        precondition(count < UInt32.max - 1)
        if count == capacity {
            ends = Self.grown(ends, count + 1, to: capacity * 2 + 1)
            hashes = Self.grown(hashes, count, to: capacity * 2)
            capacity *= 2
        }
        if textsCount + view.count > textsCapacity {
            let larger = max(textsCapacity * 2, textsCount + view.count)
            texts = Self.grown(texts, textsCount, to: larger)
            textsCapacity = larger
        }
        if let base = view.base { (texts + textsCount).update(from: base, count: view.count) }
        textsCount += view.count
        hashes[count] = hash
        count += 1
        ends[count] = textsCount
        slots[at] = Slot(tag: UInt32(truncatingIfNeeded: hash >> 32), mark: UInt32(count))
        if count * 2 > mask { growSlots() }
        return UInt32(count - 1)
    }

    private static func grown<T>(_ old: UnsafeMutablePointer<T>, _ count: Int, to capacity: Int) -> UnsafeMutablePointer<T> {
        let new = UnsafeMutablePointer<T>.allocate(capacity: capacity)
        new.update(from: old, count: count)
        old.deallocate()
        return new
    }

    private func growSlots() {
        slots.deallocate()
        mask = (mask + 1) * 4 - 1
        slots = .allocate(capacity: mask + 1)
        slots.initialize(repeating: Slot(tag: 0, mark: 0), count: mask + 1)
        for code in 0..<count {
            var at = Int(truncatingIfNeeded: hashes[code]) & mask
            while slots[at].mark != 0 { at = (at &+ 1) & mask }
            slots[at] = Slot(tag: UInt32(truncatingIfNeeded: hashes[code] >> 32), mark: UInt32(code + 1))
        }
    }

    /// Eight bytes at a time, the last eight overlapping what was read before: no byte loop, which costs more than the rest for the short
    /// texts that keys are made of.
    @inline(__always)
    private static func hash(_ view: TextView) -> UInt64 {
        let count = view.count
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: count)
        guard count > 0, let base = view.base else { return hash }
        let bytes = UnsafeRawPointer(base)
        if count >= 8 {
            var at = 0
            while at &+ 8 < count {
                hash = WordTable.hash(hash ^ bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
                at &+= 8
            }
            return WordTable.hash(hash ^ bytes.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self))
        }
        if count >= 4 {
            let low = UInt64(bytes.loadUnaligned(as: UInt32.self))
            let high = UInt64(bytes.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
            return WordTable.hash(hash ^ (low | high << 32))
        }
        let (first, middle, last) = (UInt64(base[0]), UInt64(base[count &>> 1]), UInt64(base[count &- 1]))
        return WordTable.hash(hash ^ (first | middle << 8 | last << 16))
    }
}
