/// One way to go on at a place of a text.
public struct Completion: Sendable, Equatable {
    /// In the order in which a list shows them.
    public enum Group: String, Sendable, CaseIterable {
        case arguments, columns, links, values, segments, metrics, tables, queries, stages, verbs, statements, words, parameters
        case definitions, types, aggregates, windows, functions
    }

    public var group: Group
    /// What the word typed so far is compared with.
    public var name: String
    /// What takes the word's place.
    public var text: String
    /// How a list shows it: a function with its arguments, a column with its type.
    public var signature: String
    /// One sentence, where a catalogue has one.
    public var summary: String
    /// What follows when nothing else would fit: a space behind a word, a quote behind a text.
    public var ending: String

    init(_ group: Group, _ name: String, text: String? = nil, signature: String? = nil, summary: String = "", ending: String = "") {
        self.group = group
        self.name = name
        self.text = text ?? name
        self.signature = signature ?? name
        self.summary = summary
        self.ending = ending
    }
}

/// What fits at a place, and how much of the text it takes the place of.
public struct Completions: Sendable {
    public enum Files: Sendable, Equatable {
        case data, scripts, any
    }

    /// Byte offset of the word that is being typed.
    public var start: Int
    public var items: [Completion]
    /// The word is the name of a file, which whoever asks looks for.
    public var files: Files?
    /// The call that the place is an argument of, as its catalogue writes it.
    public var call: String?
    /// There are more than are listed.
    public var isCut = false

    init(start: Int, items: [Completion] = [], files: Files? = nil, call: String? = nil) {
        self.start = start
        self.items = items
        self.files = files
        self.call = call
    }

    /// Keeps what begins like the word; where nothing does, what would if case did not matter.
    mutating func keep(beginningWith word: String) {
        guard !word.isEmpty else { return }
        let exact = items.filter { $0.name.hasPrefix(word) }
        if !exact.isEmpty {
            items = exact
            return
        }
        let small = word.lowercased()
        items = items.filter { $0.name.lowercased().hasPrefix(small) }
    }
}
