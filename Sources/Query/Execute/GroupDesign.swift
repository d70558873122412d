import Storage

/// How the groups of one aggregate are numbered, decided once for all workers.
struct GroupDesign: Sendable {
    private struct Places {
        var minimum: Int64
        var step: Int64 = 1
        var values: Int
    }

    private let keys: [DerivedColumn]
    /// Set where every key has a known small range: the smallest value, how far one lies from the next, and their number.
    private let dense: [Places]?
    /// Where the keys are hashed, or so many that hashing may be better: as one word, if they fit.
    let packed: PackedKeys?
    /// The keys of ``dense`` groups come in their order.
    let keysAreSorted: Bool
    private let makePacked: @Sendable () throws -> PackedKeys?
    private let rows: Int
    private let groupsInCacheMax: Int

    init(
        _ keys: [DerivedColumn], _ layout: Layout, _ ranges: RangeFinder, rows: Int, shared: SharedMaps, cancellation: Cancellation,
        groupsInCacheMax: Int
    ) throws {
        self.keys = keys
        self.groupsInCacheMax = groupsInCacheMax
        let compiler = ExpressionCompiler(layout: layout, context: EvaluationContext(cancellation: cancellation), shared: shared)
        var parts: [Places]? = []
        var size = 1
        let limit = Self.groupsMax(rows: rows)
        for key in keys {
            let evaluator = try compiler.compile(key.value)
            let part: Places?
            if let dictionary = evaluator.dictionary {
                part = Places(minimum: 0, values: dictionary.count)
            } else if evaluator.type == .bool {
                part = Places(minimum: 0, values: 2)
            } else {
                part = Self.places(of: key.value, ranges, limit)
            }
            guard let part, part.values + 1 <= limit / size else {
                parts = nil
                break
            }
            size *= part.values + 1
            parts?.append(part)
        }
        dense = parts
        self.rows = rows
        keysAreSorted = try keys.isEmpty || parts != nil && keys.count == 1 && compiler.compile(keys[0].value).dictionary == nil
        makePacked = {
            let compiler = ExpressionCompiler(layout: layout, context: EvaluationContext(cancellation: cancellation), shared: shared)
            return try PackedKeys(keys, compiler, ranges)
        }
        packed = keys.isEmpty || size < groupsInCacheMax * 16 && parts != nil ? nil : try PackedKeys(keys, compiler, ranges)
    }

    func packedKeys() throws -> PackedKeys? { try packed ?? makePacked() }

    /// So many places that putting rows apart first costs less than a cache miss for each.
    var isLarge: Bool { rows > groupsInCacheMax * 16 && packed != nil && denseSize ?? 0 >= groupsInCacheMax * 16 }

    /// Hashing costs some twenty bytes a group; a dense table may have as many places as rows and still be cheaper.
    private static func groupsMax(rows: Int) -> Int { max(1 << 16, min(1 << 23, rows / 2)) }

    /// With fewer places for each listed value than this, an array is better than hashing.
    private static let listedShare: Int64 = 16
    /// So many places are made in no time.
    private static let listedMin: Int64 = 256

    private static func places(of key: Bound, _ ranges: RangeFinder, _ limit: Int) -> Places? {
        guard let lattice = ranges.lattice(of: key) else { return nil }
        let (span, overflow) = lattice.high.subtractingReportingOverflow(lattice.low)
        if overflow || span / lattice.step >= Int64(limit) { return nil }
        // A few listed values are numbered as they come: a place for every value that there could be would be made for nothing.
        if let listed = ranges.listed(key), span / lattice.step / listedShare > max(Int64(listed), listedMin) { return nil }
        return Places(minimum: lattice.low, step: lattice.step, values: Int(span / lattice.step) + 1)
    }

    /// Whether groups of this only key, an integer, are counted up from its smallest value.
    static func countsUp(_ key: DerivedColumn, _ ranges: RangeFinder) -> Bool {
        guard key.value.type.physical == .integer, key.value.type != .bool else { return false }
        return places(of: key.value, ranges, groupsMax(rows: ranges.rowCount))?.step == 1
    }

    /// Number of groups where it is known beforehand.
    var denseSize: Int? {
        if keys.isEmpty { return 1 }
        return dense.map { $0.reduce(1) { $0 * ($1.values + 1) } }
    }

    /// The smallest value of the only key, an integer, where its groups are counted up from it.
    var firstOfOnlyKey: Int64? {
        guard keys.count == 1, keys[0].value.type.physical == .integer, keys[0].value.type != .bool, let dense, dense[0].step == 1
        else { return nil }
        return dense[0].minimum
    }

    /// `mayStop`: groups are counted, so that rows may be put apart where there are too many. `tracksSeen`: no accumulator knows which groups
    /// have rows.
    func makeIndex(_ compiler: ExpressionCompiler, mayStop: Bool, tracksSeen: Bool) throws -> GroupIndex {
        if keys.isEmpty { return SingleGroup() }
        let evaluators = try keys.map { try compiler.compile($0.value) }
        guard let dense else {
            // Few rows need no parts.
            let trial = mayStop && rows > groupsInCacheMax * 4 ? GroupTrial(groupsMax: groupsInCacheMax) : nil
            if let packed { return WordGroups(evaluators, packed, trial: trial) }
            if evaluators.count == 1, evaluators[0].type == .text { return TextGroups(evaluators[0], trial: trial) }
            return HashGroups(evaluators, trial: trial)
        }
        return DenseGroups(
            zip(evaluators, dense).map { DenseGroups.Key(evaluator: $0, minimum: $1.minimum, step: $1.step, values: $1.values) },
            tracksSeen: tracksSeen)
    }
}
