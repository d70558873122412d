import Storage

extension Binder {
    // MARK: segments and metrics

    /// What a name means that may be a segment's or a metric's; nil where it is no such name, so that only `column` is left.
    func defined(_ name: Name, in scope: Scope, beside column: Scope.Column?) throws -> Bound? {
        guard let entry = environment.vocabulary.entry(name.text), let table = entry.definition.table else { return nil }
        guard let origin = scope.origin, origin.table.schema.name == table.text else {
            if column != nil { return nil }
            throw elsewhere(entry, table.text, name, in: scope)
        }
        if let column {
            // `derive vip: vip` says the same under the same name.
            if expansions.columns[column.id] == entry.key { return nil }
            throw QueryError(
                .name, "\(name.text) has two meanings here: a column, and the \(entry.title) on \(table.text)", at: name.span,
                hint: "give one of them another name: `| rename other: \(name.text)`, or `rename \(entry.title) to other`")
        }
        return try value(of: entry, [], name, in: scope)
    }

    /// A call of a metric; nil where the name is none's.
    func defined(_ call: Call, in scope: Scope, _ span: SourceSpan) throws -> Bound? {
        guard let entry = environment.vocabulary.entry(call.name.text), let table = entry.definition.table else { return nil }
        guard entry.kind == .metric else {
            throw QueryError(.name, "\(call.name.text) is a segment, so it takes no brackets", at: span, hint: "write \(call.name.text)")
        }
        guard scope.origin?.table.schema.name == table.text else { throw elsewhere(entry, table.text, call.name, in: scope) }
        if call.filter != nil || call.per != nil || call.order != nil || !call.innerOrder.isEmpty {
            throw QueryError(
                .type, "\(call.name.text) is a metric, so it takes no `where`, `per` or `by`", at: span,
                hint: "they stand inside its definition: \(entry.quoted)")
        }
        var bound = try value(of: entry, call.arguments, call.name, in: scope)
        bound.span = span
        return bound
    }

    /// `customer.spend(90d)`: a metric of the rows that links lead to.
    func bind(behind call: Call, in scope: Scope, _ span: SourceSpan) throws -> Bound {
        var inner = call
        inner.link = []
        guard environment.vocabulary.entry(call.name.text, .metric) != nil else {
            throw QueryError(
                .name, "there is no metric \(call.name.text)", at: call.name.span,
                hint: didYouMean(call.name.text, environment.vocabulary.names(of: .metric)) ?? "a function's name has no point")
        }
        return try bind(path: call.link, end: Expression(kind: .call(inner), span: call.name.span), in: scope, span) { scope in
            guard let bound = try self.defined(inner, in: scope, call.name.span) else { throw self.unknown(call.name, in: scope) }
            return bound
        }
    }

    /// A path whose end is more than a name: read along the links like any other.
    func bind(path: [Name], end: Expression, in scope: Scope, _ span: SourceSpan, _ bindEnd: @escaping (Scope) throws -> Bound) throws
        -> Bound
    {
        let text = end.formatted()
        let outer = expansions.pathEnds.updateValue(bindEnd, forKey: text)
        defer { expansions.pathEnds[text] = outer }
        return try bind(path: path + [Name(text: text, span: end.span)], in: scope, span)
    }

    /// A segment or metric whose table these rows are not of.
    func elsewhere(_ entry: DefinitionEntry, _ table: String, _ name: Name, in scope: Scope) -> QueryError {
        var hint = "use it before the rows are summed up"
        if let origin = scope.origin {
            let up = linksUp(origin).filter { $0.parent == table }.map(\.parentName)
            let down = linksDown(origin).filter { $0.child == table }.map(\.childrenName)
            if let link = up.first {
                hint = "write \(link).\(name.text)"
            } else if let link = down.first {
                hint = entry.kind == .segment ? "count(\(link) where \(name.text))" : "sum(\(link).\(name.text))"
            } else {
                hint = "no link leads from \(origin.table.schema.name) to \(table)"
            }
        }
        return QueryError(
            .name, "\(name.text) is a \(entry.kind.rawValue) on \(table), and these are not rows of \(table)", at: name.span, hint: hint)
    }

    private func value(of entry: DefinitionEntry, _ arguments: [Call.Argument], _ name: Name, in scope: Scope) throws -> Bound {
        noteMeaning(name, entry)
        let given = try matched(arguments, to: entry, at: name.span)
        let rewriter = ArgumentRewriter(given, at: name.span, of: entry.title)
        return try inside(entry, at: name.span, quoting: entry.quoted) {
            let scope = definitionScope(scope)
            switch entry.definition.body {
            case .segment(_, let condition):
                let body = try rewriter.expression(condition)
                expansions.note(name.span, name.text, .value(body))
                return try self.condition(body, in: scope)
            case .metric(_, _, let value):
                let body = try rewriter.expression(value)
                expansions.note(name.span, name.text, .value(body))
                return try bind(body, in: scope)
            case .verb, .query, .let, .param: preconditionFailure("only segments and metrics are about a table")
            }
        }
    }

    /// The names of a table as its definitions see them, whatever the pipe has made of its columns since.
    func definitionScope(_ scope: Scope) -> Scope {
        guard let origin = scope.origin else { return scope }
        var inner = Scope()
        for (index, column) in origin.table.schema.columns.enumerated() {
            guard let id = origin.ids[index] else { continue }
            inner.columns.append(Scope.Column(id: id, name: column.name, type: column.type))
        }
        inner.key = origin.table.schema.key.compactMap { inner.column($0)?.id }
        inner.time = origin.table.schema.time.flatMap { inner.column($0)?.id }
        inner.tableName = origin.table.schema.name
        inner.origin = origin
        return inner
    }

    /// Remembers a column that holds just what a segment or a metric says.
    func noteColumn(_ id: ColumnID, _ value: Expression) {
        let name: String
        switch value.kind {
        case .path(let names) where names.count == 1: name = names[0].text
        case .call(let call): name = call.name.text
        case .literal, .path, .parameter, .negate, .not, .binary, .isNull, .membership, .conditional, .list, .range, .query, .period,
            .memberAsOf, .star:
            return
        }
        if environment.vocabulary.entry(name)?.definition.table != nil { expansions.columns[id] = name }
    }

    // MARK: queries

    /// A saved query as a source; nil where the name is none's.
    func defined(_ name: Name, version: Int?) throws -> BoundQuery? {
        guard let entry = environment.vocabulary.entry(name.text) else { return nil }
        guard case .query(let query) = entry.definition.body else {
            if environment.hasTable(name.text) { return nil }
            throw QueryError(
                .name, "\(name.text) is a \(entry.kind.rawValue), not a table", at: name.span,
                hint: entry.definition.table.map { "from \($0.text) | \(entry.kind == .segment ? "where" : "derive") \(name.text)" }
                    ?? "from t | \(entry.signature)")
        }
        if environment.hasTable(name.text) {
            throw QueryError(
                .name, "\(name.text) has two meanings: a table, and the query \(name.text)", at: name.span,
                hint: "rename one of them: `rename query \(name.text) to other`")
        }
        if version != nil {
            throw QueryError(.name, "\(name.text) is a query, only a table has versions", at: name.span, hint: entry.quoted)
        }
        let body = try ArgumentRewriter([:], at: name.span, of: entry.title).query(query)
        expansions.note(name.span, name.text, .query(body))
        return try inside(entry, at: name.span, quoting: entry.quoted) {
            let bound = try bind(body)
            try bound.requirePlain("a query that is read")
            return bound
        }
    }

    // MARK: verbs

    /// Applies a verb's stages one after another.
    func apply(verb call: Call, to query: inout BoundQuery, summary: BoundQuery.SummaryShape?, _ span: SourceSpan) throws {
        let entry: DefinitionEntry
        let given: [String: Expression]
        if let known = environment.vocabulary.entry(call.name.text, .verb) {
            entry = known
            given = try matched(call.arguments, to: known, at: span)
        } else if environment.vocabulary.entry(call.name.text) == nil, let template = Prelude.templates[call.name.text] {
            (entry, given) = try template.definition(call, at: span, in: query.scope, self)
        } else if WholePipe(rawValue: call.name.text) != nil, environment.vocabulary.entry(call.name.text) == nil {
            throw QueryError(
                .type, "\(call.name.text) needs the whole pipe in front of it, so it cannot stand inside a verb", at: span,
                hint: "put it behind the verb, or name the whole with `query name = from …`")
        } else {
            throw unknownVerb(call)
        }
        guard case .verb(_, let body) = entry.definition.body else { preconditionFailure("a verb has stages") }
        if call.filter != nil || !call.innerOrder.isEmpty {
            throw QueryError(.type, "a verb takes no `where` and no `by` of its own", at: span, hint: "put `| where …` in front of it")
        }
        try checkCapture(body, given, entry)
        expansions.verbs += 1
        let privateNames = ownNames(body, in: query.scope)
        let rewriter = ArgumentRewriter(given, at: span, of: entry.title, privateNames: privateNames)
        let pieces = try body.map { try rewriter.stage($0) }
        expansions.note(call.name.span, call.name.text, .stages(pieces.flatMap { $0 }))
        var before = summary
        for (piece, written) in zip(pieces, body) {
            try inside(entry, at: span, quoting: "\(entry.title): \(written.formatted())") {
                try apply(piece, to: &query, summary: before)
            }
            before = query.summary
        }
        let hidden = Set(privateNames.values)
        for index in query.scope.columns.indices where hidden.contains(query.scope.columns[index].name) {
            query.scope.columns[index].isVisible = false
        }
    }

    private func unknownVerb(_ call: Call) -> QueryError {
        let name = call.name.text
        if let entry = environment.vocabulary.entry(name) {
            return QueryError(
                .name, "\(name) is a \(entry.kind.rawValue), not a verb", at: call.name.span,
                hint: entry.kind == .query ? "from \(name) | …" : "| where \(name)")
        }
        if let form = SyntaxWords.form(ofForeignStage: name) {
            return QueryError(.name, "there is no stage `\(name)`", at: call.name.span, hint: "write `\(form)`")
        }
        let known =
            StageCatalogue.all.map(\.name) + StageCatalogue.sinks.map(\.name) + environment.vocabulary.names(of: .verb)
            + Prelude.verbs.map(\.name)
        return QueryError(
            .name, "there is no stage or verb \(name)", at: call.name.span,
            hint: didYouMean(name, known) ?? "`show prelude` lists the verbs that ship; `verb \(name)(…) = …` defines one")
    }

    /// Names that a body makes for itself alone: those that begin with `_`.
    private func ownNames(_ body: [Stage], in scope: Scope) -> [String: String] {
        let collector = NameCollector()
        _ = try? collector.stages(body)
        var own: [String: String] = [:]
        for name in collector.labels where name.hasPrefix("_") && name != "_" {
            own[name] = expansions.verbs == 1 && scope.column(name) == nil ? name : "\(name)_\(expansions.verbs)"
        }
        return own
    }

    /// An argument means what it means to the caller: a name that the body gives away before it looks at the argument would capture it.
    private func checkCapture(_ body: [Stage], _ given: [String: Expression], _ entry: DefinitionEntry) throws {
        let free = given.mapValues { argument -> Set<String> in
            let collector = NameCollector()
            _ = try? collector.expression(argument)
            return collector.firsts
        }
        var made: Set<String> = []
        for stage in body {
            let collector = NameCollector()
            _ = try collector.stage(stage)
            for parameter in collector.firsts.union(collector.columns) {
                guard let names = free[parameter], let clash = names.intersection(made).sorted().first, let argument = given[parameter]
                else {
                    continue
                }
                throw QueryError(
                    .name, "\(entry.title) makes a column \(clash) of its own before it reads \(parameter)", at: argument.span,
                    hint: "put `| rename my_\(clash): \(clash)` in front and give it my_\(clash)")
            }
            for (label, value) in collector.labelled {
                // `derive v: x` of the caller's own v.
                if let value, case .path(let names) = value.kind, names.count == 1, let argument = given[names[0].text],
                    case .path(let own) = argument.kind, own.count == 1, own[0].text == label
                {
                    continue
                }
                made.insert(label)
            }
        }
    }

    // MARK: arguments

    /// The parameters with what they are given, by place or label, else their defaults.
    func matched(_ arguments: [Call.Argument], to entry: DefinitionEntry, at span: SourceSpan) throws -> [String: Expression] {
        let parameters = entry.definition.parameters
        let signature = entry.signature
        let marker = CallerMarker(depth: frames.count)
        var given: [String: Expression] = [:]
        var next = 0
        for argument in arguments {
            if let label = argument.label {
                guard parameters.contains(where: { $0.name.text == label.text }) else {
                    throw QueryError(
                        .name, "\(entry.title) has no parameter \(label.text)", at: label.span,
                        hint: didYouMean(label.text, parameters.map(\.name.text)) ?? signature)
                }
                if given[label.text] != nil {
                    throw QueryError(.name, "\(label.text) is given twice", at: label.span, hint: signature)
                }
                given[label.text] = try marker.expression(argument.value)
                continue
            }
            guard next < parameters.count else {
                throw QueryError(
                    .type, "\(entry.title) takes \(parameters.count) argument\(parameters.count == 1 ? "" : "s")", at: argument.value.span,
                    hint: signature)
            }
            let name = parameters[next].name.text
            if given[name] != nil {
                throw QueryError(.type, "\(name) is given twice", at: argument.value.span, hint: signature)
            }
            given[name] = try marker.expression(argument.value)
            next += 1
        }
        for parameter in parameters where given[parameter.name.text] == nil {
            guard let value = parameter.defaultValue else {
                throw QueryError(.type, "\(entry.title) needs \(parameter.name.text)", at: span, hint: signature)
            }
            // A default may speak of the parameters before it.
            given[parameter.name.text] = try ArgumentRewriter(given, at: span, of: entry.title).expression(value)
        }
        return given
    }

    // MARK: being inside

    /// Runs `body` as the inside of a definition: what goes wrong there names the definition and quotes it.
    func inside<R>(_ entry: DefinitionEntry, at place: SourceSpan, quoting line: String, _ body: () throws -> R) throws -> R {
        if let start = expansions.stack.firstIndex(where: { $0.key == entry.key }) {
            let names = expansions.stack[start...].map(\.name) + [entry.name]
            throw QueryError(.name, "\(entry.title) is defined by itself: \(names.joined(separator: " → "))", at: place)
        }
        expansions.count += 1
        // Each level takes of the stack, and definitions that name another twice each grow without end.
        guard expansions.stack.count < Expansions.depthMax, expansions.count <= Expansions.countMax else {
            throw QueryError(
                .name, "definitions in definitions go \(expansions.count > Expansions.countMax ? "too far" : "too deep") here", at: place,
                hint: "write some of them out, or keep a result as a table: load t from (from …)")
        }
        expansions.use(entry)
        expansions.stack.append(entry)
        callPlaces.append(place)
        defer {
            expansions.stack.removeLast()
            callPlaces.removeLast()
        }
        do {
            return try body()
        } catch var error as QueryError {
            if error.kind == .cancelled { throw error }
            let isInnermost = !error.message.hasPrefix("in ")
            error.message = "in \(entry.title): \(error.message)"
            // Where the argument is at fault, it is marked itself.
            if isInnermost, error.span == nil || error.span == place {
                error.hint = (error.hint.map { $0 + "; " } ?? "") + "the definition says: \(line.shortened(to: 160))"
            }
            if error.span == nil { error.span = place }
            throw error
        }
    }
}

extension DefinitionEntry {
    /// The definition on one line, as errors quote it.
    var quoted: String { text.shortened(to: 160) }

    /// `rfm(date, amount, k: 5)`
    var signature: String {
        let parameters = definition.parameters.map { $0.name.text + ($0.defaultValue.map { ": " + $0.formatted() } ?? "") }
        return "\(name)(\(parameters.joined(separator: ", ")))"
    }
}

extension String {
    func shortened(to count: Int) -> String { self.count <= count ? self : prefix(count - 1) + "…" }
}

extension Binder {
    /// Remembers that a name stood for a column of a table, for what hangs on that column.
    func note(_ name: Name, _ column: Scope.Column, isFar: Bool = false) {
        // A `let` is text of another place.
        guard expanding.isEmpty, let stored = expansions.stored[column.id], stored.column == name.text else { return }
        expansions.refer(name, to: name.text, of: stored.table, isFar: isFar)
    }

    /// Remembers that a name stood for a segment or a metric. What a definition says has the place of its call; an argument keeps its own.
    func noteMeaning(_ name: Name, _ entry: DefinitionEntry) {
        guard expanding.isEmpty, entry.name == name.text, !callPlaces.contains(name.span) else { return }
        meanings[entry.key, default: []].insert(name.span)
    }
}
