import Storage

/// Gives every row the number of its group. One a worker; merged when all rows have been seen.
class GroupIndex {
    /// Groups so far; numbers are below it.
    var groupCount: Int { preconditionFailure("a group index without a body") }
    func assign(_ batch: Batch, into groups: UnsafeMutablePointer<UInt32>) throws { preconditionFailure("a group index without a body") }
    /// Memory held.
    var bytes: Int { 0 }
    /// Another worker's number of a group need not be the number here.
    var numbersAreOwn: Bool { false }
    /// ``keys()`` come in their order already.
    var keysAreSorted: Bool { false }
    /// Takes in another worker's groups; returns the number here of each group there.
    func merge(_ other: GroupIndex) -> [UInt32] { preconditionFailure("a group index without a body") }
    /// The groups that hold rows, and their keys in the order of those.
    func keys() -> (groups: [Int], columns: [ColumnBuffer]) { preconditionFailure("a group index without a body") }
}

/// Everything is one group, also where there are no rows.
final class SingleGroup: GroupIndex {
    override var groupCount: Int { 1 }
    override func assign(_ batch: Batch, into groups: UnsafeMutablePointer<UInt32>) throws {
        groups.update(repeating: 0, count: batch.count)
    }
    override func merge(_ other: GroupIndex) -> [UInt32] { [0] }
    override func keys() -> (groups: [Int], columns: [ColumnBuffer]) { ([0], []) }
}

/// Keys whose values are known to lie in small ranges: the group is computed, not looked up.
final class DenseGroups: GroupIndex {
    struct Key {
        let evaluator: Evaluator
        let minimum: Int64
        /// Number of values; null is the one behind the last.
        let values: Int
    }
    private let keyParts: [Key]
    private let strides: [Int]
    private let total: Int
    private var seen: [UInt8]

    static func size(_ keys: [Key]) -> Int? {
        var size = 1
        for key in keys {
            let (product, overflow) = size.multipliedReportingOverflow(by: key.values + 1)
            if overflow { return nil }
            size = product
        }
        return size
    }

    init(_ keys: [Key]) {
        keyParts = keys
        var strides: [Int] = []
        var size = 1
        for key in keys {
            strides.append(size)
            size *= key.values + 1
        }
        self.strides = strides
        total = size
        seen = Array(repeating: 0, count: size)
    }

    override var groupCount: Int { total }
    override var bytes: Int { total }
    /// Numbers are counted up from the smallest, null behind the last; codes stand in the order of their coming.
    override var keysAreSorted: Bool { keyParts.count == 1 && keyParts[0].evaluator.dictionary == nil }

    override func assign(_ batch: Batch, into groups: UnsafeMutablePointer<UInt32>) throws {
        let count = batch.count
        for (index, key) in keyParts.enumerated() {
            let vector = try key.evaluator.evaluate(batch)
            let stride = UInt32(strides[index])
            let nullGroup = UInt32(key.values) &* stride
            switch vector.form {
            case .integers:
                let values = vector.integers
                let minimum = key.minimum
                if index == 0 {
                    for i in 0..<count { groups[i] = UInt32(truncatingIfNeeded: values[i] &- minimum) }
                } else {
                    for i in 0..<count { groups[i] = groups[i] &+ UInt32(truncatingIfNeeded: values[i] &- minimum) &* stride }
                }
                if vector.hasNulls {
                    let nulls = vector.nulls
                    for i in 0..<count where nulls[i] != 0 {
                        groups[i] = (index == 0 ? 0 : groups[i] &- UInt32(truncatingIfNeeded: values[i] &- minimum) &* stride) &+ nullGroup
                    }
                }
            case .codes:
                let codes = vector.codes
                if index == 0 {
                    for i in 0..<count { groups[i] = codes[i] }
                } else {
                    for i in 0..<count { groups[i] = groups[i] &+ codes[i] &* stride }
                }
                if vector.hasNulls {
                    let nulls = vector.nulls
                    for i in 0..<count where nulls[i] != 0 { groups[i] = (index == 0 ? 0 : groups[i] &- codes[i] &* stride) &+ nullGroup }
                }
            case .mask:
                let mask = vector.mask
                for i in 0..<count {
                    let part = vector.isNull(i) ? nullGroup : UInt32(mask[i]) &* stride
                    groups[i] = (index == 0 ? 0 : groups[i]) &+ part
                }
            case .doubles, .texts: preconditionFailure("a dense key is an integer or a code")
            }
        }
        seen.withUnsafeMutableBufferPointer { seen in
            let base = seen.baseAddress!
            for i in 0..<count {
                // Ranges come from block headers: a group outside of them is a mistake of ours and must not write elsewhere.
                precondition(Int(groups[i]) < total)
                base[Int(groups[i])] = 1
            }
        }
    }

    override func merge(_ other: GroupIndex) -> [UInt32] {
        guard let other = other as? DenseGroups else { preconditionFailure("workers of one query index alike") }
        for i in 0..<total { seen[i] |= other.seen[i] }
        return []
    }

    override func keys() -> (groups: [Int], columns: [ColumnBuffer]) {
        let groups = (0..<total).filter { seen[$0] != 0 }
        let columns = keyParts.indices.map { index -> ColumnBuffer in
            let key = keyParts[index]
            let column = ColumnBuffer(type: key.evaluator.type, dictionary: key.evaluator.dictionary, capacity: groups.count)
            for group in groups {
                let part = group / strides[index] % (key.values + 1)
                if part == key.values {
                    column.appendNull()
                } else if column.form == .codes {
                    column.append(code: UInt32(part))
                } else {
                    column.append(integer: Int64(part) + key.minimum)
                }
            }
            return column
        }
        return (groups, columns)
    }
}
