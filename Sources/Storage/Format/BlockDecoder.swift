#if canImport(Glibc)
    import Glibc
#endif

/// Integers told by codes of 32 bits: `value = base + unit * code`. Half the memory to walk through, and comparisons and sums can be done
/// on the codes. The code under a null is any.
public struct NarrowForm: Sendable, Equatable {
    public var base: Int64
    public var unit: Int64
    public var hasNulls: Bool
    /// Every row of the block has one value (or every row is null).
    public var isConstant: Bool
}

/// Decodes rows of one block that was validated when its stripe was read. `first` is a multiple of 256 within the block.
///
/// Each returns whether the block has nulls, and writes the null bytes only then; a value under a null is 0.
enum BlockDecoder {
    static func integers(
        _ entry: BlockEntry, _ payload: UnsafeRawPointer, first: Int, count: Int, into values: UnsafeMutablePointer<Int64>,
        nulls: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        guard let encoding = Encoding(rawValue: entry.encoding) else { preconditionFailure("an unvalidated block") }
        switch encoding {
        case .constant:
            return constant(entry, entry.base, count, values, nulls)
        case .packed, .packedByFrame, .decimalDouble:
            return packed(entry, payload, byFrame: encoding == .packedByFrame, first: first, count: count, into: values, nulls: nulls)
        case .runLength:
            return runs(entry, payload, first: first, count: count, into: values, nulls: nulls) {
                Int64(bitPattern: UInt64(bitPattern: entry.base) &+ $0 &* entry.unit)
            }
        case .packedByLine:
            LinePacking.integers(entry, payload, first: first, count: count, into: values)
            return false
        case .plainText, .rawDouble:
            preconditionFailure("\(encoding.name) holds no integers")
        }
    }

    /// Codes into whatever integers the dictionary's size allows: the narrower, the less memory the caller's kernels walk through.
    @inline(__always)
    static func codes<Code: FixedWidthInteger & UnsignedInteger>(
        _ entry: BlockEntry, _ payload: UnsafeRawPointer, first: Int, count: Int, into codes: UnsafeMutablePointer<Code>,
        nulls: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        guard let encoding = Encoding(rawValue: entry.encoding) else { preconditionFailure("an unvalidated block") }
        let base = Code(truncatingIfNeeded: entry.base)
        switch encoding {
        case .constant:
            return constant(entry, base, count, codes, nulls)
        case .packed:
            forEachFrame(entry, payload, first: first, count: count) { words, at, n, _ in
                widenCodes(words, Int(entry.word), n, base: base, spare: entry.hasSpareNull, codes + at, nulls + at)
            }
            return entry.nulls > 0
        case .packedByFrame:
            forEachFrame(entry, payload + entry.frames &* 8, first: first, count: count) { words, at, n, frame in
                let base = Code(truncatingIfNeeded: payload.loadUnaligned(fromByteOffset: frame &* 8, as: Int64.self))
                widenCodes(words, Int(entry.word), n, base: base, spare: entry.hasSpareNull, codes + at, nulls + at)
            }
            return entry.nulls > 0
        case .runLength:
            return runs(entry, payload, first: first, count: count, into: codes, nulls: nulls) { base &+ Code(truncatingIfNeeded: $0) }
        case .plainText, .rawDouble, .decimalDouble, .packedByLine:
            preconditionFailure("\(encoding.name) holds no codes")
        }
    }

    /// As ``codes(_:_:first:count:into:nulls:)`` for codes of 32 bits, without a copy of the unpacked frames.
    static func codes32(
        _ entry: BlockEntry, _ payload: UnsafeRawPointer, first: Int, count: Int, into codes: UnsafeMutablePointer<UInt32>,
        nulls: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        narrow(entry, payload, first: first, count: count, into: codes, nulls: nulls)
        if entry.nulls == entry.rows { return true }
        let spare = entry.hasSpareNull
        let more = UInt32(truncatingIfNeeded: entry.base) &- (spare ? 1 : 0)
        if more == 0 { return spare }
        if spare {
            addToKnown(codes, count, more)
        } else {
            for i in 0..<count { codes[i] = codes[i] &+ more }
        }
        return spare
    }

    /// Adds to every code but that of a null, 0. By a mask, since a condition becomes a branch for each row.
    @inline(__always)
    private static func addToKnown(_ codes: UnsafeMutablePointer<UInt32>, _ count: Int, _ more: UInt32) {
        for i in 0..<count {
            let code = codes[i]
            let known: UInt32 = code != 0 ? .max : 0
            codes[i] = (code &+ more) & known
        }
    }

    /// How a block's integers are told by 32-bit codes; nil where they lie too far apart. Where nulls have a code of their own it is 0, and
    /// the base stands one unit lower.
    static func narrowForm(_ entry: BlockEntry) -> NarrowForm? {
        let nulls = entry.nulls > 0
        guard let encoding = Encoding(rawValue: entry.encoding) else { preconditionFailure("an unvalidated block") }
        switch encoding {
        case .constant:
            return NarrowForm(base: nulls ? 0 : entry.base, unit: 1, hasNulls: nulls, isConstant: true)
        case .packed, .packedByFrame, .packedByLine, .runLength:
            let span = UInt64(bitPattern: entry.maximum &- entry.minimum)
            guard span / max(entry.unit, 1) < UInt64(UInt32.max) - 1, entry.unit <= UInt64(Int64.max) else { return nil }
            let unit = Int64(entry.unit)
            return NarrowForm(base: entry.hasSpareNull ? entry.base &- unit : entry.base, unit: unit, hasNulls: nulls, isConstant: false)
        case .plainText, .rawDouble, .decimalDouble: return nil
        }
    }

    /// The codes of a block that has a narrow form.
    static func narrow(
        _ entry: BlockEntry, _ payload: UnsafeRawPointer, first: Int, count: Int, into codes: UnsafeMutablePointer<UInt32>,
        nulls: UnsafeMutablePointer<UInt8>
    ) {
        guard let encoding = Encoding(rawValue: entry.encoding) else { preconditionFailure("an unvalidated block") }
        let body = payload + entry.bitmapBytes
        let spare = entry.hasSpareNull
        switch encoding {
        case .constant:
            codes.update(repeating: 0, count: count)
            if entry.nulls > 0 { nulls.update(repeating: 1, count: count) }
            return
        case .packed:
            narrowFrames(entry, body, first: first, count: count, into: codes) { _ in 0 }
        case .packedByFrame:
            let divisor = Divisor(entry.unit)
            narrowFrames(entry, body + entry.frames &* 8, first: first, count: count, into: codes) { frame in
                let base = body.loadUnaligned(fromByteOffset: frame &* 8, as: Int64.self)
                return UInt32(truncatingIfNeeded: divisor.quotient(UInt64(bitPattern: base &- entry.base)))
            }
        case .runLength:
            let total = Int(entry.aux)
            let ends = body.assumingMemoryBound(to: UInt16.self)
            let values = (body + (2 &* total &+ 7) / 8 &* 8).assumingMemoryBound(to: UInt64.self)
            var run = firstRun(ends, total, endingAfter: first)
            var at = 0
            while at < count {
                let end = min(Int(ends[run]) &- first, count)
                (codes + at).update(repeating: UInt32(truncatingIfNeeded: values[run]), count: end &- at)
                at = end
                run &+= 1
            }
        case .packedByLine: LinePacking.codes(entry, payload, first: first, count: count, into: codes)
        case .plainText, .rawDouble, .decimalDouble: preconditionFailure("\(encoding.name) has no narrow form")
        }
        if spare {
            for i in 0..<count { nulls[i] = codes[i] == 0 ? 1 : 0 }
        } else if entry.hasBitmap {
            NullBytes.expandBitmap(payload, first: first, count: count, into: nulls)
        }
    }

    /// Frames of words of up to 32 bits, each with what its own base adds to every code but that of a null.
    @inline(__always)
    private static func narrowFrames(
        _ entry: BlockEntry, _ frames: UnsafeRawPointer, first: Int, count: Int, into codes: UnsafeMutablePointer<UInt32>,
        _ more: (_ frame: Int) -> UInt32
    ) {
        let width = Int(entry.width)
        let spare = entry.hasSpareNull
        withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 16) { scratch in
            guard let words = scratch.baseAddress else { return }
            var frame = first &>> 8
            var at = 0
            while at < count {
                let rows = min(256, count &- at)
                let out = codes + at
                let source = frames + frame &* 32 &* width
                let add = more(frame)
                if width > 16, rows == 256 {
                    FramePacking.unpack(width: width, from: source, into: UnsafeMutableRawPointer(out))
                } else {
                    FramePacking.unpack(width: width, from: source, into: words)
                    if width <= 8 {
                        let from = words.assumingMemoryBound(to: UInt8.self)
                        for i in 0..<rows { out[i] = UInt32(from[i]) }
                    } else if width <= 16 {
                        let from = words.assumingMemoryBound(to: UInt16.self)
                        for i in 0..<rows { out[i] = UInt32(from[i]) }
                    } else {
                        out.update(from: words.assumingMemoryBound(to: UInt32.self), count: rows)
                    }
                }
                if add != 0 {
                    if spare {
                        addToKnown(out, rows, add)
                    } else {
                        for i in 0..<rows { out[i] = out[i] &+ add }
                    }
                }
                frame &+= 1
                at &+= 256
            }
        }
    }

    static func doubles(
        _ entry: BlockEntry, _ payload: UnsafeRawPointer, first: Int, count: Int, into values: UnsafeMutablePointer<Double>,
        nulls: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        guard let encoding = Encoding(rawValue: entry.encoding) else { preconditionFailure("an unvalidated block") }
        switch encoding {
        case .constant:
            return constant(entry, Double(bitPattern: UInt64(bitPattern: entry.base)), count, values, nulls)
        case .rawDouble:
            memcpy(values, payload + entry.bitmapBytes + first &* 8, count &* 8)
            if entry.nulls > 0 { NullBytes.expandBitmap(payload, first: first, count: count, into: nulls) }
            return entry.nulls > 0
        case .decimalDouble:
            // The integers are decoded into the same memory: both are eight bytes wide.
            let integers = UnsafeMutableRawPointer(values).assumingMemoryBound(to: Int64.self)
            let has = packed(entry, payload, byFrame: false, first: first, count: count, into: integers, nulls: nulls)
            let power = IntegerEncoder.powersOfTen[Int(entry.aux)]
            for i in 0..<count { values[i] = Double(integers[i]) / power }
            return has
        case .packed, .packedByFrame, .packedByLine, .runLength, .plainText:
            preconditionFailure("\(encoding.name) holds no doubles")
        }
    }

    /// Views of a plain text block, into its own bytes.
    static func texts(
        _ entry: BlockEntry, _ payload: UnsafeRawPointer, first: Int, count: Int, into views: UnsafeMutablePointer<TextView>,
        nulls: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        let table = payload + entry.bitmapBytes
        let bytes = (table + PlainText.tableBytes(rows: Int(entry.rows))).assumingMemoryBound(to: UInt8.self)
        var start = table.loadUnaligned(fromByteOffset: first &* 4, as: UInt32.self)
        for i in 0..<count {
            let end = table.loadUnaligned(fromByteOffset: (first &+ i &+ 1) &* 4, as: UInt32.self)
            views[i] = TextView(base: bytes + Int(start), count: Int(end &- start))
            start = end
        }
        if entry.nulls > 0 { NullBytes.expandBitmap(payload, first: first, count: count, into: nulls) }
        return entry.nulls > 0
    }

    @inline(__always)
    private static func constant<T: Numeric>(
        _ entry: BlockEntry, _ value: T, _ count: Int, _ values: UnsafeMutablePointer<T>, _ nulls: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        let isNull = entry.nulls > 0
        values.update(repeating: isNull ? 0 : value, count: count)
        if isNull { nulls.update(repeating: 1, count: count) }
        return isNull
    }

    private static func packed(
        _ entry: BlockEntry, _ payload: UnsafeRawPointer, byFrame: Bool, first: Int, count: Int,
        into values: UnsafeMutablePointer<Int64>, nulls: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        let body = payload + entry.bitmapBytes
        let frames = body + (byFrame ? entry.frames &* 8 : 0)
        let spare = entry.hasSpareNull
        let unit = entry.unit
        forEachFrame(entry, frames, first: first, count: count) { words, at, n, frame in
            let base = byFrame ? body.loadUnaligned(fromByteOffset: frame &* 8, as: Int64.self) : entry.base
            widen64(words, Int(entry.word), n, base: base, unit: unit, spare: spare, values + at, nulls + at)
        }
        if entry.hasBitmap {
            NullBytes.expandBitmap(payload, first: first, count: count, into: nulls)
            for i in 0..<count { values[i] &= Int64(nulls[i]) &- 1 }
        }
        return entry.nulls > 0
    }

    /// Unpacks one frame after another and hands over its words, the place of its first row in the output, its rows, and its number.
    @inline(__always)
    private static func forEachFrame(
        _ entry: BlockEntry, _ frames: UnsafeRawPointer, first: Int, count: Int,
        _ body: (_ words: UnsafeRawPointer, _ at: Int, _ rows: Int, _ frame: Int) -> Void
    ) {
        let width = Int(entry.width)
        func visit(_ words: UnsafeMutableRawPointer) {
            var frame = first &>> 8
            var at = 0
            while at < count {
                FramePacking.unpack(width: width, from: frames + frame &* 32 &* width, into: words)
                body(UnsafeRawPointer(words), at, min(256, count &- at), frame)
                frame &+= 1
                at &+= 256
            }
        }
        // Up to 1,024 bytes lie on the stack, more come from the allocator.
        if entry.word <= 32 {
            withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 16) { visit($0.baseAddress!) }
        } else {
            withUnsafeTemporaryAllocation(byteCount: 2048, alignment: 16) { visit($0.baseAddress!) }
        }
    }

    @inline(__always)
    private static func widenCodes<Code: FixedWidthInteger & UnsignedInteger>(
        _ words: UnsafeRawPointer, _ word: Int, _ count: Int, base: Code, spare: Bool, _ out: UnsafeMutablePointer<Code>,
        _ nulls: UnsafeMutablePointer<UInt8>
    ) {
        switch word {
        case 8: widenCodes(words.assumingMemoryBound(to: UInt8.self), count, base, spare, out, nulls)
        case 16: widenCodes(words.assumingMemoryBound(to: UInt16.self), count, base, spare, out, nulls)
        default: widenCodes(words.assumingMemoryBound(to: UInt32.self), count, base, spare, out, nulls)
        }
    }

    @inline(__always)
    private static func widenCodes<Word: FixedWidthInteger & UnsignedInteger, Code: FixedWidthInteger & UnsignedInteger>(
        _ words: UnsafePointer<Word>, _ count: Int, _ base: Code, _ spare: Bool, _ out: UnsafeMutablePointer<Code>,
        _ nulls: UnsafeMutablePointer<UInt8>
    ) {
        if !spare {
            for i in 0..<count { out[i] = Code(truncatingIfNeeded: words[i]) &+ base }
            return
        }
        let less = base &- 1
        for i in 0..<count {
            let code = words[i]
            out[i] = code == 0 ? 0 : Code(truncatingIfNeeded: code) &+ less
        }
        for i in 0..<count { nulls[i] = words[i] == 0 ? 1 : 0 }
    }

    private static func widen64(
        _ words: UnsafeRawPointer, _ word: Int, _ count: Int, base: Int64, unit: UInt64, spare: Bool, _ out: UnsafeMutablePointer<Int64>,
        _ nulls: UnsafeMutablePointer<UInt8>
    ) {
        switch word {
        case 8: widen(words.assumingMemoryBound(to: UInt8.self), count, base, unit, spare, out, nulls)
        case 16: widen(words.assumingMemoryBound(to: UInt16.self), count, base, unit, spare, out, nulls)
        case 32: widen(words.assumingMemoryBound(to: UInt32.self), count, base, unit, spare, out, nulls)
        default: widen(words.assumingMemoryBound(to: UInt64.self), count, base, unit, spare, out, nulls)
        }
    }

    @inline(__always)
    private static func widen<Word: FixedWidthInteger & UnsignedInteger>(
        _ words: UnsafePointer<Word>, _ count: Int, _ base: Int64, _ unit: UInt64, _ spare: Bool, _ out: UnsafeMutablePointer<Int64>,
        _ nulls: UnsafeMutablePointer<UInt8>
    ) {
        if !spare {
            if unit == 1 {
                for i in 0..<count { out[i] = Int64(truncatingIfNeeded: words[i]) &+ base }
            } else if Word.bitWidth <= 32, unit <= UInt64(UInt32.max) {
                // Two 32-bit factors: the one multiplication that every x86 has for vectors.
                let narrow = UInt32(truncatingIfNeeded: unit)
                for i in 0..<count {
                    let product = UInt64(UInt32(truncatingIfNeeded: words[i])) &* UInt64(narrow)
                    out[i] = Int64(bitPattern: product) &+ base
                }
            } else {
                for i in 0..<count { out[i] = Int64(bitPattern: UInt64(truncatingIfNeeded: words[i]) &* unit) &+ base }
            }
            return
        }
        let less = base &- Int64(bitPattern: unit)
        for i in 0..<count {
            let value = Int64(bitPattern: UInt64(truncatingIfNeeded: words[i]) &* unit) &+ less
            out[i] = words[i] == 0 ? 0 : value
        }
        for i in 0..<count { nulls[i] = words[i] == 0 ? 1 : 0 }
    }

    private static func firstRun(_ ends: UnsafePointer<UInt16>, _ total: Int, endingAfter row: Int) -> Int {
        var low = 0
        var high = total
        while low < high {
            let middle = (low &+ high) / 2
            if Int(ends[middle]) > row { high = middle } else { low = middle &+ 1 }
        }
        return low
    }

    @inline(__always)
    private static func runs<T: Numeric>(
        _ entry: BlockEntry, _ payload: UnsafeRawPointer, first: Int, count: Int, into values: UnsafeMutablePointer<T>,
        nulls: UnsafeMutablePointer<UInt8>, _ value: (UInt64) -> T
    ) -> Bool {
        let total = Int(entry.aux)
        let body = payload + entry.bitmapBytes
        let ends = body.assumingMemoryBound(to: UInt16.self)
        let codes = (body + (2 &* total &+ 7) / 8 &* 8).assumingMemoryBound(to: UInt64.self)
        let spare = entry.hasSpareNull
        var run = firstRun(ends, total, endingAfter: first)
        var at = 0
        while at < count {
            let end = min(Int(ends[run]) &- first, count)
            let code = codes[run]
            let isNull = spare && code == 0
            (values + at).update(repeating: isNull ? 0 : value(spare ? code &- 1 : code), count: end &- at)
            if spare { (nulls + at).update(repeating: isNull ? 1 : 0, count: end &- at) }
            at = end
            run &+= 1
        }
        if entry.hasBitmap {
            NullBytes.expandBitmap(payload, first: first, count: count, into: nulls)
            for i in 0..<count where nulls[i] != 0 { values[i] = 0 }
        }
        return entry.nulls > 0
    }
}
