import Storage

/// The right side of `x in [a, b]` or of `x in (query)`: values without nulls, ready to be looked up.
final class ConstantSet: @unchecked Sendable {
    /// In ascending order, each once.
    let integers: [Int64]
    let doubles: Set<Double>
    /// The same values as tables without hashing seeds and boxes, for the hot loops.
    let integerTable: IntegerTable
    let textTable: TextDictionary

    /// - Parameter integers: in ascending order, each once.
    /// - Parameter texts: told apart by their bytes, as columns do; a set of `String` would take two spellings of `é` for one.
    init(integers: [Int64] = [], doubles: Set<Double> = [], texts: [String] = []) {
        self.integers = integers
        self.doubles = doubles
        integerTable = IntegerTable(integers)
        textTable = TextDictionary(texts)
    }
    var count: Int { integers.count + doubles.count + textTable.count }

    /// Whether a value of the set lies between two numbers: what a block's range can rule out.
    func mayHold(_ low: Int64, _ high: Int64) -> Bool {
        var first = 0
        var end = integers.count
        while first < end {
            let middle = (first + end) / 2
            if integers[middle] < low { first = middle + 1 } else { end = middle }
        }
        return first < integers.count && integers[first] <= high
    }
}

/// A set of integers: a bitmap where they lie close together, else an open-addressing table at most half full.
final class IntegerTable: @unchecked Sendable {
    private var slots: [Int64] = []
    private var mask = 0
    private let hasZero: Bool
    private var bits: [UInt64] = []
    private let minimum: Int64

    /// - Parameter values: in ascending order, each once.
    init(_ values: [Int64]) {
        minimum = values.first ?? 0
        if let last = values.last {
            let (span, overflow) = last.subtractingReportingOverflow(minimum)
            // A bit for each value in between, against sixteen bytes for each value that there is; a megabyte is worth it in any case.
            if !overflow, span < max(1 << 23, values.count * 64) {
                bits = Array(repeating: 0, count: Int(span) / 64 + 1)
                for value in values { bits[Int(value - minimum) / 64] |= 1 << UInt64((value - minimum) % 64) }
                hasZero = false
                return
            }
        }
        var size = 16
        while size < values.count * 2 { size *= 2 }
        mask = size - 1
        slots = Array(repeating: 0, count: size)
        var sawZero = false
        for value in values {
            if value == 0 {
                sawZero = true
                continue
            }
            var at = Self.bin(value) & mask
            while slots[at] != 0 { at = (at + 1) & mask }
            slots[at] = value
        }
        hasZero = sawZero
    }

    @inline(__always)
    private static func bin(_ value: Int64) -> Int {
        Int(truncatingIfNeeded: (UInt64(bitPattern: value) &* 0x9E37_79B9_7F4A_7C15) >> 32)
    }

    /// 1 where a value is in the set, else 0.
    func mark(_ values: UnsafePointer<Int64>, _ count: Int, into marks: UnsafeMutablePointer<UInt8>) {
        if bits.isEmpty {
            slots.withUnsafeBufferPointer { slots in
                guard let base = slots.baseAddress else { return }
                for i in 0..<count { marks[i] = found(values[i], base) }
            }
        } else {
            let size = UInt64(bits.count) &* 64
            bits.withUnsafeBufferPointer { bits in
                guard let base = bits.baseAddress else { return }
                for i in 0..<count {
                    let place = UInt64(bitPattern: values[i] &- minimum)
                    let word = base[Int(truncatingIfNeeded: min(place, size &- 1) &>> 6)]
                    marks[i] = place < size ? UInt8(truncatingIfNeeded: word &>> (place & 63)) & 1 : 0
                }
            }
        }
    }

    /// The same for values told as `base + unit * code`.
    func mark(
        _ codes: UnsafePointer<UInt32>, base: Int64, unit: Int64, _ count: Int, into marks: UnsafeMutablePointer<UInt8>
    ) {
        let size = UInt64(bits.count) &* 64
        let first = base &- minimum
        guard unit == 1, first >= 0, UInt64(first) < size else {
            withUnsafeTemporaryAllocation(of: Int64.self, capacity: count) { values in
                guard let values = values.baseAddress else { return }
                for i in 0..<count { values[i] = base &+ unit &* Int64(codes[i]) }
                mark(values, count, into: marks)
            }
            return
        }
        bits.withUnsafeBufferPointer { bits in
            guard let base = bits.baseAddress else { return }
            let last = size &- 1
            for i in 0..<count {
                let place = UInt64(first) &+ UInt64(codes[i])
                let word = base[Int(truncatingIfNeeded: min(place, last) &>> 6)]
                marks[i] = UInt8(truncatingIfNeeded: word &>> (place & 63)) & (place <= last ? 1 : 0)
            }
        }
    }

    @inline(__always)
    private func found(_ value: Int64, _ slots: UnsafePointer<Int64>) -> UInt8 {
        if value == 0 { return hasZero ? 1 : 0 }
        var at = Self.bin(value) & mask
        while slots[at] != 0 {
            if slots[at] == value { return 1 }
            at = (at &+ 1) & mask
        }
        return 0
    }
}
