import Storage

/// Writes answers, one after another, in one format. Each answer is `begin`, any number of `rows`, `end`.
public protocol ResultWriter: AnyObject {
    func begin(columns: [ResultColumn]) throws
    /// Formats that people look at may draw the answer; the others write its rows.
    func begin(columns: [ResultColumn], shownAs presentation: Presentation?) throws
    func rows(_ batch: ResultBatch) throws
    /// Ends the answer. What the writer could not show (only a terminal shortens) comes back as ready sentences.
    func end() throws -> [String]
}

extension ResultWriter {
    public func begin(columns: [ResultColumn], shownAs presentation: Presentation?) throws { try begin(columns: columns) }
}

/// What a writer may do beyond its format.
public struct FormatOptions: Sendable {
    /// Text cells that a spreadsheet would run as a formula get a `'` in front: for exports to files, csv and tsv only.
    public var defusesFormulas = false
    /// Set where a person looks at a terminal: only there is anything shortened or styled.
    public var terminal: Terminal?

    /// Cells that a drawing may take where no terminal says how wide it is.
    public var drawingWidth = 80
    /// Where the locale is not UTF-8, drawings do without blocks and dots.
    public var isASCII = false
    /// Colours, bold and faint letters.
    public var isStyled = false

    /// What tables for people show for a missing value; nil: ∅, or null where the locale is not UTF-8.
    public var nullText: String?

    public struct Terminal: Sendable {
        /// In cells.
        public var width: Int
        /// Rows shown of one answer, at most.
        public var rowsMax: Int
        public var styled: Bool
        /// More rows than these go through a pager that moves to the sides as well, so that wide rows stay in one piece; nil: there is none.
        public var rowsScrolled: Int?
        public init(width: Int, rowsMax: Int = 1000, styled: Bool) {
            self.width = width
            self.rowsMax = rowsMax
            self.styled = styled
        }
    }

    public init(defusesFormulas: Bool = false, terminal: Terminal? = nil) {
        self.defusesFormulas = defusesFormulas
        self.terminal = terminal
        isStyled = terminal?.styled ?? false
    }
}

/// The catalogue of output formats: `--format`, `.mode`, and `to "file"` by its ending are read from it.
public struct OutputFormat: Sendable {
    public let name: String
    /// One line for help.
    public let doc: String
    /// Endings of file names that mean this format, without the point.
    public let fileEndings: [String]
    /// True where people read the answer and not programs: its footer then always says how many rows there are.
    public let isForReading: Bool
    public let makeWriter: @Sendable (OutputBuffer, FormatOptions) -> ResultWriter

    public static let table = OutputFormat(
        name: "table", doc: "aligned columns, numbers to the right with their thousands grouped", fileEndings: ["txt"], isForReading: true
    ) { AlignedWriter($0, $1) }
    public static let csv = OutputFormat(
        name: "csv", doc: "comma-separated values, one header line for each answer", fileEndings: ["csv"], isForReading: false
    ) { CSVWriter($0, $1) }
    public static let tsv = OutputFormat(
        name: "tsv", doc: "tab-separated values, quoted like csv", fileEndings: ["tsv", "tab"], isForReading: false
    ) { CSVWriter($0, $1, delimiter: UInt8(ascii: "\t")) }
    public static let json = OutputFormat(
        name: "json", doc: "an array of objects for each answer", fileEndings: ["json"], isForReading: false
    ) { out, _ in JSONWriter(out, lines: false) }
    public static let jsonl = OutputFormat(
        name: "jsonl", doc: "one JSON object a line", fileEndings: ["jsonl", "ndjson"], isForReading: false
    ) { out, _ in JSONWriter(out, lines: true) }
    public static let markdown = OutputFormat(
        name: "markdown", doc: "a Markdown table", fileEndings: ["md", "markdown"], isForReading: false
    ) { out, _ in MarkdownWriter(out) }
    public static let vertical = OutputFormat(
        name: "vertical", doc: "one line for each field of each row", fileEndings: [], isForReading: true
    ) { VerticalWriter($0, $1) }

    public static let html = OutputFormat(
        name: "html", doc: "a page with a table for each answer, or its chart", fileEndings: ["html", "htm"], isForReading: false
    ) { out, _ in HTMLWriter(out) }
    /// Only for files: a chart as a picture.
    public static let svg = OutputFormat(name: "svg", doc: "a chart as a picture", fileEndings: ["svg"], isForReading: false) { out, _ in
        SVGWriter(out)
    }

    public static let all: [OutputFormat] = [table, csv, tsv, json, jsonl, markdown, html, vertical]

    public static func named(_ name: String) -> OutputFormat? { all.first { $0.name == name } }

    /// The format that a file's name asks for by its ending, in either case; nil where it says nothing.
    public static func forFile(_ path: String) -> OutputFormat? {
        guard let point = path.lastIndex(of: ".") else { return nil }
        let ending = path[path.index(after: point)...].lowercased()
        return (all + [svg]).first { $0.fileEndings.contains(ending) }
    }
}
