import Storage

/// Work cut into parts that threads share.
enum Parallel {
    /// Below this a second thread costs more than it brings.
    static let rowsMin = 1 << 15

    /// Calls `body` for every part from 0, in any order; of several errors the one of the first part is thrown.
    static func run(_ parts: Int, threads: Int, _ body: @Sendable (Int) throws -> Void) throws {
        let workers = min(parts, threads)
        if workers <= 1 {
            for part in 0..<parts { try body(part) }
            return
        }
        let queue = MorselQueue(0..<parts)
        let failures = Failures()
        withoutActuallyEscaping(body) { body in
            WorkerThreads.run(workers) { _ in
                while let part = queue.next() {
                    do { try body(part) } catch {
                        failures.add(error, part)
                        queue.stop()
                    }
                }
            }
        }
        if let error = failures.first { throw error }
    }

    /// Cuts `count` rows into even ranges, one for each thread that is worth it.
    static func ranges(_ count: Int, threads: Int) -> [Range<Int>] {
        let parts = max(1, min(threads, count / rowsMin))
        return (0..<parts).map { count * $0 / parts..<count * ($0 + 1) / parts }
    }

    private final class Failures: @unchecked Sendable {
        private let lock = Mutex()
        private var earliest: (part: Int, error: any Error)?
        func add(_ error: any Error, _ part: Int) {
            lock.locked { if earliest == nil || part < earliest!.part { earliest = (part, error) } }
        }
        var first: (any Error)? { earliest?.error }
    }
}
