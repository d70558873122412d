import Storage

/// Rows put side by side by a whole number of a small range, which costs a count and a move, and then sorted group by group in place: for
/// runs of rows that fit the cache, with groups that are small or nearly in order.
enum PlacedOrder {
    /// Beyond these the places of the groups' next rows lie outside of the cache, and a sort of all rows is better.
    private static let groupsMax = 1 << 17
    private static let rowsMax = 1 << 22
    private static let insertionMax = 64

    /// Rows by `groups`, then by `keys`; nil where groups are no such numbers, or the first key and a row's number do not fit a word.
    static func rows(_ groups: ColumnBuffer, by keys: [KeyColumn], cancellation: Cancellation) throws -> SortedRows? {
        let count = groups.count
        guard groups.form == .integers, !groups.hasNulls, count > 0, count <= rowsMax, let key = keys.first else { return nil }
        let values = UnsafePointer(groups.integers)
        var low = values[0]
        var high = low
        for row in 0..<count {
            low = min(low, values[row])
            high = max(high, values[row])
        }
        let (span, overflow) = high.subtractingReportingOverflow(low)
        guard !overflow, span < Int64(groupsMax) else { return nil }
        try key.measure(threads: 1, cancellation: cancellation)
        let rowBits = 64 - (count - 1).leadingZeroBitCount
        guard key.bits + (key.hasNulls ? 1 : 0) + rowBits <= 64 else { return nil }
        let size = Int(span) + 1
        let ends = RawMemory(byteCount: (size + 1) * 4)
        // Where each group begins, and once its rows are placed, where it ends.
        let next = ends.of(UInt32.self)
        next.initialize(repeating: 0, count: size + 1)
        for row in 0..<count { next[Int(values[row] &- low) &+ 1] &+= 1 }
        var most = 0
        for group in 0..<size {
            most = max(most, Int(next[group + 1]))
            next[group + 1] &+= next[group]
        }
        let memory = RawMemory(byteCount: count * 8)
        let records = memory.of(UInt64.self)
        try place(values, low, key, count, UInt64(rowBits), next, records, cancellation)
        let placed = RowNumbers(count: count)
        let marks = RawMemory(byteCount: count)
        let scratch = most > insertionMax ? RawMemory(byteCount: most * 8) : nil
        let order = Order(others: keys.dropFirst(), rowMask: 1 << UInt64(rowBits) - 1, rows: placed.base, marks: marks.of(UInt8.self))
        var start = 0
        for group in 0..<size {
            let end = Int(next[group])
            if end == start { continue }
            order.settle(records, start, end, scratch)
            start = end
        }
        return SortedRows(rows: placed, marks: marks)
    }

    /// Writes each row's key and number to its group, in the order in which rows come.
    private static func place(
        _ values: UnsafePointer<Int64>, _ low: Int64, _ key: KeyColumn, _ count: Int, _ rowBits: UInt64,
        _ next: UnsafeMutablePointer<UInt32>, _ records: UnsafeMutablePointer<UInt64>, _ cancellation: Cancellation
    ) throws {
        try withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 * vectorRowsMax) { room in
            let words = room.baseAddress!
            let nulls = words + vectorRowsMax
            var first = 0
            while first < count {
                try cancellation.check()
                let size = min(vectorRowsMax, count - first)
                key.fillRest(first, size, into: words)
                if key.hasNulls {
                    key.fillNulls(first, size, into: nulls)
                    let above = UInt64(key.bits) & 63
                    for i in 0..<size { words[i] |= nulls[i] << above }
                }
                for i in 0..<size {
                    let group = Int(values[first &+ i] &- low)
                    let place = next[group]
                    next[group] = place &+ 1
                    records[Int(place)] = words[i] << (rowBits & 63) | UInt64(first &+ i)
                }
                first += size
            }
        }
    }

    private struct Order {
        /// What is asked where the first key ties.
        let others: ArraySlice<KeyColumn>
        let rowMask: UInt64
        let rows: UnsafeMutablePointer<UInt32>
        let marks: UnsafeMutablePointer<UInt8>

        /// Sorts one group's records and writes its rows and marks.
        @inline(__always)
        func settle(_ records: UnsafeMutablePointer<UInt64>, _ start: Int, _ end: Int, _ scratch: RawMemory?) {
            var sorted = records + start
            let count = end &- start
            if count <= PlacedOrder.insertionMax {
                for i in 1..<max(count, 1) {
                    let record = sorted[i]
                    var j = i
                    while j > 0, sorted[j &- 1] > record {
                        sorted[j] = sorted[j &- 1]
                        j &-= 1
                    }
                    sorted[j] = record
                }
            } else if let scratch {
                sorted = PlacedOrder.sortMany(sorted, scratch.of(UInt64.self), count, rowMask)
            }
            let (rows, marks) = (rows + start, marks + start)
            let keyMask = ~rowMask
            var ties = false
            rows[0] = UInt32(truncatingIfNeeded: sorted[0] & rowMask)
            marks[0] = SortedRows.newPeer | SortedRows.newGroup
            for i in 1..<max(count, 1) {
                rows[i] = UInt32(truncatingIfNeeded: sorted[i] & rowMask)
                let isNew = (sorted[i] ^ sorted[i &- 1]) & keyMask != 0
                marks[i] = isNew ? SortedRows.newPeer : 0
                ties = ties || !isNew
            }
            if ties, !others.isEmpty { settleTies(rows, marks, count) }
        }

        /// Puts rows that tie in the first key into the order of the others.
        private func settleTies(_ rows: UnsafeMutablePointer<UInt32>, _ marks: UnsafeMutablePointer<UInt8>, _ count: Int) {
            var start = 0
            while start < count {
                var end = start + 1
                while end < count, marks[end] == 0 { end += 1 }
                if end - start > 1 {
                    var some = UnsafeMutableBufferPointer(start: rows + start, count: end - start)
                    some.sort { a, b in
                        let order = compare(Int(a), Int(b))
                        return order != 0 ? order < 0 : a < b
                    }
                    for i in start + 1..<end { marks[i] = compare(Int(rows[i - 1]), Int(rows[i])) != 0 ? SortedRows.newPeer : 0 }
                }
                start = end
            }
        }

        private func compare(_ a: Int, _ b: Int) -> Int {
            for key in others {
                let order = key.compare(a, b)
                if order != 0 { return order }
            }
            return 0
        }
    }

    private static func sortMany(
        _ records: UnsafeMutablePointer<UInt64>, _ scratch: UnsafeMutablePointer<UInt64>, _ count: Int, _ rowMask: UInt64
    ) -> UnsafeMutablePointer<UInt64> {
        var isOrdered = true
        for i in 1..<count where records[i] < records[i &- 1] {
            isOrdered = false
            break
        }
        if isOrdered { return records }
        return RecordSort.sort(words: records, scratch, count, rowMask: rowMask)
    }
}

extension RecordSort {
    /// The same for plain words.
    static func sort(
        words: UnsafeMutablePointer<UInt64>, _ scratch: UnsafeMutablePointer<UInt64>, _ count: Int, rowMask: UInt64 = 0
    ) -> UnsafeMutablePointer<UInt64> {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: binsMax) { bins in
            // A packed record is a word and nothing else.
            let isInPlace = words.withMemoryRebound(to: PackedRecord.self, capacity: count) { records in
                scratch.withMemoryRebound(to: PackedRecord.self, capacity: count) { others in
                    sort(records, others, count, rowMask: rowMask, bins: bins.baseAddress!) == records
                }
            }
            return isInPlace ? words : scratch
        }
    }
}
