extension Parser {
    static let stageWords = [
        "where", "derive", "select", "drop", "rename", "summarize", "sort", "take", "top", "distinct", "expand", "join", "union", "pivot",
        "fill", "sample", "profile", "assert", "to", "bar", "line", "histogram", "heatmap",
    ]

    // MARK: query and source

    /// `from SOURCE | stage | …`
    mutating func query() throws(QueryError) -> Query {
        let start = token.span.lowerBound
        guard accept(word: "from") else { throw expected("`from`", hint: "a query starts with its table: from t | …") }
        let source = try self.source()
        return try stages(behind: source, start: start)
    }

    /// A line that starts with `|`.
    mutating func continuation() throws(QueryError) -> Query {
        let start = token.span.lowerBound
        return try stages(behind: Source(kind: .previous, span: start..<start), start: start)
    }

    private mutating func stages(behind source: Source, start: Int) throws(QueryError) -> Query {
        var stages: [Stage] = []
        while accept(.pipe) { stages.append(try stage()) }
        guard atStageEnd else { throw unexpectedBehind(source, stages) }
        return Query(source: source, stages: stages, span: span(from: start))
    }

    mutating func source() throws(QueryError) -> Source {
        let start = token
        let kind: Source.Kind
        switch start.kind {
        case .text:
            let path = try string("a file")
            kind = .file(path, try fileOptions())
        case .symbol(.openRound): kind = .query(try bracketedQuery())
        case .word, .quotedName, .literal, .symbol, .invalid, .end: kind = try tableOrFunction()
        }
        return Source(kind: kind, span: span(from: start.span.lowerBound))
    }

    /// `(from … | …)`; stands on the bracket.
    mutating func bracketedQuery() throws(QueryError) -> Query {
        let opening = token
        try expect(.openRound)
        try enter(Parser.queryWeight)
        let owned = stageOwnsBy
        if at(word: "select") { throw selectHabit() }
        let query = try query()
        try expectClosing(.closeRound, of: opening, "`|` or `)`")
        stageOwnsBy = owned
        leave(Parser.queryWeight)
        return query
    }

    private mutating func tableOrFunction() throws(QueryError) -> Source.Kind {
        let table = try name("a table, a file in quotes or a query in brackets")
        if at(.openRound) { return .function(try call(table)) }
        guard at(word: "as"), peek().isWord("of") else { return .table(table, version: nil) }
        advance()
        advance()
        guard accept(word: "version") else {
            throw expected("`version`", hint: "as of version 41; a date for the whole run is the statement `as of 2026-09-30`")
        }
        guard case .literal(.integer(let number)) = token.kind, let version = Int(exactly: number) else {
            throw expected("a version's number", hint: "`snapshots` lists them")
        }
        advance()
        return .table(table, version: version)
    }

    // MARK: stages

    mutating func stage() throws(QueryError) -> Stage {
        let start = token
        guard start.kind == .word || start.kind == .quotedName else { throw stageExpected() }
        let keyword = Name(text: start.text, span: start.span)
        let owned = stageOwnsBy
        stageOwnsBy = false
        defer { stageOwnsBy = owned }
        advance()
        let kind: Stage.Kind
        switch start.kind == .word ? start.text : "" {
        case "where": kind = .where(try expression())
        case "derive": kind = .derive(try namedExpressions(stage: "derive"))
        case "select": kind = .select(try namedExpressions(stage: "select"))
        case "drop": kind = .drop(try names("a column"))
        case "rename": kind = .rename(try renamings())
        case "summarize": kind = try summarize()
        case "sort": kind = .sort(try sortItems(stage: "sort"))
        case "take": kind = try take()
        case "top": kind = try top()
        case "distinct": kind = .distinct(atStageEnd ? [] : try namedExpressions(stage: "distinct"))
        case "expand": kind = token.isName && peek().isSymbol(.colon) ? .unfold(try unfolding()) : .expand(try dottedNames())
        case "join": kind = .join(try join())
        case "union": kind = .union(try source())
        case "pivot": kind = try pivot()
        case "fill": kind = try fill()
        case "sample": kind = try sample()
        case "profile": kind = .profile
        case "assert": kind = try assertion()
        case "to":
            if token.isName { throw expected("a file's name in quotes", hint: "to \(Printer.quote(fileName(from: index)))") }
            let path = try string("a file's name in quotes")
            kind = .to(path, raw: accept(word: "raw"))
        case "bar", "line", "histogram", "heatmap": kind = try chart()
        default:
            guard at(.openRound) else { throw unknownStage(start) }
            kind = .verb(try call(keyword))
        }
        return Stage(kind: kind, span: span(from: start.span.lowerBound), keyword: keyword)
    }

    private mutating func withStageBy<R>(_ body: (inout Parser) throws(QueryError) -> R) throws(QueryError) -> R {
        stageOwnsBy = true
        let result = try body(&self)
        stageOwnsBy = false
        return result
    }

    /// `by a, m: month(date)`; empty where no `by` stands.
    private mutating func byKeys(stage: String) throws(QueryError) -> [NamedExpression] {
        guard accept(word: "by") else { return [] }
        return try withStageBy { parser throws(QueryError) in try parser.namedExpressions(stage: stage) }
    }

    private mutating func summarize() throws(QueryError) -> Stage.Kind {
        let items = at(word: "by") ? [] : try withStageBy { parser throws(QueryError) in try parser.namedExpressions(stage: "summarize") }
        let keys = try byKeys(stage: "summarize")
        return .summarize(items, by: keys)
    }

    private mutating func chart() throws(QueryError) -> Stage.Kind {
        let items =
            atStageEnd || at(word: "by") ? [] : try withStageBy { parser throws(QueryError) in try parser.namedExpressions(stage: "chart") }
        return .chart(items, by: try byKeys(stage: "chart"))
    }

    private mutating func sortItems(stage: String) throws(QueryError) -> [OrderItem] {
        if at(word: "by") { throw failure("`sort` names its columns at once", hint: "sort amount desc, name") }
        var items = [try orderItem()]
        while accept(.comma) { items.append(try orderItem()) }
        return items
    }

    private mutating func take() throws(QueryError) -> Stage.Kind {
        let count = try expression(.sum)
        guard accept(word: "from") else { return .take(count, from: nil) }
        return .take(count, from: try expression(.sum))
    }

    private mutating func top() throws(QueryError) -> Stage.Kind {
        let count = try expression(.sum)
        let keys = accept(word: "per") ? try stageKeys() : []
        guard accept(word: "by") else {
            let number = text(of: count.span)
            let column = token.isName ? token.text : "amount"
            let hint = peek().isWord("by") ? "top \(number) by …: the rows are those that come down the pipe" : "top \(number) by \(column)"
            throw expected("`by`", hint: hint)
        }
        let order = try withStageBy { parser throws(QueryError) in
            var items = [try parser.orderItem()]
            while parser.accept(.comma) { items.append(try parser.orderItem()) }
            return items
        }
        if at(word: "per") { throw failure("`per` stands before `by`", hint: "top 10 per branch by amount") }
        guard at(word: "with") else { return .top(count, per: keys, by: order, others: false) }
        advance()
        guard accept(word: "others") else { throw expected("`others`", hint: "top 10 by amount with others") }
        return .top(count, per: keys, by: order, others: true)
    }

    private mutating func renamings() throws(QueryError) -> [Stage.Renaming] {
        var items: [Stage.Renaming] = []
        repeat {
            let new = try name("the new name")
            guard accept(.colon) else {
                let next = at(word: "as") || at(word: "to") ? peek() : token
                throw expected("`:` behind the new name", hint: next.isName ? "rename \(next.text): \(new.text)" : "rename new: old")
            }
            items.append(Stage.Renaming(new: new, old: try name("the old name")))
        } while accept(.comma)
        return items
    }

    private mutating func dottedNames() throws(QueryError) -> [Name] {
        var names = [try name("a link")]
        while accept(.dot) { names.append(try name("a link behind the point")) }
        return names
    }

    /// `k: 1..12`, `name: ["a", "b"], value: [a, b]`
    private mutating func unfolding() throws(QueryError) -> [NamedExpression] {
        var items: [NamedExpression] = []
        repeat {
            let label = try name("a name for the values")
            guard accept(.colon) else { throw expected("`:` behind the name", hint: "expand k: 1..12") }
            items.append(NamedExpression(name: label, value: try expression(.range)))
        } while accept(.comma)
        return items
    }

    private mutating func join() throws(QueryError) -> Stage.Join {
        let source = try self.source()
        var alias: Name?
        if accept(word: "as") { alias = try name("a name behind `as`") }
        guard accept(word: "on") else { return Stage.Join(source: source, alias: alias, on: []) }
        var pairs: [Stage.Renaming] = []
        repeat {
            let here = try joinColumn()
            let there = accept(.equal) ? try joinColumn() : here
            pairs.append(Stage.Renaming(new: here, old: there))
        } while accept(.comma)
        if at(word: "and") { throw failure("the columns of a join are separated by commas", hint: "on a = b, c = d") }
        return Stage.Join(source: source, alias: alias, on: pairs)
    }

    private mutating func joinColumn() throws(QueryError) -> Name {
        let column = try name("a column")
        if at(.dot) {
            throw failure(
                "`on` names columns without their table", at: column.span.lowerBound..<peek().span.upperBound,
                hint: "the column here first, the column there behind `=`: on branch_id = id")
        }
        return column
    }

    private mutating func pivot() throws(QueryError) -> Stage.Kind {
        let items = try withStageBy { parser throws(QueryError) in try parser.namedExpressions(stage: "pivot") }
        let keys = try byKeys(stage: "pivot")
        guard accept(word: "over") else {
            throw expected("`over`", hint: "pivot sum(amount) by month over channel")
        }
        let over: NamedExpression = try withStageBy { parser throws(QueryError) in
            guard parser.token.isName, parser.peek().isSymbol(.colon) else {
                return NamedExpression(name: nil, value: try parser.expression(.range))
            }
            let label = try parser.name("a name")
            parser.advance()
            return NamedExpression(name: label, value: try parser.expression(.range))
        }
        let values = accept(word: "in") ? try expression(.range) : nil
        if at(word: "by") { throw failure("`by` stands before `over`", hint: "pivot sum(amount) by month over channel") }
        return .pivot(items, by: keys, over: over, values: values)
    }

    private mutating func fill() throws(QueryError) -> Stage.Kind {
        let column = try name("a column")
        var keys: [Name] = []
        if accept(word: "per") {
            keys = at(.openRound) ? try names("a column") : [try name("a column")]
            if at(.comma) { throw failure("several keys stand in brackets", hint: "per (a, b)") }
        }
        let range = accept(word: "in") ? try expression(.range) : nil
        let value = accept(word: "with") ? try expression() : nil
        return .fill(column, per: keys, in: range, with: value)
    }

    private mutating func sample() throws(QueryError) -> Stage.Kind {
        let count = try expression(.sum)
        return .sample(count, seed: accept(word: "seed") ? try expression(.sum) : nil)
    }

    private mutating func assertion() throws(QueryError) -> Stage.Kind {
        let condition = try expression()
        return .assert(condition, message: accept(word: "else") ? try string("a message in quotes") : nil)
    }
}
