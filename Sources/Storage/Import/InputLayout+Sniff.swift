extension InputLayout {
    /// Looks at the beginning of the inputs: the first one decides, the others must have its columns.
    static func sniff(inputs: [ImportInput], options: ImportOptions) throws -> InputLayout {
        var layout = try InputLayout(options: options)
        let first = inputs[0]
        let isJson = try options.format == .jsonl || (options.format == nil && looksLikeJson(first, options))
        if isJson {
            try layout.sniffJson(inputs, options)
        } else {
            try layout.sniffDelimited(inputs, options)
        }
        try layout.settlePlans(options)
        return layout
    }

    private static func looksLikeJson(_ input: ImportInput, _ options: ImportOptions) throws -> Bool {
        if options.delimiter != nil || options.header != nil || options.quote != nil { return false }
        let name = input.name.hasSuffix(".gz") ? String(input.name.dropLast(3)) : input.name
        if name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson") { return true }
        return try input.withHead { bytes, _ in
            var i = 0
            while i < bytes.count, bytes[i] <= 32 { i += 1 }
            guard i < bytes.count, bytes[i] == UInt8(ascii: "{") else { return false }
            i += 1
            while i < bytes.count, bytes[i] <= 32 { i += 1 }
            return i < bytes.count && (bytes[i] == UInt8(ascii: "\"") || bytes[i] == UInt8(ascii: "}"))
        }
    }

    /// Bytes and lines of the first `lines` lines.
    private static func skip(_ lines: Int, _ bytes: UnsafeBufferPointer<UInt8>, recordEnd: UInt8) -> Int {
        var left = lines
        var i = 0
        while left > 0, i < bytes.count {
            if bytes[i] == recordEnd { left -= 1 }
            i += 1
        }
        return i
    }

    // MARK: - delimited files

    private mutating func sniffDelimited(_ inputs: [ImportInput], _ stated: ImportOptions) throws {
        var options = stated
        try inputs[0].withHead { bytes, isAll in
            let file = inputs[0].name
            // Spreadsheets write a first line `sep=;` to tell each other.
            if options.skip == 0, options.delimiter == nil, let separator = InputLayout.statedSeparator(bytes) {
                options.delimiter = separator
                options.skip = 1
            }
            skip = options.skip
            // A lone \r ends lines only where no \n does; what is skipped comes before the dialect is known.
            let lineEnd: UInt8 = bytes.contains(10) ? 10 : 13
            let skipped = InputLayout.skip(options.skip, bytes, recordEnd: lineEnd)
            let rest = UnsafeBufferPointer(rebasing: bytes[skipped...])
            guard rest.contains(where: { $0 != 10 && $0 != 13 && $0 != 32 && $0 != 9 }) else { throw InputLayout.empty(file) }
            dialect = try DialectSniffer.sniff(rest, isAll: isAll, options: options)
            let sample = SampleRecords(rest, isAll: isAll, dialect: dialect)
            guard let fieldCount = InputLayout.fieldCount(sample, isHeaderStated: options.header == true) else {
                throw try InputLayout.unreadable(sample, file: file, line: options.skip + 1, isAll: isAll)
            }
            try settleHeader(sample, fieldCount: fieldCount, skippedBytes: skipped, file: file, options)
        }
        for input in inputs.dropFirst() {
            files.append(try matchingFile(input, options))
            input.release()
        }
    }

    private static func statedSeparator(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        guard bytes.count >= 6, bytes.prefix(4).elementsEqual("sep=".utf8), bytes[4] >= 32 || bytes[4] == 9, bytes[4] < 127,
            bytes[5] == 10 || bytes[5] == 13
        else { return nil }
        return String(UnicodeScalar(bytes[4]))
    }

    private static func empty(_ file: String) -> StorageError {
        StorageError(.data, "\(file) is empty: it has no header and no rows")
    }

    private static func unreadable(_ sample: SampleRecords, file: String, line: Int, isAll: Bool) throws -> StorageError {
        if sample.endsInsideQuotes {
            return StorageError(
                .data, "\(file), line \(line): the quote that opens here is never closed",
                hint: "if quotes mean nothing in this file, say quote: \"\"")
        }
        return isAll
            ? empty(file)
            : StorageError(.data, "\(file), line \(line): the first record is longer than 1 MB", hint: "is the delimiter another one?")
    }

    /// The number of fields of a row: what most of the first records have; the header's where it is said to be one.
    private static func fieldCount(_ sample: SampleRecords, isHeaderStated: Bool) -> Int? {
        let records = sample.records.filter { !$0.isBlank }
        guard let first = records.first else { return sample.records.isEmpty ? nil : 1 }
        if isHeaderStated { return first.fields.count }
        var counts: [Int: Int] = [:]
        for record in records.prefix(1000) where !record.isBroken { counts[record.fields.count, default: 0] += 1 }
        let mode = counts.max { ($0.value, $0.key == first.fields.count ? 1 : 0) < ($1.value, $1.key == first.fields.count ? 1 : 0) }
        // A header decides over rows that disagree with it (they are bad then), unless it is a title of one field.
        return first.fields.count > 1 && !isPreamble(first) ? first.fields.count : mode?.key ?? first.fields.count
    }

    private static func isPreamble(_ record: SampleRecords.Record) -> Bool {
        record.fields.filter { $0.length > 0 }.count * 2 < record.fields.count
    }

    private mutating func settleHeader(
        _ sample: SampleRecords, fieldCount: Int, skippedBytes: Int, file: String, _ options: ImportOptions
    ) throws {
        let records = fieldCount == 1 ? sample.records : sample.records.filter { !$0.isBlank }
        var rows = records
        var isHeader = options.header ?? false
        if options.header == nil {
            let passed = options.skip == 0 ? HeaderSniffer.preamble(records, fields: fieldCount) : 0
            // Only a header proves that what stands before it is no data.
            if passed > 0, startsWithHeader(records[passed...], fieldCount) {
                rows = Array(records[passed...])
                isHeader = true
                notes.append("\(file): passed over \(passed) line\(passed == 1 ? "" : "s") before the header (header: true says otherwise)")
            } else {
                isHeader = startsWithHeader(records[...], fieldCount)
            }
        }
        let whole = rows.filter { $0.fields.count == fieldCount && !$0.isBroken }
        let startsWhole = rows.first.map { $0.fields.count == fieldCount && !$0.isBroken } ?? false
        guard let first = whole.first, startsWhole || !isHeader else {
            throw StorageError(
                .data, "\(file), line \(options.skip + 1): no \(isHeader ? "header" : "record") can be read",
                hint: "fields are parted by \(dialect.delimiterName) here: if that is wrong say delimiter:")
        }
        let rest = evidence(whole.dropFirst(), fieldCount)
        let found = isHeader ? rest : evidence(whole[...], fieldCount)
        var names = HeaderSniffer.names(isHeader ? first.fields.map { sample.text($0) } : Array(repeating: "", count: fieldCount))
        if isHeader, let bad = names.first(where: { $0.unicodeScalars.contains("\u{FFFD}") }) {
            throw StorageError(
                .data, "\(file): the header name \"\(bad)\" is not UTF-8", hint: "name it with encoding:, for example encoding: \"gb18030\""
            )
        }
        if let given = options.names {
            guard given.count == fieldCount else {
                throw StorageError(.request, "\(file) has \(fieldCount) columns, and \(given.count) names are given")
            }
            guard Set(given).count == given.count, !given.contains("") else {
                throw StorageError(.request, "the given column names are not distinct, or one is empty")
            }
            names = given
        }
        hasHeader = isHeader
        columns = zip(names, found).map { Column(name: $0, plan: ColumnPlan(kind: .text), evidence: $1) }
        let dataStart = isHeader ? first.end + 1 : rows.first?.start ?? 0
        files = [
            File(
                name: file, dataOffset: skippedBytes + dataStart,
                firstDataLine: options.skip + 1 + lines(sample, before: dataStart), fieldCount: fieldCount,
                fields: Array(0..<fieldCount))
        ]
    }

    private func startsWithHeader(_ records: ArraySlice<SampleRecords.Record>, _ fieldCount: Int) -> Bool {
        guard let first = records.first, first.fields.count == fieldCount, !first.isBroken else { return false }
        let rest = records.dropFirst().filter { $0.fields.count == fieldCount && !$0.isBroken }
        return HeaderSniffer.looksLikeHeader(first, columns: evidence(rest[...], fieldCount), layout: dateLayout)
    }

    /// Line ends before a position of the sample.
    private func lines(_ sample: SampleRecords, before position: Int) -> Int {
        sample.count(of: dialect.recordEnd, before: position)
    }

    private func evidence(_ records: ArraySlice<SampleRecords.Record>, _ fieldCount: Int) -> [ColumnEvidence] {
        var columns = [ColumnEvidence](repeating: ColumnEvidence(), count: fieldCount)
        for record in records {
            for (column, field) in record.fields.enumerated() {
                guard field.length > 0 else { continue }
                if let nullSpellings, FieldText.isSpelling(field.start, field.length, nullSpellings) { continue }
                columns[column].observe(field.start, field.length, isString: false, layout: dateLayout)
            }
        }
        return columns
    }

    /// A further file: the same dialect, its own header in any order.
    private func matchingFile(_ input: ImportInput, _ options: ImportOptions) throws -> File {
        let isHeader = hasHeader
        return try input.withHead { bytes, isAll in
            let skipped = InputLayout.skip(skip, bytes, recordEnd: dialect.recordEnd)
            let sample = SampleRecords(UnsafeBufferPointer(rebasing: bytes[skipped...]), isAll: isAll, dialect: dialect, recordsMax: 64)
            var file = File(name: input.name, dataOffset: skipped, firstDataLine: skip + 1)
            file.fieldCount = files[0].fieldCount
            file.fields = files[0].fields
            guard let first = sample.records.first(where: { !$0.isBlank }) else {
                if isHeader { throw InputLayout.empty(input.name) }
                return file
            }
            guard isHeader else { return file }
            file.dataOffset = skipped + first.end + 1
            file.firstDataLine += sample.count(of: dialect.recordEnd, before: first.end + 1)
            file.fieldCount = first.fields.count
            let names = HeaderSniffer.names(first.fields.map { sample.text($0) })
            if options.names != nil {
                guard names.count == columns.count else {
                    throw StorageError(.data, "\(input.name) has \(names.count) columns where \(files[0].name) has \(columns.count)")
                }
                return file
            }
            file.fields = try columns.map { column in
                guard let field = names.firstIndex(of: column.name) else {
                    throw StorageError(
                        .data, "\(input.name) has no column \(column.name), which \(files[0].name) has",
                        hint: "its columns are \(names.joined(separator: ", "))")
                }
                return field
            }
            if let extra = names.first(where: { name in !columns.contains { $0.name == name } }) {
                throw StorageError(.data, "\(input.name) has a column \(extra), which \(files[0].name) has not")
            }
            return file
        }
    }

    // MARK: - JSON lines

    private mutating func sniffJson(_ inputs: [ImportInput], _ options: ImportOptions) throws {
        format = .jsonLines
        dialect = Dialect(delimiter: [10], quote: nil, recordEnd: 10)
        guard options.names == nil else {
            throw StorageError(.request, "names are for files without a header: JSON lines bring their keys")
        }
        var isEmpty = true
        for (index, input) in inputs.enumerated() {
            files.append(File(name: input.name, fields: [0]))
            try input.withHead { bytes, isAll in
                let skipped = InputLayout.skip(options.skip, bytes, recordEnd: 10)
                files[index].dataOffset = skipped
                files[index].firstDataLine = options.skip + 1
                if bytes[skipped...].contains(where: { $0 > 32 }) { isEmpty = false }
                guard index == 0 else { return }
                let sample = SampleRecords(UnsafeBufferPointer(rebasing: bytes[skipped...]), isAll: isAll, dialect: dialect)
                let json = JsonLines(columns: [])
                let arena = ByteArena()
                json.begin(rows: sample.records.count)
                // Whatever is wrong with a line is said by the pass, which knows what to do about it.
                for (row, record) in sample.records.enumerated() {
                    _ = json.read(row, record.fields[0].start, record.fields[0].length, arena)
                }
                columns = json.takeNewKeys(dateLayout, nullSpellings: nullSpellings).map {
                    Column(name: $0.0, plan: ColumnPlan(kind: .text), evidence: $0.1)
                }
            }
            if index > 0 { input.release() }
        }
        if isEmpty { throw StorageError(.data, "\(inputs[0].name) is empty: it has no rows") }
    }
}
