// Import's face to its callers, stubbed: the shapes are agreed, the bodies follow.

/// How to read one or many files as one table. Everything left nil is sniffed.
public struct ImportOptions: Sendable {
    public enum Format: String, Sendable { case csv, tsv, jsonl }
    /// How an ambiguous date layout is settled.
    public enum DateOrder: String, Sendable { case dmy, mdy, ymd }

    public var format: Format?
    /// One or several bytes (`", "` and `||` exist in the wild).
    public var delimiter: String?
    /// nil: sniffed; an empty string: no quoting at all.
    public var quote: String?
    public var escape: String?
    /// nil: sniffed.
    public var header: Bool?
    /// Lines to pass over before the header.
    public var skip: Int = 0
    /// `utf-8`, `utf-16`, `gbk`, `gb18030`, `latin1`; nil: by BOM, else UTF-8.
    public var encoding: String?
    /// Unquoted and quoted spellings that mean null. nil: the empty unquoted field (and, quoted `""`, is empty text).
    public var nullSpellings: [String]?
    /// `yyyy-MM-dd`-like layout for date columns: yyyy yy MM dd HH mm ss; nil: the usual ones.
    public var dateLayout: String?
    public var dateOrder: DateOrder?
    /// Column name -> type, from the statement; the rest is sniffed and widens.
    public var types: [String: LogicalType] = [:]
    /// Names for the columns (a file without a header, or to override).
    public var names: [String]?
    /// Where bad rows go, each with its reason; nil: the first one is an error.
    public var rejects: String?
    public init() {}
}

/// A position in the import, for progress: bytes read of bytes in all (0 where unknown), rows so far.
public struct ImportProgress: Sendable {
    public var bytesRead: Int
    public var bytesTotal: Int
    public var rows: Int
}

public struct ImportSummary: Sendable {
    public var rows: Int
    public var rejected: Int
    /// First few reasons, ready to print.
    public var notes: [String]
}

/// Reads files into typed columns in one streamed pass.
///
/// Types: `prepare` sniffs a schema from the beginning of the input; while reading, a value that does not fit its column's type widens the
/// column (int -> decimal -> float where exact -> text) and never loses a digit.
public final class Importer {
    /// `paths` are already expanded from their pattern; `-` is standard input; a name ending in `.gz` goes through the system's gzip.
    public init(paths: [String], options: ImportOptions) throws { fatalError() }

    /// The column names and types sniffed from the input's beginning (types given in the options hold).
    public func sniffedColumns() throws -> [ColumnSchema] { fatalError() }

    /// Streams all rows into a table of `transaction`. `makeTable` is called with the final columns as soon as they are known.
    /// When a later value forces a wider type, everything written so far is widened without reading the input twice where that is
    /// impossible (standard input): the strategy is the importer's own business, its memory stays bounded either way.
    public func load(
        makeWriter: (_ columns: [ColumnSchema]) throws -> TableWriter,
        progress: (ImportProgress) throws -> Void
    ) throws -> ImportSummary { fatalError() }
}
