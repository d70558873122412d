import Query

/// The list of what fits: a few with what is said of them, one a line; many in columns, by their kinds.
enum CandidateList {
    private static let detailedMax = 12
    private static let shownMax = 250
    private static let crowdedMax = 80
    private static let catalogues = ["aggregates", "windows", "functions", "verbs"]

    static func text(_ proposal: LineReader.Proposal, width: Int) -> String {
        var out = proposal.call.map { "  \($0)\n" } ?? ""
        let candidates = proposal.candidates
        out += candidates.count <= detailedMax ? detailed(candidates, width) : grouped(Array(candidates.prefix(shownMax)), width)
        let left = candidates.count - shownMax
        if left > 0 || proposal.isCut { out += "  … and \(left > 0 ? "\(left) " : "")more: type a letter\n" }
        return out
    }

    private static func detailed(_ candidates: [LineReader.Candidate], _ width: Int) -> String {
        let column = min(width / 2, candidates.map { displayWidth($0.label) }.max() ?? 0)
        return candidates.map { candidate in
            guard !candidate.detail.isEmpty else { return "  " + cut(candidate.label, width - 3) + "\n" }
            let label = padded(candidate.label, column)
            return cut("  " + label + "  " + candidate.detail, width - 1) + "\n"
        }.joined()
    }

    private static func grouped(_ candidates: [LineReader.Candidate], _ width: Int) -> String {
        var groups: [String] = []
        for candidate in candidates where !groups.contains(candidate.group) { groups.append(candidate.group) }
        let head = (groups.map(displayWidth).max() ?? 0) + 2
        var out = ""
        for group in groups {
            let labels = candidates.filter { $0.group == group }.map { shortened($0) }
            let cell = min(max(8, width - head - 2), (labels.map(displayWidth).max() ?? 0) + 2)
            let perLine = max(1, (width - head - 1) / cell)
            // Of the catalogues a glimpse will do where everything fits.
            let linesMax = candidates.count > crowdedMax && catalogues.contains(group) ? 2 : labels.count
            var first = 0
            while first < labels.count {
                guard first < linesMax * perLine else {
                    out += padded("", head) + "… \(labels.count - first) more: type a letter\n"
                    break
                }
                let line = labels[first..<min(first + perLine, labels.count)].map { padded(cut($0, cell - 1), cell) }.joined()
                out += padded(first == 0 ? group : "", head) + trimmed(line) + "\n"
                first += perLine
            }
        }
        return out
    }

    /// Among many, a call is its name.
    private static func shortened(_ candidate: LineReader.Candidate) -> String {
        guard candidate.text.hasSuffix("("), let bracket = candidate.label.firstIndex(of: "(") else { return candidate.label.firstWord }
        return String(candidate.label[...bracket])
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - displayWidth(text)))
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while text.last == " " { text = text.dropLast() }
        return String(text)
    }

    private static func cut(_ text: String, _ width: Int) -> String {
        guard displayWidth(text) > width else { return text }
        var out = ""
        for character in text {
            if displayWidth(out) + displayWidth(String(character)) > width - 1 { break }
            out.append(character)
        }
        return out + "…"
    }
}

extension String {
    /// A stage's signature begins with its name; a value is shown as it is.
    fileprivate var firstWord: String { hasPrefix("\"") ? self : split(separator: " ").first.map(String.init) ?? self }
}
