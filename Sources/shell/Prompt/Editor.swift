import Glibc
import Query

/// The user's own editor over a text, in a file that only its owner reads and that goes away afterwards.
enum Editor {
    /// What was saved; nil: nothing was.
    static func edit(_ text: String, safe: Bool) throws -> String? {
        guard !safe else { throw QueryError(.unsupported, ".edit starts a program, which --safe does not allow") }
        let folder = Terminal.environment("TMPDIR") ?? "/tmp"
        var template = Array("\(folder)/crmq-XXXXXX.crmq".utf8CString)
        let descriptor = mkstemps(&template, 5)
        guard descriptor >= 0 else { throw failure("cannot make a file in \(folder)") }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        var written = text.hasSuffix("\n") || text.isEmpty ? text : text + "\n"
        let isWritten = written.withUTF8 { write(descriptor, $0.baseAddress, $0.count) == $0.count }
        close(descriptor)
        guard isWritten else { throw failure("cannot write \(path)") }
        let before = changed(path)
        try run(program, path)
        guard changed(path) != before else { return nil }
        var bytes: [UInt8] = []
        let source = try ScriptSource(path: path)
        while let piece = try source.read() { bytes += piece }
        guard let edited = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw QueryError(.file, "what was saved is not text in UTF-8")
        }
        return edited
    }

    static var program: String {
        for name in ["VISUAL", "EDITOR"] {
            if let value = Terminal.environment(name), !value.isEmpty { return value }
        }
        return "vi"
    }

    /// When the file was written last, to the nanosecond: saving without a change counts, an editor that was left without saving does not.
    private static func changed(_ path: String) -> [Int] {
        var status = stat()
        guard stat(path, &status) == 0 else { return [] }
        return [Int(status.st_mtim.tv_sec), status.st_mtim.tv_nsec, Int(status.st_ino), Int(status.st_size)]
    }

    /// The program may have arguments of its own, so a shell reads its name.
    static func run(_ program: String, _ path: String) throws {
        let words = ["sh", "-c", "\(program) \"$1\"", "sh", path]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child: pid_t = 0
        let failed = posix_spawn(&child, "/bin/sh", nil, nil, &arguments, environ)
        guard failed == 0 else { throw QueryError(.file, "cannot start \(program): \(String(cString: strerror(failed)))") }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        // A Ctrl-C that was meant for the editor is not one for us.
        Interrupts.shared.clear()
        guard status == 0 else { throw QueryError(.file, "\(program) ended with an error, so nothing is run") }
    }

    private static func failure(_ what: String) -> QueryError {
        QueryError(.file, "\(what): \(String(cString: strerror(errno)))")
    }
}
