/// Numbers 64-bit words in the order of their first coming. A word lies in its slot beside its number, so that a look-up is one cache miss,
/// and a batch is looked up without a branch that depends on what is found, so that the misses of many rows overlap.
struct WordTable {
    private struct Slot {
        var word: UInt64
        /// The number + 1; 0: free.
        var mark: UInt32
    }
    private(set) var count = 0
    private var slots: UnsafeMutablePointer<Slot>
    private var mask: Int
    private let missed: UnsafeMutablePointer<UInt16>

    init(capacity: Int = 0) {
        var size = 1024
        while size * 5 < capacity * 8 { size *= 2 }
        mask = size - 1
        slots = Self.make(size)
        missed = .allocate(capacity: vectorRowsMax)
    }

    func free() {
        slots.freeLarge()
        missed.deallocate()
    }

    var bytes: Int { (mask + 1) * MemoryLayout<Slot>.stride }

    private static func make(_ size: Int) -> UnsafeMutablePointer<Slot> {
        .allocateLargeZeroed(capacity: size)
    }

    /// All bits of a word in all bits of its hash: the low ones choose a slot, the high ones a partition.
    @inline(__always)
    static func hash(_ word: UInt64) -> UInt64 {
        let (high, low) = (word ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
        return high ^ low
    }

    /// The number of each of up to ``vectorRowsMax`` words; new ones get the next.
    mutating func assign(_ words: UnsafePointer<UInt64>, _ rows: Int, into numbers: UnsafeMutablePointer<UInt32>) {
        let mask = mask
        let slots = slots
        let missed = missed
        var misses = 0
        for i in 0..<rows {
            let word = words[i]
            let slot = slots[Int(truncatingIfNeeded: Self.hash(word)) & mask]
            numbers[i] = slot.mark &- 1
            missed[misses] = UInt16(truncatingIfNeeded: i)
            misses &+= (slot.word != word ? 1 : 0) | (slot.mark == 0 ? 1 : 0)
        }
        for m in 0..<misses {
            let i = Int(missed[m])
            numbers[i] = number(of: words[i])
        }
    }

    @inline(__always)
    mutating func number(of word: UInt64) -> UInt32 {
        var at = Int(truncatingIfNeeded: Self.hash(word)) & mask
        while true {
            let slot = slots[at]
            if slot.mark == 0 { break }
            if slot.word == word { return slot.mark &- 1 }
            at = (at &+ 1) & mask
        }
        return insert(word, at)
    }

    private mutating func insert(_ word: UInt64, _ at: Int) -> UInt32 {
        precondition(count < UInt32.max - 1)
        count += 1
        slots[at] = Slot(word: word, mark: UInt32(count))
        // At most five eighths full.
        if count &* 8 > mask &* 5 { grow() }
        return UInt32(count - 1)
    }

    private mutating func grow() {
        let old = slots
        let oldSize = mask + 1
        mask = oldSize * 2 - 1
        slots = Self.make(oldSize * 2)
        for i in 0..<oldSize where old[i].mark != 0 {
            var at = Int(truncatingIfNeeded: Self.hash(old[i].word)) & mask
            while slots[at].mark != 0 { at = (at &+ 1) & mask }
            slots[at] = old[i]
        }
        old.freeLarge()
    }

    /// Forgets everything, and keeps the memory.
    mutating func clear() {
        slots.update(repeating: Slot(word: 0, mark: 0), count: mask + 1)
        count = 0
    }

    /// Writes each word to the place of its number.
    func copyWords(into words: UnsafeMutablePointer<UInt64>) {
        for i in 0...mask where slots[i].mark != 0 { words[Int(slots[i].mark) &- 1] = slots[i].word }
    }
}

/// Which 64-bit words have come, eight bytes a slot: what ``WordTable`` does where nobody asks for numbers.
struct WordSet {
    private(set) var count = 0
    private var slots: UnsafeMutablePointer<UInt64>
    private var mask = 1023
    /// The word 0 marks free slots and is kept apart.
    private var hasZero = false

    init() {
        slots = .allocateLargeZeroed(capacity: 1024)
    }

    func free() { slots.freeLarge() }

    /// Forgets everything, and keeps the memory.
    mutating func clear() {
        slots.update(repeating: 0, count: mask + 1)
        count = 0
        hasZero = false
    }

    /// Adds words; `isNew` is called for each that was not there.
    @inline(__always)
    mutating func insert(_ words: UnsafePointer<UInt64>, _ rows: Int, _ isNew: (UInt64) -> Void) {
        for i in 0..<rows {
            let word = words[i]
            var at = Int(truncatingIfNeeded: WordTable.hash(word)) & mask
            while slots[at] != word, slots[at] != 0 { at = (at &+ 1) & mask }
            if slots[at] == word, word != 0 { continue }
            if word == 0 {
                if hasZero { continue }
                hasZero = true
            } else {
                slots[at] = word
            }
            count &+= 1
            isNew(word)
            // At most five eighths full.
            if count &* 8 > mask &* 5 { grow() }
        }
    }

    private mutating func grow() {
        let old = slots
        let oldSize = mask + 1
        mask = oldSize * 2 - 1
        slots = .allocateLargeZeroed(capacity: oldSize * 2)
        for i in 0..<oldSize where old[i] != 0 {
            var at = Int(truncatingIfNeeded: WordTable.hash(old[i])) & mask
            while slots[at] != 0 { at = (at &+ 1) & mask }
            slots[at] = old[i]
        }
        old.freeLarge()
    }
}
