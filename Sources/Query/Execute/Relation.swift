import Storage

/// Rows held in memory, column by column: what a sort, a window or an aggregate leaves behind.
final class Relation: @unchecked Sendable {
    let layout: Layout
    let columns: [ColumnBuffer]
    private(set) var rowCount: Int
    /// What the rows take of the statement's memory, as long as they live.
    var lease: MemoryLease?

    init(layout: Layout, columns: [ColumnBuffer], rowCount: Int) {
        precondition(layout.slots.count == columns.count)
        self.layout = layout
        self.columns = columns
        self.rowCount = rowCount
    }

    convenience init(layout: Layout, capacity: Int = 1024) {
        let columns = layout.slots.map { ColumnBuffer(type: $0.type, dictionary: $0.dictionary, capacity: capacity) }
        self.init(layout: layout, columns: columns, rowCount: 0)
    }

    subscript(id: ColumnID) -> ColumnBuffer { columns[layout[id]] }

    /// Appends a batch; returns how many bytes its rows take.
    @discardableResult
    func append(_ batch: Batch) throws -> Int {
        var bytes = 0
        for (slot, column) in columns.enumerated() { bytes += column.append(try batch.vector(slot), count: batch.count) }
        rowCount += batch.count
        return bytes
    }

    /// Appends the columns of `batch` that lie in these slots.
    func append(_ batch: Batch, slots: [Int]) throws -> Int {
        var bytes = 0
        for (place, slot) in slots.enumerated() { bytes += columns[place].append(try batch.vector(slot), count: batch.count) }
        rowCount += batch.count
        return bytes
    }

    /// What the rows take.
    var bytes: Int { columns.reduce(0) { $0 + $1.bytes } }

    /// Charges the rows to a budget for as long as they live.
    func charged(to budget: MemoryBudget, _ holder: String) throws -> Relation {
        let lease = MemoryLease(budget, holder)
        try lease.add(bytes)
        self.lease = lease
        return self
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

    /// The rows at the places `range` of `rows`, in that order.
    func picked(_ rows: RowNumbers, _ range: Range<Int>) -> Relation {
        Relation(layout: layout, columns: columns.map { $0.picked(rows, range) }, rowCount: range.count)
    }

    /// As ``picked(_:_:)``, by several threads where it is worth it.
    func picked(_ rows: RowNumbers, _ range: Range<Int>, threads: Int, _ cancellation: Cancellation) throws -> Relation {
        let columns = try columns.map { try $0.picked(rows, range, threads: threads, cancellation) }
        return Relation(layout: layout, columns: columns, rowCount: range.count)
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
    /// Of other buffers whose texts this one points to.
    private var arenas: [TextArena] = []

    init(type: LogicalType, dictionary: TextDictionary? = nil, capacity: Int = 1024) {
        self.type = type
        self.dictionary = dictionary
        form = Vector.Form(type, coded: dictionary != nil)
        stride = form.stride
        self.capacity = max(capacity, 16)
        storage = LargeMemory.allocate(byteCount: self.capacity * stride)
    }

    /// A column of `count` rows whose values are still to be written.
    convenience init(type: LogicalType, dictionary: TextDictionary? = nil, rows count: Int, nulls: [UInt8] = []) {
        self.init(type: type, dictionary: dictionary, capacity: count)
        self.count = count
        self.nulls = nulls
    }
    deinit { LargeMemory.free(storage) }

    /// Marks the rows whose byte is 1 as null; a column without any keeps none.
    func setNulls(_ bytes: [UInt8]) {
        precondition(bytes.count == count)
        nulls = bytes.contains(1) ? bytes : []
    }

    @inline(__always) var integers: UnsafeMutablePointer<Int64> { storage.assumingMemoryBound(to: Int64.self) }
    @inline(__always) var doubles: UnsafeMutablePointer<Double> { storage.assumingMemoryBound(to: Double.self) }
    @inline(__always) var mask: UnsafeMutablePointer<UInt8> { storage.assumingMemoryBound(to: UInt8.self) }
    @inline(__always) var codes: UnsafeMutablePointer<UInt32> { storage.assumingMemoryBound(to: UInt32.self) }
    @inline(__always) var texts: UnsafeMutablePointer<TextView> { storage.assumingMemoryBound(to: TextView.self) }
    var hasNulls: Bool { !nulls.isEmpty }
    @inline(__always) func isNull(_ row: Int) -> Bool { !nulls.isEmpty && nulls[row] != 0 }

    /// The values but for nulls, each once, ascending.
    func distinctIntegers() -> [Int64] {
        let values = integers
        var low = Int64.max
        var high = Int64.min
        for row in 0..<count where !isNull(row) {
            low = min(low, values[row])
            high = max(high, values[row])
        }
        guard low <= high else { return [] }
        var found: [Int64] = []
        let (span, overflow) = high.subtractingReportingOverflow(low)
        if !overflow, span < Int64(max(1 << 16, min(count * 64, 1 << 30))) {
            // A bit for each number in between: they come out in order.
            var bits = Array(repeating: UInt64(0), count: Int(span) / 64 + 1)
            bits.withUnsafeMutableBufferPointer { bits in
                for row in 0..<count where !isNull(row) {
                    let place = UInt64(bitPattern: values[row] &- low)
                    bits[Int(place >> 6)] |= 1 << (place & 63)
                }
            }
            found.reserveCapacity(min(count, bits.count * 64))
            for (word, set) in bits.enumerated() {
                var rest = set
                while rest != 0 {
                    found.append(low + Int64(word * 64 + rest.trailingZeroBitCount))
                    rest &= rest - 1
                }
            }
            return found
        }
        var sorted: [Int64] = []
        sorted.reserveCapacity(count)
        for row in 0..<count where !isNull(row) { sorted.append(values[row]) }
        sorted.sort()
        for value in sorted where found.last != value { found.append(value) }
        return found
    }

    /// Numbers without nulls, none smaller than the one before it.
    var isAscending: Bool {
        guard form == .integers, !hasNulls else { return false }
        let values = integers
        var row = 1
        while row < count, values[row - 1] <= values[row] { row &+= 1 }
        return row >= count
    }

    private func reserve(_ more: Int) {
        guard count + more > capacity else { return }
        let grown = max(capacity * 2, count + more)
        let moved = LargeMemory.allocate(byteCount: grown * stride)
        moved.copyMemory(from: storage, byteCount: count * stride)
        LargeMemory.free(storage)
        storage = moved
        capacity = grown
    }

    /// What the values take: the memory behind them grows in steps and may be larger.
    var bytes: Int { count * stride + nulls.count + arena.bytes }

    /// Appends rows; returns how many bytes they take.
    @discardableResult
    func append(_ vector: Vector, count more: Int) -> Int {
        let before = arena.bytes
        precondition(vector.form == form || (form == .texts && vector.form == .codes))
        reserve(more)
        appendNulls(vector.hasNulls ? UnsafePointer(vector.nulls) : nil, more)
        if form == .texts {
            appendTexts(vector, more)
        } else {
            assert(dictionary === vector.dictionary)
            (storage + count * stride).copyMemory(from: vector.storage, byteCount: more * stride)
        }
        count += more
        return more * (nulls.isEmpty ? stride : stride + 1) + arena.bytes - before
    }

    /// Writes a vector's texts behind the last row: the room for all of them is asked for once.
    private func appendTexts(_ vector: Vector, _ more: Int) {
        let views = texts + count
        let nulls = vector.hasNulls ? UnsafePointer(vector.nulls) : nil
        if vector.form == .texts {
            views.update(from: vector.texts, count: more)
        } else {
            for i in 0..<more where nulls == nil || nulls.unsafelyUnwrapped[i] == 0 { views[i] = vector.text(i) }
        }
        if let nulls { for i in 0..<more where nulls[i] != 0 { views[i] = TextView(base: nil, count: 0) } }
        var bytes = 0
        for i in 0..<more { bytes &+= views[i].count }
        guard bytes > 0 else { return views.update(repeating: TextView(base: nil, count: 0), count: more) }
        var target = arena.room(bytes)
        for i in 0..<more {
            guard let base = views[i].base, views[i].count > 0 else {
                views[i] = TextView(base: nil, count: 0)
                continue
            }
            target.update(from: base, count: views[i].count)
            views[i].base = UnsafePointer(target)
            target += views[i].count
        }
    }

    func append(_ other: ColumnBuffer) {
        precondition(other.form == form)
        reserve(other.count)
        other.nulls.withUnsafeBufferPointer { appendNulls($0.isEmpty ? nil : $0.baseAddress, other.count) }
        if form == .texts {
            keep(other)
        }
        (storage + count * stride).copyMemory(from: other.storage, byteCount: other.count * stride)
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

    /// Texts of another buffer live as long as this one.
    private func keep(_ other: ColumnBuffer) { for arena in [other.arena] + other.arenas { keep(arena) } }
    func keep(_ other: TextArena) {
        for arena in arenas.suffix(4) where arena === other { return }
        arenas.append(other)
    }

    /// All rows of `parts`, of the same form, one after another. The parts are empty afterwards: memory for one more column is all it takes.
    static func joined(_ parts: [ColumnBuffer], threads: Int) throws -> ColumnBuffer {
        let starts = parts.reduce(into: [0]) { $0.append($0.last! + $1.count) }
        let total = starts.last!
        let hasNulls = parts.contains { $0.hasNulls }
        let out = ColumnBuffer(type: parts[0].type, dictionary: parts[0].dictionary, rows: total)
        for part in parts {
            precondition(part.form == out.form)
            if out.form == .texts { out.keep(part) }
        }
        try Parallel.run(parts.count, threads: total >= Parallel.rowsMin ? threads : 1) { index in
            (out.storage + starts[index] * out.stride).copyMemory(
                from: parts[index].storage, byteCount: parts[index].count * out.stride)
        }
        if hasNulls {
            out.nulls.reserveCapacity(total)
            for part in parts {
                if part.hasNulls {
                    out.nulls.append(contentsOf: part.nulls)
                } else {
                    out.nulls.append(contentsOf: repeatElement(0, count: part.count))
                }
            }
        }
        for part in parts { part.empty() }
        return out
    }

    private func empty() {
        LargeMemory.free(storage)
        capacity = 16
        storage = LargeMemory.allocate(byteCount: capacity * stride)
        count = 0
        nulls = []
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

    /// Appends texts that lie end to end: text `i` is `bytes[ends[i] ..< ends[i + 1]]`. They are copied in one piece.
    func append(texts bytes: UnsafePointer<UInt8>, ends: UnsafePointer<Int>, count more: Int) {
        precondition(form == .texts)
        guard more > 0 else { return }
        reserve(more)
        let start = ends[0]
        let target = arena.room(ends[more] - start)
        target.update(from: bytes + start, count: ends[more] - start)
        let views = texts + count
        for i in 0..<more {
            let length = ends[i &+ 1] &- ends[i]
            views[i] = TextView(base: length > 0 ? UnsafePointer(target + (ends[i] &- start)) : nil, count: length)
        }
        appendNulls(nil, more)
        count += more
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

    // MARK: picking by row numbers

    /// Row numbers of ``RowNumbers`` that mean a null.
    static let noRow = UInt32.max

    func picked(_ rows: RowNumbers, _ range: Range<Int>, hasGaps: Bool = false) -> ColumnBuffer {
        let out = ColumnBuffer(type: type, dictionary: dictionary, rows: range.count)
        share(with: out)
        pick(rows.base + range.lowerBound, 0..<range.count, hasGaps, into: out)
        if hasNulls || hasGaps {
            var flags = [UInt8](repeating: 0, count: range.count)
            flags.withUnsafeMutableBufferPointer { pickNulls(rows.base + range.lowerBound, 0..<range.count, hasGaps, $0.baseAddress!) }
            out.nulls = flags
        }
        return out
    }

    func picked(_ rows: RowNumbers, _ range: Range<Int>, threads: Int, hasGaps: Bool = false, _ cancellation: Cancellation) throws
        -> ColumnBuffer
    {
        let out = ColumnBuffer(type: type, dictionary: dictionary, rows: range.count)
        share(with: out)
        let parts = out.sharesTexts || form != .texts ? max(1, range.count >> 16) : 1
        var flags = [UInt8](repeating: 0, count: hasNulls || hasGaps ? range.count : 0)
        try flags.withUnsafeMutableBufferPointer { flags in
            let nulls = flags.isEmpty ? nil : UncheckedPointer(flags.baseAddress!)
            try Parallel.run(parts, threads: threads) { part in
                try cancellation.check()
                let places = range.count * part / parts..<range.count * (part + 1) / parts
                pick(rows.base + range.lowerBound, places, hasGaps, into: out)
                if let nulls { pickNulls(rows.base + range.lowerBound, places, hasGaps, nulls.base) }
            }
        }
        out.nulls = flags
        return out
    }

    /// The same values with other nulls. For a column that nobody else has.
    func with(nulls: [UInt8]) -> ColumnBuffer {
        precondition(nulls.count == count)
        self.nulls = nulls.contains(1) ? nulls : []
        return self
    }

    private var sharesTexts: Bool { !arenas.isEmpty }

    /// A few rows do not keep the texts of many alive: theirs are copied.
    private func share(with out: ColumnBuffer) {
        if form == .texts, out.count >= count / 4 { out.keep(self) }
    }

    private func pick(_ rows: UnsafePointer<UInt32>, _ range: Range<Int>, _ hasGaps: Bool, into out: ColumnBuffer) {
        switch form {
        case .integers: pick(integers, rows, range, hasGaps, out.integers)
        case .doubles: pick(doubles, rows, range, hasGaps, out.doubles)
        case .mask: pick(mask, rows, range, hasGaps, out.mask)
        case .codes: pick(codes, rows, range, hasGaps, out.codes)
        case .texts:
            let shares = out.sharesTexts
            for i in range {
                let view = hasGaps && rows[i] == Self.noRow ? TextView(base: nil, count: 0) : texts[Int(rows[i])]
                out.texts[i] = shares ? view : out.arena.copy(view.buffer)
            }
        }
    }

    private func pickNulls(_ rows: UnsafePointer<UInt32>, _ range: Range<Int>, _ hasGaps: Bool, _ flags: UnsafeMutablePointer<UInt8>) {
        nulls.withUnsafeBufferPointer { nulls in
            if nulls.isEmpty {
                for i in range { flags[i] = hasGaps && rows[i] == Self.noRow ? 1 : 0 }
                return
            }
            // A gap's number leads nowhere.
            for i in range { flags[i] = hasGaps && rows[i] == Self.noRow ? 1 : nulls[Int(rows[i])] }
        }
    }

    @inline(__always)
    private func pick<T: ExpressibleByIntegerLiteral>(
        _ a: UnsafeMutablePointer<T>, _ rows: UnsafePointer<UInt32>, _ range: Range<Int>, _ hasGaps: Bool, _ out: UnsafeMutablePointer<T>
    ) {
        if hasGaps {
            for i in range { out[i] = rows[i] == Self.noRow ? 0 : a[Int(rows[i])] }
        } else {
            for i in range { out[i] = a[Int(rows[i])] }
        }
    }

    /// Whether two rows of columns of one type hold the same value, or both none.
    func isEqual(_ row: Int, to other: ColumnBuffer, _ otherRow: Int) -> Bool {
        if isNull(row) || other.isNull(otherRow) { return isNull(row) == other.isNull(otherRow) }
        switch form {
        case .integers: return integers[row] == other.integers[otherRow]
        case .doubles: return doubles[row] == other.doubles[otherRow]
        case .mask: return mask[row] == other.mask[otherRow]
        case .codes, .texts: return text(row) == other.text(otherRow)
        }
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
    private var relation: Relation
    private let vectors: [Vector]
    private var first = 0

    init(_ relation: Relation) {
        self.relation = relation
        vectors = relation.layout.makeVectors()
        super.init(slotCount: vectors.count)
    }

    /// Goes on with the rows of another relation of the same layout.
    func show(_ other: Relation) { relation = other }

    func move(to first: Int, count: Int) {
        self.first = first
        advance(count: count)
    }

    override func load(_ slot: Int) throws -> Vector {
        relation.columns[slot].copy(from: first, count: count, into: vectors[slot])
        return vectors[slot]
    }
}
