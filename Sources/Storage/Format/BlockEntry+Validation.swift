/// Everything a decoder relies on is checked here once, when a stripe is read: after this no byte of a file can lead it out of bounds,
/// not even one whose checksum happens to agree.
extension BlockEntry {
    /// nil where the entry is sound for a block of `rows` rows, else what is wrong. `payload` holds `length` bytes.
    /// `codeLimit`: for dictionary codes and ids, the first that no entry stands for.
    func fault(physical: SegmentColumn.Physical, rows expected: Int, payload: UnsafeRawPointer, isID: Bool = false, codeLimit: UInt32)
        -> String?
    {
        guard let encoding = Encoding(rawValue: self.encoding) else { return "unknown encoding \(self.encoding)" }
        guard Int(rows) == expected else { return "\(rows) rows where \(expected) belong" }
        guard nulls <= rows else { return "more nulls than rows" }
        guard width <= 64, unit > 0, flags & ~BlockEntry.nullBitmap == 0 else { return "impossible width, unit or flags" }
        guard word == (width == 0 ? 0 : UInt8(FramePacking.wordBits(width: Int(width)))) else { return "word and width disagree" }
        let body = payload + bitmapBytes
        let bytes = Int(length) - bitmapBytes
        guard bytes >= 0 else { return "shorter than its null bitmap" }
        let isText = physical == .text
        let isCode = isText || isID
        switch encoding {
        case .constant:
            guard length == 0, !hasBitmap, nulls == 0 || nulls == rows else { return "a constant block has no bytes" }
            if isCode, nulls == 0, base < 0 || base >= Int64(codeLimit) { return "a code beyond the dictionary" }
            return nil
        case .packed, .packedByFrame:
            guard physical != .double, width > 0 else { return "a width of 0, or packed doubles" }
            guard bytes == frames * (32 * Int(width) + (encoding == .packedByFrame ? 8 : 0)) else { return "length and width disagree" }
            return isCode ? codeFault(encoding, body, codeLimit) : nil
        case .packedByLine:
            guard physical == .integer, !isCode, width == 0, nulls == 0, !hasBitmap else { return "lines of what is no plain integer" }
            return LinePacking.fault(body, frames: frames, bytes: bytes)
        case .decimalDouble:
            guard physical == .double, width > 0, aux < IntegerEncoder.powersOfTen.count else { return "bad decimal places" }
            return bytes == frames * 32 * Int(width) ? nil : "length and width disagree"
        case .runLength:
            guard physical != .double, width == 0 else { return "a run-length block has no width and holds no doubles" }
            return runFault(body, bytes, isCode: isCode, codeLimit)
        case .plainText:
            guard isText, width == 0 else { return "plain text in a column of another type" }
            return textFault(body, bytes)
        case .rawDouble:
            guard physical == .double, width == 0 else { return "doubles in a column of another type" }
            guard nulls == 0 || hasBitmap else { return "nulls without a bitmap" }
            return bytes == expected * 8 ? nil : "length and rows disagree"
        }
    }

    private func codeFault(_ encoding: Encoding, _ body: UnsafeRawPointer, _ limit: UInt32) -> String? {
        guard unit == 1, width <= 32, !hasBitmap else { return "codes with a unit, a bitmap or over 32 bits" }
        let shift: UInt64 = hasSpareNull ? 1 : 0
        let widest = (UInt64(1) << UInt64(width)) - 1 - shift
        if encoding == .packed, base >= 0, base < Int64(limit), UInt64(base) + widest < UInt64(limit) { return nil }
        // The width alone does not prove it, so look at every code.
        return withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 64) { words -> String? in
            var left = Int(rows)
            for f in 0..<frames {
                let frameBase = encoding == .packed ? base : body.loadUnaligned(fromByteOffset: f * 8, as: Int64.self)
                guard frameBase >= 0, frameBase < Int64(limit) else { return "a code beyond the dictionary" }
                let data = body + (encoding == .packed ? 0 : frames * 8) + f * 32 * Int(width)
                FramePacking.unpack(width: Int(width), from: data, into: words.baseAddress!)
                let highest = BlockEntry.highest(words.baseAddress!, word: Int(word), count: min(256, left))
                if highest >= shift, UInt64(frameBase) + highest - shift >= UInt64(limit) { return "a code beyond the dictionary" }
                left -= 256
            }
            return nil
        }
    }

    private static func highest(_ words: UnsafeRawPointer, word: Int, count: Int) -> UInt64 {
        switch word {
        case 8: return highest(words.assumingMemoryBound(to: UInt8.self), count)
        case 16: return highest(words.assumingMemoryBound(to: UInt16.self), count)
        default: return highest(words.assumingMemoryBound(to: UInt32.self), count)
        }
    }

    @inline(__always)
    private static func highest<Word: FixedWidthInteger & UnsignedInteger>(_ words: UnsafePointer<Word>, _ count: Int) -> UInt64 {
        var high: Word = 0
        for i in 0..<count { high = max(high, words[i]) }
        return UInt64(high)
    }

    private func runFault(_ body: UnsafeRawPointer, _ bytes: Int, isCode: Bool, _ limit: UInt32) -> String? {
        let runs = Int(aux)
        guard runs > 0, runs <= Int(rows), bytes == (2 * runs + 7) / 8 * 8 + 8 * runs else { return "length and runs disagree" }
        if isCode, unit != 1 || hasBitmap || base < 0 { return "codes with a unit or a bitmap" }
        let values = body + (2 * runs + 7) / 8 * 8
        let shift: UInt64 = hasSpareNull ? 1 : 0
        var last: UInt16 = 0
        for i in 0..<runs {
            let end = body.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self)
            guard end > last else { return "runs out of order" }
            last = end
            guard isCode else { continue }
            let code = values.loadUnaligned(fromByteOffset: i * 8, as: UInt64.self)
            guard code < shift || (code - shift < UInt64(limit) && UInt64(base) + code - shift < UInt64(limit)) else {
                return "a code beyond the dictionary"
            }
        }
        return last == rows ? nil : "runs and rows disagree"
    }

    private func textFault(_ body: UnsafeRawPointer, _ bytes: Int) -> String? {
        guard nulls == 0 || hasBitmap else { return "nulls without a bitmap" }
        let table = PlainText.tableBytes(rows: Int(rows))
        guard bytes >= table else { return "shorter than its offsets" }
        var last: UInt32 = 0
        for i in 0...Int(rows) {
            let offset = body.loadUnaligned(fromByteOffset: i * 4, as: UInt32.self)
            guard offset >= last, i > 0 || offset == 0 else { return "offsets out of order" }
            last = offset
        }
        return Int(last) <= bytes - table ? nil : "texts beyond the block's end"
    }
}
