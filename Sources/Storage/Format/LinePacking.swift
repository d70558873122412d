/// Frames of values that rise more or less evenly, such as moments in their order and the numbers given with them: what is packed is the
/// distance from a line of the frame's own, at the frame's own width. Half the bits of a base for every frame, and where two stretches of
/// rows meet, only the frame between them is wide.
///
/// A block's code `i` of frame `f` is `start + (slope * i >> 8) + packed[i]`, in whole numbers that wrap. Heads of 16 bytes come first:
///
/// | at | bytes | what |
/// |---|---|---|
/// | 0 | 8 | start: the smallest distance from the line |
/// | 8 | 4 | slope in 256ths, below 2^24 |
/// | 12 | 2 | where the frame's bytes begin behind the heads, in 32 bytes |
/// | 14 | 1 | width, 0...64 |
/// | 15 | 1 | zero |
///
/// No nulls, no dictionary codes and no ids: those have kernels that know a width for all of a block.
enum LinePacking {
    static let headBytes = 16
    static let slopeLimit: UInt32 = 1 << 24
    /// Codes from here on could leave 64 bits on their way.
    static let codeLimit: UInt64 = 1 << 62

    struct Head {
        var start: Int64
        var slope: UInt32
        var offset: Int
        var width: Int

        @inline(__always)
        init(_ heads: UnsafeRawPointer, _ frame: Int) {
            let at = heads + frame &* LinePacking.headBytes
            start = at.loadUnaligned(as: Int64.self)
            slope = at.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
            offset = Int(at.loadUnaligned(fromByteOffset: 12, as: UInt16.self)) &* 32
            width = Int(at.loadUnaligned(fromByteOffset: 14, as: UInt8.self))
        }

        init(start: Int64, slope: UInt32, offset: Int, width: Int) {
            self.start = start
            self.slope = slope
            self.offset = offset
            self.width = width
        }

        func store(to heads: UnsafeMutableRawPointer, _ frame: Int) {
            let at = heads + frame * LinePacking.headBytes
            at.storeBytes(of: start, as: Int64.self)
            at.storeBytes(of: slope, toByteOffset: 8, as: UInt32.self)
            at.storeBytes(of: UInt16(offset / 32), toByteOffset: 12, as: UInt16.self)
            at.storeBytes(of: UInt8(width), toByteOffset: 14, as: UInt8.self)
            at.storeBytes(of: 0, toByteOffset: 15, as: UInt8.self)
        }
    }

    // MARK: encoding

    /// The line of one frame of codes, and its width: from the first code to the last.
    static func line(_ codes: UnsafePointer<UInt64>, _ count: Int) -> (start: Int64, slope: UInt32, width: Int) {
        var slope: UInt64 = 0
        let first = codes[0]
        let last = codes[count - 1]
        if last > first, count > 1 { slope = min((last - first) / UInt64(count - 1), UInt64(slopeLimit) >> 8) }
        // The fraction: what is left over the whole steps, where there is room for it.
        if last > first, count > 1, slope < UInt64(slopeLimit) >> 8 {
            let rest = (last - first) % UInt64(count - 1)
            slope = slope << 8 + rest << 8 / UInt64(count - 1)
        } else {
            slope = min(slope << 8, UInt64(slopeLimit) - 1)
        }
        let step = UInt32(slope)
        var low = Int64.max
        var high = Int64.min
        for i in 0..<count {
            let distance = Int64(bitPattern: codes[i]) &- Int64((step &* UInt32(truncatingIfNeeded: i)) &>> 8)
            low = min(low, distance)
            high = max(high, distance)
        }
        return (low, step, 64 - UInt64(bitPattern: high &- low).leadingZeroBitCount)
    }

    /// Appends the heads and frames of a block. `words` has room for 256 words of 64 bits.
    static func append(_ codes: UnsafeMutablePointer<UInt64>, rows: Int, words: UnsafeMutableRawPointer, to out: RawBuffer) {
        let frames = (rows + 255) / 256
        var bytes = frames * headBytes
        let lines = (0..<frames).map { line(codes + $0 * 256, min(256, rows - $0 * 256)) }
        for line in lines { bytes += 32 * line.width }
        let heads = out.grow(bytes)
        let data = heads + frames * headBytes
        var offset = 0
        for (f, line) in lines.enumerated() {
            Head(start: line.start, slope: line.slope, offset: offset, width: line.width).store(to: heads, f)
            guard line.width > 0 else { continue }
            let from = codes + f * 256
            let count = min(256, rows - f * 256)
            for i in 0..<count {
                let point = Int64((line.slope &* UInt32(truncatingIfNeeded: i)) &>> 8) &+ line.start
                from[i] = from[i] &- UInt64(bitPattern: point)
            }
            switch FramePacking.wordBits(width: line.width) {
            case 8: fill(words.assumingMemoryBound(to: UInt8.self), from, count)
            case 16: fill(words.assumingMemoryBound(to: UInt16.self), from, count)
            case 32: fill(words.assumingMemoryBound(to: UInt32.self), from, count)
            default: fill(words.assumingMemoryBound(to: UInt64.self), from, count)
            }
            FramePacking.pack(width: line.width, from: words, into: data + offset)
            offset += 32 * line.width
        }
    }

    @inline(__always)
    private static func fill<Word: FixedWidthInteger>(_ words: UnsafeMutablePointer<Word>, _ codes: UnsafePointer<UInt64>, _ count: Int) {
        for i in 0..<count { words[i] = Word(truncatingIfNeeded: codes[i]) }
        for i in count..<256 { words[i] = 0 }
    }

    // MARK: decoding

    /// `base + unit * code`, of a block that was validated.
    static func integers(
        _ entry: BlockEntry, _ payload: UnsafeRawPointer, first: Int, count: Int, into values: UnsafeMutablePointer<Int64>
    ) {
        forEachFrame(entry, payload, first: first, count: count) { words, head, at, rows in
            let out = values + at
            let base = entry.base &+ Int64(bitPattern: entry.unit) &* head.start
            let unit = entry.unit
            guard head.width > 0 else {
                for i in 0..<rows {
                    let point = UInt64((head.slope &* UInt32(truncatingIfNeeded: i)) &>> 8)
                    out[i] = base &+ Int64(bitPattern: point &* unit)
                }
                return
            }
            switch FramePacking.wordBits(width: head.width) {
            case 8: widen(words.assumingMemoryBound(to: UInt8.self), rows, base, unit, head.slope, out)
            case 16: widen(words.assumingMemoryBound(to: UInt16.self), rows, base, unit, head.slope, out)
            case 32: widen(words.assumingMemoryBound(to: UInt32.self), rows, base, unit, head.slope, out)
            default: widen(words.assumingMemoryBound(to: UInt64.self), rows, base, unit, head.slope, out)
            }
        }
    }

    /// The codes themselves, where they fit 32 bits.
    static func codes(_ entry: BlockEntry, _ payload: UnsafeRawPointer, first: Int, count: Int, into codes: UnsafeMutablePointer<UInt32>) {
        forEachFrame(entry, payload, first: first, count: count) { words, head, at, rows in
            let out = codes + at
            let start = UInt32(truncatingIfNeeded: head.start)
            guard head.width > 0 else {
                for i in 0..<rows { out[i] = start &+ ((head.slope &* UInt32(truncatingIfNeeded: i)) &>> 8) }
                return
            }
            switch FramePacking.wordBits(width: head.width) {
            case 8: narrow(words.assumingMemoryBound(to: UInt8.self), rows, start, head.slope, out)
            case 16: narrow(words.assumingMemoryBound(to: UInt16.self), rows, start, head.slope, out)
            case 32: narrow(words.assumingMemoryBound(to: UInt32.self), rows, start, head.slope, out)
            default: narrow(words.assumingMemoryBound(to: UInt64.self), rows, start, head.slope, out)
            }
        }
    }

    @inline(__always)
    private static func forEachFrame(
        _ entry: BlockEntry, _ payload: UnsafeRawPointer, first: Int, count: Int,
        _ body: (_ words: UnsafeRawPointer, _ head: Head, _ at: Int, _ rows: Int) -> Void
    ) {
        let data = payload + entry.frames &* headBytes
        var frame = first &>> 8
        var at = 0
        while at < count {
            let head = Head(payload, frame)
            func visit(_ words: UnsafeMutableRawPointer) {
                if head.width > 0 { FramePacking.unpack(width: head.width, from: data + head.offset, into: words) }
                body(UnsafeRawPointer(words), head, at, min(256, count &- at))
            }
            // Up to 1,024 bytes lie on the stack, more come from the allocator.
            if head.width <= 32 {
                withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 16) { visit($0.baseAddress!) }
            } else {
                withUnsafeTemporaryAllocation(byteCount: 2048, alignment: 16) { visit($0.baseAddress!) }
            }
            frame &+= 1
            at &+= 256
        }
    }

    @inline(__always)
    private static func widen<Word: FixedWidthInteger & UnsignedInteger>(
        _ words: UnsafePointer<Word>, _ count: Int, _ base: Int64, _ unit: UInt64, _ slope: UInt32, _ out: UnsafeMutablePointer<Int64>
    ) {
        if Word.bitWidth <= 16, unit <= UInt64(UInt32.max) {
            // Point and distance together stay below 2^25, so the product is one of two 32-bit factors.
            let narrow = UInt32(truncatingIfNeeded: unit)
            for i in 0..<count {
                let code = ((slope &* UInt32(truncatingIfNeeded: i)) &>> 8) &+ UInt32(truncatingIfNeeded: words[i])
                out[i] = base &+ Int64(bitPattern: UInt64(code) &* UInt64(narrow))
            }
            return
        }
        for i in 0..<count {
            let code = UInt64((slope &* UInt32(truncatingIfNeeded: i)) &>> 8) &+ UInt64(truncatingIfNeeded: words[i])
            out[i] = base &+ Int64(bitPattern: code &* unit)
        }
    }

    @inline(__always)
    private static func narrow<Word: FixedWidthInteger & UnsignedInteger>(
        _ words: UnsafePointer<Word>, _ count: Int, _ start: UInt32, _ slope: UInt32, _ out: UnsafeMutablePointer<UInt32>
    ) {
        for i in 0..<count {
            out[i] = start &+ ((slope &* UInt32(truncatingIfNeeded: i)) &>> 8) &+ UInt32(truncatingIfNeeded: words[i])
        }
    }

    // MARK: validation

    /// nil where the heads lead to bytes of the block, one frame behind the other.
    static func fault(_ body: UnsafeRawPointer, frames: Int, bytes: Int) -> String? {
        guard bytes >= frames * headBytes else { return "shorter than its lines" }
        var offset = 0
        for f in 0..<frames {
            let head = Head(body, f)
            guard head.width <= 64, head.slope < slopeLimit, head.offset == offset else { return "an impossible line" }
            guard (body + f * headBytes).load(fromByteOffset: 15, as: UInt8.self) == 0 else { return "an impossible line" }
            offset += 32 * head.width
        }
        return bytes == frames * headBytes + offset ? nil : "length and widths disagree"
    }
}
