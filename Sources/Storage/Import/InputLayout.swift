/// All that is known about the inputs before a pass over them: how to cut them into fields, and what to make of each column.
struct InputLayout: @unchecked Sendable {
    struct Column: Equatable, Sendable {
        var name: String
        var plan: ColumnPlan
        var evidence = ColumnEvidence()
    }

    /// One input file's own: where its rows begin and where each column stands in it.
    struct File: Equatable, Sendable {
        var name: String
        var dataOffset = 0
        var firstDataLine = 1
        var fieldCount = 1
        /// Column -> field.
        var fields: [Int] = []
    }

    enum Format: Sendable { case delimited, jsonLines }

    var format = Format.delimited
    var dialect = Dialect()
    var columns: [Column] = []
    var files: [File] = []
    var nullSpellings: [[UInt8]]?
    var dateLayout: DateLayout?
    var dateOrder: ImportOptions.DateOrder?
    var notes: [String] = []
    /// Lines to pass over at the beginning of each file.
    var skip = 0
    /// The first file begins with its columns' names, so the others must.
    var hasHeader = false

    var schema: [ColumnSchema] { columns.map { ColumnSchema(name: $0.name, type: $0.plan.type) } }

    init(options: ImportOptions) throws {
        nullSpellings = options.nullSpellings.map { $0.map { Array($0.utf8) } }
        dateLayout = try options.dateLayout.map { try DateLayout($0) }
        dateOrder = options.dateOrder
    }

    /// Columns whose type the statement gives keep it; the rest follow what was seen.
    mutating func settlePlans(_ options: ImportOptions) throws {
        for name in options.types.keys.sorted() where !columns.contains(where: { $0.name == name }) {
            // A JSON file may bring the key later: such a column is made now and filled where it appears.
            if format == .jsonLines {
                columns.append(Column(name: name, plan: ColumnPlan(kind: .text)))
                continue
            }
            throw StorageError(
                .request, "\(files[0].name) has no column \(name)", hint: "it has \(columns.map(\.name).joined(separator: ", "))")
        }
        for i in columns.indices {
            if let type = options.types[columns[i].name] ?? options.typesIfPresent[columns[i].name] {
                if case .decimal(let scale) = type, scale < 0 || scale > Decimals.maximumScale {
                    throw StorageError(.request, "decimal(\(scale)) is no type: a scale is 0 to \(Decimals.maximumScale)")
                }
                columns[i].plan = ColumnPlan(stated: type, layout: dateLayout, order: dateOrder)
                if columns[i].plan.isOrderOpen, let order = columns[i].evidence.settledOrder {
                    columns[i].plan.slashOrder = order
                    columns[i].plan.isOrderOpen = false
                }
            } else {
                columns[i].plan = columns[i].evidence.plan(layout: dateLayout, order: dateOrder)
            }
        }
    }

    /// The layout after surprises: wider types, other orders, new columns.
    func widened(by surprises: [Surprise]) -> InputLayout {
        var wider = self
        for surprise in surprises {
            switch surprise {
            case .newKey(let name, let evidence):
                if let index = wider.columns.firstIndex(where: { $0.name == name }) {
                    wider.columns[index].evidence.merge(evidence)
                } else {
                    wider.columns.append(Column(name: name, plan: ColumnPlan(kind: .text), evidence: evidence))
                }
            case .misfit(let column, let evidence): wider.columns[column].evidence.merge(evidence)
            case .flippedOrder(let column):
                wider.columns[column].plan.slashOrder = .monthFirst
                wider.columns[column].plan.isOrderOpen = false
            }
        }
        for i in wider.columns.indices where !wider.columns[i].plan.isStated {
            let isOld = i < columns.count
            guard !isOld || wider.columns[i].evidence != columns[i].evidence else { continue }
            let plan = wider.columns[i].evidence.plan(layout: dateLayout, order: dateOrder)
            // A value that its own column's parser refused although the evidence names the same type again: only text holds both.
            wider.columns[i].plan = isOld && plan == columns[i].plan ? ColumnPlan(kind: .text) : plan
        }
        return wider
    }
}

/// What a pass may find that its layout did not know.
enum Surprise: Sendable {
    case misfit(column: Int, ColumnEvidence)
    case flippedOrder(column: Int)
    /// A key of JSON lines that no column is for yet.
    case newKey(String, ColumnEvidence)
}

/// A record that cannot be a row, with what the user needs to find and mend it.
struct BadRow: Sendable {
    var line: Int
    var message: String
    var reason: String
    var hint: String?
    var text: [UInt8]
}

/// What a worker made of a piece.
final class ParsedPiece: @unchecked Sendable {
    var chunk = RowChunk(columns: [], rowCount: 0)
    var surprises: [Surprise] = []
    var bad: [BadRow] = []
    var input = 0
    var bytesRead = 0
    /// For each column whose day and month order is still open: does some value settle it, or differ.
    var orders: [(column: Int, isSettled: Bool, differs: Bool)] = []
    /// The end of the pass: nothing, or why it had to stop.
    var isLast = false
    var failure: (any Error)?
}
