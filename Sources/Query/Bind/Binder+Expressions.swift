import Storage

extension Binder {
    func bind(_ expression: Expression, in scope: Scope) throws -> Bound {
        let span = expression.span
        // One text is never this high; definitions put into each other may be, and every walk over the tree takes of the stack.
        depth += 1
        defer { depth -= 1 }
        guard depth <= Binder.depthMax else {
            throw QueryError(.type, "definitions in definitions make this too deep", at: span, hint: "keep a part as a column: `derive`")
        }
        switch expression.kind {
        case .literal(let literal):
            if case .decimal(_, let scale) = literal, scale > Decimals.maximumScale {
                throw QueryError(
                    .type, "a number has at most \(Decimals.maximumScale) digits behind the point", at: span, hint: "write a float: 1.5e-15"
                )
            }
            return bind(literal, span)
        case .path(let names): return try bind(path: names, in: scope, span)
        case .parameter(let name): return try bind(parameter: name, in: scope, span)
        case .call(let call): return try bind(call, in: scope, span)
        case .negate(let inner):
            let operand = try bind(inner, in: scope)
            return try Operators.negate(operand, span)
        case .not(let inner): return Bound(.not(try condition(inner, in: scope)), .bool, span)
        case .binary(let operation, let left, let right): return try bind(operation, left, right, in: scope, span)
        case .isNull(let inner, let negated):
            let test = Bound(.isNull(try presence(inner, in: scope) ?? bind(inner, in: scope)), .bool, span)
            return negated ? Bound(.not(test), .bool, span) : test
        case .membership(let left, let right, let negated):
            let test = try membership(try bind(left, in: scope), right, in: scope, span)
            return negated ? Bound(.not(test), .bool, span) : test
        case .conditional(let branches, let otherwise): return try conditional(branches, otherwise, in: scope, span)
        case .list:
            throw QueryError(.type, "a list can stand only behind `in`", at: span)
        case .range:
            throw QueryError(.type, "a range can stand only behind `in`", at: span, hint: "write `x in A..B`")
        case .query:
            throw QueryError(.type, "a query in brackets can stand only behind `in` or as a source", at: span)
        case .period(let period): return try value(of: period, span)
        case .memberAsOf(let path, let date): return try member(of: path, asOf: date, in: scope, span)
        case .star:
            throw QueryError(.type, "`*` has no meaning here", at: span, hint: "`count()` counts rows")
        }
    }

    /// A bool expression; anything else is an error that says what it is.
    func condition(_ expression: Expression, in scope: Scope) throws -> Bound {
        let bound = try bind(expression, in: scope)
        if bound.isNullConstant { return .constant(.integer(0), .bool, bound.span) }
        guard bound.type == .bool else {
            throw QueryError(
                .type, "a condition is needed here, this is \(article(bound.type))", at: expression.span,
                hint: "compare it with something, or test `is null`")
        }
        return bound
    }

    func article(_ type: LogicalType) -> String { type.withArticle }

    private func bind(_ literal: Literal, _ span: SourceSpan) -> Bound {
        switch literal {
        case .null: .constant(.null, .int, span)
        case .bool(let value): .constant(.integer(value ? 1 : 0), .bool, span)
        case .integer(let value): .constant(.integer(value), .int, span)
        case .decimal(let value, let scale): .constant(.integer(value), .decimal(scale: scale), span)
        case .float(let value): .constant(.double(value), .float, span)
        case .text(let value): .constant(.text(value), .text, span)
        case .date(let value): .constant(.integer(value), .date, span)
        case .timestamp(let value): .constant(.integer(value), .timestamp, span)
        case .span(let value, let type): .constant(.integer(value), type, span)
        case .duration(let value): .constant(.integer(value), .duration, span)
        case .months(let value): Bound(.months(value), .duration, span)
        }
    }

    func bind(path names: [Name], in scope: Scope, _ span: SourceSpan) throws -> Bound {
        if belongsToCaller(names, in: scope) { return try bindOuter(names, span) }
        if names.count == 1 { return try bind(name: names[0], in: scope, span) }
        if !frames.contains(where: { $0.path.query.scope.origin?.ids == scope.origin?.ids }) { try refuseTwoMeanings(names, in: scope) }
        let qualified = scope.columns.filter { $0.isVisible && $0.qualifier == names[0].text }
        if names.count == 2, !qualified.isEmpty {
            if let column = qualified.first(where: { $0.name == names[1].text || $0.name == "\(names[0].text)_\(names[1].text)" }) {
                note(names[1], column)
                return Bound(.column(column.id), column.type, span)
            }
            throw QueryError(
                .name, "\(names[0].text) has no column \(names[1].text)", at: names[1].span,
                hint: didYouMean(
                    names[1].text,
                    qualified.map { $0.name.hasPrefix("\(names[0].text)_") ? String($0.name.dropFirst(names[0].text.count + 1)) : $0.name })
            )
        }
        if let frame = frames.last, frame.path.query.scope.origin?.ids == scope.origin?.ids {
            // Inside an aggregate along a path, the path itself is understood before the columns that it leads to.
            if names.count > frame.names.count, Array(names.prefix(frame.names.count).map(\.text)) == frame.names {
                return try bind(path: Array(names.dropFirst(frame.names.count)), in: scope, span)
            }
            if names[0].text == "outer" { return try bindOuter(Array(names.dropFirst()), span) }
        } else if names[0].text == "outer", scope.column("outer") == nil {
            return try bindOuter(Array(names.dropFirst()), span)
        }
        let behind = scope.arrivedBy.count
        if behind > 0, names.count > behind, names.prefix(behind).map(\.text) == scope.arrivedBy {
            return try bind(path: Array(names.dropFirst(behind)), in: scope, span)
        }
        if let origin = scope.origin, let hop = hop(names[0].text, from: origin) {
            if !hop.isDown { return try bind(path: names, behind: hop.link, origin, span) }
            let path = (followed + names.map(\.text)).joined(separator: ".")
            throw QueryError(
                .name, "\(names[0].text) leads down to many rows, so it stands only inside an aggregate", at: span,
                hint: "sum(\(path)), max(\(path)), count(\((followed + [names[0].text]).joined(separator: ".")))")
        }
        if scope.tableName == names[0].text { return try bind(path: Array(names.dropFirst()), in: scope, span) }
        if scope.column(names[0].text) != nil {
            throw QueryError(.name, "\(names[0].text) is a column, nothing lies behind it", at: span)
        }
        throw QueryError(
            .name, "there is no link \(names[0].text) here", at: names[0].span,
            hint: outsideHint(names[0].text, scope) ?? linkHint(names[0].text, scope))
    }

    private func linkHint(_ name: String, _ scope: Scope) -> String {
        guard let origin = scope.origin else {
            return environment.links.contains { $0.parentName == name || $0.childrenName == name }
                ? "links hang on rows of a table: use \(name) before the stage that made these rows"
                : didYouMean(name, scope.columns.compactMap(\.qualifier)) ?? "`join TABLE on column` adds the columns of another table"
        }
        let known = linksUp(origin).map(\.parentName) + linksDown(origin).map(\.childrenName) + scope.columns.compactMap(\.qualifier)
        if let near = didYouMean(name, known) { return near }
        if !known.isEmpty { return "links here: \(known.joined(separator: ", "))" }
        return "declare it: link \(origin.table.schema.name).COLUMN to TABLE as \(name)"
    }

    /// One name among the rows of a scope: a column of the pipe, or a segment or metric on their table.
    func bind(name: Name, in scope: Scope, _ span: SourceSpan) throws -> Bound {
        if let end = expansions.pathEnds[name.text] { return try end(scope) }
        let column = scope.column(name.text)
        if let defined = try defined(name, in: scope, beside: column) { return defined }
        if let column {
            note(name, column)
            return Bound(.column(column.id), column.type, span)
        }
        throw unknown(name, in: scope)
    }

    /// Inside an aggregate along a path: what the name would mean outside.
    private func outsideHint(_ name: String, _ scope: Scope) -> String? {
        guard let frame = frames.last, frame.path.query.scope.origin?.ids == scope.origin?.ids else { return nil }
        if name == "outer" { return "name a column of the row outside: outer.x" }
        if frame.outside.column(name) != nil { return "names here are those of \(frame.path.text); the row outside is outer.\(name)" }
        if let origin = frame.outside.origin, let hop = hop(name, from: origin), hop.isDown {
            return "an aggregate follows one path, here \(frame.path.text): derive the other first"
        }
        return nil
    }

    func unknown(_ name: Name, in scope: Scope) -> QueryError {
        let visible = scope.visible.map(\.name)
        if scope.columns.contains(where: { !$0.isVisible && $0.name == name.text }) {
            return QueryError(
                .name, "column \(name.text) was left out by an earlier stage", at: name.span, hint: "keep it in `select`, or use it before")
        }
        if FunctionCatalogue.byName[name.text] != nil || AggregateFunction(rawValue: name.text) != nil
            || WindowFunction(rawValue: name.text) != nil
        {
            return QueryError(
                .name, "\(name.text) is a function, there is no column of that name", at: name.span, hint: "write \(name.text)(…)")
        }
        if let hint = outsideHint(name.text, scope) {
            return QueryError(.name, "there is no column \(name.text) here", at: name.span, hint: hint)
        }
        if let origin = scope.origin {
            if let hop = hop(name.text, from: origin) {
                return QueryError(
                    .name, hop.isDown ? "\(name.text) are rows below, not a column" : "\(name.text) is a row above, not a column",
                    at: name.span,
                    hint: hop.isDown
                        ? "count(\(name.text)), exists(\(name.text) where …), sum(\(name.text).x)" : "name its column: \(name.text).x")
            }
            // A column that the parent has, asked for without the link.
            for link in linksUp(origin) where !visible.contains(where: { nearestName(to: name.text, among: [$0]) != nil }) {
                guard let parent = try? environment.table(Name(text: link.parent, span: name.span), origin.version),
                    parent.schema.index(of: name.text) != nil
                else { continue }
                return QueryError(
                    .name, "there is no column \(name.text) here", at: name.span, hint: "did you mean \(link.parentName).\(name.text)?")
            }
        }
        if scope.origin == nil, environment.links.contains(where: { $0.parentName == name.text || $0.childrenName == name.text }) {
            return QueryError(
                .name, "there is no column \(name.text) here", at: name.span,
                hint: "\(name.text) is a link, and links hang on rows of a table: use it before the stage that made these rows")
        }
        let few = (1...12).contains(visible.count) ? "columns here: \(visible.joined(separator: ", "))" : nil
        // A capital among small column names is more likely a text whose quotes were forgotten.
        let quoted =
            name.text.first?.isUppercase == true && !visible.contains { $0.first?.isUppercase == true }
            ? "a text stands in double quotes: \"\(name.text)\"" : nil
        return QueryError(
            .name, "there is no column \(name.text) here", at: name.span, hint: didYouMean(name.text, visible) ?? quoted ?? few)
    }

    func didYouMean(_ name: String, _ candidates: [String]) -> String? {
        nearestName(to: name, among: candidates).map { "did you mean \($0)?" }
    }

    private func bind(parameter name: Name, in scope: Scope, _ span: SourceSpan) throws -> Bound {
        if var value = environment.parameters[name.text] {
            value.span = span
            return value
        }
        // Offsets inside the definition mean nothing in this statement's text, also for errors that come with the rows.
        return try expand(name, span) { try bind($0, in: scope) }.transformed { part in
            var placed = part
            placed.span = span
            return placed
        }
    }

    /// Binds a `let`'s expression as if it stood here in brackets.
    func expand<R>(_ name: Name, _ span: SourceSpan, _ body: (Expression) throws -> R) throws -> R {
        guard let expression = environment.lets[name.text] else {
            let known = Array(environment.lets.keys) + Array(environment.parameters.keys)
            throw QueryError(
                .name, "there is no @\(name.text)", at: span,
                hint: didYouMean(name.text, known).map { $0.replacingMark() }
                    ?? "define it with `let \(name.text) = …` or `param \(name.text): type = …`")
        }
        guard !expanding.contains(name.text) else { throw QueryError(.name, "@\(name.text) is defined by itself", at: span) }
        if let entry = environment.vocabulary.entry(DefinitionEntry.key(.let, name.text)) { expansions.use(entry) }
        expanding.append(name.text)
        defer { expanding.removeLast() }
        do {
            return try body(expression)
        } catch var error as QueryError {
            // Offsets inside the definition mean nothing in this statement's text.
            error.span = span
            throw error
        }
    }

    private func conditional(_ branches: [Expression.Branch], _ otherwise: Expression?, in scope: Scope, _ span: SourceSpan) throws -> Bound
    {
        let conditions = try branches.map { try condition($0.condition, in: scope) }
        var values = try branches.map { try bind($0.value, in: scope) }
        values.append(try otherwise.map { try bind($0, in: scope) } ?? .constant(.null, .int, span))
        values = try unify(values, "branches of `if`")
        let made = zip(conditions, values).map { (condition: $0, value: $1) }
        return try ConstantFolding.fold(Bound(.conditional(made, otherwise: values.last!), values[0].type, span))
    }

    /// All values as the narrowest type that holds them.
    func unify(_ values: [Bound], _ what: String) throws -> [Bound] {
        var common = values[0]
        for value in values.dropFirst() {
            guard let type = Coercion.common(common, value) else {
                throw QueryError(
                    .type, "the \(what) have different types: \(common.type.name) and \(value.type.name)", at: value.span,
                    hint: "make them one type, e.g. with text(…)")
            }
            common = Bound(common.isNullConstant ? value.kind : common.kind, type, common.span)
        }
        return try values.map {
            guard let coerced = Coercion.coerce($0, to: common.type) else {
                throw QueryError(.type, "\($0.type.name) cannot stand for \(common.type.name)", at: $0.span)
            }
            return coerced
        }
    }

    private func bind(_ operation: BinaryOperator, _ left: Expression, _ right: Expression, in scope: Scope, _ span: SourceSpan) throws
        -> Bound
    {
        switch operation {
        case .and, .or:
            let terms = try [left, right].map { try condition($0, in: scope) }
            return try ConstantFolding.fold(operation == .and ? Bound(.and(terms), .bool, span) : Bound(.or(terms), .bool, span))
        case .like, .notLike:
            return try LikePattern.like(try bind(left, in: scope), try bind(right, in: scope), negated: operation == .notLike, span: span)
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
            if let beside = try comparePeriod(Comparison(rawValue: operation.rawValue)!, left, right, in: scope, span) { return beside }
            let a = try bind(left, in: scope)
            let b = try bind(right, in: scope)
            if operation == .notEqual { return Bound(.not(try Operators.compare(.equal, a, b, span)), .bool, span) }
            return try ConstantFolding.fold(try Operators.compare(Comparison(rawValue: operation.rawValue)!, a, b, span))
        case .add, .subtract, .multiply, .divide, .div, .mod:
            let a = try bind(left, in: scope)
            let b = try bind(right, in: scope)
            if let temporal = try TemporalArithmetic.resolve(operation, a, b, span: span) { return try ConstantFolding.fold(temporal) }
            return try ConstantFolding.fold(try Arithmetic.resolve(operation, a, b, span))
        }
    }
}

extension String {
    /// `did you mean x?` about a parameter shows it as it is written.
    fileprivate func replacingMark() -> String { hasPrefix("did you mean ") ? "did you mean @" + dropFirst("did you mean ".count) : self }
}

extension LogicalType {
    /// `an int`, `a date`
    var withArticle: String { (self == .int ? "an " : "a ") + name }
}
