import Storage

extension TextFunctions {
    /// Takes the text that `list` makes, so that any order and any number of values can be asked for.
    static let sparkline = ScalarFunction(
        "sparkline(list)", .text, 1...1,
        "Numbers in a text, as `list(x, n by d)` writes them, as a line of blocks from the smallest to the largest; what is no number is a gap.",
        [("sparkline(\"1, 5, 2.5, 9\")", "▁▅▂█"), ("sparkline(\"3, ?, 4\")", "▁ █")]
    ) { call in
        let instance = FunctionInstance("sparkline") { arguments, out, count, context in
            let a = arguments[0].texts
            try KernelLoop.texts(out, count, context) { i in
                var bytes = Array(Sparkline.text(numbers(in: a[i].string)).utf8)
                bytes.withUnsafeMutableBufferPointer { out.setText(i, UnsafeBufferPointer($0)) }
            }
        }
        return call.result(.text, instance, [try call.text(0)])
    }

    private static func numbers(in list: String) -> [Double?] {
        var parts = list.split(separator: ",", omittingEmptySubsequences: false).map { $0.drop { $0 == " " } }
        // The mark of a list that goes on is no value.
        if parts.last?.hasSuffix("…") == true || parts.last?.isEmpty == true { parts.removeLast() }
        return parts.map { part in Double(part).flatMap { $0.isFinite ? $0 : nil } }
    }
}
