import Storage

extension Session {
    /// The value of a `param`: what the run gives it, else its default, and within what is allowed.
    /// - Parameter asks: whether somebody at the prompt may be asked, for what a file leaves open or has only a default for.
    func value(
        of name: Name, _ type: LogicalType, _ defaultValue: Expression?, _ allowed: Expression?, _ environment: BindEnvironment,
        asks: Bool = false
    ) throws -> Bound {
        let binder = Binder(environment)
        let value: Bound
        if let arguments = runArguments.last, let argument = arguments.values[name.text] {
            do {
                value = try typed(argument, type, name, argument.span)
            } catch var error as QueryError {
                // It is marked where it was given.
                error.kind = .type
                error.source = arguments.caller
                throw error
            }
        } else if let given = options.parameters[name.text] {
            value = try parameter(given, name, type, binder)
        } else if asks, let askParameter, current?.path != nil || defaultValue == nil {
            return try asked(name, type, defaultValue, allowed, binder, askParameter)
        } else if let defaultValue {
            value = try typed(try binder.bind(defaultValue, in: Scope()), type, name, defaultValue.span)
        } else {
            throw QueryError(
                .parameter, "parameter \(name.text) has no value", at: name.span,
                hint: "run with --param \(name.text)=…, or run \"file.crmq\" with \(name.text) = …")
        }
        try check(value, of: name, type, allowed, binder)
        return value
    }

    private func check(_ value: Bound, of name: Name, _ type: LogicalType, _ allowed: Expression?, _ binder: Binder) throws {
        if let allowed {
            let test = try ConstantFolding.fold(try binder.membership(value, allowed, in: Scope(), allowed.span))
            guard test.constantValue == .integer(1) else {
                throw QueryError(
                    .parameter, "\(CellText.string(value.constantValue ?? .null, type: type)) is not an allowed value of \(name.text)",
                    at: name.span)
            }
        }
    }

    /// Asks until the answer is a value that the parameter may have; nothing is its default.
    private func asked(
        _ name: Name, _ type: LogicalType, _ defaultValue: Expression?, _ allowed: Expression?, _ binder: Binder,
        _ ask: (FileParameter, String?) throws -> String
    ) throws -> Bound {
        let question = FileParameter(
            name: name.text, type: type, defaultText: defaultValue?.formatted(), allowedText: allowed?.formatted(),
            doc: current?.comment.map { $0.split(separator: "\n").joined(separator: " ") })
        var problem: String?
        while true {
            try cancellation.check()
            let answer = try ask(question, problem)
            do {
                let value: Bound
                if answer.isEmpty, let defaultValue {
                    value = try typed(try binder.bind(defaultValue, in: Scope()), type, name, defaultValue.span)
                } else if answer.isEmpty {
                    problem = "it has no default"
                    continue
                } else {
                    value = try parameter(answer, name, type, binder)
                }
                try check(value, of: name, type, allowed, binder)
                return value
            } catch let error as QueryError where error.kind != .cancelled {
                problem = error.message + (error.hint.map { "; \($0)" } ?? "")
            }
        }
    }

    /// A text is taken as typed; everything else is read as the language would.
    private func parameter(_ text: String, _ name: Name, _ type: LogicalType, _ binder: Binder) throws -> Bound {
        if type == .text { return .constant(.text(text), .text, name.span) }
        do {
            return try typed(try binder.bind(try Expression.parse(text), in: Scope()), type, name, name.span)
        } catch let error as QueryError {
            throw QueryError(.parameter, "\(text) is not a \(type.name) for parameter \(name.text)", at: name.span, hint: error.hint)
        }
    }

    private func typed(_ bound: Bound, _ type: LogicalType, _ name: Name, _ span: SourceSpan) throws -> Bound {
        if case .months = bound.kind, type == .duration { return bound }
        if type == .year, bound.type == .int, let value = bound.constantValue { return .constant(value, .year, span) }
        if let coerced = Coercion.coerce(bound, to: type), coerced.constantValue != nil { return coerced }
        throw QueryError(.parameter, "parameter \(name.text) is \(type.withArticle), this is \(bound.type.withArticle)", at: span)
    }

    /// Puts saved `let`s and `param`s beside those of the run, which go before them. A saved parameter without a value has none until it is
    /// asked for.
    func addSaved(_ vocabulary: Vocabulary, to environment: inout BindEnvironment) throws {
        for entry in vocabulary.run.values { if case .let(let value) = entry.definition.body { environment.lets[entry.name] = value } }
        for (key, entry) in vocabulary.saved.sorted(by: { $0.key < $1.key }) where vocabulary.run[key] == nil {
            switch entry.definition.body {
            case .let(let value): environment.lets[entry.name] = value
            case .param(let type, let value, let allowed):
                environment.parameters[entry.name] = try? self.value(of: entry.definition.name, type, value, allowed, environment)
            case .segment, .metric, .verb, .query: break
            }
        }
    }

    /// Parameters that are kept with the data: `--param` may set them too.
    public func savedParameterNames() throws -> [String] {
        try vocabulary(try store.snapshot()).saved.values.filter { $0.kind == .param }.map(\.name)
    }
}
