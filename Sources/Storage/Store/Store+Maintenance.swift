extension Store {
    /// Removes files that no version but the newest needs. Returns how many files and bytes went.
    public func vacuum() throws -> (files: Int, bytes: Int) {
        if options.readOnly { throw StorageError(.request, "the store at \(path) was opened for reading only") }
        guard try files.list(path) != nil else { return (0, 0) }
        let lock = try files.lock(path + "/" + Store.lockName)
        defer { withExtendedLifetime(lock) {} }
        guard let newest = try manifestNumbers().last, let manifest = try manifest(newest) else { return (0, 0) }
        let needed = manifest.files
        // Old manifests first: while one stands, all that it names must stand too.
        var old: [String] = []
        var unneeded: [String] = []
        for name in try files.list(path) ?? [] {
            switch StoreFile(name: name) {
            case .manifest(let number)?: if number != newest { old.append(name) }
            case .segment?, .dictionary?, .deletes?, .keys?, .blobs?:
                if let file = StoreFile(name: name), needed[file] == nil { unneeded.append(name) }
            case nil: if name.hasPrefix("manifest-"), name.hasSuffix(Transaction.temporarySuffix) { unneeded.append(name) }
            }
        }
        var bytes = 0
        for names in [old, unneeded] where !names.isEmpty {
            for name in names {
                bytes += try files.open(path + "/" + name)?.size() ?? 0
                try files.unlink(path + "/" + name)
            }
            try files.syncFolder(path)
        }
        return (old.count + unneeded.count, bytes)
    }

    /// Reads and checks every byte of every live file; one line per fault, naming file and block; empty: sound.
    public func verify() throws -> [String] {
        var faults: [String] = []
        var seen: [StoreFile: UInt64] = [:]
        for number in try manifestNumbers() {
            do {
                guard let manifest = try manifest(number) else { continue }
                for (file, bytes) in manifest.files { seen[file] = max(seen[file] ?? 0, bytes) }
            } catch let error as StorageError {
                faults.append(error.message)
            }
        }
        for (name, bytes) in seen.sorted(by: { $0.key.name < $1.key.name }) {
            guard let file = try files.open(filePath(name)) else {
                faults.append("\(filePath(name)) is missing")
                continue
            }
            if try UInt64(file.size()) < bytes { faults.append("\(file.path): the file ends early") }
            switch name {
            case .segment(let id): faults += verifySegment(file, id: id, bytes: bytes)
            case .dictionary(let id): faults += RecordFile.faults(file, kind: .dictionary, id: id)
            case .deletes(let id): faults += RecordFile.faults(file, kind: .deletes, id: id)
            case .keys(let id): faults += RecordFile.faults(file, kind: .keys, id: id)
            case .blobs(let id): faults += RecordFile.faults(file, kind: .blobs, id: id)
            case .manifest: break
            }
        }
        // What the rows say is worth looking at only where every byte is as it was written.
        if faults.isEmpty { faults = try verifyLinks() }
        return faults
    }

    private func verifySegment(_ file: any File, id: UInt64, bytes: UInt64) -> [String] {
        do {
            let segment = try OpenSegment(file: file, id: id, cache: cache)
            let faults = UInt64(segment.bytes) == bytes ? [] : ["\(file.path): \(segment.bytes) bytes where \(bytes) belong"]
            return faults + segment.faults()
        } catch let error as StorageError {
            return [error.message]
        } catch {
            return ["\(file.path): \(error)"]
        }
    }
}

extension OpenSegment {
    /// Every block, and that the blocks together are all of the data.
    func faults() -> [String] {
        var faults: [String] = []
        var end = UInt64(SegmentFormat.headerBytes)
        for s in 0..<stripeCount {
            for c in columns.indices {
                let first = s * SegmentFormat.blocksPerStripe
                let last = min(first + SegmentFormat.blocksPerStripe, blockCount) - 1
                if entry(column: c, block: first).offset != end { faults.append("\(file.path): bytes of no block before \(end)") }
                let final = entry(column: c, block: last)
                end = final.offset &+ UInt64(final.length)
                do {
                    _ = try readStripe(column: c, stripe: s)
                } catch let error as StorageError {
                    faults.append(error.message)
                } catch {
                    faults.append("\(file.path): \(error)")
                }
            }
        }
        if end != dataEnd { faults.append("\(file.path): bytes of no block before the footer") }
        return faults
    }
}
