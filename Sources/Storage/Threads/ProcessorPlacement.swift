import Glibc

/// Tells a thread that is about to be woken where to begin.
///
/// A scheduler may wake a thread on the processor of the thread that woke it, and part the two only some milliseconds later; on a virtual
/// machine that packs its processors it nearly always does. So a worker is woken on a processor other than its caller's. Once it runs it is
/// free again, and the scheduler may move it as it likes.
struct ProcessorPlacement: Sendable {
    private typealias SetAffinity = @convention(c) (pthread_t, Int, UnsafePointer<UInt64>) -> Int32
    private typealias GetAffinity = @convention(c) (pthread_t, Int, UnsafeMutablePointer<UInt64>) -> Int32
    private typealias CurrentProcessor = @convention(c) () -> Int32
    /// Bits for 1,024 processors, as the C library's own sets have.
    private static let words = 16

    /// nil: the process may use one processor only, or the C library does not tell.
    static let shared = ProcessorPlacement()

    private let setAffinity: SetAffinity
    private let currentProcessor: CurrentProcessor
    private let allowed: [UInt64]
    private let processors: [Int]

    /// The functions are GNU extensions that the toolchain's module of the C library leaves out.
    private init?() {
        guard let set = dlsym(nil, "pthread_setaffinity_np"), let get = dlsym(nil, "pthread_getaffinity_np"),
            let current = dlsym(nil, "sched_getcpu")
        else { return nil }
        setAffinity = unsafeBitCast(set, to: SetAffinity.self)
        currentProcessor = unsafeBitCast(current, to: CurrentProcessor.self)
        var allowed = [UInt64](repeating: 0, count: Self.words)
        guard unsafeBitCast(get, to: GetAffinity.self)(pthread_self(), Self.words * 8, &allowed) == 0 else { return nil }
        self.allowed = allowed
        processors = (0..<Self.words * 64).filter { [allowed] in allowed[$0 >> 6] >> UInt64($0 & 63) & 1 == 1 }
        if processors.count < 2 { return nil }
    }

    /// The sleeping thread wakes up in its share of the processors that are not the caller's: share `index` of `count`. Where there are
    /// fewer processors than shares, the scheduler chooses.
    func place(_ thread: pthread_t, share index: Int, of count: Int) {
        let own = Int(currentProcessor())
        guard let at = processors.firstIndex(of: own) else { return }
        let others = processors.count - 1
        let share = others * index / count..<others * (index + 1) / count
        if share.isEmpty { return }
        var set = [UInt64](repeating: 0, count: Self.words)
        for k in share {
            // Counted from the caller's, so that callers side by side spread out.
            let processor = processors[(at + 1 + k) % processors.count]
            set[processor >> 6] |= 1 << UInt64(processor & 63)
        }
        _ = setAffinity(thread, Self.words * 8, set)
    }

    /// The calling thread may run anywhere again.
    func release() {
        _ = setAffinity(pthread_self(), Self.words * 8, allowed)
    }
}
