/// A column's dictionary while texts are added: the entries that were there, and behind them the new ones.
final class DictionaryBuilder {
    private let base: TextDictionary?
    private let baseTable: TextTable?
    private let baseCount: Int
    private var table = TextTable(capacity: 128)
    private var views = UnsafeMutablePointer<TextView>.allocate(capacity: 256)
    private var capacity = 256
    private var added = 0
    private var arena = RawBuffer(capacity: 1 << 16)
    private var arenas: [RawBuffer] = []
    /// Bytes of the texts that were added here.
    private(set) var bytes = 0
    /// Entries before this one are in dictionary files already.
    private(set) var written: Int

    init(base: TextDictionary?) {
        self.base = base
        baseCount = base?.count ?? 0
        baseTable = baseCount > 0 ? base?.lookupTable() : nil
        written = baseCount
    }

    deinit {
        table.free()
        views.deallocate()
    }

    var count: Int { baseCount + added }

    /// The text's code, given now if it is new.
    @inline(__always)
    func code(_ start: UnsafePointer<UInt8>?, _ length: Int) -> UInt32 {
        let hash = TextTable.hash(start, length)
        if let baseTable, let base, let found = baseTable.find(start, length, hash: hash, views: base.views) { return found }
        if let found = table.find(start, length, hash: hash, views: views) { return UInt32(baseCount) &+ found }
        return add(start, length, hash)
    }

    /// The text's code, or nil where it has none.
    func find(_ start: UnsafePointer<UInt8>?, _ length: Int) -> UInt32? {
        let hash = TextTable.hash(start, length)
        if let baseTable, let base, let found = baseTable.find(start, length, hash: hash, views: base.views) { return found }
        return table.find(start, length, hash: hash, views: views).map { UInt32(baseCount) &+ $0 }
    }

    /// The text of a code; it lives as long as this object.
    @inline(__always)
    func text(_ code: UInt32) -> TextView {
        precondition(Int(code) < count, "a code beyond the dictionary")
        if let base, Int(code) < baseCount { return base.views[Int(code)] }
        return views[Int(code) &- baseCount]
    }

    @inline(never)
    private func add(_ start: UnsafePointer<UInt8>?, _ length: Int, _ hash: UInt64) -> UInt32 {
        precondition(count < Int(UInt32.max) - 1, "a dictionary of four billion texts")
        if arena.count + length > arena.capacity {
            arenas.append(arena)
            arena = RawBuffer(capacity: max(1 << 20, length))
        }
        let copy = arena.grow(length).assumingMemoryBound(to: UInt8.self)
        if let start, length > 0 { copy.update(from: start, count: length) }
        if added == capacity {
            let larger = UnsafeMutablePointer<TextView>.allocate(capacity: capacity * 2)
            larger.moveInitialize(from: views, count: added)
            views.deallocate()
            views = larger
            capacity *= 2
        }
        (views + added).initialize(to: TextView(base: UnsafePointer(copy), count: length))
        table.insert(UInt32(added), hash: hash, views: views)
        added += 1
        bytes += length
        return UInt32(baseCount + added - 1)
    }

    /// Appends the entries that are in no file yet (or those from code `first` on) as one record; nil where there are none.
    func appendPiece(column: UInt32, from start: Int? = nil, file: UInt64, to out: RawBuffer) -> DictionaryPiece? {
        let first = start ?? written
        let piece: DictionaryPiece?
        if first < baseCount {
            piece = (first..<count).map { text(UInt32($0)) }.withUnsafeBufferPointer {
                DictionaryFormat.append($0, firstCode: first, column: column, file: file, to: out)
            }
        } else {
            let entries = UnsafeBufferPointer(start: views + (first - baseCount), count: count - first)
            piece = DictionaryFormat.append(entries, firstCode: first, column: column, file: file, to: out)
        }
        if piece != nil { written = count }
        return piece
    }
}

/// A dictionary record: tag the column's id, a the first code, b the entries; lengths of 4 bytes padded to 8, then the texts.
enum DictionaryFormat {
    static func append(
        _ entries: UnsafeBufferPointer<TextView>, firstCode: Int, column: UInt32, file: UInt64, to out: RawBuffer
    ) -> DictionaryPiece? {
        if entries.isEmpty { return nil }
        let payload = RawBuffer(capacity: entries.count * 16)
        for view in entries { payload.append(UInt32(view.count)) }
        payload.padToWord()
        for view in entries { payload.append(UnsafeRawBufferPointer(view.buffer)) }
        let offset = RecordFile.append(
            tag: UInt64(column), a: UInt64(firstCode), b: UInt64(entries.count), payload: payload, file: file, to: out)
        return DictionaryPiece(
            file: file, offset: UInt64(offset), bytes: UInt64(payload.count), firstCode: UInt32(firstCode), count: UInt32(entries.count))
    }

    /// Reads a piece into `views`, which has room for its entries, and returns the owner of their bytes.
    static func read(_ piece: DictionaryPiece, column: UInt32, file: any File, into views: UnsafeMutablePointer<TextView>) throws
        -> RawBuffer
    {
        func corrupt() -> StorageError { StorageError(.corrupt, "\(file.path): the dictionary at \(piece.offset) is damaged") }
        let (header, payload) = try RecordFile.read(file, id: piece.file, at: Int(clamping: piece.offset))
        let count = Int(piece.count)
        let table = (count * 4 + 7) / 8 * 8
        guard header.tag == UInt64(column), header.a == UInt64(piece.firstCode), header.b == UInt64(piece.count),
            UInt64(payload.count) == piece.bytes, payload.count >= table
        else { throw corrupt() }
        var at = table
        for i in 0..<count {
            let length = Int(payload.read(i * 4, as: UInt32.self))
            guard length <= payload.count - at else { throw corrupt() }
            let start = UnsafePointer((payload.base + at).assumingMemoryBound(to: UInt8.self))
            (views + i).initialize(to: TextView(base: start, count: length))
            at += length
        }
        guard payload.count - at < 8 else { throw corrupt() }
        return payload
    }
}
