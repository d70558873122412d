import Storage

extension Printer {
    /// Writes an expression where one of at least `minimum` is read; brackets where it binds less.
    mutating func expression(_ expression: Expression, _ minimum: Precedence = .or) {
        let isConditional = if case .conditional = expression.kind { true } else { false }
        if Printer.precedence(expression) < minimum || (isConditional && minimum > .or) {
            bracketed { printer in printer.kind(expression.kind) }
        } else {
            kind(expression.kind)
        }
    }

    private static func precedence(_ expression: Expression) -> Precedence {
        switch expression.kind {
        case .literal, .path, .parameter, .call, .list, .query, .period, .memberAsOf, .star: .postfix
        case .conditional: .or
        case .negate: .unary
        case .not: .not
        case .binary(let operation, _, _): operation.precedence
        case .isNull, .membership: .comparison
        case .range: .range
        }
    }

    private mutating func kind(_ kind: Expression.Kind) {
        switch kind {
        case .literal(let literal): write(Printer.literal(literal))
        case .path(let names): path(names)
        case .parameter(let parameter):
            write("@")
            name(parameter)
        case .call(let call): window(call)
        case .negate(let inner):
            write("-")
            // Two signs side by side would be read as the comment of another language.
            if case .negate = inner.kind { expression(inner, .postfix) } else { expression(inner, .unary) }
        case .not(let inner):
            write("not ")
            expression(inner, .not)
        case .binary(let operation, let left, let right): binary(operation, left, right)
        case .isNull(let inner, let negated):
            expression(inner, .range)
            write(negated ? " is not null" : " is null")
        case .membership(let left, let right, let negated):
            expression(left, .range)
            write(negated ? " not in " : " in ")
            expression(right, .range)
        case .conditional(let branches, let otherwise): conditional(branches, otherwise)
        case .list(let items): bracketed("[", "]") { printer in printer.list(items) { $0.expression($1) } }
        case .range(let low, let high):
            expression(low, .sum)
            write("..")
            expression(high, .sum)
        case .query(let query): bracketed { printer in printer.query(query) }
        case .period(let period): write(Printer.period(period))
        case .memberAsOf(let names, let date):
            path(names)
            write(" as of ")
            expression(date, .unary)
        case .star: write("*")
        }
    }

    /// A single word like `today` is a period unless it stands in backticks.
    private mutating func path(_ names: [Name]) {
        if names.count == 1, Parser.bare[names[0].text] != nil {
            write("`\(names[0].text)`")
        } else {
            list(names, separator: ".") { printer, name in printer.name(name) }
        }
    }

    private mutating func binary(_ operation: BinaryOperator, _ left: Expression, _ right: Expression) {
        switch operation {
        case .or:
            // An `and` beside an `or` always has brackets.
            if case .binary(.or, _, _) = left.kind { expression(left, .or) } else { expression(left, .not) }
            write(" or ")
            expression(right, .not)
        case .and:
            expression(left, .and)
            write(" and ")
            expression(right, .not)
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .like, .notLike:
            expression(left, .range)
            write(" \(operation.rawValue) ")
            expression(right, .range)
        case .add, .subtract, .multiply, .divide, .div, .mod:
            expression(left, operation.precedence)
            write(" \(operation.rawValue) ")
            expression(right, operation.precedence.tighter)
        }
    }

    private mutating func conditional(_ branches: [Expression.Branch], _ otherwise: Expression?) {
        list(branches, separator: " else ") { printer, branch in
            printer.write("if ")
            printer.inConditional(branch.condition)
            printer.write(" then ")
            printer.inConditional(branch.value)
        }
        guard let otherwise else { return }
        write(" else ")
        inConditional(otherwise)
    }

    /// A conditional inside another has brackets, so that no `else` hangs between two.
    private mutating func inConditional(_ inner: Expression) {
        if case .conditional = inner.kind { bracketed { $0.expression(inner) } } else { expression(inner) }
    }

    // MARK: calls

    private mutating func window(_ call: Call) {
        if call.order != nil, stageOwnsBy { return bracketed { printer in printer.window(call) } }
        self.call(call)
        if let keys = call.per {
            write(" per ")
            self.keys(keys)
        }
        if let order = call.order {
            write(" by ")
            if order.count == 1, let only = order.first, Printer.isPlainKey(only.value) {
                orderItem(only)
            } else {
                bracketed { printer in printer.list(order) { $0.orderItem($1) } }
            }
        }
    }

    mutating func call(_ call: Call) {
        for link in call.link {
            name(link)
            write(".")
        }
        name(call.name)
        brackets(of: call)
    }

    /// The arguments of a call with its own `where` and `by`.
    mutating func brackets(of call: Call) {
        bracketed { printer in
            let hasOrder = !call.innerOrder.isEmpty
            for (at, argument) in call.arguments.enumerated() {
                if at > 0 { printer.write(", ") }
                if let label = argument.label {
                    printer.name(label)
                    printer.write(": ")
                }
                printer.beforeBy(argument.value, hasOrder && call.filter == nil && at == call.arguments.count - 1)
            }
            if let filter = call.filter {
                printer.write(call.arguments.isEmpty ? "where " : " where ")
                printer.beforeBy(filter, hasOrder)
            }
            guard hasOrder else { return }
            printer.write(call.arguments.isEmpty && call.filter == nil ? "by " : " by ")
            printer.list(call.innerOrder) { $0.orderItem($1) }
        }
    }

    /// An inner call right before the outer one's `by` has brackets, or it would take the `by`.
    private mutating func beforeBy(_ inner: Expression, _ isBefore: Bool) {
        if isBefore, Printer.couldTakeBy(inner) { bracketed { $0.expression(inner) } } else { expression(inner) }
    }

    /// Whether a `by` behind the expression would be read as the window of the call at its end.
    private static func couldTakeBy(_ expression: Expression) -> Bool {
        switch expression.kind {
        case .literal, .path, .parameter, .list, .query, .period, .memberAsOf, .star, .isNull: false
        case .call(let call): call.order == nil
        case .negate(let inner), .not(let inner): couldTakeBy(inner)
        case .binary(_, _, let right), .membership(_, let right, _), .range(_, let right): couldTakeBy(right)
        case .conditional(let branches, let otherwise): couldTakeBy(otherwise ?? branches[branches.count - 1].value)
        }
    }

    /// `k` or `(a, b)`
    mutating func keys(_ keys: [Expression]) {
        if keys.count == 1, let only = keys.first, Printer.isPlainKey(only) { return expression(only) }
        bracketed { printer in printer.list(keys) { $0.expression($1) } }
    }

    /// Whether an expression may stand as a key without brackets.
    private static func isPlainKey(_ expression: Expression) -> Bool {
        switch expression.kind {
        case .literal, .path, .parameter, .list: true
        case .call(let call): call.per == nil && call.order == nil
        case .negate, .not, .binary, .isNull, .membership, .conditional, .range, .query, .period, .memberAsOf, .star: false
        }
    }

    mutating func orderItem(_ item: OrderItem) {
        // Behind a window's own key, `desc` would be read as that key's.
        if item.explicit, Printer.endsInWindow(item.value) {
            bracketed { printer in printer.expression(item.value) }
        } else {
            expression(item.value)
        }
        if item.explicit { write(item.descending ? " desc" : " asc") }
    }

    /// Whether the last thing written of an expression is the `by` of a call's window.
    static func endsInWindow(_ expression: Expression) -> Bool {
        switch expression.kind {
        case .literal, .path, .parameter, .list, .query, .period, .memberAsOf, .star, .isNull: false
        case .call(let call): call.order != nil
        case .negate(let inner), .not(let inner): endsInWindow(inner)
        case .binary(_, _, let right), .membership(_, let right, _), .range(_, let right): endsInWindow(right)
        case .conditional(let branches, let otherwise): endsInWindow(otherwise ?? branches[branches.count - 1].value)
        }
    }

    // MARK: literals

    static func literal(_ literal: Literal) -> String {
        switch literal {
        case .null: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .integer(let value): return String(value)
        case .decimal(let value, let scale): return CellText.string(.integer(value), type: .decimal(scale: scale))
        case .float(let value):
            let text = value.description
            return text.contains("e") ? text : text + "e0"
        case .text(let text): return quote(text)
        case .date(let day): return CellText.string(.integer(day), type: .date)
        case .timestamp(let time): return CellText.string(.integer(time), type: .timestamp)
        case .span(let value, let type): return CellText.string(.integer(value), type: type)
        case .duration(let microseconds): return duration(microseconds)
        case .months(let months): return Printer.months(months)
        }
    }

    /// In the largest unit that leaves no part.
    private static func duration(_ microseconds: Int64) -> String {
        let units: [(Int64, String)] = [(CivilDate.microsecondsPerDay, "d"), (3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s")]
        for (size, unit) in units where microseconds % size == 0 { return "\(microseconds / size)\(unit)" }
        return CellText.string(.integer(microseconds), type: .decimal(scale: 6)) + "s"
    }

    private static func months(_ months: Int64) -> String { months % 12 == 0 && months != 0 ? "\(months / 12)y" : "\(months)mo" }

    static func period(_ period: Period) -> String {
        switch period {
        case .last(let duration): "last " + periodDuration(duration)
        case .next(let duration): "next " + periodDuration(duration)
        case .this(let type): "this " + unit(type)
        case .previous(let type): "previous " + unit(type)
        case .following(let type): "next " + unit(type)
        case .monthToDate: "mtd"
        case .quarterToDate: "qtd"
        case .yearToDate: "ytd"
        case .today: "today"
        case .yesterday: "yesterday"
        case .tomorrow: "tomorrow"
        case .now: "now"
        }
    }

    private static func periodDuration(_ duration: Period.Duration) -> String {
        switch duration {
        case .exact(let microseconds): Printer.duration(microseconds)
        case .months(let months): Printer.months(months)
        case .parameter(let parameter): "@" + name(parameter.text)
        case .argument(let parameter): name(parameter.text)
        }
    }

    private static func unit(_ type: LogicalType) -> String { type == .date ? "day" : type.name }
}
