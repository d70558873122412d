import Storage

/// The rows of `profile` as one screen: a line of counts with its shape for each column, and below it what its values are.
struct ProfileDrawing {
    private let columns: [ResultColumn]
    private var rows: [[String?]] = []
    private var types: [String] { rows.map { $0[1] ?? "" } }

    init(_ columns: [ResultColumn]) { self.columns = columns }

    mutating func add(_ batch: ResultBatch) {
        let all = BatchColumn.columns(of: batch, types: columns)
        for row in 0..<batch.rowCount { rows.append(all.map { $0.isNull(row) ? nil : $0.shown(row) }) }
    }

    func text(width: Int, styled: Bool, isASCII: Bool) -> String {
        func bold(_ text: String) -> String { styled ? "\u{1b}[1m\(text)\u{1b}[0m" : text }
        func faint(_ text: String) -> String { styled ? "\u{1b}[2m\(text)\u{1b}[0m" : text }
        let pad = TerminalChart.padded
        let plural = { (count: String, word: String) in count == "1" ? "1 \(word)" : "\(count) \(word)s" }
        var out = plural(rows.first?[2] ?? "0", "row") + ", " + plural(String(rows.count), "column") + "\n"
        let heads = ["column", "type", "missing", "distinct", "shape"]
        let lines = rows.map { row in [row[0] ?? "", row[1] ?? "", missing(row), row[4] ?? "", isASCII ? ascii(row[12]) : row[12] ?? ""] }
        var widths = heads.indices.map { place in
            lines.reduce(DisplayMeasure.cells(of: heads[place])) { max($0, DisplayMeasure.cells(of: $1[place])) }
        }
        // Names give way before anything else does.
        let over = widths.reduce(0, +) + 2 * (widths.count - 1) - width
        if over > 0 { widths[0] = max(10, widths[0] - over) }
        func line(_ cells: [String]) -> String {
            var parts: [String] = []
            for (place, cell) in cells.enumerated() {
                let shown = place == 0 ? shortened(cell, to: widths[0], isASCII: isASCII) : cell
                parts.append(place == cells.count - 1 ? shown : pad(shown, widths[place], place == 2 || place == 3))
            }
            var line = parts.joined(separator: "  ")
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }
        out += bold(line(heads)) + "\n"
        for (row, cells) in zip(rows, lines) {
            out += line(cells) + "\n"
            for detail in wrapped(details(row), width: width - 2, isASCII: isASCII) { out += "  " + faint(detail) + "\n" }
        }
        return out
    }

    private func missing(_ row: [String?]) -> String {
        guard let missing = row[3], let rows = row[2], missing != "0" else { return row[3] ?? "" }
        func number(_ text: String) -> Double { Double(text.filter { $0 != "," }) ?? 0 }
        let share = number(missing) / max(1, number(rows)) * 100
        return "\(missing) (\(ChartNumbers.fixed(share, places: share < 9.95 ? 1 : 0))%)"
    }

    /// What is known of the values, piece by piece; numbers with their thousands grouped.
    private func details(_ row: [String?]) -> [String] {
        let type = row[1] ?? ""
        let isNumber = type == "int" || type == "float" || type.hasPrefix("decimal")
        func value(_ text: String, places: Int? = nil) -> String { isNumber ? ProfileDrawing.grouped(text, places: places) : text }
        // More places than the column has are for programs.
        let own = type.hasPrefix("decimal(") ? Int(type.dropFirst(8).dropLast()) ?? 2 : type == "int" ? 0 : nil
        var parts: [String] = []
        for (place, name) in [(5, "min"), (6, "25%"), (7, "median"), (8, "75%"), (9, "max")] {
            if let text = row[place] { parts.append("\(name) \(value(text, places: own.map { $0 + 1 }))") }
        }
        if let mean = row[10] { parts.append("mean \(value(mean, places: own.map { $0 + 2 }))") }
        if let top = row[11] {
            parts.append("top \(top)")
        } else if row[3] == "0", row[2] == row[4], row[2] != "0" {
            parts.append("all different")
        }
        return parts
    }

    /// `299880.84285714` as `299,880.8429`.
    static func grouped(_ text: String, places: Int?) -> String {
        var text = text
        if let places, let number = Double(text), let point = text.firstIndex(of: "."), !text.contains("e"),
            text.distance(from: point, to: text.endIndex) - 1 > places
        {
            text = ChartNumbers.fixed(number, places: places).filter { $0 != "," }
        }
        var out: [UInt8] = []
        text.withUTF8 { CellStore.appendGrouped($0, to: &out) }
        return String(decoding: out, as: UTF8.self)
    }

    private func wrapped(_ parts: [String], width: Int, isASCII: Bool) -> [String] {
        let mark = isASCII ? " | " : " · "
        var lines: [String] = []
        for part in parts {
            if let last = lines.last, DisplayMeasure.cells(of: last) + 3 + DisplayMeasure.cells(of: part) <= width {
                lines[lines.count - 1] = last + mark + part
            } else {
                lines.append(shortened(part, to: width, isASCII: isASCII))
            }
        }
        return lines
    }

    private func shortened(_ text: String, to cells: Int, isASCII: Bool) -> String {
        guard DisplayMeasure.cells(of: text) > cells else { return text }
        return SVGChart.shortened(text, to: cells).replacingEllipsis(isASCII)
    }

    private func ascii(_ shape: String?) -> String {
        String((shape ?? "").map { Array(".:-=+*#@")[["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"].firstIndex(of: $0) ?? 0] })
    }
}

extension String {
    fileprivate func replacingEllipsis(_ isASCII: Bool) -> String { isASCII && hasSuffix("…") ? dropLast() + "~" : self }
}
