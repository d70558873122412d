import Testing

@testable import Storage

@Suite struct WorkerThreadsTests {
    /// How often each number was called.
    private final class Counts: @unchecked Sendable {
        private let mutex = Mutex()
        private var counts: [Int]
        init(_ count: Int) { counts = Array(repeating: 0, count: count) }
        func add(_ index: Int) { mutex.locked { counts[index] += 1 } }
        var all: [Int] { mutex.locked { counts } }
    }

    @Test(arguments: [0, 1, 2, 3, 17]) func everyNumberOnce(_ count: Int) {
        for _ in 0..<200 {
            let counts = Counts(count)
            WorkerThreads.run(count) { counts.add($0) }
            #expect(counts.all.allSatisfy { $0 == 1 })
            let tasks = Counts(count * 10)
            WorkerThreads.each(count * 10) { tasks.add($0) }
            #expect(tasks.all.allSatisfy { $0 == 1 })
        }
    }

    @Test func callsNest() {
        for _ in 0..<50 {
            let counts = Counts(3 * 4 * 2)
            WorkerThreads.run(3) { a in
                WorkerThreads.run(4) { b in
                    WorkerThreads.run(2) { c in counts.add((a * 4 + b) * 2 + c) }
                }
            }
            #expect(counts.all.allSatisfy { $0 == 1 })
        }
    }
}
