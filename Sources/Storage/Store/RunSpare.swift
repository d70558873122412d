/// Memory in which one column of a run is put in order: its values go to their places a partition each, then are picked in the
/// partition's own order, a block at a time. Each thread takes one.
final class RunSpare {
    private let values: UnsafeMutablePointer<Int64>
    private let nulls: UnsafeMutablePointer<UInt8>
    private let block = UnsafeMutablePointer<Int64>.allocate(capacity: SegmentFormat.rowsPerBlock)
    private let blockNulls = UnsafeMutablePointer<UInt8>.allocate(capacity: SegmentFormat.rowsPerBlock)

    typealias Body = (_ values: UnsafePointer<Int64>, _ nulls: UnsafePointer<UInt8>?, _ rows: Int) throws -> Void

    init(capacity: Int) {
        values = .allocate(capacity: capacity)
        nulls = .allocate(capacity: capacity)
    }

    deinit {
        values.deallocate()
        nulls.deallocate()
        block.deallocate()
        blockNulls.deallocate()
    }

    /// Values of eight bytes.
    func write(_ source: UnsafePointer<Int64>, nulls flags: UnsafePointer<UInt8>?, rows: Int, _ order: RunOrder?, _ body: Body) throws {
        guard let order else {
            return try inBlocks(rows, flags) { at, n in
                block.update(from: source + at, count: n)
            } body: {
                try body($0, $1, $2)
            }
        }
        for i in 0..<rows { values[Int(order.places[i])] = source[i] }
        try write(values, flags, rows, order, body)
    }

    /// Codes of four bytes, which come out as eight.
    func write(_ source: UnsafePointer<UInt32>, nulls flags: UnsafePointer<UInt8>?, rows: Int, _ order: RunOrder?, _ body: Body) throws {
        guard let order else {
            return try inBlocks(rows, flags) { at, n in
                for i in 0..<n { block[i] = Int64(source[at &+ i]) }
            } body: {
                try body($0, $1, $2)
            }
        }
        let codes = UnsafeMutableRawPointer(values).assumingMemoryBound(to: UInt32.self)
        for i in 0..<rows { codes[Int(order.places[i])] = source[i] }
        try placeNulls(flags, rows, order)
        try inBlocks(rows, flags, order) { at, n in
            for i in 0..<n { block[i] = Int64(codes[Int(order.picks[at &+ i])]) }
        } body: {
            try body($0, $1, $2)
        }
    }

    /// The numbers of the rows themselves, as they came.
    func writeRowNumbers(nulls flags: UnsafePointer<UInt8>?, rows: Int, _ order: RunOrder?, _ body: Body) throws {
        guard let order else {
            return try inBlocks(rows, flags) { at, n in
                for i in 0..<n { block[i] = Int64(at &+ i) }
            } body: {
                try body($0, $1, $2)
            }
        }
        for i in 0..<rows { values[Int(order.places[i])] = Int64(i) }
        try write(values, flags, rows, order, body)
    }

    /// Values that are in their places.
    private func write(
        _ placed: UnsafePointer<Int64>, _ flags: UnsafePointer<UInt8>?, _ rows: Int, _ order: RunOrder, _ body: Body
    ) throws {
        try placeNulls(flags, rows, order)
        try inBlocks(rows, flags, order) { at, n in
            for i in 0..<n { block[i] = placed[Int(order.picks[at &+ i])] }
        } body: {
            try body($0, $1, $2)
        }
    }

    private func placeNulls(_ flags: UnsafePointer<UInt8>?, _ rows: Int, _ order: RunOrder) throws {
        guard let flags else { return }
        for i in 0..<rows { nulls[Int(order.places[i])] = flags[i] }
    }

    private func inBlocks(
        _ rows: Int, _ flags: UnsafePointer<UInt8>?, _ order: RunOrder? = nil, fill: (_ at: Int, _ rows: Int) -> Void, body: Body
    ) throws {
        var at = 0
        while at < rows {
            let n = min(SegmentFormat.rowsPerBlock, rows - at)
            fill(at, n)
            if let flags {
                if let order {
                    for i in 0..<n { blockNulls[i] = nulls[Int(order.picks[at &+ i])] }
                } else {
                    blockNulls.update(from: flags + at, count: n)
                }
            }
            try body(UnsafePointer(block), flags == nil ? nil : UnsafePointer(blockNulls), n)
            at += n
        }
    }
}
