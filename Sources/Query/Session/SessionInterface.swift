// The engine's face to the shell, stubbed.
import Storage

/// A mistake in a query or its data, with its place in the text.
public struct QueryError: Error, Sendable {
    public enum Kind: Sendable, Equatable {
        case syntax, name, type, data, assertion, file, storage, cancelled, unsupported, parameter
        /// `--memory` does not do.
        case memory
    }
    public var kind: Kind
    /// UTF-8 offsets into the source text.
    public var span: Range<Int>?
    public var message: String
    public var hint: String?
    /// The text that the span is of, where it is not the statement's own: a file that the statement ran.
    public var source: SourceText?
    public init(_ kind: Kind, _ message: String, at span: Range<Int>? = nil, hint: String? = nil) {
        self.kind = kind
        self.message = message
        self.span = span
        self.hint = hint
    }
}

public struct ResultColumn: Sendable, Equatable {
    public var name: String
    public var type: LogicalType
    public init(name: String, type: LogicalType) {
        self.name = name
        self.type = type
    }
}

/// A run of rows of an answer, column by column, borrowed for the length of the call that hands it over.
public struct ResultBatch {
    public var rowCount: Int
    public var columns: [Column]
    public struct Column {
        public enum Values {
            /// Any type whose physical form is an integer (bool: 0 or 1).
            case integers(UnsafePointer<Int64>)
            case doubles(UnsafePointer<Double>)
            case texts(UnsafePointer<TextView>)
        }
        public var values: Values
        /// One byte a row, 1 = null; nil: none.
        public var nulls: UnsafePointer<UInt8>?
        public init(values: Values, nulls: UnsafePointer<UInt8>?) {
            self.values = values
            self.nulls = nulls
        }
    }
    public init(rowCount: Int, columns: [Column]) {
        self.rowCount = rowCount
        self.columns = columns
    }
}

/// What is said below an answer, on standard error.
public struct ResultFooter: Sendable {
    /// Rows in all.
    public var rows: Int
    /// Ready sentences: divisions by zero, ties left out by `top`, the as-of date, storage order.
    public var notes: [String]
    /// The day that "today" meant, as text.
    public var asOf: String?
    public init(rows: Int, notes: [String] = [], asOf: String? = nil) {
        self.rows = rows
        self.notes = notes
        self.asOf = asOf
    }
}

/// Receives one answer after another. Every answer with rows is `begin`, any number of `rows`, `end`; `message` is for statements without rows.
public protocol ResultReceiver: AnyObject {
    func begin(columns: [ResultColumn]) throws
    /// The same for an answer that is best looked at in some other way than as a table; who does not draw takes the rows.
    func begin(columns: [ResultColumn], shownAs presentation: Presentation?) throws
    func rows(_ batch: ResultBatch) throws
    func end(_ footer: ResultFooter) throws
    /// `loaded 20,000,000 rows into transactions` and the like.
    func message(_ text: String) throws
    /// Called often during long work; total 0 where unknown.
    func progress(done: Int, total: Int, unit: String)
}

extension ResultReceiver {
    public func begin(columns: [ResultColumn], shownAs presentation: Presentation?) throws { try begin(columns: columns) }
}

/// One source text: a file, a `-c` argument, what came on standard input.
public final class SourceText: Sendable {
    /// As shown in errors: a file's name, `-c`, `standard input`.
    public let name: String
    public let text: String
    /// Line number of the text's first line, for pieces of a longer stream.
    public let firstLine: Int
    /// Column of the text's first character, where an earlier statement stands before it on its line.
    public let firstColumn: Int
    /// The comment lines directly above, without their `#`: what a definition is documented by.
    public let comment: String?
    /// The paragraphs of comment lines since the statement before it, without their `#`; the last one may be ``comment``.
    public let remarks: [String]
    /// The file that it stands in; what it runs is looked for in the same folder.
    public let path: String?
    public init(
        name: String, text: String, firstLine: Int = 1, firstColumn: Int = 1, comment: String? = nil, remarks: [String] = [],
        path: String? = nil
    ) {
        self.name = name
        self.text = text
        self.firstLine = firstLine
        self.firstColumn = firstColumn
        self.comment = comment
        self.remarks = remarks
        self.path = path
    }
}
