import Storage

extension Session {
    /// `.help`, `.help functions`, `.help substring`: from the catalogues.
    public func help(topic: String?) -> String {
        guard let topic, !topic.isEmpty else {
            return """
                A query is a pipe: from SOURCE | stage | stage …
                stages:     \(StageCatalogue.all.map(\.name).joined(separator: " ")) to
                statements: \(Self.statementWords.joined(separator: " "))
                .help stages, functions, aggregates, windows, verbs or statements lists them; .help NAME tells about one
                .help \(StatementCatalogue.topics.map(\.name).joined(separator: ", ")) tell about matters
                """
        }
        func list(_ entries: [CatalogueEntry]) -> String {
            entries.map { "  \($0.signature)\n      \($0.summary)" }.joined(separator: "\n")
        }
        switch topic {
        case "functions":
            return ScalarFunction.Family.allCases.map { family in
                "\(family.rawValue):\n"
                    + FunctionCatalogue.all.filter { $0.family == family }.map { "  \($0.signature)\n      \($0.summary)" }.joined(
                        separator: "\n")
            }.joined(separator: "\n")
        case "aggregates": return list(AggregateCatalogue.all)
        case "windows": return list(WindowCatalogue.all)
        case "stages": return list(StageCatalogue.all)
        case "statements":
            return StatementCatalogue.all.map { entry in
                entry.forms.map { "  \($0)" }.joined(separator: "\n") + "\n      \(entry.summary)"
            }.joined(separator: "\n")
        case "verbs": return Prelude.verbs.map { "  \($0.signature)\n      \($0.summary)" }.joined(separator: "\n")
        default: break
        }
        let entries = (StageCatalogue.all + AggregateCatalogue.all + WindowCatalogue.all).filter { $0.name == topic }.map(\.help)
        let sinks = StageCatalogue.sinks.filter { $0.name == topic }.map { "\($0.signature)\n  \($0.summary)" }
        let functions = FunctionCatalogue.byName[topic].map { function in
            ["\(function.signature)\n  \(function.summary)" + function.examples.map { "\n  \($0.expression) = \($0.result)" }.joined()]
        }
        let own = definitions(helpOn: topic)
        let verbs = own.isEmpty ? Prelude.verbs.filter { $0.name == topic }.map(\.help) : own
        let statements = (StatementCatalogue.all + StatementCatalogue.topics).filter { $0.name == topic }.map(\.help)
        let found = entries + sinks + (functions ?? []) + verbs + statements
        if !found.isEmpty { return found.joined(separator: "\n") }
        let known = Self.names + Self.helpLists
        return "there is no help on \(topic)" + (nearestName(to: topic, among: known).map { "; did you mean \($0)?" } ?? "")
    }

    /// Everything that help can be asked about.
    public var helpTopics: [String] {
        let own = (try? vocabulary(try store.snapshot()))?.own.map(\.name) ?? []
        return Array(Set(Self.names + Self.helpLists + own)).sorted()
    }

    private static let helpLists = ["functions", "aggregates", "windows", "stages", "verbs", "statements"]

    static var statementWords: [String] { SyntaxWords.statements }

    private static var names: [String] {
        StageCatalogue.all.map(\.name) + StageCatalogue.sinks.map(\.name) + AggregateCatalogue.all.map(\.name)
            + WindowCatalogue.all.map(\.name)
            + FunctionCatalogue.all.map(\.name) + Prelude.verbs.map(\.name)
            + StatementCatalogue.all.map(\.name) + StatementCatalogue.topics.map(\.name)
    }

    /// What the run or the store defines under a name.
    private func definitions(helpOn topic: String) -> [String] {
        let words = (try? vocabulary(try store.snapshot())) ?? Vocabulary()
        return words.own.filter { $0.name == topic }.map {
            $0.text + ($0.doc.map { "\n  " + $0.split(separator: "\n").joined(separator: "\n  ") } ?? "")
        }
    }
}
