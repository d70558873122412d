/// One state of the store, readable as long as it is held.
public final class Snapshot: @unchecked Sendable {
    let manifest: Manifest
    public let tables: [TableSnapshot]
    /// Opened with the snapshot, so that a vacuum takes nothing away from it.
    private let blobFiles: [UInt64: any File]
    private let domains: [KeyDomain]

    init(manifest: Manifest, tables: [TableSnapshot], domains: [KeyDomain] = [], blobFiles: [UInt64: any File] = [:]) {
        self.manifest = manifest
        self.tables = tables
        self.domains = domains
        self.blobFiles = blobFiles
    }

    /// 0 where nothing was ever committed.
    public var version: Int { manifest.number }
    public var committedAt: Int64 { manifest.committedAt }
    public func table(_ name: String) -> TableSnapshot? { tables.first { $0.schema.name == name } }
    public var definitions: [String: [UInt8]] { manifest.definitions }
    /// All links, in the order of their declaration.
    public var links: [LinkSchema] { manifest.links }

    /// The domain of the key values that a link goes to; nil where it is not resolved (neither table has rows, a `latest` link).
    public func domain(link: UInt32) -> KeyDomain? {
        guard let declared = links.first(where: { $0.id == link }), !declared.isLatest else { return nil }
        if let hidden = table(declared.child)?.state.hidden.first(where: { $0.role == .parent && $0.link == link }) {
            return domains.first { $0.id == hidden.domain }
        }
        let columns = declared.parentColumns.isEmpty ? table(declared.parent)?.schema.key ?? [] : declared.parentColumns
        return domain(of: declared.parent, columns: columns)
    }

    /// The domain of a table's key values by these columns; nil where no link goes there.
    public func domain(of table: String, columns: [String]) -> KeyDomain? {
        domains.first { $0.table == table && $0.columns == columns }
    }

    /// In the order of their bytes.
    public var blobNames: [String] { manifest.blobs.keys.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) } }

    /// Bytes kept under a name, read from the disk at every call; nil where there are none.
    public func blob(_ name: String) throws -> [UInt8]? {
        guard let reference = manifest.blobs[name] else { return nil }
        guard let file = blobFiles[reference.file] else { preconditionFailure("a blob file that was never opened") }
        return try reference.read(file, name: name)
    }
}

public final class TableSnapshot: @unchecked Sendable {
    let state: TableState
    private let domains: [DomainState]
    public let segments: [SegmentReader]
    private let dictionaries: ColumnDictionaries
    /// Live rows.
    public let rowCount: Int

    init(state: TableState, segments: [SegmentReader], dictionaries: ColumnDictionaries, domains: [DomainState]) {
        self.state = state
        self.domains = domains
        self.segments = segments
        self.dictionaries = dictionaries
        rowCount = segments.reduce(0) { $0 + $1.rowCount - $1.deletedCount }
    }

    func with(segments: [SegmentReader]) -> TableSnapshot {
        TableSnapshot(state: state, segments: segments, dictionaries: dictionaries, domains: domains)
    }

    public var schema: TableSchema { state.schema }

    /// The index of the hidden integer column that holds each row's own id in the domain of these key columns, never null. It stands
    /// behind the schema's columns and is read by the same cursors. nil where there is none: join by the columns themselves.
    public func ownIDColumn(of columns: [String]) -> Int? {
        guard let domain = domains.first(where: { $0.table == schema.name && $0.columns == columns && holdsOwn($0.id) != nil }) else {
            return nil
        }
        return holdsOwn(domain.id)
    }

    private func holdsOwn(_ domain: UInt32) -> Int? {
        state.hidden.firstIndex { $0.role == .own && $0.domain == domain }.map { schema.columns.count + $0 }
    }

    /// The index of the hidden integer column that holds the id of each row's parent, null where a part of its key is null. nil where
    /// the link is not resolved: join by the columns themselves.
    public func parentIDColumn(link: UInt32) -> Int? {
        state.hidden.firstIndex { $0.role == .parent && $0.link == link }.map { schema.columns.count + $0 }
    }

    /// The domain whose ids a hidden column holds: ids of one domain are equal where the values are.
    public func idDomain(column: Int) -> UInt32? {
        let place = column - schema.columns.count
        return state.hidden.indices.contains(place) ? state.hidden[place].domain : nil
    }

    /// The link whose parents decide where rows lie in the segments that are partitioned.
    public var partitionLink: UInt32? { state.partitionLink }

    /// True where every block of a text column holds codes of the column's dictionary.
    public func isCoded(column: Int) -> Bool {
        state.schema.columns[column].type == .text && segments.allSatisfy { $0.core.columns[column].isCoded }
    }

    /// The column's dictionary, read at the first call and kept; empty for a column that is not text.
    public func dictionary(column: Int) throws -> TextDictionary { try dictionaries.dictionary(column: column) }

    /// The number of dictionary entries, without reading them.
    public func dictionaryCount(column: Int) -> Int { Int(state.dictionaryCounts[column]) }

    public var bytesOnDisk: Int {
        segments.reduce(0) { $0 + $1.bytesOnDisk }
            + state.dictionaries.joined().reduce(0) { $0 + Int($1.bytes) + RecordFile.headerBytes }
    }
}
