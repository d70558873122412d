import Glibc

/// What an input's bytes are written in.
enum TextEncoding: Equatable {
    case utf8
    /// A name for the system's iconv.
    case named(String)

    /// The encoding asked for, or what the first bytes say, and how many bytes of byte order mark to drop.
    static func detect(_ head: UnsafeRawBufferPointer, asked: String?) -> (encoding: TextEncoding, markBytes: Int) {
        let starts = { (mark: [UInt8]) in head.count >= mark.count && head.prefix(mark.count).elementsEqual(mark) }
        let name = asked?.lowercased()
        let isUTF16 = name.map { $0 == "utf-16" || $0 == "utf16" || $0 == "ucs-2" || $0 == "unicode" } ?? false
        if name == nil || isUTF16 || name == "utf-16le" || name == "utf-16be" {
            if starts([0xFF, 0xFE]), name != "utf-16be" { return (.named("UTF-16LE"), 2) }
            if starts([0xFE, 0xFF]), name != "utf-16le" { return (.named("UTF-16BE"), 2) }
        }
        if isUTF16 { return (.named(looksLikeUTF16(head) == "UTF-16BE" ? "UTF-16BE" : "UTF-16LE"), 0) }
        switch name {
        case nil:
            if starts([0xEF, 0xBB, 0xBF]) { return (.utf8, 3) }
            if let guessed = looksLikeUTF16(head) { return (.named(guessed), 0) }
            return (.utf8, 0)
        case "utf-8", "utf8", "ascii", "us-ascii": return (.utf8, starts([0xEF, 0xBB, 0xBF]) ? 3 : 0)
        case "latin1", "latin-1", "iso-8859-1": return (.named("ISO-8859-1"), 0)
        case "windows-1252", "cp1252": return (.named("CP1252"), 0)
        case "gb18030": return (.named("GB18030"), starts([0x84, 0x31, 0x95, 0x33]) ? 4 : 0)
        case let other?: return (.named(other.uppercased()), 0)
        }
    }

    /// Not UTF-8, but every byte above ASCII pairs up as a character of GB 2312, and there are some: a file from a Chinese system.
    /// Western encodings have lone accented letters, which do not pair up.
    static func looksLikeGB18030(_ head: [UInt8], isAll: Bool) -> Bool {
        head.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress, let invalid = Utf8Check.firstInvalid(base, from: 0, to: bytes.count) else { return false }
            // A head that is not all of the file may end in the middle of a character.
            if !isAll, invalid >= bytes.count - 3 { return false }
            let count = isAll ? bytes.count : bytes.count - 1
            var pairs = 0
            var i = 0
            while i < count {
                if base[i] < 0x80 {
                    i += 1
                    continue
                }
                guard i + 1 < bytes.count, base[i] >= 0xA1, base[i] <= 0xF7, base[i + 1] >= 0xA1, base[i + 1] <= 0xFE else { return false }
                pairs += 1
                i += 2
            }
            return pairs >= 3
        }
    }

    /// Without a mark: text in a Latin alphabet has a zero in every second byte.
    private static func looksLikeUTF16(_ head: UnsafeRawBufferPointer) -> String? {
        let count = min(head.count, 4096) & ~1
        guard count >= 8 else { return nil }
        var even = 0
        var odd = 0
        for i in 0..<count where head[i] == 0 {
            if i & 1 == 0 { even += 1 } else { odd += 1 }
        }
        if odd * 5 > count, even * 20 < count { return "UTF-16LE" }
        if even * 5 > count, odd * 20 < count { return "UTF-16BE" }
        return nil
    }
}

/// Another encoding as UTF-8, through libc's iconv, streaming.
final class TranscodingSource: ByteSource {
    private let inner: any ByteSource
    private let name: String
    private let encoding: String
    private let asked: Bool
    private var handle: iconv_t
    private var raw = [UInt8](repeating: 0, count: 256 << 10)
    private var rawStart = 0
    private var rawEnd = 0
    private var innerEnded = false
    private var spare = [UInt8](repeating: 0, count: 16)
    private var spareStart = 0
    private var spareEnd = 0
    private var newlines = 0
    private let markBytes: Int
    private var markLeft: Int

    init(inner: any ByteSource, name: String, encoding: String, asked: Bool, markBytes: Int) throws {
        self.inner = inner
        self.name = name
        self.encoding = encoding
        self.asked = asked
        self.markBytes = markBytes
        markLeft = markBytes
        guard let handle = iconv_open("UTF-8", encoding), Int(bitPattern: handle) != -1 else {
            throw StorageError(
                .request, "the encoding \(encoding.lowercased()) is not known here",
                hint: "utf-8, utf-16, gbk, gb18030, latin1 and windows-1252 are")
        }
        self.handle = handle
    }

    deinit { iconv_close(handle) }

    var position: Int { inner.position }

    func rewind() throws {
        try inner.rewind()
        iconv(handle, nil, nil, nil, nil)
        rawStart = 0
        rawEnd = 0
        spareStart = 0
        spareEnd = 0
        innerEnded = false
        newlines = 0
        markLeft = markBytes
    }

    func read(into bytes: UnsafeMutableRawPointer, count: Int) throws -> Int {
        precondition(count > 0)
        while true {
            if spareStart < spareEnd {
                let part = min(count, spareEnd - spareStart)
                spare.withUnsafeBytes { bytes.copyMemory(from: $0.baseAddress! + spareStart, byteCount: part) }
                spareStart += part
                return part
            }
            if rawStart == rawEnd, innerEnded { return 0 }
            if !innerEnded, rawEnd - rawStart < 64 { try fill() }
            if rawStart == rawEnd { continue }
            var (made, failure) = convert(into: bytes, count: count)
            if made == 0, failure == E2BIG {
                // Not even one character fits what is asked for: it goes through a buffer of our own.
                (made, failure) = spare.withUnsafeMutableBytes { convert(into: $0.baseAddress!, count: $0.count) }
                spareStart = 0
                spareEnd = made
                if made > 0 { continue }
            }
            if made > 0 { return made }
            if failure == EILSEQ || (failure == EINVAL && innerEnded) { throw invalid(isCut: failure == EINVAL) }
        }
    }

    private func convert(into bytes: UnsafeMutableRawPointer, count: Int) -> (made: Int, failure: Int32) {
        var inLeft = rawEnd - rawStart
        var outLeft = count
        var failure: Int32 = 0
        raw.withUnsafeMutableBytes { buffer in
            var input: UnsafeMutablePointer<CChar>? = buffer.baseAddress!.advanced(by: rawStart).assumingMemoryBound(to: CChar.self)
            var output: UnsafeMutablePointer<CChar>? = bytes.assumingMemoryBound(to: CChar.self)
            let result = iconv(handle, &input, &inLeft, &output, &outLeft)
            if Int(bitPattern: UInt(bitPattern: result)) == -1 { failure = errno }
        }
        rawStart = rawEnd - inLeft
        let made = count - outLeft
        for byte in UnsafeRawBufferPointer(start: bytes, count: made) where byte == 10 { newlines += 1 }
        return (made, failure)
    }

    private func invalid(isCut: Bool) -> StorageError {
        let what = isCut ? "the file ends in the middle of a character" : "a byte sequence that is not \(encoding)"
        return StorageError(
            .data, "\(name), line \(newlines + 1): \(what)",
            hint: asked ? "another encoding: may be right" : "name it with encoding:, for example encoding: \"gb18030\"")
    }

    private func fill() throws {
        raw.withUnsafeMutableBytes { buffer in
            _ = memmove(buffer.baseAddress!, buffer.baseAddress! + rawStart, rawEnd - rawStart)
        }
        rawEnd -= rawStart
        rawStart = 0
        let room = raw.count - rawEnd
        let got = try raw.withUnsafeMutableBytes { try inner.read(into: $0.baseAddress! + rawEnd, count: room) }
        if got == 0 { innerEnded = true }
        rawEnd += got
        let drop = min(markLeft, rawEnd - rawStart)
        rawStart += drop
        markLeft -= drop
    }
}
