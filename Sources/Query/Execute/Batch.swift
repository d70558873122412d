import Storage

/// A run of at most ``vectorRowsMax`` rows on its way through a pipeline. Columns are made when they are first asked for:
/// a filter that rejects every row never causes another column to be decoded, and a derived column nobody reads is never computed.
///
/// Subclasses say where a column comes from. One batch object lives as long as its worker and is refilled with `advance`.
class Batch {
    /// Columns of this batch by slot; the executor's layout says which plan column has which slot.
    private(set) var count = 0
    private var epochs: [Int]
    private var current: [Vector?]
    private var epoch = 0

    init(slotCount: Int) {
        epochs = Array(repeating: -1, count: slotCount)
        current = Array(repeating: nil, count: slotCount)
    }

    /// Starts a new run of rows: everything made for the last one is forgotten.
    final func advance(count: Int) {
        assert(count <= vectorRowsMax)
        self.count = count
        epoch += 1
    }

    @inline(__always)
    final func vector(_ slot: Int) throws -> Vector {
        if epochs[slot] == epoch { return current[slot]! }
        let vector = try load(slot)
        epochs[slot] = epoch
        current[slot] = vector
        return vector
    }

    /// Makes the column of `slot` for the current rows.
    func load(_ slot: Int) throws -> Vector { preconditionFailure("a batch without columns was asked for one") }
}

/// A batch with some of another one's rows.
final class FilteredBatch: Batch {
    private let parent: Batch
    private let columns: [Vector]
    let selection: UnsafeMutablePointer<UInt16>
    private var takesAll = false

    init(parent: Batch, layout: Layout) {
        self.parent = parent
        columns = layout.makeVectors()
        selection = .allocate(capacity: vectorRowsMax)
        super.init(slotCount: layout.slots.count)
    }
    deinit { selection.deallocate() }

    /// Goes on with the rows whose mask byte is not 0; returns false where there are none.
    func select(mask: UnsafePointer<UInt8>) -> Bool {
        let kept = Selection.fill(selection, from: mask, count: parent.count)
        takesAll = kept == parent.count
        advance(count: kept)
        return kept > 0
    }

    override func load(_ slot: Int) throws -> Vector {
        let source = try parent.vector(slot)
        if takesAll || source.isConstant { return source }
        let target = columns[slot]
        Selection.gather(source, selection, count, into: target)
        return target
    }
}

/// A batch with columns computed from another one's.
final class DerivedBatch: Batch {
    private let parent: Batch
    /// For each slot: nil where the parent's column of the same slot goes through, else what computes it.
    private let evaluators: [Evaluator?]
    private let parentSlots: [Int]

    init(parent: Batch, parentSlots: [Int], evaluators: [Evaluator?]) {
        self.parent = parent
        self.parentSlots = parentSlots
        self.evaluators = evaluators
        super.init(slotCount: evaluators.count)
    }

    override func load(_ slot: Int) throws -> Vector {
        if let evaluator = evaluators[slot] { return try evaluator.evaluate(parent) }
        return try parent.vector(parentSlots[slot])
    }
}

/// Index lists made from masks, and columns picked by them.
enum Selection {
    /// Writes the positions of the mask's nonzero bytes; returns how many.
    static func fill(_ selection: UnsafeMutablePointer<UInt16>, from mask: UnsafePointer<UInt8>, count: Int) -> Int {
        var kept = 0
        var i = 0
        let words = UnsafeRawPointer(mask)
        while i &+ 8 <= count {
            let word = words.loadUnaligned(fromByteOffset: i, as: UInt64.self)
            if word != 0 {
                // Branch-free inside the eight: a write that is not counted is overwritten by the next.
                for j in 0..<8 {
                    selection[kept] = UInt16(truncatingIfNeeded: i &+ j)
                    kept &+= mask[i &+ j] != 0 ? 1 : 0
                }
            }
            i &+= 8
        }
        while i < count {
            selection[min(kept, vectorRowsMax - 1)] = UInt16(truncatingIfNeeded: i)
            kept &+= mask[i] != 0 ? 1 : 0
            i &+= 1
        }
        return kept
    }

    static func gather(_ source: Vector, _ selection: UnsafePointer<UInt16>, _ count: Int, into target: Vector) {
        target.reset()
        switch source.form {
        case .integers: pick(source.integers, selection, count, target.integers)
        case .doubles: pick(source.doubles, selection, count, target.doubles)
        case .mask: pick(source.mask, selection, count, target.mask)
        case .codes: pick(source.codes, selection, count, target.codes)
        case .texts:
            pick(source.texts, selection, count, target.texts)
            target.keepers = source.keepers
        }
        if source.hasNulls {
            pick(source.nulls, selection, count, target.nulls)
            target.hasNulls = true
        }
    }

    @inline(__always)
    private static func pick<T>(
        _ a: UnsafeMutablePointer<T>, _ selection: UnsafePointer<UInt16>, _ count: Int, _ out: UnsafeMutablePointer<T>
    ) {
        for i in 0..<count { out[i] = a[Int(selection[i])] }
    }
}

/// Which plan column lies in which slot, and how its values are held. The same for every worker of a pipeline.
struct Layout {
    struct Slot {
        let id: ColumnID
        let type: LogicalType
        let dictionary: TextDictionary?
    }
    let slots: [Slot]
    private let bySlot: [ColumnID: Int]

    init(_ slots: [Slot]) {
        self.slots = slots
        bySlot = Dictionary(slots.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    subscript(id: ColumnID) -> Int {
        guard let slot = bySlot[id] else { preconditionFailure("column \(id) is not in the layout") }
        return slot
    }
    func contains(_ id: ColumnID) -> Bool { bySlot[id] != nil }
    func makeVectors() -> [Vector] { slots.map { Vector(type: $0.type, dictionary: $0.dictionary) } }
}
