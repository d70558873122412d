/// An error as people read it: the place, the line itself with the span marked, a hint.
public struct Diagnostic: Sendable {
    public var error: QueryError
    public var source: SourceText

    /// Lines longer than this many cells are shown in part, around the mistake.
    private static let widest = 160

    public init(_ error: QueryError, in source: SourceText) {
        self.error = error
        self.source = error.source ?? source
    }

    public static func render(_ error: QueryError, in source: SourceText) -> String { Diagnostic(error, in: source).render() }

    /// Line and column of the mistake, both from 1; columns count characters. Nil where the error has no place.
    public var place: (line: Int, column: Int)? {
        guard let found = locate() else { return nil }
        let column = found.before.count + 1
        return (source.firstLine + found.row, found.row == 0 ? column + source.firstColumn - 1 : column)
    }

    /// `FILE:LINE:COLUMN: message`, the source line, the mark below it, `hint: …`; no line end behind the last line.
    public func render() -> String {
        let message = makeVisible(error.message)
        var lines: [String] = []
        if let found = locate(), let place {
            lines.append("\(makeVisible(source.name)):\(place.line):\(place.column): \(message)")
            lines += excerpt(before: makeVisible(found.before), marked: makeVisible(found.marked), after: makeVisible(found.after))
        } else {
            lines.append("\(makeVisible(source.name)): \(message)")
        }
        if let hint = error.hint { lines.append("hint: \(makeVisible(hint))") }
        return lines.joined(separator: "\n")
    }

    private func excerpt(before: String, marked: String, after: String) -> [String] {
        var (before, marked, after) = (before, marked, after)
        if displayWidth(before) + displayWidth(marked) + displayWidth(after) > Diagnostic.widest {
            before = Diagnostic.cut(before, to: Diagnostic.widest / 2, keepEnd: true)
            marked = Diagnostic.cut(marked, to: Diagnostic.widest / 3, keepEnd: false)
            after = Diagnostic.cut(after, to: max(20, Diagnostic.widest - displayWidth(before) - displayWidth(marked)), keepEnd: false)
        }
        let width = max(1, displayWidth(marked))
        let mark = String(repeating: " ", count: displayWidth(before)) + "^" + String(repeating: "~", count: width - 1)
        return [before + marked + after, mark]
    }

    private static func cut(_ text: String, to width: Int, keepEnd: Bool) -> String {
        guard displayWidth(text) > width else { return text }
        var kept = ""
        var used = 1
        if keepEnd {
            for character in text.reversed() {
                used += displayWidth(String(character))
                if used > width { break }
                kept.append(character)
            }
            return "…" + String(kept.reversed())
        }
        for character in text {
            used += displayWidth(String(character))
            if used > width { break }
            kept.append(character)
        }
        return kept + "…"
    }

    /// The line that holds the span's start, parted around the span; row counts from 0.
    private func locate() -> (row: Int, before: String, marked: String, after: String)? {
        guard let span = error.span else { return nil }
        let bytes = Array(source.text.utf8)
        let start = min(span.lowerBound, bytes.count)
        var row = 0
        var lineStart = 0
        for at in 0..<start where bytes[at] == UInt8(ascii: "\n") {
            row += 1
            lineStart = at + 1
        }
        var lineEnd = start
        while lineEnd < bytes.count, bytes[lineEnd] != UInt8(ascii: "\n") { lineEnd += 1 }
        if lineEnd > start, bytes[lineEnd - 1] == UInt8(ascii: "\r") { lineEnd -= 1 }
        let end = max(start, min(span.upperBound, lineEnd))
        func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        return (row, text(lineStart..<start), text(start..<end), text(end..<max(end, lineEnd)))
    }
}

/// A line that is safe on a terminal: control characters as pictures, invisible and direction-changing ones as escapes, a tab as a space.
private func makeVisible(_ text: String) -> String {
    var bytes = Array(text.utf8)
    for at in bytes.indices where bytes[at] == UInt8(ascii: "\t") { bytes[at] = UInt8(ascii: " ") }
    var out: [UInt8] = []
    bytes.withUnsafeBufferPointer { _ = TerminalText.append($0, to: &out) }
    return String(decoding: out, as: UTF8.self)
}
