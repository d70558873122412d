/// Single rows of a block, where so few are wanted that unpacking the frames around them costs more.
extension BlockDecoder {
    /// Whether a row's bits are found without those before it.
    static func readsPlaces(_ entry: BlockEntry) -> Bool {
        guard let encoding = Encoding(rawValue: entry.encoding) else { preconditionFailure("an unvalidated block") }
        switch encoding {
        case .constant: return true
        case .packed, .packedByFrame: return entry.width <= 32
        case .runLength, .packedByLine, .plainText, .rawDouble, .decimalDouble: return false
        }
    }

    /// As ``narrow(_:_:first:count:into:nulls:)`` for the rows `first + places[...]` of a block whose single rows can be read.
    static func narrow(
        _ entry: BlockEntry, _ payload: UnsafeRawPointer, first: Int, places: UnsafePointer<UInt16>, count: Int,
        into codes: UnsafeMutablePointer<UInt32>, nulls: UnsafeMutablePointer<UInt8>
    ) {
        if entry.encoding == Encoding.constant.rawValue {
            codes.update(repeating: 0, count: count)
            if entry.nulls > 0 { nulls.update(repeating: 1, count: count) }
            return
        }
        let body = payload + entry.bitmapBytes
        let byFrame = entry.encoding == Encoding.packedByFrame.rawValue
        let frames = body + (byFrame ? entry.frames &* 8 : 0)
        let width = Int(entry.width)
        let word = FramePacking.wordBits(width: width)
        // A row of 32 bytes has so many lanes, and a value its bits in one lane of one or two rows.
        let lanes = 256 / word
        let laneShift = lanes.trailingZeroBitCount
        let wordShift = word.trailingZeroBitCount
        let mask = (UInt64(1) &<< UInt64(width)) &- 1
        let spare = entry.hasSpareNull
        for k in 0..<count {
            let row = first &+ Int(places[k])
            let frame = row &>> 8
            let source = frames + frame &* 32 &* width
            let bit = ((row & 255) &>> laneShift) &* width
            let (line, shift) = (bit &>> wordShift, bit & (word &- 1))
            let lane = source + line &* 32 + (row & (lanes &- 1)) &* (word &>> 3)
            var value = load(lane, word) &>> UInt64(shift)
            if shift &+ width > word { value |= load(lane + 32, word) &<< UInt64(word &- shift) }
            codes[k] = UInt32(truncatingIfNeeded: value & mask)
        }
        if byFrame {
            let divisor = Divisor(entry.unit)
            for k in 0..<count where !spare || codes[k] != 0 {
                let base = body.loadUnaligned(fromByteOffset: (first &+ Int(places[k])) &>> 8 &* 8, as: Int64.self)
                codes[k] = codes[k] &+ UInt32(truncatingIfNeeded: divisor.quotient(UInt64(bitPattern: base &- entry.base)))
            }
        }
        if spare {
            for k in 0..<count { nulls[k] = codes[k] == 0 ? 1 : 0 }
        } else if entry.hasBitmap {
            let words = payload.assumingMemoryBound(to: UInt64.self)
            for k in 0..<count {
                let row = first &+ Int(places[k])
                nulls[k] = UInt8(truncatingIfNeeded: words[row &>> 6] &>> UInt64(truncatingIfNeeded: row & 63)) & 1
            }
        }
    }

    @inline(__always)
    private static func load(_ place: UnsafeRawPointer, _ word: Int) -> UInt64 {
        switch word {
        case 8: UInt64(place.load(as: UInt8.self))
        case 16: UInt64(place.loadUnaligned(as: UInt16.self))
        default: UInt64(place.loadUnaligned(as: UInt32.self))
        }
    }

    /// As ``codes32(_:_:first:count:into:nulls:)`` for single rows.
    static func codes32(
        _ entry: BlockEntry, _ payload: UnsafeRawPointer, first: Int, places: UnsafePointer<UInt16>, count: Int,
        into codes: UnsafeMutablePointer<UInt32>, nulls: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        narrow(entry, payload, first: first, places: places, count: count, into: codes, nulls: nulls)
        if entry.nulls == entry.rows { return true }
        let spare = entry.hasSpareNull
        let more = UInt32(truncatingIfNeeded: entry.base) &- (spare ? 1 : 0)
        for k in 0..<count where !spare || codes[k] != 0 { codes[k] = codes[k] &+ more }
        return spare
    }

    /// Views of single rows of a plain text block.
    static func texts(
        _ entry: BlockEntry, _ payload: UnsafeRawPointer, first: Int, places: UnsafePointer<UInt16>, count: Int,
        into views: UnsafeMutablePointer<TextView>, nulls: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        let table = payload + entry.bitmapBytes
        let bytes = (table + PlainText.tableBytes(rows: Int(entry.rows))).assumingMemoryBound(to: UInt8.self)
        let bits = payload.assumingMemoryBound(to: UInt64.self)
        for k in 0..<count {
            let row = first &+ Int(places[k])
            let start = table.loadUnaligned(fromByteOffset: row &* 4, as: UInt32.self)
            let end = table.loadUnaligned(fromByteOffset: row &* 4 &+ 4, as: UInt32.self)
            views[k] = TextView(base: bytes + Int(start), count: Int(end &- start))
            if entry.nulls > 0 { nulls[k] = UInt8(truncatingIfNeeded: bits[row &>> 6] &>> UInt64(truncatingIfNeeded: row & 63)) & 1 }
        }
        return entry.nulls > 0
    }
}
