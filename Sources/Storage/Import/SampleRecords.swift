/// The records at the beginning of an input under some dialect: what sniffing looks at. Never used for a whole file.
final class SampleRecords {
    struct Field {
        var start: UnsafePointer<UInt8>
        var length: Int
        var wasQuoted: Bool
        var isBroken: Bool
    }
    struct Record {
        var start: Int
        var end: Int
        var fields: [Field]
        /// Empty, or blanks alone where spaces part fields.
        var isBlank: Bool
        var isBroken: Bool
    }

    private(set) var records: [Record] = []
    /// The sample ends inside a quoted field although the input ends with it.
    private(set) var endsInsideQuotes = false
    private let arena = ByteArena()
    private let copy: UnsafeMutablePointer<UInt8>

    /// Reads whole records only, unless the sample is all of the input (then its last line needs no end).
    init(_ bytes: UnsafeBufferPointer<UInt8>, isAll: Bool, dialect: Dialect, recordsMax: Int = .max) {
        copy = .allocate(capacity: bytes.count + ByteArena.slack)
        if let base = bytes.baseAddress { copy.update(from: base, count: bytes.count) }
        (copy + bytes.count).initialize(repeating: 0, count: ByteArena.slack)
        let ends = FieldEnds(bytesMax: bytes.count)
        let result = FieldScanner(dialect).scan(copy, count: bytes.count, atEnd: isAll, into: ends)
        endsInsideQuotes = isAll && result.openQuote != nil
        var fields: [Field] = []
        var start = 0
        var recordStart = 0
        for i in 0..<ends.count {
            let entry = ends.entries[i]
            let end = Int(entry & FieldEnds.positionMask)
            let isLast = entry & FieldEnds.recordFlag != 0
            var length = end - start
            if isLast, dialect.recordEnd == 10, length > 0, copy[end - 1] == 13 { length -= 1 }
            let content = FieldText.content(copy + start, length, dialect, arena)
            fields.append(
                Field(start: content.start, length: content.length, wasQuoted: content.wasQuoted, isBroken: content.problem != nil))
            start = end + dialect.delimiter.count
            guard isLast else { continue }
            let isBlank = fields.count == 1 && fields[0].length == 0 && !fields[0].wasQuoted
            records.append(
                Record(
                    start: recordStart, end: end, fields: fields, isBlank: isBlank, isBroken: fields.contains { $0.isBroken }))
            if records.count >= recordsMax { break }
            fields = []
            start = end + 1
            recordStart = start
        }
    }

    deinit { copy.deallocate() }

    func count(of byte: UInt8, before position: Int) -> Int {
        var found = 0
        for i in 0..<position where copy[i] == byte { found += 1 }
        return found
    }

    func text(_ field: Field) -> String { String(decoding: UnsafeBufferPointer(start: field.start, count: field.length), as: UTF8.self) }
}
