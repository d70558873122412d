extension Expression {
    /// The canonical text of the expression.
    public func formatted() -> String {
        var printer = Printer()
        printer.expression(self)
        return printer.out
    }
}

extension Stage {
    /// The canonical text of the stage, without its `|`.
    public func formatted() -> String {
        var printer = Printer()
        printer.stage(self)
        return printer.out
    }
}

extension Query {
    /// The canonical text of the query, on one line.
    public func formatted() -> String {
        var printer = Printer()
        printer.query(self)
        return printer.out
    }
}

extension Statement {
    /// The canonical text of the statement, on one line.
    public func formatted() -> String {
        var printer = Printer()
        printer.statement(self)
        return printer.out
    }
}

/// Writes a tree as the one canonical text: reading it gives the same tree.
struct Printer {
    var out = ""
    /// True where a bare `by` would be read as the stage's.
    var stageOwnsBy = false

    mutating func write(_ text: String) { out += text }

    mutating func list<C: Collection>(_ items: C, separator: String = ", ", _ each: (inout Printer, C.Element) -> Void) {
        var first = true
        for item in items {
            if !first { write(separator) }
            first = false
            each(&self, item)
        }
    }

    /// Writes inside brackets, where `by` is the call's again.
    mutating func bracketed(_ open: String = "(", _ close: String = ")", _ body: (inout Printer) -> Void) {
        let owned = stageOwnsBy
        stageOwnsBy = false
        write(open)
        body(&self)
        write(close)
        stageOwnsBy = owned
    }

    // MARK: names and texts

    /// A text literal with its escapes.
    static func quote(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case "\r": out += "\\r"
            default:
                if scalar.isInvisible {
                    out += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
                } else {
                    out.unicodeScalars.append(scalar)
                }
            }
        }
        return out + "\""
    }

    /// A name as the language reads it: in backticks where it is reserved or not plain.
    static func name(_ text: String) -> String {
        isPlainName(text) && !Token.reserved.contains(text)
            ? text : "`" + text.split(separator: "`", omittingEmptySubsequences: false).joined(separator: "``") + "`"
    }

    static func isPlainName(_ text: String) -> Bool {
        var first = true
        for scalar in text.unicodeScalars {
            let isFine = scalar == "_" || (first ? scalar.properties.isXIDStart : scalar.properties.isXIDContinue)
            // Signs with a plain twin would be read as that twin.
            guard isFine, scalar.value != 0xB7, PlainText.twin(scalar.value) == nil else { return false }
            first = false
        }
        return !first
    }

    mutating func name(_ name: Name) { write(Printer.name(name.text)) }

    mutating func names(_ names: [Name]) { list(names) { printer, name in printer.name(name) } }
}
