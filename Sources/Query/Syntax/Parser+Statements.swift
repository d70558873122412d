extension Statement {
    /// The one statement of a text; nil where it holds nothing but space and comments.
    public static func parse(_ source: SourceText) throws(QueryError) -> Statement? { try parse(source.text) }

    static func parse(_ text: String) throws(QueryError) -> Statement? {
        var parser = Parser(text)
        if parser.token.kind == .end { return nil }
        return try parser.wholeStatement()
    }
}

extension Expression {
    /// One expression that fills the whole text: the value of a `--param`, a condition given by a program.
    public static func parse(_ text: String) throws(QueryError) -> Expression {
        var parser = Parser(text)
        let expression = try parser.expression()
        guard parser.token.kind == .end else { throw parser.expected("the end of the expression") }
        return expression
    }
}

extension Parser {
    static let statementWords =
        [
            "from", "explain", "load", "append", "replace", "upsert", "delete", "create", "drop", "rename", "optimize", "vacuum",
            "snapshots",
            "tables", "describe", "as", "link", "report",
        ] + vocabularyWords

    mutating func wholeStatement() throws(QueryError) -> Statement {
        let start = token.span.lowerBound
        let kind = try statement()
        let end = span(from: start)
        guard atEnd else { throw trailing(kind) }
        if accept(.semicolon), token.kind != .end {
            throw at(.semicolon) ? failure("one `;` ends a statement") : expected("the end of the statement")
        }
        return Statement(kind: kind, span: end)
    }

    private mutating func statement() throws(QueryError) -> Statement.Kind {
        let start = token
        if at(.semicolon) { throw failure("no statement stands before this `;`", hint: "one `;` ends a statement") }
        if at(.pipe) { return .query(try continuation()) }
        if at(.openRound), peek().isWord("from") { throw failure("a statement starts with `from`", hint: "from (from t | …) | …") }
        guard start.kind == .word else { throw statementExpected() }
        switch start.text {
        case "from": return .query(try query())
        case "explain":
            advance()
            let analyze = accept(word: "analyze")
            if at(word: "select") { throw selectHabit() }
            if token.kind == .word, Parser.statementWords.contains(token.text), token.text != "from" {
                throw failure("only a query is explained", hint: "explain from t | …")
            }
            return .explain(at(.pipe) ? try continuation() : try query(), analyze: analyze)
        case "load": return try load(.load)
        case "append": return try load(.append)
        case "replace": return try load(.replace)
        case "upsert": return try load(.upsert)
        case "delete": return try delete()
        case "create": return try create()
        case "drop":
            advance()
            if at(word: "link") { return try dropLink() }
            if let definition = try dropDefinition() { return definition }
            guard accept(word: "table") else {
                throw expected(
                    "`table`", hint: "drop table t, drop segment s; columns of an answer are dropped by a stage: from t | drop a")
            }
            return .dropTable(try name("a table"))
        case "rename": return try rename()
        case "optimize":
            advance()
            return .optimize(atEnd ? nil : try name("a table"))
        case "vacuum":
            advance()
            return .vacuum
        case "snapshots":
            advance()
            return .snapshots
        case "tables":
            advance()
            return .tables
        case "describe":
            advance()
            return .describe(try name("a table"))
        case "link": return try link()
        case "as": return try asOf()
        // Alone, or with a dot or bracket behind it, the word is more likely a forgotten `from`.
        case "report" where peek().kind == .text || peek().isWord("end"): return try report()
        default:
            if let statement = try vocabulary() { return statement }
            throw statementExpected()
        }
    }

    private mutating func report() throws(QueryError) -> Statement.Kind {
        advance()
        if accept(word: "end") { return .report(nil) }
        let span = token.span
        let path = try string("a file's name in quotes")
        return .report(ReportHead(path: path, pathSpan: span, title: token.kind == .text ? try string("a title in quotes") : nil))
    }

    // MARK: data

    private mutating func load(_ mode: Statement.LoadMode) throws(QueryError) -> Statement.Kind {
        advance()
        if at(word: "into") || at(word: "table") {
            throw failure("`\(mode.rawValue)` names its table at once", hint: "\(mode.rawValue) t from \"file.csv\"")
        }
        let table = try name("a table")
        guard accept(word: "from") else {
            let file = token.kind == .text ? Printer.quote(token.text) : "\"file.csv\""
            throw expected("`from`", hint: "\(mode.rawValue) \(table.text) from \(file)")
        }
        if at(.openRound) {
            let query = try bracketedQuery()
            return .store(mode, table: table, query, try importClause())
        }
        if token.isName {
            throw expected("a file in quotes or a query in brackets", hint: sourceHint(mode, table))
        }
        if at(word: "from") {
            throw expected("a file in quotes or a query in brackets", hint: "\(mode.rawValue) \(table.text) from (from …)")
        }
        var paths = [try string("a file in quotes or a query in brackets")]
        while at(.comma), peek().kind == .text {
            advance()
            paths.append(try string("a file in quotes"))
        }
        return .load(mode, table: table, paths: paths, try importClause())
    }

    private func sourceHint(_ mode: Statement.LoadMode, _ table: Name) -> String {
        let file = fileName(from: index)
        let source = file == token.text ? "(from \(file))" : Printer.quote(file)
        return "\(mode.rawValue) \(table.text) from \(source)"
    }

    private mutating func delete() throws(QueryError) -> Statement.Kind {
        advance()
        _ = accept(word: "from")
        let table = try name("a table")
        guard accept(word: "where") else {
            throw expected(
                "`where`", hint: "delete \(table.text) where …; all rows: where true; the table itself: drop table \(table.text)")
        }
        return .delete(table: table, try expression())
    }

    private mutating func create() throws(QueryError) -> Statement.Kind {
        advance()
        guard accept(word: "table") else {
            throw expected(
                "`table`", hint: at(word: "view") ? "a saved query is `query name = from …`" : "create table t (a: int, b: text) key a")
        }
        let table = try name("a table")
        let columns = try columnDefinitions()
        var key: [Name] = []
        var time: Name?
        while at(word: "key") || at(word: "time") {
            let word = token
            advance()
            _ = accept(.colon)
            if word.text == "key" {
                guard key.isEmpty else { throw failure("`key` is given twice", at: word) }
                key = try names("a key column")
            } else {
                guard time == nil else { throw failure("`time` is given twice", at: word) }
                time = try name("the time column")
            }
        }
        return .createTable(table, columns, key: key, time: time)
    }

    private mutating func rename() throws(QueryError) -> Statement.Kind {
        advance()
        if let definition = try renameDefinition() { return definition }
        let form = "rename table a to b, rename column t.a to b, or rename segment a to b"
        if accept(word: "table") {
            let old = try name("a table")
            guard accept(word: "to") else { throw expected("`to`", hint: form) }
            return .renameTable(old, to: try name("the new name"))
        }
        guard accept(word: "column") else { throw expected("`table`, `column` or a kind of definition", hint: form) }
        let table = try name("a table")
        guard accept(.dot) else { throw expected("`.` and the column", hint: form) }
        let column = try name("a column")
        guard accept(word: "to") else { throw expected("`to`", hint: form) }
        return .renameColumn(table: table, column: column, to: try name("the new name"))
    }

    private mutating func asOf() throws(QueryError) -> Statement.Kind {
        advance()
        guard accept(word: "of") else { throw expected("`of`", hint: "as of 2026-09-30") }
        return .asOf(try expression(.range))
    }
}
