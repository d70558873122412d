import Storage

@testable import Query

/// Evaluates expressions made of functions, constants and columns, value by value where it can: a stand-in for binder and engine
/// that knows just enough to test functions alone.
struct FunctionHarness {
    struct Column {
        var type: LogicalType
        var values: [Value]
    }

    var columns: [String: Column] = [:]
    /// 2026-09-30.
    var today = CivilDate.days(year: 2026, month: 9, day: 30)
    var holidays: [Int64] = []
    let context = EvaluationContext(cancellation: Cancellation())

    var rowCount: Int { columns.values.first?.values.count ?? 1 }

    /// Type and values of an expression.
    func evaluate(_ text: String) throws -> (type: LogicalType, values: [Value]) {
        let bound = try bind(text)
        return (bound.type, try values(bound))
    }

    /// The one value of an expression, as csv shows it, with its type.
    func cell(_ text: String) throws -> String {
        let (type, values) = try evaluate(text)
        return CellText.string(values[0], type: type)
    }

    /// The error of an expression, whether it comes up while binding or while running.
    func error(_ text: String) -> QueryError? {
        do {
            _ = try evaluate(text)
            return nil
        } catch {
            return error as? QueryError
        }
    }

    // MARK: - Binding

    func bind(_ text: String) throws -> Bound {
        var parser = Parser(text)
        return try bind(try parser.expression())
    }

    private func bind(_ expression: Expression) throws -> Bound {
        let span = expression.span
        switch expression.kind {
        case .literal(let literal): return constant(literal, span)
        case .path(let names):
            guard let index = columns.keys.sorted().firstIndex(of: names[0].text) else { throw QueryError(.name, names[0].text) }
            return Bound(.column(index), columns[names[0].text]!.type, span)
        case .call(let call):
            guard let function = FunctionCatalogue.byName[call.name.text] else { throw QueryError(.name, call.name.text) }
            let holidays = holidays
            return try function.resolve(
                FunctionCall(
                    name: call.name, arguments: try call.arguments.map { try bind($0.value) }, labels: call.arguments.map(\.label),
                    span: span, today: today, holidays: { holidays }))
        case .negate(let operand):
            let bound = try bind(operand)
            switch bound.kind {
            case .constant(.integer(let value)): return .constant(.integer(-value), bound.type, span)
            case .constant(.double(let value)): return .constant(.double(-value), bound.type, span)
            case .months(let months): return Bound(.months(-months), bound.type, span)
            default: throw QueryError(.unsupported, "negate")
            }
        case .not(let operand): return Bound(.not(try bind(operand)), .bool, span)
        case .binary(let operation, let a, let b):
            let (x, y) = (try bind(a), try bind(b))
            switch operation {
            case .like, .notLike: return try LikePattern.like(x, y, negated: operation == .notLike, span: span)
            default: break
            }
            guard let result = try TemporalArithmetic.resolve(operation, x, y, span: span) else {
                throw QueryError(.unsupported, operation.rawValue)
            }
            return result
        default: throw QueryError(.unsupported, "\(expression.kind)")
        }
    }

    private func constant(_ literal: Literal, _ span: SourceSpan) -> Bound {
        switch literal {
        case .null: .constant(.null, .int, span)
        case .bool(let value): .constant(.integer(value ? 1 : 0), .bool, span)
        case .integer(let value): .constant(.integer(value), .int, span)
        case .decimal(let value, let scale): .constant(.integer(value), .decimal(scale: scale), span)
        case .float(let value): .constant(.double(value), .float, span)
        case .text(let value): .constant(.text(value), .text, span)
        case .date(let value): .constant(.integer(value), .date, span)
        case .timestamp(let value): .constant(.integer(value), .timestamp, span)
        case .span(let value, let type): .constant(.integer(value), type, span)
        case .duration(let value): .constant(.integer(value), .duration, span)
        case .months(let value): Bound(.months(value), .duration, span)
        }
    }

    // MARK: - Running

    func values(_ bound: Bound) throws -> [Value] {
        var result: [Value] = []
        for start in stride(from: 0, to: rowCount, by: vectorRowsMax) {
            let count = min(vectorRowsMax, rowCount - start)
            let vector = try run(bound, start, count)
            result += (0..<count).map { vector.value($0) }
        }
        return result
    }

    private func run(_ bound: Bound, _ start: Int, _ count: Int) throws -> Vector {
        let out = Vector(type: bound.type)
        switch bound.kind {
        case .constant(let value): out.fill(value)
        case .column(let index):
            let column = columns[columns.keys.sorted()[index]]!
            for i in 0..<count { set(out, i, column.values[start + i], count) }
        case .function(let instance, let arguments):
            let vectors = try arguments.map { try run($0, start, count) }
            if instance.isStrict {
                for vector in vectors where vector.hasNulls {
                    for i in 0..<count where vector.isNull(i) { out.setNull(i, of: count) }
                }
            }
            out.keepers += vectors
            try instance.kernel(vectors, out, count, context)
        case .coalesce(let arguments):
            let vectors = try arguments.map { try run($0, start, count) }
            for i in 0..<count { set(out, i, vectors.first { !$0.isNull(i) }?.value(i) ?? .null, count) }
        case .not(let operand):
            let vector = try run(operand, start, count)
            for i in 0..<count { out.mask[i] = vector.isNull(i) || vector.mask[i] == 0 ? 1 : 0 }
        default: throw QueryError(.unsupported, "\(bound.kind)")
        }
        return out
    }

    private func set(_ vector: Vector, _ row: Int, _ value: Value, _ count: Int) {
        switch value {
        case .null: vector.setNull(row, of: count)
        case .integer(let integer):
            if vector.form == .mask { vector.mask[row] = UInt8(integer) } else { vector.integers[row] = integer }
        case .double(let double): vector.doubles[row] = double
        case .text(let text): vector.setText(row, text)
        }
    }
}
