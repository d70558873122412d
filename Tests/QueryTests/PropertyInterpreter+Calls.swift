import Storage

@testable import Query

extension Interpreter {
    func call(_ call: Call, _ rows: Rows, _ groups: [[Int]]?) throws -> Column {
        let name = call.name.text
        if let value = try scalar(name, call, rows, groups) { return value }
        if ["rank", "percent_rank", "score", "row_number", "running_sum", "running_count", "lag", "lead"].contains(name)
            || (call.order != nil && name != "first" && name != "last")
        {
            guard groups == nil else { throw Unknown(what: "a window in a summary") }
            return try window(name, call, rows)
        }
        // An aggregate: of the groups of a summary, of `per` groups, or of all rows.
        let argument = try call.arguments.first.map { try compute($0.value, rows, nil) }
        let test = try call.filter.map { try evaluate($0, rows).cells }
        let items = call.innerOrder.isEmpty ? call.order ?? [] : call.innerOrder
        let places = items.isEmpty ? nil : try order(items, rows)
        let rank = places.map { Dictionary(uniqueKeysWithValues: $0.enumerated().map { ($1, $0) }) }
        var share: (Int128, Int)?
        if name == "quantile", call.arguments.count == 2, case .literal(.decimal(let value, let scale)) = call.arguments[1].value.kind {
            share = (Int128(value), scale)
        }
        func of(_ members: [Int]) throws -> Cell {
            var counted = members.filter { test?[$0].isTrue ?? true }
            if let rank { counted.sort { rank[$0, default: 0] < rank[$1, default: 0] } }
            return try aggregate(name, argument, counted, share)
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
        case "exists": return .bool
        case "sum", "min", "max", "first", "last", "mode": return argument?.type ?? .int
        case "quantile" where argument?.type == .float: throw Unknown(what: "a quantile of floats")
        case "avg", "median", "quantile":
            if argument?.type == .float { return .float }
            return .decimal(scale: min(12, scale(argument?.type) + 6))
        default: throw Unknown(what: name)
        }
    }

    /// The aggregate of the rows `members`.
    private func aggregate(_ name: String, _ argument: Column?, _ members: [Int], _ share: (Int128, Int)? = nil) throws -> Cell {
        guard let argument else { return name == "exists" ? .bool(!members.isEmpty) : .whole(Int128(members.count)) }
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
        case "first": return values.first ?? .null
        case "last": return values.last ?? .null
        case "mode":
            let counts = Dictionary(values.map { ($0, 1) }, uniquingKeysWith: +)
            return counts.max { $0.value != $1.value ? $0.value < $1.value : Cell.compare($0.key, $1.key) > 0 }?.key ?? .null
        case "quantile":
            guard let (numerator, places) = share else { throw Unknown(what: "a share") }
            if numbers.isEmpty { return .null }
            let sorted = numbers.sorted()
            let unit = Exact.power(places)
            let (low, rest) = (Int128(sorted.count - 1) * numerator).quotientAndRemainder(dividingBy: unit)
            let next = sorted[min(Int(low) + 1, sorted.count - 1)]
            return try fits(Exact.divide((sorted[Int(low)] * unit + (next - sorted[Int(low)]) * rest) * up, unit))
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
        if name == "score" { return try score(call, rows) }
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
                    case "percent_rank":
                        cells[row] = .whole(part.count == 1 ? 0 : Exact.divide(Int128(first) * 1_000_000, Int128(part.count - 1)))
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
        if name == "percent_rank" { return Column(type: .decimal(scale: 6), cells: cells) }
        return Column(type: ["lag", "lead"].contains(name) ? argument?.type : name.hasSuffix("sum") ? argument?.type : .int, cells: cells)
    }

    /// 1 + floor(k x the share of the values strictly below), in each group.
    private func score(_ call: Call, _ rows: Rows) throws -> Column {
        guard call.arguments.count == 2, case .literal(.integer(let k)) = call.arguments[1].value.kind else {
            throw Unknown(what: "a score")
        }
        let values = try compute(call.arguments[0].value, rows, nil).cells
        var cells = Array(repeating: Cell.null, count: rows.count)
        for part in groups(try (call.per ?? []).map { try evaluate($0, rows).cells }, rows) {
            let sorted = part.filter { values[$0] != .null }.sorted { Cell.compare(values[$0], values[$1]) < 0 }
            var below = 0
            for (place, row) in sorted.enumerated() {
                if place > 0, values[row] != values[sorted[place - 1]] { below = place }
                cells[row] = .whole(Int128(1 + Int(k) * below / sorted.count))
            }
        }
        return Column(type: .int, cells: cells)
    }
}
