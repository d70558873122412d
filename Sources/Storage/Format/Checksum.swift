/// A 64-bit checksum in four independent lanes of multiply and rotate: one changed word always changes the sum, because each step
/// is a bijection of its lane. Not for hostile forgery, only for failing disks and misplaced bytes.
enum Checksum {
    private static let mulA: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let mulB: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let mulC: UInt64 = 0x1656_67B1_9E37_79F9

    /// The seed of something that stands at `offset` of file `file`, so that the right bytes in a wrong place are caught.
    static func seed(file: UInt64, offset: UInt64) -> UInt64 { finish(file &* mulA ^ rotate(offset &* mulB, 29)) }

    static func of(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
        guard let start = bytes.baseAddress else { return finish(seed &+ mulC) }
        return of(start, count: bytes.count, seed: seed)
    }

    static func of(_ start: UnsafeRawPointer, count: Int, seed: UInt64) -> UInt64 {
        var a = seed &+ mulA
        var b = seed ^ mulB
        var c = seed &+ mulC
        var d = seed &- mulA
        var p = start
        let lines = count >> 5
        for _ in 0..<lines {
            a = step(a, p.loadUnaligned(as: UInt64.self))
            b = step(b, p.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            c = step(c, p.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
            d = step(d, p.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
            p += 32
        }
        var sum = rotate(a, 1) &+ rotate(b, 7) &+ rotate(c, 12) &+ rotate(d, 18) &+ UInt64(truncatingIfNeeded: count)
        var left = count & 31
        while left >= 8 {
            sum = step(sum, p.loadUnaligned(as: UInt64.self))
            p += 8
            left &-= 8
        }
        var tail: UInt64 = 0
        while left > 0 {
            left &-= 1
            tail = tail << 8 | UInt64(p.load(fromByteOffset: left, as: UInt8.self))
        }
        return finish(step(sum, tail))
    }

    @inline(__always)
    private static func step(_ lane: UInt64, _ word: UInt64) -> UInt64 { rotate(lane &+ word &* mulB, 31) &* mulA }

    @inline(__always)
    private static func rotate(_ x: UInt64, _ n: UInt64) -> UInt64 { x << n | x >> (64 &- n) }

    @inline(__always)
    private static func finish(_ x: UInt64) -> UInt64 {
        var h = x
        h ^= h >> 33
        h = h &* mulB
        h ^= h >> 29
        h = h &* mulC
        return h ^ h >> 32
    }
}
