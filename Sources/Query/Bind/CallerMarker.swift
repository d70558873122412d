/// Marks the names of an argument as the caller's: wherever a body puts them, also inside an aggregate along a path, they mean what they mean to
/// the caller, as long as they mean anything there.
///
/// What stands inside an aggregate of the argument's own is read as written: that aggregate goes along with it.
final class CallerMarker: TreeRewriter {
    private let depth: Int

    init(depth: Int) { self.depth = depth }

    override func expression(_ expression: Expression) throws -> Expression {
        guard case .path(var names) = expression.kind else { return try super.expression(expression) }
        // An argument that is handed on to another definition keeps its first caller.
        if names[0].callerDepth == nil { names[0].callerDepth = depth }
        var copy = expression
        copy.kind = .path(names)
        return copy
    }

    override func call(_ call: Call) throws -> Call {
        let looksAround = AggregateFunction(rawValue: call.name.text) != nil || WindowFunction(rawValue: call.name.text) != nil
        return looksAround ? call : try super.call(call)
    }

    override func query(_ query: Query) throws -> Query { query }
}
