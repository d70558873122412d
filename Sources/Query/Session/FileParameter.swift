import Storage

/// A `param` statement of a file: what it asks of whoever runs it.
public struct FileParameter: Sendable, Equatable {
    public let name: String
    public let type: LogicalType
    /// As the file writes it; nil: a value must be given.
    public let defaultText: String?
    public let allowedText: String?
    /// The comment above it, in one line.
    public let doc: String?

    /// The parameters of a script's text in their order, and whether it runs other files, which may have more.
    public static func all(in text: String, name: String) -> (parameters: [FileParameter], runsOthers: Bool) {
        var found: [FileParameter] = []
        var runsOthers = false
        for source in StatementSplitter.splitFile(text, name: name) {
            // A statement that cannot be read is told when it is run, at its place.
            guard let statement = try? Statement.parse(source), case .vocabulary(let vocabulary) = statement.kind else { continue }
            switch vocabulary {
            case .define(let definition, _):
                guard case .param(let type, let defaultValue, let allowed) = definition.body else { continue }
                found.append(
                    FileParameter(
                        name: definition.name.text, type: type, defaultText: defaultValue.map { slice(source, $0.span) },
                        allowedText: allowed.map { slice(source, $0.span) },
                        doc: source.comment.map { $0.split(separator: "\n").joined(separator: " ") }))
            case .run: runsOthers = true
            case .drop, .rename, .show, .snapshot: continue
            }
        }
        return (found, runsOthers)
    }

    private static func slice(_ source: SourceText, _ span: SourceSpan) -> String {
        String(decoding: Array(source.text.utf8)[span.clamped(to: 0..<source.text.utf8.count)], as: UTF8.self)
    }
}

extension Session {
    /// The parameters of a file that `run` would run, from its text.
    public func parameters(ofFile path: String) throws -> [FileParameter] {
        try refuseIfSafe("reading a file", 0..<0)
        let found = besideCurrent(path)
        return FileParameter.all(in: try Self.text(of: found, at: 0..<0), name: found).parameters
    }
}
