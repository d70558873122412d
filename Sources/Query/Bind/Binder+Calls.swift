import Storage

extension Binder {
    func bind(_ call: Call, in scope: Scope, _ span: SourceSpan) throws -> Bound {
        if !call.link.isEmpty { return try bind(behind: call, in: scope, span) }
        let name = call.name.text
        if let window = WindowFunction(rawValue: name) { return try bind(window, call, in: scope, span) }
        if let aggregate = AggregateFunction(rawValue: name) {
            if let frame = try pathBelow(call, in: scope) { return try bindBelow(aggregate, call, frame, in: scope, span) }
            return try bind(plain: aggregate, call, in: scope, span)
        }
        guard let function = FunctionCatalogue.byName[name] else {
            if let metric = try defined(call, in: scope, span) { return metric }
            throw unknownFunction(call.name)
        }
        if let filter = call.filter {
            throw QueryError(.type, "\(name) is not an aggregate, so it takes no `where`", at: filter.span)
        }
        if call.per != nil || call.order != nil || !call.innerOrder.isEmpty {
            throw QueryError(.type, "\(name) is not an aggregate, so it takes no `per` and no `by`", at: span)
        }
        let arguments = try call.arguments.map { try bind($0.value, in: scope) }
        let context = FunctionCall(
            name: call.name, arguments: arguments, labels: call.arguments.map(\.label), span: span, today: environment.today,
            holidays: environment.holidays)
        return try ConstantFolding.fold(try function.resolve(context))
    }

    private func unknownFunction(_ name: Name) -> QueryError {
        let known =
            FunctionCatalogue.all.map(\.name) + AggregateFunction.allCases.map(\.rawValue) + WindowFunction.allCases.map(\.rawValue)
            + environment.vocabulary.names(of: .metric)
        if let form = SyntaxWords.form(ofForeignFunction: name.text) {
            return QueryError(.name, "there is no function \(name.text)", at: name.span, hint: "write `\(form)`")
        }
        return QueryError(
            .name, "there is no function \(name.text)", at: name.span, hint: didYouMean(name.text, known) ?? "`.help functions` lists them")
    }

    // MARK: aggregates

    /// An aggregate over the incoming rows.
    func bind(plain function: AggregateFunction, _ call: Call, in scope: Scope, _ span: SourceSpan) throws -> Bound {
        if let label = call.arguments.compactMap(\.label).first, function != .funnel, function != .funnelTime {
            throw QueryError(.type, "\(function.rawValue) takes no named arguments", at: label.span)
        }
        let arguments = try call.arguments.map { try bind($0.value, in: scope) }
        var filter = try call.filter.map { try condition($0, in: scope) }
        let per = try call.per.map { try $0.map { try bind($0, in: scope) } }
        let written = call.innerOrder.isEmpty ? call.order ?? [] : call.innerOrder
        var order = try written.map { BoundOrder(value: try bind($0.value, in: scope), descending: $0.descending) }
        // `sum(x) per k by d` is a running sum: an ordered window ends at the current row and its ties.
        if call.order != nil, call.innerOrder.isEmpty, function != .first, function != .last {
            return try running(function, arguments, filter, per ?? [], order, call, span)
        }
        let type = try AggregateTypes.check(function, arguments, call, span)
        var checked = arguments
        if function == .funnel || function == .funnelTime {
            let funnel = try FunnelAggregate.check(function, arguments, call, span)
            checked = funnel.arguments
            filter = filter.map { Bound(.and([$0, funnel.servesAStep]), .bool, span) } ?? funnel.servesAStep
        }
        switch function {
        case .first, .last:
            if order.isEmpty, let time = scope.time {
                order = [BoundOrder(value: Bound(.column(time), scope.column(id: time).type, span), descending: false)]
            }
            guard !order.isEmpty else {
                throw QueryError(
                    .type, "\(function.rawValue) needs an order", at: span,
                    hint: "write \(function.rawValue)(x by date), or declare the table's time")
            }
            order += ties(order, in: scope)
        case .list: if !order.isEmpty { order += ties(order, in: scope) }
        case .stddev, .variance, .correlation, .slope, .weightedAvg: checked = arguments.map { Coercion.coerce($0, to: .float)! }
        case .quantile: checked[1] = try AggregateTypes.share(arguments[1])
        case .count, .sum, .avg, .min, .max, .median, .distinct, .exists, .mode, .funnel, .funnelTime:
            if !order.isEmpty {
                throw QueryError(.type, "\(function.rawValue) does not depend on an order", at: span, hint: "leave `by` out")
            }
        }
        return Bound(.aggregate(AggregateCall(function: function, arguments: checked, filter: filter, order: order, per: per)), type, span)
    }

    /// What an order inside a call ends in, so that equal dates do not leave the answer to chance.
    private func ties(_ order: [BoundOrder], in scope: Scope) -> [BoundOrder] {
        let used = order.compactMap { item -> PlanOrder? in
            guard case .column(let id) = item.value.kind else { return nil }
            return PlanOrder(id: id, descending: item.descending)
        }
        return scope.tieBreakers(used).map {
            BoundOrder(value: Bound(.column($0.id), scope.column(id: $0.id).type, 0..<0), descending: false)
        }
    }

    private func running(
        _ function: AggregateFunction, _ arguments: [Bound], _ filter: Bound?, _ per: [Bound], _ order: [BoundOrder], _ call: Call,
        _ span: SourceSpan
    ) throws -> Bound {
        let window: WindowFunction
        switch function {
        case .sum: window = .runningSum
        case .count: window = .runningCount
        case .avg, .min, .max, .median, .quantile, .stddev, .variance, .distinct, .first, .last, .exists, .mode, .correlation, .slope,
            .weightedAvg, .list, .funnel, .funnelTime:
            throw QueryError(
                .type, "\(function.rawValue) has no running form", at: span,
                hint: function == .avg
                    ? "moving_avg(x, n) averages the last n rows"
                    : "running_sum and running_count take `by`; leave `by` out for the whole group")
        }
        let type = try AggregateTypes.check(function, arguments, call, span)
        return Bound(.window(WindowCall(function: window, arguments: arguments, filter: filter, per: per, order: order)), type, span)
    }

    // MARK: windows

    private func bind(_ function: WindowFunction, _ call: Call, in scope: Scope, _ span: SourceSpan) throws -> Bound {
        let arguments = try call.arguments.map { try bind($0.value, in: scope) }
        let filter = try call.filter.map { try condition($0, in: scope) }
        let per = try (call.per ?? []).map { try bind($0, in: scope) }
        let written = call.innerOrder.isEmpty ? call.order ?? [] : call.innerOrder
        var order = try written.map { BoundOrder(value: try bind($0.value, in: scope), descending: $0.descending) }
        func count(_ range: ClosedRange<Int>, _ signature: String) throws {
            if !range.contains(arguments.count) {
                throw QueryError(
                    .type,
                    "\(function.rawValue) takes \(range.lowerBound == range.upperBound ? "\(range.lowerBound)" : "\(range.lowerBound) or \(range.upperBound)") arguments, not \(arguments.count)",
                    at: span, hint: signature)
            }
        }
        func whole(_ index: Int, atLeast minimum: Int64) throws {
            guard arguments.count > index else { return }
            guard arguments[index].type == .int, case .integer(let value)? = arguments[index].constantValue, value >= minimum,
                value <= 1_000_000_000
            else {
                throw QueryError(.type, "this must be a whole number from \(minimum)", at: arguments[index].span)
            }
        }
        func needsOrder() throws {
            if order.isEmpty, let time = scope.time {
                order = [BoundOrder(value: Bound(.column(time), scope.column(id: time).type, span), descending: false)]
            }
            guard !order.isEmpty else {
                throw QueryError(
                    .type, "\(function.rawValue) needs an order", at: span,
                    hint: "write \(function.rawValue)(…) by date, or declare the table's time")
            }
        }
        let type: LogicalType
        switch function {
        case .rank, .percentRank:
            try count(0...0, "\(function.rawValue)() [per k] by x")
            guard !order.isEmpty else {
                throw QueryError(.type, "\(function.rawValue) needs an order", at: span, hint: "write \(function.rawValue)() by x desc")
            }
            type = function == .rank ? .int : .decimal(scale: 6)
        case .rowNumber:
            try count(0...0, "row_number() [per k] [by x]")
            order += ties(order, in: scope)
            type = .int
        case .lag, .lead:
            try count(1...2, "\(function.rawValue)(x [, n]) [per k] by d")
            try whole(1, atLeast: 0)
            try needsOrder()
            order += ties(order, in: scope)
            type = arguments[0].type
        case .runningSum:
            try count(1...1, "running_sum(x) [per k] by d")
            try needsOrder()
            type = try AggregateTypes.check(.sum, arguments, call, span)
        case .runningCount:
            try count(0...1, "running_count([x]) [per k] by d")
            try needsOrder()
            type = .int
        case .movingAvg:
            try count(2...2, "moving_avg(x, rows) [per k] by d")
            try whole(1, atLeast: 1)
            try needsOrder()
            type = try AggregateTypes.check(.avg, [arguments[0]], call, span)
        case .score:
            try count(2...2, "score(x, k) [per g]")
            try whole(1, atLeast: 1)
            if !order.isEmpty { throw QueryError(.type, "score looks at values, not at an order", at: span, hint: "leave `by` out") }
            type = .int
        }
        // An argument that does not change needs a column all the same, but for counts of steps.
        return Bound(.window(WindowCall(function: function, arguments: arguments, filter: filter, per: per, order: order)), type, span)
    }
}

/// Argument and result types of aggregates.
enum AggregateTypes {
    static func check(_ function: AggregateFunction, _ arguments: [Bound], _ call: Call, _ span: SourceSpan) throws -> LogicalType {
        let name = function.rawValue
        func need(_ count: Int, _ signature: String) throws {
            guard arguments.count == count else {
                throw QueryError(
                    .type, "\(name) takes \(count) argument\(count == 1 ? "" : "s"), not \(arguments.count)", at: span, hint: signature)
            }
        }
        func numeric(_ bound: Bound, orDuration: Bool = false) throws {
            if bound.type.isNumeric || bound.isNullConstant || (orDuration && bound.type == .duration) { return }
            var hint: String?
            if bound.type == .bool { hint = "count(where …) counts the rows for which a condition holds" }
            if bound.type.isTemporal { hint = "min and max work on dates; dates can be subtracted to get days" }
            throw QueryError(.type, "\(name) needs numbers, this is a \(bound.type.name)", at: bound.span, hint: hint)
        }
        switch function {
        case .count:
            guard arguments.count <= 1 else {
                throw QueryError(
                    .type, "count takes at most one argument", at: span, hint: "count() counts rows, count(x) values that are not null")
            }
            return .int
        case .exists:
            guard arguments.isEmpty else {
                throw QueryError(
                    .type, "exists takes no value, it asks whether there are rows", at: span,
                    hint: "exists(transactions where …) asks about rows behind a link, exists(where …) about the incoming rows")
            }
            return .bool
        case .distinct:
            try need(1, "distinct(x)")
            return .int
        case .sum:
            try need(1, "sum(x [where …])")
            try numeric(arguments[0], orDuration: true)
            return arguments[0].type
        case .avg:
            try need(1, "avg(x [where …])")
            try numeric(arguments[0], orDuration: true)
            return quotient(arguments[0].type)
        case .median:
            try need(1, "median(x)")
            return try middle(arguments[0], name)
        case .quantile:
            try need(2, "quantile(x, share)")
            return try middle(arguments[0], name)
        case .min, .max, .first, .last, .mode:
            try need(1, "\(name)(x)")
            return arguments[0].type
        case .stddev, .variance:
            try need(1, "\(name)(x)")
            try numeric(arguments[0])
            return .float
        case .correlation, .slope, .weightedAvg:
            try need(2, function == .slope ? "slope(y, x)" : function == .correlation ? "correlation(x, y)" : "weighted_avg(x, weight)")
            try numeric(arguments[0])
            try numeric(arguments[1])
            return .float
        case .list:
            try need(2, "list(x, n)")
            guard arguments[1].type == .int, case .integer(let limit)? = arguments[1].constantValue, limit > 0 else {
                throw QueryError(.type, "the second argument of list is a whole number of values", at: arguments[1].span)
            }
            return .text
        case .funnel, .funnelTime: return try FunnelAggregate.check(function, arguments, call, span).type
        }
    }

    private static func quotient(_ type: LogicalType) -> LogicalType {
        switch type {
        case .int, .decimal: .decimal(scale: Decimals.quotientScale(type.scale))
        case .bool, .float, .text, .date, .timestamp, .week, .month, .quarter, .year, .duration: type
        }
    }

    /// Medians of dates fall on a date, of numbers between two of them.
    private static func middle(_ bound: Bound, _ name: String) throws -> LogicalType {
        switch bound.type {
        case .int, .decimal: return quotient(bound.type)
        case .float, .date, .timestamp, .duration: return bound.type
        case .bool, .text, .week, .month, .quarter, .year:
            throw QueryError(.type, "\(name) needs numbers or dates, this is a \(bound.type.name)", at: bound.span)
        }
    }

    /// A share from 0 to 1 as an exact decimal.
    static func share(_ bound: Bound) throws -> Bound {
        switch (bound.type, bound.constantValue) {
        case (.int, .integer(let value)?) where (0...1).contains(value): return bound
        case (.decimal(let scale), .integer(let value)?) where value >= 0 && value <= Decimals.power(scale): return bound
        default: throw QueryError(.type, "a share is a number from 0 to 1, such as 0.9 or 90%", at: bound.span)
        }
    }
}
