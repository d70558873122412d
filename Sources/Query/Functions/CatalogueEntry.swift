/// What the catalogues of stages, aggregates and windows say about an entry: help, completion, the reference and the example tests
/// are read from it.
struct CatalogueEntry: Sendable {
    /// A query over the small bank of `Tests/Golden/data` and its answer as csv.
    struct Example: Sendable {
        let query: String
        let answer: String
        init(_ query: String, _ answer: String) {
            self.query = query
            self.answer = answer
        }
    }

    let name: String
    /// `quantile(x, share)`
    let signature: String
    /// One sentence.
    let summary: String
    let example: Example

    /// As `.help NAME` shows it.
    var help: String {
        "\(signature)\n  \(summary)\n  example: \(example.query)\n" + example.answer.split(separator: "\n").map { "    \($0)\n" }.joined()
    }
}
