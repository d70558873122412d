import Glibc
import Storage

extension Session {
    /// What fits at the end of `text`, which is a statement up to the cursor, all its lines. Nothing is run and no row is read: the answer
    /// comes from catalogues, schemas, definitions and dictionaries.
    public func completions(of text: String) -> Completions {
        let place = CompletionPlace(text)
        guard place.word != .nothing, let snapshot = try? store.snapshot() else { return Completions(start: place.start) }
        var found = CompletionSearch(self, place, snapshot).run()
        found.keep(beginningWith: place.typed)
        if place.word == .quotedName {
            found.items = found.items.filter { [.columns, .tables, .queries, .segments, .metrics, .links].contains($0.group) }
            for index in found.items.indices {
                // The backtick stands there already.
                let name = found.items[index].name
                found.items[index].text = name.split(separator: "`", omittingEmptySubsequences: false).joined(separator: "``")
                found.items[index].ending = "`"
            }
        }
        return found
    }

    /// Everything that a binder could ask for, without what would take time: columns of files and functions are known, rows are not read.
    func completionEnvironment(_ snapshot: Snapshot) -> BindEnvironment? {
        guard var environment = try? environment(snapshot, makeExecutor(nil)) else { return nil }
        environment.file = { [unowned self] path, clause, span in try self.fileShape(path, clause, span) }
        environment.membership = { name, _, _ in throw QueryError(.name, "not while a line is typed", at: name.span) }
        environment.values = { _, _ in throw QueryError(.unsupported, "not while a line is typed") }
        environment.holidays = { [] }
        let quick = environment.tableFunction
        environment.tableFunction = { [unowned self] call in
            if let columns = try self.columns(ofFunction: call, snapshot) {
                let empty = RelationBuilder(columns)
                return (empty.relation, empty.scope)
            }
            return try quick(call)
        }
        return environment
    }

    /// The columns of those table functions that read rows; nil: the function is quick enough to be run.
    private func columns(ofFunction call: Call, _ snapshot: Snapshot) throws -> [(name: String, type: LogicalType)]? {
        switch call.name.text {
        case "segments":
            return [
                ("segment", .text), ("on", .text), ("size", .int), ("rows", .int), ("snapshots", .int), ("last", .date), ("saved", .bool),
            ]
        case "memberships":
            return [("segment", .text), ("date", .date), ("size", .int), ("rows", .int), ("entered", .int), ("left", .int)]
        case "overlaps":
            let names = call.arguments.compactMap { $0.label?.text ?? $0.value.plainName }
            return names.map { ($0, .bool) } + [("rows", .int), ("share", .decimal(scale: 6))]
        case "diff":
            guard let first = call.arguments.first else { return [] }
            if case .query(let before) = first.value.kind, let environment = completionEnvironment(snapshot) {
                let scope = try Binder(environment).bind(before).scope
                let keys = Set(scope.key)
                let known = scope.visible.map { (name: $0.name, type: $0.type, isKey: keys.contains($0.id)) }
                return [("change", .text)] + known.filter(\.isKey).map { ($0.name, $0.type) }
                    + known.filter { !$0.isKey }.flatMap { [("\($0.name)_before", $0.type), ($0.name, $0.type)] }
            }
            guard let name = first.value.plainName, let entry = try vocabulary(snapshot).entry(name, .segment),
                let table = entry.definition.table.flatMap({ snapshot.table($0.text) })
            else { return [("change", .text)] }
            return table.schema.key.compactMap { key in table.schema.columns.first { $0.name == key }.map { ($0.name, $0.type) } }
                + [("change", .text)]
        default: return nil
        }
    }
}
