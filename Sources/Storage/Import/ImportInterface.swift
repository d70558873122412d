// Import's face to its callers: what can be said about a file, where rows go, and what comes back.

/// How to read one or many files as one table. Everything left nil is sniffed.
public struct ImportOptions: Sendable {
    public enum Format: String, Sendable { case csv, tsv, jsonl }
    /// How an ambiguous date layout is settled.
    public enum DateOrder: String, Sendable { case dmy, mdy, ymd }

    public var format: Format?
    /// One or several bytes (`", "` and `||` exist in the wild). A single space collapses: runs of spaces part fields like one.
    public var delimiter: String?
    /// nil: sniffed; an empty string: no quoting at all.
    public var quote: String?
    /// nil: sniffed; the quote itself: doubled quotes; `\`: a backslash before a quote or a backslash, inside quotes.
    public var escape: String?
    /// nil: sniffed.
    public var header: Bool?
    /// Lines to pass over before the header.
    public var skip: Int = 0
    /// `utf-8`, `utf-16`, `gbk`, `gb18030`, `latin1`, `windows-1252` or any name the system's iconv knows; nil: by BOM, else UTF-8.
    public var encoding: String?
    /// Unquoted and quoted spellings that mean null. nil: the empty unquoted field (and, quoted `""`, is empty text).
    /// In a column that is not text an empty field is null always.
    public var nullSpellings: [String]?
    /// `yyyy-MM-dd`-like layout for date columns: yyyy yy MM dd HH mm ss; nil: the usual ones.
    public var dateLayout: String?
    public var dateOrder: DateOrder?
    /// Column name -> type, from the statement; the rest is sniffed and widens.
    public var types: [String: LogicalType] = [:]
    /// The same for columns that the input may lack: those of the table that rows are appended to.
    public var typesIfPresent: [String: LogicalType] = [:]
    /// Names for the columns (a file without a header, or to override).
    public var names: [String]?
    /// Where bad rows go, each with its reason; nil: the first one is an error.
    public var rejects: String?
    /// Asked from any thread, several times a second, while a pipe has nothing to read; true ends the import with a `.cancelled` error.
    public var isCancelled: (@Sendable () -> Bool)?
    public init() {}
}

/// A position in the import, for progress: bytes read of bytes in all (0 where unknown), rows so far.
public struct ImportProgress: Sendable {
    public var bytesRead: Int
    public var bytesTotal: Int
    public var rows: Int
}

public struct ImportSummary: Sendable {
    /// What the last sink was made for.
    public var columns: [ColumnSchema]
    public var rows: Int
    public var rejected: Int
    /// First few reasons, ready to print.
    public var notes: [String]
}

/// Where imported rows go. A ``TableWriter`` is one; tests and queries over files bring their own.
public protocol RowSink {
    /// Rows in the order and types of the columns that the sink was made for.
    func append(_ chunk: RowChunk) throws
}

extension TableWriter: RowSink {}
