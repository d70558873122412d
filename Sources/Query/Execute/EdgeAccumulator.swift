import Storage

/// `first(x by d)` and `last(x by d)`: of each group the value of the row that comes first or last, and that row's place in the order.
/// Nothing else is kept.
final class EdgeAccumulator: Accumulator {
    private let last: Bool
    private let order: [Evaluator]
    private let flips: [UInt64]
    private let width: Int
    /// For each group: bit 0 tells whether there is a row, the bits above which of its keys are null; its keys; its value.
    private var states = GroupStates<UInt64>()
    private let words: UnsafeMutablePointer<UInt64>
    private let flags = UnsafeMutablePointer<UInt64>.allocate(capacity: vectorRowsMax)
    private let values = UnsafeMutablePointer<UInt64>.allocate(capacity: vectorRowsMax)

    /// Whether values and keys are numbers, or codes of a dictionary.
    static func suits(_ argument: Evaluator, _ order: [Evaluator]) -> Bool {
        !order.isEmpty && order.count < 32 && (order + [argument]).allSatisfy { $0.type != .text || $0.dictionary != nil }
    }

    init(last: Bool, type: LogicalType, argument: Evaluator, order: [Evaluator], descending: [Bool], filter: Evaluator?) {
        self.last = last
        self.order = order
        flips = descending.map { $0 ? ~0 : 0 }
        width = order.count + 2
        words = .allocate(capacity: vectorRowsMax * order.count)
        super.init(type: type, arguments: [argument], filter: filter)
    }
    deinit {
        states.free()
        words.deallocate()
        flags.deallocate()
        values.deallocate()
    }
    override var bytes: Int { capacity * width * 8 }
    override func grow(from old: Int, to new: Int) { states.grow(to: new * width, filling: 0) }

    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        let count = batch.count
        flags.update(repeating: 1, count: count)
        for (index, evaluator) in order.enumerated() {
            let vector = try evaluator.evaluate(batch)
            let out = words + index * vectorRowsMax
            Self.fill(vector, count, ranked: true, into: out)
            let flip = flips[index]
            if flip != 0 { for i in 0..<count { out[i] = ~out[i] } }
            if vector.hasNulls {
                let bit = UInt64(2) << UInt64(index)
                for i in 0..<count where vector.nulls[i] != 0 {
                    flags[i] |= bit
                    out[i] = 0
                }
            }
        }
        Self.fill(vectors[0], count, ranked: false, into: values)
        let states = states.pointer
        let width = width
        for i in 0..<count {
            if let mask, mask[i] == 0 { continue }
            let group = groups == nil ? 0 : Int(groups![i])
            let state = states + group &* width
            guard state[0] == 0 || wins(flags[i], words + i, vectorRowsMax, over: state) else { continue }
            state[0] = flags[i]
            for key in 0..<width &- 2 { state[key &+ 1] = words[key &* vectorRowsMax &+ i] }
            state[width &- 1] = values[i]
        }
    }

    private static func fill(_ vector: Vector, _ count: Int, ranked: Bool, into out: UnsafeMutablePointer<UInt64>) {
        switch vector.form {
        case .integers:
            let values = vector.integers
            for i in 0..<count { out[i] = ranked ? KeyColumn.word(values[i]) : UInt64(bitPattern: values[i]) }
        case .doubles:
            let values = vector.doubles
            for i in 0..<count { out[i] = ranked ? KeyColumn.word(values[i]) : values[i].bitPattern }
        case .mask:
            let values = vector.mask
            for i in 0..<count { out[i] = UInt64(values[i]) }
        case .codes:
            let codes = vector.codes
            if ranked, let ranks = vector.dictionary?.ranks, let base = ranks.baseAddress, !ranks.isEmpty {
                for i in 0..<count { out[i] = UInt64(base[Int(codes[i])]) }
            } else {
                for i in 0..<count { out[i] = UInt64(codes[i]) }
            }
        case .texts: preconditionFailure("told apart when the accumulator was chosen")
        }
    }

    /// Whether a row with these keys, `step` words from one to the next, takes the place of the state's. Of rows that the order leaves
    /// equal the first to come is the first, the last to come the last. A null comes behind every value.
    @inline(__always)
    private func wins(_ flags: UInt64, _ words: UnsafePointer<UInt64>, _ step: Int, over state: UnsafePointer<UInt64>) -> Bool {
        if flags | state[0] == 1 {
            for key in 0..<width &- 2 {
                let (mine, theirs) = (words[key &* step], state[key &+ 1])
                if mine != theirs { return (mine > theirs) == last }
            }
            return last
        }
        for key in 0..<width &- 2 {
            let (mine, theirs) = (flags >> UInt64(key + 1) & 1, state[0] >> UInt64(key + 1) & 1)
            if mine != theirs { return (mine > theirs) == last }
            if words[key &* step] != state[key &+ 1] { return (words[key &* step] > state[key &+ 1]) == last }
        }
        return last
    }

    override func merge(_ other: Accumulator, map: [UInt32]?) throws {
        guard let other = other as? EdgeAccumulator else { preconditionFailure("workers of one query aggregate alike") }
        for group in 0..<min(other.states.count / width, map?.count ?? .max) {
            let theirs = other.states.pointer + group * width
            let mine = states.pointer + Self.target(group, map) * width
            guard theirs[0] != 0, mine[0] == 0 || wins(theirs[0], theirs + 1, 1, over: mine) else { continue }
            mine.update(from: theirs, count: width)
        }
    }

    override func finish(_ groups: [Int]) throws -> ColumnBuffer {
        let out = ColumnBuffer(type: type, dictionary: type == .text ? arguments[0].dictionary : nil, capacity: groups.count)
        for group in groups {
            let state = states.pointer + group * width
            if state[0] == 0 {
                out.appendNull()
                continue
            }
            let value = state[width - 1]
            switch out.form {
            case .integers, .mask: out.append(integer: Int64(bitPattern: value))
            case .doubles: out.append(double: Double(bitPattern: value))
            case .codes: out.append(code: UInt32(value))
            case .texts: preconditionFailure("told apart when the accumulator was chosen")
            }
        }
        return out
    }
}
