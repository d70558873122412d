/// The records of a piece that have the right number of fields, in a table of field ends with a fixed number of entries a row.
final class RecordTable {
    /// A record with too few or too many fields.
    struct Ragged {
        var start: Int
        var end: Int
        var fields: Int
    }

    private(set) var ends: UnsafeMutablePointer<UInt32>
    private(set) var starts: UnsafeMutablePointer<UInt32>
    private var compact: UnsafeMutablePointer<UInt32>
    private var startsCapacity = 1024
    private var compactCapacity = 1024
    private(set) var rows = 0
    private(set) var fields = 1
    private(set) var ragged: [Ragged] = []
    private var keepsBlankLines = true

    init() {
        starts = .allocate(capacity: 1024)
        compact = .allocate(capacity: 1024)
        ends = compact
    }

    deinit {
        starts.deallocate()
        compact.deallocate()
    }

    /// Lays out the records of `piece`. An empty line is a row only where `keepsBlankLines`: in a file of one column it is its null.
    func shape(_ piece: Piece, fields: Int, dialect: Dialect, keepsBlankLines: Bool) {
        self.fields = fields
        self.keepsBlankLines = keepsBlankLines
        ragged = []
        if startsCapacity < piece.records + 1 {
            starts.deallocate()
            startsCapacity = piece.records + piece.records / 4 + 1
            starts = .allocate(capacity: startsCapacity)
        }
        if isUniform(piece) { return }
        if compactCapacity < piece.ends.count {
            compact.deallocate()
            compactCapacity = piece.ends.count + piece.ends.count / 4
            compact = .allocate(capacity: compactCapacity)
        }
        ends = compact
        rows = 0
        let source = piece.ends.entries
        var first = 0
        var start = 0
        while first < piece.ends.count {
            var last = first
            while source[last] & FieldEnds.recordFlag == 0 { last += 1 }
            let end = Int(source[last] & FieldEnds.positionMask)
            let count = last - first + 1
            if count == fields, keepsBlankLines || !isBlank(piece, start, end, dialect) {
                starts[rows] = UInt32(start)
                for k in 0..<count { compact[rows * fields + k] = source[first + k] & FieldEnds.positionMask }
                rows += 1
            } else if count > 1 || !isBlank(piece, start, end, dialect) {
                ragged.append(Ragged(start: start, end: end, fields: count))
            }
            start = end + 1
            first = last + 1
        }
    }

    /// The common case: every record has as many fields as it should, so the scanner's own array is the table.
    private func isUniform(_ piece: Piece) -> Bool {
        guard piece.ends.count == piece.records * fields else { return false }
        let source = piece.ends.entries
        var start: UInt32 = 0
        var last = fields - 1
        for row in 0..<piece.records {
            let end = source[last]
            guard end & FieldEnds.recordFlag != 0 else { return false }
            if fields == 1, !keepsBlankLines, isBlank(piece, Int(start), Int(end & FieldEnds.positionMask), nil) { return false }
            starts[row] = start
            start = (end & FieldEnds.positionMask) &+ 1
            last += fields
        }
        ends = source
        rows = piece.records
        return true
    }

    private func isBlank(_ piece: Piece, _ start: Int, _ end: Int, _ dialect: Dialect?) -> Bool {
        let takesSpaces = dialect?.collapsesSpaces ?? true
        for i in start..<end where piece.bytes[i] != 13 && !(takesSpaces && piece.bytes[i] == 32) { return false }
        return true
    }

    /// Takes rows out of the table; `bad` holds one byte a row.
    func remove(where bad: [Bool]) {
        if ends != compact {
            if compactCapacity < rows * fields {
                compact.deallocate()
                compactCapacity = rows * fields
                compact = .allocate(capacity: compactCapacity)
            }
        }
        var kept = 0
        for row in 0..<rows where !bad[row] {
            starts[kept] = starts[row]
            for k in 0..<fields { compact[kept * fields + k] = ends[row * fields + k] & FieldEnds.positionMask }
            kept += 1
        }
        ends = compact
        rows = kept
    }

    @inline(__always)
    func end(row: Int) -> Int { Int(ends[row &* fields &+ fields &- 1] & FieldEnds.positionMask) }
}
