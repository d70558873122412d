import Storage

extension Report {
    /// The same page as Markdown: tables as tables, charts as text.
    var markdown: String {
        let words = words
        var out = "# \(Self.plain(title))\n\n\(Self.plain(asOfLine))\n"
        if !parameters.isEmpty {
            out += "\n" + parameters.map { "- \(Self.plain($0.name)): \(Self.plain($0.value))\n" }.joined()
        }
        var isInSection = false
        for part in parts {
            switch part {
            case .section(let title, let text):
                out += "\n## \(Self.plain(title))\n" + text.map { "\n\(Self.plain($0))\n" }.joined()
                isInSection = true
            case .answer(let answer): out += markdown(answer, level: isInSection ? 3 : 2)
            }
        }
        guard !definitions.isEmpty else { return out }
        out += "\n## \(words.definitions)\n"
        for entry in definitions {
            out += "\n### \(Self.plain(entry.title))\n"
            if let doc = entry.doc { out += "\n\(Self.plain(doc.split(separator: "\n").joined(separator: " ")))\n" }
            switch entry.origin {
            case .shipped: out += "\n\(words.shipped)\n"
            case .run, .saved: out += "\n" + Self.fenced(entry.text + "\n", "crmq")
            }
        }
        return out
    }

    private func markdown(_ answer: Answer, level: Int) -> String {
        var out =
            "\n\(String(repeating: "#", count: level)) \(Self.plain(answer.heading))\n"
            + answer.text.map { "\n\(Self.plain($0))\n" }.joined()
        var notes = answer.notes
        if let chart = answer.chart {
            let drawing = TerminalChart(chart, width: 100, styled: false, isASCII: false)
            out += "\n" + Self.fenced(drawing.text, "text")
            notes = drawing.notes + notes
        } else {
            out += "\n" + String(decoding: answer.table, as: UTF8.self)
            if answer.rowsKept < answer.rowsFound {
                notes.insert("\(CellText.grouped(answer.rowsKept)) of \(CellText.grouped(answer.rowsFound)) rows", at: 0)
            }
        }
        return out + notes.map { "\n*\(Self.plain($0))*\n" }.joined() + "\n" + Self.fenced(answer.query + "\n", "crmq")
    }

    /// Text of one line that is no markup.
    private static func plain(_ text: String) -> String { MarkdownWriter.plain(text) }

    /// A fence is longer than any run of its mark inside, so that nothing breaks out of it.
    private static func fenced(_ text: String, _ language: String) -> String {
        var longest = 2
        var run = 0
        for byte in text.utf8 {
            run = byte == UInt8(ascii: "`") ? run + 1 : 0
            longest = max(longest, run)
        }
        let fence = String(repeating: "`", count: longest + 1)
        return "\(fence)\(language)\n\(TerminalText.safe(text))\(fence)\n"
    }
}
