/// Doubles: as packed integers where every one is exactly a short decimal, else eight bytes each.
extension IntegerEncoder {
    static let powersOfTen: [Double] = [1, 10, 100, 1e3, 1e4, 1e5, 1e6]

    func encode(_ source: UnsafePointer<Double>, nulls: UnsafePointer<UInt8>?, rows: Int, into out: RawBuffer) -> BlockEntry {
        let nullCount = nulls.map { NullBytes.count($0, rows: rows) } ?? 0
        var entry = BlockEntry()
        entry.rows = UInt16(rows)
        entry.nulls = UInt16(nullCount)
        if nullCount == rows { return entry }

        var low = Double.infinity
        var high = -Double.infinity
        for i in 0..<rows where nulls == nil || nulls![i] == 0 {
            low = Swift.min(low, source[i])
            high = Swift.max(high, source[i])
        }
        if let (places, integers) = decimals(source, nulls, rows) {
            let start = out.count
            var packed = integers.withUnsafeBufferPointer {
                encode($0.baseAddress!, nulls: nulls, rows: rows, unitAllowed: true, packedOnly: true, into: out)
            }
            if packed.encoding == Encoding.packed.rawValue {
                packed.encoding = Encoding.decimalDouble.rawValue
                packed.aux = UInt32(places)
                packed.minimum = Int64(bitPattern: low.bitPattern)
                packed.maximum = Int64(bitPattern: high.bitPattern)
                return packed
            }
            out.count = start
        }
        entry.minimum = Int64(bitPattern: low.bitPattern)
        entry.maximum = Int64(bitPattern: high.bitPattern)
        if nullCount == 0 {
            var same = true
            for i in 1..<Swift.max(rows, 1) { same = same && source[i].bitPattern == source[0].bitPattern }
            if same {
                entry.base = Int64(bitPattern: source[0].bitPattern)
                return entry
            }
        }
        entry.encoding = Encoding.rawDouble.rawValue
        let start = out.count
        if nullCount > 0, let nulls {
            entry.flags |= BlockEntry.nullBitmap
            NullBytes.appendBitmap(nulls, rows: rows, to: out)
        }
        let to = out.grow(rows * 8).assumingMemoryBound(to: UInt64.self)
        for i in 0..<rows { to[i] = nulls != nil && nulls![i] != 0 ? 0 : source[i].bitPattern }
        entry.length = UInt32(out.count - start)
        return entry
    }

    /// The fewest decimal places that give back every value bit for bit, with the scaled integers; nil where there are none.
    private func decimals(_ source: UnsafePointer<Double>, _ nulls: UnsafePointer<UInt8>?, _ rows: Int) -> (Int, [Int64])? {
        var places = 0
        var integers = [Int64](repeating: 0, count: rows)
        for i in 0..<rows where nulls == nil || nulls![i] == 0 {
            while !scaled(source[i], places, &integers[i]) {
                places += 1
                if places == IntegerEncoder.powersOfTen.count { return nil }
            }
        }
        // The number of places may have grown on the way: all must hold at the last one.
        for i in 0..<rows where nulls == nil || nulls![i] == 0 {
            if !scaled(source[i], places, &integers[i]) { return nil }
        }
        return (places, integers)
    }

    @inline(__always)
    private func scaled(_ value: Double, _ places: Int, _ integer: inout Int64) -> Bool {
        let power = IntegerEncoder.powersOfTen[places]
        let rounded = (value * power).rounded()
        // Beyond 2^53 an integer is no longer exact; minus zero has no integer.
        if !(Swift.abs(rounded) < 9_007_199_254_740_992) { return false }
        integer = Int64(rounded)
        return (Double(integer) / power).bitPattern == value.bitPattern
    }
}
