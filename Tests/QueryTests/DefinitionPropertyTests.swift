import Foundation
import Storage
import Testing

@testable import Query

/// A name for a condition is that condition: a thousand random ones as segments, as arguments of a verb and inside a query.
@Suite struct DefinitionPropertyTests {
    @Test(arguments: PropertyTests.seeds) func aSegmentIsItsCondition(_ seed: UInt64) throws {
        var generator = PropertyGenerator(seed: seed ^ 0x5E6)
        let bench = try PropertyBench(&generator, rows: [40, 7, 300, 1][Int(seed % 4)])
        defer { bench.close() }
        try bench.say("verb only(p) = where p")
        for number in 0..<42 {
            let condition = generator.condition(bench.rows, 3)
            let plain = bench.answer("from t | where \(condition)", bench.main)
            let rest = bench.answer("from t | where not (\(condition))", bench.main)
            // A number beyond 18 digits is an error, if only on the side where it is needed.
            if plain.contains("18 digits") || rest.contains("18 digits") { continue }
            let about = "seed \(seed), \(bench.rows.count) rows: \(condition)"
            try bench.say("segment s\(number) on t = \(condition)")
            #expect(bench.answer("from t | where s\(number)", bench.main) == plain, "\(about)")
            #expect(bench.answer("from t | where not s\(number)", bench.main) == rest, "\(about)")
            #expect(bench.answer("from t | only(\(condition))", bench.main) == plain, "\(about)")
            try bench.say("query q\(number) = from t | only(not s\(number))")
            #expect(bench.answer("from q\(number)", bench.main) == rest, "\(about)")
            let counts = bench.answer(
                "from t | summarize a: count(where s\(number)), b: count(where not s\(number)), n: count()", bench.main)
            let numbers = counts.split(separator: "\n").last.map { $0.split(separator: ",").compactMap { Int($0) } } ?? []
            #expect(
                counts.contains("18 digits") || numbers.count == 3 && numbers[0] + numbers[1] == numbers[2], "\(about): \(counts)")
        }
    }
}

/// Who was in a segment at a date, whatever happened to the rows since, against sets kept by hand.
@Suite struct MembershipPropertyTests {
    @Test(arguments: 1...12) func survivesEveryChange(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed) &* 7919)
        var options = SessionOptions()
        options.threads = 2
        let session = try Session(storePath: nil, options: options)
        defer { session.close() }
        let isText = seed % 3 == 0
        let isPair = seed % 3 == 1
        func say(_ text: String) throws { try session.run(SourceText(name: "test", text: text), receiver: Transcript()) }
        func ids(_ query: String) throws -> [String] {
            let transcript = Transcript()
            try session.run(SourceText(name: "test", text: query), receiver: transcript)
            transcript.lines = []
            return transcript.text.split(separator: "\n").dropFirst().map(String.init)
        }
        try say("create table c (id: \(isText ? "text" : "int"), part: int, v: int) key \(isPair ? "id, part" : "id")")
        func key(_ n: Int) -> String { isText ? "\"k\(n)\"" : "\(n)" }
        func shown(_ n: Int) -> String { isText ? "k\(n)" : "\(n)" }
        var values: [Int: Int] = [:]
        func insert(_ numbers: [Int]) throws {
            for n in numbers {
                let v = random.below(100)
                values[n] = v
                try say("append c from (from tables() | take 1 | select id: \(key(n)), part: 1, v: \(v))")
            }
        }
        try insert(Array(0..<12))
        try say("segment high on c = v >= 50")
        var written: [(date: String, members: Set<String>)] = []
        func high() -> Set<String> { Set(values.filter { $0.value >= 50 }.map { shown($0.key) }) }
        for step in 0..<14 {
            switch random.below(6) {
            case 0:
                let date = "2026-0\(1 + written.count % 9)-\(10 + written.count)"
                try say("snapshot high at \(date)")
                written.append((date, high()))
            case 1:
                let gone = random.below(20)
                try say("delete c where id = \(key(gone))")
                values[gone] = nil
            case 2: try insert([(0..<20).first { values[$0] == nil } ?? 20 + step])
            case 3:
                let n = values.keys.sorted().first ?? 0
                if values[n] != nil {
                    values[n] = random.below(100)
                    try say("upsert c from (from c | where id = \(key(n)) | derive v: \(values[n] ?? 0))")
                }
            case 4: try say("optimize c")
            default:
                try say("replace c from (from c | sort v)")
            }
            for (date, members) in written {
                let about = "seed \(seed), step \(step), \(date)"
                let present = Set(values.keys.map(shown))
                #expect(Set(try ids("from c | where high as of \(date) | select id")) == members.intersection(present), "\(about)")
                #expect(Set(try ids("from c | where not high as of \(date) | select id")) == present.subtracting(members), "\(about)")
                let left = try ids("from diff(high, \(date)) | where change = \"left\" | select id")
                #expect(Set(left) == members.subtracting(high()), "\(about)")
                let entered = try ids("from diff(high, \(date)) | where change = \"entered\" | select id")
                #expect(Set(entered) == high().subtracting(members), "\(about)")
            }
        }
    }
}
