import Glibc
import Query

/// Names of files that begin like what has been typed, folders first to be gone on from.
enum FileCompletion {
    private static let namesMax = 500

    static func items(for typed: String, _ files: Completions.Files, closing: String) -> [LineReader.Candidate] {
        var folder = ""
        var start = typed[...]
        if let slash = typed.lastIndex(of: "/") {
            folder = String(typed[...slash])
            start = typed[typed.index(after: slash)...]
        }
        var path = folder.isEmpty ? "." : folder
        if path == "~/" || path.hasPrefix("~/"), let home = Terminal.environment("HOME") { path = home + path.dropFirst() }
        guard let listing = opendir(path) else { return [] }
        defer { closedir(listing) }
        var found: [LineReader.Candidate] = []
        while let entry = readdir(listing), found.count < namesMax {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            // Hidden files only for whoever types their point.
            guard name != ".", name != "..", name.hasPrefix(start), !name.hasPrefix(".") || start.hasPrefix(".") else { continue }
            var status = stat()
            guard stat(path + "/" + name, &status) == 0 else { continue }
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            if !isFolder, files == .scripts, !name.hasSuffix(".crmq") { continue }
            found.append(
                LineReader.Candidate(
                    text: folder + name + (isFolder ? "/" : ""), label: name + (isFolder ? "/" : ""), group: "files", detail: "",
                    ending: isFolder ? "" : closing))
        }
        return found.sorted { $0.label < $1.label }
    }
}
