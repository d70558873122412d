import Query

/// Turns a script's bytes, however they arrive, into complete statements.
struct StatementFeed {
    private var splitter: StatementSplitter
    /// The beginning of a character whose rest has not arrived.
    private var pending: [UInt8] = []
    private var isFirst = true
    private let name: String

    /// - Parameter path: the file that the bytes come from, for what it runs itself.
    init(name: String, path: String? = nil) {
        self.name = name
        splitter = StatementSplitter(name: name, mode: .file, path: path)
    }

    mutating func add(_ bytes: [UInt8]) throws -> [SourceText] {
        var whole = pending + bytes
        // The rest of a character, if any, comes with the next piece: hold back what begins one and does not end it.
        let complete = whole.count - StatementFeed.unfinishedBytes(whole)
        pending = Array(whole[complete...])
        whole.removeLast(whole.count - complete)
        return splitter.feed(try decode(whole))
    }

    mutating func finish() throws -> [SourceText] {
        let rest = try decode(pending)
        pending = []
        return splitter.feed(rest) + splitter.finish()
    }

    private mutating func decode(_ bytes: [UInt8]) throws -> String {
        guard !bytes.isEmpty else { return "" }
        var bytes = bytes[...]
        if isFirst, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        isFirst = false
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            // Whole lines of what has just come, up to the first that cannot be read.
            let good = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).prefix {
                String(validating: $0, as: UTF8.self) != nil && !$0.contains(0)
            }
            throw QueryError(.syntax, "\(name), line \(splitter.nextLine + good.count), is not text in UTF-8")
        }
        return text
    }

    private static func unfinishedBytes(_ bytes: [UInt8]) -> Int {
        for back in 1...3 where back <= bytes.count {
            let byte = bytes[bytes.count - back]
            if byte & 0xC0 == 0x80 { continue }
            let needed = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return needed > back ? back : 0
        }
        return 0
    }
}
