extension Transaction {
    /// All links as they stand inside this transaction.
    public var links: [LinkSchema] { working.links }

    /// Declares a link and returns its permanent id; one that stands already as it is asked for gives its own id and changes nothing.
    ///
    /// Its tables need not be there yet. Tables that have rows already are rewritten once, so that each row holds the ids that the link
    /// reads (``progress`` hears of it). A `.request` error says what of the declaration does not fit; a `.data` error names the first
    /// key value of the parent that stands twice.
    @discardableResult
    public func declareLink(_ link: LinkSchema) throws -> UInt32 {
        precondition(isOpen)
        var link = link
        try link.check()
        for known in working.links {
            link.id = known.id
            if link == known { return known.id }
        }
        link.id = working.nextLink
        working.links.append(link)
        do {
            try checkLinkNames()
            _ = try linkTypes(link)
            try checkParentIsUnique(link)
        } catch {
            working.links.removeLast()
            throw error
        }
        working.nextLink += 1
        for name in [link.parent, link.child] {
            if let t = working.index(of: name) { try settle(t) }
        }
        return link.id
    }

    /// Forgets a link; rows keep the ids that only it read until they are next rewritten.
    public func dropLink(_ id: UInt32) throws {
        precondition(isOpen)
        guard let at = working.links.firstIndex(where: { $0.id == id }) else {
            throw StorageError(.request, "there is no such link")
        }
        let child = working.links.remove(at: at).child
        if let t = working.index(of: child) { try settle(t) }
    }

    func renameInLinks(table: String, to newName: String) {
        for l in working.links.indices {
            if working.links[l].child == table { working.links[l].child = newName }
            if working.links[l].parent == table { working.links[l].parent = newName }
        }
        for d in working.domains.indices where working.domains[d].table == table { working.domains[d].table = newName }
    }

    func renameInLinks(column: String, of table: String, to newName: String) {
        func renamed(_ names: [String]) -> [String] { names.map { $0 == column ? newName : $0 } }
        for l in working.links.indices {
            if working.links[l].child == table { working.links[l].childColumns = renamed(working.links[l].childColumns) }
            if working.links[l].parent == table { working.links[l].parentColumns = renamed(working.links[l].parentColumns) }
        }
        for d in working.domains.indices where working.domains[d].table == table {
            working.domains[d].columns = renamed(working.domains[d].columns)
        }
    }

    // MARK: What a link asks of its tables

    /// Tables may have come, gone or changed since the links were declared.
    func checkLinks() throws {
        if working.links.isEmpty { return }
        try checkLinkNames()
        for link in working.links { _ = try linkTypes(link) }
    }

    /// A path from a table must mean one thing: a column, a parent or children.
    func checkLinkNames() throws {
        for (l, link) in working.links.enumerated() {
            try checkName(link.parentName, at: link.child, of: l, hint: "name the parent otherwise: `as \(link.parentName)_2, …`")
            try checkName(link.childrenName, at: link.parent, of: l, hint: "name the children otherwise: `as …, \(link.childrenName)_2`")
            if link.child == link.parent, link.parentName == link.childrenName {
                throw StorageError(
                    .request, "a link from \(link.child) to itself needs two names, not \(link.parentName) twice",
                    hint: "say both: `as \(link.parentName), \(link.childrenName)_below`")
            }
        }
    }

    private func checkName(_ name: String, at table: String, of index: Int, hint: String) throws {
        if schema(of: table)?.index(of: name) != nil {
            throw StorageError(.request, "\(table) has a column \(name), so a link cannot have that name there", hint: hint)
        }
        for other in working.links[..<index] {
            if other.child == table, other.parentName == name {
                throw StorageError(.request, "\(name) is already what \(table) calls its parent in \(other.parent)", hint: hint)
            }
            if other.parent == table, other.childrenName == name {
                throw StorageError(.request, "\(name) is already what \(table) calls its children in \(other.child)", hint: hint)
            }
        }
    }

    /// The parent's columns that the link goes to; nil where that is not known yet.
    func parentColumns(of link: LinkSchema) -> [String]? {
        if !link.parentColumns.isEmpty { return link.parentColumns }
        guard let parent = schema(of: link.parent), !parent.key.isEmpty else { return nil }
        return parent.key
    }

    /// The types of the link's key values, checked against every table that is there; nil where neither is.
    func linkTypes(_ link: LinkSchema) throws -> [LogicalType]? {
        let childTypes = try schema(of: link.child).map { try $0.types(of: link.childColumns, link) }
        guard let parent = schema(of: link.parent) else { return childTypes }
        guard let columns = parentColumns(of: link) else {
            throw StorageError(
                .request, "\(link.summary): \(parent.name) has no declared key",
                hint: "load it with `key …`, or name the column: `link \(link.child).\(link.childColumns[0]) to \(parent.name).…`")
        }
        guard columns.count == link.childColumns.count else {
            throw StorageError(
                .request,
                "\(link.summary): the key of \(parent.name) is (\(columns.joined(separator: ", "))), the link has "
                    + "\(link.childColumns.count) column\(link.childColumns.count == 1 ? "" : "s")",
                hint: "link t.(a, b) to … names several columns")
        }
        let parentTypes = try parent.types(of: columns, link)
        guard let childTypes else { return parentTypes }
        for (i, (child, above)) in zip(childTypes, parentTypes).enumerated() where child != above {
            // The engine compares the two dates of a dated link itself.
            if link.isLatest, i == columns.count - 1, child.isTemporal, above.isTemporal { continue }
            throw StorageError(
                .request,
                "\(link.summary): \(link.childColumns[i]) is \(child.name) in \(link.child) and \(columns[i]) is \(above.name) in \(parent.name)",
                hint: "load one of them with the other's type: `types: (\(link.childColumns[i]): \(above.name))`")
        }
        return parentTypes
    }

    /// A declared key is checked by every writer; other columns are looked at here and, from now on, by every writer of the parent.
    private func checkParentIsUnique(_ link: LinkSchema) throws {
        guard let parent = schema(of: link.parent), let columns = parentColumns(of: link), columns != parent.key else { return }
        let table = try snapshot(of: working.tables[index(of: link.parent)])
        for count in table.segments.indices {
            let part = table.with(segments: Array(table.segments[...count]))
            try KeyCheck(part, columns: columns, link: link).checkLastSegment(order: nil)
        }
    }

    /// Columns that links go to and that no declared key guards, each once.
    func linkedColumns(of table: TableSchema) -> [(columns: [String], link: LinkSchema)] {
        var found: [(columns: [String], link: LinkSchema)] = []
        for link in working.links where link.parent == table.name {
            guard let columns = parentColumns(of: link), columns != table.key else { continue }
            if !found.contains(where: { $0.columns == columns }) { found.append((columns, link)) }
        }
        return found
    }
}

extension TableSchema {
    fileprivate func types(of columns: [String], _ link: LinkSchema) throws -> [LogicalType] {
        try columns.map { column in
            guard let at = index(of: column) else {
                throw StorageError(
                    .request, "\(link.summary): \(name) has no column \(column)",
                    hint: "columns: \(self.columns.map(\.name).joined(separator: ", "))")
            }
            return self.columns[at].type
        }
    }
}

extension LinkSchema {
    /// As a message names it: `link transactions.customer_id to customers`.
    var summary: String {
        let from = childColumns.count == 1 ? childColumns[0] : "(\(childColumns.joined(separator: ", ")))"
        let to =
            parentColumns.isEmpty ? "" : parentColumns.count == 1 ? ".\(parentColumns[0])" : ".(\(parentColumns.joined(separator: ", ")))"
        return "link \(child).\(from) to \(parent)\(to)"
    }

    fileprivate func check() throws {
        if child.isEmpty || parent.isEmpty || parentName.isEmpty || childrenName.isEmpty || childColumns.isEmpty {
            throw StorageError(.request, "a link needs two tables, a column and two names")
        }
        for names in [childColumns, parentColumns] where Set(names).count != names.count {
            throw StorageError(.request, "\(summary) names a column twice")
        }
        if !parentColumns.isEmpty, parentColumns.count != childColumns.count {
            throw StorageError(.request, "\(summary): \(childColumns.count) columns cannot go to \(parentColumns.count)")
        }
    }
}
