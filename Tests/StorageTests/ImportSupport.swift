import Foundation
import Storage

/// Rows kept in memory as text, so that a test can say what it expects; without `keepsRows` the first row and the last of each chunk.
final class MemorySink: RowSink {
    let schema: [ColumnSchema]
    var rows: [[String?]] = []
    var count = 0
    let keepsRows: Bool

    init(_ schema: [ColumnSchema], keepsRows: Bool = true) {
        self.schema = schema
        self.keepsRows = keepsRows
    }

    func append(_ chunk: RowChunk) throws {
        precondition(chunk.columns.count == schema.count)
        for (column, definition) in zip(chunk.columns, schema) {
            precondition(column.nulls.isEmpty || column.nulls.count == chunk.rowCount)
            switch column.values {
            case .integers(let values): precondition(values.count == chunk.rowCount && definition.type.physical == .integer)
            case .doubles(let values): precondition(values.count == chunk.rowCount && definition.type.physical == .double)
            case .text(let texts): precondition(texts.count == chunk.rowCount && definition.type.physical == .text)
            }
        }
        count += chunk.rowCount
        for row in 0..<chunk.rowCount where keepsRows || rows.isEmpty || row == chunk.rowCount - 1 {
            rows.append(zip(chunk.columns, schema).map { column, definition in MemorySink.cell(column, row, definition.type) })
        }
    }

    /// nil is null.
    private static func cell(_ column: ColumnChunk, _ row: Int, _ type: LogicalType) -> String? {
        if !column.nulls.isEmpty, column.nulls[row] != 0 { return nil }
        switch column.values {
        case .integers(let values): return CellText.string(.integer(values[row]), type: type)
        case .doubles(let values): return CellText.string(.double(values[row]), type: type)
        case .text(let texts): return String(decoding: texts.bytes[texts.offsets[row]..<texts.offsets[row + 1]], as: UTF8.self)
        }
    }

    func column(_ name: String) -> [String?] {
        guard let index = schema.firstIndex(where: { $0.name == name }) else { return [] }
        return rows.map { $0[index] }
    }

    /// `name type, name type`.
    var types: String { schema.map { "\($0.name) \($0.type.name)" }.joined(separator: ", ") }
}

struct Loaded {
    var sink: MemorySink
    var summary: ImportSummary
    /// How many sinks were asked for: one more than the passes that were void.
    var sinks: Int
}

/// Loads files into memory.
func importFiles(_ paths: [String], keepsRows: Bool = true, _ set: (inout ImportOptions) -> Void = { _ in }) throws -> Loaded {
    var options = ImportOptions()
    set(&options)
    var sink: MemorySink?
    var sinks = 0
    let summary = try Importer(paths: paths, options: options).load(
        makeWriter: { columns in
            let new = MemorySink(columns, keepsRows: keepsRows)
            sink = new
            sinks += 1
            return new
        }, progress: { _ in })
    return Loaded(sink: sink!, summary: summary, sinks: sinks)
}

/// Loads the given bytes through a file of their own.
func importBytes(_ bytes: [UInt8], name: String = "t.csv", _ set: (inout ImportOptions) -> Void = { _ in }) throws -> Loaded {
    let folder = try ImportFolder()
    let path = folder.path(name)
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return try importFiles([path], set)
}

func importText(_ text: String, name: String = "t.csv", _ set: (inout ImportOptions) -> Void = { _ in }) throws -> Loaded {
    try importBytes(Array(text.utf8), name: name, set)
}

/// The error that loading the bytes ends in, as kind and message; nil where it loads.
func importError(_ bytes: [UInt8], name: String = "t.csv", _ set: (inout ImportOptions) -> Void = { _ in }) -> StorageError? {
    do {
        _ = try importBytes(bytes, name: name, set)
        return nil
    } catch let error as StorageError {
        return error
    } catch {
        return StorageError(.corrupt, "another error: \(error)")
    }
}

func importError(_ text: String, name: String = "t.csv", _ set: (inout ImportOptions) -> Void = { _ in }) -> StorageError? {
    importError(Array(text.utf8), name: name, set)
}

/// A folder that goes away with its owner.
final class ImportFolder {
    let root: String
    init() throws {
        root = NSTemporaryDirectory() + "/crmq-import-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: root) }
    func path(_ name: String) -> String { root + "/" + name }
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
        return path(name)
    }
    func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }
}

/// The real files beside the project; absent on most machines.
enum SharedData {
    static let root: String = {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        for candidate in [package.deletingLastPathComponent(), package.deletingLastPathComponent().deletingLastPathComponent()] {
            let data = candidate.appendingPathComponent("shared/data").path
            if FileManager.default.fileExists(atPath: data) { return data }
        }
        return package.deletingLastPathComponent().appendingPathComponent("shared/data").path
    }()
    static func has(_ folder: String) -> Bool { FileManager.default.fileExists(atPath: root + "/" + folder) }
    static func path(_ name: String) -> String { root + "/" + name }
}
