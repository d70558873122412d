import Query

/// The catalogue of dot-commands: few, for what is the shell's and not the language's.
struct DotCommand: Sendable {
    let name: String
    /// As help writes them.
    let arguments: String
    let doc: String
    let run: @Sendable (Runner, [String]) throws -> Void

    /// What may stand behind it, for completion.
    var values: @Sendable (_ runner: Runner, _ given: [String]) -> [String] = { _, _ in [] }
    var takesFile = false

    init(
        _ name: String, _ arguments: String = "", _ doc: String, takesFile: Bool = false,
        values: @escaping @Sendable (_ runner: Runner, _ given: [String]) -> [String] = { _, _ in [] },
        run: @escaping @Sendable (Runner, [String]) throws -> Void
    ) {
        self.name = name
        self.arguments = arguments
        self.doc = doc
        self.takesFile = takesFile
        self.values = values
        self.run = run
    }

    static let all: [DotCommand] = [
        DotCommand(
            "help", "[TOPIC]", "this list, or help on a stage, a function, a verb, a topic",
            values: { runner, given in given.isEmpty ? runner.session.helpTopics : [] }
        ) { runner, words in
            let topic = words.isEmpty ? nil : words.joined(separator: " ")
            if let topic, let command = all.first(where: { "." + $0.name == topic }) {
                return try runner.printer.print(
                    ".\(command.name)\(command.arguments.isEmpty ? "" : " " + command.arguments)\n  \(command.doc)\n")
            }
            var text = runner.session.help(topic: topic)
            if !text.hasSuffix("\n") { text += "\n" }
            if topic == nil { text += DotCommand.list }
            try runner.printer.print(wrapped(text, width: Terminal.isTerminal(1) ? Terminal.width(1) : Int.max))
        },
        DotCommand("tables", "", "the names of the tables") { runner, words in
            try expect(words, 0...0, of: "tables")
            try runner.printer.print(try runner.session.tableNames().map { $0 + "\n" }.joined())
        },
        DotCommand(
            "schema", "[TABLE]", "columns, types, keys",
            values: { runner, given in given.isEmpty ? (try? runner.session.tableNames()) ?? [] : [] }
        ) { runner, words in
            try expect(words, 0...1, of: "schema")
            var text = try runner.session.schemaText(words.first)
            if !text.isEmpty, !text.hasSuffix("\n") { text += "\n" }
            try runner.printer.print(text)
        },
        DotCommand(
            "mode", "[FORMAT]", OutputFormat.all.map(\.name).joined(separator: ", "),
            values: { _, given in given.isEmpty ? OutputFormat.all.map(\.name) : [] }
        ) { runner, words in
            try expect(words, 0...1, of: "mode")
            guard let name = words.first else { return try runner.printer.print(runner.printer.format.name + "\n") }
            try runner.setMode(name, said: ".mode")
        },
        DotCommand(
            "timer", "[on|off]", "say how long each statement took", values: { _, given in given.isEmpty ? ["on", "off"] : [] }
        ) { runner, words in
            switch words {
            case []: try runner.printer.print(runner.timing == nil ? "off\n" : "on\n")
            case ["on"]: runner.timing = .text
            case ["off"]: runner.timing = nil
            default: throw QueryError(.syntax, ".timer is `on` or `off`")
            }
        },
        DotCommand(
            "set", "[NAME [= VALUE]]", "how the shell shows things: every setting, one, or a new value for one",
            values: { _, given in
                switch given.filter({ $0 != "=" }).count {
                case 0: ShellSetting.all.map(\.name)
                case 1: (try? ShellSetting.named(given[0]))?.values() ?? []
                default: []
                }
            }
        ) { runner, words in try ShellSetting.run(words, runner) },
        DotCommand("read", "FILE", "run a file's statements", takesFile: true) { runner, words in
            guard !words.isEmpty else { throw QueryError(.syntax, ".read needs a file") }
            guard !runner.safe else { throw QueryError(.unsupported, ".read is not allowed with --safe") }
            try runner.runFile(unquoted(words.joined(separator: " ")))
        },
        DotCommand("watch", "[SECONDS]", "repeat the last statement until Ctrl-C, every 2 seconds where no number stands") {
            runner, words in
            try expect(words, 0...1, of: "watch")
            guard runner.prompt != nil else { throw atPromptOnly("watch") }
            guard let seconds = Double(words.first ?? "2"), seconds.isFinite, seconds >= 0.1, seconds <= 86_400 else {
                throw QueryError(.syntax, ".watch needs a number of seconds from 0.1 to 86400")
            }
            try runner.watch(everySeconds: seconds)
        },
        DotCommand("edit", "", "the last statement in $VISUAL or $EDITOR; what is saved is run (Ctrl-X Ctrl-E: the line being typed)") {
            runner, words in
            try expect(words, 0...0, of: "edit")
            guard let prompt = runner.prompt else { throw atPromptOnly("edit") }
            try prompt.edit(nil)
        },
        DotCommand("history", "[N|TEXT]", "what was typed: the last N, or what holds TEXT") { runner, words in
            guard let prompt = runner.prompt else { throw atPromptOnly("history") }
            try runner.printer.print(prompt.history.listing(words.joined(separator: " ")))
        },
        DotCommand("quit", "", "leave (so do `exit`, `quit` and Ctrl-D)") { _, words in
            try expect(words, 0...0, of: "quit")
            throw Stop(code: .done)
        },
    ]

    /// Lines that are too long for the screen go on below, indented a little more than they begin.
    static func wrapped(_ text: String, width: Int) -> String {
        guard width < Int.max else { return text }
        var out = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let indent = line.prefix { $0 == " " }.count
            var at = indent
            out += line.prefix(indent)
            for (index, word) in line.dropFirst(indent).split(separator: " ", omittingEmptySubsequences: false).enumerated() {
                let cells = displayWidth(word)
                if index > 0, at + 1 + cells >= width {
                    out += "\n" + String(repeating: " ", count: indent + 2)
                    at = indent + 2
                } else if index > 0 {
                    out += " "
                    at += 1
                }
                out += word
                at += cells
            }
            out += "\n"
        }
        return String(out.dropLast())
    }

    private static func atPromptOnly(_ name: String) -> QueryError {
        QueryError(.unsupported, ".\(name) belongs to the prompt, not to a script")
    }

    /// The command that a statement is, without its point; nil: it is the language's.
    static func text(in source: SourceText) -> String? {
        var text = source.text
        while let last = text.last, last.isWhitespace || last == ";" || last == "；" { text.removeLast() }
        let trimmed = text.drop { $0.isWhitespace }
        // A comment may stand in front of it.
        let line = trimmed.split(separator: "\n").map { $0.drop { $0.isWhitespace } }.first { !$0.isEmpty && !$0.hasPrefix("#") } ?? ""
        if line.hasPrefix("."), line.dropFirst().first?.isLetter ?? false { return String(line.dropFirst()) }
        let words = line.split(separator: " ")
        switch words.first.map(String.init) {
        case "help" where words.count <= 3: return String(line)
        case "exit" where words.count == 1, "quit" where words.count == 1: return "quit"
        default: return nil
        }
    }

    static func run(_ text: String, runner: Runner) throws {
        let words = text.split { $0 == " " || $0 == "\t" }.map(String.init)
        guard let name = words.first else { return }
        guard let command = all.first(where: { $0.name == name }) else {
            let hint = nearestName(to: name, among: all.map(\.name)).map { "did you mean `.\($0)`?" }
            throw QueryError(.name, "there is no command .\(name)", hint: hint ?? "`.help` lists them")
        }
        try command.run(runner, Array(words.dropFirst()))
    }

    static var list: String {
        let left = all.map { "." + $0.name + ($0.arguments.isEmpty ? "" : " " + $0.arguments) }
        let width = left.map(\.count).max() ?? 0
        return zip(all, left).map { "  \($1)" + String(repeating: " ", count: width - $1.count + 2) + $0.doc + "\n" }.joined()
    }

    private static func expect(_ words: [String], _ count: ClosedRange<Int>, of name: String) throws {
        guard !count.contains(words.count) else { return }
        throw QueryError(.syntax, count.upperBound == 0 ? ".\(name) takes nothing behind it" : ".\(name) takes one name at most")
    }

    private static func unquoted(_ text: String) -> String {
        text.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"") ? String(text.dropFirst().dropLast()) : text
    }
}
