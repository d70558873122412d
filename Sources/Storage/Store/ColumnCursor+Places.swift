/// Single rows, `firstRow + places[...]` with places below `span`. nil, and nothing written, where the block is read in runs only.
extension ColumnCursor {
    public func narrow(
        firstRow: Int, span: Int, places: UnsafePointer<UInt16>, count: Int, into codes: UnsafeMutablePointer<UInt32>,
        nulls: UnsafeMutablePointer<UInt8>
    ) throws -> NarrowForm? {
        let (stripe, block, first) = try locate(firstRow, span)
        return withExtendedLifetime(stripe) {
            let entry = stripe.entries[block]
            guard BlockDecoder.readsPlaces(entry), let form = BlockDecoder.narrowForm(entry) else { return nil }
            BlockDecoder.narrow(entry, stripe.payload(block), first: first, places: places, count: count, into: codes, nulls: nulls)
            return form
        }
    }

    /// Whether there are nulls among the codes.
    public func codes(
        firstRow: Int, span: Int, places: UnsafePointer<UInt16>, count: Int, into codes: UnsafeMutablePointer<UInt32>,
        nulls: UnsafeMutablePointer<UInt8>
    ) throws -> Bool? {
        let (stripe, block, first) = try locate(firstRow, span)
        return withExtendedLifetime(stripe) {
            let entry = stripe.entries[block]
            guard BlockDecoder.readsPlaces(entry) else { return nil }
            return BlockDecoder.codes32(entry, stripe.payload(block), first: first, places: places, count: count, into: codes, nulls: nulls)
        }
    }

    /// Whether there are nulls among the texts; `keeper` keeps the bytes that they borrow.
    public func texts(
        firstRow: Int, span: Int, places: UnsafePointer<UInt16>, count: Int, into views: UnsafeMutablePointer<TextView>,
        nulls: UnsafeMutablePointer<UInt8>, keeper: inout [AnyObject]
    ) throws -> Bool? {
        let (stripe, block, first) = try locate(firstRow, span)
        let entry = stripe.entries[block]
        guard entry.encoding == Encoding.plainText.rawValue else { return nil }
        keeper.append(stripe)
        return BlockDecoder.texts(entry, stripe.payload(block), first: first, places: places, count: count, into: views, nulls: nulls)
    }
}
