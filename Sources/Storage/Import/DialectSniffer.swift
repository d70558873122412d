/// Guesses how a file parts its fields: every candidate reads the first records, and the one whose records agree best wins.
enum DialectSniffer {
    /// How well a candidate explains the sample; compared field by field in this order.
    private struct Score: Comparable {
        /// 3: every record has the same number of fields (several), 2: nine in ten, 1: half, 0: no.
        var agreement: Int
        /// Spaces stand in prose too, so they win only where nothing else does.
        var isNotSpace: Int
        var fields: Int
        var delimiterBytes: Int
        var quotedFields: Int
        var preference: Int

        static func < (a: Score, b: Score) -> Bool {
            (a.agreement, a.isNotSpace, a.fields, a.delimiterBytes, a.quotedFields, a.preference)
                < (b.agreement, b.isNotSpace, b.fields, b.delimiterBytes, b.quotedFields, b.preference)
        }
    }

    private static let sampleBytesMax = 128 << 10
    private static let recordsMax = 400
    private static let delimiters = [",", ";", "\t", "|", ", ", "; ", "||", " "]

    static func sniff(_ bytes: UnsafeBufferPointer<UInt8>, isAll: Bool, options: ImportOptions) throws -> Dialect {
        let count = min(bytes.count, sampleBytesMax)
        let sample = UnsafeBufferPointer(rebasing: bytes[..<count])
        let sampleIsAll = isAll && count == bytes.count
        var quotes: [UInt8?] = [UInt8(ascii: "\""), UInt8(ascii: "'")]
        if let stated = options.quote { quotes = [try single(stated, "quote")] }
        let statedEscape = try options.escape.map { try single($0, "escape") }
        let stated = options.delimiter ?? (options.format == .tsv ? "\t" : nil)
        if let stated, stated.isEmpty || stated.utf8.contains(10) || stated.utf8.contains(13) {
            throw StorageError(.request, "a delimiter is one or several characters, and no line end")
        }
        var best: (score: Score, dialect: Dialect)?
        for (index, text) in (stated.map { [$0] } ?? delimiters).enumerated() {
            for quote in quotes {
                var escapes: [UInt8?] = [nil]
                if let statedEscape { escapes = [statedEscape == quote ? nil : statedEscape] }
                if statedEscape == nil, let quote, holdsEscapedQuote(sample, quote) { escapes = [nil, UInt8(ascii: "\\")] }
                for escape in escapes {
                    var dialect = Dialect(delimiter: Array(text.utf8), quote: quote, escape: escape)
                    dialect.recordEnd = recordEnd(sample, dialect)
                    let score = score(sample, isAll: sampleIsAll, dialect, preference: -index)
                    // An apostrophe is a quote only where it does quote something; a broken file must not pass for one quoted by it.
                    if options.quote == nil, quote == UInt8(ascii: "'"), score.quotedFields == 0 { continue }
                    if best.map({ isBetter(score, dialect, than: $0) }) ?? true { best = (score, dialect) }
                }
            }
        }
        guard let (score, winner) = best else { preconditionFailure("no candidate") }
        var dialect = winner
        if score.agreement == 0, stated == nil {
            // Nothing parts the lines: one column, unless the file is ragged under a comma, which then says so.
            dialect.delimiter = [UInt8(ascii: ",")]
            dialect.recordEnd = recordEnd(sample, dialect)
        }
        return dialect
    }

    /// `||` leaves an empty field between any two under `|`, and is what was meant where that holds everywhere.
    private static func isBetter(_ score: Score, _ dialect: Dialect, than best: (score: Score, dialect: Dialect)) -> Bool {
        if dialect.delimiter.count == 2, best.dialect.delimiter.count == 1, Set(dialect.delimiter) == Set(best.dialect.delimiter),
            score.agreement == 3, best.score.agreement == 3, score.fields * 2 - 1 == best.score.fields
        {
            return true
        }
        return best.score < score
    }

    private static func single(_ text: String, _ what: String) throws -> UInt8? {
        guard text.utf8.count <= 1 else { throw StorageError(.request, "\(what): one character is expected, not \"\(text)\"") }
        return text.utf8.first
    }

    private static func holdsEscapedQuote(_ bytes: UnsafeBufferPointer<UInt8>, _ quote: UInt8) -> Bool {
        guard bytes.count > 1 else { return false }
        for i in 1..<bytes.count where bytes[i] == quote && bytes[i - 1] == UInt8(ascii: "\\") { return true }
        return false
    }

    /// `\n` if one ends the first record (with or without `\r`), else a lone `\r` if there is one.
    private static func recordEnd(_ bytes: UnsafeBufferPointer<UInt8>, _ dialect: Dialect) -> UInt8 {
        var isInside = false
        var isFieldStart = true
        for i in 0..<bytes.count {
            let byte = bytes[i]
            if byte == dialect.quote, isInside || isFieldStart {
                isInside.toggle()
                isFieldStart = false
                continue
            }
            if isInside { continue }
            if byte == 10 { return 10 }
            if byte == 13 { return i + 1 < bytes.count && bytes[i + 1] != 10 ? 13 : 10 }
            isFieldStart = byte == dialect.delimiter.last || (byte == 32 && isFieldStart)
        }
        return 10
    }

    private static func score(
        _ bytes: UnsafeBufferPointer<UInt8>, isAll: Bool, _ dialect: Dialect, preference: Int
    ) -> Score {
        let sample = SampleRecords(bytes, isAll: isAll, dialect: dialect, recordsMax: recordsMax)
        var counts: [Int: Int] = [:]
        var records = 0
        var quoted = 0
        for record in sample.records where !record.isBlank {
            records += 1
            guard !record.isBroken else { continue }
            counts[record.fields.count, default: 0] += 1
            for field in record.fields where field.wasQuoted { quoted += 1 }
        }
        if sample.endsInsideQuotes { records += 1 }
        let mode = counts.max { ($0.value, $0.key) < ($1.value, $1.key) }
        var agreement = 0
        if let mode, mode.key > 1, records > 0 {
            agreement = mode.value == records ? 3 : mode.value * 10 >= records * 9 ? 2 : mode.value * 2 >= records ? 1 : 0
        }
        let isSpace = dialect.collapsesSpaces
        // One line says little, and prose has spaces: they need every record, and more than one.
        if isSpace, agreement < 3 || records < 2 { agreement = 0 }
        return Score(
            agreement: agreement, isNotSpace: isSpace ? 0 : 1, fields: agreement > 0 ? mode?.key ?? 0 : 0,
            delimiterBytes: agreement == 3 ? dialect.delimiter.count : 0,
            quotedFields: agreement > 0 || dialect.quote == UInt8(ascii: "\"") ? quoted : 0, preference: preference)
    }
}
