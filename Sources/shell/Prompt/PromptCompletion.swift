import Query

/// What the prompt proposes: the language's own, names of files, dot-commands and what stands behind them.
struct PromptCompletion {
    let runner: Runner

    /// - Parameter before: lines of the same statement that have been typed already.
    func propose(before: [String], line: String, at: Int) -> LineReader.Proposal {
        // The session is not to be asked while a statement is on its way out.
        guard !runner.isBusy else { return LineReader.Proposal(start: at, candidates: []) }
        let here = String(decoding: Array(line.utf8).prefix(at), as: UTF8.self)
        if before.isEmpty, here.drop(while: { $0 == " " }).hasPrefix(".") { return dotCommand(here, at) }
        let above = before.map { $0 + "\n" }.joined()
        let text = above + here
        let found = runner.session.completions(of: text)
        // The statement's first lines are not the line's.
        var proposal = LineReader.Proposal(start: max(0, found.start - above.utf8.count), candidates: [])
        proposal.call = found.call
        proposal.isCut = found.isCut
        if let files = found.files {
            guard !runner.safe else { return proposal }
            let typed = String(decoding: Array(here.utf8)[min(proposal.start, here.utf8.count)...], as: UTF8.self)
            proposal.candidates = FileCompletion.items(for: typed, files, closing: "\"")
            return proposal
        }
        proposal.candidates = found.items.map(PromptCompletion.candidate)
        return proposal
    }

    private static func candidate(_ item: Completion) -> LineReader.Candidate {
        LineReader.Candidate(
            text: item.text, label: item.signature, group: item.group.rawValue, detail: item.summary, ending: item.ending)
    }

    // MARK: dot-commands

    private func dotCommand(_ here: String, _ at: Int) -> LineReader.Proposal {
        let words = here.split(separator: " ", omittingEmptySubsequences: true)
        let isNewWord = here.hasSuffix(" ")
        let typed = isNewWord ? "" : words.last.map(String.init) ?? ""
        var proposal = LineReader.Proposal(start: at - typed.utf8.count, candidates: [])
        guard words.count > 1 || isNewWord else {
            proposal.candidates = DotCommand.all.map { command in
                LineReader.Candidate(
                    text: "." + command.name, label: "." + command.name + (command.arguments.isEmpty ? "" : " " + command.arguments),
                    group: "commands", detail: command.doc, ending: command.arguments.isEmpty ? "" : " ")
            }.filter { $0.text.hasPrefix(typed) }
            return proposal
        }
        guard let command = DotCommand.all.first(where: { "." + $0.name == words[0] }) else { return proposal }
        let given = words.dropFirst().map(String.init)
        if command.takesFile {
            guard !runner.safe else { return proposal }
            var name = String(here.drop { $0 == " " }.dropFirst(words[0].count).drop { $0 == " " })
            var closing = ""
            if name.hasPrefix("\"") {
                name.removeFirst()
                closing = "\""
            }
            proposal.start = at - name.utf8.count
            proposal.candidates = FileCompletion.items(for: name, .scripts, closing: closing)
            return proposal
        }
        proposal.candidates = command.values(runner, isNewWord ? given : given.dropLast()).filter { $0.hasPrefix(typed) }.map {
            LineReader.Candidate(text: $0, label: $0, group: "values", detail: "", ending: "")
        }
        return proposal
    }
}
