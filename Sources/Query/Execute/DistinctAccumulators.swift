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
    private struct Marks {
        var words: UnsafeMutablePointer<UInt64>
        var count = 0
    }
    private let numbers = IntegerNumbering()
    private var marks = GroupStates<Marks>()

    init(argument: Evaluator, filter: Evaluator?) { super.init(type: .int, arguments: [argument], filter: filter) }
    deinit {
        for group in 0..<marks.count { marks.pointer[group].words.deallocate() }
        marks.free()
    }
    override func grow(from old: Int, to new: Int) {
        let placeholder = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
        marks.grow(to: new, filling: Marks(words: placeholder))
        placeholder.deallocate()
        // Each group owns memory of its own.
        for group in old..<new { marks.pointer[group].words = .allocate(capacity: 1) }
    }

    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        let values = vectors[0].integers
        let marks = marks.pointer
        for i in 0..<batch.count where mask == nil || mask![i] != 0 {
            mark(numbers.number(of: values[i]), in: marks + (groups == nil ? 0 : Int(groups![i])))
        }
    }

    @inline(__always)
    private func mark(_ number: Int, in group: UnsafeMutablePointer<Marks>) {
        let word = number >> 6
        if word >= group.pointee.count { widen(group, to: word + 1) }
        group.pointee.words[word] |= 1 << UInt64(number & 63)
    }

    private func widen(_ group: UnsafeMutablePointer<Marks>, to count: Int) {
        let grown = max(count, group.pointee.count * 2, 64)
        let words = UnsafeMutablePointer<UInt64>.allocate(capacity: grown)
        words.update(from: group.pointee.words, count: group.pointee.count)
        (words + group.pointee.count).update(repeating: 0, count: grown - group.pointee.count)
        group.pointee.words.deallocate()
        group.pointee = Marks(words: words, count: grown)
    }

    override func merge(_ other: Accumulator, map: [UInt32]?) throws {
        guard let other = other as? NumberedDistinctAccumulator else { preconditionFailure("workers of one query aggregate alike") }
        let translation = other.numbers.translated(into: numbers)
        for group in 0..<min(other.marks.count, map?.count ?? .max) {
            let theirs = other.marks.pointer[group]
            let target = marks.pointer + Self.target(group, map)
            for index in 0..<theirs.count {
                var rest = theirs.words[index]
                while rest != 0 {
                    mark(translation[index << 6 + rest.trailingZeroBitCount], in: target)
                    rest &= rest - 1
                }
            }
        }
    }

    override func finish(_ groups: [Int]) throws -> ColumnBuffer {
        let out = ColumnBuffer(type: .int, capacity: groups.count)
        for group in groups {
            let own = marks.pointer[group]
            out.append(integer: Int64((0..<own.count).reduce(0) { $0 + own.words[$1].nonzeroBitCount }))
        }
        return out
    }
}

/// Numbers integers in the order of their first coming. A value lies beside its number, so that a look-up is one cache miss.
final class IntegerNumbering {
    private struct Slot {
        var value: Int64
        /// The number + 1; 0: free.
        var mark: Int64
    }
    private(set) var count = 0
    private var slots: UnsafeMutablePointer<Slot>
    private var mask: Int

    init() {
        mask = 4095
        slots = Self.make(4096)
    }
    deinit { slots.deallocate() }

    private static func make(_ size: Int) -> UnsafeMutablePointer<Slot> {
        let slots = UnsafeMutablePointer<Slot>.allocate(capacity: size)
        slots.initialize(repeating: Slot(value: 0, mark: 0), count: size)
        return slots
    }

    @inline(__always)
    private static func bin(_ value: Int64) -> Int {
        Int(truncatingIfNeeded: (UInt64(bitPattern: value) &* 0x9E37_79B9_7F4A_7C15) >> 20)
    }

    @inline(__always)
    func number(of value: Int64) -> Int {
        var at = Self.bin(value) & mask
        while slots[at].mark != 0 {
            if slots[at].value == value { return Int(slots[at].mark) &- 1 }
            at = (at &+ 1) & mask
        }
        return insert(value, at: at)
    }

    /// At most half full.
    private func insert(_ value: Int64, at: Int) -> Int {
        count += 1
        slots[at] = Slot(value: value, mark: Int64(count))
        if count * 2 > mask { grow() }
        return count - 1
    }

    private func grow() {
        let old = slots
        let oldSize = mask + 1
        mask = oldSize * 4 - 1
        slots = Self.make(oldSize * 4)
        for i in 0..<oldSize where old[i].mark != 0 {
            var at = Self.bin(old[i].value) & mask
            while slots[at].mark != 0 { at = (at + 1) & mask }
            slots[at] = old[i]
        }
        old.deallocate()
    }

    /// The number in `other` of each of these values.
    func translated(into other: IntegerNumbering) -> [Int] {
        var numbers = Array(repeating: 0, count: count)
        for i in 0...mask where slots[i].mark != 0 { numbers[Int(slots[i].mark) - 1] = other.number(of: slots[i].value) }
        return numbers
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
