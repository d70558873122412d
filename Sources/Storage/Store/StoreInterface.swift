// The store's face to its callers, stubbed: the shapes are agreed, the bodies follow.

/// A folder of tables. Open it once a process; take a ``Snapshot`` for each statement that reads and a ``Transaction`` for each that writes.
public final class Store: @unchecked Sendable {
    public struct Options: Sendable {
        public var readOnly = false
        /// Bytes that cached blocks may hold, for all snapshots of this store together.
        public var cacheBytesMax = 2 << 30
        public init() {}
    }

    /// Opens the store at `path`. A folder that does not exist is made by the first commit; with `readOnly` it is an `.environment` error.
    public init(path: String, options: Options = Options()) throws { fatalError() }

    public var path: String { fatalError() }

    /// The newest committed state (an empty one where nothing was ever committed). Looks at the disk, so it sees other processes' commits.
    public func snapshot() throws -> Snapshot { fatalError() }

    /// An older state, by manifest number, while `vacuum` has not removed it.
    public func snapshot(version: Int) throws -> Snapshot { fatalError() }

    /// Versions that can still be read, oldest first.
    public func versions() throws -> [VersionInfo] { fatalError() }

    /// Takes the writer's lock (an `.environment` error names the holder when another process has it) and starts from the newest state.
    public func begin() throws -> Transaction { fatalError() }

    /// Removes files that no version but the newest needs. Returns how many files and bytes went.
    public func vacuum() throws -> (files: Int, bytes: Int) { fatalError() }

    /// Reads and checks every byte of every live file; one line per fault, naming file and block; empty: sound.
    public func verify() throws -> [String] { fatalError() }
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

/// One atomic change. Nothing is visible to anyone until ``commit(note:)`` returns; ``abort()`` or releasing it leaves the store as it was.
public final class Transaction {
    /// The state this change started from (later operations of this same transaction are not visible in it).
    public var base: Snapshot { fatalError() }

    /// The schema as it stands inside this transaction.
    public func schema(of table: String) -> TableSchema? { fatalError() }

    /// Ids are given here; the schema passed in needs none.
    public func createTable(_ schema: TableSchema) throws { fatalError() }
    public func dropTable(_ name: String) throws { fatalError() }
    public func renameTable(_ name: String, to newName: String) throws { fatalError() }
    public func renameColumn(_ column: String, of table: String, to newName: String) throws { fatalError() }
    /// Drops all rows, keeps the schema's ids where names and types agree; `schema` replaces the old one.
    public func replaceTable(_ name: String, with schema: TableSchema) throws { fatalError() }

    /// A writer that adds one new segment to the table. Several may be open one after another.
    public func writer(for table: String) throws -> TableWriter { fatalError() }

    /// Marks rows of the base snapshot as deleted. `rows` are positions within segment `segment` of `base.table(table)`.
    public func delete(from table: String, segment: Int, rows: [UInt32]) throws { fatalError() }

    /// Rewrites the table's live rows into one segment in storage order, or in the order of its `time` where declared.
    public func optimize(_ table: String) throws { fatalError() }

    /// Named bytes kept with the data (definitions of the language); nil removes.
    public func setDefinition(_ name: String, _ bytes: [UInt8]?) { fatalError() }

    /// Writes and syncs everything; returns the new version's number. A second call, or one after a failure, is a mistake of ours.
    @discardableResult
    public func commit(note: String) throws -> Int { fatalError() }
    public func abort() { fatalError() }
}

public final class TableWriter {
    /// Rows in the schema's column order. Blocks are encoded and written as they fill: memory stays bounded.
    public func append(_ chunk: RowChunk) throws { fatalError() }
    /// Ends the segment; must be called before commit. Enforces the key (unique against all live rows, never null): a `.data` error names
    /// the key's value and says how often it stands.
    public func finish() throws { fatalError() }
}

/// One state of the store, readable as long as it is held.
public final class Snapshot: @unchecked Sendable {
    public var version: Int { fatalError() }
    public var tables: [TableSnapshot] { fatalError() }
    public func table(_ name: String) -> TableSnapshot? { fatalError() }
    public var definitions: [String: [UInt8]] { fatalError() }
}

public final class TableSnapshot: @unchecked Sendable {
    public var schema: TableSchema { fatalError() }
    /// Live rows.
    public var rowCount: Int { fatalError() }
    public var segments: [SegmentReader] { fatalError() }
    /// True where every block of a text column holds codes of the column's dictionary.
    public func isCoded(column: Int) -> Bool { fatalError() }
    /// The column's dictionary, read at the first call and kept; empty for a column that is not text.
    public func dictionary(column: Int) throws -> TextDictionary { fatalError() }
    public var bytesOnDisk: Int { fatalError() }
}

/// Permanent codes 0... of a text column; the views live as long as the dictionary does.
public final class TextDictionary: @unchecked Sendable {
    public init(_ texts: [String]) { fatalError() }
    public var count: Int { fatalError() }
    public subscript(code: UInt32) -> TextView { fatalError() }
    /// The code of a text, or nil.
    public func code(of text: TextView) -> UInt32? { fatalError() }
    /// Place of each code in code-point order, computed at the first call, thread safe.
    public var ranks: UnsafeBufferPointer<UInt32> { fatalError() }
}

/// What a block's header says without reading its data.
public struct BlockMeta: Sendable {
    public var rowCount: Int
    public var nullCount: Int
    /// For integer-class columns, and codes of a coded text block (0 where every row is null); of all rows, deleted ones too.
    public var minimum: Int64
    public var maximum: Int64
    public var encoding: UInt8
    public var bytes: Int
}

/// An immutable segment. Rows are numbered from 0; block `b` holds rows `b * 8192 ..< min((b + 1) * 8192, rowCount)`.
/// Decoding asks for whole frames of 256: `firstRow` is a multiple of 256 and only the segment's last frame may be short.
public final class SegmentReader: @unchecked Sendable {
    public static let rowsPerFrame = 256
    public static let rowsPerBlock = 8192

    public var rowCount: Int { fatalError() }
    public var blockCount: Int { fatalError() }
    public func meta(column: Int, block: Int) -> BlockMeta { fatalError() }

    /// Row positions deleted in this snapshot: one bit a row (bit set = deleted), or nil where none is.
    public var deleted: UnsafeBufferPointer<UInt64>? { fatalError() }
    public var deletedCount: Int { fatalError() }

    /// Decodes `count` rows (at most a block's worth, inside one block) of an integer-class column. Nulls: one byte a row, 1 = null,
    /// written only if the block has nulls; returns whether it has. The value under a null is 0.
    public func integers(column: Int, firstRow: Int, count: Int, into values: UnsafeMutablePointer<Int64>, nulls: UnsafeMutablePointer<UInt8>) throws -> Bool { fatalError() }
    public func doubles(column: Int, firstRow: Int, count: Int, into values: UnsafeMutablePointer<Double>, nulls: UnsafeMutablePointer<UInt8>) throws -> Bool { fatalError() }
    /// Codes of a coded text block (a plain block is our mistake). The code under a null is 0.
    public func codes(column: Int, firstRow: Int, count: Int, into codes: UnsafeMutablePointer<UInt32>, nulls: UnsafeMutablePointer<UInt8>) throws -> Bool { fatalError() }
    /// Views of a text block of either kind; they live as long as `keeper`'s references are held by the caller.
    public func texts(column: Int, firstRow: Int, count: Int, into views: UnsafeMutablePointer<TextView>, nulls: UnsafeMutablePointer<UInt8>, keeper: inout [AnyObject]) throws -> Bool { fatalError() }
}
