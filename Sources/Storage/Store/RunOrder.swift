import Dispatch

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
    var runBytesMax = 256 << 20
}

/// The order of a run's rows: by partition, in each by time (rows without one last) or, where the table has no time, by parent; equal
/// ones as they came. Rows without a parent come last.
final class RunOrder {
    let rows: UnsafeMutablePointer<UInt32>
    /// First rows count from the run's beginning.
    private(set) var partitions: [Partition] = []

    /// nil where the rows are too few for their parents' ranges.
    init?(
        count: Int, ids: UnsafePointer<Int64>, nulls: UnsafePointer<UInt8>?,
        times: (values: UnsafePointer<Int64>, nulls: UnsafePointer<UInt8>?)?, limits: PartitionLimits, isForced: Bool
    ) {
        let map = RangeMap(count: count, ids, nulls, limits)
        if !isForced, map.rangesUsed * limits.rowsPerRangeMin > count { return nil }
        rows = .allocate(capacity: max(count, 1))
        partitions = map.partitions
        var next = partitions.map { Int($0.firstRow) }
        next.withUnsafeMutableBufferPointer { next in
            guard let next = next.baseAddress else { return }
            for i in 0..<count {
                let place = nulls.map { $0[i] != 0 } ?? false ? map.partitions.count &- 1 : map.partition(ids[i])
                rows[next[place]] = UInt32(truncatingIfNeeded: i)
                next[place] &+= 1
            }
        }
        let job = SortJob(self, ids, times)
        DispatchQueue.concurrentPerform(iterations: partitions.count) { job.run($0) }
    }

    deinit { rows.deallocate() }

    fileprivate func sort(
        _ p: Int, _ ids: UnsafePointer<Int64>, _ times: (values: UnsafePointer<Int64>, nulls: UnsafePointer<UInt8>?)?
    ) {
        let partition = partitions[p]
        let slice = UnsafeMutableBufferPointer(start: rows + Int(partition.firstRow), count: Int(partition.rows))
        if let times {
            RunOrder.sort(slice, byTimes: times.values, times.nulls)
        } else if partition.parentLow != .max {
            RunOrder.sort(slice, byIDs: ids, low: Int64(partition.parentLow), high: Int64(partition.parentHigh))
        }
    }

    private static func sort(_ slice: UnsafeMutableBufferPointer<UInt32>, byIDs ids: UnsafePointer<Int64>, low: Int64, high: Int64) {
        var starts = [Int](repeating: 0, count: Int(high - low) + 2)
        for row in slice { starts[Int(ids[Int(row)] &- low) &+ 1] += 1 }
        for s in 1..<starts.count { starts[s] += starts[s - 1] }
        let sorted = UnsafeMutablePointer<UInt32>.allocate(capacity: slice.count)
        for row in slice {
            let local = Int(ids[Int(row)] &- low)
            sorted[starts[local]] = row
            starts[local] += 1
        }
        slice.baseAddress?.update(from: sorted, count: slice.count)
        sorted.deallocate()
    }

    /// Rows usually come in the order of their times, and then a look is all.
    private static func sort(
        _ slice: UnsafeMutableBufferPointer<UInt32>, byTimes times: UnsafePointer<Int64>, _ nulls: UnsafePointer<UInt8>?
    ) {
        let count = slice.count
        var low = Int64.max
        var high = Int64.min
        var last = Int64.min
        var falls = 0
        var nullCount = 0
        for row in slice {
            if let nulls, nulls[Int(row)] != 0 {
                nullCount &+= 1
            } else {
                let time = times[Int(row)]
                // A time after a null falls too.
                falls &+= time < last || nullCount > 0 ? 1 : 0
                last = time
                low = min(low, time)
                high = max(high, time)
            }
        }
        if falls == 0 { return }
        let span = UInt64(bitPattern: high &- low)
        let afterAll = span &+ 1
        // Where the times fill all 64 bits a row without one is as late as the latest.
        let nullKey = afterAll == 0 ? span : afterAll
        var keys = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
        var keysNext = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
        var rows = UnsafeMutablePointer<UInt32>.allocate(capacity: count)
        var rowsNext = UnsafeMutablePointer<UInt32>.allocate(capacity: count)
        for i in 0..<count {
            let row = slice[i]
            rows[i] = row
            keys[i] = nulls.map { $0[Int(row)] != 0 } ?? false ? nullKey : UInt64(bitPattern: times[Int(row)] &- low)
        }
        let bits = UInt64(64 - max(span, nullCount > 0 ? nullKey : 0).leadingZeroBitCount)
        var shift: UInt64 = 0
        while shift < bits {
            var starts = [Int](repeating: 0, count: 2049)
            starts.withUnsafeMutableBufferPointer { starts in
                for i in 0..<count { starts[Int(truncatingIfNeeded: keys[i] &>> shift & 2047) &+ 1] &+= 1 }
                for d in 0..<2048 { starts[d + 1] += starts[d] }
                for i in 0..<count {
                    let digit = Int(truncatingIfNeeded: keys[i] &>> shift & 2047)
                    let place = starts[digit]
                    keysNext[place] = keys[i]
                    rowsNext[place] = rows[i]
                    starts[digit] = place &+ 1
                }
            }
            swap(&keys, &keysNext)
            swap(&rows, &rowsNext)
            shift += 11
        }
        slice.baseAddress?.update(from: rows, count: count)
        keys.deallocate()
        keysNext.deallocate()
        rows.deallocate()
        rowsNext.deallocate()
    }
}

private final class SortJob: @unchecked Sendable {
    private let order: RunOrder
    private let ids: UnsafePointer<Int64>
    private let times: (values: UnsafePointer<Int64>, nulls: UnsafePointer<UInt8>?)?

    init(_ order: RunOrder, _ ids: UnsafePointer<Int64>, _ times: (values: UnsafePointer<Int64>, nulls: UnsafePointer<UInt8>?)?) {
        self.order = order
        self.ids = ids
        self.times = times
    }

    func run(_ partition: Int) { order.sort(partition, ids, times) }
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

    @inline(__always)
    func partition(_ id: Int64) -> Int {
        let place = places[Int(id &>> rangeBits)]
        if place >= 0 { return Int(place) }
        return Int(fine[(Int(-1 - place) &<< Int(rangeBits)) &+ Int(id & (1 &<< rangeBits &- 1))])
    }
}
