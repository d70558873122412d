import Storage

/// Keeps the values of very many groups, put apart by ranges of groups.
final class WordGatherAccumulator: Accumulator {
    let words: QuantileWords
    /// This worker's, then those of others.
    private(set) var parts: [RangedWords]

    init(_ words: QuantileWords, argument: Evaluator, filter: Evaluator?) {
        self.words = words
        parts = [RangedWords(rangeCount: words.rangeCount)]
        super.init(type: .int, arguments: [argument], filter: filter)
    }

    override var bytes: Int { parts.reduce(0) { $0 + $1.bytes } }

    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        let values = UnsafePointer(vectors[0].integers)
        if let groups {
            Self.add(values, groups, mask, batch.count, words, parts[0])
        } else {
            for i in 0..<batch.count where mask == nil || mask![i] != 0 {
                parts[0].append(UInt64(bitPattern: values[i] &- words.low), to: 0)
            }
        }
    }

    private static func add(
        _ values: UnsafePointer<Int64>, _ groups: UnsafePointer<UInt32>, _ mask: UnsafePointer<UInt8>?, _ count: Int,
        _ words: QuantileWords,
        _ out: RangedWords
    ) {
        let (low, valueBits, rangeBits) = (words.low, words.valueBits & 63, words.rangeBits & 63)
        // Ranges come from block headers: a value outside of them is a mistake of ours and must not be counted elsewhere.
        var all: UInt64 = 0
        for i in 0..<count {
            if let mask, mask[i] == 0 { continue }
            let distance = UInt64(bitPattern: values[i] &- low)
            all |= distance
            let group = UInt64(groups[i])
            out.append(group << valueBits | distance, to: Int(truncatingIfNeeded: group >> rangeBits))
        }
        precondition(all >> valueBits == 0)
    }

    override func merge(_ other: Accumulator, map: [UInt32]?) throws {
        guard let other = other as? WordGatherAccumulator, map == nil else { preconditionFailure("workers of one query aggregate alike") }
        parts += other.parts
        other.parts = []
    }
}

/// The values between which each quantile of each group lies, found range by range of groups.
final class GatheredQuantiles: QuantileAnswers {
    private let argument: CountedQuantiles.Argument
    private let groups: [Int]
    private let measureCount: Int
    /// By group: how many values it has.
    private let totals: RawMemory
    /// By group and measure: the values below and above the quantile.
    private let ends: RawMemory

    init(
        _ argument: CountedQuantiles.Argument, _ values: WordGatherAccumulator, _ groups: [Int], _ groupCount: Int, threads: Int,
        _ cancellation: Cancellation
    ) throws {
        self.argument = argument
        self.groups = groups
        measureCount = argument.measures.count
        totals = RawMemory(byteCount: max(groupCount, 1) * 8)
        totals.of(Int.self).initialize(repeating: 0, count: max(groupCount, 1))
        ends = RawMemory(byteCount: max(groupCount, 1) * measureCount * 16)
        super.init()
        let words = values.words
        let parts = UncheckedParts(parts: values.parts)
        // The largest first, so that no worker is left with one at the end.
        let sizes = (0..<words.rangeCount).map { range in parts.parts.reduce(0) { $0 + $1.count(range) } }
        let ranges = sizes.indices.filter { sizes[$0] > 0 }.sorted { (sizes[$1], $0) < (sizes[$0], $1) }
        let finder = Finder(
            words: words, shares: argument.measures.map { CountedQuantiles.share($0.call) }, totals: totals, ends: ends, cancellation)
        let total = sizes.reduce(0, +)
        try Parallel.run(ranges.count, threads: total >= Parallel.rowsMin ? threads : 1) { place in
            try finder.find(ranges[place], parts.parts, sizes[ranges[place]])
        }
    }

    private struct UncheckedParts: @unchecked Sendable { let parts: [RangedWords] }

    override func answer(_ measure: AggregatePlan.Measure) throws -> ColumnBuffer {
        guard let place = argument.measures.firstIndex(where: { $0.id == measure.id }) else { preconditionFailure("a measure of its own") }
        let share = CountedQuantiles.share(measure.call)
        let scaleUp = Decimals.power(measure.type.scale - argument.value.type.scale)
        let out = ColumnBuffer(type: measure.type, capacity: groups.count)
        for group in groups {
            let total = totals.of(Int.self)[group]
            if total == 0 {
                out.appendNull()
                continue
            }
            let (_, rest) = Self.position(total, share)
            let pair = ends.of(Int64.self) + (group * measureCount + place) * 2
            out.append(integer: try QuantileReducer.between(pair[0], pair[1], rest, of: share.denominator, scaleUp: scaleUp))
        }
        return out
    }

    /// One range's groups: their words are sorted where they fit the cache; a group that does not has its ranks selected.
    private struct Finder: Sendable {
        let words: QuantileWords
        let shares: [(numerator: Int64, denominator: Int64)]
        let totals: RawMemory
        let ends: RawMemory
        let cancellation: Cancellation
        private static let sortedMax = 1 << 17

        init(
            words: QuantileWords, shares: [(numerator: Int64, denominator: Int64)], totals: RawMemory, ends: RawMemory,
            _ cancellation: Cancellation
        ) {
            self.words = words
            self.shares = shares
            self.totals = totals
            self.ends = ends
            self.cancellation = cancellation
        }

        func find(_ range: Int, _ parts: [RangedWords], _ count: Int) throws {
            try cancellation.check()
            let memory = RawMemory(byteCount: 2 * count * 8)
            let all = memory.of(UInt64.self)
            let other = all + count
            if count <= Self.sortedMax {
                var place = all
                for part in parts {
                    part.eachPiece(range) { piece, size in
                        place.update(from: piece, count: size)
                        place += size
                    }
                }
                let sorted = UnsafePointer(RecordSort.sort(words: all, other, count))
                var start = 0
                while start < count {
                    let group = sorted[start] >> (words.valueBits & 63)
                    var end = start + 1
                    while end < count, sorted[end] >> (words.valueBits & 63) == group { end &+= 1 }
                    take(Int(group), sorted + start, end - start)
                    start = end
                }
                return
            }
            let first = range << Int(words.rangeBits)
            let groupCount = 1 << Int(words.rangeBits)
            var starts = [Int](repeating: 0, count: groupCount + 1)
            for part in parts {
                part.eachPiece(range) { piece, size in
                    for i in 0..<size { starts[Int(piece[i] >> (words.valueBits & 63)) - first + 1] += 1 }
                }
            }
            for group in 0..<groupCount { starts[group + 1] += starts[group] }
            var next = starts
            for part in parts {
                part.eachPiece(range) { piece, size in
                    for i in 0..<size {
                        let group = Int(piece[i] >> (words.valueBits & 63)) - first
                        all[next[group]] = piece[i]
                        next[group] += 1
                    }
                }
            }
            for group in 0..<groupCount where starts[group] < starts[group + 1] {
                try cancellation.check()
                let size = starts[group + 1] - starts[group]
                if size <= Self.sortedMax {
                    take(first + group, RecordSort.sort(words: all + starts[group], other + starts[group], size), size)
                } else {
                    try select(first + group, all + starts[group], size)
                }
            }
        }

        private func value(_ word: UInt64) -> Int64 { Int64(bitPattern: word & (1 << words.valueBits - 1)) &+ words.low }

        private func take(_ group: Int, _ sorted: UnsafePointer<UInt64>, _ count: Int) {
            totals.of(Int.self)[group] = count
            let out = ends.of(Int64.self) + group * shares.count * 2
            for (place, share) in shares.enumerated() {
                let (low, rest) = QuantileAnswers.position(count, share)
                out[place * 2] = value(sorted[low])
                out[place * 2 + 1] = value(sorted[rest == 0 ? low : low + 1])
            }
        }

        private func select(_ group: Int, _ words: UnsafeMutablePointer<UInt64>, _ count: Int) throws {
            totals.of(Int.self)[group] = count
            let positions = shares.map { QuantileAnswers.position(count, $0) }
            let ranks = Set(positions.flatMap { $0.rest == 0 ? [$0.low] : [$0.low, $0.low + 1] }).sorted()
            let found = try WordSelection.values(words, count, ranks: ranks, cancellation: cancellation)
            let byRank = Dictionary(uniqueKeysWithValues: zip(ranks, found))
            let out = ends.of(Int64.self) + group * shares.count * 2
            for (place, position) in positions.enumerated() {
                out[place * 2] = value(byRank[position.low]!)
                out[place * 2 + 1] = value(byRank[position.rest == 0 ? position.low : position.low + 1]!)
            }
        }
    }
}
