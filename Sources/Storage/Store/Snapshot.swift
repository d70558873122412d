/// One state of the store, readable as long as it is held.
public final class Snapshot: @unchecked Sendable {
    let manifest: Manifest
    public let tables: [TableSnapshot]
    /// Opened with the snapshot, so that a vacuum takes nothing away from it.
    private let blobFiles: [UInt64: any File]

    init(manifest: Manifest, tables: [TableSnapshot], blobFiles: [UInt64: any File] = [:]) {
        self.manifest = manifest
        self.tables = tables
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
    public func domain(link: UInt32) -> KeyDomain? { nil }

    /// The domain of a table's key values by these columns; nil where no link goes there.
    public func domain(of table: String, columns: [String]) -> KeyDomain? { nil }

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
    public let segments: [SegmentReader]
    private let dictionaries: ColumnDictionaries
    /// Live rows.
    public let rowCount: Int

    init(state: TableState, segments: [SegmentReader], dictionaries: ColumnDictionaries) {
        self.state = state
        self.segments = segments
        self.dictionaries = dictionaries
        rowCount = segments.reduce(0) { $0 + $1.rowCount - $1.deletedCount }
    }

    func with(segments: [SegmentReader]) -> TableSnapshot {
        TableSnapshot(state: state, segments: segments, dictionaries: dictionaries)
    }

    public var schema: TableSchema { state.schema }

    /// The index of the hidden integer column that holds each row's own id in the domain of these key columns, never null. It stands
    /// behind the schema's columns and is read by the same cursors. nil where there is none: join by the columns themselves.
    public func ownIDColumn(of columns: [String]) -> Int? { nil }

    /// The index of the hidden integer column that holds the id of each row's parent, null where a part of its key is null. nil where
    /// the link is not resolved: join by the columns themselves.
    public func parentIDColumn(link: UInt32) -> Int? { nil }

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
