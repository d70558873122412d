import Testing

@testable import Storage

@Suite struct ImportFuzzTests {
    private static let pieces = [
        "a", "b ", "\"", "\"\"", ",", ";", "\n", "\r\n", "\r", " ", "é", "张", "12", "-0.5", "\u{0}", "'", "\\", "xyzzy xyzzy xyzzy",
    ]

    /// Any texts, quoted as our exports quote, come back the same.
    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64]) func quotingRoundTrips(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let columns = Int.random(in: 2...5, using: &random)
        var rows: [[String]] = []
        for _ in 0..<Int.random(in: 1...400, using: &random) {
            rows.append(
                (0..<columns).map { _ in
                    (0..<Int.random(in: 0...6, using: &random)).map { _ in Self.pieces.randomElement(using: &random)! }.joined()
                })
        }
        let delimiter = [",", ";", "\t", "||"].randomElement(using: &random)!
        let end = ["\n", "\r\n", "\r"].randomElement(using: &random)!
        func quoted(_ text: String) -> String {
            let isPlain = !text.isEmpty && !text.utf8.contains { $0 == 34 || $0 == 10 || $0 == 13 || $0 == delimiter.utf8.first! }
            if isPlain, Bool.random(using: &random) { return text }
            var out = "\""
            for scalar in text.unicodeScalars { out.unicodeScalars.append(contentsOf: scalar == "\"" ? ["\"", "\""] : [scalar]) }
            return out + "\""
        }
        var text = (0..<columns).map { "name\($0)" }.joined(separator: delimiter) + end
        for row in rows { text += row.map(quoted).joined(separator: delimiter) + end }
        var types: [String: LogicalType] = [:]
        for i in 0..<columns { types["name\(i)"] = .text }
        let loaded = try importText(text) {
            $0.types = types
            $0.delimiter = delimiter
            $0.quote = "\""
            $0.escape = "\""
            $0.header = true
        }
        #expect(loaded.sink.rows == rows.map { $0.map { Optional($0) } }, "seed \(seed)")
    }

    /// The wide scanner and the plain machine see the same fields in any bytes.
    @Test(arguments: [11, 12, 13, 14, 15, 16] as [UInt64]) func scannersAgree(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for round in 0..<300 {
            // Rare quotes leave blocks without any, frequent ones hit every edge.
            let alphabet = Array((round % 3 == 0 ? "aaaaaaaaaaaaaaaaaa,,\n\"" : round % 3 == 1 ? "a,\n\"" : "\"\"\",a\n,\"").utf8)
            let count = Int.random(in: 0...700, using: &random)
            let bytes = (0..<count).map { _ in alphabet.randomElement(using: &random)! } + [UInt8](repeating: 0, count: 64)
            let dialect = Dialect(recordEnd: 10)
            let scanner = FieldScanner(dialect)
            let atEnd = Bool.random(using: &random)
            let wide = FieldEnds(bytesMax: 800)
            let plain = FieldEnds(bytesMax: 800)
            bytes.withUnsafeBufferPointer { buffer in
                let result = scanner.scan(buffer.baseAddress!, count: count, atEnd: atEnd, into: wide)
                var progress = FieldScanner.Progress()
                scanner.step(buffer.baseAddress!, from: 0, to: count, limit: count, ends: plain.entries, &progress)
                let isOpen = progress.state == .quoted
                var expected = Array(UnsafeBufferPointer(start: plain.entries, count: progress.countAtRecord))
                if atEnd, progress.consumed < count, !isOpen {
                    expected = Array(UnsafeBufferPointer(start: plain.entries, count: progress.count))
                    expected.append(UInt32(count) | FieldEnds.recordFlag)
                    progress.innerLinesAtRecord = progress.innerLines
                }
                let found = Array(UnsafeBufferPointer(start: wide.entries, count: wide.count))
                #expect(found == expected, "seed \(seed), round \(round)")
                #expect(result.openQuote == (isOpen ? progress.openQuote : nil), "seed \(seed), round \(round)")
                #expect(result.innerLines == progress.innerLinesAtRecord, "seed \(seed), round \(round)")
                #expect(result.records == found.count { $0 & FieldEnds.recordFlag != 0 }, "seed \(seed), round \(round)")
            }
        }
    }

    /// Any bytes whatever end in rows or in one of our errors.
    @Test(arguments: [21, 22, 23, 24] as [UInt64]) func anyBytesAreSafe(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let words: [[UInt8]] =
            Self.pieces.map { Array($0.utf8) } + [
                [0xFF], [0xFE, 0xFF], [0xC3], [0x1f, 0x8b], Array("{\"a\":".utf8), Array("}\n".utf8), Array("2026-09-30".utf8),
                Array("1e5".utf8), Array("03/04/2026".utf8),
            ]
        for _ in 0..<150 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...60, using: &random) { bytes += words.randomElement(using: &random)! }
            let encoding: String? = ["gbk", "utf-16", "latin1", nil, nil, nil].randomElement(using: &random)!
            let name = ["t.csv", "t.tsv", "t.jsonl"].randomElement(using: &random)!
            let error = importError(bytes, name: name) { $0.encoding = encoding }
            #expect(error == nil || error?.kind == .data || error?.kind == .request, "seed \(seed): \(error?.message ?? "") for \(bytes)")
        }
    }

    /// Numbers and dates that we write are read as what they were.
    @Test(arguments: [31, 32] as [UInt64]) func valuesRoundTrip(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var text = "i,d,f,day,at\n"
        var expected: [[String?]] = []
        for _ in 0..<3000 {
            let digits = Int.random(in: 1...18, using: &random)
            let bound = Decimals.power(digits) - 1
            let values: [(Value, LogicalType)] = [
                (.integer(Int64.random(in: -bound...bound, using: &random)), .int),
                (.integer(Int64.random(in: -bound...bound, using: &random)), .decimal(scale: 4)),
                (.double(Double(bitPattern: UInt64.random(in: 1 << 60...0x7FE << 52, using: &random))), .float),
                (.integer(Int64.random(in: CivilDate.minimumDay...CivilDate.maximumDay, using: &random)), .date),
                (.integer(Int64.random(in: -60_000_000_000_000_000...250_000_000_000_000_000, using: &random)), .timestamp),
            ]
            let row = values.map { CellText.string($0.0, type: $0.1) }
            text += row.joined(separator: ",") + "\n"
            expected.append(row)
        }
        let loaded = try importText(text)
        #expect(loaded.sink.types == "i int, d decimal(4), f float, day date, at timestamp", "seed \(seed)")
        #expect(loaded.sink.rows == expected, "seed \(seed)")
    }
}
