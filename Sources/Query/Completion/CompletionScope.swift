import Glibc
import Storage

/// What can be named at the cursor: the pipe in front of it is bound as far as it can be, and nothing is run.
final class CompletionScope {
    let binder: Binder
    let vocabulary: Vocabulary
    let snapshot: Snapshot

    init(_ environment: BindEnvironment, _ snapshot: Snapshot) {
        binder = Binder(environment)
        vocabulary = environment.vocabulary
        self.snapshot = snapshot
    }

    /// The rows of a table.
    func table(_ name: String) -> Scope? {
        guard let table = snapshot.table(name) else { return nil }
        return binder.scan(table, name: Name(text: name, span: 0..<0), version: nil).scope
    }

    /// The rows that a pipe's text (`from … | …`, `| …`) hands on. A stage that does not fit, or is not whole, is passed over.
    func pipe(_ text: String) -> Scope? {
        var parser = Parser(text)
        let parsed = try? parser.at(.pipe) ? parser.continuation() : parser.query()
        if let query = parsed, parser.atEnd, let bound = try? binder.bind(query) { return bound.scope }
        let pieces = CompletionScope.pieces(text)
        guard let first = pieces.first, var bound = source(first) else { return nil }
        for piece in pieces.dropFirst() {
            // What only chooses and orders rows leaves their columns as they are.
            if ["where", "sort", "take", "top", "assert", "sample", "fill", "to"].contains(piece.first?.text) { continue }
            apply(text, piece, to: &bound)
        }
        return bound.scope
    }

    /// The tokens of a pipe's source and of its stages.
    private static func pieces(_ text: String) -> [[Token]] {
        var pieces: [[Token]] = [[]]
        /// Whether each open bracket holds a query, whose pipes are its own.
        var brackets: [Bool] = []
        let tokens = Lexer(Array(text.utf8)).tokens.dropLast()
        for (index, token) in tokens.enumerated() {
            if token.isSymbol(.openRound) || token.isSymbol(.openSquare) {
                brackets.append(index + 1 < tokens.count && tokens[index + 1].isWord("from"))
            }
            if token.isSymbol(.closeRound) || token.isSymbol(.closeSquare) { _ = brackets.popLast() }
            if token.isSymbol(.pipe) {
                // A pipe in a bracket that holds none: somebody forgot to close it.
                while let isQuery = brackets.last, !isQuery { brackets.removeLast() }
                if brackets.isEmpty {
                    pieces.append([])
                    continue
                }
            }
            pieces[pieces.count - 1].append(token)
        }
        return pieces
    }

    private func source(_ tokens: [Token]) -> BoundQuery? {
        guard let from = tokens.first else { return try? binder.bind(Source(kind: .previous, span: 0..<0)) }
        guard from.isWord("from"), tokens.count > 1 else { return nil }
        if tokens[1].isName, tokens.count == 2 {
            return try? binder.bind(Source(kind: .table(Name(text: tokens[1].text, span: 0..<0), version: nil), span: 0..<0))
        }
        return nil
    }

    private func apply(_ text: String, _ tokens: [Token], to bound: inout BoundQuery) {
        guard let first = tokens.first, let last = tokens.last else { return }
        let bytes = Array(text.utf8)[first.span.lowerBound..<last.span.upperBound]
        var parser = Parser(String(decoding: bytes, as: UTF8.self))
        if let stage = try? parser.stage(), parser.atEnd {
            var next = bound
            if (try? binder.apply([stage], to: &next, summary: nil)) != nil {
                bound = next
                return
            }
            if case .pivot(_, let keys, _, _) = stage.kind {
                // Its columns hang on values, which would have to be read.
                let kind = Stage.Kind.summarize([], by: keys)
                if (try? binder.apply([Stage(kind: kind, span: 0..<0, keyword: stage.keyword)], to: &bound, summary: nil)) != nil { return }
            }
        }
        // The names that the stage gives stand in front of colons, whatever is wrong behind them.
        guard ["derive", "select", "summarize"].contains(first.text) else { return }
        var labels: [Scope.Column] = []
        for (name, colon) in zip(tokens, tokens.dropFirst()) where colon.isSymbol(.colon) && name.isName {
            labels.append(Scope.Column(id: binder.newID(), name: name.text, type: .text))
        }
        if first.text == "derive" {
            for label in labels { bound.scope.put(label) }
        } else if !labels.isEmpty {
            bound.scope.columns = labels
        }
    }

    // MARK: paths

    /// The rows that names before a point lead to: through links, to a joined table, to the row outside.
    func rows(behind path: [String], in scope: Scope, outside: Scope?) -> Scope? {
        var here = scope
        var path = path[...]
        // Behind `expand transactions` the path that led here may stand in front of the columns.
        if !scope.arrivedBy.isEmpty, path.starts(with: scope.arrivedBy) { path = path.dropFirst(scope.arrivedBy.count) }
        for (index, name) in path.enumerated() {
            if index == 0 {
                if name == "outer", let outside {
                    here = outside
                    continue
                }
                let joined = here.visible.filter { $0.qualifier == name }
                if !joined.isEmpty {
                    here = Scope()
                    here.columns = joined.map { column in
                        var short = column
                        // In the pipe it is `branches_region`, behind the point `region`.
                        if column.name.hasPrefix(name + "_") { short.name = String(column.name.dropFirst(name.count + 1)) }
                        return short
                    }
                    continue
                }
            }
            guard let next = step(name, from: here) else {
                if index == 0, name == here.tableName { continue }
                return nil
            }
            here = next
        }
        return here
    }

    private func step(_ name: String, from scope: Scope) -> Scope? {
        guard let origin = scope.origin, let hop = binder.hop(name, from: origin) else { return nil }
        return try? binder.farEnd(of: hop, from: origin, at: 0..<0).scope
    }

    /// The rows below that the first path among an aggregate's tokens leads down to; nil where none does.
    func rowsBelow(_ tokens: [Token], in scope: Scope) -> Scope? {
        var at = 0
        while at < tokens.count {
            guard tokens[at].isName, at == 0 || !tokens[at - 1].isSymbol(.dot) else {
                at += 1
                continue
            }
            var here = scope
            var below: Scope?
            while at < tokens.count, tokens[at].isName, let origin = here.origin, let hop = binder.hop(tokens[at].text, from: origin),
                let next = step(tokens[at].text, from: here)
            {
                here = next
                if hop.isDown { below = here }
                guard at + 2 < tokens.count, tokens[at + 1].isSymbol(.dot) else { break }
                at += 2
            }
            if let below { return below }
            at += 1
        }
        return nil
    }

    // MARK: values

    static let entriesMax = 100_000
    static let valuesMax = 200

    /// The different texts of a stored column that begin like `typed`, as far as its dictionary says them without reading rows.
    func values(of path: [String], in scope: Scope, outside: Scope?, beginningWith typed: String) -> (values: [String], isCut: Bool)? {
        guard let last = path.last, let rows = rows(behind: Array(path.dropLast()), in: scope, outside: outside),
            let column = rows.column(last) ?? scope.visible.first(where: { $0.name == path.joined(separator: "_") }), column.type == .text,
            let stored = binder.expansions.stored[column.id], let table = snapshot.table(stored.table),
            let index = table.schema.index(of: stored.column), table.dictionaryCount(column: index) <= CompletionScope.entriesMax,
            let dictionary = try? table.dictionary(column: index)
        else { return nil }
        let (found, count) = CompletionScope.first(CompletionScope.valuesMax, of: dictionary, beginningWith: Array(typed.utf8))
        return (found.map { String(decoding: dictionary[$0].buffer, as: UTF8.self) }, count > found.count)
    }

    /// The codes of the first texts in code-point order that begin like `start`, and how many do; whether letters are large matters only
    /// to those who look closer. No text is copied for it, since most of a large dictionary is never shown.
    private static func first(_ limit: Int, of dictionary: TextDictionary, beginningWith start: [UInt8]) -> (codes: [UInt32], count: Int) {
        func folded(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
        func precedes(_ a: UInt32, _ b: UInt32) -> Bool {
            let (x, y) = (dictionary[a].buffer, dictionary[b].buffer)
            guard let p = x.baseAddress, let q = y.baseAddress else { return x.count < y.count }
            let order = memcmp(p, q, min(x.count, y.count))
            return order != 0 ? order < 0 : x.count < y.count
        }
        let small = start.map(folded)
        var codes: [UInt32] = []
        var count = 0
        for code in 0..<UInt32(dictionary.count) {
            let text = dictionary[code].buffer
            guard text.count >= small.count, small.indices.allSatisfy({ folded(text[$0]) == small[$0] }) else { continue }
            count += 1
            if codes.count == limit, let last = codes.last, !precedes(code, last) { continue }
            var (low, high) = (0, codes.count)
            while low < high {
                let middle = (low + high) / 2
                if precedes(codes[middle], code) { low = middle + 1 } else { high = middle }
            }
            codes.insert(code, at: low)
            if codes.count > limit { codes.removeLast() }
        }
        return (codes, count)
    }
}
