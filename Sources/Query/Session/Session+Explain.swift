import Storage

extension Session {
    func explain(_ query: Query, analyze: Bool, _ span: SourceSpan, _ receiver: ResultReceiver) throws {
        let executor = makeExecutor(analyze ? receiver : nil)
        let binder = Binder(try environment(try store.snapshot(), executor))
        let bound = try binder.bind(query)
        var log: [String] = []
        var names = binder.names
        for column in bound.scope.columns where !column.name.isEmpty { names[column.id] = column.name }
        if analyze { return try deliver(try analyzed(bound, PlanText(names), executor), receiver) }
        let planned = Planner.plan(bound.plan, with: rewrites, log: &log)
        var out = RelationBuilder([("plan", .text)])
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
    /// Runs the query without sending its rows, and tells what each operator did. Queries behind `in` ran before the others.
    private func analyzed(_ bound: BoundQuery, _ text: PlanText, _ executor: Executor) throws -> RelationBuilder {
        let profile = QueryProfile()
        executor.profile = profile
        let startedAt = QueryProfile.now()
        let answer = profile.enter(nil)
        do {
            defer { profile.leave() }
            let plan = try prepare(bound.plan, executor)
            try executor.deliver(plan, required: Set(bound.required)) { answer.add(rows: $0.rowCount, nanoseconds: 0) }
        }
        let elapsed = QueryProfile.now() - startedAt
        var out = RelationBuilder([
            ("plan", .text), ("rows_in", .int), ("rows_out", .int), ("blocks_read", .int), ("blocks_skipped", .int), ("bytes", .int),
            ("ms", .decimal(scale: 3)),
        ])
        func rows(_ node: OperatorProfile) -> Int {
            node.passesThrough ? node.inputs.last.map(rows) ?? node.rows : node.rows
        }
        func add(_ node: OperatorProfile, depth: Int) {
            var rowsIn = node.inputs.isEmpty ? nil : node.inputs.reduce(0) { $0 + rows($1) }
            // Queries behind `in` are inputs of the answer too, and ran before.
            if node.plan == nil { rowsIn = node.inputs.last.map(rows) }
            if case .scan(let scan)? = node.plan { rowsIn = scan.table.rowCount }
            let counts = node.scan.map { [$0.blocksRead, $0.blocksSkipped, $0.bytes] }
            let title = node.plan.map { text.title($0) } ?? "answer"
            out.add(
                [
                    .text(String(repeating: "  ", count: depth) + title), rowsIn.map { .integer(Int64($0)) } ?? .null,
                    .integer(Int64(rows(node))),
                ]
                    + (counts?.map { .integer(Int64($0)) } ?? [.null, .null, .null]) + [.integer(Int64((node.nanoseconds + 500) / 1000))])
            for input in node.inputs { add(input, depth: depth + 1) }
        }
        add(answer, depth: 0)
        out.add(
            .text("in all, \(executor.limits.threads) thread\(executor.limits.threads == 1 ? "" : "s")"), .null, .null, .null, .null, .null,
            .integer(Int64((elapsed + 500) / 1000)))
        return out
    }

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

    func title(_ plan: Plan) -> String {
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
        case .top(let top) where top.isPage: return "rows \(top.first + 1) to \(top.count) by \(order(top.order))"
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
