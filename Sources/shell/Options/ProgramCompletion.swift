import Query

/// Completion of the program's own command line for bash and zsh, made from the options' catalogue. A test holds the files to it.
enum ProgramCompletion {
    /// What fits behind an option.
    enum Value: Equatable {
        case files
        case choices([String])
        case parameter
        case other
    }

    static func value(of entry: OptionEntry) -> Value? {
        guard let value = entry.value else { return nil }
        if entry.names.contains("--format") { return .choices(OutputFormat.all.map(\.name)) }
        if entry.names.contains("--param") { return .parameter }
        if value == "FILE" { return .files }
        if value.contains("|") { return .choices(value.split(separator: "|").map(String.init)) }
        return .other
    }

    static var bash: String {
        var cases = ""
        for entry in OptionEntry.all {
            let names = entry.names.joined(separator: "|")
            switch value(of: entry) {
            case nil: continue
            case .files: cases += "        \(names)) compopt -o default; COMPREPLY=(); return ;;\n"
            case .choices(let words):
                cases += "        \(names)) COMPREPLY=($(compgen -W \"\(words.joined(separator: " "))\" -- \"$word\")); return ;;\n"
            case .parameter:
                cases +=
                    "        \(names)) COMPREPLY=($(compgen -S = -W \"$(_crmq_parameters)\" -- \"$word\")); compopt -o nospace; return ;;\n"
            case .other: cases += "        \(names)) return ;;\n"
            }
        }
        let options = OptionEntry.all.flatMap(\.names).joined(separator: " ")
        return """
            # bash completion for crmq, made from its options' catalogue; a test says how to make it anew.

            # The parameters of the files that stand on the command line.
            _crmq_parameters() {
                local index
                for ((index = 1; index < ${#COMP_WORDS[@]} - 1; index++)); do
                    if [ "${COMP_WORDS[index]}" = -f ]; then
                        "${COMP_WORDS[0]}" -f "${COMP_WORDS[index + 1]}" --help 2>/dev/null | sed -n 's/^  --param \\([^=]*\\)=.*/\\1/p'
                    fi
                done
            }

            _crmq() {
                local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD - 1]}"
                COMPREPLY=()
                case "$before" in
            \(cases)    esac
                if [[ "$word" == -* ]]; then
                    COMPREPLY=($(compgen -W "\(options)" -- "$word"))
                    return
                fi
                # A store is a folder.
                COMPREPLY=($(compgen -d -- "$word"))
                if [ "$COMP_CWORD" = 1 ]; then COMPREPLY+=($(compgen -W "\(commands.joined(separator: " "))" -- "$word")); fi
                compopt -o filenames
            }

            complete -F _crmq crmq

            """
    }

    static var zsh: String {
        var lines: [String] = []
        for entry in OptionEntry.all {
            let doc = entry.doc.map { "[]:\\".contains($0) ? "\\\($0)" : $0 == "'" ? "'\\''" : String($0) }.joined()
            for name in entry.names {
                let several = entry.repeats ? "*" : ""
                var action = ""
                switch value(of: entry) {
                case nil: break
                case .files: action = ":file:_files"
                case .choices(let words): action = ":value:(\(words.joined(separator: " ")))"
                case .parameter: action = ":name=value:"
                case .other: action = ":\((entry.value ?? "").lowercased()):"
                }
                lines.append("    '\(several)\(name)[\(doc)]\(action)'")
            }
        }
        return """
            #compdef crmq
            # zsh completion for crmq, made from its options' catalogue; a test says how to make it anew.

            _crmq_store() {
                _alternative 'commands:command:(\(commands.joined(separator: " ")))' 'stores:store:_files -/'
            }

            _arguments -s \\
            \(lines.joined(separator: " \\\n")) \\
                '1:store:_crmq_store' \\
                '2:store:_files -/'

            """
    }

    private static var commands: [String] { Invocation.Command.allCases.filter { $0 != .shell }.map(\.rawValue) }
}
