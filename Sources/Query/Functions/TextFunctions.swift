import Storage

extension FunctionCatalogue {
    static let textFunctions: [ScalarFunction] = [
        TextFunctions.upper, TextFunctions.lower, TextFunctions.length, TextFunctions.trim, TextFunctions.trimStart, TextFunctions.trimEnd,
        TextFunctions.concat, TextFunctions.replace,
        TextFunctions.substring, TextFunctions.left, TextFunctions.right, TextFunctions.split, TextFunctions.padStart, TextFunctions.padEnd,
        TextFunctions.position, TextFunctions.contains, TextFunctions.startsWith, TextFunctions.endsWith,
        TextFunctions.matches, TextFunctions.extract, TextFunctions.sparkline,
    ]
}

/// Functions that change or measure a whole text. Characters are Unicode scalars everywhere.
enum TextFunctions {
    static let upper = ScalarFunction(
        "upper(text)", .text, 1...1, "The text in capital letters, of any alphabet.",
        [("upper(\"Praha\")", "PRAHA"), ("upper(\"říčany\")", "ŘÍČANY")]
    ) { call in
        call.result(.text, mapCase("upper", .upper), [try call.text(0)])
    }

    static let lower = ScalarFunction(
        "lower(text)", .text, 1...1, "The text in small letters, of any alphabet.",
        [("lower(\"Praha\")", "praha"), ("lower(\"МОСКВА\")", "москва")]
    ) { call in
        call.result(.text, mapCase("lower", .lower), [try call.text(0)])
    }

    private static func mapCase(_ name: String, _ mapping: CaseMapping) -> FunctionInstance {
        FunctionInstance(name) { arguments, out, count, context in
            let a = arguments[0].texts
            var scratch = TextScratch()
            var bytes = 0
            let hasNulls = out.hasNulls
            let nulls = out.nulls
            for i in 0..<count where !hasNulls || nulls[i] == 0 { bytes &+= a[i].count }
            // Plain letters take the room that they have; a text with any other is put together by itself.
            var room = out.textRoom(bytes)
            let views = out.texts
            try KernelLoop.texts(out, count, context) { i in
                let text = a[i]
                guard let base = text.base, text.count > 0 else { return views[i] = .empty }
                if mapping.mapPlain(base, text.count, into: room) {
                    views[i] = TextView(base: room, count: text.count)
                } else {
                    scratch.clear()
                    mapping.append(text, to: &scratch)
                    out.setText(i, scratch.buffer)
                }
                room += text.count
            }
        }
    }

    static let length = ScalarFunction(
        "length(text)", .text, 1...1, "How many characters (Unicode scalars, not bytes) the text has.",
        [("length(\"abc\")", "3"), ("length(\"杭州\")", "2")]
    ) { call in
        let instance = FunctionInstance("length") { arguments, out, count, _ in
            KernelLoop.measures(arguments, out, count) { text, _ in text.characterCount }
        }
        return call.result(.int, instance, [try call.text(0)])
    }

    static let trim = trimmer("trim", "The text without white space at both ends.", start: true, end: true, ("trim(\"  a b \")", "a b"))
    static let trimStart = trimmer(
        "trim_start", "The text without white space at its start.", start: true, end: false, ("length(trim_start(\" ab \"))", "3"))
    static let trimEnd = trimmer(
        "trim_end", "The text without white space at its end.", start: false, end: true, ("length(trim_end(\" ab \"))", "3"))

    private static func trimmer(_ name: String, _ summary: String, start: Bool, end: Bool, _ example: (String, String)) -> ScalarFunction {
        ScalarFunction("\(name)(text)", .text, 1...1, summary, [example]) { call in
            let instance = FunctionInstance(name) { arguments, out, count, context in
                try KernelLoop.slices(arguments, out, count, context) { text, _ in text.trimmed(start: start, end: end) }
            }
            return call.result(.text, instance, [try call.text(0)])
        }
    }

    static let concat = ScalarFunction(
        "concat(a, b, …)", .text, 1...ScalarFunction.argumentsMax,
        "The texts of all arguments, of any type, one after another; a missing one counts as empty.",
        [("concat(\"Q\", 3)", "Q3"), ("concat(\"a\", null, 2026-09)", "a2026-09")]
    ) { call in
        let texts = call.arguments.map { CastFunctions.text(of: $0) }
        let instance = FunctionInstance("concat", strict: false) { arguments, out, count, context in
            var scratch = TextScratch()
            for i in 0..<count {
                scratch.clear()
                for argument in arguments where !argument.isNull(i) { scratch.append(argument.texts[i]) }
                out.setText(i, scratch.buffer)
                if i & 255 == 255 { try context.cancellation.check() }
            }
        }
        return call.result(.text, instance, texts)
    }

    static let replace = ScalarFunction(
        "replace(text, old, new)", .text, 3...3, "The text with every occurrence of old exchanged for new.",
        [("replace(\"a-b-c\", \"-\", \"+\")", "a+b+c")]
    ) { call in
        let instance = FunctionInstance("replace") { arguments, out, count, context in
            let a = arguments[0].texts
            let old = arguments[1].texts
            let new = arguments[2].texts
            var scratch = TextScratch()
            try KernelLoop.texts(out, count, context) { i in
                scratch.clear()
                replaceAll(a[i], old[i], new[i], into: &scratch)
                out.setText(i, scratch.buffer)
            }
        }
        return call.result(.text, instance, [try call.text(0), try call.text(1), try call.text(2)])
    }

    private static func replaceAll(_ text: TextView, _ old: TextView, _ new: TextView, into out: inout TextScratch) {
        guard old.count > 0 else { return out.append(text) }
        var at = 0
        while let hit = text.find(old, from: at) {
            out.append(text.slice(at, hit))
            out.append(new)
            at = hit + old.count
        }
        out.append(text.slice(at, text.count))
    }
}
