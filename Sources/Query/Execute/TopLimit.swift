import Storage
import Synchronization

/// The worst value of the first order column that may still be among the best rows, shared by the workers of one `top`.
final class TopLimit: Sendable {
    private let word = Atomic<UInt64>(.max)
    let descending: Bool

    init(descending: Bool) { self.descending = descending }

    /// In the words of ``KeyColumn``: rows with a larger one are out. The largest word lets everything in.
    var limit: UInt64 { word.load(ordering: .relaxed) }

    /// Some worker has all the rows it may keep, and none of them is worse.
    func lower(to limit: UInt64) {
        // `Atomic.min` of Swift 6.3 leaves the value as it was.
        var known = word.load(ordering: .relaxed)
        while limit < known {
            let (exchanged, original) = word.weakCompareExchange(expected: known, desired: limit, ordering: .relaxed)
            if exchanged { return }
            known = original
        }
    }

    func word(_ value: Int64) -> UInt64 { descending ? ~KeyColumn.word(value) : KeyColumn.word(value) }
    func word(_ value: Double) -> UInt64 { descending ? ~KeyColumn.word(value) : KeyColumn.word(value) }

    /// The value behind a word.
    func integer(_ word: UInt64) -> Int64 { Int64(bitPattern: (descending ? ~word : word) ^ (1 << 63)) }
    func double(_ word: UInt64) -> Double {
        let bits = descending ? ~word : word
        return Double(bitPattern: bits >> 63 == 1 ? bits ^ (1 << 63) : ~bits)
    }
}

/// Lets a scan go through its blocks from the most promising on and pass over those that cannot hold one of the best rows.
struct BlockGate: Sendable {
    /// The first order column's place in the schema: an integer-class one or a float.
    let column: Int
    let isDouble: Bool
    let limit: TopLimit

    /// The best word that a row of the block may have. Nulls come last: they are let in as long as everything is.
    func best(_ meta: BlockMeta) -> UInt64 {
        if meta.nullCount == meta.rowCount { return .max }
        if isDouble { return limit.word(limit.descending ? meta.maximumDouble : meta.minimumDouble) }
        return limit.word(limit.descending ? meta.maximum : meta.minimum)
    }

    /// A row that equals the last of the best is a tie, which is counted: its block is read.
    func admits(_ meta: BlockMeta) -> Bool { best(meta) <= limit.limit }
}
