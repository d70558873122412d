/// Files of self-describing, checksummed records: dictionary pieces, delete bitmaps, key values of domains, blobs.
///
/// ```
/// file header 64: magic 8 | version 4 | kind 4 | file id 8 | zero 32 | checksum 8
/// record header 64: mark 8 | payload bytes 8 | tag 8 | a 8 | b 8 | zero 8 | payload checksum 8 | header checksum 8
/// payload, padded with zeros to 8 (the padding is summed too)
/// ```
enum RecordFile {
    enum Kind: UInt32 { case dictionary = 1, deletes = 2, keys = 3, blobs = 4 }

    /// "crmqREC1" and "RECORD__".
    static let magic: UInt64 = 0x3143_4552_716D_7263
    static let mark: UInt64 = 0x5F5F_4452_4F43_4552
    static let headerBytes = 64

    struct Header: BitwiseCopyable {
        var mark: UInt64
        var payloadBytes: UInt64
        var tag: UInt64
        var a: UInt64
        var b: UInt64
        var zero: UInt64
        var payloadChecksum: UInt64
        var headerChecksum: UInt64
    }

    static func fileHeader(kind: Kind, file: UInt64) -> RawBuffer {
        let out = RawBuffer(capacity: headerBytes)
        out.append(magic)
        out.append(SegmentFormat.version)
        out.append(kind.rawValue)
        out.append(file)
        _ = out.growZeroed(32)
        out.append(out.checksum(seed: file))
        return out
    }

    /// Appends one record to `out`, which holds the file from its beginning; returns where the record stands.
    static func append(tag: UInt64, a: UInt64, b: UInt64, payload: RawBuffer, file: UInt64, to out: RawBuffer) -> Int {
        payload.padToWord()
        let offset = out.count
        let seed = Checksum.seed(file: file, offset: UInt64(offset))
        var header = Header(
            mark: mark, payloadBytes: UInt64(payload.count), tag: tag, a: a, b: b, zero: 0,
            payloadChecksum: payload.checksum(seed: seed), headerChecksum: 0)
        header.headerChecksum = headerSum(header, seed: seed)
        out.append(header)
        out.append(payload)
        return offset
    }

    static func headerSum(_ header: Header, seed: UInt64) -> UInt64 {
        withUnsafeBytes(of: header) { Checksum.of($0.baseAddress!, count: headerBytes - 8, seed: seed) }
    }

    static func checkFileHeader(_ file: any File, kind: Kind, id: UInt64) throws {
        let found = try file.readExactly(headerBytes, at: 0)
        let wanted = fileHeader(kind: kind, file: id)
        if !found.equals(wanted) { throw StorageError(.corrupt, "\(file.path): the file's header is damaged") }
    }

    /// Reads and checks the record at `offset`.
    static func read(_ file: any File, id: UInt64, at offset: Int) throws -> (header: Header, payload: RawBuffer) {
        let seed = Checksum.seed(file: id, offset: UInt64(offset))
        let header = try file.readExactly(headerBytes, at: offset).read(as: Header.self)
        let size = try file.size()
        guard header.mark == mark, header.headerChecksum == headerSum(header, seed: seed),
            header.payloadBytes <= UInt64(max(0, size - offset - headerBytes)), header.payloadBytes % 8 == 0
        else {
            throw StorageError(.corrupt, "\(file.path): the record at \(offset) has a damaged header")
        }
        let payload = try file.readExactly(Int(header.payloadBytes), at: offset + headerBytes)
        guard payload.checksum(seed: seed) == header.payloadChecksum else {
            throw StorageError(.corrupt, "\(file.path): the record at \(offset) is damaged")
        }
        return (header, payload)
    }

    /// Every record from the header to the file's end; what does not fit is a fault.
    static func faults(_ file: any File, kind: Kind, id: UInt64) -> [String] {
        do {
            try checkFileHeader(file, kind: kind, id: id)
            let size = try file.size()
            var offset = headerBytes
            while offset < size {
                let record = try read(file, id: id, at: offset)
                offset += headerBytes + record.payload.count
            }
            return []
        } catch let error as StorageError {
            return [error.message]
        } catch {
            return ["\(file.path): \(error)"]
        }
    }
}
