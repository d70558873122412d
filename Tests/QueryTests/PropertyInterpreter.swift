import Storage

@testable import Query

/// The language's core, run row by row in the plainest way. It shares the parser with the engine and nothing else: what it answers comes
/// from the rules of the language alone. A result beyond 18 digits ends it with ``Beyond``, what it does not know with ``Unknown``.
struct Interpreter {
    struct Beyond: Error {}
    struct Unknown: Error { let what: String }

    let today: Int
    /// The table `t`, for queries inside queries.
    var table: Rows?

    /// Rows on their way through the pipe.
    struct Rows {
        var names: [String]
        var types: [LogicalType]
        var columns: [[Cell]]
        var count: Int
        /// What orders end in; empty: all columns.
        var key: [[Cell]] = []
        /// Some stage has said in which order the rows come.
        var isOrdered = false

        var ties: [[Cell]] { key.isEmpty ? columns : key }

        func picking(_ rows: [Int]) -> Rows {
            var picked = self
            picked.columns = columns.map { column in rows.map { column[$0] } }
            picked.key = key.map { column in rows.map { column[$0] } }
            picked.count = rows.count
            return picked
        }

        mutating func put(_ name: String, _ type: LogicalType, _ cells: [Cell]) {
            if let place = names.firstIndex(of: name) {
                types[place] = type
                columns[place] = cells
            } else {
                names.append(name)
                types.append(type)
                columns.append(cells)
            }
        }

        var lines: [String] {
            (0..<count).map { row in zip(columns, types).map { $0[row].csv($1) }.joined(separator: ",") }
        }

        /// The answer as csv.
        var csv: String { ([names.joined(separator: ",")] + lines).map { $0 + "\n" }.joined() }
    }

    func run(_ stages: [Stage], over table: Rows) throws -> Rows {
        var inputs = [table]
        for (place, stage) in stages.enumerated() {
            if case .top(let count, per: let per, by: let by, others: true) = stage.kind, place > 0,
                case .summarize(let measures, let keys) = stages[place - 1].kind
            {
                let plain = Stage(kind: .top(count, per: per, by: by, others: false), span: stage.span, keyword: stage.keyword)
                inputs.append(try withOthers(try run(plain, over: inputs[place]), measures, keys, of: inputs[place - 1]))
            } else {
                inputs.append(try run(stage, over: inputs[place]))
            }
        }
        return inputs[stages.count]
    }

    func run(_ query: Query) throws -> Rows {
        guard case .table = query.source.kind, let table else { throw Unknown(what: "a source") }
        return try run(query.stages, over: table)
    }

    /// One more row: the same aggregates over the rows of the groups that are not shown.
    private func withOthers(_ top: Rows, _ measures: [NamedExpression], _ keys: [NamedExpression], of input: Rows) throws -> Rows {
        guard keys.count == 1 else { throw Unknown(what: "others by several keys") }
        let (type, cells) = try evaluate(keys[0].value, input)
        let rest = input.picking((0..<input.count).filter { !top.columns[0].contains(cells[$0]) })
        if rest.count == 0 { return top }
        let sums = try summarize(measures, by: [], rest)
        var out = top
        out.columns[0].append(type == .text ? .text("others") : .null)
        for place in sums.columns.indices { out.columns[place + 1] += sums.columns[place] }
        out.count += 1
        out.key = [out.columns[0]]
        return out
    }

    /// The columns of the one row with the same key; a null key finds none.
    private func join(_ join: Stage.Join, _ rows: Rows) throws -> Rows {
        guard case .query(let query) = join.source.kind, let alias = join.alias, join.on.count == 1 else { throw Unknown(what: "a join") }
        let right = try run(query)
        guard let here = rows.names.firstIndex(of: join.on[0].new.text), let there = right.names.firstIndex(of: join.on[0].old.text),
            rows.types[here] == right.types[there]
        else { throw Unknown(what: "a key") }
        let places = Dictionary(right.columns[there].enumerated().map { ($1, $0) }) { first, _ in first }
        let found = rows.columns[here].map { $0 == .null ? nil : places[$0] }
        var out = rows
        for column in right.names.indices where column != there {
            out.put(
                "\(alias.text)_\(right.names[column])", right.types[column], found.map { $0.map { right.columns[column][$0] } ?? .null })
        }
        return out
    }

    private func union(_ source: Source, _ rows: Rows) throws -> Rows {
        guard case .query(let query) = source.kind else { throw Unknown(what: "a union") }
        let below = try run(query)
        guard below.names == rows.names, below.types == rows.types else { throw Unknown(what: "a union of other columns") }
        var out = rows
        for place in out.columns.indices { out.columns[place] += below.columns[place] }
        out.count += below.count
        out.key = []
        out.isOrdered = false
        return out
    }

    func run(_ stage: Stage, over rows: Rows) throws -> Rows {
        switch stage.kind {
        case .where(let condition):
            let test = try evaluate(condition, rows).cells
            return rows.picking((0..<rows.count).filter { test[$0].isTrue })
        case .derive(let items):
            var out = rows
            for item in items {
                let (type, cells) = try evaluate(item.value, out)
                out.put(try name(item), type, cells)
            }
            return out
        case .select(let items):
            var out = rows
            (out.names, out.types, out.columns) = ([], [], [])
            for item in items {
                if case .star = item.value.kind {
                    (out.names, out.types, out.columns) = (out.names + rows.names, out.types + rows.types, out.columns + rows.columns)
                    continue
                }
                let (type, cells) = try evaluate(item.value, rows)
                out.put(try name(item), type, cells)
            }
            return out
        case .drop(let gone):
            var out = rows
            for name in gone {
                guard let place = out.names.firstIndex(of: name.text) else { throw Unknown(what: name.text) }
                out.names.remove(at: place)
                out.types.remove(at: place)
                out.columns.remove(at: place)
            }
            return out
        case .rename(let pairs):
            var out = rows
            for pair in pairs {
                guard let place = rows.names.firstIndex(of: pair.old.text) else { throw Unknown(what: pair.old.text) }
                out.names[place] = pair.new.text
            }
            return out
        case .summarize(let measures, let keys): return try summarize(measures, by: keys, rows)
        case .distinct(let items):
            var chosen = items
            if items.isEmpty {
                chosen = rows.names.map {
                    NamedExpression(name: nil, value: Expression(kind: .path([Name(text: $0, span: 0..<0)]), span: 0..<0))
                }
            }
            var out = try summarize([], by: chosen, rows)
            out.isOrdered = false
            return out
        case .sort(let items):
            var out = rows.picking(try order(items, rows))
            out.isOrdered = true
            return out
        case .take(let count, let from):
            let first = try from.map { try whole($0) - 1 } ?? 0
            let end = min(rows.count, first + (try whole(count)))
            return rows.picking(Array(min(first, end)..<end))
        case .top(let count, let per, let by, others: false):
            let sorted = try order(
                by.map { OrderItem(value: $0.value, descending: $0.explicit ? $0.descending : true, explicit: true) }, rows)
            let groups = try per.map { try evaluate($0, rows).cells }
            var seen: [[Cell]: Int] = [:]
            let limit = try whole(count)
            var kept = sorted.filter { row in
                seen[groups.map { $0[row] }, default: 0] += 1
                return seen[groups.map { $0[row] }, default: 0] <= limit
            }
            if !groups.isEmpty {
                let place = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1, $0) })
                kept.sort { a, b in
                    for group in groups {
                        let order = Cell.precedes(group[a], group[b])
                        if order != 0 { return order < 0 }
                    }
                    return place[a, default: 0] < place[b, default: 0]
                }
            }
            var out = rows.picking(kept)
            out.isOrdered = true
            return out
        case .join(let join): return try self.join(join, rows)
        case .union(let source): return try union(source, rows)
        case .top, .expand, .unfold, .pivot, .fill, .sample, .profile, .assert, .to, .chart, .verb:
            throw Unknown(what: stage.keyword.text)
        }
    }

    private func name(_ item: NamedExpression) throws -> String {
        if let name = item.name { return name.text }
        guard case .path(let names) = item.value.kind, names.count == 1 else { throw Unknown(what: "a name") }
        return names[0].text
    }

    private func whole(_ expression: Expression) throws -> Int {
        guard case .literal(.integer(let value)) = expression.kind else { throw Unknown(what: "a whole number") }
        return Int(value)
    }

    /// Row numbers in the order asked for, ties settled by the key.
    func order(_ items: [OrderItem], _ rows: Rows, among: [Int]? = nil) throws -> [Int] {
        let asked = try items.map { (cells: try evaluate($0.value, rows).cells, descending: $0.descending) }
        let all = asked + rows.ties.map { ($0, false) }
        return (among ?? Array(0..<rows.count)).sorted { a, b in
            for (cells, descending) in all {
                let order = Cell.precedes(cells[a], cells[b], descending: descending)
                if order != 0 { return order < 0 }
            }
            return a < b
        }
    }

    /// Rows by what they have in `keys`, groups in the order of their keys.
    func groups(_ keys: [[Cell]], _ rows: Rows) -> [[Int]] {
        if keys.isEmpty { return [Array(0..<rows.count)] }
        var members: [[Cell]: [Int]] = [:]
        for row in 0..<rows.count { members[keys.map { $0[row] }, default: []].append(row) }
        return members.sorted { a, b in
            for (x, y) in zip(a.key, b.key) {
                let order = Cell.precedes(x, y)
                if order != 0 { return order < 0 }
            }
            return false
        }.map(\.value)
    }

    private func summarize(_ measures: [NamedExpression], by keys: [NamedExpression], _ rows: Rows) throws -> Rows {
        var out = Rows(names: [], types: [], columns: [], count: 0, isOrdered: true)
        let keyCells = try keys.map { try evaluate($0.value, rows) }
        let groups = groups(keyCells.map(\.cells), rows)
        out.count = groups.count
        for (key, (type, cells)) in zip(keys, keyCells) { out.put(try name(key), type, groups.map { cells[$0[0]] }) }
        out.key = out.columns
        for measure in measures {
            let (type, cells) = try evaluate(measure.value, rows, groups: groups)
            out.put(try name(measure), type, cells)
        }
        return out
    }
}
