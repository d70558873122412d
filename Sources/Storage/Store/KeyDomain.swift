/// The ids of a table's key values: permanent, from 0, whether a row has the value now (a row), not yet (an orphan's parent) or no
/// longer (a deleted row).
public final class KeyDomain: @unchecked Sendable {
    let state: DomainState
    private let files: [UInt64: any File]
    private let mutex = Mutex()
    private var loaded: DomainValues?
    private var builder: DomainBuilder?

    init(state: DomainState, files: [UInt64: any File]) {
        self.state = state
        self.files = files
    }

    /// Never given twice in the life of a store: what keeps ids beside the store's own data keeps this with them.
    public var id: UInt32 { state.id }
    public var table: String { state.table }
    /// Empty while the parent table and so its key are not known.
    public var columns: [String] { state.columns }
    public var types: [LogicalType] { state.types }
    /// Ids are `0 ..< count`.
    public var count: Int { Int(state.count) }

    /// The key value of an id, one cell for each of ``types``. The first call reads all values of the domain.
    public func key(of id: UInt32) throws -> [Value] {
        precondition(Int(id) < count, "an id beyond the domain")
        switch try values() {
        case .integers(let integers): return [DomainValues.cell(integers.values[Int(id)], types[0])]
        case .texts(let dictionary):
            if types.count == 1 { return [.text(dictionary[id].string)] }
            return try decode(dictionary[id])
        }
    }

    /// The integers of a domain of single keys that are physically integers, in the order of their ids; they live as long as this
    /// object. nil for keys of another form.
    public func integers() throws -> UnsafeBufferPointer<Int64>? {
        guard DomainBuilder.isInteger(types), types[0].physical == .integer, case .integers(let integers) = try values() else { return nil }
        return UnsafeBufferPointer(start: integers.values, count: count)
    }

    /// The id of a key value, one cell for each of ``types``; nil where it was never seen. The first call builds an index of all values.
    public func id(of key: [Value]) throws -> UInt32? {
        precondition(key.count == types.count, "a key of another shape")
        let base = try values()
        return try mutex.locked {
            let builder = try builder ?? DomainBuilder(state, base: base)
            self.builder = builder
            return key.withKeyParts(types) { builder.find($0, 0) }
        }
    }

    func values() throws -> DomainValues {
        try mutex.locked {
            if let loaded { return loaded }
            let made = try DomainValues(state, files: files)
            loaded = made
            return made
        }
    }

    private func decode(_ view: TextView) throws -> [Value] {
        func corrupt() -> StorageError { StorageError(.corrupt, "the keys of \(table) are damaged: a value of another shape") }
        var at = 0
        var key: [Value] = []
        let bytes = UnsafeRawBufferPointer(view.buffer)
        for type in types {
            if type.physical == .text {
                guard bytes.count - at >= 4 else { throw corrupt() }
                let length = Int(bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
                guard length <= bytes.count - at - 4 else { throw corrupt() }
                key.append(.text(String(decoding: bytes[(at + 4)..<(at + 4 + length)], as: UTF8.self)))
                at += 4 + length
            } else {
                guard bytes.count - at >= 8 else { throw corrupt() }
                key.append(DomainValues.cell(bytes.loadUnaligned(fromByteOffset: at, as: Int64.self), type))
                at += 8
            }
        }
        guard at == bytes.count else { throw corrupt() }
        return key
    }
}

/// The values of a domain as they are read from its pieces.
enum DomainValues {
    /// Integers, or bits of doubles.
    final class Integers: @unchecked Sendable {
        let values: UnsafeMutablePointer<Int64>
        init(count: Int) { values = .allocate(capacity: max(1, count)) }
        deinit { values.deallocate() }
    }
    case integers(Integers)
    case texts(TextDictionary)

    init(_ state: DomainState, files: [UInt64: any File]) throws {
        func file(_ piece: DictionaryPiece) -> any File {
            guard let file = files[piece.file] else { preconditionFailure("a keys file that was never opened") }
            return file
        }
        if DomainBuilder.isInteger(state.types) {
            let integers = Integers(count: Int(state.count))
            for piece in state.pieces {
                try KeysFormat.read(piece, domain: state.id, file: file(piece), into: integers.values + Int(piece.firstCode))
            }
            self = .integers(integers)
            return
        }
        let views = UnsafeMutablePointer<TextView>.allocate(capacity: max(1, Int(state.count)))
        var keepers: [AnyObject] = []
        do {
            for piece in state.pieces {
                keepers.append(
                    try DictionaryFormat.read(piece, column: state.id, file: file(piece), into: views + Int(piece.firstCode)))
            }
        } catch {
            views.deallocate()
            throw error
        }
        self = .texts(TextDictionary(owning: views, count: Int(state.count), keepers: keepers))
    }

    static func cell(_ bits: Int64, _ type: LogicalType) -> Value {
        type.physical == .double ? .double(Double(bitPattern: UInt64(bitPattern: bits))) : .integer(bits)
    }
}

extension [Value] {
    /// Cells as key columns of one row.
    fileprivate func withKeyParts<T>(_ types: [LogicalType], _ body: ([KeyPart]) -> T) -> T {
        let numbers = UnsafeMutablePointer<Int64>.allocate(capacity: count)
        let doubles = UnsafeMutablePointer<Double>.allocate(capacity: count)
        let views = UnsafeMutablePointer<TextView>.allocate(capacity: count)
        let bytes = RawBuffer(capacity: 256)
        defer {
            numbers.deallocate()
            doubles.deallocate()
            views.deallocate()
        }
        var starts: [Int] = []
        for cell in self {
            starts.append(bytes.count)
            if case .text(let text) = cell { Array<UInt8>(text.utf8).withUnsafeBytes { bytes.append($0) } }
        }
        starts.append(bytes.count)
        let base = UnsafePointer(bytes.base.assumingMemoryBound(to: UInt8.self))
        let parts = indices.map { c -> KeyPart in
            switch self[c] {
            case .integer(let value):
                precondition(types[c].physical == .integer)
                numbers[c] = value
                return .integers(numbers + c, nulls: nil)
            case .double(let value):
                precondition(types[c].physical == .double)
                doubles[c] = value
                return .doubles(doubles + c, nulls: nil)
            case .text:
                precondition(types[c].physical == .text)
                (views + c).initialize(to: TextView(base: base + starts[c], count: starts[c + 1] - starts[c]))
                return .views(views + c, nulls: nil)
            case .null: preconditionFailure("a key is never null")
            }
        }
        return withExtendedLifetime(bytes) { body(parts) }
    }
}
