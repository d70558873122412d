import Storage

/// Reads a key column whose text is coded by one dictionary on the left and another on the right: as views, so that they meet.
final class KeyReader: Evaluator {
    private let source: Evaluator

    init(slot: Int, layout: Layout) {
        let column = ColumnEvaluator(slot: slot, layout: layout)
        source = column.dictionary == nil ? column : DecodeEvaluator(column)
        super.init(type: column.type)
    }
    override func evaluate(_ batch: Batch) throws -> Vector { try source.evaluate(batch) }
}
