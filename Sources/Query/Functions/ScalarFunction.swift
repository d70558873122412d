import Storage

/// The hot part of a scalar function: fills `out` with `count` results.
///
/// Text arguments always come as `.texts` (the engine evaluates a function of one coded column once per dictionary entry and
/// maps the result). Bools come as `.mask`. A constant argument is filled to `count` rows like any other and has `isConstant` set.
typealias Kernel = @Sendable (_ arguments: [Vector], _ out: Vector, _ count: Int, _ context: EvaluationContext) throws -> Void

/// A scalar function bound to its argument types.
struct FunctionInstance: Sendable {
    let name: String
    let kernel: Kernel
    /// True: a null among the arguments makes the result null; the engine merges the null masks into `out` before the kernel
    /// runs, and the kernel only ever adds nulls with `out.setNull(row, of: count)`. False: the kernel looks at `arguments[i].isNull` itself.
    let isStrict: Bool
    /// The function is non-decreasing in its first argument (`month`, `floor`): lets a plan reason about ranges.
    let isMonotone: Bool
    /// What it does to its only argument that is not constant, where that can be told by steps; given the constants (nil: not constant).
    let codeSteps: @Sendable (_ constants: [Value?]) -> [CodeStep]?
    /// What the answers can be, given what each argument can.
    let lattice: @Sendable (_ arguments: [IntegerLattice]) -> IntegerLattice?
    /// Tells instances apart whose closures hold different constants under one name.
    let identity = Identity()

    final class Identity: Sendable {}

    init(
        _ name: String, strict: Bool = true, monotone: Bool = false,
        codeSteps: @escaping @Sendable (_ constants: [Value?]) -> [CodeStep]? = { _ in nil },
        lattice: @escaping @Sendable (_ arguments: [IntegerLattice]) -> IntegerLattice? = { _ in nil }, kernel: @escaping Kernel
    ) {
        self.lattice = lattice
        self.name = name
        self.kernel = kernel
        self.codeSteps = codeSteps
        isStrict = strict
        isMonotone = monotone
    }

    /// The steps, and which argument they start from.
    func codeSteps(_ arguments: [Bound]) -> (argument: Int, steps: [CodeStep])? {
        let constants = arguments.map(\.constantValue)
        let open = constants.indices.filter { constants[$0] == nil }
        guard open.count == 1, isStrict, let steps = codeSteps(constants) else { return nil }
        return (open[0], steps)
    }
}

/// One entry of the catalogue of functions: help, completion, the reference's tables and the example tests are read from it.
struct ScalarFunction: Sendable {
    enum Family: String, Sendable, CaseIterable { case text, number, date, condition, cast }

    /// An expression in the language and its answer as csv shows it; run by the tests.
    struct Example: Sendable {
        let expression: String
        let result: String
        init(_ expression: String, _ result: String) {
            self.expression = expression
            self.result = result
        }
    }

    let name: String
    let family: Family
    /// `substring(text, from, length)`
    let signature: String
    /// One sentence, for help.
    let summary: String
    let examples: [Example]
    /// Checks the arguments and returns the bound call, with casts put in where the types allow them.
    let resolve: @Sendable (FunctionCall) throws -> Bound
}

/// A call on its way to being bound.
struct FunctionCall: Sendable {
    let name: Name
    /// Bound already, in the order written; a label stands beside each (nil: positional).
    let arguments: [Bound]
    let labels: [Name?]
    let span: SourceSpan
    /// Today's day number for this run.
    let today: Int64
    /// Days that are not worked, sorted, from the first date column of the table `holidays` where the store has one.
    let holidays: @Sendable () throws -> [Int64]

    /// An error about argument `index` (or the whole call where it is missing).
    func error(_ message: String, argument index: Int? = nil, hint: String? = nil) -> QueryError {
        let at = index.flatMap { $0 < arguments.count ? arguments[$0].span : nil } ?? span
        return QueryError(.type, message, at: at, hint: hint)
    }

    /// A bound result that calls `instance` on `arguments`.
    func result(_ type: LogicalType, _ instance: FunctionInstance, _ arguments: [Bound]) -> Bound {
        Bound(.function(instance, arguments), type, span)
    }

    /// The value of an argument that must be constant.
    func constant(_ index: Int, _ what: String) throws -> Value {
        guard let value = arguments[index].constantValue else {
            throw error("\(name.text): \(what) must be a constant", argument: index)
        }
        return value
    }

    func requireCount(_ range: ClosedRange<Int>, _ signature: String) throws {
        guard !range.contains(arguments.count) else { return }
        let wanted = range.lowerBound == range.upperBound ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
        throw error("\(name.text) takes \(wanted) argument\(wanted == "1" ? "" : "s"), not \(arguments.count)", hint: signature)
    }
}
