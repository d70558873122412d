import Storage

/// csv and tsv: one header line for each answer, `\n` line ends, null an empty field, empty text `""`; answers follow each other without
/// blank lines. A field is quoted where it holds the delimiter, a quote or a line end, or begins or ends in a space. Tsv is quoted like csv
/// and not escaped with backslashes: so `load` and spreadsheets read it back, and null and empty text stay apart.
final class CSVWriter: ResultWriter {
    private let out: OutputBuffer
    private let delimiter: UInt8
    private let defusesFormulas: Bool
    private var types: [ResultColumn] = []

    init(_ out: OutputBuffer, _ options: FormatOptions, delimiter: UInt8 = UInt8(ascii: ",")) {
        self.out = out
        self.delimiter = delimiter
        defusesFormulas = options.defusesFormulas
    }

    func begin(columns: [ResultColumn]) throws {
        types = columns
        for (index, column) in columns.enumerated() {
            if index > 0 { try out.append(delimiter) }
            var name = column.name
            try name.withUTF8 { try appendField($0) }
        }
        try out.append(UInt8(ascii: "\n"))
    }

    func rows(_ batch: ResultBatch) throws {
        let columns = BatchColumn.columns(of: batch, types: types)
        let columnCount = columns.count
        let rowCount = batch.rowCount
        let delimiter = delimiter
        let defusesFormulas = defusesFormulas
        let out = out
        let limit = out.limit
        var p = try out.room(1)
        try columns.withUnsafeBufferPointer { columns in
            for row in 0..<rowCount {
                for index in 0..<columnCount {
                    if limit - p < CellText.cellBytesMax + 2 {
                        out.advance(to: p)
                        p = try out.room(CellText.cellBytesMax + 2)
                    }
                    if index > 0 {
                        p.pointee = delimiter
                        p += 1
                    }
                    if columns[index].isNull(row) { continue }
                    if columns[index].kind != .text {
                        p = columns[index].writePlain(row, to: p)
                        continue
                    }
                    let text = columns[index].text(row)
                    // Worst case: every byte a quote, two quotes around, a defusing one in front.
                    let worst = text.count &* 2 &+ 3
                    if limit - p < worst {
                        out.advance(to: p)
                        if worst > out.capacity {
                            try appendField(text.buffer)
                            p = try out.room(1)
                            continue
                        }
                        p = try out.room(worst)
                    }
                    p = CSVWriter.write(text.buffer, delimiter: delimiter, defusesFormulas: defusesFormulas, to: p)
                }
                if limit - p < 1 {
                    out.advance(to: p)
                    p = try out.room(1)
                }
                p.pointee = UInt8(ascii: "\n")
                p += 1
            }
        }
        out.advance(to: p)
    }

    func end() throws -> [String] { [] }

    /// A text of any length.
    private func appendField(_ bytes: UnsafeBufferPointer<UInt8>) throws {
        let worst = bytes.count &* 2 &+ 3
        if worst <= out.capacity {
            let p = try out.room(worst)
            return out.advance(to: CSVWriter.write(bytes, delimiter: delimiter, defusesFormulas: defusesFormulas, to: p))
        }
        let scratch = UnsafeMutablePointer<UInt8>.allocate(capacity: worst)
        defer { scratch.deallocate() }
        let end = CSVWriter.write(bytes, delimiter: delimiter, defusesFormulas: defusesFormulas, to: scratch)
        try out.append(UnsafeBufferPointer(start: scratch, count: end - scratch))
    }

    @inline(__always)
    private static func write(
        _ bytes: UnsafeBufferPointer<UInt8>, delimiter: UInt8, defusesFormulas: Bool, to out: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return CellText.writeASCII("\"\"", to: out) }
        let count = bytes.count
        if defusesFormulas, runsAsFormula(base[0]) { return writeQuotable(bytes, delimiter: delimiter, prefix: true, to: out) }
        let special = copyLookingForSpecials(base, count, delimiter: delimiter, to: out)
        if special || base[0] == 0x20 || base[count - 1] == 0x20 {
            return writeQuotable(bytes, delimiter: delimiter, prefix: false, to: out)
        }
        return out + count
    }

    @inline(__always)
    private static func runsAsFormula(_ first: UInt8) -> Bool {
        switch first {
        case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0D: true
        default: false
        }
    }

    /// Copies the bytes and says whether any of them asks for quotes, eight at a time: most fields are plain, and then this was all.
    @inline(__always)
    private static func copyLookingForSpecials(
        _ base: UnsafePointer<UInt8>, _ count: Int, delimiter: UInt8, to out: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        let from = UnsafeRawPointer(base)
        let to = UnsafeMutableRawPointer(out)
        var hits: UInt64 = 0
        if count >= 8 {
            var at = 0
            while at &+ 8 <= count {
                let word = from.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                to.storeBytes(of: word, toByteOffset: at, as: UInt64.self)
                hits |= specials(word, delimiter: delimiter)
                at &+= 8
            }
            // The last word overlaps the one before: cheaper than a loop over the rest.
            let word = from.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
            to.storeBytes(of: word, toByteOffset: count &- 8, as: UInt64.self)
            hits |= specials(word, delimiter: delimiter)
        } else if count >= 4 {
            let low = from.loadUnaligned(as: UInt32.self)
            let high = from.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
            to.storeBytes(of: low, as: UInt32.self)
            to.storeBytes(of: high, toByteOffset: count &- 4, as: UInt32.self)
            hits = specials(UInt64(low) | UInt64(high) << 32, delimiter: delimiter)
        } else {
            // The unused bytes of the word are zero, which is no special.
            var word: UInt64 = 0
            for at in 0..<count {
                out[at] = base[at]
                word = word << 8 | UInt64(base[at])
            }
            hits = specials(word, delimiter: delimiter)
        }
        return hits != 0
    }

    /// Not zero where a byte of the word is the delimiter, a quote, CR or LF.
    @inline(__always)
    private static func specials(_ word: UInt64, delimiter: UInt8) -> UInt64 {
        zeroes(word ^ (0x0101_0101_0101_0101 &* UInt64(delimiter))) | zeroes(word ^ 0x2222_2222_2222_2222)
            | zeroes(word ^ 0x0D0D_0D0D_0D0D_0D0D) | zeroes(word ^ 0x0A0A_0A0A_0A0A_0A0A)
    }

    @inline(__always)
    private static func zeroes(_ word: UInt64) -> UInt64 {
        (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
    }

    /// The slow road: quoted, quotes doubled, perhaps with the `'` that keeps a spreadsheet from running the text.
    private static func writeQuotable(
        _ bytes: UnsafeBufferPointer<UInt8>, delimiter: UInt8, prefix: Bool, to out: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        var quotes = bytes[bytes.count - 1] == 0x20 || (!prefix && bytes[0] == 0x20)
        for byte in bytes where byte == delimiter || byte == 0x22 || byte == 0x0A || byte == 0x0D { quotes = true }
        var p = out
        if quotes {
            p.pointee = UInt8(ascii: "\"")
            p += 1
        }
        if prefix {
            p.pointee = UInt8(ascii: "'")
            p += 1
        }
        for byte in bytes {
            p.pointee = byte
            p += 1
            if byte == UInt8(ascii: "\"") {
                p.pointee = byte
                p += 1
            }
        }
        if quotes {
            p.pointee = UInt8(ascii: "\"")
            p += 1
        }
        return p
    }
}
