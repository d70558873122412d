import Storage

/// `+` and `-` where a date, a timestamp, a span or a duration takes part.
enum TemporalArithmetic {
    /// nil: neither side is temporal.
    static func resolve(_ operation: BinaryOperator, _ a: Bound, _ b: Bound, span: SourceSpan) throws -> Bound? { nil }
}
