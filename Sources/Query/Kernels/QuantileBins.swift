/// Bins for whole numbers at a distance of 0 to `span` from the smallest: as wide as a fixed share of the distance, so that few bins serve
/// values of any size, and one value each near the start.
///
/// The distance as a double, with its exponent and the first bits of its fraction, is the bin.
struct QuantileBins: Sendable {
    let low: Int64
    let bits: UInt64
    let count: Int
    private let first: UInt64
    private let offset: Int64

    /// Distances lie below 2^61.
    static let spanMax: UInt64 = 1 << 61

    init(low: Int64, span: UInt64, bits: Int) {
        precondition(span < Self.spanMax && bits >= 1 && bits <= 30)
        self.low = low
        self.bits = UInt64(bits)
        offset = 1 << Int64(bits)
        first = (1023 + UInt64(bits)) << UInt64(bits)
        count = Int(Double(Int64(span) + offset).bitPattern >> (52 - UInt64(bits)) - first) + 1
    }

    /// The finest bins of which at most `countMax` are needed; nil where there are none.
    static func finest(low: Int64, span: UInt64, countMax: Int) -> QuantileBins? {
        for bits in stride(from: 24, through: 4, by: -1) {
            let bins = QuantileBins(low: low, span: span, bits: bits)
            if bins.count <= countMax { return bins }
        }
        return nil
    }

    @inline(__always)
    func bin(_ value: Int64) -> Int {
        // Rounding to a double never puts a larger value before a smaller one.
        Int(truncatingIfNeeded: Double(value &- low &+ offset).bitPattern >> ((52 &- bits) & 63) &- first)
    }

    /// The bins of a run of values. Narrow ones are turned into doubles several at a time.
    func fill(_ vector: Vector, _ rows: Int, into out: UnsafeMutablePointer<UInt32>) {
        let down = (52 &- bits) & 63
        let first = first
        let (start, overflow) = (vector.base &- low).addingReportingOverflow(offset)
        if vector.isNarrow, vector.unit == 1, !overflow, start >= 0, start < Int64(Int32.max) {
            let codes = vector.narrowCodes
            var largest: UInt32 = 0
            for i in 0..<rows { largest = max(largest, codes[i]) }
            if Int64(largest) &+ start <= Int64(Int32.max) {
                let start = UInt32(start)
                for i in 0..<rows {
                    let distance = Int32(bitPattern: codes[i] &+ start)
                    out[i] = UInt32(truncatingIfNeeded: Double(distance).bitPattern >> down &- first)
                }
                return
            }
        }
        let values = vector.integers
        for i in 0..<rows { out[i] = UInt32(truncatingIfNeeded: bin(values[i])) }
    }

    /// The one value of a bin that holds no other.
    func value(of bin: Int) -> Int64? { bin < 1 << Int(bits) ? low + Int64(bin) : nil }
}
