import Storage

@testable import Query

extension Interpreter {
    /// A whole column at once: its type and one cell for each row, or for each group where `groups` are given (then only aggregates may read
    /// columns).
    func evaluate(_ expression: Expression, _ rows: Rows, groups: [[Int]]? = nil) throws -> (type: LogicalType, cells: [Cell]) {
        let value = try compute(expression, rows, groups)
        return (value.type ?? .int, value.cells)
    }

    /// A type of nil is that of `null`.
    struct Column {
        var type: LogicalType?
        var cells: [Cell]
    }

    func compute(_ expression: Expression, _ rows: Rows, _ groups: [[Int]]?) throws -> Column {
        let count = groups?.count ?? rows.count
        func constant(_ type: LogicalType?, _ cell: Cell) -> Column { Column(type: type, cells: Array(repeating: cell, count: count)) }
        func of(_ expression: Expression) throws -> Column { try compute(expression, rows, groups) }
        func map(_ column: Column, _ type: LogicalType?, _ body: (Cell) throws -> Cell) rethrows -> Column {
            Column(type: type, cells: try column.cells.map(body))
        }
        switch expression.kind {
        case .literal(let literal):
            switch literal {
            case .null: return constant(nil, .null)
            case .bool(let value): return constant(.bool, .bool(value))
            case .integer(let value): return constant(.int, .whole(Int128(value)))
            case .decimal(let value, let scale): return constant(.decimal(scale: scale), .whole(Int128(value)))
            case .float(let value): return constant(.float, .float(value))
            case .text(let value): return constant(.text, .text(value))
            case .date(let value): return constant(.date, .whole(Int128(value)))
            case .timestamp(let value): return constant(.timestamp, .whole(Int128(value)))
            case .span(let value, let type): return constant(type, .whole(Int128(value)))
            case .duration, .months: throw Unknown(what: "a duration")
            }
        case .path(let names):
            guard names.count == 1, groups == nil, let place = rows.names.firstIndex(of: names[0].text) else {
                throw Unknown(what: "a path")
            }
            return Column(type: rows.types[place], cells: rows.columns[place])
        case .negate(let operand):
            let value = try of(operand)
            return try map(value, value.type) {
                switch $0 {
                case .whole(let x): try fits(-x)
                case .float(let x): .float(-x)
                case .null, .text: .null
                }
            }
        case .not(let operand): return map(try of(operand), .bool) { .bool(!$0.isTrue) }
        case .isNull(let operand, let negated): return map(try of(operand), .bool) { .bool(($0 == .null) != negated) }
        case .binary(let operation, let left, let right): return try binary(operation, try of(left), try of(right), right)
        case .membership(let operand, let target, let negated):
            let held = try membership(try of(operand), target, rows, groups)
            return map(held, .bool) { negated ? .bool(!$0.isTrue) : $0 }
        case .conditional(let branches, let otherwise):
            let conditions = try branches.map { try of($0.condition).cells }
            var values = try branches.map { try of($0.value) }
            values.append(try otherwise.map(of) ?? constant(nil, .null))
            let (type, cells) = try unify(values)
            return Column(
                type: type,
                cells: (0..<count).map { row in
                    let branch = conditions.firstIndex { $0[row].isTrue } ?? conditions.count
                    return cells[branch][row]
                })
        case .call(let call): return try self.call(call, rows, groups)
        case .parameter, .list, .range, .query, .period, .memberAsOf, .star: throw Unknown(what: "an expression")
        }
    }

    func fits(_ value: Int128) throws -> Cell {
        guard Int64(exactly: value) != nil else { throw Beyond() }
        return .whole(value)
    }

    // MARK: types

    func scale(_ type: LogicalType?) -> Int {
        if case .decimal(let scale)? = type { return scale }
        return 0
    }

    private func isNumber(_ type: LogicalType?) -> Bool {
        switch type {
        case .int?, .decimal?, .float?, nil: true
        default: false
        }
    }

    /// All columns in the one type that holds them.
    func unify(_ columns: [Column], bounded: Bool = true) throws -> (LogicalType?, [[Cell]]) {
        var type: LogicalType?
        for next in columns.compactMap(\.type) {
            guard let known = type, known != next else {
                type = next
                continue
            }
            guard isNumber(known), isNumber(next) else { throw Unknown(what: "a mixture of \(known.name) and \(next.name)") }
            type = known == .float || next == .float ? .float : .decimal(scale: max(scale(known), scale(next)))
        }
        return (type, try columns.map { column in try column.cells.map { try convert($0, column.type, type, bounded: bounded) } })
    }

    func convert(_ cell: Cell, _ from: LogicalType?, _ to: LogicalType?, bounded: Bool = true) throws -> Cell {
        guard case .whole(let value) = cell, from != to else { return cell }
        if to == .float { return .float(Double(value) / Double(Exact.power(scale(from)))) }
        let scaled = value * Exact.power(scale(to) - scale(from))
        return bounded ? try fits(scaled) : .whole(scaled)
    }

    // MARK: operators

    private func binary(_ operation: BinaryOperator, _ a: Column, _ b: Column, _ right: Expression) throws -> Column {
        func zip(_ type: LogicalType, _ x: [Cell], _ y: [Cell], _ body: (Cell, Cell) throws -> Cell) rethrows -> Column {
            Column(type: type, cells: try x.indices.map { try body(x[$0], y[$0]) })
        }
        switch operation {
        case .and: return zip(.bool, a.cells, b.cells) { .bool($0.isTrue && $1.isTrue) }
        case .or: return zip(.bool, a.cells, b.cells) { .bool($0.isTrue || $1.isTrue) }
        case .like, .notLike:
            return zip(.bool, a.cells, b.cells) { text, pattern in
                var matches = false
                if case .text(let text) = text, case .text(let pattern) = pattern { matches = Self.like(text, pattern) }
                return .bool(matches == (operation == .like))
            }
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
            return try comparison(a, b) { order in
                switch operation {
                case .equal: order == 0
                case .notEqual: order != 0
                case .less: order.map { $0 < 0 } ?? false
                case .lessOrEqual: order.map { $0 <= 0 } ?? false
                case .greater: order.map { $0 > 0 } ?? false
                case .greaterOrEqual: order.map { $0 >= 0 } ?? false
                default: preconditionFailure("not a comparison")
                }
            }
        case .add, .subtract, .multiply, .divide, .div, .mod:
            if a.type == .date, b.type == .date, operation == .subtract {
                return zip(.int, a.cells, b.cells) {
                    guard case .whole(let x) = $0, case .whole(let y) = $1 else { return .null }
                    return .whole(x - y)
                }
            }
            guard isNumber(a.type), isNumber(b.type), a.type != nil, b.type != nil else { throw Unknown(what: "arithmetic") }
            if a.type == .float || b.type == .float {
                let x = try a.cells.map { try convert($0, a.type, .float) }
                let y = try b.cells.map { try convert($0, b.type, .float) }
                return zip(.float, x, y) {
                    guard case .float(let x) = $0, case .float(let y) = $1 else { return .null }
                    let value: Double =
                        switch operation {
                        case .add: x + y
                        case .subtract: x - y
                        case .multiply: x * y
                        case .divide: x / y
                        case .div: (x / y).rounded(.towardZero)
                        default: x.truncatingRemainder(dividingBy: y)
                        }
                    return value.isFinite ? .float(value) : .null
                }
            }
            let s = scale(a.type)
            let t = scale(b.type)
            let wide = max(s, t)
            let exact = a.type == .int && b.type == .int ? LogicalType.int : .decimal(scale: wide)
            var type = exact
            if operation == .multiply {
                guard s + t <= 12 else { throw Unknown(what: "a product of more than twelve digits") }
                if exact != .int { type = .decimal(scale: s + t) }
            }
            if operation == .divide { type = .decimal(scale: min(12, wide + 6)) }
            if operation == .div { type = .int }
            // Both sides must fit the wider scale, even beside a null.
            if operation != .multiply, operation != .divide {
                for cell in a.cells { _ = try convert(cell, a.type, exact) }
                for cell in b.cells { _ = try convert(cell, b.type, exact) }
            }
            return try zip(type, a.cells, b.cells) {
                guard case .whole(let x) = $0, case .whole(let y) = $1 else { return .null }
                let (p, q) = (x * Exact.power(wide - s), y * Exact.power(wide - t))
                switch operation {
                case .add: return try fits(p + q)
                case .subtract: return try fits(p - q)
                case .multiply: return try fits(x * y)
                case .divide: return q == 0 ? .null : try fits(Exact.divide(p * Exact.power(scale(type)), q))
                case .div: return q == 0 ? .null : try fits(p / q)
                default: return q == 0 ? .null : try fits(p % q)
                }
            }
        }
    }

    /// Asks `body` with the order of each pair, nil where one is missing.
    private func comparison(_ a: Column, _ b: Column, _ body: (Int?) -> Bool) throws -> Column {
        if let left = a.type, let right = b.type, left.isTemporal || right.isTemporal {
            guard left.isTemporal, right.isTemporal else { throw Unknown(what: "a time and a number") }
            return Column(
                type: .bool,
                cells: a.cells.indices.map { row in
                    guard case .whole(let x) = a.cells[row], case .whole(let y) = b.cells[row] else { return .bool(body(nil)) }
                    let (first, last) = Calendar.stretch(Int(x), left)
                    let (from, to) = Calendar.stretch(Int(y), right)
                    return .bool(body(last < from ? -1 : first > to ? 1 : 0))
                })
        }
        let (_, sides) = try unify([a, b], bounded: false)
        return Column(
            type: .bool,
            cells: sides[0].indices.map { row in
                let (x, y) = (sides[0][row], sides[1][row])
                return .bool(body(x == .null || y == .null ? nil : Cell.compare(x, y)))
            })
    }

    private func membership(_ operand: Column, _ target: Expression, _ rows: Rows, _ groups: [[Int]]?) throws -> Column {
        func either(_ columns: [Column]) -> Column {
            Column(type: .bool, cells: operand.cells.indices.map { row in .bool(columns.contains { $0.cells[row].isTrue }) })
        }
        func between(_ low: Column, _ high: Column) throws -> Column {
            let from = try comparison(operand, low) { $0.map { $0 >= 0 } ?? false }
            let to = try comparison(operand, high) { $0.map { $0 <= 0 } ?? false }
            return Column(type: .bool, cells: from.cells.indices.map { .bool(from.cells[$0].isTrue && to.cells[$0].isTrue) })
        }
        switch target.kind {
        case .list(let items): return either(try items.map { try membership(operand, $0, rows, groups) })
        case .range(let low, let high): return try between(try compute(low, rows, groups), try compute(high, rows, groups))
        case .query(let query):
            let found = try run(query)
            guard found.columns.count == 1, found.types[0] == operand.type else { throw Unknown(what: "a query behind in") }
            let values = Set(found.columns[0])
            return Column(type: .bool, cells: operand.cells.map { .bool($0 != .null && values.contains($0)) })
        case .period(let period):
            let (first, last) = try days(period)
            func day(_ value: Int) -> Column { Column(type: .date, cells: operand.cells.map { _ in .whole(Int128(value)) }) }
            return try between(day(first), day(last))
        default: return try comparison(operand, try compute(target, rows, groups)) { $0 == 0 }
        }
    }

    /// First and last day.
    private func days(_ period: Period) throws -> (Int, Int) {
        func unit(_ type: LogicalType, _ step: Int) throws -> (Int, Int) {
            let month = Calendar.month(ofDay: today)
            let months = type == .month ? 1 : type == .quarter ? 3 : type == .year ? 12 : 0
            guard months > 0 else { throw Unknown(what: "a period") }
            let first = (month / months + step) * months
            return (Calendar.firstDay(ofMonth: first), Calendar.firstDay(ofMonth: first + months) - 1)
        }
        switch period {
        case .last(.exact(let microseconds)) where microseconds % 86_400_000_000 == 0:
            return (today - Int(microseconds / 86_400_000_000), today - 1)
        case .last(.months(let months)): return (Calendar.add(months: -Int(months), to: today), today - 1)
        case .this(let type): return try unit(type, 0)
        case .previous(let type): return try unit(type, -1)
        case .monthToDate: return (try unit(.month, 0).0, today)
        case .quarterToDate: return (try unit(.quarter, 0).0, today)
        case .yearToDate: return (try unit(.year, 0).0, today)
        case .today: return (today, today)
        default: throw Unknown(what: "a period")
        }
    }

    /// By trying every length of every `%`; characters are code points.
    static func like(_ text: [UInt8], _ pattern: [UInt8]) -> Bool {
        let characters = Array(String(decoding: text, as: UTF8.self).unicodeScalars)
        let signs = Array(String(decoding: pattern, as: UTF8.self).unicodeScalars)
        func matches(_ i: Int, _ j: Int) -> Bool {
            if j == signs.count { return i == characters.count }
            if signs[j] == "%" { return (i...characters.count).contains { matches($0, j + 1) } }
            return i < characters.count && (signs[j] == "_" || signs[j] == characters[i]) && matches(i + 1, j + 1)
        }
        return matches(0, 0)
    }
}
