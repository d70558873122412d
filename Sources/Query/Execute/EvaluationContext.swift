import Storage
import Synchronization

/// What a worker's kernels may look at and count while they run. One a worker; merged when the work is done.
final class EvaluationContext {
    /// Rows whose division had a zero below; their result is null and the footer says how many there were.
    var divisionsByZero = 0
    /// Arithmetic that had no finite answer (the logarithm of a negative number, a float overflow): null, counted.
    var undefinedResults = 0
    let cancellation: Cancellation
    /// Threads that work which is finished at the end may use, and when a hash table is too large for the cache.
    var threads = 1
    var groupsInCacheMax = 1 << 16

    init(cancellation: Cancellation) { self.cancellation = cancellation }
}

/// Set from another thread, looked at by every operator once a batch.
public final class Cancellation: Sendable {
    private let flag = Atomic<Bool>(false)
    public init() {}

    public func cancel() { flag.store(true, ordering: .relaxed) }
    public func reset() { flag.store(false, ordering: .relaxed) }
    @inline(__always) public var isCancelled: Bool { flag.load(ordering: .relaxed) }

    @inline(__always)
    public func check() throws {
        if isCancelled { throw QueryError(.cancelled, "interrupted") }
    }
}
