/// One key column of the rows at hand, in whatever form its rows have on their way into a table or out of it.
enum KeyPart {
    case integers(UnsafePointer<Int64>, nulls: UnsafePointer<UInt8>?)
    case doubles(UnsafePointer<Double>, nulls: UnsafePointer<UInt8>?)
    case codes(UnsafePointer<Int64>, DictionaryBuilder, nulls: UnsafePointer<UInt8>?)
    case shortCodes(UnsafePointer<UInt32>, DictionaryBuilder, nulls: UnsafePointer<UInt8>?)
    /// Texts laid end to end, as in a ``TextChunk``.
    case texts(UnsafePointer<UInt8>?, offsets: UnsafePointer<Int>, nulls: UnsafePointer<UInt8>?)
    case views(UnsafePointer<TextView>, nulls: UnsafePointer<UInt8>?)

    var nulls: UnsafePointer<UInt8>? {
        switch self {
        case .integers(_, let nulls), .doubles(_, let nulls), .codes(_, _, let nulls), .shortCodes(_, _, let nulls),
            .texts(_, _, let nulls), .views(_, let nulls):
            nulls
        }
    }

    @inline(__always)
    func isNull(_ i: Int) -> Bool { nulls.map { $0[i] != 0 } ?? false }

    /// The text of row `i` of a text column.
    @inline(__always)
    func text(_ i: Int) -> TextView {
        switch self {
        case .codes(let codes, let builder, _): return builder.text(UInt32(truncatingIfNeeded: codes[i]))
        case .shortCodes(let codes, let builder, _): return builder.text(codes[i])
        case .texts(let bytes, let offsets, _):
            let start = offsets[i]
            return TextView(base: bytes.map { $0 + start }, count: offsets[i &+ 1] &- start)
        case .views(let views, _): return views[i]
        case .integers, .doubles: preconditionFailure("a number is no text")
        }
    }

    /// Adds row `i` to a key of several columns: eight bytes of a number, or the length and the bytes of a text.
    func append(_ i: Int, to out: RawBuffer) {
        switch self {
        case .integers(let values, _): out.append(values[i])
        // Minus zero equals zero but has other bits.
        case .doubles(let values, _): out.append((values[i] + 0).bitPattern)
        case .codes, .shortCodes, .texts, .views:
            let view = text(i)
            out.append(UInt32(view.count))
            out.append(UnsafeRawBufferPointer(view.buffer))
        }
    }
}
