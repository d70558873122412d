/// Whether the rows of a table's last segment keep its key unique and never null.
struct KeyCheck {
    private let table: TableSnapshot
    private let columns: [Int]

    init(_ table: TableSnapshot) {
        self.table = table
        columns = table.schema.key.compactMap { table.schema.index(of: $0) }
    }

    func checkLastSegment(order: KeyOrder?) throws {
    }
}
