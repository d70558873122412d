extension Transaction {
    /// Rewrites the table's live rows into one segment: the children of a link by the partitions of their parents; else, and inside each
    /// partition, in the order of the `time` where declared (rows without a time last, equal times in storage order). Dictionaries keep only the texts that live rows use, in value order.
    public func optimize(_ table: String) throws {
        let t = try index(of: table)
        try settle(t)
        let state = working.tables[t]
        let source = try snapshot(of: state)
        if source.segments.isEmpty { return }

        var empty = state
        empty.segments = []
        empty.hidden.removeAll { $0.role == .retired }
        empty.dictionaries = state.schema.columns.map { _ in [] }
        working.tables[t] = empty
        forgetBuilders(table: state.schema.id)

        var builders: [DictionaryBuilder?] = []
        var codeMaps: [[Int64]?] = []
        for (c, column) in state.schema.columns.enumerated() {
            let map = source.isCoded(column: c) ? try CodeMap(source, column: c) : nil
            codeMaps.append(map?.codes)
            builders.append(column.type == .text ? map?.builder ?? DictionaryBuilder(base: nil) : nil)
        }
        let complete = Set(codeMaps.indices.filter { codeMaps[$0] != nil })
        let writer = try opened(TableWriter(transaction: self, table: empty, builders: builders, complete: complete, checksKey: false))
        let gatherer = RowGatherer(source, codeMaps: codeMaps, writer: writer, progress: progress)
        if let link = state.partitionLink, let column = source.parentIDColumn(link: link), let rowsPerRun = writer.rowsPerRun {
            try ParentOrder.rewrite(
                source, column: column, rangeBits: partitionLimits.rangeBits, rowsPerRun: rowsPerRun, gatherer: gatherer, writer: writer)
        } else if let time = state.schema.time, let column = state.schema.index(of: time), try !TimeOrder.holds(source, column: column) {
            try TimeOrder.rewrite(source, column: column, through: gatherer)
        } else {
            try gatherer.appendAll()
        }
        try writer.finish()
        for hidden in empty.hidden where hidden.role == .own { try joinKeys(of: hidden.domain) }
        // Later writers of this transaction go on from the new dictionaries.
        for (column, builder) in zip(state.schema.columns, builders) {
            if let builder { self.builders[Transaction.builderKey(table: state.schema.id, column: column.id)] = builder }
        }
    }
}

/// The texts that live rows of a coded column use, in value order, and where each old code goes.
private struct CodeMap {
    let codes: [Int64]
    let builder: DictionaryBuilder

    init(_ table: TableSnapshot, column: Int) throws {
        let dictionary = try table.dictionary(column: column)
        var isUsed = [Bool](repeating: false, count: dictionary.count)
        let keys = KeyVectors(table: table, columns: [column])
        for segment in table.segments {
            var row = 0
            while row < segment.rowCount {
                let count = try keys.load(segment, firstRow: row)
                let values = keys.integers(0)
                for i in 0..<count where !keys.isNull(i) && !segment.isDeleted(row + i) { isUsed[Int(values[i])] = true }
                row += count
            }
        }
        let builder = DictionaryBuilder(base: nil)
        var codes = [Int64](repeating: 0, count: dictionary.count)
        for code in TextOrder.sorted(dictionary.views, count: dictionary.count) where isUsed[Int(code)] {
            let text = dictionary[code]
            codes[Int(code)] = Int64(builder.code(text.base, text.count))
        }
        self.codes = codes
        self.builder = builder
    }
}

extension SegmentReader {
    @inline(__always)
    func isDeleted(_ row: Int) -> Bool { deleted.map { $0[row >> 6] >> UInt64(row & 63) & 1 != 0 } ?? false }
}
