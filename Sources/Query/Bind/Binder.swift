import Storage

/// What a statement may refer to besides columns.
struct BindEnvironment {
    /// The tables of the state that the statement reads.
    var table: (Name, Int?) throws -> TableSnapshot
    var links: [LinkSchema] = []
    /// Reads a file as a table that lives as long as the snapshot.
    var file: (String, ImportClause, SourceSpan) throws -> TableSnapshot
    var today: Int64
    /// An explicit as-of hides later rows of tables with a declared time.
    var hidesLaterRows = false
    var vocabulary = Vocabulary()
    /// Who was in a segment at or before a day, and the domain that the ids of its table are of now.
    var membership: (Name, Int64, SourceSpan) throws -> (Membership, KeyDomain?) = { name, _, _ in
        throw QueryError(.name, "there are no snapshots here", at: name.span)
    }
    /// Whether a table of that name is there.
    var hasTable: (String) -> Bool = { _ in false }
    /// `let` names, as written.
    var lets: [String: Expression] = [:]
    var parameters: [String: Bound] = [:]
    /// The last query at the prompt, without its sink.
    var previous: Query?
    var holidays: @Sendable () throws -> [Int64] = { [] }
    var tableFunction: (Call) throws -> (Relation, Scope)
    /// The rows of a plan, for what a stage's own rows hang on.
    var rows: (Plan, [ColumnID]) throws -> Relation
    /// The values of one column of a plan, for what a pipe's columns hang on.
    var values: (Plan, ColumnID) throws -> [Value]
}

/// Resolves names and types of one statement and makes its plan.
final class Binder {
    /// Changed only by a sweep, while it binds a pipe for one value.
    var environment: BindEnvironment
    private var lastID = 0
    /// What people call the columns, for `explain`.
    private(set) var names: [ColumnID: String] = [:]
    /// Names being expanded, so that a `let` that names itself is an error and not a loop.
    var expanding: [String] = []
    /// The rows that upward links lead to, and those below, so that what is asked for twice is read once.
    var linkedTables: [LinkedTableKey: LinkedTable] = [:]
    var pathsBelow: [String: PathBelow] = [:]
    /// Aggregates along paths around the place that is being bound, the innermost last.
    var frames: [PathFrame] = []
    let expansions = Expansions()
    /// Where calls of the definitions that are being expanded stand, from the outside in.
    var callPlaces: [SourceSpan] = []
    /// Places of the statement that mean a segment or a metric, by its key.
    var meanings: [String: Set<SourceSpan>] = [:]
    /// Height of the expression being bound, with those of the definitions around it.
    var depth = 0
    static let depthMax = 700
    /// The links that the path being bound has followed up, for what errors show.
    var followed: [String] = []
    /// The last query is being bound, as the source of this one.
    private var isInsidePrevious = false

    init(_ environment: BindEnvironment) { self.environment = environment }

    func newID() -> ColumnID {
        lastID += 1
        return lastID
    }

    func call(_ id: ColumnID, _ name: String) { names[id] = name }

    func bind(_ query: Query) throws -> BoundQuery {
        if let whole = try wholePipe(query) { return whole }
        var bound = try bind(query.source)
        try apply(query.stages, to: &bound, summary: bound.summary)
        return bound
    }

    /// - Parameter summary: what the stage before the first of these left for `with others`.
    func apply(_ stages: [Stage], to bound: inout BoundQuery, summary: BoundQuery.SummaryShape?) throws {
        bound.summary = summary
        for stage in stages {
            if let sink = bound.sink {
                throw QueryError(.syntax, "nothing can follow `to`", at: stage.span, hint: "put `to \"\(sink.path)\"` at the end")
            }
            if let shown = bound.presentedBy {
                guard case .to = stage.kind else {
                    throw QueryError(
                        .syntax, "nothing but `to` can follow `\(shown.keyword.text)`", at: stage.span,
                        hint: "put `\(stage.keyword.text)` before `\(shown.keyword.text)`")
                }
            }
            if case .to = stage.kind {} else { bound.presentation = nil }
            let summary = bound.summary
            bound.summary = nil
            try apply(stage, to: &bound, summary: summary)
        }
    }

    func bind(_ source: Source) throws -> BoundQuery {
        switch source.kind {
        case .table(let name, nil) where name.text == "_": return try bind(Source(kind: .previous, span: source.span))
        case .table(let name, let version):
            if let query = try defined(name, version: version) { return query }
            return scan(try environment.table(name, version), name: name, version: version)
        case .file(let path, let clause): return scan(try environment.file(path, clause, source.span), name: nil, version: nil)
        case .query(let query):
            let bound = try bind(query)
            try bound.requirePlain("brackets")
            return bound
        case .function(let call):
            let (relation, scope) = try environment.tableFunction(call)
            // The function numbers its columns from 1; here they get ids of their own.
            var renumbered = scope
            var slots: [Layout.Slot] = []
            for (index, column) in scope.columns.enumerated() {
                let id = newID()
                renumbered.columns[index] = Scope.Column(id: id, name: column.name, type: column.type)
                slots.append(Layout.Slot(id: id, type: column.type, dictionary: relation[column.id].dictionary))
            }
            let columns = scope.columns.map { relation[$0.id] }
            return BoundQuery(
                plan: .rows(Relation(layout: Layout(slots), columns: columns, rowCount: relation.rowCount)), scope: renumbered)
        case .previous:
            guard let query = environment.previous else {
                throw QueryError(.name, "there is no query to go on from", at: source.span, hint: "start with `from TABLE`")
            }
            // A `from _` inside the last query meant the one before it, which is gone.
            guard !isInsidePrevious else {
                throw QueryError(
                    .name, "the last query reads the one before it, so nothing can go on from it", at: source.span, hint: "write it out")
            }
            isInsidePrevious = true
            defer { isInsidePrevious = false }
            do {
                return try bind(query)
            } catch var error as QueryError {
                // Offsets inside the last query mean nothing in this statement's text.
                error.span = source.span
                throw error
            }
        }
    }

    /// All rows of a table. Hidden columns go along without a name: they are what links hang on.
    func scan(_ table: TableSnapshot, name: Name?, version: Int?) -> BoundQuery {
        var scope = Scope()
        var columns: [(id: ColumnID, index: Int)] = []
        for (index, column) in table.schema.columns.enumerated() {
            let id = newID()
            names[id] = column.name
            columns.append((id, index))
            if name != nil { expansions.stored[id] = (table.schema.name, column.name) }
            scope.columns.append(Scope.Column(id: id, name: column.name, type: column.type))
        }
        scope.key = table.schema.key.compactMap { scope.column($0)?.id }
        scope.time = table.schema.time.flatMap { scope.column($0)?.id }
        scope.tableName = name?.text
        if let name {
            for (index, title) in hiddenColumns(table) {
                let id = newID()
                names[id] = title
                columns.append((id, index))
                scope.columns.append(Scope.Column(id: id, name: "", type: .int, isVisible: false))
            }
            scope.origin = Origin(
                table: table, name: name, version: version, ids: Dictionary(uniqueKeysWithValues: columns.map { ($0.index, $0.id) }))
        }
        // Columns may have had other names in an earlier version.
        let ids = version == nil ? idColumns(table) : [:]
        var plan = Plan.scan(ScanPlan(table: table, columns: columns, idColumns: ids))
        if environment.hidesLaterRows, let time = scope.time {
            let column = scope.column(id: time)
            let last = (environment.today + 1) * (column.type == .timestamp ? CivilDate.microsecondsPerDay : 1) - 1
            let known = Bound(
                .compare(.lessOrEqual, Bound(.column(time), column.type, 0..<0), .constant(.integer(last), column.type, 0..<0)), .bool,
                0..<0)
            plan = .filter(plan, known)
        }
        return BoundQuery(plan: plan, scope: scope)
    }

    /// Columns that alone are a key or lead to a parent, and where the ids of their values stand.
    private func idColumns(_ table: TableSnapshot) -> [Int: Int] {
        var found: [Int: Int] = [:]
        for link in environment.links where link.child == table.schema.name && link.childColumns.count == 1 && !link.isLatest {
            if let column = table.schema.index(of: link.childColumns[0]) { found[column] = table.parentIDColumn(link: link.id) }
        }
        if table.schema.key.count == 1, let column = table.schema.index(of: table.schema.key[0]) {
            found[column] = table.ownIDColumn(of: table.schema.key) ?? found[column]
        }
        return found
    }

    /// Places of a table's hidden columns, and what `explain` calls them.
    private func hiddenColumns(_ table: TableSnapshot) -> [(index: Int, title: String)] {
        var found: [(index: Int, title: String)] = []
        for link in environment.links {
            if link.child == table.schema.name, let index = table.parentIDColumn(link: link.id) {
                found.append((index, "id of \(link.parentName)"))
            }
            if link.parent == table.schema.name,
                let index = table.ownIDColumn(of: link.parentColumns.isEmpty ? table.schema.key : link.parentColumns)
            {
                found.append((index, "id"))
            }
        }
        // What the dated memberships of a segment are of.
        if !table.schema.key.isEmpty, let index = table.ownIDColumn(of: table.schema.key) { found.append((index, "id")) }
        var seen: Set<Int> = []
        return found.filter { seen.insert($0.index).inserted }
    }

    /// Adds columns below; windows, aggregates and links inside expressions become plan nodes of their own first.
    func lift(_ bounds: [Bound], over plan: inout Plan, scope: Scope) throws -> [Bound] {
        var current = bounds
        // What stands inside another's arguments is computed first.
        while current.contains(where: \.needsLifting) {
            var lifting = Lifting()
            current = current.map { bound in
                bound.transformedFromTop { node in
                    node.children.contains(where: \.needsLifting) ? nil : self.column(for: node, &lifting)
                }
            }
            if !lifting.windows.isEmpty { plan = .window(plan, lifting.windows) }
            for read in lifting.reads where !plan.carries(read.column) { plan = join(plan, read.table, lifting.reads) }
            if !lifting.below.isEmpty { try attach(lifting.below, to: &plan, scope: scope) }
        }
        return current
    }

    /// What one round of ``lift(_:over:scope:)`` finds.
    private struct Lifting {
        var windows: [WindowColumn] = []
        var reads: [LinkRead] = []
        var below: [BelowMeasure] = []
        var known: [String: ColumnID] = [:]
    }

    private func column(for node: Bound, _ lifting: inout Lifting) -> Bound? {
        func once(_ make: (ColumnID) -> Void) -> ColumnID {
            let fingerprint = node.fingerprint
            if let id = lifting.known[fingerprint] { return id }
            let id = newID()
            lifting.known[fingerprint] = id
            make(id)
            return id
        }
        switch node.kind {
        case .aggregate(let call):
            let id = once { lifting.windows.append(WindowColumn(id: $0, type: node.type, call: .aggregate(call))) }
            return Bound(.column(id), node.type, node.span)
        case .window(let call):
            let id = once { lifting.windows.append(WindowColumn(id: $0, type: node.type, call: .window(call))) }
            return Bound(.column(id), node.type, node.span)
        case .linked(let read):
            lifting.reads.append(read)
            return Bound(.column(read.column), node.type, node.span)
        case .below(let call):
            let id = once { lifting.below.append(BelowMeasure(id: $0, type: node.type, call: call)) }
            names[id] = "\(call.call.function.rawValue) over \(call.path.text)"
            return emptyDefault(BelowMeasure(id: id, type: node.type, call: call), node.span)
        case .column, .constant, .months, .function, .compare, .and, .or, .not, .isNull, .conditional, .coalesce, .inSet, .inQuery,
            .nullInQuery:
            return nil
        }
    }

    /// One join brings all columns that are read behind one link.
    private func join(_ plan: Plan, _ table: LinkedTable, _ reads: [LinkRead]) -> Plan {
        var columns: [ColumnID] = []
        for read in reads where read.table === table && !columns.contains(read.column) && !plan.carries(read.column) {
            columns.append(read.column)
        }
        return .join(
            JoinPlan(
                left: plan, right: table.query.plan, on: table.on, rightColumns: columns,
                rightName: "\(table.link.parent) as \(table.link.parentName)", span: 0..<0,
                kind: .lookup, rightIsUnique: true, isLatest: table.link.isLatest))
    }
}

extension Bound {
    /// Replaces nodes from the top down; nil goes on below.
    func transformedFromTop(_ change: (Bound) throws -> Bound?) rethrows -> Bound {
        if let replaced = try change(self) { return replaced }
        let below = children
        return below.isEmpty ? self : with(children: try below.map { try $0.transformedFromTop(change) })
    }
}
