/// Turns one column's values into encoded blocks, a stripe at a time. Holds at most one block of raw values and one encoded stripe
/// besides the stripes that the file has not taken yet.
final class ColumnWriter {
    struct EncodedStripe {
        var bytes: RawBuffer
        var entries: [BlockEntry]
    }

    /// Input rows of one column: what callers hand in, or what `optimize` has gathered. The memory outlives the call.
    enum Source {
        case chunk(ColumnChunk)
        case integers(UnsafePointer<Int64>, nulls: UnsafePointer<UInt8>?)
        case doubles(UnsafePointer<Double>, nulls: UnsafePointer<UInt8>?)
        /// Codes that the column's dictionary holds already.
        case codes(UnsafePointer<Int64>, nulls: UnsafePointer<UInt8>?)
    }

    private let name: String
    /// Ids are encoded as codes are: no unit, so that a reader can tell that they are in range.
    private let isID: Bool
    private let physical: SegmentColumn.Physical
    private let encoder = IntegerEncoder()
    private let builder: DictionaryBuilder?
    /// Rows that the table's dictionary has served before this writer.
    private let rowsBefore: Int
    /// The dictionary was made for exactly these rows, so its size says nothing about what is still to come.
    private let dictionaryIsComplete: Bool
    private var valueRows = 0
    private let pending = UnsafeMutablePointer<Int64>.allocate(capacity: SegmentFormat.rowsPerBlock)
    private let pendingNulls = UnsafeMutablePointer<UInt8>.allocate(capacity: SegmentFormat.rowsPerBlock)
    private var pendingRows = 0
    private var pendingHasNulls = false
    private var plainBytes = RawBuffer()
    private let plainEnds = UnsafeMutablePointer<UInt32>.allocate(capacity: SegmentFormat.rowsPerBlock)
    private(set) var isCoded = true
    private var stripe = RawBuffer(capacity: 1 << 16)
    private var spare: [RawBuffer] = []
    private var entries: [BlockEntry] = []
    /// Full stripes, oldest first, until `recycleStripes()`.
    private(set) var stripes: [EncodedStripe] = []
    /// Whether every value so far was larger than the one before. Only integers are watched.
    private(set) var isIncreasing = true
    private var last: Int64?
    private(set) var minimum = Int64.max
    private(set) var maximum = Int64.min
    private(set) var hasNulls = false

    init(name: String, type: LogicalType, builder: DictionaryBuilder?, rowsBefore: Int, dictionaryIsComplete: Bool = false) {
        self.name = name
        isID = false
        physical = SegmentColumn.physical(of: type)
        self.builder = builder
        self.rowsBefore = rowsBefore
        self.dictionaryIsComplete = dictionaryIsComplete
        choosePlain()
    }

    /// A hidden column.
    init(idsOf table: String) {
        name = table
        isID = true
        physical = .integer
        builder = nil
        rowsBefore = 0
        dictionaryIsComplete = false
    }

    deinit {
        pending.deallocate()
        pendingNulls.deallocate()
        plainEnds.deallocate()
    }

    var dictionaryCount: UInt32 { UInt32(builder?.count ?? 0) }

    func append(_ source: Source, rows count: Int) throws {
        switch source {
        case .chunk(let chunk):
            precondition(chunk.nulls.isEmpty || chunk.nulls.count == count, "nulls for another number of rows")
            try chunk.nulls.withUnsafeBufferPointer { try append(chunk.values, $0.isEmpty ? nil : $0.baseAddress, count) }
        case .integers(let integers, let nulls):
            precondition(physical == .integer)
            feed(nulls, count) { at, n in (pending + pendingRows).update(from: integers + at, count: n) }
        case .doubles(let doubles, let nulls):
            precondition(physical == .double)
            let target = UnsafeMutableRawPointer(pending)
            feed(nulls, count) { at, n in (target + pendingRows &* 8).copyMemory(from: doubles + at, byteCount: n &* 8) }
        case .codes(let codes, let nulls):
            precondition(physical == .text && isCoded)
            feed(nulls, count) { at, n in (pending + pendingRows).update(from: codes + at, count: n) }
        }
    }

    private func append(_ values: ColumnChunk.Values, _ nulls: UnsafePointer<UInt8>?, _ count: Int) throws {
        switch values {
        case .integers(let integers):
            precondition(physical == .integer && integers.count == count, "another type or number of values than the column's")
            try integers.withUnsafeBufferPointer { source in
                if let start = source.baseAddress { try append(.integers(start, nulls: nulls), rows: count) }
            }
        case .doubles(let doubles):
            precondition(physical == .double && doubles.count == count, "another type or number of values than the column's")
            try checkFinite(doubles, nulls)
            try doubles.withUnsafeBufferPointer { source in
                if let start = source.baseAddress { try append(.doubles(start, nulls: nulls), rows: count) }
            }
        case .text(let text):
            precondition(physical == .text && text.count == count, "another type or number of values than the column's")
            try ColumnWriter.checkLengths(text, column: name)
            try text.bytes.withUnsafeBufferPointer { bytes in
                try text.offsets.withUnsafeBufferPointer { offsets in
                    var failure: StorageError?
                    feed(nulls, count) { at, n in
                        if failure == nil { failure = takeTexts(bytes.baseAddress, offsets.baseAddress! + at, nulls.map { $0 + at }, n) }
                    }
                    if let failure { throw failure }
                }
            }
        }
    }

    /// Passes `count` rows to `copy` in pieces that fit the pending block, and encodes the block whenever it is full.
    @inline(__always)
    private func feed(_ nulls: UnsafePointer<UInt8>?, _ count: Int, _ copy: (_ at: Int, _ rows: Int) -> Void) {
        var at = 0
        while at < count {
            let n = min(count &- at, SegmentFormat.rowsPerBlock &- pendingRows)
            if let nulls {
                (pendingNulls + pendingRows).update(from: nulls + at, count: n)
                pendingHasNulls = true
            } else {
                (pendingNulls + pendingRows).update(repeating: 0, count: n)
            }
            copy(at, n)
            pendingRows &+= n
            at &+= n
            if pendingRows == SegmentFormat.rowsPerBlock { encodeBlock() }
        }
    }

    private func takeTexts(
        _ bytes: UnsafePointer<UInt8>?, _ offsets: UnsafePointer<Int>, _ nulls: UnsafePointer<UInt8>?, _ count: Int
    ) -> StorageError? {
        if isCoded, let builder {
            for i in 0..<count {
                if let nulls, nulls[i] != 0 {
                    pending[pendingRows &+ i] = 0
                } else {
                    let start = offsets[i]
                    pending[pendingRows &+ i] = Int64(builder.code(bytes.map { $0 + start }, offsets[i &+ 1] &- start))
                }
            }
            return nil
        }
        for i in 0..<count {
            let isNull = nulls.map { $0[i] != 0 } ?? false
            let start = offsets[i]
            let length = offsets[i &+ 1] &- start
            if !isNull, length > 0, let bytes {
                if plainBytes.count + length > PlainText.blockBytesMax {
                    return StorageError(.data, "\(name): 8,192 texts take more than \(PlainText.blockBytesMax >> 30) GB")
                }
                plainBytes.grow(length).copyMemory(from: bytes + start, byteCount: length)
            }
            plainEnds[pendingRows &+ i] = UInt32(plainBytes.count)
        }
        return nil
    }

    static func checkLengths(_ text: TextChunk, column name: String) throws {
        if text.bytes.count <= DictionaryLimits.textBytesMax { return }
        for i in 0..<text.count where text.offsets[i + 1] - text.offsets[i] > DictionaryLimits.textBytesMax {
            throw StorageError(
                .data, "\(name): a text of \((text.offsets[i + 1] - text.offsets[i]) >> 20) MB is longer than a table can hold")
        }
    }

    private func checkFinite(_ doubles: [Double], _ nulls: UnsafePointer<UInt8>?) throws {
        for i in 0..<doubles.count where !doubles[i].isFinite && (nulls == nil || nulls![i] == 0) {
            throw StorageError(.data, "\(name): \(doubles[i]) is not a number that a table can hold")
        }
    }

    private func encodeBlock() {
        let count = pendingRows
        if count == 0 { return }
        let nulls = pendingHasNulls ? UnsafePointer(pendingNulls) : nil
        var entry: BlockEntry
        switch physical {
        case .integer:
            entry = encoder.encode(pending, nulls: nulls, rows: count, unitAllowed: !isID, into: stripe)
            watchOrder(count, entry)
        case .double:
            entry = UnsafeMutableRawPointer(pending).withMemoryRebound(to: Double.self, capacity: count) {
                encoder.encode(UnsafePointer($0), nulls: nulls, rows: count, into: stripe)
            }
        case .text:
            if isCoded {
                entry = encoder.encode(pending, nulls: nulls, rows: count, unitAllowed: false, into: stripe)
            } else {
                entry = PlainText.encode(bytes: plainBytes, ends: plainEnds, nulls: nulls, rows: count, into: stripe)
                plainBytes.count = 0
            }
        }
        hasNulls = hasNulls || entry.nulls > 0
        entries.append(entry)
        valueRows += count - Int(entry.nulls)
        pendingRows = 0
        pendingHasNulls = false
        if physical == .text { choosePlain() }
        if entries.count == SegmentFormat.blocksPerStripe { endStripe() }
    }

    /// A dictionary that grows with the rows only costs: codes as wide as the texts are few bytes, and every text stored once all the
    /// same. And none may grow so large that a load's memory goes with it.
    private func choosePlain() {
        guard isCoded, !dictionaryIsComplete, let builder else { return }
        if DictionaryLimits.isTooLong(entries: builder.count, bytes: builder.bytes, rows: rowsBefore + valueRows) { isCoded = false }
    }

    /// From here on rows come as plain texts; those that wait for their block are turned into such.
    func goPlain() {
        guard isCoded, let builder else { return }
        isCoded = false
        for i in 0..<pendingRows {
            if pendingNulls[i] == 0 { plainBytes.append(UnsafeRawBufferPointer(builder.text(UInt32(pending[i])).buffer)) }
            plainEnds[i] = UInt32(plainBytes.count)
        }
    }

    private func watchOrder(_ count: Int, _ entry: BlockEntry) {
        if Int(entry.nulls) == count { return }
        minimum = min(minimum, entry.minimum)
        maximum = max(maximum, entry.maximum)
        guard isIncreasing else { return }
        if entry.nulls > 0 {
            isIncreasing = false
            return
        }
        var falls = last.map { pending[0] > $0 } ?? true ? 0 : 1
        for i in 1..<max(count, 1) { falls &+= pending[i] > pending[i &- 1] ? 0 : 1 }
        isIncreasing = falls == 0
        last = pending[count - 1]
    }

    private func endStripe() {
        if entries.isEmpty { return }
        stripes.append(EncodedStripe(bytes: stripe, entries: entries))
        stripe = spare.popLast() ?? RawBuffer(capacity: stripe.count + 1024)
        entries = []
    }

    /// Takes back the memory of stripes that are written: fresh pages for each would cost as much as the encoding.
    func recycleStripes() {
        for done in stripes where spare.count < 4 {
            done.bytes.count = 0
            spare.append(done.bytes)
        }
        stripes.removeAll(keepingCapacity: true)
    }

    /// Encodes what is left, a short block and a short stripe.
    func finish() {
        encodeBlock()
        endStripe()
    }
}

/// Where dictionaries end and plain text begins.
enum DictionaryLimits {
    /// Up to this size a dictionary is kept whatever its rows are.
    static let entriesSmall = 65_536
    static let bytesSmall = 32 << 20
    /// Beyond this size none is kept, however often its texts repeat.
    static let entriesMax = 4 << 20
    static let bytesMax = 256 << 20
    static let textBytesMax = 256 << 20

    /// Whether a dictionary of this size no longer pays for this many values.
    static func isTooLong(entries: Int, bytes: Int, rows: Int) -> Bool {
        let isLong = entries > entriesSmall || bytes > bytesSmall
        return (isLong && entries > rows / 2) || entries > entriesMax || bytes > bytesMax
    }
}
