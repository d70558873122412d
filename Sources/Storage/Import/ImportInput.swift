import Glibc

/// One input file as a stream of UTF-8 (not yet checked to be valid), with its beginning kept in memory for sniffing.
final class ImportInput {
    /// How the file is called in messages: its last path component.
    let name: String
    let path: String
    private let source: any ByteSource
    private var markBytes: Int
    private var head: [UInt8]
    private var headIsAll = false
    private var position = 0
    private var sourceIsPastHead = false
    static let headBytesMax = 1 << 20

    init(path: String, encoding: String?) throws {
        self.path = path
        name = path == "-" ? "standard input" : String(path.split(separator: "/").last ?? "?")
        var raw = try ImportInput.open(path: path, name: name)
        var start = [UInt8](repeating: 0, count: 4096)
        var got = try ImportInput.fill(raw, &start, from: 0)
        if got >= 2, start[0] == 0x1f, start[1] == 0x8b, path != "-", !(raw is GzipSource) {
            raw = GzipSource(path: path, name: name)
            got = try ImportInput.fill(raw, &start, from: 0)
        } else if got >= 2, start[0] == 0x1f, start[1] == 0x8b {
            throw StorageError(
                .data, "\(name) is packed by gzip\(path == "-" ? "" : " twice")", hint: "unpack it before the pipe: gzip -dc")
        }
        try raw.rewind()
        let detected = start.withUnsafeBytes { TextEncoding.detect(UnsafeRawBufferPointer(rebasing: $0[..<got]), asked: encoding) }
        switch detected.encoding {
        case .utf8:
            source = raw
            markBytes = detected.markBytes
        case .named(let iconvName):
            source = try TranscodingSource(
                inner: raw, name: name, encoding: iconvName, asked: encoding != nil, markBytes: detected.markBytes)
            markBytes = 0
        }
        head = [UInt8](repeating: 0, count: ImportInput.headBytesMax)
        let filled = try ImportInput.fill(source, &head, from: 0)
        headIsAll = filled < head.count
        head.removeLast(head.count - filled)
        if markBytes > 0 { head.removeFirst(min(markBytes, head.count)) }
    }

    private static func open(path: String, name: String) throws -> any ByteSource {
        if path == "-" { return SpooledSource(descriptor: 0, name: name) }
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            throw StorageError(.file, code == ENOENT ? "there is no file \(path)" : "\(path) cannot be opened: \(systemMessage(code))")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            close(descriptor)
            throw StorageError(.file, "\(path) cannot be read: \(systemMessage(errno))")
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR:
            close(descriptor)
            throw StorageError(.file, "\(path) is a folder", hint: "name the files in it by a pattern: \(path)/*.csv")
        case S_IFREG:
            if path.hasSuffix(".gz") {
                close(descriptor)
                return GzipSource(path: path, name: name)
            }
            return FileSource(descriptor: descriptor, name: name, total: Int(status.st_size))
        case let other:
            _ = other
            return SpooledSource(descriptor: descriptor, name: name)
        }
    }

    private static func fill(_ source: any ByteSource, _ bytes: inout [UInt8], from start: Int) throws -> Int {
        var filled = start
        let count = bytes.count
        try bytes.withUnsafeMutableBytes { buffer in
            while filled < count {
                let got = try source.read(into: buffer.baseAddress! + filled, count: count - filled)
                if got == 0 { return }
                filled += got
            }
        }
        return filled
    }

    var bytesTotal: Int { source.total }
    var bytesRead: Int { sourceIsPastHead || headIsAll ? source.position : position }

    /// Asked while waiting for a slow pipe.
    func onWait(_ isCancelled: @escaping () -> Bool) { (source as? SpooledSource)?.isCancelled = isCancelled }

    /// Runs `body` over the decoded beginning of the input; `isAll` tells whether there is no more.
    func withHead<R>(_ body: (_ bytes: UnsafeBufferPointer<UInt8>, _ isAll: Bool) throws -> R) rethrows -> R {
        try head.withUnsafeBufferPointer { try body($0, headIsAll) }
    }

    func rewind() throws {
        position = 0
        guard sourceIsPastHead else { return }
        try source.rewind()
        sourceIsPastHead = false
        // The source starts over: what the head holds is read again and passed by.
        var again = [UInt8](repeating: 0, count: head.count + markBytes)
        guard try ImportInput.fill(source, &again, from: 0) == again.count, again.dropFirst(markBytes).elementsEqual(head) else {
            throw StorageError(.file, "\(name) changed while it was read")
        }
    }

    func read(into bytes: UnsafeMutableRawPointer, count: Int) throws -> Int {
        if position < head.count {
            let part = min(count, head.count - position)
            head.withUnsafeBytes { bytes.copyMemory(from: $0.baseAddress! + position, byteCount: part) }
            position += part
            return part
        }
        if headIsAll { return 0 }
        sourceIsPastHead = true
        let got = try source.read(into: bytes, count: count)
        position += got
        return got
    }
}
