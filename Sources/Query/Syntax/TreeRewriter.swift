/// Rebuilds a tree. Every method goes on below by itself; a subclass changes what it is about.
class TreeRewriter {
    func expression(_ expression: Expression) throws -> Expression {
        var copy = expression
        copy.kind = try kind(expression.kind)
        return copy
    }

    /// The kind with everything below rebuilt.
    func kind(_ kind: Expression.Kind) throws -> Expression.Kind {
        switch kind {
        case .literal, .star: return kind
        case .path(let names): return .path(try names.map { try pathName($0) })
        case .parameter(let name): return .parameter(try marked(name))
        case .call(let call): return .call(try self.call(call))
        case .negate(let inner): return .negate(try expression(inner))
        case .not(let inner): return .not(try expression(inner))
        case .binary(let operation, let left, let right): return .binary(operation, try expression(left), try expression(right))
        case .isNull(let inner, let negated): return .isNull(try expression(inner), negated: negated)
        case .membership(let left, let right, let negated):
            return .membership(try expression(left), try expression(right), negated: negated)
        case .conditional(let branches, let otherwise):
            let made = try branches.map {
                Expression.Branch(condition: try expression($0.condition), value: try expression($0.value))
            }
            return .conditional(made, otherwise: try otherwise.map { try expression($0) })
        case .list(let items): return .list(try items.map { try expression($0) })
        case .range(let low, let high): return .range(try expression(low), try expression(high))
        case .query(let query): return .query(try self.query(query))
        case .period(let period): return .period(try self.period(period))
        case .memberAsOf(let path, let date): return .memberAsOf(try path.map { try pathName($0) }, try expression(date))
        }
    }

    func period(_ period: Period) throws -> Period {
        switch period {
        case .last(let duration): .last(try self.duration(duration))
        case .next(let duration): .next(try self.duration(duration))
        case .this, .previous, .following, .monthToDate, .quarterToDate, .yearToDate, .today, .yesterday, .tomorrow, .now: period
        }
    }

    func duration(_ duration: Period.Duration) throws -> Period.Duration {
        switch duration {
        case .parameter(let name): .parameter(try marked(name))
        case .exact, .months, .argument: duration
        }
    }

    /// One name of a path.
    func pathName(_ name: Name) throws -> Name { try other(name) }
    /// `@name`
    func marked(_ name: Name) throws -> Name { try other(name) }
    /// A name left of `:`, or the new name of a `rename`.
    func label(_ name: Name) throws -> Name { try other(name) }
    /// A column that a stage names without being an expression: `drop`, `rename`, `fill`, `join … on`.
    func column(_ name: Name) throws -> Name { try other(name) }
    /// The name of a table or of a query that is read.
    func table(_ name: Name) throws -> Name { try other(name) }
    /// The name of a function, a metric or a verb.
    func callName(_ name: Name) throws -> Name { try other(name) }
    /// Every name that no other method took.
    func other(_ name: Name) throws -> Name { name }

    func call(_ call: Call) throws -> Call {
        var copy = call
        copy.link = try call.link.map { try pathName($0) }
        copy.name = try callName(call.name)
        copy.arguments = try call.arguments.map {
            Call.Argument(label: try $0.label.map { try other($0) }, value: try expression($0.value))
        }
        copy.filter = try call.filter.map { try expression($0) }
        copy.innerOrder = try call.innerOrder.map { try order($0) }
        copy.per = try call.per.map { try $0.map { try expression($0) } }
        copy.order = try call.order.map { try $0.map { try order($0) } }
        return copy
    }

    func order(_ item: OrderItem) throws -> OrderItem {
        var copy = item
        copy.value = try expression(item.value)
        return copy
    }

    /// - Parameter stage: the stage's word.
    func named(_ item: NamedExpression, in stage: String) throws -> NamedExpression {
        NamedExpression(name: try item.name.map { try label($0) }, value: try expression(item.value))
    }

    func query(_ query: Query) throws -> Query {
        var copy = query
        copy.source = try source(query.source)
        copy.stages = try stages(query.stages)
        return copy
    }

    func stages(_ stages: [Stage]) throws -> [Stage] { try stages.flatMap { try stage($0) } }

    func source(_ source: Source) throws -> Source {
        var copy = source
        switch source.kind {
        case .table(let name, let version): copy.kind = .table(try table(name), version: version)
        case .function(let call): copy.kind = .function(try self.call(call))
        case .query(let query): copy.kind = .query(try self.query(query))
        case .file, .previous: break
        }
        return copy
    }

    func stage(_ stage: Stage) throws -> [Stage] {
        var copy = stage
        let word = stage.keyword.text
        func items(_ items: [NamedExpression]) throws -> [NamedExpression] { try items.map { try named($0, in: word) } }
        switch stage.kind {
        case .where(let condition): copy.kind = .where(try expression(condition))
        case .derive(let list): copy.kind = .derive(try items(list))
        case .select(let list): copy.kind = .select(try items(list))
        case .drop(let names): copy.kind = .drop(try names.map { try column($0) })
        case .rename(let pairs):
            copy.kind = .rename(try pairs.map { Stage.Renaming(new: try label($0.new), old: try column($0.old)) })
        case .summarize(let list, let keys): copy.kind = .summarize(try items(list), by: try items(keys))
        case .sort(let order): copy.kind = .sort(try order.map { try self.order($0) })
        case .take(let count, let from): copy.kind = .take(try expression(count), from: try from.map { try expression($0) })
        case .top(let count, let per, let by, let others):
            copy.kind = .top(
                try expression(count), per: try per.map { try expression($0) }, by: try by.map { try order($0) }, others: others)
        case .distinct(let list): copy.kind = .distinct(try items(list))
        case .expand(let path): copy.kind = .expand(try expandPath(path))
        case .unfold(let list): copy.kind = .unfold(try items(list))
        case .join(let join): copy.kind = .join(try self.join(join))
        case .union(let other): copy.kind = .union(try source(other))
        case .pivot(let list, let keys, let over, let values):
            copy.kind = .pivot(
                try items(list), by: try items(keys), over: try named(over, in: word), values: try values.map { try expression($0) })
        case .fill(let name, let per, let values, let value):
            copy.kind = .fill(
                try column(name), per: try per.map { try column($0) }, in: try values.map { try expression($0) },
                with: try value.map { try expression($0) })
        case .sample(let count, let seed): copy.kind = .sample(try expression(count), seed: try seed.map { try expression($0) })
        case .assert(let condition, let message): copy.kind = .assert(try expression(condition), message: message)
        case .chart(let list, let keys): copy.kind = .chart(try items(list), by: try items(keys))
        case .verb(let call): copy.kind = .verb(try self.call(call))
        case .profile, .to: break
        }
        return [copy]
    }

    func expandPath(_ path: [Name]) throws -> [Name] { try path.map { try pathName($0) } }

    func join(_ join: Stage.Join) throws -> Stage.Join {
        Stage.Join(
            source: try source(join.source), alias: try join.alias.map { try label($0) },
            on: try join.on.map { Stage.Renaming(new: try column($0.new), old: try farColumn($0.old)) })
    }

    /// The other table's column in `join … on here = there`.
    func farColumn(_ name: Name) throws -> Name { try other(name) }

    func definition(_ definition: Definition) throws -> Definition {
        var copy = definition
        func defaults(_ parameters: [Definition.Parameter]) throws -> [Definition.Parameter] {
            try parameters.map {
                Definition.Parameter(name: $0.name, defaultValue: try $0.defaultValue.map { try expression($0) })
            }
        }
        switch definition.body {
        case .segment(let on, let condition): copy.body = .segment(on: try table(on), try expression(condition))
        case .metric(let parameters, let on, let value):
            copy.body = .metric(try defaults(parameters), on: try table(on), try expression(value))
        case .verb(let parameters, let stages): copy.body = .verb(try defaults(parameters), try self.stages(stages))
        case .query(let query): copy.body = .query(try self.query(query))
        case .let(let value): copy.body = .let(try expression(value))
        case .param(let type, let value, let allowed):
            copy.body = .param(
                type, defaultValue: try value.map { try expression($0) }, allowed: try allowed.map { try expression($0) })
        }
        return copy
    }
}
