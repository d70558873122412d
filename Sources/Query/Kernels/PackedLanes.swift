/// Counts and sums of few groups, taken in a batch at a time: rows that follow each other add to different lanes, so that none waits for
/// the one before it, and one word holds both a lane's count (above bit 44) and its sum of 32-bit codes (below).
final class PackedLanes {
    /// With more groups, emptying the lanes after each batch costs more than they save.
    static let groupsMax = 256
    private static let countShift: UInt64 = 44
    private let words: UnsafeMutablePointer<UInt64>
    /// Of whole values, whose sums take all of a word.
    private let counts: UnsafeMutablePointer<UInt64>

    init() {
        words = .allocate(capacity: Self.groupsMax * 4)
        words.initialize(repeating: 0, count: Self.groupsMax * 4)
        counts = .allocate(capacity: Self.groupsMax * 4)
        counts.initialize(repeating: 0, count: Self.groupsMax * 4)
    }
    deinit {
        words.deallocate()
        counts.deallocate()
    }

    /// Calls `receive` with the count and the sum of codes of each group that has rows. A batch has at most ``vectorRowsMax`` rows, so
    /// that neither half of a word runs over.
    @inline(__always)
    func sum(
        _ codes: UnsafePointer<UInt32>, _ groups: UnsafePointer<UInt32>, _ mask: UnsafePointer<UInt8>?, _ count: Int,
        groups groupCount: Int,
        _ receive: (_ group: Int, _ rows: Int, _ sum: Int64) -> Void
    ) {
        let one: UInt64 = 1 << Self.countShift
        if let mask {
            addRows(groups, count) { i in (one | UInt64(codes[i])) & (0 &- UInt64(mask[i])) }
        } else {
            addRows(groups, count) { i in one | UInt64(codes[i]) }
        }
        empty(groupCount) { group, word0, word1, word2, word3 in
            let rows = (word0 >> Self.countShift) &+ (word1 >> Self.countShift) &+ (word2 >> Self.countShift) &+ (word3 >> Self.countShift)
            let low = one &- 1
            let sum = (word0 & low) &+ (word1 & low) &+ (word2 & low) &+ (word3 & low)
            receive(group, Int(truncatingIfNeeded: rows), Int64(truncatingIfNeeded: sum))
        }
    }

    /// The same for whole values; false, and nothing is done, where a batch of the largest could run over 64 bits.
    @inline(__always)
    func sum(
        _ values: UnsafePointer<Int64>, _ groups: UnsafePointer<UInt32>, _ mask: UnsafePointer<UInt8>?, _ count: Int,
        groups groupCount: Int, _ receive: (_ group: Int, _ rows: Int, _ sum: Int64) -> Void
    ) -> Bool {
        var all: Int64 = 0
        for i in 0..<count { all |= values[i] ^ (values[i] >> 63) }
        guard all < 1 << 51 else { return false }
        let counts = counts
        if let mask {
            addRows(groups, count) { i in UInt64(bitPattern: values[i] & (0 &- Int64(mask[i]))) }
            for i in 0..<count { counts[Int(groups[i]) &<< 2 | i & 3] &+= UInt64(mask[i]) }
        } else {
            addRows(groups, count) { i in UInt64(bitPattern: values[i]) }
            for i in 0..<count { counts[Int(groups[i]) &<< 2 | i & 3] &+= 1 }
        }
        let words = words
        for group in 0..<groupCount {
            let (sums, rows) = (words + group &<< 2, counts + group &<< 2)
            let total = rows[0] &+ rows[1] &+ rows[2] &+ rows[3]
            if total == 0 { continue }
            receive(group, Int(truncatingIfNeeded: total), Int64(bitPattern: sums[0] &+ sums[1] &+ sums[2] &+ sums[3]))
            sums.update(repeating: 0, count: 4)
            rows.update(repeating: 0, count: 4)
        }
        return true
    }

    /// Calls `receive` with the number of rows of each group that has any.
    @inline(__always)
    func count(
        _ groups: UnsafePointer<UInt32>, _ mask: UnsafePointer<UInt8>?, _ count: Int, groups groupCount: Int,
        _ receive: (_ group: Int, _ rows: Int) -> Void
    ) {
        if let mask {
            addRows(groups, count) { i in UInt64(mask[i]) }
        } else {
            addRows(groups, count) { _ in 1 }
        }
        empty(groupCount) { group, a, b, c, d in receive(group, Int(truncatingIfNeeded: a &+ b &+ c &+ d)) }
    }

    @inline(__always)
    private func addRows(_ groups: UnsafePointer<UInt32>, _ count: Int, _ word: (Int) -> UInt64) {
        let words = words
        var i = 0
        while i &+ 4 <= count {
            words[Int(groups[i]) &<< 2] &+= word(i)
            words[Int(groups[i &+ 1]) &<< 2 | 1] &+= word(i &+ 1)
            words[Int(groups[i &+ 2]) &<< 2 | 2] &+= word(i &+ 2)
            words[Int(groups[i &+ 3]) &<< 2 | 3] &+= word(i &+ 3)
            i &+= 4
        }
        while i < count {
            words[Int(groups[i]) &<< 2] &+= word(i)
            i &+= 1
        }
    }

    @inline(__always)
    private func empty(_ groupCount: Int, _ receive: (Int, UInt64, UInt64, UInt64, UInt64) -> Void) {
        precondition(groupCount <= Self.groupsMax)
        let words = words
        for group in 0..<groupCount {
            let lane = words + group &<< 2
            if lane[0] | lane[1] | lane[2] | lane[3] == 0 { continue }
            receive(group, lane[0], lane[1], lane[2], lane[3])
            lane.update(repeating: 0, count: 4)
        }
    }
}
