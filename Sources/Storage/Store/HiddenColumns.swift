/// Gives the rows of a writer their ids.
final class HiddenColumns {
    private final class Column {
        let role: HiddenColumn.Role
        /// nil for a retired column.
        let builder: DomainBuilder?
        /// Columns of the schema that make the key.
        let keys: [Int]
        let map = CodeIDs()
        var ids = UnsafeMutablePointer<Int64>.allocate(capacity: 1)
        var nulls = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
        var capacity = 1

        init(role: HiddenColumn.Role, builder: DomainBuilder?, keys: [Int]) {
            self.role = role
            self.builder = builder
            self.keys = keys
        }

        deinit {
            ids.deallocate()
            nulls.deallocate()
        }

        func reserve(_ rows: Int) {
            if rows <= capacity { return }
            ids.deallocate()
            nulls.deallocate()
            ids = .allocate(capacity: rows)
            nulls = .allocate(capacity: rows)
            capacity = rows
        }
    }

    private let columns: [Column]
    /// Columns of one domain go one after another in their order, so that the ids they give do not depend on threads; domains go side
    /// by side.
    let groups: [[Int]]

    init(_ hidden: [HiddenColumn], of schema: TableSchema, transaction: Transaction) throws {
        columns = try hidden.map { column in
            var keys: [String] = []
            switch column.role {
            case .own: keys = transaction.working.domain(column.domain)?.columns ?? []
            case .parent: keys = transaction.working.links.first { $0.id == column.link }?.childColumns ?? []
            case .retired: return Column(role: .retired, builder: nil, keys: [])
            }
            let places = keys.compactMap { schema.index(of: $0) }
            precondition(!keys.isEmpty && places.count == keys.count, "a hidden column of no columns")
            return Column(role: column.role, builder: try transaction.domainBuilder(column.domain), keys: places)
        }
        var groups: [[Int]] = []
        var places: [UInt32: Int] = [:]
        for (c, column) in hidden.enumerated() {
            if column.role != .retired, let place = places[column.domain] {
                groups[place].append(c)
            } else {
                if column.role != .retired { places[column.domain] = groups.count }
                groups.append([c])
            }
        }
        self.groups = groups
    }

    var count: Int { columns.count }

    /// Ids below this stand in column `c`.
    func idCount(_ c: Int) -> UInt32 { UInt32(columns[c].builder?.count ?? 0) }

    /// The ids of the next rows; they stand until the next call for the same column. `parts` are the key columns of the schema.
    func resolve(
        _ c: Int, rows: Int, parts: (_ columns: [Int], _ body: ([KeyPart]) throws -> Void) throws -> Void
    ) throws -> (ids: UnsafePointer<Int64>, nulls: UnsafePointer<UInt8>?) {
        let column = columns[c]
        column.reserve(rows)
        var hasNulls = true
        if let builder = column.builder {
            try parts(column.keys) {
                hasNulls = try builder.resolve($0, rows: rows, map: column.map, into: column.ids, nulls: column.nulls)
            }
            // The key's own check refuses the rows; until then a null is no reason to stop.
            if column.role == .own { hasNulls = false }
        } else {
            column.ids.update(repeating: 0, count: rows)
            column.nulls.update(repeating: 1, count: rows)
        }
        return (UnsafePointer(column.ids), hasNulls ? UnsafePointer(column.nulls) : nil)
    }
}

extension ColumnWriter.Source {
    /// The rows of a column as a key's part, as long as `body` runs.
    func withKeyPart(_ builder: DictionaryBuilder?, _ body: (KeyPart) throws -> Void) throws {
        switch self {
        case .integers(let values, let nulls): try body(.integers(values, nulls: nulls))
        case .doubles(let values, let nulls): try body(.doubles(values, nulls: nulls))
        case .codes(let codes, let nulls):
            guard let builder else { preconditionFailure("codes of no dictionary") }
            try body(.codes(codes, builder, nulls: nulls))
        case .chunk(let chunk):
            try chunk.nulls.withUnsafeBufferPointer { nulls in
                let nulls = nulls.isEmpty ? nil : nulls.baseAddress
                switch chunk.values {
                case .integers(let values):
                    try values.withUnsafeBufferPointer {
                        if let start = $0.baseAddress { try body(.integers(start, nulls: nulls)) }
                    }
                case .doubles(let values):
                    try values.withUnsafeBufferPointer {
                        if let start = $0.baseAddress { try body(.doubles(start, nulls: nulls)) }
                    }
                case .text(let text):
                    try text.bytes.withUnsafeBufferPointer { bytes in
                        try text.offsets.withUnsafeBufferPointer {
                            if let start = $0.baseAddress { try body(.texts(bytes.baseAddress, offsets: start, nulls: nulls)) }
                        }
                    }
                }
            }
        }
    }

    /// Several columns at once.
    static func withKeyParts(
        _ sources: [ColumnWriter.Source], _ builders: [DictionaryBuilder?], _ columns: ArraySlice<Int>, _ parts: [KeyPart] = [],
        _ body: ([KeyPart]) throws -> Void
    ) throws {
        guard let column = columns.first else { return try body(parts) }
        try sources[column].withKeyPart(builders[column]) {
            try withKeyParts(sources, builders, columns.dropFirst(), parts + [$0], body)
        }
    }
}
