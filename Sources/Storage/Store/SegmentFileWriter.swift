/// Writes a segment file front to back: header, stripes as they come, footer, trailer. Memory holds the directory and one write's worth.
final class SegmentFileWriter {
    private static let writeBytes = 1 << 20

    let file: any File
    let id: UInt64
    private let buffer = RawBuffer(capacity: 2 << 20)
    private var flushed = 0
    private var directory: [[BlockEntry]]

    init(file: any File, id: UInt64, columnCount: Int) {
        self.file = file
        self.id = id
        directory = Array(repeating: [], count: columnCount)
        buffer.append(SegmentFormat.header(file: id))
    }

    /// Columns must come in order, stripe after stripe.
    func append(_ stripe: ColumnWriter.EncodedStripe, column: Int) throws {
        var at = flushed + buffer.count
        var source = UnsafeRawPointer(stripe.bytes.base)
        for var entry in stripe.entries {
            entry.offset = UInt64(at)
            entry.checksum = Checksum.of(source, count: Int(entry.length), seed: Checksum.seed(file: id, offset: UInt64(at)))
            directory[column].append(entry)
            at += Int(entry.length)
            source += Int(entry.length)
        }
        buffer.append(stripe.bytes)
        if buffer.count >= SegmentFileWriter.writeBytes { try flush() }
    }

    private func flush() throws {
        try file.append(buffer)
        flushed += buffer.count
        buffer.count = 0
    }

    /// Writes the footer and the trailer; returns the file's length. The caller syncs.
    func finish(rows: Int, columns: [SegmentColumn], partitions: [Partition] = [], linkColumn: UInt32? = nil) throws -> Int {
        let blocks = directory[0].count
        precondition(directory.allSatisfy { $0.count == blocks }, "columns of different lengths")
        let footerOffset = flushed + buffer.count
        let footer = RawBuffer(capacity: 4096 + blocks * columns.count * BlockEntry.size)
        footer.append(UInt64(rows))
        footer.append(UInt32(columns.count))
        footer.append(UInt32(blocks))
        footer.append(UInt32(max(1, partitions.count)))
        footer.append(partitions.isEmpty ? SegmentFormat.noColumn : linkColumn ?? SegmentFormat.noColumn)
        _ = footer.growZeroed(SegmentFormat.countsBytes - footer.count)
        for column in columns { column.append(to: footer) }
        for partition in partitions.isEmpty ? [Partition(firstRow: 0, rows: rows)] : partitions { partition.append(to: footer) }
        for entries in directory { entries.withUnsafeBytes { footer.append($0) } }
        buffer.append(footer)
        buffer.append(SegmentFormat.trailer(file: id, footerOffset: footerOffset, footer: footer))
        try flush()
        return flushed
    }
}
