/// Encodes one block of integers (or dictionary codes) into the smallest form that scans fast. One encoder serves one column at a time.
final class IntegerEncoder {
    private let filled = UnsafeMutablePointer<Int64>.allocate(capacity: SegmentFormat.rowsPerBlock)
    private let codes = UnsafeMutablePointer<UInt64>.allocate(capacity: SegmentFormat.rowsPerBlock)
    private let words = UnsafeMutableRawPointer.allocate(byteCount: 2048, alignment: 64)
    private let frameMinimum = UnsafeMutablePointer<Int64>.allocate(capacity: 32)
    private let frameMaximum = UnsafeMutablePointer<Int64>.allocate(capacity: 32)

    deinit {
        filled.deallocate()
        codes.deallocate()
        words.deallocate()
        frameMinimum.deallocate()
        frameMaximum.deallocate()
    }

    /// Appends the block's bytes to `out` and returns its directory entry, still without offset and checksum.
    /// `nulls`: one byte a row, 1 = null; nil where the column chunk had none. `unitAllowed` is false for dictionary codes, which are
    /// read by kernels that know no unit; `packedOnly` where the caller's decoder knows no other form.
    func encode(
        _ source: UnsafePointer<Int64>, nulls: UnsafePointer<UInt8>?, rows: Int, unitAllowed: Bool, packedOnly: Bool = false,
        into out: RawBuffer
    ) -> BlockEntry {
        precondition(rows > 0 && rows <= SegmentFormat.rowsPerBlock)
        var entry = BlockEntry()
        entry.rows = UInt16(rows)
        let nullCount = nulls.map { NullBytes.count($0, rows: rows) } ?? 0
        entry.nulls = UInt16(nullCount)
        if nullCount == rows { return entry }
        var values = source
        if nullCount > 0, let nulls {
            fill(source, nulls, rows)
            values = UnsafePointer(filled)
        }

        let frames = (rows + 255) / 256
        measureFrames(values, rows)
        var low = frameMinimum[0]
        var high = frameMaximum[0]
        for f in 1..<max(frames, 1) {
            low = min(low, frameMinimum[f])
            high = max(high, frameMaximum[f])
        }
        entry.minimum = low
        entry.maximum = high
        entry.base = low
        if low == high, nullCount == 0 { return entry }

        let unit = unitAllowed ? Divisor.common(values, count: rows, minimum: low) : 1
        let divisor = Divisor(unit)
        entry.unit = unit
        let span = divisor.quotient(UInt64(bitPattern: high &- low))
        var spare: UInt64 = nullCount > 0 ? 1 : 0
        if span == .max { spare = 0 }
        if nullCount > 0, spare == 0 { entry.flags |= BlockEntry.nullBitmap }
        let width = 64 - (span &+ spare).leadingZeroBitCount

        var frameSpan: UInt64 = 0
        for f in 0..<frames { frameSpan = max(frameSpan, divisor.quotient(UInt64(bitPattern: frameMaximum[f] &- frameMinimum[f]))) }
        // A width of zero cannot be packed: a frame has at least one bit.
        let frameWidth = max(1, 64 - (frameSpan &+ spare).leadingZeroBitCount)

        let packedBytes = frames * 32 * width
        let byFrameBytes = frames * (32 * frameWidth + 8)
        let byFrame = !packedOnly && frames > 1 && byFrameBytes * 10 < packedBytes * 9
        var best = byFrame ? byFrameBytes : packedBytes

        makeCodes(values, entry.hasBitmap ? nil : (nullCount > 0 ? nulls : nil), rows, base: low, divisor: divisor, spare: spare)
        if entry.hasBitmap, let nulls { NullBytes.appendBitmap(nulls, rows: rows, to: out) }
        let start = out.count
        // Codes of dictionaries and ids, which know no unit, are read by kernels that know no lines either.
        var byLine = false
        if unitAllowed, !packedOnly, nullCount == 0, frames > 1, span < LinePacking.codeLimit {
            var lineBytes = frames * LinePacking.headBytes
            for f in 0..<frames where lineBytes < best {
                lineBytes += 32 * LinePacking.line(codes + f * 256, min(256, rows - f * 256)).width
            }
            byLine = lineBytes * 10 < best * 9
            if byLine { best = lineBytes }
        }
        let runs = countRuns(rows)
        if !packedOnly, 8 * runs + (2 * runs + 7) / 8 * 8 < best / 2 {
            entry.encoding = Encoding.runLength.rawValue
            entry.aux = UInt32(runs)
            appendRuns(rows, runs, to: out)
        } else if byLine {
            entry.encoding = Encoding.packedByLine.rawValue
            LinePacking.append(codes, rows: rows, words: words, to: out)
        } else if byFrame {
            entry.encoding = Encoding.packedByFrame.rawValue
            entry.width = UInt8(frameWidth)
            appendFrames(rows, width: frameWidth, byFrame: true, base: low, divisor: divisor, spare: spare, to: out)
        } else {
            entry.encoding = Encoding.packed.rawValue
            entry.width = UInt8(width)
            appendFrames(rows, width: width, byFrame: false, base: low, divisor: divisor, spare: spare, to: out)
        }
        entry.word = entry.width == 0 ? 0 : UInt8(FramePacking.wordBits(width: Int(entry.width)))
        entry.length = UInt32(out.count - start + entry.bitmapBytes)
        return entry
    }

    /// Copies the values with each null replaced by its predecessor, so that nulls disturb neither range nor step.
    private func fill(_ source: UnsafePointer<Int64>, _ nulls: UnsafePointer<UInt8>, _ rows: Int) {
        var first = 0
        while nulls[first] != 0 { first &+= 1 }
        var last = source[first]
        for i in 0..<rows {
            last = nulls[i] != 0 ? last : source[i]
            filled[i] = last
        }
    }

    private func measureFrames(_ values: UnsafePointer<Int64>, _ rows: Int) {
        var f = 0
        var start = 0
        while start < rows {
            let end = min(start &+ 256, rows)
            var low = values[start]
            var high = low
            for i in start..<end {
                low = min(low, values[i])
                high = max(high, values[i])
            }
            frameMinimum[f] = low
            frameMaximum[f] = high
            f &+= 1
            start = end
        }
    }

    private func makeCodes(
        _ values: UnsafePointer<Int64>, _ nulls: UnsafePointer<UInt8>?, _ rows: Int, base: Int64, divisor: Divisor, spare: UInt64
    ) {
        if divisor.value == 1 {
            for i in 0..<rows { codes[i] = UInt64(bitPattern: values[i] &- base) &+ spare }
        } else {
            for i in 0..<rows { codes[i] = divisor.quotient(UInt64(bitPattern: values[i] &- base)) &+ spare }
        }
        if let nulls {
            for i in 0..<rows { codes[i] &= UInt64(nulls[i]) &- 1 }
        }
    }

    private func countRuns(_ rows: Int) -> Int {
        var changes = 0
        for i in 1..<max(rows, 1) { changes &+= codes[i] != codes[i &- 1] ? 1 : 0 }
        return changes + 1
    }

    private func appendRuns(_ rows: Int, _ runs: Int, to out: RawBuffer) {
        let endBytes = (2 * runs + 7) / 8 * 8
        let start = out.growZeroed(endBytes + 8 * runs)
        let ends = start.assumingMemoryBound(to: UInt16.self)
        let values = (start + endBytes).assumingMemoryBound(to: UInt64.self)
        var run = 0
        for i in 1..<max(rows, 1) where codes[i] != codes[i &- 1] {
            ends[run] = UInt16(i)
            values[run] = codes[i &- 1]
            run &+= 1
        }
        ends[run] = UInt16(rows)
        values[run] = codes[rows - 1]
    }

    private func appendFrames(
        _ rows: Int, width: Int, byFrame: Bool, base: Int64, divisor: Divisor, spare: UInt64, to out: RawBuffer
    ) {
        let frames = (rows + 255) / 256
        let start = out.grow(frames * (32 * width + (byFrame ? 8 : 0)))
        if byFrame {
            for f in 0..<frames { start.storeBytes(of: frameMinimum[f], toByteOffset: f * 8, as: Int64.self) }
        }
        let first = start + (byFrame ? frames * 8 : 0)
        for f in 0..<frames {
            let count = min(256, rows &- f &* 256)
            // What the frame's own base takes off every code; nulls (code 0 with a spare) stay 0.
            let less = byFrame ? divisor.quotient(UInt64(bitPattern: frameMinimum[f] &- base)) : 0
            narrow(codes + f &* 256, count, less: less, spare: spare, word: FramePacking.wordBits(width: width))
            FramePacking.pack(width: width, from: words, into: first + f &* 32 &* width)
        }
    }

    private func narrow(_ from: UnsafePointer<UInt64>, _ count: Int, less: UInt64, spare: UInt64, word: Int) {
        switch word {
        case 8: narrow(from, count, less, spare, words.assumingMemoryBound(to: UInt8.self))
        case 16: narrow(from, count, less, spare, words.assumingMemoryBound(to: UInt16.self))
        case 32: narrow(from, count, less, spare, words.assumingMemoryBound(to: UInt32.self))
        default: narrow(from, count, less, spare, words.assumingMemoryBound(to: UInt64.self))
        }
    }

    @inline(__always)
    private func narrow<Word: FixedWidthInteger>(
        _ from: UnsafePointer<UInt64>, _ count: Int, _ less: UInt64, _ spare: UInt64, _ to: UnsafeMutablePointer<Word>
    ) {
        if less == 0 {
            for i in 0..<count { to[i] = Word(truncatingIfNeeded: from[i]) }
        } else if spare == 0 {
            for i in 0..<count { to[i] = Word(truncatingIfNeeded: from[i] &- less) }
        } else {
            for i in 0..<count { to[i] = from[i] == 0 ? 0 : Word(truncatingIfNeeded: from[i] &- less) }
        }
        for i in count..<256 { to[i] = 0 }
    }
}

/// One byte a row, 1 = null.
enum NullBytes {
    static func count(_ nulls: UnsafePointer<UInt8>, rows: Int) -> Int {
        var sum = 0
        for i in 0..<rows { sum &+= Int(nulls[i]) }
        return sum
    }

    /// One bit a row in whole 64-bit words.
    static func appendBitmap(_ nulls: UnsafePointer<UInt8>, rows: Int, to out: RawBuffer) {
        let bytes = (rows + 63) / 64 * 8
        let bits = out.growZeroed(bytes).assumingMemoryBound(to: UInt64.self)
        for i in 0..<rows { bits[i &>> 6] |= UInt64(nulls[i]) &<< UInt64(truncatingIfNeeded: i & 63) }
    }

    static func expandBitmap(_ bits: UnsafeRawPointer, first: Int, count: Int, into nulls: UnsafeMutablePointer<UInt8>) {
        let words = bits.assumingMemoryBound(to: UInt64.self)
        for i in 0..<count {
            let row = first &+ i
            nulls[i] = UInt8(truncatingIfNeeded: words[row &>> 6] &>> UInt64(truncatingIfNeeded: row & 63)) & 1
        }
    }
}
