/// Reads files into typed columns in one streamed pass.
///
/// Types are sniffed from the beginning of the input. While reading, a value that does not fit its column's type widens the column
/// (int -> decimal -> float where exact -> text) and never loses a digit: the pass starts again with the wider type and a new sink.
/// So that standard input can be read again, it is spooled to an unlinked temporary file; a gzip file is simply unpacked again.
public final class Importer {
    private let options: ImportOptions
    private let inputs: [ImportInput]
    private var layout: InputLayout?

    /// `paths` are already expanded from their pattern; `-` is standard input; a name ending in `.gz` goes through the system's gzip.
    /// - Throws: a `.file` error for an input that is missing or may not be opened, a `.request` error for options that make no sense.
    public init(paths: [String], options: ImportOptions) throws {
        guard !paths.isEmpty else { throw StorageError(.request, "no input file") }
        guard paths.filter({ $0 == "-" }).count <= 1 else { throw StorageError(.request, "standard input can be read only once") }
        self.options = options
        inputs = try paths.map { try ImportInput(path: $0, encoding: options.encoding, isCancelled: options.isCancelled) }
    }

    /// The column names and types sniffed from the input's beginning (types given in the options hold).
    /// - Throws: a `.data` error for an input without header and rows or one that cannot be read as asked.
    public func sniffedColumns() throws -> [ColumnSchema] { try resolvedLayout().schema }

    private func resolvedLayout() throws -> InputLayout {
        if let layout { return layout }
        let sniffed = try InputLayout.sniff(inputs: inputs, options: options)
        layout = sniffed
        return sniffed
    }

    /// Streams all rows into sinks made by `makeWriter`.
    ///
    /// `makeWriter` is called with the columns before the first row, and again, with wider ones, whenever a late value widens a column:
    /// the sink it gave before is then void (its rows come again). Rows arrive on the calling thread, in the order of the input.
    /// `progress` is called about every 50 ms and cancels by throwing. Memory stays bounded whatever the input's size.
    public func load<Sink: RowSink>(
        makeWriter: (_ columns: [ColumnSchema]) throws -> Sink,
        progress: (ImportProgress) throws -> Void
    ) throws -> ImportSummary {
        var layout = try resolvedLayout()
        let rejects = try options.rejects.map { try RejectFile(path: $0) }
        while true {
            for input in inputs { try input.rewind() }
            try rejects?.restart()
            let sink = try makeWriter(layout.schema)
            let pass = ImportPass(layout: layout, inputs: inputs, options: options, rejects: rejects)
            switch try pass.run(into: sink, progress: progress) {
            case .complete(let summary):
                try rejects?.finish()
                self.layout = layout
                return summary
            case .wider(let wider): layout = wider
            }
        }
    }
}
