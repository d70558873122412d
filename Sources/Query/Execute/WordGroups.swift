import Storage

/// Thrown to whoever can do better: a worker's hash table has grown larger than the caches, and goes on growing.
struct GroupsOutgrowCache: Error {}

/// When a worker's table of groups has become too large for its own good.
struct GroupTrial: Sendable {
    /// Where each group has had that many rows, looking them up in a larger table is still cheaper than to put rows apart first.
    static let rowsPerGroupMin = 64
    private let groupsMax: Int
    private var rows = 0

    init(groupsMax: Int) { self.groupsMax = groupsMax }

    @inline(__always)
    mutating func check(_ count: Int, groups: Int) throws {
        rows += count
        if groups > groupsMax, rows < groups &* Self.rowsPerGroupMin { throw GroupsOutgrowCache() }
    }
}

/// Groups by a key that is packed into one word.
final class WordGroups: GroupIndex {
    private let evaluators: [Evaluator]
    private let keyParts: PackedKeys
    private var table = WordTable()
    private let words = UnsafeMutablePointer<UInt64>.allocate(capacity: vectorRowsMax)
    private var trial: GroupTrial?

    init(_ evaluators: [Evaluator], _ keys: PackedKeys, trial: GroupTrial?) {
        self.evaluators = evaluators
        keyParts = keys
        self.trial = trial
    }
    deinit {
        table.free()
        words.deallocate()
    }

    override var groupCount: Int { table.count }
    override var bytes: Int { table.bytes }
    override var numbersAreOwn: Bool { true }

    override func assign(_ batch: Batch, into groups: UnsafeMutablePointer<UInt32>) throws {
        try keyParts.pack(evaluators, batch, into: words)
        table.assign(words, batch.count, into: groups)
        try trial?.check(batch.count, groups: table.count)
    }

    override func merge(_ other: GroupIndex) -> [UInt32] {
        guard let other = other as? WordGroups else { preconditionFailure("workers of one query index alike") }
        let count = other.table.count
        let theirs = UnsafeMutablePointer<UInt64>.allocate(capacity: max(count, 1))
        defer { theirs.deallocate() }
        other.table.copyWords(into: theirs)
        return Array(unsafeUninitializedCapacity: count) { map, filled in
            for group in 0..<count { map[group] = table.number(of: theirs[group]) }
            filled = count
        }
    }

    override func keys(_ held: [UInt8]?) -> (groups: [Int], columns: [ColumnBuffer]) {
        let count = table.count
        let found = UnsafeMutablePointer<UInt64>.allocate(capacity: max(count, 1))
        defer { found.deallocate() }
        table.copyWords(into: found)
        return (Array(0..<count), keyParts.unpack(found, count))
    }
}

/// Groups of one partition, whose rows lie with their keys' words beside them.
final class PartitionGroups: GroupIndex {
    /// The words of the batch that is next.
    var words: UnsafePointer<UInt64>?
    private let keyParts: PackedKeys
    /// Of a partition whose words lie in a small range, the smallest: a row's group is how far it lies above.
    private let lowest: UInt64?
    private let span: Int
    private var seen: [UInt8] = []
    private var table: WordTable

    /// - Parameter expected: about how many groups there will be, where they are looked up.
    init(_ keys: PackedKeys, words: Range<UInt64>?, expected: Int) {
        keyParts = keys
        lowest = words?.lowerBound
        span = words.map { Int($0.upperBound - $0.lowerBound) } ?? 0
        seen = Array(repeating: 0, count: span)
        table = WordTable(capacity: words == nil ? expected : 0)
    }
    deinit { table.free() }

    override var groupCount: Int { lowest == nil ? table.count : span }
    override var bytes: Int { table.bytes + span }
    override var numbersAreOwn: Bool { true }
    override var keysAreSorted: Bool { lowest != nil && keyParts.isOrdered }

    override func assign(_ batch: Batch, into groups: UnsafeMutablePointer<UInt32>) throws {
        guard let words else { preconditionFailure("rows without their words") }
        let count = batch.count
        guard let lowest else { return table.assign(words, count, into: groups) }
        let size = UInt64(span)
        seen.withUnsafeMutableBufferPointer { seen in
            for i in 0..<count {
                let place = words[i] &- lowest
                precondition(place < size)
                groups[i] = UInt32(truncatingIfNeeded: place)
                seen[Int(truncatingIfNeeded: place)] = 1
            }
        }
    }

    override func keys(_ held: [UInt8]?) -> (groups: [Int], columns: [ColumnBuffer]) {
        if let lowest {
            let seen = seen
            var held = 0
            for place in 0..<span { held &+= Int(seen[place]) }
            let words = UnsafeMutablePointer<UInt64>.allocate(capacity: max(held, 1))
            defer { words.deallocate() }
            let groups = Array<Int>(unsafeUninitializedCapacity: held) { groups, filled in
                var at = 0
                for place in 0..<span where seen[place] != 0 {
                    groups[at] = place
                    words[at] = lowest &+ UInt64(place)
                    at &+= 1
                }
                filled = held
            }
            return (groups, keyParts.unpack(words, held))
        }
        let count = table.count
        let found = UnsafeMutablePointer<UInt64>.allocate(capacity: max(count, 1))
        defer { found.deallocate() }
        table.copyWords(into: found)
        return (Array(0..<count), keyParts.unpack(found, count))
    }
}
