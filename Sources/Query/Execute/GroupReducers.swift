import Storage

/// `quantile(x, p)` and `median(x)`: linear interpolation between the two nearest values (Hyndman and Fan's type 7, as in Excel, numpy and DuckDB).
final class QuantileReducer: GroupReducer {
    /// p is `numerator / denominator`, exactly as written.
    private let numerator: Int64
    private let denominator: Int64
    private let scaleUp: Int64
    private let cancellation: Cancellation

    init(numerator: Int64, denominator: Int64, scaleUp: Int64, cancellation: Cancellation) {
        self.cancellation = cancellation
        self.numerator = numerator
        self.denominator = denominator
        self.scaleUp = scaleUp
    }

    override func reduce(_ rows: UnsafeBufferPointer<UInt32>, _ arguments: [ColumnBuffer], into out: ColumnBuffer) throws {
        guard !rows.isEmpty else { return out.appendNull() }
        let column = arguments[0]
        let (low, rest) = (Int128(rows.count - 1) * Int128(numerator)).quotientAndRemainder(dividingBy: Int128(denominator))
        let key = KeyColumn(column, descending: false)
        var words = rows.map { key.word(Int($0)) }
        let ranks = rest == 0 ? [Int(low)] : [Int(low), Int(low) + 1]
        let found = try words.withUnsafeMutableBufferPointer {
            try WordSelection.values($0.baseAddress!, rows.count, ranks: ranks, cancellation: cancellation)
        }
        if column.form == .integers {
            let ends = found.map { Int64(bitPattern: $0 ^ (1 << 63)) }
            return out.append(integer: try Self.between(ends[0], ends[ends.count - 1], rest, of: denominator, scaleUp: scaleUp))
        }
        let ends = found.map { Double(bitPattern: $0 >> 63 == 1 ? $0 ^ (1 << 63) : ~$0) }
        let (a, b) = (ends[0], ends[ends.count - 1])
        out.append(double: a == b ? a : Self.between(a, b, Double(rest) / Double(denominator)))
    }

    /// Never by way of `b - a`, which loses digits beside a large value and may leave the range of doubles.
    private static func between(_ a: Double, _ b: Double, _ share: Double) -> Double {
        if share == 0.5, (a + b).isFinite { return (a + b) / 2 }
        return a * (1 - share) + b * share
    }

    private func integerQuantile(_ values: UnsafeMutableBufferPointer<Int64>) throws -> Int64 {
        let position = Int128(values.count - 1) * Int128(numerator)
        let (low, rest) = position.quotientAndRemainder(dividingBy: Int128(denominator))
        let a = Selecting.nth(values, Int(low))
        // What lies behind the n-th after selecting is not smaller.
        var b = a
        if rest != 0 {
            b = Int64.max
            for i in (Int(low) + 1)..<values.count { b = min(b, values[i]) }
        }
        return try Self.between(a, b, rest, of: denominator, scaleUp: scaleUp)
    }

    /// The value at `rest / denominator` of the way from a to b, times `scaleUp`, half to even.
    static func between(_ a: Int64, _ b: Int64, _ rest: Int128, of denominator: Int64, scaleUp: Int64) throws -> Int64 {
        let base = Int128(a) * Int128(scaleUp)
        var result = base
        if rest != 0 {
            let exact = base * Int128(denominator) + (Int128(b) - Int128(a)) * rest * Int128(scaleUp)
            result = Decimals.divideHalfEven(exact, by: Int128(denominator))
        }
        guard let answer = Int64(exactly: result) else { throw QueryError(.data, "a quantile is larger than 18 digits can hold") }
        return answer
    }

    override func reduceIntegers(_ parts: [(groups: [UInt32], columns: [ColumnBuffer])], starts: [Int], groups: [Int], type: LogicalType)
        throws -> ColumnBuffer?
    {
        guard let first = parts.first, first.columns.count == 1, first.columns[0].form == .integers else { return nil }
        let total = starts.last!
        let values = UnsafeMutableBufferPointer<Int64>.allocate(capacity: total)
        defer { values.deallocate() }
        var next = starts
        for part in parts {
            let integers = part.columns[0].integers
            part.groups.withUnsafeBufferPointer { numbers in
                next.withUnsafeMutableBufferPointer { next in
                    for i in 0..<numbers.count {
                        let group = Int(numbers[i])
                        values[next[group]] = integers[i]
                        next[group] &+= 1
                    }
                }
            }
        }
        // Groups are independent: two workers take every other one.
        let answers = AnswerSlots(count: groups.count)
        let memory = SharedIntegers(values: values, starts: starts)
        let reducer = SharedReducer(self)
        WorkerThreads.run(groups.count > 1 && total > 100_000 ? 2 : 1) { worker in
            let step = groups.count > 1 && total > 100_000 ? 2 : 1
            for index in Swift.stride(from: worker, to: groups.count, by: step) {
                let range = memory.starts[groups[index]]..<memory.starts[groups[index] + 1]
                if range.isEmpty { continue }
                answers[index] = Result { try reducer.reducer.integerQuantile(UnsafeMutableBufferPointer(rebasing: memory.values[range])) }
            }
        }
        let out = ColumnBuffer(type: type, capacity: groups.count)
        for index in groups.indices { if let answer = answers[index] { out.append(integer: try answer.get()) } else { out.appendNull() } }
        return out
    }

    private struct SharedReducer: @unchecked Sendable {
        let reducer: QuantileReducer
        init(_ reducer: QuantileReducer) { self.reducer = reducer }
    }
    private struct SharedIntegers: @unchecked Sendable {
        let values: UnsafeMutableBufferPointer<Int64>
        let starts: [Int]
    }
    private final class AnswerSlots: @unchecked Sendable {
        private let slots: UnsafeMutableBufferPointer<Result<Int64, any Error>?>
        init(count: Int) {
            slots = .allocate(capacity: count)
            slots.initialize(repeating: nil)
        }
        deinit {
            slots.deinitialize()
            slots.deallocate()
        }
        subscript(index: Int) -> Result<Int64, any Error>? {
            get { slots[index] }
            set { slots[index] = newValue }
        }
    }
}

enum Selecting {
    /// Puts the n-th smallest at its place (nothing larger before it, nothing smaller behind it) and returns it. Medians of three keep
    /// sorted and constant input linear; a depth bound falls back to sorting.
    static func nth(_ values: UnsafeMutableBufferPointer<Int64>, _ n: Int) -> Int64 {
        var low = 0
        var high = values.count - 1
        var rounds = 0
        while high - low > 32 {
            rounds += 1
            if rounds > 200 { break }
            let middle = low + (high - low) / 2
            let a = values[low]
            let b = values[middle]
            let c = values[high]
            let pivot = max(min(a, b), min(max(a, b), c))
            var i = low
            var j = high
            while i <= j {
                while values[i] < pivot { i &+= 1 }
                while values[j] > pivot { j &-= 1 }
                if i <= j {
                    values.swapAt(i, j)
                    i &+= 1
                    j &-= 1
                }
            }
            if n <= j { high = j } else if n >= i { low = i } else { return values[n] }
        }
        var rest = UnsafeMutableBufferPointer(rebasing: values[low...high])
        rest.sort()
        return values[n]
    }
}

/// `first(x by d)` and `last(x by d)`: the value of the first or last row whose value is not null.
final class EdgeReducer: GroupReducer {
    private let last: Bool
    init(last: Bool) { self.last = last }
    override func reduce(_ rows: UnsafeBufferPointer<UInt32>, _ arguments: [ColumnBuffer], into out: ColumnBuffer) throws {
        guard let row = last ? rows.last : rows.first else { return out.appendNull() }
        out.append(row: Int(row), of: arguments[0])
    }
}

/// `mode(x)`: the most frequent value; of several the smallest.
final class ModeReducer: GroupReducer {
    override var wantsSorted: Bool { true }
    override func reduce(_ rows: UnsafeBufferPointer<UInt32>, _ arguments: [ColumnBuffer], into out: ColumnBuffer) throws {
        guard !rows.isEmpty else { return out.appendNull() }
        let column = arguments[0]
        var best = 0
        var bestCount = 0
        var start = 0
        while start < rows.count {
            var end = start + 1
            while end < rows.count, column.isEqual(Int(rows[end]), to: column, Int(rows[start])) { end += 1 }
            if end - start > bestCount {
                bestCount = end - start
                best = start
            }
            start = end
        }
        out.append(row: Int(rows[best]), of: column)
    }
}

/// `list(x, n)`: the first n values as one text, in the aggregate's order (else by value), separated by `, `.
final class ListReducer: GroupReducer {
    private let limit: Int
    private let ordered: Bool
    init(limit: Int, ordered: Bool) {
        self.limit = limit
        self.ordered = ordered
    }
    override var wantsSorted: Bool { !ordered }
    override func makeOutput(_ type: LogicalType, _ arguments: [ColumnBuffer], capacity: Int) -> ColumnBuffer {
        ColumnBuffer(type: .text, capacity: capacity)
    }
    override func reduce(_ rows: UnsafeBufferPointer<UInt32>, _ arguments: [ColumnBuffer], into out: ColumnBuffer) throws {
        guard !rows.isEmpty else { return out.appendNull() }
        let column = arguments[0]
        var bytes: [UInt8] = []
        for (index, place) in rows.prefix(limit).enumerated() {
            let row = Int(place)
            if index > 0 { bytes.append(contentsOf: ", ".utf8) }
            switch column.form {
            case .integers: CellText.append(column.integers[row], type: column.type, to: &bytes)
            case .mask: CellText.append(Int64(column.mask[row]), type: .bool, to: &bytes)
            case .doubles: CellText.appendDouble(column.doubles[row], to: &bytes)
            case .codes, .texts: bytes.append(contentsOf: column.text(row).buffer)
            }
        }
        if rows.count > limit { bytes.append(contentsOf: ", …".utf8) }
        bytes.withUnsafeBufferPointer { out.append(text: TextView(base: $0.baseAddress, count: $0.count)) }
    }
}
