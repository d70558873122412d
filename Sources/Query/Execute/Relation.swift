import Storage

/// Rows held in memory, column by column: what a sort, a window or an aggregate leaves behind.
final class Relation: @unchecked Sendable {
    let layout: Layout
    let columns: [ColumnBuffer]
    private(set) var rowCount: Int

    init(layout: Layout, columns: [ColumnBuffer], rowCount: Int) {
        precondition(layout.slots.count == columns.count)
        self.layout = layout
        self.columns = columns
        self.rowCount = rowCount
    }

    convenience init(layout: Layout) {
        self.init(layout: layout, columns: layout.slots.map { ColumnBuffer(type: $0.type, dictionary: $0.dictionary) }, rowCount: 0)
    }

    subscript(id: ColumnID) -> ColumnBuffer { columns[layout[id]] }

    func append(_ batch: Batch) throws {
        for (slot, column) in columns.enumerated() { column.append(try batch.vector(slot), count: batch.count) }
        rowCount += batch.count
    }

    /// Appends another relation of the same layout.
    func append(_ other: Relation) {
        for (column, more) in zip(columns, other.columns) { column.append(more) }
        rowCount += other.rowCount
    }

    /// The rows at `positions`, in that order.
    func picked(_ positions: [Int]) -> Relation {
        Relation(layout: layout, columns: columns.map { $0.picked(positions) }, rowCount: positions.count)
    }

    /// The same rows with more columns.
    func adding(_ slots: [(Layout.Slot, ColumnBuffer)]) -> Relation {
        Relation(layout: Layout(layout.slots + slots.map(\.0)), columns: columns + slots.map(\.1), rowCount: rowCount)
    }
}

/// A column of any length, in the form of a ``Vector``: text is codes, or views into its own bytes.
final class ColumnBuffer: @unchecked Sendable {
    let type: LogicalType
    let form: Vector.Form
    let dictionary: TextDictionary?
    private(set) var count = 0
    /// Empty until the first null.
    private(set) var nulls: [UInt8] = []
    private var storage: UnsafeMutableRawPointer
    private var capacity: Int
    private let stride: Int
    /// What views of `.texts` point into; blocks never move.
    private var arena = TextArena()

    init(type: LogicalType, dictionary: TextDictionary? = nil, capacity: Int = 1024) {
        self.type = type
        self.dictionary = dictionary
        form = Vector.Form(type, coded: dictionary != nil)
        stride = form.stride
        self.capacity = max(capacity, 16)
        storage = .allocate(byteCount: self.capacity * stride, alignment: 64)
    }
    deinit { storage.deallocate() }

    @inline(__always) var integers: UnsafeMutablePointer<Int64> { storage.assumingMemoryBound(to: Int64.self) }
    @inline(__always) var doubles: UnsafeMutablePointer<Double> { storage.assumingMemoryBound(to: Double.self) }
    @inline(__always) var mask: UnsafeMutablePointer<UInt8> { storage.assumingMemoryBound(to: UInt8.self) }
    @inline(__always) var codes: UnsafeMutablePointer<UInt32> { storage.assumingMemoryBound(to: UInt32.self) }
    @inline(__always) var texts: UnsafeMutablePointer<TextView> { storage.assumingMemoryBound(to: TextView.self) }
    var hasNulls: Bool { !nulls.isEmpty }
    @inline(__always) func isNull(_ row: Int) -> Bool { !nulls.isEmpty && nulls[row] != 0 }

    private func reserve(_ more: Int) {
        guard count + more > capacity else { return }
        let grown = max(capacity * 2, count + more)
        let moved = UnsafeMutableRawPointer.allocate(byteCount: grown * stride, alignment: 64)
        moved.copyMemory(from: storage, byteCount: count * stride)
        storage.deallocate()
        storage = moved
        capacity = grown
    }

    func append(_ vector: Vector, count more: Int) {
        precondition(vector.form == form || (form == .texts && vector.form == .codes))
        reserve(more)
        appendNulls(vector.hasNulls ? UnsafePointer(vector.nulls) : nil, more)
        if form == .texts {
            for i in 0..<more {
                texts[count + i] = vector.isNull(i) ? TextView(base: nil, count: 0) : arena.copy(vector.text(i).buffer)
            }
        } else {
            assert(dictionary === vector.dictionary)
            (storage + count * stride).copyMemory(from: vector.storage, byteCount: more * stride)
        }
        count += more
    }

    func append(_ other: ColumnBuffer) {
        precondition(other.form == form)
        reserve(other.count)
        other.nulls.withUnsafeBufferPointer { appendNulls($0.isEmpty ? nil : $0.baseAddress, other.count) }
        if form == .texts {
            for i in 0..<other.count { texts[count + i] = arena.copy(other.texts[i].buffer) }
        } else {
            (storage + count * stride).copyMemory(from: other.storage, byteCount: other.count * stride)
        }
        count += other.count
    }

    /// Makes room for more rows, which the caller writes; none of them is null.
    func extend(_ more: Int) {
        reserve(more)
        appendNulls(nil, more)
        count += more
    }

    func setNull(_ row: Int) {
        if nulls.isEmpty { nulls = Array(repeating: 0, count: count) }
        nulls[row] = 1
    }

    private func appendNulls(_ more: UnsafePointer<UInt8>?, _ added: Int) {
        if let more, added > 0 {
            if nulls.isEmpty { nulls = Array(repeating: 0, count: count) }
            nulls.append(contentsOf: UnsafeBufferPointer(start: more, count: added))
        } else if !nulls.isEmpty {
            nulls.append(contentsOf: repeatElement(0, count: added))
        }
    }

    func appendNull() {
        reserve(1)
        if nulls.isEmpty { nulls = Array(repeating: 0, count: count) }
        nulls.append(1)
        switch form {
        case .integers: integers[count] = 0
        case .doubles: doubles[count] = 0
        case .mask: mask[count] = 0
        case .codes: codes[count] = 0
        case .texts: texts[count] = TextView(base: nil, count: 0)
        }
        count += 1
    }

    func append(integer: Int64) {
        reserve(1)
        if form == .mask { mask[count] = integer != 0 ? 1 : 0 } else { integers[count] = integer }
        if !nulls.isEmpty { nulls.append(0) }
        count += 1
    }

    func append(double: Double) {
        reserve(1)
        doubles[count] = double
        if !nulls.isEmpty { nulls.append(0) }
        count += 1
    }

    func append(code: UInt32) {
        reserve(1)
        codes[count] = code
        if !nulls.isEmpty { nulls.append(0) }
        count += 1
    }

    func append(text: TextView) {
        reserve(1)
        texts[count] = arena.copy(text.buffer)
        if !nulls.isEmpty { nulls.append(0) }
        count += 1
    }

    func append(_ value: Value) {
        switch value {
        case .null: appendNull()
        case .integer(let integer): append(integer: integer)
        case .double(let double): append(double: double)
        case .text(var text):
            text.withUTF8 { bytes in
                let view = TextView(base: bytes.baseAddress, count: bytes.count)
                if form == .codes {
                    guard let code = dictionary!.code(of: view) else { preconditionFailure("a text that its dictionary does not hold") }
                    append(code: code)
                } else {
                    append(text: view)
                }
            }
        }
    }

    /// Appends row `row` of a buffer of the same type; text may change its form to views.
    func append(row: Int, of other: ColumnBuffer) {
        if other.isNull(row) { return appendNull() }
        switch form {
        case .integers: append(integer: other.integers[row])
        case .doubles: append(double: other.doubles[row])
        case .mask: append(integer: Int64(other.mask[row]))
        case .codes: append(code: other.codes[row])
        case .texts: append(text: other.text(row))
        }
    }

    @inline(__always)
    func text(_ row: Int) -> TextView { form == .codes ? dictionary![codes[row]] : texts[row] }

    func value(_ row: Int) -> Value {
        if isNull(row) { return .null }
        switch form {
        case .integers: return .integer(integers[row])
        case .doubles: return .double(doubles[row])
        case .mask: return .integer(Int64(mask[row]))
        case .codes, .texts: return .text(text(row).string)
        }
    }

    /// A position of -1 gives null.
    func picked(_ positions: [Int]) -> ColumnBuffer {
        let out = ColumnBuffer(type: type, dictionary: dictionary, capacity: positions.count)
        switch form {
        case .integers: pick(integers, positions, out.integers)
        case .doubles: pick(doubles, positions, out.doubles)
        case .mask: pick(mask, positions, out.mask)
        case .codes: pick(codes, positions, out.codes)
        case .texts:
            for (i, row) in positions.enumerated() {
                out.texts[i] = row < 0 ? TextView(base: nil, count: 0) : out.arena.copy(texts[row].buffer)
            }
        }
        out.count = positions.count
        if hasNulls || positions.contains(where: { $0 < 0 }) { out.nulls = positions.map { $0 < 0 || isNull($0) ? 1 : 0 } }
        return out
    }

    private func pick<T: ExpressibleByIntegerLiteral>(_ a: UnsafeMutablePointer<T>, _ positions: [Int], _ out: UnsafeMutablePointer<T>) {
        for (i, row) in positions.enumerated() { out[i] = row < 0 ? 0 : a[row] }
    }

    /// Copies rows into a vector of the same form.
    func copy(from first: Int, count: Int, into vector: Vector) {
        vector.reset()
        (vector.storage).copyMemory(from: storage + first * stride, byteCount: count * stride)
        guard !nulls.isEmpty else { return }
        nulls.withUnsafeBufferPointer { vector.nulls.update(from: $0.baseAddress! + first, count: count) }
        vector.hasNulls = true
    }
}

/// Batches over a relation's rows.
final class RelationBatch: Batch {
    private let relation: Relation
    private let vectors: [Vector]
    private var first = 0

    init(_ relation: Relation) {
        self.relation = relation
        vectors = relation.layout.makeVectors()
        super.init(slotCount: vectors.count)
    }

    func move(to first: Int, count: Int) {
        self.first = first
        advance(count: count)
    }

    override func load(_ slot: Int) throws -> Vector {
        relation.columns[slot].copy(from: first, count: count, into: vectors[slot])
        return vectors[slot]
    }
}
