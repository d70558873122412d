import Glibc
import Query
import Storage

/// Where a script comes from. Standard input is handed on as it arrives, so that a statement on a pipe runs before the next one is written.
final class ScriptSource {
    private var text: [UInt8]?
    private let descriptor: Int32
    private let name: String
    private let closes: Bool

    init(text: String) {
        self.text = Array(text.utf8)
        descriptor = -1
        name = ""
        closes = false
    }

    init(descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
        closes = false
    }

    init(path: String) throws {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw QueryError(.file, "cannot read \(path): \(String(cString: strerror(errno)))")
        }
        name = path
        closes = true
    }

    deinit { if closes { close(descriptor) } }

    /// The next piece, or nil at the end. An interrupt while waiting is a `.cancelled` error.
    func read() throws -> [UInt8]? {
        if descriptor < 0 {
            defer { text = nil }
            return text
        }
        while true {
            var waits = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: Interrupts.shared.wakeDescriptor, events: Int16(POLLIN), revents: 0),
            ]
            if poll(&waits, 2, -1) < 0, errno != EINTR { throw failure() }
            if Interrupts.shared.pending != 0 { throw QueryError(.cancelled, "interrupted") }
            guard waits[0].revents != 0 else { continue }
            var piece = [UInt8](repeating: 0, count: 64 << 10)
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count == 0 { return nil }
            if count > 0 { return Array(piece[..<count]) }
            if errno != EINTR, errno != EAGAIN { throw failure() }
        }
    }

    private func failure() -> QueryError {
        QueryError(.file, "cannot read \(name): \(String(cString: strerror(errno)))")
    }
}
