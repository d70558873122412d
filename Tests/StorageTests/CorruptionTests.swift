import Testing

@testable import Storage

/// A damaged file is an error that names it, never a trap and never a wrong answer.
@Suite struct CorruptionTests {
    private static let path = "/disk/store"

    private func open(_ disk: FaultyFileSystem) throws -> Store {
        try Store(path: CorruptionTests.path, options: Store.Options(), files: disk)
    }

    /// A small store with every encoding, dictionaries of two commits, and deletes of both forms.
    private func sample() throws -> FaultyFileSystem {
        let disk = FaultyFileSystem()
        let store = try open(disk)
        var random = SeededGenerator(seed: 12)
        let columns = RoundTripTests.columns(rows: 700, &random)
        try write(columns, to: store)
        try write(RoundTripTests.columns(rows: 300, &random), to: store)
        let transaction = try store.begin()
        try transaction.delete(from: "t", segment: 0, rows: [3])
        try transaction.delete(from: "t", segment: 1, rows: (0..<250).map { UInt32($0) })
        transaction.setDefinition("segment vip", Array("balance > 1m".utf8))
        transaction.setBlob("members", Array(0..<77))
        try transaction.commit(note: "delete")
        try addLinks(to: store)
        return disk.copy()
    }

    /// Domains of integers and of texts, in several pieces, and partitioned children.
    private func addLinks(to store: Store) throws {
        let ids = LinkTests.ints("id", Array(0..<60))
        try store.add([ids, LinkTests.texts("name", (0..<60).map { "name \($0)" })], to: "p", key: ["id"])
        try store.add(
            [LinkTests.ints("p_id", (0..<300).map { $0 % 70 }), LinkTests.texts("p_name", (0..<300).map { "name \($0 % 80)" })], to: "c"
        ) { $0.partitionLimits = PartitionLimits(rangeBits: 4, rowsMax: 50, rowsMin: 10, rowsPerRangeMin: 1, runBytesMax: 1000) }
        try store.change {
            try $0.declareLink(link("c", "p_id", to: "p", as: "p", "cs"))
            try $0.declareLink(link("c", "p_name", to: "p", ["name"], as: "named", "named_by"))
        }
        try store.add([LinkTests.ints("p_id", [400]), LinkTests.texts("p_name", ["new"])], to: "c")
    }

    @Test func everyFlippedByteIsFound() throws {
        let disk = try sample()
        #expect(try open(disk).verify() == [])
        var checked = 0
        var random = SeededGenerator(seed: 5)
        for name in disk.fileNames {
            let good = disk.bytes(name)
            var at = 0
            while at < good.count {
                var bad = good
                bad[at] ^= 1 << UInt8.random(in: 0...7, using: &random)
                disk.setBytes(name, bad)
                let faults = try open(disk).verify()
                #expect(!faults.isEmpty && faults[0].contains(name), "byte \(at) of \(name): \(faults)")
                // Reading is an error or, where the byte is of another version, the right answer.
                if at % 16 == 3, let snapshot = try? open(disk).snapshot() { readEverything(snapshot) }
                checked += 1
                // Every byte of the small parts, a dense sample of the long ones.
                at += good.count < 700 || at < 140 || at > good.count - 140 ? 1 : Int.random(in: 1...90, using: &random)
            }
            disk.setBytes(name, good)
        }
        #expect(Set(disk.fileNames.compactMap { $0.split(separator: "/").last?.split(separator: "-").first }).count == 6)
        print("\(checked) flipped bytes, seed 5")
        #expect(try open(disk).verify() == [])
    }

    /// Whatever comes of it, without a trap.
    private func readEverything(_ snapshot: Snapshot) {
        for table in snapshot.tables { _ = try? readAll(table) }
        for name in snapshot.blobNames { _ = try? snapshot.blob(name) }
        for link in snapshot.links {
            _ = try? snapshot.orphans(link: link.id)
            _ = try? snapshot.domain(link: link.id)?.key(of: 0)
            _ = try? snapshot.domain(link: link.id)?.integers()
        }
    }

    /// Key values whose checksums agree but whose contents lie are an error or other values, never a trap.
    @Test func keysThatLie() throws {
        var random = SeededGenerator(seed: 31)
        var sound = 0
        for round in 0..<1000 {
            let disk = FaultyFileSystem()
            _ = try disk.makeFolder("/disk")
            let file = try disk.create("/disk/keys-9")
            let out = RecordFile.fileHeader(kind: .keys, file: 9)
            let types: [LogicalType] = round % 2 == 0 ? [.int] : [.text, .date]
            let builder = try DomainBuilder(DomainState(id: 4, table: "p", columns: ["a"], types: types), base: nil)
            let count = [3, 700, 9000][round / 2 % 3]
            let step = round % 5 == 0 ? 1 : 977
            let keys = (0..<count).map { (i: Int) -> Int64 in Int64(i * step % 8999 + i / 8999 * 100_000) }
            var text = TextChunk()
            for key in keys { text.append("k\(key)") }
            var ids = [Int64](repeating: 0, count: count)
            var nulls = [UInt8](repeating: 0, count: count)
            try keys.withUnsafeBufferPointer { numbers in
                try text.bytes.withUnsafeBufferPointer { bytes in
                    try text.offsets.withUnsafeBufferPointer { offsets in
                        let all = KeyPart.integers(numbers.baseAddress!, nulls: nil)
                        let texts = KeyPart.texts(bytes.baseAddress, offsets: offsets.baseAddress!, nulls: nil)
                        _ = try builder.resolve(
                            types.count == 1 ? [all] : [texts, all], rows: count, map: nil, into: &ids, nulls: &nulls)
                    }
                }
            }
            let piece = try #require(builder.appendPiece(file: 9, to: out))
            let at = Int(piece.offset) + RecordFile.headerBytes
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let reach = round % 4 < 2 ? min(Int(piece.bytes), 128) : Int(piece.bytes)
                out.base.storeBytes(
                    of: UInt8.random(in: 0...255, using: &random), toByteOffset: at + Int.random(in: 0..<reach, using: &random),
                    as: UInt8.self)
            }
            // The record with lies in it, summed anew.
            let payload = RawBuffer()
            payload.append(UnsafeRawBufferPointer(start: out.base + at, count: Int(piece.bytes)))
            out.count = Int(piece.offset)
            _ = RecordFile.append(tag: 4, a: 0, b: UInt64(piece.count), payload: payload, file: 9, to: out)
            try file.append(out)
            let state = DomainState(id: 4, table: "p", columns: Array(repeating: "a", count: types.count), types: types, pieces: [piece])
            do {
                let domain = KeyDomain(state: state, files: [9: file])
                for id in 0..<min(domain.count, 50) { _ = try domain.key(of: UInt32(id)) }
                _ = try domain.id(of: types.count == 1 ? [.integer(977)] : [.text("k977"), .integer(977)])
                sound += 1
            } catch let error as StorageError {
                #expect(error.kind == .corrupt)
            }
        }
        print("\(sound) of 1000 lying records could be read")
        #expect(sound > 50 && sound < 950)
    }

    @Test func faultsNameTheBlock() throws {
        let disk = FaultyFileSystem()
        try write([TestColumn("n", .int, (0..<40_000).map { .integer(Int64($0 * $0 % 70_001)) })], to: open(disk))
        guard let name = disk.fileNames.first(where: { $0.contains("segment") }) else { return }
        guard let segment = try open(disk).snapshot().table("t")?.segments[0] else { return }
        let at = Int(segment.core.entry(column: 0, block: 2).offset) + 100
        var bytes = disk.bytes(name)
        bytes[at] ^= 4
        disk.setBytes(name, bytes)
        let faults = try open(disk).verify()
        #expect(faults == ["\(name): block 2 of column 0 is damaged: its checksum does not match"])
    }

    @Test func cutFilesAreErrors() throws {
        let disk = try sample()
        for name in disk.fileNames {
            let good = disk.bytes(name)
            for count in [0, 1, 63, 64, 65, good.count / 2, good.count - 64, good.count - 8, good.count - 1]
            where count >= 0 && count < good.count {
                disk.setBytes(name, Array(good[..<count]))
                #expect(try !open(disk).verify().isEmpty, "\(name) cut to \(count)")
                do {
                    let snapshot = try open(disk).snapshot()
                    if let table = snapshot.table("t") { _ = try readAll(table) }
                    for link in snapshot.links { _ = try snapshot.orphans(link: link.id) }
                } catch let error as StorageError {
                    #expect(error.kind == .corrupt)
                }
            }
            disk.setBytes(name, good + [0])
            #expect(try !open(disk).verify().isEmpty, "\(name) with a byte more")
            disk.setBytes(name, good)
        }
    }

    /// Blocks whose checksum would agree but whose contents lie: what validation lets through decodes without harm.
    @Test func validationGuardsTheDecoders() {
        var random = SeededGenerator(seed: 77)
        let encoder = IntegerEncoder()
        var passed = 0
        for round in 0..<3000 {
            let rows = [1, 255, 257, 2000, 8192][round % 5]
            let out = RawBuffer()
            let kind = round / 5 % 5
            let values = (0..<rows).map { i in
                kind == 0 ? Int64(i / 300) : kind == 1 ? Int64.random(in: 0..<900, using: &random) : Int64(i * 1000)
            }
            let nulls = (0..<rows).map { _ in UInt8.random(in: 0...1, using: &random) }
            let physical: SegmentColumn.Physical = kind == 2 ? .integer : kind == 3 ? .double : .text
            var entry: BlockEntry
            if kind == 3 {
                entry = encoder.encode(values.map { Double($0) / 4 }, nulls: nulls, rows: rows, into: out)
            } else if kind == 4 {
                let bytes = RawBuffer()
                var ends: [UInt32] = []
                for i in 0..<rows {
                    _ = bytes.growZeroed(i % 5)
                    ends.append(UInt32(bytes.count))
                }
                entry = PlainText.encode(bytes: bytes, ends: ends, nulls: nulls, rows: rows, into: out)
            } else {
                entry = encoder.encode(values, nulls: round % 2 == 0 ? nulls : nil, rows: rows, unitAllowed: kind == 2, into: out)
            }
            // One lie in the directory entry (past offset and length) or in the payload.
            if round % 3 == 0, out.count > 0 {
                out.base.storeBytes(
                    of: UInt8.random(in: 0...255, using: &random), toByteOffset: Int.random(in: 0..<min(out.count, 64), using: &random),
                    as: UInt8.self)
            } else {
                withUnsafeMutableBytes(of: &entry) {
                    $0[Int.random(in: 8..<32, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                if Int(entry.length) > out.count { continue }
            }
            guard entry.fault(physical: physical, rows: rows, payload: out.base, codeLimit: 1000) == nil else { continue }
            passed += 1
            var outNulls = [UInt8](repeating: 0, count: 8192)
            switch physical {
            case .integer:
                var out64 = [Int64](repeating: 0, count: 8192)
                _ = BlockDecoder.integers(entry, out.base, first: 0, count: rows, into: &out64, nulls: &outNulls)
            case .double:
                var out64 = [Double](repeating: 0, count: 8192)
                _ = BlockDecoder.doubles(entry, out.base, first: 0, count: rows, into: &out64, nulls: &outNulls)
            case .text:
                if entry.encoding == Encoding.plainText.rawValue {
                    var views = [TextView](repeating: TextView(base: nil, count: 0), count: 8192)
                    _ = BlockDecoder.texts(entry, out.base, first: 0, count: rows, into: &views, nulls: &outNulls)
                    for view in views[..<rows] where view.count > 0 {
                        let start = UnsafeRawPointer(view.base!) - UnsafeRawPointer(out.base)
                        #expect(start >= 0 && start + view.count <= out.count)
                    }
                } else {
                    var codes = [UInt32](repeating: 0, count: 8192)
                    _ = BlockDecoder.codes(entry, out.base, first: 0, count: rows, into: &codes, nulls: &outNulls)
                    #expect(codes.allSatisfy { $0 < 1000 }, "round \(round)")
                }
            }
        }
        #expect(passed > 100)
    }
}
