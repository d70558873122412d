import Glibc
import Storage

extension CompletionSearch {
    // MARK: stages

    /// In a stage of a pipe, outside of brackets.
    func stage(_ flat: [Token]) -> [Completion] {
        guard let keyword = flat.first else { return stages() }
        let path = CompletionPlace.path(before: flat)
        if !path.isEmpty { return keyword.text == "expand" ? links(behindExpand: path) : behind(path) }
        guard let last = flat.last else { return [] }
        let rest = flat.dropFirst()
        let clause = rest.last { ["by", "per", "over", "on", "with", "in", "seed", "from", "as"].contains($0.text) && $0.kind == .word }?
            .text
        let isWhole = last.endsOperand && rest.count > 0
        switch keyword.text {
        case "drop", "fill", "rename":
            if keyword.text == "fill", isWhole { return clauses(["per", "in", "with"]) }
            if keyword.text == "rename", last.endsOperand || last.isSymbol(.comma) || rest.isEmpty { return [] }
            return isWhole ? [] : scope().map { columns($0.here) } ?? []
        case "take":
            if isWhole { return clause == "from" ? [] : clauses(["from"]) }
            return []
        case "sample": return isWhole && clause == nil ? clauses(["seed"]) : []
        case "top":
            if clause == nil || clause == "per" {
                return isWhole ? clauses(clause == nil ? ["by", "per"] : ["by"]) : clause == nil ? [] : expression()
            }
            if last.isWord("with") { return clauses(["others"]) }
            return isWhole ? clauses(["desc", "asc", "with others"]) + operators(flat) : expression()
        case "expand": return rest.isEmpty ? expandable() : []
        case "join":
            if rest.isEmpty { return sources() }
            if clause == "as" { return isWhole && !last.isWord("as") ? clauses(["on"]) : [] }
            if clause == "on" {
                if last.isSymbol(.equal) { return joinedColumns(rest) }
                return last.endsOperand ? [] : scope().map { columns($0.here) } ?? []
            }
            return isWhole ? clauses(["on", "as"]) : []
        case "union": return rest.isEmpty ? sources() : []
        case "to": return isWhole ? clauses(["raw"]) : []
        case "profile": return []
        case "sort": return isWhole ? clauses(["desc", "asc"]) + operators(flat) : expression()
        case "assert": return isWhole ? clauses(["else"]) + operators(flat) : expression()
        case "pivot":
            if isWhole { return clauses(clause == nil ? ["by", "over"] : clause == "by" ? ["over"] : ["in"]) + operators(flat) }
            return expression()
        case "summarize", "bar", "line", "histogram", "heatmap":
            if isWhole || rest.isEmpty && keyword.text != "summarize" {
                return (clause == "by" ? [] : clauses(["by"])) + (isWhole ? operators(flat) : expression())
            }
            return expression()
        default: return operand(flat)
        }
    }

    /// An operand, or what may follow one.
    func operand(_ flat: [Token]) -> [Completion] {
        guard let last = flat.last, flat.count > 1 else { return expression() }
        if last.endsOperand { return operators(flat) }
        if last.isWord("is") { return clauses(["null", "not null"]) }
        if last.isWord("not") { return expression() + clauses(["in", "like"]) }
        if ["last", "next"].contains(last.text) { return [] }
        if ["this", "previous"].contains(last.text) { return ["day", "week", "month", "quarter", "year"].map { Completion(.values, $0) } }
        let compares: [Symbol] = [.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual]
        guard last.isWord("in") || compares.contains(where: last.isSymbol) else { return expression() }
        // What stands on the other side says what is likely here.
        let path = CompletionPlace.pathAtEnd(
            of: flat.dropLast().last.map { $0.isWord("not") } ?? false ? flat.dropLast(2) : flat.dropLast())
        guard let type = type(of: path) else { return expression() + periods() }
        switch type {
        case .date, .timestamp, .week, .month, .quarter, .year: return periods() + expression()
        case .text where last.isWord("in"): return [Completion(.values, "[", text: "[\"", signature: "[\"…\"]")] + queries()
        case .text: return textStart(path) + expression()
        case .bool: return [Completion(.values, "true"), Completion(.values, "false")]
        case .int, .decimal, .float, .duration: return (last.isWord("in") ? queries() : []) + expression()
        }
    }

    private func queries() -> [Completion] { [Completion(.words, "(", text: "(from ", signature: "(from … | select k)")] }

    /// Values with their quotes, where none has been typed yet.
    private func textStart(_ path: [String]) -> [Completion] {
        guard let known, let scope = scope(), place.typed.isEmpty,
            let values = known.values(of: path, in: scope.here, outside: scope.outside, beginningWith: "")
        else { return [] }
        return values.values.map { Completion(.values, Printer.quote($0)) }
    }

    private func type(of path: [String]) -> LogicalType? {
        guard let last = path.last, let scope = scope(), let known,
            let rows = known.rows(behind: Array(path.dropLast()), in: scope.here, outside: scope.outside)
        else { return nil }
        return rows.column(last)?.type
    }

    private func expandable() -> [Completion] { scope().map { links($0.here) } ?? [] }

    private func links(behindExpand path: [String]) -> [Completion] {
        guard let known, let scope = scope(), let rows = known.rows(behind: path, in: scope.here, outside: nil) else { return [] }
        return links(rows)
    }

    /// The columns of the table that a join names.
    private func joinedColumns(_ rest: ArraySlice<Token>) -> [Completion] {
        guard let name = rest.first, name.isName else { return [] }
        let scope = known?.table(name.text) ?? known?.pipe("from \(Printer.name(name.text))")
        return scope.map { columns($0) } ?? []
    }

    // MARK: statements

    /// Outside of a pipe: a statement's own words.
    func statement(_ flat: [Token]) -> [Completion] {
        guard let first = flat.first else {
            return Session.statementWords.map { word in
                let entry = StatementCatalogue.all.first { $0.name == word }
                return Completion(.statements, word, signature: entry?.forms.first ?? word, summary: entry?.summary ?? "", ending: " ")
            }
        }
        guard let last = flat.last else { return [] }
        let second = flat.count > 1 ? flat[1] : nil
        switch first.text {
        case "from": return source(flat, last)
        case "explain":
            if flat.count == 1 { return clauses(["from", "analyze"]) }
            return last.isWord("analyze") ? clauses(["from"]) : source(Array(flat.drop { !$0.isWord("from") }), last)
        case "load", "append", "replace", "upsert": return loading(flat, first, last)
        case "delete":
            if last.isWord("delete") { return clauses(["from"]) + tables() }
            if last.isWord("from") { return tables() }
            guard let place = flat.firstIndex(where: { $0.isWord("where") }) else { return clauses(["where"]) }
            return condition(Array(flat[place...]))
        case "create": return flat.count == 1 ? clauses(["table"]) : isBehindBracket(flat) ? clauses(["key", "time"]) : []
        case "drop", "rename": return changing(flat, second, last)
        case "optimize", "describe": return flat.count == 1 ? tables(ending: "") : []
        case "show":
            if flat.count > 1 { return [] }
            return Session.showGroups.map { Completion(.words, $0) } + definitions(Set(Definition.Kind.allCases), as: .definitions)
                + Prelude.verbs.map { Completion(.verbs, $0.name, signature: $0.signature, summary: $0.summary) }
        case "snapshot": return flat.count == 1 ? definitions([.segment], as: .segments) : clauses(["at"])
        case "as": return flat.count == 1 ? clauses(["of"]) : periods()
        case "link": return linking(flat, last)
        case "run": return running(flat, last)
        case "report": return flat.count == 1 ? clauses(["end"]) : []
        case "save":
            guard let second else { return Definition.Kind.allCases.map { Completion(.statements, $0.rawValue, ending: " ") } }
            return defining(Array(flat.dropFirst()), second, last)
        default: return defining(flat, first, last)
        }
    }

    /// `from SOURCE`, up to its first pipe.
    private func source(_ flat: [Token], _ last: Token) -> [Completion] {
        guard flat.count > 1 else { return sources() }
        return last.isWord("as") ? clauses(["of version"]) : []
    }

    private func loading(_ flat: [Token], _ first: Token, _ last: Token) -> [Completion] {
        if flat.count == 1 { return first.text == "load" ? [] : tables() }
        guard let from = flat.firstIndex(where: { $0.isWord("from") }) else { return clauses(["from"]) }
        if from == flat.count - 1 { return [Completion(.words, "(", text: "(from ", signature: "(from …)")] }
        let table = known?.table(flat[1].text)
        if last.isWord("key") || last.isWord("time") { return table.map { columns($0) } ?? [] }
        if last.isWord("format") { return ["csv", "tsv", "jsonl"].map { Completion(.values, $0) } }
        if last.isWord("header") { return ["true", "false"].map { Completion(.values, $0) } }
        if last.isWord("date_order") { return ["dmy", "mdy", "ymd"].map { Completion(.values, $0) } }
        guard last.endsOperand else { return [] }
        return Parser.importWords.map { Completion(.words, $0, ending: " ") }
    }

    private func condition(_ flat: [Token]) -> [Completion] {
        let path = CompletionPlace.path(before: flat)
        return path.isEmpty ? operand(flat) : behind(path)
    }

    private func isBehindBracket(_ flat: [Token]) -> Bool { flat.contains { $0.isSymbol(.closeRound) } }

    /// `drop table t`, `rename column t.a to b`.
    private func changing(_ flat: [Token], _ second: Token?, _ last: Token) -> [Completion] {
        guard let second else {
            let kinds = ["table", flat[0].text == "drop" ? "link" : "column"] + Definition.Kind.allCases.map(\.rawValue)
            return kinds.map { Completion(.words, $0, ending: " ") }
        }
        let path = CompletionPlace.path(before: flat)
        if let table = path.last, second.isWord("column") || second.isWord("link") {
            guard let scope = known?.table(table) else { return [] }
            return second.isWord("link")
                ? snapshot.links.filter { $0.child == table }.map { Completion(.links, $0.parentName) } : columns(scope, ending: " ")
        }
        if flat.count > 2 { return last.isName && flat[0].text == "rename" ? clauses(["to"]) : [] }
        switch second.text {
        case "table": return tables(ending: flat[0].text == "rename" ? " " : "")
        case "column", "link": return tables().map { Completion(.tables, $0.name, text: $0.text + ".", summary: $0.summary) }
        default: return Definition.Kind(rawValue: second.text).map { definitions([$0], as: .definitions, ending: " ") } ?? []
        }
    }

    /// `link t.column to parent latest as parent, children`
    private func linking(_ flat: [Token], _ last: Token) -> [Completion] {
        if let table = CompletionPlace.path(before: flat).last { return known?.table(table).map { columns($0, ending: " ") } ?? [] }
        if flat.count == 1 { return tables().map { Completion(.tables, $0.name, text: $0.text + ".", summary: $0.summary) } }
        if last.isWord("to") { return tables() }
        if flat.contains(where: { $0.isWord("as") }) { return [] }
        return flat.contains { $0.isWord("to") } ? clauses(["as", "latest"]) : clauses(["to"])
    }

    /// `run "file.crmq" with month = …`: the parameters are those of the file.
    private func running(_ flat: [Token], _ last: Token) -> [Completion] {
        guard flat.count > 1, flat[1].kind == .text else { return [] }
        guard let with = flat.firstIndex(where: { $0.isWord("with") }) else {
            return last.isWord("against") || flat.count > 2 ? [] : clauses(["with", "against"])
        }
        guard last.isWord("with") || last.isSymbol(.comma) else { return last.endsOperand ? clauses(["against"]) : [] }
        let given = Set(flat[with...].map(\.text))
        return ((try? session.parameters(ofFile: flat[1].text)) ?? []).filter { !given.contains($0.name) }.map { parameter in
            Completion(
                .parameters, parameter.name, text: Printer.name(parameter.name) + " = ",
                signature: "\(parameter.name): \(parameter.type.name)" + (parameter.defaultText.map { " = \($0)" } ?? ""))
        }
    }

    /// `segment vip on customers = …` and its kin.
    private func defining(_ flat: [Token], _ first: Token, _ last: Token) -> [Completion] {
        guard let kind = Definition.Kind(rawValue: first.text) else { return [] }
        guard flat.count > 1 else { return definitions([kind], as: .definitions, ending: " ") }
        guard let equals = flat.firstIndex(where: { $0.isSymbol(.equal) }) else {
            switch kind {
            case .segment, .metric: return last.isWord("on") ? tables() : flat.contains { $0.isWord("on") } ? [] : clauses(["on"])
            case .param: return last.isSymbol(.colon) ? types() : []
            case .verb, .query, .let: return []
            }
        }
        let body = Array(flat[(equals + 1)...])
        switch kind {
        case .segment, .metric: return condition([flat[equals]] + body)
        case .verb: return stage(body)
        case .query: return body.isEmpty ? clauses(["from"]) : source(body, last)
        case .let: return condition([flat[equals]] + body)
        case .param: return last.endsOperand ? clauses(["in"]) : periods()
        }
    }
}
