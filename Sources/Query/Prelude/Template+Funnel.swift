import Storage

extension Prelude {
    private static let funnelHint =
        "funnel(within: 30d, applied: applied_at, approved: approved_at), or of events: funnel(visits.ts, within: 30d, looked: page = \"home\", bought: page = \"basket\")"

    /// `funnel_steps(within: 30d, applied: applied_at, approved: approved_at)`
    static let funnelSteps = PreludeTemplate(
        name: "funnel_steps", signature: "funnel_steps([time,] within: 30d, step1: …, step2: …, …)",
        summary:
            "Adds to every row how many steps it reached in order, the name of the last, and how long each step took: steps are dates of the row, or conditions on events whose time stands in front.",
        source:
            "An ordered funnel with a window, as windowFunnel of ClickHouse counts it; a step is reached at or after the one before, all within the window of the first.",
        example: CatalogueEntry.Example(
            "from customers | funnel_steps(transactions.ts, within: 30d, paid_in: type = \"deposit\", bought: type = \"purchase\") | where level > 0 | select customer_id, level, step, bought_after",
            """
            customer_id,level,step,bought_after
            1,1,paid_in,
            2,2,bought,27d 23h 59min 59s
            3,1,paid_in,
            4,2,bought,1d
            7,1,paid_in,

            """)
    ) { try steps($0).stages }

    /// `funnel(within: 30d, applied: applied_at, approved: approved_at)`
    static let funnel = PreludeTemplate(
        name: "funnel", signature: "funnel([time,] within: 30d, step1: …, step2: …, …)",
        summary:
            "A row for each step: how many reached it, of the first and of the step before, how many dropped out behind it and the median time it took; `funnel_steps` keeps the rows.",
        source: "As funnel_steps.",
        example: CatalogueEntry.Example(
            "from customers | funnel(transactions.ts, within: 30d, paid_in: type = \"deposit\", bought: type = \"purchase\")",
            """
            n,step,reached,of_first,of_previous,dropped,median_time
            1,paid_in,5,1.000000,,3,
            2,bought,2,0.400000,0.400000,,14d 11h 59min 59.5s

            """)
    ) { arguments in
        let (stages, names) = try steps(arguments)
        let texts = names.map { TemplateText.quoted($0) }.joined(separator: ", ")
        let times = (["null"] + names.dropFirst().map { TemplateText.name("\($0)_after") }).joined(separator: ", ")
        return """
            \(stages)
            | expand step: [\(texts)], n: [\((1...names.count).map(String.init).joined(separator: ", "))], _after: [\(times)]
            | summarize reached: count(where level >= n), _left: count(where level = n), median_time: median(_after where level >= n) by n, step
            | derive of_first: reached / (first(reached) by n), of_previous: reached / (lag(reached) by n), dropped: if n < \(names.count) then _left
            | select n, step, reached, of_first, of_previous, dropped, median_time
            """
    }

    private static func steps(_ arguments: TemplateArguments) throws -> (stages: String, names: [String]) {
        let steps = arguments.labelled(except: ["within"])
        guard arguments.plain.count <= 1, steps.count >= 2 else {
            throw arguments.error("\(arguments.call.name.text) needs two steps at least, each with its name", hint: funnelHint)
        }
        try arguments.requireDifferent(steps.map(\.label))
        let names = steps.map(\.label.text)
        let given = steps.map { arguments.name(of: $0.value) }
        let within = arguments.labelled("within").flatMap { expression -> Expression? in
            if case .literal(.null) = expression.kind { return nil }
            return expression
        }.map { arguments.name(of: $0) }
        let level = TemplateText.conditional(
            names.indices.reversed().map { ("_reached\($0 + 1)", String($0 + 1)) })
        let step = TemplateText.conditional(names.indices.reversed().map { ("_reached\($0 + 1)", TemplateText.quoted(names[$0])) })
        let after = names.indices.dropFirst().map { index in
            "\(TemplateText.name("\(names[index])_after")): if _reached\(index + 1) then _at\(index + 1) - _at\(index)"
        }
        var stages: [String] = []
        if let time = arguments.plain.first {
            let place = arguments.name(of: time)
            let conditions = given.joined(separator: ", ")
            stages.append(
                "derive "
                    + names.indices.map { "_at\($0 + 1): funnel_time(\(place), \(within ?? "null"), \($0 + 1), \(conditions))" }.joined(
                        separator: ", "))
            stages.append("derive " + names.indices.map { "_reached\($0 + 1): _at\($0 + 1) is not null" }.joined(separator: ", "))
        } else {
            stages.append("derive " + given.enumerated().map { "_at\($0 + 1): \($1)" }.joined(separator: ", "))
            // Left to right: each step asks for the one before it.
            stages.append(
                "derive "
                    + names.indices.map { index in
                        if index == 0 { return "_reached1: _at1 is not null" }
                        let limit = within.map { " and _at\(index + 1) <= _at1 + \($0)" } ?? ""
                        return "_reached\(index + 1): _reached\(index) and _at\(index + 1) >= _at\(index)\(limit)"
                    }.joined(separator: ", "))
        }
        stages.append("derive level: \(level) else 0, step: \(step), " + after.joined(separator: ", "))
        return (stages.joined(separator: "\n| "), names)
    }
}
