import Foundation

/// The built program, run as others run it.
enum Crmq {
    static let packageRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The product beside the test bundle, else in the debug folder.
    static let path: String? = {
        var candidates = [packageRoot.appendingPathComponent(".build/debug/crmq").path]
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        for _ in 0..<4 {
            candidates.insert(folder.appendingPathComponent("crmq").path, at: 0)
            folder.deleteLastPathComponent()
        }
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0) && !isFolder($0) }
    }()

    private static func isFolder(_ path: String) -> Bool {
        var folder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &folder) && folder.boolValue
    }

    struct Outcome {
        var code: Int32
        var out: String
        var err: String
    }

    struct Missing: Error, CustomStringConvertible {
        var description: String { "the program is not built: swift build" }
    }

    /// Runs the program to its end with `input` on its standard input.
    static func run(_ arguments: [String], input: String = "", folder: URL? = nil, environment: [String: String] = [:]) throws -> Outcome {
        guard let path else { throw Missing() }
        return try run(path, arguments, input: input, folder: folder, environment: environment)
    }

    /// Runs a line of the system's shell in which `$CRMQ` is the program.
    static func shell(_ line: String, folder: URL? = nil) throws -> Outcome {
        guard let path else { throw Missing() }
        return try run("/bin/bash", ["-c", line], input: "", folder: folder, environment: ["CRMQ": path])
    }

    private static func run(
        _ path: String, _ arguments: [String], input: String, folder: URL?, environment: [String: String]
    ) throws -> Outcome {
        let scratch = try Scratch()
        let outURL = scratch.url.appendingPathComponent("out")
        let errURL = scratch.url.appendingPathComponent("err")
        let inURL = scratch.url.appendingPathComponent("in")
        try Data(input.utf8).write(to: inURL)
        _ = FileManager.default.createFile(atPath: outURL.path, contents: nil)
        _ = FileManager.default.createFile(atPath: errURL.path, contents: nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.currentDirectoryURL = folder ?? scratch.url
        process.environment = ProcessInfo.processInfo.environment.merging(["HOME": scratch.url.path, "TERM": "xterm"]) { $1 }
            .merging(environment) { $1 }
        process.standardInput = try FileHandle(forReadingFrom: inURL)
        process.standardOutput = try FileHandle(forWritingTo: outURL)
        process.standardError = try FileHandle(forWritingTo: errURL)
        try process.run()
        process.waitUntilExit()
        return Outcome(
            code: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
            out: String(decoding: try Data(contentsOf: outURL), as: UTF8.self),
            err: String(decoding: try Data(contentsOf: errURL), as: UTF8.self))
    }
}

/// A folder that goes away with its owner.
final class Scratch {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("crmq-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: url.appendingPathComponent(name))
        return path(name)
    }

    func read(_ name: String) throws -> String { String(decoding: try Data(contentsOf: url.appendingPathComponent(name)), as: UTF8.self) }
}
