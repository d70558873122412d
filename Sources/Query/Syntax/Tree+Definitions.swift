import Storage

/// A name of the vocabulary with what it stands for.
public struct Definition: Sendable {
    public var name: Name
    public var body: Body

    public indirect enum Body: Sendable {
        /// `segment vip on customers = balance > 1m`
        case segment(on: Name, Expression)
        /// `metric spend(window: 90d) on customers = sum(transactions.amount where date in last window)`
        case metric([Parameter], on: Name, Expression)
        /// `verb pareto(x) = derive v: x | …`
        case verb([Parameter], [Stage])
        /// `query rich = from customers | where balance > 1m`
        case query(Query)
        /// `let floor = 1m`
        case `let`(Expression)
        /// `param month: month = 2026-09 in [..]`
        case param(LogicalType, defaultValue: Expression?, allowed: Expression?)
    }

    /// What a metric or a verb is given: `x`, `k: 5`.
    public struct Parameter: Sendable {
        public var name: Name
        public var defaultValue: Expression?
    }

    public enum Kind: String, Sendable, CaseIterable {
        case segment, metric, verb, query
        case `let`
        case param

        /// Read as `@name`, in a space of names of their own.
        var isMarked: Bool { self == .let || self == .param }
    }

    public var kind: Kind {
        switch body {
        case .segment: .segment
        case .metric: .metric
        case .verb: .verb
        case .query: .query
        case .let: .let
        case .param: .param
        }
    }

    /// The table whose rows a segment or a metric is about.
    public var table: Name? {
        switch body {
        case .segment(let table, _), .metric(_, let table, _): table
        case .verb, .query, .let, .param: nil
        }
    }

    public var parameters: [Parameter] {
        switch body {
        case .metric(let parameters, _, _), .verb(let parameters, _): parameters
        case .segment, .query, .let, .param: []
        }
    }
}

/// What a statement does with the vocabulary.
public indirect enum VocabularyStatement: Sendable {
    /// `saved`: with `save` before it, so that it is kept with the data.
    case define(Definition, saved: Bool)
    case drop(Definition.Kind, Name)
    case rename(Definition.Kind, Name, to: Name)
    /// `show vip`, `show @month`, `show segments`
    case show(Name, isMarked: Bool)
    /// `snapshot vip at 2026-08-31`
    case snapshot(Name, at: Expression?)
    /// `run "monthly.crmq" with month = 2026-10 against "monthly.last"`; the span is the file's.
    case run(String, SourceSpan, with: [NamedExpression], against: String?)
}
