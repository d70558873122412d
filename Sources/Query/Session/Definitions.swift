import Storage

/// One definition as it is kept: its canonical text, read again, so that places in the tree are offsets in that text.
struct DefinitionEntry: Sendable {
    enum Origin: Sendable {
        /// Lives for the run.
        case run
        /// Kept with the data.
        case saved
        /// Comes with the program.
        case shipped
    }
    let definition: Definition
    /// Without `save`.
    let text: String
    /// The comment lines that stood directly above it, without their `#`.
    let doc: String?
    let origin: Origin

    var kind: Definition.Kind { definition.kind }
    var name: String { definition.name.text }
    var key: String { DefinitionEntry.key(kind, name) }
    /// `segment vip`, `let floor`
    var title: String { "\(kind.rawValue) \(name)" }

    /// `let` and `param` have names of their own, since they are read with a mark.
    static func key(_ kind: Definition.Kind, _ name: String) -> String { kind.isMarked ? "@" + name : name }

    init(_ definition: Definition, doc: String?, origin: Origin) throws {
        try self.init(text: definition.formatted(), doc: doc, origin: origin)
    }

    init(text: String, doc: String?, origin: Origin) throws {
        guard let statement = try Statement.parse(text), case .vocabulary(.define(let definition, _)) = statement.kind else {
            throw QueryError(.syntax, "this is no definition: \(text)")
        }
        self.definition = definition
        self.text = text
        self.doc = doc
        self.origin = origin
    }

    // MARK: as bytes

    /// The comment lines, then the definition: what `run` would read.
    var bytes: [UInt8] { Array((commentLines + text).utf8) }

    var commentLines: String {
        guard let doc else { return "" }
        return doc.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "#\n" : "# \($0)\n" }.joined()
    }

    init(saved bytes: [UInt8]) throws {
        var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        var doc: [Substring] = []
        while let first = lines.first, first.hasPrefix("#") {
            doc.append(first.dropFirst(first.hasPrefix("# ") ? 2 : 1))
            lines.removeFirst()
        }
        try self.init(text: lines.joined(separator: "\n"), doc: doc.isEmpty ? nil : doc.joined(separator: "\n"), origin: .saved)
    }

    func with(origin: Origin) -> DefinitionEntry { DefinitionEntry(self, origin: origin) }

    private init(_ other: DefinitionEntry, origin: Origin) {
        definition = other.definition
        text = other.text
        doc = other.doc
        self.origin = origin
    }
}

/// What names of the vocabulary mean to one statement: those of the run before those kept with the data, those before what ships.
struct Vocabulary: Sendable {
    var run: [String: DefinitionEntry] = [:]
    var saved: [String: DefinitionEntry] = [:]

    func entry(_ key: String) -> DefinitionEntry? { run[key] ?? saved[key] ?? Prelude.definitions[key] }

    func entry(_ key: String, _ kind: Definition.Kind) -> DefinitionEntry? {
        guard let found = entry(key), found.kind == kind else { return nil }
        return found
    }

    /// What the run or the store defines, by name.
    var own: [DefinitionEntry] {
        saved.merging(run) { _, newer in newer }.values.sorted { ($0.name, $0.kind.rawValue) < ($1.name, $1.kind.rawValue) }
    }

    /// Everything that can be named, of some kinds.
    func names(of kinds: Definition.Kind...) -> [String] {
        (own + Prelude.definitions.values.sorted { $0.name < $1.name }).filter { kinds.contains($0.kind) }.map(\.name)
    }
}
