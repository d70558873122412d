import Foundation
import Storage
import Synchronization
import Testing

@testable import Query

/// With a few megabytes the same answers come as with many, by way of files that leave no trace, or an error says what did not fit.
@Suite struct MemoryTests {
    static let rows = 60_000

    /// A store of one table: sparse keys, texts that hardly repeat, missing values.
    private static func store(_ folder: String) throws -> String {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var csv = "id,g,name,amount,day,opt,rate\n"
        var state: UInt64 = 0x1234_5678_9ABC_DEF1
        for id in 0..<rows {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let word = state >> 20
            let g = (word % 24_000) * 1_000_003
            let opt = word % 7 == 0 ? "" : "o\(word % 20_000)"
            csv += "\(id),\(g),name \(word % 36_000),\(word % 100_000).\(10 + word % 90),"
            csv += "2025-0\(1 + word % 9)-1\(word % 10),\(opt),\(word % 1000).5e0\n"
        }
        try csv.write(toFile: folder + "/t.csv", atomically: true, encoding: .utf8)
        let session = try Session(storePath: folder + "/store", options: SessionOptions())
        defer { session.close() }
        try session.run(SourceText(name: "t", text: "load t from \"\(folder)/t.csv\" key id"), receiver: Transcript())
        return folder + "/store"
    }

    private static func session(_ store: String, megabytes: Int, threads: Int) throws -> Session {
        var options = SessionOptions()
        options.threads = threads
        options.memoryBytesMax = megabytes << 20
        return try Session(storePath: store, options: options)
    }

    private static func answer(_ query: String, _ session: Session) throws -> String {
        let transcript = Transcript()
        try session.run(SourceText(name: "t", text: query), receiver: transcript)
        return transcript.text
    }

    static let spilling = [
        "from t | summarize n: count(), s: sum(amount) by g | top 40 by s",
        "from t | summarize n: count(), s: sum(amount), m: max(name) by g | summarize k: count(), s: sum(s), n: max(n), m: min(m)",
        "from t | summarize n: count(), d: distinct(day) by name | top 40 by n",
        "from t | summarize n: count(), a: avg(amount) by opt, day | top 40 by n",
        "from t | summarize m: median(amount), n: distinct(name) by g | top 40 by m",
        "from t | summarize n: count() by rate, g | summarize k: count(), n: max(n)",
        "from t | summarize d: distinct(g), f: distinct(rate), h: distinct(id)",
        "from t | summarize d: distinct(id), e: distinct(g) by day",
        "from t | distinct g, opt | summarize n: count()",
        "from t | sort name, id desc",
        "from t | sort opt desc, rate, day | select opt, rate, id",
        "from t | sort rate desc | select rate, name, amount, day",
    ]

    @Test func littleMemoryGivesTheSameAnswers() throws {
        let folder = NSTemporaryDirectory() + "crmq-memory-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try Self.store(folder)
        let large = try Self.session(store, megabytes: 4096, threads: 2)
        defer { large.close() }
        for threads in [1, 3] {
            let small = try Self.session(store, megabytes: 5, threads: threads)
            defer { small.close() }
            for query in Self.spilling {
                let before = SpillFile.made.load(ordering: .relaxed)
                let expected = try Self.answer(query, large)
                #expect(SpillFile.made.load(ordering: .relaxed) == before, "\(query): rows fit 4 GB")
                let answer: String
                do {
                    answer = try Self.answer(query, small)
                } catch let error as QueryError {
                    answer = "error: \(error.message)"
                }
                #expect(answer == expected, "\(threads) threads: \(query)")
            }
        }
        #expect(SpillFile.made.load(ordering: .relaxed) > 0, "nothing went to a file")
        let left = try FileManager.default.contentsOfDirectory(atPath: store).filter { $0.hasPrefix("crmq-rows") }
        #expect(left.isEmpty)
    }

    static let tooLarge = [
        ("from t | derive n: row_number(by name)", "a window function"),
        ("from t | summarize m: mode(amount)", "summarize"),
        ("from t | join (from t | select id, twin: name) as u on id", "the right side of a join"),
    ]

    @Test func whatDoesNotFitSaysWhat() throws {
        let folder = NSTemporaryDirectory() + "crmq-memory-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let session = try Self.session(try Self.store(folder), megabytes: 1, threads: 2)
        defer { session.close() }
        for (query, holder) in Self.tooLarge {
            do {
                _ = try Self.answer(query, session)
                Issue.record("\(query) had an answer")
            } catch let error as QueryError {
                #expect(error.kind == .memory, "\(query): \(error.message)")
                #expect(error.message.hasPrefix("\(holder) needs "), "\(query): \(error.message)")
                #expect(error.message.hasSuffix("of the 512 KB for rows are in use"), "\(query): \(error.message)")
            }
        }
    }

    @Test func sizesAreReadable() {
        #expect(MemoryBudget.size(0) == "0 bytes")
        #expect(MemoryBudget.size(1023) == "1023 bytes")
        #expect(MemoryBudget.size(1024) == "1.0 KB")
        #expect(MemoryBudget.size(1 << 20) == "1.0 MB")
        #expect(MemoryBudget.size(3 << 30) == "3.0 GB")
        #expect(MemoryBudget.size(1_500_000) == "1.5 MB")
        #expect(MemoryBudget.size(12_345_678) == "12 MB")
    }

    @Test func aBudgetGivesBack() throws {
        let budget = MemoryBudget(bytesMax: 100)
        do {
            let lease = MemoryLease(budget, "a test")
            try lease.add(60)
            #expect(!lease.tryAdd(41))
            try lease.set(100)
            #expect(throws: QueryError.self) { try lease.add(1) }
            try lease.set(10)
            #expect(budget.bytesUsed == 10)
        }
        #expect(budget.bytesUsed == 0)
    }
}
