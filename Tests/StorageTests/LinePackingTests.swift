import Testing

@testable import Storage

/// Blocks that are packed by their distance from a line, in both forms that they are read in.
@Suite struct LinePackingTests {
    /// The block's entry and bytes, as the encoder chose them.
    private func encoded(_ values: [Int64]) -> (entry: BlockEntry, bytes: RawBuffer) {
        let bytes = RawBuffer(capacity: 1 << 16)
        let entry = IntegerEncoder().encode(values, nulls: nil, rows: values.count, unitAllowed: true, into: bytes)
        return (entry, bytes)
    }

    private func check(_ values: [Int64], _ what: String) {
        let (entry, bytes) = encoded(values)
        #expect(entry.encoding == Encoding.packedByLine.rawValue, "\(what)")
        #expect(entry.fault(physical: .integer, rows: values.count, payload: bytes.base, codeLimit: 0) == nil, "\(what)")
        let unit = Int64(bitPattern: entry.unit)
        let room = (values.count + 255) / 256 * 256
        let integers = UnsafeMutablePointer<Int64>.allocate(capacity: room)
        let nulls = UnsafeMutablePointer<UInt8>.allocate(capacity: room)
        let codes = UnsafeMutablePointer<UInt32>.allocate(capacity: room)
        defer {
            integers.deallocate()
            nulls.deallocate()
            codes.deallocate()
        }
        for first in stride(from: 0, to: values.count, by: 256) {
            for count in [1, 255, 256, 300, values.count - first] where count <= values.count - first {
                _ = BlockDecoder.integers(entry, bytes.base, first: first, count: count, into: integers, nulls: nulls)
                let wanted = Array(values[first..<first + count])
                #expect(Array(UnsafeBufferPointer(start: integers, count: count)) == wanted, "\(what), \(count) from \(first)")
                guard (entry.maximum - entry.minimum) / unit < Int64(UInt32.max) else { continue }
                LinePacking.codes(entry, bytes.base, first: first, count: count, into: codes)
                let told = (0..<count).map { entry.base + unit * Int64(codes[$0]) }
                #expect(told == wanted, "codes of \(what), \(count) from \(first)")
            }
        }
    }

    @Test(arguments: [257, 512, 1000, 8191, 8192]) func whatRises(rows: Int) {
        var random = SeededGenerator(seed: UInt64(rows))
        check((0..<rows).map { 5 + 3 * Int64($0) }, "even steps, \(rows) rows")
        check((0..<rows).map { Int64($0) * 288_000_000 + Int64.random(in: 0...900, using: &random) * 1_000_000 }, "moments, \(rows) rows")
        check((0..<rows).map { Int64($0) * 61 + Int64.random(in: 0...500, using: &random) }, "numbers, \(rows) rows")
        check((0..<rows).map { -4_000_000_000 + Int64($0) * 70_001 }, "steps as large as a slope, \(rows) rows")
        check((0..<rows).map { Int64(($0 + 100) % 600) * 1000 + Int64.random(in: 0...99, using: &random) }, "stretches, \(rows) rows")
    }

    @Test func aBrokenLineIsFound() {
        let (entry, bytes) = encoded((0..<1000).map { Int64($0) * 61 + Int64($0 * $0 % 97) })
        #expect(entry.encoding == Encoding.packedByLine.rawValue)
        // A slope too large, bytes elsewhere, a width too large, a byte that must be zero.
        for (at, byte) in [(11, UInt8(1)), (16 + 12, 200), (14, 65), (31, 1)] {
            let old = bytes.base.load(fromByteOffset: at, as: UInt8.self)
            bytes.base.storeBytes(of: byte, toByteOffset: at, as: UInt8.self)
            #expect(entry.fault(physical: .integer, rows: 1000, payload: bytes.base, codeLimit: 0) != nil, "byte \(at)")
            bytes.base.storeBytes(of: old, toByteOffset: at, as: UInt8.self)
        }
        #expect(entry.fault(physical: .integer, rows: 1000, payload: bytes.base, codeLimit: 0) == nil)
        #expect(entry.fault(physical: .integer, rows: 1000, payload: bytes.base, isID: true, codeLimit: 10) != nil)
    }
}
