import Glibc

/// One reading of all inputs into one sink, with one layout.
final class ImportPass {
    enum Ending {
        case complete(ImportSummary)
        /// Some value did not fit: start again with this layout.
        case wider(InputLayout)
    }

    private let layout: InputLayout
    private let inputs: [ImportInput]
    private let options: ImportOptions
    private let rejects: RejectFile?
    private var rows = 0
    private var rejected = 0
    private var notes: [String] = []
    private var surprises: [Surprise] = []
    private var orders: [Int: (isSettled: Bool, differs: Bool)] = [:]
    /// After a surprise nothing more is kept, but a stretch as long as all before is looked at, so that several surprises
    /// cost one new pass and an early one does not cost a whole reading.
    private var checkUntil = Int.max
    private static let notesMax = 5

    init(layout: InputLayout, inputs: [ImportInput], options: ImportOptions, rejects: RejectFile?) {
        self.layout = layout
        self.inputs = inputs
        self.options = options
        self.rejects = rejects
        notes = layout.notes + inputs.compactMap(\.note)
    }

    func run<Sink: RowSink>(into sink: Sink, progress: (ImportProgress) throws -> Void) throws -> Ending {
        let total = inputs.contains { $0.bytesTotal == 0 } ? 0 : inputs.reduce(0) { $0 + $1.bytesTotal }
        let reader = PieceReader(inputs: inputs, layout: layout)
        let layout = layout
        let keepsBadRows = rejects != nil
        var clock = monotonicMicroseconds()
        var bytesRead = 0

        func deal(_ parsed: ParsedPiece) throws -> Bool {
            if let failure = parsed.failure { throw failure }
            if parsed.isLast { return false }
            bytesRead = parsed.bytesRead
            try take(parsed, into: sink)
            return parsed.bytesRead < checkUntil
        }
        func tick() throws {
            let now = monotonicMicroseconds()
            guard now - clock >= 50_000 else { return }
            clock = now
            try progress(ImportProgress(bytesRead: bytesRead, bytesTotal: total, rows: rows))
        }

        if try isSmall() {
            let parser = PieceParser(layout: layout, keepsBadRows: keepsBadRows)
            let piece = Piece(capacity: PieceReader.pieceBytes)
            while try reader.next(into: piece), try deal(parser.parse(piece)) { try tick() }
        } else {
            let workers = max(1, min(4, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
            let stream = ParsedStream(reader: reader, workers: workers) {
                PieceParser(layout: layout, keepsBadRows: keepsBadRows)
            }
            for input in inputs { input.onWait { [weak stream] in stream?.isCancelled ?? true } }
            defer { stream.close() }
            try stream.start(workers: workers)
            while true {
                if let parsed = stream.poll(), try !deal(parsed) { break }
                try tick()
            }
        }
        if !surprises.isEmpty { return .wider(layout.widened(by: surprises)) }
        guard !layout.columns.isEmpty else { throw StorageError(.data, "\(inputs[0].name) has no column: no object in it has a key") }
        try checkOrders()
        try progress(ImportProgress(bytesRead: bytesRead, bytesTotal: total, rows: rows))
        if rejected > 0, let path = options.rejects { notes.append("\(rejected) bad row\(rejected == 1 ? "" : "s") kept in \(path)") }
        return .complete(ImportSummary(columns: layout.schema, rows: rows, rejected: rejected, notes: notes))
    }

    /// Threads are worth their while only where the input is more than a few pieces.
    private func isSmall() throws -> Bool { try inputs.count <= 4 && inputs.allSatisfy { try $0.withHead { _, isAll in isAll } } }

    private func take<Sink: RowSink>(_ parsed: ParsedPiece, into sink: Sink) throws {
        for bad in parsed.bad {
            guard let rejects else {
                let way = "rejects \"bad.csv\" keeps bad rows aside and goes on"
                throw StorageError(.data, bad.message, hint: bad.hint.map { "\($0); \(way)" } ?? way)
            }
            if surprises.isEmpty {
                try rejects.append(bad, file: layout.files[parsed.input].name)
                if rejected < ImportPass.notesMax { notes.append(bad.message) }
                rejected += 1
            }
        }
        if !parsed.surprises.isEmpty {
            if surprises.isEmpty { checkUntil = parsed.bytesRead + max(parsed.bytesRead, 16 << 20) }
            surprises.append(contentsOf: parsed.surprises)
        }
        for order in parsed.orders {
            var known = orders[order.column] ?? (false, false)
            known.isSettled = known.isSettled || order.isSettled
            known.differs = known.differs || order.differs
            orders[order.column] = known
        }
        guard surprises.isEmpty, parsed.chunk.rowCount > 0 else { return }
        rows += parsed.chunk.rowCount
        try sink.append(parsed.chunk)
    }

    private func checkOrders() throws {
        for (column, order) in orders.sorted(by: { $0.key < $1.key }) where !order.isSettled && order.differs {
            let name = layout.columns[column].name
            throw StorageError(
                .data, "\(layout.files[0].name), column \(name): its dates fit both day/month and month/day",
                hint: "say which: date_order: dmy or date_order: mdy")
        }
    }
}
