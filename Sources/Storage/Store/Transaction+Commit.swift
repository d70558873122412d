#if canImport(Glibc)
    import Glibc
#endif

extension Transaction {
    /// Writes and syncs everything; returns the new version's number. A second call, or one after a failure, is a mistake of ours.
    @discardableResult
    public func commit(note: String) throws -> Int {
        precondition(isOpen && !hasFailed, "the transaction has ended or failed")
        precondition(openWriter == nil, "a writer is still open")
        hasFailed = true
        do {
            try checkLinks()
            try settleAll()
            hasFailed = true
            try writeDeletes()
            try writeBlobs()
            removeUnneeded()
            for new in newFiles { try new.file.sync() }
            try store.files.syncFolder(store.path)
            working.number = base.version + 1
            working.committedAt = Transaction.now()
            working.note = note
            try writeManifest()
        } catch {
            abort()
            throw error
        }
        newFiles = []
        isOpen = false
        store.keep(domainBuilders, of: working)
        lock = nil
        return working.number
    }

    /// Files of segments that a later step of the same transaction made useless.
    private func removeUnneeded() {
        let needed = working.files
        remove { needed[$0] == nil }
    }

    private func writeDeletes() throws {
        guard working.tables.contains(where: { $0.segments.contains { pendingDeletes[$0.file] != nil } }) else { return }
        let id = takeFileId()
        let bytes = RecordFile.fileHeader(kind: .deletes, file: id)
        for t in working.tables.indices {
            for s in working.tables[t].segments.indices {
                let segment = working.tables[t].segments[s].file
                guard let bitmap = pendingDeletes[segment], bitmap.count > 0 else { continue }
                working.tables[t].segments[s].deletes = bitmap.append(segment: segment, file: id, to: bytes)
            }
            // A segment without a live row is only a burden.
            working.tables[t].segments.removeAll { $0.deletes?.count == $0.rows }
        }
        if working.files[.deletes(id)] != nil { try create(.deletes(id)).append(bytes) }
    }

    /// The commit itself: the moment of the link decides.
    private func writeManifest() throws {
        let name = store.filePath(.manifest(working.number))
        let temporary = name + Transaction.temporarySuffix
        do {
            let file = try store.files.create(temporary)
            try file.append(working.encoded())
            try file.sync()
            if try !store.files.link(temporary, to: name) {
                throw StorageError(
                    .environment, "version \(working.number) was committed by somebody else", hint: "run the statement again")
            }
        } catch {
            try? store.files.unlink(temporary)
            throw error
        }
        do {
            try store.files.syncFolder(store.path)
        } catch {
            // Whether the name would survive a crash is unknown, so it is taken back. If even that fails, the version stands with all
            // its files: they were synced before.
            do { try store.files.unlink(name) } catch { newFiles = [] }
            try? store.files.unlink(temporary)
            throw error
        }
        try? store.files.unlink(temporary)
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
