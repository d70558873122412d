/// Numbers as a line of blocks, one character each: `▁▃█▂`.
enum Sparkline {
    private static let blocks: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// - Parameters:
    ///   - values: nil is a gap.
    ///   - low: what the lowest block stands for; nil: the smallest value.
    static func text(_ values: [Double?], from low: Double? = nil) -> String {
        let known = values.compactMap { $0 }
        guard let smallest = known.min(), let largest = known.max() else { return String(repeating: " ", count: values.count) }
        let from = low ?? smallest
        return String(
            values.map { value -> Character in
                guard let value else { return " " }
                // Nothing and next to nothing are told apart only where nothing is the floor.
                guard largest > from else { return low != nil && value <= from ? "▁" : "▄" }
                return blocks[max(0, min(7, Int(((value - from) / (largest - from) * 7).rounded())))]
            })
    }

    /// Sums of neighbours, so that no more than `most` are left.
    static func merged(_ values: [Double], most: Int) -> [Double?] {
        let size = max(1, (values.count + most - 1) / most)
        return stride(from: 0, to: values.count, by: size).map { values[$0..<min($0 + size, values.count)].reduce(0, +) }
    }
}
