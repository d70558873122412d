/// The typed loops: views of a column's fields in, a ``ColumnChunk`` out.
enum ColumnLoop {
    /// Rows of the column that did not fit; their cells hold nothing of meaning.
    struct Outcome {
        var chunk: ColumnChunk
        var misfits: [Int]
    }

    /// Cells of a type held as 64 bits. With `stopsAtMisfit` the first misfit ends the loop.
    @inline(__always)
    static func words<P: CellParser>(
        _ views: FieldViews, rows: Int, parser: inout P, stopsAtMisfit: Bool, refusesStrings: Bool, asDoubles: Bool = false
    ) -> Outcome {
        var misfits: [Int] = []
        var nullCount = 0
        var local = parser
        let starts = views.starts
        let lengths = views.lengths
        let nulls = views.nulls
        let isString = views.isString
        func fill(_ out: UnsafeMutablePointer<Int64>) {
            for row in 0..<rows {
                let length = Int(lengths[row])
                guard length > 0 else {
                    nulls[row] = 1
                    nullCount &+= 1
                    out[row] = 0
                    continue
                }
                nulls[row] = 0
                if !(refusesStrings && isString[row] != 0) {
                    if local.parse(starts[row], length, out + row) { continue }
                    let (trimmed, rest) = Blanks.trimmed(starts[row], length)
                    if rest > 0, rest < length, local.parse(trimmed, rest, out + row) { continue }
                }
                misfits.append(row)
                out[row] = 0
                if stopsAtMisfit { return }
            }
        }
        let values: ColumnChunk.Values
        if asDoubles {
            values = .doubles(
                [Double](unsafeUninitializedCapacity: rows) { buffer, count in
                    count = rows
                    buffer.initialize(repeating: 0)
                    guard let base = buffer.baseAddress else { return }
                    base.withMemoryRebound(to: Int64.self, capacity: rows) { fill($0) }
                })
        } else {
            values = .integers(
                [Int64](unsafeUninitializedCapacity: rows) { buffer, count in
                    count = rows
                    guard let base = buffer.baseAddress else { return }
                    fill(base)
                    if stopsAtMisfit, !misfits.isEmpty { buffer.update(repeating: 0) }
                })
        }
        parser = local
        let nullBytes = nullCount > 0 && misfits.isEmpty ? Array(UnsafeBufferPointer(start: nulls, count: rows)) : []
        return Outcome(chunk: ColumnChunk(values: values, nulls: nullBytes), misfits: misfits)
    }

    /// Texts laid end to end; short ones are copied by sixteen bytes whatever their length, over the slack that both sides keep.
    static func texts(_ views: FieldViews, rows: Int) -> ColumnChunk {
        let starts = views.starts
        let lengths = views.lengths
        let nulls = views.nulls
        var total = 0
        var nullCount = 0
        var chunk = TextChunk()
        chunk.offsets = [Int](unsafeUninitializedCapacity: rows + 1) { buffer, count in
            count = rows + 1
            guard let offsets = buffer.baseAddress else { return }
            offsets[0] = 0
            for row in 0..<rows {
                let length = Int(lengths[row])
                let isNull = length < 0
                nulls[row] = isNull ? 1 : 0
                nullCount &+= isNull ? 1 : 0
                total &+= isNull ? 0 : length
                offsets[row &+ 1] = total
            }
        }
        chunk.bytes = [UInt8](unsafeUninitializedCapacity: total + 32) { buffer, count in
            count = total
            guard let base = buffer.baseAddress else { return }
            var out = UnsafeMutableRawPointer(base)
            for row in 0..<rows {
                let length = Int(lengths[row])
                guard length > 0 else { continue }
                let source = UnsafeRawPointer(starts[row])
                if length <= 16 {
                    out.storeBytes(of: source.loadUnaligned(as: SIMD16<UInt8>.self), as: SIMD16<UInt8>.self)
                } else if length <= 32 {
                    out.storeBytes(of: source.loadUnaligned(as: SIMD32<UInt8>.self), as: SIMD32<UInt8>.self)
                } else {
                    out.copyMemory(from: source, byteCount: length)
                }
                out += length
            }
        }
        return ColumnChunk(
            values: .text(chunk), nulls: nullCount > 0 ? Array(UnsafeBufferPointer(start: nulls, count: rows)) : [])
    }
}
