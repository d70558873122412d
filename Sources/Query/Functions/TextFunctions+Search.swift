import Storage

/// Functions that look for something in a text. The conditions among them are false, never null, where a text is missing.
extension TextFunctions {
    static let position = ScalarFunction(
        "position(text, part)", .text, 2...2, "Where part begins in the text, counted in characters from 1; 0 where it does not occur.",
        [("position(\"abcabc\", \"c\")", "3"), ("position(\"abc\", \"x\")", "0")]
    ) { call in
        let instance = FunctionInstance("position") { arguments, out, count, _ in
            let part = arguments[1].texts
            KernelLoop.measures(arguments, out, count) { text, i in
                text.find(part[i]).map { text.slice(0, $0).characterCount + 1 } ?? 0
            }
        }
        return call.result(.int, instance, [try call.text(0), try call.text(1)])
    }

    static let contains = ScalarFunction(
        "contains(text, part)", .text, 2...2, "Whether part occurs anywhere in the text.",
        [("contains(\"mobile app\", \"app\")", "true"), ("contains(null, \"app\")", "false")]
    ) { call in
        let instance = FunctionInstance("contains", strict: false) { arguments, out, count, context in
            try KernelLoop.search(arguments, out, count, context) { $0.find($1) != nil }
        }
        return call.result(.bool, instance, [try call.text(0), try call.text(1)])
    }

    static let startsWith = ScalarFunction(
        "starts_with(text, part)", .text, 2...2, "Whether the text begins with part.", [("starts_with(\"mobile\", \"mob\")", "true")]
    ) { call in
        let instance = FunctionInstance("starts_with", strict: false) { arguments, out, count, context in
            try KernelLoop.search(arguments, out, count, context) { $0.starts(with: $1) }
        }
        return call.result(.bool, instance, [try call.text(0), try call.text(1)])
    }

    static let endsWith = ScalarFunction(
        "ends_with(text, part)", .text, 2...2, "Whether the text ends with part.", [("ends_with(\"mobile\", \"ile\")", "true")]
    ) { call in
        let instance = FunctionInstance("ends_with", strict: false) { arguments, out, count, context in
            try KernelLoop.search(arguments, out, count, context) { $0.ends(with: $1) }
        }
        return call.result(.bool, instance, [try call.text(0), try call.text(1)])
    }

    static let matches = ScalarFunction(
        "matches(text, pattern)", .text, 2...2,
        "Whether the regular expression matches anywhere in the text; ^ and $ tie it to the ends, (?i) at its start ignores case.",
        [("matches(\"CZ-1234\", \"^[A-Z]{2}-[0-9]+$\")", "true"), ("matches(\"abc\", \"b$\")", "false")]
    ) { call in
        let text = try call.text(0)
        let expression = try regularExpression(call)
        let instance = FunctionInstance("matches", strict: false) { arguments, out, count, context in
            let a = arguments[0].texts
            try expression.search { searcher in
                try KernelLoop.condition(arguments, out, count, context) { i in try searcher.matches(a[i]) }
            }
        }
        return call.result(.bool, instance, [text])
    }

    static let extract = ScalarFunction(
        "extract(text, pattern, group)", .text, 2...3,
        "The first part of the text that the regular expression matches, null where none does; "
            + "with brackets in the pattern the group of that number, the first where none is given, 0 for the whole.",
        [("extract(\"order 4711 open\", \"[0-9]+\")", "4711"), ("extract(\"CZ-1234\", \"([A-Z]+)-([0-9]+)\", 2)", "1234")]
    ) { call in
        let text = try call.text(0)
        let expression = try regularExpression(call)
        var group = min(expression.groupCount, 1)
        if call.arguments.count == 3 { group = Int(try call.constantInteger(2, "the group", 0...Int64(expression.groupCount))) }
        let chosen = group
        let instance = FunctionInstance("extract") { arguments, out, count, context in
            let a = arguments[0].texts
            try expression.search { searcher in
                try KernelLoop.texts(out, count, context) { i in
                    if let range = try searcher.firstMatch(a[i], group: chosen) {
                        out.texts[i] = a[i].slice(range.lowerBound, range.upperBound)
                    } else {
                        out.texts[i] = .empty
                        out.setNull(i, of: count)
                    }
                }
            }
        }
        return call.result(.text, instance, [text])
    }

    private static func regularExpression(_ call: FunctionCall) throws -> RegularExpression {
        _ = try call.text(1)
        guard case .text(let pattern) = try call.constant(1, "the pattern") else {
            throw call.error("\(call.name.text): the pattern must not be null", argument: 1)
        }
        return try RegularExpression(pattern, span: call.arguments[1].span)
    }
}
