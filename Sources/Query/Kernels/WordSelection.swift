/// Values of given ranks among many words, without sorting them all.
enum WordSelection {
    private static let smallMax = 2048
    private static let binBits = 12

    /// The words of the given ranks (0: the smallest; ranks ascend and lie below `count`). Changes the order of the words.
    static func values(_ words: UnsafeMutablePointer<UInt64>, _ count: Int, ranks: [Int], cancellation: Cancellation) throws -> [UInt64] {
        if ranks.isEmpty { return [] }
        try cancellation.check()
        if count <= smallMax {
            var all = UnsafeMutableBufferPointer(start: words, count: count)
            all.sort()
            return ranks.map { all[$0] }
        }
        var low = UInt64.max
        var high: UInt64 = 0
        for i in 0..<count {
            low = min(low, words[i])
            high = max(high, words[i])
        }
        if low == high { return ranks.map { _ in low } }
        let shift = UInt64(max(0, 64 - (high - low).leadingZeroBitCount - binBits))
        let binCount = Int((high - low) >> shift) + 1
        let memory = RawMemory(byteCount: (binCount + 1) * 8)
        let starts = memory.of(Int.self)
        starts.initialize(repeating: 0, count: binCount + 1)
        for i in 0..<count { starts[Int((words[i] &- low) >> shift) &+ 1] &+= 1 }
        for bin in 0..<binCount { starts[bin + 1] += starts[bin] }
        var answers: [UInt64] = []
        var bin = 0
        var next = 0
        while next < ranks.count {
            while starts[bin + 1] <= ranks[next] { bin += 1 }
            var last = next
            while last < ranks.count, ranks[last] < starts[bin + 1] { last += 1 }
            let inside = ranks[next..<last].map { $0 - starts[bin] }
            if shift == 0 {
                for _ in inside { answers.append(low + UInt64(bin)) }
            } else {
                let size = starts[bin + 1] - starts[bin]
                // One place more: a word that is not wanted is written and overwritten.
                let picked = RawMemory(byteCount: (size + 1) * 8)
                let out = picked.of(UInt64.self)
                var kept = 0
                for i in 0..<count {
                    out[kept] = words[i]
                    kept &+= (words[i] &- low) >> shift == UInt64(bin) ? 1 : 0
                }
                answers += try values(out, size, ranks: inside, cancellation: cancellation)
            }
            next = last
        }
        return answers
    }
}
