import Glibc
import Storage

/// `load`, `append`, `replace` and `upsert` from files.
struct Loading {
    let session: Session
    let mode: Statement.LoadMode
    let table: Name
    let paths: [String]
    let clause: ImportClause
    let span: SourceSpan

    /// Runs the statement in one commit; returns what to say about it.
    func run(into store: Store, report: (Int, Int) -> Void) throws -> String {
        var options = try importOptions()
        let known = try store.snapshot().table(table.text)?.schema
        switch mode {
        case .load:
            if known != nil {
                throw QueryError(
                    .name, "there is a table \(table.text) already", at: table.span,
                    hint: "`append` adds rows, `replace` puts these in place of all, `upsert` by key")
            }
        case .append, .upsert:
            guard let known else {
                throw QueryError(.name, "there is no table \(table.text)", at: table.span, hint: "`load \(table.text) from …` makes it")
            }
            for column in known.columns { options.typesIfPresent[column.name] = column.type }
            if !clause.key.isEmpty || clause.time != nil {
                throw QueryError(.name, "\(table.text) has its key and time already", at: clause.key.first?.span ?? clause.time?.span)
            }
        case .replace: break
        }
        let files = try paths.flatMap { try Self.expand(session.filePath($0), span) }
        if mode == .upsert { return try upsert(store, files, options, report) }
        let importer = try Importer(paths: files, options: options)
        let transaction = try store.begin()
        do {
            var writer: TableWriter?
            let summary = try importer.load(
                makeWriter: { columns -> ReorderingSink in
                    writer?.cancel()
                    if let known, mode == .append {
                        let made = try transaction.writer(for: table.text)
                        writer = made
                        return try ReorderingSink(made, from: columns, to: known, table.text)
                    }
                    let schema = try schema(columns, like: mode == .replace ? known : nil)
                    if transaction.schema(of: table.text) == nil {
                        try transaction.createTable(schema)
                    } else {
                        try transaction.replaceTable(table.text, with: schema)
                    }
                    let made = try transaction.writer(for: table.text)
                    writer = made
                    return try ReorderingSink(made, from: columns, to: schema, table.text)
                },
                progress: { progress in
                    try session.cancellation.check()
                    report(progress.bytesRead, progress.bytesTotal)
                })
            try writer?.finish()
            if mode == .replace, store === session.store { try session.checkKept(transaction, replacing: table) }
            try transaction.commit(note: "\(mode.rawValue) \(table.text)")
            return sentence(summary)
        } catch {
            transaction.abort()
            throw error
        }
    }

    private func sentence(_ summary: ImportSummary) -> String {
        let verb: String
        switch mode {
        case .load: verb = "loaded"
        case .append: verb = "appended"
        case .replace: verb = "replaced all rows by"
        case .upsert: verb = "upserted"
        }
        var text =
            "\(verb) \(CellText.grouped(summary.rows))\(mode == .replace ? "" : summary.rows == 1 ? " row" : " rows") \(mode == .replace ? "in" : mode == .load ? "into" : "to") \(table.text)"
        if summary.rejected > 0 { text += ", \(CellText.grouped(summary.rejected)) rejected" }
        for note in summary.notes { text += "\n\(note)" }
        return text
    }

    /// Rows with a known key take the place of the old ones. The file goes into a store of its own first, because its keys must be known
    /// before the first row is written.
    private func upsert(_ store: Store, _ files: [String], _ options: ImportOptions, _ report: (Int, Int) -> Void) throws -> String {
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        let scratch = try Store(path: folder + "/scratch")
        let importer = try Importer(paths: files, options: options)
        let transaction = try scratch.begin()
        var writer: TableWriter?
        let summary = try importer.load(
            makeWriter: { columns -> TableWriter in
                writer?.cancel()
                let schema = TableSchema(name: table.text, columns: columns)
                if transaction.schema(of: table.text) == nil {
                    try transaction.createTable(schema)
                } else {
                    try transaction.replaceTable(table.text, with: schema)
                }
                let made = try transaction.writer(for: table.text)
                writer = made
                return made
            },
            progress: { progress in
                try session.cancellation.check()
                report(progress.bytesRead, progress.bytesTotal)
            })
        try writer?.finish()
        try transaction.commit(note: "upsert")
        guard let loaded = try scratch.snapshot().table(table.text) else { preconditionFailure("loaded above") }
        let ids = loaded.schema.columns.indices.map { $0 + 1 }
        let plan = Plan.scan(ScanPlan(table: loaded, columns: ids.map { (id: $0, index: $0 - 1) }))
        let (inserted, updated) = try session.upsertRows(table, plan, zip(loaded.schema.columns, ids).map { ($0, $1) }, span)
        return
            "upserted \(CellText.grouped(summary.rows)) row\(summary.rows == 1 ? "" : "s") to \(table.text): \(CellText.grouped(inserted)) new, \(CellText.grouped(updated)) updated"
            + (summary.rejected > 0 ? ", \(CellText.grouped(summary.rejected)) rejected" : "")
    }

    private func schema(_ columns: [ColumnSchema], like old: TableSchema?) throws -> TableSchema {
        for part in clause.key where !columns.contains(where: { $0.name == part.text }) {
            throw QueryError(
                .name, "the file has no column \(part.text) for the key", at: part.span,
                hint: nearestName(to: part.text, among: columns.map(\.name)).map { "did you mean \($0)?" })
        }
        if let time = clause.time { try Session.checkTime(time, columns) }
        let stated = TableSchema(name: table.text, columns: columns, key: clause.key.map(\.text), time: clause.time?.text)
        return old.map(stated.keepingRoles) ?? stated
    }

    /// A pattern's files in the order of their names.
    static func expand(_ path: String, _ span: SourceSpan) throws -> [String] {
        guard path.contains(where: { "*?[".contains($0) }) else { return [path] }
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(path, 0, nil, &found) == 0, found.gl_pathc > 0 else {
            // A file may have such a name itself.
            if access(path, F_OK) == 0 { return [path] }
            throw QueryError(.file, "no file matches \(path)", at: span)
        }
        return (0..<Int(found.gl_pathc)).map { String(cString: found.gl_pathv[$0]!) }
    }

    func importOptions() throws -> ImportOptions {
        var options = ImportOptions()
        options.isCancelled = { [cancellation = session.cancellation] in cancellation.isCancelled }
        options.rejects = clause.rejects.map(session.filePath)
        for option in clause.options {
            func text(_ index: Int = 0) throws -> String {
                guard option.values.indices.contains(index), case .literal(.text(let text)) = option.values[index].kind else {
                    throw wrong("a text in quotes")
                }
                return text
            }
            /// A word may stand without quotes.
            func word() throws -> String {
                if let value = option.values.first, case .path(let names) = value.kind, names.count == 1 { return names[0].text }
                return try text()
            }
            func wrong(_ what: String) -> QueryError {
                QueryError(.type, "`\(option.name.text)` needs \(what)", at: option.values.first?.span ?? option.name.span)
            }
            switch option.name.text {
            case "null": options.nullSpellings = try option.values.indices.map { try text($0) }
            case "delimiter": options.delimiter = try text()
            case "quote": options.quote = try text()
            case "escape": options.escape = try text()
            case "encoding": options.encoding = try word()
            case "date_layout": options.dateLayout = try text()
            case "header":
                guard case .literal(.bool(let value))? = option.values.first?.kind else { throw wrong("true or false") }
                options.header = value
            case "skip":
                guard case .literal(.integer(let value))? = option.values.first?.kind, value >= 0 else { throw wrong("a number of lines") }
                options.skip = Int(value)
            case "date_order":
                guard let order = ImportOptions.DateOrder(rawValue: try word()) else { throw wrong("dmy, mdy or ymd") }
                options.dateOrder = order
            case "format":
                guard let format = ImportOptions.Format(rawValue: try word()) else { throw wrong("csv, tsv or jsonl") }
                options.format = format
            case "names": options.names = option.columns.map(\.name.text)
            case "types": for column in option.columns { options.types[column.name.text] = column.type }
            default: throw QueryError(.unsupported, "`\(option.name.text)` is not built yet", at: option.name.span)
            }
        }
        return options
    }
}

extension TableSchema {
    /// A table keeps its key and time when its rows are replaced, unless others are stated, as long as the columns are there.
    func keepingRoles(of old: TableSchema) -> TableSchema {
        var kept = self
        if key.isEmpty, old.key.allSatisfy({ name in columns.contains { $0.name == name } }) { kept.key = old.key }
        if time == nil, let known = old.time, columns.contains(where: { $0.name == known && ($0.type == .date || $0.type == .timestamp) }) {
            kept.time = known
        }
        return kept
    }
}

/// Puts a file's columns into the order of a table's; a column that the file lacks is null.
struct ReorderingSink: RowSink {
    private let writer: TableWriter
    /// For each column of the table its place in the file, or -1.
    private let places: [Int]
    private let types: [LogicalType]
    private let isIdentity: Bool

    init(_ writer: TableWriter, from columns: [ColumnSchema], to schema: TableSchema, _ table: String) throws {
        self.writer = writer
        for column in columns where schema.index(of: column.name) == nil {
            throw StorageError(
                .data, "the file's column \(column.name) is not in \(table)",
                hint: "columns: \(schema.columns.map(\.name).joined(separator: ", "))")
        }
        places = schema.columns.map { column in columns.firstIndex { $0.name == column.name } ?? -1 }
        types = schema.columns.map(\.type)
        isIdentity = places == Array(columns.indices)
    }

    func append(_ chunk: RowChunk) throws {
        if isIdentity { return try writer.append(chunk) }
        let columns = zip(places, types).map { place, type -> ColumnChunk in
            if place >= 0 { return chunk.columns[place] }
            let nulls = Array(repeating: UInt8(1), count: chunk.rowCount)
            switch type.physical {
            case .integer: return ColumnChunk(values: .integers(Array(repeating: 0, count: chunk.rowCount)), nulls: nulls)
            case .double: return ColumnChunk(values: .doubles(Array(repeating: 0, count: chunk.rowCount)), nulls: nulls)
            case .text:
                var text = TextChunk()
                text.offsets = Array(repeating: 0, count: chunk.rowCount + 1)
                return ColumnChunk(values: .text(text), nulls: nulls)
            }
        }
        try writer.append(RowChunk(columns: columns, rowCount: chunk.rowCount))
    }
}
