import Glibc
import Query
import Storage

/// `crmq verify STORE`: reads and checks every byte; faults go to standard output, one a line.
enum VerifyCommand {
    static func run(_ invocation: Invocation) throws -> ExitCode {
        guard let path = invocation.store else { throw UsageError("`crmq verify` needs a store") }
        var options = Store.Options()
        options.readOnly = true
        let faults = try Interrupts.shared.whileRunning(cancel: { _exit(ExitCode.interrupted.rawValue) }) {
            try Store(path: path, options: options).verify()
        }
        let isTerminal = Terminal.isTerminal(1)
        let out = OutputBuffer(FileDescriptorSink(1, name: "standard output"))
        for fault in faults { try out.append((isTerminal ? TerminalText.safe(fault) : fault) + "\n") }
        try out.flush()
        guard faults.isEmpty else {
            StandardError.shared.line("error: \(path) has \(CellText.grouped(faults.count)) fault\(faults.count == 1 ? "" : "s")")
            return .machine
        }
        if !invocation.quiet { StandardError.shared.line("\(path) is sound") }
        return .done
    }
}
