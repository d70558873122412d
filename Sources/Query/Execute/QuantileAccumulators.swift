import Storage

/// First pass: how many values of each group lie in each bin.
final class BinCountAccumulator: Accumulator {
    let bins: QuantileBins
    private var counts = GroupStates<UInt32>()
    private let places = UnsafeMutablePointer<UInt32>.allocate(capacity: vectorRowsMax)

    init(bins: QuantileBins, argument: Evaluator, filter: Evaluator?) {
        self.bins = bins
        super.init(type: .int, arguments: [argument], filter: filter)
    }
    deinit {
        counts.free()
        places.deallocate()
    }
    override func grow(from old: Int, to new: Int) { counts.grow(to: new * bins.count, filling: 0) }

    func counts(of group: Int) -> UnsafeBufferPointer<UInt32> {
        UnsafeBufferPointer(start: counts.pointer + group * bins.count, count: bins.count)
    }

    /// 1 for each of the groups from 0 on that has values, else 0.
    func held(_ groupCount: Int) -> [UInt8] { (0..<groupCount).map { counts(of: $0).contains { $0 != 0 } ? 1 : 0 } }

    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        bins.fill(vectors[0], batch.count, into: places)
        let (counts, places, width) = (counts.pointer, places, UInt32(bins.count))
        // Ranges come from block headers: a value outside of them is a mistake of ours and must not be counted elsewhere. What lies under a
        // null is counted nowhere.
        var largest: UInt32 = 0
        switch (groups, mask) {
        case (nil, nil):
            for i in 0..<batch.count { largest = max(largest, places[i]) }
            precondition(largest < width)
            for i in 0..<batch.count { counts[Int(places[i])] &+= 1 }
        case (let groups?, nil):
            for i in 0..<batch.count { largest = max(largest, places[i]) }
            precondition(largest < width)
            for i in 0..<batch.count { counts[Int(groups[i]) &* Int(width) &+ Int(places[i])] &+= 1 }
        case (let groups, let mask?):
            for i in 0..<batch.count { largest = max(largest, mask[i] != 0 ? places[i] : 0) }
            precondition(largest < width)
            // What is not kept adds 0 somewhere in its group.
            for i in 0..<batch.count {
                let group = groups == nil ? 0 : Int(groups![i])
                counts[group &* Int(width) &+ Int(min(places[i], width &- 1))] &+= mask[i] != 0 ? 1 : 0
            }
        }
    }

    override func merge(_ other: Accumulator, map: [UInt32]?) throws {
        guard let other = other as? BinCountAccumulator, map == nil else { preconditionFailure("workers of one query aggregate alike") }
        let (mine, theirs) = (counts.pointer, other.counts.pointer)
        for i in 0..<min(counts.count, other.counts.count) { mine[i] &+= theirs[i] }
    }
}

/// Second pass: keeps the values of the bins that are asked for.
final class BinPickAccumulator: Accumulator {
    private let bins: QuantileBins
    /// For each group and bin the number of its slot, from 1; 0: not asked for.
    private let slots: RawMemory
    /// The same as one byte, 1: asked for. Four times as much of it fits the cache, and few values go further than this.
    private let asked: RawMemory
    private let places = UnsafeMutablePointer<UInt32>.allocate(capacity: vectorRowsMax)
    private let mask = UnsafeMutablePointer<UInt8>.allocate(capacity: vectorRowsMax)
    private let selection = UnsafeMutablePointer<UInt16>.allocate(capacity: vectorRowsMax)
    private var picked: UnsafeMutablePointer<Pick>
    private var capacityPicked = 1 << 16
    private(set) var count = 0

    struct Pick {
        var slot: UInt32
        var value: Int64
    }

    init(bins: QuantileBins, slots: RawMemory, argument: Evaluator, filter: Evaluator?) {
        self.bins = bins
        self.slots = slots
        let size = slots.byteCount / 4
        asked = RawMemory(byteCount: size)
        for place in 0..<size { asked.of(UInt8.self)[place] = slots.of(UInt32.self)[place] != 0 ? 1 : 0 }
        picked = .allocateLarge(capacity: capacityPicked)
        super.init(type: .int, arguments: [argument], filter: filter)
    }
    deinit {
        picked.freeLarge()
        places.deallocate()
        mask.deallocate()
        selection.deallocate()
    }

    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ rows: UnsafePointer<UInt8>?) throws {
        let (vector, count) = (vectors[0], batch.count)
        bins.fill(vector, count, into: places)
        let (asked, places, mask, width) = (asked.of(UInt8.self), places, mask, bins.count)
        if let rows {
            // What lies under a null has any bin.
            let last = UInt32(width - 1)
            for i in 0..<count {
                mask[i] = asked[(groups == nil ? 0 : Int(groups![i])) &* width &+ Int(min(places[i], last))] & (rows[i] != 0 ? 1 : 0)
            }
        } else if let groups {
            for i in 0..<count { mask[i] = asked[Int(groups[i]) &* width &+ Int(places[i])] }
        } else {
            for i in 0..<count { mask[i] = asked[Int(places[i])] }
        }
        if MaskBytes.allZero(mask, count) { return }
        let kept = Selection.fill(selection, from: mask, count: count)
        reservePicks(kept)
        let (slots, out) = (slots.of(UInt32.self), picked + self.count)
        let (isNarrow, base, unit) = (vector.isNarrow, vector.base, vector.unit)
        for i in 0..<kept {
            let row = Int(selection[i])
            let value = isNarrow ? base &+ unit &* Int64(vector.narrowCodes[row]) : vector.integers[row]
            out[i] = Pick(slot: slots[(groups == nil ? 0 : Int(groups![row])) &* width &+ Int(places[row])], value: value)
        }
        self.count += kept
    }

    private func reservePicks(_ more: Int) {
        guard count + more > capacityPicked else { return }
        let grown = max(capacityPicked * 2, count + more)
        let moved = UnsafeMutablePointer<Pick>.allocateLarge(capacity: grown)
        moved.update(from: picked, count: count)
        picked.freeLarge()
        picked = moved
        capacityPicked = grown
    }

    override func merge(_ other: Accumulator, map: [UInt32]?) throws {
        guard let other = other as? BinPickAccumulator, map == nil else { preconditionFailure("workers of one query aggregate alike") }
        reservePicks(other.count)
        (picked + count).update(from: other.picked, count: other.count)
        count += other.count
    }

    /// The values side by side by slot, slot 1 first; `starts[s]` is where slot s + 1 begins.
    func bySlot(_ starts: [Int]) -> RawMemory {
        let memory = RawMemory(byteCount: (count + 1) * 8)
        let words = memory.of(UInt64.self)
        var next = starts
        for i in 0..<count {
            let slot = Int(picked[i].slot) - 1
            words[next[slot]] = KeyColumn.word(picked[i].value)
            next[slot] += 1
        }
        return memory
    }
}
