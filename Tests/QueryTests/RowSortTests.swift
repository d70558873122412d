import Storage
import Testing

@testable import Query

/// Sorts, selections and windows of many rows against the plainest form of the same.
@Suite struct RowSortTests {
    private static let cancellation = Cancellation()

    /// Shapes that take the different ways: few rows, one bucket, many; narrow, wide and very wide keys; skewed, constant, in order.
    private static func column(_ kind: Int, _ count: Int, _ generator: inout SplitMix) -> ColumnBuffer {
        let isDouble = kind % 3 == 1
        let out = ColumnBuffer(type: isDouble ? .float : .int)
        for i in 0..<count {
            if kind % 4 == 3, generator.next() % 10 == 0 {
                out.appendNull()
                continue
            }
            let word = generator.next()
            if isDouble {
                out.append(double: kind % 2 == 0 ? Double(Int64(bitPattern: word)) / 1e9 : Double(word % 50) - 25)
                continue
            }
            let value: Int64 =
                switch kind {
                case 0: Int64(word % 7)
                case 2: Int64(bitPattern: word)
                case 3: Int64(word % 100_000) * 1_000_000
                case 5: Int64(i / 3)
                case 6: word % 100 == 0 ? Int64(word >> 4) : Int64(word % 1000)
                case 8: 42
                case 9: -Int64(word % UInt64(count + 1))
                default: Int64(word % 1_000_000) - 500_000
                }
            out.append(integer: value)
        }
        return out
    }

    @Test(arguments: [0, 1, 2, 40, 49, 300, 5000, 70_000]) func rowsStandInTheOrderOfTheirKeys(_ count: Int) throws {
        var generator = SplitMix(seed: UInt64(count) + 7)
        for round in 0..<24 {
            let width = round % 4
            let kinds = (0..<width).map { _ in Int(generator.next() % 12) }
            let columns = kinds.map { Self.column($0, count, &generator) }
            let keys = columns.map { KeyColumn($0, descending: generator.next() % 2 == 0) }
            let groups = width == 0 ? 0 : Int(generator.next() % UInt64(width + 1))
            for threads in [1, 3] {
                let sorted = try RowSort.sort(
                    keys, groupKeys: groups, count: count, marks: true, threads: threads, cancellation: Self.cancellation)
                let expected = Array(0..<count).sorted { Sorting.before($0, $1, keys) }
                let found = (0..<count).map { sorted.rows[$0] }
                guard found == expected else {
                    Issue.record("\(count) rows, round \(round), kinds \(kinds), \(threads) threads")
                    return
                }
                let marks = sorted.marks!.of(UInt8.self)
                for i in 0..<count {
                    let group = i == 0 || keys[..<groups].contains { $0.compare(expected[i - 1], expected[i]) != 0 }
                    let peer = i == 0 || keys.contains { $0.compare(expected[i - 1], expected[i]) != 0 }
                    let mark = (peer ? SortedRows.newPeer : 0) | (group ? SortedRows.newGroup : 0)
                    guard marks[i] == mark else {
                        Issue.record("mark \(i) of \(count), round \(round), kinds \(kinds), groups \(groups), \(threads) threads")
                        return
                    }
                }
            }
        }
    }

    @Test func selectionFindsWhatSortingFinds() throws {
        var generator = SplitMix(seed: 11)
        for round in 0..<40 {
            let count = [1, 5, 2000, 2049, 30_000][round % 5]
            let mask: UInt64 = [.max, 7, 0xFFFF, 0xFFFF_FFFF_0000, 0][round / 8]
            var words = (0..<count).map { _ in generator.next() & mask }
            let ranks = (0..<6).map { _ in Int(generator.next() % UInt64(count)) }.sorted()
            let expected = ranks.map { words.sorted()[$0] }
            let found = try words.withUnsafeMutableBufferPointer {
                try WordSelection.values($0.baseAddress!, count, ranks: ranks, cancellation: Self.cancellation)
            }
            #expect(found == expected, "round \(round)")
        }
    }

    @Test(arguments: [3, 1000, 70_000]) func picksAndJoinsKeepValuesAndNulls(_ count: Int) throws {
        var generator = SplitMix(seed: 5)
        for kind in [0, 1, 3, 7] {
            let column = Self.column(kind, count, &generator)
            let places = RowNumbers(count: count * 2)
            for i in 0..<places.count { places.base[i] = i % 9 == 0 ? ColumnBuffer.noRow : UInt32(generator.next() % UInt64(count)) }
            for threads in [1, 3] {
                let picked = try column.picked(places, 1..<places.count, threads: threads, hasGaps: true, Self.cancellation)
                let isSame = (1..<places.count).allSatisfy { i in
                    let value = picked.value(i - 1)
                    return places.base[i] == ColumnBuffer.noRow ? value == .null : value == column.value(places[i])
                }
                #expect(isSame, "kind \(kind), \(threads) threads")
            }
            let parts = [0..<count / 2, count / 2..<count].map { column.picked(RowNumbers($0), 0..<$0.count) }
            let joined = try ColumnBuffer.joined(parts, threads: 2)
            #expect((0..<count).allSatisfy { joined.value($0) == column.value($0) }, "kind \(kind)")
        }
    }
}

/// Random words that are the same on every machine.
struct SplitMix {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
