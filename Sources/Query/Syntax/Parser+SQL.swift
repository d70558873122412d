/// A `select` statement of SQL, told in this language.
extension Parser {
    private static let clauses: Set<String> = [
        "from", "where", "group", "having", "order", "limit", "offset", "join", "inner", "left", "union",
    ]

    /// `select a, b from t where …`; stands on `select`.
    func selectHabit() -> QueryError {
        var parts: [String: Range<Int>] = [:]
        var order: [String] = []
        var clause = "select"
        var start = index + 1
        var depth = 0
        var at = start
        while at < tokens.count {
            let token = tokens[at]
            let closes =
                token.kind == .end || token.isSymbol(.semicolon) || (token.isSymbol(.closeRound) && depth == 0) || token.isSymbol(.pipe)
            let word = token.kind == .word ? token.text.lowercased() : ""
            if closes || (depth == 0 && Parser.clauses.contains(word)) {
                if parts[clause] == nil {
                    parts[clause] = start..<max(start, at)
                    order.append(clause)
                }
                if closes { break }
                clause = word
                start = at + 1
                if start < tokens.count, tokens[start].kind == .word, ["by", "join"].contains(tokens[start].text.lowercased()) {
                    start += 1
                }
            }
            if token.isSymbol(.openRound) { depth += 1 }
            if token.isSymbol(.closeRound) { depth -= 1 }
            at += 1
        }
        let form = pipe(parts)
        return failure("a query starts with its table", hint: form.utf8.count > 300 ? "from t | where … | select a, b" : "write `\(form)`")
    }

    private func pipe(_ parts: [String: Range<Int>]) -> String {
        func words(_ clause: String) -> String? {
            guard let range = parts[clause], !range.isEmpty else { return nil }
            return plainWords(range)
        }
        let table = parts["from"].flatMap { range in range.isEmpty ? nil : plainWords(range.lowerBound..<(range.lowerBound + 1)) }
        var form = "from \(table ?? "t")"
        if parts["join"] != nil || parts["inner"] != nil || parts["left"] != nil { form += " | join … on …" }
        if let condition = words("where") { form += " | where \(condition)" }
        let items = selectItems(parts["select"] ?? 0..<0)
        let list = items.joined(separator: ", ")
        if let keys = words("group") {
            let keyNames = Set(keys.split(separator: ",").map { String($0.drop { $0 == " " }) })
            let measures = items.filter { !keyNames.contains($0) }
            form += " | summarize \(measures.isEmpty ? "n: count()" : measures.joined(separator: ", ")) by \(keys)"
            if let condition = words("having") { form += " | where \(condition)" }
        } else if items.contains(where: { item in ["count(", "sum(", "avg(", "min(", "max("].contains { item.contains($0) } }) {
            form += " | summarize \(list)"
        } else if list != "*", !list.isEmpty {
            form += list.hasPrefix("distinct ") ? " | \(list)" : " | select \(list)"
        }
        if let keys = words("order") { form += " | sort \(keys)" }
        if let count = words("limit") { form += " | take \(count)" }
        return form
    }

    /// The items between `select` and `from`, with `x as n` told as `n: x`.
    private func selectItems(_ range: Range<Int>) -> [String] {
        var items: [String] = []
        var depth = 0
        var start = range.lowerBound
        for at in range.lowerBound...range.upperBound {
            let isEnd = at == range.upperBound
            if !isEnd, tokens[at].isSymbol(.openRound) { depth += 1 }
            if !isEnd, tokens[at].isSymbol(.closeRound) { depth -= 1 }
            guard isEnd || (depth == 0 && tokens[at].isSymbol(.comma)) else { continue }
            if start < at {
                let hasName = at - start > 2 && tokens[at - 2].kind == .word && tokens[at - 2].text.lowercased() == "as"
                items.append(hasName ? "\(tokens[at - 1].text): \(plainWords(start..<(at - 2)))" : plainWords(start..<at))
            }
            start = at + 1
        }
        return items
    }

    /// The text of a span on one line, without its comments.
    func words(of span: SourceSpan) -> String {
        let first = tokens.firstIndex { $0.span.lowerBound >= span.lowerBound } ?? tokens.count
        let end = tokens[first...].firstIndex { $0.span.upperBound > span.upperBound || $0.kind == .end } ?? tokens.count
        return plainWords(first..<max(first, end))
    }

    /// The text of some tokens, with other languages' signs in this one's form.
    func plainWords(_ range: Range<Int>) -> String {
        var out = ""
        for at in range where at < tokens.count {
            let token = tokens[at]
            if at > range.lowerBound, token.spaceBefore { out += " " }
            let source = text(of: token.span)
            switch source {
            case "==": out += "="
            case "<>": out += "!="
            case "&&": out += "and"
            case "||": out += "or"
            case "*" where at > 0 && tokens[at - 1].isSymbol(.openRound) && at + 1 < tokens.count && tokens[at + 1].isSymbol(.closeRound):
                break
            default:
                let small = token.kind == .word ? source.lowercased() : source
                if source.first == "'", source.last == "'", source.count > 1 {
                    out += Printer.quote(String(source.dropFirst().dropLast()))
                } else {
                    let isKeyword =
                        Token.reserved.contains(small)
                        || ["desc", "asc", "like", "count", "sum", "avg", "min", "max", "distinct"].contains(small)
                    out += isKeyword ? small : source
                }
            }
        }
        return out
    }
}
