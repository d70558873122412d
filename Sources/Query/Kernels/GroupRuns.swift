/// Rows whose groups follow each other in runs, as days do where rows lie by time: each row would wait for the one before it to have added
/// to the same state, so a run is summed first.
enum GroupRuns {
    /// Runs are worth looking for where they have this many rows in the mean.
    private static let rowsMin = 8

    private static let sample = 64

    private static func changes(_ groups: UnsafePointer<UInt32>, _ count: Int) -> Int {
        var changes: UInt32 = 0
        for i in 1..<count { changes &+= groups[i] != groups[i &- 1] ? 1 : 0 }
        return Int(changes)
    }

    static func areLong(_ groups: UnsafePointer<UInt32>, _ count: Int) -> Bool {
        guard count >= sample else { return false }
        // Most batches show by a few rows that theirs are short.
        return changes(groups, sample) &* rowsMin < sample && changes(groups, count) &* rowsMin < count
    }

    /// Calls `body` with the group and the rows of each run.
    @inline(__always)
    static func forEach(_ groups: UnsafePointer<UInt32>, _ count: Int, _ body: (_ group: Int, _ first: Int, _ end: Int) -> Void) {
        var first = 0
        while first < count {
            let group = groups[first]
            var end = first &+ 1
            while end < count, groups[end] == group { end &+= 1 }
            body(Int(group), first, end)
            first = end
        }
    }
}
