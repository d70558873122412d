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
    }

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

    init(_ map: DictionaryMap, _ source: Evaluator) {
        self.map = map
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
            for i in 0..<count where vector.nulls[i] != 0 { codes[i] = nullCode }
        }
        switch out.form {
        case .integers: map.integers.withUnsafeBufferPointer { look($0, codes, count, out.integers) }
        case .doubles: map.doubles.withUnsafeBufferPointer { look($0, codes, count, out.doubles) }
        case .mask: map.mask.withUnsafeBufferPointer { look($0, codes, count, out.mask) }
        case .codes: map.codes.withUnsafeBufferPointer { look($0, codes, count, out.codes) }
        case .texts: preconditionFailure("a mapped text is coded")
        }
        if map.hasNulls {
            map.nulls.withUnsafeBufferPointer { look($0, codes, count, out.nulls) }
            out.hasNulls = true
        }
        if vector.hasNulls { for i in 0..<count where vector.nulls[i] != 0 { codes[i] = 0 } }
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
