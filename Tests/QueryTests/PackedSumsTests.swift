import Foundation
import Storage
import Testing

@testable import Query

/// Short cuts of sums and ranks against the long way.
@Suite struct PackedSumsTests {
    /// Enough rows that words are emptied on the way, groups that grow, rows left out, and bases and units that differ from batch to batch.
    @Test(arguments: [0, 9, 26]) func wordsHoldWhatStatesWould(_ bits: Int) throws {
        var generator = SplitMix(seed: UInt64(bits) + 3)
        let low: Int64 = -1000
        let span: Int64 = bits == 0 ? 0 : 1 << Int64(bits) - 1
        var sums = try #require(PackedSums(low...low + span))
        defer { sums.free() }
        let vector = Vector(type: .int)
        let groupsMax = 40_000
        var expected = [Int64](repeating: 0, count: groupsMax * 2)
        var found = expected
        func empty() {
            sums.empty { group, rows, sum in
                found[group * 2] += rows
                found[group * 2 + 1] += sum
            }
        }
        var emptied = 0
        for round in 0..<170 {
            let groupCount = round < 85 ? 300 : groupsMax
            let count = round % 7 == 0 ? 1 : vectorRowsMax
            let unit: Int64 = round % 3 == 0 ? 3 : 1
            let base = low + Int64(generator.next() % UInt64(span / 2 + 1))
            let codesMax = UInt64((low + span - base) / unit)
            let groups = (0..<count).map { _ in UInt32(generator.next() % UInt64(groupCount)) }
            let mask = (0..<count).map { _ in UInt8(generator.next() % 4 == 0 ? 0 : 1) }
            let isMasked = round % 2 == 0
            vector.reset()
            if round % 5 == 0 {
                for i in 0..<count { vector.integers[i] = base + unit * Int64(generator.next() % (codesMax + 1)) }
            } else {
                for i in 0..<count { vector.narrowCodes[i] = UInt32(generator.next() % (codesMax + 1)) }
                vector.setNarrow(base: base, unit: unit, count: count)
            }
            #expect(sums.suits(groupCount))
            if sums.mustEmpty(count, groupCount) {
                empty()
                emptied += 1
            }
            sums.add(vector, groups, isMasked ? mask : nil, count, groups: groupCount)
            for i in 0..<count where !isMasked || mask[i] != 0 {
                let value = vector.isNarrow ? base + unit * Int64(vector.narrowCodes[i]) : vector.integers[i]
                expected[Int(groups[i]) * 2] += 1
                expected[Int(groups[i]) * 2 + 1] += value
            }
        }
        empty()
        #expect(emptied >= (bits == 26 ? 2 : 1))
        #expect(found == expected)
        #expect(PackedSums(0...1 << 40) == nil && PackedSums(nil) == nil && PackedSums(Int64.min...Int64.max) == nil)
    }

    @Test(arguments: [1, 3]) func ranksOfManyWords(_ threads: Int) throws {
        var generator = SplitMix(seed: 17)
        for mask: UInt64 in [.max, 0xFF, 0xFFFF_FFFF, 0xF000_0000_0000_000F] {
            var words = (0..<150_000).map { _ in generator.next() & mask }
            let sorted = words.sorted()
            let ranks = [0, 29_999, 30_000, 75_000, 75_000, 120_000, 149_999]
            let found = try words.withUnsafeMutableBufferPointer {
                try WordSelection.values(
                    $0.baseAddress!, $0.count, ranks: ranks, threads: threads, cancellation: Cancellation())
            }
            #expect(found == ranks.map { sorted[$0] }, "mask \(mask)")
        }
    }

    /// Few of very many parents are asked for: their groups are hashed, and the answer is that of the array.
    @Test func fewAskedAmongMany() throws {
        let folder = NSTemporaryDirectory() + "crmq-listed-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        var parents = "k,city,tier\n"
        for row in 0..<60_000 { parents += "\(row + 1),c\(row % 1000),t\(row % 3)\n" }
        var children = "n,k,amount\n"
        for row in 0..<150_000 { children += "\(row),\((row * 7919) % 61_000 + 1),\(row % 501)\n" }
        try parents.write(toFile: folder + "/p.csv", atomically: true, encoding: .utf8)
        try children.write(toFile: folder + "/c.csv", atomically: true, encoding: .utf8)
        var answers: Set<String> = []
        for rewrites in [true, false] {
            for threads in [1, 3] {
                var options = SessionOptions()
                options.threads = threads
                let session = try Session(storePath: folder + "/store\(rewrites)\(threads)", options: options)
                defer { session.close() }
                if !rewrites { session.rewrites = [] }
                let transcript = Transcript()
                for text in [
                    "load p from \"\(folder)/p.csv\" key k", "load c from \"\(folder)/c.csv\" key n",
                    "link c.k to p as parent, children",
                ] { try session.run(SourceText(name: "t", text: text), receiver: Transcript()) }
                try session.run(
                    SourceText(
                        name: "t",
                        text: "from p | where city = \"c7\" and sum(children.amount where n >= 70_000) > 300 "
                            + "| derive s: sum(children.amount), m: max(children.n) "
                            + "| summarize n: count(), s: sum(s), m: max(m) by tier | sort tier"),
                    receiver: transcript)
                answers.insert(transcript.text)
            }
        }
        #expect(answers.count == 1)
        var wanted: [Int: (rows: Int, sum: Int, last: Int)] = [:]
        for parent in stride(from: 7, to: 60_000, by: 1000) {
            let mine = (0..<150_000).filter { ($0 * 7919) % 61_000 == parent }
            guard mine.filter({ $0 >= 70_000 }).reduce(0, { $0 + $1 % 501 }) > 300 else { continue }
            let old = wanted[parent % 3] ?? (0, 0, 0)
            wanted[parent % 3] = (old.rows + 1, old.sum + mine.reduce(0) { $0 + $1 % 501 }, max(old.last, mine.max() ?? 0))
        }
        let lines = wanted.sorted { $0.key < $1.key }.map { "t\($0.key),\($0.value.rows),\($0.value.sum),\($0.value.last)" }
        #expect(!lines.isEmpty && lines.allSatisfy { answers.first?.contains($0) ?? false }, "\(lines) in \(answers)")
    }
}
