import Storage

/// `min` and `max` of integers, dates and times: one word a group, in which the better value is always the larger unsigned number and 0
/// stands for none.
final class IntegerExtremeAccumulator: Accumulator {
    private var best = GroupStates<UInt64>()
    /// Only where the value that 0 would stand for may come.
    private var seen = GroupStates<UInt8>()
    private let tracksSeen: Bool
    /// What turns values into numbers that grow as they get better, and back.
    private let flip: UInt64

    init(isMaximum: Bool, argument: Evaluator, filter: Evaluator?, tracksSeen: Bool) {
        flip = isMaximum ? 1 << 63 : ~(1 << 63)
        self.tracksSeen = tracksSeen
        super.init(type: argument.type, arguments: [argument], filter: filter)
    }
    deinit {
        best.free()
        seen.free()
    }
    override func grow(from old: Int, to new: Int) {
        best.grow(to: new)
        if tracksSeen { seen.grow(to: new) }
    }

    override func share(_ other: Accumulator) -> Bool {
        guard let other = other as? IntegerExtremeAccumulator, other.tracksSeen == tracksSeen else { return false }
        best.share(other.best)
        seen.share(other.seen)
        setShared(capacity: other.capacity)
        return true
    }

    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        let vector = vectors[0]
        let count = batch.count
        guard count > 0 else { return }
        let best = best.pointer
        let flip = flip
        if groups == nil, mask == nil {
            let values = vector.integers
            var low = values[0]
            var high = low
            for i in 0..<count {
                low = min(low, values[i])
                high = max(high, values[i])
            }
            return consider(low, high)
        }
        let values = vector.integers
        if let groups, mask == nil {
            for i in 0..<count {
                let key = UInt64(bitPattern: values[i]) ^ flip
                let group = Int(groups[i])
                best[group] = max(best[group], key)
            }
            if tracksSeen {
                let seen = seen.pointer
                for i in 0..<count { seen[Int(groups[i])] = 1 }
            }
            return
        }
        for i in 0..<count where mask == nil || mask![i] != 0 {
            let key = UInt64(bitPattern: values[i]) ^ flip
            let group = groups == nil ? 0 : Int(groups![i])
            best[group] = max(best[group], key)
            if tracksSeen { seen.pointer[group] = 1 }
        }
    }

    private func consider(_ low: Int64, _ high: Int64) {
        for value in [low, high] { best.pointer[0] = max(best.pointer[0], UInt64(bitPattern: value) ^ flip) }
        if tracksSeen { seen.pointer[0] = 1 }
    }

    override func canTake(_ block: WholeBlock) -> Bool {
        hasNoFilter && (arguments[0] as? ColumnEvaluator).map { block.meta($0.slot) != nil } ?? false
    }
    override func take(_ block: WholeBlock) {
        guard let slot = (arguments[0] as? ColumnEvaluator)?.slot, let meta = block.meta(slot) else { return }
        if meta.nullCount < meta.rowCount { consider(meta.minimum, meta.maximum) }
    }

    override func merge(_ other: Accumulator, map: [UInt32]?) throws {
        guard let other = other as? IntegerExtremeAccumulator else { preconditionFailure("workers of one query aggregate alike") }
        for group in 0..<min(other.best.count, map?.count ?? .max) {
            let target = Self.target(group, map)
            best.pointer[target] = max(best.pointer[target], other.best.pointer[group])
            if tracksSeen { seen.pointer[target] |= other.seen.pointer[group] }
        }
    }

    @inline(__always)
    private func isSeen(_ group: Int) -> Bool { tracksSeen ? seen.pointer[group] != 0 : best.pointer[group] != 0 }

    override func finish(_ groups: [Int]) throws -> ColumnBuffer {
        let out = ColumnBuffer(type: type, capacity: groups.count)
        for group in groups {
            if isSeen(group) { out.append(integer: Int64(bitPattern: best.pointer[group] ^ flip)) } else { out.appendNull() }
        }
        return out
    }

    override func finishAll(_ count: Int) throws -> ColumnBuffer {
        let out = ColumnBuffer(type: type, rows: count)
        let (best, values, flip) = (best.pointer, out.integers, flip)
        var missing: UInt64 = 0
        for i in 0..<count {
            // What lies under a null is harmless.
            values[i] = best[i] == 0 ? 0 : Int64(bitPattern: best[i] ^ flip)
            missing |= best[i] == 0 ? 1 : 0
        }
        if tracksSeen {
            // Here 0 may stand for a value.
            for i in 0..<count where isSeen(i) { values[i] = Int64(bitPattern: best[i] ^ flip) }
        }
        if tracksSeen || missing != 0 { out.setNulls((0..<count).map { isSeen($0) ? 0 : 1 }) }
        return out
    }
}
