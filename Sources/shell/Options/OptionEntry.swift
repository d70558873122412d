import Query
import Storage

/// The catalogue of command line options: parsing, help and the nearest-name hints are all read from it.
struct OptionEntry: Sendable {
    let names: [String]
    /// What stands behind the option, as help writes it; nil: it stands alone.
    let value: String?
    let doc: String
    let commands: Set<Invocation.Command>
    let repeats: Bool
    let apply: @Sendable (inout Invocation, String) throws -> Void

    /// `-h, --help`, `-f FILE`
    var form: String { names.joined(separator: ", ") + (value.map { " " + $0 } ?? "") }

    init(
        _ names: [String], value: String? = nil, _ doc: String, for commands: Set<Invocation.Command> = [.shell], repeats: Bool = false,
        apply: @escaping @Sendable (inout Invocation, String) throws -> Void
    ) {
        self.names = names
        self.value = value
        self.doc = doc
        self.commands = commands
        self.repeats = repeats
        self.apply = apply
    }

    static let all: [OptionEntry] = [
        OptionEntry(["-c"], value: "TEXT", "run TEXT; -c and -f repeat and run in order", repeats: true) { $0.inputs.append(.text($1)) },
        OptionEntry(["-f"], value: "FILE", "run FILE (- is standard input); with --help: list its parameters", repeats: true) {
            $0.inputs.append(.file($1))
        },
        OptionEntry(["--param"], value: "NAME=VALUE", "the value of a `param` statement", repeats: true) { invocation, value in
            let (name, text) = try OptionValues.parameter(value)
            guard invocation.parameters.updateValue(text, forKey: name) == nil else {
                throw UsageError("--param \(name) is given twice")
            }
        },
        OptionEntry(["--as-of"], value: "DATE", "today, as yyyy-MM-dd; hides what is later") { $0.asOf = try OptionValues.day($1) },
        OptionEntry(["--format"], value: "FORMAT", OutputFormat.all.map(\.name).joined(separator: "|")) {
            $0.format = try OptionValues.format($1)
        },
        OptionEntry(["-o"], value: "FILE", "answers go to FILE; its ending chooses the format where --format does not") {
            guard !$1.isEmpty else { throw UsageError("-o needs a file") }
            $0.output = $1
        },
        OptionEntry(["--threads"], value: "N", "threads to work with (default: one a core)", for: [.shell, .demo]) {
            $0.threads = try OptionValues.count($1, option: "--threads", in: 1...1024)
        },
        OptionEntry(["--memory"], value: "SIZE", "half for blocks, half for rows; default: half the machine's") {
            $0.memoryBytesMax = try OptionValues.bytes($1)
        },
        OptionEntry(["--read-only"], "never write to the store") { invocation, _ in invocation.readOnly = true },
        OptionEntry(["--timing"], value: "text|json", "say how long each statement took, on standard error") {
            $0.timing = try OptionValues.choice($1, option: "--timing")
        },
        OptionEntry(["--progress"], value: "auto|always|never", "show the progress of long work", for: [.shell, .demo]) {
            $0.progress = try OptionValues.choice($1, option: "--progress")
        },
        OptionEntry(["--color"], value: "auto|always|never", "colours in tables and charts; auto: on a terminal, unless NO_COLOR is set") {
            $0.color = try OptionValues.choice($1, option: "--color")
        },
        OptionEntry(["--safe"], "queries read and write no file but the store and start no program") { invocation, _ in
            invocation.safe = true
        },
        OptionEntry(["--no-rc"], "do not read ~/.crmqrc before the prompt") { invocation, _ in invocation.readsRC = false },
        OptionEntry(["--quiet"], "errors only: no footers, no messages", for: [.shell, .demo, .verify]) { invocation, _ in
            invocation.quiet = true
        },
        OptionEntry(["--echo"], "print each statement before its answer, on standard error") { invocation, _ in invocation.echoes = true },
        OptionEntry(["--customers"], value: "N", "how many customers the demo bank has (default 10000)", for: [.demo]) {
            $0.customers = try OptionValues.count($1, option: "--customers", in: 1...100_000_000)
        },
        OptionEntry(["--seed"], value: "S", "the same seed makes the same bank (default 1)", for: [.demo]) {
            guard let seed = UInt64($1) else { throw UsageError("--seed needs a whole number, not `\($1)`") }
            $0.seed = seed
        },
        OptionEntry(["--version"], "print the version", for: [.shell, .demo, .verify]) { invocation, _ in invocation.asksVersion = true },
        OptionEntry(["--help", "-h"], "print this help", for: [.shell, .demo, .verify]) { invocation, _ in invocation.asksHelp = true },
    ]
}
