import Glibc
import Synchronization

/// Threads that stand ready for the life of the process, so that a question of a millisecond waits for none to start.
public enum WorkerThreads {
    /// Processors that are online.
    public static let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

    /// Calls `body` once for every number below `count`: 0 on the calling thread, the others beside it. What no thread has begun when
    /// the caller is done with its own, the caller does itself, so nobody ever waits for a thread to wake up. Calls may nest.
    public static func run(_ count: Int, _ body: @Sendable (Int) -> Void) {
        if count <= 1 {
            if count == 1 { body(0) }
            return
        }
        withoutActuallyEscaping(body) { body in
            let helpers = Helper.take(count - 1)
            for (k, helper) in helpers.enumerated() {
                ProcessorPlacement.shared?.place(helper.thread, share: k, of: count - 1)
                helper.offer(k + 1, body)
            }
            body(0)
            if helpers.count + 1 < count { for k in helpers.count + 1..<count { body(k) } }
            for (k, helper) in helpers.enumerated() where helper.takeBack() { body(k + 1) }
            for helper in helpers { helper.finish() }
            Helper.give(helpers)
        }
    }

    /// Calls `body` once for every number below `tasks`, each on whichever thread comes to it, as many threads as there are processors.
    public static func each(_ tasks: Int, _ body: @Sendable (Int) -> Void) {
        let next = Atomic<Int>(0)
        withoutActuallyEscaping(body) { body in
            run(min(tasks, processors)) { _ in
                while true {
                    let task = next.add(1, ordering: .relaxed).oldValue
                    if task >= tasks { return }
                    body(task)
                }
            }
        }
    }
}

/// One thread and the one call that it has been offered.
private final class Helper: @unchecked Sendable {
    private enum State {
        static let idle = 0
        static let offered = 1
        static let taken = 2
    }
    private static let lock = Mutex()
    nonisolated(unsafe) private static var waiting: [Helper] = []

    private(set) var thread = pthread_t()
    private let state = Atomic<Int>(State.idle)
    private let wake: UnsafeMutablePointer<sem_t>
    private let done: UnsafeMutablePointer<sem_t>
    private var call: (index: Int, body: @Sendable (Int) -> Void)?
    private var isTaken = false

    /// As many as there are, or can be started; those that stand ready first.
    static func take(_ count: Int) -> [Helper] {
        var taken = lock.locked {
            let ready = Array(waiting.suffix(count))
            waiting.removeLast(ready.count)
            return ready
        }
        while taken.count < count, let helper = Helper() { taken.append(helper) }
        return taken
    }

    static func give(_ helpers: [Helper]) { lock.locked { waiting += helpers } }

    private init?() {
        wake = .allocate(capacity: 1)
        done = .allocate(capacity: 1)
        sem_init(wake, 0, 0)
        sem_init(done, 0, 0)
        // Never released: a helper lives as long as the process.
        let itself = Unmanaged.passRetained(self)
        let failure = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                // Signals are for the threads that wait for them.
                var all = sigset_t()
                sigfillset(&all)
                pthread_sigmask(SIG_SETMASK, &all, nil)
                Unmanaged<Helper>.fromOpaque(argument).takeUnretainedValue().work()
            }, itself.toOpaque())
        if failure != 0 {
            itself.release()
            return nil
        }
        pthread_detach(thread)
    }

    deinit {
        wake.deallocate()
        done.deallocate()
    }

    private func work() -> Never {
        while true {
            while sem_wait(wake) != 0 {}
            // Woken for an offer that was taken back: there is none, or there is the next one already.
            guard state.compareExchange(expected: State.offered, desired: State.taken, ordering: .acquiringAndReleasing).exchanged
            else { continue }
            ProcessorPlacement.shared?.release()
            if let call { call.body(call.index) }
            sem_post(done)
        }
    }

    func offer(_ index: Int, _ body: @escaping @Sendable (Int) -> Void) {
        call = (index, body)
        isTaken = true
        state.store(State.offered, ordering: .releasing)
        sem_post(wake)
    }

    /// Whether the thread had not begun: then it will not.
    func takeBack() -> Bool {
        let isBack = state.compareExchange(expected: State.offered, desired: State.idle, ordering: .acquiringAndReleasing).exchanged
        if isBack { isTaken = false }
        return isBack
    }

    /// Waits until the call has returned, and forgets it.
    func finish() {
        if isTaken { while sem_wait(done) != 0 {} }
        state.store(State.idle, ordering: .releasing)
        call = nil
    }
}
