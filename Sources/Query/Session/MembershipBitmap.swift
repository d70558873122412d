import Storage

/// A set of 32-bit ids, kept small: ids are parted by their upper 16 bits into containers of 65,536, each stored in the smallest of three
/// forms. Immutable.
///
/// | bytes | |
/// |---|---|
/// | 4 | number of containers |
/// | 2 | upper half of the container's ids, ascending |
/// | 1 | form: 0 array, 1 bitmap, 2 runs |
/// | 2 | ids in the container, less one |
/// | … | array: 2 bytes an id; bitmap: 8,192 bytes; runs: 2 bytes their number, then 2 bytes first id and 2 bytes length less one of each |
///
/// All numbers are little endian; everything ascends.
struct MembershipBitmap: Equatable {
    enum Container: Equatable {
        case array([UInt16])
        /// 1,024 words.
        case bitmap([UInt64])
        case runs([Run])
    }
    struct Run: Equatable {
        let first: UInt16
        /// Ids behind the first.
        let more: UInt16
    }

    private(set) var containers: [(high: UInt16, count: Int, ids: Container)] = []
    private(set) var count = 0

    static func == (a: MembershipBitmap, b: MembershipBitmap) -> Bool {
        a.containers.count == b.containers.count
            && zip(a.containers, b.containers).allSatisfy { $0.high == $1.high && $0.count == $1.count && $0.ids == $1.ids }
    }

    /// - Parameter ids: in any order, also twice.
    init(_ ids: [UInt32]) {
        let sorted = ids.sorted()
        var low: [UInt16] = []
        var high: UInt16 = 0
        for (index, id) in sorted.enumerated() {
            if index > 0, sorted[index - 1] == id { continue }
            let upper = UInt16(id >> 16)
            if upper != high {
                add(high, low)
                low = []
                high = upper
            }
            low.append(UInt16(truncatingIfNeeded: id))
        }
        add(high, low)
    }

    private mutating func add(_ high: UInt16, _ low: [UInt16]) {
        guard !low.isEmpty else { return }
        var runs: [Run] = []
        var start = low[0]
        var last = low[0]
        for id in low.dropFirst() {
            if id != last + 1 {
                runs.append(Run(first: start, more: last - start))
                start = id
            }
            last = id
        }
        runs.append(Run(first: start, more: last - start))
        let sizes = (array: low.count * 2, bitmap: 8192, runs: 2 + runs.count * 4)
        let form: Container
        if sizes.runs < min(sizes.array, sizes.bitmap) {
            form = .runs(runs)
        } else if sizes.array <= sizes.bitmap {
            form = .array(low)
        } else {
            var words = Array(repeating: UInt64(0), count: 1024)
            for id in low { words[Int(id >> 6)] |= 1 << UInt64(id & 63) }
            form = .bitmap(words)
        }
        containers.append((high, low.count, form))
        count += low.count
    }

    // MARK: reading

    func contains(_ id: UInt32) -> Bool {
        let high = UInt16(id >> 16)
        let low = UInt16(truncatingIfNeeded: id)
        guard let found = containers.first(where: { $0.high == high }) else { return false }
        switch found.ids {
        case .array(let ids): return ids.contains(low)
        case .bitmap(let words): return words[Int(low >> 6)] >> UInt64(low & 63) & 1 == 1
        case .runs(let runs): return runs.contains { low >= $0.first && low - $0.first <= $0.more }
        }
    }

    /// Every id, ascending.
    func forEach(_ body: (UInt32) throws -> Void) rethrows {
        for (high, _, ids) in containers {
            let base = UInt32(high) << 16
            switch ids {
            case .array(let low): for id in low { try body(base | UInt32(id)) }
            case .bitmap(let words):
                for (index, word) in words.enumerated() {
                    var rest = word
                    while rest != 0 {
                        try body(base | UInt32(index * 64 + rest.trailingZeroBitCount))
                        rest &= rest - 1
                    }
                }
            case .runs(let runs): for run in runs { for id in 0...UInt32(run.more) { try body(base | UInt32(run.first) + id) } }
            }
        }
    }

    var ids: [UInt32] {
        var all: [UInt32] = []
        all.reserveCapacity(count)
        forEach { all.append($0) }
        return all
    }

    /// Every id of either set, ascending, with the sets that it is in.
    func forEachWithSides(of other: MembershipBitmap, _ body: (UInt32, _ here: Bool, _ there: Bool) throws -> Void) rethrows {
        let a = ids
        let b = other.ids
        var i = 0
        var j = 0
        while i < a.count || j < b.count {
            if j == b.count || (i < a.count && a[i] < b[j]) {
                try body(a[i], true, false)
                i += 1
            } else if i == a.count || b[j] < a[i] {
                try body(b[j], false, true)
                j += 1
            } else {
                try body(a[i], true, true)
                i += 1
                j += 1
            }
        }
    }

    /// How many ids are in both.
    func common(with other: MembershipBitmap) -> Int {
        var count = 0
        forEachWithSides(of: other) { _, here, there in if here, there { count += 1 } }
        return count
    }

    /// One bit an id, as long as the largest id needs: what a scan looks into.
    var words: [UInt64] {
        guard let last = containers.last else { return [] }
        var all = Array(repeating: UInt64(0), count: (Int(last.high) + 1) * 1024)
        forEach { all[Int($0 >> 6)] |= 1 << UInt64($0 & 63) }
        return all
    }

    // MARK: bytes

    var bytes: [UInt8] {
        var out: [UInt8] = []
        func put(_ value: UInt16) {
            out.append(UInt8(truncatingIfNeeded: value))
            out.append(UInt8(truncatingIfNeeded: value >> 8))
        }
        put(UInt16(truncatingIfNeeded: containers.count))
        put(UInt16(truncatingIfNeeded: containers.count >> 16))
        for (high, count, ids) in containers {
            put(high)
            switch ids {
            case .array: out.append(0)
            case .bitmap: out.append(1)
            case .runs: out.append(2)
            }
            put(UInt16(count - 1))
            switch ids {
            case .array(let low): for id in low { put(id) }
            case .bitmap(let words):
                for word in words { for shift in 0..<8 { out.append(UInt8(truncatingIfNeeded: word >> UInt64(shift * 8))) } }
            case .runs(let runs):
                put(UInt16(runs.count))
                for run in runs {
                    put(run.first)
                    put(run.more)
                }
            }
        }
        return out
    }

    /// - Throws: `.corrupt` for anything that ``bytes`` would not have made.
    init(bytes: some Collection<UInt8>) throws {
        let all = Array(bytes)
        var at = 0
        func corrupt() -> StorageError { StorageError(.corrupt, "a segment's snapshot is damaged") }
        func byte() throws -> UInt8 {
            guard at < all.count else { throw corrupt() }
            at += 1
            return all[at - 1]
        }
        func take() throws -> UInt16 {
            let low = UInt16(try byte())
            return low | UInt16(try byte()) << 8
        }
        let number = Int(try take()) | Int(try take()) << 16
        var before = -1
        for _ in 0..<number {
            let high = try take()
            guard Int(high) > before else { throw corrupt() }
            before = Int(high)
            let form = try byte()
            let count = Int(try take()) + 1
            var low: [UInt16] = []
            low.reserveCapacity(count)
            switch form {
            case 0: for _ in 0..<count { low.append(try take()) }
            case 1:
                for word in 0..<1024 {
                    var bits: UInt64 = 0
                    for shift in 0..<8 { bits |= UInt64(try byte()) << UInt64(shift * 8) }
                    while bits != 0 {
                        low.append(UInt16(word * 64 + bits.trailingZeroBitCount))
                        bits &= bits - 1
                    }
                }
            case 2:
                for _ in 0..<Int(try take()) {
                    let first = try take()
                    let more = try take()
                    guard Int(first) + Int(more) <= 0xFFFF, low.count + Int(more) < 65_536 else { throw corrupt() }
                    for id in 0...Int(more) { low.append(first + UInt16(id)) }
                }
            default: throw corrupt()
            }
            guard low.count == count, zip(low, low.dropFirst()).allSatisfy({ $0 < $1 }) else { throw corrupt() }
            add(high, low)
        }
        guard at == all.count else { throw corrupt() }
    }
}
