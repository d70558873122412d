/// Permanent codes 0... of a text column; the views live as long as the dictionary does.
public final class TextDictionary: @unchecked Sendable {
    let views: UnsafeMutablePointer<TextView>
    public let count: Int
    /// What owns the bytes that the views point to.
    let keepers: [AnyObject]
    private let mutex = Mutex()
    private var table: TextTable?
    private var rankBuffer: UnsafeMutableBufferPointer<UInt32>?

    /// Takes over `views`, initialised memory of `count` entries.
    init(owning views: UnsafeMutablePointer<TextView>, count: Int, keepers: [AnyObject]) {
        self.views = views
        self.count = count
        self.keepers = keepers
    }

    public convenience init(_ texts: [String]) {
        var chunk = TextChunk()
        for text in texts { chunk.append(text) }
        self.init(bytes: chunk.bytes, offsets: chunk.offsets)
    }

    /// Texts laid end to end: text `i` is `bytes[offsets[i] ..< offsets[i + 1]]`. The bytes are copied.
    public convenience init(bytes: [UInt8], offsets: [Int]) {
        let count = max(0, offsets.count - 1)
        let arena = RawBuffer(capacity: bytes.count)
        bytes.withUnsafeBytes { arena.append($0) }
        let views = UnsafeMutablePointer<TextView>.allocate(capacity: max(1, count))
        let start = UnsafePointer(arena.base.assumingMemoryBound(to: UInt8.self))
        for i in 0..<count {
            precondition(offsets[i] >= 0 && offsets[i] <= offsets[i + 1] && offsets[i + 1] <= bytes.count)
            (views + i).initialize(to: TextView(base: start + offsets[i], count: offsets[i + 1] - offsets[i]))
        }
        self.init(owning: views, count: count, keepers: [arena])
    }

    /// Views of bytes that `keepers` own.
    public convenience init(views source: UnsafeBufferPointer<TextView>, keepers: [AnyObject]) {
        let views = UnsafeMutablePointer<TextView>.allocate(capacity: max(1, source.count))
        if let start = source.baseAddress { views.initialize(from: start, count: source.count) }
        self.init(owning: views, count: source.count, keepers: keepers)
    }

    deinit {
        views.deallocate()
        table?.free()
        rankBuffer?.deallocate()
    }

    @inline(__always)
    public subscript(code: UInt32) -> TextView {
        precondition(Int(code) < count, "a code beyond the dictionary")
        return views[Int(code)]
    }

    /// All entries in the order of their codes.
    public var entries: UnsafeBufferPointer<TextView> { UnsafeBufferPointer(start: views, count: count) }

    /// The code of a text, or nil. The first call builds a table of all entries.
    public func code(of text: TextView) -> UInt32? {
        lookupTable().find(text.base, text.count, hash: TextTable.hash(text.base, text.count), views: views)
    }

    func lookupTable() -> TextTable {
        mutex.locked {
            if let table { return table }
            var made = TextTable(capacity: count)
            for i in 0..<count {
                let view = views[i]
                let hash = TextTable.hash(view.base, view.count)
                // Derived dictionaries may hold a text twice: the first code stands for it.
                if made.find(view.base, view.count, hash: hash, views: views) == nil { made.insert(UInt32(i), hash: hash, views: views) }
            }
            table = made
            return made
        }
    }

    /// Place of each code in code-point order, computed at the first call, thread safe. Equal texts share a place.
    public var ranks: UnsafeBufferPointer<UInt32> {
        mutex.locked {
            if let rankBuffer { return UnsafeBufferPointer(rebasing: rankBuffer[0..<count]) }
            let made = UnsafeMutableBufferPointer<UInt32>.allocate(capacity: max(1, count))
            made.initialize(repeating: 0)
            let order = TextOrder.sorted(views, count: count)
            var rank: UInt32 = 0
            for i in 0..<count {
                if i > 0, !(views[Int(order[i])] == views[Int(order[i - 1])]) { rank = UInt32(i) }
                made[Int(order[i])] = rank
            }
            rankBuffer = made
            return UnsafeBufferPointer(rebasing: made[0..<count])
        }
    }
}

/// Sorting many texts: most comparisons are settled by the first eight bytes, held as one number.
enum TextOrder {
    private struct Item {
        var prefix: UInt64
        var index: UInt32
    }

    /// Numbers of the views in code-point order; equal texts in the order of their numbers.
    static func sorted(_ views: UnsafePointer<TextView>, count: Int) -> [UInt32] {
        var items = (0..<count).map { Item(prefix: prefix(views[$0]), index: UInt32($0)) }
        items.sort { a, b in
            if a.prefix != b.prefix { return a.prefix < b.prefix }
            let order = TextView.compare(views[Int(a.index)], views[Int(b.index)])
            return order != 0 ? order < 0 : a.index < b.index
        }
        return items.map(\.index)
    }

    private static func prefix(_ view: TextView) -> UInt64 {
        guard let base = view.base else { return 0 }
        if view.count >= 8 { return UnsafeRawPointer(base).loadUnaligned(as: UInt64.self).bigEndian }
        var value: UInt64 = 0
        for i in 0..<view.count { value |= UInt64(base[i]) << UInt64(56 - 8 * i) }
        return value
    }
}
