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
            try Interrupts.shared.whileRunning(cancel: { [session] in session.cancel() }) { try session.run(source, receiver: printer) }
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
        try runScript(&feed, source)
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
