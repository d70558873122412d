/// Where partitions are cut. Tests make them small.
struct PartitionLimits {
    /// A partition is a range of at most this many parent ids, as a power of two: their state stays in a core's own cache.
    var rangeBits = 14
    /// A range with more rows is halved, down to one parent.
    var rowsMax = 1 << 20
    /// Fewer rows than this in one load stay in the order they came until `optimize`.
    var rowsMin = 1 << 16
    /// Fewer rows than this to a range are not worth an entry of the directory each.
    var rowsPerRangeMin = 256
    /// Memory that a run may take before it is written.
    var runBytesMax = 192 << 20
}

/// The order of a run's rows: by partition, in each by time (rows without one last) or, where the table has no time, by parent; equal
/// ones as they came. Rows without a parent come last.
///
/// In two steps, so that no step leaves the cache: every row has a place among the rows of its partition as they came, and every
/// partition, small by then, is put in order by itself.
final class RunOrder {
    /// For each row, as they came, its place: rows of a partition together.
    let places: UnsafeMutablePointer<UInt32>
    /// For each row of the final order the place that it is taken from.
    let picks: UnsafeMutablePointer<UInt32>
    let count: Int
    /// First rows count from the run's beginning.
    let partitions: [Partition]

    /// nil where the rows are too few for their parents' ranges.
    init?(
        count: Int, ids: UnsafePointer<Int64>, nulls: UnsafePointer<UInt8>?,
        times: (values: UnsafePointer<Int64>, nulls: UnsafePointer<UInt8>?)?, limits: PartitionLimits, isForced: Bool
    ) {
        let map = RangeMap(count: count, ids, nulls, limits)
        if !isForced, map.rangesUsed * limits.rowsPerRangeMin > count { return nil }
        self.count = count
        partitions = map.partitions
        places = .allocate(capacity: max(count, 1))
        picks = .allocate(capacity: max(count, 1))
        map.place(count, ids, nulls, into: places)
        let keys = UnsafeMutablePointer<UInt64>.allocate(capacity: max(count, 1))
        defer { keys.deallocate() }
        if let times {
            RunOrder.makeKeys(count, times.values, times.nulls, places, keys)
        } else {
            for i in 0..<count { keys[Int(places[i])] = UInt64(bitPattern: ids[i]) }
        }
        let job = SortJob(partitions, keys, picks)
        WorkerThreads.each(partitions.count) { job.run($0) }
    }

    deinit {
        places.deallocate()
        picks.deallocate()
    }

    /// Times as distances from the earliest, those that are missing beyond the latest.
    private static func makeKeys(
        _ count: Int, _ times: UnsafePointer<Int64>, _ nulls: UnsafePointer<UInt8>?, _ places: UnsafePointer<UInt32>,
        _ keys: UnsafeMutablePointer<UInt64>
    ) {
        var low = Int64.max
        var high = Int64.min
        for i in 0..<count where nulls.map({ $0[i] == 0 }) ?? true {
            low = min(low, times[i])
            high = max(high, times[i])
        }
        let span = low > high ? 0 : UInt64(bitPattern: high &- low)
        // Where the times fill all 64 bits a row without one is as late as the latest.
        let nullKey = span == .max ? span : span + 1
        if let nulls {
            for i in 0..<count { keys[Int(places[i])] = nulls[i] != 0 ? nullKey : UInt64(bitPattern: times[i] &- low) }
        } else {
            for i in 0..<count { keys[Int(places[i])] = UInt64(bitPattern: times[i] &- low) }
        }
    }
}

/// Puts the rows of each partition in the order of their keys, each by whichever thread comes to it.
private final class SortJob: @unchecked Sendable {
    private let partitions: [Partition]
    private let keys: UnsafeMutablePointer<UInt64>
    private let picks: UnsafeMutablePointer<UInt32>
    /// Steps that an insertion may take for each row before the rows count as out of order.
    private static let stepsPerRow = 8

    init(_ partitions: [Partition], _ keys: UnsafeMutablePointer<UInt64>, _ picks: UnsafeMutablePointer<UInt32>) {
        self.partitions = partitions
        self.keys = keys
        self.picks = picks
    }

    func run(_ p: Int) {
        let first = Int(partitions[p].firstRow)
        let count = Int(partitions[p].rows)
        let keys = keys + first
        let picks = picks + first
        for i in 0..<count { picks[i] = UInt32(truncatingIfNeeded: first &+ i) }
        if !SortJob.insert(keys, picks, count) { SortJob.radix(keys, picks, count) }
    }

    /// Rows usually come nearly in the order of their times: each goes back a few places. False where that takes too many steps; what
    /// was done by then keeps equal keys as they came.
    private static func insert(_ keys: UnsafeMutablePointer<UInt64>, _ picks: UnsafeMutablePointer<UInt32>, _ count: Int) -> Bool {
        var steps = count &* stepsPerRow
        for i in 1..<max(count, 1) {
            let key = keys[i]
            if keys[i &- 1] <= key { continue }
            let pick = picks[i]
            var at = i
            while at > 0, keys[at &- 1] > key {
                keys[at] = keys[at &- 1]
                picks[at] = picks[at &- 1]
                at &-= 1
            }
            keys[at] = key
            picks[at] = pick
            steps &-= i &- at
            if steps < 0 { return false }
        }
        return true
    }

    private static func radix(_ keysIn: UnsafeMutablePointer<UInt64>, _ picksIn: UnsafeMutablePointer<UInt32>, _ count: Int) {
        var low = UInt64.max
        var high: UInt64 = 0
        for i in 0..<count {
            low = min(low, keysIn[i])
            high = max(high, keysIn[i])
        }
        // Times in whole seconds are held in microseconds: the six digits that are always zero need no pass.
        var rest: UInt64 = 0
        for i in 0..<count { rest |= (keysIn[i] &- low) % 1_000_000 }
        let unit: UInt64 = rest == 0 ? 1_000_000 : 1
        let keys = UnsafeMutablePointer<UInt64>.allocate(capacity: count * 2)
        let picks = UnsafeMutablePointer<UInt32>.allocate(capacity: count)
        defer {
            keys.deallocate()
            picks.deallocate()
        }
        var (from, to) = (keys, keys + count)
        for i in 0..<count { from[i] = (keysIn[i] &- low) / unit }
        var (rows, rowsNext) = (picksIn, picks)
        let bits = UInt64(64 - ((high - low) / unit).leadingZeroBitCount)
        let starts = UnsafeMutablePointer<Int>.allocate(capacity: 2049)
        defer { starts.deallocate() }
        var shift: UInt64 = 0
        while shift < bits {
            starts.update(repeating: 0, count: 2049)
            for i in 0..<count { starts[Int(truncatingIfNeeded: from[i] &>> shift & 2047) &+ 1] &+= 1 }
            for d in 0..<2048 { starts[d &+ 1] &+= starts[d] }
            for i in 0..<count {
                let digit = Int(truncatingIfNeeded: from[i] &>> shift & 2047)
                let place = starts[digit]
                to[place] = from[i]
                rowsNext[place] = rows[i]
                starts[digit] = place &+ 1
            }
            swap(&from, &to)
            swap(&rows, &rowsNext)
            shift += 11
        }
        if rows != picksIn { picksIn.update(from: rows, count: count) }
    }
}

/// Which partition of a run a parent's id belongs to: ranges of one power of two of ids each, those with too many rows halved.
private struct RangeMap {
    let partitions: [Partition]
    let rangesUsed: Int
    private let rangeBits: Int64
    /// For each range its partition, or where its finer map begins, as a negative number.
    private let places: [Int32]
    private let fine: [UInt32]

    init(count: Int, _ ids: UnsafePointer<Int64>, _ nulls: UnsafePointer<UInt8>?, _ limits: PartitionLimits) {
        let rangeBits = Int64(limits.rangeBits)
        self.rangeBits = rangeBits
        var highest: Int64 = 0
        for i in 0..<count { highest = max(highest, ids[i]) }
        var counts = [Int](repeating: 0, count: Int(highest >> rangeBits) + 1)
        var withoutParent = 0
        for i in 0..<count {
            if let nulls, nulls[i] != 0 {
                withoutParent += 1
            } else {
                counts[Int(ids[i] &>> rangeBits)] += 1
            }
        }
        var partitions: [Partition] = []
        var places = [Int32](repeating: 0, count: counts.count)
        var fine: [UInt32] = []
        var firstRow = 0
        let width = 1 << limits.rangeBits
        func add(_ low: Int, _ width: Int, _ rows: Int) {
            partitions.append(
                Partition(firstRow: firstRow, rows: rows, parentLow: UInt32(low), parentHigh: UInt32(low + width - 1)))
            firstRow += rows
        }
        let crowded = counts.indices.filter { counts[$0] > limits.rowsMax }
        let inside = RangeMap.countInside(crowded, counts.count, count, ids, nulls, limits)
        for range in counts.indices where counts[range] > 0 {
            guard let rows = inside[range] else {
                places[range] = Int32(partitions.count)
                add(range << limits.rangeBits, width, counts[range])
                continue
            }
            places[range] = -1 - Int32(fine.count >> limits.rangeBits)
            var local = 0
            while local < width {
                // The widest aligned part that is small enough.
                var size = local == 0 ? width : 1 << local.trailingZeroBitCount
                var sum = rows[local..<local + size].reduce(0, +)
                while size > 1, sum > limits.rowsMax {
                    size /= 2
                    sum = rows[local..<local + size].reduce(0, +)
                }
                for _ in 0..<size { fine.append(UInt32(partitions.count)) }
                if sum > 0 { add(range << limits.rangeBits + local, size, sum) }
                local += size
            }
        }
        if withoutParent > 0 { partitions.append(Partition(firstRow: firstRow, rows: withoutParent, parentLow: .max, parentHigh: .max)) }
        rangesUsed = counts.count { $0 > 0 }
        self.partitions = partitions
        self.places = places
        self.fine = fine
    }

    /// Rows of each parent of the crowded ranges.
    private static func countInside(
        _ crowded: [Int], _ ranges: Int, _ count: Int, _ ids: UnsafePointer<Int64>, _ nulls: UnsafePointer<UInt8>?,
        _ limits: PartitionLimits
    ) -> [Int: [Int]] {
        if crowded.isEmpty { return [:] }
        let width = 1 << limits.rangeBits
        var offsets = [Int](repeating: -1, count: ranges)
        for (k, range) in crowded.enumerated() { offsets[range] = k * width }
        var counts = [Int](repeating: 0, count: crowded.count * width)
        for i in 0..<count {
            if let nulls, nulls[i] != 0 { continue }
            let offset = offsets[Int(ids[i] &>> Int64(limits.rangeBits))]
            if offset >= 0 { counts[offset &+ Int(ids[i]) & (width &- 1)] &+= 1 }
        }
        var inside: [Int: [Int]] = [:]
        for (k, range) in crowded.enumerated() { inside[range] = Array(counts[k * width..<(k + 1) * width]) }
        return inside
    }

    /// Where each row goes: behind the rows of its partition that came before.
    func place(_ count: Int, _ ids: UnsafePointer<Int64>, _ nulls: UnsafePointer<UInt8>?, into out: UnsafeMutablePointer<UInt32>) {
        var next = partitions.map { UInt32($0.firstRow) }
        let last = partitions.count - 1
        let mask = Int64(1) << rangeBits - 1
        next.withUnsafeMutableBufferPointer { next in
            places.withUnsafeBufferPointer { places in
                fine.withUnsafeBufferPointer { fine in
                    for i in 0..<count {
                        let place = Int(places[Int(ids[i] &>> rangeBits)])
                        var partition = place
                        if place < 0 { partition = Int(fine[((-1 &- place) &<< Int(rangeBits)) &+ Int(ids[i] & mask)]) }
                        if let nulls, nulls[i] != 0 { partition = last }
                        out[i] = next[partition]
                        next[partition] &+= 1
                    }
                }
            }
        }
    }
}
