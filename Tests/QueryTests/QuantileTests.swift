import Foundation
import Storage
import Testing

@testable import Query

/// Quantiles of few groups, which are counted, of very many, whose values are put apart, and of groups nobody can number beforehand: the same
/// as sorting each group's values gives, for any number of threads.
@Suite struct QuantileTests {
    private static let rows = 150_000

    /// A heavy group, groups of a few values, groups without any, values that tie, negative ones.
    private static func store(_ folder: String) throws -> (path: String, values: [Int: [Int]]) {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var values: [Int: [Int]] = [:]
        var csv = "id,g,few,v\n"
        var state: UInt64 = 0x0123_4567_89AB_CDEF
        for id in 0..<rows {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let word = Int(state >> 33)
            // More than a range of groups that is sorted whole.
            let g = word % 16 == 0 ? word / 16 % 20_000 : 4_321
            let v = word / 7 % 3 == 0 ? word / 64 % 50 - 10 : word / 64 % 2_000_000 - 500_000
            let isMissing = word % 31 == 3
            csv += "\(id),\(g),\(g % 7),\(isMissing ? "" : "\(v)")\n"
            if isMissing { values[g, default: []] += [] } else { values[g, default: []].append(v) }
        }
        try csv.write(toFile: folder + "/t.csv", atomically: true, encoding: .utf8)
        let session = try Session(storePath: folder + "/store", options: SessionOptions())
        defer { session.close() }
        try session.run(SourceText(name: "t", text: "load t from \"\(folder)/t.csv\" key id"), receiver: Transcript())
        return (folder + "/store", values)
    }

    /// By the definition: the value at `(n - 1) * p`, six places more, half to even. `p` is in thousandths.
    private static func quantile(_ sorted: [Int], _ p: Int) -> String {
        if sorted.isEmpty { return "" }
        let (low, rest) = ((sorted.count - 1) * p).quotientAndRemainder(dividingBy: 1000)
        let b = rest == 0 ? sorted[low] : sorted[low + 1]
        let exact = sorted[low] * 1000 + (b - sorted[low]) * rest
        let sign = exact < 0 ? "-" : ""
        let digits = String(format: "%03d", abs(exact) % 1000) + "000"
        return "\(sign)\(abs(exact) / 1000).\(digits)"
    }

    @Test func quantilesAreThoseOfSortedValues() throws {
        let folder = NSTemporaryDirectory() + "crmq-quantiles-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (store, values) = try Self.store(folder)
        let sorted = values.mapValues { $0.sorted() }
        var expected = "g,a,m,b,n\n"
        for (group, all) in sorted.sorted(by: { $0.key < $1.key }) {
            expected += "\(group),\(Self.quantile(all, 100)),\(Self.quantile(all, 500)),\(Self.quantile(all, 990)),\(all.count)\n"
        }
        let asked = "a: quantile(v, 0.1), m: median(v), b: quantile(v, 0.99)"
        var few: [Int: [Int]] = [:]
        for (group, all) in values { few[group % 7, default: []] += all }
        var fewer = "few,a,m,b\n"
        for (group, all) in few.mapValues({ $0.sorted() }).sorted(by: { $0.key < $1.key }) {
            fewer += "\(group),\(Self.quantile(all, 100)),\(Self.quantile(all, 500)),\(Self.quantile(all, 990))\n"
        }
        for threads in 1...3 {
            var options = SessionOptions()
            options.threads = threads
            let session = try Session(storePath: store, options: options)
            defer { session.close() }
            func answer(_ query: String) throws -> String {
                let transcript = Transcript()
                try session.run(SourceText(name: "t", text: query), receiver: transcript)
                return transcript.text
            }
            #expect(try answer("from t | summarize \(asked), n: count(v) by g") == expected, "\(threads) threads")
            #expect(try answer("from t | summarize \(asked) by few") == fewer, "\(threads) threads")
            // A key of which no range is known is hashed.
            #expect(
                try answer("from t | summarize \(asked), n: count(v) by g: if g < 0 then 0 else g") == expected,
                "\(threads) threads, hashed")
            // Filters of their own, and groups in which nothing is left.
            let filtered = try answer("from t | summarize a: median(v where v > 400000), m: median(v) by g")
            let lines = sorted.sorted { $0.key < $1.key }.map { group, all in
                "\(group),\(Self.quantile(all.filter { $0 > 400_000 }, 500)),\(Self.quantile(all, 500))\n"
            }
            #expect(filtered == "g,a,m\n" + lines.joined(), "\(threads) threads, filtered")
        }
    }
}
