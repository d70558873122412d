import Storage

extension Parser {
    /// Words that may stand behind the file of a `load`.
    static let importWords = [
        "key", "time", "rejects", "null", "delimiter", "quote", "escape", "header", "skip", "encoding", "date_order", "date_layout",
        "format",
        "names", "types",
    ]

    /// `(delimiter: ";", header: false)` behind the file of a query.
    mutating func fileOptions() throws(QueryError) -> ImportClause {
        guard at(.openRound) else { return ImportClause() }
        let opening = token
        advance()
        return try inBrackets { parser throws(QueryError) in
            let clause = try parser.importClause()
            try parser.expectClosing(.closeRound, of: opening, "an option or `)`")
            return clause
        }
    }

    /// Everything behind the file, in any order; a colon behind an option's word and commas between options are welcome, not needed.
    mutating func importClause() throws(QueryError) -> ImportClause {
        var clause = ImportClause()
        while token.isName || at(word: "null") || at(.comma) {
            if at(.comma) {
                guard startsOption(peek(), peek(2)) else { break }
                advance()
            }
            try importOption(&clause)
        }
        return clause
    }

    private func startsOption(_ token: Token, _ next: Token) -> Bool {
        token.kind == .word && Parser.importWords.contains(token.text) || token.isName && next.isSymbol(.colon)
    }

    private mutating func importOption(_ clause: inout ImportClause) throws(QueryError) {
        let word = token
        let option = Name(text: word.text, span: word.span)
        advance()
        _ = accept(.colon)
        switch word.text {
        case "key":
            guard clause.key.isEmpty else { throw twice(word) }
            clause.key = try keyNames()
        case "time":
            guard clause.time == nil else { throw twice(word) }
            clause.time = try name("the time column")
        case "rejects":
            guard clause.rejects == nil else { throw twice(word) }
            clause.rejects = try string("the file for rejected rows, in quotes")
        default:
            if clause.options.contains(where: { $0.name.text == word.text }) { throw twice(word) }
            clause.options.append(try generalOption(option))
        }
    }

    /// `a, b` or `(a, b)`; a comma may also lead to the next option: `key a, time b`.
    private mutating func keyNames() throws(QueryError) -> [Name] {
        if at(.openRound) { return try names("a key column") }
        var names = [try name("a key column")]
        while at(.comma), !peek(2).isSymbol(.colon), !(startsOption(peek(), peek(2)) && (peek(2).isName || peek(2).kind == .text)) {
            advance()
            names.append(try name("a key column"))
        }
        return names
    }

    private func twice(_ word: Token) -> QueryError { failure("`\(word.text)` is given twice", at: word) }

    private mutating func generalOption(_ option: Name) throws(QueryError) -> ImportClause.Option {
        switch option.text {
        case "types": return ImportClause.Option(name: option, values: [], columns: try columnDefinitions())
        case "names":
            let columns = try names("a column").map { ColumnDefinition(name: $0, type: .text, span: $0.span) }
            return ImportClause.Option(name: option, values: [], columns: columns)
        default: break
        }
        guard Parser.importWords.contains(option.text) else {
            let near = nearestName(to: option.text, among: Parser.importWords)
            throw failure(
                "`\(option.text)` is not an option of a file", at: option.span,
                hint: near.map { "did you mean `\($0)`?" } ?? "options: \(Parser.importWords.joined(separator: ", "))")
        }
        var values = [try optionValue(option)]
        while at(.comma), !startsOption(peek(), peek(2)) {
            advance()
            values.append(try optionValue(option))
        }
        return ImportClause.Option(name: option, values: values, columns: [])
    }

    private mutating func optionValue(_ option: Name) throws(QueryError) -> Expression {
        if atEnd || at(.comma) || at(.closeRound) { throw expected("a value for `\(option.text)`") }
        return try expression(.sum)
    }

    // MARK: columns and types

    /// `(a: int, b: text)`; the colon may be missing.
    mutating func columnDefinitions() throws(QueryError) -> [ColumnDefinition] {
        guard at(.openRound) else { throw expected("`(`", hint: "columns and their types in brackets: (a: int, b: text)") }
        return try bracketed { parser throws(QueryError) in
            let column = try parser.name("a column")
            _ = parser.accept(.colon)
            let type = try parser.type()
            return ColumnDefinition(name: column, type: type, span: parser.span(from: column.span.lowerBound))
        }
    }

    static let plainTypes: [String: LogicalType] = [
        "bool": .bool, "int": .int, "float": .float, "text": .text, "date": .date, "timestamp": .timestamp, "week": .week, "month": .month,
        "quarter": .quarter, "year": .year, "duration": .duration,
    ]

    private static let foreignTypes: [String: String] = [
        "boolean": "bool", "integer": "int", "bigint": "int", "smallint": "int", "int64": "int", "long": "int", "double": "float",
        "real": "float", "float64": "float", "number": "decimal(2)", "numeric": "decimal(2)", "money": "decimal(2)", "string": "text",
        "varchar": "text", "char": "text", "str": "text", "datetime": "timestamp", "interval": "duration",
    ]

    mutating func type() throws(QueryError) -> LogicalType {
        let word = token
        let known = "types: bool, int, decimal(2), float, text, date, timestamp, week, month, quarter, year, duration"
        guard word.kind == .word, !word.isReserved else { throw expected("a type", hint: known) }
        if let type = Parser.plainTypes[word.text] {
            advance()
            return type
        }
        guard word.text == "decimal" else {
            if let plain = Parser.foreignTypes[word.text.lowercased()] {
                throw failure("there is no type `\(word.text)`", hint: "write `\(plain)`")
            }
            let near = nearestName(to: word.text, among: Parser.plainTypes.keys.sorted() + ["decimal"])
            throw failure("there is no type `\(word.text)`", hint: near.map { "did you mean `\($0)`?" } ?? known)
        }
        advance()
        guard at(.openRound) else { throw expected("`(` and the digits behind the point", hint: "decimal(2)") }
        let opening = token
        advance()
        guard case .literal(.integer(let scale)) = token.kind, (0...Int64(Decimals.maximumScale)).contains(scale) else {
            throw expected("the digits behind the point, 0 to \(Decimals.maximumScale)", hint: "decimal(2)")
        }
        advance()
        if at(.comma) {
            throw failure(
                "a decimal names only the digits behind the point", hint: "decimal(10, 2) is decimal(2): it holds 18 digits in all")
        }
        try expectClosing(.closeRound, of: opening, "`)`")
        return .decimal(scale: Int(scale))
    }
}
