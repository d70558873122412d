/// Counts and sums of a few thousand groups, gathered in one word each: the count above bit 44, below it the sum of what every value lies
/// above the smallest there can be. Half the memory to walk about in, and one addition a row; emptied before either half could run over.
struct PackedSums {
    /// With more groups, emptying costs more than is saved.
    static let groupsMax = 1 << 16
    private static let countShift: UInt64 = 44
    private static let one: UInt64 = 1 << countShift

    private let low: Int64
    private let rowsMax: Int
    private var words: UnsafeMutablePointer<UInt64>?
    private var capacity = 0
    private var rows = 0

    /// nil where values may lie so far apart that words would be emptied all the time.
    init?(_ range: ClosedRange<Int64>?) {
        guard let range, case let (span, overflow) = range.upperBound.subtractingReportingOverflow(range.lowerBound), !overflow
        else { return nil }
        let bits = 64 - span.leadingZeroBitCount
        guard bits <= 26 else { return nil }
        low = range.lowerBound
        rowsMax = 1 << min(20, 44 - bits) - 1
    }

    func free() { words?.deallocate() }

    /// Whether a word for each of so many groups is worth it.
    func suits(_ groups: Int) -> Bool { groups <= Self.groupsMax && groups * 4 <= rowsMax }

    /// Whether the words must be emptied before a batch is added.
    func mustEmpty(_ count: Int, _ groups: Int) -> Bool { rows + count > rowsMax || (groups > capacity && rows > 0) }

    /// After whatever ``mustEmpty(_:_:)`` asks for. A batch has fewer rows than any word can count.
    @inline(__always)
    mutating func add(
        _ vector: Vector, _ groups: UnsafePointer<UInt32>, _ mask: UnsafePointer<UInt8>?, _ count: Int, groups groupCount: Int
    ) {
        reserve(groupCount)
        rows += count
        guard let words else { return }
        if vector.isNarrow {
            let codes = vector.narrowCodes
            let start = Self.one &+ UInt64(bitPattern: vector.base &- low)
            let unit = UInt64(bitPattern: vector.unit)
            if let mask {
                for i in 0..<count { words[Int(groups[i])] &+= (start &+ unit &* UInt64(codes[i])) & (0 &- UInt64(mask[i])) }
            } else if unit == 1 {
                for i in 0..<count { words[Int(groups[i])] &+= start &+ UInt64(codes[i]) }
            } else {
                for i in 0..<count { words[Int(groups[i])] &+= start &+ unit &* UInt64(codes[i]) }
            }
        } else {
            let values = vector.integers
            let start = Self.one &- UInt64(bitPattern: low)
            if let mask {
                for i in 0..<count { words[Int(groups[i])] &+= (start &+ UInt64(bitPattern: values[i])) & (0 &- UInt64(mask[i])) }
            } else {
                for i in 0..<count { words[Int(groups[i])] &+= start &+ UInt64(bitPattern: values[i]) }
            }
        }
    }

    private mutating func reserve(_ count: Int) {
        guard count > capacity else { return }
        precondition(rows == 0, "emptied before they grow")
        words?.deallocate()
        words = .allocate(capacity: count)
        words?.initialize(repeating: 0, count: count)
        capacity = count
    }

    /// Calls `receive` with the count and the sum of each group that has rows.
    @inline(__always)
    mutating func empty(_ receive: (_ group: Int, _ rows: Int64, _ sum: Int64) -> Void) {
        guard rows > 0, let words else { return }
        rows = 0
        for group in 0..<capacity where words[group] != 0 {
            let count = Int64(words[group] >> Self.countShift)
            receive(group, count, low &* count &+ Int64(words[group] & (Self.one &- 1)))
            words[group] = 0
        }
    }
}
