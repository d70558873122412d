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
    override func grow(from old: Int, to new: Int) { bits.grow(to: new * wordsPerGroup, filling: 0) }

    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        let vector = vectors[0]
        let bits = bits.pointer
        let limit = UInt64(wordsPerGroup * 64)
        for i in 0..<batch.count where mask == nil || mask![i] != 0 {
            let value =
                switch vector.form {
                case .integers: UInt64(bitPattern: vector.integers[i] &- minimum)
                case .codes: UInt64(vector.codes[i])
                case .mask: UInt64(vector.mask[i])
                case .doubles, .texts: preconditionFailure("a bitmap of values needs whole numbers")
                }
            precondition(value < limit)
            let group = groups == nil ? 0 : Int(groups![i])
            bits[group &* wordsPerGroup &+ Int(value >> 6)] |= 1 << (value & 63)
        }
    }

    override func merge(_ other: Accumulator, map: [UInt32]?) throws {
        guard let other = other as? BitmapDistinctAccumulator else { preconditionFailure("workers of one query aggregate alike") }
        for group in 0..<min(other.capacity, map?.count ?? .max) {
            let target = Self.target(group, map) * wordsPerGroup
            for word in 0..<wordsPerGroup { bits.pointer[target + word] |= other.bits.pointer[group * wordsPerGroup + word] }
        }
    }

    override func finish(_ groups: [Int]) throws -> ColumnBuffer {
        let out = ColumnBuffer(type: .int, capacity: groups.count)
        for group in groups {
            var count = 0
            for word in 0..<wordsPerGroup { count += bits.pointer[group * wordsPerGroup + word].nonzeroBitCount }
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
