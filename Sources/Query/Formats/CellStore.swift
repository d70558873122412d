import Storage

/// Cells made ready for reading (numbers grouped, text made safe), laid end to end with their widths: what the writers for people keep
/// until they know how wide the columns must be.
struct CellStore {
    private(set) var bytes: [UInt8] = []
    private var ends: [Int] = []
    private var widths: [Int32] = []
    let columnCount: Int

    let nullSign: String

    /// - Parameters:
    ///   - isASCII: the terminal knows no other characters of ours.
    ///   - nullText: what somebody wants to see instead.
    init(columnCount: Int, isASCII: Bool = false, nullText: String? = nil) {
        self.columnCount = columnCount
        nullSign = nullText ?? (isASCII ? "null" : CellStore.nullSign)
    }

    var rowCount: Int { columnCount == 0 ? 0 : ends.count / columnCount }

    /// What stands where there is no value, so that it is not taken for empty text.
    static let nullSign = "∅"

    struct Cell {
        var bytes: Range<Int>
        /// In terminal cells.
        var width: Int
        var isNull: Bool
    }

    func cell(_ row: Int, _ column: Int) -> Cell {
        let index = row * columnCount + column
        let width = Int(widths[index])
        return Cell(bytes: (index == 0 ? 0 : ends[index - 1])..<ends[index], width: abs(width), isNull: width < 0)
    }

    func width(_ row: Int, _ column: Int) -> Int {
        abs(Int(widths[row * columnCount + column]))
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        widths.removeAll(keepingCapacity: true)
    }

    mutating func append(_ columns: [BatchColumn], row: Int) {
        for column in columns {
            if column.isNull(row) {
                bytes.append(contentsOf: nullSign.utf8)
                widths.append(Int32(-displayWidth(nullSign)))
            } else if column.kind == .text {
                let width = TerminalText.append(column.text(row).buffer, to: &bytes)
                widths.append(Int32(clamping: width))
            } else {
                let start = bytes.count
                withUnsafeTemporaryAllocation(of: UInt8.self, capacity: CellText.cellBytesMax) { scratch in
                    let base = scratch.baseAddress!
                    let plain = UnsafeBufferPointer(start: base, count: column.writePlain(row, to: base) - base)
                    if column.type.isNumeric { CellStore.appendGrouped(plain, to: &bytes) } else { bytes.append(contentsOf: plain) }
                }
                widths.append(Int32(clamping: bytes.count - start))
            }
            ends.append(bytes.count)
        }
    }

    /// `-1234567.50` as `-1,234,567.50`; an exponent's digits are left alone.
    static func appendGrouped(_ plain: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
        var whole = 0
        var at = 0
        if at < plain.count, plain[at] == UInt8(ascii: "-") {
            out.append(plain[at])
            at += 1
        }
        while at + whole < plain.count, plain[at + whole] >= 0x30, plain[at + whole] <= 0x39 { whole += 1 }
        for index in 0..<whole {
            if index > 0, (whole - index) % 3 == 0 { out.append(UInt8(ascii: ",")) }
            out.append(plain[at + index])
        }
        out.append(contentsOf: UnsafeBufferPointer(rebasing: plain[(at + whole)...]))
    }

    /// The first characters of a cell that fit in `cells`, and how many cells they take.
    func prefix(of cell: Cell, fitting cells: Int) -> (bytes: Range<Int>, width: Int) {
        bytes.withUnsafeBufferPointer { all in
            let text = UnsafeBufferPointer(rebasing: all[cell.bytes])
            var measure = DisplayMeasure()
            var at = 0
            var width = 0
            var end = 0
            while at < text.count, let scalar = TerminalText.decodeScalar(text, &at) {
                measure.add(scalar)
                if measure.cells > cells { break }
                width = measure.cells
                end = at
            }
            return (cell.bytes.lowerBound..<cell.bytes.lowerBound + end, width)
        }
    }
}
