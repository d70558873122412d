import Storage

extension Prelude {
    /// `contrast(a: closed is not null, city, tier)`
    static let contrast = PreludeTemplate(
        name: "contrast", signature: "contrast(a: CONDITION, [b: CONDITION,] column, name: expression, …)",
        summary:
            "How group a differs from group b (from all others where b is not given): for every value of every column the numbers, shares, lift and the test of two shares, the surest difference first.",
        source:
            "The z test of two proportions with a pooled share (K. Pearson's chi-square of a two-by-two table); no p where a count of fewer than five is expected (W. G. Cochran, 1954); significant: p below 5 % divided by the number of tests (C. Bonferroni).",
        example: CatalogueEntry.Example(
            "from transactions | contrast(a: customer_id <= 2, type) | select attribute, value, n_a, n_b, share_a, share_b, lift, p",
            """
            attribute,value,n_a,n_b,share_a,share_b,lift,p
            type,fee,0,3,0.000000,0.250000,0.000000,
            type,purchase,6,6,0.750000,0.500000,1.500000,
            type,deposit,2,3,0.250000,0.250000,1.000000,

            """)
    ) { arguments in
        let hint = "contrast(a: closed is not null, city, tier), contrast(a: staff_id = 3, b: staff_id = 7, product.family)"
        guard let first = arguments.labelled("a") else { throw arguments.error("contrast needs the condition of group a", hint: hint) }
        let second = arguments.labelled("b")
        var names: [String] = []
        var columns: [String] = []
        for argument in arguments.call.arguments {
            if let label = argument.label, label.text == "a" || label.text == "b" { continue }
            guard let name = argument.label?.text ?? arguments.binder.plainName(argument.value) else {
                throw arguments.error("this needs a name", at: argument.value.span, hint: "write `name: …` before it")
            }
            names.append(TemplateText.quoted(name))
            columns.append("text(\(arguments.name(of: argument.value)))")
        }
        guard !names.isEmpty else { throw arguments.error("contrast needs the columns in which the groups may differ", hint: hint) }
        let a = arguments.name(of: first)
        let side =
            second.map { "if \(a) then 1 else if \(arguments.name(of: $0)) then 2" } ?? "if \(a) then 1 else 2"
        return """
            derive _side: \(side)
            | where _side is not null
            | derive _all_a: count(where _side = 1), _all_b: count(where _side = 2)
            | expand attribute: [\(names.joined(separator: ", "))], value: [\(columns.joined(separator: ", "))]
            | summarize n_a: count(where _side = 1), n_b: count(where _side = 2), _all_a: max(_all_a), _all_b: max(_all_b) by attribute, value
            | derive share_a: n_a / null_if(_all_a, 0), share_b: n_b / null_if(_all_b, 0)
            | derive lift: n_a * _all_b / null_if(n_b * _all_a, 0), _share: (n_a + n_b) / float(_all_a + _all_b)
            | derive _expected: least(_share, 1 - _share) * least(_all_a, _all_b)
            | derive z: if _expected >= 5 then round((n_a / float(_all_a) - n_b / float(_all_b)) / sqrt(_share * (1 - _share) * (1 / float(_all_a) + 1 / float(_all_b))), 10)
            | derive p: 2 * normal_cdf(-abs(z)), _tests: count(z)
            | derive significant: p < 0.05 / null_if(_tests, 0)
            | sort p, abs(lift - 1) desc, attribute, value
            """
    }
}
