import Storage

/// What is said of a verb that ships, however it is made.
struct PreludeVerb: Sendable {
    let name: String
    /// `rfm(time, amount, k: 5)`
    let signature: String
    /// One sentence: what it answers.
    let summary: String
    /// Where the definition comes from: a textbook, a paper, a house rule.
    let source: String
    let example: CatalogueEntry.Example
}

extension PreludeVerb {
    /// As `.help NAME` shows it.
    var help: String {
        "\(signature)\n  \(summary)\n  source: \(source)\n  example: \(example.query)\n"
            + example.answer.split(separator: "\n").map { "    \($0)\n" }.joined()
    }
}

/// A verb that ships and has as many named arguments as one likes: its stages are put together from the call, in the language, and read like
/// those of any other verb.
struct PreludeTemplate: Sendable {
    let verb: PreludeVerb
    let make: @Sendable (_ arguments: TemplateArguments) throws -> String

    init(
        name: String, signature: String, summary: String, source: String, example: CatalogueEntry.Example,
        make: @escaping @Sendable (_ arguments: TemplateArguments) throws -> String
    ) {
        verb = PreludeVerb(name: name, signature: signature, summary: summary, source: source, example: example)
        self.make = make
    }

    /// The verb that this call stands for, and what its parameters are given.
    func definition(_ call: Call, at span: SourceSpan, in scope: Scope, _ binder: Binder) throws -> (DefinitionEntry, [String: Expression])
    {
        let arguments = TemplateArguments(call, at: span, in: scope, binder)
        let stages = try make(arguments)
        let parameters = arguments.given.keys.sorted().joined(separator: ", ")
        return (try DefinitionEntry(text: "verb \(verb.name)(\(parameters)) = \(stages)", doc: nil, origin: .shipped), arguments.given)
    }
}

/// What a template is given, and what it has put into its stages.
///
/// An argument never becomes text: the stages name it, and the tree that the caller wrote takes the name's place, so that it keeps its
/// place in the source.
final class TemplateArguments {
    let call: Call
    let span: SourceSpan
    let scope: Scope
    let binder: Binder
    private(set) var given: [String: Expression] = [:]

    init(_ call: Call, at span: SourceSpan, in scope: Scope, _ binder: Binder) {
        self.call = call
        self.span = span
        self.scope = scope
        self.binder = binder
    }

    /// A name that stands for an expression of the caller's.
    func name(of expression: Expression) -> String {
        let name = "_argument\(given.count + 1)"
        given[name] = expression
        return name
    }

    func error(_ message: String, at place: SourceSpan? = nil, hint: String? = nil) -> QueryError {
        QueryError(.type, message, at: place ?? span, hint: hint)
    }

    /// The arguments without a label, in order.
    var plain: [Expression] { call.arguments.filter { $0.label == nil }.map(\.value) }

    /// The arguments with a label, but for those that the verb knows itself.
    func labelled(except known: Set<String> = []) -> [(label: Name, value: Expression)] {
        call.arguments.compactMap { argument in
            argument.label.flatMap { known.contains($0.text) ? nil : ($0, argument.value) }
        }
    }

    func labelled(_ label: String) -> Expression? { call.arguments.first { $0.label?.text == label }?.value }

    /// Labels become columns, so each may stand once.
    func requireDifferent(_ labels: [Name]) throws {
        var seen: Set<String> = []
        for label in labels where !seen.insert(label.text).inserted {
            throw QueryError(.name, "\(label.text) is given twice", at: label.span)
        }
    }
}

extension Prelude {
    static let templates: [String: PreludeTemplate] = Dictionary(uniqueKeysWithValues: allTemplates.map { ($0.verb.name, $0) })
    static let allTemplates: [PreludeTemplate] = [tier, flags, funnelSteps, funnel, contrast]
}

/// Writes names and texts as the language reads them.
enum TemplateText {
    static func name(_ text: String) -> String { Printer.name(text) }
    static func quoted(_ text: String) -> String { Printer.quote(text) }

    /// `if a then 1 else if b then 2`
    static func conditional(_ branches: [(String, String)]) -> String {
        branches.map { "if \($0.0) then \($0.1)" }.joined(separator: " else ")
    }
}
