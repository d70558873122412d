import Storage

extension Session {
    func run(_ statement: VocabularyStatement, _ span: SourceSpan, _ receiver: ResultReceiver) throws {
        switch statement {
        case .define(let definition, let saved):
            for sentence in try define(definition, saved: saved) { try receiver.message(sentence) }
        case .drop(let kind, let name): try receiver.message(try drop(kind, name))
        case .rename(let kind, let old, let new): for sentence in try rename(kind, old, to: new) { try receiver.message(sentence) }
        case .show(let name, let isMarked): try deliver(try shown(name, isMarked: isMarked), receiver)
        case .snapshot(let segment, let date): try receiver.message(try takeSnapshot(of: segment, at: date))
        case .run(let path, let place, let values, nil): try runFile(path, place, values, receiver)
        case .run(let path, let place, let values, let folder?):
            try comparing(with: folder, at: span) { try runFile(path, place, values, receiver) }
        }
    }

    // MARK: what stands

    func vocabulary(_ snapshot: Snapshot) throws -> Vocabulary {
        var saved: [String: DefinitionEntry] = [:]
        for (key, bytes) in snapshot.definitions {
            if let known = savedCache[key], known.bytes == bytes {
                saved[key] = known.entry
                continue
            }
            do {
                let entry = try DefinitionEntry(saved: bytes)
                savedCache[key] = (bytes, entry)
                saved[key] = entry
            } catch is QueryError {
                throw StorageError(.corrupt, "the saved definition \(key) cannot be read", hint: "a newer crmq may have written it")
            }
        }
        return Vocabulary(run: definitions, saved: saved)
    }

    // MARK: define

    /// Returns what there is to say.
    private func define(_ definition: Definition, saved: Bool) throws -> [String] {
        let snapshot = try store.snapshot()
        let before = try vocabulary(snapshot)
        var entry = try DefinitionEntry(definition, doc: current?.comment, origin: saved ? .saved : .run)
        let key = entry.key
        try checkName(definition, before, snapshot)
        if saved, let known = before.saved[key], known.text == entry.text, entry.doc == nil || known.doc == entry.doc {
            forgetRun(key)
            return ["\(entry.title) is saved already"]
        }
        if entry.doc == nil, let known = before.entry(key), known.text == entry.text {
            entry = try DefinitionEntry(definition, doc: known.doc, origin: entry.origin)
        }
        var after = before
        if saved {
            after.saved[key] = entry
            after.run[key] = nil
        } else {
            after.run[key] = entry
        }
        try checkCycle(entry, after, at: definition.name.span)
        if saved { try checkIsWhole(entry, after, at: definition.name.span) }
        var parameter: Bound?
        if case .param(let type, let value, let allowed) = definition.body, !saved || value != nil {
            parameter = try self.value(
                of: definition.name, type, value, allowed, try environment(snapshot, makeExecutor(nil), vocabulary: before),
                asks: !saved)
        }
        var said: [String] = []
        switch check(entry, after, snapshot) {
        case .fits: break
        case .unloaded(let tables):
            said.append(
                "\(entry.title): \(tables.sorted().joined(separator: " and ")) \(tables.count == 1 ? "is" : "are") not loaded yet, so only its form was checked"
            )
        case .broken(let error): throw moved(error, entry, definition)
        }
        try keep(before, after, snapshot, snapshot, changing: "\(entry.title) cannot change like this", at: definition.name.span)
        if saved {
            try commit("save \(entry.title)") { $0.setDefinition(key, entry.bytes) }
            forgetRun(key)
            said.insert("saved \(entry.title)", at: 0)
        } else {
            definitions[key] = entry
            parameters[definition.name.text] = entry.kind.isMarked ? parameter : parameters[definition.name.text]
            if before.saved[key] != nil {
                said.append("for this run \(entry.title) stands before the saved one")
            } else if entry.kind == .verb, before.run[key] == nil, Prelude.verbs.contains(where: { $0.name == entry.name }) {
                said.append("for this run \(entry.title) stands before the one that ships")
            }
        }
        if case .param = definition.body { declaredParameters.insert(definition.name.text) }
        return said
    }

    private func forgetRun(_ key: String) {
        if let entry = definitions.removeValue(forKey: key), entry.kind.isMarked { parameters[entry.name] = nil }
    }

    /// An error inside the canonical text, told in the text that was written: at its place where the two trees are alike, else at the name.
    private func moved(_ error: QueryError, _ entry: DefinitionEntry, _ definition: Definition) -> QueryError {
        var error = error
        error.span = error.span.flatMap { SpanFinder.span(at: $0, in: entry.definition, of: definition) } ?? definition.name.span
        return error
    }

    /// One name has one meaning, and words of the language keep theirs.
    private func checkName(_ definition: Definition, _ vocabulary: Vocabulary, _ snapshot: Snapshot) throws {
        let name = definition.name
        let kind = definition.kind
        func taken(_ by: String) -> QueryError {
            QueryError(.name, "\(name.text) is \(by) already", at: name.span, hint: "give the \(kind.rawValue) another name")
        }
        if let known = vocabulary.entry(DefinitionEntry.key(kind, name.text)), known.kind != kind {
            if known.origin == .shipped { throw taken("a verb that ships") }
            throw QueryError(
                .name, "\(name.text) is a \(known.kind.rawValue) already", at: name.span,
                hint: "drop \(known.title), or choose another name")
        }
        switch kind {
        case .verb: if Parser.stageWords.contains(name.text) { throw taken("a stage") }
        case .metric:
            if FunctionCatalogue.byName[name.text] != nil || AggregateFunction(rawValue: name.text) != nil
                || WindowFunction(rawValue: name.text) != nil
            {
                throw taken("a function")
            }
        case .query: if snapshot.table(name.text) != nil { throw taken("a table") }
        case .segment, .let, .param: break
        }
        if let table = definition.table, let schema = snapshot.table(table.text)?.schema, schema.index(of: name.text) != nil {
            throw taken("a column of \(table.text)")
        }
        if let table = definition.table,
            snapshot.links.contains(where: {
                $0.child == table.text && $0.parentName == name.text || $0.parent == table.text && $0.childrenName == name.text
            })
        {
            throw taken("a link of \(table.text)")
        }
    }

    // MARK: drop

    private func drop(_ kind: Definition.Kind, _ name: Name) throws -> String {
        let snapshot = try store.snapshot()
        let before = try vocabulary(snapshot)
        let entry = try required(kind, name, before)
        var after = before
        let isRun = before.run[entry.key] != nil
        if isRun { after.run[entry.key] = nil } else { after.saved[entry.key] = nil }
        if after.entry(entry.key) == nil {
            let users = before.own.filter { $0.key != entry.key && uses($0, before).definitions.contains(entry.key) }
            guard users.isEmpty else {
                throw QueryError(
                    .name, "\(users.map(\.title).joined(separator: ", ")) \(users.count == 1 ? "needs" : "need") \(entry.title)",
                    at: name.span,
                    hint: "drop \(users.count == 1 ? "it" : "them") first, or define \(entry.title) anew")
            }
        }
        if isRun, before.saved[entry.key] != nil {
            forgetRun(entry.key)
            return "dropped \(entry.title); the saved one stands again"
        }
        let dates = entry.kind == .segment ? try membershipDates(of: entry.name, snapshot) : []
        if !isRun || !dates.isEmpty {
            try commit("drop \(entry.title)") { transaction in
                if !isRun { transaction.setDefinition(entry.key, nil) }
                try removeMemberships(of: entry.name, dates, transaction)
            }
        }
        forgetRun(entry.key)
        return "dropped \(entry.title)" + (dates.isEmpty ? "" : " and its \(dates.count) snapshot\(dates.count == 1 ? "" : "s")")
    }

    /// The definition of a name, or an error that says what there is.
    func required(_ kind: Definition.Kind, _ name: Name, _ vocabulary: Vocabulary) throws -> DefinitionEntry {
        if let entry = vocabulary.entry(DefinitionEntry.key(kind, name.text)) {
            if entry.origin == .shipped {
                throw QueryError(.name, "\(name.text) ships with the program", at: name.span, hint: "`verb \(name.text)(…) = …` shadows it")
            }
            if entry.kind == kind { return entry }
            throw QueryError(
                .name, "\(name.text) is a \(entry.kind.rawValue)", at: name.span, hint: "write \(entry.kind.rawValue) \(name.text)")
        }
        let known = vocabulary.own.filter { $0.kind == kind }.map(\.name)
        throw QueryError(
            .name, "there is no \(kind.rawValue) \(name.text)", at: name.span,
            hint: nearestName(to: name.text, among: known).map { "did you mean \($0)?" }
                ?? (known.isEmpty ? nil : "there \(known.count == 1 ? "is" : "are") \(known.joined(separator: ", "))"))
    }

    // MARK: rename

    private func rename(_ kind: Definition.Kind, _ old: Name, to new: Name) throws -> [String] {
        let snapshot = try store.snapshot()
        let before = try vocabulary(snapshot)
        let entry = try required(kind, old, before)
        if old.text == new.text { return ["\(entry.title) is called so already"] }
        if let known = before.entry(DefinitionEntry.key(kind, new.text)) {
            throw QueryError(.name, "there is a \(known.title) already", at: new.span)
        }
        var renamed = entry.definition
        renamed.name = new
        try checkName(renamed, before, snapshot)
        let place = RenamingPlace(entry, before, snapshot)
        let users = before.own.filter { uses($0, before).definitions.contains(entry.key) }
        if let user = users.first(where: { !kind.isMarked && ownNames(of: $0).contains(new.text) }) {
            throw QueryError(
                .name, "\(entry.title) cannot be renamed: \(user.title) has its own \(new.text)", at: new.span,
                hint: "choose another name")
        }
        let (after, carried) = try renaming(in: before) { user -> TreeRewriter in
            guard kind == .segment || kind == .metric else { return DefinitionRenamer(kind, from: old.text, to: new.text, user.definition) }
            guard uses(user, before).definitions.contains(entry.key) else { return TreeRewriter() }
            // What has parameters is bound with samples in their place, and those have no places of their own.
            if user.kind != .verb, user.definition.parameters.isEmpty, case .fits(let meanings) = check(user, before, snapshot) {
                return PlaceRenamer(meanings.definitions[entry.key] ?? [], from: old.text, to: new.text)
            }
            return MeaningRenamer(entry, to: new.text, in: user, place, at: old.span)
        } whole: {
            $0.key == entry.key ? new.text : nil
        }
        try keep(before, after, snapshot, snapshot, changing: "\(entry.title) cannot be renamed", at: old.span)
        try keepAnswers(before, after, snapshot, changing: "\(entry.title) cannot be renamed", at: old.span)
        let dates = kind == .segment ? try membershipDates(of: old.text, snapshot) : []
        try store(before, after, evenSo: !dates.isEmpty, note: "rename \(entry.title) to \(new.text)") { transaction in
            try renameMemberships(of: old.text, to: new.text, dates, snapshot, transaction)
        }
        if kind == .param, let value = parameters.removeValue(forKey: old.text) { parameters[new.text] = value }
        return ["renamed \(entry.title) to \(new.text)"] + followed(carried.filter { $0 != entry.title })
    }

    /// Names that a body would take for its own: its parameters, and the columns that a verb makes; the checks see those of a query.
    private func ownNames(of entry: DefinitionEntry) -> Set<String> {
        let names = NameCollector()
        // Collecting changes nothing and fails never.
        if entry.kind == .verb { _ = try? names.definition(entry.definition) }
        return names.labels.union(entry.definition.parameters.map(\.name.text))
    }

    /// A definition's name may have become a column's on its way through a verb.
    private func keepAnswers(_ before: Vocabulary, _ after: Vocabulary, _ snapshot: Snapshot, changing what: String, at span: SourceSpan)
        throws
    {
        for entry in after.own where entry.kind == .query {
            guard let known = before.entry(entry.key), case .fits(let old) = check(known, before, snapshot),
                case .fits(let new) = check(entry, after, snapshot), old.answer != new.answer
            else { continue }
            throw QueryError(
                .name, "\(what): the columns of \(entry.title) would be called otherwise", at: span,
                hint: "\(new.answer.joined(separator: ", ")) in place of \(old.answer.joined(separator: ", "))")
        }
    }

    func followed(_ titles: [String]) -> [String] { titles.isEmpty ? [] : ["\(titles.joined(separator: ", ")) went along"] }

    /// Every definition with names changed in it, and the titles of those that did change.
    func renaming(
        in before: Vocabulary, with rewriter: (DefinitionEntry) throws -> TreeRewriter, whole: (DefinitionEntry) -> String? = { _ in nil }
    ) throws -> (Vocabulary, [String]) {
        var after = Vocabulary()
        var changed: [String] = []
        func carry(_ entries: [String: DefinitionEntry], into target: WritableKeyPath<Vocabulary, [String: DefinitionEntry]>) throws {
            for entry in entries.values.sorted(by: { $0.name < $1.name }) {
                var definition = try rewriter(entry).definition(entry.definition)
                if let name = whole(entry) { definition.name.text = name }
                let made = try DefinitionEntry(definition, doc: entry.doc, origin: entry.origin)
                after[keyPath: target][made.key] = made
                if made.text != entry.text, !changed.contains(entry.title) { changed.append(entry.title) }
            }
        }
        try carry(before.saved, into: \.saved)
        try carry(before.run, into: \.run)
        return (after, changed)
    }

    /// Puts a changed vocabulary in place of the one that stood: what is saved in one commit, together with `change`.
    /// - Parameter evenSo: `change` is needed although nothing that is saved changes.
    func store(_ before: Vocabulary, _ after: Vocabulary, evenSo: Bool, note: String, _ change: (Transaction) throws -> Void) throws {
        let isSaved = before.saved.mapValues(\.bytes) != after.saved.mapValues(\.bytes)
        if isSaved || evenSo {
            try commit(note) { transaction in
                try change(transaction)
                write(before, after, to: transaction)
            }
        }
        definitions = after.run
    }

    func write(_ before: Vocabulary, _ after: Vocabulary, to transaction: Transaction) {
        for (key, entry) in before.saved where after.saved[key] == nil { transaction.setDefinition(entry.key, nil) }
        for (key, entry) in after.saved where before.saved[key]?.bytes != entry.bytes { transaction.setDefinition(key, entry.bytes) }
    }
}
