import Storage

/// First pass: how many values of each group lie in each bin.
final class BinCountAccumulator: Accumulator {
    let bins: QuantileBins
    private var counts = GroupStates<UInt32>()

    init(bins: QuantileBins, argument: Evaluator, filter: Evaluator?) {
        self.bins = bins
        super.init(type: .int, arguments: [argument], filter: filter)
    }
    deinit { counts.free() }
    override func grow(from old: Int, to new: Int) { counts.grow(to: new * bins.count, filling: 0) }

    func counts(of group: Int) -> UnsafeBufferPointer<UInt32> {
        UnsafeBufferPointer(start: counts.pointer + group * bins.count, count: bins.count)
    }

    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        let values = vectors[0].integers
        let counts = counts.pointer
        let bins = bins
        let width = bins.count
        // Ranges come from block headers: a value outside of them is a mistake of ours and must not be counted elsewhere.
        switch (groups, mask) {
        case (nil, nil):
            for i in 0..<batch.count {
                let bin = bins.bin(values[i])
                precondition(bin >= 0 && bin < width)
                counts[bin] &+= 1
            }
        case (let groups?, nil):
            for i in 0..<batch.count {
                let bin = bins.bin(values[i])
                precondition(bin >= 0 && bin < width)
                counts[Int(groups[i]) &* width &+ bin] &+= 1
            }
        case (_, let mask?):
            for i in 0..<batch.count where mask[i] != 0 {
                let bin = bins.bin(values[i])
                precondition(bin >= 0 && bin < width)
                counts[(groups.map { Int($0[i]) } ?? 0) &* width &+ bin] &+= 1
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
    private var picked: UnsafeMutablePointer<Pick>
    private var capacityPicked = 1 << 14
    private(set) var count = 0

    struct Pick {
        var slot: UInt32
        var value: Int64
    }

    init(bins: QuantileBins, slots: RawMemory, argument: Evaluator, filter: Evaluator?) {
        self.bins = bins
        self.slots = slots
        picked = .allocate(capacity: capacityPicked)
        super.init(type: .int, arguments: [argument], filter: filter)
    }
    deinit { picked.deallocate() }

    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        reservePicks(batch.count + 1)
        let values = vectors[0].integers
        let slots = slots.of(UInt32.self)
        let bins = bins
        let width = bins.count
        let out = picked
        var kept = count
        // A pick that is not asked for is overwritten by the next.
        if let groups, mask == nil {
            for i in 0..<batch.count {
                let slot = slots[Int(groups[i]) &* width &+ bins.bin(values[i])]
                out[kept] = Pick(slot: slot, value: values[i])
                kept &+= slot != 0 ? 1 : 0
            }
        } else {
            for i in 0..<batch.count {
                if let mask, mask[i] == 0 { continue }
                let slot = slots[(groups == nil ? 0 : Int(groups![i])) &* width &+ bins.bin(values[i])]
                out[kept] = Pick(slot: slot, value: values[i])
                kept &+= slot != 0 ? 1 : 0
            }
        }
        count = kept
    }

    private func reservePicks(_ more: Int) {
        guard count + more > capacityPicked else { return }
        let grown = max(capacityPicked * 2, count + more)
        let moved = UnsafeMutablePointer<Pick>.allocate(capacity: grown)
        moved.update(from: picked, count: count)
        picked.deallocate()
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
