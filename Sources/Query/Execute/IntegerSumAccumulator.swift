import Storage

/// The state of `sum` and `avg` of whole numbers, which one accumulator keeps for both, and for the number of rows where none is null.
protocol IntegerSumming: Accumulator {
    func finish(_ groups: [Int], average: Bool, type: LogicalType) throws -> ColumnBuffer
    func finishAll(_ count: Int, average: Bool, type: LogicalType) throws -> ColumnBuffer
    /// How many values each of the groups has, or whether it has any.
    func finishCounts(_ groups: [Int], type: LogicalType) -> ColumnBuffer
    func finishAllCounts(_ count: Int, type: LogicalType) -> ColumnBuffer
    /// 1 for each of the groups from 0 on that has values, else 0.
    func markHeld(_ count: Int, into marks: UnsafeMutablePointer<UInt8>)
    /// No value is null and there is no filter: every row is counted.
    var countsRows: Bool { get }
}

/// `sum` and `avg` of integers and decimals, exact: in 64 bits where the block headers say that all rows together fit, else in 128.
///
/// The loop lies in subclasses of one type each: methods of a generic class are not specialised, and a generic sum costs ten times.
class IntegerSumAccumulator<Sum: FixedWidthInteger & SignedInteger & BitwiseCopyable & Sendable>: Accumulator, IntegerSumming {
    struct State: BitwiseCopyable {
        var sum: Sum = 0
        var count: Int64 = 0
    }
    private var states = GroupStates<State>()
    private let lanes = PackedLanes()
    /// What has been added since the states were last looked at, where one word to a group can hold it.
    private var packed: PackedSums?
    private let average: Bool
    private let scale: Int
    let countsRows: Bool

    /// - Parameter range: all values lie in it; nil where that is not known.
    init(average: Bool, type: LogicalType, argument: Evaluator, filter: Evaluator?, range: ClosedRange<Int64>?, countsRows: Bool) {
        packed = PackedSums(range)
        self.average = average
        self.countsRows = countsRows
        scale = argument.type.scale
        super.init(type: type, arguments: [argument], filter: filter)
    }
    deinit {
        states.free()
        packed?.free()
    }
    override func grow(from old: Int, to new: Int) { states.grow(to: new) }

    override func share(_ other: Accumulator) -> Bool {
        guard let other = other as? IntegerSumAccumulator<Sum> else { return false }
        states.share(other.states)
        setShared(capacity: other.capacity)
        // What a worker gathers for itself would have to be added when it ends.
        packed?.free()
        packed = nil
        return true
    }

    /// Brings the states up to date; before anyone looks at them.
    @inline(__always)
    final func settle() {
        let state = states.pointer
        packed?.empty { group, rows, sum in
            state[group].sum &+= Sum(truncatingIfNeeded: sum)
            state[group].count &+= rows
        }
    }

    @inline(__always)
    final func addRows(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) {
        let count = batch.count
        let vector = vectors[0]
        let state = states.pointer
        guard let groups else {
            let (sum, counted): (Int128, Int64)
            if vector.isNarrow {
                let (codes, rows) = IntegerSums.sum(narrow: vector.narrowCodes, where: mask, count)
                sum = Int128(vector.base) * Int128(rows) + Int128(vector.unit) * Int128(codes)
                counted = rows
            } else if let mask {
                (sum, counted) = IntegerSums.sum(vector.integers, where: mask, count)
            } else {
                (sum, counted) = (IntegerSums.sum(vector.integers, count), Int64(count))
            }
            state[0].sum &+= Sum(truncatingIfNeeded: sum)
            state[0].count &+= counted
            return
        }
        if vector.isNarrow, capacity <= PackedLanes.groupsMax {
            let base = Sum(truncatingIfNeeded: vector.base)
            let unit = Sum(truncatingIfNeeded: vector.unit)
            lanes.sum(vector.narrowCodes, groups, mask, count, groups: capacity) { group, rows, sum in
                state[group].sum &+= base &* Sum(truncatingIfNeeded: rows) &+ unit &* Sum(truncatingIfNeeded: sum)
                state[group].count &+= Int64(rows)
            }
            return
        }
        if capacity <= PackedLanes.groupsMax,
            lanes.sum(
                vector.integers, groups, mask, count, groups: capacity,
                { group, rows, sum in
                    state[group].sum &+= Sum(truncatingIfNeeded: sum)
                    state[group].count &+= Int64(rows)
                })
        {
            return
        }
        if capacity > PackedLanes.groupsMax, GroupRuns.areLong(groups, count) {
            addRuns(vector, groups, mask, count)
        } else if let sums = packed, sums.suits(capacity) {
            if sums.mustEmpty(count, capacity) { settle() }
            packed?.add(vector, groups, mask, count, groups: capacity)
        } else if let mask {
            let values = vector.integers
            for i in 0..<count {
                let group = Int(groups[i])
                let keep = Int64(mask[i])
                state[group].sum &+= Sum(truncatingIfNeeded: values[i] & (0 &- keep))
                state[group].count &+= keep
            }
        } else {
            let values = vector.integers
            for i in 0..<count {
                let group = Int(groups[i])
                state[group].sum &+= Sum(truncatingIfNeeded: values[i])
                state[group].count &+= 1
            }
        }
    }

    @inline(__always)
    private func addRuns(_ vector: Vector, _ groups: UnsafePointer<UInt32>, _ mask: UnsafePointer<UInt8>?, _ count: Int) {
        let state = states.pointer
        let base = Sum(truncatingIfNeeded: vector.base)
        let unit = Sum(truncatingIfNeeded: vector.unit)
        let isNarrow = vector.isNarrow
        let codes = vector.narrowCodes
        let values = isNarrow ? nil : vector.integers
        GroupRuns.forEach(groups, count) { group, first, end in
            let rows = mask.map { MaskBytes.count($0 + first, end &- first) } ?? end &- first
            var sum: Sum = 0
            if let values {
                if let mask {
                    for i in first..<end { sum &+= Sum(truncatingIfNeeded: values[i] & (0 &- Int64(mask[i]))) }
                } else {
                    for i in first..<end { sum &+= Sum(truncatingIfNeeded: values[i]) }
                }
            } else {
                let (total, _) = IntegerSums.sum(narrow: codes + first, where: mask.map { $0 + first }, end &- first)
                sum = base &* Sum(truncatingIfNeeded: rows) &+ unit &* Sum(truncatingIfNeeded: total)
            }
            state[group].sum &+= sum
            state[group].count &+= Int64(rows)
        }
    }

    @inline(__always)
    final func mergeAll(_ other: Accumulator, _ map: [UInt32]?) {
        guard let other = other as? IntegerSumAccumulator<Sum> else { preconditionFailure("workers of one query aggregate alike") }
        settle()
        other.settle()
        let (mine, theirs) = (states.pointer, other.states.pointer)
        for group in 0..<min(other.states.count, map?.count ?? .max) {
            let target = Self.target(group, map)
            mine[target].sum &+= theirs[group].sum
            mine[target].count &+= theirs[group].count
        }
    }

    @inline(__always)
    final func markAllHeld(_ count: Int, _ marks: UnsafeMutablePointer<UInt8>) {
        settle()
        let states = states.pointer
        for group in 0..<count { marks[group] = states[group].count > 0 ? 1 : 0 }
    }
    func markHeld(_ count: Int, into marks: UnsafeMutablePointer<UInt8>) { preconditionFailure("a sum without a type") }

    override func finish(_ groups: [Int]) throws -> ColumnBuffer { try finish(groups, average: average, type: type) }

    func finish(_ groups: [Int], average: Bool, type: LogicalType) throws -> ColumnBuffer { preconditionFailure("a sum without a type") }

    @inline(__always)
    final func some(_ groups: [Int], _ average: Bool, _ type: LogicalType) throws -> ColumnBuffer {
        settle()
        let out = ColumnBuffer(type: type, capacity: groups.count)
        let states = states.pointer
        for group in groups {
            if let value = try value(states[group], average, type) { out.append(integer: value) } else { out.appendNull() }
        }
        return out
    }

    func finishAll(_ count: Int, average: Bool, type: LogicalType) throws -> ColumnBuffer { preconditionFailure("a sum without a type") }
    func finishAllCounts(_ count: Int, type: LogicalType) -> ColumnBuffer { preconditionFailure("a sum without a type") }

    @inline(__always)
    final func sums(_ count: Int, _ average: Bool, _ type: LogicalType) throws -> ColumnBuffer {
        if average { return try finish(Array(0..<count), average: true, type: type) }
        settle()
        let out = ColumnBuffer(type: type, rows: count)
        let (values, states) = (out.integers, states.pointer)
        // What does not fit shows when it is cut off and comes back.
        var isWhole = true
        for i in 0..<count {
            let sum = states[i].sum
            values[i] = Int64(truncatingIfNeeded: sum)
            isWhole = isWhole && Sum(truncatingIfNeeded: values[i]) == sum
        }
        guard isWhole else { throw QueryError(.data, "a sum is larger than 18 digits can hold") }
        return out
    }

    @inline(__always)
    private func value(_ state: State, _ average: Bool, _ type: LogicalType) throws -> Int64? {
        if !average {
            guard let sum = Int64(exactly: state.sum) else { throw QueryError(.data, "a sum is larger than 18 digits can hold") }
            return sum
        }
        if state.count == 0 { return nil }
        let power = Decimals.power(type.scale - scale)
        // Nearly every sum fits 64 bits with its new decimal places, and is divided many times faster there.
        if let sum = Int64(exactly: state.sum), case let (scaled, overflow) = sum.multipliedReportingOverflow(by: power), !overflow {
            let (quotient, rest) = scaled.quotientAndRemainder(dividingBy: state.count)
            let twice = rest.magnitude &* 2
            let goesUp = twice > UInt64(state.count) || (twice == UInt64(state.count) && quotient & 1 != 0)
            return goesUp ? quotient + (scaled < 0 ? -1 : 1) : quotient
        }
        let scaled = Int128(state.sum) * Int128(power)
        guard let mean = Int64(exactly: Decimals.divideHalfEven(scaled, by: Int128(state.count))) else {
            throw QueryError(.data, "an average is larger than 18 digits can hold")
        }
        return mean
    }

    func finishCounts(_ groups: [Int], type: LogicalType) -> ColumnBuffer {
        settle()
        let out = ColumnBuffer(type: type, capacity: groups.count)
        for group in groups { out.append(integer: type == .bool ? (states.pointer[group].count > 0 ? 1 : 0) : states.pointer[group].count) }
        return out
    }

    @inline(__always)
    final func counts(_ count: Int, _ type: LogicalType) -> ColumnBuffer {
        settle()
        let out = ColumnBuffer(type: type, rows: count)
        let states = states.pointer
        if type == .bool {
            for i in 0..<count { out.mask[i] = states[i].count > 0 ? 1 : 0 }
        } else {
            let values = out.integers
            for i in 0..<count { values[i] = states[i].count }
        }
        return out
    }
}

final class NarrowSumAccumulator: IntegerSumAccumulator<Int64> {
    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        addRows(vectors, batch, groups, mask)
    }
    override func merge(_ other: Accumulator, map: [UInt32]?) throws { mergeAll(other, map) }
    override func markHeld(_ count: Int, into marks: UnsafeMutablePointer<UInt8>) { markAllHeld(count, marks) }
    override func finish(_ groups: [Int], average: Bool, type: LogicalType) throws -> ColumnBuffer { try some(groups, average, type) }
    override func finishAll(_ count: Int, average: Bool, type: LogicalType) throws -> ColumnBuffer { try sums(count, average, type) }
    override func finishAllCounts(_ count: Int, type: LogicalType) -> ColumnBuffer { counts(count, type) }
}

final class WideSumAccumulator: IntegerSumAccumulator<Int128> {
    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        addRows(vectors, batch, groups, mask)
    }
    override func merge(_ other: Accumulator, map: [UInt32]?) throws { mergeAll(other, map) }
    override func markHeld(_ count: Int, into marks: UnsafeMutablePointer<UInt8>) { markAllHeld(count, marks) }
    override func finish(_ groups: [Int], average: Bool, type: LogicalType) throws -> ColumnBuffer { try some(groups, average, type) }
    override func finishAll(_ count: Int, average: Bool, type: LogicalType) throws -> ColumnBuffer { try sums(count, average, type) }
    override func finishAllCounts(_ count: Int, type: LogicalType) -> ColumnBuffer { counts(count, type) }
}

/// Sums of a batch that cannot overflow.
enum IntegerSums {
    /// Halves of 32 bits are summed apart.
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
        for i in 0..<count {
            let value = values[i] & (0 &- Int64(mask[i]))
            low &+= value & 0xFFFF_FFFF
            high &+= value >> 32
        }
        return (Int128(high) << 32 &+ Int128(low), Int64(MaskBytes.count(mask, count)))
    }

    /// The sum of the codes that count, and how many do.
    static func sum(narrow codes: UnsafePointer<UInt32>, where mask: UnsafePointer<UInt8>?, _ count: Int) -> (Int64, Int64) {
        var sum: UInt64 = 0
        guard let mask else {
            for i in 0..<count { sum &+= UInt64(codes[i]) }
            return (Int64(bitPattern: sum), Int64(count))
        }
        for i in 0..<count { sum &+= UInt64(codes[i] & (0 &- UInt32(mask[i]))) }
        return (Int64(bitPattern: sum), Int64(MaskBytes.count(mask, count)))
    }
}
