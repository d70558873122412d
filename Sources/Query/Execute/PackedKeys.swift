import Storage

/// Group keys of known ranges as one 64-bit word, the first key in its highest bits; a null is the value behind the last.
///
/// Words of integers compare as the keys do. Codes do not: they stand in the order of their coming.
struct PackedKeys: Sendable {
    fileprivate struct Part: Sendable {
        let type: LogicalType
        let dictionary: TextDictionary?
        let minimum: Int64
        /// Number of values; also the word of a null.
        let values: UInt64
        let shift: UInt64
        let mask: UInt64
    }
    fileprivate let parts: [Part]
    /// Bits in use.
    let bits: Int

    /// Nil where a key's range is not known, or all together do not fit a word.
    init?(_ keys: [DerivedColumn], _ compiler: ExpressionCompiler, _ ranges: RangeFinder) throws {
        var sizes: [(type: LogicalType, dictionary: TextDictionary?, minimum: Int64, values: UInt64)] = []
        for key in keys {
            let evaluator = try compiler.compile(key.value)
            if let dictionary = evaluator.dictionary {
                sizes.append((evaluator.type, dictionary, 0, UInt64(dictionary.count)))
            } else if evaluator.type == .bool {
                sizes.append((.bool, nil, 0, 2))
            } else if let range = ranges.range(of: key.value) {
                let span = UInt64(bitPattern: range.upperBound &- range.lowerBound)
                guard span < 1 << 62 else { return nil }
                sizes.append((evaluator.type, nil, range.lowerBound, span + 1))
            } else {
                return nil
            }
        }
        let widths = sizes.map { 64 - $0.values.leadingZeroBitCount }
        bits = widths.reduce(0, +)
        guard !keys.isEmpty, bits <= 63 else { return nil }
        var shift = bits
        parts = zip(sizes, widths).map { size, width in
            shift -= width
            return Part(
                type: size.type, dictionary: size.dictionary, minimum: size.minimum, values: size.values, shift: UInt64(shift),
                mask: 1 << UInt64(width) - 1)
        }
    }

    var isOrdered: Bool { parts.allSatisfy { $0.dictionary == nil } }

    /// Words are below it.
    var limit: UInt64 {
        guard let first = parts.first else { return 1 }
        return (first.values + 1) << first.shift
    }

    func pack(_ evaluators: [Evaluator], _ batch: Batch, into words: UnsafeMutablePointer<UInt64>) throws {
        let count = batch.count
        for (index, part) in parts.enumerated() {
            let vector = try evaluators[index].evaluate(batch)
            let minimum = part.minimum
            let isFirst = index == 0
            let nulls = vector.hasNulls ? UnsafePointer(vector.nulls) : nil
            switch vector.form {
            case .integers:
                let values = vector.integers
                part.write(isFirst, nulls, count, words) { UInt64(bitPattern: values[$0] &- minimum) }
            case .codes:
                let codes = vector.codes
                part.write(isFirst, nulls, count, words) { UInt64(codes[$0]) }
            case .mask:
                let mask = vector.mask
                part.write(isFirst, nulls, count, words) { UInt64(mask[$0]) }
            case .doubles, .texts: preconditionFailure("a packed key is an integer or a code")
            }
        }
    }

    /// The key columns of words.
    func unpack(_ words: UnsafePointer<UInt64>, _ count: Int) -> [ColumnBuffer] {
        parts.map { part in
            let column = ColumnBuffer(type: part.type, dictionary: part.dictionary, capacity: count)
            let (shift, mask, values, minimum) = (part.shift, part.mask, part.values, part.minimum)
            column.extend(count)
            var nulls = 0
            switch column.form {
            case .integers:
                let out = column.integers
                for i in 0..<count {
                    let value = words[i] >> shift & mask
                    nulls &+= value == values ? 1 : 0
                    out[i] = Int64(bitPattern: value) &+ minimum
                }
            case .codes:
                let out = column.codes
                for i in 0..<count {
                    let value = words[i] >> shift & mask
                    nulls &+= value == values ? 1 : 0
                    out[i] = value == values ? 0 : UInt32(truncatingIfNeeded: value)
                }
            case .mask:
                let out = column.mask
                for i in 0..<count {
                    let value = words[i] >> shift & mask
                    nulls &+= value == values ? 1 : 0
                    out[i] = UInt8(truncatingIfNeeded: value & 1)
                }
            case .doubles, .texts: preconditionFailure("a packed key is an integer or a code")
            }
            if nulls > 0 { for i in 0..<count where words[i] >> shift & mask == values { column.setNull(i) } }
            return column
        }
    }
}

extension PackedKeys.Part {
    @inline(__always)
    fileprivate func write(
        _ isFirst: Bool, _ nulls: UnsafePointer<UInt8>?, _ count: Int, _ words: UnsafeMutablePointer<UInt64>, _ value: (Int) -> UInt64
    ) {
        let (shift, limit) = (shift, values)
        var largest: UInt64 = 0
        if let nulls {
            for i in 0..<count {
                let part = nulls[i] != 0 ? limit : value(i)
                largest = max(largest, part)
                words[i] = (isFirst ? 0 : words[i]) | part << shift
            }
            precondition(largest <= limit, "a key outside of its range")
        } else {
            for i in 0..<count {
                let part = value(i)
                largest = max(largest, part)
                words[i] = (isFirst ? 0 : words[i]) | part << shift
            }
            // Ranges come from block headers: a key outside of them is a mistake of ours and must not pass for another.
            precondition(count == 0 || largest < limit, "a key outside of its range")
        }
    }
}
