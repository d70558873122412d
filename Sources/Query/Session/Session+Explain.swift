import Storage

extension Session {
    func explain(_ query: Query, analyze: Bool, _ span: SourceSpan, _ receiver: ResultReceiver) throws {
        if analyze { throw QueryError(.unsupported, "`explain analyze` is not built yet", at: span, hint: "`explain` shows the plan") }
        let executor = makeExecutor(nil)
        let binder = Binder(try environment(try store.snapshot(), executor))
        let bound = try binder.bind(query)
        var log: [String] = []
        let planned = Planner.plan(bound.plan, with: rewrites, log: &log)
        var out = RelationBuilder([("plan", .text)])
        var names = binder.names
        for column in bound.scope.columns where !column.name.isEmpty { names[column.id] = column.name }
        for line in try expanded(query, binder) { out.add(.text(line)) }
        for line in PlanText(names).lines(planned) { out.add(.text(line)) }
        if !log.isEmpty {
            var counted: [String] = []
            for name in log where !counted.contains(name) { counted.append(name) }
            out.add(.text("rewrites: \(counted.joined(separator: ", "))"))
        }
        try deliver(out, receiver)
    }
}

extension Session {
    /// The query with every definition put in place, one stage a line; nothing where none is used.
    private func expanded(_ query: Query, _ binder: Binder) throws -> [String] {
        let rewriter = ExpansionRewriter(binder.expansions)
        let whole = try rewriter.query(flattened(query))
        guard rewriter.changed else { return [] }
        var source = whole
        source.stages = []
        return ["in full:", "  " + source.formatted()] + whole.stages.map { "  | " + $0.formatted() } + ["plan:"]
    }
}

/// A plan as indented lines, the last operator first.
struct PlanText {
    private let names: [ColumnID: String]
    init(_ names: [ColumnID: String]) { self.names = names }

    func lines(_ plan: Plan, depth: Int = 0) -> [String] {
        let pad = String(repeating: "  ", count: depth)
        return [pad + title(plan)] + plan.inputs.flatMap { lines($0, depth: depth + 1) }
    }

    private func name(_ id: ColumnID) -> String { names[id] ?? "#\(id)" }

    private func text(_ bound: Bound) -> String {
        var out = ""
        var rest = bound.fingerprint[...]
        // Identities of instances are for matching, not for reading.
        while let mark = rest.firstIndex(of: "@") {
            out += rest[..<mark]
            rest = rest[rest.index(after: mark)...].drop { $0.isNumber || $0 == "-" }
        }
        out += rest
        for id in bound.columns.sorted(by: >) { out = out.replacingWord("#\(id)", with: name(id)) }
        return out
    }

    private func order(_ order: [PlanOrder]) -> String {
        order.map { name($0.id) + ($0.descending ? " desc" : "") }.joined(separator: ", ")
    }

    private func title(_ plan: Plan) -> String {
        switch plan {
        case .scan(let scan):
            let filters = scan.filters.isEmpty ? "" : " where " + scan.filters.map(text).joined(separator: " and ")
            return "scan \(scan.table.schema.name), \(scan.table.rowCount) rows\(filters)"
        case .rows(let relation): return "rows, \(relation.rowCount)"
        case .filter(_, let condition): return "where \(text(condition))"
        case .derive(_, let columns): return "derive " + columns.map { "\(name($0.id)): \(text($0.value))" }.joined(separator: ", ")
        case .aggregate(let aggregate):
            let keys =
                aggregate.keys.isEmpty ? "" : " by " + aggregate.keys.map { "\(name($0.id)): \(text($0.value))" }.joined(separator: ", ")
            return "aggregate "
                + aggregate.measures.map {
                    "\(name($0.id)): \($0.call.function.rawValue)(\($0.call.arguments.map(text).joined(separator: ", ")))"
                }.joined(separator: ", ") + keys
        case .window(_, let columns): return "window " + columns.map { name($0.id) }.joined(separator: ", ")
        case .sort(_, let items): return "sort \(order(items))"
        case .take(_, let first, let count): return first == 0 ? "take \(count)" : "take \(count) from \(first + 1)"
        case .top(let top):
            return "top \(top.count)\(top.per.isEmpty ? "" : " per " + top.per.map(name).joined(separator: ", ")) by \(order(top.order))"
        case .join(let join):
            let kind =
                switch join.kind {
                case .lookup: join.isLatest ? "look up the latest of" : "look up"
                case .matching: "keep rows of"
                case .expanding: "pair with"
                }
            if join.on.isEmpty { return "\(kind) \(join.rightName)" }
            return
                "\(join.span.isEmpty ? kind : "join") \(join.rightName) on \(join.on.map { "\(name($0.left)) = \(name($0.right))" }.joined(separator: ", "))"
        case .union: return "union"
        case .unfold(let unfold): return "expand \(name(unfold.id)): \(text(unfold.low))..\(text(unfold.high))"
        case .fill(let fill): return "fill \(name(fill.column))"
        case .sample(_, let size, let seed):
            switch size {
            case .rows(let rows): return "sample \(rows) seed \(seed)"
            case .share(let millionths): return "sample \(Double(millionths) / 10_000)% seed \(seed)"
            }
        case .assert(_, let check), .assertAll(_, _, let check): return "assert \(text(check.condition))"
        }
    }
}

extension String {
    /// Replaces `#1` but not the start of `#12`.
    fileprivate func replacingWord(_ word: String, with other: String) -> String {
        var out = ""
        var rest = self[...]
        while let range = rest.firstRange(of: word) {
            out += rest[..<range.lowerBound]
            let next = range.upperBound < rest.endIndex ? rest[range.upperBound] : " "
            out += next.isNumber ? Substring(word) : Substring(other)
            rest = rest[range.upperBound...]
        }
        return out + rest
    }
}
