import Testing

@testable import Query

import struct Query.Expression

/// A tree as text without its places, for comparing trees: every field is reached by reflection, so none can be forgotten.
func outline(_ value: Any) -> String {
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional: return mirror.children.first.map { outline($0.value) } ?? "nil"
    case .collection: return "[" + mirror.children.map { outline($0.value) }.joined(separator: " ") + "]"
    case .struct, .tuple:
        let fields = mirror.children.filter { $0.label != "span" && $0.label != "keyword" }
        if fields.count == 1 { return outline(fields[fields.startIndex].value) }
        return "(" + fields.map { "\($0.label ?? ""):\(outline($0.value))" }.joined(separator: " ") + ")"
    case .enum:
        guard let payload = mirror.children.first else { return "\(value)" }
        return "\(payload.label ?? "?")(\(outline(payload.value)))"
    default: return String(reflecting: value)
    }
}

/// An expression with a bracket around every operator: how it was read.
func reading(_ text: String) throws -> String { reading(try Expression.parse(text)) }

func reading(_ expression: Expression) -> String {
    switch expression.kind {
    case .binary(let operation, let left, let right): return "(\(reading(left)) \(operation.rawValue) \(reading(right)))"
    case .not(let inner): return "(not \(reading(inner)))"
    case .negate(let inner): return "(-\(reading(inner)))"
    case .isNull(let inner, let negated): return "(\(reading(inner)) is \(negated ? "not " : "")null)"
    case .membership(let left, let right, let negated): return "(\(reading(left)) \(negated ? "not " : "")in \(reading(right)))"
    case .range(let low, let high): return "(\(reading(low))..\(reading(high)))"
    case .conditional(let branches, let otherwise):
        return "(" + branches.map { "if \(reading($0.condition)) then \(reading($0.value))" }.joined(separator: " else ")
            + (otherwise.map { " else \(reading($0))" } ?? "") + ")"
    case .call(let call):
        var text =
            "\(call.name.text)(\(call.arguments.map { ($0.label.map { "\($0.text): " } ?? "") + reading($0.value) }.joined(separator: ", "))"
        if let filter = call.filter { text += " where \(reading(filter))" }
        if !call.innerOrder.isEmpty {
            text += " by \(call.innerOrder.map { reading($0.value) + ($0.descending ? " desc" : "") }.joined(separator: ", "))"
        }
        text += ")"
        if let per = call.per { text += "{per \(per.map { reading($0) }.joined(separator: ", "))}" }
        if let order = call.order {
            text += "{by \(order.map { reading($0.value) + ($0.descending ? " desc" : "") }.joined(separator: ", "))}"
        }
        return text
    case .literal, .path, .parameter, .list, .query, .period, .memberAsOf, .star: return expression.formatted()
    }
}

/// The statement of a text, or the error as people read it as a failure of the test.
func parsed(_ text: String) throws -> Statement {
    let source = SourceText(name: "test", text: text)
    do {
        return try #require(try Statement.parse(source))
    } catch let error as QueryError {
        Issue.record("\(Diagnostic.render(error, in: source))")
        throw error
    }
}

/// A small generator whose numbers are the same on every machine.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func pick<T>(_ items: [T]) -> T { items[below(items.count)] }
}
