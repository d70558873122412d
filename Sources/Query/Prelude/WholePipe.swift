import Storage

/// Verbs that need the pipe in front of them more than once: `sweep` runs it for every value of a parameter, `card` reads its rows and
/// those of every table that hangs on them.
enum WholePipe: String, CaseIterable {
    case sweep, card

    var entry: PreludeVerb {
        switch self {
        case .sweep:
            PreludeVerb(
                name: rawValue, signature: "sweep(name: [values], …)",
                summary:
                    "Runs the pipe in front of it once for every value of a `let` or `param`, and puts the answers below each other with the value in front; several names give every combination.",
                source: "One- and two-way sensitivity tables, as in any book on decision analysis.",
                example: CatalogueEntry.Example(
                    "from customers | summarize kept: sum(balance) * (90% + @points) | sweep(points: [0%, 5%])",
                    "points,kept\n0.00,1889249.3100\n0.05,1994207.6050\n"))
        case .card:
            PreludeVerb(
                name: rawValue, signature: "card([rows: 5])",
                summary:
                    "All that is known of a row: its columns, what its links lead up to, how many rows hang below by each link and the latest of them.",
                source: "The 360-degree view of a customer of CRM systems.",
                example: CatalogueEntry.Example(
                    "from branches | where city = \"London\" | card() | where section = \"branches\"",
                    "section,at,fact,value\nbranches,,city,London\nbranches,,region,West\nbranches,,manager,Jane\nbranches,,customers,2\n"))
        }
    }
}

extension Binder {
    /// A query with such a verb in it; nil where there is none.
    func wholePipe(_ query: Query) throws -> BoundQuery? {
        for (index, stage) in query.stages.enumerated().reversed() {
            guard case .verb(let call) = stage.kind, let verb = WholePipe(rawValue: call.name.text),
                environment.vocabulary.entry(call.name.text, .verb) == nil
            else { continue }
            let front = Query(source: query.source, stages: Array(query.stages[..<index]), span: query.span)
            var bound =
                switch verb {
                case .sweep: try sweep(front, call, stage)
                case .card: try card(front, call, stage)
                }
            try apply(Array(query.stages[(index + 1)...]), to: &bound, summary: nil)
            return bound
        }
        return nil
    }

    // MARK: sweep

    private func sweep(_ front: Query, _ call: Call, _ stage: Stage) throws -> BoundQuery {
        let hint = "sweep(rate: [1%, 2%, 5%]), where @rate stands in the pipe before it"
        guard !call.arguments.isEmpty, call.filter == nil else {
            throw QueryError(.type, "sweep needs the name of a parameter and its values", at: stage.span, hint: hint)
        }
        var axes: [(name: Name, values: [Bound])] = []
        for argument in call.arguments {
            guard let name = argument.label else {
                throw QueryError(.type, "sweep needs the parameter's name before its values", at: argument.value.span, hint: hint)
            }
            axes.append((name, try swept(name, argument.value)))
        }
        let count = axes.reduce(1) { $0 * $1.values.count }
        guard count <= 1000 else { throw QueryError(.type, "sweep would run the pipe \(count) times, at most 1000", at: stage.span) }
        let known = environment
        defer { environment = known }
        var whole: BoundQuery?
        for place in 0..<count {
            // The first name changes slowest.
            var rest = place
            var chosen: [(name: Name, value: Bound)] = []
            for axis in axes.reversed() {
                chosen.insert((axis.name, axis.values[rest % axis.values.count]), at: 0)
                rest /= axis.values.count
            }
            for (name, value) in chosen { environment.parameters[name.text] = value }
            var one = try bind(front)
            if let sink = one.sink { throw QueryError(.syntax, "`to` stands behind sweep", at: sink.span) }
            try one.requirePlain("a sweep")
            for (name, value) in chosen.reversed() {
                if one.scope.column(name.text) != nil {
                    throw QueryError(
                        .name, "the pipe before sweep has a column \(name.text) already", at: name.span, hint: "rename it there")
                }
                let id = newID()
                self.call(id, name.text)
                one.plan = .derive(one.plan, [DerivedColumn(id: id, value: value)])
                one.scope.columns.insert(Scope.Column(id: id, name: name.text, type: value.type), at: 0)
            }
            if var before = whole {
                try union(one, at: stage.span, &before, stage)
                whole = before
            } else {
                // Behind a sweep the rows are no table's rows any more.
                one.scope.origin = nil
                one.scope.key = []
                one.summary = nil
                whole = one
            }
        }
        guard let whole else { preconditionFailure("there is a value at least") }
        return whole
    }

    /// The values of one parameter, of its declared type where it has one.
    private func swept(_ name: Name, _ expression: Expression) throws -> [Bound] {
        func constant(_ expression: Expression) throws -> Bound {
            let bound = try bind(expression, in: Scope())
            guard bound.constantValue != nil else { throw QueryError(.type, "a value of sweep is a constant", at: expression.span) }
            return bound
        }
        var values: [Bound] = []
        switch expression.kind {
        case .list(let items): values = try items.map(constant)
        case .range(let first, let last):
            let (low, high) = (try constant(first), try constant(last))
            guard low.type == high.type, low.type == .int || low.type == .date || low.type.isSpan,
                case .integer(let a)? = low.constantValue,
                case .integer(let b)? = high.constantValue, a <= b, b - a < 1000
            else {
                throw QueryError(
                    .type, "a range of sweep goes up in whole steps, at most 1000", at: expression.span, hint: "or list the values")
            }
            values = (a...b).map { .constant(.integer($0), low.type, expression.span) }
        default: values = [try constant(expression)]
        }
        guard !values.isEmpty else { throw QueryError(.type, "sweep needs a value at least", at: expression.span) }
        let type = try environment.parameters[name.text]?.type ?? common(values)
        return try values.map { value in
            guard let coerced = Coercion.coerce(value, to: type) else {
                throw QueryError(.type, "@\(name.text) is \(article(type)), this is \(article(value.type))", at: value.span)
            }
            return coerced
        }
    }

    private func common(_ values: [Bound]) throws -> LogicalType {
        try values.dropFirst().reduce(values[0].type) { type, value in
            guard let wider = Coercion.common(type, value.type) else {
                throw QueryError(
                    .type, "the values of sweep have one type, and \(type.name) and \(value.type.name) have none in common", at: value.span)
            }
            return wider
        }
    }

    // MARK: card

    private func card(_ front: Query, _ call: Call, _ stage: Stage) throws -> BoundQuery {
        var rows = 5
        for argument in call.arguments {
            guard argument.label?.text == "rows" else {
                throw QueryError(.type, "card takes only the number of rows of each table", at: argument.value.span, hint: "card(rows: 20)")
            }
            rows = try whole(argument.value, "card", in: Scope())
        }
        let one = try bind(front)
        guard let origin = one.scope.origin else {
            throw QueryError(
                .name, "card shows rows of a table with their links, and these are no rows of a table any more", at: stage.span,
                hint: "put it behind `where`: from customers | where customer_id = 7 | card()")
        }
        if let sink = one.sink { throw QueryError(.syntax, "`to` stands behind card", at: sink.span) }
        try one.requirePlain("a card")
        let text = try cardText(one.scope, origin, rows, at: stage.span)
        guard case .query(let query)? = try Statement.parse(text)?.kind else { preconditionFailure("a card is a query: \(text)") }
        let given = ["_rows": Expression(kind: .query(front), span: stage.span)]
        return try bind(try ArgumentRewriter(given, at: stage.span, of: "verb card").query(query))
    }

    /// The card in the language: one query for the facts and one for each link down, below each other.
    private func cardText(_ scope: Scope, _ origin: Origin, _ rows: Int, at span: SourceSpan) throws -> String {
        func name(_ text: String) -> String { TemplateText.name(text) }
        func quoted(_ text: String) -> String { TemplateText.quoted(text) }
        var facts = scope.visible.map { (quoted($0.name), "text(\(name($0.name)))") }
        for link in linksUp(origin) {
            guard environment.hasTable(link.parent) else { continue }
            let parent = try environment.table(Name(text: link.parent, span: span), nil).schema
            // What a person would call the parent: its first text that is no key.
            guard let shown = parent.columns.first(where: { $0.type == .text && !parent.key.contains($0.name) }) else { continue }
            let path = "\(name(link.parentName)).\(name(shown.name))"
            facts.append((quoted("\(link.parentName).\(shown.name)"), path))
        }
        var below: [String] = []
        for link in linksDown(origin) {
            guard environment.hasTable(link.child) else { continue }
            let child = try environment.table(Name(text: link.child, span: span), nil).schema
            facts.append((quoted(link.childrenName), "text(count(\(name(link.childrenName))))"))
            let order = child.time ?? child.key.first
            let title = child.key.first { !link.childColumns.contains($0) }
            let told = child.columns.map(\.name).filter { !link.childColumns.contains($0) && $0 != child.time && $0 != title }
            let parts = told.map { "if \(name($0)) is not null then concat(\(quoted(", \($0) ")), \(name($0)))" }
            let select = [
                "section: \(quoted(link.childrenName))", "at: \(child.time.map { "text(\(name($0)))" } ?? "null_if(\"\", \"\")")",
                "fact: \(title.map { "concat(\(quoted($0 + " ")), \(name($0)))" } ?? quoted(link.childrenName))",
                "value: \(parts.isEmpty ? "null_if(\"\", \"\")" : "substring(concat(\(parts.joined(separator: ", "))), 3)")",
                "_section: \(below.count + 1)", "_place: row_number()\(order.map { " by \(name($0)) desc" } ?? "")",
            ]
            below.append(
                " | union (from _rows | expand \(name(link.childrenName))\(order.map { " | top \(rows) by \(name($0))" } ?? " | take \(rows)")"
                    + " | select \(select.joined(separator: ", ")))")
        }
        let places = facts.indices.map { String($0 + 1) }.joined(separator: ", ")
        return
            "from (from _rows | expand fact: [\(facts.map(\.0).joined(separator: ", "))], value: [\(facts.map(\.1).joined(separator: ", "))],"
            + " _place: [\(places)] | select section: \(quoted(origin.table.schema.name)), at: null_if(\"\", \"\"), fact, value, _section: 0, _place)"
            + below.joined() + " | where value is not null or at is not null | sort _section, _place | select section, at, fact, value"
    }
}
