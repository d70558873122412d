import Testing

@testable import Storage

/// What is written is read back, for all types, nulls, and sizes around the edges of frames, blocks and stripes.
@Suite struct RoundTripTests {
    static let sizes = [1, 2, 63, 64, 65, 255, 256, 257, 511, 512, 8191, 8192, 8193, 20_000, 131_071, 131_072, 131_073]

    @Test(arguments: sizes) func allTypes(rows: Int) throws {
        let folder = try TemporaryFolder().make()
        let store = try Store(path: folder.store)
        var random = SeededGenerator(seed: UInt64(rows))
        let columns = RoundTripTests.columns(rows: rows, &random)
        try write(columns, to: store, chunkRows: Int.random(in: 1...30_000, using: &random) + rows / 50)
        for reopened in [store, try Store(path: folder.store)] {
            guard let table = try reopened.snapshot().table("t") else { throw StorageError(.request, "no table") }
            #expect(table.rowCount == rows)
            for useCursor in [false, true] {
                let read = try readAll(table, useCursor: useCursor)
                for (c, column) in columns.enumerated() {
                    #expect(read[c] == column.cells, "column \(column.schema.name), \(rows) rows, cursor \(useCursor), seed \(rows)")
                }
            }
            #expect(try reopened.verify() == [])
        }
    }

    static func columns(rows: Int, _ random: inout SeededGenerator) -> [TestColumn] {
        func ints(_ name: String, _ type: LogicalType = .int, nullEvery: Int = 0, _ make: (Int, inout SeededGenerator) -> Int64)
            -> TestColumn
        {
            TestColumn(
                name, type,
                (0..<rows).map { i in
                    nullEvery > 0 && Int.random(in: 0..<nullEvery, using: &random) == 0 ? .null : .integer(make(i, &random))
                })
        }
        let words = (0..<300).map { "word \($0) " + String(repeating: "ä", count: $0 % 17) }
        return [
            ints("ascending") { i, _ in Int64(i) },
            ints("constant") { _, _ in -5 },
            ints("constantWithNulls", nullEvery: 3) { _, _ in 42 },
            ints("allNull", nullEvery: 1) { _, _ in 0 },
            ints("whole", nullEvery: 7) { _, r in Int64(bitPattern: r.next()) },
            ints("extremes", nullEvery: 5) { i, _ in i % 2 == 0 ? .min : .max },
            ints("extremesNoNull") { i, _ in i % 3 == 0 ? .min : .max },
            ints("steps", nullEvery: 11) { i, r in Int64(7 * Int.random(in: -9000...9000, using: &r)) },
            ints("seconds", .timestamp) { i, r in
                1_700_000_000_000_000 + Int64(i) * 60_000_000 + Int64.random(in: 0...59, using: &r) * 1_000_000
            },
            ints("runs") { i, _ in Int64(i / 1000) },
            ints("runsWithNulls") { i, _ in Int64(i / 500) },
            ints("wideAscending") { i, r in Int64(i) * 1_000_003 + Int64.random(in: 0...1000, using: &r) },
            // Stretches that rise unevenly and begin again, as rows by parent do; even steps; steps too large for a line's slope; falling.
            ints("stretches") { i, r in Int64(i % 3000) * 60 + Int64.random(in: 0...900, using: &r) },
            ints("even") { i, _ in 5 + 3 * Int64(i) },
            ints("steep") { i, r in Int64(i) * 40_000_000_000 + Int64.random(in: 0...1000, using: &r) },
            ints("falling") { i, r in -1000 * Int64(i) + Int64.random(in: 0...99, using: &r) },
            ints("edges") { i, r in i == 0 ? .min : i == 1 ? .max : Int64(i) * 1000 },
            ints("bool", .bool, nullEvery: 9) { i, r in Int64.random(in: 0...1, using: &r) },
            ints("money", .decimal(scale: 2)) { _, r in Int64.random(in: -1_000_000...1_000_000, using: &r) },
            TestColumn("double", .float, (0..<rows).map { _ in .double(Double(bitPattern: random.next() & 0xBFEF_FFFF_FFFF_FFFF)) }),
            TestColumn(
                "price", .float,
                (0..<rows).map { i in i % 13 == 0 ? .null : .double(Double(Int.random(in: -99999...99999, using: &random)) / 100) }),
            TestColumn("zeros", .float, (0..<rows).map { i in .double(i % 2 == 0 ? 0.0 : -0.0) }),
            TestColumn("sameDouble", .float, (0..<rows).map { _ in .double(2.5) }),
            TestColumn("word", .text, (0..<rows).map { _ in .text(words[Int.random(in: 0..<300, using: &random)]) }),
            TestColumn("wordOrNull", .text, (0..<rows).map { i in i % 4 == 0 ? .null : .text(words[i % 5]) }),
            TestColumn("unique", .text, (0..<rows).map { i in i % 1001 == 1000 ? .null : .text("id-\(i)-\(random.next() % 1000)") }),
            TestColumn("empty", .text, (0..<rows).map { _ in .text("") }),
        ]
    }

    /// The narrow forms agree with the wide one.
    @Test(arguments: [0, 3, 250, 255, 256, 60_000]) func narrowCodes(texts: Int) throws {
        let folder = try TemporaryFolder().make()
        let store = try Store(path: folder.store)
        let rows = 70_000
        let cells: [Value] = (0..<rows).map { i in texts == 0 || (texts != 256 && i % 7 == 3) ? .null : .text("t\(i % texts)") }
        try write([TestColumn("s", .text, cells)], to: store)
        guard let segment = try store.snapshot().table("t")?.segments[0] else { return }
        let cursor = segment.cursor(column: 0)
        var wide = [UInt32](repeating: 9, count: 2048)
        var narrow8 = [UInt8](repeating: 9, count: 2048)
        var narrow16 = [UInt16](repeating: 9, count: 2048)
        for row in stride(from: 0, to: rows, by: 2048) {
            let count = min(2048, rows - row)
            var nulls = [[UInt8]](repeating: [UInt8](repeating: 0, count: 2048), count: 3)
            let has = try cursor.codes(firstRow: row, count: count, into: &wide, nulls: &nulls[0])
            #expect(try cursor.codes16(firstRow: row, count: count, into: &narrow16, nulls: &nulls[1]) == has)
            #expect(narrow16[..<count].map { UInt32($0) } == Array(wide[..<count]) && nulls[0] == nulls[1])
            if texts <= 256 {
                #expect(try cursor.codes8(firstRow: row, count: count, into: &narrow8, nulls: &nulls[2]) == has)
                #expect(narrow8[..<count].map { UInt32($0) } == Array(wide[..<count]) && nulls[0] == nulls[2])
            }
        }
    }

    /// Every width of a frame, packed and unpacked by itself.
    @Test(arguments: 1...64) func frames(width: Int) {
        var random = SeededGenerator(seed: UInt64(width))
        let mask: UInt64 = ~0 >> UInt64(64 - width)
        let values = (0..<256).map { _ in random.next() & mask }
        let bytes = FramePacking.wordBits(width: width) / 8
        let words = UnsafeMutableRawPointer.allocate(byteCount: 2048, alignment: 64)
        let back = UnsafeMutableRawPointer.allocate(byteCount: 2048, alignment: 64)
        let frame = UnsafeMutableRawPointer.allocate(byteCount: 2048, alignment: 64)
        defer {
            words.deallocate()
            back.deallocate()
            frame.deallocate()
        }
        for (i, value) in values.enumerated() {
            for b in 0..<bytes {
                words.storeBytes(of: UInt8(truncatingIfNeeded: value >> UInt64(8 * b)), toByteOffset: i * bytes + b, as: UInt8.self)
            }
        }
        FramePacking.pack(width: width, from: words, into: frame)
        FramePacking.unpack(width: width, from: frame, into: back)
        for i in 0..<256 * bytes { #expect(words.load(fromByteOffset: i, as: UInt8.self) == back.load(fromByteOffset: i, as: UInt8.self)) }

        // The layout itself: value i in lane i % lanes at position i / lanes.
        let word = bytes * 8
        let lanes = 256 / word
        for i in [0, 1, lanes - 1, lanes, 255] {
            var value: UInt64 = 0
            for b in 0..<width {
                let bit = i / lanes * width + b
                let byteAt = (bit / word * lanes + i % lanes) * bytes + bit % word / 8
                if frame.load(fromByteOffset: byteAt, as: UInt8.self) >> UInt8(bit % 8) & 1 != 0 { value |= 1 << UInt64(b) }
            }
            #expect(value == values[i])
        }
    }
}
