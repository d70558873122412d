import Storage

extension Session {
    /// `.help`, `.help functions`, `.help substring`: from the catalogues.
    public func help(topic: String?) -> String {
        guard let topic, !topic.isEmpty else {
            return """
                A query is a pipe: from SOURCE | stage | stage …
                stages: where derive select drop rename summarize sort take top distinct join union pivot fill sample assert to
                tables: load append replace upsert delete create drop rename optimize vacuum snapshots tables describe
                .help functions, .help aggregates, .help windows, or .help NAME tells more; docs/language.md is the full reference
                """
        }
        switch topic {
        case "functions":
            return ScalarFunction.Family.allCases.map { family in
                "\(family.rawValue):\n" + FunctionCatalogue.all.filter { $0.family == family }.map { "  \($0.signature)\n      \($0.summary)" }.joined(separator: "\n")
            }.joined(separator: "\n")
        case "aggregates": return "aggregates: " + AggregateFunction.allCases.map(\.rawValue).sorted().joined(separator: " ")
        case "windows": return "windows: " + WindowFunction.allCases.map(\.rawValue).sorted().joined(separator: " ")
        default: break
        }
        if let function = FunctionCatalogue.byName[topic] {
            return "\(function.signature)\n  \(function.summary)" + function.examples.map { "\n  \($0.expression) = \($0.result)" }.joined()
        }
        let known = FunctionCatalogue.all.map(\.name) + ["functions", "aggregates", "windows"]
        return "there is no help on \(topic)" + (nearestName(to: topic, among: known).map { "; did you mean \($0)?" } ?? "")
    }

    /// Names that could go on at the end of `line`: tables behind `from`, stages behind `|`, else columns and functions.
    public func completions(line: String, at: Int) -> [String] {
        let before = String(decoding: Array(line.utf8).prefix(at), as: UTF8.self)
        let word = String(before.reversed().prefix { $0.isLetter || $0.isNumber || $0 == "_" }.reversed())
        let head = before.dropLast(word.count).reversed().drop { $0 == " " }.reversed().map { $0 }
        let last = String(head.reversed().prefix { !$0.isWhitespace && $0 != "|" }.reversed())
        let names: [String]
        if head.last == "|" {
            names = ["where", "derive", "select", "drop", "rename", "summarize", "sort", "take", "top", "distinct", "join", "union", "pivot", "fill", "sample", "assert", "to"]
        } else if head.isEmpty {
            names = ["from", "load", "append", "replace", "upsert", "delete", "create", "drop", "rename", "optimize", "vacuum", "snapshots", "tables", "describe", "let", "param", "explain"]
        } else if last == "from" || last == "describe" || last == "join" {
            names = (try? tableNames()) ?? []
        } else {
            let columns = (try? store.snapshot().tables.flatMap { $0.schema.columns.map(\.name) }) ?? []
            names = columns + FunctionCatalogue.all.map { "\($0.name)(" } + AggregateFunction.allCases.map { "\($0.rawValue)(" }
        }
        return Array(Set(names.filter { $0.hasPrefix(word) })).sorted()
    }
}
