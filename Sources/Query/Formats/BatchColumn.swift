import Storage

/// One column of a batch with everything a writer asks for a cell laid flat, so that a cell costs one switch.
struct BatchColumn {
    enum Kind: UInt8 { case bool, int, decimal, date, timestamp, span, double, text }

    let kind: Kind
    let scale: Int
    let type: LogicalType
    private let base: UnsafeRawPointer
    private let nulls: UnsafePointer<UInt8>?

    init(_ column: ResultBatch.Column, type: LogicalType) {
        self.type = type
        scale = type.scale
        nulls = column.nulls
        switch (type, column.values) {
        case (.float, .doubles(let values)): (kind, base) = (.double, UnsafeRawPointer(values))
        case (.text, .texts(let values)): (kind, base) = (.text, UnsafeRawPointer(values))
        case (.bool, .integers(let values)): (kind, base) = (.bool, UnsafeRawPointer(values))
        case (.int, .integers(let values)): (kind, base) = (.int, UnsafeRawPointer(values))
        case (.decimal, .integers(let values)): (kind, base) = (.decimal, UnsafeRawPointer(values))
        case (.date, .integers(let values)): (kind, base) = (.date, UnsafeRawPointer(values))
        case (.timestamp, .integers(let values)): (kind, base) = (.timestamp, UnsafeRawPointer(values))
        case (.week, .integers(let values)), (.month, .integers(let values)), (.quarter, .integers(let values)),
            (.year, .integers(let values)), (.duration, .integers(let values)):
            (kind, base) = (.span, UnsafeRawPointer(values))
        case (_, .integers), (_, .doubles), (_, .texts): preconditionFailure("a column of \(type.name) came in another physical form")
        }
    }

    static func columns(of batch: ResultBatch, types: [ResultColumn]) -> [BatchColumn] {
        precondition(batch.columns.count == types.count)
        return zip(batch.columns, types).map { BatchColumn($0, type: $1.type) }
    }

    @inline(__always) func isNull(_ row: Int) -> Bool { nulls.map { $0[row] != 0 } ?? false }
    @inline(__always) func integer(_ row: Int) -> Int64 { base.assumingMemoryBound(to: Int64.self)[row] }
    @inline(__always) func double(_ row: Int) -> Double { base.assumingMemoryBound(to: Double.self)[row] }
    @inline(__always) func text(_ row: Int) -> TextView { base.assumingMemoryBound(to: TextView.self)[row] }

    /// The plain text of a cell that is neither null nor text; at most `CellText.cellBytesMax` bytes.
    @inline(__always)
    func writePlain(_ row: Int, to out: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        switch kind {
        case .int: CellText.writeInteger(integer(row), to: out)
        case .decimal: CellText.writeDecimal(integer(row), scale: scale, to: out)
        case .timestamp: CellText.writeTimestamp(integer(row), to: out)
        case .date: CellText.writeDate(integer(row), to: out)
        case .double: CellText.writeDouble(double(row), to: out)
        case .bool: CellText.writeBool(integer(row), to: out)
        case .span: CellText.writeSpan(integer(row), type: type, to: out)
        case .text: preconditionFailure("a text cell has no plain form")
        }
    }
}
