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
        case "rlike", "regexp", "matches", "similar", "glob":
            return "a regular expression is tested by a function, a simple pattern by like \"a%\""
        case "contains", "has", "includes": return "write contains(x, \"a\")"
        case "startswith", "starts_with", "endswith", "ends_with": return "write starts_with(x, \"a\"), or like \"a%\""
        case "exists": return "exists(complaints where closed is null) is a function"
        default: break
        }
        let small = token.text.lowercased()
        if small != token.text, Token.reserved.contains(small) || ["like", "div", "mod", "desc", "asc"].contains(small) {
            return "keywords are written small: `\(small)`"
        }
        switch token.text {
        case "where": return "a stage begins with `|`: | where …"
        case "by":
            return "in `summarize`, `top` and `pivot`, `by` stands behind the last item; a window by several keys has brackets: by (a, b)"
        default: return nil
        }
    }

    /// Stages of other languages; `…` stands for what was written behind the word.
    static let stageHabits: [String: String] = [
        "filter": "where …", "having": "where …", "extend": "derive x: a + b", "mutate": "derive x: a + b", "assign": "derive x: a + b",
        "let": "derive x: a + b", "set": "derive x: a + b", "project": "select …", "keep": "select …", "group": "summarize n: count() by …",
        "groupby": "summarize n: count() by …", "group_by": "summarize n: count() by …", "aggregate": "summarize n: count() by city",
        "agg": "summarize n: count() by city", "summarise": "summarize …", "count": "summarize count()", "order": "sort …",
        "orderby": "sort …",
        "order_by": "sort …", "arrange": "sort …", "sort_by": "sort …", "limit": "take …", "head": "take …", "first": "take …",
        "fetch": "take 10", "offset": "take 5 from 11", "skip": "take 5 from 11", "tail": "sort amount desc | take 10",
        "unique": "distinct …",
        "dedup": "distinct …", "lookup": "join t on a = b", "left": "join t on a = b", "inner": "join t on a = b",
        "merge": "join t on a = b",
        "concat": "union t", "append": "union t", "plot": "bar sum(amount) by month", "chart": "bar sum(amount) by month",
        "export": "to \"file.csv\"", "save": "to \"file.csv\"", "write": "to \"file.csv\"", "into": "to \"file.csv\"",
        "describe": "profile",
        "from": "join t on a = b",
    ]

    /// What other languages call a function, and its form here.
    static let functionHabits: [String: String] = [
        "nvl": "coalesce(a, b)", "ifnull": "coalesce(a, b)", "isnull": "x is null", "nullif": "null_if(a, b)", "iif": "if a then b else c",
        "decode": "if a then b else c", "len": "length(text)", "char_length": "length(text)", "substr": "substring(text, from, length)",
        "mid": "substring(text, from, length)", "instr": "position(text, part)", "strpos": "position(text, part)",
        "date_trunc": "month(date)", "trunc_date": "month(date)", "to_char": "text(x)", "to_date": "date(text)",
        "to_number": "decimal(text, scale)",
        "getdate": "today", "current_date": "today", "sysdate": "today", "curdate": "today", "today": "today", "now": "now",
        "datediff": "days_between(from, to)", "date_diff": "days_between(from, to)", "dateadd": "date + 30d", "date_add": "date + 30d",
        "count_distinct": "distinct(x)", "countif": "count(where a > 5)", "count_if": "count(where a > 5)", "sumif": "sum(x where a > 5)",
        "sum_if": "sum(x where a > 5)", "mean": "avg(x)", "average": "avg(x)", "stdev": "stddev(x)", "percentile": "quantile(x, 0.9)",
        "percentile_cont": "quantile(x, 0.9)", "ntile": "score(x, k)", "dense_rank": "rank() by x", "first_value": "first(x by date)",
        "last_value": "last(x by date)", "string_agg": "list(x, n)", "group_concat": "list(x, n)", "cast": "int(x)", "convert": "int(x)",
        "ceiling": "ceil(x)", "mod": "a mod b", "pow": "power(x, y)", "dayofweek": "weekday(date)", "isoweek": "week(date)",
    ]

    /// This language's form of a stage written at a token, with its own words where they fit.
    private func stageForm(_ at: Int) -> String? {
        guard let form = Parser.stageHabits[tokens[at].text.lowercased()] else { return nil }
        guard form.hasSuffix("…") else { return form }
        var start = at + 1
        if start < tokens.count, tokens[start].isWord("by") || tokens[start].isWord("BY") { start += 1 }
        let words = plainWords(start..<restEnd(from: start))
        let examples = ["where …": "a > 5", "take …": "10", "sort …": "amount desc", "select …": "a, b", "distinct …": "a"]
        let isUsable = !words.isEmpty && words.utf8.count <= 80
        return form.dropLast() + (isUsable ? words : examples[form] ?? "city")
    }

    /// Where the stage that goes on at a token ends.
    private func restEnd(from start: Int) -> Int {
        var at = start
        var depth = 0
        while at < tokens.count, tokens[at].kind != .end, !tokens[at].isSymbol(.pipe), !tokens[at].isSymbol(.semicolon) {
            if tokens[at].isSymbol(.openRound) { depth += 1 }
            if tokens[at].isSymbol(.closeRound) {
                if depth == 0 { break }
                depth -= 1
            }
            if depth == 0, at > start, Parser.clauseWords.contains(tokens[at].text.lowercased()), tokens[at].kind == .word { break }
            at += 1
        }
        return at
    }

    private static let clauseWords: Set<String> = ["group", "order", "having", "limit", "offset"]

    func stageExpected() -> QueryError {
        if at(.pipe) { return failure("a stage is missing between two `|`") }
        if atEnd { return failure("a stage is missing behind `|`", hint: "stages: \(Parser.stageWords.joined(separator: ", "))") }
        return expected("a stage")
    }

    func unknownStage(_ word: Token) -> QueryError {
        if let form = stageForm(index - 1) {
            return failure("there is no stage `\(word.text)`", at: word, hint: "write `| \(form)`")
        }
        let near = nearestName(to: word.text, among: Parser.stageWords)
        return failure(
            "there is no stage `\(word.text)`", at: word,
            hint: near.map { "did you mean `\($0)`?" }
                ?? "stages: \(Parser.stageWords.joined(separator: ", ")); a verb has brackets: \(word.text)(…)")
    }

    /// Something stands behind a source or a stage that belongs to neither.
    func unexpectedBehind(_ source: Source, _ stages: [Stage]) -> QueryError {
        let word = token
        if case .invalid = word.kind { return failure("") }
        let before = stages.last.map { "the stage `\($0.keyword.text)`" } ?? "the source"
        if word.isSymbol(.closeRound) || word.isSymbol(.closeSquare) { return failure("this `\(word.text)` was never opened") }
        if word.kind == .word, let habit = wordBehind(word, source, stages, before) { return habit }
        if word.isSymbol(.comma), stages.isEmpty {
            return failure("a query has one source", hint: "from a | join b on key, or from a | union b")
        }
        if word.isSymbol(.dot), stages.isEmpty, case .table = source.kind {
            return failure("a table's name has no point", hint: "a file stands in quotes: from \(Printer.quote(fileName(from: index - 1)))")
        }
        let what = "`|` or the end behind \(before)"
        let isDouble = peek().span.lowerBound == word.span.upperBound
        if isDouble, word.isSymbol(.minus) && peek().isSymbol(.minus) || word.isSymbol(.slash) && peek().isSymbol(.star) {
            return expected(what, hint: "a comment starts with `#` and goes on to the line's end")
        }
        guard index > 0, let last = stages.last else { return expected(what) }
        let previous = tokens[index - 1]
        if case .literal = previous.kind, text(of: previous.span).last == "%" {
            return expected(what, hint: "the remainder of a division is `a mod b`")
        }
        if case .literal(let literal) = previous.kind, literal.isNumber, let hint = behindNumber(word) { return expected(what, hint: hint) }
        return expected(what, hint: missingSign(last, previous, word))
    }

    /// `1,000` and `1 year`.
    private func behindNumber(_ word: Token) -> String? {
        if word.isSymbol(.comma), case .literal(let next) = peek().kind, next.isNumber, peek().span.lowerBound == word.span.upperBound {
            return "digits are grouped by `_`: 1_000; the point stands before the fraction: 1.5"
        }
        let units = ["second": "s", "minute": "min", "hour": "h", "day": "d", "week": "w", "month": "mo", "quarter": "q", "year": "y"]
        let singular = word.text.hasSuffix("s") ? String(word.text.dropLast()) : word.text
        guard word.kind == .word, let unit = units[singular.lowercased()] else { return nil }
        return "a length of time is written in one: \(tokens[index - 1].text)\(unit)"
    }

    private func wordBehind(_ word: Token, _ source: Source, _ stages: [Stage], _ before: String) -> QueryError? {
        if word.text.lowercased() == "as" {
            return failure("expected `|`, found `\(word.text)`", hint: stages.isEmpty ? "a table has no other name here" : habitHint(word))
        }
        if word.text == "from", let last = stages.last, last.keyword.text == "select" {
            return failure("the table stands in front", hint: "from \(peek().isName ? peek().text : "t") | \(words(of: last.span))")
        }
        if word.text == "where", let last = stages.last, last.keyword.text == "summarize" || last.keyword.text == "derive" {
            return failure(
                "a stage begins with `|`",
                hint: "for one aggregate the condition stands in its brackets: sum(x where …); for all rows in a stage before: | where …")
        }
        let isLonely = word.text == "profile" || word.text == "distinct" || peek().isSymbol(.pipe)
        if Parser.stageWords.contains(word.text), peek().kind != .end || isLonely {
            let rest = plainWords((index + 1)..<restEnd(from: index + 1))
            return failure(
                "a stage begins with `|`", hint: "write `| \(word.text)\(rest.isEmpty ? "" : rest.utf8.count > 80 ? " …" : " " + rest)`")
        }
        let next = peek().text.lowercased()
        if next == "by" || next == "join" || !word.isReserved, let form = stageForm(index) {
            return failure("there is no `\(word.text)` behind \(before)", hint: "write `| \(form)`")
        }
        if let hint = habitHint(word) { return expected("`|` or the end behind \(before)", hint: hint) }
        return nil
    }

    /// Two values side by side: an operator, a comma or a bracket is missing.
    private func missingSign(_ stage: Stage, _ previous: Token, _ word: Token) -> String? {
        switch stage.kind {
        case .where, .assert:
            if word.isSymbol(.colon) { return "`:` names a column; `=` compares" }
            if word.isWord("not"), peek().isWord("null") { return "write `is not null`" }
            if word.isSymbol(.comma) { return "conditions are joined by `and`; a list stands in square brackets: in [1, 2]" }
            return word.kind == .word || word.kind == .quotedName || word.isSymbol(.openRound)
                ? "conditions are joined by `and` or `or`" : nil
        case .sort:
            return previous.isWord("desc") || previous.isWord("asc") ? "the column comes first: sort \(word.text) \(previous.text)" : nil
        case .derive, .select, .summarize, .pivot, .chart, .top:
            guard previous.kind == .word, previous.isName, word.isName else { return nil }
            if previous.isWord("distinct"), stage.keyword.text == "select" {
                return "different rows are a stage of their own: | distinct \(word.text)"
            }
            return "a function has brackets: \(previous.text)(\(word.text)); names are separated by commas"
        case .drop, .rename, .distinct: return word.isName ? "names are separated by commas" : nil
        case .take, .expand, .unfold, .join, .union, .fill, .sample, .profile, .to, .verb: return nil
        }
    }

    /// The words of a file's name that was written without quotes.
    func fileName(from start: Int) -> String {
        var end = start + 1
        while end < tokens.count, !tokens[end].spaceBefore, tokens[end].kind != .end, !tokens[end].isSymbol(.semicolon),
            !tokens[end].isSymbol(.pipe)
        { end += 1 }
        return text(of: tokens[start].span.lowerBound..<tokens[end - 1].span.upperBound)
    }

    /// A statement that starts with none of the statements' words.
    func statementExpected() -> QueryError {
        let word = token
        guard word.kind == .word || word.kind == .quotedName else {
            let isComment = (at(.minus) && peek().isSymbol(.minus)) || (at(.slash) && (peek().isSymbol(.slash) || peek().isSymbol(.star)))
            if isComment, !peek().spaceBefore { return commentHabit(word, word.text + peek().text) }
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
            return failure("a query starts with `from`", hint: "write `from \(word.text)\(next.isSymbol(.pipe) ? " | …" : "")`")
        }
        if next.isSymbol(.equal), word.isName {
            return failure("a definition starts with its word", hint: "let \(plainWords(index..<restEnd(from: index)))")
        }
        let near = nearestName(to: word.text, among: Parser.statementWords)
        return failure(
            "there is no statement `\(word.text)`", at: word,
            hint: near.map { "did you mean `\($0)`?" } ?? "a query starts with its table: from t | …")
    }

    /// Something stands behind a whole statement.
    func trailing(_ kind: Statement.Kind) -> QueryError {
        if at(.closeRound) || at(.closeSquare) { return failure("this `\(token.text)` was never opened") }
        if at(.pipe) { return failure("only a query has stages", hint: "a statement in front of `|` starts with `from`") }
        return expected("the end of the statement", hint: habitHint(token))
    }

    /// In a stage's list `=` would compare where a name was meant.
    func checkNaming(_ value: Expression, stage: String) throws(QueryError) {
        if at(word: "as") {
            let name = peek().isName ? peek().text : "x"
            throw failure("`as` names nothing here", hint: "a name stands in front with a colon: \(name): \(words(of: value.span))")
        }
        guard case .binary(.equal, let left, let right) = value.kind, case .path(let names) = left.kind, names.count == 1 else { return }
        guard stage != "distinct", text(of: value.span).first != "(" else { return }
        throw failure(
            "`=` compares; a column is named with `:`", at: value.span,
            hint: "\(names[0].text): \(words(of: right.span)); if the comparison is meant, name it: x: \(words(of: value.span))")
    }
}

extension Literal {
    /// A plain number, as opposed to a text, a point in time or a length.
    fileprivate var isNumber: Bool {
        switch self {
        case .integer, .decimal, .float: true
        case .null, .bool, .text, .date, .timestamp, .span, .duration, .months: false
        }
    }
}
