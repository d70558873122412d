import Storage

/// One column's order as unsigned words: a smaller word comes first. Nulls come last in either direction, so they stand in a bit of their
/// own before the word.
///
/// The words are made from the column when they are asked for, a run of rows at a time: a sort of many rows never holds them all.
final class KeyColumn: @unchecked Sendable {
    private enum Source {
        case integers(UnsafePointer<Int64>)
        case doubles(UnsafePointer<Double>)
        case bytes(UnsafePointer<UInt8>)
        case numbers(UnsafePointer<UInt32>)
        /// Codes and the place of each.
        case ranked(UnsafePointer<UInt32>, UnsafePointer<UInt32>)
    }
    let count: Int
    private let source: Source
    private let nulls: [UInt8]
    private let flip: UInt64
    private let keepers: [AnyObject]
    /// The smallest word, and by how many bits all words agree at their low end: what is left of a word is `(word - low) >> shift`.
    private(set) var low: UInt64 = 0
    private(set) var shift: UInt64 = 0
    /// Bits of what is left.
    private(set) var bits = 64
    var hasNulls: Bool { !nulls.isEmpty }

    init(_ column: ColumnBuffer, descending: Bool) {
        count = column.count
        nulls = column.nulls
        flip = descending ? ~0 : 0
        switch column.form {
        case .integers:
            source = .integers(column.integers)
            keepers = [column]
        case .doubles:
            source = .doubles(column.doubles)
            keepers = [column]
        case .mask:
            source = .bytes(column.mask)
            keepers = [column]
        case .codes:
            let ranks = column.dictionary!.ranks
            // An empty dictionary has nulls only, and a null's code is looked up nowhere.
            source = ranks.isEmpty ? .numbers(column.codes) : .ranked(column.codes, ranks.baseAddress!)
            keepers = [column, column.dictionary!]
        case .texts:
            let interner = TextInterner()
            let numbers = RowNumbers(count: column.count)
            for i in 0..<column.count { numbers.base[i] = interner.code(of: column.texts[i]) }
            let dictionary = interner.makeDictionary()
            let ranks = dictionary.ranks
            for i in 0..<column.count { numbers.base[i] = ranks[Int(numbers.base[i])] }
            source = .numbers(numbers.base)
            keepers = [numbers]
        }
    }

    /// Numbers that stand for something else, such as groups.
    init(_ numbers: RowNumbers) {
        count = numbers.count
        source = .numbers(numbers.base)
        nulls = []
        flip = 0
        keepers = [numbers]
    }

    // MARK: words

    @inline(__always)
    static func word(_ value: Int64) -> UInt64 { UInt64(bitPattern: value) ^ (1 << 63) }

    @inline(__always)
    static func word(_ value: Double) -> UInt64 {
        // +0 and -0 are one value.
        let bits = (value + 0.0).bitPattern
        return bits ^ (UInt64(bitPattern: Int64(bitPattern: bits) >> 63) | (1 << 63))
    }

    /// The whole word of a row that is not null.
    @inline(__always)
    func word(_ row: Int) -> UInt64 {
        switch source {
        case .integers(let values): Self.word(values[row]) ^ flip
        case .doubles(let values): Self.word(values[row]) ^ flip
        case .bytes(let values): UInt64(values[row]) ^ flip
        case .numbers(let values): UInt64(values[row]) ^ flip
        case .ranked(let codes, let ranks): UInt64(ranks[Int(codes[row])]) ^ flip
        }
    }

    @inline(__always)
    func isNull(_ row: Int) -> Bool { !nulls.isEmpty && nulls[row] != 0 }

    func compare(_ a: Int, _ b: Int) -> Int {
        if !nulls.isEmpty, nulls[a] | nulls[b] != 0 { return Int(nulls[a]) - Int(nulls[b]) }
        let (x, y) = (word(a), word(b))
        return x < y ? -1 : x > y ? 1 : 0
    }

    /// The whole words of a run of rows; what is under a null is unspecified.
    func fill(_ first: Int, _ count: Int, into words: UnsafeMutablePointer<UInt64>) {
        let flip = flip
        switch source {
        case .integers(let values):
            let values = values + first
            for i in 0..<count { words[i] = Self.word(values[i]) ^ flip }
        case .doubles(let values):
            let values = values + first
            for i in 0..<count { words[i] = Self.word(values[i]) ^ flip }
        case .bytes(let values):
            let values = values + first
            for i in 0..<count { words[i] = UInt64(values[i]) ^ flip }
        case .numbers(let values):
            let values = values + first
            for i in 0..<count { words[i] = UInt64(values[i]) ^ flip }
        case .ranked(let codes, let ranks):
            let codes = codes + first
            for i in 0..<count { words[i] = UInt64(ranks[Int(codes[i])]) ^ flip }
        }
    }

    /// As ``fill(_:_:into:)``, what is left of each word: 0 for a null.
    func fillRest(_ first: Int, _ count: Int, into words: UnsafeMutablePointer<UInt64>) {
        fill(first, count, into: words)
        let (low, shift) = (low, shift & 63)
        for i in 0..<count { words[i] = (words[i] &- low) >> shift }
        if nulls.isEmpty { return }
        nulls.withUnsafeBufferPointer { nulls in
            for i in 0..<count where nulls[first &+ i] != 0 { words[i] = 0 }
        }
    }

    func fillNulls(_ first: Int, _ count: Int, into words: UnsafeMutablePointer<UInt64>) {
        nulls.withUnsafeBufferPointer { nulls in
            let nulls = nulls.baseAddress! + first
            for i in 0..<count { words[i] = UInt64(nulls[i]) }
        }
    }

    @inline(__always)
    func rest(_ row: Int) -> UInt64 { isNull(row) ? 0 : (word(row) &- low) >> (shift & 63) }

    // MARK: width

    /// Looks at all words, so that only the bits that tell rows apart are sorted by.
    func measure(threads: Int, cancellation: Cancellation) throws {
        let ranges = Parallel.ranges(count, threads: threads)
        let found = RawMemory(byteCount: ranges.count * 24)
        let slots = UncheckedPointer(found.of(UInt64.self))
        try Parallel.run(ranges.count, threads: threads) { part in
            let (low, high, different) = try self.measure(ranges[part], cancellation)
            slots.base[part * 3] = low
            slots.base[part * 3 + 1] = high
            slots.base[part * 3 + 2] = different
        }
        var smallest = UInt64.max
        var largest: UInt64 = 0
        for part in ranges.indices {
            smallest = min(smallest, slots.base[part * 3])
            largest = max(largest, slots.base[part * 3 + 1])
        }
        guard smallest <= largest else {
            (low, shift, bits) = (0, 0, 0)
            return
        }
        low = smallest
        // Each part's differences are against its own smallest word, which differs from the smallest of all.
        var different: UInt64 = 0
        for part in ranges.indices where slots.base[part * 3] <= slots.base[part * 3 + 1] {
            different |= slots.base[part * 3 + 2] | (slots.base[part * 3] &- smallest)
        }
        shift = different == 0 ? 0 : UInt64(different.trailingZeroBitCount)
        bits = 64 - ((largest - smallest) >> shift).leadingZeroBitCount
    }

    private func measure(_ range: Range<Int>, _ cancellation: Cancellation) throws -> (UInt64, UInt64, UInt64) {
        var low = UInt64.max
        var high: UInt64 = 0
        var different: UInt64 = 0
        var anchor: UInt64?
        try withUnsafeTemporaryAllocation(of: UInt64.self, capacity: vectorRowsMax) { room in
            let words = room.baseAddress!
            var first = range.lowerBound
            while first < range.upperBound {
                try cancellation.check()
                var size = min(vectorRowsMax, range.upperBound - first)
                fill(first, size, into: words)
                let next = first + size
                if hasNulls {
                    nulls.withUnsafeBufferPointer { nulls in
                        var kept = 0
                        for i in 0..<size where nulls[first &+ i] == 0 {
                            words[kept] = words[i]
                            kept += 1
                        }
                        size = kept
                    }
                }
                if size > 0 {
                    let start = anchor ?? words[0]
                    anchor = start
                    for i in 0..<size {
                        low = min(low, words[i])
                        high = max(high, words[i])
                        different |= words[i] &- start
                    }
                }
                first = next
            }
        }
        // Multiples of a power of two apart from one word are multiples of it apart from any other of them.
        if let anchor { different |= anchor &- low }
        return (low, high, different)
    }
}

/// A pointer that threads share; whoever makes it sees to it that they do not meet.
struct UncheckedPointer<T>: @unchecked Sendable {
    let base: UnsafeMutablePointer<T>
    init(_ base: UnsafeMutablePointer<T>) { self.base = base }
}
