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

    /// What is known of the values of `slot` in these rows without decoding them.
    func bounds(_ slot: Int) -> ColumnBounds? { nil }

    /// The column is there already.
    @inline(__always)
    final func holds(_ slot: Int) -> Bool { epochs[slot] == epoch }

    /// Brings single rows of a column, which are so few that making all of it costs more; false where it cannot, and nothing was done.
    func pick(_ slot: Int, _ places: UnsafePointer<UInt16>, _ picked: Int, into vector: Vector) throws -> Bool { false }

    /// Makes the column of `slot` for the current rows.
    func load(_ slot: Int) throws -> Vector { preconditionFailure("a batch without columns was asked for one") }
}

/// All integers of a column, but for nulls, lie between the two.
struct ColumnBounds {
    let low: Int64
    let high: Int64
    let hasNulls: Bool
}

/// A batch with some of another one's rows.
final class FilteredBatch: Batch {
    let parent: Batch
    private let columns: [Vector]
    /// One byte for each of the parent's rows, 1: it is among these.
    let mask: UnsafeMutablePointer<UInt8>
    private let places: UnsafeMutablePointer<UInt16>
    private var hasPlaces = false
    private(set) var takesAll = false

    init(parent: Batch, layout: Layout) {
        self.parent = parent
        columns = layout.makeVectors()
        mask = .allocate(capacity: vectorRowsMax)
        places = .allocate(capacity: vectorRowsMax)
        super.init(slotCount: layout.slots.count)
    }
    deinit {
        mask.deallocate()
        places.deallocate()
    }

    /// The places of these rows among the parent's. Not made before somebody asks: a sum over a mask needs none.
    var selection: UnsafeMutablePointer<UInt16> {
        if !hasPlaces {
            _ = Selection.fill(places, from: mask, count: parent.count)
            hasPlaces = true
        }
        return places
    }

    /// Goes on with the rows whose mask byte is 1; returns false where there are none.
    func select(mask rows: UnsafePointer<UInt8>) -> Bool {
        let kept = MaskBytes.count(rows, parent.count)
        takesAll = kept == parent.count
        hasPlaces = false
        if kept > 0 { mask.update(from: rows, count: parent.count) }
        advance(count: kept)
        return kept > 0
    }

    /// Goes on with every row.
    func selectAll() {
        takesAll = true
        hasPlaces = false
        mask.update(repeating: 1, count: parent.count)
        advance(count: parent.count)
    }

    override func bounds(_ slot: Int) -> ColumnBounds? { parent.bounds(slot) }

    /// Reading one row costs about as much as unpacking so many.
    private static let sparseShare = 32

    override func load(_ slot: Int) throws -> Vector {
        let target = columns[slot]
        if count &* Self.sparseShare < parent.count, !parent.holds(slot), try parent.pick(slot, selection, count, into: target) {
            return target
        }
        let source = try parent.vector(slot)
        if takesAll || source.isConstant { return source }
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

    override func bounds(_ slot: Int) -> ColumnBounds? { evaluators[slot] == nil ? parent.bounds(parentSlots[slot]) : nil }

    override func load(_ slot: Int) throws -> Vector {
        if let evaluator = evaluators[slot] { return try evaluator.evaluate(parent) }
        return try parent.vector(parentSlots[slot])
    }
}

/// Index lists made from masks, and columns picked by them.
enum Selection {
    /// For each pattern of eight mask bits the places of the set ones.
    private nonisolated(unsafe) static let patterns: UnsafePointer<SIMD8<UInt16>> = {
        let table = UnsafeMutablePointer<SIMD8<UInt16>>.allocate(capacity: 256)
        for pattern in 0..<256 {
            var places = SIMD8<UInt16>()
            var kept = 0
            for bit in 0..<8 where pattern >> bit & 1 == 1 {
                places[kept] = UInt16(bit)
                kept += 1
            }
            table[pattern] = places
        }
        return UnsafePointer(table)
    }()

    /// Writes the positions of the mask's bytes that are 1; returns how many. What is written behind those is never behind `count`.
    static func fill(_ selection: UnsafeMutablePointer<UInt16>, from mask: UnsafePointer<UInt8>, count: Int) -> Int {
        let patterns = patterns
        let words = UnsafeRawPointer(mask)
        var kept = 0
        var i = 0
        while i &+ 8 <= count {
            // The multiplication brings the lowest bits of eight bytes side by side into the highest byte.
            let word = words.loadUnaligned(fromByteOffset: i, as: UInt64.self)
            let pattern = Int(truncatingIfNeeded: (word &* 0x0102_0408_1020_4080) >> 56)
            let places = patterns[pattern] &+ SIMD8(repeating: UInt16(truncatingIfNeeded: i))
            UnsafeMutableRawPointer(selection + kept).storeBytes(of: places, as: SIMD8<UInt16>.self)
            kept &+= pattern.nonzeroBitCount
            i &+= 8
        }
        while i < count {
            selection[kept] = UInt16(truncatingIfNeeded: i)
            kept &+= Int(mask[i])
            i &+= 1
        }
        return kept
    }

    static func gather(_ source: Vector, _ selection: UnsafePointer<UInt16>, _ count: Int, into target: Vector) {
        target.reset()
        switch source.form {
        case .integers:
            if source.isNarrow {
                pick(source.narrowCodes, selection, count, target.narrowCodes)
                target.setNarrow(base: source.base, unit: source.unit, count: count)
            } else {
                pick(source.integers, selection, count, target.integers)
            }
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
