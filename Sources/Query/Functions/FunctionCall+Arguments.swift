import Storage

extension ScalarFunction {
    /// An entry whose name stands in its signature. Counts and labels are checked here, so that `resolve` sees only calls of the right shape.
    init(
        _ signature: String, _ family: Family, _ count: ClosedRange<Int>, _ summary: String, _ examples: [(String, String)],
        resolve: @escaping @Sendable (FunctionCall) throws -> Bound
    ) {
        self.init(
            name: String(signature.prefix { $0 != "(" }), family: family, signature: signature, summary: summary,
            examples: examples.map { Example($0.0, $0.1) }
        ) { call in
            try call.requirePlain(signature)
            try call.requireCount(count, signature)
            return try resolve(call)
        }
    }

    /// More than any line holds: the upper bound of functions that take as many arguments as one likes.
    static let argumentsMax = 255
}

extension FunctionCall {
    /// No scalar function knows labels, and none takes calendar months, which are no length of time.
    fileprivate func requirePlain(_ signature: String) throws {
        for label in labels {
            guard let label else { continue }
            throw QueryError(
                .type, "\(name.text) takes no argument by name, so \(label.text): has no place here", at: label.span, hint: signature)
        }
        for (index, argument) in arguments.enumerated() {
            guard case .months = argument.kind else { continue }
            throw error(
                "\(name.text) cannot take calendar months: they have no fixed length", argument: index,
                hint: "months stand beside + or -, as in date + 3mo; add_months(date, n) moves by a number of months")
        }
    }

    private func ordinal(_ index: Int) -> String {
        guard arguments.count > 1 else { return "" }
        let words = ["first", "second", "third", "fourth", "fifth", "sixth"]
        return index < words.count ? " as its \(words[index]) argument" : " as argument \(index + 1)"
    }

    func needs(_ what: String, _ index: Int, hint: String? = nil) -> QueryError {
        error("\(name.text) needs \(what)\(ordinal(index)), not \(arguments[index].type.name)", argument: index, hint: hint)
    }

    /// The argument as a value of exactly `type`.
    func argument(_ index: Int, as type: LogicalType, _ what: String, hint: String? = nil) throws -> Bound {
        guard let bound = Coercion.coerce(arguments[index], to: type) else { throw needs(what, index, hint: hint) }
        return bound
    }

    func text(_ index: Int) throws -> Bound {
        try argument(index, as: .text, "a text", hint: "text(x) writes any value as text")
    }

    func integer(_ index: Int) throws -> Bound {
        try argument(
            index, as: .int, "a whole number", hint: arguments[index].type.isNumeric ? "round(x) and floor(x) give whole numbers" : nil)
    }

    /// The argument as a float; every number can be one.
    func float(_ index: Int) throws -> Bound {
        try argument(index, as: .float, "a number", hint: numberHint(index))
    }

    /// An int, a decimal or a float as it is. A bare null counts as an int.
    func number(_ index: Int) throws -> Bound {
        let bound = arguments[index]
        if bound.isNullConstant, !bound.type.isNumeric { return .constant(.null, .int, bound.span) }
        guard bound.type.isNumeric else { throw needs("a number", index, hint: numberHint(index)) }
        return bound
    }

    private func numberHint(_ index: Int) -> String? {
        arguments[index].type == .text ? "int(x), decimal(x, 2) and float(x) read a text as a number" : nil
    }

    /// A date or a timestamp as it is. A bare null counts as a date.
    func instant(_ index: Int) throws -> Bound {
        let bound = arguments[index]
        if bound.isNullConstant, bound.type != .timestamp { return .constant(.null, .date, bound.span) }
        switch bound.type {
        case .date, .timestamp: return bound
        case .week, .month, .quarter, .year:
            throw needs("a date", index, hint: "start(x) and end(x) give the first and the last day of a \(bound.type.name)")
        case .text: throw needs("a date", index, hint: "date(x) reads a text as a date")
        case .bool, .int, .decimal, .float, .duration: throw needs("a date", index)
        }
    }

    /// The day of a date or a timestamp.
    func day(_ index: Int) throws -> Bound {
        let bound = try instant(index)
        return bound.type == .timestamp ? DateFunctions.day(of: bound, span: bound.span) : bound
    }

    /// A whole number that must be constant, within bounds that `what` explains.
    func constantInteger(_ index: Int, _ what: String, _ range: ClosedRange<Int64>) throws -> Int64 {
        _ = try integer(index)
        switch try constant(index, what) {
        case .integer(let value):
            guard range.contains(value) else {
                throw error("\(name.text): \(what) must lie in \(range.lowerBound)..\(range.upperBound), not be \(value)", argument: index)
            }
            return value
        case .null, .double, .text: throw error("\(name.text): \(what) must not be null", argument: index)
        }
    }

    /// All arguments from `first` on as values of the type that they have in common.
    func alike(from first: Int = 0) throws -> (type: LogicalType, arguments: [Bound]) {
        var known: LogicalType?
        for (index, bound) in arguments.enumerated().dropFirst(first) where !bound.isNullConstant {
            guard let seen = known else {
                known = bound.type
                continue
            }
            guard let common = Coercion.common(seen, bound.type) else {
                throw error(
                    "\(name.text): \(seen.name) and \(bound.type.name) have no type in common", argument: index,
                    hint: seen == .text || bound.type == .text ? "text(x) writes any value as text" : nil)
            }
            known = common
        }
        let type = known ?? arguments[first].type
        return (
            type,
            try arguments[first...].enumerated().map { offset, bound in
                guard let coerced = Coercion.coerce(bound, to: type) else { throw needs("a value of type \(type.name)", first + offset) }
                return coerced
            }
        )
    }
}
