#if canImport(Glibc)
    import Glibc
#endif
import Storage

/// UTF-8 without `String`. A character is one Unicode scalar throughout the language: what `length` counts and `_` matches.
extension TextView {
    static let empty = TextView(base: nil, count: 0)

    /// Bytes that start a character are those that do not continue one.
    @inline(__always)
    static func startsCharacter(_ byte: UInt8) -> Bool { byte & 0xC0 != 0x80 }

    /// Eight bytes at a time, the last eight overlapping what was counted before: no byte loop for texts of eight bytes and more.
    @inline(__always)
    var characterCount: Int {
        guard let base, count > 0 else { return 0 }
        let bytes = UnsafeRawPointer(base)
        var continuing = 0
        if count >= 8 {
            var at = 0
            while at &+ 8 <= count {
                continuing &+= TextView.continuations(bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
                at &+= 8
            }
            if at < count {
                let last = bytes.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
                continuing &+= TextView.continuations(UInt64(littleEndian: last) &>> UInt64(8 &* (8 &- (count &- at))))
            }
        } else {
            for at in 0..<count { continuing &+= TextView.startsCharacter(base[at]) ? 0 : 1 }
        }
        return count &- continuing
    }

    /// How many of eight bytes continue a character.
    @inline(__always)
    private static func continuations(_ word: UInt64) -> Int { (word &>> 7 & ~(word &>> 6) & 0x0101_0101_0101_0101).nonzeroBitCount }

    /// The first eight bytes as a number that is ordered as they are; zeros stand for what a shorter text lacks.
    @inline(__always)
    var orderPrefix: UInt64 {
        guard let base, count > 0 else { return 0 }
        let bytes = UnsafeRawPointer(base)
        if count >= 8 { return UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)) }
        var prefix: UInt64 = 0
        for at in 0..<count { prefix |= UInt64(base[at]) &<< UInt64(56 &- 8 &* at) }
        return prefix
    }

    /// The byte offset behind `characters` characters from byte offset `start`; the end where there are fewer.
    @inline(__always)
    func offset(after characters: Int, from start: Int = 0) -> Int {
        guard let base else { return 0 }
        var at = start
        var left = characters
        while left > 0, at < count {
            at &+= 1
            while at < count, !TextView.startsCharacter(base[at]) { at &+= 1 }
            left &-= 1
        }
        return at
    }

    /// The byte offset where the last `characters` characters begin; 0 where there are fewer.
    @inline(__always)
    func offset(ofLast characters: Int) -> Int {
        guard let base else { return 0 }
        var at = count
        var left = characters
        while left > 0, at > 0 {
            at &-= 1
            while at > 0, !TextView.startsCharacter(base[at]) { at &-= 1 }
            left &-= 1
        }
        return at
    }

    /// The same bytes; without a call for the short texts that keys are made of.
    @inline(__always)
    func equals(_ other: TextView) -> Bool {
        guard count == other.count, let a = base, let b = other.base, count > 0 else { return count == other.count }
        let (x, y) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
        if count >= 8 {
            var at = 0
            while at &+ 8 < count {
                if x.loadUnaligned(fromByteOffset: at, as: UInt64.self) != y.loadUnaligned(fromByteOffset: at, as: UInt64.self) {
                    return false
                }
                at &+= 8
            }
            return x.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
                == y.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
        }
        for at in 0..<count where a[at] != b[at] { return false }
        return true
    }

    @inline(__always)
    func slice(_ from: Int, _ to: Int) -> TextView {
        guard let base, from < to else { return .empty }
        return TextView(base: base + from, count: to - from)
    }

    /// The byte offset of the first `needle` at or after `start`.
    @inline(__always)
    func find(_ needle: TextView, from start: Int = 0) -> Int? {
        guard let needleBase = needle.base, needle.count > 0 else { return start }
        guard let base, needle.count <= count - start else { return nil }
        let last = count &- needle.count
        guard count &- start <= TextView.shortMax else { return findFar(needleBase, needle.count, from: start) }
        // In a short text a call costs more than the search.
        let first = needleBase[0]
        var at = start
        while at <= last {
            if base[at] == first {
                var same = 1
                while same < needle.count, base[at &+ same] == needleBase[same] { same &+= 1 }
                if same == needle.count { return at }
            }
            at &+= 1
        }
        return nil
    }

    private static let shortMax = 32

    private func findFar(_ needle: UnsafePointer<UInt8>, _ length: Int, from start: Int) -> Int? {
        guard let base else { return nil }
        // The first byte is looked for by the library's fast search, the rest is compared only where it stands.
        var from = base + start
        let last = base + (count - length)
        while from <= last {
            guard let hit = memchr(from, Int32(needle[0]), last - from + 1) else { return nil }
            let at = UnsafePointer(hit.assumingMemoryBound(to: UInt8.self))
            if memcmp(at + 1, needle + 1, length - 1) == 0 { return at - base }
            from = at + 1
        }
        return nil
    }

    @inline(__always)
    func starts(with prefix: TextView) -> Bool {
        prefix.count <= count && (prefix.count == 0 || memcmp(base!, prefix.base!, prefix.count) == 0)
    }

    @inline(__always)
    func ends(with suffix: TextView) -> Bool {
        suffix.count <= count && (suffix.count == 0 || memcmp(base! + (count - suffix.count), suffix.base!, suffix.count) == 0)
    }

    /// The scalar at a byte offset and the bytes it takes; broken bytes come as U+FFFD, one at a time.
    @inline(__always)
    func scalar(at offset: Int) -> (scalar: UInt32, width: Int) {
        let p = base! + offset
        let first = UInt32(p[0])
        if first < 0x80 { return (first, 1) }
        let width = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard first >= 0xC2, first < 0xF5, offset + width <= count else { return (0xFFFD, 1) }
        var value = first & (0x7F >> UInt32(width))
        for k in 1..<width {
            guard p[k] & 0xC0 == 0x80 else { return (0xFFFD, 1) }
            value = value << 6 | UInt32(p[k] & 0x3F)
        }
        return (value, width)
    }

    /// Without white space (in Unicode's sense, so ideographic and no-break spaces too) at the chosen ends.
    func trimmed(start trimsStart: Bool, end trimsEnd: Bool) -> TextView {
        var from = 0
        var to = count
        while trimsStart, from < to {
            let (scalar, width) = scalar(at: from)
            guard TextView.isWhiteSpace(scalar) else { break }
            from += width
        }
        while trimsEnd, to > from {
            let last = slice(from, to).offset(ofLast: 1) + from
            guard TextView.isWhiteSpace(scalar(at: last).scalar) else { break }
            to = last
        }
        return slice(from, to)
    }

    @inline(__always)
    static func isWhiteSpace(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, 0xFEFF: true
        default: false
        }
    }
}

/// Bytes that outlive every batch: a constant text that a kernel holds on to.
final class OwnedText: @unchecked Sendable {
    let view: TextView

    init(_ bytes: some Collection<UInt8>) {
        guard !bytes.isEmpty else {
            view = .empty
            return
        }
        let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        _ = memory.initialize(from: bytes)
        view = TextView(base: memory.baseAddress, count: bytes.count)
    }

    deinit { view.base?.deallocate() }
}

extension Vector {
    /// Sets a row to bytes that were built in an array.
    func setText(_ row: Int, scratch: [UInt8]) { scratch.withUnsafeBufferPointer { setText(row, $0) } }
}
