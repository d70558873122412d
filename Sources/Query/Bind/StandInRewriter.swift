/// Puts sample values in the place of a metric's parameters. Unlike at a call, the rest of the body keeps its places, so that a check sees
/// where columns are named.
final class StandInRewriter: TreeRewriter {
    private let given: [String: Expression]

    init(_ given: [String: Expression]) { self.given = given }

    override func expression(_ expression: Expression) throws -> Expression {
        if case .path(let names) = expression.kind, names.count == 1, let value = given[names[0].text] { return value }
        return try super.expression(expression)
    }

    override func duration(_ duration: Period.Duration) throws -> Period.Duration {
        guard case .argument(let name) = duration, case .literal(let literal)? = given[name.text]?.kind else {
            return try super.duration(duration)
        }
        if case .duration(let microseconds) = literal { return .exact(microseconds: microseconds) }
        if case .months(let months) = literal { return .months(months) }
        return duration
    }
}
