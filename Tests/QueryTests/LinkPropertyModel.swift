import Storage

@testable import Query

/// Tables and links as plain arrays, and what an expression along links means over them, by nested loops. It knows nothing of the parser,
/// the binder or the store: queries are trees of its own that it prints and answers.
struct LinkWorld {
    struct Table {
        let name: String
        let columns: [(name: String, type: LogicalType)]
        /// Empty: the table has no declared key.
        let key: [String]
        /// An explicit as-of hides rows that are later, or without a date; `first` and `last` go by it.
        var time: String?
        var rows: [[Cell]] = []

        func place(_ column: String) -> Int {
            guard let place = columns.firstIndex(where: { $0.name == column }) else {
                preconditionFailure("no column \(column) in \(name)")
            }
            return place
        }
        func values(_ row: Int, _ names: [String]) -> [Cell] { names.map { rows[row][place($0)] } }

        /// A file of some of its rows.
        func csv(_ rows: [[Cell]]) -> String {
            let lines = rows.map { row in zip(row, columns).map { $0.csv($1.type) }.joined(separator: ",") }
            return ([columns.map(\.name).joined(separator: ",")] + lines).map { $0 + "\n" }.joined()
        }

        var definition: String {
            let columns = columns.map { "\($0.name): \($0.type.name)" }.joined(separator: ", ")
            return "create table \(name) (\(columns))" + (key.isEmpty ? "" : " key (\(key.joined(separator: ", ")))")
                + (time.map { " time \($0)" } ?? "")
        }
    }

    struct Link {
        let child: String
        let childColumns: [String]
        let parent: String
        let parentColumns: [String]
        let up: String
        let down: String
        /// The statement names the parent's columns.
        let isSpelled: Bool
        /// To the row with the latest date that is not later.
        var isLatest = false

        var definition: String {
            func names(_ columns: [String]) -> String { columns.count == 1 ? columns[0] : "(\(columns.joined(separator: ", ")))" }
            return "link \(child).\(names(childColumns)) to \(parent)\(isSpelled ? "." + names(parentColumns) : "")"
                + (isLatest ? " latest as \(up)" : " as \(up), \(down)")
        }
    }

    struct Row: Hashable {
        let table: String
        let row: Int
    }

    /// One step of a path.
    struct Hop {
        let link: Link
        let isDown: Bool
        var name: String { isDown ? link.down : link.up }
        var from: String { isDown ? link.parent : link.child }
        var to: String { isDown ? link.child : link.parent }
    }

    var tables: [String: Table] = [:] { didSet { index = nil } }
    var links: [Link] = []
    private var index: [String: [[Cell]: [Int]]]?

    /// Rows by their values in some columns, for every end of every link.
    mutating func prepare() {
        if index != nil { return }
        var made: [String: [[Cell]: [Int]]] = [:]
        for link in links {
            for (name, columns) in [(link.child, link.childColumns), (link.parent, link.parentColumns)] {
                let title = Self.title(name, columns)
                guard made[title] == nil, let table = tables[name] else { continue }
                var found: [[Cell]: [Int]] = [:]
                for row in table.rows.indices {
                    let key = table.values(row, columns)
                    if !key.contains(.null) { found[key, default: []].append(row) }
                }
                made[title] = found
            }
        }
        index = made
    }

    private static func title(_ table: String, _ columns: [String]) -> String { "\(table) \(columns)" }

    func hops(from table: String) -> [Hop] {
        links.filter { $0.child == table }.map { Hop(link: $0, isDown: false) }
            + links.filter { $0.parent == table && !$0.isLatest }.map { Hop(link: $0, isDown: true) }
    }

    func hop(_ name: String, from table: String) -> Hop {
        guard let hop = hops(from: table).first(where: { $0.name == name }) else { preconditionFailure("no link \(name) from \(table)") }
        return hop
    }

    func follow(_ hop: Hop, _ row: Row) -> [Row] {
        guard let near = tables[row.table], let index else { preconditionFailure("prepare() first") }
        let here = hop.isDown ? hop.link.parentColumns : hop.link.childColumns
        let there = hop.isDown ? hop.link.childColumns : hop.link.parentColumns
        let key = near.values(row.row, here)
        if key.contains(.null) { return [] }
        if hop.link.isLatest { return latest(hop.link, key) }
        return (index[Self.title(hop.to, there)]?[key] ?? []).map { Row(table: hop.to, row: $0) }
    }

    private func latest(_ link: Link, _ key: [Cell]) -> [Row] {
        guard let parents = tables[link.parent] else { return [] }
        let found = parents.rows.indices.filter { row in
            let there = parents.values(row, link.parentColumns)
            guard let date = there.last, let asked = key.last else { return false }
            return Array(there.dropLast()) == Array(key.dropLast()) && date != .null && Cell.compare(date, asked) <= 0
        }
        let last = found.max { a, b in
            Cell.compare(parents.values(a, link.parentColumns).last ?? .null, parents.values(b, link.parentColumns).last ?? .null) < 0
        }
        return last.map { [Row(table: link.parent, row: $0)] } ?? []
    }

    /// What is known at the end of a day.
    func known(by day: Int) -> LinkWorld {
        var world = self
        for (name, table) in tables {
            guard let time = table.time else { continue }
            let place = table.place(time)
            world.tables[name]?.rows = table.rows.filter { $0[place] != .null && Cell.compare($0[place], .whole(Int128(day))) <= 0 }
        }
        world.prepare()
        return world
    }

    /// The rows at the end of a path, each once.
    func reach(_ path: [String], from rows: [Row], in table: String) -> [Row] {
        var now = rows
        var at = table
        for name in path {
            let hop = hop(name, from: at)
            var seen: Set<Row> = []
            now = now.flatMap { follow(hop, $0) }.filter { seen.insert($0).inserted }
            at = hop.to
        }
        return now
    }

    func end(of path: [String], from table: String) -> String { path.reduce(table) { hop($1, from: $0).to } }
}

/// An expression as the tests make them.
indirect enum LinkExpression {
    case column([String], String)
    /// A column of the row outside of an aggregate along a path.
    case outer([String], String)
    case constant(Cell, LogicalType)
    case compare(String, LinkExpression, LinkExpression)
    case among(LinkExpression, [LinkExpression])
    case isNull(LinkExpression)
    /// `customer is null`: no row stands at the end of a path upward.
    case isMissing([String])
    case not(LinkExpression)
    case and(LinkExpression, LinkExpression)
    case or(LinkExpression, LinkExpression)
    case plus(LinkExpression, LinkExpression)
    case choose(LinkExpression, LinkExpression, LinkExpression)
    case below(Below)
    /// An aggregate of all incoming rows, of those with the same `per`, or of a group.
    case over(Over)

    struct Below {
        var function: String
        var path: [String]
        var argument: LinkExpression?
        var filter: LinkExpression?
        var order: (value: LinkExpression, descending: Bool)?
        /// The order is that of the table's time, which need not be said.
        var isTimed = false
        var per: [LinkExpression]?
    }
    struct Over {
        var function: String
        var argument: LinkExpression?
        var filter: LinkExpression?
        var per: [LinkExpression]?
    }

    // MARK: as text

    /// `prefix` stands before plain columns: the argument of an aggregate names its path.
    func text(_ prefix: [String] = []) -> String {
        switch self {
        case .column(let path, let name): return (prefix + path + [name]).joined(separator: ".")
        case .outer(let path, let name): return (["outer"] + path + [name]).joined(separator: ".")
        case .constant(let cell, let type):
            if case .text(let bytes) = cell { return "\"\(String(decoding: bytes, as: UTF8.self))\"" }
            return cell == .null ? "null" : cell.csv(type)
        case .compare(let sign, let a, let b): return "(\(a.text(prefix)) \(sign) \(b.text(prefix)))"
        case .among(let a, let list): return "(\(a.text(prefix)) in [\(list.map { $0.text(prefix) }.joined(separator: ", "))])"
        case .isNull(let a): return "(\(a.text(prefix)) is null)"
        case .isMissing(let path): return "(\((prefix + path).joined(separator: ".")) is null)"
        case .not(let a): return "(not \(a.text(prefix)))"
        case .and(let a, let b): return "(\(a.text(prefix)) and \(b.text(prefix)))"
        case .or(let a, let b): return "(\(a.text(prefix)) or \(b.text(prefix)))"
        case .plus(let a, let b): return "(\(a.text(prefix)) + \(b.text(prefix)))"
        case .choose(let c, let a, let b): return "(if \(c.text(prefix)) then \(a.text(prefix)) else \(b.text(prefix)))"
        case .below(let call):
            var inside = call.argument?.text(call.path) ?? call.path.joined(separator: ".")
            // Bracketed: a `by` behind a call would be that call's.
            if let filter = call.filter { inside += " where (\(filter.text()))" }
            if let order = call.order, !call.isTimed { inside += " by \(order.value.text())\(order.descending ? " desc" : "")" }
            let per = call.per.map { " per (\($0.map { $0.text() }.joined(separator: ", ")))" } ?? ""
            return "\(call.function)(\(inside))\(per)"
        case .over(let call):
            let inside = [call.argument?.text(), call.filter.map { "where \($0.text())" }].compactMap { $0 }.joined(separator: " ")
            let per = call.per.map { " per (\($0.map { $0.text() }.joined(separator: ", ")))" } ?? ""
            return "\(call.function)(\(inside))\(per)"
        }
    }
}

/// A row on its way through a pipe: one row of a table, and what was derived for it.
struct LinkPipeRow {
    let row: LinkWorld.Row
    var derived: [String: Cell] = [:]
}

/// Where an expression is looked at.
struct LinkPlace {
    let world: LinkWorld
    let row: LinkPipeRow
    /// All rows of the stage, for aggregates over them.
    var incoming: [LinkPipeRow] = []
    var outside: LinkPipeRow?

    func value(_ expression: LinkExpression) -> Cell {
        switch expression {
        case .column(let path, let name): return column(path, name, row)
        case .outer(let path, let name):
            guard let outside else { preconditionFailure("no row outside") }
            return column(path, name, outside)
        case .constant(let cell, _): return cell
        case .compare(let sign, let a, let b):
            let (x, y) = (value(a), value(b))
            let known = x != .null && y != .null
            let order = known ? Cell.compare(x, y) : 0
            switch sign {
            case "=": return .bool(known && order == 0)
            case "!=": return .bool(!(known && order == 0))
            case "<": return .bool(known && order < 0)
            case "<=": return .bool(known && order <= 0)
            case ">": return .bool(known && order > 0)
            default: return .bool(known && order >= 0)
            }
        case .among(let a, let list):
            let x = value(a)
            return .bool(x != .null && list.contains { value($0) == x })
        case .isNull(let a): return .bool(value(a) == .null)
        case .isMissing(let path): return .bool(world.reach(path, from: [row.row], in: row.row.table).isEmpty)
        case .not(let a): return .bool(!value(a).isTrue)
        case .and(let a, let b): return .bool(value(a).isTrue && value(b).isTrue)
        case .or(let a, let b): return .bool(value(a).isTrue || value(b).isTrue)
        case .plus(let a, let b):
            guard case .whole(let x) = value(a), case .whole(let y) = value(b) else { return .null }
            return .whole(x + y)
        case .choose(let c, let a, let b): return value(c).isTrue ? value(a) : value(b)
        case .below(let call):
            guard let per = call.per else { return below(call, from: [row]) }
            let mine = per.map(value)
            return below(call, from: incoming.filter { other in per.map { at(other).value($0) } == mine })
        case .over(let call):
            guard let per = call.per else { return over(call, incoming) }
            let mine = per.map(value)
            return over(call, incoming.filter { other in per.map { at(other).value($0) } == mine })
        }
    }

    private func at(_ other: LinkPipeRow) -> LinkPlace { LinkPlace(world: world, row: other, incoming: incoming, outside: outside) }

    private func column(_ path: [String], _ name: String, _ start: LinkPipeRow) -> Cell {
        if path.isEmpty, let derived = start.derived[name] { return derived }
        guard let row = world.reach(path, from: [start.row], in: start.row.table).first, let table = world.tables[row.table] else {
            return .null
        }
        return table.rows[row.row][table.place(name)]
    }

    /// An aggregate over the distinct rows below some rows.
    func below(_ call: LinkExpression.Below, from rows: [LinkPipeRow]) -> Cell {
        var found: [(row: LinkWorld.Row, outside: LinkPipeRow)] = []
        var seen: Set<LinkWorld.Row> = []
        for row in rows {
            for reached in world.reach(call.path, from: [row.row], in: row.row.table) where seen.insert(reached).inserted {
                found.append((reached, row))
            }
        }
        var kept: [(place: LinkPlace, order: [Cell])] = []
        for (row, outside) in found {
            let place = LinkPlace(world: world, row: LinkPipeRow(row: row), outside: outside)
            if let filter = call.filter, !place.value(filter).isTrue { continue }
            guard let table = world.tables[row.table] else { continue }
            let ties = table.values(row.row, table.key.isEmpty ? table.columns.map(\.name) : table.key)
            kept.append((place, (call.order.map { [place.value($0.value)] } ?? []) + ties))
        }
        if let order = call.order {
            kept.sort { a, b in
                for (place, (x, y)) in zip(a.order, b.order).enumerated() {
                    let compared = Cell.precedes(x, y, descending: place == 0 && order.descending)
                    if compared != 0 { return compared < 0 }
                }
                return false
            }
        }
        return Self.aggregate(call.function, call.argument.map { argument in kept.map { $0.place.value(argument) } }, kept.count)
    }

    func over(_ call: LinkExpression.Over, _ rows: [LinkPipeRow]) -> Cell {
        let kept = rows.map(at).filter { place in call.filter.map { place.value($0).isTrue } ?? true }
        return Self.aggregate(call.function, call.argument.map { argument in kept.map { $0.value(argument) } }, kept.count)
    }

    /// What a summary says of a group.
    func measure(_ expression: LinkExpression, _ rows: [LinkPipeRow]) -> Cell {
        switch expression {
        case .below(let call): return below(call, from: rows)
        case .over(let call): return over(call, rows)
        case .plus(let a, let b):
            guard case .whole(let x) = measure(a, rows), case .whole(let y) = measure(b, rows) else { return .null }
            return .whole(x + y)
        default: preconditionFailure("no measure")
        }
    }

    private static func aggregate(_ function: String, _ cells: [Cell]?, _ count: Int) -> Cell {
        guard let cells else { return function == "exists" ? .bool(count > 0) : .whole(Int128(count)) }
        let values = cells.filter { $0 != .null }
        let numbers = values.compactMap { cell -> Int128? in
            if case .whole(let value) = cell { return value }
            return nil
        }
        switch function {
        case "count": return .whole(Int128(values.count))
        case "distinct": return .whole(Int128(Set(values).count))
        case "sum": return .whole(numbers.reduce(0, +))
        case "avg": return numbers.isEmpty ? .null : .whole(Exact.divide(numbers.reduce(0, +) * 1_000_000, Int128(numbers.count)))
        case "median":
            let sorted = numbers.sorted()
            if sorted.isEmpty { return .null }
            return .whole((sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) * 500_000)
        case "min": return values.min { Cell.compare($0, $1) < 0 } ?? .null
        case "max": return values.max { Cell.compare($0, $1) < 0 } ?? .null
        case "first": return values.first ?? .null
        case "last": return values.last ?? .null
        case "mode":
            let counts = Dictionary(values.map { ($0, 1) }, uniquingKeysWith: +)
            return counts.max { $0.value != $1.value ? $0.value < $1.value : Cell.compare($0.key, $1.key) > 0 }?.key ?? .null
        default: preconditionFailure("no aggregate \(function)")
        }
    }
}
