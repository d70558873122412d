import Glibc

/// A gzip file, unpacked by the system's `gzip` program, which is started again on a rewind. No shell is involved.
final class GzipSource: ByteSource {
    private let path: String
    private let name: String
    private var descriptor: Int32 = -1
    private var child: pid_t = 0
    private(set) var position = 0

    init(path: String, name: String) {
        self.path = path
        self.name = name
    }

    deinit { stop() }

    func read(into bytes: UnsafeMutableRawPointer, count: Int) throws -> Int {
        if child == 0 {
            if descriptor == -2 { return 0 }
            try start()
        }
        while true {
            let got = Glibc.read(descriptor, bytes, count)
            if got > 0 {
                position += got
                return got
            }
            if got < 0, errno == EINTR { continue }
            guard got == 0 else { throw StorageError(.file, "\(name) cannot be read: \(systemMessage(errno))") }
            try finish()
            return 0
        }
    }

    func rewind() throws {
        stop()
        descriptor = -1
        position = 0
    }

    private func start() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw StorageError(.environment, "no pipe can be made: \(systemMessage(errno))") }
        closeOnExec(ends[0])
        closeOnExec(ends[1])
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        let words = ["gzip", "-dc", "--", path]
        let arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var pid: pid_t = 0
        let failure = posix_spawnp(&pid, "gzip", &actions, nil, arguments, environ)
        close(ends[1])
        guard failure == 0 else {
            close(ends[0])
            throw StorageError(.environment, "the program gzip, which unpacks \(name), cannot be started: \(systemMessage(failure))")
        }
        child = pid
        descriptor = ends[0]
    }

    /// The bytes ended: only the program's exit status tells a whole file from a broken one.
    private func finish() throws {
        let status = stop()
        descriptor = -2
        let exited = status & 0x7f == 0
        let code = (status >> 8) & 0xff
        // Status 2 is gzip's warning: the data is whole, something else follows it.
        guard exited, code == 0 || code == 2 else {
            throw StorageError(.data, "\(name) is not complete, or not a gzip file: gzip could not unpack it to its end")
        }
    }

    @discardableResult
    private func stop() -> Int32 {
        guard child != 0 else { return 0 }
        close(descriptor)
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        child = 0
        return status
    }
}
