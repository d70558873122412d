import Foundation
import Storage
import Testing

@testable import Query

/// What is worked out on codes, or with tables made for texts, answers as what goes from text to text.
@Suite struct TextExecutionTests {
    private static let rows = 9_000

    private static func store(_ folder: String) throws -> String {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var csv = "id,a,an,b,bn,few,fewn\n"
        for id in 0..<rows {
            let (a, b, few) = (id * 7919 % 701, id * 31 % 53, id % 5)
            csv += id % 3 == 0 ? "\(id),,," : "\(id),a\(a),\(a),"
            csv += id % 11 == 0 ? ",," : b % 2 == 0 ? "a\(b),\(b)," : "ž\(b),\(b),"
            csv += "\(["x", "a1", "杭州", "", "Z"][few]),\(few)\n"
        }
        try csv.write(toFile: folder + "/t.csv", atomically: true, encoding: .utf8)
        var other = "name,number,side\n"
        for number in stride(from: 0, to: 900, by: 2) { other += "a\(number),\(number),\(number % 4)\n" }
        try other.write(toFile: folder + "/u.csv", atomically: true, encoding: .utf8)
        let session = try Session(storePath: folder + "/store", options: SessionOptions())
        defer { session.close() }
        for load in ["load t from \"\(folder)/t.csv\" key id", "load u from \"\(folder)/u.csv\" key number"] {
            try session.run(SourceText(name: "t", text: load), receiver: Transcript())
        }
        return folder + "/store"
    }

    private static func answer(_ query: String, _ session: Session) throws -> String {
        let transcript = Transcript()
        try session.run(SourceText(name: "t", text: query), receiver: transcript)
        return transcript.text
    }

    /// Runs a body for one and three threads, with and without rewrites.
    private func everyWay(_ body: (String, Session) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "crmq-text-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try Self.store(folder)
        for (threads, plain) in [(1, false), (3, false), (2, true)] {
            var options = SessionOptions()
            options.threads = threads
            let session = try Session(storePath: store, options: options)
            defer { session.close() }
            if plain { session.rewrites = [] }
            try body("\(threads) threads\(plain ? ", no rewrites" : "")", session)
        }
    }

    private static let chosen = [
        "coalesce(a, b)", "coalesce(b, a)", "coalesce(a, b, few)", "coalesce(a, b, \"none\")", "if id mod 3 = 0 then a else few",
        "if id mod 4 = 0 then b else if id mod 4 = 1 then \"a1\" else if id mod 4 = 2 then null else a",
        "if few = \"x\" then upper(a) else lower(coalesce(b, few))", "coalesce(if id mod 2 = 0 then a else b, upper(few))",
        "if a < b then a else b",
        "if id < 0 then a else b", "coalesce(upper(a), a)",
    ]

    /// The same choice, put together from its bytes row by row.
    private static func byBytes(_ choice: String) -> String {
        "if (\(choice)) is null then null else concat(\(choice), right(text(id), 0))"
    }

    @Test(arguments: chosen) func choicesAmongCodedColumnsAreCodes(_ choice: String) throws {
        try everyWay { way, session in
            for rest in [
                "summarize n: count(), s: sum(id), m: count(k) by k", "summarize lo: min(k), hi: max(k), d: distinct(k)",
                "summarize lo: min(k), hi: max(k) by few | sort few", "where k != \"a1\" | sort k, id | take 50 | select id, k",
                "where k in [\"a1\", \"a7\", \"ž3\"] | summarize n: count()", "derive r: right(k, 1) | summarize n: count() by r",
                "join u on k = name | summarize n: count(), s: sum(u_number)",
            ] {
                let coded = try Self.answer("from t | derive k: \(choice) | \(rest)", session)
                let plain = try Self.answer("from t | derive k: \(Self.byBytes(choice)) | \(rest)", session)
                #expect(coded == plain, "\(choice) | \(rest), \(way)")
                #expect(coded.split(separator: "\n").count > 1)
            }
        }
    }

    @Test func groupsOfPlainTextKeepTheirNulls() throws {
        try everyWay { way, session in
            for (text, number) in [
                ("concat(a, right(text(id), 0))", "coalesce(an, -1)"),
                ("if a is null then null else concat(a, right(text(id), 0))", "an"),
                ("if id < 20 or bn = 7 then null else concat(\"k\", text(id mod 97))", "if id < 20 or bn = 7 then null else id mod 97"),
            ] {
                let measures = "n: count(), s: sum(id), m: max(few)"
                let texts = try Self.answer("from t | summarize \(measures) by k: \(text) | sort s, n | select n, s, m", session)
                let numbers = try Self.answer("from t | summarize \(measures) by k: \(number) | sort s, n | select n, s, m", session)
                #expect(texts == numbers, "\(text), \(way)")
            }
        }
    }

    @Test func joinsByTextMeetAsByNumber() throws {
        try everyWay { way, session in
            for (text, number) in [
                // Two dictionaries; one; plain on the right; plain on the left; two keys.
                (
                    "join (from u | select name, side, number) as r on a = name",
                    "join (from u | select name, side, number) as r on an = number"
                ),
                ("join (from t | summarize side: count() by a) as r on a", "join (from t | summarize side: count() by an) as r on an"),
                (
                    "join (from u | select w: concat(name, right(text(number), 0)), side) as r on a = w",
                    "join (from u | select w: number, side) as r on an = w"
                ),
                (
                    "derive w: if a is null then null else concat(a, right(text(id), 0)) | join (from u | select name, side) as r on w = name",
                    "join (from u | select number, side) as r on an = number"
                ),
                (
                    "derive m: id mod 4 | join (from u | select name, side, z: side) as r on a = name, m = z",
                    "derive m: id mod 4 | join (from u | select number, side, z: side) as r on an = number, m = z"
                ),
            ] {
                let rest = "summarize n: count(), m: count(r_side), s: sum(id), q: sum(r_side) by few"
                let texts = try Self.answer("from t | \(text) | \(rest)", session)
                let numbers = try Self.answer("from t | \(number) | \(rest)", session)
                #expect(texts == numbers, "\(text), \(way)")
            }
        }
    }

    @Test func rowsThatWouldDoubleAreTold() throws {
        try everyWay { way, session in
            // Among texts that the left has a code for, and among those that it has none for.
            for right in [
                "from u | derive w: if number < 20 then \"a1\" else name", "from u | derive w: if number < 20 then \"nobody\" else name",
            ] {
                #expect(throws: QueryError.self, "\(right), \(way)") {
                    _ = try Self.answer("from t | join (\(right) | select w, side) as r on a = w | summarize n: count()", session)
                }
            }
        }
    }
}
