import Glibc

/// The CSV that bad rows are kept in: `file,line,reason,text`.
final class RejectFile {
    private let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    init(path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StorageError(.file, "\(path) cannot be written: \(systemMessage(errno))") }
    }

    deinit { close(descriptor) }

    /// Begins again, empty but for its header.
    func restart() throws {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw StorageError(.file, "\(path) cannot be written: \(systemMessage(errno))", hint: "rejects needs a regular file")
        }
        buffer = Array("file,line,reason,text\n".utf8)
    }

    func append(_ row: BadRow, file: String) throws {
        appendField(Array(file.utf8))
        buffer.append(UInt8(ascii: ","))
        buffer.append(contentsOf: String(row.line).utf8)
        buffer.append(UInt8(ascii: ","))
        appendField(Array(row.reason.utf8))
        buffer.append(UInt8(ascii: ","))
        appendField(row.text)
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count > 1 << 16 { try finish() }
    }

    /// Writes what is still held.
    func finish() throws {
        var done = 0
        while done < buffer.count {
            let put = buffer.withUnsafeBytes { write(descriptor, $0.baseAddress! + done, $0.count - done) }
            if put < 0, errno == EINTR { continue }
            guard put > 0 else { throw StorageError(.environment, "\(path) cannot be written: \(systemMessage(errno))") }
            done += put
        }
        buffer.removeAll(keepingCapacity: true)
    }

    /// Always quoted: the text may hold anything.
    private func appendField(_ text: [UInt8]) {
        buffer.append(UInt8(ascii: "\""))
        for byte in text {
            if byte == UInt8(ascii: "\"") { buffer.append(byte) }
            buffer.append(byte)
        }
        buffer.append(UInt8(ascii: "\""))
    }
}
