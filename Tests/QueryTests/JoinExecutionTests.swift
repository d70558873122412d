import Foundation
import Storage
import Testing

@testable import Query

/// Joins that ask the right side for some rows only, and look them up by rank, answer as joins that hold all of it.
@Suite struct JoinExecutionTests {
    /// Keys lie far apart, so that no array has a place for each; `b` leads to keys, some of which there are not.
    private static func store(_ folder: String) throws -> String {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var csv = "k,b,g,v\n"
        for row in 0..<40_000 {
            let key = (row * 7919 % 40_000) * 13 + 5
            csv +=
                row % 97 == 0
                ? "\(key),,g\(row % 7),\(row)\n" : "\(key),\((row * 31 % 50_000) * 13 + 5 + (row % 11 == 0 ? 1 : 0)),g\(row % 7),\(row)\n"
        }
        try csv.write(toFile: folder + "/t.csv", atomically: true, encoding: .utf8)
        let session = try Session(storePath: folder + "/store", options: SessionOptions())
        defer { session.close() }
        for load in ["load t from \"\(folder)/t.csv\" key k", "load free from \"\(folder)/t.csv\""] {
            try session.run(SourceText(name: "t", text: load), receiver: Transcript())
        }
        return folder + "/store"
    }

    private static func answer(_ query: String, _ session: Session) throws -> String {
        let transcript = Transcript()
        try session.run(SourceText(name: "t", text: query), receiver: transcript)
        return transcript.text
    }

    @Test func fewRowsAskForFew() throws {
        let folder = NSTemporaryDirectory() + "crmq-join-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try Self.store(folder)
        let rest = "summarize n: count(), m: count(r_v), s: sum(r_v), w: sum(v) by g, r_g"
        for threads in [1, 3] {
            var options = SessionOptions()
            options.threads = threads
            let session = try Session(storePath: store, options: options)
            defer { session.close() }
            for condition in ["v < 3000", "v < 30000", "g = \"g3\" and v mod 5 = 1", "v < 0", "b is null", "v >= 0"] {
                // What has no key is held whole, and looked up by the numbers' own table.
                let expected = try Self.answer(
                    "from free | where \(condition) | join (from free | summarize g: min(g), v: min(v) by k) as r on b = k | \(rest)",
                    session)
                for (left, right) in [("t", "t"), ("free", "(from t | where v >= 0)"), ("t", "(from t | derive k: k, z: g)")] {
                    let found = try Self.answer("from \(left) | where \(condition) | join \(right) as r on b = k | \(rest)", session)
                    #expect(found == expected, "\(condition), \(left) and \(right), \(threads) threads")
                }
                let plus = try Self.answer(
                    "from t | where \(condition) | derive c: b + 13 | join t as r on c = k | summarize n: count(), m: count(r_v), s: sum(r_v)",
                    session)
                let plusAll = try Self.answer(
                    "from t | join t as r on b = k | where \(condition) | derive c: b + 13 | join (from free | summarize v: min(v) by k) as q on c = k"
                        + " | summarize n: count(), m: count(q_v), s: sum(q_v)", session)
                #expect(
                    plus.split(separator: "\n").dropFirst() == plusAll.split(separator: "\n").dropFirst(),
                    "\(condition), \(threads) threads")
            }
        }
    }

    @Test func doublesAreToldWhereverTheyLie() throws {
        let folder = NSTemporaryDirectory() + "crmq-join-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let session = try Session(storePath: try Self.store(folder), options: SessionOptions())
        defer { session.close() }
        // Nobody asks for the key that comes twice.
        #expect(throws: QueryError.self) {
            _ = try Self.answer(
                "from t | where v < 10 | join (from free | derive k: if v = 39_999 then 18 else if v = 39_998 then 18 else k) as r on b = k | summarize count(r_v)",
                session)
        }
    }

    @Test func rankedNumbersAreFoundAndNoOthers() {
        let count = 10_000
        let values = (0..<count).map { Int64(($0 * 7919) % count * 17 - 40_000) }
        var double = 0
        let index = values.withUnsafeBufferPointer {
            RankedIndex(
                $0.baseAddress!, nulls: nil, count: count, low: values.min()!, high: values.max()!, isAscending: false, double: &double)
        }
        let rowOf = Dictionary(uniqueKeysWithValues: values.enumerated().map { ($1, Int32($0)) })
        let asked = [Int64.min, Int64.max] + (-41_000..<(-38_000)) + (129_000..<131_000)
        let found = UnsafeMutablePointer<Int32>.allocate(capacity: asked.count)
        defer { found.deallocate() }
        asked.withUnsafeBufferPointer {
            index?.find($0.baseAddress!, first: UInt64(bitPattern: 0 &- index!.minimum), unit: 1, asked.count, into: found)
        }
        for (at, value) in asked.enumerated() { #expect(found[at] == rowOf[value] ?? -1, "\(value)") }
        var twice = values
        twice[777] = twice[42]
        let none = twice.withUnsafeBufferPointer {
            RankedIndex(
                $0.baseAddress!, nulls: nil, count: count, low: values.min()!, high: values.max()!, isAscending: false, double: &double)
        }
        #expect(none == nil && double == 777)
    }
}
