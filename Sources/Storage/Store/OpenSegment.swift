/// A segment file held open, with its directory in memory and its cached stripes. Shared by all snapshots that contain the segment.
final class OpenSegment: @unchecked Sendable {
    let id: UInt64
    let file: any File
    let rowCount: Int
    let blockCount: Int
    let stripeCount: Int
    let columns: [SegmentColumn]
    let bytes: Int
    let partitions: [Partition]
    /// The column of ids that decides the partitions; nil where the rows stand in the order they came.
    let partitionColumn: Int?
    private let footer: RawBuffer
    private let directory: UnsafeRawPointer
    /// Where the footer begins, and so where the data ends.
    let dataEnd: UInt64
    private let cache: BlockCache
    private let mutex = Mutex()
    private var slots: [Stripe?]
    /// What all block headers of a column say together, made when it is first asked for.
    private var extents: [ColumnExtent?]

    init(file: any File, id: UInt64, cache: BlockCache) throws {
        self.file = file
        self.id = id
        self.cache = cache
        func corrupt(_ what: String) -> StorageError { StorageError(.corrupt, "\(file.path): \(what)") }
        let size = try file.size()
        bytes = size
        guard size >= SegmentFormat.headerBytes + SegmentFormat.countsBytes + SegmentFormat.trailerBytes else {
            throw corrupt("the file ends early")
        }
        let header = try file.readExactly(SegmentFormat.headerBytes, at: 0)
        guard header.equals(SegmentFormat.header(file: id)) else { throw corrupt("the header is damaged") }
        let trailer = try file.readExactly(SegmentFormat.trailerBytes, at: size - SegmentFormat.trailerBytes)
        let footerOffset = trailer.read(as: UInt64.self)
        let footerBytes = trailer.read(8, as: UInt64.self)
        guard trailer.checksum(48, seed: id) == trailer.read(48, as: UInt64.self),
            trailer.read(56, as: UInt64.self) == SegmentFormat.trailerMagic,
            trailer.read(24, as: UInt64.self) == id,
            footerBytes <= UInt64(size - SegmentFormat.trailerBytes),
            footerOffset == UInt64(size - SegmentFormat.trailerBytes) - footerBytes,
            footerOffset >= UInt64(SegmentFormat.headerBytes), footerBytes >= UInt64(SegmentFormat.countsBytes)
        else { throw corrupt("the trailer is damaged") }
        dataEnd = footerOffset
        footer = try file.readExactly(Int(footerBytes), at: Int(footerOffset))
        let seed = Checksum.seed(file: id, offset: footerOffset)
        guard footer.checksum(seed: seed) == trailer.read(16, as: UInt64.self) else {
            throw corrupt("the footer is damaged")
        }

        let rows = footer.read(as: UInt64.self)
        let columnCount = Int(footer.read(8, as: UInt32.self))
        blockCount = Int(footer.read(12, as: UInt32.self))
        let partitions = Int(footer.read(16, as: UInt32.self))
        let linkColumn = footer.read(20, as: UInt32.self)
        guard rows > 0, rows <= UInt64(UInt32.max), blockCount == (Int(rows) + SegmentFormat.rowsPerBlock - 1) / SegmentFormat.rowsPerBlock,
            columnCount > 0, columnCount < 1 << 20, partitions > 0, UInt64(partitions) <= rows
        else { throw corrupt("the footer's counts make no sense") }
        rowCount = Int(rows)
        stripeCount = (blockCount + SegmentFormat.blocksPerStripe - 1) / SegmentFormat.blocksPerStripe
        let columnsAt = SegmentFormat.countsBytes
        let directoryAt = columnsAt + columnCount * SegmentFormat.columnBytes + partitions * SegmentFormat.partitionBytes
        guard footer.count == directoryAt + columnCount * blockCount * BlockEntry.size else {
            throw corrupt("the footer has a wrong length")
        }
        var columns: [SegmentColumn] = []
        for c in 0..<columnCount {
            let at = columnsAt + c * SegmentFormat.columnBytes
            guard let physical = SegmentColumn.Physical(rawValue: footer.read(at + 4, as: UInt8.self)) else {
                throw corrupt("column \(c) has an unknown type")
            }
            columns.append(
                SegmentColumn(
                    id: footer.read(at, as: UInt32.self), physical: physical,
                    isCoded: footer.read(at + 5, as: UInt8.self) & SegmentColumn.coded != 0,
                    isID: footer.read(at + 5, as: UInt8.self) & SegmentColumn.ids != 0,
                    dictionaryCount: footer.read(at + 8, as: UInt32.self)))
        }
        self.columns = columns
        let partitionsAt = columnsAt + columnCount * SegmentFormat.columnBytes
        var found: [Partition] = []
        var end: UInt64 = 0
        for p in 0..<partitions {
            guard let partition = Partition(footer, at: partitionsAt + p * SegmentFormat.partitionBytes, segmentRows: rowCount),
                partition.firstRow == end
            else { throw corrupt("partition \(p) makes no sense") }
            end = partition.firstRow + partition.rows
            found.append(partition)
        }
        guard end == rows else { throw corrupt("the partitions are not all of the rows") }
        self.partitions = found
        if linkColumn == SegmentFormat.noColumn {
            guard found == [Partition(firstRow: 0, rows: rowCount)] else { throw corrupt("partitions of no link") }
            partitionColumn = nil
        } else {
            guard let at = columns.firstIndex(where: { $0.id == linkColumn && $0.isID }) else { throw corrupt("partitions of no column") }
            partitionColumn = at
        }
        directory = UnsafeRawPointer(footer.base) + directoryAt
        slots = [Stripe?](repeating: nil, count: columnCount * stripeCount)
        extents = [ColumnExtent?](repeating: nil, count: columnCount)
    }

    deinit { cache.remove(slots.compactMap { $0 }) }

    func extent(column: Int) -> ColumnExtent {
        mutex.locked {
            if let known = extents[column] { return known }
            var all = ColumnExtent()
            for block in 0..<blockCount {
                let entry = entry(column: column, block: block)
                all.nullCount += Int(entry.nulls)
                if entry.nulls == entry.rows { continue }
                let known = all.values ?? entry.minimum...entry.maximum
                all.values = min(known.lowerBound, entry.minimum)...max(known.upperBound, entry.maximum)
            }
            extents[column] = all
            return all
        }
    }

    @inline(__always)
    func entry(column: Int, block: Int) -> BlockEntry {
        precondition(column >= 0 && column < columns.count && block >= 0 && block < blockCount)
        return directory.load(fromByteOffset: (column &* blockCount &+ block) &* BlockEntry.size, as: BlockEntry.self)
    }

    /// Whether a column is this hidden one. Blocks are checked for what the engine relies on: ids below the domain's count (each block
    /// when it is read), and no row without an own id.
    func holds(_ hidden: HiddenColumn, at column: Int, idCount: UInt32?) -> Bool {
        let found = columns[column]
        guard found.id == hidden.id, found.physical == .integer, found.isID else { return false }
        switch hidden.role {
        case .own:
            return found.dictionaryCount <= idCount ?? 0 && (0..<blockCount).allSatisfy { entry(column: column, block: $0).nulls == 0 }
        case .parent: return found.dictionaryCount <= idCount ?? 0
        case .retired: return true
        }
    }

    func rows(block: Int) -> Int { min(SegmentFormat.rowsPerBlock, rowCount - block * SegmentFormat.rowsPerBlock) }

    /// The stripe from memory, else from the disk.
    func stripe(column: Int, stripe: Int) throws -> Stripe {
        let slot = column &* stripeCount &+ stripe
        mutex.lock()
        if let found = slots[slot] {
            mutex.unlock()
            if !found.wasUsed.load(ordering: .relaxed) { found.wasUsed.store(true, ordering: .relaxed) }
            return found
        }
        mutex.unlock()
        let read = try readStripe(column: column, stripe: stripe)
        let winner = mutex.locked { () -> Stripe in
            // Another thread may have read the same stripe meanwhile: one copy is enough.
            if let found = slots[slot] { return found }
            slots[slot] = read
            return read
        }
        if winner === read { cache.insert(read) }
        return winner
    }

    func forget(_ stripe: Stripe) {
        mutex.locked {
            if slots[stripe.slot] === stripe { slots[stripe.slot] = nil }
        }
    }

    /// Reads a stripe past the cache and checks every block of it.
    func readStripe(column: Int, stripe: Int) throws -> Stripe {
        let first = stripe * SegmentFormat.blocksPerStripe
        let last = min(first + SegmentFormat.blocksPerStripe, blockCount)
        let entries = (first..<last).map { entry(column: column, block: $0) }
        let start = entries[0].offset
        var end = start
        for (i, entry) in entries.enumerated() {
            guard entry.offset == end, entry.offset >= UInt64(SegmentFormat.headerBytes), entry.offset <= dataEnd,
                UInt64(entry.length) <= dataEnd - entry.offset, entry.length % 8 == 0
            else { throw blockFault(column, first + i, "its place in the file makes no sense") }
            end += UInt64(entry.length)
        }
        let bytes = cache.memory.allocate(Int(end - start))
        try file.readExactly(Int(end - start), at: Int(start), into: bytes)
        let physical = columns[column].physical
        for (i, entry) in entries.enumerated() {
            let payload = UnsafeRawPointer(bytes.base) + Int(entry.offset - start)
            let sum = Checksum.of(payload, count: Int(entry.length), seed: Checksum.seed(file: id, offset: entry.offset))
            guard sum == entry.checksum else { throw blockFault(column, first + i, "its checksum does not match") }
            if let fault = entry.fault(
                physical: physical, rows: rows(block: first + i), payload: payload, isID: columns[column].isID,
                codeLimit: columns[column].dictionaryCount)
            {
                throw blockFault(column, first + i, fault)
            }
        }
        let read = Stripe(bytes: bytes, entries: entries, offset: start, slot: column * stripeCount + stripe, owner: self)
        if column == partitionColumn { try checkPartitions(of: read, blocks: first..<last) }
        return read
    }

    /// That every id is in the range of its row's partition: the engine keeps state for exactly that range.
    private func checkPartitions(of stripe: Stripe, blocks: Range<Int>) throws {
        let ids = UnsafeMutablePointer<Int64>.allocate(capacity: SegmentFormat.rowsPerBlock)
        let nulls = UnsafeMutablePointer<UInt8>.allocate(capacity: SegmentFormat.rowsPerBlock)
        defer {
            ids.deallocate()
            nulls.deallocate()
        }
        for block in blocks {
            let b = block - blocks.lowerBound
            let count = rows(block: block)
            let firstRow = block * SegmentFormat.rowsPerBlock
            let has = BlockDecoder.integers(stripe.entries[b], stripe.payload(b), first: 0, count: count, into: ids, nulls: nulls)
            var p = partition(of: firstRow)
            var i = 0
            while i < count {
                let (low, high) = (Int64(partitions[p].parentLow), Int64(partitions[p].parentHigh))
                let end = min(count, Int(partitions[p].firstRow + partitions[p].rows) - firstRow)
                var outside = 0
                if low == 0, high == Int64(UInt32.max) {
                    i = end
                } else if low == Int64(UInt32.max) {
                    for k in i..<end { outside &+= has && nulls[k] != 0 ? 0 : 1 }
                } else {
                    for k in i..<end { outside &+= ids[k] < low || ids[k] > high || (has && nulls[k] != 0) ? 1 : 0 }
                }
                if outside > 0 {
                    throw blockFault(partitionColumn ?? 0, block, "a row of another partition")
                }
                i = end
                p += 1
            }
        }
    }

    /// The partition that a row belongs to.
    private func partition(of row: Int) -> Int {
        var low = 0
        var high = partitions.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if partitions[middle].firstRow <= UInt64(row) { low = middle } else { high = middle }
        }
        return low
    }

    private func blockFault(_ column: Int, _ block: Int, _ what: String) -> StorageError {
        StorageError(.corrupt, "\(file.path): block \(block) of column \(column) is damaged: \(what)")
    }
}
