/// The fields of one column over the rows of a piece, as views of bytes: what every typed loop reads, whatever the file's format.
final class FieldViews {
    private(set) var starts: UnsafeMutablePointer<UnsafePointer<UInt8>>
    /// -1 is null, 0 an empty text.
    private(set) var lengths: UnsafeMutablePointer<Int32>
    /// 1 where the field is a string of JSON, which is never a number or a truth value. Meaningless for delimited files.
    private(set) var isString: UnsafeMutablePointer<UInt8>
    private(set) var nulls: UnsafeMutablePointer<UInt8>
    private var capacity: Int

    init() {
        capacity = 1024
        starts = .allocate(capacity: capacity)
        lengths = .allocate(capacity: capacity)
        isString = .allocate(capacity: capacity)
        nulls = .allocate(capacity: capacity)
    }

    deinit { free() }

    private func free() {
        starts.deallocate()
        lengths.deallocate()
        isString.deallocate()
        nulls.deallocate()
    }

    func reserve(_ rows: Int) {
        guard rows > capacity else { return }
        free()
        capacity = rows + rows / 4
        starts = .allocate(capacity: capacity)
        lengths = .allocate(capacity: capacity)
        isString = .allocate(capacity: capacity)
        nulls = .allocate(capacity: capacity)
    }
}

/// Bytes that live until the next reset: texts whose quotes or escapes had to be taken out. Keeps slack behind each text, because the
/// typed loops read a few bytes beyond a field's end.
final class ByteArena {
    static let slack = 64
    private var blocks: [(base: UnsafeMutablePointer<UInt8>, capacity: Int)] = []
    private var block = 0
    private var used = 0

    deinit { for block in blocks { block.base.deallocate() } }

    func reset() {
        block = 0
        used = 0
    }

    func allocate(_ count: Int) -> UnsafeMutablePointer<UInt8> {
        while block < blocks.count {
            if used + count + ByteArena.slack <= blocks[block].capacity {
                let start = blocks[block].base + used
                used += count
                return start
            }
            block += 1
            used = 0
        }
        let capacity = max(1 << 20, count + ByteArena.slack)
        let base = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        base.initialize(repeating: 0, count: capacity)
        blocks.append((base, capacity))
        block = blocks.count - 1
        used = count
        return base
    }
}
