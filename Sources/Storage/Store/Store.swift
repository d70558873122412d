#if canImport(Glibc)
    import Glibc
#endif

/// A folder of tables. Open it once a process; take a ``Snapshot`` for each statement that reads and a ``Transaction`` for each that writes.
public final class Store: @unchecked Sendable {
    public struct Options: Sendable {
        public var readOnly = false
        /// Bytes that cached blocks may hold, for all snapshots of this store together.
        public var cacheBytesMax = 2 << 30
        public init() {}
    }

    public let path: String
    let options: Options
    let files: any FileSystem
    let cache: BlockCache
    private let dictionaries = DictionaryCache()
    private let mutex = Mutex()
    private var latest: Snapshot?
    private var openSegments = WeakCache<UInt64, OpenSegment>()
    private var openDeletes = WeakCache<DeletesReference, DeleteBitmap>()
    private var keyDomains = WeakCache<UInt32, KeyDomain>()
    /// The builders of the last commit, so that the next writer need not read all keys again.
    private var domainBuilders: [UInt32: (pieces: [DictionaryPiece], builder: DomainBuilder)] = [:]
    /// No file id is given twice by this process, not even after an abort, because open files are known by their ids.
    private var fileIdsGiven: UInt64 = 0

    /// Opens the store at `path`. A folder that does not exist is made by the first commit; with `readOnly` it is an `.environment` error.
    public convenience init(path: String, options: Options = Options()) throws {
        try self.init(path: path, options: options, files: PosixFileSystem.shared)
    }

    init(path: String, options: Options, files: any FileSystem) throws {
        var path = path
        while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.path = path
        self.options = options
        self.files = files
        cache = BlockCache(bytesMax: options.cacheBytesMax)
        let names = try files.list(path)
        if names == nil, options.readOnly { throw StorageError(.environment, "there is no store at \(path)") }
        if let names, !names.isEmpty, !names.contains(where: { StoreFile(name: $0) != nil || $0 == Store.lockName }) {
            throw StorageError(.environment, "\(path) is a folder of other things, not a store", hint: "name a new or empty folder")
        }
    }

    static let lockName = "lock"

    func filePath(_ file: StoreFile) -> String { path + "/" + file.name }

    /// The newest committed state (an empty one where nothing was ever committed). Looks at the disk, so it sees other processes' commits.
    public func snapshot() throws -> Snapshot {
        // Between the listing and the opening a vacuum may take the version away; then there is a newer one.
        for _ in 0..<20 {
            let newest = try manifestNumbers().last ?? 0
            if let latest = mutex.locked({ latest }), latest.version == newest { return latest }
            if let opened = try openSnapshot(newest) {
                mutex.locked {
                    if latest.map({ $0.version < opened.version }) ?? true { latest = opened }
                }
                return opened
            }
        }
        throw StorageError(.environment, "the store at \(path) changes too fast to be read", hint: "try again")
    }

    /// An older state, by manifest number, while `vacuum` has not removed it.
    public func snapshot(version: Int) throws -> Snapshot {
        if let latest = mutex.locked({ latest }), latest.version == version { return latest }
        if try manifestNumbers().contains(version), let opened = try openSnapshot(version) { return opened }
        let known = try manifestNumbers()
        let hint = known.first.map { "versions \($0) to \(known[known.count - 1]) can be read" }
        throw StorageError(.request, "there is no version \(version) of this store", hint: hint)
    }

    /// Versions that can still be read, oldest first.
    public func versions() throws -> [VersionInfo] {
        try manifestNumbers().compactMap { number in
            try manifest(number).map { VersionInfo(number: number, committedAt: $0.committedAt, note: $0.note) }
        }
    }

    /// Takes the writer's lock (an `.environment` error names the holder when another process has it) and starts from the newest state.
    public func begin() throws -> Transaction { try Transaction(store: self) }

    func takeFileId(atLeast next: UInt64) -> UInt64 {
        mutex.locked {
            fileIdsGiven = max(fileIdsGiven + 1, next)
            return fileIdsGiven
        }
    }

    /// Ascending. A number without a file of its full name is somebody else's.
    func manifestNumbers() throws -> [Int] {
        try (files.list(path) ?? []).compactMap { name -> Int? in
            guard case .manifest(let number)? = StoreFile(name: name) else { return nil }
            return number
        }.sorted()
    }

    /// nil where the file is gone.
    func manifest(_ number: Int) throws -> Manifest? {
        guard let file = try files.open(filePath(.manifest(number))) else { return nil }
        return try Manifest.decode(file, number: number)
    }

    /// Opens every file of a version; nil where one is gone because the version was vacuumed meanwhile.
    private func openSnapshot(_ number: Int) throws -> Snapshot? {
        if number == 0 { return Snapshot(manifest: Manifest(), tables: []) }
        guard let manifest = try manifest(number) else { return nil }
        do {
            var blobFiles: [UInt64: any File] = [:]
            for blob in manifest.blobs.values where blobFiles[blob.file] == nil { blobFiles[blob.file] = try openFile(.blobs(blob.file)) }
            return Snapshot(
                manifest: manifest, tables: try manifest.tables.map { try open($0, domains: manifest.domains) },
                domains: try manifest.domains.map(keyDomain), blobFiles: blobFiles)
        } catch let missing as MissingFile {
            if try files.open(filePath(.manifest(number))) == nil { return nil }
            throw StorageError(.corrupt, "\(missing.path) is missing", hint: "restore it from a copy of the store")
        }
    }

    struct MissingFile: Error {
        var path: String
    }

    func keyDomain(_ state: DomainState) throws -> KeyDomain {
        if let found = mutex.locked({ keyDomains.find(state.id) }), found.state == state { return found }
        var files: [UInt64: any File] = [:]
        for piece in state.pieces where files[piece.file] == nil { files[piece.file] = try openFile(.keys(piece.file)) }
        let made = KeyDomain(state: state, files: files)
        mutex.locked { keyDomains.insert(made, state.id) }
        return made
    }

    /// Builders hold all keys in memory: large ones are not worth it between two commits.
    private static let keptKeysMax = 1 << 22

    func keep(_ builders: [UInt32: DomainBuilder], of manifest: Manifest) {
        mutex.locked {
            domainBuilders = [:]
            var total = 0
            for domain in manifest.domains {
                guard let builder = builders[domain.id], total + builder.count <= Store.keptKeysMax else { continue }
                total += builder.count
                domainBuilders[domain.id] = (domain.pieces, builder)
            }
        }
    }

    /// A builder belongs to one transaction: it is taken away, and comes back when that commits.
    func takeDomainBuilder(_ state: DomainState) -> DomainBuilder? {
        mutex.locked {
            guard let kept = domainBuilders.removeValue(forKey: state.id), kept.pieces == state.pieces,
                kept.builder.written == kept.builder.count, kept.builder.types == state.types
            else { return nil }
            return kept.builder
        }
    }

    func open(_ table: TableState, domains: [DomainState]) throws -> TableSnapshot {
        let counts = table.dictionaryCounts
        var dictionaryFiles: [UInt64: any File] = [:]
        for piece in table.dictionaries.joined() where dictionaryFiles[piece.file] == nil {
            dictionaryFiles[piece.file] = try openFile(.dictionary(piece.file))
        }
        let columns = ColumnDictionaries(table: table, files: dictionaryFiles, cache: dictionaries)
        let readers = try table.segments.map { segment -> SegmentReader in
            let core = try openSegment(segment, table, dictionaryCounts: counts, domains)
            return SegmentReader(core: core, deletes: try openDeletes(segment), dictionaries: columns)
        }
        return TableSnapshot(state: table, segments: readers, dictionaries: columns, domains: domains)
    }

    private func openSegment(
        _ segment: SegmentState, _ table: TableState, dictionaryCounts: [UInt32], _ domains: [DomainState]
    ) throws -> OpenSegment {
        let core: OpenSegment
        if let found = mutex.locked({ openSegments.find(segment.file) }) {
            core = found
        } else {
            core = try OpenSegment(file: try openFile(.segment(segment.file)), id: segment.file, cache: cache)
            mutex.locked { openSegments.insert(core, segment.file) }
        }
        let schema = table.schema
        let fits =
            UInt64(core.rowCount) == segment.rows && UInt64(core.bytes) == segment.bytes
            && core.columns.count == schema.columns.count + table.hidden.count
            && zip(core.columns, schema.columns).allSatisfy {
                $0.id == $1.id && $0.physical == SegmentColumn.physical(of: $1.type) && !$0.isID
            } && zip(core.columns, dictionaryCounts).allSatisfy { $0.dictionaryCount <= $1 }
            && table.hidden.indices.allSatisfy { h in
                core.holds(table.hidden[h], at: schema.columns.count + h, idCount: domains.first { $0.id == table.hidden[h].domain }?.count)
            }
        guard fits else { throw StorageError(.corrupt, "\(core.file.path) is not the segment that the manifest describes") }
        return core
    }

    func openDeletes(_ segment: SegmentState) throws -> DeleteBitmap? {
        guard let reference = segment.deletes else { return nil }
        if let found = mutex.locked({ openDeletes.find(reference) }) { return found }
        let file = try openFile(.deletes(reference.file))
        let made = try DeleteBitmap(file: file, reference: reference, segment: segment.file, rows: Int(segment.rows))
        mutex.locked { openDeletes.insert(made, reference) }
        return made
    }

    private func openFile(_ name: StoreFile) throws -> any File {
        guard let file = try files.open(filePath(name)) else { throw MissingFile(path: filePath(name)) }
        return file
    }
}

public struct VersionInfo: Sendable {
    public var number: Int
    /// Microseconds since 1970 UTC.
    public var committedAt: Int64
    /// What made it, e.g. `load customers`.
    public var note: String
    public init(number: Int, committedAt: Int64, note: String) {
        self.number = number
        self.committedAt = committedAt
        self.note = note
    }
}
