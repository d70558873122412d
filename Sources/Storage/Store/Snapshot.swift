/// One state of the store, readable as long as it is held.
public final class Snapshot: @unchecked Sendable {
    let manifest: Manifest
    public let tables: [TableSnapshot]

    init(manifest: Manifest, tables: [TableSnapshot]) {
        self.manifest = manifest
        self.tables = tables
    }

    /// 0 where nothing was ever committed.
    public var version: Int { manifest.number }
    public var committedAt: Int64 { manifest.committedAt }
    public func table(_ name: String) -> TableSnapshot? { tables.first { $0.schema.name == name } }
    public var definitions: [String: [UInt8]] { manifest.definitions }
    /// All links, in the order of their declaration.
    public var links: [LinkSchema] { [] }
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
