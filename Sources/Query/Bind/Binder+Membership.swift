import Storage

extension Binder {
    /// `x in TARGET`: a list, a range, a span, a period or a query's values.
    func membership(_ operand: Bound, _ target: Expression, in scope: Scope, _ span: SourceSpan) throws -> Bound {
        switch target.kind {
        case .list(let items): return try oneOf(operand, items, in: scope, span)
        case .range(let low, let high):
            let from = try bind(low, in: scope)
            let to = try bind(high, in: scope)
            return Bound(
                .and([try Operators.compare(.greaterOrEqual, operand, from, span), try Operators.compare(.lessOrEqual, operand, to, span)]),
                .bool, span)
        case .period(let period): return try within(operand, period, target.span, span)
        case .query(let query): return try inQuery(operand, query, span)
        case .parameter(let name) where environment.parameters[name.text] == nil:
            return try expand(name, target.span) { try membership(operand, $0, in: scope, span) }
        case .literal, .path, .parameter, .call, .negate, .not, .binary, .isNull, .membership, .conditional, .memberAsOf, .star:
            let value = try bind(target, in: scope)
            if value.type.isTemporal || operand.type.isTemporal { return try Operators.compare(.equal, operand, value, span) }
            throw QueryError(
                .type, "`in` needs a list, a range, a stretch of time or a query, this is \(article(value.type))", at: target.span,
                hint: "write `in [a, b]` or `in a..b`, or compare with `=`")
        }
    }

    private func oneOf(_ operand: Bound, _ items: [Expression], in scope: Scope, _ span: SourceSpan) throws -> Bound {
        var constants: [Value] = []
        var others: [Bound] = []
        for item in items {
            switch item.kind {
            case .range, .period: others.append(try membership(operand, item, in: scope, item.span))
            case .literal, .path, .parameter, .call, .negate, .not, .binary, .isNull, .membership, .conditional, .list, .query, .memberAsOf,
                .star:
                let value = try bind(item, in: scope)
                if value.isNullConstant { continue }
                if let constant = Coercion.coerce(value, to: operand.type)?.constantValue,
                    value.type == operand.type || !operand.type.isTemporal
                {
                    constants.append(constant)
                } else {
                    others.append(try Operators.compare(.equal, operand, value, item.span))
                }
            }
        }
        if !constants.isEmpty { others.insert(Bound(.inSet(operand, ConstantSet(constants)), .bool, span), at: 0) }
        switch others.count {
        case 0: return .constant(.integer(0), .bool, span)
        case 1: return try ConstantFolding.fold(others[0])
        default: return try ConstantFolding.fold(Bound(.or(others), .bool, span))
        }
    }

    private func inQuery(_ operand: Bound, _ query: Query, _ span: SourceSpan) throws -> Bound {
        let bound = try bind(query)
        let columns = bound.scope.visible
        guard columns.count == 1 else {
            throw QueryError(
                .type, "a query behind `in` must have one column, this one has \(columns.count)", at: query.span,
                hint: "end it with `| select COLUMN`")
        }
        let column = Bound(.column(columns[0].id), columns[0].type, query.span)
        guard let type = Coercion.common(operand.type, columns[0].type), let left = Coercion.coerce(operand, to: type),
            let right = Coercion.coerce(column, to: type)
        else { throw QueryError(.type, "cannot look for \(article(operand.type)) among values of type \(columns[0].type.name)", at: span) }
        let id = newID()
        let box = SubqueryBox(plan: .derive(bound.plan, [DerivedColumn(id: id, value: right)]), column: id)
        return Bound(.inQuery(left, box), .bool, span)
    }

    // MARK: periods

    /// A period as a value: only those that are one span.
    func value(of period: Period, _ span: SourceSpan) throws -> Bound {
        let today = environment.today
        switch period {
        case .this(let unit): return .constant(.integer(CivilDate.span(of: today, type: unit)), unit, span)
        case .previous(let unit): return .constant(.integer(CivilDate.span(of: today, type: unit) - 1), unit, span)
        case .following(let unit): return .constant(.integer(CivilDate.span(of: today, type: unit) + 1), unit, span)
        case .today: return .constant(.integer(today), .date, span)
        case .yesterday: return .constant(.integer(today - 1), .date, span)
        case .tomorrow: return .constant(.integer(today + 1), .date, span)
        case .now: return .constant(.integer(today * CivilDate.microsecondsPerDay), .timestamp, span)
        case .last, .next, .monthToDate, .quarterToDate, .yearToDate:
            throw QueryError(.type, "this stretch of time can stand only behind `in`", at: span, hint: "write `date in …`")
        }
    }

    /// `ts < last 90d`: before the first moment of a stretch that is no single span, within it, or after its last; nil for anything else.
    func comparePeriod(_ comparison: Comparison, _ left: Expression, _ right: Expression, in scope: Scope, _ span: SourceSpan) throws
        -> Bound?
    {
        if case .period(let period) = right.kind, period.isRolling {
            let operand = try bind(left, in: scope)
            let (first, last) = try edges(of: period, beside: operand, right.span)
            func test(_ c: Comparison, _ edge: Bound) throws -> Bound { try Operators.compare(c, operand, edge, span) }
            let inside = { Bound(.and([try test(.greaterOrEqual, first), try test(.lessOrEqual, last)]), .bool, span) }
            switch comparison {
            case .equal: return try inside()
            case .notEqual: return Bound(.not(try inside()), .bool, span)
            case .less, .greaterOrEqual: return try test(comparison, first)
            case .lessOrEqual, .greater: return try test(comparison, last)
            }
        }
        if case .period(let period) = left.kind, period.isRolling {
            return try comparePeriod(comparison.mirrored, right, left, in: scope, span)
        }
        return nil
    }

    /// First and last microsecond of a period.
    private func days(of period: Period, _ span: SourceSpan) throws -> (first: Int64, last: Int64) {
        let today = environment.today
        func whole(_ first: Int64, _ last: Int64) -> (first: Int64, last: Int64) {
            (first * CivilDate.microsecondsPerDay, (last + 1) * CivilDate.microsecondsPerDay - 1)
        }
        func stretch(_ unit: LogicalType, _ step: Int64) -> (first: Int64, last: Int64) {
            let value = CivilDate.span(of: today, type: unit) + step
            return whole(CivilDate.firstDay(of: value, type: unit), CivilDate.firstDay(of: value + 1, type: unit) - 1)
        }
        switch period {
        case .last(let length):
            switch try resolve(length, span) {
            case .months(let months): return whole(CivilDate.addMonths(-months, to: today), today - 1)
            case .exact(let microseconds):
                let end = today * CivilDate.microsecondsPerDay
                return (end - microseconds, end - 1)
            case .parameter, .argument: preconditionFailure("resolved above")
            }
        case .next(let length):
            switch try resolve(length, span) {
            case .months(let months): return whole(today + 1, CivilDate.addMonths(months, to: today))
            case .exact(let microseconds):
                let start = (today + 1) * CivilDate.microsecondsPerDay
                return (start, start + microseconds - 1)
            case .parameter, .argument: preconditionFailure("resolved above")
            }
        case .this(let unit): return stretch(unit, 0)
        case .previous(let unit): return stretch(unit, -1)
        case .following(let unit): return stretch(unit, 1)
        case .monthToDate: return whole(CivilDate.firstDay(month: CivilDate.month(day: today)), today)
        case .quarterToDate: return whole(CivilDate.firstDay(quarter: CivilDate.quarter(day: today)), today)
        case .yearToDate: return whole(CivilDate.firstDay(year: CivilDate.year(day: today)), today)
        case .today, .now: return whole(today, today)
        case .yesterday: return whole(today - 1, today - 1)
        case .tomorrow: return whole(today + 1, today + 1)
        }
    }

    private func resolve(_ length: Period.Duration, _ span: SourceSpan) throws -> Period.Duration {
        if case .argument(let name) = length {
            throw QueryError(.type, "\(name.text) is not a length of time", at: name.span, hint: "give it one: 90d or 3mo")
        }
        guard case .parameter(let name) = length else { return length }
        let bound = try bind(Expression(kind: .parameter(name), span: name.span), in: Scope())
        if case .months(let months) = bound.kind { return .months(months) }
        guard bound.type == .duration, case .integer(let microseconds)? = bound.constantValue else {
            throw QueryError(.type, "@\(name.text) is not a length of time", at: name.span, hint: "define it as e.g. 90d or 3mo")
        }
        return .exact(microseconds: microseconds)
    }

    private func within(_ operand: Bound, _ period: Period, _ target: SourceSpan, _ span: SourceSpan) throws -> Bound {
        let (low, high) = try edges(of: period, beside: operand, target)
        return Bound(
            .and([try Operators.compare(.greaterOrEqual, operand, low, span), try Operators.compare(.lessOrEqual, operand, high, span)]),
            .bool, span)
    }

    /// The first and the last value of a period, in the unit of what stands beside it.
    private func edges(of period: Period, beside operand: Bound, _ target: SourceSpan) throws -> (low: Bound, high: Bound) {
        let range = try days(of: period, target)
        guard operand.type.isTemporal else {
            throw QueryError(.type, "a stretch of time holds dates, this is \(article(operand.type))", at: operand.span)
        }
        let low: Bound
        let high: Bound
        if operand.type == .timestamp {
            low = .constant(.integer(range.first), .timestamp, target)
            high = .constant(.integer(range.last), .timestamp, target)
        } else {
            guard CivilDate.floorMod(range.first, CivilDate.microsecondsPerDay) == 0,
                CivilDate.floorMod(range.last + 1, CivilDate.microsecondsPerDay) == 0
            else {
                throw QueryError(.type, "hours and minutes need a timestamp, this is a \(operand.type.name)", at: target)
            }
            low = .constant(.integer(CivilDate.dayOf(timestamp: range.first)), .date, target)
            high = .constant(.integer(CivilDate.dayOf(timestamp: range.last)), .date, target)
        }
        return (low, high)
    }
}

extension ConstantSet {
    convenience init(_ values: [Value]) {
        var integers: Set<Int64> = []
        var doubles: Set<Double> = []
        var texts: [String] = []
        for value in values {
            switch value {
            case .null: break
            case .integer(let integer): integers.insert(integer)
            case .double(let double): doubles.insert(double)
            case .text(let text): texts.append(text)
            }
        }
        self.init(integers: integers.sorted(), doubles: doubles, texts: texts)
    }
}
