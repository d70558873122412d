/// Numbers and texts one after another, little-endian: the manifest's payload.
extension RawBuffer {
    func appendText(_ text: String) { appendBlob(Array(text.utf8)) }

    func appendBlob(_ bytes: [UInt8]) {
        append(UInt64(bytes.count))
        bytes.withUnsafeBytes { append($0) }
    }
}

/// Reads what ``RawBuffer`` wrote; never beyond the end.
struct ByteReader {
    private let bytes: UnsafeRawBufferPointer
    private let path: String
    private(set) var at = 0

    init(_ bytes: UnsafeRawBufferPointer, path: String) {
        self.bytes = bytes
        self.path = path
    }

    var isAtEnd: Bool { at == bytes.count }

    func fault(_ what: String) -> StorageError { StorageError(.corrupt, "\(path): \(what) at byte \(at)") }

    mutating func number<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type = T.self) throws -> T {
        guard bytes.count - at >= MemoryLayout<T>.size else { throw fault("the file ends early") }
        defer { at += MemoryLayout<T>.size }
        return bytes.loadUnaligned(fromByteOffset: at, as: T.self)
    }

    mutating func blob() throws -> [UInt8] {
        let count = try number(UInt64.self)
        guard count <= UInt64(bytes.count - at) else { throw fault("a text is longer than the file") }
        defer { at += Int(count) }
        return Array(UnsafeRawBufferPointer(rebasing: bytes[at..<at + Int(count)]))
    }

    mutating func text() throws -> String {
        guard let text = String(validating: try blob(), as: UTF8.self) else { throw fault("a name is not UTF-8") }
        return text
    }

    /// A count of things that take at least `bytesEach`, so that a damaged one cannot ask for all memory.
    mutating func count(bytesEach: Int) throws -> Int {
        let count = try number(UInt32.self)
        guard Int(count) <= (bytes.count - at) / max(1, bytesEach) else { throw fault("a list is longer than the file") }
        return Int(count)
    }
}
