import Storage

extension Definition {
    /// The canonical text of the definition, on one line, without `save`.
    public func formatted() -> String {
        var printer = Printer()
        printer.definition(self)
        return printer.out
    }
}

extension Printer {
    mutating func vocabulary(_ statement: VocabularyStatement) {
        switch statement {
        case .define(let definition, let saved):
            if saved { write("save ") }
            self.definition(definition)
        case .drop(let kind, let name):
            write("drop \(kind.rawValue) ")
            self.name(name)
        case .rename(let kind, let old, let new):
            write("rename \(kind.rawValue) ")
            name(old)
            write(" to ")
            name(new)
        case .show(let name, let isMarked):
            write(isMarked ? "show @" : "show ")
            self.name(name)
        case .snapshot(let segment, let date):
            write("snapshot ")
            name(segment)
            if let date {
                write(" at ")
                expression(date, .range)
            }
        case .run(let path, _, let values, let folder):
            write("run \(Printer.quote(path))")
            if !values.isEmpty { write(" with ") }
            list(values) { printer, item in
                if let name = item.name { printer.name(name) }
                printer.write(" = ")
                printer.expression(item.value, .range)
            }
            if let folder { write(" against \(Printer.quote(folder))") }
        }
    }

    mutating func definition(_ definition: Definition) {
        write(definition.kind.rawValue + " ")
        name(definition.name)
        switch definition.body {
        case .segment(let table, let condition):
            write(" on ")
            name(table)
            write(" = ")
            expression(condition)
        case .metric(let parameters, let table, let value):
            if !parameters.isEmpty { self.parameters(parameters) }
            write(" on ")
            name(table)
            write(" = ")
            expression(value)
        case .verb(let parameters, let stages):
            self.parameters(parameters)
            write(" = ")
            list(stages, separator: " | ") { $0.stage($1) }
        case .query(let query):
            write(" = ")
            self.query(query)
        case .let(let value):
            write(" = ")
            expression(value)
        case .param(let type, let value, let allowed):
            write(": \(type.name)")
            if let value {
                write(" = ")
                expression(value, .range)
            }
            if let allowed {
                write(" in ")
                expression(allowed, .range)
            }
        }
    }

    private mutating func parameters(_ parameters: [Definition.Parameter]) {
        bracketed { printer in
            printer.list(parameters) { printer, parameter in
                printer.name(parameter.name)
                guard let value = parameter.defaultValue else { return }
                printer.write(": ")
                printer.expression(value)
            }
        }
    }
}
