import Storage

/// `sum` and `avg` of floats, without rounding until the end.
final class DoubleSumAccumulator: Accumulator {
    private var sums: [ExactSum?] = []
    private var counts: [Int64] = []
    private let average: Bool

    init(average: Bool, argument: Evaluator, filter: Evaluator?) {
        self.average = average
        super.init(type: .float, arguments: [argument], filter: filter)
    }
    override func grow(from old: Int, to new: Int) {
        sums.append(contentsOf: repeatElement(nil, count: new - old))
        counts.append(contentsOf: repeatElement(0, count: new - old))
    }

    private func sum(_ group: Int) -> ExactSum {
        if let sum = sums[group] { return sum }
        let made = ExactSum()
        sums[group] = made
        return made
    }

    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        let values = vectors[0].doubles
        for i in 0..<batch.count where mask.map({ $0[i] != 0 }) ?? true {
            let group = groups.map { Int($0[i]) } ?? 0
            sum(group).add(values[i])
            counts[group] &+= 1
        }
    }

    override func merge(_ other: Accumulator, map: [UInt32]?) throws {
        guard let other = other as? DoubleSumAccumulator else { preconditionFailure("workers of one query aggregate alike") }
        for group in other.sums.indices {
            guard let theirs = other.sums[group] else { continue }
            let target = Self.target(group, map)
            sum(target).add(theirs)
            counts[target] &+= other.counts[group]
        }
    }

    override func finish(_ groups: [Int]) throws -> ColumnBuffer {
        let out = ColumnBuffer(type: .float, capacity: groups.count)
        for group in groups {
            guard let sum = sums[group] else {
                if average { out.appendNull() } else { out.append(double: 0) }
                continue
            }
            guard let value = sum.value else { throw QueryError(.data, "a sum of floats is larger than a float can hold") }
            out.append(double: average ? value / Double(counts[group]) : value)
        }
        return out
    }
}
