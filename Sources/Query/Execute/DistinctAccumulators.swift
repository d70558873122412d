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

/// `distinct(x)` of integers that lie too far apart for a bitmap of their range: every value gets the next small number, and the
/// numbers are marked in one bitmap a group.
final class NumberedDistinctAccumulator: Accumulator {
    private var numbers = IntegerNumbering()
    private var marks: [[UInt64]] = []

    init(argument: Evaluator, filter: Evaluator?) { super.init(type: .int, arguments: [argument], filter: filter) }
    override func grow(from old: Int, to new: Int) { marks.append(contentsOf: repeatElement([], count: new - old)) }

    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        let values = vectors[0].integers
        for i in 0..<batch.count where mask == nil || mask![i] != 0 { mark(numbers.number(of: values[i]), in: groups == nil ? 0 : Int(groups![i])) }
    }

    @inline(__always)
    private func mark(_ number: Int, in group: Int) {
        let word = number >> 6
        if word >= marks[group].count { marks[group].append(contentsOf: repeatElement(0, count: max(word + 1, marks[group].count * 2) - marks[group].count)) }
        marks[group][word] |= 1 << UInt64(number & 63)
    }

    override func merge(_ other: Accumulator, map: [UInt32]?) throws {
        guard let other = other as? NumberedDistinctAccumulator else { preconditionFailure("workers of one query aggregate alike") }
        let translation = other.numbers.values.map { numbers.number(of: $0) }
        for group in other.marks.indices {
            let target = Self.target(group, map)
            for (index, word) in other.marks[group].enumerated() {
                var rest = word
                while rest != 0 {
                    mark(translation[index << 6 + rest.trailingZeroBitCount], in: target)
                    rest &= rest - 1
                }
            }
        }
    }

    override func finish(_ groups: [Int]) throws -> ColumnBuffer {
        let out = ColumnBuffer(type: .int, capacity: groups.count)
        for group in groups { out.append(integer: Int64(marks[group].reduce(0) { $0 + $1.nonzeroBitCount })) }
        return out
    }
}

/// Numbers integers in the order of their first coming.
struct IntegerNumbering {
    private(set) var values: [Int64] = []
    /// Number + 1; 0: free. At most half full.
    private var table: [UInt32] = Array(repeating: 0, count: 4096)

    @inline(__always)
    private static func bin(_ value: Int64) -> Int {
        Int(truncatingIfNeeded: (UInt64(bitPattern: value) &* 0x9E37_79B9_7F4A_7C15) >> 20)
    }

    @inline(__always)
    mutating func number(of value: Int64) -> Int {
        let mask = table.count - 1
        var at = Self.bin(value) & mask
        while true {
            let entry = table[at]
            if entry == 0 { break }
            if values[Int(entry) - 1] == value { return Int(entry) - 1 }
            at = (at &+ 1) & mask
        }
        values.append(value)
        table[at] = UInt32(values.count)
        if values.count * 2 > table.count { grow() }
        return values.count - 1
    }

    private mutating func grow() {
        table = Array(repeating: 0, count: table.count * 4)
        let mask = table.count - 1
        for (number, value) in values.enumerated() {
            var at = Self.bin(value) & mask
            while table[at] != 0 { at = (at + 1) & mask }
            table[at] = UInt32(number + 1)
        }
    }
}

/// `distinct(x)` of anything: the pairs of group and value in a hash table.
final class HashDistinctAccumulator: Accumulator {
    private let pairs: HashGroups
    private let rows: RowsBatch
    private let groupColumn = Vector(type: .int)
    private let ids = UnsafeMutablePointer<UInt32>.allocate(capacity: vectorRowsMax)

    init(argument: Evaluator, filter: Evaluator?) {
        let layout = Layout([
            Layout.Slot(id: 0, type: .int, dictionary: nil), Layout.Slot(id: 1, type: argument.type, dictionary: argument.dictionary),
        ])
        pairs = HashGroups([ColumnEvaluator(slot: 0, layout: layout), ColumnEvaluator(slot: 1, layout: layout)])
        rows = RowsBatch(layout: layout)
        super.init(type: .int, arguments: [argument], filter: filter)
    }
    deinit { ids.deallocate() }

    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        for i in 0..<batch.count { groupColumn.integers[i] = groups == nil ? 0 : Int64(groups![i]) }
        rows.set([groupColumn, vectors[0]], count: batch.count)
        if let mask {
            let selection = UnsafeMutablePointer<UInt16>.allocate(capacity: vectorRowsMax)
            defer { selection.deallocate() }
            let kept = Selection.fill(selection, from: mask, count: batch.count)
            rows.narrow(selection, kept)
        }
        try pairs.assign(rows, into: ids)
    }

    override func merge(_ other: Accumulator, map: [UInt32]?) throws {
        guard let other = other as? HashDistinctAccumulator else { preconditionFailure("workers of one query aggregate alike") }
        // The group part of the other's pairs speaks in the other's numbers.
        if let map { other.pairs.renumberFirstKey(map) }
        _ = pairs.merge(other.pairs)
    }

    override func finish(_ groups: [Int]) throws -> ColumnBuffer {
        var counts = Array(repeating: Int64(0), count: (groups.max() ?? 0) + 1)
        pairs.visitFirstKeys { counts[Int($0)] += 1 }
        let out = ColumnBuffer(type: .int, capacity: groups.count)
        for group in groups { out.append(integer: counts[group]) }
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
