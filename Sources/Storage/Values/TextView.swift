#if canImport(Glibc)
    import Glibc
#endif

/// Borrowed UTF-8 bytes. Whoever hands one out says how long they live; nothing here keeps them alive.
public struct TextView: @unchecked Sendable {
    public var base: UnsafePointer<UInt8>?
    public var count: Int

    @inlinable @inline(__always)
    public init(base: UnsafePointer<UInt8>?, count: Int) {
        self.base = base
        self.count = count
    }

    @inlinable @inline(__always)
    public var buffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

    public var string: String { String(decoding: buffer, as: UTF8.self) }

    @inlinable
    public static func == (a: TextView, b: TextView) -> Bool {
        a.count == b.count && (a.count == 0 || memcmp(a.base!, b.base!, a.count) == 0)
    }

    /// By code point, which for UTF-8 is by byte.
    @inlinable
    public static func < (a: TextView, b: TextView) -> Bool { compare(a, b) < 0 }

    @inlinable
    public static func compare(_ a: TextView, _ b: TextView) -> Int {
        let shorter = min(a.count, b.count)
        let order = shorter == 0 ? 0 : Int(memcmp(a.base!, b.base!, shorter))
        return order != 0 ? order : a.count - b.count
    }

    /// A 64-bit hash of the bytes: wyhash-like folding, not for hostile keys across a network but good bins for tables in memory.
    @inlinable
    public var hash: UInt64 {
        var h: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: count)
        // The empty text is the same text with memory behind it and without.
        guard count > 0, var p = base.map({ UnsafeRawPointer($0) }) else { return h }
        var left = count
        while left >= 8 {
            h = TextView.mix(h ^ p.loadUnaligned(as: UInt64.self))
            p += 8
            left -= 8
        }
        var tail: UInt64 = 0
        while left > 0 {
            left -= 1
            tail = tail << 8 | UInt64(p.load(fromByteOffset: left, as: UInt8.self))
        }
        return TextView.mix(h ^ tail ^ 0xA076_1D64_78BD_642F)
    }

    @inlinable @inline(__always)
    static func mix(_ x: UInt64) -> UInt64 {
        let (high, low) = x.multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
        return high ^ low
    }
}
