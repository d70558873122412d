/// Reads one column of one segment without a lock as long as calls stay within a stripe of 131,072 rows, which it pins.
///
/// The calls are those of ``SegmentReader`` with the same rules. A cursor belongs to one thread; make one for each worker.
public final class ColumnCursor {
    public let segment: SegmentReader
    public let column: Int
    private var stripe: Stripe?
    private var stripeNumber = -1
    private let physical: SegmentColumn.Physical

    init(segment: SegmentReader, column: Int) {
        self.segment = segment
        self.column = column
        physical = segment.core.columns[column].physical
    }

    public func integers(
        firstRow: Int, count: Int, into values: UnsafeMutablePointer<Int64>, nulls: UnsafeMutablePointer<UInt8>
    ) throws -> Bool {
        precondition(physical == .integer)
        let (stripe, block, first) = try locate(firstRow, count)
        return withExtendedLifetime(stripe) {
            BlockDecoder.integers(stripe.entries[block], stripe.payload(block), first: first, count: count, into: values, nulls: nulls)
        }
    }

    /// As ``integers(firstRow:count:into:nulls:)`` in codes of 32 bits; nil (and nothing written) where the block's values lie too far apart.
    public func narrow(
        firstRow: Int, count: Int, into codes: UnsafeMutablePointer<UInt32>, nulls: UnsafeMutablePointer<UInt8>
    ) throws -> NarrowForm? {
        precondition(physical == .integer)
        let (stripe, block, first) = try locate(firstRow, count)
        return withExtendedLifetime(stripe) {
            guard let form = BlockDecoder.narrowForm(stripe.entries[block]) else { return nil }
            BlockDecoder.narrow(stripe.entries[block], stripe.payload(block), first: first, count: count, into: codes, nulls: nulls)
            return form
        }
    }

    public func doubles(
        firstRow: Int, count: Int, into values: UnsafeMutablePointer<Double>, nulls: UnsafeMutablePointer<UInt8>
    ) throws -> Bool {
        precondition(physical == .double)
        let (stripe, block, first) = try locate(firstRow, count)
        return withExtendedLifetime(stripe) {
            BlockDecoder.doubles(stripe.entries[block], stripe.payload(block), first: first, count: count, into: values, nulls: nulls)
        }
    }

    public func codes(
        firstRow: Int, count: Int, into codes: UnsafeMutablePointer<UInt32>, nulls: UnsafeMutablePointer<UInt8>
    ) throws -> Bool {
        precondition(physical == .text)
        let (stripe, block, first) = try locate(firstRow, count)
        return withExtendedLifetime(stripe) {
            BlockDecoder.codes32(stripe.entries[block], stripe.payload(block), first: first, count: count, into: codes, nulls: nulls)
        }
    }

    /// As ``codes(firstRow:count:into:nulls:)`` for a dictionary of at most 256 entries: a quarter of the memory to walk through.
    public func codes8(
        firstRow: Int, count: Int, into codes: UnsafeMutablePointer<UInt8>, nulls: UnsafeMutablePointer<UInt8>
    ) throws -> Bool {
        precondition(physical == .text && segment.core.columns[column].dictionaryCount <= 256)
        let (stripe, block, first) = try locate(firstRow, count)
        return withExtendedLifetime(stripe) {
            BlockDecoder.codes(stripe.entries[block], stripe.payload(block), first: first, count: count, into: codes, nulls: nulls)
        }
    }

    /// As ``codes(firstRow:count:into:nulls:)`` for a dictionary of at most 65,536 entries.
    public func codes16(
        firstRow: Int, count: Int, into codes: UnsafeMutablePointer<UInt16>, nulls: UnsafeMutablePointer<UInt8>
    ) throws -> Bool {
        precondition(physical == .text && segment.core.columns[column].dictionaryCount <= 65_536)
        let (stripe, block, first) = try locate(firstRow, count)
        return withExtendedLifetime(stripe) {
            BlockDecoder.codes(stripe.entries[block], stripe.payload(block), first: first, count: count, into: codes, nulls: nulls)
        }
    }

    public func texts(
        firstRow: Int, count: Int, into views: UnsafeMutablePointer<TextView>, nulls: UnsafeMutablePointer<UInt8>,
        keeper: inout [AnyObject]
    ) throws -> Bool {
        precondition(physical == .text)
        let (stripe, block, first) = try locate(firstRow, count)
        return try segment.texts(stripe, block, column, first, count, views, nulls, &keeper)
    }

    func locate(_ firstRow: Int, _ count: Int) throws -> (Stripe, Int, Int) {
        segment.check(firstRow, count)
        let number = firstRow / SegmentFormat.rowsPerStripe
        let block = firstRow % SegmentFormat.rowsPerStripe / SegmentFormat.rowsPerBlock
        let first = firstRow % SegmentFormat.rowsPerBlock
        if number == stripeNumber, let stripe { return (stripe, block, first) }
        let found = try segment.core.stripe(column: column, stripe: number)
        stripe = found
        stripeNumber = number
        return (found, block, first)
    }
}
