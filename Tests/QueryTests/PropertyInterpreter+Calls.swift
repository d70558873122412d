import Storage

@testable import Query

extension Interpreter {
    func call(_ call: Call, _ rows: Rows, _ groups: [[Int]]?) throws -> Column {
        let name = call.name.text
        if let value = try scalar(name, call, rows, groups) { return value }
        if ["rank", "row_number", "running_sum", "running_count", "lag", "lead"].contains(name) || call.order != nil {
            guard groups == nil else { throw Unknown(what: "a window in a summary") }
            return try window(name, call, rows)
        }
        // An aggregate: of the groups of a summary, of `per` groups, or of all rows.
        let argument = try call.arguments.first.map { try compute($0.value, rows, nil) }
        let test = try call.filter.map { try evaluate($0, rows).cells }
        func of(_ members: [Int]) throws -> Cell {
            let counted = members.filter { test?[$0].isTrue ?? true }
            return try aggregate(name, argument, counted)
        }
        let type = try aggregateType(name, argument)
        if let groups, call.per == nil { return Column(type: type, cells: try groups.map(of)) }
        guard groups == nil else { throw Unknown(what: "per in a summary") }
        let parts = self.groups(try (call.per ?? []).map { try evaluate($0, rows).cells }, rows)
        var cells = Array(repeating: Cell.null, count: rows.count)
        for part in parts {
            let value = try of(part)
            for row in part { cells[row] = value }
        }
        return Column(type: type, cells: cells)
    }

    // MARK: functions of one row

    private func scalar(_ name: String, _ call: Call, _ rows: Rows, _ groups: [[Int]]?) throws -> Column? {
        func argument(_ body: (Cell, LogicalType?) throws -> (Cell)) throws -> [Cell] {
            let column = try compute(call.arguments[0].value, rows, groups)
            return try column.cells.map { try body($0, column.type) }
        }
        func text(_ body: (String) -> Cell) throws -> [Cell] {
            try argument { cell, _ in
                guard case .text(let bytes) = cell else { return .null }
                return body(String(decoding: bytes, as: UTF8.self))
            }
        }
        func month(_ body: (Int) -> Int) throws -> [Cell] {
            try argument { cell, type in
                guard case .whole(let value) = cell else { return .null }
                let day = type == .timestamp ? Calendar.floor(Int(value), 86_400_000_000) : Int(value)
                return .whole(Int128(body(type == .month ? Int(value) : Calendar.month(ofDay: day))))
            }
        }
        switch name {
        case "upper": return Column(type: .text, cells: try text { .text($0.uppercased()) })
        case "lower": return Column(type: .text, cells: try text { .text($0.lowercased()) })
        case "length": return Column(type: .int, cells: try text { .whole(Int128($0.unicodeScalars.count)) })
        case "month": return Column(type: .month, cells: try month { $0 })
        case "quarter": return Column(type: .quarter, cells: try month { $0 / 3 })
        case "year": return Column(type: .year, cells: try month { $0 / 12 })
        case "coalesce":
            let (type, sides) = try unify(try call.arguments.map { try compute($0.value, rows, groups) })
            return Column(type: type, cells: sides[0].indices.map { row in sides.lazy.map { $0[row] }.first { $0 != .null } ?? .null })
        default: return nil
        }
    }

    // MARK: aggregates

    private func aggregateType(_ name: String, _ argument: Column?) throws -> LogicalType {
        switch name {
        case "count", "distinct": return .int
        case "sum", "min", "max": return argument?.type ?? .int
        case "avg", "median":
            if argument?.type == .float { return .float }
            return .decimal(scale: min(12, scale(argument?.type) + 6))
        default: throw Unknown(what: name)
        }
    }

    /// The aggregate of the rows `members`.
    private func aggregate(_ name: String, _ argument: Column?, _ members: [Int]) throws -> Cell {
        guard let argument else { return .whole(Int128(members.count)) }
        let values = members.map { argument.cells[$0] }.filter { $0 != .null }
        let numbers = values.compactMap { cell -> Int128? in
            if case .whole(let value) = cell { return value }
            return nil
        }
        let floats = values.compactMap { cell -> Double? in
            if case .float(let value) = cell { return value }
            return nil
        }
        let up = Exact.power(min(12, scale(argument.type) + 6) - scale(argument.type))
        switch name {
        case "count": return .whole(Int128(values.count))
        case "distinct": return .whole(Int128(Set(values).count))
        case "min": return values.min { Cell.compare($0, $1) < 0 } ?? .null
        case "max": return values.max { Cell.compare($0, $1) < 0 } ?? .null
        case "sum": return argument.type == .float ? .float(Exact.sum(floats)) : try fits(numbers.reduce(0, +))
        case "avg":
            if values.isEmpty { return .null }
            if argument.type == .float { return .float(Exact.sum(floats) / Double(floats.count)) }
            return try fits(Exact.divide(numbers.reduce(0, +) * up, Int128(numbers.count)))
        case "median":
            if values.isEmpty { return .null }
            let (low, high) = ((values.count - 1) / 2, values.count / 2)
            if argument.type == .float {
                let sorted = floats.sorted()
                return .float(low == high ? sorted[low] : (sorted[low] + sorted[high]) / 2)
            }
            let sorted = numbers.sorted()
            return try fits(Exact.divide((sorted[low] + sorted[high]) * up, 2))
        default: throw Unknown(what: name)
        }
    }

    // MARK: windows

    private func window(_ name: String, _ call: Call, _ rows: Rows) throws -> Column {
        let items = call.order ?? []
        guard !items.isEmpty else { throw Unknown(what: "a window without an order") }
        let argument = try call.arguments.first.map { try compute($0.value, rows, nil) }
        let test = try call.filter.map { try evaluate($0, rows).cells }
        let asked = try items.map { try evaluate($0.value, rows).cells }
        let parts = groups(try (call.per ?? []).map { try evaluate($0, rows).cells }, rows)
        var step = 1
        if call.arguments.count > 1 {
            guard case .literal(.integer(let value)) = call.arguments[1].value.kind else { throw Unknown(what: "a step") }
            step = Int(value)
        }
        var cells = Array(repeating: Cell.null, count: rows.count)
        for part in parts {
            let sorted = try order(items, rows, among: part)
            var first = 0
            while first < sorted.count {
                // Rows first..<end tie.
                var end = first + 1
                while end < sorted.count, asked.allSatisfy({ $0[sorted[end]] == $0[sorted[first]] }) { end += 1 }
                for place in first..<end {
                    let row = sorted[place]
                    switch name {
                    case "rank": cells[row] = .whole(Int128(first + 1))
                    case "row_number": cells[row] = .whole(Int128(place + 1))
                    case "lag", "lead":
                        let other = name == "lag" ? place - step : place + step
                        if sorted.indices.contains(other), let argument { cells[row] = argument.cells[sorted[other]] }
                    case "running_sum", "sum", "running_count", "count":
                        let seen = sorted[..<end].filter { test?[$0].isTrue ?? true }
                        cells[row] =
                            place > first ? cells[sorted[first]] : try aggregate(name.hasSuffix("sum") ? "sum" : "count", argument, seen)
                    default: throw Unknown(what: name)
                    }
                }
                first = end
            }
        }
        return Column(type: ["lag", "lead"].contains(name) ? argument?.type : name.hasSuffix("sum") ? argument?.type : .int, cells: cells)
    }
}
