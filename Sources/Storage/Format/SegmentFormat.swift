/// The fixed parts of a segment file. All numbers are little-endian; every part is a multiple of 8 bytes long.
///
/// ```
/// header 64 | stripe 0: column 0, column 1, ... | stripe 1: ... | footer | trailer 64
/// footer: 64 bytes of counts | columns x 32 | partitions x 64 | columns x blocks x 64 directory entries
/// ```
/// A stripe is 16 blocks of every column, each column's blocks contiguous, so that one read brings 131,072 rows of one column.
enum SegmentFormat {
    static let version: UInt32 = 2
    static let rowsPerFrame = 256
    static let rowsPerBlock = 8192
    static let blocksPerStripe = 16
    static let rowsPerStripe = rowsPerBlock * blocksPerStripe
    static let headerBytes = 64
    static let trailerBytes = 64
    static let countsBytes = 64
    static let columnBytes = 32
    static let partitionBytes = 64
    /// "crmqSEG1" and "crmqEND1" read as little-endian words.
    static let headerMagic: UInt64 = 0x3147_4553_716D_7263
    static let trailerMagic: UInt64 = 0x3144_4E45_716D_7263
    static let noColumn: UInt32 = .max

    /// magic 8 | version 4 | zero 4 | file id 8 | zero 32 | checksum 8
    static func header(file: UInt64) -> RawBuffer {
        let out = RawBuffer(capacity: headerBytes)
        out.append(headerMagic)
        out.append(version)
        _ = out.growZeroed(4)
        out.append(file)
        _ = out.growZeroed(32)
        out.append(out.checksum(seed: file))
        return out
    }

    /// footer offset 8 | footer length 8 | footer checksum 8 | file id 8 | zero 16 | checksum of the 48 before 8 | magic 8
    static func trailer(file: UInt64, footerOffset: Int, footer: RawBuffer) -> RawBuffer {
        let out = RawBuffer(capacity: trailerBytes)
        out.append(UInt64(footerOffset))
        out.append(UInt64(footer.count))
        out.append(footer.checksum(seed: Checksum.seed(file: file, offset: UInt64(footerOffset))))
        out.append(file)
        _ = out.growZeroed(16)
        out.append(out.checksum(seed: file))
        out.append(trailerMagic)
        return out
    }
}

/// id 4 | physical type 1 | flags 1 (1: every text block is coded, 2: ids of a domain) | zero 2 | entries that its codes or ids may use 4 | zero 20
struct SegmentColumn: Equatable {
    enum Physical: UInt8 { case integer = 0, double = 1, text = 2 }
    static let coded: UInt8 = 1
    static let ids: UInt8 = 2
    var id: UInt32
    var physical: Physical
    var isCoded: Bool
    /// Ids of a key domain, all below `dictionaryCount`.
    var isID = false
    var dictionaryCount: UInt32

    func append(to out: RawBuffer) {
        out.append(id)
        out.append(physical.rawValue)
        out.append((isCoded ? SegmentColumn.coded : 0) | (isID ? SegmentColumn.ids : 0))
        _ = out.growZeroed(2)
        out.append(dictionaryCount)
        _ = out.growZeroed(20)
    }

    static func physical(of type: LogicalType) -> Physical {
        switch type.physical {
        case .integer: .integer
        case .double: .double
        case .text: .text
        }
    }
}

/// A stretch of a segment's rows whose parents lie in one range; not aligned to blocks.
///
/// first row 8 | rows 8 | first block 4 | blocks it touches 4 | lowest parent id 4 | highest parent id 4 | zero 32
struct Partition: Equatable {
    var firstRow: UInt64
    var rows: UInt64
    /// Both FFFFFFFF: rows without a parent. 0 and FFFFFFFF: rows of any parent and of none.
    var parentLow: UInt32
    var parentHigh: UInt32

    init(firstRow: Int, rows: Int, parentLow: UInt32 = 0, parentHigh: UInt32 = .max) {
        self.firstRow = UInt64(firstRow)
        self.rows = UInt64(rows)
        self.parentLow = parentLow
        self.parentHigh = parentHigh
    }

    private var firstBlock: UInt64 { firstRow / UInt64(SegmentFormat.rowsPerBlock) }
    private var blocks: UInt64 { (firstRow + max(rows, 1) - 1) / UInt64(SegmentFormat.rowsPerBlock) + 1 - firstBlock }

    func append(to out: RawBuffer) {
        out.append(firstRow)
        out.append(rows)
        out.append(UInt32(firstBlock))
        out.append(UInt32(blocks))
        out.append(parentLow)
        out.append(parentHigh)
        _ = out.growZeroed(32)
    }

    /// nil where the entry at `offset` makes no sense for a segment of so many rows.
    init?(_ footer: RawBuffer, at offset: Int, segmentRows: Int) {
        firstRow = footer.read(offset, as: UInt64.self)
        rows = footer.read(offset + 8, as: UInt64.self)
        parentLow = footer.read(offset + 24, as: UInt32.self)
        parentHigh = footer.read(offset + 28, as: UInt32.self)
        guard rows > 0, rows <= UInt64(segmentRows), firstRow <= UInt64(segmentRows) - rows, parentLow <= parentHigh,
            firstBlock == UInt64(footer.read(offset + 16, as: UInt32.self)), blocks == UInt64(footer.read(offset + 20, as: UInt32.self))
        else { return nil }
    }
}
