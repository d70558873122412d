import Query
import Storage

/// `crmq demo STORE`: makes the demo bank.
enum DemoCommand {
    static func run(_ invocation: Invocation) throws -> ExitCode {
        throw UsageError("`crmq demo` is not built yet")
    }
}
