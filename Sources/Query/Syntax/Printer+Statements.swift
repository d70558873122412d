import Storage

extension Printer {
    // MARK: queries

    mutating func query(_ query: Query) {
        if case .previous = query.source.kind {
            write("| ")
        } else {
            write("from ")
            source(query.source)
            if !query.stages.isEmpty { write(" | ") }
        }
        list(query.stages, separator: " | ") { $0.stage($1) }
    }

    mutating func source(_ source: Source) {
        switch source.kind {
        case .table(let table, let version):
            name(table)
            if let version { write(" as of version \(version)") }
        case .file(let path, let clause):
            write(Printer.quote(path))
            let options = importParts(clause, inBrackets: true)
            if !options.isEmpty { write(" (\(options.joined(separator: ", ")))") }
        case .function(let call): self.call(call)
        case .query(let query): bracketed { printer in printer.query(query) }
        case .previous: break
        }
    }

    mutating func stage(_ stage: Stage) {
        stageOwnsBy = false
        switch stage.kind {
        case .where(let condition):
            write("where ")
            expression(condition)
        case .derive(let items): namedItems("derive", items)
        case .select(let items): namedItems("select", items)
        case .drop(let columns):
            write("drop ")
            names(columns)
        case .rename(let items):
            write("rename ")
            list(items) { printer, item in
                printer.name(item.new)
                printer.write(": ")
                printer.name(item.old)
            }
        case .summarize(let items, let keys): grouped("summarize", items, by: keys)
        case .sort(let items):
            write("sort ")
            list(items) { $0.orderItem($1) }
        case .take(let count, let start):
            write("take ")
            expression(count, .sum)
            if let start {
                write(" from ")
                expression(start, .sum)
            }
        case .top(let count, let keys, let order, let others): top(count, per: keys, by: order, others: others)
        case .distinct(let items): if items.isEmpty { write("distinct") } else { namedItems("distinct", items) }
        case .expand(let path):
            write("expand ")
            list(path, separator: ".") { printer, name in printer.name(name) }
        case .unfold(let items):
            write("expand ")
            list(items) { $0.named($1, .range) }
        case .join(let join): self.join(join)
        case .union(let other):
            write("union ")
            source(other)
        case .pivot(let items, let keys, let over, let values): pivot(items, by: keys, over: over, values: values)
        case .fill(let column, let keys, let range, let value): fill(column, per: keys, in: range, with: value)
        case .sample(let count, let seed):
            write("sample ")
            expression(count, .sum)
            if let seed {
                write(" seed ")
                expression(seed, .sum)
            }
        case .profile: write("profile")
        case .assert(let condition, let message): assertion(condition, message)
        case .to(let path, let raw): write("to \(Printer.quote(path))\(raw ? " raw" : "")")
        case .chart(let items, let keys): grouped(stage.keyword.text, items, by: keys)
        case .verb(let call):
            // A verb that is called like a stage was written in backticks.
            if Parser.stageWords.contains(call.name.text) {
                write("`\(call.name.text)`")
                brackets(of: call)
            } else {
                self.call(call)
            }
        }
    }

    private mutating func named(_ item: NamedExpression, _ minimum: Precedence = .or) {
        if let label = item.name {
            name(label)
            write(": ")
        }
        expression(item.value, minimum)
    }

    private mutating func namedItems(_ word: String, _ items: [NamedExpression]) {
        write(word + " ")
        list(items) { $0.named($1) }
    }

    private mutating func withStageBy(_ body: (inout Printer) -> Void) {
        stageOwnsBy = true
        body(&self)
        stageOwnsBy = false
    }

    private mutating func grouped(_ word: String, _ items: [NamedExpression], by keys: [NamedExpression]) {
        write(word)
        withStageBy { printer in
            if !items.isEmpty { printer.write(" ") }
            printer.list(items) { $0.named($1) }
            if keys.isEmpty { return }
            printer.write(" by ")
            printer.list(keys) { $0.named($1) }
        }
    }

    private mutating func top(_ count: Expression, per keys: [Expression], by order: [OrderItem], others: Bool) {
        write("top ")
        switch count.kind {
        case .literal, .parameter, .path: expression(count)
        case .call, .negate, .not, .binary, .isNull, .membership, .conditional, .list, .range, .query, .period, .memberAsOf, .star:
            // A call at the end would take the stage's `per`.
            bracketed { $0.expression(count) }
        }
        if !keys.isEmpty {
            write(" per ")
            self.keys(keys)
        }
        write(" by ")
        withStageBy { printer in printer.list(order) { $0.orderItem($1) } }
        if others { write(" with others") }
    }

    private mutating func join(_ join: Stage.Join) {
        write("join ")
        source(join.source)
        if let alias = join.alias {
            write(" as ")
            name(alias)
        }
        if join.on.isEmpty { return }
        write(" on ")
        list(join.on) { printer, pair in
            printer.name(pair.new)
            guard pair.new.text != pair.old.text else { return }
            printer.write(" = ")
            printer.name(pair.old)
        }
    }

    private mutating func pivot(_ items: [NamedExpression], by keys: [NamedExpression], over: NamedExpression, values: Expression?) {
        grouped("pivot", items, by: keys)
        write(" over ")
        withStageBy { $0.named(over, .range) }
        guard let values else { return }
        write(" in ")
        expression(values, .range)
    }

    private mutating func fill(_ column: Name, per keys: [Name], in range: Expression?, with value: Expression?) {
        write("fill ")
        name(column)
        if keys.count == 1 {
            write(" per ")
            name(keys[0])
        } else if !keys.isEmpty {
            write(" per (")
            names(keys)
            write(")")
        }
        if let range {
            write(" in ")
            expression(range, .range)
        }
        if let value {
            write(" with ")
            expression(value)
        }
    }

    private mutating func assertion(_ condition: Expression, _ message: String?) {
        write("assert ")
        // The `else` of the stage must not be read as the conditional's.
        if case .conditional = condition.kind { bracketed { $0.expression(condition) } } else { expression(condition) }
        if let message { write(" else \(Printer.quote(message))") }
    }

    // MARK: statements

    mutating func statement(_ statement: Statement) {
        switch statement.kind {
        case .query(let query): self.query(query)
        case .explain(let query, let analyze):
            write(analyze ? "explain analyze " : "explain ")
            self.query(query)
        case .load(let mode, let table, let paths, let clause):
            write("\(mode.rawValue) \(Printer.name(table.text)) from \(paths.map(Printer.quote).joined(separator: ", "))")
            for part in importParts(clause, inBrackets: false) { write(" " + part) }
        case .store(let mode, let table, let query, let clause):
            write("\(mode.rawValue) \(Printer.name(table.text)) from (")
            self.query(query)
            write(")")
            for part in importParts(clause, inBrackets: false) { write(" " + part) }
        case .delete(let table, let condition):
            write("delete \(Printer.name(table.text)) where ")
            expression(condition)
        case .createTable(let table, let columns, let key, let time):
            write("create table \(Printer.name(table.text)) (\(Printer.columns(columns)))")
            if !key.isEmpty { write(" key \(key.map { Printer.name($0.text) }.joined(separator: ", "))") }
            if let time { write(" time \(Printer.name(time.text))") }
        case .dropTable(let table): write("drop table \(Printer.name(table.text))")
        case .renameTable(let old, let new): write("rename table \(Printer.name(old.text)) to \(Printer.name(new.text))")
        case .renameColumn(let table, let column, let new):
            write("rename column \(Printer.name(table.text)).\(Printer.name(column.text)) to \(Printer.name(new.text))")
        case .optimize(let table): write(table.map { "optimize \(Printer.name($0.text))" } ?? "optimize")
        case .vacuum: write("vacuum")
        case .snapshots: write("snapshots")
        case .tables: write("tables")
        case .describe(let table): write("describe \(Printer.name(table.text))")
        case .vocabulary(let statement): vocabulary(statement)
        case .asOf(let date):
            write("as of ")
            expression(date, .range)
        case .link(let link): self.link(link)
        case .dropLink(let child, let parent): write("drop link \(Printer.name(child.text)).\(Printer.name(parent.text))")
        case .report(nil): write("report end")
        case .report(let head?):
            write("report \(Printer.quote(head.path))" + (head.title.map { " \(Printer.quote($0))" } ?? ""))
        }
    }

    private mutating func link(_ link: LinkDeclaration) {
        func columns(_ names: [Name]) -> String {
            let all = names.map { Printer.name($0.text) }.joined(separator: ", ")
            return names.count == 1 ? all : "(\(all))"
        }
        write("link \(Printer.name(link.child.text)).\(columns(link.childColumns)) to \(Printer.name(link.parent.text))")
        if !link.parentColumns.isEmpty { write(".\(columns(link.parentColumns))") }
        if link.isLatest { write(" latest") }
        if let parentName = link.parentName { write(" as \(Printer.name(parentName.text))") }
        if let childrenName = link.childrenName { write(", \(Printer.name(childrenName.text))") }
    }

    private static func columns(_ columns: [ColumnDefinition]) -> String {
        columns.map { "\(name($0.name.text)): \($0.type.name)" }.joined(separator: ", ")
    }

    /// `key a, b`, `time c`, `null: "", "?"`, … In brackets all with a colon, since there commas part the options too.
    private func importParts(_ clause: ImportClause, inBrackets: Bool) -> [String] {
        let mark = inBrackets ? ":" : ""
        var parts: [String] = []
        if !clause.key.isEmpty {
            let keys = clause.key.map { Printer.name($0.text) }.joined(separator: ", ")
            // A key column that is called like an option would be read as that option.
            let isUnclear = clause.key.dropFirst().contains { Parser.importWords.contains($0.text) }
            parts.append(inBrackets ? "key: (\(keys))" : isUnclear ? "key (\(keys))" : "key \(keys)")
        }
        if let time = clause.time { parts.append("time\(mark) \(Printer.name(time.text))") }
        for option in clause.options {
            var value: String
            if option.name.text == "types" {
                value = "(\(Printer.columns(option.columns)))"
            } else if option.name.text == "names" {
                value = "(\(option.columns.map { Printer.name($0.name.text) }.joined(separator: ", ")))"
            } else {
                var printer = Printer()
                printer.list(option.values) { $0.expression($1, .sum) }
                value = printer.out
            }
            value = "\(option.name.text): \(value)"
            parts.append(value)
        }
        if let rejects = clause.rejects { parts.append("rejects\(mark) \(Printer.quote(rejects))") }
        return parts
    }
}
