/// How a block's bytes are to be read. The numbers are permanent.
enum Encoding: UInt8, CaseIterable {
    /// All rows equal `base`, or all are null; no bytes.
    case constant = 0
    /// Frames of one width over one base.
    case packed = 1
    /// A base for every frame first, then frames of one width.
    case packedByFrame = 2
    /// Ends of runs, then one code a run.
    case runLength = 3
    /// Offsets, then bytes.
    case plainText = 4
    /// Eight bytes a value.
    case rawDouble = 5
    /// Doubles that are exactly `integer / 10^aux`, the integers packed.
    case decimalDouble = 6
    /// For every frame a line and a width of its own, then frames of the distances from it.
    case packedByLine = 7

    var name: String {
        switch self {
        case .constant: "constant"
        case .packed: "packed"
        case .packedByFrame: "packed by frame"
        case .runLength: "run length"
        case .plainText: "plain text"
        case .rawDouble: "raw double"
        case .decimalDouble: "decimal double"
        case .packedByLine: "packed by line"
        }
    }
}

/// One line of a segment's block directory, exactly as its 64 bytes stand in the file.
///
/// | at | bytes | what |
/// |---|---|---|
/// | 0 | 8 | offset in the file |
/// | 8 | 4 | length in bytes, a multiple of 8 |
/// | 12 | 2 | rows |
/// | 14 | 2 | nulls |
/// | 16 | 1 | encoding |
/// | 17 | 1 | width in bits, 0...64 |
/// | 18 | 1 | word in bits: 0, 8, 16, 32, 64 |
/// | 19 | 1 | flags: 1 nulls in a bitmap before the data |
/// | 20 | 4 | decimal places of a decimal double; runs of a run-length block |
/// | 24 | 8 | base |
/// | 32 | 8 | unit |
/// | 40 | 8 | minimum |
/// | 48 | 8 | maximum |
/// | 56 | 8 | checksum of the bytes, seeded with file and offset |
struct BlockEntry: BitwiseCopyable {
    static let size = 64
    static let nullBitmap: UInt8 = 1

    var offset: UInt64 = 0
    var length: UInt32 = 0
    var rows: UInt16 = 0
    var nulls: UInt16 = 0
    var encoding: UInt8 = 0
    var width: UInt8 = 0
    var word: UInt8 = 0
    var flags: UInt8 = 0
    var aux: UInt32 = 0
    var base: Int64 = 0
    var unit: UInt64 = 1
    var minimum: Int64 = 0
    var maximum: Int64 = 0
    var checksum: UInt64 = 0

    var hasBitmap: Bool { flags & BlockEntry.nullBitmap != 0 }
    /// Nulls stand as code 0, so values are shifted by one.
    var hasSpareNull: Bool { nulls > 0 && !hasBitmap }
    var bitmapBytes: Int { hasBitmap ? (Int(rows) + 63) / 64 * 8 : 0 }
    var frames: Int { (Int(rows) + 255) / 256 }
}
