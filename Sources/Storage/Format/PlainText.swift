/// A block of texts as they are: rows + 1 offsets of 4 bytes, padded to 8, then the bytes, padded to 8. A null has no bytes.
enum PlainText {
    /// A block's length is a 32-bit number.
    static let blockBytesMax = 1 << 31

    static func tableBytes(rows: Int) -> Int { ((rows + 1) * 4 + 7) / 8 * 8 }

    static func encode(
        bytes: RawBuffer, ends: UnsafePointer<UInt32>, nulls: UnsafePointer<UInt8>?, rows: Int, into out: RawBuffer
    ) -> BlockEntry {
        var entry = BlockEntry()
        entry.rows = UInt16(rows)
        let nullCount = nulls.map { NullBytes.count($0, rows: rows) } ?? 0
        entry.nulls = UInt16(nullCount)
        if nullCount == rows { return entry }
        entry.encoding = Encoding.plainText.rawValue
        let start = out.count
        if nullCount > 0, let nulls {
            entry.flags |= BlockEntry.nullBitmap
            NullBytes.appendBitmap(nulls, rows: rows, to: out)
        }
        let offsets = out.growZeroed(tableBytes(rows: rows)).assumingMemoryBound(to: UInt32.self)
        for i in 0..<rows { offsets[i + 1] = ends[i] }
        out.append(bytes)
        out.padToWord()
        entry.length = UInt32(out.count - start)
        return entry
    }
}
