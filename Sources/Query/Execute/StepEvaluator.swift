import Storage

/// A non-decreasing function of one integer column (`month(ts)`, `floor(x)`): its value changes at a few places only, which are looked for
/// once and kept. Where a block's bounds lie between two of them every row has the same value and nothing is decoded; else each row's value
/// is found by comparing its code with the places inside the block.
final class StepEvaluator: Evaluator {
    private let column: ColumnEvaluator
    /// The function as it is computed row by row.
    private let plain: Evaluator
    private let steps: Steps
    private let out: Vector

    init(column: ColumnEvaluator, plain: Evaluator, points: Evaluator, pointsBatch: RowsBatch) {
        self.column = column
        self.plain = plain
        steps = Steps(points, pointsBatch, type: column.type)
        out = Vector(type: plain.type)
        super.init(type: plain.type)
    }

    /// More steps than this inside a block, and the function is computed row by row.
    private static let stepsMax = 12

    override func evaluate(_ batch: Batch) throws -> Vector {
        guard let bounds = batch.bounds(column.slot), bounds.low <= bounds.high, let run = steps.between(bounds.low, bounds.high),
            run.count <= Self.stepsMax
        else { return try plain.evaluate(batch) }
        let count = batch.count
        let first = steps.values[run.lowerBound]
        if run.count == 1 {
            out.reset()
            out.narrowCodes.update(repeating: 0, count: count)
            out.setNarrow(base: first, unit: 1, count: count)
            if bounds.hasNulls { out.addNulls(of: try column.evaluate(batch), count: count) } else { out.isConstant = true }
            return out
        }
        let source = try column.evaluate(batch)
        let (span, overflow) = steps.values[run.upperBound - 1].subtractingReportingOverflow(first)
        guard source.isNarrow, !overflow, span <= Int64(UInt32.max) else { return try plain.evaluate(batch) }
        out.reset()
        let (codes, from) = (out.narrowCodes, source.narrowCodes)
        codes.update(repeating: 0, count: count)
        for index in run.dropFirst() {
            let more = UInt32(truncatingIfNeeded: steps.values[index] &- steps.values[index - 1])
            switch NarrowComparison(.greaterOrEqual, steps.starts[index], base: source.base, unit: source.unit) {
            case .none: break
            case .all: for i in 0..<count { codes[i] = codes[i] &+ more }
            case .codes(_, let code): for i in 0..<count { codes[i] = codes[i] &+ (from[i] >= code ? more : 0) }
            case .values: return try plain.evaluate(batch)
            }
        }
        out.setNarrow(base: first, unit: 1, count: count)
        out.addNulls(of: source, count: count)
        return out
    }

    /// Where the function's value changes, for all arguments between two that were looked at.
    private final class Steps {
        /// The first argument of each step, and the value from there on.
        private(set) var starts: [Int64] = []
        private(set) var values: [Int64] = []
        private var known: ClosedRange<Int64>?
        private var isUnknowable = false
        private let function: Evaluator
        private let batch: RowsBatch
        private let points: Vector

        /// The function may be told in too many steps to be worth keeping.
        private static let stepsMax = 4096

        init(_ function: Evaluator, _ batch: RowsBatch, type: LogicalType) {
            self.function = function
            self.batch = batch
            points = Vector(type: type)
        }

        /// The steps that arguments from `low` to `high` fall on; nil where the function cannot be told by steps.
        func between(_ low: Int64, _ high: Int64) -> Range<Int>? {
            if isUnknowable { return nil }
            do {
                try learn(low, high)
            } catch {
                // It fails on some argument that may be no row's: rows will tell.
                isUnknowable = true
            }
            if starts.count > Self.stepsMax { isUnknowable = true }
            if isUnknowable { return nil }
            return lastStep(notAfter: low)..<(lastStep(notAfter: high) + 1)
        }

        private func lastStep(notAfter argument: Int64) -> Int {
            var low = 0
            var high = starts.count
            while low < high {
                let middle = (low + high) / 2
                if starts[middle] <= argument { low = middle + 1 } else { high = middle }
            }
            return low - 1
        }

        private func learn(_ low: Int64, _ high: Int64) throws {
            guard let known else {
                let found = try explore(low, high)
                starts = found.map(\.start)
                values = found.map(\.value)
                self.known = low...high
                return
            }
            if high > known.upperBound {
                for step in try explore(known.upperBound, high).dropFirst() {
                    starts.append(step.start)
                    values.append(step.value)
                }
            }
            if low < known.lowerBound {
                let found = try explore(low, known.lowerBound)
                // The step that is the first known one began earlier.
                starts.replaceSubrange(0..<1, with: found.map(\.start))
                values.replaceSubrange(0..<1, with: found.map(\.value))
            }
            self.known = min(low, known.lowerBound)...max(high, known.upperBound)
        }

        /// The steps from `low` to `high`, both looked at: ranges whose ends differ are cut into many, all cuts of a round in one call.
        private func explore(_ low: Int64, _ high: Int64) throws -> [(start: Int64, value: Int64)] {
            let ends = try apply([low, high])
            var found: [(start: Int64, value: Int64)] = [(low, ends[0])]
            var open: [(low: Int64, lowValue: Int64, high: Int64, highValue: Int64)] = []
            if ends[0] != ends[1] { open = [(low, ends[0], high, ends[1])] }
            while !open.isEmpty {
                guard open.count + found.count <= Self.stepsMax else {
                    isUnknowable = true
                    return found
                }
                let cuts = max(1, min(64, vectorRowsMax / open.count))
                var arguments: [Int64] = []
                for range in open {
                    let width = UInt64(bitPattern: range.high &- range.low)
                    for cut in 1...cuts {
                        let (high, rest) = width.multipliedFullWidth(by: UInt64(cut))
                        let distance = UInt64(cuts + 1).dividingFullWidth((high, rest)).quotient
                        arguments.append(range.low &+ Int64(bitPattern: distance))
                    }
                }
                let answers = try apply(arguments)
                var next: [(low: Int64, lowValue: Int64, high: Int64, highValue: Int64)] = []
                for (index, range) in open.enumerated() {
                    var (low, value) = (range.low, range.lowValue)
                    func close(_ high: Int64, _ highValue: Int64) throws {
                        guard highValue >= value else { throw QueryError(.unsupported, "a function that decreases") }
                        if highValue != value {
                            if high &- low == 1 { found.append((high, highValue)) } else { next.append((low, value, high, highValue)) }
                        }
                        (low, value) = (high, highValue)
                    }
                    for cut in index * cuts..<(index + 1) * cuts where arguments[cut] > low { try close(arguments[cut], answers[cut]) }
                    try close(range.high, range.highValue)
                }
                open = next
            }
            return found.sorted { $0.start < $1.start }
        }

        private func apply(_ arguments: [Int64]) throws -> [Int64] {
            var answers: [Int64] = []
            for first in stride(from: 0, to: arguments.count, by: vectorRowsMax) {
                let part = arguments[first..<min(first + vectorRowsMax, arguments.count)]
                points.reset()
                for (i, argument) in part.enumerated() { points.integers[i] = argument }
                batch.set([points], count: part.count)
                let vector = try function.evaluate(batch)
                for i in 0..<part.count {
                    if vector.isNull(i) { throw QueryError(.unsupported, "a function without a value") }
                    answers.append(vector.integers[i])
                }
            }
            return answers
        }
    }
}
