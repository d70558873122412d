import Storage

/// What a worker's kernels may look at and count while they run. One a worker; merged when the work is done.
final class EvaluationContext {
    /// Rows whose division had a zero below; their result is null and the footer says how many there were.
    var divisionsByZero = 0
    /// Arithmetic that had no finite answer (the logarithm of a negative number, a float overflow): null, counted.
    var undefinedResults = 0
    let cancellation: Cancellation

    init(cancellation: Cancellation) { self.cancellation = cancellation }
}

/// Set from a signal handler or another thread, looked at by every operator once a batch.
public final class Cancellation: @unchecked Sendable {
    private let flag = UnsafeMutablePointer<Bool>.allocate(capacity: 1)
    public init() { flag.initialize(to: false) }
    deinit { flag.deallocate() }

    public func cancel() { flag.pointee = true }
    public func reset() { flag.pointee = false }
    @inline(__always) public var isCancelled: Bool { flag.pointee }

    @inline(__always)
    public func check() throws {
        if flag.pointee { throw QueryError(.cancelled, "interrupted") }
    }
}
