import Storage

/// `count()`, `count(x)`, `exists(…)`.
final class CountAccumulator: Accumulator {
    private var counts = GroupStates<Int64>()
    private let asBool: Bool
    private let lanes = PackedLanes()

    init(asBool: Bool, arguments: [Evaluator], filter: Evaluator?) {
        self.asBool = asBool
        super.init(type: asBool ? .bool : .int, arguments: arguments, filter: filter)
    }
    deinit { counts.free() }
    override func grow(from old: Int, to new: Int) { counts.grow(to: new) }

    /// Every row is counted.
    var countsRows: Bool { hasNoFilter && arguments.isEmpty }

    override func share(_ other: Accumulator) -> Bool {
        guard let other = other as? CountAccumulator else { return false }
        counts.share(other.counts)
        setShared(capacity: other.capacity)
        return true
    }

    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        let count = batch.count
        let state = counts.pointer
        switch (groups, mask) {
        case (nil, nil): state[0] &+= Int64(count)
        case (nil, let mask?): state[0] &+= Int64(MaskBytes.count(mask, count))
        case (let groups?, let mask):
            if capacity <= PackedLanes.groupsMax {
                lanes.count(groups, mask, count, groups: capacity) { state[$0] &+= Int64($1) }
            } else if let mask {
                for i in 0..<count { state[Int(groups[i])] &+= Int64(mask[i]) }
            } else if GroupRuns.areLong(groups, count) {
                GroupRuns.forEach(groups, count) { group, first, end in state[group] &+= Int64(end &- first) }
            } else {
                for i in 0..<count { state[Int(groups[i])] &+= 1 }
            }
        }
    }

    override func canTake(_ block: WholeBlock) -> Bool {
        hasNoFilter && arguments.count <= 1
            && arguments.allSatisfy { ($0 as? ColumnEvaluator).map { block.meta($0.slot) != nil } ?? false }
    }
    override func take(_ block: WholeBlock) {
        let nulls = (arguments.first as? ColumnEvaluator).flatMap { block.meta($0.slot)?.nullCount } ?? 0
        counts.pointer[0] &+= Int64(block.rowCount - nulls)
    }

    override func merge(_ other: Accumulator, map: [UInt32]?) throws {
        guard let other = other as? CountAccumulator else { preconditionFailure("workers of one query aggregate alike") }
        for group in 0..<min(other.counts.count, map?.count ?? .max) {
            counts.pointer[Self.target(group, map)] &+= other.counts.pointer[group]
        }
    }

    func markHeld(_ count: Int, into marks: UnsafeMutablePointer<UInt8>) {
        let counts = counts.pointer
        for group in 0..<count { marks[group] = counts[group] > 0 ? 1 : 0 }
    }

    override func finish(_ groups: [Int]) throws -> ColumnBuffer {
        let out = ColumnBuffer(type: type, capacity: groups.count)
        for group in groups { out.append(integer: asBool ? (counts.pointer[group] > 0 ? 1 : 0) : counts.pointer[group]) }
        return out
    }

    override func finishAll(_ count: Int) throws -> ColumnBuffer {
        let out = ColumnBuffer(type: type, rows: count)
        if asBool {
            for i in 0..<count { out.mask[i] = counts.pointer[i] > 0 ? 1 : 0 }
        } else {
            out.integers.update(from: counts.pointer, count: count)
        }
        return out
    }
}
