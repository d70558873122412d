import Storage

/// `min` and `max` of floats and bools. The loop lies in subclasses of one type each, where it is specialised.
class NumericExtremeAccumulator<Number: Comparable & BitwiseCopyable>: Accumulator {
    private var best = GroupStates<Number>()
    private var seen = GroupStates<UInt8>()
    private let isMaximum: Bool
    /// What every value improves on.
    private let start: Number
    private let write: (ColumnBuffer, Number) -> Void

    init(
        isMaximum: Bool, start: Number, argument: Evaluator, filter: Evaluator?, write: @escaping (ColumnBuffer, Number) -> Void
    ) {
        self.isMaximum = isMaximum
        self.start = start
        self.write = write
        super.init(type: argument.type, arguments: [argument], filter: filter)
    }
    deinit {
        best.free()
        seen.free()
    }
    override func grow(from old: Int, to new: Int) {
        best.grow(to: new, filling: start)
        seen.grow(to: new)
    }

    @inline(__always)
    final func addRows(_ values: UnsafePointer<Number>, _ count: Int, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) {
        let best = best.pointer
        let seen = seen.pointer
        if groups == nil, mask == nil {
            var result = best[0]
            if isMaximum {
                for i in 0..<count { result = max(result, values[i]) }
            } else {
                for i in 0..<count { result = min(result, values[i]) }
            }
            best[0] = result
            if count > 0 { seen[0] = 1 }
            return
        }
        for i in 0..<count where mask == nil || mask![i] != 0 {
            let group = groups == nil ? 0 : Int(groups![i])
            let value = values[i]
            seen[group] = 1
            if isMaximum ? value > best[group] : value < best[group] { best[group] = value }
        }
    }

    override func merge(_ other: Accumulator, map: [UInt32]?) throws {
        guard let other = other as? NumericExtremeAccumulator<Number> else { preconditionFailure("workers of one query aggregate alike") }
        for group in 0..<min(other.best.count, map?.count ?? .max) where other.seen.pointer[group] != 0 {
            let target = Self.target(group, map)
            let value = other.best.pointer[group]
            seen.pointer[target] = 1
            if isMaximum ? value > best.pointer[target] : value < best.pointer[target] { best.pointer[target] = value }
        }
    }

    override func finish(_ groups: [Int]) throws -> ColumnBuffer {
        let out = ColumnBuffer(type: type, capacity: groups.count)
        for group in groups { if seen.pointer[group] != 0 { write(out, best.pointer[group]) } else { out.appendNull() } }
        return out
    }
}

final class DoubleExtremeAccumulator: NumericExtremeAccumulator<Double> {
    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        addRows(vectors[0].doubles, batch.count, groups, mask)
    }
}

final class BoolExtremeAccumulator: NumericExtremeAccumulator<UInt8> {
    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        addRows(vectors[0].mask, batch.count, groups, mask)
    }
}

enum ExtremeAccumulators {
    /// `range`: all values lie in it; nil where nothing is known.
    static func make(isMaximum: Bool, argument: Evaluator, filter: Evaluator?, range: ClosedRange<Int64>?) -> Accumulator {
        switch argument.type {
        case .text:
            argument.dictionary.map { CodeExtremeAccumulator(isMaximum: isMaximum, dictionary: $0, argument: argument, filter: filter) }
                ?? TextExtremeAccumulator(isMaximum: isMaximum, argument: argument, filter: filter)
        case .float:
            DoubleExtremeAccumulator(
                isMaximum: isMaximum, start: isMaximum ? -.infinity : .infinity, argument: argument, filter: filter,
                write: { $0.append(double: $1) })
        case .bool:
            BoolExtremeAccumulator(
                isMaximum: isMaximum, start: isMaximum ? 0 : 1, argument: argument, filter: filter,
                write: { $0.append(integer: Int64($1)) })
        case .int, .decimal, .date, .timestamp, .week, .month, .quarter, .year, .duration:
            IntegerExtremeAccumulator(
                isMaximum: isMaximum, argument: argument, filter: filter,
                tracksSeen: range.map { isMaximum ? $0.lowerBound == .min : $0.upperBound == .max } ?? true)
        }
    }
}
