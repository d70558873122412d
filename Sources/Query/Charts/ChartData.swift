import Storage

/// Gathers what a chart needs of an answer's rows. It holds few of many: bars beyond ``barsMax`` are counted, and long lines are thinned in
/// such a way that every high and low stays.
struct ChartData {
    struct Bar {
        var label: String
        var series: String?
        var number: Double?
        /// Exact, as a table shows it.
        var text: String
    }

    /// A value along a heat map's side.
    struct Key: Hashable {
        var text: String
        /// What it is ordered by; texts keep the order they come in.
        var place: Double
    }

    struct Series {
        var name: String
        var samples = LineSamples()
        var points: [LineSamples.Point] { samples.points }
    }

    static let barsMax = 100
    static let seriesMax = 8
    static let sideMax = 400
    static let namesMax = 10_000

    let spec: ChartSpec
    let columns: [ResultColumn]
    private(set) var rowsFound = 0
    /// Rows of which nothing is drawn.
    private(set) var rowsLeft = 0
    private(set) var bars: [Bar] = []
    private(set) var series: [Series] = []
    private var seriesPlaces: [String: Int] = [:]
    /// Of lines along names.
    private(set) var names: [String] = []
    private var namePlaces: [String: Int] = [:]
    private(set) var rowKeys: [Key] = []
    private(set) var columnKeys: [Key] = []
    private var rowPlaces: [Key: Int] = [:]
    private var columnPlaces: [Key: Int] = [:]
    private(set) var cells: [SIMD2<Int>: Double] = [:]
    private(set) var seriesLeft: Set<String> = []
    /// Whether all values are shares of a whole, as far as numbers can tell: quotients from 0 to 1.
    private var sharesOnly: [Bool]
    private var alongIsShare = true

    init(_ spec: ChartSpec, _ columns: [ResultColumn]) {
        self.spec = spec
        self.columns = columns
        sharesOnly = spec.values.map { columns[$0].type.scale >= 6 }
        if spec.kind == .line, spec.series == nil { series = spec.values.map { Series(name: columns[$0].name) } }
    }

    var axis: ChartAxis { spec.along.map { ChartAxis(columns[$0].type) } ?? .numbers }
    var valuesAreShares: Bool { rowsFound > 0 && !sharesOnly.isEmpty && !sharesOnly.contains(false) }
    var alongAreShares: Bool { alongIsShare && (spec.along.map { columns[$0].type.scale >= 6 } ?? false) }

    mutating func add(_ batch: ResultBatch) {
        let all = BatchColumn.columns(of: batch, types: columns)
        for row in 0..<batch.rowCount {
            rowsFound += 1
            switch spec.kind {
            case .bar, .histogram: addBars(all, row)
            case .line: addPoints(all, row)
            case .heatmap: addCell(all, row)
            }
        }
    }

    private mutating func number(_ value: Int, _ columns: [BatchColumn], _ row: Int) -> Double? {
        let number = columns[spec.values[value]].number(row)
        if let number, number < 0 || number > 1 { sharesOnly[value] = false }
        return number
    }

    private mutating func addBars(_ columns: [BatchColumn], _ row: Int) {
        guard bars.count + spec.values.count <= max(ChartData.barsMax, spec.values.count) else {
            rowsLeft += 1
            return
        }
        var label = spec.along.map { columns[$0].shown(row) } ?? ""
        if let upper = spec.upper { label = "\(ChartData.plainEdge(label)) … \(ChartData.plainEdge(columns[upper].shown(row)))" }
        let series = spec.series.map { columns[$0].shown(row) }
        for (place, column) in spec.values.enumerated() {
            let name = spec.values.count > 1 ? self.columns[column].name : series
            bars.append(
                Bar(label: label, series: name, number: number(place, columns, row), text: columns[column].shown(row)))
        }
    }

    /// Edges are round: `5,000.00` is 5,000.
    private static func plainEdge(_ text: String) -> String {
        guard let point = text.lastIndex(of: "."), text[text.index(after: point)...].allSatisfy({ $0 == "0" }) else { return text }
        return String(text[..<point])
    }

    private mutating func addPoints(_ columns: [BatchColumn], _ row: Int) {
        let x: Double
        if let along = spec.along {
            switch axis {
            case .numbers, .time:
                guard let number = columns[along].number(row) else {
                    rowsLeft += 1
                    return
                }
                x = number
                if x < 0 || x > 1 { alongIsShare = false }
            case .names:
                let name = columns[along].shown(row)
                if namePlaces[name] == nil {
                    guard names.count < ChartData.namesMax else {
                        rowsLeft += 1
                        return
                    }
                    namePlaces[name] = names.count
                    names.append(name)
                }
                x = Double(namePlaces[name] ?? 0)
            }
        } else {
            x = Double(rowsFound)
        }
        if let by = spec.series {
            let name = columns[by].shown(row)
            if seriesPlaces[name] == nil {
                guard series.count < ChartData.seriesMax else {
                    rowsLeft += 1
                    seriesLeft.insert(name)
                    return
                }
                seriesPlaces[name] = series.count
                series.append(Series(name: name))
            }
            add((x, number(0, columns, row)), to: seriesPlaces[name] ?? 0)
        } else {
            for place in spec.values.indices { add((x, number(place, columns, row)), to: place) }
        }
    }

    private mutating func add(_ point: (x: Double, y: Double?), to place: Int) {
        series[place].samples.add(point)
    }

    /// Of every four points the lowest and the highest, in their order: half as many, and no peak is lost.
    static func thinned(_ points: [(x: Double, y: Double?)]) -> [(x: Double, y: Double?)] {
        var kept: [(x: Double, y: Double?)] = []
        kept.reserveCapacity(points.count / 2 + 4)
        var at = 0
        while at < points.count {
            // A gap counts only where the four points are nothing else.
            var (low, high) = (at, at)
            for index in at..<min(at + 4, points.count) {
                guard let y = points[index].y else { continue }
                if points[low].y.map({ y < $0 }) ?? true { low = index }
                if points[high].y.map({ y > $0 }) ?? true { high = index }
            }
            kept.append(points[min(low, high)])
            if low != high { kept.append(points[max(low, high)]) }
            at += 4
        }
        // Both ends of the line stay where they are.
        if let first = points.first, kept.first?.x != first.x { kept.insert(first, at: 0) }
        if let last = points.last, kept.last?.x != last.x { kept.append(last) }
        return kept
    }

    private mutating func addCell(_ columns: [BatchColumn], _ row: Int) {
        guard let along = spec.along, let across = spec.series else { return }
        func key(_ column: BatchColumn) -> Key { Key(text: column.shown(row), place: column.number(row) ?? .infinity) }
        let (rowKey, columnKey) = (key(columns[along]), key(columns[across]))
        guard rowPlaces[rowKey] != nil || rowKeys.count < ChartData.sideMax,
            columnPlaces[columnKey] != nil || columnKeys.count < ChartData.sideMax
        else {
            rowsLeft += 1
            return
        }
        if rowPlaces[rowKey] == nil {
            rowPlaces[rowKey] = rowKeys.count
            rowKeys.append(rowKey)
        }
        if columnPlaces[columnKey] == nil {
            columnPlaces[columnKey] = columnKeys.count
            columnKeys.append(columnKey)
        }
        guard let value = number(0, columns, row), let down = rowPlaces[rowKey], let right = columnPlaces[columnKey] else { return }
        cells[SIMD2(down, right)] = value
    }

    /// Places of a heat map's columns in the order in which they are drawn: numbers and times rise, texts stand as they came.
    var columnOrder: [Int] {
        guard let across = spec.series else { return [] }
        switch columns[across].type {
        case .text: return Array(columnKeys.indices)
        case .bool, .int, .decimal, .float, .date, .timestamp, .week, .month, .quarter, .year, .duration:
            return columnKeys.indices.sorted { (columnKeys[$0].place, $0) < (columnKeys[$1].place, $1) }
        }
    }

    /// What no drawing shows, as sentences.
    var notes: [String] {
        var notes: [String] = []
        if !spec.undrawn.isEmpty {
            notes.append(
                "not drawn: \(spec.undrawn.joined(separator: ", ")); `\(spec.kind.rawValue) \(spec.undrawn[0])` draws it")
        }
        switch spec.kind {
        case .bar, .histogram:
            if rowsLeft > 0 {
                let value = spec.values.first.map { columns[$0].name } ?? "x"
                notes.append(
                    "the first \(CellText.grouped(rowsFound - rowsLeft)) of \(CellText.grouped(rowsFound)) rows are drawn; `top 20 by \(value)` before it picks the largest"
                )
            }
        case .line:
            if !seriesLeft.isEmpty {
                notes.append(
                    "\(series.count) of \(CellText.grouped(series.count + seriesLeft.count)) lines are drawn; `where` before it chooses others"
                )
            } else if rowsLeft > 0 {
                notes.append("\(CellText.grouped(rowsLeft)) row\(rowsLeft == 1 ? "" : "s") without a place along the line")
            }
            let (kept, found) = series.reduce((0, 0)) { ($0.0 + $1.points.count, $0.1 + $1.samples.found) }
            if kept < found {
                notes.append("\(CellText.grouped(found)) points are thinned, so that all highs and lows are drawn")
            }
        case .heatmap:
            if rowsLeft > 0 {
                notes.append(
                    "\(CellText.grouped(rowsLeft)) of \(CellText.grouped(rowsFound)) rows are not drawn: the map has \(ChartData.sideMax) a side"
                )
            }
        }
        return notes
    }
}

extension BatchColumn {
    /// A number, a place in time, or nil where the cell is null or has no place.
    func number(_ row: Int) -> Double? {
        if isNull(row) { return nil }
        switch kind {
        case .double: return double(row)
        case .decimal: return Double(integer(row)) / Double(Decimals.power(scale))
        case .bool, .int, .date, .timestamp, .span: return Double(integer(row))
        case .text: return nil
        }
    }

    /// The cell as a person reads it: safe for a terminal, thousands grouped, a sign for null.
    func shown(_ row: Int) -> String {
        if isNull(row) { return CellStore.nullSign }
        var out: [UInt8] = []
        if kind == .text {
            TerminalText.append(text(row).buffer, to: &out)
        } else {
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: CellText.cellBytesMax) { scratch in
                let base = scratch.baseAddress!
                let plain = UnsafeBufferPointer(start: base, count: writePlain(row, to: base) - base)
                if type.isNumeric { CellStore.appendGrouped(plain, to: &out) } else { out.append(contentsOf: plain) }
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
