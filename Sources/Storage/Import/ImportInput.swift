import Glibc

/// One input file as a stream of UTF-8 (not yet checked to be valid), with its beginning kept in memory for sniffing.
///
/// Files are opened when they are first read and given up when they are done with, so that thousands of them cost neither descriptors
/// nor memory.
final class ImportInput {
    /// How the file is called in messages: its last path component.
    let name: String
    let path: String
    /// Bytes of the file as it lies there; 0 where unknown.
    let bytesTotal: Int
    /// Something the user should hear of, such as a guessed encoding.
    private(set) var note: String?
    private let encoding: String?
    private let isPipe: Bool
    private let isCancelled: (@Sendable () -> Bool)?
    private var open: Open?

    static let headBytesMax = 1 << 20

    private struct Open {
        var source: any ByteSource
        var pipe: SpooledSource?
        var markBytes = 0
        var head: [UInt8] = []
        var headIsAll = false
        var position = 0
        var sourceIsPastHead = false
    }

    /// - Throws: a `.file` error where there is no such file.
    init(path: String, encoding: String?, isCancelled: (@Sendable () -> Bool)?) throws {
        self.path = path
        self.encoding = encoding
        self.isCancelled = isCancelled
        name = path == "-" ? "standard input" : String(path.split(separator: "/").last ?? "?")
        guard path != "-" else {
            isPipe = true
            bytesTotal = 0
            return
        }
        var status = stat()
        guard stat(path, &status) == 0 else {
            let code = errno
            throw StorageError(.file, code == ENOENT ? "there is no file \(path)" : "\(path) cannot be opened: \(systemMessage(code))")
        }
        let format = status.st_mode & S_IFMT
        if format == S_IFDIR {
            throw StorageError(.file, "\(path) is a folder", hint: "name the files in it by a pattern: \(path)/*.csv")
        }
        isPipe = format != S_IFREG
        bytesTotal = isPipe || path.hasSuffix(".gz") ? 0 : Int(status.st_size)
    }

    // MARK: - opening

    /// Opens the file if it is not open: whether it is packed, what it is written in, and its head.
    private func opened() throws -> Open {
        if let open { return open }
        var raw = try makeSource()
        var start = [UInt8](repeating: 0, count: 4096)
        var got = try ImportInput.fill(raw, &start)
        if got >= 2, start[0] == 0x1f, start[1] == 0x8b {
            guard !isPipe, !(raw is GzipSource) else {
                throw StorageError(
                    .data, "\(name) is packed by gzip\(isPipe ? "" : " twice")", hint: isPipe ? "unpack it before the pipe: gzip -dc" : nil)
            }
            raw = GzipSource(path: path, name: name)
            got = try ImportInput.fill(raw, &start)
        }
        try raw.rewind()
        let detected = start.withUnsafeBytes { TextEncoding.detect(UnsafeRawBufferPointer(rebasing: $0[..<got]), asked: encoding) }
        var made = Open(source: raw, pipe: raw as? SpooledSource)
        switch detected.encoding {
        case .utf8:
            made.markBytes = detected.markBytes
            try fillHead(&made)
            if encoding == nil, TextEncoding.looksLikeGB18030(made.head, isAll: made.headIsAll) {
                try raw.rewind()
                made.source = try TranscodingSource(inner: raw, name: name, encoding: "GB18030", asked: false, markBytes: 0)
                made.markBytes = 0
                note = "\(name): read as gb18030 (encoding: says otherwise)"
                try fillHead(&made)
            }
        case .named(let iconvName):
            made.source = try TranscodingSource(
                inner: raw, name: name, encoding: iconvName, asked: encoding != nil, markBytes: detected.markBytes)
            try fillHead(&made)
        }
        open = made
        return made
    }

    private func makeSource() throws -> any ByteSource {
        if path == "-" { return SpooledSource(descriptor: 0, name: name, isCancelled: isCancelled) }
        if path.hasSuffix(".gz"), !isPipe { return GzipSource(path: path, name: name) }
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StorageError(.file, "\(path) cannot be opened: \(systemMessage(errno))") }
        return isPipe
            ? SpooledSource(descriptor: descriptor, name: name, isCancelled: isCancelled) : FileSource(descriptor: descriptor, name: name)
    }

    private func fillHead(_ open: inout Open) throws {
        open.head = [UInt8](repeating: 0, count: ImportInput.headBytesMax)
        let filled = try ImportInput.fill(open.source, &open.head)
        open.headIsAll = filled < open.head.count
        open.head.removeLast(open.head.count - filled)
        if open.markBytes > 0 { open.head.removeFirst(min(open.markBytes, open.head.count)) }
    }

    private static func fill(_ source: any ByteSource, _ bytes: inout [UInt8]) throws -> Int {
        var filled = 0
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

    /// Gives up descriptor and memory until the file is read again. A pipe keeps what it has: it cannot be opened twice.
    func release() {
        if !isPipe { open = nil }
    }

    // MARK: - reading

    /// Bytes of the file read since the last rewind.
    var bytesRead: Int {
        guard let open else { return 0 }
        return open.sourceIsPastHead || open.headIsAll ? open.source.position : open.position
    }

    /// Asked while waiting for a slow pipe.
    func onWait(_ isStopped: @escaping () -> Bool) { open?.pipe?.isStopped = isStopped }

    /// Runs `body` over the decoded beginning of the input; `isAll` tells whether there is no more.
    func withHead<R>(_ body: (_ bytes: UnsafeBufferPointer<UInt8>, _ isAll: Bool) throws -> R) throws -> R {
        let open = try opened()
        return try open.head.withUnsafeBufferPointer { try body($0, open.headIsAll) }
    }

    func rewind() throws {
        guard var open else { return }
        open.position = 0
        if open.sourceIsPastHead {
            try open.source.rewind()
            open.sourceIsPastHead = false
            // The source starts over: what the head holds is read again and passed by.
            var again = [UInt8](repeating: 0, count: open.head.count + open.markBytes)
            guard try ImportInput.fill(open.source, &again) == again.count, again.dropFirst(open.markBytes).elementsEqual(open.head) else {
                throw StorageError(.file, "\(name) changed while it was read")
            }
        }
        self.open = open
    }

    func read(into bytes: UnsafeMutableRawPointer, count: Int) throws -> Int {
        if open == nil { _ = try opened() }
        guard let open else { preconditionFailure("just opened") }
        if open.position < open.head.count {
            let part = min(count, open.head.count - open.position)
            open.head.withUnsafeBytes { bytes.copyMemory(from: $0.baseAddress! + open.position, byteCount: part) }
            self.open?.position += part
            return part
        }
        if open.headIsAll { return 0 }
        self.open?.sourceIsPastHead = true
        let got = try open.source.read(into: bytes, count: count)
        self.open?.position += got
        return got
    }
}
