import Foundation
import Storage
import Testing

@testable import Query

/// Windows per parent, range by range of parents, over one run of rows and over several with rows apart, orphans, rows without a parent and
/// deletes between: the same answers as without rewrites, for any number of threads, and in little memory.
@Suite struct WindowRangesTests {
    private static let parents = 50_000

    private struct Bench {
        let folder = NSTemporaryDirectory() + "crmq-windows-\(UUID().uuidString)"
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        var nextID = 0
        let main: Session

        init() throws {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            main = try Self.session(folder, threads: 2)
        }

        static func session(_ folder: String, threads: Int, megabytes: Int = 1024, rewrites: [Rewrite] = Planner.rewrites) throws -> Session
        {
            var options = SessionOptions()
            options.threads = threads
            options.memoryBytesMax = megabytes << 20
            let session = try Session(storePath: folder + "/store", options: options)
            session.rewrites = rewrites
            return session
        }

        private mutating func below(_ count: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % count
        }

        mutating func rows(_ count: Int) throws -> String {
            var csv = "id,owner,at,amount,kind,rate\n"
            for _ in 0..<count {
                // Few owners have many rows, so that moments tie; some owners are unknown, some missing.
                let owner = below(8) == 0 ? below(40) * 3_600 : below(UInt64(WindowRangesTests.parents) + 500) * 3
                let isMissing = below(50) == 0
                csv += "\(nextID),\(isMissing ? "" : "\(owner)"),2026-0\(1 + below(3))-1\(below(10)) 1\(below(10)):00:00,"
                csv +=
                    "\(below(30) == 0 ? "" : "\(below(2000)).\(10 + below(90))"),\(below(9) == 0 ? "" : "k\(below(5))"),\(below(100)).5e0\n"
                nextID += 1
            }
            let path = folder + "/rows\(nextID).csv"
            try csv.write(toFile: path, atomically: true, encoding: .utf8)
            return path
        }

        func say(_ text: String) throws { try main.run(SourceText(name: "t", text: text), receiver: Transcript()) }

        func answer(_ query: String, _ session: Session) throws -> String {
            let transcript = Transcript()
            try session.run(SourceText(name: "t", text: query), receiver: transcript)
            return transcript.text
        }
    }

    private static let derived = [
        "derive r: row_number() per owner by at", "derive r: rank() per owner by at, p: percent_rank() per owner by at desc",
        "derive a: lag(amount) per owner by at, b: lead(kind, 2) per owner by at, c: lag(at) per owner by at",
        "derive s: running_sum(amount) per owner by at, n: running_count(amount where kind = \"k1\") per owner by at",
        "derive s: running_sum(rate) per owner by at desc, m: moving_avg(amount, 3) per owner by at",
        "derive s: running_sum(amount) per (owner, kind) by at, a: avg(amount) per (kind, owner)",
        "derive q: score(amount, 4) per owner, l: last(amount by at) per owner",
        "derive a: avg(amount) per owner, m: max(kind) per owner, n: count() per owner, r: rank() per owner by amount",
        "where amount > 2 * avg(amount) per owner", "where kind = \"k1\" | derive d: distinct(kind) per owner, s: sum(amount) per owner",
        "derive x: amount / rate | derive t: sum(x) per owner",
        "derive r: row_number() per owner by at | where r = 3 | derive again: count() per owner",
    ]

    private static let asked =
        derived.map { "from rows | " + $0 + " | where id mod 20 < 2 | sort id" }
        + [
            "from rows | derive r: row_number() per owner by at | where r = 2 | summarize n: count(), s: sum(amount)",
            "from rows | derive r: running_sum(amount) per owner by at | summarize hi: max(r), n: count(r) by kind",
            "from rows | derive r: lag(amount) per owner by at | top 50 by r",
            "from rows | where amount > 2 * avg(amount) per owner | summarize n: count(), s: sum(amount)",
        ]

    @Test func rangesAnswerAsTheWhole() throws {
        var bench = try Bench()
        defer {
            bench.main.close()
            try? FileManager.default.removeItem(atPath: bench.folder)
        }
        let owners = "key\n" + (0..<Self.parents).map { "\($0 * 3)\n" }.joined()
        try owners.write(toFile: bench.folder + "/owners.csv", atomically: true, encoding: .utf8)
        try bench.say("load owners from \"\(bench.folder)/owners.csv\" key key")
        try bench.say("load rows from \"\(try bench.rows(75_000))\" key id time at")
        try bench.say("link rows.owner to owners as holder, rows")
        try compare(bench, "one run")
        try compareAsStored(bench, "one run")
        try bench.say("delete rows where id mod 7 = 3")
        try compare(bench, "deletes")
        try bench.say("append rows from \"\(try bench.rows(70_000))\"")
        try bench.say("append rows from \"\(try bench.rows(3_000))\"")
        try bench.say("delete rows where id mod 11 = 5")
        try compare(bench, "two runs and rows apart", threads: [1, 3])
        try compareAsStored(bench, "two runs and rows apart")
        try bench.say("optimize")
        try compare(bench, "optimized")
    }

    /// Without a sort rows come as they are stored, whichever way their windows were computed.
    private func compareAsStored(_ bench: Bench, _ about: String) throws {
        let plain = try Bench.session(bench.folder, threads: 2, rewrites: [])
        defer { plain.close() }
        for query in Self.derived {
            for end in [" | where id mod 20 = 1", " | take 40"] {
                let asked = "from rows | " + query + end
                #expect(try bench.answer(asked, bench.main) == bench.answer(asked, plain), "\(about): \(asked)")
            }
        }
    }

    private func compare(_ bench: Bench, _ about: String, threads: [Int] = []) throws {
        let plain = try Bench.session(bench.folder, threads: 2, rewrites: [])
        var others = [("2 threads", bench.main)]
        for count in threads { others.append(("threads: \(count)", try Bench.session(bench.folder, threads: count))) }
        for query in Self.asked {
            let expected = try bench.answer(query, plain)
            #expect(expected.count > 10)
            for (name, session) in others {
                let answer = try bench.answer(query, session)
                #expect(answer == expected, "\(about), \(name): \(query)")
            }
        }
        plain.close()
        for (_, session) in others.dropFirst() { session.close() }
    }

    /// The whole table does not fit the memory, its ranges do.
    @Test func rangesFitLittleMemory() throws {
        var bench = try Bench()
        defer {
            bench.main.close()
            try? FileManager.default.removeItem(atPath: bench.folder)
        }
        let owners = "key\n" + (0..<Self.parents).map { "\($0 * 3)\n" }.joined()
        try owners.write(toFile: bench.folder + "/owners.csv", atomically: true, encoding: .utf8)
        try bench.say("load owners from \"\(bench.folder)/owners.csv\" key key")
        try bench.say("load rows from \"\(try bench.rows(75_000))\" key id time at")
        try bench.say("link rows.owner to owners as holder, rows")
        let query =
            "from rows | derive r: row_number() per owner by at | summarize n: count(), s: sum(r), a: sum(amount), k: count(kind), t: sum(rate)"
        let small = try Bench.session(bench.folder, threads: 1, megabytes: 5)
        defer { small.close() }
        #expect(try bench.answer(query, small) == bench.answer(query, bench.main))
        let plain = try Bench.session(bench.folder, threads: 1, megabytes: 5, rewrites: [])
        defer { plain.close() }
        #expect(throws: QueryError.self) { try bench.answer(query, plain) }
    }
}
