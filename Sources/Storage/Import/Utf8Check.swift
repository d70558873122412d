/// Whether bytes are UTF-8: texts in a store always are.
enum Utf8Check {
    /// The position of the first byte that is not part of valid UTF-8, or nil. Sixteen bytes after the last may be read.
    static func firstInvalid(_ base: UnsafePointer<UInt8>, from: Int, to count: Int) -> Int? {
        var i = from
        while i < count {
            if base[i] < 0x80 {
                i &+= 1
                // Runs of ASCII, which most files are made of, go by in steps of sixteen.
                while i &+ 16 <= count {
                    let raw = UnsafeRawPointer(base + i)
                    let low = raw.loadUnaligned(as: UInt64.self)
                    let high = raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                    if (low | high) & 0x8080_8080_8080_8080 != 0 { break }
                    i &+= 16
                }
                continue
            }
            let length = sequenceLength(base + i, available: count &- i)
            if length == 0 { return i }
            i &+= length
        }
        return nil
    }

    /// Bytes of the well-formed sequence of several bytes at the beginning (no overlong forms, no surrogates, at most U+10FFFF), or 0.
    @inline(__always)
    static func sequenceLength(_ bytes: UnsafePointer<UInt8>, available: Int) -> Int {
        let first = bytes[0]
        @inline(__always) func follows(_ i: Int) -> Bool { bytes[i] & 0xC0 == 0x80 }
        if first >= 0xC2, first <= 0xDF { return available >= 2 && follows(1) ? 2 : 0 }
        if first >= 0xE0, first <= 0xEF {
            guard available >= 3, follows(1), follows(2) else { return 0 }
            if first == 0xE0, bytes[1] < 0xA0 { return 0 }
            if first == 0xED, bytes[1] > 0x9F { return 0 }
            return 3
        }
        if first >= 0xF0, first <= 0xF4 {
            guard available >= 4, follows(1), follows(2), follows(3) else { return 0 }
            if first == 0xF0, bytes[1] < 0x90 { return 0 }
            if first == 0xF4, bytes[1] > 0x8F { return 0 }
            return 4
        }
        return 0
    }
}
