import Storage

/// A page of its own for what a program cannot read better than a person: each answer a table, or a chart where the answer is one. The tags
/// that end a page are left out, which HTML allows, so that answers can follow each other as they come.
final class HTMLWriter: ResultWriter {
    private let out: OutputBuffer
    private var types: [ResultColumn] = []
    private var chart: ChartData?
    private var answers = 0

    init(_ out: OutputBuffer) { self.out = out }

    func begin(columns: [ResultColumn]) throws { try begin(columns: columns, shownAs: nil) }

    func begin(columns: [ResultColumn], shownAs presentation: Presentation?) throws {
        types = columns
        chart = nil
        var title = "Answer"
        switch presentation {
        case .chart(let spec):
            chart = ChartData(spec, columns)
            title = spec.heading(columns)
        case .profile, nil: break
        }
        if answers == 0 { try out.append(HTMLWriter.head(title: title, language: "en")) }
        answers += 1
        if chart == nil { try out.append(HTMLTable.opening(columns, caption: nil)) }
    }

    func rows(_ batch: ResultBatch) throws {
        if chart != nil {
            chart?.add(batch)
            return
        }
        try HTMLTable.rows(batch, types: types) { try out.append($0) }
    }

    func end() throws -> [String] {
        guard let data = chart else {
            try out.append(HTMLTable.closing)
            return []
        }
        let drawing = SVGChart(data)
        try out.append(HTMLWriter.figure(drawing, level: 1))
        return drawing.notes
    }

    /// - Parameter language: of the words around the data.
    static func head(title: String, language: String) -> String {
        """
        <!doctype html>
        <html lang="\(language)">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="generator" content="crmq">
        <title>\(HTMLText.escape(title))</title>
        <style>
        \(PageStyle.colours)
        \(PageStyle.chart)
        \(PageStyle.page)
        </style>
        </head>
        <body>

        """
    }

    /// - Parameter level: of the heading above it; nil: it has one already.
    static func figure(_ drawing: SVGChart, level: Int?) -> String {
        let title = HTMLText.escape(drawing.data.spec.heading(drawing.data.columns))
        let heading = level.map { "<h\($0)>\(title)</h\($0)>\n" } ?? ""
        let notes = drawing.notes.map { "<p class=\"note\">\(HTMLText.escape($0))</p>\n" }.joined()
        return
            "\(heading)<figure>\n<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"\(title)\">\n\(drawing.element(standsAlone: false))</div>\n\(notes)</figure>\n"
    }
}

/// A table of HTML, with headers that say what they head.
enum HTMLTable {
    /// - Parameter label: what the table is called where it can be scrolled to the side.
    static func opening(_ columns: [ResultColumn], caption: String?, label: String? = nil) -> String {
        let name = HTMLText.escape(caption ?? label ?? "rows of the answer")
        var out = "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"\(name)\">\n<table>\n"
        if let caption { out += "<caption>\(HTMLText.escape(caption))</caption>\n" }
        out += "<thead><tr>"
        for column in columns {
            out += "<th scope=\"col\"\(column.type.isNumeric ? " class=\"r\"" : "")>\(HTMLText.escape(column.name))</th>"
        }
        return out + "</tr></thead>\n<tbody>\n"
    }

    static let closing = "</tbody>\n</table>\n</div>\n"

    /// - Parameter rowsMax: rows behind it are left out.
    static func rows(_ batch: ResultBatch, types: [ResultColumn], rowsMax: Int = .max, _ write: ([UInt8]) throws -> Void) rethrows {
        let columns = BatchColumn.columns(of: batch, types: types)
        var line: [UInt8] = []
        for row in 0..<min(batch.rowCount, rowsMax) {
            line.removeAll(keepingCapacity: true)
            line.append(contentsOf: "<tr>".utf8)
            for column in columns {
                if column.isNull(row) {
                    // Not empty, so that it is not taken for an empty text.
                    line.append(contentsOf: "<td class=\"null\(column.type.isNumeric ? " r" : "")\">\(CellStore.nullSign)</td>".utf8)
                } else if column.kind == .text {
                    line.append(contentsOf: "<td>".utf8)
                    HTMLText.append(column.text(row).buffer, to: &line, keepsLines: true)
                    line.append(contentsOf: "</td>".utf8)
                } else {
                    line.append(contentsOf: (column.type.isNumeric ? "<td class=\"r\">" : "<td>").utf8)
                    line.append(contentsOf: column.shown(row).utf8)
                    line.append(contentsOf: "</td>".utf8)
                }
            }
            line.append(contentsOf: "</tr>\n".utf8)
            try write(line)
        }
    }
}

/// A chart as a file of its own.
final class SVGWriter: ResultWriter {
    private let out: OutputBuffer
    private var chart: ChartData?

    init(_ out: OutputBuffer) { self.out = out }

    func begin(columns: [ResultColumn]) throws {
        throw QueryError(.type, "an .svg file holds a chart, and these rows are none")
    }

    func begin(columns: [ResultColumn], shownAs presentation: Presentation?) throws {
        switch presentation {
        case .chart(let spec): chart = ChartData(spec, columns)
        case .profile, nil: try begin(columns: columns)
        }
    }

    func rows(_ batch: ResultBatch) throws { chart?.add(batch) }

    func end() throws -> [String] {
        guard let chart else { return [] }
        let drawing = SVGChart(chart)
        try out.append(drawing.element(standsAlone: true))
        return drawing.notes
    }
}
