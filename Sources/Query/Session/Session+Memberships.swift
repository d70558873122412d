import Storage

/// Who was in a segment at one date, by the permanent ids of the table's key values.
struct Membership {
    let date: Int64
    /// The domain that the ids are of.
    let domain: UInt32
    /// Rows that the table had.
    let rows: Int
    let members: MembershipBitmap

    /// Four bytes the domain, eight the table's rows, then the ids.
    var bytes: [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: domain >> UInt32($0 * 8)) } + (0..<8).map { UInt8(truncatingIfNeeded: rows >> ($0 * 8)) }
            + members.bytes
    }

    init(date: Int64, domain: UInt32, rows: Int, members: MembershipBitmap) {
        self.date = date
        self.domain = domain
        self.rows = rows
        self.members = members
    }

    init(date: Int64, bytes: [UInt8]) throws {
        guard bytes.count >= 12 else { throw StorageError(.corrupt, "a segment's snapshot is damaged") }
        self.date = date
        domain = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[$1]) << UInt32($1 * 8) }
        rows = (0..<8).reduce(0) { $0 | Int(bytes[4 + $1]) << ($1 * 8) }
        members = try MembershipBitmap(bytes: bytes[12...])
    }
}

extension Session {
    // MARK: names of blobs

    private static func prefix(_ segment: String) -> String { "segment/\(segment)/" }

    private static func blobName(_ segment: String, _ date: Int64) -> String {
        prefix(segment) + CellText.string(.integer(date), type: .date)
    }

    /// Dates of a segment's snapshots, the oldest first.
    func membershipDates(of segment: String, _ snapshot: Snapshot) throws -> [Int64] {
        let prefix = Self.prefix(segment)
        return snapshot.blobNames.compactMap { name in
            guard name.hasPrefix(prefix),
                case .literal(.date(let day))? = (try? Expression.parse(String(name.dropFirst(prefix.count))))?.kind
            else { return nil }
            return day
        }.sorted()
    }

    func removeMemberships(of segment: String, _ dates: [Int64], _ transaction: Transaction) throws {
        for date in dates { transaction.setBlob(Self.blobName(segment, date), nil) }
    }

    func renameMemberships(of segment: String, to new: String, _ dates: [Int64], _ snapshot: Snapshot, _ transaction: Transaction) throws {
        for date in dates {
            guard let bytes = try snapshot.blob(Self.blobName(segment, date)) else { continue }
            transaction.setBlob(Self.blobName(new, date), bytes)
            transaction.setBlob(Self.blobName(segment, date), nil)
        }
    }

    // MARK: reading

    func membership(of segment: String, at date: Int64, _ snapshot: Snapshot) throws -> Membership? {
        try snapshot.blob(Self.blobName(segment, date)).map { try Membership(date: date, bytes: $0) }
    }

    /// The latest snapshot that is not later than a date.
    func membership(of segment: Name, asOf date: Int64, _ snapshot: Snapshot, at span: SourceSpan) throws -> Membership {
        let dates = try membershipDates(of: segment.text, snapshot)
        guard let found = dates.last(where: { $0 <= date }), let membership = try membership(of: segment.text, at: found, snapshot) else {
            let day = CellText.string(.integer(date), type: .date)
            let known = dates.suffix(12).map { CellText.string(.integer($0), type: .date) }.joined(separator: ", ")
            throw QueryError(
                .name, "\(segment.text) has no snapshot at or before \(day)", at: span,
                hint: dates.isEmpty ? "`snapshot \(segment.text)` writes down who is in it today" : "there are snapshots of \(known)")
        }
        return membership
    }

    /// The segment's table with its domain, where its keys have ids.
    func membershipTable(_ entry: DefinitionEntry, _ snapshot: Snapshot, at span: SourceSpan) throws -> (
        table: TableSnapshot, domain: KeyDomain?
    ) {
        guard let name = entry.definition.table?.text, let table = snapshot.table(name) else {
            throw QueryError(.name, "\(entry.definition.table?.text ?? entry.name) is not loaded", at: span)
        }
        return (table, snapshot.domain(of: name, columns: table.schema.key))
    }

    /// Ids of the rows that are in a segment now.
    func membersNow(_ entry: DefinitionEntry, _ snapshot: Snapshot, at span: SourceSpan) throws -> [UInt32] {
        guard case .segment(let on, _) = entry.definition.body else { preconditionFailure("a segment has a table") }
        let executor = makeExecutor(nil)
        let binder = Binder(try environment(snapshot, executor))
        var query = try binder.bind(Source(kind: .table(Name(text: on.text, span: span), version: nil), span: span))
        let name = Name(text: entry.name, span: span)
        let condition = Stage(
            kind: .where(Expression(kind: .path([name]), span: span)), span: span, keyword: Name(text: "where", span: span))
        try binder.apply([condition], to: &query, summary: nil)
        guard let origin = query.scope.origin, let index = origin.table.ownIDColumn(of: origin.table.schema.key), let id = origin.ids[index]
        else { throw QueryError(.data, "the rows of \(on.text) have no ids", at: span) }
        let rows = try relation(query.plan, required: [id], executor)
        return (0..<rows.rowCount).map { UInt32(truncatingIfNeeded: rows[id].integers[$0]) }
    }

    // MARK: snapshot

    /// `snapshot vip [at DATE]`
    func takeSnapshot(of segment: Name, at date: Expression?) throws -> String {
        var snapshot = try store.snapshot()
        let entry = try required(.segment, segment, try vocabulary(snapshot))
        var day = today
        if let date { day = try self.day(date, snapshot) }
        var (table, domain) = try membershipTable(entry, snapshot, at: segment.span)
        guard !table.schema.key.isEmpty else {
            throw QueryError(
                .name, "\(table.schema.name) has no key, so its rows cannot be told apart at another time", at: segment.span,
                hint: "declare one when it is loaded: load \(table.schema.name) from \"file.csv\" key …")
        }
        if domain == nil || table.ownIDColumn(of: table.schema.key) == nil {
            try commit("ids of \(table.schema.name)") { try $0.ensureDomain(of: table.schema.name) }
            snapshot = try store.snapshot()
            (table, domain) = try membershipTable(entry, snapshot, at: segment.span)
        }
        guard let domain else {
            throw QueryError(.data, "\(table.schema.name) has no rows, so nobody is in \(entry.name)", at: segment.span)
        }
        let members = MembershipBitmap(try membersNow(entry, snapshot, at: segment.span))
        let rows = try visibleRowCount(of: table, snapshot, at: segment.span)
        let made = Membership(date: day, domain: domain.id, rows: rows, members: members)
        let title = "\(entry.name) at \(CellText.string(.integer(day), type: .date))"
        let size = "\(CellText.grouped(members.count)) of \(CellText.grouped(rows)) rows of \(table.schema.name)"
        let name = Self.blobName(entry.name, day)
        let known = try snapshot.blob(name)
        if known == made.bytes { return "\(title) is written down already: \(size)" }
        try commit("snapshot \(title)") { $0.setBlob(name, made.bytes) }
        return (known == nil ? "\(title): " : "\(title), written anew: ") + size
    }

    /// A date, or the last day of a month, quarter or year.
    func day(_ expression: Expression, _ snapshot: Snapshot) throws -> Int64 {
        try Binder(try environment(snapshot, makeExecutor(nil))).day(expression)
    }
}

extension Binder {
    /// A date that is the same for all rows; of a longer span its last day.
    func day(_ expression: Expression) throws -> Int64 {
        let bound = try ConstantFolding.fold(try bind(expression, in: Scope()))
        guard case .integer(let value)? = bound.constantValue else { throw QueryError(.type, "a date is needed here", at: expression.span) }
        switch bound.type {
        case .date: return value
        case .timestamp: return CivilDate.dayOf(timestamp: value)
        case .week, .month, .quarter, .year: return CivilDate.firstDay(of: value + 1, type: bound.type) - 1
        case .int where (1000...9999).contains(value): return CivilDate.firstDay(of: value + 1, type: .year) - 1
        case .bool, .int, .decimal, .float, .text, .duration:
            throw QueryError(
                .type, "a date is needed here, this is \(article(bound.type))", at: expression.span, hint: "such as 2026-08-31")
        }
    }

    /// `vip as of 2026-08-31`
    func member(of path: [Name], asOf date: Expression, in scope: Scope, _ span: SourceSpan) throws -> Bound {
        guard path.count == 1 else {
            let last = path[path.count - 1]
            let end = Expression(kind: .memberAsOf([last], date), span: last.span)
            return try bind(path: Array(path.dropLast()), end: end, in: scope, span) { scope in
                try self.member(of: [last], asOf: date, in: scope, span)
            }
        }
        let name = path[0]
        guard let entry = environment.vocabulary.entry(name.text, .segment), let on = entry.definition.table?.text else {
            throw QueryError(
                .name, "there is no segment \(name.text)", at: name.span,
                hint: didYouMean(name.text, environment.vocabulary.names(of: .segment)) ?? "only a segment's membership is written down")
        }
        guard let origin = scope.origin, origin.table.schema.name == on else {
            throw elsewhere(entry, on, name, in: scope)
        }
        noteMeaning(name, entry)
        let day = try day(date)
        let (membership, domain) = try environment.membership(name, day, span)
        if membership.date != day {
            expansions.note(
                "\(name.text) as of \(CellText.string(.integer(day), type: .date)): the snapshot of \(CellText.string(.integer(membership.date), type: .date))"
            )
        }
        guard let index = origin.table.ownIDColumn(of: origin.table.schema.key), let id = origin.ids[index] else {
            throw QueryError(
                .data, "these rows of \(on) have no ids that a snapshot could name", at: span,
                hint: origin.version == nil ? "`snapshot \(name.text)` begins anew" : "this version is older than the first snapshot")
        }
        guard let domain, domain.id == membership.domain else {
            throw QueryError(
                .data, "the snapshots of \(name.text) are of another \(on): its key has changed since", at: span,
                hint: "`snapshot \(name.text)` begins anew")
        }
        let words = membership.members.words
        let instance = FunctionInstance("\(name.text) as of \(CellText.string(.integer(membership.date), type: .date))") {
            arguments, out, count, _ in
            let ids = arguments[0].integers
            let mask = out.mask
            words.withUnsafeBufferPointer { words in
                for row in 0..<count {
                    let id = Int(ids[row])
                    let isKnown = id >= 0 && id >> 6 < words.count
                    mask[row] = isKnown ? UInt8(truncatingIfNeeded: words[id >> 6] >> UInt64(id & 63) & 1) : 0
                }
            }
        }
        return Bound(.function(instance, [Bound(.column(id), .int, span)]), .bool, span)
    }
}
