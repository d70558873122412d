import Storage

/// The lists that places choose from.
extension CompletionSearch {
    // MARK: of the store

    func tables(ending: String = " ") -> [Completion] {
        snapshot.tables.map(\.schema).sorted { $0.name < $1.name }.map { schema in
            Completion(
                .tables, schema.name, text: Printer.name(schema.name),
                summary: "\(schema.columns.count) columns" + (schema.key.isEmpty ? "" : ", key \(schema.key.joined(separator: ", "))"),
                ending: ending)
        }
    }

    /// What may stand behind `from`, `join` and `union`.
    func sources() -> [Completion] {
        let functions = Session.tableFunctions.map { Completion(.functions, $0, text: $0 + "(", signature: $0 + "(…)") }
        let last = session.lastQuery == nil ? [] : [Completion(.words, "_", summary: "the last result", ending: " ")]
        // A segment is rows of its table.
        let segments = words.own.compactMap { entry -> Completion? in
            guard entry.kind == .segment, let table = entry.definition.table else { return nil }
            let text = "\(Printer.name(table.text)) | where \(Printer.name(entry.name))"
            return Completion(
                .segments, entry.name, text: text, signature: "\(entry.name) (\(table.text))", summary: entry.text, ending: " ")
        }
        return tables() + definitions([.query], as: .queries, ending: " ") + segments + functions + last
    }

    func columns(_ scope: Scope, ending: String = "") -> [Completion] {
        scope.visible.map { column in
            Completion(
                .columns, column.name, text: Printer.name(column.name), signature: column.name, summary: column.type.name, ending: ending)
        }
    }

    func links(_ scope: Scope) -> [Completion] {
        guard let known else { return [] }
        var found = Set(scope.visible.compactMap(\.qualifier)).sorted().map {
            Completion(.links, $0, text: Printer.name($0) + ".", summary: "joined")
        }
        guard let origin = scope.origin else { return found }
        found += known.binder.linksUp(origin).map {
            Completion(.links, $0.parentName, text: Printer.name($0.parentName) + ".", summary: "up to \($0.parent)")
        }
        // What lies below is many rows, which only an aggregate or `expand` can take.
        guard takesRowsBelow else { return found }
        found += known.binder.linksDown(origin).map {
            Completion(.links, $0.childrenName, text: Printer.name($0.childrenName), summary: "down to \($0.child)")
        }
        return found
    }

    private var takesRowsBelow: Bool {
        if place.frames[place.owner].flat.first?.isWord("expand") ?? false { return true }
        return place.frames.contains { frame in
            guard case .call(let name) = frame.kind else { return false }
            return AggregateFunction(rawValue: name) != nil || FunctionCatalogue.byName[name] == nil
        }
    }

    /// Segments and metrics that are about these rows.
    func definitions(on scope: Scope) -> [Completion] {
        guard let table = scope.origin?.table.schema.name else { return [] }
        return words.own.filter { $0.definition.table?.text == table }.map { made($0) }
    }

    func definitions(_ kinds: Set<Definition.Kind>, as group: Completion.Group, ending: String = "") -> [Completion] {
        words.own.filter { kinds.contains($0.kind) }.map { entry in
            Completion(group, entry.name, text: Printer.name(entry.name), signature: entry.name, summary: summary(entry), ending: ending)
        }
    }

    private func made(_ entry: DefinitionEntry) -> Completion {
        let hasArguments = !entry.definition.parameters.isEmpty
        return Completion(
            entry.kind == .segment ? .segments : .metrics, entry.name, text: Printer.name(entry.name) + (hasArguments ? "(" : ""),
            signature: hasArguments ? entry.signature : entry.name, summary: summary(entry))
    }

    private func summary(_ entry: DefinitionEntry) -> String {
        entry.doc?.split(separator: "\n").first.map(String.init) ?? entry.text
    }

    /// Behind `@`; inside a definition's body its own arguments have no mark.
    func parameters(in tokens: ArraySlice<Token>) -> [Completion] {
        definitions([.let, .param], as: .parameters)
    }

    // MARK: of the catalogues

    func stages() -> [Completion] {
        func item(_ name: String, _ signature: String, _ summary: String) -> Completion {
            Completion(.stages, name, signature: signature, summary: summary, ending: signature == name ? "" : " ")
        }
        let own = words.own.filter { $0.kind == .verb }
        let shipped = Prelude.verbs.filter { verb in !own.contains { $0.name == verb.name } }
        return StageCatalogue.all.map { item($0.name, $0.signature, $0.summary) }
            + StageCatalogue.sinks.map { item($0.name, $0.signature, $0.summary) }
            + own.map { Completion(.verbs, $0.name, text: "\(Printer.name($0.name))(", signature: $0.signature, summary: summary($0)) }
            + shipped.map { Completion(.verbs, $0.name, text: "\($0.name)(", signature: $0.signature, summary: $0.summary) }
    }

    /// All that an expression may begin with.
    func expression() -> [Completion] {
        var items: [Completion] = []
        if let scope = scope() {
            items += columns(scope.here) + links(scope.here) + definitions(on: scope.here)
            if scope.outside != nil { items.append(Completion(.links, "outer", text: "outer.", summary: "the row outside")) }
        } else if isAboutAnyRows {
            var seen: Set<String> = []
            for schema in snapshot.tables.map(\.schema) {
                for column in schema.columns where seen.insert(column.name).inserted {
                    items.append(Completion(.columns, column.name, text: Printer.name(column.name), summary: column.type.name))
                }
            }
        }
        items += ownArguments()
        items += ["if", "not", "null", "true", "false"].map { Completion(.words, $0, ending: $0 == "if" || $0 == "not" ? " " : "") }
        items += AggregateCatalogue.all.map { call(.aggregates, $0.name, $0.signature, $0.summary) }
        items += WindowCatalogue.all.map { call(.windows, $0.name, $0.signature, $0.summary) }
        items += FunctionCatalogue.all.map { call(.functions, $0.name, $0.signature, $0.summary) }
        return items
    }

    /// A verb's body, or a pipe whose source cannot be read: any column may be meant.
    private var isAboutAnyRows: Bool { place.tokens.contains { $0.isWord("verb") || $0.isWord("from") || $0.isSymbol(.pipe) } }

    private func call(_ group: Completion.Group, _ name: String, _ signature: String, _ summary: String) -> Completion {
        Completion(group, name, text: name + "(", signature: signature, summary: summary)
    }

    /// What a definition that is being typed calls its arguments.
    private func ownArguments() -> [Completion] {
        let tokens = place.tokens.drop { $0.isWord("save") }
        guard let kind = tokens.first, kind.isWord("verb") || kind.isWord("metric"), tokens.count > 3,
            tokens[tokens.startIndex + 2].isSymbol(.openRound), let end = tokens.firstIndex(where: { $0.isSymbol(.closeRound) })
        else { return [] }
        var names: [Completion] = []
        for index in (tokens.startIndex + 3)..<end
        where tokens[index].isName && (tokens[index - 1].isSymbol(.openRound) || tokens[index - 1].isSymbol(.comma)) {
            names.append(Completion(.arguments, tokens[index].text))
        }
        return names
    }

    /// What may follow a whole operand.
    func operators(_ flat: [Token]) -> [Completion] {
        var next = ["and", "or", "in", "is null", "is not null", "like", "not in", "not like", "div", "mod"]
        if flat.contains(where: { $0.isSymbol(.closeRound) }) { next += ["per", "by"] }
        if flat.contains(where: { $0.isWord("if") }) { next += ["then", "else"] }
        return next.map { Completion(.words, $0, ending: " ") }
    }

    func clauses(_ names: [String]) -> [Completion] { names.map { Completion(.words, $0, ending: " ") } }

    /// Stretches of time, behind `in` and the signs that compare.
    func periods() -> [Completion] {
        let bare = Parser.bare.keys.sorted().map { Completion(.values, $0, summary: "") }
        let begun = ["last", "next", "this", "previous"].map { Completion(.values, $0, ending: " ") }
        return bare + begun
    }

    func types() -> [Completion] {
        Parser.plainTypes.keys.sorted().map { Completion(.types, $0) } + [Completion(.types, "decimal", text: "decimal(")]
    }
}
