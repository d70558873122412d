/// What `crmq --help` prints.
enum HelpText {
    static let version = "crmq 0.1.0"

    static let summary = "ask a bank's customer data, one line at a time"

    static let forms: [(form: String, doc: String)] = [
        ("crmq [STORE] [options]", "a prompt on a terminal, a script on a pipe; without STORE: a temporary one"),
        ("crmq demo STORE", "make a demo bank, the same for the same seed"),
        ("crmq verify STORE", "read and check every byte of a store"),
    ]

    static let examples: [(line: String, doc: String)] = [
        ("crmq demo bank && crmq bank", "make a demo bank and ask it at the prompt"),
        ("crmq bank -c 'from customers | summarize count() by tier'", "one question, its answer as csv where it is not a terminal"),
        ("crmq bank -f monthly.crmq --param month=2026-09 --as-of 2026-10-01", "a saved file for another month, as it was on that day"),
        ("crmq -f monthly.crmq --help", "the parameters of that file"),
        ("crmq -c 'from \"sales.csv\" | summarize sum(amount) by shop' --format table", "a file without a store"),
        ("crmq bank --read-only --safe", "a prompt that can change and start nothing"),
        ("crmq bank -c 'from customers' -o customers.json", "an answer to a file; its ending is the format"),
    ]

    static var text: String {
        var lines = ["crmq: \(summary)", ""]
        let formWidth = forms.map(\.form.count).max() ?? 0
        lines += forms.map { "  " + $0.form + String(repeating: " ", count: formWidth - $0.form.count + 6) + $0.doc }
        lines.append("")
        let left = OptionEntry.all.map(\.form)
        let width = left.map { $0.count > 30 ? 0 : $0.count }.max() ?? 0
        for (entry, option) in zip(OptionEntry.all, left) {
            let only = entry.commands.contains(.shell) ? "" : " (demo)"
            lines.append("  " + option + String(repeating: " ", count: max(0, width - option.count) + 2) + entry.doc + only)
        }
        lines += ["", "Examples:"] + examples.flatMap { ["  \($0.line)", "      \($0.doc)"] }
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
