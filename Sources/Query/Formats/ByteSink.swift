import Glibc
import Storage

/// Where finished bytes go: a file descriptor, or memory.
public protocol ByteSink: AnyObject {
    /// Takes all of `bytes`, or throws.
    func write(_ bytes: UnsafeRawBufferPointer) throws
}

/// Whoever reads our output has gone away (`| head`): not a fault, the program ends quietly.
public struct ReaderGone: Error, Sendable {
    public init() {}
}

/// Writes to an open file descriptor, which stays the caller's to close.
public final class FileDescriptorSink: ByteSink {
    private let descriptor: Int32
    /// As errors name it: `standard output`, a file's name.
    private let name: String

    public init(_ descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while rest.count > 0 {
            let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if written >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                // A descriptor that someone else set to non-blocking: wait for room, as a blocking one would.
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&wait, 1, -1)
            case EPIPE: throw ReaderGone()
            case let code:
                throw StorageError(.environment, "cannot write \(name): \(String(cString: strerror(code)))")
            }
        }
    }
}

/// Keeps everything, for tests and for answers that become part of something else.
public final class MemorySink: ByteSink {
    public private(set) var bytes: [UInt8] = []
    public init() {}

    public func write(_ bytes: UnsafeRawBufferPointer) throws {
        self.bytes.append(contentsOf: bytes)
    }

    public var string: String { String(decoding: bytes, as: UTF8.self) }
}
