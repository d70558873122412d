import Storage

/// Rows that the engine handles at once: sixteen frames. Two or three vectors of codes stay in the L1 cache, and calls cost little.
let vectorRowsMax = 4096

/// Up to ``vectorRowsMax`` values of one type, in memory that is reused from batch to batch.
///
/// A vector belongs to one worker. The value under a null is unspecified but never harmful: zero or an old value for
/// numbers, a valid view for text.
final class Vector {
    /// How the values lie in memory. It follows from the type, except that text may be codes or views.
    enum Form: Sendable {
        /// Every integer-class type but bool.
        case integers
        case doubles
        /// Bool: one byte, 0 or 1.
        case mask
        /// Codes of ``dictionary``.
        case codes
        case texts

        init(_ type: LogicalType, coded: Bool) {
            switch type {
            case .text: self = coded ? .codes : .texts
            case .float: self = .doubles
            case .bool: self = .mask
            case .int, .decimal, .date, .timestamp, .week, .month, .quarter, .year, .duration: self = .integers
            }
        }

        /// Bytes a value.
        var stride: Int {
            switch self {
            case .integers, .doubles: 8
            case .mask: 1
            case .codes: 4
            case .texts: MemoryLayout<TextView>.stride
            }
        }
    }

    let type: LogicalType
    let form: Form
    /// The dictionary of the codes; set once, before the first batch.
    let dictionary: TextDictionary?
    /// One byte a row, 1 = null; meaningful only while ``hasNulls``.
    let nulls: UnsafeMutablePointer<UInt8>
    var hasNulls = false
    /// Every row holds row 0's value (and row 0's null).
    var isConstant = false
    /// The integers stand in ``narrowCodes`` as `base + unit * code`; ``integers`` makes wide ones of them when it is first asked for.
    private(set) var isNarrow = false
    private(set) var base: Int64 = 0
    private(set) var unit: Int64 = 1
    private var widensLater = 0
    /// What text views borrow from, for as long as this batch is in use.
    var keepers: [AnyObject] = []

    private let memory: UnsafeMutableRawPointer
    private let narrowMemory: UnsafeMutablePointer<UInt32>?
    private var arena: TextArena?

    init(type: LogicalType, dictionary: TextDictionary? = nil) {
        self.type = type
        self.dictionary = dictionary
        form = Form(type, coded: dictionary != nil)
        let bytes = vectorRowsMax * form.stride
        memory = .allocate(byteCount: bytes, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
        narrowMemory = form == .integers ? .allocate(capacity: vectorRowsMax) : nil
        nulls = .allocate(capacity: vectorRowsMax)
        nulls.initialize(repeating: 0, count: vectorRowsMax)
    }

    deinit {
        memory.deallocate()
        narrowMemory?.deallocate()
        nulls.deallocate()
    }

    /// The values as their form has them.
    @inline(__always) var storage: UnsafeMutableRawPointer {
        if widensLater > 0 { widen() }
        return memory
    }

    /// The codes of narrow integers, and where they are to be written before ``setNarrow(_:count:)``.
    @inline(__always) var narrowCodes: UnsafeMutablePointer<UInt32> {
        assert(form == .integers)
        return narrowMemory.unsafelyUnwrapped
    }

    /// Says that ``narrowCodes`` hold `count` values.
    @inline(__always)
    func setNarrow(base: Int64, unit: Int64, count: Int) {
        self.base = base
        self.unit = unit
        isNarrow = true
        widensLater = count
    }

    private func widen() {
        let count = widensLater
        widensLater = 0
        let values = memory.assumingMemoryBound(to: Int64.self)
        let codes = narrowCodes
        let base = base
        let unit = unit
        if unit == 1 {
            for i in 0..<count { values[i] = base &+ Int64(codes[i]) }
        } else if unit <= Int64(UInt32.max) {
            // Two 32-bit factors: the one multiplication that every x86 has for vectors.
            let factor = UInt64(UInt32(truncatingIfNeeded: unit))
            for i in 0..<count { values[i] = base &+ Int64(bitPattern: UInt64(codes[i]) &* factor) }
        } else {
            for i in 0..<count { values[i] = base &+ unit &* Int64(codes[i]) }
        }
    }

    @inline(__always) var integers: UnsafeMutablePointer<Int64> {
        assert(form == .integers)
        return storage.assumingMemoryBound(to: Int64.self)
    }
    @inline(__always) var doubles: UnsafeMutablePointer<Double> {
        assert(form == .doubles)
        return memory.assumingMemoryBound(to: Double.self)
    }
    @inline(__always) var mask: UnsafeMutablePointer<UInt8> {
        assert(form == .mask)
        return memory.assumingMemoryBound(to: UInt8.self)
    }
    @inline(__always) var codes: UnsafeMutablePointer<UInt32> {
        assert(form == .codes)
        return memory.assumingMemoryBound(to: UInt32.self)
    }
    @inline(__always) var texts: UnsafeMutablePointer<TextView> {
        assert(form == .texts)
        return memory.assumingMemoryBound(to: TextView.self)
    }

    @inline(__always) func isNull(_ row: Int) -> Bool { hasNulls && nulls[row] != 0 }

    /// Forgets the last batch: no nulls, nothing borrowed, an empty arena.
    func reset() {
        hasNulls = false
        isConstant = false
        isNarrow = false
        widensLater = 0
        if !keepers.isEmpty { keepers.removeAll(keepingCapacity: true) }
        arena?.reset()
    }

    /// Marks a row as null; clears the mask at the first one.
    @inline(__always)
    func setNull(_ row: Int, of count: Int) {
        if !hasNulls {
            nulls.update(repeating: 0, count: count)
            hasNulls = true
        }
        nulls[row] = 1
    }

    /// Copies bytes into this vector's own arena and points row `row` at them.
    func setText(_ row: Int, _ bytes: UnsafeBufferPointer<UInt8>) {
        if arena == nil { arena = TextArena() }
        texts[row] = arena!.copy(bytes)
    }

    /// Room in this vector's own arena for `bytes` bytes of this batch's texts, which the caller writes and points rows at.
    func textRoom(_ bytes: Int) -> UnsafeMutablePointer<UInt8> {
        let arena = self.arena ?? TextArena()
        self.arena = arena
        return arena.room(bytes)
    }

    func setText(_ row: Int, _ text: String) {
        var text = text
        text.withUTF8 { setText(row, $0) }
    }

    /// The text of a row in either form.
    @inline(__always)
    func text(_ row: Int) -> TextView {
        switch form {
        case .codes: dictionary![codes[row]]
        case .texts: texts[row]
        case .integers, .doubles, .mask: preconditionFailure("\(type.name) has no text")
        }
    }

    /// A cell for the edges of the program.
    func value(_ row: Int) -> Value {
        if isNull(row) { return .null }
        switch form {
        case .integers: return .integer(integers[row])
        case .doubles: return .double(doubles[row])
        case .mask: return .integer(Int64(mask[row]))
        case .codes, .texts: return .text(text(row).string)
        }
    }

    /// Makes every row the same value.
    func fill(_ value: Value) {
        isConstant = true
        switch value {
        case .null:
            nulls.update(repeating: 1, count: vectorRowsMax)
            hasNulls = true
        case .integer(let integer):
            if form == .mask {
                mask.update(repeating: integer != 0 ? 1 : 0, count: vectorRowsMax)
            } else {
                integers.update(repeating: integer, count: vectorRowsMax)
            }
        case .double(let double): doubles.update(repeating: double, count: vectorRowsMax)
        case .text(let text):
            setText(0, text)
            texts.update(repeating: texts[0], count: vectorRowsMax)
        }
    }
}
