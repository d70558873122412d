import Glibc
import Query
import Storage

/// Writes answers to standard output or a file in the chosen format, and what is said about them to standard error.
final class AnswerPrinter: ResultReceiver {
    private let descriptor: Int32
    private let sink: FileDescriptorSink
    private let isTerminal: Bool
    private let isFile: Bool
    var quiet: Bool
    private let progressLine: Progress
    private(set) var format: OutputFormat
    private var out: OutputBuffer
    private var writer: ResultWriter
    private var terminalWidth = 0
    private let color: Invocation.ColorMode
    /// What `.set` says about how answers look.
    struct Look: Equatable {
        /// nil: ∅.
        var nullText: String?
        /// nil: as wide as the terminal is.
        var width: Int?
        var pages = true
    }
    private(set) var look = Look()
    /// Set where answers may be longer than the screen that they go to, and somebody is there to turn the pages.
    private let ownPager: PagerSink?
    private var pager: PagerSink? { look.pages ? ownPager : nil }
    /// Rows delivered since ``startStatement()``.
    private(set) var rowsDelivered = 0
    /// What stopped the writing, kept in case the engine reports it as something else.
    private(set) var failure: Error?

    /// `path` nil: standard output.
    /// - Parameter pages: long answers may go through the pager, which is a program that is started.
    init(
        path: String?, format: OutputFormat?, quiet: Bool, progress: Progress, color: Invocation.ColorMode = .auto, pages: Bool = false
    ) throws {
        if let path {
            descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else { throw StorageError(.file, "cannot write \(path): \(String(cString: strerror(errno)))") }
        } else {
            descriptor = 1
        }
        isFile = path != nil
        isTerminal = Terminal.isTerminal(descriptor)
        self.quiet = quiet
        self.color = color
        progressLine = progress
        sink = FileDescriptorSink(descriptor, name: path ?? "standard output")
        if pages, isTerminal, Terminal.isTerminal(0), Terminal.environment("TERM") != "dumb", let command = PagerSink.command {
            ownPager = PagerSink(sink, command: command) { [descriptor] in
                (Terminal.height(descriptor), Terminal.width(descriptor))
            }
        } else {
            ownPager = nil
        }
        self.format = format ?? path.flatMap(OutputFormat.forFile) ?? (isTerminal ? .table : .csv)
        out = OutputBuffer(sink)
        writer = self.format.makeWriter(out, FormatOptions())
        makeWriter()
    }

    var progressMode: Invocation.ProgressMode {
        get { progressLine.mode }
        set { progressLine.mode = newValue }
    }

    func setFormat(_ format: OutputFormat) throws {
        try out.flush()
        self.format = format
        makeWriter()
    }

    func setLook(_ change: (inout Look) -> Void) throws {
        try flush()
        change(&look)
        makeWriter()
    }

    /// Somebody is turning pages: the screen is not ours.
    var isPaging: Bool { ownPager?.isRunning ?? false }

    private static let rowsInPagerMax = 100_000

    private func makeWriter() {
        var options = FormatOptions(defusesFormulas: isFile && !isTerminal)
        options.isASCII = !Terminal.isUTF8
        options.nullText = look.nullText
        if isTerminal {
            terminalWidth = Terminal.width(descriptor)
            // A screen has no end where there is a pager.
            let rowsMax = pager == nil ? 1000 : AnswerPrinter.rowsInPagerMax
            options.terminal = .init(width: look.width ?? terminalWidth, rowsMax: rowsMax, styled: Terminal.isStyled(descriptor))
            options.terminal?.rowsScrolled = pager?.rowsScrolled
        }
        switch color {
        case .auto: options.isStyled = isTerminal && Terminal.isStyled(descriptor)
        case .always: options.isStyled = true
        case .never: options.isStyled = false
        }
        let sink: ByteSink = pager ?? self.sink
        // The formats for reading make their cells safe themselves, and style them; what others write passes the door on its way.
        out = OutputBuffer(isTerminal && !format.isForReading ? TerminalSink(sink) : sink)
        writer = format.makeWriter(out, options)
    }

    /// The pager was left before the answer was over: nobody wants the rest.
    var wasLeft: Bool { pager?.wasLeft ?? false }

    /// After an answer that was broken off, by an error or by leaving the pager.
    func recover() {
        // What has been shown stays on the screen; what has not is of no use.
        try? pager?.finish()
        guard wasLeft else { return }
        failure = nil
        makeWriter()
        pager?.reset()
        progressLine.pause(false)
    }

    func startStatement() {
        rowsDelivered = 0
        progressLine.start()
    }

    func flush() throws {
        do { try out.flush() } catch { throw remember(error) }
    }

    /// Text of the shell's own (`.schema`, help) on its way to standard output.
    func print(_ text: String) throws {
        do {
            try out.append(isTerminal ? TerminalText.safe(text) : text)
            try out.flush()
            try pager?.finish()
        } catch { throw remember(error) }
    }

    private func remember(_ error: Error) -> Error {
        if failure == nil { failure = error }
        return error
    }

    // MARK: ResultReceiver

    func begin(columns: [ResultColumn]) throws { try begin(columns: columns, shownAs: nil) }

    func begin(columns: [ResultColumn], shownAs presentation: Presentation?) throws {
        if isTerminal { progressLine.pause(true) }
        StandardError.shared.clearProgress()
        if isTerminal, Terminal.width(descriptor) != terminalWidth {
            try flush()
            makeWriter()
        }
        do { try writer.begin(columns: columns, shownAs: presentation) } catch { throw remember(error) }
    }

    func rows(_ batch: ResultBatch) throws {
        rowsDelivered += batch.rowCount
        do { try writer.rows(batch) } catch { throw remember(error) }
    }

    func end(_ footer: ResultFooter) throws {
        let notes: [String]
        do {
            notes = try writer.end()
            try flush()
            try pager?.finish()
        } catch { throw remember(error) }
        progressLine.pause(false)
        guard !quiet else { return }
        // A program's csv needs no count; a person's table does.
        if format.isForReading {
            let count = footer.rows == 1 ? "1 row" : "\(CellText.grouped(footer.rows)) rows"
            StandardError.shared.line(count + (footer.asOf.map { ", as of \($0)" } ?? ""))
        }
        for note in notes + footer.notes { StandardError.shared.line(note) }
    }

    func message(_ text: String) throws {
        try flush()
        if !quiet { StandardError.shared.line(text) }
    }

    func progress(done: Int, total: Int, unit: String) {
        progressLine.report(done: done, total: total, unit: unit)
    }
}
