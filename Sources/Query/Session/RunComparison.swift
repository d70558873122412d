import Glibc
import Storage

/// `run … against "folder"`: each answer is kept there under its number, and the next run tells what has changed since.
final class RunComparison {
    let folder: String
    let span: SourceSpan
    private(set) var answers = 0
    /// Answers of this run, which take the places of the kept ones when all of it has succeeded.
    private var written: [(from: String, to: String)] = []

    init(folder: String, span: SourceSpan) {
        self.folder = folder
        self.span = span
    }

    func next() -> (number: Int, path: String, next: String) {
        answers += 1
        let path = "\(folder)/\(answers).csv"
        let next = "\(folder)/\(answers).next.csv"
        written.append((next, path))
        return (answers, path, next)
    }

    func commit() throws {
        for (from, to) in written where rename(from, to) != 0 {
            throw StorageError(.environment, "cannot write \(to): \(String(cString: strerror(errno)))")
        }
    }

    func abandon() { for (from, _) in written { unlink(from) } }
}

extension Session {
    func comparing(with path: String, at span: SourceSpan, _ body: () throws -> Void) throws {
        try refuseIfSafe("writing a file", span)
        let folder = filePath(try filledIn(path, span))
        if mkdir(folder, 0o700) != 0, errno != EEXIST {
            throw QueryError(.file, "cannot make the folder \(folder): \(String(cString: strerror(errno)))", at: span)
        }
        let outer = comparison
        let here = RunComparison(folder: folder, span: span)
        comparison = here
        defer { comparison = outer }
        do {
            try body()
            try here.commit()
        } catch {
            here.abandon()
            throw error
        }
    }

    /// Delivers what has changed in an answer since it was kept; the whole of it where there is nothing to compare it with.
    func compare(
        _ plan: Plan, _ bound: BoundQuery, _ comparison: RunComparison, _ executor: Executor, _ receiver: ResultReceiver
    ) throws {
        let rows = try executor.relation(plan, required: Set(bound.required))
        let visible = bound.scope.visible
        let (number, path, next) = comparison.next()
        let file = try ExportFile(path: next, raw: true, span: comparison.span)
        do {
            try file.writer.begin(columns: bound.columns)
            try ResultBatches.send(rows, bound.required, to: file.writer, cancellation)
            _ = try file.writer.end()
            try file.finish()
        } catch {
            file.abandon()
            throw error
        }
        func whole(_ why: String) throws {
            try receiver.begin(columns: bound.columns, shownAs: bound.presentation)
            try ResultBatches.send(rows, bound.required, to: receiver, cancellation)
            try receiver.end(footer(rows.rowCount, bound, executor))
            try receiver.message("answer \(number): \(why)")
        }
        var status = stat()
        guard stat(path, &status) == 0 else { return try whole("kept in \(path), to be compared with next time") }
        guard let kept = try keptAnswer(path, visible, comparison.span) else {
            return try whole("its columns are not those of the last run, so it is not compared")
        }
        var keys = bound.scope.key.compactMap { id in visible.first { $0.id == id } }
        if keys.count != bound.scope.key.count || keys.isEmpty { keys = visible }
        let ordered = keys + visible.filter { column in !keys.contains { $0.id == column.id } }
        let changes = AnswerChanges(columns: ordered.map { ($0.name, $0.type) }, keyCount: keys.count)
        let places = ordered.compactMap { column in visible.firstIndex { $0.id == column.id } }
        let old = (0..<kept.rowCount).map { row in places.map { kept[$0 + 1].value(row) } }
        let new = (0..<rows.rowCount).map { row in ordered.map { rows[$0.id].value(row) } }
        let found = try changes.between(old, new)
        if found.counts.isNothing {
            let count = rows.rowCount == 1 ? "1 row" : "\(CellText.grouped(rows.rowCount)) rows"
            return try receiver.message("answer \(number): nothing has changed since the last run, \(count)")
        }
        try deliver(found.rows, receiver)
        try receiver.message("answer \(number): \(found.counts.sentence) since the last run")
    }

    /// The rows of a kept answer, their columns numbered from 1 in the order of `columns`; nil where it has others.
    private func keptAnswer(_ path: String, _ columns: [Scope.Column], _ span: SourceSpan) throws -> Relation? {
        func text(_ value: String) -> Expression { Expression(kind: .literal(.text(value)), span: span) }
        var clause = ImportClause()
        clause.options = [
            ImportClause.Option(name: Name(text: "delimiter", span: span), values: [text(",")], columns: []),
            ImportClause.Option(name: Name(text: "encoding", span: span), values: [text("utf-8")], columns: []),
            ImportClause.Option(
                name: Name(text: "header", span: span), values: [Expression(kind: .literal(.bool(true)), span: span)], columns: []),
        ]
        guard Set(try fileColumns(path, clause, span)) == Set(columns.map(\.name)) else { return nil }
        clause.options.append(
            ImportClause.Option(
                name: Name(text: "types", span: span), values: [],
                columns: columns.map { ColumnDefinition(name: Name(text: $0.name, span: span), type: $0.type, span: span) }))
        // Where a type is another than last time, its texts may not be values of it.
        guard let table = try? fileTable(path, clause, span) else { return nil }
        let ids = columns.enumerated().compactMap { place, column in
            table.schema.index(of: column.name).map { (id: place + 1, index: $0) }
        }
        return try makeExecutor(nil).relation(.scan(ScanPlan(table: table, columns: ids)), required: Set(ids.map(\.id)))
    }
}
