/// Values of given ranks among many words, without sorting them all.
enum WordSelection {
    private static let smallMax = 2048
    private static let binBits = 12

    /// The words of the given ranks (0: the smallest; ranks ascend and lie below `count`). May change the order of the words.
    ///
    /// Words are counted by bins of even width, then those of the bins that hold a rank are put apart, and each bin is searched alike.
    static func values(
        _ words: UnsafeMutablePointer<UInt64>, _ count: Int, ranks: [Int], threads: Int = 1, cancellation: Cancellation
    ) throws -> [UInt64] {
        if ranks.isEmpty { return [] }
        try cancellation.check()
        if count <= smallMax {
            var all = UnsafeMutableBufferPointer(start: words, count: count)
            all.sort()
            return ranks.map { all[$0] }
        }
        let ranges = Parallel.ranges(count, threads: threads)
        let (low, high) = try extremes(words, ranges)
        if low == high { return ranks.map { _ in low } }
        let bins = WordBins(low: low, high: high, bits: binBits)
        let counts = try bins.count(words, ranges)
        var starts = [0]
        for bin in 0..<bins.count { starts.append(starts[bin] + counts.total(bin)) }
        // The bins that hold ranks, and the ranks in each.
        var wanted: [(bin: Int, ranks: [Int])] = []
        var bin = 0
        for rank in ranks {
            while starts[bin + 1] <= rank { bin += 1 }
            if wanted.last?.bin != bin { wanted.append((bin, [])) }
            wanted[wanted.count - 1].ranks.append(rank - starts[bin])
        }
        if bins.shift == 0 { return wanted.flatMap { (bin, ranks) in ranks.map { _ in low + UInt64(bin) } } }
        let sizes = wanted.map { starts[$0.bin + 1] - starts[$0.bin] }
        let picked = RawMemory(byteCount: sizes.reduce(0, +) * 8)
        try bins.pick(words, wanted.map(\.bin), counts, into: picked.of(UInt64.self))
        var answers: [UInt64] = []
        var first = 0
        for ((_, inside), size) in zip(wanted, sizes) {
            answers += try values(picked.of(UInt64.self) + first, size, ranks: inside, threads: threads, cancellation: cancellation)
            first += size
        }
        return answers
    }

    private static func extremes(_ words: UnsafeMutablePointer<UInt64>, _ ranges: [Range<Int>]) throws -> (UInt64, UInt64) {
        let words = UncheckedPointer(words)
        let memory = RawMemory(byteCount: ranges.count * 16)
        let found = UncheckedPointer(memory.of(UInt64.self))
        try Parallel.run(ranges.count, threads: ranges.count) { part in
            let words = words.base
            var low = UInt64.max
            var high: UInt64 = 0
            for i in ranges[part] {
                low = min(low, words[i])
                high = max(high, words[i])
            }
            (found.base[part * 2], found.base[part * 2 + 1]) = (low, high)
        }
        let parts = ranges.indices
        return (parts.map { found.base[$0 * 2] }.min() ?? 0, parts.map { found.base[$0 * 2 + 1] }.max() ?? 0)
    }
}

/// Bins of even width that words are put in, 4,096 at most, by as many workers as there are ranges.
private struct WordBins: Sendable {
    let low: UInt64
    let shift: UInt64
    let count: Int

    init(low: UInt64, high: UInt64, bits: Int) {
        self.low = low
        shift = UInt64(max(0, 64 - (high - low).leadingZeroBitCount - bits))
        count = Int((high - low) >> shift) + 1
    }

    /// How many words of each range of rows lie in each bin.
    struct Counts: @unchecked Sendable {
        let ranges: [Range<Int>]
        let bins: Int
        let memory: RawMemory
        func of(part: Int) -> UnsafeMutablePointer<Int> { memory.of(Int.self) + part * bins }
        func total(_ bin: Int) -> Int { ranges.indices.reduce(0) { $0 + of(part: $1)[bin] } }
    }

    func count(_ words: UnsafeMutablePointer<UInt64>, _ ranges: [Range<Int>]) throws -> Counts {
        let counts = Counts(ranges: ranges, bins: count, memory: RawMemory(byteCount: ranges.count * count * 8))
        let words = UncheckedPointer(words)
        try Parallel.run(ranges.count, threads: ranges.count) { part in
            let (words, found, low, shift) = (words.base, counts.of(part: part), low, shift & 63)
            found.initialize(repeating: 0, count: count)
            for i in ranges[part] { found[Int(truncatingIfNeeded: (words[i] &- low) >> shift)] &+= 1 }
        }
        return counts
    }

    /// The words of some bins, those of each bin together.
    func pick(_ words: UnsafeMutablePointer<UInt64>, _ wanted: [Int], _ counts: Counts, into out: UnsafeMutablePointer<UInt64>) throws {
        let words = UncheckedPointer(words)
        let out = UncheckedPointer(out)
        // For each bin the number of its place among the wanted, from 1; where each worker begins to write at each place.
        var places = [UInt16](repeating: 0, count: count)
        var starts = counts.ranges.map { _ in [0] }
        var start = 0
        for (place, bin) in wanted.enumerated() {
            places[bin] = UInt16(place + 1)
            for part in counts.ranges.indices {
                starts[part].append(start)
                start += counts.of(part: part)[bin]
            }
        }
        let (placeOf, firsts) = (places, starts)
        try Parallel.run(counts.ranges.count, threads: counts.ranges.count) { part in
            var next = firsts[part]
            let (words, out, low, shift) = (words.base, out.base, low, shift & 63)
            placeOf.withUnsafeBufferPointer { placeOf in
                next.withUnsafeMutableBufferPointer { next in
                    // Few bins are wanted, so the branch is nearly always foreseen.
                    for i in counts.ranges[part] {
                        let word = words[i]
                        let place = Int(placeOf[Int(truncatingIfNeeded: (word &- low) >> shift)])
                        if place == 0 { continue }
                        out[next[place]] = word
                        next[place] &+= 1
                    }
                }
            }
        }
    }
}
