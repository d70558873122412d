import Storage

/// A verb that ships, written in the language.
struct PreludeEntry: Sendable {
    let name: String
    /// One sentence: what it answers.
    let summary: String
    /// Where the definition comes from: a textbook, a paper, a house rule.
    let source: String
    /// The definition in the language, as an analyst would write it: `verb pareto(x) = derive …`.
    let text: String
    let example: CatalogueEntry.Example
}

enum Prelude {
    /// One list for each file of the catalogue.
    static let all: [PreludeEntry] = valueVerbs + retentionVerbs + comparisonVerbs

    /// Read at the first use. A text that does not read is our own mistake.
    static let definitions: [String: DefinitionEntry] = Dictionary(
        uniqueKeysWithValues: all.map { entry in
            do {
                let made = try DefinitionEntry(
                    try DefinitionEntry(text: entry.text, doc: nil, origin: .shipped).definition,
                    doc: entry.summary + "\nSource: " + entry.source, origin: .shipped)
                return (made.key, made)
            } catch {
                preconditionFailure("the prelude's \(entry.name) does not read: \(error)")
            }
        })

    /// Everything that ships, by name: for help, completion, the reference and the tests.
    static let verbs: [PreludeVerb] =
        (all.map { entry in
            PreludeVerb(
                name: entry.name, signature: definitions[entry.name]?.signature ?? entry.name, summary: entry.summary, source: entry.source,
                example: entry.example)
        } + allTemplates.map(\.verb) + WholePipe.allCases.map(\.entry)).sorted { $0.name < $1.name }
}
