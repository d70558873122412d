import Storage

/// The state of one aggregate over all groups. One a worker; merged, then asked for its column.
class Accumulator {
    let type: LogicalType
    let arguments: [Evaluator]
    private let filter: Evaluator?
    private let active = UnsafeMutablePointer<UInt8>.allocate(capacity: vectorRowsMax)
    private(set) var capacity = 0

    init(type: LogicalType, arguments: [Evaluator], filter: Evaluator?) {
        self.type = type
        self.arguments = arguments
        self.filter = filter
    }
    deinit { active.deallocate() }

    /// Makes room for groups below `count`.
    final func reserve(_ count: Int) {
        guard count > capacity else { return }
        let grown = max(count, capacity * 2, 16)
        grow(from: capacity, to: grown)
        capacity = grown
    }
    func grow(from old: Int, to new: Int) {}
    /// Memory held; what keeps more than a small state a group says so.
    var bytes: Int { capacity * 16 }

    /// Takes in a batch. `groups` is nil where all rows are group 0.
    final func update(_ batch: Batch, _ groups: UnsafePointer<UInt32>?) throws {
        // The filter first: an argument that would fail on rows which are filtered out is not asked for them where none is left.
        var mask: UnsafePointer<UInt8>?
        if let filter {
            let vector = try filter.evaluate(batch)
            active.update(from: vector.mask, count: batch.count)
            vector.clearNulls(in: active, count: batch.count)
            if MaskBytes.allZero(active, batch.count) { return }
            mask = UnsafePointer(active)
        }
        var vectors: [Vector] = []
        for argument in arguments {
            let vector = try argument.evaluate(batch)
            if vector.hasNulls, skipsNulls {
                if mask == nil { active.update(repeating: 1, count: batch.count) }
                vector.clearNulls(in: active, count: batch.count)
                mask = UnsafePointer(active)
            }
            vectors.append(vector)
        }
        try add(vectors, batch, groups, mask)
    }

    /// False where nulls among the arguments matter (an order's null).
    var skipsNulls: Bool { true }

    /// Adds the rows whose mask byte is not 0 (all where there is no mask).
    func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {}
    /// `map` tells where each of the other's groups lies here; nil: at the same number.
    func merge(_ other: Accumulator, map: [UInt32]?) throws {}
    /// The answer for each of `groups`.
    func finish(_ groups: [Int]) throws -> ColumnBuffer { preconditionFailure("an accumulator without a body") }

    @inline(__always)
    static func target(_ group: Int, _ map: [UInt32]?) -> Int { map.map { Int($0[group]) } ?? group }
}

/// Memory for one fixed-size state a group.
struct GroupStates<State> {
    private(set) var pointer: UnsafeMutablePointer<State>
    private(set) var count = 0

    init() { pointer = .allocate(capacity: 1) }

    mutating func grow(to new: Int, filling initial: State) {
        let moved = UnsafeMutablePointer<State>.allocate(capacity: new)
        moved.moveInitialize(from: pointer, count: count)
        fill(moved + count, with: initial, new - count)
        pointer.deallocate()
        pointer = moved
        count = new
    }

    /// States are plain bytes. One is copied and then what is there already, since methods of generic classes, which make states grow, are not
    /// specialised and would copy each by a call.
    private func fill(_ start: UnsafeMutablePointer<State>, with initial: State, _ count: Int) {
        guard count > 0 else { return }
        start.initialize(to: initial)
        let stride = MemoryLayout<State>.stride
        let bytes = UnsafeMutableRawPointer(start)
        var filled = 1
        while filled < count {
            let more = min(filled, 4096, count - filled)
            (bytes + filled * stride).copyMemory(from: bytes, byteCount: more * stride)
            filled += more
        }
    }

    func free() {
        pointer.deinitialize(count: count)
        pointer.deallocate()
    }
}

/// `count()`, `count(x)`, `exists(…)`.
final class CountAccumulator: Accumulator {
    private var counts = GroupStates<Int64>()
    private let asBool: Bool

    init(asBool: Bool, arguments: [Evaluator], filter: Evaluator?) {
        self.asBool = asBool
        super.init(type: asBool ? .bool : .int, arguments: arguments, filter: filter)
    }
    deinit { counts.free() }
    override func grow(from old: Int, to new: Int) { counts.grow(to: new, filling: 0) }

    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        let count = batch.count
        let state = counts.pointer
        switch (groups, mask) {
        case (nil, nil): state[0] &+= Int64(count)
        case (nil, let mask?):
            var sum = 0
            for i in 0..<count { sum &+= Int(mask[i]) }
            state[0] &+= Int64(sum)
        case (let groups?, nil): for i in 0..<count { state[Int(groups[i])] &+= 1 }
        case (let groups?, let mask?): for i in 0..<count { state[Int(groups[i])] &+= Int64(mask[i]) }
        }
    }

    override func merge(_ other: Accumulator, map: [UInt32]?) throws {
        guard let other = other as? CountAccumulator else { preconditionFailure("workers of one query aggregate alike") }
        for group in 0..<min(other.counts.count, map?.count ?? .max) {
            counts.pointer[Self.target(group, map)] &+= other.counts.pointer[group]
        }
    }

    override func finish(_ groups: [Int]) throws -> ColumnBuffer {
        let out = ColumnBuffer(type: type, capacity: groups.count)
        for group in groups { out.append(integer: asBool ? (counts.pointer[group] > 0 ? 1 : 0) : counts.pointer[group]) }
        return out
    }
}

/// The state of `sum` and `avg` of whole numbers, which one accumulator keeps for both.
protocol IntegerSumming: Accumulator {
    func finish(_ groups: [Int], average: Bool, type: LogicalType) throws -> ColumnBuffer
}

/// `sum` and `avg` of integers and decimals, exact: in 64 bits where the block headers say that all rows together fit, else in 128.
///
/// The loop lies in subclasses of one type each: methods of a generic class are not specialised, and a generic sum costs ten times.
class IntegerSumAccumulator<Sum: FixedWidthInteger & SignedInteger & Sendable>: Accumulator, IntegerSumming {
    struct State {
        var sum: Sum = 0
        var count: Int64 = 0
    }
    private var states = GroupStates<State>()
    private let average: Bool
    private let scale: Int

    init(average: Bool, type: LogicalType, argument: Evaluator, filter: Evaluator?) {
        self.average = average
        scale = argument.type.scale
        super.init(type: type, arguments: [argument], filter: filter)
    }
    deinit { states.free() }
    override func grow(from old: Int, to new: Int) { states.grow(to: new, filling: State()) }

    @inline(__always)
    final func addRows(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) {
        let count = batch.count
        let values = vectors[0].integers
        let state = states.pointer
        switch (groups, mask) {
        case (nil, nil):
            state[0].count &+= Int64(count)
            state[0].sum &+= Sum(truncatingIfNeeded: IntegerSums.sum(values, count))
        case (nil, let mask?):
            let (sum, counted) = IntegerSums.sum(values, where: mask, count)
            state[0].sum &+= Sum(truncatingIfNeeded: sum)
            state[0].count &+= counted
        case (let groups?, nil):
            for i in 0..<count {
                let group = Int(groups[i])
                state[group].sum &+= Sum(truncatingIfNeeded: values[i])
                state[group].count &+= 1
            }
        case (let groups?, let mask?):
            for i in 0..<count {
                let group = Int(groups[i])
                let keep = Int64(mask[i])
                state[group].sum &+= Sum(truncatingIfNeeded: values[i] & (0 &- keep))
                state[group].count &+= keep
            }
        }
    }

    override func merge(_ other: Accumulator, map: [UInt32]?) throws {
        guard let other = other as? IntegerSumAccumulator<Sum> else { preconditionFailure("workers of one query aggregate alike") }
        for group in 0..<min(other.states.count, map?.count ?? .max) {
            let target = Self.target(group, map)
            states.pointer[target].sum &+= other.states.pointer[group].sum
            states.pointer[target].count &+= other.states.pointer[group].count
        }
    }

    override func finish(_ groups: [Int]) throws -> ColumnBuffer { try finish(groups, average: average, type: type) }

    func finish(_ groups: [Int], average: Bool, type: LogicalType) throws -> ColumnBuffer {
        let out = ColumnBuffer(type: type, capacity: groups.count)
        for group in groups {
            let state = states.pointer[group]
            if !average {
                guard let sum = Int64(exactly: state.sum) else { throw QueryError(.data, "a sum is larger than 18 digits can hold") }
                out.append(integer: sum)
            } else if state.count == 0 {
                out.appendNull()
            } else {
                let scaled = Int128(state.sum) * Int128(Decimals.power(type.scale - scale))
                guard let mean = Int64(exactly: Decimals.divideHalfEven(scaled, by: Int128(state.count))) else {
                    throw QueryError(.data, "an average is larger than 18 digits can hold")
                }
                out.append(integer: mean)
            }
        }
        return out
    }
}

final class NarrowSumAccumulator: IntegerSumAccumulator<Int64> {
    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        addRows(vectors, batch, groups, mask)
    }
}

final class WideSumAccumulator: IntegerSumAccumulator<Int128> {
    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        addRows(vectors, batch, groups, mask)
    }
}

/// Sums of a batch that cannot overflow: halves of 32 bits are summed apart.
enum IntegerSums {
    static func sum(_ values: UnsafePointer<Int64>, _ count: Int) -> Int128 {
        var low: Int64 = 0
        var high: Int64 = 0
        for i in 0..<count {
            low &+= values[i] & 0xFFFF_FFFF
            high &+= values[i] >> 32
        }
        return Int128(high) << 32 &+ Int128(low)
    }

    static func sum(_ values: UnsafePointer<Int64>, where mask: UnsafePointer<UInt8>, _ count: Int) -> (Int128, Int64) {
        var low: Int64 = 0
        var high: Int64 = 0
        var counted: Int64 = 0
        for i in 0..<count {
            let keep = Int64(mask[i])
            let value = values[i] & (0 &- keep)
            low &+= value & 0xFFFF_FFFF
            high &+= value >> 32
            counted &+= keep
        }
        return (Int128(high) << 32 &+ Int128(low), counted)
    }
}

/// `sum` and `avg` of floats, without rounding until the end.
final class DoubleSumAccumulator: Accumulator {
    private var sums: [ExactSum?] = []
    private var counts: [Int64] = []
    private let average: Bool

    init(average: Bool, argument: Evaluator, filter: Evaluator?) {
        self.average = average
        super.init(type: .float, arguments: [argument], filter: filter)
    }
    override func grow(from old: Int, to new: Int) {
        sums.append(contentsOf: repeatElement(nil, count: new - old))
        counts.append(contentsOf: repeatElement(0, count: new - old))
    }

    private func sum(_ group: Int) -> ExactSum {
        if let sum = sums[group] { return sum }
        let made = ExactSum()
        sums[group] = made
        return made
    }

    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        let values = vectors[0].doubles
        for i in 0..<batch.count where mask.map({ $0[i] != 0 }) ?? true {
            let group = groups.map { Int($0[i]) } ?? 0
            sum(group).add(values[i])
            counts[group] &+= 1
        }
    }

    override func merge(_ other: Accumulator, map: [UInt32]?) throws {
        guard let other = other as? DoubleSumAccumulator else { preconditionFailure("workers of one query aggregate alike") }
        for group in other.sums.indices {
            guard let theirs = other.sums[group] else { continue }
            let target = Self.target(group, map)
            sum(target).add(theirs)
            counts[target] &+= other.counts[group]
        }
    }

    override func finish(_ groups: [Int]) throws -> ColumnBuffer {
        let out = ColumnBuffer(type: .float, capacity: groups.count)
        for group in groups {
            guard let sum = sums[group] else {
                if average { out.appendNull() } else { out.append(double: 0) }
                continue
            }
            guard let value = sum.value else { throw QueryError(.data, "a sum of floats is larger than a float can hold") }
            out.append(double: average ? value / Double(counts[group]) : value)
        }
        return out
    }
}
