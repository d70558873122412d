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
        try transaction.commit(note: "delete")
        return disk.copy()
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
                if at % 16 == 3, let table = try? open(disk).snapshot().table("t") { _ = try? readAll(table) }
                checked += 1
                // Every byte of the small parts, a dense sample of the long ones.
                at += good.count < 2000 || at < 200 || at > good.count - 200 ? 1 : Int.random(in: 1...41, using: &random)
            }
            disk.setBytes(name, good)
        }
        print("\(checked) flipped bytes, seed 5")
        #expect(try open(disk).verify() == [])
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
                    if let table = try open(disk).snapshot().table("t") { _ = try readAll(table) }
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
