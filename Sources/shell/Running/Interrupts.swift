import Glibc
import Query
import Storage

/// Ctrl-C and its kin. The handler writes one byte to a pipe and nothing else; a thread of its own reads the pipe and does the rest.
final class Interrupts: @unchecked Sendable {
    static let shared = Interrupts()

    private var lock = pthread_mutex_t()
    private var cancel: (() -> Void)?
    private var signalNumber: Int32 = 0
    private var isInteractive = false
    private var wakeRead: Int32 = -1
    private var wakeWrite: Int32 = -1
    /// Grows with every signal, so that a grace period can tell whether its statement has ended.
    private var statements = 0

    /// How long a script's statement may take to notice that it was cancelled before the process ends without it.
    private static let graceMicroseconds: UInt32 = 3_000_000

    private init() { pthread_mutex_init(&lock, nil) }

    /// Readable when a signal came while nothing ran: whoever waits for input waits for this too.
    var wakeDescriptor: Int32 { wakeRead }

    /// The signal that asked the program to end or its statement to stop, 0 for none.
    var pending: Int32 {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        return signalNumber
    }

    func install(interactive: Bool) throws {
        isInteractive = interactive
        var signals: [Int32] = [-1, -1]
        var wake: [Int32] = [-1, -1]
        guard pipe(&signals) == 0, pipe(&wake) == 0 else {
            throw StorageError(.environment, "no pipe for signals: \(String(cString: strerror(errno)))")
        }
        for descriptor in signals + wake { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        for descriptor in wake { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
        (wakeRead, wakeWrite) = (wake[0], wake[1])
        signalPipeWrite = signals[1]
        let readEnd = signals[0]
        let context = Unmanaged.passRetained(Watch(readEnd))
        var thread = pthread_t()
        let failed = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Interrupts.watch(Unmanaged<Watch>.fromOpaque(argument).takeRetainedValue().descriptor)
                return nil
            }, context.toOpaque())
        guard failed == 0 else { throw StorageError(.environment, "no thread for signals") }
        pthread_detach(thread)
        handle(SIGINT) { number in
            let saved = errno
            var byte = UInt8(truncatingIfNeeded: number)
            _ = write(signalPipeWrite, &byte, 1)
            errno = saved
        }
        for number in [SIGTERM, SIGHUP] {
            handle(number) { number in
                let saved = errno
                var byte = UInt8(truncatingIfNeeded: number)
                _ = write(signalPipeWrite, &byte, 1)
                errno = saved
            }
        }
        // Not SIG_IGN, which programs that we start (gzip, the editor) would inherit: a handler that does nothing ends with exec.
        handle(SIGPIPE) { _ in }
    }

    private func handle(_ number: Int32, _ handler: @convention(c) @escaping (Int32) -> Void) {
        // A script that was told to outlive a signal (`nohup`, a job in the background) keeps ignoring it.
        var before = sigaction()
        sigaction(number, nil, &before)
        let isIgnored = unsafeBitCast(before.__sigaction_handler.sa_handler, to: Int.self) == 1
        if isIgnored, !isInteractive || number == SIGHUP, number != SIGPIPE { return }
        var action = sigaction()
        action.__sigaction_handler.sa_handler = handler
        sigemptyset(&action.sa_mask)
        // Interrupted calls go on by themselves; who waits for input waits on the wake pipe as well.
        action.sa_flags = SA_RESTART
        sigaction(number, &action, nil)
        // Whoever started us may have had it blocked, which exec hands down.
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, number)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    private final class Watch {
        let descriptor: Int32
        init(_ descriptor: Int32) { self.descriptor = descriptor }
    }

    private static func watch(_ descriptor: Int32) {
        var byte: UInt8 = 0
        while true {
            let count = read(descriptor, &byte, 1)
            if count == 1 { shared.deliver(Int32(byte)) } else if count == 0 || errno != EINTR { return }
        }
    }

    private func deliver(_ number: Int32) {
        pthread_mutex_lock(&lock)
        let cancel = cancel
        let isRepeated = signalNumber != 0
        signalNumber = number
        let statement = statements
        let ends = !isInteractive || number != SIGINT
        pthread_mutex_unlock(&lock)
        if let cancel {
            cancel()
        } else {
            var byte: UInt8 = 1
            _ = write(wakeWrite, &byte, 1)
        }
        guard ends else { return }
        // A second signal, or a statement that does not listen: every commit is atomic, so ending here harms no store.
        if isRepeated { _exit(128 + number) }
        if cancel != nil {
            usleep(Interrupts.graceMicroseconds)
            pthread_mutex_lock(&lock)
            let isStuck = self.cancel != nil && statements == statement
            pthread_mutex_unlock(&lock)
            if isStuck { _exit(128 + number) }
        }
    }

    /// Lets `body` wait for input in the middle of a statement: an interrupt then ends the waiting.
    func whileAsking<Result>(_ body: () throws -> Result) rethrows -> Result {
        pthread_mutex_lock(&lock)
        let outer = cancel
        cancel = nil
        pthread_mutex_unlock(&lock)
        defer {
            pthread_mutex_lock(&lock)
            cancel = outer
            pthread_mutex_unlock(&lock)
        }
        return try body()
    }

    /// Waits, and says whether an interrupt ended it before its time.
    func sleep(seconds: Double) -> Bool {
        let end = Clock.seconds() + seconds
        while true {
            let left = end - Clock.seconds()
            if left <= 0 { return false }
            var waits = [pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0)]
            _ = poll(&waits, 1, Int32(min(left * 1000 + 1, 1e6)))
            if pending != 0 { return true }
            // A wake-up whose interrupt has been answered already.
            if waits[0].revents != 0 { clear() }
        }
    }

    /// Runs `body` so that a signal calls `cancel`, on another thread.
    func whileRunning<Result>(cancel: @escaping () -> Void, _ body: () throws -> Result) rethrows -> Result {
        pthread_mutex_lock(&lock)
        self.cancel = cancel
        statements += 1
        pthread_mutex_unlock(&lock)
        defer {
            pthread_mutex_lock(&lock)
            self.cancel = nil
            pthread_mutex_unlock(&lock)
        }
        return try body()
    }

    /// At the prompt an interrupt is over when it has been answered. Answers whether there was one.
    @discardableResult
    func clear() -> Bool {
        var bytes: [UInt8] = Array(repeating: 0, count: 64)
        while read(wakeRead, &bytes, bytes.count) > 0 {}
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        guard signalNumber == SIGINT else { return false }
        signalNumber = 0
        return true
    }
}

/// A signal handler may touch nothing that needs initialising, so this is a plain global.
nonisolated(unsafe) private var signalPipeWrite: Int32 = -1
