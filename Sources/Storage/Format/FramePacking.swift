/// A frame is 256 values of `width` bits in 32 * width bytes. The word is the smallest of 8, 16, 32 and 64 bits that holds the width, a
/// row of words is always 32 bytes, so a frame has 256 / wordBits lanes: value `i` stands in lane `i % lanes` at position `i / lanes`.
///
/// Because a row is 32 bytes for every word size, one loop over four 64-bit words serves all of them: shift the row, then mask each word's
/// bits. What leaks in from a neighbouring word is exactly what the mask removes.
enum FramePacking {
    static let valuesPerFrame = 256

    @inline(__always)
    static func wordBits(width: Int) -> Int { width <= 8 ? 8 : width <= 16 ? 16 : width <= 32 ? 32 : 64 }

    @inline(__always)
    static func frameBytes(width: Int) -> Int { width &* 32 }

    /// The low `bits` of every word of `word` bits. `bits` is at least 1.
    @inline(__always)
    static func mask(bits: Int, word: Int) -> UInt64 {
        let one: UInt64 = ~0 >> UInt64(truncatingIfNeeded: 64 &- bits)
        switch word {
        case 8: return one &* 0x0101_0101_0101_0101
        case 16: return one &* 0x0001_0001_0001_0001
        case 32: return one &* 0x0000_0001_0000_0001
        default: return one
        }
    }

    typealias Row = SIMD4<UInt64>

    /// Unpacks a frame of 33 to 64 bits, which is one word to a value. A row of 32 bytes at a time, held in registers: loops over its four
    /// words are not made into vectors by themselves.
    static func unpackWide(width: Int, from frame: UnsafeRawPointer, into out: UnsafeMutableRawPointer) {
        let all = Row(repeating: mask(bits: width, word: 64))
        var row = 0
        var shift = 0
        var current = frame.loadUnaligned(as: Row.self)
        for position in 0..<64 {
            let end = shift &+ width
            var value = current &>> Row(repeating: UInt64(truncatingIfNeeded: shift))
            if end >= 64 {
                row &+= 1
                shift = end &- 64
                // Behind the last position stands nothing of this frame.
                if position < 63 { current = frame.loadUnaligned(fromByteOffset: row &* 32, as: Row.self) }
                if shift > 0 { value |= current &<< Row(repeating: UInt64(truncatingIfNeeded: width &- shift)) }
            } else {
                shift = end
            }
            out.storeBytes(of: value & all, toByteOffset: position &* 32, as: Row.self)
        }
    }

    /// Packs 256 words of `wordBits(width)` bits, each below 2^width, into a frame of 32 * width bytes.
    static func pack(width: Int, from words: UnsafeRawPointer, into frame: UnsafeMutableRawPointer) {
        let word = wordBits(width: width)
        let source = words.assumingMemoryBound(to: UInt64.self)
        let target = frame.assumingMemoryBound(to: UInt64.self)
        for i in 0..<width &* 4 { target[i] = 0 }
        var row = 0
        var shift = 0
        for position in 0..<word {
            let from = source + position &* 4
            let to = target + row &* 4
            let left = UInt64(truncatingIfNeeded: shift)
            let end = shift &+ width
            if end <= word {
                for j in 0..<4 { to[j] |= from[j] &<< left }
            } else {
                let low = mask(bits: word &- shift, word: word)
                let high = mask(bits: end &- word, word: word)
                let right = UInt64(truncatingIfNeeded: word &- shift)
                for j in 0..<4 {
                    to[j] |= (from[j] & low) &<< left
                    to[j &+ 4] |= (from[j] &>> right) & high
                }
            }
            if end >= word {
                row &+= 1
                shift = end &- word
            } else {
                shift = end
            }
        }
    }
}
