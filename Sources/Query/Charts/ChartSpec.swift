import Storage

/// How the rows of an answer are best looked at. Whoever writes for programs takes the rows as they are.
public enum Presentation: Sendable {
    case chart(ChartSpec)
    /// The rows of `profile`, one for each column.
    case profile
}

/// What is drawn of an answer: which columns play which role. A chart is a way to show rows, so the rows are the same without it.
public struct ChartSpec: Sendable {
    public enum Kind: String, Sendable, CaseIterable { case bar, line, histogram, heatmap }

    public var kind: Kind
    /// As the stage gave it; nil: it is made of the columns' names.
    public var title: String?
    /// What the values are counted in.
    public var unit: String?
    /// Places of columns in the answer. Along the chart: a bar's label, a line's x, a histogram's lower bounds, a heat map's rows.
    var along: Int?
    /// What tells series apart; a heat map's columns.
    var series: Int?
    var values: [Int]
    /// A histogram's upper bounds.
    var upper: Int?
    /// Columns of numbers that nothing is drawn of, because the rows did not say which is meant.
    var undrawn: [String] = []

    init(kind: Kind, along: Int?, series: Int?, values: [Int]) {
        self.kind = kind
        self.along = along
        self.series = series
        self.values = values
    }

    /// `sum_amount by branch`, with the unit behind the values.
    func heading(_ columns: [ResultColumn]) -> String {
        if let title { return title }
        let measures = values.map { columns[$0].name }.joined(separator: ", ") + (unit.map { " (\($0))" } ?? "")
        let keys = [along, series].compactMap { $0 }.map { columns[$0].name }
        switch kind {
        case .histogram:
            let name = along.map { columns[$0].name } ?? ""
            let plain = upper != nil && name.hasSuffix("_from") ? String(name.dropLast(5)) : name
            let by = series.map { " by \(columns[$0].name)" } ?? ""
            return "\(plain)\(unit.map { " (\($0))" } ?? ""): rows in each range\(by)"
        case .bar, .line, .heatmap: return keys.isEmpty ? measures : "\(measures) by \(keys.joined(separator: ", "))"
        }
    }
}
