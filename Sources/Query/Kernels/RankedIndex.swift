import Storage

/// Numbers that are told apart, and a row for each: a bit for every number between the smallest and the largest, and with every 64 bits how
/// many stand before them, which is the place of a number's row. A quarter of a byte a number in between, so that it stays in the cache where
/// an array of rows would not.
final class RankedIndex: @unchecked Sendable {
    private struct Word {
        var bits: UInt64
        var before: UInt32
    }
    let minimum: Int64
    private let words: UnsafeMutablePointer<Word>
    private let size: UInt64
    /// The row of each rank; nil where rows stand in the order of their numbers.
    private let rows: UnsafeMutablePointer<Int32>?

    /// So many numbers in between are worth it for `count` of them.
    static func fits(span: Int64, count: Int) -> Bool { span < Int64(min(count * 256, 1 << 32)) }

    /// - Parameter values: `count` numbers, all from `low` to `high`, but for those whose byte in `nulls` is 1.
    /// - Returns: nil where a number comes twice; `double` is the second one's row.
    init?(
        _ values: UnsafePointer<Int64>, nulls: UnsafePointer<UInt8>?, count: Int, low: Int64, high: Int64, isAscending: Bool,
        double: inout Int
    ) {
        minimum = low
        let span = UInt64(bitPattern: high &- low)
        size = span &+ 1
        let wordCount = Int(span >> 6) + 1
        let words = UnsafeMutablePointer<Word>.allocateLarge(capacity: wordCount)
        words.initialize(repeating: Word(bits: 0, before: 0), count: wordCount)
        self.words = words
        var known = 0
        for row in 0..<count where nulls == nil || nulls.unsafelyUnwrapped[row] == 0 {
            let place = UInt64(bitPattern: values[row] &- low)
            let bit = UInt64(1) &<< (place & 63)
            let word = words + Int(truncatingIfNeeded: place &>> 6)
            if word.pointee.bits & bit != 0 {
                words.freeLarge()
                double = row
                return nil
            }
            word.pointee.bits |= bit
            known &+= 1
        }
        var before: UInt32 = 0
        for at in 0..<wordCount {
            words[at].before = before
            before &+= UInt32(truncatingIfNeeded: words[at].bits.nonzeroBitCount)
        }
        guard !isAscending || nulls != nil else {
            rows = nil
            return
        }
        let rows = UnsafeMutablePointer<Int32>.allocateLarge(capacity: max(known, 1))
        self.rows = rows
        for row in 0..<count where nulls == nil || nulls.unsafelyUnwrapped[row] == 0 {
            rows[Self.rank(UInt64(bitPattern: values[row] &- low), words)] = Int32(truncatingIfNeeded: row)
        }
    }

    deinit {
        words.freeLarge()
        rows?.freeLarge()
    }

    @inline(__always)
    private static func rank(_ place: UInt64, _ words: UnsafePointer<Word>) -> Int {
        let word = words[Int(truncatingIfNeeded: place &>> 6)]
        let below = word.bits & ((UInt64(1) &<< (place & 63)) &- 1)
        return Int(word.before) &+ below.nonzeroBitCount
    }

    /// The rows of `first + unit * codes[i]`, counted from ``minimum``; -1 where there is none.
    @inline(__always)
    func find<Code: FixedWidthInteger>(
        _ codes: UnsafePointer<Code>, first: UInt64, unit: UInt64, _ count: Int, into positions: UnsafeMutablePointer<Int32>
    ) {
        let (words, size) = (words, size)
        for i in 0..<count {
            let place = first &+ unit &* UInt64(truncatingIfNeeded: codes[i])
            // What lies beyond looks at the first word, whose answer does not count. By masks, since conditions become branches.
            let inside: UInt64 = place < size ? .max : 0
            let word = words[Int(truncatingIfNeeded: (place &>> 6) & inside)]
            let isThere = Int32(truncatingIfNeeded: word.bits &>> (place & 63) & 1 & inside)
            let below = word.bits & ((UInt64(1) &<< (place & 63)) &- 1)
            positions[i] = (Int32(bitPattern: word.before) &+ Int32(truncatingIfNeeded: below.nonzeroBitCount)) | (isThere &- 1)
        }
        guard let rows else { return }
        for i in 0..<count {
            let rank = positions[i]
            positions[i] = rows[Int(max(rank, 0))] | (rank &>> 31)
        }
    }
}
