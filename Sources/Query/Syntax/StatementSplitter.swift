/// Cuts a stream of text into statements: feed it what arrives, it hands back every statement that is complete.
///
/// `;` ends a statement at once, even in the middle of a line. In a file a statement goes on while the next line is indented or starts
/// with `|`, a bracket is open, or the line ends in an operator or comma, so its end is known only when the next one begins (or `finish`).
/// At a prompt the line itself decides. Blank and comment lines never end a statement. No statement loses a byte inside.
public struct StatementSplitter: Sendable {
    public enum Mode: Sendable { case file, prompt }

    public let name: String
    public let mode: Mode
    private let path: String?

    /// Bytes of the line that is not complete yet, or of its rest behind a `;`.
    private var partial: [UInt8] = []
    private var line: Int
    private var column = 1
    /// The statement so far, in whole lines, and how much of it is known to belong to it.
    private var statement: [UInt8] = []
    private var statementEnd = 0
    private var statementLine = 1
    private var statementColumn = 1
    private var brackets = 0
    private var endsOpen = false
    /// Comment lines since the last line that was none, and those that stood above the statement.
    private var comments: [String] = []
    private var statementComments: [String] = []
    /// The same with the paragraphs of comment before it, which blank lines part from it.
    private var remarks: [String] = []
    private var statementRemarks: [String] = []

    /// - Parameter path: the file that the text comes from.
    public init(name: String, mode: Mode = .file, firstLine: Int = 1, path: String? = nil) {
        self.name = name
        self.mode = mode
        self.path = path
        line = firstLine
    }

    /// A statement has begun and not ended: the prompt shows that it waits for more.
    public var isOpen: Bool { !statement.isEmpty || !partial.isEmpty }

    /// The statement cannot be over yet: a bracket is open, or its last line ends in something that goes on.
    public var wantsMore: Bool { brackets > 0 || endsOpen || !partial.isEmpty }

    /// Number of the line that comes next.
    public var nextLine: Int { line }

    /// Forgets an open statement (Ctrl-C at the prompt).
    public mutating func reset() {
        partial = []
        column = 1
        clearStatement()
    }

    public mutating func feed(_ text: String) -> [SourceText] {
        var done: [SourceText] = []
        let newline = UInt8(ascii: "\n")
        var sawSemicolon = false
        for byte in text.utf8 {
            partial.append(byte)
            // The last byte of `；` is 0x9B: a cheap test that a statement may end in the middle of this line.
            sawSemicolon = sawSemicolon || byte == UInt8(ascii: ";") || byte == 0x9B
            guard byte == newline else { continue }
            let bytes = partial
            partial = []
            read(bytes, isWhole: true, into: &done)
            line += 1
            column = 1
            sawSemicolon = false
        }
        if sawSemicolon, !partial.isEmpty {
            let bytes = partial
            partial = []
            read(bytes, isWhole: false, into: &done)
        }
        return done
    }

    /// The text is over: what is open is the last statement.
    public mutating func finish() -> [SourceText] {
        var done: [SourceText] = []
        if !partial.isEmpty {
            let bytes = partial
            partial = []
            read(bytes, isWhole: true, into: &done)
        }
        emit(into: &done)
        return done
    }

    /// The statements of a whole file.
    public static func splitFile(_ text: String, name: String, firstLine: Int = 1, path: String? = nil) -> [SourceText] {
        var splitter = StatementSplitter(name: name, mode: .file, firstLine: firstLine, path: path)
        return splitter.feed(text) + splitter.finish()
    }

    // MARK: reading

    /// Reads a line, or what has come of it. Texts, names and comments end with their line, so each line is read by itself.
    private mutating func read(_ bytes: [UInt8], isWhole: Bool, into done: inout [SourceText]) {
        let tokens = Lexer(bytes).tokens.dropLast()
        if !isWhole, !tokens.contains(where: { $0.isSymbol(.semicolon) }) {
            partial = bytes
            return
        }
        guard let first = tokens.first else {
            if !statement.isEmpty { statement += bytes }
            noteComment(bytes)
            return
        }
        if column == 1, !statement.isEmpty, mode == .file {
            let isIndented = first.span.lowerBound > 0
            if brackets == 0, !endsOpen, !isIndented, !first.isSymbol(.pipe) { emit(into: &done) }
        }
        var start = 0
        var before: Token?
        for token in tokens {
            switch token.kind {
            case .symbol(.semicolon):
                let piece = bytes[start..<token.span.upperBound]
                take(piece)
                statementEnd = statement.count
                emit(into: &done)
                column += String(decoding: piece, as: UTF8.self).count
                start = token.span.upperBound
                before = nil
                continue
            case .symbol(.openRound), .symbol(.openSquare): brackets += 1
            case .symbol(.closeRound), .symbol(.closeSquare): brackets = max(0, brackets - 1)
            case .symbol, .word, .quotedName, .text, .literal, .invalid, .end: break
            }
            endsOpen = goesOn(token, before: before)
            before = token
        }
        let rest = bytes[start...]
        guard isWhole else {
            // The rest of the line is read again, with what still comes.
            partial = Array(rest)
            brackets = 0
            endsOpen = false
            return
        }
        guard let last = before else {
            comments = []
            remarks = []
            return
        }
        let end = last.span.upperBound
        take(bytes[start..<end])
        comments = []
        remarks = []
        statementEnd = statement.count
        statement += bytes[end...]
        if mode == .prompt, brackets == 0, !endsOpen { emit(into: &done) }
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>) {
        if statement.isEmpty {
            statementLine = line
            statementColumn = column
            statementComments = comments
            statementRemarks = remarks + (comments.isEmpty ? [] : [comments.joined(separator: "\n")])
            comments = []
            remarks = []
        }
        statement += bytes
    }

    private mutating func emit(into done: inout [SourceText]) {
        guard !statement.isEmpty else { return }
        let text = String(decoding: statement[..<statementEnd], as: UTF8.self)
        done.append(
            SourceText(
                name: name, text: text, firstLine: statementLine, firstColumn: statementColumn,
                comment: statementComments.isEmpty ? nil : statementComments.joined(separator: "\n"), remarks: statementRemarks,
                path: path))
        clearStatement()
    }

    /// A line of comment belongs to what stands directly below it; a blank line parts them.
    private mutating func noteComment(_ bytes: [UInt8]) {
        let line = String(decoding: bytes, as: UTF8.self)
        var rest = line.drop { $0.isWhitespace }
        while let last = rest.last, last.isWhitespace { rest = rest.dropLast() }
        guard let mark = rest.first, mark == "#" || mark == "＃", !rest.hasPrefix("#!") else {
            if !comments.isEmpty { remarks.append(comments.joined(separator: "\n")) }
            comments = []
            return
        }
        rest = rest.dropFirst()
        comments.append(String(rest.first == " " ? rest.dropFirst() : rest))
    }

    private mutating func clearStatement() {
        statementComments = []
        statementRemarks = []
        statement = []
        statementEnd = 0
        brackets = 0
        endsOpen = false
    }

    /// Words that cannot be a statement's last: something must follow them.
    private static let openWords: Set<String> = [
        "and", "or", "not", "in", "is", "from", "where", "by", "per", "if", "then", "else", "like", "div", "mod",
    ]

    private func goesOn(_ token: Token, before: Token?) -> Bool {
        switch token.kind {
        case .symbol(.star):
            // `select *` and `select a, *` are whole.
            return !(before.map { $0.isWord("select") || $0.isSymbol(.comma) } ?? false)
        case .symbol(.closeRound), .symbol(.closeSquare), .symbol(.semicolon): return false
        case .symbol: return true
        case .word: return StatementSplitter.openWords.contains(token.text)
        case .quotedName, .text, .literal, .invalid, .end: return false
        }
    }
}
