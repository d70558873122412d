import Storage

extension Prelude {
    /// `tier(balance, standard: 0, silver: 50k, gold: 200k)`
    static let tier = PreludeTemplate(
        name: "tier", signature: "tier(x, lowest: 0, next: 50k, …)",
        summary:
            "The tier of every row by the lower bound of each, lowest first, with the tier that comes next, what is missing to it, and what may be lost before the row falls.",
        source:
            "Value tiers as in V. Zeithaml, R. Rust and K. Lemon, The Customer Pyramid (2001); a bound belongs to the tier that it begins.",
        example: CatalogueEntry.Example(
            "from customers | tier(balance, small: 0, middle: 50k, large: 500k) | where customer_id in [1, 3, 6, 7] | select customer_id, balance, tier, next_tier, to_next, to_fall",
            """
            customer_id,balance,tier,next_tier,to_next,to_fall
            1,1500000.00,large,,,1000000.00
            3,1200.00,small,middle,48800.00,1200.00
            6,-35.10,,small,35.10,
            7,98000.00,middle,large,402000.00,48000.00

            """)
    ) { arguments in
        let bounds = arguments.labelled()
        guard arguments.plain.count == 1, !bounds.isEmpty else {
            throw arguments.error(
                "tier needs a value and the lower bound of each tier", hint: "tier(balance, standard: 0, silver: 50k, gold: 200k)")
        }
        try arguments.requireDifferent(bounds.map(\.label))
        var last: Bound?
        for (label, value) in bounds {
            let bound = try arguments.binder.bind(value, in: Scope())
            if let before = last, let below = before.number, let here = bound.number, below >= here {
                throw arguments.error(
                    "the bounds of tiers rise, and that of \(label.text) does not", at: value.span, hint: "the lowest tier stands first")
            }
            last = bound
        }
        let tiers = bounds.map { (name: TemplateText.quoted($0.label.text), from: arguments.name(of: $0.value)) }
        let value = arguments.name(of: arguments.plain[0])
        func choose(_ parts: [(String, String)]) -> String { TemplateText.conditional(parts) }
        return """
            derive _value: \(value)
            | derive tier: \(choose(tiers.reversed().map { ("_value >= \($0.from)", $0.name) })),
                next_tier: \(choose(tiers.map { ("_value < \($0.from)", $0.name) })),
                to_next: \(choose(tiers.map { ("_value < \($0.from)", "\($0.from) - _value") })),
                to_fall: \(choose(tiers.reversed().map { ("_value >= \($0.from)", "_value - \($0.from)") }))
            """
    }

    /// `flags(low: balance < 100, open: [complaints > 0, 3])`
    static let flags = PreludeTemplate(
        name: "flags", signature: "flags(name: CONDITION, name: [CONDITION, weight], …)",
        summary:
            "Adds a column for each condition, the sum of the weights of those that hold (1 where none is written) and their names as the reasons.",
        source: "Additive scorecards as in L. Thomas, Consumer Credit Models (2009), with weights that are set, not fitted.",
        example: CatalogueEntry.Example(
            "from customers | flags(poor: balance < 1000, young: [birthday > 1990, 2], gone: not active) | where score > 1 | select customer_id, score, reasons",
            """
            customer_id,score,reasons
            5,3,"young, gone"
            8,4,"poor, young, gone"

            """)
    ) { arguments in
        let flags = arguments.labelled()
        guard arguments.plain.isEmpty, !flags.isEmpty else {
            throw arguments.error("every flag has a name", hint: "flags(low: balance < 100, open: [count(complaints) > 0, 3])")
        }
        try arguments.requireDifferent(flags.map(\.label))
        var columns: [String] = []
        var weights: [String] = []
        for (label, value) in flags {
            var (condition, weight) = (value, "1")
            if case .list(let parts) = value.kind {
                guard parts.count == 2 else {
                    throw arguments.error("a flag is a condition, or a list of one and its weight", at: value.span)
                }
                condition = parts[0]
                weight = arguments.name(of: parts[1])
            }
            // A condition that is missing counts as false, in the column too.
            columns.append("\(TemplateText.name(label.text)): if \(arguments.name(of: condition)) then true else false")
            weights.append(weight)
        }
        let names = flags.map { TemplateText.name($0.label.text) }
        return """
            derive \(columns.joined(separator: ", "))
            | derive score: \(zip(names, weights).map { "(if \($0) then \($1) else 0)" }.joined(separator: " + ")),
                reasons: null_if(substring(concat(\(flags.map { "if \(TemplateText.name($0.label.text)) then \(TemplateText.quoted(", " + $0.label.text))" }.joined(separator: ", "))), 3), "")
            """
    }
}

extension Bound {
    /// A constant as a number, where it is one.
    fileprivate var number: Double? {
        switch constantValue {
        case .integer(let value)?: Double(value) / Double(Decimals.power(type.scale))
        case .double(let value)?: value
        case .text?, .null?, nil: nil
        }
    }
}
