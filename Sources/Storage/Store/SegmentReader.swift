/// What a block's header says without reading its data.
public struct BlockMeta: Sendable {
    public var rowCount: Int
    public var nullCount: Int
    /// For integer-class columns, and codes of a coded text block (0 where every row is null); of all rows, deleted ones too.
    public var minimum: Int64
    public var maximum: Int64
    public var encoding: UInt8
    public var bytes: Int

    /// For a column of doubles the two bounds are their bit patterns.
    public var minimumDouble: Double { Double(bitPattern: UInt64(bitPattern: minimum)) }
    public var maximumDouble: Double { Double(bitPattern: UInt64(bitPattern: maximum)) }
    /// As `describe` shows it.
    public var encodingName: String { Encoding(rawValue: encoding)?.name ?? "unknown" }
}

/// A stretch of a segment's rows whose parents lie in one aligned range of a power of two of ids, at most 2^14 of them, in the order of
/// the table's time (or of the parents where it has none). One range may have several stretches in a segment: each run of a load has its
/// own. Stretches begin and end anywhere, not only at blocks.
public struct SegmentPartition: Sendable, Equatable {
    public var firstRow: Int
    public var rowCount: Int
    /// The first and the last id of the range; both `UInt32.max` for rows without a parent, 0 and `UInt32.max` for rows of any parent
    /// and of none.
    public var lowestParent: UInt32
    public var highestParent: UInt32

    /// Rows of any parent and of none, as they came.
    public var isMixed: Bool { lowestParent == 0 && highestParent == .max }
    public var isWithoutParent: Bool { lowestParent == .max }
}

/// What the headers of all of a segment's blocks say about one column. For integer-class columns and codes.
public struct ColumnExtent: Sendable {
    public var nullCount = 0
    /// nil where every row is null.
    public var values: ClosedRange<Int64>?
}

/// An immutable segment. Rows are numbered from 0; block `b` holds rows `b * 8192 ..< min((b + 1) * 8192, rowCount)`.
/// Decoding asks for whole frames of 256: `firstRow` is a multiple of 256 and only the segment's last frame may be short.
public final class SegmentReader: @unchecked Sendable {
    public static let rowsPerFrame = 256
    public static let rowsPerBlock = 8192
    /// One read from the disk brings this many rows of a column, and one ``ColumnCursor`` pins them.
    public static let rowsPerStripe = 131_072

    let core: OpenSegment
    private let deletes: DeleteBitmap?
    private let dictionaries: ColumnDictionaries

    init(core: OpenSegment, deletes: DeleteBitmap?, dictionaries: ColumnDictionaries) {
        self.core = core
        self.deletes = deletes
        self.dictionaries = dictionaries
    }

    func with(deletes: DeleteBitmap) -> SegmentReader { SegmentReader(core: core, deletes: deletes, dictionaries: dictionaries) }

    public var rowCount: Int { core.rowCount }
    public var blockCount: Int { core.blockCount }

    public func meta(column: Int, block: Int) -> BlockMeta {
        let entry = core.entry(column: column, block: block)
        return BlockMeta(
            rowCount: core.rows(block: block), nullCount: Int(entry.nulls), minimum: entry.minimum, maximum: entry.maximum,
            encoding: entry.encoding, bytes: Int(entry.length))
    }

    public func extent(column: Int) -> ColumnExtent { core.extent(column: column) }

    /// Whether a block of a text column holds codes of the column's dictionary.
    public func isCoded(column: Int, block: Int) -> Bool {
        core.columns[column].isCoded || core.entry(column: column, block: block).encoding != Encoding.plainText.rawValue
    }

    /// Row positions deleted in this snapshot: one bit a row (bit set = deleted), or nil where none is.
    public var deleted: UnsafeBufferPointer<UInt64>? { deletes?.words }
    public var deletedCount: Int { deletes?.count ?? 0 }
    public var bytesOnDisk: Int { core.bytes }

    /// The index of the hidden column whose ids decide the partitions; nil where the rows stand as they came. It may be another than that
    /// of the table's link now, until `optimize`.
    public var partitionColumn: Int? { core.partitionColumn }

    /// All rows of a partitioned segment, front to back; empty where the rows stand as they came.
    public var partitions: [SegmentPartition] {
        if core.partitionColumn == nil { return [] }
        return core.partitions.map {
            SegmentPartition(
                firstRow: Int($0.firstRow), rowCount: Int($0.rows), lowestParent: $0.parentLow, highestParent: $0.parentHigh)
        }
    }

    /// A reader of one column that keeps its last stripe at hand; for one thread.
    public func cursor(column: Int) -> ColumnCursor { ColumnCursor(segment: self, column: column) }

    /// Decodes `count` rows (at most a block's worth, inside one block) of an integer-class column. Nulls: one byte a row, 1 = null,
    /// written only if the block has nulls; returns whether it has. The value under a null is 0.
    public func integers(
        column: Int, firstRow: Int, count: Int, into values: UnsafeMutablePointer<Int64>, nulls: UnsafeMutablePointer<UInt8>
    ) throws -> Bool {
        let (stripe, block, first) = try locate(column, .integer, firstRow, count)
        return withExtendedLifetime(stripe) {
            BlockDecoder.integers(stripe.entries[block], stripe.payload(block), first: first, count: count, into: values, nulls: nulls)
        }
    }

    public func doubles(
        column: Int, firstRow: Int, count: Int, into values: UnsafeMutablePointer<Double>, nulls: UnsafeMutablePointer<UInt8>
    ) throws -> Bool {
        let (stripe, block, first) = try locate(column, .double, firstRow, count)
        return withExtendedLifetime(stripe) {
            BlockDecoder.doubles(stripe.entries[block], stripe.payload(block), first: first, count: count, into: values, nulls: nulls)
        }
    }

    /// Codes of a coded text block (a plain block is our mistake). The code under a null is 0.
    public func codes(
        column: Int, firstRow: Int, count: Int, into codes: UnsafeMutablePointer<UInt32>, nulls: UnsafeMutablePointer<UInt8>
    ) throws -> Bool {
        let (stripe, block, first) = try locate(column, .text, firstRow, count)
        return withExtendedLifetime(stripe) {
            BlockDecoder.codes(stripe.entries[block], stripe.payload(block), first: first, count: count, into: codes, nulls: nulls)
        }
    }

    /// Views of a text block of either kind; they live as long as `keeper`'s references are held by the caller.
    public func texts(
        column: Int, firstRow: Int, count: Int, into views: UnsafeMutablePointer<TextView>, nulls: UnsafeMutablePointer<UInt8>,
        keeper: inout [AnyObject]
    ) throws -> Bool {
        let (stripe, block, first) = try locate(column, .text, firstRow, count)
        return try texts(stripe, block, column, first, count, views, nulls, &keeper)
    }

    func texts(
        _ stripe: Stripe, _ block: Int, _ column: Int, _ first: Int, _ count: Int, _ views: UnsafeMutablePointer<TextView>,
        _ nulls: UnsafeMutablePointer<UInt8>, _ keeper: inout [AnyObject]
    ) throws -> Bool {
        let entry = stripe.entries[block]
        if entry.encoding == Encoding.plainText.rawValue {
            SegmentReader.keep(stripe, &keeper)
            return BlockDecoder.texts(entry, stripe.payload(block), first: first, count: count, into: views, nulls: nulls)
        }
        if Int(entry.nulls) == Int(entry.rows) {
            views.update(repeating: TextView(base: nil, count: 0), count: count)
            nulls.update(repeating: 1, count: count)
            return true
        }
        let dictionary = try dictionaries.dictionary(column: column)
        SegmentReader.keep(dictionary, &keeper)
        return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count) { codes in
            guard let codes = codes.baseAddress else { return false }
            let has = BlockDecoder.codes(entry, stripe.payload(block), first: first, count: count, into: codes, nulls: nulls)
            let entries = dictionary.views
            if has {
                for i in 0..<count { views[i] = nulls[i] != 0 ? TextView(base: nil, count: 0) : entries[Int(codes[i])] }
            } else {
                for i in 0..<count { views[i] = entries[Int(codes[i])] }
            }
            return has
        }
    }

    /// Holds on to an object once; callers pass the same few again and again.
    private static func keep(_ object: AnyObject, _ keeper: inout [AnyObject]) {
        for held in keeper.suffix(8) where held === object { return }
        keeper.append(object)
    }

    func locate(_ column: Int, _ physical: SegmentColumn.Physical, _ firstRow: Int, _ count: Int) throws -> (Stripe, Int, Int) {
        precondition(column >= 0 && column < core.columns.count && core.columns[column].physical == physical)
        check(firstRow, count)
        let stripe = try core.stripe(column: column, stripe: firstRow / SegmentFormat.rowsPerStripe)
        return (stripe, firstRow % SegmentFormat.rowsPerStripe / SegmentFormat.rowsPerBlock, firstRow % SegmentFormat.rowsPerBlock)
    }

    @inline(__always)
    func check(_ firstRow: Int, _ count: Int) {
        precondition(
            firstRow >= 0 && count >= 0 && firstRow & 255 == 0 && firstRow < rowCount && firstRow + count <= rowCount
                && firstRow % SegmentFormat.rowsPerBlock + count <= SegmentFormat.rowsPerBlock)
    }
}
