import Storage

/// What a statement may refer to besides columns.
struct BindEnvironment {
    /// The tables of the state that the statement reads.
    var table: (Name, Int?) throws -> TableSnapshot
    /// Reads a file as a table that lives as long as the snapshot.
    var file: (String, ImportClause, SourceSpan) throws -> TableSnapshot
    var today: Int64
    /// An explicit as-of hides later rows of tables with a declared time.
    var hidesLaterRows = false
    /// `let` names, as written.
    var lets: [String: Expression] = [:]
    var parameters: [String: Bound] = [:]
    /// The last query at the prompt, without its sink.
    var previous: Query?
    var holidays: @Sendable () throws -> [Int64] = { [] }
    var tableFunction: (Call) throws -> (Relation, Scope)
    /// The values of one column of a plan, for what a pipe's columns hang on.
    var values: (Plan, ColumnID) throws -> [Value]
}

/// Resolves names and types of one statement and makes its plan.
final class Binder {
    let environment: BindEnvironment
    private var lastID = 0
    /// What people call the columns, for `explain`.
    private(set) var names: [ColumnID: String] = [:]
    /// Names being expanded, so that a `let` that names itself is an error and not a loop.
    var expanding: [String] = []
    /// The last query is being bound, as the source of this one.
    private var isInsidePrevious = false

    init(_ environment: BindEnvironment) { self.environment = environment }

    func newID() -> ColumnID {
        lastID += 1
        return lastID
    }

    func call(_ id: ColumnID, _ name: String) { names[id] = name }

    func bind(_ query: Query) throws -> BoundQuery {
        var bound = try bind(query.source)
        for (index, stage) in query.stages.enumerated() {
            if let sink = bound.sink {
                throw QueryError(.syntax, "nothing can follow `to`", at: stage.span, hint: "put `to \"\(sink.path)\"` at the end")
            }
            let summary = bound.summary
            bound.summary = nil
            try apply(stage, to: &bound, summary: summary, isLast: index == query.stages.count - 1)
        }
        return bound
    }

    func bind(_ source: Source) throws -> BoundQuery {
        switch source.kind {
        case .table(let name, nil) where name.text == "_": return try bind(Source(kind: .previous, span: source.span))
        case .table(let name, let version): return scan(try environment.table(name, version), name: name.text)
        case .file(let path, let clause): return scan(try environment.file(path, clause, source.span), name: nil)
        case .query(let query):
            let bound = try bind(query)
            if let sink = bound.sink { throw QueryError(.syntax, "`to` cannot stand inside brackets", at: sink.span) }
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

    private func scan(_ table: TableSnapshot, name: String?) -> BoundQuery {
        var scope = Scope()
        var columns: [(id: ColumnID, index: Int)] = []
        for (index, column) in table.schema.columns.enumerated() {
            let id = newID()
            names[id] = column.name
            columns.append((id, index))
            scope.columns.append(Scope.Column(id: id, name: column.name, type: column.type))
        }
        scope.key = table.schema.key.compactMap { scope.column($0)?.id }
        scope.time = table.schema.time.flatMap { scope.column($0)?.id }
        scope.tableName = name
        var plan = Plan.scan(ScanPlan(table: table, columns: columns))
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

    /// Adds columns below; windows and aggregates inside them become a plan node of their own first.
    func lift(_ bounds: [Bound], over plan: inout Plan, scope: Scope) -> [Bound] {
        var windows: [WindowColumn] = []
        var known: [String: ColumnID] = [:]
        func column(_ bound: Bound, _ call: WindowColumn.Call) -> Bound {
            let fingerprint = bound.fingerprint
            if let id = known[fingerprint] { return Bound(.column(id), bound.type, bound.span) }
            let id = newID()
            known[fingerprint] = id
            windows.append(WindowColumn(id: id, type: bound.type, call: call))
            return Bound(.column(id), bound.type, bound.span)
        }
        // A window inside a window's own arguments is computed first.
        var current = bounds
        while current.contains(where: \.containsAggregate) {
            windows = []
            known = [:]
            current = current.map { bound in
                bound.transformedFromTop { node in
                    switch node.kind {
                    case .aggregate(let call) where !node.children.contains(where: \.containsAggregate):
                        return column(node, .aggregate(call))
                    case .window(let call) where !node.children.contains(where: \.containsAggregate): return column(node, .window(call))
                    case .aggregate, .window, .column, .constant, .months, .function, .compare, .and, .or, .not, .isNull, .conditional,
                        .coalesce, .inSet,
                        .inQuery, .nullInQuery:
                        return nil
                    }
                }
            }
            plan = .window(plan, windows)
        }
        return current
    }
}

extension Bound {
    /// Replaces nodes from the top down; nil goes on below.
    func transformedFromTop(_ change: (Bound) -> Bound?) -> Bound {
        if let replaced = change(self) { return replaced }
        let below = children
        return below.isEmpty ? self : with(children: below.map { $0.transformedFromTop(change) })
    }
}
