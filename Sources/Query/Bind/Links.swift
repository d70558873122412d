import Storage

/// Whose rows stand at one point of a pipe: rows of one table, each at most once, with all that the table stores about them. Stages that
/// keep a row what it is keep its origin, whatever columns they show.
struct Origin {
    let table: TableSnapshot
    let name: Name
    let version: Int?
    /// The plan's columns by their place in the store: the schema's, then the hidden ids of links.
    let ids: [Int: ColumnID]

    func id(_ column: String) -> ColumnID? { table.schema.index(of: column).flatMap { ids[$0] } }
}

/// The rows that a link leads up to. Its query grows as columns behind the link are asked for, so that all of them are one join.
///
/// Used by one binder on one thread; a plan takes the query as it stands.
final class LinkedTable: @unchecked Sendable {
    let link: LinkSchema
    /// Columns of the row that the link starts from, and of the row it leads to.
    let on: [(left: ColumnID, right: ColumnID)]
    var query: BoundQuery

    init(link: LinkSchema, on: [(left: ColumnID, right: ColumnID)], query: BoundQuery) {
        self.link = link
        self.on = on
        self.query = query
    }
}

/// One column behind a link.
struct LinkRead: Sendable {
    let table: LinkedTable
    let column: ColumnID
}

/// One step of a path along links.
struct LinkHop: Sendable {
    let link: LinkSchema
    let isDown: Bool
    var name: String { isDown ? link.childrenName : link.parentName }
}

/// The rows that a path leads down to. Several aggregates over one path share it, and so one scan.
final class PathBelow: @unchecked Sendable {
    let hops: [LinkHop]
    let start: Origin
    /// The rows of the path's last table, with the columns that aggregates over them need.
    var query: BoundQuery

    init(hops: [LinkHop], start: Origin, query: BoundQuery) {
        self.hops = hops
        self.start = start
        self.query = query
    }
    var text: String { hops.map(\.name).joined(separator: ".") }
}

/// `sum(transactions.amount where type = "purchase")`: an aggregate whose arguments are columns of the rows below.
struct DownwardCall: Sendable {
    let path: PathBelow
    /// Arguments, filter and order speak of the rows below; `per` of the rows outside.
    var call: AggregateCall
    /// `outer.x`: what the rows below are to know of the row outside, under ids of its own.
    var outers: [DerivedColumn]
}

/// What names mean inside an aggregate along a path.
struct PathFrame {
    let path: PathBelow
    let names: [String]
    let outside: Scope
    var outers: [DerivedColumn] = []
}

extension Binder {
    // MARK: links of a table

    /// Links that lead up from the rows of a scope, by name.
    func linksUp(_ origin: Origin) -> [LinkSchema] { environment.links.filter { $0.child == origin.table.schema.name } }
    /// Links that lead down; those to the latest of many rows lead only up.
    func linksDown(_ origin: Origin) -> [LinkSchema] { environment.links.filter { $0.parent == origin.table.schema.name && !$0.isLatest } }

    func hop(_ name: String, from origin: Origin) -> LinkHop? {
        if let up = linksUp(origin).first(where: { $0.parentName == name }) { return LinkHop(link: up, isDown: false) }
        if let down = linksDown(origin).first(where: { $0.childrenName == name }) { return LinkHop(link: down, isDown: true) }
        return nil
    }

    /// All rows of the table at the far end of a hop, in the version that the near end was read in.
    func farEnd(of hop: LinkHop, from origin: Origin, at span: SourceSpan) throws -> BoundQuery {
        let name = Name(text: hop.isDown ? hop.link.child : hop.link.parent, span: span)
        let table: TableSnapshot
        do {
            table = try environment.table(name, origin.version)
        } catch let error as QueryError where error.kind == .name {
            throw QueryError(
                .name, "\(hop.name) leads to \(name.text), which is not loaded", at: span, hint: "load \(name.text) from \"file.csv\"")
        }
        return scan(table, name: name, version: origin.version)
    }

    /// The columns that a link holds together: the ids that were given when rows were stored, or else the keys themselves.
    func ends(of link: LinkSchema, child: Origin, parent: Origin, at span: SourceSpan) throws -> [(child: ColumnID, parent: ColumnID)] {
        let parentColumns = link.parentColumns.isEmpty ? parent.table.schema.key : link.parentColumns
        if !link.isLatest, let here = child.table.parentIDColumn(link: link.id), let there = parent.table.ownIDColumn(of: parentColumns),
            let childID = child.ids[here], let parentID = parent.ids[there]
        {
            return [(childID, parentID)]
        }
        guard parentColumns.count == link.childColumns.count else {
            throw QueryError(
                .name,
                parentColumns.isEmpty
                    ? "\(link.parent) has no declared key, so the link \(link.parentName) leads nowhere"
                    : "the link \(link.parentName) has \(link.childColumns.count) columns, the key of \(link.parent) has \(parentColumns.count)",
                at: span, hint: "declare the link again: link \(link.child).… to \(link.parent).KEY")
        }
        return try zip(link.childColumns, parentColumns).map { childColumn, parentColumn in
            guard let childID = child.id(childColumn), let parentID = parent.id(parentColumn) else {
                throw QueryError(
                    .name, "the link \(link.parentName) needs \(link.child).\(childColumn) and \(link.parent).\(parentColumn)", at: span,
                    hint: "one of them is gone: drop the link, or load the column")
            }
            return (childID, parentID)
        }
    }

    /// The first name of a path is a link, and something else as well.
    func refuseTwoMeanings(_ names: [Name], in scope: Scope) throws {
        guard let origin = scope.origin, let hop = hop(names[0].text, from: origin) else { return }
        let name = names[0].text
        var other: (what: String, hint: String)?
        if names.count == 1, hop.isDown, scope.column(name) != nil {
            other = ("the column \(name)", "rename the column: rename other: \(name)")
        } else if names.count > 1, scope.columns.contains(where: { $0.isVisible && $0.qualifier == name }) {
            other = ("the joined rows \(name)", "give the joined table another name: join … as other")
        } else if names.count > 1, scope.tableName == name, scope.arrivedBy != [name] {
            other = ("the table \(name) itself", "a column of the table needs no name before it")
        }
        guard let other else { return }
        throw QueryError(
            .name, "\(name) means two things here: \(other.what), and the \(hop.isDown ? "rows below" : "row above") by a link",
            at: names[0].span, hint: other.hint)
    }

    // MARK: upward

    /// The rows that an upward link leads to; one for each place that the link starts from.
    func linkedTable(_ link: LinkSchema, from origin: Origin, at span: SourceSpan) throws -> LinkedTable {
        let key = LinkedTableKey(link: link.id, name: link.parentName, start: origin.ids.values.min() ?? 0)
        if let known = linkedTables[key] { return known }
        var far = try farEnd(of: LinkHop(link: link, isDown: false), from: origin, at: span)
        guard let there = far.scope.origin else { preconditionFailure("a scan has an origin") }
        var on: [(left: ColumnID, right: ColumnID)] = try ends(of: link, child: origin, parent: there, at: span).map {
            ($0.child, $0.parent)
        }
        if link.isLatest, let last = on.last { on[on.count - 1].right = try dated(last, &far, origin, at: span) }
        let made = LinkedTable(link: link, on: on, query: far)
        linkedTables[key] = made
        return made
    }

    /// The date of a rate as a moment, where the rows that ask have moments: a day's row holds from its start.
    private func dated(_ pair: (left: ColumnID, right: ColumnID), _ far: inout BoundQuery, _ origin: Origin, at span: SourceSpan) throws
        -> ColumnID
    {
        func type(_ id: ColumnID, _ origin: Origin) -> LogicalType? {
            origin.ids.first { $0.value == id }.map { origin.table.schema.columns[$0.key].type }
        }
        guard let there = far.scope.origin, let asks = type(pair.left, origin), let holds = type(pair.right, there) else {
            preconditionFailure("a link joins stored columns")
        }
        if asks == holds, asks == .date || asks == .timestamp { return pair.right }
        guard asks == .timestamp, holds == .date else {
            throw QueryError(
                .type, "latest needs dates at the end of both keys, these are \(asks.name) and \(holds.name)", at: span,
                hint: "link t.(currency, date) to rates latest")
        }
        let moment = Bound(.column(pair.right), .date, span)
        guard let coerced = Coercion.coerce(moment, to: .timestamp) else {
            throw QueryError(.type, "a date beside a timestamp cannot be compared here", at: span)
        }
        return try column(for: coerced, &far)
    }

    /// `customer.city`, `account.district.name`: the rest of a path is bound among the rows that the link leads to.
    func bind(path names: [Name], behind link: LinkSchema, _ origin: Origin, _ span: SourceSpan) throws -> Bound {
        let table = try linkedTable(link, from: origin, at: names[0].span)
        let rest = Array(names.dropFirst())
        followed.append(names[0].text)
        defer { followed.removeLast() }
        let bound = try bind(path: rest, in: table.query.scope, rest[0].span.lowerBound..<span.upperBound)
        let lifted = try lift([bound], over: &table.query.plan, scope: table.query.scope)[0]
        let id = try column(for: lifted, &table.query)
        return Bound(.linked(LinkRead(table: table, column: id)), lifted.type, span)
    }

    /// `customer is null`: a column that every row behind the link has, so that it is missing only where the row is.
    func presence(_ expression: Expression, in scope: Scope) throws -> Bound? {
        guard case .path(let names) = expression.kind, let last = names.last, let origin = scope.origin else { return nil }
        if names.count > 1 {
            guard let hop = hop(names[0].text, from: origin), !hop.isDown else { return nil }
            let table = try linkedTable(hop.link, from: origin, at: names[0].span)
            let rest = Expression(kind: .path(Array(names.dropFirst())), span: names[1].span.lowerBound..<expression.span.upperBound)
            guard let inner = try presence(rest, in: table.query.scope) else { return nil }
            let lifted = try lift([inner], over: &table.query.plan, scope: table.query.scope)[0]
            return Bound(.linked(LinkRead(table: table, column: try column(for: lifted, &table.query))), .int, expression.span)
        }
        guard scope.column(last.text) == nil, let hop = hop(last.text, from: origin), !hop.isDown else { return nil }
        return try presence(of: hop.link, from: origin, at: expression.span)
    }

    func presence(of link: LinkSchema, from origin: Origin, at span: SourceSpan) throws -> Bound {
        let table = try linkedTable(link, from: origin, at: span)
        let mark = newID()
        call(mark, "is there")
        table.query.plan = .derive(table.query.plan, [DerivedColumn(id: mark, value: .constant(.integer(1), .int, span))])
        return Bound(.linked(LinkRead(table: table, column: mark)), .int, span)
    }
}

struct LinkedTableKey: Hashable {
    let link: UInt32
    let name: String
    let start: ColumnID
}
