import Storage

/// An expression of one coded text column, evaluated once per dictionary entry (and once for null) instead of once per row.
/// Made when a query is compiled and shared by its workers.
final class DictionaryMap: @unchecked Sendable {
    let type: LogicalType
    /// The value for each code, and at `count` the value for a null; which array is filled follows from the type.
    private(set) var integers: [Int64] = []
    private(set) var doubles: [Double] = []
    private(set) var mask: [UInt8] = []
    private(set) var codes: [UInt32] = []
    private(set) var nulls: [UInt8] = []
    /// Of a text result: its distinct texts.
    private(set) var dictionary: TextDictionary?
    let count: Int

    /// Runs `expression`, compiled over a layout whose only slot is the column's text, over every entry.
    init(source: TextDictionary, type: LogicalType, compile: (Layout) throws -> Evaluator, cancellation: Cancellation) throws {
        self.type = type
        count = source.count
        let layout = Layout([Layout.Slot(id: 0, type: .text, dictionary: nil)])
        let evaluator = try compile(layout)
        let batch = DictionaryBatch(source)
        let interner = TextInterner()
        nulls.reserveCapacity(count + 1)
        // Texts may lie in the memory of what computes them.
        defer { withExtendedLifetime(evaluator) {} }
        var first = 0
        while first <= count {
            try cancellation.check()
            let size = min(vectorRowsMax, count + 1 - first)
            batch.move(to: first, count: size)
            let vector = try evaluator.evaluate(batch)
            for i in 0..<size {
                nulls.append(vector.isNull(i) ? 1 : 0)
                switch vector.form {
                case .integers: integers.append(vector.isNull(i) ? 0 : vector.integers[i])
                case .doubles: doubles.append(vector.isNull(i) ? 0 : vector.doubles[i])
                case .mask: mask.append(vector.isNull(i) ? 0 : vector.mask[i])
                case .codes, .texts: codes.append(vector.isNull(i) ? 0 : interner.code(of: vector.text(i)))
                }
            }
            first += size
        }
        if type == .text { dictionary = interner.makeDictionary() }
        guard type == .bool else { return }
        if count < 32 { shortcuts.bits = mask.enumerated().reduce(0) { $0 | UInt32($1.element) << UInt32($1.offset) } }
        if mask.last == 0, mask.reduce(0, { $0 + Int($1) }) == 1, let only = mask.firstIndex(of: 1) { shortcuts.onlyCode = UInt32(only) }
    }

    /// Of a condition on few entries: a bit for each that holds, null's behind the last. Of one that holds for one entry only, and not
    /// for null: its code.
    private(set) var shortcuts: (bits: UInt32?, onlyCode: UInt32?) = (nil, nil)

    /// True where some code maps to null.
    lazy var hasNulls: Bool = nulls.contains(1)
}

private final class DictionaryBatch: Batch {
    private let source: TextDictionary
    private let out = Vector(type: .text)
    private var first = 0

    init(_ source: TextDictionary) {
        self.source = source
        super.init(slotCount: 1)
    }

    func move(to first: Int, count: Int) {
        self.first = first
        advance(count: count)
    }

    override func load(_ slot: Int) throws -> Vector {
        out.reset()
        for i in 0..<count {
            if first + i < source.count {
                out.texts[i] = source[UInt32(first + i)]
            } else {
                out.texts[i] = TextView(base: nil, count: 0)
                out.setNull(i, of: count)
            }
        }
        return out
    }
}

final class DictionaryMapEvaluator: Evaluator {
    private let map: DictionaryMap
    private let source: Evaluator
    private let out: Vector
    private let bits: UInt32?
    private let onlyCode: UInt32?

    init(_ map: DictionaryMap, _ source: Evaluator) {
        self.map = map
        bits = map.type == .bool ? map.shortcuts.bits : nil
        onlyCode = map.type == .bool ? map.shortcuts.onlyCode : nil
        self.source = source
        out = Vector(type: map.type, dictionary: map.dictionary)
        super.init(type: map.type, dictionary: map.dictionary)
    }

    override func evaluate(_ batch: Batch) throws -> Vector {
        let vector = try source.evaluate(batch)
        let count = batch.count
        out.reset()
        let codes = vector.codes
        if vector.hasNulls {
            // A null looks up the entry behind the last code; the source's own codes are left alone.
            let nullCode = UInt32(map.count)
            let nulls = vector.nulls
            for i in 0..<count {
                let missing = 0 &- UInt32(nulls[i])
                codes[i] = (codes[i] & ~missing) | (nullCode & missing)
            }
        }
        switch out.form {
        case .integers: map.integers.withUnsafeBufferPointer { look($0, codes, count, out.integers) }
        case .doubles: map.doubles.withUnsafeBufferPointer { look($0, codes, count, out.doubles) }
        case .mask:
            let mask = out.mask
            if let bits {
                for i in 0..<count { mask[i] = UInt8(truncatingIfNeeded: (bits &>> codes[i]) & 1) }
            } else if let onlyCode {
                for i in 0..<count { mask[i] = codes[i] == onlyCode ? 1 : 0 }
            } else {
                map.mask.withUnsafeBufferPointer { look($0, codes, count, mask) }
            }
        case .codes: map.codes.withUnsafeBufferPointer { look($0, codes, count, out.codes) }
        case .texts: preconditionFailure("a mapped text is coded")
        }
        if map.hasNulls {
            map.nulls.withUnsafeBufferPointer { look($0, codes, count, out.nulls) }
            out.hasNulls = true
        }
        if vector.hasNulls {
            let nulls = vector.nulls
            for i in 0..<count { codes[i] &= UInt32(nulls[i]) &- 1 }
        }
        return out
    }

    @inline(__always)
    private func look<T>(
        _ table: UnsafeBufferPointer<T>, _ codes: UnsafeMutablePointer<UInt32>, _ count: Int, _ out: UnsafeMutablePointer<T>
    ) {
        let base = table.baseAddress!
        for i in 0..<count { out[i] = base[Int(codes[i])] }
    }
}
