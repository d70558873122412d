extension Transaction {
    /// The state that a commit would make, for checks that must come before it. Blobs of this transaction are not in it.
    public func preview() throws -> Snapshot {
        Snapshot(manifest: working, tables: try working.tables.map { try snapshot(of: $0) })
    }
}
