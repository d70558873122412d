/// Key values of a domain in the record of a keys file: tag the domain's id, a the first id, b the values.
///
/// Single keys whose physical form is an integer or a double (its bits) stand as encoded blocks of 8,192 values: their directory
/// entries first (offsets count from the end of the entries, checksums are zero: the record has its own), then their bytes. All other
/// keys stand as texts in the form of a dictionary piece.
enum KeysFormat {
    static func append(
        _ values: UnsafePointer<Int64>, count: Int, firstID: Int, domain: UInt32, file: UInt64, to out: RawBuffer
    ) -> DictionaryPiece {
        let encoder = IntegerEncoder()
        let bytes = RawBuffer(capacity: 1 << 16)
        let payload = RawBuffer(capacity: 1 << 12)
        var at = 0
        while at < count {
            let rows = min(SegmentFormat.rowsPerBlock, count - at)
            let start = bytes.count
            var entry = encoder.encode(values + at, nulls: nil, rows: rows, unitAllowed: true, into: bytes)
            entry.offset = UInt64(start)
            payload.append(entry)
            at += rows
        }
        payload.append(bytes)
        let offset = RecordFile.append(
            tag: UInt64(domain), a: UInt64(firstID), b: UInt64(count), payload: payload, file: file, to: out)
        return DictionaryPiece(
            file: file, offset: UInt64(offset), bytes: UInt64(payload.count), firstCode: UInt32(firstID), count: UInt32(count))
    }

    /// Reads a piece into `values`, which has room for it.
    static func read(_ piece: DictionaryPiece, domain: UInt32, file: any File, into values: UnsafeMutablePointer<Int64>) throws {
        func corrupt() -> StorageError { StorageError(.corrupt, "\(file.path): the keys at \(piece.offset) are damaged") }
        let (header, payload) = try RecordFile.read(file, id: piece.file, at: Int(clamping: piece.offset))
        let count = Int(piece.count)
        let blocks = (count + SegmentFormat.rowsPerBlock - 1) / SegmentFormat.rowsPerBlock
        let data = blocks * BlockEntry.size
        guard header.tag == UInt64(domain), header.a == UInt64(piece.firstCode), header.b == UInt64(piece.count),
            UInt64(payload.count) == piece.bytes, payload.count >= data
        else { throw corrupt() }
        let nulls = UnsafeMutablePointer<UInt8>.allocate(capacity: SegmentFormat.rowsPerBlock)
        defer { nulls.deallocate() }
        var end = 0
        for block in 0..<blocks {
            let entry = payload.read(block * BlockEntry.size, as: BlockEntry.self)
            let first = block * SegmentFormat.rowsPerBlock
            let rows = min(SegmentFormat.rowsPerBlock, count - first)
            guard entry.offset == UInt64(end), Int(entry.length) <= payload.count - data - end, entry.nulls == 0 else { throw corrupt() }
            let start = UnsafeRawPointer(payload.base) + data + end
            guard entry.fault(physical: .integer, rows: rows, payload: start, codeLimit: 0) == nil else { throw corrupt() }
            _ = withExtendedLifetime(payload) {
                BlockDecoder.integers(entry, start, first: 0, count: rows, into: values + first, nulls: nulls)
            }
            end += Int(entry.length)
        }
        guard end == payload.count - data else { throw corrupt() }
    }
}
