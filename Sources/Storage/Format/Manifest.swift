/// The whole state of a store at one version, as a manifest file holds it.
struct Manifest: Equatable, Sendable {
    var number = 0
    /// Microseconds since 1970 UTC.
    var committedAt: Int64 = 0
    var note = ""
    var nextFile: UInt64 = 1
    var nextTable: UInt32 = 1
    var nextLink: UInt32 = 1
    var nextDomain: UInt32 = 1
    var definitions: [String: [UInt8]] = [:]
    var tables: [TableState] = []
    /// In the order of their declaration.
    var links: [LinkSchema] = []
    var domains: [DomainState] = []
    var blobs: [String: BlobReference] = [:]

    func index(of table: String) -> Int? { tables.firstIndex { $0.schema.name == table } }
    func domain(_ id: UInt32) -> DomainState? { domains.first { $0.id == id } }
}

struct TableState: Equatable, Sendable {
    var schema: TableSchema
    var nextColumn: UInt32
    var segments: [SegmentState] = []
    /// For every column of the schema, in its order; empty lists for columns that are not text.
    var dictionaries: [[DictionaryPiece]]
    /// Integer columns that every segment holds behind those of the schema.
    var hidden: [HiddenColumn] = []
    /// The link whose parents decide where rows lie.
    var partitionLink: UInt32?

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

/// A column of ids beside those that the user sees.
struct HiddenColumn: Equatable, Sendable {
    enum Role: UInt8, Sendable {
        /// The id of the row's own key in the domain.
        case own = 1
        /// The id of the key of the row's parent; null where a part of it is null.
        case parent = 2
        /// Of a link that is gone: nothing reads it, and the next rewrite leaves it out.
        case retired = 3
    }
    var id: UInt32
    var role: Role
    var domain: UInt32
    /// 0 unless the role is that of a parent.
    var link: UInt32
}

/// The ids of a parent table's key values. An id belongs to a value for ever, whether a row has it or not.
struct DomainState: Equatable, Sendable {
    var id: UInt32
    var table: String
    /// Empty while only children are loaded and the parent's key is not known.
    var columns: [String]
    var types: [LogicalType]
    /// Values in the order of their ids.
    var pieces: [DictionaryPiece] = []

    var count: UInt32 { pieces.last.map { $0.firstCode + $0.count } ?? 0 }
}

/// Named bytes in the record of a blobs file.
struct BlobReference: Equatable, Sendable {
    var file: UInt64
    var offset: UInt64
    var bytes: UInt64
}

/// A table's file names. Ids are never given twice in the life of a store.
enum StoreFile: Hashable {
    case segment(UInt64)
    case dictionary(UInt64)
    case deletes(UInt64)
    /// Key values of domains.
    case keys(UInt64)
    case blobs(UInt64)
    case manifest(Int)

    var name: String {
        switch self {
        case .segment(let id): "segment-\(id)"
        case .dictionary(let id): "dictionary-\(id)"
        case .deletes(let id): "deletes-\(id)"
        case .keys(let id): "keys-\(id)"
        case .blobs(let id): "blobs-\(id)"
        case .manifest(let number): "manifest-\(number)"
        }
    }

    init?(name: String) {
        guard let dash = name.firstIndex(of: "-"), let id = UInt64(name[name.index(after: dash)...]) else { return nil }
        switch name[..<dash] {
        case "segment": self = .segment(id)
        case "dictionary": self = .dictionary(id)
        case "deletes": self = .deletes(id)
        case "keys": self = .keys(id)
        case "blobs": self = .blobs(id)
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
        for piece in domains.lazy.flatMap(\.pieces) {
            let end = piece.offset &+ UInt64(RecordFile.headerBytes) &+ piece.bytes
            needed[.keys(piece.file)] = max(needed[.keys(piece.file)] ?? 0, end)
        }
        for blob in blobs.values {
            let end = blob.offset &+ UInt64(RecordFile.headerBytes) &+ (blob.bytes &+ 7) / 8 * 8
            needed[.blobs(blob.file)] = max(needed[.blobs(blob.file)] ?? 0, end)
        }
        return needed
    }
}
