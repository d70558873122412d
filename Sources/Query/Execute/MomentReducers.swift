import Storage

/// Statistics of one or two columns of floats, from sums without rounding: equal for any order of the rows.
final class MomentReducer: GroupReducer {
    enum Statistic {
        /// Sample variance: squares over n - 1.
        case variance
        case standardDeviation
        /// Pearson's.
        case correlation
        /// Of the least-squares line of y (first argument) over x (second).
        case slope
        /// Sum of x times w over sum of w.
        case weightedAverage
    }
    private let statistic: Statistic
    private let x = ExactSum()
    private let y = ExactSum()
    private let xx = ExactSum()
    private let yy = ExactSum()
    private let xy = ExactSum()

    init(_ statistic: Statistic) { self.statistic = statistic }

    override func makeCopy() -> GroupReducer { MomentReducer(statistic) }

    override func reduce(_ rows: UnsafeBufferPointer<UInt32>, _ arguments: [ColumnBuffer], into out: ColumnBuffer) throws {
        let n = Double(rows.count)
        for sum in [x, y, xx, yy, xy] { sum.reset() }
        let first = arguments[0].doubles
        let second = arguments.count > 1 ? arguments[1].doubles : first
        // Moments about the smallest value, so that squares of large numbers do not drown their differences; the smallest because it does
        // not depend on the order of the rows.
        var shiftX = 0.0
        var shiftY = 0.0
        if statistic != .weightedAverage, !rows.isEmpty {
            shiftX = rows.reduce(Double.infinity) { min($0, first[Int($1)]) }
            shiftY = rows.reduce(Double.infinity) { min($0, second[Int($1)]) }
        }
        let isPair = arguments.count > 1
        for place in rows {
            let row = Int(place)
            let a = first[row] - shiftX
            x.add(a)
            xx.addProduct(a, a)
            if isPair {
                let b = second[row] - shiftY
                y.add(b)
                yy.addProduct(b, b)
                xy.addProduct(a, b)
            }
        }
        guard let answer = statistic == .weightedAverage ? weighted() : answer(n), answer.isFinite else { return out.appendNull() }
        out.append(double: answer)
    }

    private func weighted() -> Double? {
        guard let products = xy.value, let weights = y.value, weights != 0 else { return nil }
        return products / weights
    }

    private func answer(_ n: Double) -> Double? {
        guard n > 1, let x = x.value, let y = y.value, let xx = xx.value, let yy = yy.value, let xy = xy.value else { return nil }
        let sxx = max(xx - x / n * x, 0)
        let syy = max(yy - y / n * y, 0)
        let sxy = xy - x / n * y
        switch statistic {
        case .variance: return sxx / (n - 1)
        case .standardDeviation: return (sxx / (n - 1)).squareRoot()
        case .correlation: return sxx > 0 && syy > 0 ? min(max(sxy / (sxx * syy).squareRoot(), -1), 1) : nil
        case .slope: return syy > 0 ? sxy / syy : nil
        case .weightedAverage: preconditionFailure("handled before")
        }
    }
}
