/// One object a line: reads a line's keys and scalars into cells, column by column. Nested objects and arrays keep their JSON text.
final class JsonLines {
    private static let absent: Int32 = -2
    private let names: [[UInt8]]
    /// The same as strings: keys that differ only in how an accent is composed are one key, as they are for the rest of the program.
    private let texts: [String]
    private var rows = 0
    private var starts: [UnsafePointer<UInt8>?] = []
    private var lengths: [Int32] = []
    private var isString: [UInt8] = []
    private struct NewKey {
        var text: String
        var cells: [(row: Int, start: UnsafePointer<UInt8>, length: Int, isString: Bool)] = []
        var lastRow = -1
    }
    private var newKeys: [NewKey] = []
    /// What the views of absent cells point at.
    private let nothing: UnsafeMutablePointer<UInt8>

    init(columns: [String]) {
        names = columns.map { Array($0.utf8) }
        texts = columns
        nothing = .allocate(capacity: ByteArena.slack)
        nothing.initialize(repeating: 0, count: ByteArena.slack)
    }

    deinit { nothing.deallocate() }

    func begin(rows: Int) {
        self.rows = rows
        let cells = rows * names.count
        starts = Array(repeating: nil, count: cells)
        lengths = Array(repeating: JsonLines.absent, count: cells)
        isString = Array(repeating: 0, count: cells)
        newKeys = []
    }

    /// Evidence of the keys that no column is for, in the order of their first appearance.
    func takeNewKeys(_ layout: DateLayout?, nullSpellings: [[UInt8]]?) -> [(String, ColumnEvidence)] {
        newKeys.map { key in
            var evidence = ColumnEvidence()
            for cell in key.cells {
                if let nullSpellings, FieldText.isSpelling(cell.start, cell.length, nullSpellings) { continue }
                evidence.observe(cell.start, cell.length, isString: cell.isString, layout: layout)
            }
            return (key.text, evidence)
        }
    }

    func gather(_ column: Int, into views: FieldViews, nullSpellings: [[UInt8]]?) {
        views.reserve(rows)
        for row in 0..<rows {
            let cell = column * rows + row
            views.starts[row] = starts[cell] ?? UnsafePointer(nothing)
            var length = max(lengths[cell], -1)
            views.isString[row] = isString[cell]
            if length >= 0, let spellings = nullSpellings, FieldText.isSpelling(views.starts[row], Int(length), spellings) { length = -1 }
            views.lengths[row] = length
        }
    }

    /// Reads one line; answers what is wrong with it, if anything. The bytes must outlive the views.
    func read(_ row: Int, _ bytes: UnsafePointer<UInt8>, _ count: Int, _ arena: ByteArena) -> String? {
        var cursor = JsonCursor(bytes: bytes, count: count, arena: arena)
        cursor.skipBlanks()
        guard cursor.take(UInt8(ascii: "{")) else { return cursor.isAtEnd ? "the line is empty" : "the line is not a JSON object" }
        cursor.skipBlanks()
        var expected = 0
        if !cursor.take(UInt8(ascii: "}")) {
            repeat {
                cursor.skipBlanks()
                guard let key = cursor.string() else {
                    return cursor.problem ?? "a key in quotes is expected at byte \(cursor.position + 1)"
                }
                cursor.skipBlanks()
                guard cursor.take(UInt8(ascii: ":")) else { return "a colon is expected at byte \(cursor.position + 1)" }
                cursor.skipBlanks()
                guard let value = cursor.value() else { return cursor.problem ?? "no JSON value stands at byte \(cursor.position + 1)" }
                if !store(key, value, row: row, expected: &expected) {
                    return "the key \(FieldText.shown(key)) stands twice"
                }
                cursor.skipBlanks()
            } while cursor.take(UInt8(ascii: ","))
            guard cursor.take(UInt8(ascii: "}")) else { return "a comma or a closing brace is expected at byte \(cursor.position + 1)" }
        }
        cursor.skipBlanks()
        return cursor.isAtEnd ? nil : "text stands after the object"
    }

    private func find(_ key: UnsafeBufferPointer<UInt8>) -> Int {
        for column in names.indices where JsonLines.equal(names[column], key) { return column }
        let text = String(decoding: key, as: UTF8.self)
        return texts.firstIndex(of: text) ?? names.count
    }

    @inline(__always)
    private static func equal(_ name: [UInt8], _ key: UnsafeBufferPointer<UInt8>) -> Bool {
        guard name.count == key.count else { return false }
        for i in 0..<key.count where name[i] != key[i] { return false }
        return true
    }

    private func store(_ key: UnsafeBufferPointer<UInt8>, _ value: JsonCursor.Value, row: Int, expected: inout Int) -> Bool {
        var column = expected
        if column >= names.count || !JsonLines.equal(names[column], key) { column = find(key) }
        guard column < names.count else {
            let text = String(decoding: key, as: UTF8.self)
            if let index = newKeys.firstIndex(where: { $0.text == text }) {
                guard newKeys[index].lastRow != row else { return false }
                newKeys[index].lastRow = row
                if value.length >= 0 { newKeys[index].cells.append((row, value.start, value.length, value.isString)) }
            } else {
                var new = NewKey(text: text)
                new.lastRow = row
                if value.length >= 0 { new.cells.append((row, value.start, value.length, value.isString)) }
                newKeys.append(new)
            }
            return true
        }
        expected = column + 1
        let cell = column * rows + row
        guard lengths[cell] == JsonLines.absent else { return false }
        starts[cell] = value.start
        lengths[cell] = Int32(truncatingIfNeeded: value.length)
        isString[cell] = value.isString ? 1 : 0
        return true
    }
}
