import Storage

/// `min` and `max` of coded text, by code point: codes are compared by their ranks.
final class CodeExtremeAccumulator: Accumulator {
    /// The best code of each group.
    private var best = GroupStates<UInt32>()
    private let isMaximum: Bool
    private let dictionary: TextDictionary
    private let ranks: UnsafeBufferPointer<UInt32>

    private static let none = UInt32.max

    init(isMaximum: Bool, dictionary: TextDictionary, argument: Evaluator, filter: Evaluator?) {
        self.isMaximum = isMaximum
        self.dictionary = dictionary
        ranks = dictionary.ranks
        super.init(type: .text, arguments: [argument], filter: filter)
    }
    deinit { best.free() }
    override func grow(from old: Int, to new: Int) { best.grow(to: new, filling: Self.none) }

    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        // Without an entry there are nulls only.
        guard let ranks = ranks.baseAddress, !self.ranks.isEmpty else { return }
        let codes = vectors[0].codes
        let best = best.pointer
        let isMaximum = isMaximum
        for i in 0..<batch.count where mask == nil || mask.unsafelyUnwrapped[i] != 0 {
            let group = groups == nil ? 0 : Int(groups.unsafelyUnwrapped[i])
            let known = best[group]
            let code = codes[i]
            if known == code { continue }
            if known == Self.none || (isMaximum ? ranks[Int(code)] > ranks[Int(known)] : ranks[Int(code)] < ranks[Int(known)]) {
                best[group] = code
            }
        }
    }

    override func merge(_ other: Accumulator, map: [UInt32]?) throws {
        guard let other = other as? CodeExtremeAccumulator else { preconditionFailure("workers of one query aggregate alike") }
        let best = best.pointer
        for group in 0..<min(other.best.count, map?.count ?? .max) where other.best.pointer[group] != Self.none {
            let target = Self.target(group, map)
            let code = other.best.pointer[group]
            let known = best[target]
            if known == Self.none || (isMaximum ? ranks[Int(code)] > ranks[Int(known)] : ranks[Int(code)] < ranks[Int(known)]) {
                best[target] = code
            }
        }
    }

    override func finish(_ groups: [Int]) throws -> ColumnBuffer {
        let out = ColumnBuffer(type: .text, dictionary: dictionary, capacity: groups.count)
        for group in groups { if best.pointer[group] == Self.none { out.appendNull() } else { out.append(code: best.pointer[group]) } }
        return out
    }
}

/// `min` and `max` of plain text, by code point. Nearly every comparison is settled by the first eight bytes, held as one number.
final class TextExtremeAccumulator: Accumulator {
    /// A copy of a group's best text in memory of its own; no memory: there is none yet.
    private struct Best {
        var prefix: UInt64
        var memory: UnsafeMutablePointer<UInt8>?
        var count: Int
        var capacity: Int

        var view: TextView { TextView(base: memory, count: count) }
    }
    private var best = GroupStates<Best>()
    private var textBytes = 0
    private let isMaximum: Bool

    init(isMaximum: Bool, argument: Evaluator, filter: Evaluator?) {
        self.isMaximum = isMaximum
        super.init(type: .text, arguments: [argument], filter: filter)
    }
    deinit {
        for group in 0..<best.count { best.pointer[group].memory?.deallocate() }
        best.free()
    }
    override func grow(from old: Int, to new: Int) { best.grow(to: new) }
    override var bytes: Int { capacity * MemoryLayout<Best>.stride + textBytes }

    override func add(_ vectors: [Vector], _ batch: Batch, _ groups: UnsafePointer<UInt32>?, _ mask: UnsafePointer<UInt8>?) throws {
        let texts = vectors[0].texts
        let best = best.pointer
        let isMaximum = isMaximum
        for i in 0..<batch.count where mask == nil || mask.unsafelyUnwrapped[i] != 0 {
            let group = groups == nil ? 0 : Int(groups.unsafelyUnwrapped[i])
            let prefix = texts[i].orderPrefix
            let known = best[group].prefix
            if best[group].memory != nil {
                if isMaximum ? prefix < known : prefix > known { continue }
                if prefix == known {
                    let order = TextView.compare(texts[i], best[group].view)
                    if isMaximum ? order <= 0 : order >= 0 { continue }
                }
            }
            become(texts[i], prefix, best + group)
        }
    }

    private func become(_ text: TextView, _ prefix: UInt64, _ state: UnsafeMutablePointer<Best>) {
        if state.pointee.memory == nil || text.count > state.pointee.capacity {
            state.pointee.memory?.deallocate()
            textBytes -= state.pointee.capacity
            state.pointee.capacity = max(text.count + text.count / 2, 16)
            textBytes += state.pointee.capacity
            state.pointee.memory = .allocate(capacity: state.pointee.capacity)
        }
        if let base = text.base { state.pointee.memory?.update(from: base, count: text.count) }
        state.pointee.count = text.count
        state.pointee.prefix = prefix
    }

    override func merge(_ other: Accumulator, map: [UInt32]?) throws {
        guard let other = other as? TextExtremeAccumulator else { preconditionFailure("workers of one query aggregate alike") }
        for group in 0..<min(other.best.count, map?.count ?? .max) where other.best.pointer[group].memory != nil {
            let theirs = other.best.pointer[group]
            let state = best.pointer + Self.target(group, map)
            let order = TextView.compare(theirs.view, state.pointee.view)
            if state.pointee.memory == nil || (isMaximum ? order > 0 : order < 0) { become(theirs.view, theirs.prefix, state) }
        }
    }

    override func finish(_ groups: [Int]) throws -> ColumnBuffer {
        let out = ColumnBuffer(type: .text, capacity: groups.count)
        for group in groups {
            if best.pointer[group].memory == nil { out.appendNull() } else { out.append(text: best.pointer[group].view) }
        }
        return out
    }
}
