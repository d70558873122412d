import Glibc

/// Bytes in order, which can be started over. One thread at a time.
protocol ByteSource: AnyObject {
    /// Reads up to `count` bytes; 0 is the end.
    func read(into bytes: UnsafeMutableRawPointer, count: Int) throws -> Int
    func rewind() throws
    /// Bytes of the original read since the last rewind.
    var position: Int { get }
}

/// A regular file, read with pread so that a file cut short underneath is a short read and never a signal.
final class FileSource: ByteSource {
    private let descriptor: Int32
    private let name: String
    private(set) var position = 0

    init(descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    deinit { close(descriptor) }

    func read(into bytes: UnsafeMutableRawPointer, count: Int) throws -> Int {
        while true {
            let got = pread(descriptor, bytes, count, off_t(position))
            if got >= 0 {
                position += got
                return got
            }
            guard errno == EINTR else { throw StorageError(.file, "\(name) cannot be read: \(systemMessage(errno))") }
        }
    }

    func rewind() throws { position = 0 }
}

/// Standard input or another pipe. What is read is kept in an unlinked temporary file, so that the input can be started over.
final class SpooledSource: ByteSource {
    private let descriptor: Int32
    private let name: String
    private var spool: Int32 = -1
    private var spooled = 0
    private(set) var position = 0
    /// Both are looked at while waiting, so that an import that waits for a slow pipe can be cancelled.
    private let isCancelled: (@Sendable () -> Bool)?
    var isStopped: () -> Bool = { false }

    init(descriptor: Int32, name: String, isCancelled: (@Sendable () -> Bool)?) {
        self.descriptor = descriptor
        self.name = name
        self.isCancelled = isCancelled
    }

    deinit {
        if spool >= 0 { close(spool) }
        if descriptor > 2 { close(descriptor) }
    }

    func read(into bytes: UnsafeMutableRawPointer, count: Int) throws -> Int {
        if position < spooled {
            let got = pread(spool, bytes, min(count, spooled - position), off_t(position))
            guard got > 0 else { throw StorageError(.environment, "the temporary copy of \(name) cannot be read back") }
            position += got
            return got
        }
        try waitForBytes()
        var got = Glibc.read(descriptor, bytes, count)
        while got < 0, errno == EINTR || errno == EAGAIN {
            try waitForBytes()
            got = Glibc.read(descriptor, bytes, count)
        }
        guard got >= 0 else { throw StorageError(.file, "\(name) cannot be read: \(systemMessage(errno))") }
        try keep(bytes, count: got)
        position += got
        return got
    }

    func rewind() throws { position = 0 }

    private func waitForBytes() throws {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&entry, 1, 50) == 0 {
            if isStopped() || isCancelled?() == true { throw StorageError(.cancelled, "cancelled") }
        }
    }

    private func keep(_ bytes: UnsafeMutableRawPointer, count: Int) throws {
        guard count > 0 else { return }
        if spool < 0 { spool = try makeTemporaryFile() }
        var done = 0
        while done < count {
            let put = pwrite(spool, bytes + done, count - done, off_t(spooled + done))
            if put < 0, errno == EINTR { continue }
            guard put > 0 else {
                throw StorageError(
                    .environment, "\(name) cannot be kept in a temporary file: \(systemMessage(errno))",
                    hint: "set TMPDIR to a folder with more room")
            }
            done += put
        }
        spooled += count
    }
}

/// Readable by us alone, and gone when its descriptor closes.
private func makeTemporaryFile() throws -> Int32 {
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var path = Array((folder + "/crmq-spool-XXXXXX").utf8CString)
    let descriptor = mkstemp(&path)
    guard descriptor >= 0 else {
        throw StorageError(.environment, "no temporary file can be made in \(folder): \(systemMessage(errno))", hint: "set TMPDIR")
    }
    unlink(path)
    closeOnExec(descriptor)
    return descriptor
}

/// What the system says about an errno.
func systemMessage(_ code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
    return buffer.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
}

/// No program that we start inherits the descriptor.
func closeOnExec(_ descriptor: Int32) { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
