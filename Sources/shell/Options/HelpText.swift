/// What `crmq --help` prints.
enum HelpText {
    static let version = "crmq 0.1.0"

    static var text: String {
        var lines = [
            "crmq: ask a bank's customer data, one line at a time", "",
            "  crmq [STORE] [options]      a prompt on a terminal, a script on a pipe; without STORE: a temporary one",
            "  crmq demo STORE             make a demo bank, the same for the same seed",
            "  crmq verify STORE           read and check every byte of a store", "",
        ]
        let left = OptionEntry.all.map { entry in entry.names.joined(separator: ", ") + (entry.value.map { " " + $0 } ?? "") }
        let width = left.map { $0.count > 30 ? 0 : $0.count }.max() ?? 0
        for (entry, option) in zip(OptionEntry.all, left) {
            let only = entry.commands.contains(.shell) ? "" : " (demo)"
            lines.append("  " + option + String(repeating: " ", count: max(0, width - option.count) + 2) + entry.doc + only)
        }
        lines += [
            "", "Exit codes: 0 done, 1 a query or its data was wrong, 2 the command line was wrong, 3 an assert failed,",
            "4 the store or the machine failed, 130 interrupted. Type `help` at the prompt for the language.",
        ]
        return lines.joined(separator: "\n") + "\n"
    }
}

extension HelpText {
    /// `-f FILE --help` is about the file.
    static func text(for invocation: Invocation) throws -> String {
        try ScriptParameters.help(invocation) ?? text
    }
}
