import Storage

/// `distinct(x)` where x is known to lie in a small range: one bit a value and group.
final class BitmapDistinctAccumulator: Accumulator {
    private var bits = GroupStates<UInt64>()
    private let minimum: Int64
    private let wordsPerGroup: Int

    init(minimum: Int64, values: Int, argument: Evaluator, filter: Evaluator?) {
        self.minimum = minimum
        wordsPerGroup = (values + 63) / 64
        super.init(type: .int, arguments: [argument], filter: filter)
    }
    deinit { bits.free() }
    override var bytes: Int { bits.count * 8 }
    override func grow(from old: Int, to new: Int) { bits.grow(to: new * wordsPerGroup) }

    override func share(_ other: Accumulator) -> Bool {
        guard let other = other as? BitmapDistinctAccumulator else { return false }
        // Values of different groups never lie in one word.
        bits.share(other.bits)
        setShared(capacity: other.capacity)
        return true
    }

    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        let vector = vectors[0]
        let count = batch.count
        switch vector.form {
        case .integers:
            let minimum = minimum
            if vector.isNarrow {
                let (codes, unit, base) = (vector.narrowCodes, vector.unit, vector.base &- minimum)
                if unit == 1 {
                    mark(groups, mask, count) { UInt64(bitPattern: base &+ Int64(codes[$0])) }
                } else {
                    mark(groups, mask, count) { UInt64(bitPattern: base &+ unit &* Int64(codes[$0])) }
                }
            } else {
                let values = vector.integers
                mark(groups, mask, count) { UInt64(bitPattern: values[$0] &- minimum) }
            }
        case .codes:
            let codes = vector.codes
            mark(groups, mask, count) { UInt64(codes[$0]) }
        case .mask:
            let values = vector.mask
            mark(groups, mask, count) { UInt64(values[$0]) }
        case .doubles, .texts: preconditionFailure("a bitmap of values needs whole numbers")
        }
    }

    @inline(__always)
    private func mark(
        _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?, _ count: Int, _ value: (Int) -> UInt64
    ) {
        let bits = bits.pointer
        let width = wordsPerGroup
        let limit = UInt64(width * 64)
        if let groups, mask == nil {
            for i in 0..<count {
                let value = value(i)
                precondition(value < limit)
                bits[Int(groups[i]) &* width &+ Int(value >> 6)] |= 1 << (value & 63)
            }
            return
        }
        for i in 0..<count where mask == nil || mask![i] != 0 {
            let value = value(i)
            precondition(value < limit)
            let group = groups == nil ? 0 : Int(groups![i])
            bits[group &* width &+ Int(value >> 6)] |= 1 << (value & 63)
        }
    }

    override func merge(_ other: Accumulator, map: [UInt32]?) throws {
        guard let other = other as? BitmapDistinctAccumulator else { preconditionFailure("workers of one query aggregate alike") }
        for group in 0..<min(other.capacity, map?.count ?? .max) {
            let target = Self.target(group, map) * wordsPerGroup
            let (mine, theirs) = (bits.pointer + target, other.bits.pointer + group * wordsPerGroup)
            for word in 0..<wordsPerGroup { mine[word] |= theirs[word] }
        }
    }

    override func finish(_ groups: [Int]) throws -> ColumnBuffer {
        let out = ColumnBuffer(type: .int, capacity: groups.count)
        for group in groups {
            var count = 0
            let words = bits.pointer + group * wordsPerGroup
            for word in 0..<wordsPerGroup { count += words[word].nonzeroBitCount }
            out.append(integer: Int64(count))
        }
        return out
    }
}

/// A batch over vectors that somebody else made.
final class RowsBatch: Batch {
    private var given: [Vector] = []
    private let picked: [Vector]

    init(layout: Layout) {
        picked = layout.makeVectors()
        super.init(slotCount: layout.slots.count)
    }

    func set(_ vectors: [Vector], count: Int) {
        given = vectors
        advance(count: count)
    }

    func narrow(_ selection: UnsafePointer<UInt16>, _ count: Int) {
        for (slot, vector) in given.enumerated() { Selection.gather(vector, selection, count, into: picked[slot]) }
        given = picked
        advance(count: count)
    }

    override func load(_ slot: Int) throws -> Vector { given[slot] }
}
