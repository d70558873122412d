import Storage

/// One dictionary that holds the texts of several, so that what is chosen among coded columns stays codes.
final class DictionaryUnion: @unchecked Sendable {
    /// Where the texts of a branch come from.
    enum Source {
        case dictionary(TextDictionary)
        /// One text; nil: null.
        case constant(String?)
    }

    let dictionary: TextDictionary
    /// For each source the code here of each code there (of a constant: its only one); nil where the codes are the same or there is none.
    let translations: [[UInt32]?]

    /// Nil where the dictionaries hold more than `entriesMax` texts together: to make one of them would cost more than it spares.
    init?(_ sources: [Source], entriesMax: Int) {
        var dictionaries: [TextDictionary] = []
        for case .dictionary(let dictionary) in sources where !dictionaries.contains(where: { $0 === dictionary }) {
            dictionaries.append(dictionary)
        }
        guard let base = dictionaries.max(by: { $0.count < $1.count }), dictionaries.reduce(0, { $0 + $1.count }) <= entriesMax else {
            return nil
        }
        // The largest keeps its codes; what the others add comes behind them.
        let added = TextInterner()
        func code(of text: TextView) -> UInt32 { base.code(of: text) ?? UInt32(base.count) + added.code(of: text) }
        translations = sources.map { source in
            switch source {
            case .dictionary(let dictionary):
                // A null's code may be 0 where there is no entry at all.
                dictionary === base ? nil : dictionary.count == 0 ? [0] : dictionary.entries.map(code(of:))
            case .constant(.some(var text)):
                text.withUTF8 { [code(of: TextView(base: $0.baseAddress, count: $0.count))] }
            case .constant(.none): nil
            }
        }
        guard added.count > 0 else {
            dictionary = base
            return
        }
        let tail = added.makeDictionary()
        let views = UnsafeMutableBufferPointer<TextView>.allocate(capacity: base.count + tail.count)
        defer { views.deallocate() }
        _ = views.initialize(from: Array(base.entries) + Array(tail.entries))
        dictionary = TextDictionary(views: UnsafeBufferPointer(views), keepers: [base, tail])
    }
}

/// The unions of one query, made by the first worker that asks.
final class DictionaryUnions: @unchecked Sendable {
    private let lock = Mutex()
    private var known: [(sources: [DictionaryUnion.Source], union: DictionaryUnion)] = []

    func union(of sources: [DictionaryUnion.Source]) -> DictionaryUnion? {
        lock.locked {
            if let found = known.first(where: { Self.areSame($0.sources, sources) }) { return found.union }
            guard let made = DictionaryUnion(sources, entriesMax: SharedMaps.entriesMax) else { return nil }
            known.append((sources, made))
            return made
        }
    }

    private static func areSame(_ a: [DictionaryUnion.Source], _ b: [DictionaryUnion.Source]) -> Bool {
        a.count == b.count
            && zip(a, b).allSatisfy { a, b in
                switch (a, b) {
                case (.dictionary(let a), .dictionary(let b)): a === b
                case (.constant(let a), .constant(let b)): a == b
                case (.dictionary, .constant), (.constant, .dictionary): false
                }
            }
    }
}

/// A conditional (or `coalesce`) whose branches are coded columns, what is mapped over their dictionaries, and constants: codes of the
/// branches' common dictionary.
final class CodedConditionalEvaluator: Evaluator {
    private let conditions: [Evaluator]
    /// Nil: a constant.
    private let values: [Evaluator?]
    private let union: DictionaryUnion
    private let branches: [FilteredBranch]
    private let out: Vector
    /// What a branch that is computed for its own rows alone answers, scattered to their places.
    private let scattered: Vector
    /// One byte a row: no branch has taken it yet; this branch does.
    private let rest = UnsafeMutablePointer<UInt8>.allocate(capacity: vectorRowsMax)
    private let takes = UnsafeMutablePointer<UInt8>.allocate(capacity: vectorRowsMax)

    init(conditions: [Evaluator], values: [Evaluator?], union: DictionaryUnion, branches: [FilteredBranch]) {
        precondition(values.count == conditions.count + 1)
        self.conditions = conditions
        self.values = values
        self.union = union
        self.branches = branches
        out = Vector(type: .text, dictionary: union.dictionary)
        scattered = Vector(type: .text, dictionary: union.dictionary)
        super.init(type: .text, dictionary: union.dictionary)
    }
    deinit {
        rest.deallocate()
        takes.deallocate()
    }

    override func evaluate(_ batch: Batch) throws -> Vector {
        let count = batch.count
        let (rest, takes) = (rest, takes)
        out.reset()
        rest.update(repeating: 1, count: count)
        for (index, value) in values.enumerated() {
            // The rows that no branch before has taken.
            if index < conditions.count {
                let condition = try conditions[index].evaluate(batch)
                let bits = condition.mask
                for i in 0..<count { takes[i] = rest[i] & bits[i] }
                condition.clearNulls(in: takes, count: count)
                for i in 0..<count { rest[i] &= takes[i] ^ 1 }
            } else {
                takes.update(from: rest, count: count)
            }
            if MaskBytes.allZero(takes, count) { continue }
            let translation = union.translations[index]
            guard let value else {
                fill(translation?.first, count)
                continue
            }
            if value is ColumnEvaluator || value is DictionaryMapEvaluator {
                // Neither can fail: there is no need to leave out the rows of other branches.
                copy(try value.evaluate(batch), translation, count)
            } else {
                // Codes that the last branch left may be none of this one's.
                scattered.reset()
                scattered.codes.update(repeating: 0, count: count)
                try branches[index].evaluate(batch, where: takes, equals: 1, value, into: scattered)
                copy(scattered, translation, count)
            }
        }
        return out
    }

    /// The rows of one branch become a constant.
    private func fill(_ code: UInt32?, _ count: Int) {
        let takes = takes
        if let code {
            let codes = out.codes
            for i in 0..<count { codes[i] = codes[i] ^ (codes[i] ^ code) & (0 &- UInt32(takes[i])) }
        } else {
            let nulls = nullsOfOut(count)
            for i in 0..<count { nulls[i] |= takes[i] }
        }
    }

    /// The rows of one branch become those of `source`.
    private func copy(_ source: Vector, _ translation: [UInt32]?, _ count: Int) {
        let takes = takes
        let codes = out.codes
        let theirs = source.codes
        if let translation {
            translation.withUnsafeBufferPointer { table in
                guard let table = table.baseAddress else { return }
                for i in 0..<count { codes[i] = codes[i] ^ (codes[i] ^ table[Int(theirs[i])]) & (0 &- UInt32(takes[i])) }
            }
        } else {
            for i in 0..<count { codes[i] = codes[i] ^ (codes[i] ^ theirs[i]) & (0 &- UInt32(takes[i])) }
        }
        guard source.hasNulls else { return }
        let nulls = nullsOfOut(count)
        let sourceNulls = source.nulls
        for i in 0..<count { nulls[i] |= takes[i] & sourceNulls[i] }
    }

    private func nullsOfOut(_ count: Int) -> UnsafeMutablePointer<UInt8> {
        if !out.hasNulls {
            out.nulls.update(repeating: 0, count: count)
            out.hasNulls = true
        }
        return out.nulls
    }
}
