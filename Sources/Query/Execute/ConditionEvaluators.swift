import Storage

/// A comparison of two vectors of one physical form. Null on either side is false, for `!=` too (which is `not =`, see the binder).
final class CompareEvaluator: Evaluator {
    private let comparison: Comparison
    private let left: Evaluator
    private let right: Evaluator
    private let out = Vector(type: .bool)

    init(_ comparison: Comparison, _ left: Evaluator, _ right: Evaluator) {
        self.comparison = comparison
        self.left = left
        self.right = right
        super.init(type: .bool)
    }

    override func evaluate(_ batch: Batch) throws -> Vector {
        let a = try left.evaluate(batch)
        let b = try right.evaluate(batch)
        let count = batch.count
        out.reset()
        let mask = out.mask
        switch a.form {
        case .integers:
            if b.isConstant, a.isNarrow, count > 0 {
                Self.compare(comparison, a, constant: b.integers[0], mask, count)
            } else if b.isConstant {
                Self.compare(comparison, a.integers, constant: b.integers[0], mask, count)
            } else {
                Self.compare(comparison, a.integers, b.integers, mask, count)
            }
        case .doubles:
            if b.isConstant {
                Self.compare(comparison, a.doubles, constant: b.doubles[0], mask, count)
            } else {
                Self.compare(comparison, a.doubles, b.doubles, mask, count)
            }
        case .mask: Self.compare(comparison, a.mask, b.mask, mask, count)
        case .codes, .texts:
            // Columns of one dictionary compare by code; the rest by bytes.
            if let dictionary = a.dictionary, dictionary === b.dictionary, comparison == .equal || comparison == .notEqual {
                Self.compare(comparison, a.codes, b.codes, mask, count)
            } else {
                for i in 0..<count {
                    let nonNull = !a.isNull(i) && !b.isNull(i)
                    mask[i] = nonNull && Self.holds(comparison, TextView.compare(a.text(i), b.text(i))) ? 1 : 0
                }
            }
        }
        a.clearNulls(in: mask, count: count)
        b.clearNulls(in: mask, count: count)
        return out
    }

    /// Compares codes with the code that the constant would have, without making values of them.
    private static func compare(_ comparison: Comparison, _ a: Vector, constant: Int64, _ out: UnsafeMutablePointer<UInt8>, _ count: Int) {
        switch NarrowComparison(comparison, constant, base: a.base, unit: a.unit) {
        case .none: out.update(repeating: 0, count: count)
        case .all: out.update(repeating: 1, count: count)
        case .codes(let comparison, let code): compare(comparison, a.narrowCodes, constant: code, out, count)
        case .values: compare(comparison, a.integers, constant: constant, out, count)
        }
    }

    static func holds(_ comparison: Comparison, _ order: Int) -> Bool {
        switch comparison {
        case .equal: order == 0
        case .notEqual: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        }
    }

    @inline(__always)
    private static func compare<T: Comparable>(
        _ comparison: Comparison, _ a: UnsafeMutablePointer<T>, constant b: T, _ out: UnsafeMutablePointer<UInt8>, _ count: Int
    ) {
        switch comparison {
        case .equal: for i in 0..<count { out[i] = a[i] == b ? 1 : 0 }
        case .notEqual: for i in 0..<count { out[i] = a[i] != b ? 1 : 0 }
        case .less: for i in 0..<count { out[i] = a[i] < b ? 1 : 0 }
        case .lessOrEqual: for i in 0..<count { out[i] = a[i] <= b ? 1 : 0 }
        case .greater: for i in 0..<count { out[i] = a[i] > b ? 1 : 0 }
        case .greaterOrEqual: for i in 0..<count { out[i] = a[i] >= b ? 1 : 0 }
        }
    }

    @inline(__always)
    private static func compare<T: Comparable>(
        _ comparison: Comparison, _ a: UnsafeMutablePointer<T>, _ b: UnsafeMutablePointer<T>, _ out: UnsafeMutablePointer<UInt8>,
        _ count: Int
    ) {
        switch comparison {
        case .equal: for i in 0..<count { out[i] = a[i] == b[i] ? 1 : 0 }
        case .notEqual: for i in 0..<count { out[i] = a[i] != b[i] ? 1 : 0 }
        case .less: for i in 0..<count { out[i] = a[i] < b[i] ? 1 : 0 }
        case .lessOrEqual: for i in 0..<count { out[i] = a[i] <= b[i] ? 1 : 0 }
        case .greater: for i in 0..<count { out[i] = a[i] > b[i] ? 1 : 0 }
        case .greaterOrEqual: for i in 0..<count { out[i] = a[i] >= b[i] ? 1 : 0 }
        }
    }
}

/// What a comparison of `base + unit * code` with a constant says of the code.
enum NarrowComparison {
    case none
    case all
    case codes(Comparison, UInt32)
    /// The distance of the constant from the base is beyond 64 bits.
    case values

    init(_ comparison: Comparison, _ constant: Int64, base: Int64, unit: Int64) {
        let (distance, overflow) = constant.subtractingReportingOverflow(base)
        if overflow {
            self = .values
            return
        }
        // The last code whose value is not above the constant, and whether it hits it.
        let last = CivilDate.floorDiv(distance, unit)
        let hits = last &* unit == distance
        func below(_ first: Int64) -> NarrowComparison {
            first <= 0 ? .none : first > Int64(UInt32.max) ? .all : .codes(.less, UInt32(first))
        }
        func from(_ first: Int64) -> NarrowComparison {
            first <= 0 ? .all : first > Int64(UInt32.max) ? .none : .codes(.greaterOrEqual, UInt32(first))
        }
        let isCode = hits && last >= 0 && last <= Int64(UInt32.max)
        switch comparison {
        case .equal: self = isCode ? .codes(.equal, UInt32(last)) : .none
        case .notEqual: self = isCode ? .codes(.notEqual, UInt32(last)) : .all
        case .less: self = below(hits ? last : last &+ 1)
        case .lessOrEqual: self = below(last &+ 1)
        case .greater: self = from(last &+ 1)
        case .greaterOrEqual: self = from(hits ? last : last &+ 1)
        }
    }
}

/// `and` and `or` of conditions; later terms are not looked at once all rows are decided.
final class LogicEvaluator: Evaluator {
    private let terms: [Evaluator]
    private let isAnd: Bool
    private let out = Vector(type: .bool)

    init(_ terms: [Evaluator], isAnd: Bool) {
        self.terms = terms
        self.isAnd = isAnd
        super.init(type: .bool)
    }

    override func evaluate(_ batch: Batch) throws -> Vector {
        let count = batch.count
        out.reset()
        let mask = out.mask
        for (index, term) in terms.enumerated() {
            let vector = try term.evaluate(batch)
            let bits = vector.mask
            if index == 0 {
                mask.update(from: bits, count: count)
                vector.clearNulls(in: mask, count: count)
                continue
            }
            if isAnd {
                if MaskBytes.allZero(mask, count) { return out }
                for i in 0..<count { mask[i] &= bits[i] }
                vector.clearNulls(in: mask, count: count)
            } else if vector.hasNulls {
                for i in 0..<count { mask[i] |= bits[i] & (vector.nulls[i] ^ 1) }
            } else {
                for i in 0..<count { mask[i] |= bits[i] }
            }
        }
        return out
    }
}

enum MaskBytes {
    static func allZero(_ mask: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        var any: UInt8 = 0
        for i in 0..<count { any |= mask[i] }
        return any == 0
    }

    /// How many of the bytes, each 0 or 1, are 1.
    static func count(_ mask: UnsafePointer<UInt8>, _ count: Int) -> Int {
        let words = UnsafeRawPointer(mask)
        var sum = 0
        var i = 0
        while i &+ 8 <= count {
            sum &+= words.loadUnaligned(fromByteOffset: i, as: UInt64.self).nonzeroBitCount
            i &+= 8
        }
        while i < count {
            sum &+= Int(mask[i])
            i &+= 1
        }
        return sum
    }
}

/// The complement: a null counts as false, so it comes out true.
final class NotEvaluator: Evaluator {
    private let term: Evaluator
    private let out = Vector(type: .bool)

    init(_ term: Evaluator) {
        self.term = term
        super.init(type: .bool)
    }

    override func evaluate(_ batch: Batch) throws -> Vector {
        let vector = try term.evaluate(batch)
        out.reset()
        let bits = vector.mask
        let mask = out.mask
        let count = batch.count
        for i in 0..<count { mask[i] = bits[i] ^ 1 }
        if vector.hasNulls { for i in 0..<count { mask[i] |= vector.nulls[i] } }
        return out
    }
}

final class IsNullEvaluator: Evaluator {
    private let term: Evaluator
    private let out = Vector(type: .bool)

    init(_ term: Evaluator) {
        self.term = term
        super.init(type: .bool)
    }

    override func evaluate(_ batch: Batch) throws -> Vector {
        let vector = try term.evaluate(batch)
        out.reset()
        if vector.hasNulls {
            out.mask.update(from: vector.nulls, count: batch.count)
        } else {
            out.mask.update(repeating: 0, count: batch.count)
        }
        return out
    }
}

final class InSetEvaluator: Evaluator {
    private let term: Evaluator
    private let set: ConstantSet
    private let out = Vector(type: .bool)

    init(_ term: Evaluator, _ set: ConstantSet) {
        self.term = term
        self.set = set
        super.init(type: .bool)
    }

    override func evaluate(_ batch: Batch) throws -> Vector {
        let vector = try term.evaluate(batch)
        out.reset()
        let mask = out.mask
        let count = batch.count
        switch vector.form {
        case .integers:
            if set.integers.count > 8, vector.isNarrow {
                set.integerTable.mark(vector.narrowCodes, base: vector.base, unit: vector.unit, count, into: mask)
            } else if set.integers.count <= 8 {
                let values = vector.integers
                mask.update(repeating: 0, count: count)
                for wanted in set.integers { for i in 0..<count { mask[i] |= values[i] == wanted ? 1 : 0 } }
            } else {
                set.integerTable.mark(vector.integers, count, into: mask)
            }
        case .doubles: for i in 0..<count { mask[i] = set.doubles.contains(vector.doubles[i]) ? 1 : 0 }
        case .mask: for i in 0..<count { mask[i] = set.integers.contains(Int64(vector.mask[i])) ? 1 : 0 }
        case .codes, .texts:
            let dictionary = set.textTable
            for i in 0..<count { mask[i] = !vector.isNull(i) && dictionary.code(of: vector.text(i)) != nil ? 1 : 0 }
        }
        vector.clearNulls(in: mask, count: count)
        return out
    }
}
