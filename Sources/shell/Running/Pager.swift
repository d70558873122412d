import Glibc
import Query
import Storage

/// Stands between answers and a terminal: what fits the screen is written to it, what is longer goes through the pager. Lines are counted as
/// they come, and the pager is started when the screen is full, so that nothing is held back for it but one screen.
final class PagerSink: ByteSink {
    private let terminal: ByteSink
    private let command: String
    /// Of the terminal as it is now: windows are made larger and smaller.
    private let screen: () -> (lines: Int, columns: Int)
    private var held: [UInt8] = []
    private var lines = 0
    private var pid: pid_t = 0
    private var pipe: Int32 = -1
    private var interruptBefore = sigaction()
    /// The pager was left before it had seen everything: the statement is over, and that is no error.
    private(set) var wasLeft = false

    /// - Parameter command: as the shell understands it.
    init(_ terminal: ByteSink, command: String, screen: @escaping () -> (lines: Int, columns: Int)) {
        self.terminal = terminal
        self.command = command
        self.screen = screen
    }

    /// Below an answer stand its footer and the prompt.
    private var linesMax: Int { max(2, screen().lines - 2) }

    /// $CRMQ_PAGER, else $PAGER, else less where it is there. Set to nothing they switch paging off, as psql understands it.
    static var command: String? {
        for name in ["CRMQ_PAGER", "PAGER"] {
            guard let value = Terminal.environment(name) else { continue }
            return value.contains { $0 != " " && $0 != "\t" } ? value : nil
        }
        let folders = (Terminal.environment("PATH") ?? "").split(separator: ":")
        // Raw colours, long lines not folded, nothing at all where it fits the screen, and the screen left as it was.
        return folders.contains { access("\($0)/less", X_OK) == 0 } ? "less -RSFX" : nil
    }

    /// Tables of more rows than these may be wider than the screen: less moves to the sides where it does not fold lines.
    var rowsScrolled: Int? {
        let options = (Terminal.environment("LESS") ?? "") + " " + command
        return command.contains("less") && options.contains("S") ? linesMax - 2 : nil
    }

    var isRunning: Bool { pid != 0 }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        if wasLeft { throw ReaderGone() }
        if pid != 0 { return try send(bytes) }
        held.append(contentsOf: bytes)
        lines += bytes.reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
        // A line that is much longer than the screen is wide takes several of it.
        guard lines > linesMax || held.count > linesMax * max(20, screen().columns) * 4 else { return }
        guard start() else {
            let text = held
            held = []
            lines = Int.min / 2
            return try text.withUnsafeBytes { try terminal.write($0) }
        }
        let text = held
        held = []
        try text.withUnsafeBytes { try send($0) }
    }

    /// Writes what fitted the screen, or waits until the pager is left.
    func finish() throws {
        if pid != 0 {
            close(pipe)
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            pid = 0
            pipe = -1
            sigaction(SIGINT, &interruptBefore, nil)
        } else if !held.isEmpty {
            let text = held
            held = []
            try text.withUnsafeBytes { try terminal.write($0) }
        }
        held = []
        lines = 0
    }

    /// Ready for the next statement.
    func reset() { wasLeft = false }

    private func send(_ bytes: UnsafeRawBufferPointer) throws {
        do {
            try FileDescriptorSink(pipe, name: "the pager").write(bytes)
        } catch {
            wasLeft = true
            throw ReaderGone()
        }
    }

    private func start() -> Bool {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { return false }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        // Whoever pages answers Ctrl-C himself; here it would end the session behind his back.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for signal in [SIGINT, SIGPIPE, SIGTERM] { sigaddset(&defaults, signal) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        var arguments: [UnsafeMutablePointer<CChar>?] = ["/bin/sh", "-c", command].map { (text: String) in strdup(text) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child: pid_t = 0
        guard posix_spawn(&child, "/bin/sh", &actions, &attributes, &arguments, environ) == 0 else {
            close(ends[0])
            close(ends[1])
            return false
        }
        close(ends[0])
        var ignore = sigaction()
        ignore.__sigaction_handler.sa_handler = SIG_IGN
        sigaction(SIGINT, &ignore, &interruptBefore)
        pid = child
        pipe = ends[1]
        return true
    }
}
