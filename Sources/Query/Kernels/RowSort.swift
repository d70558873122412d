/// Rows in an order.
struct SortedRows: Sendable {
    /// Row numbers, the first first.
    let rows: RowNumbers
    /// For each place, whether another key begins there; nil where nobody asked.
    let marks: RawMemory?

    /// Differs from the place before in some key.
    static let newPeer: UInt8 = 1
    /// Differs from the place before in one of the leading keys that make groups.
    static let newGroup: UInt8 = 2
}

/// Sorts rows by any number of keys, the first key first; rows equal in all keys stay in their order.
///
/// The keys' telling bits are laid end to end. The first 64 of them go with the row's number (into one word where both fit). One pass
/// scatters these records into buckets by their leading bits, small enough for the cache and cut evenly after counting; then each
/// bucket is sorted by radix, several at a time. Rows that agree in 64 bits are told apart by what follows.
struct RowSort {
    private struct Field {
        let key: KeyColumn
        let isNull: Bool
        let start: Int
        let bits: Int
    }
    private let keys: [KeyColumn]
    private let fields: [Field]
    private let totalBits: Int
    /// Bits of the leading keys, which make groups.
    private let groupKeys: Int
    private let groupBits: Int
    private let count: Int
    private let threads: Int
    private let cancellation: Cancellation

    private static let simpleMax = 48
    private static let bucketRows = 1 << 13
    private static let prefixBitsMax = 16

    /// - Parameters:
    ///   - groupKeys: how many of the keys, from the first, make groups.
    ///   - marks: whether to say where groups and peers begin.
    static func sort(
        _ keys: [KeyColumn], groupKeys: Int = 0, count: Int, marks: Bool = false, threads: Int, cancellation: Cancellation
    ) throws -> SortedRows {
        if count <= simpleMax || keys.isEmpty { return simple(keys, groupKeys, count, marks) }
        for key in keys { try key.measure(threads: threads, cancellation: cancellation) }
        let sort = RowSort(keys, groupKeys, count, threads, cancellation)
        let rowBits = 64 - UInt64(count - 1).leadingZeroBitCount
        return sort.totalBits + rowBits <= 64
            ? try sort.sorted(PackedRecord.self, rowMask: (1 << UInt64(rowBits)) - 1, marks)
            : try sort.sorted(WideRecord.self, rowMask: 0, marks)
    }

    /// The first `count` row numbers in the keys' order, for few rows.
    private static func simple(_ keys: [KeyColumn], _ groupKeys: Int, _ count: Int, _ marks: Bool) -> SortedRows {
        let rows = RowNumbers(0..<count)
        let base = rows.base
        if count > 1, !keys.isEmpty {
            for i in 1..<count {
                let row = base[i]
                var j = i
                while j > 0, compare(keys, Int(base[j - 1]), Int(row)) > 0 {
                    base[j] = base[j - 1]
                    j -= 1
                }
                base[j] = row
            }
        }
        guard marks else { return SortedRows(rows: rows, marks: nil) }
        let memory = RawMemory(byteCount: count)
        let flags = memory.of(UInt8.self)
        for i in 0..<count {
            if i == 0 {
                flags[i] = SortedRows.newPeer | SortedRows.newGroup
            } else if compare(keys[..<groupKeys], rows[i - 1], rows[i]) != 0 {
                flags[i] = SortedRows.newPeer | SortedRows.newGroup
            } else {
                flags[i] = compare(keys[groupKeys...], rows[i - 1], rows[i]) != 0 ? SortedRows.newPeer : 0
            }
        }
        return SortedRows(rows: rows, marks: memory)
    }

    private static func compare(_ keys: some Sequence<KeyColumn>, _ a: Int, _ b: Int) -> Int {
        for key in keys {
            let order = key.compare(a, b)
            if order != 0 { return order }
        }
        return 0
    }

    private init(_ keys: [KeyColumn], _ groupKeys: Int, _ count: Int, _ threads: Int, _ cancellation: Cancellation) {
        var fields: [Field] = []
        var start = 0
        var groupBits = 0
        for (index, key) in keys.enumerated() {
            if key.hasNulls {
                fields.append(Field(key: key, isNull: true, start: start, bits: 1))
                start += 1
            }
            if key.bits > 0 {
                fields.append(Field(key: key, isNull: false, start: start, bits: key.bits))
                start += key.bits
            }
            if index == groupKeys - 1 { groupBits = start }
        }
        self.keys = keys
        self.fields = fields
        self.groupKeys = groupKeys
        self.groupBits = groupBits
        self.count = count
        self.threads = threads
        self.cancellation = cancellation
        totalBits = start
    }

    // MARK: words

    /// Word `index` of a run of rows: the key's bits from `64 * index` on, at the high end.
    private func fill(
        _ index: Int, _ first: Int, _ count: Int, into words: UnsafeMutablePointer<UInt64>, _ room: UnsafeMutablePointer<UInt64>
    ) {
        words.update(repeating: 0, count: count)
        for field in fields {
            let left = 64 * (index + 1) - (field.start + field.bits)
            if left >= 64 || left <= -field.bits { continue }
            if field.isNull { field.key.fillNulls(first, count, into: room) } else { field.key.fillRest(first, count, into: room) }
            if left >= 0 {
                for i in 0..<count { words[i] |= room[i] << UInt64(left & 63) }
            } else {
                for i in 0..<count { words[i] |= room[i] >> UInt64(-left & 63) }
            }
        }
    }

    private func word(_ index: Int, _ row: Int) -> UInt64 {
        var word: UInt64 = 0
        for field in fields {
            let left = 64 * (index + 1) - (field.start + field.bits)
            if left >= 64 || left <= -field.bits { continue }
            let value = field.isNull ? (field.key.isNull(row) ? 1 : 0) : field.key.rest(row)
            word |= left >= 0 ? value << UInt64(left) : value >> UInt64(-left)
        }
        return word
    }

    private func isSameGroup(_ a: Int, _ b: Int) -> Bool { Self.compare(keys[..<groupKeys], a, b) == 0 }

    // MARK: sorting

    /// Where the records of each bucket go.
    private struct Buckets {
        /// The bucket of each value of the leading bits.
        let ofPrefix: [UInt16]
        let starts: [Int]
        /// For each range of rows and each bucket, where its next record goes.
        let next: RawMemory
        let isOrdered: Bool
        var count: Int { starts.count - 1 }
    }

    private func sorted<R: SortRecord>(_ type: R.Type, rowMask: UInt64, _ marks: Bool) throws -> SortedRows {
        let ranges = Parallel.ranges(count, threads: threads)
        let prefixBits = max(1, min(Self.prefixBitsMax, totalBits, 62 - count.leadingZeroBitCount))
        let buckets = try cut(ranges, prefixBits)
        let rows = RowNumbers(count: count)
        let flags = marks ? RawMemory(byteCount: count) : nil
        if buckets.isOrdered {
            for i in 0..<count { rows.base[i] = UInt32(truncatingIfNeeded: i) }
            if let flags { try markOrdered(ranges, flags) }
            return SortedRows(rows: rows, marks: flags)
        }
        let memory = RawMemory(byteCount: count * MemoryLayout<R>.stride)
        try scatter(R.self, ranges, prefixBits, buckets, memory)
        let largest = (0..<buckets.count).reduce(0) { max($0, buckets.starts[$1 + 1] - buckets.starts[$1]) }
        // Buckets are shared out in runs, so that each run has one piece of scratch memory.
        let runs = min(buckets.count, threads * 16)
        try Parallel.run(runs, threads: threads) { run in
            let bins = RawMemory(byteCount: RecordSort.binsMax * 4)
            let mine = buckets.count * run / runs..<buckets.count * (run + 1) / runs
            let most = min(largest, mine.reduce(0) { max($0, buckets.starts[$1 + 1] - buckets.starts[$1]) })
            let scratch = RawMemory(byteCount: most * MemoryLayout<R>.stride)
            for bucket in mine {
                try cancellation.check()
                let start = buckets.starts[bucket]
                let size = buckets.starts[bucket + 1] - start
                if size == 0 { continue }
                let records = memory.of(R.self) + start
                let sorted = RecordSort.sort(records, scratch.of(R.self), size, rowMask: rowMask, bins: bins.of(UInt32.self))
                for i in 0..<size { rows.base[start &+ i] = sorted[i].row(rowMask) }
                if totalBits > 64 { try settle(sorted, size, rows.base + start, from: 1) }
                if let flags { mark(sorted, size, rowMask, rows.base + start, flags.of(UInt8.self) + start) }
            }
        }
        if let flags {
            // A group may go on in the next bucket.
            let flags = flags.of(UInt8.self)
            for bucket in 0..<buckets.count where buckets.starts[bucket] < buckets.starts[bucket + 1] {
                let start = buckets.starts[bucket]
                let isNew = start == 0 || !isSameGroup(rows[start - 1], rows[start])
                flags[start] = SortedRows.newPeer | (isNew ? SortedRows.newGroup : 0)
            }
        }
        return SortedRows(rows: rows, marks: flags)
    }

    /// Counts the leading bits and cuts their values into buckets of about equal size.
    private func cut(_ ranges: [Range<Int>], _ prefixBits: Int) throws -> Buckets {
        let prefixes = 1 << prefixBits
        let counts = RawMemory(byteCount: ranges.count * prefixes * 4)
        counts.of(UInt32.self).initialize(repeating: 0, count: ranges.count * prefixes)
        let edges = RawMemory(byteCount: ranges.count * 24)
        let down = UInt64(64 - prefixBits)
        // Words that agree may differ behind their 64 bits.
        let isStrict = totalBits > 64
        try Parallel.run(ranges.count, threads: threads) { part in
            let bins = counts.of(UInt32.self) + part * prefixes
            var last: UInt64 = 0
            var falls = false
            var isFirst = true
            try eachRun(ranges[part]) { words, size, _ in
                for i in 0..<size { bins[Int(words[i] >> (down & 63))] &+= 1 }
                if !falls {
                    if isFirst {
                        edges.of(UInt64.self)[part * 3] = words[0]
                        isFirst = false
                    } else {
                        falls = words[0] < last || isStrict && words[0] == last
                    }
                    for i in 1..<max(size, 1) where words[i] < words[i &- 1] || isStrict && words[i] == words[i &- 1] {
                        falls = true
                        break
                    }
                    last = words[size - 1]
                }
            }
            edges.of(UInt64.self)[part * 3 + 1] = last
            edges.of(UInt64.self)[part * 3 + 2] = falls ? 1 : 0
        }
        var isOrdered = true
        for part in ranges.indices {
            let edge = edges.of(UInt64.self) + part * 3
            if edge[2] != 0 { isOrdered = false }
            if part > 0, edge[0] < edge[-2] || isStrict && edge[0] == edge[-2] { isOrdered = false }
        }
        var ofPrefix = [UInt16](repeating: 0, count: prefixes)
        var starts = [0]
        var size = 0
        var done = 0
        let target = max(Self.bucketRows, count >> 15)
        let bins = counts.of(UInt32.self)
        for prefix in 0..<prefixes {
            var here = 0
            for part in ranges.indices { here += Int(bins[part * prefixes + prefix]) }
            // A heavy value of the leading bits has a bucket of its own: behind it, all that is left to sort by are the other bits.
            if size > 0, size + here > target {
                done += size
                starts.append(done)
                size = 0
            }
            ofPrefix[prefix] = UInt16(starts.count - 1)
            size += here
        }
        starts.append(done + size)
        let buckets = starts.count - 1
        let next = RawMemory(byteCount: ranges.count * buckets * 8)
        let places = next.of(Int.self)
        places.initialize(repeating: 0, count: ranges.count * buckets)
        for part in ranges.indices {
            for prefix in 0..<prefixes { places[part * buckets + Int(ofPrefix[prefix])] += Int(bins[part * prefixes + prefix]) }
        }
        for bucket in 0..<buckets {
            var at = starts[bucket]
            for part in ranges.indices {
                let size = places[part * buckets + bucket]
                places[part * buckets + bucket] = at
                at += size
            }
        }
        return Buckets(ofPrefix: ofPrefix, starts: starts, next: next, isOrdered: isOrdered)
    }

    private func scatter<R: SortRecord>(
        _ type: R.Type, _ ranges: [Range<Int>], _ prefixBits: Int, _ buckets: Buckets, _ memory: RawMemory
    ) throws {
        let down = UInt64(64 - prefixBits)
        try Parallel.run(ranges.count, threads: threads) { part in
            let next = buckets.next.of(Int.self) + part * buckets.count
            let out = memory.of(R.self)
            try buckets.ofPrefix.withUnsafeBufferPointer { ofPrefix in
                let ofPrefix = ofPrefix.baseAddress!
                try eachRun(ranges[part]) { words, size, first in
                    for i in 0..<size {
                        let bucket = Int(ofPrefix[Int(words[i] >> (down & 63))])
                        let place = next[bucket]
                        next[bucket] = place &+ 1
                        out[place] = R(word: words[i], row: UInt32(truncatingIfNeeded: first &+ i))
                    }
                }
            }
        }
    }

    /// Calls `body` with the first words of every run of rows and the number of the run's first row.
    @inline(__always)
    private func eachRun(_ range: Range<Int>, _ body: (UnsafeMutablePointer<UInt64>, Int, Int) throws -> Void) throws {
        try withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 * vectorRowsMax) { room in
            let words = room.baseAddress!
            var first = range.lowerBound
            while first < range.upperBound {
                try cancellation.check()
                let size = min(vectorRowsMax, range.upperBound - first)
                fill(0, first, size, into: words, words + vectorRowsMax)
                try body(words, size, first)
                first += size
            }
        }
    }

    // MARK: ties of 64 bits

    /// Puts rows whose words before `index` agree into the order of the words from there on.
    private func settle<R: SortRecord>(
        _ sorted: UnsafeMutablePointer<R>, _ count: Int, _ rows: UnsafeMutablePointer<UInt32>, from index: Int
    )
        throws
    {
        var start = 0
        while start < count {
            var end = start + 1
            while end < count, sorted[end].word == sorted[start].word { end += 1 }
            if end - start > 1 { try settle(rows + start, end - start, from: index) }
            start = end
        }
    }

    private func settle(_ rows: UnsafeMutablePointer<UInt32>, _ count: Int, from index: Int) throws {
        guard index * 64 < totalBits else { return }
        try cancellation.check()
        let memory = RawMemory(byteCount: 2 * count * MemoryLayout<WideRecord>.stride)
        let records = memory.of(WideRecord.self)
        for i in 0..<count { records[i] = WideRecord(word: word(index, Int(rows[i])), row: rows[i]) }
        let sorted = withUnsafeTemporaryAllocation(of: UInt32.self, capacity: RecordSort.binsMax) { bins in
            RecordSort.sort(records, records + count, count, rowMask: 0, bins: bins.baseAddress!)
        }
        for i in 0..<count { rows[i] = sorted[i].number }
        try settle(sorted, count, rows, from: index + 1)
    }

    // MARK: marks

    private func mark<R: SortRecord>(
        _ sorted: UnsafeMutablePointer<R>, _ count: Int, _ rowMask: UInt64, _ rows: UnsafeMutablePointer<UInt32>,
        _ flags: UnsafeMutablePointer<UInt8>
    ) {
        flags[0] = SortedRows.newPeer
        guard count > 1 else { return }
        if totalBits <= 64, groupBits <= 64 {
            // A shift by 64 gives 0: nothing but groups of one kind.
            let down = UInt64(64 - groupBits)
            for i in 1..<count {
                let different = (sorted[i].word ^ sorted[i &- 1].word) & ~rowMask
                let isNew = different >> down
                flags[i] = (different != 0 ? SortedRows.newPeer : 0) | (isNew != 0 ? SortedRows.newGroup : 0)
            }
            return
        }
        for i in 1..<count { flags[i] = mark(Int(rows[i - 1]), Int(rows[i])) }
    }

    private func mark(_ a: Int, _ b: Int) -> UInt8 {
        if !isSameGroup(a, b) { return SortedRows.newPeer | SortedRows.newGroup }
        return Self.compare(keys[groupKeys...], a, b) != 0 ? SortedRows.newPeer : 0
    }

    /// Rows that stand in their order already.
    private func markOrdered(_ ranges: [Range<Int>], _ flags: RawMemory) throws {
        let out = UncheckedPointer(flags.of(UInt8.self))
        try Parallel.run(ranges.count, threads: threads) { part in
            let flags = out.base
            if totalBits > 64 {
                for row in ranges[part] where row > 0 { flags[row] = mark(row - 1, row) }
                return
            }
            var last: UInt64?
            let down = UInt64(64 - groupBits)
            try eachRun(ranges[part]) { words, size, first in
                for i in 0..<size {
                    let before = i > 0 ? words[i &- 1] : last ?? (first > 0 ? word(0, first - 1) : words[0])
                    let different = words[i] ^ before
                    flags[first &+ i] = (different != 0 ? SortedRows.newPeer : 0) | (different >> down != 0 ? SortedRows.newGroup : 0)
                }
                last = words[size - 1]
            }
        }
        out.base[0] = SortedRows.newPeer | SortedRows.newGroup
    }
}
