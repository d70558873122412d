import Query
import Storage

/// Puts an error on standard error: with its line marked where the engine knows the place, else with the statement's file and line.
enum ErrorReport {
    static func write(_ error: Error, in source: SourceText?) {
        StandardError.shared.line(text(error, in: source))
    }

    static func text(_ error: Error, in source: SourceText?) -> String {
        switch error {
        case let error as QueryError:
            if error.kind == .cancelled { return "interrupted" }
            return placed(error, in: source)
        case let error as StorageError:
            if error.kind == .cancelled { return "interrupted" }
            return placed(QueryError(.storage, error.message, hint: error.hint), in: source)
        case let error as UsageError: return "crmq: " + error.message + (error.hint.map { "\n  \($0)" } ?? "")
        default: return "error: \(error)"
        }
    }

    /// An error that does not know its place gets its statement's first word, so that a script always says where it stopped.
    private static func placed(_ error: QueryError, in source: SourceText?) -> String {
        guard let source else { return plain(error.message, hint: error.hint) }
        var error = error
        if error.span == nil { error.span = firstWord(source.text) }
        return trimmed(Diagnostic.render(error, in: source))
    }

    private static func firstWord(_ text: String) -> Range<Int>? {
        var offset = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let words = line.drop { $0.isWhitespace }
            if let first = words.first, first != "#" {
                let start = offset + line.utf8.count - words.utf8.count
                return start..<start + words.prefix { !$0.isWhitespace && $0 != ";" }.utf8.count
            }
            offset += line.utf8.count + 1
        }
        return nil
    }

    private static func plain(_ message: String, hint: String?) -> String {
        "error: \(message)" + (hint.map { "\n  hint: \($0)" } ?? "")
    }

    private static func trimmed(_ text: String) -> String {
        var text = text
        while text.last?.isNewline ?? false { text.removeLast() }
        return text
    }
}
