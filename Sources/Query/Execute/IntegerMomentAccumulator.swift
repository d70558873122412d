import Storage

/// `variance`, `stddev`, `correlation`, `slope` and `weighted_avg` of whole numbers and decimals, from sums of their distances from a fixed
/// number, of squares and of products: all exact in 128 bits, so that no order of the rows and no choice of that number changes the answer.
final class IntegerMomentAccumulator: Accumulator {
    /// Sums over the rows of a group; y is the second argument, where there is one.
    struct State: BitwiseCopyable {
        var x: Int128 = 0
        var y: Int128 = 0
        var xx: Int128 = 0
        var yy: Int128 = 0
        var xy: Int128 = 0
        var count: Int64 = 0
    }
    /// The fixed number of each argument, and its decimal places.
    struct Argument: Sendable {
        let value: Bound
        let origin: Int64
    }
    private let statistic: MomentReducer.Statistic
    private let origins: [Int64]
    private let scales: [Int]
    private var states = GroupStates<State>()

    init(_ statistic: MomentReducer.Statistic, _ arguments: [Evaluator], origins: [Int64], filter: Evaluator?) {
        self.statistic = statistic
        self.origins = origins
        scales = arguments.map(\.type.scale)
        super.init(type: .float, arguments: arguments, filter: filter)
    }
    deinit { states.free() }
    override var bytes: Int { states.count * MemoryLayout<State>.stride }
    override func grow(from old: Int, to new: Int) { states.grow(to: new) }

    override func share(_ other: Accumulator) -> Bool {
        guard let other = other as? IntegerMomentAccumulator else { return false }
        states.share(other.states)
        setShared(capacity: other.capacity)
        return true
    }

    /// The arguments as whole numbers, where they are such, and distances from the smallest leave room for all sums.
    static func arguments(_ call: AggregateCall, _ ranges: RangeFinder) -> [Argument]? {
        var found: [Argument] = []
        var widest: UInt64 = 1
        for argument in call.arguments {
            guard case .function(let instance, let inner) = argument.kind, instance.name == "float", inner.count == 1,
                inner[0].type.physical == .integer, inner[0].type != .bool, let range = ranges.range(of: inner[0])
            else { return nil }
            // A weight is counted from zero: its sum divides.
            let origin = call.function == .weightedAvg ? 0 : range.lowerBound
            let (high, isHighBeyond) = range.upperBound.subtractingReportingOverflow(origin)
            let (low, isLowBeyond) = range.lowerBound.subtractingReportingOverflow(origin)
            if isHighBeyond || isLowBeyond { return nil }
            widest = max(widest, high.magnitude, low.magnitude)
            found.append(Argument(value: inner[0], origin: origin))
        }
        // The largest number on the way is rows * rows * distance * distance.
        let root = Int128(widest) * Int128(max(ranges.rowCount, 1))
        return root < Int128(1) << 62 ? found : nil
    }

    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        let count = batch.count
        let states = states.pointer
        let a = vectors[0].integers
        let originX = origins[0]
        if vectors.count == 1 {
            for i in 0..<count where mask == nil || mask![i] != 0 {
                let group = groups == nil ? 0 : Int(groups![i])
                let x = Int128(a[i] &- originX)
                states[group].x &+= x
                states[group].xx &+= x &* x
                states[group].count &+= 1
            }
            return
        }
        let b = vectors[1].integers
        let originY = origins[1]
        for i in 0..<count where mask == nil || mask![i] != 0 {
            let group = groups == nil ? 0 : Int(groups![i])
            let x = Int128(a[i] &- originX)
            let y = Int128(b[i] &- originY)
            states[group].x &+= x
            states[group].y &+= y
            states[group].xx &+= x &* x
            states[group].yy &+= y &* y
            states[group].xy &+= x &* y
            states[group].count &+= 1
        }
    }

    override func merge(_ other: Accumulator, map: [UInt32]?) throws {
        guard let other = other as? IntegerMomentAccumulator else { preconditionFailure("workers of one query aggregate alike") }
        for group in 0..<min(other.states.count, map?.count ?? .max) {
            let theirs = other.states.pointer[group]
            let mine = states.pointer + Self.target(group, map)
            mine.pointee.x &+= theirs.x
            mine.pointee.y &+= theirs.y
            mine.pointee.xx &+= theirs.xx
            mine.pointee.yy &+= theirs.yy
            mine.pointee.xy &+= theirs.xy
            mine.pointee.count &+= theirs.count
        }
    }

    override func finish(_ groups: [Int]) throws -> ColumnBuffer {
        let out = ColumnBuffer(type: .float, capacity: groups.count)
        for group in groups {
            if let answer = answer(states.pointer[group]), answer.isFinite { out.append(double: answer) } else { out.appendNull() }
        }
        return out
    }

    private func answer(_ state: State) -> Double? {
        let unitX = Self.power(scales[0])
        if statistic == .weightedAverage { return state.y == 0 ? nil : Double(state.xy) / Double(state.y) / unitX }
        guard state.count > 1 else { return nil }
        let n = Int128(state.count)
        // n times the sums of squares and products about the means.
        let sxx = n * state.xx - state.x * state.x
        switch statistic {
        case .variance: return Double(sxx) / Double(n * (n - 1)) / (unitX * unitX)
        case .standardDeviation: return (Double(sxx) / Double(n * (n - 1))).squareRoot() / unitX
        case .correlation, .slope:
            let syy = n * state.yy - state.y * state.y
            let sxy = n * state.xy - state.x * state.y
            if statistic == .slope { return syy > 0 ? Double(sxy) / Double(syy) * (Self.power(scales[1]) / unitX) : nil }
            guard sxx > 0, syy > 0 else { return nil }
            return min(max(Double(sxy) / (Double(sxx) * Double(syy)).squareRoot(), -1), 1)
        case .weightedAverage: preconditionFailure("handled before")
        }
    }

    private static func power(_ scale: Int) -> Double { Double(Decimals.power(scale)) }
}
