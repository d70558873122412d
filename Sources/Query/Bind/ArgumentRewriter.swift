import Storage

/// Puts a call's arguments into the body of a metric or a verb, and gives everything else of the body the place of the call: whatever goes
/// wrong in it, there or while rows are computed, is told at the caller's place.
final class ArgumentRewriter: TreeRewriter {
    private let arguments: [String: Expression]
    private let place: SourceSpan
    private let title: String
    /// Names that begin with `_` and that the body makes: they get names of their own, so that two verbs never share one.
    private var privateNames: [String: String] = [:]

    init(_ arguments: [String: Expression], at place: SourceSpan, of title: String, privateNames: [String: String] = [:]) {
        self.arguments = arguments
        self.place = place
        self.title = title
        self.privateNames = privateNames
    }

    override func expression(_ expression: Expression) throws -> Expression {
        if case .path(let names) = expression.kind, let first = names.first, let argument = arguments[first.text] {
            if names.count == 1 { return argument }
            // `x.city` where x is a link.
            if case .path(let before) = argument.kind {
                return Expression(
                    kind: .path(before + names.dropFirst().map { Name(text: $0.text, span: argument.span) }), span: argument.span)
            }
            throw QueryError(
                .type, "\(first.text) leads to other rows here, so this must be a link", at: argument.span,
                hint: "give it a plain path")
        }
        var copy = try super.expression(expression)
        copy.span = place
        return copy
    }

    override func other(_ name: Name) throws -> Name { Name(text: privateNames[name.text] ?? name.text, span: place) }

    /// Where a body names a column, a table or a function by a parameter, the argument must be a plain name.
    private func named(_ name: Name) throws -> Name {
        guard let argument = arguments[name.text] else { return try other(name) }
        guard case .path(let names) = argument.kind, names.count == 1, let only = names.first else {
            throw QueryError(.type, "\(name.text) is a name here, so this must be a plain name", at: argument.span)
        }
        return Name(text: only.text, span: argument.span)
    }

    override func label(_ name: Name) throws -> Name {
        // A label stays what the body calls it where the argument is more than a name: `derive x: x` of an expression.
        guard let argument = arguments[name.text], case .path(let names) = argument.kind, names.count == 1 else { return try other(name) }
        return Name(text: names[0].text, span: argument.span)
    }

    override func call(_ call: Call) throws -> Call {
        var copy = try super.call(call)
        guard let first = call.link.first, let argument = arguments[first.text] else { return copy }
        guard case .path(let names) = argument.kind else {
            throw QueryError(.type, "\(first.text) leads to other rows here, so this must be a link", at: argument.span)
        }
        copy.link = names + copy.link.dropFirst()
        return copy
    }

    override func column(_ name: Name) throws -> Name { try named(name) }
    override func farColumn(_ name: Name) throws -> Name { try named(name) }
    override func callName(_ name: Name) throws -> Name { try named(name) }

    override func source(_ source: Source) throws -> Source {
        if case .table(let name, nil) = source.kind, let argument = arguments[name.text], case .query(let query) = argument.kind {
            return Source(kind: .query(query), span: argument.span)
        }
        var copy = try super.source(source)
        copy.span = place
        return copy
    }

    override func table(_ name: Name) throws -> Name { try named(name) }

    override func expandPath(_ path: [Name]) throws -> [Name] {
        guard let first = path.first, let argument = arguments[first.text] else { return try path.map { try other($0) } }
        guard case .path(let names) = argument.kind else {
            throw QueryError(.type, "\(first.text) is gone along here, so this must be a link", at: argument.span)
        }
        return names + (try path.dropFirst().map { try other($0) })
    }

    override func query(_ query: Query) throws -> Query {
        var copy = try super.query(query)
        copy.span = place
        return copy
    }

    override func stage(_ stage: Stage) throws -> [Stage] {
        try super.stage(stage).map {
            var copy = $0
            copy.span = place
            copy.keyword.span = place
            return copy
        }
    }

    override func duration(_ duration: Period.Duration) throws -> Period.Duration {
        guard case .argument(let name) = duration else { return try super.duration(duration) }
        guard let argument = arguments[name.text] else { return duration }
        switch argument.kind {
        case .literal(.duration(let microseconds)): return .exact(microseconds: microseconds)
        case .literal(.months(let months)): return .months(months)
        case .parameter(let parameter): return .parameter(parameter)
        // The parameter of an outer verb or metric that is itself being checked.
        case .path(let names) where names.count == 1: return .argument(names[0])
        case .literal, .path, .call, .negate, .not, .binary, .isNull, .membership, .conditional, .list, .range, .query, .period,
            .memberAsOf,
            .star:
            throw QueryError(
                .type, "\(name.text) counts days or months here, so this must be a length of time", at: argument.span,
                hint: "such as 90d or 3mo")
        }
    }
}
