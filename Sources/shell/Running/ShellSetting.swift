import Query

/// The catalogue of what `.set` changes: how the shell shows things, for the run. `~/.crmqrc` holds such lines.
struct ShellSetting: Sendable {
    let name: String
    let doc: String
    let values: @Sendable () -> [String]
    let get: @Sendable (Runner) -> String
    let set: @Sendable (Runner, String) throws -> Void

    static let all: [ShellSetting] = [
        ShellSetting(
            name: "echo", doc: "show each statement before its answer", values: { onOff },
            get: { $0.echoes ? "on" : "off" }, set: { runner, value in runner.echoes = try isOn(value, "echo") }),
        ShellSetting(
            name: "mode", doc: "the format of answers", values: { OutputFormat.all.map(\.name) },
            get: { $0.printer.format.name }, set: { runner, value in try runner.setMode(value, said: ".set mode") }),
        ShellSetting(
            name: "null", doc: "what tables show for a missing value", values: { [] }, get: { $0.printer.look.nullText ?? "∅" },
            set: { runner, value in try runner.printer.setLook { $0.nullText = value == "∅" ? nil : value } }),
        ShellSetting(
            name: "pager", doc: "long answers go through the pager ($CRMQ_PAGER, $PAGER, less)", values: { onOff },
            get: { $0.printer.look.pages ? "on" : "off" },
            set: { runner, value in
                let isOn = try isOn(value, "pager")
                try runner.printer.setLook { $0.pages = isOn }
            }),
        ShellSetting(
            name: "progress", doc: "when the progress of long work is shown",
            values: { Invocation.ProgressMode.allCases.map(\.rawValue) }, get: { $0.printer.progressMode.rawValue },
            set: { runner, value in
                guard let mode = Invocation.ProgressMode(rawValue: value) else {
                    throw wrong("progress", value, Invocation.ProgressMode.allCases.map(\.rawValue))
                }
                runner.printer.progressMode = mode
            }),
        ShellSetting(
            name: "quiet", doc: "errors only: no footers, no messages", values: { onOff },
            get: { $0.printer.quiet ? "on" : "off" }, set: { runner, value in runner.printer.quiet = try isOn(value, "quiet") }),
        ShellSetting(
            name: "timer", doc: "say how long each statement took", values: { ["on", "off", "json"] },
            get: { $0.timing == nil ? "off" : $0.timing == .json ? "json" : "on" },
            set: { runner, value in
                switch value {
                case "json": runner.timing = .json
                default: runner.timing = try isOn(value, "timer") ? .text : nil
                }
            }),
        ShellSetting(
            name: "width", doc: "how wide tables may be, in cells; auto: as wide as the terminal is", values: { ["auto"] },
            get: { $0.printer.look.width.map(String.init) ?? "auto" },
            set: { runner, value in
                let width = Int(value)
                guard value == "auto" || width.map({ (20...10_000).contains($0) }) ?? false else {
                    throw QueryError(.name, "width is auto or a number of cells from 20 to 10000, not `\(value)`")
                }
                try runner.printer.setLook { $0.width = width }
            }),
    ]

    private static let onOff = ["on", "off"]

    private static func isOn(_ value: String, _ name: String) throws -> Bool {
        guard onOff.contains(value) else { throw wrong(name, value, onOff) }
        return value == "on"
    }

    private static func wrong(_ name: String, _ value: String, _ known: [String]) -> QueryError {
        QueryError(
            .name, "\(name) cannot be `\(value)`",
            hint: nearestName(to: value, among: known).map { "did you mean `\($0)`?" } ?? "values: \(known.joined(separator: ", "))")
    }

    static func named(_ name: String) throws -> ShellSetting {
        if let setting = all.first(where: { $0.name == name }) { return setting }
        let names = all.map(\.name)
        throw QueryError(
            .name, "there is no setting \(name)",
            hint: nearestName(to: name, among: names).map { "did you mean \($0)?" } ?? "settings: \(names.joined(separator: ", "))")
    }

    /// `.set`: every setting with what it is now.
    static func list(_ runner: Runner) -> String {
        let left = all.map { "\($0.name) = \($0.get(runner))" }
        let width = left.map(\.count).max() ?? 0
        return zip(all, left).map { $1 + String(repeating: " ", count: width - $1.count + 3) + $0.doc + "\n" }.joined()
    }

    /// `name = value`, `name value`, `name`.
    static func run(_ words: [String], _ runner: Runner) throws {
        let parts = words.joined(separator: " ").split(separator: "=", maxSplits: 1).flatMap { part in
            part.split(separator: " ").map(String.init)
        }
        guard let name = parts.first else { return try runner.printer.print(list(runner)) }
        let setting = try named(name)
        guard parts.count > 1 else { return try runner.printer.print("\(name) = \(setting.get(runner))\n") }
        var value = parts.dropFirst().joined(separator: " ")
        if value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") { value = String(value.dropFirst().dropLast()) }
        try setting.set(runner, value)
    }
}
