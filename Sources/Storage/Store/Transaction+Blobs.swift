extension Transaction {
    /// Named bytes in a file of their own, for what is too large to stand in every manifest (dated memberships); nil removes.
    public func setBlob(_ name: String, _ bytes: [UInt8]?) {
        precondition(isOpen)
        pendingBlobs.updateValue(bytes, forKey: name)
    }

    /// A snapshot holds all blob files open, so there are never many: beyond this number all blobs go into one.
    private static let blobFilesMax = 32

    func writeBlobs() throws {
        if pendingBlobs.isEmpty { return }
        for name in pendingBlobs.keys { working.blobs[name] = nil }
        if Set(working.blobs.values.map(\.file)).count > Transaction.blobFilesMax {
            for name in working.blobs.keys where pendingBlobs[name] == nil {
                let bytes: [UInt8]? = try base.blob(name)
                pendingBlobs.updateValue(bytes, forKey: name)
            }
        }
        let written = pendingBlobs.compactMapValues { $0 }
        if written.isEmpty { return }
        let id = takeFileId()
        let out = RecordFile.fileHeader(kind: .blobs, file: id)
        for (name, bytes) in written.sorted(by: { $0.key < $1.key }) {
            let payload = RawBuffer(capacity: bytes.count + 8)
            bytes.withUnsafeBytes { payload.append($0) }
            let offset = RecordFile.append(
                tag: BlobReference.tag(name), a: UInt64(bytes.count), b: 0, payload: payload, file: id, to: out)
            working.blobs[name] = BlobReference(file: id, offset: UInt64(offset), bytes: UInt64(bytes.count))
        }
        try create(.blobs(id)).append(out)
    }
}

extension BlobReference {
    /// So that one blob's bytes never pass for another's.
    static func tag(_ name: String) -> UInt64 { Array(name.utf8).withUnsafeBytes { Checksum.of($0, seed: 0) } }

    func read(_ file: any File, name: String) throws -> [UInt8] {
        let (header, payload) = try RecordFile.read(file, id: self.file, at: Int(clamping: offset))
        guard header.tag == BlobReference.tag(name), header.a == bytes, UInt64(payload.count) >= bytes,
            UInt64(payload.count) - bytes < 8
        else { throw StorageError(.corrupt, "\(file.path): \(name) at \(offset) is damaged") }
        return withExtendedLifetime(payload) { Array(payload.bytes.prefix(Int(bytes))) }
    }
}
