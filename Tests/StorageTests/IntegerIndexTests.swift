import Testing

@testable import Storage

@Suite struct IntegerIndexTests {
    /// The array moves to where most keys are just as one comes that is in neither place.
    @Test func strangersAsTheArrayMoves() throws {
        for first in 500..<530 {
            let index = IntegerIndex()
            var id: UInt32 = 0
            func insert(_ value: Int64) throws {
                try index.insert(value, id: id)
                id += 1
            }
            try insert(-1)
            for i in 0..<first { try insert(1 << 60 + Int64(i)) }
            for i in 0..<40 { try insert(-1 << 60 + Int64(i) << 40) }
            #expect(index.find(-1) == 0 && index.find(1 << 60 + 3) == 4 && index.find(-1 << 60 + 3 << 40) == UInt32(first) + 4)
            #expect(index.count == Int(id))
        }
    }

    /// Dense and sparse keys, upward, downward and in no order, to the ends of the range.
    @Test(arguments: 0..<15) func findsWhatWasInserted(form: Int) throws {
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
            // A few far off among many, at the beginning or all along.
            case 12: i < 40 ? Int64(i) << 50 : 5_000_000_000 + Int64(i) * 7
            case 13: i % 100 == 7 ? Int64.random(in: .min ... .max, using: &random) : Int64(i) * 7
            case 14: i < 10_000 ? Int64(i) : Int64.max - Int64(i) * 3
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
