import Storage

/// Functions that take a part of a text or fill it up. Positions count characters from 1.
extension TextFunctions {
    static let substring = ScalarFunction(
        "substring(text, from, length)", .text, 2...3,
        "The characters of the text from position from (the first is 1) on, length of them or all that follow.",
        [("substring(\"abcdef\", 2, 3)", "bcd"), ("substring(\"abcdef\", 5)", "ef")]
    ) { call in
        let text = try call.text(0)
        let from = try call.integer(1)
        if case .integer(let position)? = from.constantValue, position < 1 {
            throw call.error(
                "substring counts from 1, so \(position) is no position", argument: 1, hint: "right(text, n) takes from the end")
        }
        var arguments = [text, from]
        if call.arguments.count == 3 {
            arguments.append(try call.integer(2))
            if case .integer(let length)? = arguments[2].constantValue, length < 0 {
                throw call.error("substring: a length cannot be negative", argument: 2)
            }
        }
        let instance = FunctionInstance("substring") { arguments, out, count, context in
            let from = arguments[1].integers
            let length = arguments.count > 2 ? arguments[2].integers : nil
            try KernelLoop.slices(arguments, out, count, context) { text, i in
                // Positions before the first count towards the length, so that substring(t, 0, 3) of a column has two characters.
                let start = max(from[i], 1)
                let begin = text.offset(after: Int(start - 1))
                guard let length else { return text.slice(begin, text.count) }
                let (end, overflow) = from[i].addingReportingOverflow(max(length[i], 0))
                let wanted = overflow ? Int64.max : end > start ? end - start : 0
                return text.slice(begin, text.offset(after: Int(wanted), from: begin))
            }
        }
        return call.result(.text, instance, arguments)
    }

    static let left = ScalarFunction(
        "left(text, n)", .text, 2...2, "The first n characters of the text.", [("left(\"abcdef\", 2)", "ab")]
    ) { call in
        let instance = FunctionInstance("left") { arguments, out, count, context in
            let n = arguments[1].integers
            try KernelLoop.slices(arguments, out, count, context) { text, i in text.slice(0, text.offset(after: Int(max(n[i], 0)))) }
        }
        return call.result(.text, instance, [try call.text(0), try call.integer(1)])
    }

    static let right = ScalarFunction(
        "right(text, n)", .text, 2...2, "The last n characters of the text.", [("right(\"abcdef\", 2)", "ef")]
    ) { call in
        let instance = FunctionInstance("right") { arguments, out, count, context in
            let n = arguments[1].integers
            try KernelLoop.slices(arguments, out, count, context) { text, i in
                text.slice(text.offset(ofLast: Int(max(n[i], 0))), text.count)
            }
        }
        return call.result(.text, instance, [try call.text(0), try call.integer(1)])
    }

    static let split = ScalarFunction(
        "split(text, separator, n)", .text, 3...3,
        "The n-th part (the first is 1) of the text cut at separator; null where there are fewer.",
        [("split(\"a;b;c\", \";\", 2)", "b"), ("split(\"a;b;c\", \";\", 4)", "")]
    ) { call in
        let separator = try call.text(1)
        if separator.constantValue == .text("") { throw call.error("split: the separator must not be empty", argument: 1) }
        let part = try call.integer(2)
        if case .integer(let number)? = part.constantValue, number < 1 {
            throw call.error("split counts its parts from 1, so there is no part \(number)", argument: 2)
        }
        let instance = FunctionInstance("split") { arguments, out, count, context in
            let a = arguments[0].texts
            let separators = arguments[1].texts
            let n = arguments[2].integers
            try KernelLoop.texts(out, count, context) { i in
                if let part = splitPart(a[i], separators[i], n[i]) {
                    out.texts[i] = part
                } else {
                    out.texts[i] = .empty
                    out.setNull(i, of: count)
                }
            }
        }
        return call.result(.text, instance, [try call.text(0), separator, part])
    }

    private static func splitPart(_ text: TextView, _ separator: TextView, _ n: Int64) -> TextView? {
        guard n >= 1 else { return nil }
        // An empty separator (only a column can hold one) cuts nowhere.
        guard separator.count > 0 else { return n == 1 ? text : nil }
        var at = 0
        for _ in 1..<max(n, 1) {
            guard let hit = text.find(separator, from: at) else { return nil }
            at = hit + separator.count
        }
        return text.slice(at, text.find(separator, from: at) ?? text.count)
    }

    static let padStart = padder("pad_start", "before", start: true, ("pad_start(text(7), 3, \"0\")", "007"))
    static let padEnd = padder("pad_end", "after", start: false, ("pad_end(\"ab\", 4, \".\")", "ab.."))

    private static func padder(_ name: String, _ side: String, start: Bool, _ example: (String, String)) -> ScalarFunction {
        ScalarFunction(
            "\(name)(text, width, fill)", .text, 2...3,
            "The text filled up to width characters with fill (a space where none is given) \(side) it; a longer text stays whole.",
            [example]
        ) { call in
            let width = try call.constantInteger(1, "the width", 0...1000)
            var fill = " "
            if call.arguments.count == 3 {
                _ = try call.text(2)
                guard case .text(let given) = try call.constant(2, "the fill"), given.unicodeScalars.count == 1 else {
                    throw call.error("\(name): the fill must be one character", argument: 2)
                }
                fill = given
            }
            let bytes = Array(fill.utf8)
            let instance = FunctionInstance(name) { arguments, out, count, context in
                let a = arguments[0].texts
                var scratch = TextScratch()
                try KernelLoop.texts(out, count, context) { i in
                    scratch.clear()
                    if !start { scratch.append(a[i]) }
                    for _ in 0..<max(Int(width) - a[i].characterCount, 0) { scratch.append(contentsOf: bytes) }
                    if start { scratch.append(a[i]) }
                    out.setText(i, scratch.buffer)
                }
            }
            return call.result(.text, instance, [try call.text(0)])
        }
    }
}
