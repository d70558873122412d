import Glibc
import Query

/// The `param` statements of the scripts on the command line: what `--help` lists, and what `--param` is checked against.
enum ScriptParameters {
    /// A `--param` that no script declares is a mistyped one: it is refused and not ignored. Where the scripts cannot be known beforehand
    /// (standard input, a pipe, a script that runs others) the check is left out.
    /// - Parameter saved: parameters that are kept with the data.
    static func check(_ invocation: Invocation, saved: () throws -> [String]) throws {
        guard !invocation.parameters.isEmpty, !invocation.inputs.isEmpty else { return }
        var names: [String] = []
        for input in invocation.inputs {
            guard let found = try parameters(of: input) else { return }
            names += found.map(\.name)
        }
        if invocation.parameters.keys.contains(where: { !names.contains($0) }) { names += try saved() }
        for name in invocation.parameters.keys.sorted() where !names.contains(name) {
            let hint = nearestName(to: name, among: names).map { "did you mean `\($0)`?" }
            let known = names.isEmpty ? "no parameter is declared" : "declared: \(names.joined(separator: ", "))"
            throw UsageError("--param \(name): no `param \(name): …` stands in what is run", hint: hint ?? known)
        }
    }

    static func help(_ invocation: Invocation) throws -> String? {
        var lines: [String] = []
        for case .file(let path) in invocation.inputs {
            let found = try parameters(of: .file(path)) ?? []
            lines.append(found.isEmpty ? "\(path) has no parameters" : "Parameters of \(path):")
            let width = found.map { $0.name.count }.max() ?? 0
            for parameter in found {
                var line =
                    "  --param \(parameter.name)=…" + String(repeating: " ", count: width - parameter.name.count + 2) + parameter.type.name
                line += parameter.defaultText.map { ", \($0) where not given" } ?? ", must be given"
                line += parameter.allowedText.map { ", in \($0)" } ?? ""
                lines.append(line)
            }
        }
        return lines.isEmpty ? nil : lines.joined(separator: "\n") + "\n"
    }

    /// nil: cannot be known without running.
    private static func parameters(of input: Invocation.Input) throws -> [FileParameter]? {
        let text: String
        let name: String
        switch input {
        case .text(let given): (text, name) = (given, "-c")
        case .file(let path):
            guard path != "-", isRegularFile(path) else { return nil }
            var bytes: [UInt8] = []
            let source = try ScriptSource(path: path)
            while let piece = try source.read() { bytes += piece }
            (text, name) = (String(decoding: bytes, as: UTF8.self), path)
        }
        let (parameters, runsOthers) = FileParameter.all(in: text, name: name)
        return runsOthers ? nil : parameters
    }

    private static func isRegularFile(_ path: String) -> Bool {
        var status = stat()
        // A file that is missing is told when it is read.
        guard stat(path, &status) == 0 else { return true }
        return status.st_mode & S_IFMT == S_IFREG
    }
}
