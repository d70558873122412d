import Glibc
import Query
import Storage

/// `crmq [STORE]`: the prompt on a terminal, a script otherwise.
struct ShellCommand {
    private let invocation: Invocation
    private let isPrompt: Bool

    init(_ invocation: Invocation, isPrompt: Bool) {
        self.invocation = invocation
        self.isPrompt = isPrompt
    }

    func run() throws -> ExitCode {
        if let path = invocation.store {
            var status = stat()
            if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
                throw StorageError(
                    .environment, "a store is a folder, and \(path) is a file",
                    hint: "run a file with -f \(path), ask one with -c 'from \"\(path)\"'")
            }
        }
        let session = try Session(storePath: invocation.store, options: options)
        // A temporary store goes away here whatever happened.
        defer { session.close() }
        try ScriptParameters.check(invocation, saved: session.savedParameterNames)
        let printer = try AnswerPrinter(
            path: invocation.output, format: invocation.format, quiet: invocation.quiet, progress: Progress(invocation.progress),
            color: invocation.color, pages: !invocation.safe)
        let runner = Runner(session: session, printer: printer, safe: invocation.safe, timing: invocation.timing)
        runner.echoes = invocation.echoes
        do {
            if isPrompt {
                try Prompt(runner, invocation).run()
            } else if invocation.inputs.isEmpty {
                try runner.runFile("-")
                // A script on a pipe could not be looked at beforehand.
                if let name = session.undeclaredParameters.first {
                    throw UsageError("--param \(name): no `param \(name): …` stood in what was run")
                }
            } else {
                for input in invocation.inputs {
                    switch input {
                    case .text(let text): try runner.runText(text, name: "-c")
                    case .file(let path): try runner.runFile(path)
                    }
                }
            }
        } catch let stop as Stop {
            return stop.code
        }
        try session.finishReports(downTo: 0, receiver: printer)
        try printer.flush()
        return .done
    }

    private var options: SessionOptions {
        var options = SessionOptions()
        options.threads = invocation.threads ?? Machine.cores
        options.memoryBytesMax = invocation.memoryBytesMax ?? Machine.memoryBytes / 2
        options.readOnly = invocation.readOnly
        options.safe = invocation.safe
        options.asOf = invocation.asOf
        options.parameters = invocation.parameters
        options.interactive = isPrompt
        return options
    }
}
