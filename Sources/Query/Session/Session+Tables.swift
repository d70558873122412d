import Storage

extension Session {
    // MARK: tables that definitions stand on

    /// Makes a change to tables in one commit, unless a definition that fits them now would not any more.
    func commitKeeping(_ note: String, changing what: String, at span: SourceSpan, _ change: (Transaction) throws -> Void) throws {
        let old = try store.snapshot()
        let words = try vocabulary(old)
        try commit(note) { transaction in
            try change(transaction)
            guard !words.own.isEmpty else { return }
            try keepLoaded(words, old, try transaction.preview(), changing: what, at: span)
        }
    }

    /// The same for a table that goes: what fits now must not be left without it.
    private func keepLoaded(_ words: Vocabulary, _ old: Snapshot, _ new: Snapshot, changing what: String, at span: SourceSpan) throws {
        try keep(words, words, old, new, changing: what, at: span)
        let orphaned = words.own.filter { entry in
            guard case .fits = check(entry, words, old), case .unloaded = check(entry, words, new) else { return false }
            return true
        }
        guard !orphaned.isEmpty else { return }
        throw QueryError(
            .name, "\(what): \(orphaned.map(\.title).joined(separator: ", ")) \(orphaned.count == 1 ? "depends" : "depend") on it",
            at: span,
            hint: "drop \(orphaned.count == 1 ? "it" : "them") first; `replace` puts other rows in place of all")
    }

    /// Refuses a replaced table that lacks what definitions need of it.
    func checkKept(_ transaction: Transaction, replacing table: Name) throws {
        let words = try vocabulary(transaction.base)
        guard !words.own.isEmpty else { return }
        try keepLoaded(
            words, transaction.base, try transaction.preview(), changing: "\(table.text) cannot be replaced by this", at: table.span)
    }

    /// A table cannot take the name of a query that is defined: `from NAME` would have two meanings.
    func refuseQueryName(_ table: Name) throws {
        guard let entry = try vocabulary(try store.snapshot()).entry(table.text, .query) else { return }
        throw QueryError(
            .name, "\(table.text) is a query already", at: table.span, hint: "give the table another name, or drop \(entry.title)")
    }

    func rename(table old: Name, to new: Name) throws -> [String] {
        let snapshot = try store.snapshot()
        let before = try vocabulary(snapshot)
        if before.entry(new.text, .query) != nil {
            throw QueryError(.name, "there is a query \(new.text) already", at: new.span)
        }
        let (after, carried) = try renaming(in: before) { TableRenamer(from: old.text, to: new.text, $0.definition) }
        try commit("rename table \(old.text) to \(new.text)") { transaction in
            try transaction.renameTable(old.text, to: new.text)
            write(before, after, to: transaction)
            if !after.own.isEmpty {
                try keep(before, after, snapshot, try transaction.preview(), changing: "\(old.text) cannot be renamed", at: old.span)
            }
        }
        definitions = after.run
        return ["renamed table \(old.text) to \(new.text)"] + followed(carried)
    }

    func rename(column: Name, of table: Name, to new: Name) throws -> [String] {
        let snapshot = try store.snapshot()
        let before = try vocabulary(snapshot)
        let (after, carried) = try renaming(in: before) { entry in
            guard case .fits(let meanings) = check(entry, before, snapshot) else { return TreeRewriter() }
            let isNamed = meanings.columns.contains { $0.table == table.text && $0.column == column.text }
            if isNamed, entry.definition.parameters.contains(where: { $0.name.text == new.text }) {
                throw QueryError(
                    .name, "\(table.text).\(column.text) cannot be renamed: \(entry.title) has its own \(new.text)", at: new.span,
                    hint: "choose another name")
            }
            return ColumnRenamer(meanings.columns, of: table.text, column.text, to: new.text)
        }
        try commit("rename column \(table.text).\(column.text) to \(new.text)") { transaction in
            try transaction.renameColumn(column.text, of: table.text, to: new.text)
            write(before, after, to: transaction)
            if !after.own.isEmpty {
                try keep(
                    before, after, snapshot, try transaction.preview(), changing: "\(table.text).\(column.text) cannot be renamed",
                    at: column.span)
            }
        }
        definitions = after.run
        return ["renamed column \(table.text).\(column.text) to \(new.text)"] + followed(carried) + unsure(column.text, after)
    }

    /// Verbs that speak of a column by its name: what they mean is known only where they are called, so they are left as they are.
    private func unsure(_ column: String, _ vocabulary: Vocabulary) -> [String] {
        vocabulary.own.filter { entry in
            guard entry.kind == .verb, !entry.definition.parameters.contains(where: { $0.name.text == column }) else { return false }
            let names = NameCollector()
            _ = try? names.definition(entry.definition)
            return names.firsts.contains(column) || names.columns.contains(column)
        }.map { "\($0.title) speaks of \(column): it was left as it is" }
    }

    /// A table that has just come may not be what definitions took it for.
    func sayMisfits(of table: String, _ receiver: ResultReceiver) throws {
        let snapshot = try store.snapshot()
        let words = try vocabulary(snapshot)
        for entry in words.own {
            let used = uses(entry, words)
            guard used.tables.contains(table) || used.definitions.contains(table) else { continue }
            guard case .broken(let error) = check(entry, words, snapshot) else { continue }
            try receiver.message("\(entry.title) does not fit: \(error.message)")
        }
    }
}
