/// Sorting a table by its time in bounded memory: the times are cut into ranges of about two million rows, and each range is gathered,
/// sorted and written before the next. A block is read once for every range it touches, which is about once where the rows came
/// roughly in order.
enum TimeOrder {
    static let rowsPerRange = 1 << 21
    private static let samplesMax = 1 << 18

    /// Whether the live rows stand in the order of their times already, those without one last.
    static func holds(_ table: TableSnapshot, column: Int) throws -> Bool {
        var last = Int64.min
        var seenNull = false
        return try forEachVector(table, column, { _, _ in true }) { segment, row, count, keys in
            let times = keys.integers(0)
            for i in 0..<count where !segment.isDeleted(row + i) {
                if keys.isNull(i) {
                    seenNull = true
                } else {
                    if seenNull || times[i] < last { return false }
                    last = times[i]
                }
            }
            return true
        }
    }

    static func rewrite(_ table: TableSnapshot, column: Int, through gatherer: RowGatherer, rowsPerRange: Int = TimeOrder.rowsPerRange)
        throws
    {
        let cuts = try cuts(table, column, rowsPerRange: rowsPerRange)
        var low = Int64.min
        for high in cuts + [.max] {
            if high < low { continue }
            try rewrite(table, column, low...high, gatherer)
            if high == .max { break }
            low = high + 1
        }
        // Rows without a time, in storage order.
        let mayHaveNulls: (SegmentReader, Int) -> Bool = { $0.meta(column: column, block: $1).nullCount > 0 }
        _ = try forEachVector(table, column, mayHaveNulls) { segment, row, count, keys in
            try gatherer.add(
                segment, firstRow: row, count: count, chosen: (0..<count).filter { keys.isNull($0) && !segment.isDeleted(row + $0) })
            try gatherer.flushIfLarge()
            return true
        }
        try gatherer.flush(order: nil)
    }

    private static func rewrite(_ table: TableSnapshot, _ column: Int, _ range: ClosedRange<Int64>, _ gatherer: RowGatherer) throws {
        var times: [Int64] = []
        var chosen: [Int] = []
        let (low, high) = (range.lowerBound, range.upperBound)
        let touches: (SegmentReader, Int) -> Bool = { segment, block in
            let meta = segment.meta(column: column, block: block)
            return meta.nullCount < meta.rowCount && meta.minimum <= range.upperBound && meta.maximum >= range.lowerBound
        }
        // Equal times need no sorting, however many rows have them.
        let isOneTime = range.lowerBound == range.upperBound
        _ = try forEachVector(table, column, touches) { segment, row, count, keys in
            let values = keys.integers(0)
            chosen.removeAll(keepingCapacity: true)
            for i in 0..<count where values[i] >= low && values[i] <= high {
                if !keys.isNull(i), !segment.isDeleted(row &+ i) { chosen.append(i) }
            }
            try gatherer.add(segment, firstRow: row, count: count, chosen: chosen)
            if isOneTime {
                try gatherer.flushIfLarge()
            } else {
                for i in chosen { times.append(values[i]) }
            }
            return true
        }
        try gatherer.flush(order: isOneTime ? nil : sortedOrder(times))
    }

    /// The last time of every range but the final one. A time that fills a range by itself has one of its own.
    private static func cuts(_ table: TableSnapshot, _ column: Int, rowsPerRange: Int) throws -> [Int64] {
        let ranges = (table.rowCount + rowsPerRange - 1) / rowsPerRange
        if ranges < 2 { return [] }
        let step = max(1, table.rowCount / samplesMax)
        var samples: [Int64] = []
        var seen = 0
        _ = try forEachVector(table, column, { _, _ in true }) { segment, row, count, keys in
            let times = keys.integers(0)
            for i in 0..<count where !segment.isDeleted(row + i) && !keys.isNull(i) {
                if seen % step == 0 { samples.append(times[i]) }
                seen += 1
            }
            return true
        }
        if samples.isEmpty { return [] }
        samples.sort()
        var cuts: Set<Int64> = []
        for r in 1..<ranges {
            let cut = samples[min(samples.count - 1, samples.count * r / ranges)]
            if !cuts.insert(cut).inserted, cut > .min { cuts.insert(cut - 1) }
        }
        return cuts.sorted()
    }

    /// Row numbers in the order of their times; equal times keep their order. Eleven bits a pass, only as many as the times differ in.
    static func sortedOrder(_ times: [Int64]) -> [UInt32] {
        guard let low = times.min(), let high = times.max() else { return [] }
        var order = (0..<times.count).map { UInt32($0) }
        var next = order
        let bits = 64 - UInt64(bitPattern: high &- low).leadingZeroBitCount
        var shift: UInt64 = 0
        while shift < UInt64(bits) {
            var starts = [Int](repeating: 0, count: 2049)
            for time in times { starts[Int(UInt64(bitPattern: time &- low) &>> shift & 2047) + 1] += 1 }
            for d in 0..<2048 { starts[d + 1] += starts[d] }
            for row in order {
                let digit = Int(UInt64(bitPattern: times[Int(row)] &- low) &>> shift & 2047)
                next[starts[digit]] = row
                starts[digit] += 1
            }
            swap(&order, &next)
            shift += 11
        }
        return order
    }

    /// Vectors of the time column of the blocks that `wanted` names, until `body` says no; returns its last answer.
    private static func forEachVector(
        _ table: TableSnapshot, _ column: Int, _ wanted: (SegmentReader, Int) -> Bool,
        _ body: (SegmentReader, _ firstRow: Int, _ count: Int, KeyVectors) throws -> Bool
    ) throws -> Bool {
        let keys = KeyVectors(table: table, columns: [column])
        for segment in table.segments {
            for block in 0..<segment.blockCount where wanted(segment, block) {
                var row = block * SegmentReader.rowsPerBlock
                let end = min(row + SegmentReader.rowsPerBlock, segment.rowCount)
                while row < end {
                    let count = try keys.load(segment, firstRow: row)
                    if try !body(segment, row, count, keys) { return false }
                    row += count
                }
            }
        }
        return true
    }
}
