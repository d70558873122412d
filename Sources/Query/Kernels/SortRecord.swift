/// What a sort moves: up to 64 leading bits of a row's key and the row's number.
protocol SortRecord: SendableMetatype {
    init(word: UInt64, row: UInt32)
    /// The key at the high end; below it, where there is room, the row's number.
    var word: UInt64 { get }
    func row(_ rowMask: UInt64) -> UInt32
}

/// Key and row number side by side in one word, where they fit.
struct PackedRecord: SortRecord {
    let word: UInt64
    @inline(__always) init(word: UInt64, row: UInt32) { self.word = word | UInt64(row) }
    @inline(__always) func row(_ rowMask: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word & rowMask) }
}

struct WideRecord: SortRecord {
    // In halves, so that a record takes 12 bytes and not 16.
    private let high: UInt32
    private let low: UInt32
    let number: UInt32
    @inline(__always) var word: UInt64 { UInt64(high) << 32 | UInt64(low) }
    @inline(__always) init(word: UInt64, row: UInt32) {
        high = UInt32(truncatingIfNeeded: word >> 32)
        low = UInt32(truncatingIfNeeded: word)
        number = row
    }
    @inline(__always) func row(_ rowMask: UInt64) -> UInt32 { number }
}

/// Sorts records that lie in the cache.
enum RecordSort {
    private static let insertionMax = 40
    /// Below this many records a narrow digit is better: its bins are cleared and summed for every pass.
    private static let narrowMax = 4096
    static let binsMax = 1 << 11

    /// Sorts by the bits outside of `rowMask`, stably, least significant digit first; digits in which all agree are passed over.
    /// Returns where the sorted records lie: in `records` or in `scratch`.
    @inline(__always)
    static func sort<R: SortRecord>(
        _ records: UnsafeMutablePointer<R>, _ scratch: UnsafeMutablePointer<R>, _ count: Int, rowMask: UInt64,
        bins: UnsafeMutablePointer<UInt32>
    ) -> UnsafeMutablePointer<R> {
        if count <= insertionMax {
            insertion(records, count, rowMask)
            return records
        }
        var different: UInt64 = 0
        let first = records[0].word
        for i in 1..<count { different |= records[i].word ^ first }
        different &= ~rowMask
        let digitBits: UInt64 = count < narrowMax ? 8 : 11
        let binCount = 1 << Int(digitBits)
        let digitMask = UInt64(binCount - 1)
        var from = records
        var to = scratch
        while different != 0 {
            let shift = UInt64(different.trailingZeroBitCount)
            bins.update(repeating: 0, count: binCount)
            for i in 0..<count { bins[Int(from[i].word >> (shift & 63) & digitMask)] &+= 1 }
            var start: UInt32 = 0
            for i in 0..<binCount {
                let size = bins[i]
                bins[i] = start
                start &+= size
            }
            for i in 0..<count {
                let record = from[i]
                let bin = Int(record.word >> (shift & 63) & digitMask)
                to[Int(bins[bin])] = record
                bins[bin] &+= 1
            }
            swap(&from, &to)
            let next = shift + digitBits
            different = next >= 64 ? 0 : (different >> next) << next
        }
        return from
    }

    @inline(__always)
    private static func insertion<R: SortRecord>(_ records: UnsafeMutablePointer<R>, _ count: Int, _ rowMask: UInt64) {
        guard count > 1 else { return }
        for i in 1..<count {
            let record = records[i]
            let word = record.word & ~rowMask
            var j = i
            while j > 0, records[j &- 1].word & ~rowMask > word {
                records[j] = records[j &- 1]
                j &-= 1
            }
            records[j] = record
        }
    }
}
