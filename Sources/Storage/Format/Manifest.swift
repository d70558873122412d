/// The whole state of a store at one version, as a manifest file holds it.
struct Manifest: Equatable, Sendable {
    var number = 0
    /// Microseconds since 1970 UTC.
    var committedAt: Int64 = 0
    var note = ""
    var nextFile: UInt64 = 1
    var nextTable: UInt32 = 1
    var definitions: [String: [UInt8]] = [:]
    var tables: [TableState] = []

    func index(of table: String) -> Int? { tables.firstIndex { $0.schema.name == table } }
}

struct TableState: Equatable, Sendable {
    var schema: TableSchema
    var nextColumn: UInt32
    var segments: [SegmentState] = []
    /// For every column of the schema, in its order; empty lists for columns that are not text.
    var dictionaries: [[DictionaryPiece]]

    var dictionaryCounts: [UInt32] { dictionaries.map { $0.last.map { $0.firstCode + $0.count } ?? 0 } }
}

struct SegmentState: Equatable, Sendable {
    var file: UInt64
    var rows: UInt64
    var bytes: UInt64
    var deletes: DeletesReference?
}

/// The bitmap of a segment's deleted rows: all of them, not only those of one commit.
struct DeletesReference: Equatable, Hashable, Sendable {
    var file: UInt64
    var offset: UInt64
    var count: UInt64
}

/// A run of a column's dictionary entries, in the record of a dictionary file.
struct DictionaryPiece: Equatable, Hashable, Sendable {
    var file: UInt64
    var offset: UInt64
    var bytes: UInt64
    var firstCode: UInt32
    var count: UInt32
}

/// A table's file names. Ids are never given twice in the life of a store.
enum StoreFile: Hashable {
    case segment(UInt64)
    case dictionary(UInt64)
    case deletes(UInt64)
    case manifest(Int)

    var name: String {
        switch self {
        case .segment(let id): "segment-\(id)"
        case .dictionary(let id): "dictionary-\(id)"
        case .deletes(let id): "deletes-\(id)"
        case .manifest(let number): "manifest-\(number)"
        }
    }

    init?(name: String) {
        guard let dash = name.firstIndex(of: "-"), let id = UInt64(name[name.index(after: dash)...]) else { return nil }
        switch name[..<dash] {
        case "segment": self = .segment(id)
        case "dictionary": self = .dictionary(id)
        case "deletes": self = .deletes(id)
        case "manifest":
            guard let number = Int(exactly: id) else { return nil }
            self = .manifest(number)
        default: return nil
        }
        // `manifest-007` is not a name that we write.
        if self.name != name { return nil }
    }
}

extension Manifest {
    /// All files that this version needs, with how many bytes of each it is sure of.
    var files: [StoreFile: UInt64] {
        var needed: [StoreFile: UInt64] = [:]
        for table in tables {
            for segment in table.segments {
                needed[.segment(segment.file)] = segment.bytes
                if let deletes = segment.deletes {
                    let payload = DeleteBitmap.payloadBytes(rows: Int(segment.rows), count: Int(deletes.count))
                    let end = deletes.offset &+ UInt64(RecordFile.headerBytes + payload)
                    needed[.deletes(deletes.file)] = max(needed[.deletes(deletes.file)] ?? 0, end)
                }
            }
            for pieces in table.dictionaries {
                for piece in pieces {
                    let end = piece.offset &+ UInt64(RecordFile.headerBytes) &+ piece.bytes
                    needed[.dictionary(piece.file)] = max(needed[.dictionary(piece.file)] ?? 0, end)
                }
            }
        }
        return needed
    }
}
