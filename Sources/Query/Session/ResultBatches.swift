import Glibc
import Storage

/// Hands a relation's columns over in runs of rows, in the forms that writers read.
enum ResultBatches {
    private static let rowsMax = 8192

    static func send(_ relation: Relation, _ columns: [ColumnID], to receiver: ResultReceiver, _ cancellation: Cancellation) throws {
        try send(relation, columns, cancellation) { try receiver.rows($0) }
    }

    static func send(_ relation: Relation, _ columns: [ColumnID], to writer: ResultWriter, _ cancellation: Cancellation) throws {
        try send(relation, columns, cancellation) { try writer.rows($0) }
    }

    private static func send(
        _ relation: Relation, _ columns: [ColumnID], _ cancellation: Cancellation, _ body: (ResultBatch) throws -> Void
    ) throws {
        let buffers = columns.map { relation[$0] }
        let wide = buffers.map { buffer -> UnsafeMutableRawPointer? in
            switch buffer.form {
            case .mask: UnsafeMutableRawPointer.allocate(byteCount: rowsMax * 8, alignment: 16)
            case .codes: UnsafeMutableRawPointer.allocate(byteCount: rowsMax * MemoryLayout<TextView>.stride, alignment: 16)
            case .integers, .doubles, .texts: nil
            }
        }
        defer { for pointer in wide { pointer?.deallocate() } }
        var first = 0
        while first < relation.rowCount {
            try cancellation.check()
            let count = min(rowsMax, relation.rowCount - first)
            let made = zip(buffers, wide).map { buffer, room -> ResultBatch.Column in
                let values: ResultBatch.Column.Values
                switch buffer.form {
                case .integers: values = .integers(UnsafePointer(buffer.integers + first))
                case .doubles: values = .doubles(UnsafePointer(buffer.doubles + first))
                case .texts: values = .texts(UnsafePointer(buffer.texts + first))
                case .mask:
                    let out = room!.assumingMemoryBound(to: Int64.self)
                    for i in 0..<count { out[i] = Int64(buffer.mask[first + i]) }
                    values = .integers(UnsafePointer(out))
                case .codes:
                    let out = room!.assumingMemoryBound(to: TextView.self)
                    for i in 0..<count { out[i] = buffer.isNull(first + i) ? TextView(base: nil, count: 0) : buffer.text(first + i) }
                    values = .texts(UnsafePointer(out))
                }
                return ResultBatch.Column(values: values, nulls: nil)
            }
            // Null masks are Swift arrays: they are pinned for the length of the call.
            try withNulls(buffers, first, made) { try body(ResultBatch(rowCount: count, columns: $0)) }
            first += count
        }
    }

    private static func withNulls(
        _ buffers: [ColumnBuffer], _ first: Int, _ columns: [ResultBatch.Column], _ body: ([ResultBatch.Column]) throws -> Void
    ) throws {
        func next(_ index: Int, _ made: [ResultBatch.Column]) throws {
            guard index < buffers.count else { return try body(made) }
            guard buffers[index].hasNulls else { return try next(index + 1, made) }
            try buffers[index].nulls.withUnsafeBufferPointer { nulls in
                var changed = made
                changed[index].nulls = nulls.baseAddress! + first
                try next(index + 1, changed)
            }
        }
        try next(0, columns)
    }
}

/// The file behind `to "…"`: written under another name beside it and moved into place when it is whole.
final class ExportFile {
    let writer: ResultWriter
    private let path: String
    private let partial: String
    private let descriptor: Int32
    private let buffer: OutputBuffer

    init(path: String, raw: Bool, span: SourceSpan) throws {
        // A script of definitions is text, written as it is.
        guard let format = OutputFormat.forFile(path) ?? (path.hasSuffix(".crmq") ? .csv : nil) else {
            let endings = (OutputFormat.all + [.svg]).flatMap(\.fileEndings).map { ".\($0)" }.joined(separator: " ")
            throw QueryError(.file, "the name's ending says no format: \(path)", at: span, hint: "endings: \(endings)")
        }
        self.path = path
        partial = "\(path).partial-\(getpid())"
        descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw QueryError(.file, "cannot write \(path): \(String(cString: strerror(errno)))", at: span) }
        buffer = OutputBuffer(FileDescriptorSink(descriptor, name: path))
        writer = format.makeWriter(buffer, FormatOptions(defusesFormulas: !raw))
    }

    func write(_ text: String) throws { try buffer.append(text) }

    func finish() throws {
        try buffer.flush()
        guard fsync(descriptor) == 0 || errno == EINVAL, close(descriptor) == 0, rename(partial, path) == 0 else {
            throw StorageError(.environment, "cannot write \(path): \(String(cString: strerror(errno)))")
        }
    }

    func abandon() {
        close(descriptor)
        unlink(partial)
    }
}
