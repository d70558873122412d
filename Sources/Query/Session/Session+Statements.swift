import Storage

extension Session {
    func run(_ statement: Statement, _ receiver: ResultReceiver) throws {
        let span = statement.span
        switch statement.kind {
        case .query(let query): try run(query, receiver)
        case .explain(let query, let analyze): try explain(query, analyze: analyze, span, receiver)
        case .load(let mode, let table, let paths, let clause):
            try refuseIfSafe("reading a file", span)
            if mode == .load { try refuseQueryName(table) }
            let loading = Loading(session: self, mode: mode, table: table, paths: paths, clause: clause, span: span)
            try receiver.message(loading.run(into: store) { done, total in receiver.progress(done: done, total: total, unit: "bytes") })
            try sayOrphans(of: table.text, receiver)
            if mode == .load { try sayMisfits(of: table.text, receiver) }
        case .store(let mode, let table, let query, let clause):
            if mode == .load { try refuseQueryName(table) }
            try receiver.message(try storeRows(mode, table, query, clause, receiver))
            try sayOrphans(of: table.text, receiver)
            if mode == .load { try sayMisfits(of: table.text, receiver) }
        case .delete(let table, let condition):
            try receiver.message(try delete(from: table, where: condition))
            try sayOrphans(of: table.text, receiver)
        case .createTable(let name, let columns, let key, let time):
            try refuseQueryName(name)
            try commit("create table \(name.text)") { transaction in
                try transaction.createTable(try Self.schema(name, columns, key: key, time: time))
            }
            try receiver.message("created table \(name.text)")
            try sayMisfits(of: name.text, receiver)
        case .dropTable(let name):
            try requireTable(name)
            try commitKeeping("drop table \(name.text)", changing: "\(name.text) cannot be dropped", at: name.span) {
                try $0.dropTable(name.text)
            }
            try receiver.message("dropped table \(name.text)")
        case .renameTable(let old, let new):
            try requireTable(old)
            for sentence in try rename(table: old, to: new) { try receiver.message(sentence) }
        case .renameColumn(let table, let column, let new):
            let schema = try requireTable(table).schema
            guard schema.index(of: column.text) != nil else {
                throw QueryError(
                    .name, "\(table.text) has no column \(column.text)", at: column.span,
                    hint: nearestName(to: column.text, among: schema.columns.map(\.name)).map { "did you mean \($0)?" })
            }
            for sentence in try rename(column: column, of: table, to: new) { try receiver.message(sentence) }
        case .optimize(let name):
            let names = try name.map { [$0.text] } ?? tableNames()
            if let name { try requireTable(name) }
            try commit("optimize" + (name.map { " \($0.text)" } ?? "")) { transaction in
                transaction.progress = { [cancellation] rows, total in
                    try cancellation.check()
                    receiver.progress(done: rows, total: total, unit: "rows")
                }
                for name in names { try transaction.optimize(name) }
            }
            try receiver.message("optimized \(names.joined(separator: ", "))")
        case .vacuum:
            let (files, bytes) = try store.vacuum()
            try receiver.message("removed \(files) file\(files == 1 ? "" : "s"), \(bytes) bytes; older versions can no longer be read")
        case .snapshots: try deliver(try snapshotsRelation(), receiver)
        case .tables: try deliver(try tablesRelation(try store.snapshot()), receiver)
        case .describe(let name): try deliver(try describeRelation(try requireTable(name), links: try store.snapshot().links), receiver)
        case .vocabulary(let statement): try run(statement, span, receiver)
        case .asOf(let expression):
            let executor = makeExecutor(nil)
            let bound = try Binder(environment(try store.snapshot(), executor)).bind(expression, in: Scope())
            guard bound.type == .date, case .integer(let day)? = bound.constantValue else {
                throw QueryError(.type, "as of needs a date", at: expression.span, hint: "as of 2026-09-30")
            }
            // The command line's date is the stronger one: a report is rerun for another day without being edited.
            if options.asOf == nil {
                today = day
                hidesLaterRows = true
            }
        case .link(let declaration):
            try receiver.message(
                try declare(declaration) { done, total in receiver.progress(done: done, total: total, unit: "rows") })
        case .dropLink(let child, let parentName): try receiver.message(try dropLink(child, parentName))
        case .report(let head): try open(head, span, receiver)
        }
    }

    private func checkConstant(_ value: Expression) throws -> Bound {
        try Binder(environment(try store.snapshot(), makeExecutor(nil))).bind(value, in: Scope())
    }

    // MARK: queries

    private func run(_ query: Query, _ receiver: ResultReceiver) throws {
        let executor = makeExecutor(receiver)
        let snapshot = try store.snapshot()
        let binder = Binder(try environment(snapshot, executor))
        var bound = try binder.bind(query)
        bound.notes = binder.expansions.notes
        reports.last?.use(binder.expansions.used)
        let plan = try prepare(bound.plan, executor)
        if let sink = bound.sink, sink.path.hasSuffix(".crmq") {
            try exportScript(plan, bound, sink, executor, snapshot, receiver)
        } else if let sink = bound.sink {
            try export(plan, bound, sink, executor, receiver)
        } else if let comparison {
            try compare(plan, bound, comparison, executor, receiver)
        } else {
            var rows = 0
            let columns = bound.columns
            let required = bound.required
            let presentation = bound.presentation
            var begun = false
            try executor.deliver(plan, required: Set(required)) { relation in
                if !begun { try receiver.begin(columns: columns, shownAs: presentation) }
                begun = true
                rows += relation.rowCount
                try ResultBatches.send(relation, required, to: receiver, cancellation)
            }
            if !begun { try receiver.begin(columns: columns, shownAs: presentation) }
            try receiver.end(footer(rows, bound, executor))
        }
        lastQuery = flattened(query)
    }

    /// The query to go on from: without its sink, and with the one it went on from itself.
    func flattened(_ query: Query) -> Query {
        var whole = query
        if query.source.isPrevious, let last = lastQuery {
            whole.source = last.source
            whole.stages = last.stages + query.stages
        }
        whole.stages.removeAll {
            switch $0.kind {
            case .to, .chart: true
            case .where, .derive, .select, .drop, .rename, .summarize, .sort, .take, .top, .distinct, .expand, .unfold, .join, .union,
                .pivot, .fill,
                .sample, .profile,
                .assert, .verb:
                false
            }
        }
        return whole
    }

    func footer(_ rows: Int, _ bound: BoundQuery?, _ executor: Executor) -> ResultFooter {
        var notes = executor.notes
        if executor.divisionsByZero > 0 {
            notes.append("\(executor.divisionsByZero) division\(executor.divisionsByZero == 1 ? "" : "s") by zero gave null")
        }
        if executor.undefinedResults > 0 {
            notes.append(
                "\(executor.undefinedResults) result\(executor.undefinedResults == 1 ? " has" : "s have") no finite value and became null")
        }
        notes += bound?.notes ?? []
        if let bound, bound.takesUnordered { notes.append("take without sort: rows as they are stored, which optimize may change") }
        let date = CellText.string(.integer(today), type: .date)
        return ResultFooter(rows: rows, notes: notes, asOf: hidesLaterRows ? "\(date) (later rows are hidden)" : date)
    }

    private func export(
        _ plan: Plan, _ bound: BoundQuery, _ sink: (path: String, raw: Bool, span: SourceSpan), _ executor: Executor,
        _ receiver: ResultReceiver
    ) throws {
        try refuseIfSafe("writing a file", sink.span)
        let path = try filledIn(sink.path, sink.span)
        if !bound.isChart, OutputFormat.forFile(path)?.name == OutputFormat.svg.name {
            throw QueryError(
                .type, "an .svg file holds a chart, and these rows are none", at: sink.span,
                hint: "draw them first: | bar sum(amount) by branch | to \"branches.svg\"")
        }
        let file = try ExportFile(path: filePath(path), raw: sink.raw, span: sink.span)
        var rows = 0
        var notes: [String] = []
        do {
            try file.writer.begin(columns: bound.columns, shownAs: bound.presentation)
            try executor.deliver(plan, required: Set(bound.required)) { relation in
                rows += relation.rowCount
                try ResultBatches.send(relation, bound.required, to: file.writer, cancellation)
            }
            notes = try file.writer.end()
            try file.finish()
        } catch {
            file.abandon()
            throw error
        }
        try receiver.message("wrote \(rows) row\(rows == 1 ? "" : "s") to \(path)")
        for note in notes + footer(rows, bound, executor).notes { try receiver.message(note) }
    }

    /// Definitions as a script, whatever columns of theirs are left.
    private func exportScript(
        _ plan: Plan, _ bound: BoundQuery, _ sink: (path: String, raw: Bool, span: SourceSpan), _ executor: Executor,
        _ snapshot: Snapshot, _ receiver: ResultReceiver
    ) throws {
        try refuseIfSafe("writing a file", sink.span)
        let path = try filledIn(sink.path, sink.span)
        let rows = try executor.relation(plan, required: Set(bound.required))
        let (text, count) = try script(of: rows, bound.scope.visible, snapshot, at: sink.span)
        let file = try ExportFile(path: filePath(path), raw: true, span: sink.span)
        do {
            try file.write(text)
            try file.finish()
        } catch {
            file.abandon()
            throw error
        }
        try receiver.message("wrote \(count) definition\(count == 1 ? "" : "s") to \(path)")
    }

    /// `{month}` in a file's name, or in a title, is the parameter's value.
    func filledIn(_ path: String, _ span: SourceSpan, isPath: Bool = true) throws -> String {
        var out = ""
        var rest = path[...]
        let environment = try environment(try store.snapshot(), makeExecutor(nil))
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            out += rest[..<open]
            let name = String(rest[rest.index(after: open)..<close])
            guard let value = try environment.parameters[name] ?? environment.lets[name].map({ try checkConstant($0) }),
                let constant = value.constantValue
            else {
                throw QueryError(.name, "there is no parameter \(name) for the \(isPath ? "file's name" : "title")", at: span)
            }
            let text = CellText.string(constant, type: value.type)
            guard !isPath || (!text.contains("/") && text != ".." && !text.contains("\0")) else {
                throw QueryError(.parameter, "the value of \(name) cannot be part of a file's name", at: span)
            }
            out += text
            rest = rest[rest.index(after: close)...]
        }
        return out + rest
    }

    // MARK: tables

    @discardableResult
    func requireTable(_ name: Name) throws -> TableSnapshot {
        try Binder(environment(try store.snapshot(), makeExecutor(nil))).environment.table(name, nil)
    }

    func commit(_ note: String, _ change: (Transaction) throws -> Void) throws {
        let transaction = try store.begin()
        do {
            try change(transaction)
            try transaction.commit(note: note)
        } catch {
            transaction.abort()
            throw error
        }
    }

    static func schema(_ name: Name, _ columns: [ColumnDefinition], key: [Name], time: Name?) throws -> TableSchema {
        var names: Set<String> = []
        for column in columns where !names.insert(column.name.text).inserted {
            throw QueryError(.name, "two columns are called \(column.name.text)", at: column.name.span)
        }
        for part in key where !names.contains(part.text) { throw QueryError(.name, "the key names no column \(part.text)", at: part.span) }
        if let time { try checkTime(time, columns.map { ColumnSchema(name: $0.name.text, type: $0.type) }) }
        return TableSchema(
            name: name.text, columns: columns.map { ColumnSchema(name: $0.name.text, type: $0.type) }, key: key.map(\.text),
            time: time?.text)
    }

    static func checkTime(_ time: Name, _ columns: [ColumnSchema]) throws {
        guard let column = columns.first(where: { $0.name == time.text }) else {
            throw QueryError(
                .name, "there is no column \(time.text)", at: time.span,
                hint: nearestName(to: time.text, among: columns.map(\.name)).map { "did you mean \($0)?" })
        }
        guard column.type == .date || column.type == .timestamp else {
            throw QueryError(
                .type, "the time of a table is a date or a timestamp, \(time.text) is a \(column.type.name)", at: time.span,
                hint: "say its type: `types: (\(time.text): date)`, and its layout: `date_layout: \"yyMMdd\"`")
        }
    }
}

extension Source {
    /// `| …` at the prompt, or `from _`.
    var isPrevious: Bool {
        switch kind {
        case .previous: true
        case .table(let name, nil): name.text == "_"
        case .table, .file, .function, .query: false
        }
    }
}

extension BoundQuery {
    fileprivate var isChart: Bool {
        switch presentation {
        case .chart: true
        case .profile, nil: false
        }
    }

    /// A `take` over rows that no stage has ordered.
    var takesUnordered: Bool {
        func looks(_ plan: Plan) -> Bool {
            if case .take(let input, _, _) = plan { return !isOrdered(input) }
            return plan.inputs.contains(where: looks)
        }
        func isOrdered(_ plan: Plan) -> Bool {
            switch plan {
            // Rows that stand in memory come from a table function or an earlier answer: their order is settled.
            case .sort, .top, .aggregate, .fill, .rows: true
            case .scan, .union: false
            case .filter, .derive, .window, .take, .join, .unfold, .sample, .assert, .assertAll: plan.inputs.first.map(isOrdered) ?? false
            }
        }
        return looks(plan)
    }
}
