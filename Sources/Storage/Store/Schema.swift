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

/// A relation declared between two tables: each row of the child has at most one row of the parent. It may name tables that do not exist yet.
public struct LinkSchema: Sendable, Equatable {
    /// Permanent within a store; given when the link is declared.
    public var id: UInt32
    public var child: String
    /// The child's columns whose values are a parent's key, in the order of `parentColumns`.
    public var childColumns: [String]
    public var parent: String
    /// Empty: the key that the parent declares.
    public var parentColumns: [String]
    /// What the parent is called from the child: `customer`.
    public var parentName: String
    /// What the children are called from the parent: `transactions`.
    public var childrenName: String
    /// The last column is a date, and the link goes to the latest parent row that is not later.
    public var isLatest: Bool

    public init(
        id: UInt32 = 0, child: String, childColumns: [String], parent: String, parentColumns: [String], parentName: String,
        childrenName: String, isLatest: Bool = false
    ) {
        self.id = id
        self.child = child
        self.childColumns = childColumns
        self.parent = parent
        self.parentColumns = parentColumns
        self.parentName = parentName
        self.childrenName = childrenName
        self.isLatest = isLatest
    }
}
