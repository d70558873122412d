/// Every touch of the disk by the store goes through here, so that a test can fail, tear or crash each one.
///
/// All calls throw ``StorageError`` with the path and the reason in the message. Files close when the last reference goes.
protocol FileSystem: AnyObject, Sendable {
    /// Makes one folder for its owner alone; false where it stood already.
    func makeFolder(_ path: String) throws -> Bool
    /// Removes an empty folder; no error where it is not empty or not there.
    func removeFolder(_ path: String)
    /// Opens for reading, nil where no such file stands.
    func open(_ path: String) throws -> (any File)?
    /// Makes a new file for appending and reading; it is an error if the name is taken.
    func create(_ path: String) throws -> any File
    /// Gives a file a second name; false where that name is taken.
    func link(_ path: String, to newPath: String) throws -> Bool
    func unlink(_ path: String) throws
    /// Names in a folder, in no order; nil where there is no such folder.
    func list(_ folder: String) throws -> [String]?
    /// Makes the names in a folder durable.
    func syncFolder(_ path: String) throws
    /// Takes an exclusive lock at once, or throws and names the holder. It is let go when the object is released.
    func lock(_ path: String) throws -> any FileLock
}

protocol File: AnyObject, Sendable {
    var path: String { get }
    func size() throws -> Int
    /// Reads at `offset` until the buffer is full or the file ends; returns the bytes read.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws -> Int
    func append(_ bytes: UnsafeRawBufferPointer) throws
    /// Makes the contents durable. After an error the file must be given up: a second try may report success for lost bytes.
    func sync() throws
}

protocol FileLock: AnyObject, Sendable {}

extension File {
    func append(_ buffer: RawBuffer) throws { try withExtendedLifetime(buffer) { try append(buffer.bytes) } }

    /// Reads exactly `count` bytes; a shorter file is a corrupt one.
    func readExactly(_ count: Int, at offset: Int) throws -> RawBuffer {
        let buffer = RawBuffer(capacity: count)
        try readExactly(count, at: offset, into: buffer)
        return buffer
    }

    func readExactly(_ count: Int, at offset: Int, into buffer: RawBuffer) throws {
        try readExactly(into: UnsafeMutableRawBufferPointer(start: buffer.base, count: count), at: offset)
        buffer.count = count
    }

    func readExactly(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        let got = try read(into: buffer, at: offset)
        if got != buffer.count {
            throw StorageError(.corrupt, "\(path) ends early: \(buffer.count) bytes wanted at \(offset), \(got) found")
        }
    }
}
