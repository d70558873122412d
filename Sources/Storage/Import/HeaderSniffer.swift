/// Guesses whether the first record names the columns, and makes stable names.
enum HeaderSniffer {
    /// A header is text above columns that are not, or, where all is text, a record of distinct names.
    static func looksLikeHeader(_ first: SampleRecords.Record, columns: [ColumnEvidence], layout: DateLayout?) -> Bool {
        var forHeader = 0
        var against = 0
        for (field, evidence) in zip(first.fields, columns) {
            guard field.length > 0 else { continue }
            var own = ColumnEvidence()
            own.observe(field.start, field.length, isString: false, layout: layout)
            let ownIsText = own.plan(layout: layout, order: nil).kind == .text
            let restIsText = evidence.values == 0 || evidence.plan(layout: layout, order: .dmy).kind == .text
            switch (ownIsText, restIsText) {
            case (true, false): forHeader += 1
            case (false, false): against += 1
            case (false, true): against += isWholeNumber(field) ? 0 : 1
            case (true, true): break
            }
        }
        if forHeader > 0 { return forHeader >= against }
        if against > 0 { return false }
        let isNamed = first.fields.contains { $0.length > 0 }
        var seen: Set<[UInt8]> = []
        let isDistinct = first.fields.allSatisfy {
            $0.length == 0 || seen.insert(Array(UnsafeBufferPointer(start: $0.start, count: $0.length))).inserted
        }
        // Ids with leading zeros are text to us, but no names.
        let hasLetters = first.fields.allSatisfy { field in
            field.length == 0 || !UnsafeBufferPointer(start: field.start, count: field.length).allSatisfy { NumberParsing.isDigit($0) }
        }
        return isNamed && isDistinct && hasLetters
    }

    private static func isWholeNumber(_ field: SampleRecords.Field) -> Bool {
        UnsafeBufferPointer(start: field.start, count: field.length).allSatisfy { NumberParsing.isDigit($0) }
    }

    /// How many records stand before the header: titles of one field, or records that are mostly empty, above a full one.
    static func preamble(_ records: [SampleRecords.Record], fields: Int) -> Int {
        guard fields > 1 else { return 0 }
        var passed = 0
        for record in records.prefix(20) {
            let filled = record.fields.filter { $0.length > 0 }.count
            if record.fields.count == fields, filled == fields { return passed }
            guard record.fields.count == 1 || filled * 2 < fields else { return 0 }
            passed += 1
        }
        return 0
    }

    /// Names as they stand, trimmed; a missing one is `column3`, a second `amount` is `amount_2`.
    static func names(_ raw: [String]) -> [String] {
        var taken: Set<String> = []
        let given = Set(raw.map(trimmed))
        return raw.enumerated().map { index, text in
            let base = trimmed(text).isEmpty ? "column\(index + 1)" : trimmed(text)
            var name = base
            var number = 2
            while taken.contains(name) || (name != base && given.contains(name)) {
                name = "\(base)_\(number)"
                number += 1
            }
            taken.insert(name)
            return name
        }
    }

    private static func trimmed(_ text: String) -> String {
        var view = Substring(text)
        while let first = view.first, first.isWhitespace { view.removeFirst() }
        while let last = view.last, last.isWhitespace { view.removeLast() }
        return String(view)
    }
}
