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
    private let history: History
    private let lines = LineReader()

    init(_ runner: Runner, _ invocation: Invocation) {
        self.runner = runner
        quiet = invocation.quiet
        readsRC = invocation.readsRC && !invocation.safe
        isTemporary = invocation.store == nil
        history = History(path: invocation.safe ? nil : History.defaultPath)
    }

    func run() throws {
        for entry in history.entries { lines.addHistory(entry) }
        lines.completions = { [runner] line, at in Prompt.completions(line, at, runner) }
        if readsRC, let home = Terminal.environment("HOME"), access(home + "/.crmqrc", R_OK) == 0 {
            // Its errors are told; they do not keep anyone from the prompt.
            try? runner.runFile(home + "/.crmqrc")
        }
        if !quiet {
            StandardError.shared.line("\(HelpText.version). `.help` lists what you can ask, Ctrl-D leaves.")
            if isTemporary { StandardError.shared.line("No STORE was named: what is loaded here is gone when you leave.") }
        }
        var splitter = StatementSplitter(name: "prompt", mode: .prompt)
        var typed: [String] = []
        while true {
            switch lines.read(prompt: splitter.isOpen ? Prompt.next : Prompt.first) {
            case .end:
                if Interrupts.shared.pending == 0 { StandardError.shared.line("") }
                return
            case .interrupted:
                splitter = StatementSplitter(name: "prompt", mode: .prompt)
                typed = []
            case .line(let line):
                typed.append(line)
                // A dot-command is one line, whatever brackets its file names have.
                let isCommand = !splitter.isOpen && line.drop { $0.isWhitespace }.hasPrefix(".")
                let complete = isCommand ? [SourceText(name: "prompt", text: line)] : splitter.feed(line + "\n")
                if !splitter.isOpen {
                    remember(typed)
                    typed = []
                }
                guard run(complete) else { return }
                // Errors count lines within what was typed for this statement, not since the session began.
                if !splitter.isOpen { splitter = StatementSplitter(name: "prompt", mode: .prompt) }
            }
            if Interrupts.shared.pending != 0, !Interrupts.shared.clear() { return }
        }
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

    private static func completions(_ line: String, _ at: Int, _ runner: Runner) -> [String] {
        guard line.hasPrefix(".") else { return runner.session.completions(line: line, at: at) }
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count > 1 else { return DotCommand.all.map { "." + $0.name } }
        switch words[0] {
        case ".mode": return OutputFormat.all.map(\.name)
        case ".timer": return ["on", "off"]
        case ".schema": return (try? runner.session.tableNames()) ?? []
        default: return []
        }
    }
}
