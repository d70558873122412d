#if canImport(Glibc)
    import Glibc
#endif

/// Whether the rows of a table's last segment keep its key unique and never null. The rows before it are known to be sound.
///
/// From cheap to dear: an ascending integer key beyond all that stood before needs no look at all; integers and dictionary codes of a
/// dense range are marked in a bitmap; everything else goes by 64-bit hashes, gathered in as many passes as memory asks for, and only
/// rows whose hashes agree are compared by value. Memory stays under about 300 MB for any number of rows.
struct KeyCheck {
    private let table: TableSnapshot
    private let columns: [Int]
    private let new: SegmentReader
    private let older: ArraySlice<SegmentReader>
    /// Rows whose keys are looked at in one pass of the hashed check.
    private let rowsPerPass: Int
    private static let bitmapBitsMax: UInt64 = 1 << 31

    /// Why the columns must be unique where they are not the declared key.
    private let link: LinkSchema?

    init(_ table: TableSnapshot, columns names: [String]? = nil, link: LinkSchema? = nil, rowsPerPass: Int = 1 << 24) {
        self.table = table
        self.rowsPerPass = rowsPerPass
        self.link = link
        columns = (names ?? table.schema.key).compactMap { table.schema.index(of: $0) }
        guard let last = table.segments.last else { preconditionFailure("no segment to check") }
        new = last
        older = table.segments.dropLast()
    }

    func checkLastSegment(order: KeyOrder?) throws {
        try checkNulls()
        if columns.count == 1 {
            let column = columns[0]
            switch table.schema.columns[column].type.physical {
            case .integer: if try checkIntegers(column, order) { return }
            case .text: if table.isCoded(column: column), try checkIntegers(column, nil) { return }
            case .double: break
            }
        }
        try checkHashes()
    }

    private func checkNulls() throws {
        for column in columns {
            for block in 0..<new.blockCount where new.meta(column: column, block: block).nullCount > 0 {
                let row = try firstNull(column, block)
                if let link {
                    throw StorageError(
                        .data,
                        "\(link.summary): \(table.schema.columns[column].name) has no value in row \(row + 1) of \(table.schema.name)",
                        hint: "a link goes to columns that are unique and never missing")
                }
                throw StorageError(
                    .data, "key \(table.schema.columns[column].name) has no value in row \(row + 1) of the new rows",
                    hint: "a key is never missing: leave such rows out, or declare another key")
            }
        }
    }

    private func firstNull(_ column: Int, _ block: Int) throws -> Int {
        let keys = KeyVectors(table: table, columns: [column])
        var at = block * SegmentReader.rowsPerBlock
        while true {
            let count = try keys.load(new, firstRow: at)
            if let row = (0..<count).first(where: { keys.isNull($0) }) { return at + row }
            at += count
        }
    }

    // MARK: Integers and codes

    /// False where the range is too wide for a bitmap.
    private func checkIntegers(_ column: Int, _ order: KeyOrder?) throws -> Bool {
        var low = Int64.max
        var high = Int64.min
        for block in 0..<new.blockCount {
            let meta = new.meta(column: column, block: block)
            low = min(low, meta.minimum)
            high = max(high, meta.maximum)
        }
        func overlaps(_ segment: SegmentReader, _ block: Int) -> Bool {
            let meta = segment.meta(column: column, block: block)
            return meta.nullCount < meta.rowCount && meta.maximum >= low && meta.minimum <= high
        }
        let isBeyond = older.allSatisfy { segment in !(0..<segment.blockCount).contains { overlaps(segment, $0) } }
        if isBeyond, let order, order.isIncreasing { return true }

        let range = UInt64(bitPattern: high &- low)
        guard range < min(KeyCheck.bitmapBitsMax, max(1 << 20, UInt64(new.rowCount) * 4096)) else { return false }
        // Zeroed pages that are never touched cost nothing, so a wide range with few rows is cheap too.
        guard let marks = calloc(Int(range / 64 + 1), 8)?.assumingMemoryBound(to: UInt64.self) else {
            throw StorageError(.environment, "not enough memory to check the key of \(table.schema.name)")
        }
        defer { free(marks) }
        var duplicate: Int64?
        try forEachInteger(of: new, column, { _ in true }) { value in
            let bit = UInt64(bitPattern: value &- low)
            let mask = UInt64(1) &<< (bit & 63)
            if marks[Int(truncatingIfNeeded: bit &>> 6)] & mask != 0, duplicate == nil { duplicate = value }
            marks[Int(truncatingIfNeeded: bit &>> 6)] |= mask
        }
        if let duplicate { throw try notUnique(column, duplicate) }
        for segment in older {
            try forEachInteger(of: segment, column, { overlaps(segment, $0) }) { value in
                let bit = UInt64(bitPattern: value &- low)
                if bit <= range, marks[Int(truncatingIfNeeded: bit &>> 6)] &>> (bit & 63) & 1 != 0, duplicate == nil { duplicate = value }
            }
            if let duplicate { throw try notUnique(column, duplicate) }
        }
        return true
    }

    private func notUnique(_ column: Int, _ value: Int64) throws -> StorageError {
        var count = 0
        for segment in table.segments {
            let holds: (Int) -> Bool = { block in
                let meta = segment.meta(column: column, block: block)
                return meta.minimum <= value && value <= meta.maximum
            }
            try forEachInteger(of: segment, column, holds) { count += $0 == value ? 1 : 0 }
        }
        let type = table.schema.columns[column].type
        let cell: Value = try type == .text ? .text(table.dictionary(column: column)[UInt32(value)].string) : .integer(value)
        return notUnique([cell], count)
    }

    private func notUnique(_ key: [Value], _ count: Int) -> StorageError {
        let names = columns.map { table.schema.columns[$0].name }.joined(separator: ", ")
        let values = zip(key, columns).map { CellText.string($0, type: table.schema.columns[$1].type) }.joined(separator: ", ")
        if let link {
            return StorageError(
                .data, "\(link.summary): \(columns.count > 1 ? "(\(names))" : names) is not unique: \(values) stands \(count) times",
                hint: "a link goes to the one row that has the key")
        }
        return StorageError(
            .data, "key \(columns.count > 1 ? "(\(names))" : names) is not unique: \(values) stands \(count) times",
            hint: "upsert changes the rows whose keys stand already, replace loads the table anew")
    }

    /// Integers, or codes, of the live rows of the blocks that `wanted` names.
    @inline(__always)
    private func forEachInteger(
        of segment: SegmentReader, _ column: Int, _ wanted: (Int) -> Bool, _ body: (Int64) -> Void
    ) throws {
        let keys = KeyVectors(table: table, columns: [column])
        for block in 0..<segment.blockCount where wanted(block) {
            var row = block * SegmentReader.rowsPerBlock
            let end = min(row + SegmentReader.rowsPerBlock, segment.rowCount)
            while row < end {
                let count = try keys.load(segment, firstRow: row)
                let values = keys.integers(0)
                if let deleted = segment.deleted {
                    for i in 0..<count where deleted[(row &+ i) &>> 6] &>> UInt64((row &+ i) & 63) & 1 == 0 { body(values[i]) }
                } else {
                    for i in 0..<count { body(values[i]) }
                }
                row += count
            }
        }
    }

    // MARK: Everything else, by hashes

    private func checkHashes() throws {
        let total = table.segments.reduce(0) { $0 + $1.rowCount }
        var passBits: UInt64 = 0
        while total >> Int(passBits) > rowsPerPass { passBits += 1 }
        let hashes = RawBuffer(capacity: min(total, rowsPerPass * 2) * 8)
        var finder = DuplicateFinder()
        // Of the rows before only those matter whose hash may equal a new one's.
        let filter = HashFilter()
        for pass in 0..<UInt64(1) << passBits {
            hashes.count = 0
            filter.clear()
            try gather(new, passBits, pass, into: hashes) { filter.insert($0) }
            for segment in older { try gather(segment, passBits, pass, into: hashes, where: filter) }
            let same = finder.duplicates(hashes)
            if !same.isEmpty { try compare(same) }
        }
    }

    private func gather(
        _ segment: SegmentReader, _ passBits: UInt64, _ pass: UInt64, into hashes: RawBuffer, _ seen: (UInt64) -> Void
    ) throws {
        try forEachHash(of: segment) { hash, _ in
            if passBits == 0 || hash &>> (64 &- passBits) == pass {
                hashes.append(hash)
                seen(hash)
            }
        }
    }

    private func gather(
        _ segment: SegmentReader, _ passBits: UInt64, _ pass: UInt64, into hashes: RawBuffer, where filter: HashFilter
    ) throws {
        try forEachHash(of: segment) { hash, _ in
            if passBits == 0 || hash &>> (64 &- passBits) == pass, filter.mayContain(hash) { hashes.append(hash) }
        }
    }

    /// Rows with these hashes, compared by value: equal hashes of different keys are possible.
    private func compare(_ hashes: Set<UInt64>) throws {
        var counts: [[Value]: Int] = [:]
        var order: [[Value]] = []
        let keys = KeyVectors(table: table, columns: columns)
        for segment in [new] + Array(older) {
            try forEachHash(of: segment, keys) { hash, i in
                guard hashes.contains(hash) else { return }
                let key = keys.key(i)
                if counts.updateValue((counts[key] ?? 0) + 1, forKey: key) == nil { order.append(key) }
            }
        }
        if let key = order.first(where: { counts[$0, default: 0] > 1 }) { throw notUnique(key, counts[key, default: 0]) }
    }

    @inline(__always)
    private func forEachHash(of segment: SegmentReader, _ given: KeyVectors? = nil, _ body: (_ hash: UInt64, _ at: Int) -> Void) throws {
        let keys = given ?? KeyVectors(table: table, columns: columns)
        var row = 0
        while row < segment.rowCount {
            let count = try keys.load(segment, firstRow: row)
            let hashes = keys.hashes(count)
            for i in 0..<count {
                if let deleted = segment.deleted, deleted[(row &+ i) &>> 6] &>> UInt64((row &+ i) & 63) & 1 != 0 { continue }
                body(hashes[i], i)
            }
            row += count
        }
    }
}
