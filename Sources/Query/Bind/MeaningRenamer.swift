import Storage

/// What a new name for a segment or a metric has to be told apart from.
struct RenamingPlace {
    let table: String
    let vocabulary: Vocabulary
    let tables: [TableSchema]
    let links: [LinkSchema]

    init(_ entry: DefinitionEntry, _ vocabulary: Vocabulary, _ snapshot: Snapshot) {
        table = entry.definition.table?.text ?? ""
        self.vocabulary = vocabulary
        tables = snapshot.tables.map(\.schema)
        links = snapshot.links
    }

    func hasColumn(_ table: String, _ name: String) -> Bool { tables.contains { $0.name == table && $0.index(of: name) != nil } }

    /// The tables that a path's name before the last may stand for.
    func targets(_ name: String) -> Set<String> {
        var found = Set(links.compactMap { $0.parentName == name ? $0.parent : $0.childrenName == name ? $0.child : nil })
        if tables.contains(where: { $0.name == name }) { found.insert(name) }
        return found
    }
}

/// Gives a segment's or metric's new name to a definition that cannot be bound by itself, above all a verb's body, by what its stages make of
/// names one after another. A name that may as well be a column stops it.
final class MeaningRenamer: TreeRewriter {
    /// What the name means at the current place.
    private enum Meaning {
        /// Nothing in the body has made a column of that name; nothing is known of the rows that the body begins with.
        case outside
        case definition
        case column
        case unknown
    }
    private let old: String
    private let new: String
    private let title: String
    private let user: DefinitionEntry
    private let place: RenamingPlace
    private let span: SourceSpan
    private let parameters: Set<String>
    private var meaning = Meaning.outside
    /// Tables whose rows the names are of inside an aggregate along a path.
    private var below: Set<String>?
    /// What joined tables are called.
    private var aliases: Set<String> = []
    private var isMade = false

    init(_ entry: DefinitionEntry, to new: String, in user: DefinitionEntry, _ place: RenamingPlace, at span: SourceSpan) {
        old = entry.name
        title = entry.title
        self.new = new
        self.user = user
        self.place = place
        self.span = span
        parameters = Set(user.definition.parameters.map(\.name.text))
        if let table = user.definition.table?.text { meaning = place.hasColumn(table, entry.name) ? .column : .definition }
    }

    private func unclear() -> QueryError {
        QueryError(
            .name, "\(title) cannot be renamed: \(old) in \(user.title) may be it or a column", at: span,
            hint: "define \(user.title) anew with another name for the column, or without \(old)")
    }

    private func renamed(_ name: Name) -> Name { Name(text: new, span: name.span) }

    /// A name that stands alone.
    private func alone(_ name: Name) throws -> Name {
        guard name.text == old, !parameters.contains(old) else { return name }
        if let below {
            if below == [place.table] { return renamed(name) }
            if !below.isEmpty, below.allSatisfy({ place.hasColumn($0, old) }) { return name }
            throw unclear()
        }
        switch meaning {
        case .column: return name
        case .definition: return renamed(name)
        case .unknown: throw unclear()
        case .outside:
            // The caller's rows may have a column of that name, of a table or of what other definitions make.
            let isColumn = place.tables.contains { $0.index(of: old) != nil }
            let isMade = place.vocabulary.own.contains { $0.key != user.key && labels($0).contains(old) }
            if isColumn || isMade || place.links.contains(where: { $0.parentName == old || $0.childrenName == old }) { throw unclear() }
            return renamed(name)
        }
    }

    private func labels(_ entry: DefinitionEntry) -> Set<String> {
        let names = NameCollector()
        _ = try? names.definition(entry.definition)
        return names.labels
    }

    private func path(_ names: [Name]) throws -> [Name] {
        guard let last = names.last, last.text == old else { return names }
        if names.count == 1 { return [try alone(last)] }
        let link = names[names.count - 2].text
        if aliases.contains(link) || link == "outer" {
            if meaning == .column { return names }
            throw unclear()
        }
        let targets = place.targets(link)
        if targets == [place.table] { return names.dropLast() + [renamed(last)] }
        if !targets.isEmpty, !targets.contains(place.table) { return names }
        throw unclear()
    }

    override func expression(_ expression: Expression) throws -> Expression {
        var copy = expression
        switch expression.kind {
        case .path(let names): copy.kind = .path(try path(names))
        case .memberAsOf(var names, let date):
            // Only a segment has a past.
            if let last = names.last, last.text == old, names.count > 1 || !parameters.contains(old) {
                names[names.count - 1] = renamed(last)
            }
            copy.kind = .memberAsOf(names, try self.expression(date))
        case .literal, .parameter, .call, .negate, .not, .binary, .isNull, .membership, .conditional, .list, .range, .query, .period, .star:
            return try super.expression(expression)
        }
        return copy
    }

    // A function has no metric's name, so a call by that name is the metric's.
    override func callName(_ name: Name) -> Name { name.text == old && !parameters.contains(old) ? renamed(name) : name }

    override func call(_ call: Call) throws -> Call {
        let outer = below
        defer { below = outer }
        for argument in call.arguments {
            guard case .path(let names) = argument.value.kind, let first = names.first else { continue }
            let links = place.links.filter { $0.childrenName == first.text }
            guard !links.isEmpty else { continue }
            let rows = names.last.map { place.targets($0.text) } ?? []
            below = names.count > 1 && rows.isEmpty ? place.targets(names[names.count - 2].text) : rows
        }
        return try super.call(call)
    }

    override func named(_ item: NamedExpression, in stage: String) throws -> NamedExpression {
        let made = try keepingName(item, try super.named(item, in: stage))
        if item.name?.text ?? item.value.plainName == old {
            isMade = true
            // The items beside it may see the one or the other.
            if meaning != .column { meaning = .unknown }
        }
        return made
    }

    override func source(_ source: Source) throws -> Source {
        var copy = source
        switch source.kind {
        case .table(let name, _):
            let isTable = place.tables.contains { $0.name == name.text } && !parameters.contains(name.text)
            meaning = !isTable ? .outside : place.hasColumn(name.text, old) ? .column : .definition
        case .function(var call):
            // Of the table functions these take segments.
            if ["diff", "memberships", "overlaps"].contains(call.name.text) {
                meaning = .definition
                call.arguments = try call.arguments.map { Call.Argument(label: $0.label, value: try expression($0.value)) }
                copy.kind = .function(call)
            }
            meaning = .outside
        case .query(let query):
            copy.kind = .query(try body(query))
        case .file, .previous: meaning = .outside
        }
        return copy
    }

    /// Leaves behind what the name means to the rows that a query makes.
    private func body(_ query: Query) throws -> Query {
        var copy = query
        copy.source = try source(query.source)
        copy.stages = try stages(query.stages)
        return copy
    }

    override func query(_ query: Query) throws -> Query {
        let outer = (meaning, below, aliases, isMade)
        defer { (meaning, below, aliases, isMade) = outer }
        (below, aliases, isMade) = (nil, [], false)
        return try body(query)
    }

    /// The rows of another source, and what the name means there.
    private func beside(_ other: Source) throws -> (Source, Meaning) {
        let outer = (meaning, below, aliases, isMade)
        defer { (meaning, below, aliases, isMade) = outer }
        (below, aliases, isMade) = (nil, [], false)
        let made = try source(other)
        return (made, meaning)
    }

    override func join(_ join: Stage.Join) throws -> Stage.Join {
        let (source, theirs) = try beside(join.source)
        if let alias = join.alias { aliases.insert(alias.text) }
        if case .table(let name, _) = join.source.kind { aliases.insert(name.text) }
        var copy = join
        copy.source = source
        switch theirs {
        case .column: meaning = .column
        case .unknown: meaning = .unknown
        // A query may bring a column of that name.
        case .outside: if meaning != .column { meaning = .outside }
        case .definition: break
        }
        return copy
    }

    override func stage(_ stage: Stage) throws -> [Stage] {
        let before = meaning
        isMade = false
        var made: [Stage]
        switch stage.kind {
        case .verb(let call):
            let callee = place.vocabulary.entry(call.name.text, .verb)
            let names = NameCollector()
            _ = try callee.map { try names.definition($0.definition) }
            let isNamed = call.arguments.contains { if case .path(let path) = $0.value.kind { path.map(\.text) == [old] } else { false } }
            // An argument may stand there for the name of a column.
            let own = Set(callee?.definition.parameters.map(\.name.text) ?? [])
            if isNamed, !parameters.contains(old), callee == nil || !own.isDisjoint(with: names.labels.union(names.columns)) {
                throw unclear()
            }
            var copy = stage
            var inner = try super.call(call)
            inner.name = call.name
            copy.kind = .verb(inner)
            made = [copy]
            if callee == nil || names.labels.contains(old) || !names.verbs.isEmpty { meaning = .unknown }
        case .union(let other):
            let (source, theirs) = try beside(other)
            var copy = stage
            copy.kind = .union(source)
            made = [copy]
            if before != .column || theirs != .column { meaning = .unknown }
        case .expand:
            // Along links alone.
            made = [stage]
            if before == .outside || before == .definition { meaning = .outside }
        case .where, .derive, .select, .drop, .rename, .summarize, .sort, .take, .top, .distinct, .unfold, .join, .pivot, .fill, .sample,
            .assert, .chart, .profile, .to:
            made = try super.stage(stage)
        }
        switch stage.kind {
        // Behind these rows are no longer a table's, so that only columns are left.
        case .summarize, .pivot: meaning = .column
        case .derive, .unfold: meaning = isMade ? .column : before
        case .select, .distinct: meaning = isMade ? .column : before == .column ? .unknown : before
        case .drop(let names): if names.contains(where: { $0.text == old }) { meaning = .unknown }
        case .fill(let name, let per, _, _): if before != .column, (per + [name]).contains(where: { $0.text == old }) { meaning = .unknown }
        case .rename(let pairs):
            if pairs.contains(where: { $0.old.text == old }) { meaning = .unknown }
            if pairs.contains(where: { $0.new.text == old }) { meaning = .column }
        case .where, .sort, .take, .top, .expand, .join, .union, .sample, .assert, .chart, .profile, .verb, .to: break
        }
        return made
    }
}
