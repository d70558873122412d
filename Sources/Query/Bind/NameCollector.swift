/// The names of a tree by what they stand for.
final class NameCollector: TreeRewriter {
    /// First names of paths: columns, links, segments, metrics.
    private(set) var firsts: Set<String> = []
    /// All names of paths: a segment may stand behind a link.
    private(set) var pathNames: Set<String> = []
    private(set) var columns: Set<String> = []
    private(set) var marks: Set<String> = []
    private(set) var tables: Set<String> = []
    private(set) var calls: Set<String> = []
    private(set) var verbs: Set<String> = []
    private(set) var labels: Set<String> = []
    /// Labels with the value that they name, where it is one.
    private(set) var labelled: [(String, Expression?)] = []

    override func expression(_ expression: Expression) throws -> Expression {
        switch expression.kind {
        case .path(let names), .memberAsOf(let names, _): if let first = names.first { firsts.insert(first.text) }
        case .literal, .parameter, .call, .negate, .not, .binary, .isNull, .membership, .conditional, .list, .range, .query, .period, .star:
            break
        }
        return try super.expression(expression)
    }

    override func call(_ call: Call) throws -> Call {
        if let first = call.link.first { firsts.insert(first.text) }
        return try super.call(call)
    }

    override func pathName(_ name: Name) -> Name {
        pathNames.insert(name.text)
        return name
    }
    override func marked(_ name: Name) -> Name {
        marks.insert(name.text)
        return name
    }
    override func column(_ name: Name) -> Name {
        columns.insert(name.text)
        return name
    }
    override func table(_ name: Name) -> Name {
        tables.insert(name.text)
        return name
    }
    override func callName(_ name: Name) -> Name {
        calls.insert(name.text)
        return name
    }
    override func label(_ name: Name) -> Name {
        labels.insert(name.text)
        labelled.append((name.text, nil))
        return name
    }

    override func named(_ item: NamedExpression, in stage: String) throws -> NamedExpression {
        if let name = item.name {
            labels.insert(name.text)
            labelled.append((name.text, item.value))
        }
        _ = try expression(item.value)
        return item
    }

    override func stage(_ stage: Stage) throws -> [Stage] {
        if case .verb(let call) = stage.kind { verbs.insert(call.name.text) }
        return try super.stage(stage)
    }

    override func duration(_ duration: Period.Duration) throws -> Period.Duration {
        if case .argument(let name) = duration { firsts.insert(name.text) }
        return try super.duration(duration)
    }
}
