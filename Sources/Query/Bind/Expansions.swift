import Storage

/// What a binder knows of the vocabulary while it works: what is being expanded, and what was put where, for `explain` and for the names that
/// a definition hangs on.
///
/// Used by one binder on one thread.
final class Expansions {
    /// A use: its place in the statement (everything inside an expansion has its call's place) and what stood there.
    struct Use: Hashable {
        let place: SourceSpan
        let text: String
    }
    enum Expansion {
        case value(Expression)
        case stages([Stage])
        case query(Query)
    }
    /// A table's column that a name stood for.
    struct Reference: Hashable {
        let place: SourceSpan
        let table: String
        let column: String
        /// The other table's side of `join … on`.
        var isFar = false
    }

    /// Every definition that was put in place, in the order of first use.
    private(set) var used: [DefinitionEntry] = []
    /// Definitions being expanded, from the outside in.
    var stack: [DefinitionEntry] = []
    private(set) var made: [Use: Expansion] = [:]
    /// Columns that hold just what a segment or a metric says, so that its name is not ambiguous beside them.
    var columns: [ColumnID: String] = [:]
    private(set) var references: Set<Reference> = []
    /// Where the columns of scans are stored.
    var stored: [ColumnID: (table: String, column: String)] = [:]
    /// What stands at the end of a path and is no plain name, by its text: it is bound among the rows that the path leads to.
    var pathEnds: [String: (Scope) throws -> Bound] = [:]
    static let depthMax = 64
    static let countMax = 20_000
    /// Definitions put in place so far.
    var count = 0
    /// Verbs expanded so far.
    var verbs = 0
    /// Sentences for the footer: which date a membership is of.
    private(set) var notes: [String] = []

    func note(_ place: SourceSpan, _ text: String, _ expansion: Expansion) { made[Use(place: place, text: text)] = expansion }
    func use(_ entry: DefinitionEntry) { if !used.contains(where: { $0.key == entry.key }) { used.append(entry) } }
    func note(_ sentence: String) { if !notes.contains(sentence) { notes.append(sentence) } }

    /// Only what stands in the statement itself has a place of its own.
    func refer(_ name: Name, to column: String, of table: String, isFar: Bool = false) {
        if stack.isEmpty { references.insert(Reference(place: name.span, table: table, column: column, isFar: isFar)) }
    }
}

/// A query with every definition in it put in place, as `explain` shows it.
final class ExpansionRewriter: TreeRewriter {
    private let made: [Expansions.Use: Expansions.Expansion]
    private(set) var changed = false

    init(_ expansions: Expansions) { made = expansions.made }

    override func expression(_ expression: Expression) throws -> Expression {
        switch expression.kind {
        case .path(let names):
            guard let last = names.last, case .value(let value)? = made[Expansions.Use(place: last.span, text: last.text)] else { break }
            changed = true
            let inner = try self.expression(value)
            return names.count == 1 ? inner : try PrefixRewriter(Array(names.dropLast())).expression(inner)
        case .call(let call):
            guard case .value(let value)? = made[Expansions.Use(place: call.name.span, text: call.name.text)] else { break }
            changed = true
            let inner = try self.expression(value)
            return call.link.isEmpty ? inner : try PrefixRewriter(call.link).expression(inner)
        case .literal, .parameter, .negate, .not, .binary, .isNull, .membership, .conditional, .list, .range, .query, .period, .memberAsOf,
            .star:
            break
        }
        return try super.expression(expression)
    }

    override func stage(_ stage: Stage) throws -> [Stage] {
        guard case .verb(let call) = stage.kind,
            case .stages(let stages)? = made[Expansions.Use(place: call.name.span, text: call.name.text)]
        else { return try super.stage(stage) }
        changed = true
        return try self.stages(stages)
    }

    override func source(_ source: Source) throws -> Source {
        guard case .table(let name, nil) = source.kind,
            case .query(let query)? = made[Expansions.Use(place: name.span, text: name.text)]
        else { return try super.source(source) }
        changed = true
        return Source(kind: .query(try self.query(query)), span: source.span)
    }
}

/// Puts the links that lead to a table in front of the names of its columns.
private final class PrefixRewriter: TreeRewriter {
    private let links: [Name]
    init(_ links: [Name]) { self.links = links }

    override func expression(_ expression: Expression) throws -> Expression {
        guard case .path(let names) = expression.kind else { return try super.expression(expression) }
        return Expression(kind: .path(links + names), span: expression.span)
    }

    // Inside an aggregate along a path names are those of the path's last table.
    override func call(_ call: Call) throws -> Call {
        var copy = try super.call(call)
        let rows = call.name.text == "count" || call.name.text == "exists"
        let isAlongPath = call.arguments.contains { argument in
            guard case .path(let names) = argument.value.kind else { return false }
            return names.count > 1 || rows
        }
        if isAlongPath {
            copy.filter = call.filter
            copy.innerOrder = call.innerOrder
        }
        return copy
    }
}
