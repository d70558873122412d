import Foundation
import Testing

@testable import shell

/// The manual and the completions for other shells are made from the catalogues; `CRMQ_WRITE_DOCUMENTS=1 swift test --filter ProgramDocuments`
/// writes them anew.
@Suite("the program's documents")
struct ProgramDocumentsTests {
    private static let files: [(path: String, text: String)] = [
        ("docs/crmq.1", ManualPage.text), ("completions/crmq.bash", ProgramCompletion.bash), ("completions/_crmq", ProgramCompletion.zsh),
    ]

    @Test("they are what the catalogues make of them", arguments: files.indices)
    func current(_ index: Int) throws {
        let (path, text) = Self.files[index]
        let url = Crmq.packageRoot.appendingPathComponent(path)
        if ProcessInfo.processInfo.environment["CRMQ_WRITE_DOCUMENTS"] != nil { try Data(text.utf8).write(to: url) }
        let stands = try? String(contentsOf: url, encoding: .utf8)
        #expect(stands == text, "\(path) is out of date: CRMQ_WRITE_DOCUMENTS=1 swift test --filter ProgramDocuments")
    }

    @Test("every option, dot-command, setting and exit code stands in the manual")
    func complete() {
        let manual = ManualPage.text.replacingOccurrences(of: "\\-", with: "-")
        for entry in OptionEntry.all { for name in entry.names { #expect(manual.contains(name), "\(name)") } }
        for command in DotCommand.all { #expect(manual.contains("\\&.\(command.name)"), "\(command.name)") }
        for setting in ShellSetting.all { #expect(manual.contains(".B \(setting.name)\n"), "\(setting.name)") }
        for code in [ExitCode.done, .query, .usage, .assertion, .machine, .interrupted] {
            #expect(manual.contains(".B \(code.rawValue)\n"))
        }
    }

    @Test("the manual is one that man can set")
    func manual() throws {
        let outcome = try Crmq.shell(
            "command -v groff >/dev/null || exit 9; groff -man -Tutf8 -ww -z '\(Crmq.packageRoot.path)/docs/crmq.1'")
        guard outcome.code != 9 else { return print("the manual is not set: no groff") }
        #expect(outcome.code == 0 && outcome.err.isEmpty, "\(outcome.err)")
    }

    @Test("help shows examples that are right")
    func help() throws {
        let help = HelpText.text
        for example in HelpText.examples { #expect(help.contains(example.line)) }
        for example in HelpText.examples where example.line.hasPrefix("crmq ") && !example.line.contains("&&") {
            let words = Self.words(example.line)
            #expect(throws: Never.self, "\(example.line)") { _ = try Invocation(arguments: Array(words.dropFirst())) }
        }
    }

    /// A line as a shell would cut it, as far as the examples need.
    private static func words(_ line: String) -> [String] {
        var words: [String] = [""]
        var isQuoted = false
        for character in line {
            if character == "'" {
                isQuoted.toggle()
            } else if character == " ", !isQuoted {
                words.append("")
            } else {
                words[words.count - 1].append(character)
            }
        }
        return words.filter { !$0.isEmpty }
    }

    @Test(
        "bash completes options, their values, stores and the parameters of a file",
        arguments: [
            ("crmq --ver", "--version"), ("crmq --format js", "json jsonl"), ("crmq --timing ", "text json"), ("crmq de", "demo"),
            ("crmq bank -f m.crmq --param mo", "month="), ("crmq ban", "bank"),
        ])
    func bash(_ line: String, _ expected: String) throws {
        let scratch = try Scratch()
        try scratch.write("param month: month = 2026-01\nparam other: int = 1\n", to: "m.crmq")
        let program = try #require(Crmq.path)
        let script = """
            mkdir bank
            PATH="$(dirname '\(program)'):$PATH"
            source '\(Crmq.packageRoot.path)/completions/crmq.bash'
            compopt() { :; }
            line='\(line)'
            read -ra COMP_WORDS <<< "$line"
            if [[ "$line" == *' ' ]]; then COMP_WORDS+=(""); fi
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _crmq
            echo "${COMPREPLY[*]}"
            """
        let outcome = try Crmq.shell(script, folder: scratch.url)
        #expect(outcome.out == expected + "\n", "\(outcome.err)")
    }

    @Test("zsh takes its completion")
    func zsh() throws {
        let outcome = try Crmq.shell("command -v zsh >/dev/null || exit 9; zsh -n '\(Crmq.packageRoot.path)/completions/_crmq'")
        guard outcome.code != 9 else { return print("zsh's completion is not read: no zsh") }
        #expect(outcome.code == 0, "\(outcome.err)")
    }
}
