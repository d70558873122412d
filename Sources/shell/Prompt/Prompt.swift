import Glibc
import Query

/// The prompt: reads a statement, which may take several lines, runs it, and stays whatever happens.
final class Prompt {
    private static let first = "crmq> "
    private static let next = "  ..> "

    private let runner: Runner
    private let quiet: Bool
    private let readsRC: Bool
    private let isTemporary: Bool
    let history: History
    private let lines = LineReader()
    /// Lines of the statement that has begun.
    private var typed: [String] = []
    private var isAsking = false
    /// What `.edit` has saved: it is run as if it had been typed.
    var saved: String?

    init(_ runner: Runner, _ invocation: Invocation) {
        self.runner = runner
        quiet = invocation.quiet
        readsRC = invocation.readsRC && !invocation.safe
        isTemporary = invocation.store == nil
        history = History(path: invocation.safe ? nil : History.defaultPath)
    }

    func run() throws {
        for entry in history.entries { lines.addHistory(entry) }
        runner.prompt = self
        defer { runner.finish() }
        let completion = PromptCompletion(runner: runner)
        lines.propose = { [unowned self] line, at in
            self.isAsking
                ? LineReader.Proposal(start: at, candidates: []) : completion.propose(before: self.typed, line: line, at: at)
        }
        if readsRC, let home = Terminal.environment("HOME"), access(home + "/.crmqrc", R_OK) == 0 {
            // Its errors are told; they do not keep anyone from the prompt.
            try? runner.runFile(home + "/.crmqrc")
        }
        runner.session.askParameter = { [unowned self] parameter, problem in
            try self.runner.ask { try self.ask(parameter, problem) }
        }
        if !quiet {
            StandardError.shared.line("\(HelpText.version). `.help` lists what you can ask, Ctrl-D leaves.")
            if isTemporary { StandardError.shared.line("No STORE was named: what is loaded here is gone when you leave.") }
        }
        while true {
            let input: LineReader.Input
            if let text = saved {
                saved = nil
                StandardError.shared.line(text)
                input = .line(text)
            } else {
                input = lines.read(prompt: typed.isEmpty ? Prompt.first : Prompt.next)
            }
            switch input {
            case .end:
                if Interrupts.shared.pending == 0 { StandardError.shared.line("") }
                return
            case .interrupted: typed = []
            case .edit(let line): editTyped(and: [line])
            case .line(let line):
                if !typed.isEmpty, line.filter({ !$0.isWhitespace }) == ".edit" {
                    editTyped(and: [])
                } else {
                    typed.append(line)
                    guard let complete = statements else { break }
                    remember(typed)
                    typed = []
                    guard run(complete) else { return }
                }
            }
            if Interrupts.shared.pending != 0, !Interrupts.shared.clear() { return }
        }
    }

    /// The statements that have been typed; nil: the last cannot be over yet. Several lines at once, pasted, edited or from the history,
    /// are read as a file is: a line that is indented or starts with a bar goes on with the one before.
    private var statements: [SourceText]? {
        if typed.count == 1, !typed[0].contains("\n"), typed[0].drop(while: { $0.isWhitespace }).hasPrefix(".") {
            // A dot-command is one line, whatever brackets its file names have.
            return [SourceText(name: "prompt", text: typed[0])]
        }
        var splitter = StatementSplitter(name: "prompt", mode: typed.contains { $0.contains("\n") } ? .file : .prompt)
        let complete = splitter.feed(typed.joined(separator: "\n") + "\n")
        return splitter.wantsMore ? nil : complete + splitter.finish()
    }

    /// What has been typed of a statement goes on in the editor.
    private func editTyped(and lines: [String]) {
        let text = (typed + lines).joined(separator: "\n")
        typed = []
        tell { try self.edit(text) }
    }

    private func remember(_ typed: [String]) {
        var entry = typed.joined(separator: "\n")
        while entry.last?.isWhitespace ?? false { entry.removeLast() }
        if history.add(entry) { lines.addHistory(entry) }
    }

    /// False: leave.
    private func run(_ statements: [SourceText]) -> Bool {
        for statement in statements {
            do {
                try runner.run(statement)
            } catch let stop as Stop {
                // `.quit` ends the session; an error inside `.read` has been told already.
                if stop.code == .done { return false }
                Interrupts.shared.clear()
                return true
            } catch {
                try? runner.printer.flush()
                ErrorReport.write(error, in: statement)
                Interrupts.shared.clear()
                // What was typed behind it on the same line was meant to follow a success.
                return true
            }
        }
        return true
    }

    /// An error of the prompt's own keeps nobody from it.
    private func tell(_ body: () throws -> Void) {
        do { try body() } catch { ErrorReport.write(error, in: nil) }
    }

    // MARK: asking

    /// The value of a parameter that a file leaves open, or has a default for.
    private func ask(_ parameter: FileParameter, _ problem: String?) throws -> String {
        if let problem {
            StandardError.shared.line("  \(problem)")
        } else {
            let allowed = parameter.allowedText.map { ", in \($0)" } ?? ""
            StandardError.shared.line(
                "\(parameter.name): \(parameter.type.name)\(allowed)" + (parameter.doc.map { ". \($0)" } ?? ""))
        }
        let question = parameter.name + (parameter.defaultText.map { " [\($0)]" } ?? "") + "> "
        isAsking = true
        defer { isAsking = false }
        switch Interrupts.shared.whileAsking({ lines.read(prompt: TerminalText.safe(question)) }) {
        case .line(let answer), .edit(let answer):
            return String(String(answer.drop { $0.isWhitespace }.reversed()).drop { $0.isWhitespace }.reversed())
        case .interrupted, .end: throw QueryError(.cancelled, "interrupted")
        }
    }

    // MARK: editing

    /// Opens a text in the editor; what is saved there is run next. nil: the statement that was typed last.
    func edit(_ text: String?) throws {
        let text = text ?? history.entries.last { !$0.hasPrefix(".") } ?? ""
        guard let edited = try Editor.edit(text, safe: runner.safe) else {
            return StandardError.shared.line("nothing was saved, so nothing is run")
        }
        guard edited.contains(where: { !$0.isWhitespace }) else { return StandardError.shared.line("nothing to run") }
        saved = edited
    }
}
