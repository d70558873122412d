import Storage

extension Report {
    /// One page with everything in it: no script, and nothing that is fetched from elsewhere.
    var html: String {
        let words = words
        var out = HTMLWriter.head(title: title, language: words.language)
        out += "<header>\n<h1>\(HTMLText.escape(title))</h1>\n<p class=\"facts\">\(HTMLText.escape(asOfLine))</p>\n"
        if !parameters.isEmpty {
            out += "<dl class=\"facts\" aria-label=\"\(words.parameters)\">\n"
            for parameter in parameters {
                out += "<dt>\(HTMLText.escape(parameter.name))</dt><dd>\(HTMLText.escape(parameter.value))</dd>\n"
            }
            out += "</dl>\n"
        }
        out += "</header>\n" + contents(words) + "<main>\n"
        var isInSection = false
        var (sections, answers) = (0, 0)
        for part in parts {
            switch part {
            case .section(let title, let text):
                if isInSection { out += "</section>\n" }
                sections += 1
                out += "<section aria-labelledby=\"s\(sections)\">\n<h2 id=\"s\(sections)\">\(HTMLText.escape(title))</h2>\n"
                out += Self.paragraphs(text)
                isInSection = true
            case .answer(let answer):
                answers += 1
                out += html(answer, number: answers, level: isInSection ? 3 : 2, words)
            }
        }
        if isInSection { out += "</section>\n" }
        return out + definitionsHTML(words) + "</main>\n</body>\n</html>\n"
    }

    private static func paragraphs(_ text: [String]) -> String { text.map { "<p>\(HTMLText.escape($0))</p>\n" }.joined() }

    private func contents(_ words: Words) -> String {
        guard parts.count > 2 else { return "" }
        var out = "<nav aria-label=\"\(words.contents)\">\n<h2>\(words.contents)</h2>\n<ol>\n"
        var (sections, answers) = (0, 0)
        var isNested = false
        for part in parts {
            switch part {
            case .section(let title, _):
                if isNested { out += "</ol></li>\n" }
                sections += 1
                out += "<li><a href=\"#s\(sections)\">\(HTMLText.escape(title))</a>\n<ol>\n"
                isNested = true
            case .answer(let answer):
                answers += 1
                out += "<li><a href=\"#a\(answers)\">\(HTMLText.escape(answer.heading))</a></li>\n"
            }
        }
        // A list without an item is none.
        return (out + (isNested ? "</ol></li>\n" : "") + "</ol>\n</nav>\n").removingEmptyLists
    }

    private func html(_ answer: Answer, number: Int, level: Int, _ words: Words) -> String {
        var out = "<h\(level) id=\"a\(number)\">\(HTMLText.escape(answer.heading))</h\(level)>\n" + Self.paragraphs(answer.text)
        let table =
            HTMLTable.opening(answer.columns, caption: nil, label: answer.heading) + String(decoding: answer.table, as: UTF8.self)
            + HTMLTable.closing
        let shortened =
            answer.rowsKept < answer.rowsFound ? ["\(CellText.grouped(answer.rowsKept)) of \(CellText.grouped(answer.rowsFound)) rows"] : []
        func notes(_ notes: [String]) -> String { notes.map { "<p class=\"note\">\(HTMLText.escape($0))</p>\n" }.joined() }
        if let chart = answer.chart {
            let drawing = SVGChart(chart)
            // The chart's own heading says what is drawn where the comment above it says something else.
            let told = chart.spec.heading(answer.columns)
            if told != answer.heading { out += "<p class=\"note told\">\(HTMLText.escape(told))</p>\n" }
            out += HTMLWriter.figure(drawing, level: nil)
            out += "<details>\n<summary>\(words.numbers)</summary>\n\(table)\(notes(shortened))</details>\n"
        } else {
            out += table + notes(shortened)
        }
        out += notes(answer.notes)
        return out + "<details>\n<summary>\(words.query)</summary>\n<pre><code>\(Self.code(answer.query))</code></pre>\n</details>\n"
    }

    private static func code(_ text: String) -> String {
        var text = text
        var out: [UInt8] = []
        text.withUTF8 { HTMLText.append($0, to: &out, keepsLines: true) }
        return String(decoding: out, as: UTF8.self)
    }

    private func definitionsHTML(_ words: Words) -> String {
        guard !definitions.isEmpty else { return "" }
        var out = "<section aria-labelledby=\"definitions\">\n<h2 id=\"definitions\">\(words.definitions)</h2>\n"
        for entry in definitions {
            out += "<h3>\(HTMLText.escape(entry.title))</h3>\n"
            if let doc = entry.doc { out += "<p>\(HTMLText.escape(doc.split(separator: "\n").joined(separator: " ")))</p>\n" }
            switch entry.origin {
            case .shipped: out += "<p class=\"note\">\(words.shipped)</p>\n"
            case .run, .saved: out += "<pre><code>\(Self.code(entry.text))</code></pre>\n"
            }
        }
        return out + "</section>\n"
    }
}

extension String {
    fileprivate var removingEmptyLists: String {
        var out = ""
        var rest = self[...]
        while let range = rest.firstRange(of: "\n<ol>\n</ol>") {
            out += rest[..<range.lowerBound]
            rest = rest[range.upperBound...]
        }
        return out + rest
    }
}
