/// One atomic change. Nothing is visible to anyone until ``commit(note:)`` returns; ``abort()`` or releasing it leaves the store as it was.
public final class Transaction {
    /// The state this change started from (later operations of this same transaction are not visible in it).
    public let base: Snapshot
    let store: Store
    var working: Manifest
    var lock: (any FileLock)?
    private let madeFolder: Bool
    var isOpen = true
    var hasFailed = false
    weak var openWriter: TableWriter?
    var builders: [UInt64: DictionaryBuilder] = [:]
    var domainBuilders: [UInt32: DomainBuilder] = [:]
    /// Tests cut partitions small.
    var partitionLimits = PartitionLimits()
    /// Hears how many rows of how many a rewrite of a table has written, and cancels it by throwing.
    public var progress: ((_ rows: Int, _ total: Int) throws -> Void)?
    /// Deleted rows of segments, with those that were deleted before; written at commit.
    var pendingDeletes: [UInt64: DeleteBitmap] = [:]
    /// Written at commit; nil: removed.
    var pendingBlobs: [String: [UInt8]?] = [:]
    /// Files of this transaction that the manifest will need.
    var newFiles: [(name: StoreFile, file: any File)] = []

    init(store: Store) throws {
        if store.options.readOnly { throw StorageError(.request, "the store at \(store.path) was opened for reading only") }
        self.store = store
        let files = store.files
        madeFolder = try files.makeFolder(store.path)
        let lock = try files.lock(store.path + "/" + Store.lockName)
        self.lock = lock
        do {
            if madeFolder { try files.syncFolder(Transaction.parent(of: store.path)) }
            base = try store.snapshot()
            working = base.manifest
            try Transaction.removeLeftovers(store, working)
        } catch {
            if madeFolder { Transaction.removeEmptyFolder(store) }
            throw error
        }
    }

    deinit { abort() }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// What a crashed writer left: ids that the newest manifest has not given yet stand in no manifest, and nobody else writes now.
    private static func removeLeftovers(_ store: Store, _ newest: Manifest) throws {
        for name in try store.files.list(store.path) ?? [] {
            let isLeftover: Bool
            switch StoreFile(name: name) {
            case .segment(let id)?, .dictionary(let id)?, .deletes(let id)?, .keys(let id)?, .blobs(let id)?:
                isLeftover = id >= newest.nextFile
            case .manifest?: isLeftover = false
            case nil: isLeftover = name.hasSuffix(Transaction.temporarySuffix) && name.hasPrefix("manifest-")
            }
            if isLeftover { try store.files.unlink(store.path + "/" + name) }
        }
    }

    private static func removeEmptyFolder(_ store: Store) {
        try? store.files.unlink(store.path + "/" + Store.lockName)
        store.files.removeFolder(store.path)
    }

    static let temporarySuffix = ".new"

    // MARK: Tables

    /// The schema as it stands inside this transaction.
    public func schema(of table: String) -> TableSchema? { working.index(of: table).map { working.tables[$0].schema } }

    /// Ids are given here; the schema passed in needs none.
    public func createTable(_ schema: TableSchema) throws {
        precondition(isOpen)
        if working.index(of: schema.name) != nil { throw StorageError(.request, "there is a table \(schema.name) already") }
        try schema.check()
        var schema = schema
        schema.id = working.nextTable
        working.nextTable += 1
        for c in schema.columns.indices { schema.columns[c].id = UInt32(c) }
        working.tables.append(
            TableState(
                schema: schema, nextColumn: UInt32(schema.columns.count), dictionaries: schema.columns.map { _ in [] }))
    }

    public func dropTable(_ name: String) throws {
        working.tables.remove(at: try index(of: name))
    }

    public func renameTable(_ name: String, to newName: String) throws {
        let index = try index(of: name)
        if name == newName { return }
        if working.index(of: newName) != nil { throw StorageError(.request, "there is a table \(newName) already") }
        if newName.isEmpty { throw StorageError(.request, "a table needs a name") }
        working.tables[index].schema.name = newName
        renameInLinks(table: name, to: newName)
    }

    public func renameColumn(_ column: String, of table: String, to newName: String) throws {
        let t = try index(of: table)
        var schema = working.tables[t].schema
        guard let c = schema.index(of: column) else { throw StorageError(.request, "\(table) has no column \(column)") }
        if column == newName { return }
        if schema.index(of: newName) != nil { throw StorageError(.request, "\(table) has a column \(newName) already") }
        schema.columns[c].name = newName
        schema.key = schema.key.map { $0 == column ? newName : $0 }
        if schema.time == column { schema.time = newName }
        try schema.check()
        let before = working
        working.tables[t].schema = schema
        renameInLinks(column: column, of: table, to: newName)
        do {
            try checkLinkNames()
        } catch {
            working = before
            throw error
        }
    }

    /// Drops all rows, keeps the schema's ids where names and types agree; `schema` replaces the old one.
    public func replaceTable(_ name: String, with schema: TableSchema) throws {
        let t = try index(of: name)
        try schema.check()
        if schema.name != name, working.index(of: schema.name) != nil {
            throw StorageError(.request, "there is a table \(schema.name) already")
        }
        let old = working.tables[t]
        var new = TableState(schema: schema, nextColumn: old.nextColumn, dictionaries: schema.columns.map { _ in [] })
        new.schema.id = old.schema.id
        new.partitionLink = old.partitionLink
        for c in schema.columns.indices {
            let column = schema.columns[c]
            if let same = old.schema.columns.first(where: { $0.name == column.name && $0.type == column.type }) {
                new.schema.columns[c].id = same.id
            } else {
                new.schema.columns[c].id = new.nextColumn
                new.nextColumn += 1
            }
        }
        working.tables[t] = new
        forgetBuilders(table: old.schema.id)
    }

    func index(of table: String) throws -> Int {
        precondition(isOpen)
        if let index = working.index(of: table) { return index }
        throw StorageError(.request, "there is no table \(table)")
    }

    /// Gives a keyed table its own id column without a link, so that sets of its rows can be kept as sets of ids.
    public func ensureDomain(of table: String) throws {
        let schema = working.tables[try index(of: table)].schema
        if schema.key.isEmpty { throw StorageError(.request, "\(table) has no key", hint: "declare one when it is loaded: `key …`") }
        try keepDomain(of: schema)
        try settle(try index(of: table))
    }

    /// Named bytes kept with the data (definitions of the language); nil removes.
    public func setDefinition(_ name: String, _ bytes: [UInt8]?) {
        precondition(isOpen)
        working.definitions[name] = bytes
    }

    // MARK: Rows

    /// A writer that adds one new segment to the table. Several may be open one after another.
    public func writer(for table: String) throws -> TableWriter {
        let t = try index(of: table)
        var fault: StorageError?
        do {
            try settle(t)
        } catch let error as StorageError where error.kind == .request && working.tables[t].segments.isEmpty {
            // A column's type may still widen while it is loaded: only a table that is complete can be at odds with its links.
            fault = error
            working.tables[t].hidden = []
        }
        let state = working.tables[t]
        let builders = try state.schema.columns.indices.map { try builder(state, column: $0) }
        return opened(try TableWriter(transaction: self, table: state, builders: builders, fault: fault))
    }

    func opened(_ writer: TableWriter) -> TableWriter {
        precondition(openWriter == nil, "one writer at a time: finish or cancel the one before")
        openWriter = writer
        return writer
    }

    func builder(_ table: TableState, column: Int) throws -> DictionaryBuilder? {
        guard table.schema.columns[column].type == .text else { return nil }
        let key = Transaction.builderKey(table: table.schema.id, column: table.schema.columns[column].id)
        if let found = builders[key] { return found }
        let base = table.dictionaries[column].isEmpty ? nil : try snapshot(of: table).dictionary(column: column)
        let made = DictionaryBuilder(base: base)
        builders[key] = made
        return made
    }

    static func builderKey(table: UInt32, column: UInt32) -> UInt64 { UInt64(table) << 32 | UInt64(column) }

    func forgetBuilders(table: UInt32) { builders = builders.filter { UInt32($0.key >> 32) != table } }

    /// Marks rows of the base snapshot as deleted. `rows` are positions within segment `segment` of `base.table(table)`.
    public func delete(from table: String, segment: Int, rows: [UInt32]) throws {
        precondition(isOpen)
        guard let source = base.table(table) else { throw StorageError(.request, "there is no table \(table)") }
        let file = source.state.segments[segment].file
        guard working.tables.contains(where: { $0.schema.id == source.schema.id && $0.segments.contains { $0.file == file } }) else {
            throw StorageError(.request, "the rows of \(table) were replaced before")
        }
        if rows.isEmpty { return }
        let bitmap =
            try pendingDeletes[file]
            ?? DeleteBitmap(rows: Int(source.state.segments[segment].rows), copying: store.openDeletes(source.state.segments[segment]))
        for row in rows { bitmap.insert(Int(row)) }
        pendingDeletes[file] = bitmap
    }

    /// A table as this transaction has it now, for reading.
    func snapshot(of table: TableState) throws -> TableSnapshot {
        do {
            let opened = try store.open(table, domains: working.domains)
            let readers = zip(table.segments, opened.segments).map { state, reader in
                pendingDeletes[state.file].map { reader.with(deletes: $0) } ?? reader
            }
            return opened.with(segments: readers)
        } catch let missing as Store.MissingFile {
            throw StorageError(.corrupt, "\(missing.path) is missing")
        }
    }

    // MARK: What writers report

    func takeFileId() -> UInt64 {
        let id = store.takeFileId(atLeast: working.nextFile)
        working.nextFile = id + 1
        return id
    }

    func createSegment(_ id: UInt64, columnCount: Int) throws -> SegmentFileWriter {
        SegmentFileWriter(file: try create(.segment(id)), id: id, columnCount: columnCount)
    }

    func create(_ name: StoreFile) throws -> any File {
        let file = try store.files.create(store.filePath(name))
        newFiles.append((name, file))
        return file
    }

    func finish(
        table: TableSchema, segment: SegmentState, builders: [DictionaryBuilder?], keyOrder: KeyOrder?, checksKey: Bool
    ) throws {
        guard let t = working.tables.firstIndex(where: { $0.schema.id == table.id }) else {
            throw StorageError(.request, "\(table.name) was dropped while it was written")
        }
        hasFailed = true
        let id = takeFileId()
        let bytes = RecordFile.fileHeader(kind: .dictionary, file: id)
        for (c, builder) in builders.enumerated() {
            guard let piece = builder?.appendPiece(column: table.columns[c].id, file: id, to: bytes) else { continue }
            working.tables[t].dictionaries[c].append(piece)
        }
        if bytes.count > RecordFile.headerBytes { try create(.dictionary(id)).append(bytes) }
        try writeKeys()
        working.tables[t].segments.append(segment)
        if checksKey, !table.key.isEmpty { try KeyCheck(try snapshot(of: working.tables[t])).checkLastSegment(order: keyOrder) }
        if checksKey {
            for (columns, link) in linkedColumns(of: table) {
                try KeyCheck(try snapshot(of: working.tables[t]), columns: columns, link: link).checkLastSegment(order: nil)
            }
        }
        hasFailed = false
    }

    func abandon(segment id: UInt64, table: UInt32) {
        forgetBuilders(table: table)
        domainBuilders = [:]
        remove { $0 == .segment(id) }
    }

    func remove(_ isGone: (StoreFile) -> Bool) {
        for new in newFiles where isGone(new.name) { try? store.files.unlink(store.filePath(new.name)) }
        newFiles.removeAll { isGone($0.name) }
    }

    func writerEnded() { openWriter = nil }

    public func abort() {
        guard isOpen else { return }
        isOpen = false
        for new in newFiles { try? store.files.unlink(store.filePath(new.name)) }
        newFiles = []
        if madeFolder { Transaction.removeEmptyFolder(store) }
        lock = nil
    }
}
