/// Children whose parent is missing.
public struct LinkOrphans: Sendable, Equatable {
    public var rows: Int
    /// Different key values among them.
    public var keys: Int
    /// The key of the first such row in storage order, as text: `4711`, `b3, 2000-02`.
    public var firstKey: String?
}

extension Snapshot {
    /// Live children of a link whose key no live parent has; rows without a key are no orphans. nil where the link is not resolved.
    /// Reads one integer column of each of the two tables.
    public func orphans(link: UInt32) throws -> LinkOrphans? {
        guard let declared = links.first(where: { $0.id == link }), let domain = domain(link: link),
            let child = table(declared.child), let column = child.parentIDColumn(link: link)
        else { return nil }
        let words = domain.count / 64 + 1
        let present = UnsafeMutablePointer<UInt64>.allocate(capacity: words)
        let missing = UnsafeMutablePointer<UInt64>.allocate(capacity: words)
        defer {
            present.deallocate()
            missing.deallocate()
        }
        present.initialize(repeating: 0, count: words)
        missing.initialize(repeating: 0, count: words)
        if let parent = table(declared.parent), parent.rowCount > 0 {
            guard let own = parent.ownIDColumn(of: domain.columns) else { return nil }
            try parent.forEachIDs(column: own) { segment, row, count, ids, _ in
                for i in 0..<count where !segment.isDeleted(row &+ i) {
                    present[Int(ids[i]) &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: ids[i] & 63)
                }
            }
        }
        var found = LinkOrphans(rows: 0, keys: 0, firstKey: nil)
        var first: UInt32?
        try child.forEachIDs(column: column) { segment, row, count, ids, nulls in
            for i in 0..<count {
                let word = Int(ids[i]) &>> 6
                let bit = UInt64(1) &<< UInt64(truncatingIfNeeded: ids[i] & 63)
                if present[word] & bit != 0 { continue }
                if let nulls, nulls[i] != 0 { continue }
                if segment.isDeleted(row &+ i) { continue }
                if first == nil { first = UInt32(ids[i]) }
                found.rows &+= 1
                missing[word] |= bit
            }
        }
        for w in 0..<words { found.keys += missing[w].nonzeroBitCount }
        if let first {
            found.firstKey = try zip(domain.key(of: first), domain.types).map { CellText.string($0, type: $1) }.joined(separator: ", ")
        }
        return found
    }
}
