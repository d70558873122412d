/// Where in a statement a cursor stands. Found from the tokens before it alone and never by a parser that may fail, since most of what is
/// completed is not whole yet and some of it is wrong.
struct CompletionPlace {
    enum Word: Equatable {
        /// A bare word, or none yet.
        case name
        /// Behind an opening backtick.
        case quotedName
        /// Behind an opening quote; `closing` is what would end it.
        case text(closing: String)
        /// In a comment or a number, where there is nothing to propose.
        case nothing
    }

    /// What an open bracket is.
    enum Bracket {
        /// The statement itself.
        case root
        /// `(from …`
        case query
        /// `name(…`
        case call(String)
        /// `[…`
        case list
        /// `(a or b`, `per (a, b)`
        case group
    }

    /// A bracket that is open at the cursor.
    struct Frame {
        var kind: Bracket
        /// Index of its first token.
        var first: Int
        /// Index of the pipe that the current stage stands behind.
        var pipe: Int?
        /// Tokens of the stage (or of all the bracket) at this depth: of an inner bracket that has closed only its two ends.
        var flat: [Token] = []

        /// The bracket holds a source and stages.
        var isQuery: Bool {
            switch kind {
            case .query: true
            case .root, .call, .list, .group: false
            }
        }
    }

    let text: [UInt8]
    /// All tokens before the word.
    private(set) var tokens: [Token]
    private(set) var frames: [Frame] = []
    private(set) var word: Word
    /// What has been typed of the word, and where it begins.
    private(set) var typed: String
    private(set) var start: Int

    init(_ before: String) {
        text = Array(before.utf8)
        var tokens = Array(Lexer(text).tokens.dropLast())
        word = .name
        typed = ""
        start = text.count
        if CompletionPlace.endsInComment(text, behind: tokens.last?.span.upperBound ?? 0) {
            word = .nothing
        } else if let last = tokens.last, last.span.upperBound == text.count {
            switch last.kind {
            case .word:
                (typed, start) = (last.text, last.span.lowerBound)
                tokens.removeLast()
            case .literal:
                // `2026-` and `90d` may be going on; there is nothing to propose for them.
                word = .nothing
            case .invalid:
                if let open = CompletionPlace.opening(text, last.span.lowerBound) {
                    (word, start) = (open.word, last.span.lowerBound + open.length)
                    typed = String(decoding: text[start...], as: UTF8.self)
                    tokens.removeLast()
                }
            case .quotedName, .text, .symbol, .end: break
            }
        }
        self.tokens = tokens
        readFrames()
    }

    /// A `#` behind the last token begins a comment that the cursor stands in.
    private static func endsInComment(_ text: [UInt8], behind end: Int) -> Bool {
        guard end < text.count else { return false }
        let line = text[end...].lastIndex(of: 0x0A).map { $0 + 1 } ?? end
        let rest = String(decoding: text[line...], as: UTF8.self)
        return rest.contains("#") || rest.contains("＃")
    }

    private static func opening(_ text: [UInt8], _ at: Int) -> (word: Word, length: Int)? {
        let rest = text[at...]
        if rest.first == UInt8(ascii: "\"") { return (.text(closing: "\""), 1) }
        if rest.first == UInt8(ascii: "`") { return (.quotedName, 1) }
        if rest.starts(with: "“".utf8) || rest.starts(with: "”".utf8) { return (.text(closing: "”"), 3) }
        if rest.starts(with: "＂".utf8) { return (.text(closing: "＂"), 3) }
        if rest.starts(with: "·".utf8) { return (.quotedName, 2) }
        return nil
    }

    private mutating func readFrames() {
        var open = [Frame(kind: .root, first: 0)]
        for (index, token) in tokens.enumerated() {
            switch token.kind {
            case .symbol(.openRound):
                open[open.count - 1].flat.append(token)
                open.append(Frame(kind: bracket(at: index, in: open[open.count - 1]), first: index + 1))
            case .symbol(.openSquare):
                open[open.count - 1].flat.append(token)
                open.append(Frame(kind: .list, first: index + 1))
            case .symbol(.closeRound), .symbol(.closeSquare):
                if open.count > 1 { open.removeLast() }
                open[open.count - 1].flat.append(token)
            case .symbol(.pipe):
                // A stage inside a bracket that holds none: somebody forgot to close it.
                while open.count > 1, !open[open.count - 1].isQuery { open.removeLast() }
                open[open.count - 1].pipe = index
                open[open.count - 1].flat = []
            case .symbol(.semicolon):
                open = [Frame(kind: .root, first: index + 1)]
            case .symbol, .word, .quotedName, .text, .literal, .invalid, .end: open[open.count - 1].flat.append(token)
            }
        }
        frames = open
    }

    private func bracket(at index: Int, in frame: Frame) -> Bracket {
        if index + 1 < tokens.count ? tokens[index + 1].isWord("from") : false { return .query }
        guard index > 0, tokens[index - 1].isName, frame.flat.count >= 2 else { return .group }
        let name = tokens[index - 1]
        // The stage's own word is no function, unless it is a verb, which has its brackets.
        let isFirst = frame.flat.count == 2
        if isFirst, frame.pipe != nil || frame.isQuery, Parser.stageWords.contains(name.text) { return .group }
        if ["over", "with", "like", "div", "mod", "key", "types", "names", "on"].contains(name.text) { return .group }
        return .call(name.text)
    }

    // MARK: looking back

    var top: Frame { frames[frames.count - 1] }

    /// The bracket with the pipe that the cursor stands in, and those inside it.
    var owner: Int { frames.lastIndex { $0.isQuery } ?? 0 }

    /// The names before a point at the end of the tokens: `customer.` and `a.b.`; empty where no point stands there.
    static func path(before tokens: [Token]) -> [String] {
        var path: [String] = []
        var at = tokens.count - 1
        while at >= 1, tokens[at].isSymbol(.dot), tokens[at - 1].isName {
            path.insert(tokens[at - 1].text, at: 0)
            at -= 2
        }
        return path
    }

    /// The names of a whole path at the end of the tokens: `city`, `customer.city`.
    static func pathAtEnd(of tokens: [Token]) -> [String] {
        guard let last = tokens.last, last.isName else { return [] }
        return path(before: Array(tokens.dropLast())) + [last.text]
    }
}

extension Token {
    /// Something that an operator could follow.
    var endsOperand: Bool {
        switch kind {
        case .quotedName, .text, .literal: true
        case .symbol(.closeRound), .symbol(.closeSquare): true
        case .word: isReserved ? ["null", "true", "false"].contains(text) : !Token.wantsMore.contains(text)
        case .symbol, .invalid, .end: false
        }
    }

    private static let wantsMore: Set<String> = [
        "like", "div", "mod", "over", "on", "with", "seed", "as", "last", "next", "this", "previous",
    ]
}
