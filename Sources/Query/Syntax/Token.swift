/// One word, sign or literal of the text, with its place.
struct Token {
    enum Kind: Equatable {
        /// A bare word, reserved or not; `text` holds it.
        case word
        /// A name in backticks; never a keyword.
        case quotedName
        /// A text in double quotes; `text` holds its value.
        case text
        case literal(Literal)
        case symbol(Symbol)
        /// Something that cannot be read: an index into the lexer's errors. The parser throws it when it gets there, so that an earlier
        /// mistake is told first.
        case invalid(Int)
        case end
    }

    var kind: Kind
    var text: String
    var span: SourceSpan
    /// Whether anything (space, comment, line end) stands between this token and the one before.
    var spaceBefore: Bool

    func isWord(_ word: String) -> Bool { kind == .word && text == word }
    func isSymbol(_ symbol: Symbol) -> Bool { kind == .symbol(symbol) }

    /// Words that are never a name, wherever they stand, unless in backticks.
    static let reserved: Set<String> = [
        "and", "or", "not", "in", "is", "null", "true", "false", "from", "where", "by", "per", "if", "then", "else",
    ]

    var isReserved: Bool { kind == .word && Token.reserved.contains(text) }
    /// A word that may stand for a column, a table or a function.
    var isName: Bool { kind == .quotedName || (kind == .word && !Token.reserved.contains(text)) }
}

enum Symbol: String {
    case openRound = "("
    case closeRound = ")"
    case openSquare = "["
    case closeSquare = "]"
    case comma = ","
    case colon = ":"
    case semicolon = ";"
    case pipe = "|"
    case dot = "."
    case range = ".."
    case plus = "+"
    case minus = "-"
    case star = "*"
    case slash = "/"
    case equal = "="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case at = "@"
}

/// The language's words, for help and completion. Functions and aggregates are the catalogue's.
public enum SyntaxWords {
    /// Never a name, wherever they stand.
    public static var reserved: [String] { Token.reserved.sorted() }
    /// First words of a statement.
    public static var statements: [String] { Parser.statementWords }
    /// First words of a stage.
    public static var stages: [String] { Parser.stageWords }
    /// Options behind the file of a `load`.
    public static var importOptions: [String] { Parser.importWords }
    /// This language's form of another one's function, as `coalesce(a, b)` for `nvl`; nil for a word without one.
    static func form(ofForeignFunction word: String) -> String? { Parser.functionHabits[word.lowercased()] }
    /// This language's form of another one's stage, as `where …` for `filter`; nil for a word without one.
    public static func form(ofForeignStage word: String) -> String? { Parser.stageHabits[word.lowercased()] }
}
