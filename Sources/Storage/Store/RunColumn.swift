/// One column of a run: rows that wait in memory, uncompressed, until they go to their partitions.
final class RunColumn {
    private let name: String
    private let physical: SegmentColumn.Physical
    private let builder: DictionaryBuilder?
    private let capacity: Int
    private let rowsBefore: Int
    /// The dictionary holds all the texts to come, so the column stays coded.
    private let dictionaryIsComplete: Bool
    /// Integers, or bits of doubles.
    private var values: UnsafeMutablePointer<Int64>?
    private var codes: UnsafeMutablePointer<UInt32>?
    /// Plain texts laid end to end.
    private let bytes = RawBuffer()
    private var offsets: UnsafeMutablePointer<Int>?
    private var nulls: UnsafeMutablePointer<UInt8>?
    private var hasNulls = false
    private(set) var rows = 0
    private var valueRows = 0
    private(set) var isCoded = true
    /// Watched for a key of one integer column alone.
    private let watchesOrder: Bool
    private(set) var order = KeyOrder()

    init(
        _ column: ColumnSchema, builder: DictionaryBuilder?, capacity: Int, rowsBefore: Int, dictionaryIsComplete: Bool,
        watchesOrder: Bool
    ) {
        name = column.name
        physical = SegmentColumn.physical(of: column.type)
        self.builder = builder
        self.capacity = capacity
        self.rowsBefore = rowsBefore
        self.dictionaryIsComplete = dictionaryIsComplete
        self.watchesOrder = watchesOrder && physical == .integer
        switch physical {
        case .integer, .double: values = .allocate(capacity: capacity)
        case .text: codes = .allocate(capacity: capacity)
        }
        choosePlain()
    }

    deinit {
        values?.deallocate()
        codes?.deallocate()
        offsets?.deallocate()
        nulls?.deallocate()
    }

    /// Bytes of plain texts, which no capacity bounds.
    var plainBytes: Int { bytes.count }

    static func bytesPerRow(_ type: LogicalType) -> Int { type.physical == .text ? 4 : 8 }

    func clear() {
        rows = 0
        bytes.count = 0
        if hasNulls { nulls?.update(repeating: 0, count: capacity) }
        hasNulls = false
    }

    // MARK: Rows come

    /// Takes rows `first ..< first + count` of a source.
    func append(_ source: ColumnWriter.Source, first: Int, count: Int) throws {
        precondition(rows + count <= capacity)
        switch source {
        case .integers(let integers, let nulls): take(integers + first, nulls.map { $0 + first }, count)
        case .doubles(let doubles, let nulls): take(doubles + first, nulls.map { $0 + first }, count)
        case .codes(let source, let nulls):
            guard isCoded, let codes else { preconditionFailure("codes in a plain column") }
            for i in 0..<count { codes[rows &+ i] = UInt32(truncatingIfNeeded: source[first &+ i]) }
            ended(nulls.map { $0 + first }, count)
        case .chunk(let chunk):
            precondition(chunk.nulls.isEmpty || chunk.nulls.count >= first + count, "nulls for another number of rows")
            try chunk.nulls.withUnsafeBufferPointer { nulls in
                try append(chunk.values, nulls.isEmpty ? nil : nulls.baseAddress! + first, first, count)
            }
        }
    }

    private func append(_ values: ColumnChunk.Values, _ nulls: UnsafePointer<UInt8>?, _ first: Int, _ count: Int) throws {
        switch values {
        case .integers(let integers):
            precondition(physical == .integer && integers.count >= first + count, "another type or number of values than the column's")
            integers.withUnsafeBufferPointer { take($0.baseAddress! + first, nulls, count) }
        case .doubles(let doubles):
            precondition(physical == .double && doubles.count >= first + count, "another type or number of values than the column's")
            for i in 0..<count where !doubles[first + i].isFinite && (nulls == nil || nulls![i] == 0) {
                throw StorageError(.data, "\(name): \(doubles[first + i]) is not a number that a table can hold")
            }
            doubles.withUnsafeBufferPointer { take($0.baseAddress! + first, nulls, count) }
        case .text(let text):
            precondition(physical == .text && text.count >= first + count, "another type or number of values than the column's")
            try ColumnWriter.checkLengths(text, column: name)
            text.bytes.withUnsafeBufferPointer { bytes in
                text.offsets.withUnsafeBufferPointer { takeTexts(bytes.baseAddress, $0.baseAddress! + first, nulls, count) }
            }
        }
    }

    private func take(_ integers: UnsafePointer<Int64>, _ nulls: UnsafePointer<UInt8>?, _ count: Int) {
        guard physical == .integer, let values else { preconditionFailure("integers in a column of another type") }
        (values + rows).update(from: integers, count: count)
        if watchesOrder { order.watch(integers, nulls, count) }
        ended(nulls, count)
    }

    private func take(_ doubles: UnsafePointer<Double>, _ nulls: UnsafePointer<UInt8>?, _ count: Int) {
        guard physical == .double, let values else { preconditionFailure("doubles in a column of another type") }
        UnsafeMutableRawPointer(values + rows).copyMemory(from: doubles, byteCount: count * 8)
        ended(nulls, count)
    }

    private func takeTexts(
        _ source: UnsafePointer<UInt8>?, _ starts: UnsafePointer<Int>, _ nulls: UnsafePointer<UInt8>?, _ count: Int
    ) {
        if isCoded, let builder, let codes {
            for i in 0..<count {
                if let nulls, nulls[i] != 0 {
                    codes[rows &+ i] = 0
                } else {
                    let start = starts[i]
                    codes[rows &+ i] = builder.code(source.map { $0 + start }, starts[i &+ 1] &- start)
                }
            }
        } else if let offsets {
            for i in 0..<count {
                if nulls.map({ $0[i] == 0 }) ?? true, let source, starts[i + 1] > starts[i] {
                    bytes.append(UnsafeRawBufferPointer(start: source + starts[i], count: starts[i + 1] - starts[i]))
                }
                offsets[rows &+ i &+ 1] = bytes.count
            }
        }
        ended(nulls, count)
        choosePlain()
    }

    private func ended(_ source: UnsafePointer<UInt8>?, _ count: Int) {
        var nullCount = 0
        if let source {
            nullCount = NullBytes.count(source, rows: count)
            if nullCount > 0 {
                let target = nulls ?? .allocate(capacity: capacity)
                if nulls == nil { target.initialize(repeating: 0, count: capacity) }
                nulls = target
                (target + rows).update(from: source, count: count)
                hasNulls = true
            }
        }
        rows += count
        valueRows += count - nullCount
    }

    private func choosePlain() {
        guard isCoded, !dictionaryIsComplete, let builder, let codes,
            DictionaryLimits.isTooLong(entries: builder.count, bytes: builder.bytes, rows: rowsBefore + valueRows)
        else { return }
        isCoded = false
        let offsets = UnsafeMutablePointer<Int>.allocate(capacity: capacity + 1)
        offsets[0] = 0
        for i in 0..<rows {
            if nulls.map({ $0[i] == 0 }) ?? true { bytes.append(UnsafeRawBufferPointer(builder.text(codes[i]).buffer)) }
            offsets[i + 1] = bytes.count
        }
        self.offsets = offsets
        self.codes = nil
        codes.deallocate()
    }

    // MARK: Rows go

    private var nullsIfAny: UnsafePointer<UInt8>? { hasNulls ? nulls.map { UnsafePointer($0) } : nil }

    /// The rows as a part of a key.
    var keyPart: KeyPart {
        if let values {
            if physical == .integer { return .integers(values, nulls: nullsIfAny) }
            return .doubles(UnsafeRawPointer(values).assumingMemoryBound(to: Double.self), nulls: nullsIfAny)
        }
        if let codes, let builder { return .shortCodes(codes, builder, nulls: nullsIfAny) }
        guard let offsets else { preconditionFailure("a column without memory") }
        return .texts(UnsafePointer(bytes.base.assumingMemoryBound(to: UInt8.self)), offsets: offsets, nulls: nullsIfAny)
    }

    /// The times of the rows, for a column that is physically an integer.
    var integers: (values: UnsafePointer<Int64>, nulls: UnsafePointer<UInt8>?)? {
        guard physical == .integer, let values else { return nil }
        return (UnsafePointer(values), nullsIfAny)
    }

    /// Hands all rows to a writer, in the order given or as they came.
    func write(_ order: RunOrder?, _ spare: RunSpare, to writer: ColumnWriter) throws {
        if !isCoded, writer.isCoded { writer.goPlain() }
        if let values {
            let isDouble = physical == .double
            try spare.write(values, nulls: nullsIfAny, rows: rows, order) { target, nulls, n in
                if !isDouble { return try writer.append(.integers(target, nulls: nulls), rows: n) }
                let doubles = UnsafeRawPointer(target).assumingMemoryBound(to: Double.self)
                try writer.append(.doubles(doubles, nulls: nulls), rows: n)
            }
        } else if let codes {
            try spare.write(codes, nulls: nullsIfAny, rows: rows, order) { target, nulls, n in
                try writer.append(.codes(target, nulls: nulls), rows: n)
            }
        } else {
            try spare.writeRowNumbers(nulls: nullsIfAny, rows: rows, order) { target, nulls, n in
                try writer.append(.chunk(plainChunk(target, n, nulls)), rows: n)
            }
        }
    }

    private func plainChunk(_ rows: UnsafePointer<Int64>, _ count: Int, _ nulls: UnsafePointer<UInt8>?) -> ColumnChunk {
        guard let offsets else { preconditionFailure("a column without memory") }
        var text = TextChunk()
        text.offsets.reserveCapacity(count + 1)
        let base = bytes.base.assumingMemoryBound(to: UInt8.self)
        for i in 0..<count {
            let row = Int(rows[i])
            text.append(UnsafeBufferPointer(start: base + offsets[row], count: offsets[row + 1] - offsets[row]))
        }
        return ColumnChunk(values: .text(text), nulls: nulls.map { Array(UnsafeBufferPointer(start: $0, count: count)) } ?? [])
    }
}
