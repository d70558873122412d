import Glibc
import Storage
import Synchronization

/// Rows that do not fit the memory, in a file without a name: whatever happens to the process, nothing stays behind.
final class SpillFile: @unchecked Sendable {
    private let descriptor: Int32
    private let folder: String
    private(set) var size = 0
    /// Files that this process has made.
    static let made = Atomic<Int>(0)

    /// - Parameter folder: of the store; `TMPDIR` goes before it.
    init(folder: String?) throws {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? folder ?? "/tmp"
        self.folder = folder
        var opened = open(folder, Self.nameless | O_RDWR | O_CLOEXEC, 0o600)
        if opened < 0 {
            // A file system without nameless files: the name goes at once.
            var template = Array("\(folder)/crmq-rows-XXXXXX".utf8CString)
            opened = mkstemp(&template)
            if opened >= 0 {
                unlink(template)
                _ = fcntl(opened, F_SETFD, FD_CLOEXEC)
            }
        }
        guard opened >= 0 else { throw Self.failure("make", folder, errno) }
        descriptor = opened
        Self.made.add(1, ordering: .relaxed)
    }

    /// `O_TMPFILE`, which the C headers keep from Swift.
    private static let nameless = O_DIRECTORY | 0o20_000_000

    deinit { close(descriptor) }

    /// Appends bytes; returns where they begin.
    func append(_ bytes: UnsafeRawPointer, _ count: Int) throws -> Int {
        let start = size
        var done = 0
        while done < count {
            let written = pwrite(descriptor, bytes + done, count - done, off_t(start + done))
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw Self.failure("write", folder, written == 0 ? ENOSPC : errno) }
            done += written
        }
        size = start + count
        return start
    }

    func read(_ offset: Int, _ count: Int, into bytes: UnsafeMutableRawPointer) throws {
        var done = 0
        while done < count {
            let got = pread(descriptor, bytes + done, count - done, off_t(offset + done))
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw Self.failure("read", folder, got == 0 ? EIO : errno) }
            done += got
        }
    }

    private static func failure(_ what: String, _ folder: String, _ code: Int32) -> QueryError {
        QueryError(
            .storage, "cannot \(what) rows that do not fit the memory in a file in \(folder): \(String(cString: strerror(code)))",
            hint: "set TMPDIR to a folder with room, or give more memory with --memory")
    }
}
