import Storage

/// From a place in a statement to what fits there.
struct CompletionSearch {
    let session: Session
    let place: CompletionPlace
    let snapshot: Snapshot
    let words: Vocabulary
    let known: CompletionScope?

    init(_ session: Session, _ place: CompletionPlace, _ snapshot: Snapshot) {
        self.session = session
        self.place = place
        self.snapshot = snapshot
        known = session.completionEnvironment(snapshot).map { CompletionScope($0, snapshot) }
        words = known?.vocabulary ?? Vocabulary()
    }

    func run() -> Completions {
        var found = Completions(start: place.start)
        let flat = place.top.flat
        if case .text(let closing) = place.word {
            completeText(flat, closing, &found)
            return found
        }
        if flat.last?.isSymbol(.at) ?? false {
            found.items = parameters(in: flat.dropLast())
            return found
        }
        switch place.top.kind {
        case .root, .query: found.items = isInPipe ? stage(flat) : statement(flat)
        case .list, .group: found.items = inner(flat)
        case .call(let name):
            found.call = signature(of: name)
            found.items = arguments(of: name, flat) + inner(flat)
        }
        return found
    }

    /// The cursor stands in a stage of a pipe, not in its source or another statement.
    var isInPipe: Bool { place.frames[place.owner].pipe != nil }

    // MARK: scopes

    /// The pipe in front of the stage that the cursor stands in.
    private var pipeScope: Scope? {
        guard let known else { return nil }
        let frame = place.frames[place.owner]
        guard let pipe = frame.pipe else { return statementScope }
        let first = frame.isQuery ? frame.first : queryStart(from: frame.first)
        guard let first, first < pipe else {
            // A line that starts with a bar, or a verb's stages, which are about any rows.
            return place.tokens.first.map { $0.isSymbol(.pipe) } ?? false ? known.pipe(text(0, pipe)) : statementScope
        }
        return known.pipe(text(first, pipe))
    }

    private func queryStart(from first: Int) -> Int? {
        let tokens = place.tokens
        if first < tokens.count, tokens[first].isSymbol(.pipe) { return first }
        // `explain from`, `query q = from`: the first `from` that stands in no bracket.
        var depth = 0
        for index in first..<tokens.count {
            if tokens[index].isSymbol(.openRound) || tokens[index].isSymbol(.openSquare) { depth += 1 }
            if tokens[index].isSymbol(.closeRound) || tokens[index].isSymbol(.closeSquare) { depth -= 1 }
            if depth == 0, tokens[index].isWord("from") { return index }
        }
        return nil
    }

    /// The text of the tokens from one to before another, but with the stages that a line with a bar in front goes on from.
    private func text(_ first: Int, _ end: Int) -> String {
        guard end > first else { return "" }
        let bytes = place.text[place.tokens[first].span.lowerBound..<place.tokens[end - 1].span.upperBound]
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whose rows a statement without a pipe is about: `delete t where`, `segment s on t =`.
    private var statementScope: Scope? {
        let tokens = place.tokens
        if tokens.first?.isWord("delete") ?? false {
            let name = tokens.dropFirst().first { !$0.isWord("from") }
            return name.flatMap { known?.table($0.text) }
        }
        for (on, table) in zip(tokens, tokens.dropFirst()) where on.isWord("on") { return known?.table(table.text) }
        return nil
    }

    /// The names that mean something at the cursor, which may stand inside an aggregate along a path.
    func scope() -> (here: Scope, outside: Scope?)? {
        guard let known, var here = pipeScope else { return nil }
        var outside: Scope?
        for (index, frame) in place.frames.enumerated() where index > place.owner || !place.frames[place.owner].isQuery {
            guard case .call(let name) = frame.kind, AggregateFunction(rawValue: name) != nil else { continue }
            var tokens = frame.flat
            if index == place.frames.count - 1 {
                // The path that is being typed starts from the rows outside.
                tokens.removeLast(2 * CompletionPlace.path(before: tokens).count)
            }
            if let below = known.rowsBelow(tokens, in: here) { (outside, here) = (here, below) }
        }
        return (here, outside)
    }

    // MARK: inside brackets

    private func inner(_ flat: [Token]) -> [Completion] {
        let path = CompletionPlace.path(before: flat)
        if !path.isEmpty { return behind(path) }
        guard let first = flat.first, let last = flat.last else { return expression() }
        var next = operand([first] + flat)
        if last.endsOperand, case .call(let name) = place.top.kind, AggregateFunction(rawValue: name) != nil {
            next += clauses(["where", "by"])
        }
        return next
    }

    /// Named arguments of a verb or a metric.
    private func arguments(of name: String, _ flat: [Token]) -> [Completion] {
        guard flat.isEmpty || flat.last.map({ $0.isSymbol(.comma) }) ?? false else { return [] }
        var items: [Completion] = []
        let given = Set(zip(flat, flat.dropFirst()).filter { $1.isSymbol(.colon) }.map(\.0.text))
        for label in labels(of: name) where !given.contains(label.name) {
            items.append(
                Completion(.arguments, label.name, text: label.name + ": ", signature: label.name + ": " + label.value, summary: ""))
        }
        if name == "show" { items += Session.showGroups.map { Completion(.words, $0) } }
        if ["columns"].contains(name) { items += tables(ending: "") }
        if ["diff", "memberships", "overlaps"].contains(name) { items += definitions([.segment], as: .segments) }
        return items
    }

    private func labels(of name: String) -> [(name: String, value: String)] {
        if let entry = words.entry(name), !entry.definition.parameters.isEmpty {
            return entry.definition.parameters.map { ($0.name.text, $0.defaultValue.map { $0.formatted() } ?? "…") }
        }
        guard let verb = Prelude.verbs.first(where: { $0.name == name }) else { return [] }
        // `funnel([time,] within: 30d, step1: …)`: a name in front of a value, but not one that stands for any.
        let tokens = Array(Lexer(Array(verb.signature.utf8)).tokens)
        return zip(tokens, zip(tokens.dropFirst(), tokens.dropFirst(2))).compactMap { label, rest in
            guard label.isName, rest.0.isSymbol(.colon), case .literal = rest.1.kind else { return nil }
            return (label.text, rest.1.text)
        }
    }

    func signature(of name: String) -> String? {
        if let entry = words.entry(name), entry.kind == .metric || entry.kind == .verb { return entry.signature }
        if let function = FunctionCatalogue.byName[name] { return function.signature }
        return (AggregateCatalogue.all + WindowCatalogue.all).first { $0.name == name }?.signature
            ?? Prelude.verbs.first { $0.name == name }?.signature
    }

    // MARK: behind a point

    func behind(_ path: [String]) -> [Completion] {
        guard let known, let scope = scope(), let rows = known.rows(behind: path, in: scope.here, outside: scope.outside) else { return [] }
        return columns(rows) + links(rows) + definitions(on: rows)
    }

    // MARK: texts

    private func completeText(_ flat: [Token], _ closing: String, _ found: inout Completions) {
        let last = flat.last
        if let files = files(flat) {
            found.files = files
            return
        }
        var before = flat
        if case .list = place.top.kind {
            // `city in ["Berlin", "`: what the list is for stands in front of its bracket.
            guard last == nil || last.map({ $0.isSymbol(.comma) }) ?? false, place.frames.count > 1 else { return }
            before = Array(place.frames[place.frames.count - 2].flat.dropLast())
            guard before.popLast().map({ $0.isWord("in") }) ?? false else { return }
            if before.last.map({ $0.isWord("not") }) ?? false { before.removeLast() }
        } else {
            let operators: [Symbol] = [.equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual]
            guard let sign = before.popLast(), operators.contains(where: sign.isSymbol) || sign.isWord("like") else { return }
            if before.last.map({ $0.isWord("not") }) ?? false { before.removeLast() }
        }
        let path = CompletionPlace.pathAtEnd(of: before)
        guard !path.isEmpty, let known, let scope = scope() else { return }
        let typed = place.typed
        guard let values = known.values(of: path, in: scope.here, outside: scope.outside, beginningWith: typed) else { return }
        found.isCut = values.isCut
        found.items = values.values.map { value in
            let quoted = String(Printer.quote(value).dropFirst().dropLast())
            return Completion(.values, quoted, signature: quoted, ending: closing)
        }
    }

    private func files(_ flat: [Token]) -> Completions.Files? {
        guard let last = flat.last else { return nil }
        if last.isWord("run") { return .scripts }
        if last.isWord("from") || last.isWord("join") || last.isWord("union") { return .data }
        if last.isWord("to") || last.isWord("rejects") || last.isWord("report") || last.isWord("against") { return .any }
        if last.isSymbol(.colon), flat.dropLast().last.map({ $0.isWord("rejects") }) ?? false { return .any }
        // `load t from "a.csv", "`
        if last.isSymbol(.comma), let first = flat.first, ["load", "append", "replace", "upsert"].contains(first.text),
            flat.dropLast().last.map({ $0.kind == .text }) ?? false
        {
            return .data
        }
        return nil
    }
}
