import Storage

final class AggregateSink: BatchSink {
    let index: GroupIndex
    let accumulators: [Accumulator]
    private let groups = UnsafeMutablePointer<UInt32>.allocate(capacity: vectorRowsMax)
    private let single: Bool
    /// Rows may be told by a mask: no column is compacted.
    private let takesMasks: Bool

    private let lease: MemoryLease
    /// Another sink answers for the states.
    private var isSharing = false

    init(_ index: GroupIndex, _ accumulators: [Accumulator], _ lease: MemoryLease) {
        self.lease = lease
        self.index = index
        self.accumulators = accumulators
        single = index is SingleGroup
        takesMasks = index.takesMasks && accumulators.allSatisfy(\.takesMasks)
        for accumulator in accumulators { accumulator.reserve(index.groupCount) }
    }
    deinit { groups.deallocate() }

    func consume(_ batch: Batch, morsel: Int) throws {
        if single {
            if takesMasks, let some = batch as? FilteredBatch, !some.takesAll, some.count * Self.compactingShare > some.parent.count {
                for accumulator in accumulators { try accumulator.update(some.parent, nil, rows: UnsafePointer(some.mask)) }
                return
            }
            for accumulator in accumulators { try accumulator.update(batch, nil) }
            return try charge()
        }
        // Not with shared states: adding nothing for a row left out still writes to its group, which may be another worker's by now.
        if takesMasks, !isSharing, let some = batch as? FilteredBatch, !some.takesAll, some.count * 2 > some.parent.count {
            let numbers = try index.numbers(some.parent, groups)
            for accumulator in accumulators { try accumulator.update(some.parent, numbers, rows: UnsafePointer(some.mask)) }
            return try charge()
        }
        let numbers = try index.numbers(batch, groups)
        for accumulator in accumulators {
            accumulator.reserve(index.groupCount)
            try accumulator.update(batch, numbers)
        }
        try charge()
    }

    /// What the groups and their states take.
    func charge() throws {
        if isSharing { return }
        var bytes = index.bytes
        for accumulator in accumulators { bytes += accumulator.bytes }
        if bytes != lease.bytes { try lease.set(bytes) }
    }

    /// Of fewer rows than one in so many, decoding and picking the few costs less than walking past the others.
    private static let compactingShare = 16

    func take(_ block: WholeBlock) -> Bool {
        guard single, accumulators.allSatisfy({ $0.canTake(block) }) else { return false }
        for accumulator in accumulators { accumulator.take(block) }
        return true
    }

    func merge(_ other: AggregateSink) throws {
        let map = index.merge(other.index)
        for (accumulator, theirs) in zip(accumulators, other.accumulators) {
            accumulator.reserve(index.groupCount)
            try accumulator.merge(theirs, map: index.numbersAreOwn ? map : nil)
        }
        try charge()
    }

    /// Works on the owner's states; false where some accumulator cannot.
    func share(_ owner: AggregateSink) -> Bool {
        for (accumulator, theirs) in zip(accumulators, owner.accumulators) where !accumulator.share(theirs) { return false }
        isSharing = true
        return true
    }

    /// 1 for each of the groups from 0 on that has rows, where a state knows; else nil.
    func heldGroups(_ count: Int) -> [UInt8]? {
        for accumulator in accumulators {
            if let rows = accumulator as? CountAccumulator, rows.countsRows {
                return Array(unsafeUninitializedCapacity: count) {
                    rows.markHeld(count, into: $0.baseAddress!)
                    $1 = count
                }
            }
            if let sum = accumulator as? any IntegerSumming, sum.countsRows {
                return Array(unsafeUninitializedCapacity: count) {
                    sum.markHeld(count, into: $0.baseAddress!)
                    $1 = count
                }
            }
        }
        return nil
    }
}
