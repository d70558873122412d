/// The deleted rows of one segment, one bit a row. Immutable once shared.
final class DeleteBitmap: @unchecked Sendable {
    private let bits: UnsafeMutableBufferPointer<UInt64>
    private(set) var count: Int
    let rows: Int

    init(rows: Int, copying other: DeleteBitmap? = nil) {
        self.rows = rows
        bits = .allocate(capacity: (rows + 63) / 64)
        if let other {
            precondition(other.rows == rows)
            _ = bits.initialize(from: other.bits)
            count = other.count
        } else {
            bits.initialize(repeating: 0)
            count = 0
        }
    }

    deinit { bits.deallocate() }

    var words: UnsafeBufferPointer<UInt64> { UnsafeBufferPointer(bits) }

    func contains(_ row: Int) -> Bool { bits[row >> 6] >> UInt64(row & 63) & 1 != 0 }

    /// Counts a row that was deleted already only once.
    func insert(_ row: Int) {
        precondition(row >= 0 && row < rows, "a row beyond its segment")
        let bit = UInt64(1) << UInt64(row & 63)
        if bits[row >> 6] & bit == 0 {
            bits[row >> 6] |= bit
            count += 1
        }
    }

    // On disk: tag is the segment's file id, a its rows, b the deleted rows. A bitmap of whole 64-bit words, or, where that is smaller,
    // the rows in ascending order as 32-bit numbers; which of the two follows from the numbers.

    static func payloadBytes(rows: Int, count: Int) -> Int {
        isSparse(rows: rows, count: count) ? (count * 4 + 7) / 8 * 8 : (rows + 63) / 64 * 8
    }

    private static func isSparse(rows: Int, count: Int) -> Bool { count * 4 < (rows + 63) / 64 * 8 }

    func append(segment: UInt64, file: UInt64, to out: RawBuffer) -> DeletesReference {
        let payload = RawBuffer(capacity: 1024)
        if DeleteBitmap.isSparse(rows: rows, count: count) {
            for word in 0..<bits.count {
                var rest = bits[word]
                while rest != 0 {
                    payload.append(UInt32(word * 64 + rest.trailingZeroBitCount))
                    rest &= rest - 1
                }
            }
        } else {
            payload.append(UnsafeRawBufferPointer(bits))
        }
        let offset = RecordFile.append(tag: segment, a: UInt64(rows), b: UInt64(count), payload: payload, file: file, to: out)
        return DeletesReference(file: file, offset: UInt64(offset), count: UInt64(count))
    }

    convenience init(file: any File, reference: DeletesReference, segment: UInt64, rows: Int) throws {
        func corrupt() -> StorageError { StorageError(.corrupt, "\(file.path): the deleted rows of segment-\(segment) are damaged") }
        let record = try RecordFile.read(file, id: reference.file, at: Int(clamping: reference.offset))
        self.init(rows: rows)
        guard record.header.tag == segment, record.header.a == UInt64(rows), record.header.b == reference.count,
            reference.count <= UInt64(rows)
        else { throw corrupt() }
        let wanted = Int(reference.count)
        guard record.payload.count == DeleteBitmap.payloadBytes(rows: rows, count: wanted) else { throw corrupt() }
        if DeleteBitmap.isSparse(rows: rows, count: wanted) {
            for i in 0..<wanted {
                let row = Int(record.payload.read(i * 4, as: UInt32.self))
                guard row < rows else { throw corrupt() }
                insert(row)
            }
        } else {
            withExtendedLifetime(record.payload) { UnsafeMutableRawBufferPointer(bits).copyMemory(from: record.payload.bytes) }
            if rows & 63 != 0, bits[bits.count - 1] >> UInt64(rows & 63) != 0 { throw corrupt() }
            count = bits.reduce(0) { $0 + $1.nonzeroBitCount }
        }
        guard count == wanted else { throw corrupt() }
    }
}
