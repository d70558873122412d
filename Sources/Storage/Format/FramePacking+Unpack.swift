/// Unpacking where every width has a function of its own: with the width known, a step is one or two loads, shifts by constants, masks and
/// a store, three times as fast as with shifts that are told at run time.
extension FramePacking {
    private typealias Unpacker = @Sendable (_ frame: UnsafeRawPointer, _ out: UnsafeMutableRawPointer) -> Void

    /// Unpacks a frame into 256 words of `wordBits(width)` bits, in order. `out` holds 32 * wordBits bytes. `width` is 1...64.
    @inline(__always)
    static func unpack(width: Int, from frame: UnsafeRawPointer, into out: UnsafeMutableRawPointer) {
        if width <= 32 { unpackers[width &- 1](frame, out) } else { unpackWide(width: width, from: frame, into: out) }
    }

    /// By width, from 1. A table and not a `switch`: its cases, alike but for the constants, would be merged into one again.
    private static let unpackers: [Unpacker] = [
        { unpack8(1, $0, $1) }, { unpack8(2, $0, $1) }, { unpack8(3, $0, $1) }, { unpack8(4, $0, $1) },
        { unpack8(5, $0, $1) }, { unpack8(6, $0, $1) }, { unpack8(7, $0, $1) }, { unpack8(8, $0, $1) },
        { unpack16(9, $0, $1) }, { unpack16(10, $0, $1) }, { unpack16(11, $0, $1) }, { unpack16(12, $0, $1) },
        { unpack16(13, $0, $1) }, { unpack16(14, $0, $1) }, { unpack16(15, $0, $1) }, { unpack16(16, $0, $1) },
        { unpack32(17, $0, $1) }, { unpack32(18, $0, $1) }, { unpack32(19, $0, $1) }, { unpack32(20, $0, $1) },
        { unpack32(21, $0, $1) }, { unpack32(22, $0, $1) }, { unpack32(23, $0, $1) }, { unpack32(24, $0, $1) },
        { unpack32(25, $0, $1) }, { unpack32(26, $0, $1) }, { unpack32(27, $0, $1) }, { unpack32(28, $0, $1) },
        { unpack32(29, $0, $1) }, { unpack32(30, $0, $1) }, { unpack32(31, $0, $1) }, { unpack32(32, $0, $1) },
    ]

    @inline(__always)
    private static func unpack8(_ width: Int, _ frame: UnsafeRawPointer, _ out: UnsafeMutableRawPointer) {
        eight(0, width, 8, frame, out)
    }

    @inline(__always)
    private static func unpack16(_ width: Int, _ frame: UnsafeRawPointer, _ out: UnsafeMutableRawPointer) {
        eight(0, width, 16, frame, out)
        eight(8, width, 16, frame, out)
    }

    @inline(__always)
    private static func unpack32(_ width: Int, _ frame: UnsafeRawPointer, _ out: UnsafeMutableRawPointer) {
        eight(0, width, 32, frame, out)
        eight(8, width, 32, frame, out)
        eight(16, width, 32, frame, out)
        eight(24, width, 32, frame, out)
    }

    /// The loop that the compiler would not unroll by itself.
    @inline(__always)
    private static func eight(_ first: Int, _ width: Int, _ word: Int, _ frame: UnsafeRawPointer, _ out: UnsafeMutableRawPointer) {
        step(first, width, word, frame, out)
        step(first &+ 1, width, word, frame, out)
        step(first &+ 2, width, word, frame, out)
        step(first &+ 3, width, word, frame, out)
        step(first &+ 4, width, word, frame, out)
        step(first &+ 5, width, word, frame, out)
        step(first &+ 6, width, word, frame, out)
        step(first &+ 7, width, word, frame, out)
    }

    /// 64 bits are shifted, whatever the word: no processor shifts bytes, and of 32 bits the compiler makes rotations that SSE has not.
    @inline(__always)
    private static func step(_ position: Int, _ width: Int, _ word: Int, _ frame: UnsafeRawPointer, _ out: UnsafeMutableRawPointer) {
        let bit = position &* width
        let (row, shift) = (bit / word, bit % word)
        var value = frame.loadUnaligned(fromByteOffset: row &* 32, as: Row.self) &>> Row(repeating: UInt64(truncatingIfNeeded: shift))
        if shift &+ width > word {
            let next = frame.loadUnaligned(fromByteOffset: row &* 32 &+ 32, as: Row.self)
            let low = Row(repeating: mask(bits: word &- shift, word: word))
            value = (value & low) | ((next &<< Row(repeating: UInt64(truncatingIfNeeded: word &- shift))) & ~low)
        }
        out.storeBytes(of: value & Row(repeating: mask(bits: width, word: word)), toByteOffset: position &* 32, as: Row.self)
    }
}
