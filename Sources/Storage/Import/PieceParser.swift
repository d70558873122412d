/// Turns pieces into typed chunks. Each worker has one of its own.
final class PieceParser {
    private let layout: InputLayout
    private let keepsBadRows: Bool
    private let table = RecordTable()
    private let views = FieldViews()
    private let arena = ByteArena()
    private let json: JsonLines

    init(layout: InputLayout, keepsBadRows: Bool) {
        self.layout = layout
        self.keepsBadRows = keepsBadRows
        json = JsonLines(columns: layout.columns.map(\.name))
    }

    func parse(_ piece: Piece) -> ParsedPiece {
        let parsed = ParsedPiece()
        parsed.input = piece.input
        parsed.bytesRead = piece.bytesRead
        let isDelimited = layout.format == .delimited
        let fieldCount = isDelimited ? layout.files[piece.input].fieldCount : 1
        table.shape(piece, fields: fieldCount, dialect: layout.dialect, keepsBlankLines: isDelimited && fieldCount == 1)
        for record in table.ragged { parsed.bad.append(raggedRow(piece, record, fieldCount: fieldCount)) }
        var isBad = [Bool](repeating: false, count: table.rows)
        var found = markInvalidText(piece, &isBad, parsed)
        while true {
            if found {
                table.remove(where: isBad)
                isBad = [Bool](repeating: false, count: table.rows)
                found = false
            }
            parsed.surprises = []
            parsed.orders = []
            arena.reset()
            if !isDelimited, readJson(piece, &isBad, parsed) {
                found = true
                continue
            }
            var columns: [ColumnChunk] = []
            columns.reserveCapacity(layout.columns.count)
            for column in layout.columns.indices {
                if isDelimited {
                    if gather(piece, column, &isBad, parsed) {
                        found = true
                        continue
                    }
                } else {
                    json.gather(column, into: views, nullSpellings: layout.nullSpellings)
                }
                if found { continue }
                if let chunk = parseColumn(piece, column, &isBad, parsed, &found) { columns.append(chunk) }
            }
            guard found else {
                parsed.chunk = parsed.surprises.isEmpty ? RowChunk(columns: columns, rowCount: table.rows) : parsed.chunk
                parsed.bad.sort { $0.line < $1.line }
                return parsed
            }
        }
    }

    // MARK: - bad rows

    private func raggedRow(_ piece: Piece, _ record: RecordTable.Ragged, fieldCount: Int) -> BadRow {
        let reason = "\(record.fields) field\(record.fields == 1 ? "" : "s") where \(fieldCount) are expected"
        var row = badRow(piece, start: record.start, end: record.end, column: nil, reason: reason)
        row.hint = "fields are parted by \(layout.dialect.delimiterName) here: if that is wrong say delimiter:"
        return row
    }

    private func badRow(_ piece: Piece, start: Int, end: Int, column: String?, reason: String) -> BadRow {
        let line = piece.line(at: start, recordEnd: layout.dialect.recordEnd)
        let place = "\(layout.files[piece.input].name), line \(line)" + (column.map { ", column \($0)" } ?? "")
        var text = Array(UnsafeBufferPointer(start: piece.bytes + start, count: max(0, end - start)))
        if text.last == 13 { text.removeLast() }
        return BadRow(line: line, message: "\(place): \(reason)", reason: column.map { "column \($0): \(reason)" } ?? reason, text: text)
    }

    private func mark(_ piece: Piece, row: Int, column: String?, reason: String, _ isBad: inout [Bool], _ parsed: ParsedPiece) {
        guard !isBad[row] else { return }
        isBad[row] = true
        parsed.bad.append(badRow(piece, start: Int(table.starts[row]), end: table.end(row: row), column: column, reason: reason))
    }

    private func markInvalidText(_ piece: Piece, _ isBad: inout [Bool], _ parsed: ParsedPiece) -> Bool {
        var from = 0
        var row = 0
        var found = false
        while let at = Utf8Check.firstInvalid(piece.bytes, from: from, to: piece.count) {
            while row < table.rows, table.end(row: row) < at { row += 1 }
            if row < table.rows, Int(table.starts[row]) <= at {
                let reason =
                    "byte 0x\(String(piece.bytes[at], radix: 16)) is not UTF-8: the file may need encoding: \"gb18030\" or \"latin1\""
                mark(piece, row: row, column: nil, reason: reason, &isBad, parsed)
                found = true
                from = table.end(row: row)
            } else {
                // In a record that is bad already.
                from = row < table.rows ? Int(table.starts[row]) : piece.count
            }
        }
        return found
    }

    // MARK: - fields

    /// Fills the views of one column of a delimited piece; true where a field cannot be read.
    private func gather(_ piece: Piece, _ column: Int, _ isBad: inout [Bool], _ parsed: ParsedPiece) -> Bool {
        let rows = table.rows
        views.reserve(rows)
        let field = layout.files[piece.input].fields[column]
        let fields = table.fields
        let ends = table.ends + field
        let width = layout.dialect.delimiter.count
        let isLast = field == fields - 1
        let starts = views.starts
        let lengths = views.lengths
        let base = UnsafePointer(piece.bytes)
        let dropsReturn = isLast && layout.dialect.recordEnd == 10
        let isSlow = piece.sawQuote || layout.dialect.collapsesSpaces || layout.nullSpellings != nil
        for row in 0..<rows {
            let start = field == 0 ? Int(table.starts[row]) : Int(ends[row &* fields &- 1]) &+ width
            var end = Int(ends[row &* fields] & FieldEnds.positionMask)
            if dropsReturn, end > start, base[end &- 1] == 13 { end &-= 1 }
            let length = end &- start
            starts[row] = base + start
            lengths[row] = length == 0 ? -1 : Int32(truncatingIfNeeded: length)
        }
        guard isSlow else { return false }
        if !piece.sawInnerQuote, !layout.dialect.collapsesSpaces, layout.nullSpellings == nil, let quote = layout.dialect.quote {
            return stripQuotes(piece, column, quote, &isBad, parsed)
        }
        var found = false
        for row in 0..<rows {
            let content = FieldText.content(starts[row], max(0, Int(lengths[row])), layout.dialect, arena)
            if let problem = content.problem {
                mark(piece, row: row, column: layout.columns[column].name, reason: problem.rawValue, &isBad, parsed)
                found = true
            }
            starts[row] = content.start
            lengths[row] = Int32(truncatingIfNeeded: content.length)
            if let spellings = layout.nullSpellings {
                if FieldText.isSpelling(content.start, content.length, spellings) { lengths[row] = -1 }
            } else if content.length == 0, !content.wasQuoted {
                lengths[row] = -1
            }
        }
        return found
    }

    /// The quick way where no quote stands inside another.
    private func stripQuotes(_ piece: Piece, _ column: Int, _ quote: UInt8, _ isBad: inout [Bool], _ parsed: ParsedPiece) -> Bool {
        let starts = views.starts
        let lengths = views.lengths
        var found = false
        for row in 0..<table.rows {
            let length = lengths[row]
            guard length > 0, starts[row][0] == quote else { continue }
            if length >= 2, starts[row][Int(length) &- 1] == quote {
                starts[row] += 1
                lengths[row] = length &- 2
            } else {
                let reason = FieldText.Problem.textAfterQuote.rawValue
                mark(piece, row: row, column: layout.columns[column].name, reason: reason, &isBad, parsed)
                found = true
            }
        }
        return found
    }

    private func readJson(_ piece: Piece, _ isBad: inout [Bool], _ parsed: ParsedPiece) -> Bool {
        var found = false
        json.begin(rows: table.rows)
        for row in 0..<table.rows {
            let start = Int(table.starts[row])
            if let reason = json.read(row, piece.bytes + start, table.end(row: row) - start, arena) {
                mark(piece, row: row, column: nil, reason: reason, &isBad, parsed)
                found = true
            }
        }
        for (name, evidence) in json.takeNewKeys(layout.dateLayout, nullSpellings: layout.nullSpellings) {
            parsed.surprises.append(.newKey(name, evidence))
        }
        return found
    }

    // MARK: - values

    private func parseColumn(
        _ piece: Piece, _ column: Int, _ isBad: inout [Bool], _ parsed: ParsedPiece, _ found: inout Bool
    ) -> ColumnChunk? {
        let plan = layout.columns[column].plan
        let rows = table.rows
        let stops = !plan.isStated
        let refuses = stops && layout.format == .jsonLines
        let outcome: ColumnLoop.Outcome
        switch plan.kind {
        case .text: return ColumnLoop.texts(views, rows: rows)
        case .bool:
            var parser = BoolParser(isStated: plan.isStated)
            outcome = ColumnLoop.words(views, rows: rows, parser: &parser, stopsAtMisfit: stops, refusesStrings: refuses)
        case .int:
            var parser = IntParser()
            outcome = ColumnLoop.words(views, rows: rows, parser: &parser, stopsAtMisfit: stops, refusesStrings: refuses)
        case .decimal:
            var parser = DecimalParser(scale: plan.scale)
            outcome = ColumnLoop.words(views, rows: rows, parser: &parser, stopsAtMisfit: stops, refusesStrings: refuses)
        case .float:
            var parser = FloatParser(isStated: plan.isStated)
            outcome = ColumnLoop.words(
                views, rows: rows, parser: &parser, stopsAtMisfit: stops, refusesStrings: refuses, asDoubles: true)
        case .date, .timestamp:
            var parser = TemporalParser(isTimestamp: plan.kind == .timestamp, isStated: plan.isStated, order: plan.slashOrder)
            outcome = ColumnLoop.words(views, rows: rows, parser: &parser, stopsAtMisfit: stops, refusesStrings: false)
            if plan.isOrderOpen, parser.sawSlash {
                parsed.orders.append((column, parser.slashFirstMax > 12, parser.slashDiffers))
            }
        case .layoutDate, .layoutTimestamp:
            guard let dateLayout = layout.dateLayout else { preconditionFailure("a layout column without a layout") }
            var parser = LayoutParser(layout: dateLayout, isTimestamp: plan.kind == .layoutTimestamp)
            outcome = ColumnLoop.words(views, rows: rows, parser: &parser, stopsAtMisfit: stops, refusesStrings: false)
        case .week, .month, .quarter, .year:
            var parser = SpanParser(kind: plan.kind)
            outcome = ColumnLoop.words(views, rows: rows, parser: &parser, stopsAtMisfit: stops, refusesStrings: false)
        case .duration:
            var parser = DurationParser()
            outcome = ColumnLoop.words(views, rows: rows, parser: &parser, stopsAtMisfit: stops, refusesStrings: false)
        }
        guard !outcome.misfits.isEmpty else { return outcome.chunk }
        if plan.isStated {
            if plan.isOrderOpen, flips(outcome.misfits) {
                parsed.surprises.append(.flippedOrder(column: column))
                return nil
            }
            for row in outcome.misfits { markMisfit(piece, row, column, &isBad, parsed) }
            found = true
            return nil
        }
        var evidence = ColumnEvidence()
        for row in 0..<rows where views.lengths[row] > 0 {
            evidence.observe(
                views.starts[row], Int(views.lengths[row]), isString: refuses && views.isString[row] != 0, layout: layout.dateLayout)
        }
        parsed.surprises.append(.misfit(column: column, evidence))
        return nil
    }

    /// A stated date that only the other order of day and month can hold.
    private func flips(_ misfits: [Int]) -> Bool {
        for row in misfits {
            let (bytes, length) = Blanks.trimmed(views.starts[row], Int(views.lengths[row]))
            guard let shape = DateShape(bytes, length), shape.form == .slashed, shape.day(order: .monthFirst) != nil else { continue }
            if shape.second > 12 { return true }
        }
        return false
    }

    private func markMisfit(_ piece: Piece, _ row: Int, _ column: Int, _ isBad: inout [Bool], _ parsed: ParsedPiece) {
        let value = FieldText.shown(UnsafeBufferPointer(start: views.starts[row], count: Int(views.lengths[row])))
        let plan = layout.columns[column].plan
        let article = "aeio".contains(plan.type.name.first ?? "b") ? "an" : "a"
        var reason = "\"\(value)\" is not \(article) \(plan.type.name)"
        if plan.kind == .layoutDate || plan.kind == .layoutTimestamp, let text = layout.dateLayout?.text { reason += " written as \(text)" }
        mark(piece, row: row, column: layout.columns[column].name, reason: reason, &isBad, parsed)
    }
}

extension FieldText {
    static func isSpelling(_ bytes: UnsafePointer<UInt8>, _ length: Int, _ spellings: [[UInt8]]) -> Bool {
        for spelling in spellings where spelling.count == length {
            var i = 0
            while i < length, bytes[i] == spelling[i] { i += 1 }
            if i == length { return true }
        }
        return false
    }
}
