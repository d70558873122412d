/// The key columns of 2,048 rows at a time: decoded, hashed, and as cells.
final class KeyVectors {
    private static let rows = 2048
    private let table: TableSnapshot
    private let columns: [Int]
    private let values: [UnsafeMutablePointer<Int64>]
    private let views: [UnsafeMutablePointer<TextView>]
    private let nulls: [UnsafeMutablePointer<UInt8>]
    private let hashBuffer = UnsafeMutablePointer<UInt64>.allocate(capacity: KeyVectors.rows)
    private let codeBuffer = UnsafeMutablePointer<UInt32>.allocate(capacity: KeyVectors.rows)
    private var hasNulls: [Bool]
    /// Text columns that are coded everywhere are compared by code, which is never wrong: equal texts have one code.
    private let isCoded: [Bool]
    private var keeper: [AnyObject] = []
    private var cursors: [ColumnCursor] = []

    init(table: TableSnapshot, columns: [Int]) {
        self.table = table
        self.columns = columns
        values = columns.map { _ in .allocate(capacity: KeyVectors.rows) }
        views = columns.map { _ in .allocate(capacity: KeyVectors.rows) }
        nulls = columns.map { _ in .allocate(capacity: KeyVectors.rows) }
        hasNulls = columns.map { _ in false }
        isCoded = columns.map { table.isCoded(column: $0) }
    }

    deinit {
        for c in columns.indices {
            values[c].deallocate()
            views[c].deallocate()
            nulls[c].deallocate()
        }
        hashBuffer.deallocate()
        codeBuffer.deallocate()
    }

    private func type(_ c: Int) -> LogicalType { table.schema.columns[columns[c]].type }

    /// Loads up to 2,048 rows from `firstRow` on, which is a multiple of 2,048; returns how many.
    func load(_ segment: SegmentReader, firstRow: Int) throws -> Int {
        let count = min(KeyVectors.rows, segment.rowCount - firstRow)
        if cursors.first?.segment !== segment { cursors = columns.map { segment.cursor(column: $0) } }
        keeper.removeAll(keepingCapacity: true)
        for c in columns.indices {
            switch type(c).physical {
            case .integer: hasNulls[c] = try cursors[c].integers(firstRow: firstRow, count: count, into: values[c], nulls: nulls[c])
            case .double:
                hasNulls[c] = try UnsafeMutableRawPointer(values[c]).withMemoryRebound(to: Double.self, capacity: count) {
                    let has = try cursors[c].doubles(firstRow: firstRow, count: count, into: $0, nulls: nulls[c])
                    // Minus zero equals zero but has other bits.
                    for i in 0..<count { $0[i] += 0 }
                    return has
                }
            case .text where isCoded[c]:
                hasNulls[c] = try cursors[c].codes(firstRow: firstRow, count: count, into: codeBuffer, nulls: nulls[c])
                for i in 0..<count { values[c][i] = Int64(codeBuffer[i]) }
            case .text:
                hasNulls[c] = try cursors[c].texts(firstRow: firstRow, count: count, into: views[c], nulls: nulls[c], keeper: &keeper)
            }
        }
        return count
    }

    func isNull(_ i: Int) -> Bool { hasNulls[0] && nulls[0][i] != 0 }

    func integers(_ c: Int) -> UnsafePointer<Int64> { UnsafePointer(values[c]) }

    func hashes(_ count: Int) -> UnsafePointer<UInt64> {
        for i in 0..<count { hashBuffer[i] = 0x9E37_79B9_7F4A_7C15 }
        for c in columns.indices {
            if type(c).physical == .text, !isCoded[c] {
                for i in 0..<count { hashBuffer[i] = KeyVectors.mix(hashBuffer[i], TextTable.hash(views[c][i].base, views[c][i].count)) }
            } else {
                for i in 0..<count { hashBuffer[i] = KeyVectors.mix(hashBuffer[i], UInt64(bitPattern: values[c][i])) }
            }
        }
        return UnsafePointer(hashBuffer)
    }

    @inline(__always)
    private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let (high, low) = (a ^ b).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return (high ^ low) &+ a &* 31
    }

    func key(_ i: Int) -> [Value] {
        columns.indices.map { c in
            switch type(c).physical {
            case .integer: return .integer(values[c][i])
            case .double: return .double(Double(bitPattern: UInt64(bitPattern: values[c][i])))
            case .text:
                if !isCoded[c] { return .text(views[c][i].string) }
                // The dictionary was read when the rows were loaded or is read now; a damaged one shows up as a code in words.
                guard let dictionary = try? table.dictionary(column: columns[c]) else { return .text("code \(values[c][i])") }
                return .text(dictionary[UInt32(values[c][i])].string)
            }
        }
    }
}

/// One bit for each of 2^24 remainders of a hash: says quickly that a hash was never seen.
final class HashFilter {
    private static let bits = 1 << 24
    private let words = UnsafeMutablePointer<UInt64>.allocate(capacity: HashFilter.bits / 64)

    init() { clear() }
    deinit { words.deallocate() }

    func clear() { words.update(repeating: 0, count: HashFilter.bits / 64) }

    @inline(__always)
    func insert(_ hash: UInt64) {
        let bit = Int(truncatingIfNeeded: hash) & (HashFilter.bits &- 1)
        words[bit &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: bit & 63)
    }

    @inline(__always)
    func mayContain(_ hash: UInt64) -> Bool {
        let bit = Int(truncatingIfNeeded: hash) & (HashFilter.bits &- 1)
        return words[bit &>> 6] &>> UInt64(truncatingIfNeeded: bit & 63) & 1 != 0
    }
}

/// Finds hashes that occur more than once: scattered into bins that fit the cache, then each bin through a small table.
struct DuplicateFinder {
    private static let binRows = 4096
    private var slots = [UInt64](repeating: 0, count: 4 * DuplicateFinder.binRows)
    /// More than this many candidates change nothing: the first real duplicate ends the load.
    private static let candidatesMax = 1000

    mutating func duplicates(_ hashes: RawBuffer) -> Set<UInt64> {
        let count = hashes.count / 8
        let values = hashes.base.assumingMemoryBound(to: UInt64.self)
        var bits: UInt64 = 0
        while count >> Int(bits) > DuplicateFinder.binRows / 2 { bits += 1 }
        let bins = 1 << Int(bits)
        var starts = [Int](repeating: 0, count: bins + 1)
        // The bits just below the highest ones are used, which differ within a pass too.
        let shift = 40 - bits
        let mask = UInt64(bins - 1)
        for i in 0..<count { starts[Int(values[i] &>> shift & mask) + 1] += 1 }
        for b in 0..<bins { starts[b + 1] += starts[b] }
        let scattered = RawBuffer(capacity: count * 8)
        let target = scattered.base.assumingMemoryBound(to: UInt64.self)
        var next = starts
        for i in 0..<count {
            let bin = Int(values[i] &>> shift & mask)
            target[next[bin]] = values[i]
            next[bin] += 1
        }
        var found: Set<UInt64> = []
        for b in 0..<bins where found.count < DuplicateFinder.candidatesMax {
            search(UnsafeBufferPointer(start: target + starts[b], count: starts[b + 1] - starts[b]), &found)
        }
        return withExtendedLifetime((hashes, scattered)) { found }
    }

    private mutating func search(_ bin: UnsafeBufferPointer<UInt64>, _ found: inout Set<UInt64>) {
        // Many equal hashes may overfill a bin; then its table grows with it.
        var size = slots.count
        while size < bin.count * 2 { size *= 2 }
        slots = [UInt64](repeating: 0, count: size)
        var seenZero = false
        for hash in bin {
            if hash == 0 {
                if seenZero { found.insert(0) }
                seenZero = true
                continue
            }
            var slot = Int(truncatingIfNeeded: hash) & (size - 1)
            while slots[slot] != 0, slots[slot] != hash { slot = (slot + 1) & (size - 1) }
            if slots[slot] == hash { found.insert(hash) }
            slots[slot] = hash
        }
    }
}
