import Storage

extension Session {
    func takeSnapshot(of segment: Name, at date: Expression?) throws -> String {
        throw QueryError(.unsupported, "snapshots are not built yet", at: segment.span)
    }
    func membershipDates(of segment: String, _ snapshot: Snapshot) throws -> [Int64] { [] }
    func removeMemberships(of segment: String, _ dates: [Int64], _ transaction: Transaction) throws {}
    func renameMemberships(of segment: String, to new: String, _ dates: [Int64], _ snapshot: Snapshot, _ transaction: Transaction) throws {}
}
