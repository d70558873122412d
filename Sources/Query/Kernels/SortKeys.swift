import Storage

/// One column's order as words that compare as unsigned integers; nulls stand apart because they come last in either direction.
struct SortKey {
    let words: [UInt64]
    /// Empty: none.
    let nulls: [UInt8]

    init(_ column: ColumnBuffer, descending: Bool) {
        let count = column.count
        var words = Array(repeating: UInt64(0), count: count)
        switch column.form {
        case .integers:
            let values = column.integers
            for i in 0..<count { words[i] = UInt64(bitPattern: values[i]) ^ (1 << 63) }
        case .doubles:
            let values = column.doubles
            for i in 0..<count {
                let bits = (values[i] + 0.0).bitPattern
                words[i] = bits >> 63 == 0 ? bits | (1 << 63) : ~bits
            }
        case .mask: for i in 0..<count { words[i] = UInt64(column.mask[i]) }
        case .codes:
            let ranks = column.dictionary!.ranks
            let codes = column.codes
            if ranks.count > 0 { for i in 0..<count { words[i] = UInt64(ranks[Int(codes[i])]) } }
        case .texts:
            var interner = TextInterner()
            let codes = (0..<count).map { interner.code(of: column.texts[$0]) }
            let dictionary = interner.makeDictionary()
            let ranks = dictionary.ranks
            for i in 0..<count { words[i] = UInt64(ranks[Int(codes[i])]) }
        }
        if descending { for i in 0..<count { words[i] = ~words[i] } }
        nulls = column.nulls
        // A null's word must not depend on what happens to lie under it.
        if !nulls.isEmpty { for i in 0..<count where nulls[i] != 0 { words[i] = 0 } }
        self.words = words
    }

    @inline(__always)
    func compare(_ a: Int, _ b: Int) -> Int {
        if !nulls.isEmpty, nulls[a] | nulls[b] != 0 { return Int(nulls[a]) - Int(nulls[b]) }
        return words[a] < words[b] ? -1 : words[a] > words[b] ? 1 : 0
    }
}

enum Sorting {
    /// Row numbers in the order of the keys, the first key first; rows equal in all keys stay in their order.
    static func permutation(_ keys: [SortKey], count: Int, cancellation: Cancellation) throws -> [Int] {
        var positions = Array(0..<count)
        guard count > 1, !keys.isEmpty else { return positions }
        if count < 1024 {
            positions.sort { before($0, $1, keys) }
            return positions
        }
        var scratch = positions
        for key in keys.reversed() {
            try cancellation.check()
            radix(&positions, &scratch, key.words)
            if !key.nulls.isEmpty { partitionNulls(&positions, &scratch, key.nulls) }
        }
        return positions
    }

    static func before(_ a: Int, _ b: Int, _ keys: [SortKey]) -> Bool {
        for key in keys {
            let order = key.compare(a, b)
            if order != 0 { return order < 0 }
        }
        return a < b
    }

    /// Least significant digit first, two bytes at a time; digits in which all words agree are passed over.
    private static func radix(_ positions: inout [Int], _ scratch: inout [Int], _ words: [UInt64]) {
        let count = positions.count
        var all: UInt64 = 0
        for word in words { all |= word ^ words[0] }
        let bits = 11
        var bins = Array(repeating: 0, count: 1 << bits)
        for shift in stride(from: 0, to: 64, by: bits) {
            let mask = UInt64((1 << bits) - 1)
            if all >> UInt64(shift) & mask == 0 { continue }
            for i in bins.indices { bins[i] = 0 }
            words.withUnsafeBufferPointer { words in
                positions.withUnsafeBufferPointer { from in
                    scratch.withUnsafeMutableBufferPointer { to in
                        bins.withUnsafeMutableBufferPointer { bins in
                            for i in 0..<count { bins[Int(words[i] >> UInt64(shift) & mask)] += 1 }
                            var start = 0
                            for i in 0..<bins.count {
                                let size = bins[i]
                                bins[i] = start
                                start += size
                            }
                            for i in 0..<count {
                                let row = from[i]
                                let bin = Int(words[row] >> UInt64(shift) & mask)
                                to[bins[bin]] = row
                                bins[bin] &+= 1
                            }
                        }
                    }
                }
            }
            swap(&positions, &scratch)
        }
    }

    private static func partitionNulls(_ positions: inout [Int], _ scratch: inout [Int], _ nulls: [UInt8]) {
        var at = 0
        for row in positions where nulls[row] == 0 {
            scratch[at] = row
            at += 1
        }
        for row in positions where nulls[row] != 0 {
            scratch[at] = row
            at += 1
        }
        swap(&positions, &scratch)
    }
}
