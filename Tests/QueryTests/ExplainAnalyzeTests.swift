import Storage
import Testing

@testable import Query

/// What `explain analyze` counts, which no number of threads may change. Times are there, and nothing is said about them.
@Suite struct ExplainAnalyzeTests {
    private final class Lines: ResultReceiver {
        var columns: [ResultColumn] = []
        var lines: [(text: String, cells: [Int64?])] = []

        func begin(columns: [ResultColumn]) { self.columns = columns }
        func rows(_ batch: ResultBatch) {
            for row in 0..<batch.rowCount {
                var text = ""
                var cells: [Int64?] = []
                for column in batch.columns {
                    switch column.values {
                    case .texts(let values): text = values[row].string
                    case .integers(let values): cells.append(column.nulls.map { $0[row] != 0 } == true ? nil : values[row])
                    case .doubles: Issue.record("no column of floats was expected")
                    }
                }
                lines.append((text, cells))
            }
        }
        func end(_ footer: ResultFooter) {}
        func message(_ text: String) {}
        func progress(done: Int, total: Int, unit: String) {}
    }

    /// Lines of the answer without the milliseconds: text, rows in, rows out, blocks read, blocks skipped.
    private func analyzed(_ query: String, threads: Int) throws -> [String] {
        var options = SessionOptions()
        options.threads = threads
        let session = try Session(storePath: nil, options: options)
        defer { session.close() }
        let silent = Lines()
        // 100,000 rows in 13 blocks; `half` rises, so that blocks can be ruled out by it.
        let make =
            "load t from (from tables() | take 0 | summarize k: count() | expand n: 1..100_000 | select n, half: n div 2, kind: n mod 7)"
        try session.run(SourceText(name: "test", text: make), receiver: silent)
        let lines = Lines()
        try session.run(SourceText(name: "test", text: "explain analyze " + query), receiver: lines)
        #expect(lines.columns.map(\.name) == ["plan", "rows_in", "rows_out", "blocks_read", "blocks_skipped", "bytes", "ms"])
        #expect(lines.lines.allSatisfy { ($0.cells[5] ?? -1) >= 0 }, "no operator takes less than no time")
        return lines.lines.map { line in
            ([line.text] + line.cells[0..<4].map { $0.map(String.init) ?? "" }).joined(separator: " | ")
        }
    }

    @Test(arguments: [1, 2, 3])
    func aPrunedScan(threads: Int) throws {
        let lines = try analyzed("from t | where half >= 49_000 and kind = 3 | summarize s: sum(n)", threads: threads)
        #expect(lines.first == "answer | 1 | 1 |  | ")
        #expect(lines.contains { $0.contains("aggregate s: sum(n) | 286 | 1 |") }, "\(lines)")
        // Rows from 98,000 on lie in the last two blocks.
        #expect(lines.contains { $0.contains("scan t, 100000 rows where") && $0.hasSuffix("| 100000 | 286 | 2 | 11") }, "\(lines)")
        #expect(lines.last == "in all, \(threads) thread\(threads == 1 ? "" : "s") |  |  |  | ")
    }

    @Test(arguments: [1, 3])
    func stepsAndBreakers(threads: Int) throws {
        let lines = try analyzed(
            "from t | derive x: n * 2 | where x mod 4 = 0 | sort kind, n desc | take 7 | derive y: x + 1", threads: threads)
        #expect(lines.first == "answer | 7 | 7 |  | ")
        #expect(lines.contains { $0.hasPrefix("  derive y") && $0.hasSuffix("| 7 | 7 |  | ") }, "\(lines)")
        #expect(lines.contains { $0.contains("top 7 by kind, n desc") && $0.contains("| 50000 | 7 |") }, "\(lines)")
        #expect(lines.contains { $0.contains("scan t, 100000 rows") && $0.hasSuffix("| 13 | 0") }, "\(lines)")
    }

    @Test func aQueryInsideRunsFirst() throws {
        let lines = try analyzed("from t | where n in (from t | where kind = 6 | select half) | summarize n: count()", threads: 2)
        // Every seventh of 100,000 has the kind, and their halves are all different.
        #expect(lines.first == "answer | 1 | 1 |  | ")
        #expect(lines.filter { $0.contains("scan t") }.count == 2)
        #expect(lines.contains { $0.contains("(kind = 6) | 100000 | 14285 | 13 | 0") }, "\(lines)")
        #expect(lines.contains { $0.contains("aggregate n: count() | 14285 | 1") }, "\(lines)")
    }
}
