import Glibc

/// What was typed, kept across sessions in a file that only its owner reads. A statement of several lines is one entry: in the file its line
/// ends are written `\n` and its backslashes `\\`.
final class History {
    private static let entriesMax = 5000
    private let path: String?
    private(set) var entries: [String] = []

    /// `path` nil: nothing is read or kept.
    init(path: String?) {
        self.path = path
        guard let path, let bytes = History.read(path) else { return }
        let lines = bytes.split(separator: 0x0A)
        entries = lines.suffix(History.entriesMax).map { History.decode(String(decoding: $0, as: UTF8.self)) }
        if lines.count > 2 * History.entriesMax { rewrite(path) }
    }

    static var defaultPath: String? {
        if let state = Terminal.environment("XDG_STATE_HOME"), state.hasPrefix("/") {
            mkdir(state, 0o700)
            mkdir(state + "/crmq", 0o700)
            return state + "/crmq/history"
        }
        return Terminal.environment("HOME").map { $0 + "/.crmq_history" }
    }

    /// Answers whether the entry is a new one: the same thing twice in a row is kept once.
    func add(_ entry: String) -> Bool {
        guard !entry.isEmpty, entries.last != entry else { return false }
        entries.append(entry)
        guard let path else { return true }
        // Appended at once, so that a crash loses nothing and two sessions do not overwrite each other's.
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        fchmod(descriptor, 0o600)
        History.write(History.encode(entry) + "\n", to: descriptor)
        return true
    }

    /// The last entries with their numbers, or those that hold a text: `.history`, `.history 20`, `.history vip`.
    func listing(_ wanted: String) -> String {
        var shown = Array(entries.indices)[...]
        if wanted.isEmpty || Int(wanted) != nil {
            shown = shown.suffix(max(0, Int(wanted) ?? History.listedMax))
        } else {
            let small = wanted.lowercased()
            shown = entries.indices.filter { entries[$0].lowercased().contains(small) }[...]
        }
        let width = String(entries.count).count + 2
        return shown.map { index in
            let number = String(index + 1)
            let lines = entries[index].split(separator: "\n", omittingEmptySubsequences: false)
            let head = String(repeating: " ", count: width - number.count) + number + "  "
            let indent = String(repeating: " ", count: width + 2)
            return lines.enumerated().map { ($0 == 0 ? head : indent) + $1 + "\n" }.joined()
        }.joined()
    }

    private static let listedMax = 30

    private func rewrite(_ path: String) {
        let temporary = path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return }
        History.write(entries.map { History.encode($0) + "\n" }.joined(), to: descriptor)
        close(descriptor)
        rename(temporary, path)
    }

    static func encode(_ entry: String) -> String {
        var out = ""
        for scalar in entry.unicodeScalars {
            switch scalar {
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    static func decode(_ line: String) -> String {
        var out = ""
        var escaped = false
        for scalar in line.unicodeScalars {
            if escaped {
                out.unicodeScalars.append(scalar == "n" ? "\n" : scalar)
                escaped = false
            } else if scalar == "\\" {
                escaped = true
            } else {
                out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    private static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count <= 0 { return bytes }
            bytes += piece[..<count]
        }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { _ = Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}
