import Glibc
import Storage

extension Session {
    /// Reports that are open, from the outside in.
    public var openReports: Int { reports.count }

    func open(_ head: ReportHead?, _ span: SourceSpan, _ receiver: ResultReceiver) throws {
        guard let head else {
            guard reports.last?.level == runningFiles.count else {
                throw QueryError(.name, "no report is open here", at: span, hint: "report \"pack.html\" \"Title\" opens one")
            }
            return try finishReports(downTo: reports.count - 1, receiver: receiver)
        }
        try refuseIfSafe("writing a file", head.pathSpan)
        let path = try filledIn(head.path, head.pathSpan)
        guard let form = Report.form(of: path) else {
            throw QueryError(.file, "a report is a page: \(path)", at: head.pathSpan, hint: "endings: .html .htm .md .markdown")
        }
        // Better now than after an hour of queries.
        let full = filePath(path)
        let folder = full.lastIndex(of: "/").map { $0 == full.startIndex ? "/" : String(full[..<$0]) } ?? "."
        guard access(folder, W_OK | X_OK) == 0 else {
            throw QueryError(.file, "cannot write \(path): \(String(cString: strerror(errno)))", at: head.pathSpan)
        }
        let title = try head.title.map { try filledIn($0, span, isPath: false) }
        // One after another in the same file.
        if reports.last?.level == runningFiles.count { try finishReports(downTo: reports.count - 1, receiver: receiver) }
        let name = path.split(separator: "/").last.map(String.init) ?? path
        reports.append(
            Report(
                path: full, shownPath: path, form: form, title: title ?? String(name.prefix { $0 != "." }),
                level: runningFiles.count))
    }

    /// Writes the reports that were opened since there were `depth` of them.
    public func finishReports(downTo depth: Int, receiver: ResultReceiver) throws {
        while reports.count > depth, let report = reports.last {
            report.asOf = CellText.string(.integer(today), type: .date)
            report.hidesLaterRows = hidesLaterRows
            report.parameters = shownParameters()
            let file = try ExportFile(path: report.path, raw: true, span: 0..<0)
            do {
                try file.write(report.form == .html ? report.html : report.markdown)
                try file.finish()
            } catch {
                file.abandon()
                throw error
            }
            reports.removeLast()
            let answers = report.answers
            let charts = answers.count { $0.chart != nil }
            let tables = answers.count - charts
            try receiver.message(
                "wrote \(report.shownPath): \(tables) table\(tables == 1 ? "" : "s"), \(charts) chart\(charts == 1 ? "" : "s")")
        }
    }

    /// Forgets the reports that were opened since there were `depth` of them: something in them went wrong.
    public func dropReports(downTo depth: Int) {
        if reports.count > depth { reports.removeLast(reports.count - depth) }
    }

    private func shownParameters() -> [Report.Parameter] {
        definitions.values.filter { $0.kind == .param }.sorted { $0.name < $1.name }.compactMap { entry in
            guard let value = parameters[entry.name], let constant = value.constantValue else { return nil }
            return Report.Parameter(
                name: entry.name, value: constant.isNull ? CellStore.nullSign : CellText.string(constant, type: value.type))
        }
    }
}

extension Statement {
    /// Its own comments belong to no report yet.
    var opensReport: Bool {
        if case .report = kind { return true }
        return false
    }
}
