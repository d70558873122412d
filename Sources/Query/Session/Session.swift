import Glibc
import Storage

public struct SessionOptions: Sendable {
    public var threads = 2
    public var memoryBytesMax = 4 << 30
    public var readOnly = false
    /// No file but the store is read or written.
    public var safe = false
    /// Day number of `--as-of`.
    public var asOf: Int64?
    /// `--param name=value`, as typed.
    public var parameters: [String: String] = [:]
    public var interactive = false
    public init() {}
}

/// One run of the language over one store: what `let`, `param` and `as of` set lives here.
public final class Session: @unchecked Sendable {
    let options: SessionOptions
    let store: Store
    private let temporaryPath: String?
    let cancellation = Cancellation()
    /// Definitions that live for the run, by key.
    var definitions: [String: DefinitionEntry] = [:]
    /// Definitions kept with the data, read once for the bytes that they are.
    var savedCache: [String: (bytes: [UInt8], entry: DefinitionEntry)] = [:]
    /// The text being run, and the files that run it, from the outside in.
    var current: SourceText?
    var runningFiles: [String] = []
    /// What `run … with` gives to the parameters of each running file.
    var runArguments: [RunArguments] = []
    /// Open reports, which take the answers that would go to the receiver.
    var reports: [Report] = []
    var isListingSegments = false
    /// Answers kept by an earlier run, which those of this one are compared with.
    var comparison: RunComparison?
    /// Asks whoever sits at the prompt for a parameter's value; nil: there is nobody to ask.
    public var askParameter: ((FileParameter, _ problem: String?) throws -> String)?
    var parameters: [String: Bound] = [:]
    /// Declared by `param`, for the check that every `--param` was meant.
    var declaredParameters: Set<String> = []
    var today: Int64
    var hidesLaterRows: Bool
    var lastQuery: Query?
    /// The statement that was run last, as it would be typed to run it again: one that went on from a query holds all of it.
    public private(set) var lastStatementText: String?
    /// Tests run without them, to see that they change no answer.
    var rewrites = Planner.rewrites
    /// Tests set few, to see that groups put apart are the same groups.
    var groupsInCacheMax = 1 << 16
    /// Where relative file names start; nil: the process's own folder.
    var fileFolder: String?
    /// Files read by queries, loaded into a store of their own that goes with the session.
    private var scratch: Store?
    /// Hears how far the reading of such a file has come.
    private var reading: ResultReceiver?
    private var scratchPath: String?
    private var scratchTables = 0
    /// Files whose columns are known, for completion: as they were read last, or as empty tables of the columns that were sniffed.
    private var fileShapes: [String: TableSnapshot] = [:]

    /// - Parameter storePath: nil for a temporary store that ``close()`` removes.
    public init(storePath: String?, options: SessionOptions) throws {
        self.options = options
        var storeOptions = Store.Options()
        storeOptions.readOnly = options.readOnly
        storeOptions.cacheBytesMax = options.memoryBytesMax / 2
        if let storePath {
            temporaryPath = nil
            store = try Store(path: storePath, options: storeOptions)
        } else {
            let folder = try TemporaryFolder.make()
            temporaryPath = folder
            storeOptions.readOnly = false
            store = try Store(path: folder + "/store", options: storeOptions)
        }
        today = options.asOf ?? LocalDate.today()
        hidesLaterRows = options.asOf != nil
    }

    deinit { close() }

    /// Removes what is temporary. Further calls do nothing.
    public func close() {
        if let temporaryPath { TemporaryFolder.remove(temporaryPath) }
        if let scratchPath { TemporaryFolder.remove(scratchPath) }
        scratchPath = nil
    }

    /// Makes the running statement end with an error; safe from any thread.
    public func cancel() { cancellation.cancel() }

    /// Parses and runs one complete statement. Answers go to the receiver.
    /// - Throws: ``QueryError`` with a span in the source, or a ``StorageError``.
    public func run(_ source: SourceText, receiver: ResultReceiver) throws {
        cancellation.reset()
        reading = receiver
        defer { reading = nil }
        if let statement = try Statement.parse(source) { lastStatementText = wholeText(of: statement, source) }
        try runPiece(source, receiver)
    }

    /// A line that starts with a bar means another query as soon as it has been run.
    private func wholeText(of statement: Statement, _ source: SourceText) -> String {
        guard case .query(var query) = statement.kind, query.source.isPrevious, let last = lastQuery else { return source.text }
        query.source = last.source
        query.stages = last.stages + query.stages
        return query.formatted()
    }

    func runPiece(_ source: SourceText, _ receiver: ResultReceiver) throws {
        guard let statement = try Statement.parse(source) else { return }
        let outer = current
        current = source
        defer { current = outer }
        guard let report = reports.last, !statement.opensReport else { return try run(statement, receiver) }
        try run(statement, ReportCollector(report, source, receiver))
    }

    // MARK: what the prompt asks

    public func tableNames() throws -> [String] { try store.snapshot().tables.map(\.schema.name).sorted() }

    /// `--param` names that no `param` statement declared.
    public var undeclaredParameters: [String] {
        let known = declaredParameters.union((try? savedParameterNames()) ?? [])
        return options.parameters.keys.filter { !known.contains($0) }.sorted()
    }

    // MARK: environment

    /// - Parameter vocabulary: nil for the one that stands.
    func environment(_ snapshot: Snapshot, _ executor: Executor, vocabulary: Vocabulary? = nil) throws -> BindEnvironment {
        let vocabulary = try vocabulary ?? self.vocabulary(snapshot)
        var environment = plainEnvironment(snapshot, executor)
        environment.vocabulary = vocabulary
        environment.membership = { [unowned self] segment, day, span in
            let found = try self.membership(of: segment, asOf: day, snapshot, at: span)
            guard let entry = vocabulary.entry(segment.text, .segment) else { return (found, nil) }
            return (found, try self.membershipTable(entry, snapshot, at: span).domain)
        }
        try addSaved(vocabulary, to: &environment)
        return environment
    }

    /// Without what is kept with the data.
    private func plainEnvironment(_ snapshot: Snapshot, _ executor: Executor) -> BindEnvironment {
        BindEnvironment(
            table: { [unowned self] name, version in try self.table(name, version, snapshot) },
            links: snapshot.links, file: { [unowned self] path, clause, span in try self.fileTable(path, clause, span) },
            today: today, hidesLaterRows: hidesLaterRows, hasTable: { snapshot.table($0) != nil }, parameters: parameters,
            previous: lastQuery,
            holidays: { try Self.holidays(snapshot) },
            tableFunction: { [unowned self] call in try self.tableFunction(call, snapshot) },
            rows: { [unowned self] plan, columns in
                // What these runs have to say (ties, divisions by zero) is not about the answer.
                let silent = self.makeExecutor(nil)
                silent.progress = executor.progress
                return try self.relation(plan, required: Set(columns), silent)
            },
            values: { [unowned self] plan, column in
                let rows = try self.relation(plan, required: [column], executor)
                return (0..<rows.rowCount).map { rows[column].value($0) }
            })
    }

    private func table(_ name: Name, _ version: Int?, _ snapshot: Snapshot) throws -> TableSnapshot {
        var state = snapshot
        if let version {
            do {
                state = try store.snapshot(version: version)
            } catch let error as StorageError where error.kind == .request {
                throw QueryError(.name, error.message, at: name.span, hint: error.hint ?? "`snapshots` lists the versions that can be read")
            }
        }
        if let table = state.table(name.text) { return table }
        let queries = try vocabulary(snapshot).names(of: .query)
        let names = state.tables.map(\.schema.name).sorted() + queries
        let hint: String
        if let near = nearestName(to: name.text, among: names) {
            hint = "did you mean \(near)?"
        } else if names.isEmpty {
            hint = "the store is empty: `load \(name.text) from \"file.csv\"`"
        } else {
            hint = "tables: \(names.prefix(12).joined(separator: ", "))"
        }
        throw QueryError(.name, "there is no table \(name.text)" + (version.map { " in version \($0)" } ?? ""), at: name.span, hint: hint)
    }

    private static func holidays(_ snapshot: Snapshot) throws -> [Int64] {
        guard let table = snapshot.table("holidays"), let column = table.schema.columns.firstIndex(where: { $0.type == .date }) else {
            return []
        }
        let executor = Executor(limits: Executor.Limits(threads: 1, memoryBytesMax: 1 << 28), cancellation: Cancellation())
        let rows = try executor.relation(.scan(ScanPlan(table: table, columns: [(id: 1, index: column)])), required: [1])
        return (0..<rows.rowCount).filter { !rows[1].isNull($0) }.map { rows[1].integers[$0] }.sorted()
    }

    /// Loads a file into the scratch store.
    func fileTable(_ path: String, _ clause: ImportClause, _ span: SourceSpan) throws -> TableSnapshot {
        try refuseIfSafe("reading a file", span)
        let scratch = try scratchStore()
        scratchTables += 1
        let name = "file\(scratchTables)"
        let loading = Loading(session: self, mode: .load, table: Name(text: name, span: span), paths: [path], clause: clause, span: span)
        _ = try loading.run(into: scratch) { done, total in reading?.progress(done: done, total: total, unit: "bytes") }
        guard let table = try scratch.snapshot().table(name) else { preconditionFailure("loaded above") }
        fileShapes[path] = table
        return table
    }

    /// The names of a file's columns.
    func fileColumns(_ path: String, _ clause: ImportClause, _ span: SourceSpan) throws -> [String] {
        let loading = Loading(session: self, mode: .load, table: Name(text: "file", span: span), paths: [path], clause: clause, span: span)
        return try Importer(paths: [path], options: try loading.importOptions()).sniffedColumns().map(\.name)
    }

    private func scratchStore() throws -> Store {
        if let scratch { return scratch }
        let folder = try TemporaryFolder.make()
        scratchPath = folder
        let made = try Store(path: folder + "/scratch")
        scratch = made
        return made
    }

    /// The columns of a file without its rows: only its beginning is read, once. Pipes and devices are left alone.
    func fileShape(_ path: String, _ clause: ImportClause, _ span: SourceSpan) throws -> TableSnapshot {
        if let known = fileShapes[path] { return known }
        try refuseIfSafe("reading a file", span)
        let name = Name(text: "shape\(fileShapes.count)", span: span)
        let loading = Loading(session: self, mode: .load, table: name, paths: [path], clause: clause, span: span)
        let files = try Loading.expand(filePath(path), span)
        for file in files {
            var status = stat()
            guard file != "-", stat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                throw QueryError(.file, "\(file) is not looked into", at: span)
            }
        }
        let columns = try Importer(paths: files, options: try loading.importOptions()).sniffedColumns()
        let scratch = try scratchStore()
        let transaction = try scratch.begin()
        do {
            try transaction.createTable(TableSchema(name: name.text, columns: columns))
            try transaction.commit(note: name.text)
        } catch {
            transaction.abort()
            throw error
        }
        guard let table = try scratch.snapshot().table(name.text) else { preconditionFailure("created above") }
        fileShapes[path] = table
        return table
    }

    func filePath(_ path: String) -> String {
        guard let fileFolder, !path.hasPrefix("/"), path != "-" else { return path }
        return fileFolder + "/" + path
    }

    func refuseIfSafe(_ what: String, _ span: SourceSpan) throws {
        if options.safe { throw QueryError(.file, "\(what) is not allowed in safe mode", at: span) }
    }

    func makeExecutor(_ receiver: ResultReceiver?) -> Executor {
        LargeMemory.keep(options.memoryBytesMax / 8)
        let executor = Executor(
            limits: Executor.Limits(
                threads: max(1, options.threads), memoryBytesMax: options.memoryBytesMax, groupsInCacheMax: groupsInCacheMax,
                spillFolder: options.readOnly ? nil : store.path),
            cancellation: cancellation)
        if let receiver {
            let shared = UncheckedReceiver(receiver)
            executor.progress = { done, total, unit in shared.receiver.progress(done: done, total: total, unit: unit) }
        }
        return executor
    }

    /// Plans, runs the queries inside expressions, then the plan itself.
    func relation(_ plan: Plan, required: Set<ColumnID>, _ executor: Executor) throws -> Relation {
        let prepared = try prepare(plan, executor)
        return try executor.relation(prepared, required: required)
    }

    func prepare(_ plan: Plan, _ executor: Executor) throws -> Plan {
        var log: [String] = []
        let planned = Planner.plan(plan, with: rewrites, log: &log)
        for box in planned.subqueries {
            let rows = try relation(box.plan, required: [box.column], executor)
            let column = rows[box.column]
            box.values =
                column.form == .integers
                ? ConstantSet(integers: column.distinctIntegers()) : ConstantSet((0..<rows.rowCount).map { column.value($0) })
            box.hasNull = column.nulls.contains(1)
        }
        return planned
    }
}

/// The receiver is called by the first worker only, one call at a time.
private struct UncheckedReceiver: @unchecked Sendable {
    let receiver: ResultReceiver
    init(_ receiver: ResultReceiver) { self.receiver = receiver }
}

enum LocalDate {
    /// The local calendar day.
    static func today() -> Int64 {
        var now = time(nil)
        var parts = tm()
        localtime_r(&now, &parts)
        return CivilDate.days(year: Int64(parts.tm_year) + 1900, month: Int64(parts.tm_mon) + 1, day: Int64(parts.tm_mday))
    }
}

enum TemporaryFolder {
    static func make() throws -> String {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/crmq-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw StorageError(.environment, "cannot make a temporary folder in \(base): \(String(cString: strerror(errno)))")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Removes the folder with everything in it; what cannot be removed stays.
    static func remove(_ path: String) {
        guard let folder = opendir(path) else {
            unlink(path)
            return
        }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            if entry.pointee.d_type == UInt8(DT_DIR) { remove("\(path)/\(name)") } else { unlink("\(path)/\(name)") }
        }
        closedir(folder)
        rmdir(path)
    }
}
