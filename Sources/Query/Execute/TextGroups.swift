import Storage

/// One key of plain text: the number that its text is given is its group. There is no second table.
final class TextGroups: GroupIndex {
    private let evaluator: Evaluator
    private let interner = TextInterner()
    private var trial: GroupTrial?
    /// The group of nulls, numbered when the first one came: texts that came later lie one further.
    private var nullGroup: UInt32?

    init(_ evaluator: Evaluator, trial: GroupTrial?) {
        precondition(evaluator.type == .text && evaluator.dictionary == nil)
        self.evaluator = evaluator
        self.trial = trial
    }

    override var groupCount: Int { interner.count + (nullGroup == nil ? 0 : 1) }
    override var numbersAreOwn: Bool { true }
    override var bytes: Int { interner.byteCount }

    override func assign(_ batch: Batch, into groups: UnsafeMutablePointer<UInt32>) throws {
        let rows = batch.count
        let vector = try evaluator.evaluate(batch)
        let nulls = vector.hasNulls && UnsafeBufferPointer(start: vector.nulls, count: rows).contains(1) ? UnsafePointer(vector.nulls) : nil
        if nulls != nil, nullGroup == nil { nullGroup = UInt32(interner.count) }
        interner.codes(of: vector.texts, nulls: nulls, count: rows, into: groups, stride: 1)
        if let nullGroup {
            for i in 0..<rows { groups[i] = groups[i] &+ (groups[i] >= nullGroup ? 1 : 0) }
            if let nulls { for i in 0..<rows { groups[i] = nulls[i] != 0 ? nullGroup : groups[i] } }
        }
        try trial?.check(rows, groups: groupCount)
    }

    override func merge(_ other: GroupIndex) -> [UInt32] {
        guard let other = other as? TextGroups else { preconditionFailure("workers of one query index alike") }
        if other.nullGroup != nil, nullGroup == nil { nullGroup = UInt32(interner.count) }
        var map: [UInt32] = []
        map.reserveCapacity(other.groupCount)
        for code in 0..<UInt32(other.interner.count) {
            if code == other.nullGroup, let nullGroup { map.append(nullGroup) }
            let code = interner.code(of: other.interner[code])
            map.append(code + (code >= nullGroup ?? .max ? 1 : 0))
        }
        if map.count < other.groupCount, let nullGroup { map.append(nullGroup) }
        return map
    }

    override func keys(_ held: [UInt8]?) -> (groups: [Int], columns: [ColumnBuffer]) {
        let column = ColumnBuffer(type: .text, capacity: groupCount)
        let first = nullGroup.map { Int($0) } ?? interner.count
        interner.append(0..<first, to: column)
        if nullGroup != nil { column.appendNull() }
        interner.append(first..<interner.count, to: column)
        return (Array(0..<groupCount), [column])
    }
}
