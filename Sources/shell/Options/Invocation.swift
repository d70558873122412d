import Query

/// What the command line asked for, checked; nothing in it has been done yet.
struct Invocation {
    enum Command: String, CaseIterable { case shell, demo, verify }
    enum Input: Equatable {
        case text(String)
        /// `-` is standard input.
        case file(String)
    }
    enum Timing: String, CaseIterable { case text, json }
    enum ProgressMode: String, CaseIterable { case auto, always, never }

    enum ColorMode: String, CaseIterable { case auto, always, never }

    var command = Command.shell
    var store: String?
    var inputs: [Input] = []
    var parameters: [String: String] = [:]
    /// Days since 1970-01-01.
    var asOf: Int64?
    /// nil: by where the answers go.
    var format: OutputFormat?
    var output: String?
    var threads: Int?
    var memoryBytesMax: Int?
    var readOnly = false
    var timing: Timing?
    var progress = ProgressMode.auto
    var color = ColorMode.auto
    var safe = false
    var readsRC = true
    var quiet = false
    var echoes = false
    var customers = 10_000
    var seed: UInt64 = 1
    var asksHelp = false
    var asksVersion = false
}

/// The command line was wrong: exit 2.
struct UsageError: Error {
    var message: String
    var hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}
