import Storage

/// What is new, gone or changed between two answers with the same columns, told apart by the first of them, which are their key.
struct AnswerChanges {
    let columns: [(name: String, type: LogicalType)]
    let keyCount: Int

    struct Counts: Equatable {
        var new = 0
        var gone = 0
        var changed = 0
        var sentence: String { "\(CellText.grouped(new)) new, \(CellText.grouped(gone)) gone, \(CellText.grouped(changed)) changed" }
        var isNothing: Bool { self == Counts() }
    }

    /// - Throws: where the key stands twice, unless it is all columns, which are then told apart as wholes.
    func between(_ old: [[Value]], _ new: [[Value]]) throws -> (rows: RelationBuilder, counts: Counts) {
        let before = try table(old)
        let after = try table(new)
        let rest = columns.indices.dropFirst(keyCount)
        var counts = Counts()
        var out = RelationBuilder(
            columns.prefix(keyCount).map { ($0.name, $0.type) } + [("change", .text)]
                + rest.flatMap { [(columns[$0].name + "_before", columns[$0].type), (columns[$0].name, columns[$0].type)] })
        for key in Set(before.keys).union(after.keys).sorted(by: { $0.precedes($1) }) {
            let a = before[key]
            let b = after[key]
            if a == b { continue }
            let change: String
            if a == nil {
                change = "new"
                counts.new += 1
            } else if b == nil {
                change = "gone"
                counts.gone += 1
            } else {
                change = "changed"
                counts.changed += 1
            }
            out.add(key + [.text(change)] + rest.flatMap { [a?[$0] ?? .null, b?[$0] ?? .null] })
        }
        return (out, counts)
    }

    private func table(_ rows: [[Value]]) throws -> [[Value]: [Value]] {
        var found: [[Value]: [Value]] = [:]
        for cells in rows {
            let key = Array(cells.prefix(keyCount))
            guard found.updateValue(cells, forKey: key) != nil, keyCount < columns.count else { continue }
            let shown = zip(key, columns).map { CellText.string($0, type: $1.type) }.joined(separator: ", ")
            throw QueryError(.data, "\(columns.prefix(keyCount).map(\.name).joined(separator: ", ")) is no key: \(shown) stands twice")
        }
        return found
    }
}

extension [Value] {
    /// In the order of their types, nulls last.
    func precedes(_ other: [Value]) -> Bool {
        for (a, b) in zip(self, other) where a != b {
            switch (a, b) {
            case (.null, _): return false
            case (_, .null): return true
            case (.integer(let x), .integer(let y)): return x < y
            case (.double(let x), .double(let y)): return x < y
            case (.text(let x), .text(let y)): return x.utf8.lexicographicallyPrecedes(y.utf8)
            case (.integer, _), (.double, _), (.text, _): return false
            }
        }
        return false
    }
}
