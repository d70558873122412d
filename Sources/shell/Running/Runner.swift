import Glibc
import Query
import Storage

/// Runs statements one by one: the same for a script, a `-c` text and the prompt, which differ in what they do about an error.
final class Runner {
    let session: Session
    let printer: AnswerPrinter
    let safe: Bool
    var timing: Invocation.Timing?
    /// Statements are shown before their answers, for a script whose output a person reads.
    var echoes = false
    /// Where a person types; nil in a script.
    weak var prompt: Prompt?
    private var statements = 0
    /// At the prompt statements run beside the thread that types.
    private let worker = Worker()
    private var leftBehind: DetachableReceiver?
    /// Files being read by `.read`, so that one that reads itself is an error.
    private var filesOpen: [String] = []

    init(session: Session, printer: AnswerPrinter, safe: Bool, timing: Invocation.Timing?) {
        self.session = session
        self.printer = printer
        self.safe = safe
        self.timing = timing
    }

    /// One statement or dot-command, whose answers are on their way out when this returns.
    func run(_ source: SourceText) throws {
        let startedAt = Clock.seconds()
        if Interrupts.shared.pending != 0 { throw QueryError(.cancelled, "interrupted") }
        try waitUntilIdle()
        if let command = DotCommand.text(in: source) {
            try DotCommand.run(command, runner: self)
            return try printer.flush()
        }
        statements += 1
        if echoes {
            StandardError.shared.line(
                "\n" + source.text.drop { $0.isWhitespace }.split(separator: "\n").map { "> \($0)" }.joined(separator: "\n"))
        }
        printer.startStatement()
        do {
            try runStatement(source)
        } catch {
            StandardError.shared.clearProgress()
            let wasLeft = printer.wasLeft
            printer.recover()
            if wasLeft { return }
            // What the engine makes of a failed write is not what happened.
            throw printer.failure ?? error
        }
        try printer.flush()
        let seconds = Clock.text(Clock.seconds() - startedAt)
        StandardError.shared.clearProgress()
        switch timing {
        case .json: StandardError.shared.line("{\"statement\":\(statements),\"seconds\":\(seconds),\"rows\":\(printer.rowsDelivered)}")
        case .text: StandardError.shared.line("\(seconds) s")
        case nil: break
        }
    }

    private func runStatement(_ source: SourceText) throws {
        guard prompt != nil else {
            return try Interrupts.shared.whileRunning(cancel: { [session] in session.cancel() }) {
                try session.run(source, receiver: printer)
            }
        }
        let receiver = DetachableReceiver(printer)
        let cancel: @Sendable () -> Void = { [session, worker] in
            session.cancel()
            worker.noteCancelled()
        }
        leftBehind = receiver
        try Interrupts.shared.whileRunning(cancel: cancel) {
            try worker.run(
                { [session] in try session.run(source, receiver: receiver) }, leave: { [printer] in !printer.isPaging && receiver.detach() }
            )
        }
    }

    /// From a running statement: has the thread that types ask something.
    func ask(_ body: @escaping () throws -> String) throws -> String { try worker.ask(body) }

    /// A statement that was interrupted may still be on its way out; nothing may be asked of the session meanwhile.
    var isBusy: Bool { worker.isBusy }

    private func waitUntilIdle() throws {
        let isIdle = worker.waitUntilIdle { StandardError.shared.line("waiting for the interrupted statement to end") }
        if !isIdle { throw QueryError(.cancelled, "interrupted") }
        tellLeftBehind()
    }

    /// A commit that was on its way is not undone by an interrupt: then it is said what has happened.
    private func tellLeftBehind() {
        for message in leftBehind?.lateMessages ?? [] {
            StandardError.shared.line("the interrupted statement came through all the same: \(message)")
        }
        leftBehind = nil
    }

    /// What was left behind takes its files away before the program goes; one that hears nothing any more is left to itself.
    func finish() {
        if worker.waitUntilIdle(say: { StandardError.shared.line("waiting for the interrupted statement to end") }) { tellLeftBehind() }
    }

    /// - Parameter said: what the error calls the command.
    func setMode(_ name: String, said command: String) throws {
        do {
            try printer.setFormat(try OptionValues.format(name))
        } catch let error as UsageError {
            let message = error.message.hasPrefix("--format") ? command + error.message.dropFirst("--format".count) : error.message
            throw QueryError(.name, message, hint: error.hint)
        }
    }

    // MARK: watching

    /// Runs the last statement again and again, every so many seconds, until it is interrupted.
    func watch(everySeconds seconds: Double) throws {
        guard let text = session.lastStatementText else { throw QueryError(.name, "there is no statement to repeat") }
        let source = SourceText(name: "prompt", text: text)
        // Nobody turns pages of what is shown again in a moment.
        let pages = printer.look.pages
        try printer.setLook { $0.pages = false }
        defer { try? printer.setLook { $0.pages = pages } }
        while true {
            var now = time(nil)
            var parts = tm()
            localtime_r(&now, &parts)
            var stamp = [CChar](repeating: 0, count: 32)
            strftime(&stamp, stamp.count, "%Y-%m-%d %H:%M:%S", &parts)
            let at = stamp.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
            try printer.flush()
            StandardError.shared.line("\(at), every \(Clock.text(seconds)) s until Ctrl-C")
            try run(source)
            if Interrupts.shared.sleep(seconds: seconds) { return StandardError.shared.line("") }
        }
    }

    // MARK: scripts

    /// Runs a script's statements as they become complete; the first error is reported and ends it.
    func runScript(_ statements: inout StatementFeed, _ source: ScriptSource) throws(Stop) {
        while true {
            let bytes: [UInt8]?
            do { bytes = try source.read() } catch { throw stop(error, at: nil) }
            let complete: [SourceText]
            do {
                if let bytes { complete = try statements.add(bytes) } else { complete = try statements.finish() }
            } catch { throw stop(error, at: nil) }
            for statement in complete {
                do { try run(statement) } catch { throw stop(error, at: statement) }
            }
            if bytes == nil { return }
        }
    }

    func runText(_ text: String, name: String) throws(Stop) {
        var feed = StatementFeed(name: name)
        try runScript(&feed, ScriptSource(text: text))
    }

    func runFile(_ path: String) throws(Stop) {
        if path == "-" {
            var feed = StatementFeed(name: "standard input")
            return try runScript(&feed, ScriptSource(descriptor: 0, name: "standard input"))
        }
        guard !filesOpen.contains(path) else { throw stop(QueryError(.file, "\(path) reads itself"), at: nil) }
        filesOpen.append(path)
        defer { filesOpen.removeLast() }
        let source: ScriptSource
        do { source = try ScriptSource(path: path) } catch { throw stop(error, at: nil) }
        var feed = StatementFeed(name: path, path: path)
        // A report ends with the file that opened it, and is dropped with it.
        let reports = session.openReports
        defer { session.dropReports(downTo: reports) }
        try runScript(&feed, source)
        do { try session.finishReports(downTo: reports, receiver: printer) } catch { throw stop(error, at: nil) }
    }

    /// Reports an error, once, and turns it into the script's end.
    private func stop(_ error: Error, at statement: SourceText?) -> Stop {
        if let stop = error as? Stop { return stop }
        if error is ReaderGone { return Stop(code: .done) }
        try? printer.flush()
        ErrorReport.write(error, in: statement)
        return Stop(code: ExitCode(for: error))
    }
}
