import Storage

/// A page that gathers the answers that follow its `report` statement, until its file ends. It is written as a whole, once everything in it
/// has succeeded, and nothing in it hangs on the clock: the same data and parameters make the same bytes.
final class Report {
    enum Form { case html, markdown }

    struct Answer {
        var heading: String
        var text: [String]
        /// The statement as it was written.
        var query: String
        var columns: [ResultColumn] = []
        var chart: ChartData?
        /// The rows that are kept, ready for the page.
        var table: [UInt8] = []
        var rowsFound = 0
        var rowsKept = 0
        var notes: [String] = []
    }

    enum Part {
        case section(title: String, text: [String])
        case answer(Answer)
    }

    struct Parameter {
        var name: String
        var value: String
    }

    /// Of one answer; a page with more is not read, and a file of its own (`to "x.csv"`) holds all.
    static let rowsMax = 1000
    /// Below a chart stand its numbers, for those who cannot see it and those who want to know.
    static let chartRowsMax = 200

    let path: String
    let shownPath: String
    let form: Form
    let title: String
    /// How many files were running when it was opened: it ends with its own.
    let level: Int
    private(set) var parts: [Part] = []
    private(set) var definitions: [DefinitionEntry] = []
    /// Known when it is written.
    var asOf = ""
    var hidesLaterRows = false
    var parameters: [Parameter] = []

    init(path: String, shownPath: String, form: Form, title: String, level: Int) {
        self.path = path
        self.shownPath = shownPath
        self.form = form
        self.title = title
        self.level = level
    }

    /// The form that a file's name asks for; nil where it says another one.
    static func form(of path: String) -> Form? {
        switch OutputFormat.forFile(path)?.name {
        case OutputFormat.html.name: .html
        case OutputFormat.markdown.name: .markdown
        default: nil
        }
    }

    func use(_ entries: [DefinitionEntry]) {
        for entry in entries where !definitions.contains(where: { $0.key == entry.key }) { definitions.append(entry) }
    }

    func add(_ answer: Answer) { parts.append(.answer(answer)) }

    /// What the comments in front of a statement say: a line that begins with `##` opens a section; the comment directly above a query is
    /// the heading of its answer and the text below that. Other comments are for whoever reads the file.
    /// - Returns: the answer's heading, if there is one, and its text.
    func read(_ source: SourceText) -> (heading: String?, text: [String]) {
        var heading: String?
        var text: [String] = []
        for (index, remark) in source.remarks.enumerated() {
            let isOwn = index == source.remarks.count - 1 && source.comment == remark
            var lines = remark.split(separator: "\n", omittingEmptySubsequences: false)[...]
            var section: (title: String, lines: [Substring])?
            while let first = lines.first, let title = Report.sectionTitle(first) {
                if let open = section { parts.append(.section(title: open.title, text: Report.paragraphs(open.lines[...]))) }
                section = (title, [])
                lines.removeFirst()
            }
            if isOwn {
                heading = lines.first { !$0.allSatisfy(\.isWhitespace) }.map(String.init)
                text = Report.paragraphs(lines.drop { $0.allSatisfy(\.isWhitespace) }.dropFirst())
            } else if section != nil {
                section?.lines = Array(lines)
            }
            if let section { parts.append(.section(title: section.title, text: Report.paragraphs(section.lines[...]))) }
        }
        return (heading, text)
    }

    /// `## Title`, of which the first mark has been taken off with the comment's own.
    private static func sectionTitle(_ line: Substring) -> String? {
        guard line.first == "#" || line.first == "＃" else { return nil }
        let title = line.drop { $0 == "#" || $0 == "＃" || $0 == " " }
        return title.isEmpty ? nil : String(title)
    }

    /// Lines that follow each other are one paragraph; an empty comment line parts two.
    private static func paragraphs(_ lines: ArraySlice<Substring>) -> [String] {
        lines.split { $0.allSatisfy(\.isWhitespace) }.map { $0.joined(separator: " ") }
    }

    var answers: [Answer] {
        parts.compactMap { if case .answer(let answer) = $0 { answer } else { nil } }
    }

    /// The page's own few words, in the language of its title.
    struct Words {
        var language = "en"
        var contents = "Contents"
        var asOf = "As of"
        var hidden = "later rows are hidden"
        var parameters = "Parameters"
        var definitions = "Definitions used"
        var query = "Query"
        var numbers = "Numbers"
        var shipped = "ships with crmq"
    }

    var words: Words {
        let isChinese = title.unicodeScalars.contains { (0x4E00...0x9FFF).contains($0.value) }
        return isChinese
            ? Words(
                language: "zh", contents: "目录", asOf: "截至", hidden: "之后的数据不计入", parameters: "参数", definitions: "所用定义", query: "查询",
                numbers: "数据", shipped: "crmq 自带") : Words()
    }

    var asOfLine: String { "\(words.asOf) \(asOf)" + (hidesLaterRows ? " (\(words.hidden))" : "") }
}

/// Takes the answers of one statement into a report; what is said beside them goes on to whoever runs it.
final class ReportCollector: ResultReceiver {
    private let report: Report
    private let outer: ResultReceiver
    private let source: SourceText
    private let heading: String?
    private let text: [String]
    private var answer: Report.Answer?
    private var sink = MemorySink()
    private var buffer: OutputBuffer
    private var markdown: MarkdownWriter
    private var answersMade = 0

    init(_ report: Report, _ source: SourceText, _ outer: ResultReceiver) {
        self.report = report
        self.source = source
        self.outer = outer
        (heading, text) = report.read(source)
        buffer = OutputBuffer(sink, capacity: 64 << 10)
        markdown = MarkdownWriter(buffer)
    }

    func begin(columns: [ResultColumn]) throws { try begin(columns: columns, shownAs: nil) }

    func begin(columns: [ResultColumn], shownAs presentation: Presentation?) throws {
        var made = Report.Answer(heading: heading ?? "", text: text, query: source.text)
        made.columns = columns
        switch presentation {
        case .chart(let spec):
            made.chart = ChartData(spec, columns)
            if made.heading.isEmpty { made.heading = spec.heading(columns) }
        case .profile: if made.heading.isEmpty { made.heading = "profile" }
        case nil: break
        }
        if made.heading.isEmpty { made.heading = columns.map(\.name).joined(separator: ", ").shortened(to: 80) }
        answersMade += 1
        answer = made
        sink = MemorySink()
        buffer = OutputBuffer(sink, capacity: 64 << 10)
        markdown = MarkdownWriter(buffer)
        if report.form == .markdown { try markdown.begin(columns: columns) }
    }

    func rows(_ batch: ResultBatch) throws {
        guard let known = answer else { return }
        answer?.chart?.add(batch)
        answer?.rowsFound += batch.rowCount
        let most = known.chart == nil ? Report.rowsMax : Report.chartRowsMax
        let count = min(batch.rowCount, most - known.rowsKept)
        guard count > 0 else { return }
        answer?.rowsKept += count
        switch report.form {
        case .html: HTMLTable.rows(batch, types: known.columns, rowsMax: count) { answer?.table += $0 }
        case .markdown: try markdown.rows(ResultBatch(rowCount: count, columns: batch.columns))
        }
    }

    func end(_ footer: ResultFooter) throws {
        guard var made = answer else { return }
        if report.form == .markdown {
            try buffer.flush()
            made.table = sink.bytes
        }
        made.notes = footer.notes
        report.add(made)
        answer = nil
    }

    func message(_ text: String) throws { try outer.message(text) }
    func progress(done: Int, total: Int, unit: String) { outer.progress(done: done, total: total, unit: unit) }
}
