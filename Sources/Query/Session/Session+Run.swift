import Glibc
import Storage

/// What `run … with` gives to a file's parameters.
struct RunArguments {
    let values: [String: Bound]
    /// The text that the values stand in.
    let caller: SourceText?
}

extension Session {
    /// `run "monthly.crmq" with month = 2026-10`: the file's statements, as if they stood here, with values for its parameters.
    func runFile(_ path: String, _ place: SourceSpan, _ values: [NamedExpression], _ receiver: ResultReceiver) throws {
        try refuseIfSafe("running a file", place)
        let found = besideCurrent(path)
        guard let real = realpath(found, nil) else {
            throw QueryError(.file, "cannot read \(found): \(String(cString: strerror(errno)))", at: place)
        }
        let full = String(cString: real)
        free(real)
        let open = runningFiles.isEmpty ? current?.path.flatMap(Self.resolved).map { [$0] } ?? [] : runningFiles
        if open.contains(full) {
            let names = (open.drop { $0 != full } + [full]).map { $0.split(separator: "/").last.map(String.init) ?? $0 }
            throw QueryError(.file, "\(path) runs itself: \(names.joined(separator: " → "))", at: place)
        }
        let pieces = StatementSplitter.splitFile(try Self.text(of: found, at: place), name: found, path: full)
        var parameters: [String] = []
        for piece in pieces {
            // A statement that cannot be read is told when its turn comes.
            if case .vocabulary(.define(let definition, _))? = (try? Statement.parse(piece))?.kind, definition.kind == .param {
                parameters.append(definition.name.text)
            }
        }
        var given: [String: Bound] = [:]
        let binder = Binder(try environment(try store.snapshot(), makeExecutor(nil)))
        for value in values {
            guard let name = value.name else { continue }
            guard parameters.contains(name.text) else {
                throw QueryError(
                    .name, "\(path) has no parameter \(name.text)", at: name.span,
                    hint: nearestName(to: name.text, among: parameters).map { "did you mean \($0)?" }
                        ?? (parameters.isEmpty ? "no `param` stands in it" : "it has \(parameters.joined(separator: ", "))"))
            }
            if given[name.text] != nil { throw QueryError(.name, "\(name.text) is given twice", at: name.span) }
            var bound = try binder.bind(value.value, in: Scope())
            if case .months = bound.kind {} else { bound = try ConstantFolding.fold(bound) }
            given[name.text] = bound
        }
        let outer = (files: runningFiles, values: self.parameters, definitions: definitions)
        runningFiles = open + [full]
        runArguments.append(RunArguments(values: given, caller: current))
        defer {
            runningFiles = outer.files
            runArguments.removeLast()
            // What the caller's own parameters hold is the caller's: the file's `param`s of the same name were its own.
            for name in parameters {
                guard let entry = outer.definitions["@" + name] else { continue }
                definitions["@" + name] = entry
                self.parameters[name] = outer.values[name]
            }
        }
        // A report ends with the file that opened it, and is dropped with it.
        let reportsBefore = reports.count
        defer { dropReports(downTo: reportsBefore) }
        for piece in pieces {
            do {
                try cancellation.check()
                try runPiece(piece, receiver)
            } catch var error as QueryError {
                if error.source == nil { error.source = piece }
                throw error
            } catch let error as StorageError {
                var placed = Self.queryError(error)
                placed.source = piece
                placed.span = 0..<piece.text.utf8.prefix { $0 != 0x20 && $0 != 0x0A }.count
                throw placed
            }
        }
        try finishReports(downTo: reportsBefore, receiver: receiver)
    }

    /// The same mistake as one of the query, so that it can carry its place in another text.
    private static func queryError(_ error: StorageError) -> QueryError {
        switch error.kind {
        case .request, .data: QueryError(.data, error.message, hint: error.hint)
        case .file: QueryError(.file, error.message, hint: error.hint)
        case .corrupt, .environment: QueryError(.storage, error.message, hint: error.hint)
        case .cancelled: QueryError(.cancelled, error.message)
        }
    }

    /// A relative name starts in the folder of the file that runs it.
    func besideCurrent(_ path: String) -> String {
        guard !path.hasPrefix("/") else { return path }
        guard let file = current?.path, let slash = file.lastIndex(of: "/") else { return filePath(path) }
        return file[...slash] + path
    }

    private static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    static func text(of path: String, at place: SourceSpan) throws -> String {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        func failure() -> QueryError { QueryError(.file, "cannot read \(path): \(String(cString: strerror(errno)))", at: place) }
        guard descriptor >= 0 else { throw failure() }
        defer { Glibc.close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure() }
            if count == 0 { break }
            bytes += piece[..<count]
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw QueryError(.file, "\(path) is not text in UTF-8", at: place)
        }
        return text
    }
}
