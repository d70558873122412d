/// Gives the new name of a verb, query, `let` or `param` to everything that names it: their names are no columns'.
final class DefinitionRenamer: TreeRewriter {
    private let kind: Definition.Kind
    private let old: String
    private let new: String
    private let isShadowed: Bool

    init(_ kind: Definition.Kind, from old: String, to new: String, _ definition: Definition) {
        self.kind = kind
        self.old = old
        self.new = new
        isShadowed = !kind.isMarked && definition.parameters.contains { $0.name.text == old }
    }

    private func renamed(_ name: Name, _ isMeant: Bool) -> Name {
        isMeant && !isShadowed && name.text == old ? Name(text: new, span: name.span) : name
    }

    override func marked(_ name: Name) -> Name { renamed(name, kind.isMarked) }
    override func table(_ name: Name) -> Name { renamed(name, kind == .query) }

    override func stage(_ stage: Stage) throws -> [Stage] {
        guard case .verb(var call) = stage.kind else { return try super.stage(stage) }
        let word = renamed(call.name, kind == .verb)
        call = try super.call(call)
        call.name = word
        var copy = stage
        copy.kind = .verb(call)
        return [copy]
    }

    override func named(_ item: NamedExpression, in stage: String) throws -> NamedExpression {
        try keepingName(item, try super.named(item, in: stage))
    }
}

/// Gives a segment's or metric's new name to the places that were seen to mean it.
final class PlaceRenamer: TreeRewriter {
    private let places: Set<SourceSpan>
    private let old: String
    private let new: String

    init(_ places: Set<SourceSpan>, from old: String, to new: String) {
        self.places = places
        self.old = old
        self.new = new
    }

    private func renamed(_ name: Name) -> Name {
        name.text == old && places.contains(name.span) ? Name(text: new, span: name.span) : name
    }
    override func pathName(_ name: Name) -> Name { renamed(name) }
    override func callName(_ name: Name) -> Name { renamed(name) }

    override func source(_ source: Source) throws -> Source {
        // What these are asked about is a segment, wherever the rows come from.
        guard case .function(var call) = source.kind, ["diff", "memberships", "overlaps"].contains(call.name.text) else {
            return try super.source(source)
        }
        call.arguments = try call.arguments.map { argument in
            guard case .path(let names) = argument.value.kind, names.count == 1, names[0].text == old else {
                return Call.Argument(label: argument.label, value: try expression(argument.value))
            }
            var copy = argument
            copy.value.kind = .path([Name(text: new, span: names[0].span)])
            return copy
        }
        var copy = source
        copy.kind = .function(call)
        return copy
    }

    override func named(_ item: NamedExpression, in stage: String) throws -> NamedExpression {
        try keepingName(item, try super.named(item, in: stage))
    }
}

/// Gives a column's new name to the places that were seen to mean it.
final class ColumnRenamer: TreeRewriter {
    private let near: Set<SourceSpan>
    private let far: Set<SourceSpan>
    private let new: String

    init(_ references: Set<Expansions.Reference>, of table: String, _ column: String, to new: String) {
        let meant = references.filter { $0.table == table && $0.column == column }
        near = Set(meant.filter { !$0.isFar }.map(\.place))
        far = Set(meant.filter(\.isFar).map(\.place))
        self.new = new
    }

    override func pathName(_ name: Name) -> Name { near.contains(name.span) ? Name(text: new, span: name.span) : name }
    override func column(_ name: Name) -> Name { near.contains(name.span) ? Name(text: new, span: name.span) : name }
    override func farColumn(_ name: Name) -> Name { far.contains(name.span) ? Name(text: new, span: name.span) : name }

    override func named(_ item: NamedExpression, in stage: String) throws -> NamedExpression {
        let made = try super.named(item, in: stage)
        // A column that `select` passes on is the same column to the stages behind it, under its new name.
        if stage == "select", case .path(let names) = item.value.kind, names.count == 1 { return made }
        return try keepingName(item, made)
    }
}

/// Gives a table's new name to what reads it.
final class TableRenamer: TreeRewriter {
    private let old: String
    private let new: String
    private let isShadowed: Bool

    init(from old: String, to new: String, _ definition: Definition) {
        self.old = old
        self.new = new
        isShadowed = definition.parameters.contains { $0.name.text == old }
    }

    override func table(_ name: Name) -> Name { name.text == old && !isShadowed ? Name(text: new, span: name.span) : name }

    override func join(_ join: Stage.Join) throws -> Stage.Join {
        var made = try super.join(join)
        // Its columns keep the name that they are spoken of by.
        if made.alias == nil, case .table(let name, nil) = join.source.kind, name.text == old, !isShadowed { made.alias = name }
        return made
    }
}

extension TreeRewriter {
    /// An item without a name of its own is called by what it says: if that changes, it gets its old name in writing.
    func keepingName(_ old: NamedExpression, _ new: NamedExpression) throws -> NamedExpression {
        guard old.name == nil, let before = old.value.plainName, before != new.value.plainName else { return new }
        return NamedExpression(name: Name(text: before, span: old.value.span), value: new.value)
    }
}

/// The places of a tree in the order of its nodes: equal for two readings of the same tree.
final class SpanFinder: TreeRewriter {
    private var places: [SourceSpan] = []

    override func expression(_ expression: Expression) throws -> Expression {
        places.append(expression.span)
        return try super.expression(expression)
    }
    override func other(_ name: Name) -> Name {
        places.append(name.span)
        return name
    }
    override func stage(_ stage: Stage) throws -> [Stage] {
        places.append(stage.span)
        places.append(stage.keyword.span)
        return try super.stage(stage)
    }
    override func source(_ source: Source) throws -> Source {
        places.append(source.span)
        return try super.source(source)
    }

    /// Where in `other` stands what stands at `span` in `definition`.
    static func span(at span: SourceSpan, in definition: Definition, of other: Definition) -> SourceSpan? {
        let here = SpanFinder()
        let there = SpanFinder()
        guard (try? here.definition(definition)) != nil, (try? there.definition(other)) != nil, here.places.count == there.places.count,
            let index = here.places.firstIndex(of: span)
        else { return nil }
        return there.places[index]
    }
}
