import Storage

/// How a definition stands to the tables.
enum DefinitionStatus {
    struct Meanings {
        /// The columns of tables that it names.
        var columns: Set<Expansions.Reference>
        /// Where it names segments and metrics, by their keys.
        var definitions: [String: Set<SourceSpan>]
        /// What a query's answer is made of.
        var answer: [String] = []
    }
    case fits(Meanings)
    /// Names tables that are not there, so only its form is known to be right.
    case unloaded(Set<String>)
    case broken(QueryError)
}

extension Session {
    // MARK: what a definition names

    /// Keys of definitions, and tables, that a definition names.
    func uses(_ entry: DefinitionEntry, _ vocabulary: Vocabulary) -> (definitions: [String], tables: [String]) {
        let names = NameCollector()
        // Collecting changes nothing and fails never.
        _ = try? names.definition(entry.definition)
        let own = Set(entry.definition.parameters.map(\.name.text))
        var found: Set<String> = []
        for name in names.pathNames where !own.contains(name) {
            if vocabulary.entry(name)?.definition.table != nil { found.insert(name) }
        }
        for name in names.calls where !own.contains(name) {
            if vocabulary.entry(name, .metric) != nil { found.insert(name) }
        }
        for name in names.verbs where vocabulary.entry(name, .verb) != nil { found.insert(name) }
        for name in names.marks where vocabulary.entry("@" + name) != nil { found.insert("@" + name) }
        var tables: Set<String> = []
        for name in names.tables where !own.contains(name) {
            if vocabulary.entry(name, .query) != nil { found.insert(name) } else { tables.insert(name) }
        }
        return (found.sorted(), tables.sorted())
    }

    func checkCycle(_ entry: DefinitionEntry, _ vocabulary: Vocabulary, at span: SourceSpan) throws {
        var path: [String] = []
        var done: Set<String> = []
        func visit(_ current: DefinitionEntry) throws {
            if let start = path.firstIndex(of: current.key) {
                let names = path[start...] + [current.key]
                throw QueryError(.name, "\(entry.title) would be defined by itself: \(names.joined(separator: " → "))", at: span)
            }
            guard done.insert(current.key).inserted else { return }
            path.append(current.key)
            for key in uses(current, vocabulary).definitions { if let next = vocabulary.entry(key) { try visit(next) } }
            path.removeLast()
        }
        try visit(entry)
    }

    /// What is kept with the data must not hang on what goes with the run.
    func checkIsWhole(_ entry: DefinitionEntry, _ vocabulary: Vocabulary, at span: SourceSpan) throws {
        for key in uses(entry, vocabulary).definitions where vocabulary.saved[key] == nil {
            guard let used = vocabulary.run[key] else { continue }
            throw QueryError(
                .name, "\(entry.title) needs \(used.title), which lives only for this run", at: span, hint: "save \(used.text)")
        }
    }

    // MARK: checking

    /// Binds a definition as if it were used, without running anything.
    func check(_ entry: DefinitionEntry, _ vocabulary: Vocabulary, _ snapshot: Snapshot) -> DefinitionStatus {
        var missing: Set<String> = []
        do {
            var environment = try environment(snapshot, makeExecutor(nil), vocabulary: vocabulary)
            let table = environment.table
            environment.table = { name, version in
                if snapshot.table(name.text) == nil { missing.insert(name.text) }
                return try table(name, version)
            }
            environment.file = { path, _, span in
                missing.insert(Printer.quote(path))
                throw QueryError(.file, "\(path) is not read for a check", at: span)
            }
            let binder = Binder(environment)
            var answer: [String] = []
            if let table = entry.definition.table?.text, snapshot.table(table)?.schema.index(of: entry.name) != nil {
                throw QueryError(.name, "\(table) has a column \(entry.name)")
            }
            if entry.kind == .query, snapshot.table(entry.name) != nil { throw QueryError(.name, "there is a table \(entry.name)") }
            switch entry.definition.body {
            case .segment(let on, let condition):
                let rows = try binder.bind(Source(kind: .table(on, version: nil), span: on.span))
                _ = try binder.condition(condition, in: binder.definitionScope(rows.scope))
            case .metric(let parameters, let on, let value):
                let rows = try binder.bind(Source(kind: .table(on, version: nil), span: on.span))
                try checkMetric(parameters, value, binder, binder.definitionScope(rows.scope), entry)
            case .query(let query):
                let bound = try binder.bind(query)
                try bound.requirePlain("a query that is kept")
                answer = bound.scope.visible.map(\.name)
            case .verb(_, let stages): try checkVerb(stages, binder, vocabulary)
            case .let, .param: break
            }
            return .fits(.init(columns: binder.expansions.references, definitions: binder.meanings, answer: answer))
        } catch let error as QueryError {
            return missing.isEmpty ? .broken(error) : .unloaded(missing)
        } catch {
            return .broken(QueryError(.storage, "\(error)"))
        }
    }

    /// Parameters without a default are tried with values of every kind: a name that is nowhere is wrong for all of them.
    private func checkMetric(
        _ parameters: [Definition.Parameter], _ value: Expression, _ binder: Binder, _ scope: Scope, _ entry: DefinitionEntry
    ) throws {
        let samples: [Literal] = [
            .integer(1), .duration(CivilDate.microsecondsPerDay), .months(1), .text("a"), .date(0), .span(0, .month), .bool(true),
        ]
        var failures: [QueryError] = []
        for sample in samples {
            var given: [String: Expression] = [:]
            for parameter in parameters {
                given[parameter.name.text] =
                    parameter.defaultValue ?? Expression(kind: .literal(sample), span: parameter.name.span)
            }
            // A number where a length of time is meant says nothing about the names.
            let call = ArgumentRewriter(given, at: entry.definition.name.span, of: entry.title)
            guard parameters.isEmpty || (try? call.expression(value)) != nil else { continue }
            let body = try StandInRewriter(given).expression(value)
            do {
                _ = try binder.bind(body, in: scope)
                return
            } catch let error as QueryError {
                failures.append(error)
            }
            if !parameters.contains(where: { $0.defaultValue == nil }) { break }
        }
        if let first = failures.first, failures.count == 1 || failures.allSatisfy({ $0.kind == .name }) { throw first }
    }

    /// What a verb's stages stand on is known only where it is called; what it calls is known now.
    private func checkVerb(_ stages: [Stage], _ binder: Binder, _ vocabulary: Vocabulary) throws {
        for stage in stages {
            guard case .verb(let call) = stage.kind else { continue }
            guard let inner = vocabulary.entry(call.name.text, .verb) else {
                if Prelude.verbs.contains(where: { $0.name == call.name.text }) { continue }
                throw QueryError(
                    .name, "there is no stage or verb \(call.name.text)", at: call.name.span,
                    hint: nearestName(to: call.name.text, among: vocabulary.names(of: .verb) + Prelude.verbs.map(\.name)).map {
                        "did you mean \($0)?"
                    })
            }
            _ = try binder.matched(call.arguments, to: inner, at: call.name.span)
        }
    }

    // MARK: keeping what stands

    /// Refuses a change that would break a definition which fits now, naming all of them.
    /// - Parameter renamed: titles of definitions that may have another name afterwards are looked up by their place in `after`.
    func keep(
        _ before: Vocabulary, _ after: Vocabulary, _ old: Snapshot, _ new: Snapshot, changing what: String, at span: SourceSpan?
    ) throws {
        var broken: [(DefinitionEntry, QueryError)] = []
        for entry in after.own {
            guard case .broken(let error) = check(entry, after, new) else { continue }
            // What was broken before is not this change's doing; what is new has been told by itself.
            if let known = before.entry(entry.key), case .broken = check(known, before, old) { continue }
            broken.append((entry, error))
        }
        guard let (first, error) = broken.first else { return }
        let titles = broken.map(\.0.title).joined(separator: ", ")
        throw QueryError(
            .name, "\(what): \(titles) \(broken.count == 1 ? "depends" : "depend") on it", at: span,
            hint: "in \(first.title) then: \(error.message)")
    }
}
