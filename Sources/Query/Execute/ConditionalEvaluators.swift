import Storage

/// `if a then x else if b then y else z`: every branch is computed for all rows, then picked. Kernels never trap on rows that a
/// condition would have excluded, but errors about data (an overflow) are raised for the rows that take the branch only.
final class ConditionalEvaluator: Evaluator {
    private let conditions: [Evaluator]
    private let values: [Evaluator]
    private let out: Vector
    private let choice: UnsafeMutablePointer<UInt8>
    /// Where the result is text of constants: the code of each branch's text (nil: null).
    private let constantCodes: [UInt32?]?
    private let branches: [FilteredBranch]

    init(
        conditions: [Evaluator], values: [Evaluator], branches: [FilteredBranch], constantCodes: [UInt32?]?, dictionary: TextDictionary?,
        type: LogicalType
    ) {
        precondition(values.count == conditions.count + 1 && values.count <= 255)
        self.conditions = conditions
        self.values = values
        self.branches = branches
        self.constantCodes = constantCodes
        out = Vector(type: type, dictionary: dictionary)
        choice = .allocate(capacity: vectorRowsMax)
        super.init(type: type, dictionary: dictionary)
    }
    deinit { choice.deallocate() }

    override func evaluate(_ batch: Batch) throws -> Vector {
        let count = batch.count
        out.reset()
        choice.update(repeating: UInt8(conditions.count), count: count)
        // From the last branch to the first, so that the first that holds wins.
        for index in conditions.indices.reversed() {
            let condition = try conditions[index].evaluate(batch)
            let (bits, choice, chosen) = (condition.mask, choice, UInt8(index))
            // Masks, since a condition in place becomes a branch for each row.
            if condition.hasNulls {
                let nulls = condition.nulls
                for i in 0..<count { choice[i] ^= (choice[i] ^ chosen) & (0 &- (bits[i] & (nulls[i] ^ 1))) }
            } else {
                for i in 0..<count { choice[i] ^= (choice[i] ^ chosen) & (0 &- bits[i]) }
            }
        }
        if let constantCodes {
            for (index, code) in constantCodes.enumerated() where code == nil {
                let missing = UInt8(index)
                for i in 0..<count where choice[i] == missing { out.setNull(i, of: count) }
            }
            let (codes, choice) = (out.codes, choice)
            constantCodes.map { $0 ?? 0 }.withUnsafeBufferPointer { texts in
                guard let texts = texts.baseAddress else { return }
                for i in 0..<count { codes[i] = texts[Int(choice[i])] }
            }
            return out
        }
        for index in values.indices {
            // A constant needs no row, and fails on none.
            if let constant = values[index] as? ConstantEvaluator, out.blend(try constant.evaluate(batch), choice, UInt8(index), count) {
                continue
            }
            try branches[index].evaluate(batch, where: choice, equals: UInt8(index), values[index], into: out)
        }
        return out
    }
}

/// One branch's value for just the rows that take it: the batch is narrowed first, so that a division or an overflow in a
/// branch that no row takes is neither counted nor raised.
final class FilteredBranch {
    private let layout: Layout
    private var filtered: FilteredBatch?
    private var parent: Batch?
    private let mask = UnsafeMutablePointer<UInt8>.allocate(capacity: vectorRowsMax)

    init(layout: Layout) { self.layout = layout }
    deinit { mask.deallocate() }

    func evaluate(_ batch: Batch, where choice: UnsafePointer<UInt8>, equals index: UInt8, _ value: Evaluator, into out: Vector) throws {
        let (mask, count) = (mask, batch.count)
        for i in 0..<count { mask[i] = choice[i] == index ? 1 : 0 }
        if parent !== batch {
            parent = batch
            filtered = FilteredBatch(parent: batch, layout: layout)
        }
        let narrowed = filtered!
        guard narrowed.select(mask: mask) else { return }
        let vector = try value.evaluate(narrowed)
        out.scatter(vector, to: narrowed.selection, count: narrowed.count, of: batch.count)
    }
}

extension Vector {
    /// Takes the constant `source` where the choice is `index`; false for nulls, and where values are moved one by one.
    func blend(_ source: Vector, _ choice: UnsafePointer<UInt8>, _ index: UInt8, _ count: Int) -> Bool {
        guard !source.hasNulls, count > 0 else { return false }
        switch form {
        case .integers:
            let (out, value) = (integers, source.integers[0])
            for i in 0..<count {
                let isChosen: Int64 = choice[i] == index ? -1 : 0
                out[i] ^= (out[i] ^ value) & isChosen
            }
        case .mask:
            let (out, value) = (mask, source.mask[0])
            for i in 0..<count {
                let isChosen: UInt8 = choice[i] == index ? 255 : 0
                out[i] ^= (out[i] ^ value) & isChosen
            }
        case .doubles, .codes, .texts: return false
        }
        return true
    }

    /// Row `i` of `source` becomes row `selection[i]` of this vector.
    func scatter(_ source: Vector, to selection: UnsafePointer<UInt16>, count: Int, of total: Int) {
        switch form {
        case .integers:
            let (out, values) = (integers, source.integers)
            for i in 0..<count { out[Int(selection[i])] = values[i] }
        case .doubles: for i in 0..<count { doubles[Int(selection[i])] = source.doubles[i] }
        case .mask: for i in 0..<count { mask[Int(selection[i])] = source.mask[i] }
        case .texts:
            // The branch's arena is reused by the next batch only, but a constant's or a function's vector may be shared: views stay
            // valid until then.
            for i in 0..<count { texts[Int(selection[i])] = source.isNull(i) ? TextView(base: nil, count: 0) : source.text(i) }
            keepers.append(contentsOf: source.keepers)
        case .codes: for i in 0..<count { codes[Int(selection[i])] = source.codes[i] }
        }
        if source.hasNulls { for i in 0..<count where source.nulls[i] != 0 { setNull(Int(selection[i]), of: total) } }
    }
}

/// `coalesce(x, constant)` of anything but text.
final class DefaultEvaluator: Evaluator {
    private let source: Evaluator
    private let value: Value
    private let out: Vector

    init(_ source: Evaluator, _ value: Value, type: LogicalType) {
        self.source = source
        self.value = value
        out = Vector(type: type)
        super.init(type: type)
    }

    override func evaluate(_ batch: Batch) throws -> Vector {
        let vector = try source.evaluate(batch)
        guard vector.hasNulls else { return vector }
        out.reset()
        let count = batch.count
        let nulls = vector.nulls
        switch (out.form, value) {
        case (.integers, .integer(let other)): fill(vector.integers, nulls, other, out.integers, count)
        case (.mask, .integer(let other)): fill(vector.mask, nulls, other != 0 ? 1 : 0, out.mask, count)
        case (.doubles, .double(let other)): fill(vector.doubles, nulls, other, out.doubles, count)
        case (.integers, _), (.mask, _), (.doubles, _), (.codes, _), (.texts, _): preconditionFailure("a default of another type")
        }
        return out
    }

    @inline(__always)
    private func fill<T>(
        _ values: UnsafePointer<T>, _ nulls: UnsafePointer<UInt8>, _ other: T, _ out: UnsafeMutablePointer<T>, _ count: Int
    ) {
        for i in 0..<count { out[i] = nulls[i] != 0 ? other : values[i] }
    }
}
