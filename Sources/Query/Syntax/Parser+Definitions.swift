import Storage

extension Parser {
    /// First words of the statements about the vocabulary, but for `drop` and `rename`, which tables share.
    static let vocabularyWords = ["let", "param", "segment", "metric", "verb", "query", "save", "show", "snapshot", "run"]

    /// One of these words alone, or with a dot or bracket behind it, is more likely a forgotten `from`.
    private func startsVocabulary() -> Bool {
        switch peek().kind {
        case .word, .quotedName: token.text != "run"
        case .text: token.text == "run"
        case .symbol(.at): token.text == "show" || token.text == "let" || token.text == "param"
        case .symbol, .literal, .invalid, .end: token.text == "let" || token.text == "param"
        }
    }

    /// A statement about the vocabulary; nil where its words are none.
    mutating func vocabulary() throws(QueryError) -> Statement.Kind? {
        let word = token.text
        guard Parser.vocabularyWords.contains(word), startsVocabulary() else { return nil }
        // A habit from elsewhere, told with the others.
        if word == "show", peek().isWord("tables") || peek().isWord("columns") || peek().isWord("databases") { return nil }
        switch word {
        case "save":
            advance()
            guard let kind = Definition.Kind(rawValue: token.text), token.kind == .word else {
                throw expected(
                    "a definition behind `save`", hint: "save segment vip on customers = …; \(Parser.listed(Definition.Kind.allCases))")
            }
            return .vocabulary(.define(try definition(kind), saved: true))
        case "show":
            advance()
            let isMarked = accept(.at)
            return .vocabulary(.show(try name("a name"), isMarked: isMarked))
        case "snapshot":
            advance()
            let segment = try name("a segment")
            guard accept(word: "at") else { return .vocabulary(.snapshot(segment, at: nil)) }
            return .vocabulary(.snapshot(segment, at: try expression(.range)))
        case "run": return .vocabulary(try run())
        default:
            guard let kind = Definition.Kind(rawValue: word) else { return nil }
            return .vocabulary(.define(try definition(kind), saved: false))
        }
    }

    static func listed(_ kinds: [Definition.Kind]) -> String { kinds.map(\.rawValue).joined(separator: ", ") }

    private mutating func run() throws(QueryError) -> VocabularyStatement {
        advance()
        let start = token
        let path = try string("a file in quotes")
        var values: [NamedExpression] = []
        if accept(word: "with") { values = try runValues() }
        let folder = accept(word: "against") ? try string("a folder in quotes") : nil
        return .run(path, start.span, with: values, against: folder)
    }

    private mutating func runValues() throws(QueryError) -> [NamedExpression] {
        var values: [NamedExpression] = []
        repeat {
            if at(.at) { throw failure("a parameter is named without `@` here", hint: "run \"file.crmq\" with month = 2026-10") }
            let parameter = try name("a parameter")
            guard accept(.equal) else { throw expected("`=`", hint: "with \(parameter.text) = …") }
            values.append(NamedExpression(name: parameter, value: try expression(.range)))
        } while accept(.comma)
        return values
    }

    /// Stands on the definition's own word.
    private mutating func definition(_ kind: Definition.Kind) throws(QueryError) -> Definition {
        advance()
        let forms: [Definition.Kind: String] = [
            .let: "let x = 1; it is read as @x", .param: "param x: int = 1; it is read as @x", .segment: "segment vip on customers = …",
            .metric: "metric spend on customers = …", .verb: "verb double(x) = …", .query: "query rich = from …",
        ]
        if at(.at) { throw failure("a definition has no `@`", hint: forms[kind]) }
        let name = try name("a name")
        var parameters: [Definition.Parameter] = []
        if at(.openRound) {
            guard kind == .metric || kind == .verb else {
                throw failure("a \(kind.rawValue) has no parameters", hint: "a metric or a verb has: metric spend(window) on customers = …")
            }
            parameters = try parameterList()
        }
        let known = parameterNames
        parameterNames = Set(parameters.map(\.name.text))
        defer { parameterNames = known }
        switch kind {
        case .segment, .metric:
            guard accept(word: "on") else {
                throw expected("`on` and the table whose rows it is about", hint: "\(kind.rawValue) \(name.text) on customers = …")
            }
            let table = try self.name("a table")
            try equals("\(kind.rawValue) \(name.text) on \(table.text) = …")
            let value = try expression()
            return Definition(name: name, body: kind == .segment ? .segment(on: table, value) : .metric(parameters, on: table, value))
        case .verb:
            try equals("verb \(name.text)(…) = where …")
            if at(word: "from") {
                throw failure("a verb is stages without a source", hint: "query \(name.text) = from … names a whole query")
            }
            _ = accept(.pipe)
            var stages = [try stage()]
            while accept(.pipe) { stages.append(try stage()) }
            return Definition(name: name, body: .verb(parameters, stages))
        case .query:
            try equals("query \(name.text) = from …")
            return Definition(name: name, body: .query(try query()))
        case .let:
            try equals("let \(name.text) = …")
            return Definition(name: name, body: .let(try expression()))
        case .param:
            guard accept(.colon) else { throw expected("`:` and a type", hint: "param \(name.text): month = 2026-09") }
            let type = try type()
            let value = accept(.equal) ? try expression(.range) : nil
            let allowed = accept(word: "in") ? try expression(.range) : nil
            return Definition(name: name, body: .param(type, defaultValue: value, allowed: allowed))
        }
    }

    private mutating func equals(_ form: String) throws(QueryError) {
        guard accept(.equal) else { throw expected("`=`", hint: form) }
    }

    /// `(x, k: 5)`; `()` is none.
    private mutating func parameterList() throws(QueryError) -> [Definition.Parameter] {
        let opening = token
        advance()
        return try inBrackets { parser throws(QueryError) in
            var found: [Definition.Parameter] = []
            if parser.accept(.closeRound) { return found }
            repeat {
                let name = try parser.name("a parameter")
                if found.contains(where: { $0.name.text == name.text }) {
                    throw parser.failure("two parameters are called \(name.text)", at: name.span)
                }
                if parser.at(.equal) { throw parser.failure("`:` stands before a default", hint: "\(name.text): 5") }
                let value = parser.accept(.colon) ? try parser.expression() : nil
                if value == nil, found.contains(where: { $0.defaultValue != nil }) {
                    throw parser.failure(
                        "\(name.text) has no default and stands behind one that has", at: name.span, hint: "put it in front")
                }
                found.append(Definition.Parameter(name: name, defaultValue: value))
            } while parser.accept(.comma)
            try parser.expectClosing(.closeRound, of: opening)
            return found
        }
    }

    /// `drop segment vip`; nil for any other word behind `drop`.
    mutating func dropDefinition() throws(QueryError) -> Statement.Kind? {
        guard token.kind == .word, let kind = Definition.Kind(rawValue: token.text), peek().isName || peek().isSymbol(.at) else {
            return nil
        }
        advance()
        if kind.isMarked { _ = accept(.at) }
        return .vocabulary(.drop(kind, try name("the \(kind.rawValue)'s name")))
    }

    /// `rename segment a to b`; nil for any other word behind `rename`.
    mutating func renameDefinition() throws(QueryError) -> Statement.Kind? {
        guard token.kind == .word, let kind = Definition.Kind(rawValue: token.text), peek().isName || peek().isSymbol(.at) else {
            return nil
        }
        advance()
        if kind.isMarked { _ = accept(.at) }
        let old = try name("the \(kind.rawValue)'s name")
        guard accept(word: "to") else { throw expected("`to`", hint: "rename \(kind.rawValue) \(old.text) to …") }
        if kind.isMarked { _ = accept(.at) }
        return .vocabulary(.rename(kind, old, to: try name("the new name")))
    }

    /// `vip as of 2026-08-31`: stands behind the path.
    mutating func asOfMembership(_ path: [Name]) throws(QueryError) -> Expression? {
        guard at(word: "as"), peek().isWord("of") else { return nil }
        let start = path[0].span.lowerBound
        advance()
        advance()
        if at(word: "version") {
            throw failure("a version is one of the whole store", hint: "from t as of version 41; a segment is dated: vip as of 2026-08-31")
        }
        let date = try expression(.unary)
        return Expression(kind: .memberAsOf(path, date), span: span(from: start))
    }
}
