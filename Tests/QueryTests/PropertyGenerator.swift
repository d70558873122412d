import Storage

@testable import Query

/// Random tables and random queries that make sense over them.
struct PropertyGenerator {
    var random: PropertyRandom
    private var made = 0
    /// The table as the queries find it.
    var base = Interpreter.Rows(names: [], types: [], columns: [], count: 0)

    init(seed: UInt64) { random = PropertyRandom(seed) }

    // MARK: tables

    struct Table {
        var rows: Interpreter.Rows
        /// `create table t …`
        var definition: String
    }

    /// Columns `id` (the key, unless `keyed` is false), and some of every type, nulls and ties among them.
    mutating func table(rows count: Int, keyed: Bool) -> Table {
        var rows = Interpreter.Rows(names: [], types: [], columns: [], count: count)
        if keyed {
            var ids = (0..<count).map { Cell.whole(Int128($0 * 3 - count)) }
            if random.chance(50) { for i in ids.indices.reversed() { ids.swapAt(i, random.below(i + 1)) } }
            rows.put("id", .int, ids)
            rows.key = rows.columns
        }
        let day = Calendar.day(2026, 5, 31)
        let few = [nil, "", "mobile", "Branch", "a%b", "x_y", "Zoë", "杭州", "say \"hi\", you", "ÇA", "straße", "ab"]
        func column(_ name: String, _ type: LogicalType, _ cell: (inout PropertyRandom) -> Cell) {
            let nulls = random.pick([0, 0, 10, 10, 60, 100])
            // Constant, in runs, sorted, or as it comes: each is stored in its own way.
            let style = random.below(8)
            var cells: [Cell] = []
            while cells.count < count {
                let value = random.chance(nulls) ? .null : cell(&random)
                let run = style == 0 ? count : style == 1 ? 1 + random.below(600) : 1
                for _ in 0..<min(run, count - cells.count) { cells.append(value) }
            }
            if style == 2 { cells.sort { Cell.precedes($0, $1) < 0 } }
            rows.put(name, type, cells)
        }
        column("i", .int) { .whole(Int128($0.within(-20...20))) }
        column("b", .int) { .whole(Int128($0.within(-2_000_000_000...2_000_000_000))) }
        column("m", .decimal(scale: 2)) {
            $0.chance(70) ? .whole(Int128($0.within(-5...40) * 250)) : .whole(Int128($0.within(-99_999_999...99_999_999)))
        }
        column("p", .decimal(scale: 4)) { .whole(Int128($0.within(-30_000...30_000))) }
        column("x", .float) { random in
            switch random.below(4) {
            case 0: .float(Double(random.within(-50...50)) / 10)
            case 1: .float(Double(random.within(-8...8)) * 0.5)
            case 2: .float(Double(random.within(1...9)) * 1e15)
            default: .float(Double(random.within(-1_000_000...1_000_000)) * 1.000_000_1e-9)
            }
        }
        column("s", .text) { $0.pick(few).map { .text($0) } ?? .null }
        column("u", .text) { .text("name \($0.below(100_000))\($0.pick(["", "é", "Ö"]))") }
        column("d", .date) { .whole(Int128(day + $0.within(-500...40))) }
        column("ts", .timestamp) { .whole(Int128((day + $0.within(-120...3)) * 86_400 + $0.below(86_400)) * 1_000_000) }
        column("f", .bool) { .bool($0.chance(50)) }
        let columns = zip(rows.names, rows.types).map { "\($0): \($1.name)" }.joined(separator: ", ")
        return Table(rows: rows, definition: "create table t (\(columns))" + (keyed ? " key id" : ""))
    }

    // MARK: queries

    /// One more stage for rows as they are now.
    mutating func stage(over rows: Interpreter.Rows) -> String {
        let big = rows.count > 3000
        switch random.below(24) {
        case 20:
            guard let column = names(base, where: { _ in true }).first(where: { name in rows.names.contains(name) && random.chance(30) })
            else { return "where true" }
            let alias = newName()
            let source = random.chance(30) ? "where \(condition(base, 1)) | " : ""
            return
                "join (from t | \(source)summarize \(newName()): \(aggregate(base)), \(newName()): \(aggregate(base)) by \(column)) as \(alias) on \(column)"
        case 21: return rows.names == base.names ? "union (from t | where \(condition(base, 1)))" : "where \(condition(rows, 1))"
        case 22:
            let (key, first) = (newName(), newName())
            return
                "summarize \(first): \(aggregate(rows)), \(newName()): \(aggregate(rows)) by \(key): \(self.key(rows)) | top \(random.below(5)) by \(first) with others"
        case 23:
            guard let column = names(base, where: { _ in true }).first(where: { name in rows.names.contains(name) && random.chance(30) })
            else { return "where true" }
            return "where \(column) \(random.pick(["in", "not in"])) (from t | where \(condition(base, 1)) | select \(column))"
        case 0..<5: return "where " + condition(rows, 2)
        case 5..<8: return "derive " + list(1...2) { "\($0.newName()): \($0.value(rows, 2))" }
        case 8..<10: return "derive \(newName()): \(window(rows, running: !big))"
        case 10..<14: return summarize(rows)
        case 14:
            let kept = rows.names.filter { _ in random.chance(60) }
            return "select " + (kept.isEmpty ? rows.names[0] : kept.joined(separator: ", "))
        case 15, 16:
            return "sort "
                + list(1...2) {
                    "\($0.random.chance(70) ? $0.random.pick(rows.names) : $0.value(rows, 1))\($0.random.pick(["", " desc", " asc"]))"
                }
        case 17:
            guard rows.isOrdered else { return "distinct " + list(1...2) { "\($0.newName()): \($0.key(rows))" } }
            return "take \(random.below(12))" + (random.chance(30) ? " from \(1 + random.below(9))" : "")
        case 18: return "distinct " + random.pick(rows.names)
        default:
            let per = random.chance(40) ? " per " + random.pick(rows.names) : ""
            return
                "top \(1 + random.below(8))\(per) by \(random.chance(60) ? random.pick(rows.names) : value(rows, 1))\(random.pick(["", "", " asc"]))"
        }
    }

    private mutating func newName() -> String {
        made += 1
        return "v\(made)"
    }

    private mutating func list(_ count: ClosedRange<Int>, _ item: (inout Self) -> String) -> String {
        (0..<random.within(count)).map { _ in item(&self) }.joined(separator: ", ")
    }

    private mutating func summarize(_ rows: Interpreter.Rows) -> String {
        let keys = random.pick([0, 1, 1, 1, 2])
        let measures = list(1...3) { "\($0.newName()): \($0.random.chance(15) ? "\($0.aggregate(rows)) / count()" : $0.aggregate(rows))" }
        if keys == 0 { return "summarize " + measures }
        return "summarize \(measures) by " + list(keys...keys) { "\($0.newName()): \($0.key(rows))" }
    }

    private func names(_ rows: Interpreter.Rows, where holds: (LogicalType) -> Bool) -> [String] {
        zip(rows.names, rows.types).filter { holds($1) }.map(\.0)
    }
    private func numbers(_ rows: Interpreter.Rows) -> [String] { names(rows) { $0.isNumeric } }

    private mutating func key(_ rows: Interpreter.Rows) -> String {
        let times = names(rows) { $0 == .date || $0 == .timestamp }
        if !times.isEmpty, random.chance(35) { return "\(random.pick(["month", "quarter", "year"]))(\(random.pick(times)))" }
        return random.chance(85) ? random.pick(rows.names) : value(rows, 1)
    }

    mutating func aggregate(_ rows: Interpreter.Rows) -> String {
        let test = random.chance(35) ? " where " + condition(rows, 1) : ""
        let what = random.below(12)
        if what == 9 {
            return
                "\(random.pick(["first", "last"]))(\(random.pick(rows.names)) by \(random.pick(rows.names))\(random.pick(["", " desc"]))\(test))"
        }
        if what == 10 {
            return random.chance(50)
                ? "mode(\(random.pick(rows.names))\(test))" : "exists(\(test.isEmpty ? "where true" : String(test.dropFirst())))"
        }
        if what == 11 { return "quantile(\(number(rows, 0)), \(random.pick(["0.9", "25%", "0.333", "0.0"]))\(test))" }
        if what == 0 { return "count(\(test.isEmpty ? "" : String(test.dropFirst())))" }
        if what == 1 { return "count(\(random.pick(rows.names))\(test))" }
        if what == 2 { return "distinct(\(random.pick(rows.names))\(test))" }
        if what < 5 { return "\(random.pick(["min", "max"]))(\(random.pick(names(rows) { $0 != .bool } + ["1"]))\(test))" }
        return "\(random.pick(["sum", "sum", "avg", "median"]))(\(number(rows, random.below(2)))\(test))"
    }

    private mutating func window(_ rows: Interpreter.Rows, running: Bool) -> String {
        let per =
            random.chance(50)
            ? " per " + random.pick([random.pick(rows.names), "(\(random.pick(rows.names)), \(random.pick(rows.names)))"]) : ""
        let by =
            random.chance(70)
            ? " by \(random.pick(rows.names))\(random.pick(["", " desc"]))"
            : " by (\(random.pick(rows.names)) desc, \(random.pick(rows.names)))"
        switch random.pick(running ? Array(0...8) : [0, 1, 2, 3, 4, 7, 8]) {
        case 7: return "percent_rank()\(per)\(by)"
        case 8: return "score(\(random.pick(rows.names)), \(1 + random.below(10)))\(per)"
        case 0: return "rank()\(per)\(by)"
        case 1: return "row_number()\(per)\(by)"
        case 2: return "\(random.pick(["lag", "lead"]))(\(random.pick(rows.names))\(random.pick(["", ", 2"])))\(per)\(by)"
        case 3, 4: return aggregate(rows) + (per.isEmpty ? " per \(random.pick(rows.names))" : per)
        case 5: return "running_sum(\(number(rows, 0))\(random.chance(30) ? " where " + condition(rows, 1) : ""))\(per)\(by)"
        default: return "running_count()\(per)\(by)"
        }
    }

    private mutating func value(_ rows: Interpreter.Rows, _ depth: Int) -> String {
        switch random.below(8) {
        case 0: return text(rows, depth)
        case 1: return condition(rows, depth)
        case 2:
            let times = names(rows) { $0 == .date || $0 == .timestamp }
            return times.isEmpty ? number(rows, depth) : "\(random.pick(["month", "quarter", "year"]))(\(random.pick(times)))"
        default: return number(rows, depth)
        }
    }

    private mutating func literal() -> String { random.pick(["0", "1", "2", "7", "-3", "0.5", "12.25", "-0.001", "1k", "2.5%"]) }

    mutating func number(_ rows: Interpreter.Rows, _ depth: Int) -> String {
        let columns = numbers(rows)
        if columns.isEmpty { return literal() }
        guard depth > 0 else { return random.chance(85) ? random.pick(columns) : literal() }
        switch random.below(12) {
        case 0, 1: return "(\(number(rows, depth - 1)) \(random.pick(["+", "-"])) \(number(rows, depth - 1)))"
        case 2: return "(\(number(rows, depth - 1)) * \(number(rows, 0)))"
        case 3: return "(\(number(rows, depth - 1)) / \(number(rows, 0)))"
        case 4: return "(\(number(rows, depth - 1)) \(random.pick(["div", "mod"])) \(number(rows, 0)))"
        case 5: return "-\(random.pick(columns))"
        case 6: return "(if \(condition(rows, depth - 1)) then \(number(rows, depth - 1)) else \(random.pick(["null", number(rows, 0)])))"
        case 7: return "coalesce(\(number(rows, depth - 1)), \(number(rows, 0)))"
        case 8: return "length(\(text(rows, 0)))"
        default: return random.pick(columns)
        }
    }

    private mutating func text(_ rows: Interpreter.Rows, _ depth: Int) -> String {
        let columns = names(rows) { $0 == .text }
        if columns.isEmpty || random.chance(10) { return random.pick(["\"mobile\"", "\"\"", "\"杭州\"", "\"name 5\""]) }
        guard depth > 0 else { return random.pick(columns) }
        switch random.below(5) {
        case 0: return "\(random.pick(["upper", "lower"]))(\(text(rows, depth - 1)))"
        case 1: return "(if \(condition(rows, depth - 1)) then \(text(rows, depth - 1)) else \(text(rows, 0)))"
        case 2: return "coalesce(\(random.pick(columns)), \"none\")"
        default: return random.pick(columns)
        }
    }

    mutating func condition(_ rows: Interpreter.Rows, _ depth: Int) -> String {
        if depth > 0 {
            switch random.below(6) {
            case 0: return "(\(condition(rows, depth - 1)) and \(condition(rows, depth - 1)))"
            case 1: return "(\(condition(rows, depth - 1)) or \(condition(rows, depth - 1)))"
            case 2: return "not (\(condition(rows, depth - 1)))"
            default: break
            }
        }
        let comparison = random.pick(["=", "!=", "<", "<=", ">", ">="])
        let dates = names(rows) { $0 == .date || $0 == .timestamp }
        let bools = names(rows) { $0 == .bool }
        switch random.below(13) {
        case 0: return "\(random.pick(rows.names)) is \(random.pick(["", "not "]))null"
        case 1:
            let patterns = ["mo%", "%b", "%a%", "_b", "%_%", "n%e%5%", "%", "", "杭_", "%é", "a\u{25}b", "_____%", "Zo_"]
            return "\(text(rows, min(depth, 1))) \(random.pick(["like", "like", "not like"])) \"\(random.pick(patterns))\""
        case 2: return "\(text(rows, 0)) \(random.pick(["in", "not in"])) [\"mobile\", \"ab\", \"\", \"name 17\"]"
        case 3: return "\(text(rows, 0)) \(comparison) \(text(rows, 0))"
        case 4:
            return
                "\(number(rows, 0)) \(random.pick(["in", "not in"])) \(random.pick(["-3..8", "[1, 2, 2.5, 7]", "[-20..-5, 3]", "0.5..1k"]))"
        case 5 where !bools.isEmpty: return random.pick(bools)
        case 6, 7, 8:
            guard !dates.isEmpty else { return "\(number(rows, depth)) \(comparison) \(literal())" }
            let spans = ["2026-05-20", "2026-05", "2026-Q1", "2025", "2025-Q4", "2026-02-28", "2026-05-31"]
            let stretches = [
                "last 90d", "last 3mo", "this month", "previous quarter", "mtd", "ytd", "this year", "2026-01..2026-03",
                "2025-12-15..2026-02-03", "2026-05-30..2026-05-30",
            ]
            if random.chance(50) { return "\(random.pick(dates)) \(comparison) \(random.pick(spans))" }
            return "\(random.pick(dates)) \(random.pick(["in", "in", "not in"])) \(random.pick(spans + stretches))"
        case 9 where depth > 0 && random.chance(40):
            return "\(number(rows, 0)) \(comparison) \(random.pick(["avg", "sum", "median", "min", "max"]))(\(number(rows, 0)))"
        default: return "\(number(rows, depth)) \(comparison) \(number(rows, depth > 0 && random.chance(50) ? 1 : 0))"
        }
    }
}
