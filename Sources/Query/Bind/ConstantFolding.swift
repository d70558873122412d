import Storage

/// Computes what hangs on no column, with the very kernels that rows go through.
enum ConstantFolding {
    /// A function of constants as a constant. Where it divides by zero or has no answer it is left for the run to count.
    static func fold(_ bound: Bound) throws -> Bound {
        guard bound.constantValue == nil, isFoldable(bound) else { return bound }
        let context = EvaluationContext(cancellation: Cancellation())
        let compiler = ExpressionCompiler(layout: Layout([]), context: context, shared: SharedMaps())
        let batch = Batch(slotCount: 0)
        batch.advance(count: 1)
        let value: Value
        do {
            // A text may be a part of an argument's, which lives as long as what computed it.
            let evaluator = try compiler.compile(bound)
            value = try withExtendedLifetime(evaluator) { try evaluator.evaluate(batch).value(0) }
        } catch var error as QueryError {
            if error.span == nil { error.span = bound.span }
            throw error
        }
        if context.divisionsByZero > 0 || context.undefinedResults > 0 { return bound }
        return .constant(value, bound.type, bound.span)
    }

    private static func isFoldable(_ bound: Bound) -> Bool {
        switch bound.kind {
        case .constant: true
        case .column, .aggregate, .window, .linked, .below, .months, .inQuery, .nullInQuery: false
        case .function, .compare, .and, .or, .not, .isNull, .conditional, .coalesce, .inSet: bound.children.allSatisfy(isFoldable)
        }
    }

    /// One call of a kernel on constants; nil where it fails.
    static func apply(_ instance: FunctionInstance, to values: [Value], _ types: [LogicalType], result: LogicalType) -> Value? {
        let arguments = zip(values, types).map { Bound.constant($0, $1, 0..<0) }
        guard let folded = try? fold(Bound(.function(instance, arguments), result, 0..<0)) else { return nil }
        return folded.constantValue
    }
}
