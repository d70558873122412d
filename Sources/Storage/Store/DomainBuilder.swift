/// A key domain while a writer gives ids: the values that were there, and behind them the new ones.
final class DomainBuilder {
    private static let idsMax = Int(UInt32.max) - 1

    let id: UInt32
    let types: [LogicalType]
    private let index = IntegerIndex()
    /// Integers, or bits of doubles, in the order of their ids.
    private var values: UnsafeMutablePointer<Int64>
    private var capacity: Int
    private let texts: DictionaryBuilder?
    private let scratch = RawBuffer()
    /// Values before this one are in keys files already.
    private(set) var written = 0

    /// The form of the domain's values: one number, or bytes.
    static func isInteger(_ types: [LogicalType]) -> Bool { types.count == 1 && types[0].physical != .text }

    /// Starts from what is written; `base` holds it.
    init(_ state: DomainState, base: DomainValues?) throws {
        id = state.id
        types = state.types
        written = Int(state.count)
        if DomainBuilder.isInteger(types) {
            texts = nil
            capacity = max(1024, written + written / 8)
            values = .allocate(capacity: capacity)
            if case .integers(let known)? = base {
                for i in 0..<written {
                    values[i] = known.values[i]
                    if index.find(values[i]) != nil { throw DomainBuilder.corrupt(state) }
                    try index.insert(values[i], id: UInt32(i))
                }
            }
        } else {
            capacity = 0
            values = .allocate(capacity: 1)
            if case .texts(let known)? = base { texts = DictionaryBuilder(base: known) } else { texts = DictionaryBuilder(base: nil) }
        }
    }

    deinit { values.deallocate() }

    static func corrupt(_ state: DomainState) -> StorageError {
        StorageError(.corrupt, "the keys of \(state.table) are damaged: a value has two ids", hint: "restore them from a copy of the store")
    }

    var count: Int { texts?.count ?? index.count }

    /// Gives every row the id of its key, a new one where the value was never seen. `nulls` gets a byte a row, and the ids under nulls
    /// are 0; returns whether there are nulls.
    func resolve(
        _ parts: [KeyPart], rows: Int, map: CodeIDs?, into ids: UnsafeMutablePointer<Int64>, nulls: UnsafeMutablePointer<UInt8>
    ) throws -> Bool {
        precondition(parts.count == types.count)
        if count > DomainBuilder.idsMax - rows { throw StorageError(.environment, "one link holds at most four billion keys") }
        let hasNulls = DomainBuilder.mergeNulls(parts, rows, into: nulls)
        if let texts {
            resolveTexts(texts, parts, rows, map, hasNulls ? nulls : nil, into: ids)
        } else {
            switch parts[0] {
            case .integers(let source, _): try resolve(source, rows, hasNulls ? nulls : nil, into: ids)
            case .doubles(let source, _):
                try withUnsafeTemporaryAllocation(of: Int64.self, capacity: max(rows, 1)) { bits in
                    for i in 0..<rows { bits[i] = Int64(bitPattern: (source[i] + 0).bitPattern) }
                    if let start = bits.baseAddress { try resolve(start, rows, hasNulls ? nulls : nil, into: ids) }
                }
            case .codes, .shortCodes, .texts, .views: preconditionFailure("texts in a domain of numbers")
            }
        }
        return hasNulls
    }

    private static func mergeNulls(_ parts: [KeyPart], _ rows: Int, into nulls: UnsafeMutablePointer<UInt8>) -> Bool {
        var has = false
        for part in parts {
            guard let source = part.nulls else { continue }
            if has {
                for i in 0..<rows { nulls[i] |= source[i] }
            } else {
                nulls.update(from: source, count: rows)
            }
            has = true
        }
        if !has { nulls.update(repeating: 0, count: rows) }
        return has
    }

    private func resolve(
        _ source: UnsafePointer<Int64>, _ rows: Int, _ nulls: UnsafePointer<UInt8>?, into ids: UnsafeMutablePointer<Int64>
    ) throws {
        var i = 0
        while i < rows {
            // The usual stretch: keys that are known, in an array that covers them.
            if let slots = index.slots {
                let (low, slotCount) = (index.low, index.slotCount)
                if let nulls {
                    while i < rows {
                        if nulls[i] != 0 {
                            ids[i] = 0
                        } else {
                            let at = UInt64(bitPattern: source[i] &- low)
                            guard at < slotCount else { break }
                            let held = slots[Int(truncatingIfNeeded: at)]
                            guard held != 0 else { break }
                            ids[i] = Int64(held) &- 1
                        }
                        i &+= 1
                    }
                } else {
                    while i < rows {
                        let at = UInt64(bitPattern: source[i] &- low)
                        guard at < slotCount else { break }
                        let held = slots[Int(truncatingIfNeeded: at)]
                        guard held != 0 else { break }
                        ids[i] = Int64(held) &- 1
                        i &+= 1
                    }
                }
                if i == rows { return }
            }
            if let nulls, nulls[i] != 0 {
                ids[i] = 0
            } else if let found = index.find(source[i]) {
                ids[i] = Int64(found)
            } else {
                ids[i] = Int64(try add(source[i]))
            }
            i &+= 1
        }
    }

    private func add(_ value: Int64) throws -> UInt32 {
        let id = index.count
        if id == capacity {
            let larger = UnsafeMutablePointer<Int64>.allocate(capacity: capacity * 2)
            larger.update(from: values, count: id)
            values.deallocate()
            values = larger
            capacity *= 2
        }
        try index.insert(value, id: UInt32(id))
        values[id] = value
        return UInt32(id)
    }

    private func resolveTexts(
        _ texts: DictionaryBuilder, _ parts: [KeyPart], _ rows: Int, _ map: CodeIDs?, _ nulls: UnsafePointer<UInt8>?,
        into ids: UnsafeMutablePointer<Int64>
    ) {
        if parts.count == 1 {
            if let map {
                switch parts[0] {
                case .codes(let codes, let builder, _):
                    map.reserve(builder.count)
                    for i in 0..<rows { ids[i] = nulls.map { $0[i] != 0 } ?? false ? 0 : map.id(Int(codes[i]), builder, texts) }
                    return
                case .shortCodes(let codes, let builder, _):
                    map.reserve(builder.count)
                    for i in 0..<rows { ids[i] = nulls.map { $0[i] != 0 } ?? false ? 0 : map.id(Int(codes[i]), builder, texts) }
                    return
                case .texts, .views, .integers, .doubles: break
                }
            }
            let part = parts[0]
            for i in 0..<rows {
                if let nulls, nulls[i] != 0 {
                    ids[i] = 0
                } else {
                    let view = part.text(i)
                    ids[i] = Int64(texts.code(view.base, view.count))
                }
            }
            return
        }
        for i in 0..<rows {
            if let nulls, nulls[i] != 0 {
                ids[i] = 0
            } else {
                let view = encode(parts, i)
                ids[i] = Int64(texts.code(view.base, view.count))
            }
        }
    }

    private func encode(_ parts: [KeyPart], _ i: Int) -> TextView {
        scratch.count = 0
        for part in parts { part.append(i, to: scratch) }
        return TextView(base: UnsafePointer(scratch.base.assumingMemoryBound(to: UInt8.self)), count: scratch.count)
    }

    /// The id of row `i`'s key, without giving one; nil where the value was never seen.
    func find(_ parts: [KeyPart], _ i: Int) -> UInt32? {
        if let texts {
            let view = parts.count == 1 ? parts[0].text(i) : encode(parts, i)
            return texts.find(view.base, view.count)
        }
        switch parts[0] {
        case .integers(let values, _): return index.find(values[i])
        case .doubles(let values, _): return index.find(Int64(bitPattern: (values[i] + 0).bitPattern))
        case .codes, .shortCodes, .texts, .views: preconditionFailure("texts in a domain of numbers")
        }
    }

    /// Appends the values that are in no file yet as one record (all of them if `anew`); nil where there are none.
    func appendPiece(file: UInt64, anew: Bool = false, to out: RawBuffer) -> DictionaryPiece? {
        if anew { written = 0 }
        defer { written = count }
        if written == count { return nil }
        if let texts { return texts.appendPiece(column: id, from: written, file: file, to: out) }
        return KeysFormat.append(values + written, count: count - written, firstID: written, domain: id, file: file, to: out)
    }
}

/// Where the codes of a text column lead in a domain, found out as they come: a text is looked up once, not in every row.
final class CodeIDs {
    private var ids: UnsafeMutablePointer<UInt32> = .allocate(capacity: 1)
    private var capacity = 0

    deinit { ids.deallocate() }

    func reserve(_ count: Int) {
        if count <= capacity { return }
        let larger = UnsafeMutablePointer<UInt32>.allocate(capacity: count * 2)
        larger.update(from: ids, count: capacity)
        (larger + capacity).update(repeating: 0, count: count * 2 - capacity)
        ids.deallocate()
        ids = larger
        capacity = count * 2
    }

    @inline(__always)
    fileprivate func id(_ code: Int, _ builder: DictionaryBuilder, _ domain: DictionaryBuilder) -> Int64 {
        if ids[code] == 0 {
            let view = builder.text(UInt32(truncatingIfNeeded: code))
            ids[code] = domain.code(view.base, view.count) &+ 1
        }
        return Int64(ids[code]) &- 1
    }
}
