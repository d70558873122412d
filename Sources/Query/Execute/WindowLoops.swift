import Storage

/// The loops of windows over rows in order. `part` begins where a group begins and ends where one ends; answers go to the rows' places.
enum WindowLoops {
    static func rank(_ order: WindowOrder, _ part: Range<Int>, _ out: UnsafeMutablePointer<Int64>) {
        let (rows, marks) = (order.rows, order.marks)
        var group = 0
        var peer = 0
        for i in part {
            if marks[i] != 0 {
                peer = i
                if marks[i] & SortedRows.newGroup != 0 { group = i }
            }
            out[Int(rows[i])] = Int64(peer &- group &+ 1)
        }
    }

    static func rowNumber(_ order: WindowOrder, _ part: Range<Int>, _ out: UnsafeMutablePointer<Int64>) {
        let (rows, marks) = (order.rows, order.marks)
        var group = 0
        for i in part {
            if marks[i] & SortedRows.newGroup != 0 { group = i }
            out[Int(rows[i])] = Int64(i &- group &+ 1)
        }
    }

    static func percentRank(_ order: WindowOrder, _ part: Range<Int>, _ out: UnsafeMutablePointer<Int64>) {
        let rows = order.rows
        var start = part.lowerBound
        while start < part.upperBound {
            let end = order.groupEnd(start, part.upperBound)
            let others = Int64(end - start - 1)
            var peer = start
            while peer < end {
                let next = order.peerEnd(peer, end)
                let share = others == 0 ? 0 : halfEven(Int64(peer - start) * 1_000_000, by: others)
                for i in peer..<next { out[Int(rows[i])] = share }
                peer = next
            }
            start = end
        }
    }

    /// For each row the one `step` places behind it in its group.
    static func sources(_ order: WindowOrder, _ part: Range<Int>, _ step: Int, _ out: UnsafeMutablePointer<UInt32>) {
        let rows = order.rows
        var start = part.lowerBound
        while start < part.upperBound {
            let end = order.groupEnd(start, part.upperBound)
            for i in start..<end {
                let other = i &+ step
                out[Int(rows[i])] = other >= start && other < end ? rows[other] : ColumnBuffer.noRow
            }
            start = end
        }
    }

    /// The value `step` places behind each row in its group, and whether there is none.
    @inline(__always)
    static func shift<T>(
        _ order: WindowOrder, _ part: Range<Int>, _ step: Int, _ values: UnsafePointer<T>, _ nulls: UnsafePointer<UInt8>?,
        _ out: UnsafeMutablePointer<T>, _ outNulls: UnsafeMutablePointer<UInt8>
    ) {
        let rows = order.rows
        var start = part.lowerBound
        while start < part.upperBound {
            let end = order.groupEnd(start, part.upperBound)
            for i in start..<end {
                let row = Int(rows[i])
                let other = i &+ step
                let isThere = other >= start && other < end
                // A row of its own where there is no other: its value is harmless.
                let source = isThere ? Int(rows[other]) : row
                out[row] = values[source]
                outNulls[row] = isThere ? nulls?[source] ?? 0 : 1
            }
            start = end
        }
    }

    static func runningCount(
        _ order: WindowOrder, _ part: Range<Int>, _ active: UnsafePointer<UInt8>?, _ out: UnsafeMutablePointer<Int64>
    ) {
        let (rows, marks) = (order.rows, order.marks)
        var count: Int64 = 0
        var start = part.lowerBound
        while start < part.upperBound {
            if marks[start] & SortedRows.newGroup != 0 { count = 0 }
            let end = order.peerEnd(start, part.upperBound)
            if let active {
                for i in start..<end { count &+= Int64(active[Int(rows[i])]) }
            } else {
                count &+= Int64(end - start)
            }
            for i in start..<end { out[Int(rows[i])] = count }
            start = end
        }
    }

    static func runningSum(
        _ order: WindowOrder, _ part: Range<Int>, _ values: UnsafePointer<Int64>, _ active: UnsafePointer<UInt8>?,
        _ out: UnsafeMutablePointer<Int64>
    ) throws {
        // Nearly no sum comes near the edge of 64 bits, not even before the last of the rows that tie.
        if let active {
            if narrowRunningSum(order, part, out, { row in values[row] & (0 &- Int64(active[row])) }) { return }
        } else if narrowRunningSum(order, part, out, { row in values[row] }) {
            return
        }
        let (rows, marks) = (order.rows, order.marks)
        var total: Int128 = 0
        var start = part.lowerBound
        while start < part.upperBound {
            if marks[start] & SortedRows.newGroup != 0 { total = 0 }
            let end = order.peerEnd(start, part.upperBound)
            for i in start..<end {
                let row = Int(rows[i])
                if active == nil || active![row] != 0 { total &+= Int128(values[row]) }
            }
            guard let sum = Int64(exactly: total) else { throw QueryError(.data, "a running sum is larger than 18 digits can hold") }
            for i in start..<end { out[Int(rows[i])] = sum }
            start = end
        }
    }

    /// False where a sum left 64 bits: then nothing is said of any.
    @inline(__always)
    private static func narrowRunningSum(
        _ order: WindowOrder, _ part: Range<Int>, _ out: UnsafeMutablePointer<Int64>, _ value: (Int) -> Int64
    ) -> Bool {
        let (rows, marks) = (order.rows, order.marks)
        var total: Int64 = 0
        var left = false
        for i in part {
            let row = Int(rows[i])
            let mark = marks[i]
            if mark & SortedRows.newGroup != 0 { total = 0 }
            let (sum, overflow) = total.addingReportingOverflow(value(row))
            total = sum
            left = left || overflow
            out[row] = sum
            // The last of rows that tie gives its sum to all of them.
            if mark == 0, i &+ 1 == part.upperBound || marks[i &+ 1] != 0 {
                var tied = i
                repeat {
                    tied &-= 1
                    out[Int(rows[tied])] = sum
                } while marks[tied] == 0
            }
        }
        return !left
    }

    static func runningSum(
        _ order: WindowOrder, _ part: Range<Int>, _ values: UnsafePointer<Double>, _ active: UnsafePointer<UInt8>?,
        _ out: UnsafeMutablePointer<Double>
    ) throws {
        let (rows, marks) = (order.rows, order.marks)
        let total = ExactSum()
        var start = part.lowerBound
        while start < part.upperBound {
            if marks[start] & SortedRows.newGroup != 0 { total.reset() }
            let end = order.peerEnd(start, part.upperBound)
            for i in start..<end {
                let row = Int(rows[i])
                if active == nil || active![row] != 0 { total.add(values[row]) }
            }
            guard let sum = total.value else { throw QueryError(.data, "a running sum is larger than a float can hold") }
            for i in start..<end { out[Int(rows[i])] = sum }
            start = end
        }
    }

    /// The window ends with the last row that ties; it begins `size` rows before, or with the first that ties where those are more.
    static func movingAverage(
        _ order: WindowOrder, _ part: Range<Int>, _ size: Int, _ values: UnsafePointer<Int64>, scaleUp: Int64,
        _ active: UnsafePointer<UInt8>?, _ out: UnsafeMutablePointer<Int64>, _ nulls: UnsafeMutablePointer<UInt8>
    ) throws {
        let rows = order.rows
        var group = part.lowerBound
        while group < part.upperBound {
            let groupEnd = order.groupEnd(group, part.upperBound)
            var sum: Int128 = 0
            var count: Int64 = 0
            var low = group
            var start = group
            while start < groupEnd {
                let end = order.peerEnd(start, groupEnd)
                for i in start..<end {
                    let row = Int(rows[i])
                    if active == nil || active![row] != 0 {
                        sum &+= Int128(values[row])
                        count &+= 1
                    }
                }
                let first = max(group, min(start, end - size))
                while low < first {
                    let row = Int(rows[low])
                    if active == nil || active![row] != 0 {
                        sum &-= Int128(values[row])
                        count &-= 1
                    }
                    low &+= 1
                }
                let mean = count == 0 ? 0 : try average(sum, count, scaleUp)
                for i in start..<end {
                    out[Int(rows[i])] = mean
                    nulls[Int(rows[i])] = count == 0 ? 1 : 0
                }
                start = end
            }
            group = groupEnd
        }
    }

    static func movingAverage(
        _ order: WindowOrder, _ part: Range<Int>, _ size: Int, _ values: UnsafePointer<Double>, _ active: UnsafePointer<UInt8>?,
        _ out: UnsafeMutablePointer<Double>, _ nulls: UnsafeMutablePointer<UInt8>
    ) throws {
        let rows = order.rows
        let sum = ExactSum()
        var group = part.lowerBound
        while group < part.upperBound {
            let groupEnd = order.groupEnd(group, part.upperBound)
            sum.reset()
            var count = 0
            var low = group
            var start = group
            while start < groupEnd {
                let end = order.peerEnd(start, groupEnd)
                for i in start..<end {
                    let row = Int(rows[i])
                    if active == nil || active![row] != 0 {
                        sum.add(values[row])
                        count &+= 1
                    }
                }
                let first = max(group, min(start, end - size))
                while low < first {
                    let row = Int(rows[low])
                    if active == nil || active![row] != 0 {
                        // Sums are exact: what was added can be taken away.
                        sum.add(-values[row])
                        count &-= 1
                    }
                    low &+= 1
                }
                var mean = 0.0
                if count > 0 {
                    guard let total = sum.value else { throw QueryError(.data, "a running sum is larger than a float can hold") }
                    mean = total / Double(count)
                }
                for i in start..<end {
                    out[Int(rows[i])] = mean
                    nulls[Int(rows[i])] = count == 0 ? 1 : 0
                }
                start = end
            }
            group = groupEnd
        }
    }

    private static func average(_ sum: Int128, _ count: Int64, _ scaleUp: Int64) throws -> Int64 {
        let scaled = sum * Int128(scaleUp)
        if let narrow = Int64(exactly: scaled) { return halfEven(narrow, by: count) }
        guard let mean = Int64(exactly: Decimals.divideHalfEven(scaled, by: Int128(count))) else {
            throw QueryError(.data, "an average is larger than 18 digits can hold")
        }
        return mean
    }

    /// As ``Decimals/divideHalfEven(_:by:)`` in 64 bits; the divisor is positive.
    @inline(__always)
    private static func halfEven(_ value: Int64, by divisor: Int64) -> Int64 {
        let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
        let twice = rest.magnitude &* 2
        let isUp = twice > divisor.magnitude || (twice == divisor.magnitude && quotient & 1 != 0)
        return isUp ? quotient &+ (value < 0 ? -1 : 1) : quotient
    }

    // MARK: scores

    static func score(
        _ order: WindowOrder, _ part: Range<Int>, _ k: Int64, _ active: UnsafePointer<UInt8>?, _ out: UnsafeMutablePointer<Int64>,
        _ nulls: UnsafeMutablePointer<UInt8>
    ) {
        let rows = order.rows
        var group = part.lowerBound
        while group < part.upperBound {
            let groupEnd = order.groupEnd(group, part.upperBound)
            var known = Int64(groupEnd - group)
            if let active {
                known = 0
                for i in group..<groupEnd { known &+= Int64(active[Int(rows[i])]) }
            }
            var below: Int64 = 0
            var start = group
            while start < groupEnd {
                let end = order.peerEnd(start, groupEnd)
                let score = known == 0 ? 0 : 1 + k * below / known
                for i in start..<end {
                    let row = Int(rows[i])
                    out[row] = score
                    if let active {
                        nulls[row] = active[row] ^ 1
                        below &+= Int64(active[row])
                    }
                }
                if active == nil { below &+= Int64(end - start) }
                start = end
            }
            group = groupEnd
        }
    }

    /// Writes the words of active rows; returns how many there are.
    static func gather(
        _ key: KeyColumn, _ count: Int, _ active: UnsafePointer<UInt8>?, _ out: UnsafeMutablePointer<UInt64>, threads: Int,
        _ cancellation: Cancellation
    ) throws -> Int {
        guard let active else {
            let ranges = Parallel.ranges(count, threads: threads)
            let out = UncheckedPointer(out)
            try Parallel.run(ranges.count, threads: threads) { part in
                for first in stride(from: ranges[part].lowerBound, to: ranges[part].upperBound, by: vectorRowsMax) {
                    try cancellation.check()
                    key.fillRest(first, min(vectorRowsMax, ranges[part].upperBound - first), into: out.base + first)
                }
            }
            return count
        }
        var kept = 0
        var first = 0
        while first < count {
            try cancellation.check()
            let size = min(vectorRowsMax, count - first)
            // Rows that are not wanted are overwritten by the next.
            key.fillRest(first, size, into: out + kept)
            var last = kept
            for i in 0..<size {
                out[last] = out[kept &+ i]
                last &+= Int(active[first &+ i])
            }
            kept = last
            first += size
        }
        return kept
    }

    /// 1 + the number of bounds below each value.
    static func scores(_ key: KeyColumn, _ range: Range<Int>, _ bounds: [UInt64], _ out: UnsafeMutablePointer<Int64>) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: vectorRowsMax) { room in
            let words = room.baseAddress!
            var first = range.lowerBound
            while first < range.upperBound {
                let size = min(vectorRowsMax, range.upperBound - first)
                key.fillRest(first, size, into: words)
                let scores = out + first
                for i in 0..<size { scores[i] = 1 }
                if bounds.count <= 16 {
                    for bound in bounds { for i in 0..<size { scores[i] &+= words[i] > bound ? 1 : 0 } }
                } else {
                    for i in 0..<size {
                        var low = 0
                        var high = bounds.count
                        while low < high {
                            let middle = (low &+ high) >> 1
                            if bounds[middle] < words[i] { low = middle &+ 1 } else { high = middle }
                        }
                        scores[i] = Int64(low &+ 1)
                    }
                }
                first += size
            }
        }
    }
}
