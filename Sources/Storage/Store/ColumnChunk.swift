/// Rows on their way into a table, column by column. What import, the demo bank and query results hand to a ``TableWriter``.
public struct RowChunk: Sendable {
    public var columns: [ColumnChunk]
    public var rowCount: Int

    public init(columns: [ColumnChunk], rowCount: Int) {
        self.columns = columns
        self.rowCount = rowCount
    }
}

public struct ColumnChunk: Sendable {
    public enum Values: Sendable {
        case integers([Int64])
        case doubles([Double])
        case text(TextChunk)
    }
    public var values: Values
    /// One byte a row, 1 = null; empty where no row is null. The value under a null is ignored.
    public var nulls: [UInt8]

    public init(values: Values, nulls: [UInt8] = []) {
        self.values = values
        self.nulls = nulls
    }
}

/// Texts laid end to end: text `i` is `bytes[offsets[i] ..< offsets[i + 1]]`.
public struct TextChunk: Sendable {
    public var bytes: [UInt8]
    public var offsets: [Int]

    public init() {
        bytes = []
        offsets = [0]
    }

    public var count: Int { offsets.count - 1 }

    public mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
        offsets.append(bytes.count)
    }

    public mutating func append(_ text: UnsafeBufferPointer<UInt8>) {
        bytes.append(contentsOf: text)
        offsets.append(bytes.count)
    }
}
