import Query

extension Invocation {
    /// Reads the arguments behind the program's name. Options may stand before and behind STORE; `--` ends them.
    init(arguments: [String]) throws {
        self.init()
        var positional: [String] = []
        var given: [(entry: OptionEntry, spelled: String)] = []
        var rest = arguments[...]
        var optionsEnded = false
        while let argument = rest.popFirst() {
            guard !optionsEnded, argument.hasPrefix("-"), argument != "-" else {
                positional.append(argument)
                continue
            }
            if argument == "--" {
                optionsEnded = true
                continue
            }
            let (entry, spelled, attached) = try Invocation.option(argument)
            if !entry.repeats, given.contains(where: { $0.entry.names == entry.names }) { throw UsageError("\(spelled) is given twice") }
            given.append((entry, spelled))
            guard let valueName = entry.value else {
                if attached != nil { throw UsageError("\(spelled) takes no value") }
                try entry.apply(&self, "")
                continue
            }
            guard let value = attached ?? rest.popFirst() else { throw UsageError("\(spelled) needs \(valueName)") }
            try entry.apply(&self, value)
        }
        try takePositional(positional)
        for (entry, spelled) in given where !entry.commands.contains(command) {
            switch command {
            case .shell:
                throw UsageError(
                    "\(spelled) belongs to `crmq \(entry.commands.map(\.rawValue).sorted().joined(separator: "` and `crmq "))`")
            case .demo, .verify: throw UsageError("`crmq \(command.rawValue)` takes no \(spelled)")
            }
        }
    }

    private mutating func takePositional(_ positional: [String]) throws {
        var words = positional[...]
        if let first = words.first, let named = Command(rawValue: first), named != .shell {
            command = named
            words.removeFirst()
        }
        store = words.popFirst()
        if store == "" { throw UsageError("the store's name is empty") }
        if let extra = words.first { throw UsageError("one store at a time: `\(extra)` is too much", hint: "run a file with -f \(extra)") }
        if store == nil, command != .shell, !asksHelp, !asksVersion {
            throw UsageError("`crmq \(command.rawValue)` needs a store", hint: "crmq \(command.rawValue) STORE")
        }
        if store == nil, command == .shell, readOnly, !asksHelp, !asksVersion {
            throw UsageError("--read-only needs a store", hint: "without one everything happens in a temporary store")
        }
    }

    private static func option(_ argument: String) throws -> (OptionEntry, spelled: String, attached: String?) {
        var spelled = argument
        var attached: String?
        if argument.hasPrefix("--"), let equals = argument.firstIndex(of: "=") {
            spelled = String(argument[..<equals])
            attached = String(argument[argument.index(after: equals)...])
        }
        if let entry = OptionEntry.all.first(where: { $0.names.contains(spelled) }) { return (entry, spelled, attached) }
        let names = OptionEntry.all.flatMap(\.names).filter { $0.hasPrefix("--") }
        throw UsageError(
            "there is no option \(spelled)",
            hint: nearestName(to: spelled, among: names).map { "did you mean \($0)?" } ?? "crmq --help lists them")
    }
}
