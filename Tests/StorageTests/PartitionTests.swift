import Testing

@testable import Storage

/// Children lie by their parents' ranges, in time order inside, and nothing else about them changes.
@Suite struct PartitionTests {
    private static let limits = PartitionLimits(rangeBits: 5, rowsMax: 400, rowsMin: 1000, rowsPerRangeMin: 2, runBytesMax: 200_000)

    private func orders(_ rows: Int, first: Int, isText: Bool, _ random: inout SeededGenerator) -> [TestColumn] {
        [
            TestColumn("id", .int, (first..<first + rows).map { .integer(Int64($0)) }),
            TestColumn(
                "customer", isText ? .text : .int,
                (0..<rows).map { _ in
                    // Every tenth row has one of two parents, so that their ranges are crowded.
                    let parent = Int.random(in: 0..<10, using: &random) == 0 ? 77 : Int.random(in: 0...300, using: &random)
                    if Int.random(in: 0..<30, using: &random) == 0 { return .null }
                    return isText ? .text("c\(parent)") : .integer(Int64(parent) * 7)
                }),
            TestColumn(
                "at", .timestamp,
                (0..<rows).map { _ in
                    Int.random(in: 0..<40, using: &random) == 0
                        ? .null : .integer(Int64.random(in: 0..<100_000, using: &random) * 1_000_000)
                }),
            TestColumn("note", .text, (0..<rows).map { i in i % 9 == 0 ? .null : .text("note \(first + i)") }),
            TestColumn("x", .float, (0..<rows).map { i in i % 11 == 0 ? .null : .double(Double(i) / 3) }),
            TestColumn("word", .text, (0..<rows).map { i in .text("w\(i % 7)") }),
        ]
    }

    /// The partitions of a segment cover it, hold what they say, and are in order.
    private func checkOrder(_ store: Store, isOptimized: Bool) throws {
        guard let table = try store.snapshot().table("orders"), let link = table.partitionLink else { return }
        let column = try #require(table.parentIDColumn(link: link))
        for segment in table.segments {
            if !isOptimized, segment.partitions.isEmpty {
                #expect(segment.rowCount < 1000)
                continue
            }
            #expect(segment.partitionColumn == column)
            var ids: [Value] = []
            let whole = try store.snapshot().table("orders")?.with(segments: [segment])
            try whole?.forEachIDs(column: column) { _, _, count, values, nulls in
                for i in 0..<count { ids.append(nulls.map { $0[i] != 0 } ?? false ? .null : .integer(values[i])) }
            }
            let at = try readColumn(segment, table.schema.index(of: "at")!)
            let id = try readColumn(segment, table.schema.index(of: "id")!)
            var end = 0
            var seen: Set<UInt32> = []
            for partition in segment.partitions {
                #expect(partition.firstRow == end)
                end += partition.rowCount
                let rows = partition.firstRow..<end
                if isOptimized { #expect(seen.insert(partition.lowestParent).inserted) }
                if partition.isWithoutParent {
                    #expect(rows.allSatisfy { ids[$0].isNull })
                } else {
                    let width = partition.highestParent - partition.lowestParent + 1
                    #expect(width.nonzeroBitCount == 1 && width <= 32 && partition.lowestParent % width == 0)
                    #expect(partition.rowCount <= 400 || width == 1)
                    for row in rows {
                        guard case .integer(let parent) = ids[row] else {
                            Issue.record("a null among parents")
                            return
                        }
                        #expect(parent >= Int64(partition.lowestParent) && parent <= Int64(partition.highestParent))
                    }
                }
                for row in rows.dropFirst() {
                    let (a, b) = table.schema.time != nil ? (at[row - 1], at[row]) : (ids[row - 1], ids[row])
                    switch (a, b) {
                    case (.integer(let x), .integer(let y)):
                        #expect(x <= y)
                        // Equal ones as they came; ids ascend in the order of their coming.
                        if x == y, case (.integer(let i), .integer(let j)) = (id[row - 1], id[row]) { #expect(i < j) }
                    case (.null, .integer): Issue.record("a row without a time before one with")
                    default: break
                    }
                }
            }
            #expect(end == segment.rowCount)
        }
    }

    private func readColumn(_ segment: SegmentReader, _ column: Int) throws -> [Value] {
        var cells: [Value] = []
        var values = [Int64](repeating: 0, count: 2048)
        var nulls = [UInt8](repeating: 0, count: 2048)
        var row = 0
        while row < segment.rowCount {
            let count = min(2048, segment.rowCount - row)
            let has = try segment.integers(column: column, firstRow: row, count: count, into: &values, nulls: &nulls)
            for i in 0..<count { cells.append(has && nulls[i] != 0 ? .null : .integer(values[i])) }
            row += count
        }
        return cells
    }

    private func sortedRows(_ store: Store) throws -> [[Value]] {
        guard let table = try store.snapshot().table("orders") else { return [] }
        let columns = try readAll(table)
        let rows = (0..<table.rowCount).map { row in columns.map { $0[row] } }
        return rows.sorted {
            if case (.integer(let a), .integer(let b)) = ($0[0], $1[0]) { return a < b }
            return false
        }
    }

    @Test(arguments: [(true, false), (true, true), (false, false), (false, true)], [1, 40_000])
    func loadsAppendsDeletesAndOptimize(form: (hasTime: Bool, isText: Bool), seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let folder = TemporaryFolder()
        let store = try Store(path: folder.make().store)
        let declared = link("orders", "customer", to: "customers", as: "buyer", "orders")
        let customers = TestColumn(
            "id", form.isText ? .text : .int, (0..<250).map { form.isText ? .text("c\($0)") : .integer(Int64($0) * 7) })
        let isDeclaredLate = seed != 1
        if !isDeclaredLate { try store.change { try $0.declareLink(declared) } }
        var all: [[Value]] = []
        func append(_ rows: Int, deleting: [UInt32] = []) throws {
            let columns = orders(rows, first: all.count, isText: form.isText, &random)
            for row in 0..<rows { all.append(columns.map { $0.cells[row] }) }
            try store.add(columns, to: "orders", key: ["id"], time: form.hasTime ? "at" : nil, deleting: deleting) {
                $0.partitionLimits = Self.limits
            }
        }
        try append(9000)
        try store.add([customers], to: "customers", key: ["id"])
        try append(500)
        if isDeclaredLate {
            try store.change {
                $0.partitionLimits = Self.limits
                try $0.declareLink(declared)
            }
        }
        #expect(try sortedRows(store) == all)
        try checkOrder(store, isOptimized: false)
        try checkLinks(store, "loaded")
        let first = try store.snapshot().table("orders")?.segments.first?.rowCount ?? 0
        try append(3000, deleting: (0..<first).filter { $0 % 5 == 0 }.map { UInt32($0) })
        try append(20)
        let live = try sortedRows(store)
        #expect(live.count == all.count - (first + 4) / 5)
        try checkOrder(store, isOptimized: false)
        try checkLinks(store, "appended")
        try store.change {
            $0.partitionLimits = Self.limits
            // All in one run, then a run for every few ranges.
            $0.partitionLimits.runBytesMax = seed == 1 ? 1 << 24 : 200_000
            try $0.optimize("orders")
        }
        #expect(try sortedRows(store) == live)
        #expect(try store.snapshot().table("orders")?.segments.count == 1)
        try checkOrder(store, isOptimized: true)
        try checkLinks(store, "optimized")
        try append(40)
        try store.change { try $0.optimize("orders") }
        #expect(try sortedRows(store).count == live.count + 40)
        try checkLinks(store, "optimized again")
    }

    /// A directory that lies about its rows is found when the rows are read, whatever the checksums say.
    @Test func rowsOfAnotherPartition() throws {
        let folder = TemporaryFolder()
        let store = try Store(path: folder.make().store)
        try store.add([LinkTests.ints("id", Array(0..<100))], to: "customers", key: ["id"])
        try store.add([LinkTests.ints("customer", (0..<3000).map { $0 % 100 })], to: "orders")
        try store.change {
            $0.partitionLimits = Self.limits
            try $0.declareLink(link("orders", "customer", to: "customers", as: "buyer", "orders"))
        }
        let segment = try #require(try store.snapshot().table("orders")?.segments.first)
        #expect(segment.partitions.map(\.lowestParent) == [0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96])
        let path = segment.core.file.path
        let file = try #require(try store.files.open(path))
        let size = try file.size()
        let bytes = try file.readExactly(size, at: 0)
        let trailer = size - SegmentFormat.trailerBytes
        let footer = Int(bytes.read(trailer, as: UInt64.self))
        let at = footer + SegmentFormat.countsBytes + 2 * SegmentFormat.columnBytes
        for (offset, value) in [(at + 24, UInt32(1)), (at + 28, 6), (at + 64 + 24, 9), (at + 28, 900), (footer + 20, 0)] {
            let lying = RawBuffer(capacity: size)
            lying.append(bytes)
            lying.base.storeBytes(of: value, toByteOffset: offset, as: UInt32.self)
            let sum = Checksum.of(
                lying.base + footer, count: trailer - footer, seed: Checksum.seed(file: segment.core.id, offset: UInt64(footer)))
            lying.base.storeBytes(of: sum, toByteOffset: trailer + 16, as: UInt64.self)
            let header = Checksum.of(lying.base + trailer, count: 48, seed: segment.core.id)
            lying.base.storeBytes(of: header, toByteOffset: trailer + 48, as: UInt64.self)
            try store.files.unlink(path)
            try store.files.create(path).append(lying)
            let faults = try Store(path: folder.store).verify()
            // A range that is too wide holds its rows still.
            #expect(faults.isEmpty == (value == 900), "\(value) at \(offset - footer): \(faults)")
        }
    }
}
