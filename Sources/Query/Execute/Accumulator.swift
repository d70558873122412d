import Glibc
import Storage

/// The state of one aggregate over all groups. One a worker; merged, then asked for its column.
class Accumulator {
    let type: LogicalType
    let arguments: [Evaluator]
    private let filter: Evaluator?
    private let active = UnsafeMutablePointer<UInt8>.allocate(capacity: vectorRowsMax)
    private(set) var capacity = 0
    /// The vectors of one batch; kept so that no batch allocates them.
    private var vectors: [Vector] = []

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

    /// Takes in a batch. `groups` is nil where all rows are group 0. `rows`: one byte a row, 1 for those that count; nil: all do.
    final func update(_ batch: Batch, _ groups: UnsafePointer<UInt32>?, rows: UnsafePointer<UInt8>? = nil) throws {
        // The filter first: an argument that would fail on rows which are filtered out is not asked for them where none is left.
        var mask = rows
        if let filter {
            let vector = try filter.evaluate(batch)
            active.update(from: vector.mask, count: batch.count)
            vector.clearNulls(in: active, count: batch.count)
            if let rows { for i in 0..<batch.count { active[i] &= rows[i] } }
            if MaskBytes.allZero(active, batch.count) { return }
            mask = UnsafePointer(active)
        }
        vectors.removeAll(keepingCapacity: true)
        for argument in arguments {
            let vector = try argument.evaluate(batch)
            if vector.hasNulls, skipsNulls {
                if mask == nil {
                    active.update(repeating: 1, count: batch.count)
                } else if let rows, mask == rows {
                    active.update(from: rows, count: batch.count)
                }
                vector.clearNulls(in: active, count: batch.count)
                mask = UnsafePointer(active)
            }
            vectors.append(vector)
        }
        try add(vectors, batch, groups, mask)
    }

    /// True where rows may be told by a mask over their parent batch: nothing is computed that could fail on a row left out.
    var takesMasks: Bool { filter == nil && arguments.allSatisfy { $0 is ColumnEvaluator } }

    /// True where a whole block can be taken by its headers; ``take(_:slots:)`` does.
    func canTake(_ block: WholeBlock) -> Bool { false }
    func take(_ block: WholeBlock) {}
    /// Nothing keeps ``canTake(_:)`` from looking at headers.
    final var hasNoFilter: Bool { filter == nil }

    /// Works on another one's state from now on, whose groups no other worker touches at the same time; false where it cannot.
    func share(_ other: Accumulator) -> Bool { false }
    final func setShared(capacity: Int) { self.capacity = capacity }

    /// False where nulls among the arguments matter (an order's null).
    var skipsNulls: Bool { true }

    /// Adds the rows whose mask byte is not 0 (all where there is no mask).
    func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {}
    /// `map` tells where each of the other's groups lies here; nil: at the same number.
    func merge(_ other: Accumulator, map: [UInt32]?) throws {}
    /// The answer for each of `groups`.
    func finish(_ groups: [Int]) throws -> ColumnBuffer { preconditionFailure("an accumulator without a body") }
    /// The answer for each of the groups from 0 on; what stands for a group without rows is any.
    func finishAll(_ count: Int) throws -> ColumnBuffer { try finish(Array(0..<count)) }

    @inline(__always)
    static func target(_ group: Int, _ map: [UInt32]?) -> Int { map.map { Int($0[group]) } ?? group }
}

/// Memory for one fixed-size state a group, where a state of zero bytes is one that has seen nothing.
struct GroupStates<State: BitwiseCopyable> {
    private(set) var pointer: UnsafeMutablePointer<State>
    private(set) var count = 0
    private var isShared = false

    init() { pointer = Self.zeroed(1) }

    /// Fresh pages of zeros are made by the system when they are first touched: by the worker that needs them.
    private static func zeroed(_ count: Int) -> UnsafeMutablePointer<State> {
        .allocateLargeZeroed(capacity: count)
    }

    mutating func grow(to new: Int) {
        precondition(!isShared, "states that another worker owns do not grow")
        let moved = Self.zeroed(new)
        moved.update(from: pointer, count: count)
        pointer.freeLarge()
        pointer = moved
        count = new
    }

    /// New states start as `initial`.
    mutating func grow(to new: Int, filling initial: State) {
        let old = count
        grow(to: new)
        guard new > old else { return }
        // One is copied and then what is there already: methods of generic classes, which make states grow, are not specialised and would
        // copy each by a call.
        pointer[old] = initial
        let stride = MemoryLayout<State>.stride
        let bytes = UnsafeMutableRawPointer(pointer + old)
        var filled = 1
        while filled < new - old {
            let more = min(filled, 4096, new - old - filled)
            (bytes + filled * stride).copyMemory(from: bytes, byteCount: more * stride)
            filled += more
        }
    }

    mutating func share(_ other: GroupStates) {
        free()
        pointer = other.pointer
        count = other.count
        isShared = true
    }

    func free() { if !isShared { pointer.freeLarge() } }
}
