import Storage

@testable import Query

/// Random tables, links and queries along them.
struct LinkGenerator {
    var random: PropertyRandom
    let world: LinkWorld

    /// What may be named at one place: columns of a table, what was derived, and the row outside of an aggregate.
    struct Names {
        let table: String
        var derived: [(name: String, type: LogicalType)] = []
        var outside: [Names] = []
        /// Aggregates over incoming rows and `per` are allowed.
        var isStage = true
        /// Each row may stand several times, so that what lies below several of them is not asked for.
        var isRepeated = false
    }

    // MARK: tables

    /// Owners with cards and their uses, pots that several owners hold, and what moved in them.
    static func world(_ random: inout PropertyRandom) -> LinkWorld {
        var world = LinkWorld()
        let form = random.below(4)
        let isText = form == 1
        // How owners are told apart: a number, a text, two columns, or a number beside a code that links go to.
        let key = form == 2 ? ["k", "m"] : ["id"]
        let ends = form == 3 ? ["code"] : key
        func types(_ names: [String]) -> [LogicalType] { names.map { $0 == "m" || $0 == "code" || isText ? .text : .int } }
        func table(_ name: String, _ columns: [(String, LogicalType)], key: [String]) {
            world.tables[name] = LinkWorld.Table(name: name, columns: columns.map { (name: $0, type: $1) }, key: key)
        }
        func reference(_ prefix: String) -> [(String, LogicalType)] { zip(ends, types(ends)).map { ("\(prefix)_\($0)", $1) } }
        table(
            "owners",
            zip(key, types(key)).map { ($0, $1) } + (form == 3 ? [("code", .text)] : [])
                + [("g", .text), ("v", .int), ("d", .date)] + reference("boss"), key: key)
        table("cards", [("id", .int)] + reference("o") + [("x", .int), ("w", .text), ("d", .date)], key: ["id"])
        table("uses", [("id", .int), ("c", .int), ("y", .int), ("w", .text)], key: random.chance(70) ? ["id"] : [])
        table("pots", [("id", .int), ("z", .int), ("w", .text)], key: ["id"])
        table("holds", [("id", .int)] + reference("o") + [("p", .int), ("r", .text)], key: random.chance(50) ? ["id"] : [])
        table("moves", [("id", .int), ("p", .int), ("y", .int), ("d", .date)], key: ["id"])
        // What changes from time to time: of a kind, or for all.
        table("rates", [("w", .text), ("d", .date), ("q", .int)], key: ["w", "d"])
        table("steps", [("d", .date), ("q", .int)], key: ["d"])
        for (name, share) in [("cards", 60), ("moves", 60), ("owners", 25), ("rates", 40), ("steps", 40)] where random.chance(share) {
            world.tables[name]?.time = "d"
        }
        func link(_ child: String, _ columns: [String], _ parent: String, _ parentColumns: [String], _ up: String, _ down: String) {
            let isKey = world.tables[parent]?.key == parentColumns
            world.links.append(
                LinkWorld.Link(
                    child: child, childColumns: columns, parent: parent, parentColumns: parentColumns, up: up, down: down,
                    isSpelled: !isKey || random.chance(30)))
        }
        link("owners", ends.map { "boss_\($0)" }, "owners", ends, "boss", "staff")
        link("cards", ends.map { "o_\($0)" }, "owners", ends, "owner", "cards")
        link("uses", ["c"], "cards", ["id"], "card", "uses")
        link("holds", ends.map { "o_\($0)" }, "owners", ends, "holder", "holdings")
        link("holds", ["p"], "pots", ["id"], "pot", "holders")
        link("moves", ["p"], "pots", ["id"], "pot", "moves")
        for (child, columns, parent, up) in [("cards", ["w", "d"], "rates", "rate"), ("moves", ["d"], "steps", "step")] {
            world.links.append(
                LinkWorld.Link(
                    child: child, childColumns: columns, parent: parent, parentColumns: columns, up: up, down: "",
                    isSpelled: random.chance(30), isLatest: true))
        }
        return world
    }

    /// Values of a key: close numbers, texts, or both.
    static func keyCell(_ number: Int, _ type: LogicalType) -> Cell { type == .text ? .text("k\(number)") : .whole(Int128(number)) }

    /// A new row; what it refers to is there, or not, or missing.
    static func row(_ table: LinkWorld.Table, _ number: Int, _ world: LinkWorld, _ random: inout PropertyRandom) -> [Cell] {
        var cells: [Cell] = []
        let day = Calendar.day(2026, 5, 31)
        let link = world.links.filter { $0.child == table.name && !$0.isLatest }
        if table.key.contains("d") {
            // Two or three days between one row and the next of its kind.
            let (kind, step) = table.key.contains("w") ? (number % 4, number / 4) : (0, number)
            let date = Cell.whole(Int128(day - 45 + step * 2 + kind % 2))
            let value = random.chance(10) ? Cell.null : .whole(Int128(random.within(-5...9)))
            return table.key.contains("w") ? [.text(["a", "b", "c", "杭州"][kind]), date, value] : [date, value]
        }
        for (name, type) in table.columns {
            if table.key.contains(name) || name == "id" || name == "code" {
                cells.append(name == "m" ? keyCell(number % 3, type) : name == "k" ? keyCell(number / 3, type) : keyCell(number, type))
                continue
            }
            if let link = link.first(where: { $0.childColumns.contains(name) }) {
                // The first column of a reference decides for all of them.
                let place = link.childColumns.firstIndex(of: name) ?? 0
                guard place == 0 else { continue }
                let parents = world.tables[link.parent]?.rows ?? []
                var key = link.parentColumns.map { column -> Cell in
                    let type = world.tables[link.parent]?.columns.first { $0.name == column }?.type ?? .int
                    return keyCell(random.below(60), type)
                }
                if !parents.isEmpty, random.chance(80), let parent = world.tables[link.parent] {
                    key = parent.values(random.below(parents.count), link.parentColumns)
                }
                if random.chance(10) { key[random.below(key.count)] = .null }
                cells += key
                continue
            }
            if random.chance(12) {
                cells.append(.null)
                continue
            }
            switch type {
            case .int: cells.append(.whole(Int128(random.within(-5...9))))
            case .date: cells.append(.whole(Int128(day - random.below(40))))
            case .text: cells.append(.text(random.pick(["a", "b", "c", "", "杭州", "x y"])))
            default: preconditionFailure("no such column")
            }
        }
        return cells
    }

    // MARK: paths

    /// A path of hops from a table; `down` asks for one that ends downward.
    private mutating func path(from table: String, down: Bool, longest: Int) -> [LinkWorld.Hop]? {
        var hops: [LinkWorld.Hop] = []
        var at = table
        let length = random.within(1...longest)
        while hops.count < length {
            let known = world.hops(from: at).filter { down || !$0.isDown }
            guard !known.isEmpty else { break }
            hops.append(random.pick(known))
            at = hops[hops.count - 1].to
        }
        if down { while let last = hops.last, !last.isDown { hops.removeLast() } }
        return hops.isEmpty ? nil : hops
    }

    // MARK: expressions

    private mutating func column(_ type: LogicalType, _ names: Names) -> LinkExpression? {
        var choices: [LinkExpression] = []
        func add(_ path: [String], _ table: String) {
            for column in world.tables[table]?.columns ?? [] where column.type == type { choices.append(.column(path, column.name)) }
        }
        for derived in names.derived where derived.type == type { choices.append(.column([], derived.name)) }
        if random.chance(55) || choices.isEmpty { add([], names.table) }
        if random.chance(60), let up = path(from: names.table, down: false, longest: 3), let last = up.last {
            add(up.map(\.name), last.to)
        }
        if random.chance(20), let outside = names.outside.last, let end = path(from: outside.table, down: false, longest: 2) {
            let path = random.chance(60) ? [] : end.map(\.name)
            let table = path.isEmpty ? outside.table : end[end.count - 1].to
            for column in world.tables[table]?.columns ?? [] where column.type == type { choices.append(.outer(path, column.name)) }
            if path.isEmpty { for derived in outside.derived where derived.type == type { choices.append(.outer([], derived.name)) } }
        }
        return choices.isEmpty ? nil : random.pick(choices)
    }

    private mutating func constant(_ type: LogicalType) -> LinkExpression {
        switch type {
        case .int: return .constant(.whole(Int128(random.within(-3...8))), .int)
        case .date: return .constant(.whole(Int128(Calendar.day(2026, 5, 31) - random.below(40))), .date)
        default: return .constant(.text(random.pick(["a", "b", "c", "杭州"])), .text)
        }
    }

    mutating func value(_ type: LogicalType, _ names: Names, _ depth: Int) -> LinkExpression {
        if depth > 0, random.chance(35), let below = below(type, names, depth - 1) { return below }
        if depth > 0, type == .int, random.chance(15) { return .plus(value(.int, names, depth - 1), value(.int, names, depth - 1)) }
        if depth > 0, random.chance(8) {
            return .choose(condition(names, depth - 1), value(type, names, depth - 1), value(type, names, depth - 1))
        }
        if depth > 0, names.isStage, type == .int, random.chance(10) { return over(names, depth - 1, grouped: false) }
        return column(type, names) ?? constant(type)
    }

    mutating func condition(_ names: Names, _ depth: Int) -> LinkExpression {
        if depth > 0 {
            switch random.below(10) {
            case 0: return .and(condition(names, depth - 1), condition(names, depth - 1))
            case 1: return .or(condition(names, depth - 1), condition(names, depth - 1))
            case 2: return .not(condition(names, depth - 1))
            case 5: if let up = path(from: names.table, down: false, longest: 2) { return .isMissing(up.map(\.name)) }
            case 3, 4: if let exists = exists(names, depth - 1) { return exists }
            default: break
            }
        }
        let type = random.pick([LogicalType.int, .int, .text, .date])
        let left = value(type, names, depth)
        switch random.below(8) {
        case 0: return .isNull(left)
        case 1: return .among(left, (0..<random.within(1...3)).map { _ in constant(type) })
        default:
            let right = random.chance(60) ? constant(type) : value(type, names, max(0, depth - 1))
            return .compare(random.pick(["=", "!=", "<", "<=", ">", ">="]), left, right)
        }
    }

    private mutating func inner(_ path: [LinkWorld.Hop], _ names: Names, outer: Bool) -> Names {
        // `outer` speaks of the row just outside, and not from inside an aggregate that stands in another.
        Names(
            table: path[path.count - 1].to, outside: outer && names.outside.isEmpty && names.isStage && !names.isRepeated ? [names] : [],
            isStage: false)
    }

    private mutating func exists(_ names: Names, _ depth: Int) -> LinkExpression? {
        guard let path = path(from: names.table, down: true, longest: 3) else { return nil }
        let hasKey = world.tables[names.table]?.key.isEmpty == false
        let inner = inner(path, names, outer: path[0].isDown || hasKey)
        return .below(
            LinkExpression.Below(
                function: "exists", path: path.map(\.name), filter: random.chance(70) ? condition(inner, min(depth, 1)) : nil))
    }

    /// An aggregate along a path; `group` where it stands in a summary.
    mutating func below(_ type: LogicalType, _ names: Names, _ depth: Int, group: Bool = false) -> LinkExpression? {
        guard let path = path(from: names.table, down: true, longest: 4) else { return nil }
        let per = !group && names.isStage && !names.isRepeated && random.chance(15)
        // Rows of a group may share rows below, unless the path only goes down; and rows without a key are not told apart.
        let isTree = path.allSatisfy(\.isDown)
        let hasKey = world.tables[names.table]?.key.isEmpty == false
        let inner = inner(path, names, outer: (isTree || !(per || group)) && (path[0].isDown || hasKey))
        var call = LinkExpression.Below(function: "", path: path.map(\.name))
        let from: LogicalType
        switch type {
        case .int:
            call.function = random.pick(["count", "count", "count of", "sum", "sum", "distinct", "min", "max", "first", "last", "mode"])
            from = call.function == "distinct" || call.function == "count of" ? random.pick([.int, .text, .date]) : .int
        case .text, .date:
            call.function = random.pick(["min", "max", "first", "last", "mode"])
            from = type
        default:
            call.function = random.pick(["avg", "median"])
            from = .int
        }
        if call.function != "count" {
            guard let column = argument(from, inner) else { return nil }
            call.argument = column
        }
        if call.function == "count of" { call.function = "count" }
        if random.chance(45) { call.filter = condition(inner, min(depth, 1)) }
        if ["first", "last"].contains(call.function) {
            var plain = inner
            plain.outside = []
            call.order = (value(random.pick([.int, .date, .text]), plain, 0), random.chance(40))
            if let time = world.tables[inner.table]?.time, random.chance(30) {
                call.order = (.column([], time), false)
                call.isTimed = true
            }
            if case .constant = call.order?.value { call.order = (.column([], world.tables[inner.table]!.columns[0].name), false) }
        }
        if per { call.per = [random.chance(80) ? keyColumn(names) : .constant(.whole(1), .int)] }
        return .below(call)
    }

    /// What an aggregate is taken of names its path, so a column stands in it.
    private mutating func argument(_ type: LogicalType, _ names: Names) -> LinkExpression? {
        var plain = names
        plain.outside = []
        guard let first = column(type, plain) else { return nil }
        switch random.below(6) {
        case 0 where type == .int: return .plus(first, value(.int, names, 0))
        case 1: return .choose(condition(names, 0), first, value(type, names, 0))
        default: return first
        }
    }

    private mutating func keyColumn(_ names: Names) -> LinkExpression {
        column(random.pick([.text, .int, .text]), Names(table: names.table)) ?? .constant(.whole(1), .int)
    }

    mutating func over(_ names: Names, _ depth: Int, grouped: Bool) -> LinkExpression {
        var inside = names
        inside.isStage = false
        var call = LinkExpression.Over(function: random.pick(["count", "sum", "min", "max", "distinct"]))
        if call.function != "count" { call.argument = value(.int, inside, depth) }
        if random.chance(40) { call.filter = condition(inside, min(depth, 1)) }
        if !grouped, random.chance(60) { call.per = [keyColumn(names)] }
        return .over(call)
    }

    // MARK: queries

    /// A pipe as text and its answer.
    struct Question {
        var text: String
        var answer: String
        var isOrdered: Bool
    }

    mutating func question() -> Question {
        let table = random.pick(["owners", "owners", "owners", "cards", "cards", "uses", "pots", "holds", "moves", "rates"])
        var names = Names(table: table)
        var text = "from \(table)"
        var rows = (world.tables[table]?.rows.indices ?? 0..<0).map { LinkPipeRow(row: LinkWorld.Row(table: table, row: $0)) }
        func place(_ row: LinkPipeRow) -> LinkPlace { LinkPlace(world: world, row: row, incoming: rows) }
        for number in 0..<random.below(3) {
            switch random.below(6) {
            case 4:
                // Each row twice or three times.
                let count = random.within(2...3)
                text += " | expand n\(number): 1..\(count)"
                rows = rows.flatMap { row in
                    (1...count).map { step in
                        var made = row
                        made.derived["n\(number)"] = .whole(Int128(step))
                        return made
                    }
                }
                names.derived.append(("n\(number)", .int))
                names.isRepeated = true
            case 5:
                guard let table = world.tables[names.table], !table.key.isEmpty, !names.isRepeated else { continue }
                let order = value(random.pick([.int, .text, .date]), names, 1)
                let count = random.within(1...12)
                text += " | top \(count) by \(order.text())"
                let cells = rows.map { place($0).value(order) }
                rows = Array(Self.ranked(rows, cells, table, descending: true).prefix(count))
            case 0, 1:
                let test = condition(names, 2)
                text += " | where \(test.text())"
                rows = rows.filter { place($0).value(test).isTrue }
            case 2:
                let type = random.pick([LogicalType.int, .text, .date])
                let made = value(type, names, 2)
                let name = "n\(number)"
                text += " | derive \(name): \(made.text())"
                let cells = rows.map { place($0).value(made) }
                for at in rows.indices { rows[at].derived[name] = cells[at] }
                names.derived.append((name, type))
            default:
                guard !names.isRepeated, let path = path(from: names.table, down: true, longest: 3) else { continue }
                text += " | expand \(path.map(\.name).joined(separator: "."))"
                rows = world.reach(path.map(\.name), from: rows.map(\.row), in: names.table).map { LinkPipeRow(row: $0) }
                names = Names(table: path[path.count - 1].to)
            }
        }
        switch random.below(5) {
        case 0, 1: return summary(text, rows, names)
        case 2: return sorted(text, rows, names)
        default: return selected(text, rows, names)
        }
    }

    private mutating func selected(_ text: String, _ rows: [LinkPipeRow], _ names: Names) -> Question {
        var items: [(name: String, type: LogicalType, value: LinkExpression)] = []
        for column in world.tables[names.table]?.columns.prefix(2) ?? [] {
            items.append((column.name, column.type, .column([], column.name)))
        }
        for derived in names.derived { items.append((derived.name, derived.type, .column([], derived.name))) }
        for number in 0..<random.within(1...3) {
            let type = random.pick([LogicalType.int, .int, .text, .date, .decimal(scale: 6)])
            let made = type == .decimal(scale: 6) ? below(type, names, 1) : value(type, names, 2)
            items.append(("m\(number)", made == nil ? .int : type, made ?? constant(.int)))
        }
        let answer = lines(
            items.map { ($0.name, $0.type) },
            rows.map { row in items.map { LinkPlace(world: world, row: row, incoming: rows).value($0.value) } })
        let chosen = items.map { "\($0.name): \($0.value.text())" }.joined(separator: ", ")
        return Question(text: text + " | select \(chosen)", answer: answer, isOrdered: false)
    }

    private mutating func sorted(_ text: String, _ rows: [LinkPipeRow], _ names: Names) -> Question {
        guard let table = world.tables[names.table], !table.key.isEmpty, !names.isRepeated else { return selected(text, rows, names) }
        let order = value(random.pick([.int, .text, .date]), names, 2)
        let isTop = random.chance(40)
        let descending = isTop || random.chance(50)
        let cells = rows.map { LinkPlace(world: world, row: $0, incoming: rows).value(order) }
        var sorted = Self.ranked(rows, cells, table, descending: descending)
        var stages = " | sort \(order.text())\(descending ? " desc" : "")"
        if isTop {
            let count = random.within(1...5)
            stages = " | top \(count) by \(order.text())"
            sorted = Array(sorted.prefix(count))
        }
        let columns = table.key + table.columns.map(\.name).filter { !table.key.contains($0) }.prefix(2)
        let typed = columns.map { name in (name, table.columns[table.place(name)].type) }
        return Question(
            text: text + stages + " | select \(columns.joined(separator: ", "))",
            answer: lines(typed, sorted.map { table.values($0.row.row, columns) }), isOrdered: true)
    }

    /// Ties are settled by the key.
    private static func ranked(_ rows: [LinkPipeRow], _ cells: [Cell], _ table: LinkWorld.Table, descending: Bool) -> [LinkPipeRow] {
        let ties = rows.map { table.values($0.row.row, table.key) }
        return rows.indices.sorted { a, b in
            let first = Cell.precedes(cells[a], cells[b], descending: descending)
            if first != 0 { return first < 0 }
            for (x, y) in zip(ties[a], ties[b]) where x != y { return Cell.precedes(x, y) < 0 }
            return false
        }.map { rows[$0] }
    }

    private mutating func summary(_ text: String, _ rows: [LinkPipeRow], _ names: Names) -> Question {
        var keys: [(name: String, type: LogicalType, value: LinkExpression)] = []
        // A key may look down, but it is no aggregate over the rows that it groups.
        var plain = names
        plain.isStage = false
        for number in 0..<random.pick([0, 1, 1, 2]) {
            let type = random.pick([LogicalType.text, .int, .date])
            keys.append(("k\(number)", type, value(type, plain, 1)))
        }
        var measures: [(name: String, type: LogicalType, value: LinkExpression)] = []
        for number in 0..<random.within(1...3) {
            let type = random.pick([LogicalType.int, .int, .text, .date, .decimal(scale: 6)])
            var made: LinkExpression?
            if random.chance(75), !names.isRepeated { made = below(type, names, 1, group: true) }
            if type == .int, random.chance(15), let one = made { made = .plus(one, over(names, 1, grouped: true)) }
            measures.append(("s\(number)", made == nil ? .int : type, made ?? over(names, 1, grouped: true)))
        }
        let cells = rows.map { row in keys.map { LinkPlace(world: world, row: row, incoming: rows).value($0.value) } }
        var groups: [[Cell]: [LinkPipeRow]] = keys.isEmpty ? [[]: rows] : [:]
        if !keys.isEmpty { for (row, key) in zip(rows, cells) { groups[key, default: []].append(row) } }
        let sorted = groups.sorted { a, b in
            for (x, y) in zip(a.key, b.key) where x != y { return Cell.precedes(x, y) < 0 }
            return false
        }
        let nowhere = LinkPipeRow(row: LinkWorld.Row(table: names.table, row: 0))
        let place = LinkPlace(world: world, row: nowhere)
        let answer = lines(
            (keys + measures).map { ($0.name, $0.type) },
            sorted.map { group in group.key + measures.map { place.measure($0.value, group.value) } })
        let made = measures.map { "\($0.name): \($0.value.text())" }.joined(separator: ", ")
        let by = keys.isEmpty ? "" : " by " + keys.map { "\($0.name): \($0.value.text())" }.joined(separator: ", ")
        return Question(text: text + " | summarize \(made)\(by)", answer: answer, isOrdered: true)
    }

    private func lines(_ columns: [(String, LogicalType)], _ rows: [[Cell]]) -> String {
        ([columns.map(\.0).joined(separator: ",")] + rows.map { row in zip(row, columns).map { $0.csv($1.1) }.joined(separator: ",") })
            .map { $0 + "\n" }.joined()
    }
}
