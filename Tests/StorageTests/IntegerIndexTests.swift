import Testing

@testable import Storage

@Suite struct IntegerIndexTests {
    /// Dense and sparse keys, upward, downward and in no order, to the ends of the range.
    @Test(arguments: 0..<12) func findsWhatWasInserted(form: Int) throws {
        var random = SeededGenerator(seed: UInt64(form))
        let count = 30_000
        var values = (0..<count).map { i -> Int64 in
            switch form {
            case 0: Int64(i)
            case 1: Int64(-i)
            case 2: Int64(i) * 40
            case 3: Int64.max - Int64(i)
            case 4: Int64.min + Int64(i)
            case 5: Int64.random(in: .min ... .max, using: &random)
            case 6: i == 0 ? 0 : i == 1 ? 1 << 40 : Int64(i)
            case 7: Int64(i) * (i % 2 == 0 ? 5 : -5)
            case 8: 7_000_000 + Int64(i) * 300
            case 9: Int64(i) * 1_000_003
            default: Int64.random(in: -200_000...9_000_000, using: &random)
            }
        }
        if form == 11 { values += [.min, .max, .max - 1, .min + 1] }
        let index = IntegerIndex()
        var ids: [Int64: UInt32] = [:]
        for value in values where ids[value] == nil {
            #expect(index.find(value) == nil)
            try index.insert(value, id: UInt32(ids.count))
            ids[value] = UInt32(ids.count)
        }
        #expect(index.count == ids.count)
        for (value, id) in ids { #expect(index.find(value) == id, "form \(form), \(value)") }
        for _ in 0..<10_000 {
            let value = Int64.random(in: -300_000...10_000_000, using: &random)
            #expect(index.find(value) == ids[value])
        }
        for value in [Int64.min, .max, 0, -1] { #expect(index.find(value) == ids[value]) }
    }
}
