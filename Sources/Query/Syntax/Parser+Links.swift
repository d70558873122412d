extension Parser {
    private static let linkForm = "link transactions.customer_id to customers as customer, transactions"

    /// `link child.key to parent[.key] [latest] [as parent_name, children_name]`; a key may be a bracketed list.
    mutating func link() throws(QueryError) -> Statement.Kind {
        advance()
        let child = try name("the child table")
        guard accept(.dot) else { throw expected("`.` and the column that holds the parent's key", hint: Parser.linkForm) }
        let childColumns = try keyColumns()
        guard accept(word: "to") else { throw expected("`to` and the parent table", hint: Parser.linkForm) }
        let parent = try name("the parent table")
        let parentColumns = accept(.dot) ? try keyColumns() : []
        let isLatest = accept(word: "latest")
        var parentName: Name?
        var childrenName: Name?
        if accept(word: "as") {
            parentName = try name("what the parent is called from the child")
            if accept(.comma) { childrenName = try name("what the children are called from the parent") }
        }
        if !parentColumns.isEmpty, parentColumns.count != childColumns.count {
            throw failure(
                "\(childColumns.count) column\(childColumns.count == 1 ? "" : "s") of \(child.text) cannot be the \(parentColumns.count) of \(parent.text)",
                at: span(from: childColumns[0].span.lowerBound), hint: "name as many on both sides")
        }
        return .link(
            LinkDeclaration(
                child: child, childColumns: childColumns, parent: parent, parentColumns: parentColumns, isLatest: isLatest,
                parentName: parentName, childrenName: childrenName))
    }

    mutating func dropLink() throws(QueryError) -> Statement.Kind {
        advance()
        let form = "drop link transactions.customer"
        let child = try name("the child table")
        guard accept(.dot) else { throw expected("`.` and what the parent is called", hint: form) }
        return .dropLink(child: child, parentName: try name("what the parent is called"))
    }

    private mutating func keyColumns() throws(QueryError) -> [Name] {
        at(.openRound) ? try bracketed { parser throws(QueryError) in try parser.name("a column") } : [try name("a column")]
    }
}
