/// The points of a line, few of very many: stretches of equally many points, of which the lowest and the highest are kept. Where there are
/// too many stretches, two become one, so that the whole line is thinned alike and no peak is lost.
struct LineSamples {
    typealias Point = (x: Double, y: Double?)

    private struct Sample {
        var x: Double
        var y: Double
        /// Its place among all points.
        var number: Int
    }

    /// Without samples it is a gap.
    private struct Stretch {
        var x: Double
        var low: Sample?
        var high: Sample?

        mutating func add(_ other: Stretch) {
            if let theirs = other.low, low.map({ theirs.y < $0.y }) ?? true { low = theirs }
            if let theirs = other.high, high.map({ theirs.y > $0.y }) ?? true { high = theirs }
        }
    }

    private static let stretchesMax = 1 << 13

    /// Points so far.
    private(set) var found = 0
    private var stretches: [Stretch] = []
    /// Points to a stretch.
    private var size = 1
    private var first: Point?
    private var last: Point?

    mutating func add(_ point: Point) {
        let sample = point.y.map { Sample(x: point.x, y: $0, number: found) }
        let one = Stretch(x: point.x, low: sample, high: sample)
        if found % size == 0 {
            if stretches.count == LineSamples.stretchesMax { join() }
            // The number of stretches is even, so a new one begins after it too.
            stretches.append(one)
        } else {
            stretches[stretches.count - 1].add(one)
        }
        if found == 0 { first = point }
        last = point
        found += 1
    }

    private mutating func join() {
        var joined: [Stretch] = []
        joined.reserveCapacity(LineSamples.stretchesMax)
        for place in stride(from: 0, to: stretches.count, by: 2) {
            joined.append(stretches[place])
            if place + 1 < stretches.count { joined[joined.count - 1].add(stretches[place + 1]) }
        }
        stretches = joined
        size *= 2
    }

    /// In their order; both ends are where they were.
    var points: [Point] {
        var kept: [Point] = []
        kept.reserveCapacity(stretches.count * 2 + 2)
        for stretch in stretches {
            guard let low = stretch.low, let high = stretch.high else {
                kept.append((stretch.x, nil))
                continue
            }
            let (one, other) = low.number <= high.number ? (low, high) : (high, low)
            kept.append((one.x, one.y))
            if one.number != other.number { kept.append((other.x, other.y)) }
        }
        if size > 1, let first, kept.first?.x != first.x { kept.insert(first, at: 0) }
        if size > 1, let last, kept.last?.x != last.x { kept.append(last) }
        return kept
    }
}
