import Storage

/// The loops that kernels are made of. All are inlined into the kernel together with their body, so that nothing is called per row.
enum KernelLoop {
    @inline(__always)
    static func integers(_ arguments: [Vector], _ out: Vector, _ count: Int, _ body: (Int64) -> Int64) {
        let a = arguments[0].integers
        let o = out.integers
        for i in 0..<count { o[i] = body(a[i]) }
    }

    @inline(__always)
    static func integers2(_ arguments: [Vector], _ out: Vector, _ count: Int, _ body: (Int64, Int64) -> Int64) {
        let a = arguments[0].integers
        let b = arguments[1].integers
        let o = out.integers
        for i in 0..<count { o[i] = body(a[i], b[i]) }
    }

    @inline(__always)
    static func doubles(_ arguments: [Vector], _ out: Vector, _ count: Int, _ body: (Double) -> Double) {
        let a = arguments[0].doubles
        let o = out.doubles
        for i in 0..<count { o[i] = body(a[i]) }
    }

    /// Integers where a row may have no answer: the first such row that is not null throws. `body` is asked again for that row
    /// alone, so the fast path keeps one flag. The value of a failed row under a null becomes 0.
    @inline(__always)
    static func checked(
        _ out: Vector, _ count: Int, failure: (Int) -> QueryError, _ body: (Int) -> (value: Int64, failed: Bool)
    ) throws {
        let o = out.integers
        var failures = 0
        for i in 0..<count {
            let (value, failed) = body(i)
            o[i] = failed ? 0 : value
            failures &+= failed ? 1 : 0
        }
        guard failures > 0 else { return }
        for i in 0..<count where !out.isNull(i) && body(i).failed { throw failure(i) }
    }

    /// Doubles where a row may have no finite answer: null, and counted. Zero is never negative.
    @inline(__always)
    static func finite(_ out: Vector, _ count: Int, _ context: EvaluationContext, _ body: (Int) -> Double) {
        let o = out.doubles
        var undefined = 0
        for i in 0..<count {
            let value = body(i) + 0
            o[i] = value
            undefined &+= value.isFinite ? 0 : 1
        }
        guard undefined > 0 else { return }
        for i in 0..<count where !o[i].isFinite {
            o[i] = 0
            guard !out.isNull(i) else { continue }
            context.undefinedResults += 1
            out.setNull(i, of: count)
        }
    }

    /// Texts of a strict function: rows that are null are left out and get an empty view.
    @inline(__always)
    static func texts(_ out: Vector, _ count: Int, _ context: EvaluationContext, _ body: (Int) throws -> Void) throws {
        let views = out.texts
        for i in 0..<count {
            if out.isNull(i) { views[i] = TextView(base: nil, count: 0) } else { try body(i) }
            if i & 255 == 255 { try context.cancellation.check() }
        }
    }

    /// Parts of the first argument's texts, of a strict function: views of the same bytes, so nothing is copied.
    @inline(__always)
    static func slices(
        _ arguments: [Vector], _ out: Vector, _ count: Int, _ context: EvaluationContext, _ body: (TextView, Int) -> TextView
    )
        throws
    {
        let texts = arguments[0].texts
        let views = out.texts
        if out.hasNulls {
            let nulls = out.nulls
            for i in 0..<count { views[i] = nulls[i] != 0 ? TextView(base: nil, count: 0) : body(texts[i], i) }
        } else {
            for i in 0..<count { views[i] = body(texts[i], i) }
        }
        try context.cancellation.check()
    }

    /// Integers of a strict function of a text; 0 under a null.
    @inline(__always)
    static func measures(_ arguments: [Vector], _ out: Vector, _ count: Int, _ body: (TextView, Int) -> Int) {
        let texts = arguments[0].texts
        let o = out.integers
        if out.hasNulls {
            let nulls = out.nulls
            for i in 0..<count { o[i] = nulls[i] != 0 ? 0 : Int64(body(texts[i], i)) }
        } else {
            for i in 0..<count { o[i] = Int64(body(texts[i], i)) }
        }
    }

    /// A condition on texts: false where any of them is missing, never null.
    @inline(__always)
    static func condition(_ arguments: [Vector], _ out: Vector, _ count: Int, _ context: EvaluationContext, _ body: (Int) throws -> Bool)
        throws
    {
        let o = out.mask
        if arguments.contains(where: \.hasNulls) {
            o.update(repeating: 0, count: count)
            for argument in arguments where argument.hasNulls { for i in 0..<count { o[i] |= argument.nulls[i] } }
            for i in 0..<count {
                o[i] = try o[i] == 0 && body(i) ? 1 : 0
                if i & 255 == 255 { try context.cancellation.check() }
            }
        } else {
            for i in 0..<count {
                o[i] = try body(i) ? 1 : 0
                if i & 255 == 255 { try context.cancellation.check() }
            }
        }
    }

    /// A condition on a text and what is looked for in it, which nearly always is a constant: then it is read once.
    @inline(__always)
    static func search(
        _ arguments: [Vector], _ out: Vector, _ count: Int, _ context: EvaluationContext, _ body: (TextView, TextView) -> Bool
    ) throws {
        let texts = arguments[0].texts
        let parts = arguments[1].texts
        if arguments[1].isConstant, count > 0 {
            let part = parts[0]
            try condition(arguments, out, count, context) { body(texts[$0], part) }
        } else {
            try condition(arguments, out, count, context) { body(texts[$0], parts[$0]) }
        }
    }
}
