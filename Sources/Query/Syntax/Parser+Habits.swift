/// What people bring from other languages, met with the form of this one.
extension Parser {
    /// A form of this language for a word met where it has no meaning.
    func habitHint(_ token: Token) -> String? {
        guard token.kind == .word else { return nil }
        switch token.text.lowercased() {
        case "as": return "a name stands in front with a colon: n: count()"
        case "group": return "groups are part of `summarize`: summarize n: count() by city"
        case "order": return "write the stage `| sort amount desc`"
        case "having": return "write `| where …` behind `summarize`"
        case "limit", "head", "fetch": return "write the stage `| take 10`"
        case "offset": return "rows 11 to 15 are `| take 5 from 11`"
        case "between": return "write `x in a..b`, both ends in"
        case "over", "partition": return "a window is `f(x) per key by order`"
        case "case", "when": return "write `if a then b else if c then d else e`"
        case "join", "inner", "left": return "write the stage `| join t on a = b`"
        case "union": return "write the stage `| union t`"
        case "select": return "a query starts with its table: from t | select a, b"
        case "ilike": return "write lower(x) like \"a%\""
        default: break
        }
        switch token.text {
        case "where": return Parser.stageWords.contains("where") ? "a stage begins with `|`: | where …" : nil
        case "by":
            return "in `summarize`, `top` and `pivot`, `by` stands behind the last item; a window by several keys has brackets: by (a, b)"
        default: return nil
        }
    }

    private static let stageHabits: [String: String] = [
        "filter": "where …", "having": "where …", "extend": "derive x: …", "mutate": "derive x: …", "assign": "derive x: …",
        "let": "derive x: …",
        "project": "select a, b", "keep": "select a, b", "group": "summarize n: count() by city", "groupby": "summarize n: count() by city",
        "group_by": "summarize n: count() by city", "aggregate": "summarize n: count() by city", "agg": "summarize n: count() by city",
        "count": "summarize count()", "order": "sort amount desc", "orderby": "sort amount desc", "order_by": "sort amount desc",
        "arrange": "sort amount desc", "sort_by": "sort amount desc", "limit": "take 10", "head": "take 10", "first": "take 10",
        "offset": "take 5 from 11", "tail": "sort … desc | take 10", "unique": "distinct a", "dedup": "distinct a",
        "lookup": "join t on a = b",
        "left": "join t on a = b", "inner": "join t on a = b", "merge": "join t on a = b", "concat": "union t", "append": "union t",
        "plot": "bar sum(amount) by month", "chart": "bar sum(amount) by month", "export": "to \"file.csv\"", "save": "to \"file.csv\"",
        "write": "to \"file.csv\"", "into": "to \"file.csv\"", "describe": "profile", "summarise": "summarize n: count() by city",
        "set": "derive x: …", "from": "join t, or | union t",
    ]

    mutating func stageExpected() -> QueryError {
        if at(.pipe) { return failure("a stage is missing between two `|`") }
        if atEnd { return failure("a stage is missing behind `|`", hint: "stages: \(Parser.stageWords.joined(separator: ", "))") }
        return expected("a stage")
    }

    func unknownStage(_ word: Token) -> QueryError {
        if let form = Parser.stageHabits[word.text.lowercased()] {
            return failure("there is no stage `\(word.text)`", at: word, hint: "write `| \(form)`")
        }
        let near = nearestName(to: word.text, among: Parser.stageWords)
        return failure(
            "there is no stage `\(word.text)`", at: word,
            hint: near.map { "did you mean `\($0)`?" }
                ?? "stages: \(Parser.stageWords.joined(separator: ", ")); a verb has brackets: \(word.text)(…)")
    }

    /// Something stands behind a source or a stage that belongs to neither.
    mutating func unexpectedBehind(_ source: Source, _ stages: [Stage]) -> QueryError {
        let word = token
        if case .invalid = word.kind { return failure("") }
        let before = stages.last.map { "the stage `\($0.keyword.text)`" } ?? "the source"
        if word.isSymbol(.closeRound) || word.isSymbol(.closeSquare) { return failure("this `\(word.text)` was never opened") }
        if word.kind == .word, word.text == "as" {
            return failure("expected `|`, found `as`", hint: stages.isEmpty ? "a table has no other name here" : habitHint(word))
        }
        if word.kind == .word {
            if word.text == "where" || Parser.stageWords.contains(word.text),
                peek().kind != .end || word.text == "profile" || word.text == "distinct"
            {
                return failure("a stage begins with `|`", hint: "write `| \(word.text) …`")
            }
            let next = peek().text.lowercased()
            if next == "by" || next == "join" || !word.isReserved, let form = Parser.stageHabits[word.text.lowercased()] {
                return failure("there is no `\(word.text)` behind \(before)", hint: "write `| \(form)`")
            }
            if let hint = habitHint(word) { return expected("`|` or the end behind \(before)", hint: hint) }
        }
        if word.isSymbol(.comma), stages.isEmpty {
            return failure("a query has one source", hint: "from a | join b on key, or from a | union b")
        }
        if let last = stages.last, word.isName || word.kind == .literal(.null) || isValueStart(word), let hint = missingBracket(last, word)
        {
            return expected("`|` or the end behind \(before)", hint: hint)
        }
        return expected("`|` or the end behind \(before)")
    }

    private func isValueStart(_ token: Token) -> Bool {
        switch token.kind {
        case .literal, .text, .quotedName, .word: true
        case .symbol, .invalid, .end: false
        }
    }

    /// `sum amount`: two names side by side.
    private func missingBracket(_ stage: Stage, _ word: Token) -> String? {
        guard index > 0 else { return nil }
        let before = tokens[index - 1]
        guard before.isName, before.kind == .word, word.isName else { return nil }
        if before.text == "last" || before.text == "next" { return "`\(before.text)` takes a duration: \(before.text) 90d" }
        if ["amount", "n"].contains(before.text) { return nil }
        return "a function has brackets: \(before.text)(\(word.text)); names are separated by commas"
    }

    /// `select a, b from t where …`
    mutating func selectHabit() -> QueryError {
        let start = token
        var columns: [String] = []
        var table: String?
        var depth = 0
        var itemStart = peek().span.lowerBound
        var at = index + 1
        while at < tokens.count, tokens[at].kind != .end {
            let token = tokens[at]
            if token.isSymbol(.openRound) { depth += 1 }
            if token.isSymbol(.closeRound) { depth -= 1 }
            if depth == 0, token.isSymbol(.comma) || token.isWord("from") {
                let end = max(itemStart, tokens[at - 1].span.upperBound)
                columns.append(text(of: itemStart..<end))
                if token.isWord("from") {
                    if at + 1 < tokens.count, tokens[at + 1].isName { table = tokens[at + 1].text }
                    break
                }
                itemStart = at + 1 < tokens.count ? tokens[at + 1].span.lowerBound : end
            }
            at += 1
        }
        let list = columns.joined(separator: ", ")
        let plain = list == "*" || list.isEmpty || columns.contains { $0.contains("(") || $0.contains(" ") }
        return failure(
            "a query starts with its table", at: start,
            hint: "write `from \(table ?? "t")\(list == "*" ? "" : plain ? " | select a, b" : " | select \(list)")`")
    }

    /// A statement that starts with none of the statements' words.
    mutating func statementExpected() -> QueryError {
        let word = token
        guard word.kind == .word || word.kind == .quotedName else {
            return expected("a statement", hint: "a query starts with its table: from t | …")
        }
        let next = peek()
        switch word.kind == .word ? word.text.lowercased() : "" {
        case "select": return selectHabit()
        case "with":
            return failure(
                "there is no `with`", hint: "a part of a query has a name by `let`, or stands in brackets: from (from t | …) | …")
        case "insert": return failure("there is no `insert`", hint: "append t from (from other | …), or append t from \"file.csv\"")
        case "update":
            return failure(
                "there is no `update`", hint: "upsert t from (from t | where … | derive a: …): rows replace those with their key")
        case "alter":
            return failure("there is no `alter`", hint: "rename column t.a to b; a new column: replace t from (from t | derive x: …)")
        case "truncate": return failure("there is no `truncate`", hint: "delete t where true")
        case "merge": return failure("there is no `merge`", hint: "upsert t from (from other | …)")
        case "copy", "import", "read": return failure("there is no `\(word.text)`", hint: "load t from \"file.csv\"")
        case "show": return failure("`show` is a source", hint: "from show(segments); the tables are listed by `tables`")
        case "desc": return failure("there is no statement `desc`", hint: "describe t")
        case "begin", "commit", "rollback":
            return failure("there is no `\(word.text)`", hint: "every statement commits by itself, whole or not at all")
        case "set": return failure("there is no `set`", hint: "let x = 1; it is read as @x")
        default: break
        }
        if Parser.stageWords.contains(word.text) {
            return failure("`\(word.text)` is a stage, not a statement", hint: "from t | \(word.text) …")
        }
        if next.isSymbol(.pipe) || next.kind == .end || next.isSymbol(.semicolon), word.isName {
            if let near = nearestName(to: word.text, among: ["tables", "snapshots", "vacuum", "optimize"]), next.kind == .end,
                near != word.text
            {
                return failure(
                    "there is no statement `\(word.text)`", hint: "did you mean `\(near)`? A table is read by `from \(word.text)`")
            }
            return failure("a query starts with `from`", hint: "write `from \(word.text)`")
        }
        if next.isSymbol(.equal), word.isName { return failure("a definition starts with its word", hint: "let \(word.text) = …") }
        let near = nearestName(to: word.text, among: Parser.statementWords)
        return failure(
            "there is no statement `\(word.text)`", at: word,
            hint: near.map { "did you mean `\($0)`?" } ?? "a query starts with its table: from t | …")
    }

    /// Something stands behind a whole statement.
    mutating func trailing(_ kind: Statement.Kind) -> QueryError {
        if at(.closeRound) || at(.closeSquare) { return failure("this `\(token.text)` was never opened") }
        if at(.pipe) { return failure("only a query has stages", hint: "a statement in front of `|` starts with `from`") }
        return expected("the end of the statement", hint: habitHint(token))
    }

    /// In a stage's list `=` would compare where a name was meant.
    func checkNaming(_ value: Expression, stage: String) throws(QueryError) {
        if at(word: "as") {
            let name = peek().isName ? peek().text : "x"
            throw failure("`as` names nothing here", hint: "a name stands in front with a colon: \(name): \(text(of: value.span))")
        }
        guard case .binary(.equal, let left, let right) = value.kind, case .path(let names) = left.kind, names.count == 1 else { return }
        guard stage != "distinct", text(of: value.span).first != "(" else { return }
        throw failure(
            "`=` compares; a column is named with `:`", at: value.span,
            hint: "\(names[0].text): \(text(of: right.span)); if the comparison is meant, name it: x: \(text(of: value.span))")
    }
}
