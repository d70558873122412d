import Storage

/// Turns bound expressions into evaluators over one layout. One a worker; the maps over dictionaries are made once and shared.
final class ExpressionCompiler {
    private let layout: Layout
    private let context: EvaluationContext
    private let shared: SharedMaps

    init(layout: Layout, context: EvaluationContext, shared: SharedMaps) {
        self.layout = layout
        self.context = context
        self.shared = shared
    }

    func compile(_ bound: Bound) throws -> Evaluator { try compile(bound, bySteps: true) }

    private func compile(_ bound: Bound, bySteps: Bool) throws -> Evaluator {
        if let lifted = try liftOverDictionary(bound) ?? (bySteps ? toldBySteps(bound) : nil) { return lifted }
        switch bound.kind {
        case .column(let id): return ColumnEvaluator(slot: layout[id], layout: layout)
        case .constant(let value): return ConstantEvaluator(value, type: bound.type)
        case .months:
            throw QueryError(
                .type, "months have no fixed length, so they are no value of their own", at: bound.span, hint: "add them to a date")
        case .function(let instance, let arguments):
            return FunctionEvaluator(
                instance, try arguments.map { try compileText($0) }, codeSteps: instance.codeSteps(arguments), type: bound.type,
                context: context, span: bound.span)
        case .compare(let comparison, let left, let right):
            return CompareEvaluator(comparison, try compile(left), try compile(right))
        case .and(let terms): return LogicEvaluator(try terms.map(compile), isAnd: true)
        case .or(let terms): return LogicEvaluator(try terms.map(compile), isAnd: false)
        case .not(let term): return NotEvaluator(try compile(term))
        case .isNull(let term): return IsNullEvaluator(try compile(term))
        case .inSet(let term, let set): return InSetEvaluator(try compile(term), set)
        case .inQuery(let term, let box): return InSetEvaluator(try compile(term), box.values)
        case .nullInQuery(let box): return ConstantEvaluator(.integer(box.hasNull ? 1 : 0), type: .bool)
        case .coalesce(let terms): return try compileCoalesce(terms, bound)
        case .conditional(let branches, let otherwise):
            return try compileConditional(branches.map(\.condition), branches.map(\.value) + [otherwise], type: bound.type)
        case .aggregate, .window, .linked, .below: preconditionFailure("an aggregate or a link was not lifted out of its expression")
        }
    }

    /// A non-decreasing function of one integer column.
    private func toldBySteps(_ bound: Bound) throws -> Evaluator? {
        guard case .function = bound.kind, bound.type.physical == .integer, bound.type != .bool, bound.isMonotone,
            let id = bound.onlyColumn, layout.contains(id)
        else { return nil }
        let slot = layout.slots[layout[id]]
        guard slot.type.physical == .integer, slot.type != .bool else { return nil }
        let points = Layout([Layout.Slot(id: 0, type: slot.type, dictionary: nil)])
        let trial = EvaluationContext(cancellation: context.cancellation)
        let function = try ExpressionCompiler(layout: points, context: trial, shared: shared).compile(
            bound.replacing(column: id, with: 0), bySteps: false)
        return StepEvaluator(
            column: ColumnEvaluator(slot: layout[id], layout: layout), plain: try compile(bound, bySteps: false), points: function,
            pointsBatch: RowsBatch(layout: points))
    }

    /// Kernels take text as views.
    private func compileText(_ bound: Bound) throws -> Evaluator {
        let evaluator = try compile(bound)
        return evaluator.dictionary == nil ? evaluator : DecodeEvaluator(evaluator)
    }

    /// `coalesce(a, b, c)`: the first that is not null, so `if not (a is null) then a else …`.
    private func compileCoalesce(_ terms: [Bound], _ bound: Bound) throws -> Evaluator {
        guard terms.count > 1 else { return try compile(terms[0]) }
        if terms.count == 2, let value = terms[1].constantValue, !value.isNull, bound.type != .text {
            return DefaultEvaluator(try compile(terms[0]), value, type: bound.type)
        }
        let conditions = terms.dropLast().map { Bound(.not(Bound(.isNull($0), .bool, $0.span)), .bool, $0.span) }
        return try compileConditional(conditions, terms, type: bound.type)
    }

    private func compileConditional(_ conditions: [Bound], _ values: [Bound], type: LogicalType) throws -> Evaluator {
        var constantCodes: [UInt32?]?
        var dictionary: TextDictionary?
        if type == .text, values.allSatisfy({ $0.constantValue != nil }) {
            (constantCodes, dictionary) = shared.constantTexts(values.map { $0.constantValue! })
        } else if type == .text, let coded = try compileCoded(conditions, values) {
            return coded
        }
        return ConditionalEvaluator(
            conditions: try conditions.map(compile),
            values: try constantCodes == nil ? values.map(compile) : values.map { ConstantEvaluator($0.constantValue!, type: type) },
            branches: values.map { _ in FilteredBranch(layout: layout) },
            constantCodes: constantCodes, dictionary: dictionary, type: type)
    }

    /// Branches of coded columns and constants stay codes: of one dictionary that holds the texts of all.
    private func compileCoded(_ conditions: [Bound], _ values: [Bound]) throws -> Evaluator? {
        let evaluators = try values.map { $0.constantValue == nil ? try compile($0) : nil }
        var sources: [DictionaryUnion.Source] = []
        for (value, evaluator) in zip(values, evaluators) {
            if let evaluator {
                guard let dictionary = evaluator.dictionary else { return nil }
                sources.append(.dictionary(dictionary))
            } else if case .text(let text)? = value.constantValue {
                sources.append(.constant(text))
            } else {
                sources.append(.constant(nil))
            }
        }
        guard let union = shared.unions.union(of: sources) else { return nil }
        return CodedConditionalEvaluator(
            conditions: try conditions.map(compile), values: evaluators, union: union,
            branches: values.map { _ in FilteredBranch(layout: layout) })
    }

    /// An expression whose only column is coded text is computed once per dictionary entry, if that is fewer than the rows there may be.
    private func liftOverDictionary(_ bound: Bound) throws -> Evaluator? {
        if case .column = bound.kind { return nil }
        // Nulls are told beside the codes: no entry needs to be asked.
        if case .isNull(let term) = bound.kind, case .column = term.kind { return nil }
        if case .not(let term) = bound.kind, case .isNull(let inner) = term.kind, case .column = inner.kind { return nil }
        guard let column = bound.onlyColumn, layout.contains(column) else { return nil }
        let slot = layout[column]
        guard let dictionary = layout.slots[slot].dictionary, dictionary.count <= SharedMaps.entriesMax else { return nil }
        let map: DictionaryMap
        do {
            map = try shared.map(for: bound, column: column) {
                // Divisions by zero are counted by row, not by entry: where there is one, the rows are gone through.
                let trial = EvaluationContext(cancellation: context.cancellation)
                let map = try DictionaryMap(
                    source: dictionary, type: bound.type,
                    compile: { inner in
                        try ExpressionCompiler(layout: inner, context: trial, shared: self.shared).compile(
                            bound.replacing(column: column, with: 0))
                    }, cancellation: context.cancellation)
                if trial.divisionsByZero + trial.undefinedResults > 0 { throw QueryError(.data, "not the same for every row") }
                return map
            }
        } catch let error as QueryError where error.kind == .data {
            // An entry that cannot be cast may belong to no row that is asked for: row by row, only those that are will fail.
            return nil
        }
        return DictionaryMapEvaluator(map, ColumnEvaluator(slot: slot, layout: layout))
    }
}

/// What the workers of one query share: made by the first that asks, under a lock.
final class SharedMaps: @unchecked Sendable {
    static let entriesMax = 1 << 20
    let unions = DictionaryUnions()
    private let lock = Mutex()
    private var maps: [String: DictionaryMap] = [:]
    private var constants: [[Value]: ([UInt32?], TextDictionary)] = [:]

    func map(for bound: Bound, column: ColumnID, make: () throws -> DictionaryMap) throws -> DictionaryMap {
        let name = "\(column):\(bound.fingerprint)"
        return try lock.locked {
            if let map = maps[name] { return map }
            let map = try make()
            maps[name] = map
            return map
        }
    }

    /// Codes for the texts of a conditional's constant branches; equal texts share one.
    func constantTexts(_ values: [Value]) -> ([UInt32?], TextDictionary) {
        lock.locked {
            if let known = constants[values] { return known }
            var texts: [String] = []
            let codes = values.map { value -> UInt32? in
                guard case .text(let text) = value else { return nil }
                if let index = texts.firstIndex(of: text) { return UInt32(index) }
                texts.append(text)
                return UInt32(texts.count - 1)
            }
            let made = (codes, TextDictionary(texts))
            constants[values] = made
            return made
        }
    }
}
