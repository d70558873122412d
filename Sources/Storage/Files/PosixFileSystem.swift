#if canImport(Glibc)
    import Glibc
#endif

/// The real disk. Folders 0700, files 0600, descriptors never inherited, interrupted calls repeated.
final class PosixFileSystem: FileSystem {
    static let shared = PosixFileSystem()

    private init() {
        // A snapshot holds every file of its version open, and the usual soft limit of 1,024 is soon reached by small appends.
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
    }

    func makeFolder(_ path: String) throws -> Bool {
        if mkdir(path, 0o700) == 0 { return true }
        if errno == EEXIST { return false }
        throw PosixFileSystem.failure("make folder", path)
    }

    func removeFolder(_ path: String) { _ = rmdir(path) }

    func open(_ path: String) throws -> (any File)? {
        let descriptor = PosixFileSystem.openDescriptor(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 {
            if errno == ENOENT { return nil }
            throw PosixFileSystem.failure("open", path)
        }
        return PosixFile(descriptor: descriptor, path: path)
    }

    func create(_ path: String) throws -> any File {
        let descriptor = PosixFileSystem.openDescriptor(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC)
        if descriptor < 0 { throw PosixFileSystem.failure("create", path) }
        return PosixFile(descriptor: descriptor, path: path)
    }

    func link(_ path: String, to newPath: String) throws -> Bool {
        if Glibc.link(path, newPath) == 0 { return true }
        if errno == EEXIST { return false }
        throw PosixFileSystem.failure("name", newPath)
    }

    func unlink(_ path: String) throws {
        if Glibc.unlink(path) != 0, errno != ENOENT { throw PosixFileSystem.failure("remove", path) }
    }

    func list(_ folder: String) throws -> [String]? {
        guard let stream = opendir(folder) else {
            if errno == ENOENT { return nil }
            throw PosixFileSystem.failure("read folder", folder)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw PosixFileSystem.failure("read folder", folder) }
                return names
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
    }

    func syncFolder(_ path: String) throws {
        let descriptor = PosixFileSystem.openDescriptor(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor < 0 { throw PosixFileSystem.failure("open folder", path) }
        defer { close(descriptor) }
        if fsync(descriptor) != 0 { throw PosixFileSystem.failure("sync folder", path) }
    }

    func lock(_ path: String) throws -> any FileLock {
        while true {
            let descriptor = PosixFileSystem.openDescriptor(path, O_RDWR | O_CREAT | O_CLOEXEC)
            if descriptor < 0 { throw PosixFileSystem.failure("open", path) }
            if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
                let reason = errno
                let holder = PosixFileSystem.holder(descriptor)
                close(descriptor)
                if reason == EINTR { continue }
                if reason != EWOULDBLOCK {
                    errno = reason
                    throw PosixFileSystem.failure("lock", path)
                }
                throw StorageError(
                    .environment, "the store is being changed by \(holder)",
                    hint: "wait until it has finished; reading goes on meanwhile")
            }
            // A first transaction that gave up removes the file: a lock on a name that is gone would guard nothing.
            var held = stat()
            var named = stat()
            guard fstat(descriptor, &held) == 0, stat(path, &named) == 0, held.st_ino == named.st_ino, held.st_dev == named.st_dev else {
                close(descriptor)
                continue
            }
            let text = "\(getpid())\n"
            _ = ftruncate(descriptor, 0)
            _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
            return PosixLock(descriptor: descriptor)
        }
    }

    private static func holder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 32)
        let got = pread(descriptor, &bytes, 31, 0)
        let digits = bytes.prefix(max(0, got)).prefix { $0 >= 48 && $0 <= 57 }
        return digits.isEmpty ? "another process" : "process \(String(decoding: digits, as: UTF8.self))"
    }

    fileprivate static func openDescriptor(_ path: String, _ flags: Int32) -> Int32 {
        while true {
            let descriptor = Glibc.open(path, flags, 0o600)
            if descriptor >= 0 || errno != EINTR { return descriptor }
        }
    }

    fileprivate static func failure(_ verb: String, _ path: String) -> StorageError {
        let reason = String(cString: strerror(errno))
        let hint = errno == ENOSPC ? "free some space on that disk" : nil
        return StorageError(.environment, "cannot \(verb) \(path): \(reason)", hint: hint)
    }
}

private final class PosixFile: File, @unchecked Sendable {
    let descriptor: Int32
    let path: String

    init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    func size() throws -> Int {
        var status = stat()
        if fstat(descriptor, &status) != 0 { throw PosixFileSystem.failure("look at", path) }
        return Int(status.st_size)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws -> Int {
        var done = 0
        while done < buffer.count {
            let got = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
            if got == 0 { break }
            if got < 0 {
                if errno == EINTR { continue }
                throw PosixFileSystem.failure("read", path)
            }
            done += got
        }
        return done
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws {
        var done = 0
        while done < bytes.count {
            let wrote = write(descriptor, bytes.baseAddress! + done, bytes.count - done)
            if wrote < 0 {
                if errno == EINTR { continue }
                throw PosixFileSystem.failure("write", path)
            }
            done += wrote
        }
    }

    func sync() throws {
        if fsync(descriptor) != 0 { throw PosixFileSystem.failure("sync", path) }
    }
}

private final class PosixLock: FileLock, @unchecked Sendable {
    private let descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit {
        _ = ftruncate(descriptor, 0)
        // A child process on its way from fork to exec holds a copy of the descriptor, and closing ours would leave the lock with it.
        _ = flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
