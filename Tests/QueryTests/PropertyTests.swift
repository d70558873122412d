import Foundation
import Storage
import Testing

@testable import Query

/// Random queries over random tables: the engine says what the interpreter says, in the same bytes for any number of threads, with and
/// without the planner's rewrites, before and after `optimize`.
///
/// `CRMQ_PROPERTY_SEEDS=1000..1200` tries others than the usual seeds.
@Suite struct PropertyTests {
    static let seeds: [UInt64] = {
        let asked =
            ProcessInfo.processInfo.environment["CRMQ_PROPERTY_SEEDS"]?.components(separatedBy: "..").compactMap { UInt64($0) } ?? []
        if let first = asked.first, let last = asked.last, first <= last { return Array(first...last) }
        return Array(1...24)
    }()

    /// Rows of the table and queries over it: many over few rows, and some at the edges of vectors, blocks and morsels.
    static func shape(_ seed: UInt64) -> (rows: Int, queries: Int) {
        let shapes = [
            (0, 6), (1, 10), (7, 24), (300, 30), (2047, 6), (300, 30), (7, 24), (2048, 6), (300, 30), (2049, 6), (40, 30), (8191, 3),
            (300, 30), (8192, 3),
            (90, 30), (8193, 3), (20_000, 2), (300, 30),
        ]
        return shapes[Int((seed &- 1) % UInt64(shapes.count))]
    }

    @Test(arguments: seeds) func engineAndInterpreterAgree(_ seed: UInt64) throws {
        var generator = PropertyGenerator(seed: seed)
        let (count, queries) = Self.shape(seed)
        let bench = try PropertyBench(&generator, rows: count)
        defer { bench.close() }
        var asked: [(query: String, expected: PropertyBench.Expected, answer: String)] = []
        for _ in 0..<queries {
            guard let (query, expected) = bench.query(&generator) else { continue }
            let answer = bench.answer(query, bench.main)
            expect(answer, expected, "seed \(seed), \(count) rows: \(query)")
            for (name, session) in bench.others {
                let other = bench.answer(query, session)
                same(
                    other.components(separatedBy: "\n"), answer.components(separatedBy: "\n"),
                    "seed \(seed), \(count) rows, \(name): \(query)")
            }
            asked.append((query, expected, answer))
        }
        #expect(asked.count * 2 >= queries, "seed \(seed): most queries should have an answer")
        try bench.say("optimize t")
        for (query, expected, answer) in asked {
            let after = bench.answer(query, bench.main)
            if expected.isOrdered {
                same(after.components(separatedBy: "\n"), answer.components(separatedBy: "\n"), "seed \(seed), after optimize: \(query)")
            } else {
                expect(after, expected, "seed \(seed), after optimize: \(query)")
            }
        }
    }

    private func expect(_ answer: String, _ expected: PropertyBench.Expected, _ about: String) {
        if expected.isOrdered { return same(answer.components(separatedBy: "\n"), expected.csv.components(separatedBy: "\n"), about) }
        same(PropertyBench.unordered(answer), PropertyBench.unordered(expected.csv), about)
    }

    /// Shows the first line that differs, for the whole would be long.
    private func same(_ answer: [String], _ expected: [String], _ about: String) {
        guard answer != expected else { return }
        let line = zip(answer, expected).enumerated().first { $1.0 != $1.1 }?.offset ?? min(answer.count, expected.count)
        let found = answer.indices.contains(line) ? answer[line] : "nothing"
        let wanted = expected.indices.contains(line) ? expected[line] : "nothing"
        Issue.record(
            "\(about)\nheader   \(expected[0])\nline \(line) of \(answer.count) and \(expected.count)\nanswer   \(found)\nexpected \(wanted)"
        )
    }

    @Test(arguments: seeds) func aConditionAndItsOppositePartTheTable(_ seed: UInt64) throws {
        var generator = PropertyGenerator(seed: seed ^ 0xA5A5)
        let bench = try PropertyBench(&generator, rows: [0, 7, 300, 2049][Int(seed % 4)])
        defer { bench.close() }
        let all = PropertyBench.unordered(bench.answer("from t", bench.main))
        for _ in 0..<12 {
            let condition = generator.condition(bench.rows, 3)
            let holds = bench.answer("from t | where \(condition)", bench.main)
            let fails = bench.answer("from t | where not (\(condition))", bench.main)
            // A number beyond 18 digits is an error, if only on the side where it is needed.
            if holds.contains("18 digits") || fails.contains("18 digits") { continue }
            let both = PropertyBench.unordered(holds) + PropertyBench.unordered(fails).dropFirst()
            same([both[0]] + both.dropFirst().sorted(), all, "seed \(seed), \(bench.rows.count) rows: \(condition)")
            let counts = bench.answer(
                "from t | summarize a: count(where \(condition)), b: count(where not (\(condition))), n: count()", bench.main)
            let numbers = counts.split(separator: "\n").last.map { $0.split(separator: ",").compactMap { Int($0) } } ?? []
            #expect(
                counts.contains("18 digits") || numbers.count == 3 && numbers[0] + numbers[1] == numbers[2],
                "seed \(seed): \(condition): \(counts)")
        }
    }
}

/// A table in a store and the same rows for the interpreter.
struct PropertyBench {
    struct Expected {
        var csv: String
        var isOrdered: Bool
    }
    static let today = "2026-05-31"

    let interpreter: Interpreter
    let main: Session
    let others: [(String, Session)]
    let rows: Interpreter.Rows
    private let folder: String

    /// Loads the rows in several appends, then deletes some.
    init(_ generator: inout PropertyGenerator, rows count: Int) throws {
        let folder = NSTemporaryDirectory() + "crmq-property-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        func session(_ threads: Int) throws -> Session {
            var options = SessionOptions()
            options.threads = threads
            options.asOf = Int64(Calendar.day(2026, 5, 31))
            return try Session(storePath: folder + "/store", options: options)
        }
        let table = generator.table(rows: count, keyed: generator.random.chance(70))
        let main = try session(2)
        try main.run(SourceText(name: "t", text: table.definition), receiver: Transcript())
        var first = 0
        let header = table.rows.names.joined(separator: ",") + "\n"
        for part in (0..<generator.random.pick([1, 1, 2, 4])).reversed() {
            let end = part == 0 ? count : generator.random.within(first...count)
            let path = folder + "/part.csv"
            try (header + table.rows.picking(Array(first..<end)).lines.map { $0 + "\n" }.joined()).write(
                toFile: path, atomically: true, encoding: .utf8)
            try main.run(SourceText(name: "t", text: "append t from \"\(path)\""), receiver: Transcript())
            first = end
        }
        var left = table.rows
        var interpreter = Interpreter(today: Calendar.day(2026, 5, 31))
        if generator.random.chance(50) {
            for _ in 0..<10 {
                let condition = generator.condition(left, 1)
                guard let test = try? interpreter.run(try Self.stages("where not (\(condition))"), over: left) else { continue }
                guard (try? main.run(SourceText(name: "t", text: "delete t where \(condition)"), receiver: Transcript())) != nil else {
                    continue
                }
                left = test
                break
            }
        }
        self.folder = folder
        self.main = main
        rows = left
        interpreter.table = left
        self.interpreter = interpreter
        generator.base = left
        let plain = try session(2)
        plain.rewrites = []
        let parted = try session(2)
        parted.groupsInCacheMax = 1
        others = [("1 thread", try session(1)), ("3 threads", try session(3)), ("no rewrites", plain), ("rows put apart", parted)]
    }

    func close() {
        main.close()
        for (_, session) in others { session.close() }
        try? FileManager.default.removeItem(atPath: folder)
    }

    func say(_ text: String) throws { try main.run(SourceText(name: "t", text: text), receiver: Transcript()) }

    static func stages(_ text: String) throws -> [Stage] {
        guard let statement = try Statement.parse(SourceText(name: "t", text: "from t | " + text)), case .query(let query) = statement.kind
        else { return [] }
        return query.stages
    }

    /// A random query and its answer; nil where no stage could be found that has one.
    func query(_ generator: inout PropertyGenerator) -> (String, Expected)? {
        var now = rows
        var text: [String] = []
        let length = generator.random.within(1...4)
        for _ in 0..<length * 4 where text.count < length {
            let stage = generator.stage(over: now)
            do {
                now = try interpreter.run(try Self.stages(stage), over: now)
                text.append(stage)
            } catch is Interpreter.Beyond {
            } catch is Interpreter.Unknown {
            } catch {
                Issue.record("does not parse: \(stage): \(error)")
            }
        }
        guard !text.isEmpty else { return nil }
        return ("from t | " + text.joined(separator: " | "), Expected(csv: now.csv, isOrdered: now.isOrdered))
    }

    /// The answer as csv, without the notes below it.
    func answer(_ query: String, _ session: Session) -> String {
        let transcript = Transcript()
        do {
            try session.run(SourceText(name: "t", text: query), receiver: transcript)
        } catch let error as QueryError {
            return "error: \(error.message)"
        } catch {
            return "error: \(error)"
        }
        return String(transcript.text.dropLast(transcript.lines.map { $0 + "\n" }.joined().count))
    }

    /// The header, then the lines in any order.
    static func unordered(_ csv: String) -> [String] {
        var lines = csv.components(separatedBy: "\n")
        if lines.last == "" { lines.removeLast() }
        return lines.isEmpty ? [] : [lines[0]] + lines.dropFirst().sorted()
    }
}
