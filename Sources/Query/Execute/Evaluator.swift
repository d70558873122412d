import Storage

/// Computes one expression over a batch. A tree of these is made for each worker; every node owns the vector it answers with.
class Evaluator {
    let type: LogicalType
    /// Set where the answer is codes.
    let dictionary: TextDictionary?

    init(type: LogicalType, dictionary: TextDictionary? = nil) {
        self.type = type
        self.dictionary = dictionary
    }

    func evaluate(_ batch: Batch) throws -> Vector { preconditionFailure("an evaluator without a body") }
}

final class ColumnEvaluator: Evaluator {
    let slot: Int
    init(slot: Int, layout: Layout) {
        self.slot = slot
        super.init(type: layout.slots[slot].type, dictionary: layout.slots[slot].dictionary)
    }
    override func evaluate(_ batch: Batch) throws -> Vector { try batch.vector(slot) }
}

final class ConstantEvaluator: Evaluator {
    private let out: Vector
    init(_ value: Value, type: LogicalType) {
        out = Vector(type: type)
        out.fill(value)
        super.init(type: type)
    }
    override func evaluate(_ batch: Batch) throws -> Vector { out }
}

final class FunctionEvaluator: Evaluator {
    private let instance: FunctionInstance
    private let arguments: [Evaluator]
    private let out: Vector
    private let context: EvaluationContext
    private let span: SourceSpan
    private var vectors: [Vector] = []
    /// Where the function can be computed on the codes of one argument.
    private let codeSteps: (argument: Int, steps: [CodeStep])?

    init(
        _ instance: FunctionInstance, _ arguments: [Evaluator], codeSteps: (argument: Int, steps: [CodeStep])?, type: LogicalType,
        context: EvaluationContext, span: SourceSpan
    ) {
        self.codeSteps = codeSteps
        self.instance = instance
        self.span = span
        self.arguments = arguments
        self.context = context
        out = Vector(type: type)
        super.init(type: type)
    }

    override func evaluate(_ batch: Batch) throws -> Vector {
        if let (argument, steps) = codeSteps {
            let source = try arguments[argument].evaluate(batch)
            if source.isNarrow, batch.count > 0 {
                out.reset()
                if out.take(steps, on: source, count: batch.count) {
                    out.addNulls(of: source, count: batch.count)
                    out.isConstant = source.isConstant
                    return out
                }
            }
        }
        vectors.removeAll(keepingCapacity: true)
        for argument in arguments { vectors.append(try argument.evaluate(batch)) }
        out.reset()
        if instance.isStrict {
            for vector in vectors where vector.hasNulls { out.addNulls(of: vector, count: batch.count) }
        }
        // Views that a kernel hands on (substring, trim) borrow from its arguments.
        if out.form == .texts {
            for vector in vectors where !vector.keepers.isEmpty { out.keepers.append(contentsOf: vector.keepers) }
        }
        do {
            try instance.kernel(vectors, out, batch.count, context)
        } catch var error as QueryError {
            // A kernel knows no place: what it computes is what went wrong.
            if error.span == nil, !span.isEmpty { error.span = span }
            throw error
        }
        return out
    }
}

extension Vector {
    /// Null wherever `other` is.
    func addNulls(of other: Vector, count: Int) {
        guard other.hasNulls else { return }
        if hasNulls {
            for i in 0..<count { nulls[i] |= other.nulls[i] }
        } else {
            nulls.update(from: other.nulls, count: count)
            hasNulls = true
        }
    }

    /// Zero in `mask` wherever this vector is null.
    func clearNulls(in mask: UnsafeMutablePointer<UInt8>, count: Int) {
        guard hasNulls else { return }
        for i in 0..<count { mask[i] &= nulls[i] ^ 1 }
    }
}

/// Views of a coded column, for the few places that need bytes row by row.
final class DecodeEvaluator: Evaluator {
    private let source: Evaluator
    private let out = Vector(type: .text)

    init(_ source: Evaluator) {
        self.source = source
        super.init(type: .text)
    }

    override func evaluate(_ batch: Batch) throws -> Vector {
        let vector = try source.evaluate(batch)
        guard let dictionary = vector.dictionary else { return vector }
        out.reset()
        out.addNulls(of: vector, count: batch.count)
        let codes = vector.codes
        let texts = out.texts
        if dictionary.count == 0 {
            for i in 0..<batch.count { texts[i] = TextView(base: nil, count: 0) }
        } else {
            for i in 0..<batch.count { texts[i] = dictionary[codes[i]] }
        }
        return out
    }
}
