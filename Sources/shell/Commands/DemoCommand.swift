import Glibc
import Query
import Storage

/// `crmq demo STORE`: makes the demo bank in one commit, then keeps a segment and two dated memberships with it.
enum DemoCommand {
    static func run(_ invocation: Invocation) throws -> ExitCode {
        guard let path = invocation.store else { throw UsageError("`crmq demo` needs a store") }
        let progress = Progress(invocation.progress)
        progress.start()
        let startedAt = Clock.seconds()
        // Every commit is whole, so an interrupt may end the process where it stands.
        try Interrupts.shared.whileRunning(cancel: { _exit(ExitCode.interrupted.rawValue) }) {
            try makeDemo(
                storePath: path, customers: invocation.customers, seed: invocation.seed, threads: invocation.threads ?? Machine.cores
            ) { progress.report($0) }
            try DemoMemberships.take(storePath: path, threads: invocation.threads ?? Machine.cores)
        }
        StandardError.shared.clearProgress()
        if !invocation.quiet {
            let customers = CellText.grouped(invocation.customers)
            StandardError.shared.line("made a bank of \(customers) customers in \(path), \(Clock.text(Clock.seconds() - startedAt)) s")
        }
        return .done
    }
}
