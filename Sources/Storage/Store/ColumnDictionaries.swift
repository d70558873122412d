/// The dictionaries of one table in one snapshot, each read when first asked for.
final class ColumnDictionaries: @unchecked Sendable {
    private let table: TableState
    private let files: [UInt64: any File]
    private let cache: DictionaryCache
    private let mutex = Mutex()
    private var loaded: [TextDictionary?]

    init(table: TableState, files: [UInt64: any File], cache: DictionaryCache) {
        self.table = table
        self.files = files
        self.cache = cache
        loaded = [TextDictionary?](repeating: nil, count: table.schema.columns.count)
    }

    func dictionary(column: Int) throws -> TextDictionary {
        try mutex.locked {
            if let found = loaded[column] { return found }
            let made = try cache.dictionary(
                table: table.schema.id, column: table.schema.columns[column].id, pieces: table.dictionaries[column], files: files)
            loaded[column] = made
            return made
        }
    }
}

/// Dictionaries of a store's newest versions. Entries never change, so a longer dictionary takes over all that a shorter one has read.
final class DictionaryCache: @unchecked Sendable {
    private struct Key: Hashable {
        var table: UInt32
        var column: UInt32
    }
    private let mutex = Mutex()
    private var held: [Key: (pieces: [DictionaryPiece], dictionary: TextDictionary)] = [:]

    func dictionary(table: UInt32, column: UInt32, pieces: [DictionaryPiece], files: [UInt64: any File]) throws -> TextDictionary {
        let key = Key(table: table, column: column)
        let known = mutex.locked { held[key] }
        if let known, known.pieces == pieces { return known.dictionary }
        var start: (pieces: [DictionaryPiece], dictionary: TextDictionary)?
        if let known, known.pieces.count < pieces.count, known.pieces[...] == pieces[..<known.pieces.count] { start = known }

        let total = pieces.reduce(0) { $0 + Int($1.count) }
        let views = UnsafeMutablePointer<TextView>.allocate(capacity: max(1, total))
        var keepers: [AnyObject] = []
        if let start {
            views.initialize(from: start.dictionary.views, count: start.dictionary.count)
            keepers = start.dictionary.keepers
        }
        do {
            for piece in pieces[(start?.pieces.count ?? 0)...] {
                guard let file = files[piece.file] else { preconditionFailure("a dictionary file that was never opened") }
                keepers.append(try DictionaryFormat.read(piece, column: column, file: file, into: views + Int(piece.firstCode)))
            }
        } catch {
            views.deallocate()
            throw error
        }
        let made = TextDictionary(owning: views, count: total, keepers: keepers)
        mutex.locked {
            // An old version's shorter dictionary does not displace the newest one.
            if let now = held[key], pieces.count < now.pieces.count, now.pieces[..<pieces.count] == pieces[...] { return }
            held[key] = (pieces, made)
        }
        return made
    }
}
