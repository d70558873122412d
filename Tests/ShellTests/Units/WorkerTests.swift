import Foundation
import Query
import Testing

@testable import shell

/// Statements beside the thread that types.
@Suite("the prompt's worker")
struct WorkerTests {
    private final class Heard: ResultReceiver {
        var messages: [String] = []
        var batches = 0
        func begin(columns: [ResultColumn]) throws {}
        func rows(_ batch: ResultBatch) throws { batches += 1 }
        func end(_ footer: ResultFooter) throws {}
        func message(_ text: String) throws { messages.append(text) }
        func progress(done: Int, total: Int, unit: String) {}
    }

    @Test("a statement's error is the caller's, and another can follow")
    func errors() throws {
        let worker = Worker()
        #expect(throws: UsageError.self) { try worker.run({ throw UsageError("no") }, leave: { true }) }
        let heard = Heard()
        let receiver = DetachableReceiver(heard)
        try worker.run({ try receiver.message("done") }, leave: { true })
        #expect(heard.messages == ["done"])
        #expect(!worker.isBusy)
    }

    @Test("a cancelled statement that does not listen is left behind, and what it says then is kept")
    func leaving() throws {
        let worker = Worker()
        let heard = Heard()
        let receiver = DetachableReceiver(heard)
        let gate = DispatchSemaphore(value: 0)
        let started = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            started.wait()
            worker.noteCancelled()
        }
        let error = #expect(throws: QueryError.self) {
            try worker.run(
                {
                    started.signal()
                    gate.wait()
                    try receiver.message("came through")
                    try receiver.rows(ResultBatch(rowCount: 0, columns: []))
                }, leave: { receiver.detach() })
        }
        #expect(error?.kind == .cancelled)
        #expect(worker.isBusy)
        gate.signal()
        #expect(worker.waitUntilIdle {})
        #expect(heard.messages.isEmpty && heard.batches == 0)
        #expect(receiver.lateMessages == ["came through"])
        try worker.run({}, leave: { true })
    }

    @Test("nobody is left behind who may not be")
    func staying() throws {
        let worker = Worker()
        let gate = DispatchSemaphore(value: 0)
        let started = DispatchSemaphore(value: 0)
        nonisolated(unsafe) var asked = 0
        Thread.detachNewThread {
            started.wait()
            worker.noteCancelled()
        }
        try worker.run(
            {
                started.signal()
                gate.wait()
            },
            leave: {
                asked += 1
                if asked == 3 { gate.signal() }
                return false
            })
        #expect(asked >= 3)
        #expect(!worker.isBusy)
    }

    @Test("what a statement asks is asked by the thread that waits for it")
    func asking() throws {
        let worker = Worker()
        let heard = Heard()
        let receiver = DetachableReceiver(heard)
        let here = pthread_self()
        try worker.run(
            {
                let answer = try worker.ask { pthread_equal(pthread_self(), here) != 0 ? "here" : "elsewhere" }
                try receiver.message(answer)
                do {
                    _ = try worker.ask { throw QueryError(.cancelled, "interrupted") }
                } catch let error as QueryError { try receiver.message(error.message) }
            }, leave: { false })
        #expect(heard.messages == ["here", "interrupted"])
    }
}
