/// What a table holds. Column ids are permanent within a table: a rename keeps the id, a dropped id is never given again.
public struct ColumnSchema: Sendable, Equatable {
    public var id: UInt32
    public var name: String
    public var type: LogicalType

    public init(id: UInt32 = 0, name: String, type: LogicalType) {
        self.id = id
        self.name = name
        self.type = type
    }
}

public struct TableSchema: Sendable, Equatable {
    public var id: UInt32
    public var name: String
    public var columns: [ColumnSchema]
    /// Names of the columns that together are unique and never null; empty: no key declared.
    public var key: [String]
    /// The column that dates a row (a date or a timestamp), if declared.
    public var time: String?

    public init(id: UInt32 = 0, name: String, columns: [ColumnSchema], key: [String] = [], time: String? = nil) {
        self.id = id
        self.name = name
        self.columns = columns
        self.key = key
        self.time = time
    }

    public func index(of column: String) -> Int? { columns.firstIndex { $0.name == column } }
}
