import Glibc
import Query

/// Runs one statement at a time on a thread of its own, so that the prompt can go on without waiting for one that was cancelled: whatever
/// it is in the middle of (a table that grows, a file that is taken away), Ctrl-C is answered at once. The next statement waits for it.
final class Worker: @unchecked Sendable {
    /// How long a cancelled statement may take to say so itself.
    private static let patienceSeconds = 0.06
    /// Statements nest deep; the main thread's stack is what the engine's limits are made for.
    private static let stackBytes = 16 << 20

    private var lock = pthread_mutex_t()
    private var changed = pthread_cond_t()
    private var thread = pthread_t()
    private var isStarted = false
    private var work: (() -> Void)?
    private var isBusyNow = false
    private var cancelledAt: Double?
    /// What the statement wants done by the thread that types.
    private var request: (() -> Void)?

    init() {
        pthread_mutex_init(&lock, nil)
        // Timed waits go by a clock that nobody sets.
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(&changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    /// A statement that was left behind has not ended yet.
    var isBusy: Bool { locked { isBusyNow } }

    /// From any thread: the statement has been told to end.
    func noteCancelled() {
        locked {
            cancelledAt = cancelledAt ?? Clock.seconds()
            pthread_cond_broadcast(&changed)
        }
    }

    /// Runs `body` and waits for its end, or, where it was cancelled, not much longer than it may be left alone: `leave` says whether it may,
    /// which it may not while it writes to the terminal.
    func run(_ body: @escaping @Sendable () throws -> Void, leave: () -> Bool) throws {
        try start()
        let outcome = Outcome()
        pthread_mutex_lock(&lock)
        precondition(!isBusyNow, "one statement at a time")
        isBusyNow = true
        cancelledAt = nil
        work = { do { try body() } catch { outcome.error = error } }
        pthread_cond_broadcast(&changed)
        while isBusyNow {
            if let asked = request {
                pthread_mutex_unlock(&lock)
                asked()
                pthread_mutex_lock(&lock)
                request = nil
                pthread_cond_broadcast(&changed)
                continue
            }
            guard let since = cancelledAt else {
                pthread_cond_wait(&changed, &lock)
                continue
            }
            if Clock.seconds() - since >= Worker.patienceSeconds {
                pthread_mutex_unlock(&lock)
                if leave() { throw QueryError(.cancelled, "interrupted") }
                pthread_mutex_lock(&lock)
                guard isBusyNow else { break }
            }
            wait(seconds: 0.01)
        }
        pthread_mutex_unlock(&lock)
        if let error = outcome.error { throw error }
    }

    /// Called by the statement: has something done by the thread that waits for it, such as asking at the prompt.
    func ask(_ body: @escaping () throws -> String) throws -> String {
        let answer = Answer()
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        request = { answer.value = Result { try body() } }
        pthread_cond_broadcast(&changed)
        while request != nil { pthread_cond_wait(&changed, &lock) }
        guard let value = answer.value else { throw QueryError(.cancelled, "interrupted") }
        return try value.get()
    }

    /// Waits until what was left behind has ended; false where an interrupt came first. `say` is called once, if it takes a while.
    func waitUntilIdle(say: () -> Void) -> Bool {
        let startedAt = Clock.seconds()
        var hasSaid = false
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        while isBusyNow {
            wait(seconds: 0.02)
            if !hasSaid, Clock.seconds() - startedAt > 0.3 {
                hasSaid = true
                say()
            }
            if Interrupts.shared.pending != 0 { return !isBusyNow }
        }
        return true
    }

    private func wait(seconds: Double) {
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        end.tv_nsec += Int(seconds * 1e9)
        if end.tv_nsec >= 1_000_000_000 {
            end.tv_sec += 1
            end.tv_nsec -= 1_000_000_000
        }
        pthread_cond_timedwait(&changed, &lock, &end)
    }

    private func start() throws {
        if isStarted { return }
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, Worker.stackBytes)
        let failed = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Worker>.fromOpaque(argument).takeUnretainedValue().serve()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        guard failed == 0 else { throw QueryError(.storage, "no thread for statements: \(String(cString: strerror(failed)))") }
        pthread_detach(thread)
        isStarted = true
    }

    private func serve() {
        pthread_mutex_lock(&lock)
        while true {
            while work == nil { pthread_cond_wait(&changed, &lock) }
            let next = work
            work = nil
            pthread_mutex_unlock(&lock)
            next?()
            pthread_mutex_lock(&lock)
            isBusyNow = false
            pthread_cond_broadcast(&changed)
        }
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        return body()
    }

    /// Written by the worker's thread before it says that it has ended, read afterwards.
    private final class Outcome: @unchecked Sendable { var error: Error? }
    private final class Answer { var value: Result<String, Error>? }
}

/// Hands answers on until it is told to let go; whoever still answers then is told that the statement was cancelled.
final class DetachableReceiver: ResultReceiver, @unchecked Sendable {
    private let receiver: ResultReceiver
    private var lock = pthread_mutex_t()
    private var isDetached = false
    private var late: [String] = []

    /// What was said when nobody listened any more: the statement had done its work before it could hear that it was to end.
    var lateMessages: [String] {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        return late
    }

    init(_ receiver: ResultReceiver) {
        self.receiver = receiver
        pthread_mutex_init(&lock, nil)
    }

    /// False while an answer is being written: that has to end first.
    func detach() -> Bool {
        guard pthread_mutex_trylock(&lock) == 0 else { return false }
        isDetached = true
        pthread_mutex_unlock(&lock)
        return true
    }

    private func forward(_ body: () throws -> Void) throws {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        if isDetached { throw QueryError(.cancelled, "interrupted") }
        try body()
    }

    func begin(columns: [ResultColumn]) throws { try forward { try receiver.begin(columns: columns) } }
    func begin(columns: [ResultColumn], shownAs presentation: Presentation?) throws {
        try forward { try receiver.begin(columns: columns, shownAs: presentation) }
    }
    func rows(_ batch: ResultBatch) throws { try forward { try receiver.rows(batch) } }
    func end(_ footer: ResultFooter) throws { try forward { try receiver.end(footer) } }
    func message(_ text: String) throws {
        pthread_mutex_lock(&lock)
        defer { pthread_mutex_unlock(&lock) }
        if isDetached { late.append(text) } else { try receiver.message(text) }
    }
    func progress(done: Int, total: Int, unit: String) {
        try? forward { receiver.progress(done: done, total: total, unit: unit) }
    }
}
