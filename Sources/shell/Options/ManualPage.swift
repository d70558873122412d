/// `docs/crmq.1`, made from the catalogues of options, dot-commands and settings. A test holds the file to it.
enum ManualPage {
    static var text: String {
        var out: [String] = [
            ".\\\" Made from the catalogues in Sources/shell; a test says how to make it anew.",
            ".TH CRMQ 1 \"\" \"\(HelpText.version)\" \"User Commands\"",
            ".SH NAME", "crmq \\- \(plain(HelpText.summary))", ".SH SYNOPSIS",
        ]
        for (index, form) in HelpText.forms.enumerated() {
            if index > 0 { out.append(".br") }
            out.append(".B \(plain(form.form))")
        }
        out += [
            ".SH DESCRIPTION",
            "crmq is a query shell over its own durable columnar store, for a bank's customer business. A query is a pipe: a source, then stages,",
            "read from left to right. On a terminal crmq is a prompt; else it reads a script from standard input, or what",
            ".BR \\-c \" and \" \\-f",
            "name. A STORE is a folder; one that does not exist is made by its first commit.", ".PP",
            "Answers go to standard output, everything else to standard error. A script stops at its first error and says file, line and column.",
            ".SH COMMANDS",
        ]
        for form in HelpText.forms { out += [".TP", ".B \(plain(form.form))", sentence(form.doc)] }
        out.append(".SH OPTIONS")
        for entry in OptionEntry.all {
            let only = entry.commands.contains(.shell) ? "" : " Only with demo."
            out += [".TP", bold(entry.names, entry.value), sentence(entry.doc) + only]
        }
        out.append(".SH AT THE PROMPT")
        out.append("Tab completes by the place in the pipe; keys are GNU readline's. Lines that start with a point are the shell's own:")
        for command in DotCommand.all {
            out += [".TP", bold(["." + command.name], command.arguments.isEmpty ? nil : command.arguments), sentence(command.doc)]
        }
        out += [".SS Settings", ".B .set NAME = VALUE", "changes one for the run; put such lines into ~/.crmqrc to keep them."]
        for setting in ShellSetting.all { out += [".TP", ".B \(plain(setting.name))", sentence(setting.doc)] }
        out.append(".SH EXIT STATUS")
        for (code, meaning) in ExitCode.meanings { out += [".TP", ".B \(code.rawValue)", sentence(meaning)] }
        out.append(".SH ENVIRONMENT")
        for (name, doc) in environment { out += [".TP", ".B \(name)", doc] }
        out.append(".SH FILES")
        for (name, doc) in files { out += [".TP", ".I \(plain(name))", doc] }
        out.append(".SH EXAMPLES")
        for example in HelpText.examples { out += [".TP", ".B \(plain(example.line))", sentence(example.doc)] }
        out += [".SH SEE ALSO", "The language, the prompt and the formats are described in the documents that come with the source."]
        return out.joined(separator: "\n") + "\n"
    }

    static let environment: [(name: String, doc: String)] = [
        ("VISUAL, EDITOR", "The editor that .edit opens; vi where neither is set."),
        ("NO_COLOR", "Set to anything: no colour and no bold."),
        ("TMPDIR", "Where temporary stores and files are made; /tmp where not set."),
        ("XDG_STATE_HOME", "Where the history is kept."), ("CRMQ_PORTABLE", "Set to anything but 0: keep the portable executable."),
    ]

    static let files: [(name: String, doc: String)] = [
        ("~/.crmqrc", "Statements and dot-commands that run before the prompt; --no-rc leaves them out."),
        ("~/.crmq_history", "What was typed, where XDG_STATE_HOME is not set; readable by its owner only."),
        ("~/.inputrc", "Keys of GNU readline; $if crmq begins what is for this prompt alone."),
    ]

    private static func bold(_ names: [String], _ value: String?) -> String {
        ".B " + plain(names.joined(separator: ", ") + (value.map { " " + $0 } ?? ""))
    }

    private static func sentence(_ text: String) -> String {
        var safe = plain(text)
        // A list of words is not a sentence that begins with a capital.
        if !text.prefix(while: { $0 != " " }).contains("|"), let first = safe.first { safe = first.uppercased() + safe.dropFirst() }
        if !safe.hasSuffix(".") { safe += "." }
        // A line that begins with a quote would be an instruction.
        return safe.hasPrefix("'") ? "\\&" + safe : safe
    }

    /// Hyphens that are minus signs, and the backslash that everything hangs on.
    private static func plain(_ text: String) -> String {
        var out = ""
        for character in text {
            switch character {
            case "\\": out += "\\e"
            case "-": out += "\\-"
            default: out.append(character)
            }
        }
        return out.hasPrefix(".") ? "\\&" + out : out
    }
}
