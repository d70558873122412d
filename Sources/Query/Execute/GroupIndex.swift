import Storage

/// Gives every row the number of its group. One a worker; merged when all rows have been seen.
class GroupIndex {
    /// Groups so far; numbers are below it.
    var groupCount: Int { preconditionFailure("a group index without a body") }
    func assign(_ batch: Batch, into groups: UnsafeMutablePointer<UInt32>) throws { preconditionFailure("a group index without a body") }
    /// The same numbers, in `room` or wherever they stand already; valid until the next batch.
    func numbers(_ batch: Batch, _ room: UnsafeMutablePointer<UInt32>) throws -> UnsafePointer<UInt32> {
        try assign(batch, into: room)
        return UnsafePointer(room)
    }
    /// Rows may be told by a mask over their parent batch: numbering a row that is left out neither fails nor makes a group.
    var takesMasks: Bool { false }
    /// Memory held.
    var bytes: Int { 0 }
    /// Another worker's number of a group need not be the number here.
    var numbersAreOwn: Bool { false }
    /// ``keys()`` come in their order already.
    var keysAreSorted: Bool { false }
    /// Takes in another worker's groups; returns the number here of each group there.
    func merge(_ other: GroupIndex) -> [UInt32] { preconditionFailure("a group index without a body") }
    /// The groups that hold rows (`held` knows, where it is given: one byte each), and their keys in the order of those.
    func keys(_ held: [UInt8]?) -> (groups: [Int], columns: [ColumnBuffer]) { preconditionFailure("a group index without a body") }
}

/// Everything is one group, also where there are no rows.
final class SingleGroup: GroupIndex {
    override var groupCount: Int { 1 }
    override var takesMasks: Bool { true }
    override func assign(_ batch: Batch, into groups: UnsafeMutablePointer<UInt32>) throws {
        groups.update(repeating: 0, count: batch.count)
    }
    override func merge(_ other: GroupIndex) -> [UInt32] { [0] }
    override func keys(_ held: [UInt8]?) -> (groups: [Int], columns: [ColumnBuffer]) { ([0], []) }
}

/// Keys whose values are known to lie in small ranges: the group is computed, not looked up.
final class DenseGroups: GroupIndex {
    struct Key {
        let evaluator: Evaluator
        let minimum: Int64
        /// What lies between one value and the next.
        let step: Int64
        /// Number of values; null is the one behind the last.
        let values: Int
    }
    private let keyParts: [Key]
    private let strides: [Int]
    private let total: Int
    /// Which groups hold rows; nothing where some accumulator knows.
    private var seen: [UInt8] = []
    private let tracksSeen: Bool

    static func size(_ keys: [Key]) -> Int? {
        var size = 1
        for key in keys {
            let (product, overflow) = size.multipliedReportingOverflow(by: key.values + 1)
            if overflow { return nil }
            size = product
        }
        return size
    }

    init(_ keys: [Key], tracksSeen: Bool) {
        keyParts = keys
        self.tracksSeen = tracksSeen
        var strides: [Int] = []
        var size = 1
        for key in keys {
            strides.append(size)
            size *= key.values + 1
        }
        self.strides = strides
        total = size
        if tracksSeen { seen = Array(repeating: 0, count: size) }
    }

    override var groupCount: Int { total }
    override var bytes: Int { total }
    override var takesMasks: Bool {
        !tracksSeen
            && keyParts.allSatisfy {
                $0.evaluator is ColumnEvaluator || $0.evaluator is DictionaryMapEvaluator || $0.evaluator is StepEvaluator
            }
    }
    /// Numbers are counted up from the smallest, null behind the last; codes stand in the order of their coming.
    override var keysAreSorted: Bool { keyParts.count == 1 && keyParts[0].evaluator.dictionary == nil }

    override func numbers(_ batch: Batch, _ room: UnsafeMutablePointer<UInt32>) throws -> UnsafePointer<UInt32> {
        if keyParts.count == 1, !tracksSeen, keyParts[0].evaluator.dictionary != nil {
            let vector = try keyParts[0].evaluator.evaluate(batch)
            if vector.form == .codes, !vector.hasNulls {
                check(vector.codes, batch.count)
                return UnsafePointer(vector.codes)
            }
        }
        try assign(batch, into: room)
        return UnsafePointer(room)
    }

    /// Ranges come from block headers: a group outside of them is a mistake of ours and must not write elsewhere.
    private func check(_ groups: UnsafePointer<UInt32>, _ count: Int) {
        var largest: UInt32 = 0
        for i in 0..<count { largest = max(largest, groups[i]) }
        precondition(count == 0 || Int(largest) < total)
    }

    override func assign(_ batch: Batch, into groups: UnsafeMutablePointer<UInt32>) throws {
        let count = batch.count
        for (index, key) in keyParts.enumerated() {
            let vector = try key.evaluator.evaluate(batch)
            let stride = UInt32(strides[index])
            let nullGroup = UInt32(key.values) &* stride
            switch vector.form {
            case .integers:
                let minimum = key.minimum
                if vector.isConstant, !vector.hasNulls, count > 0 {
                    let part = UInt32(truncatingIfNeeded: (vector.integers[0] &- minimum) / key.step) &* stride
                    if index == 0 {
                        groups.update(repeating: part, count: count)
                    } else if part != 0 {
                        for i in 0..<count { groups[i] = groups[i] &+ part }
                    }
                    continue
                }
                if vector.isNarrow, vector.unit % key.step == 0, !vector.hasNulls {
                    let codes = vector.narrowCodes
                    let first = UInt32(truncatingIfNeeded: (vector.base &- minimum) / key.step) &* stride
                    let width = UInt32(truncatingIfNeeded: vector.unit / key.step) &* stride
                    if index > 0 {
                        for i in 0..<count { groups[i] = groups[i] &+ codes[i] &* width &+ first }
                    } else if width == 1 {
                        for i in 0..<count { groups[i] = codes[i] &+ first }
                    } else {
                        for i in 0..<count { groups[i] = codes[i] &* width &+ first }
                    }
                    continue
                }
                let values = vector.integers
                if key.step != 1 {
                    for i in 0..<count {
                        let part = UInt32(truncatingIfNeeded: (values[i] &- minimum) / key.step) &* stride
                        groups[i] = (index == 0 ? 0 : groups[i]) &+ (vector.isNull(i) ? nullGroup : part)
                    }
                    continue
                }
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
        check(groups, count)
        guard tracksSeen else { return }
        seen.withUnsafeMutableBufferPointer { seen in
            let base = seen.baseAddress!
            for i in 0..<count { base[Int(groups[i])] = 1 }
        }
    }

    override func merge(_ other: GroupIndex) -> [UInt32] {
        guard let other = other as? DenseGroups else { preconditionFailure("workers of one query index alike") }
        for i in seen.indices { seen[i] |= other.seen[i] }
        return []
    }

    override func keys(_ held: [UInt8]?) -> (groups: [Int], columns: [ColumnBuffer]) {
        var groups: [Int] = []
        let held = held ?? seen
        for group in 0..<total where held[group] != 0 { groups.append(group) }
        let columns = keyParts.indices.map { index -> ColumnBuffer in
            let key = keyParts[index]
            let column = ColumnBuffer(type: key.evaluator.type, dictionary: key.evaluator.dictionary, capacity: groups.count)
            for group in groups {
                let part = keyParts.count == 1 ? group : group / strides[index] % (key.values + 1)
                if part == key.values {
                    column.appendNull()
                } else if column.form == .codes {
                    column.append(code: UInt32(part))
                } else {
                    column.append(integer: Int64(part) * key.step + key.minimum)
                }
            }
            return column
        }
        return (groups, columns)
    }
}
