import Storage

/// Memory for texts that a kernel computes: blocks that never move while the batch lives.
final class TextArena {
    private var blocks: [UnsafeMutableBufferPointer<UInt8>] = []
    private var block = 0
    /// Where the current block goes on, and how much of it is left: a text that fits is copied without a look at the blocks.
    private var next: UnsafeMutablePointer<UInt8>?
    private var left = 0
    /// Bytes of all texts.
    private(set) var bytes = 0

    /// The first block is for few texts; what a batch leaves at the end of a large one is little against it.
    private static let firstBlockBytes = 1 << 16
    private static let blockBytesMax = 1 << 20

    deinit { for block in blocks { block.deallocate() } }

    func reset() {
        bytes = 0
        open(0)
    }

    @inline(__always)
    func copy(_ text: UnsafeBufferPointer<UInt8>) -> TextView {
        let count = text.count
        guard count > 0, let source = text.baseAddress else { return TextView(base: nil, count: 0) }
        let target = room(count)
        target.update(from: source, count: count)
        return TextView(base: target, count: count)
    }

    /// Room for `count` bytes, which count as texts.
    @inline(__always)
    func room(_ count: Int) -> UnsafeMutablePointer<UInt8> {
        bytes &+= count
        guard let target = next, count <= left else { return roomElsewhere(count) }
        next = target + count
        left &-= count
        return target
    }

    private func open(_ number: Int) {
        block = number
        next = number < blocks.count ? blocks[number].baseAddress : nil
        left = number < blocks.count ? blocks[number].count : 0
    }

    @inline(never)
    private func roomElsewhere(_ count: Int) -> UnsafeMutablePointer<UInt8> {
        while block < blocks.count, left < count { open(block + 1) }
        if block >= blocks.count {
            let size = min(Self.firstBlockBytes << min(blocks.count, 8), Self.blockBytesMax)
            blocks.append(.allocate(capacity: max(count, size)))
            open(blocks.count - 1)
        }
        guard let target = next else { preconditionFailure("a block without memory") }
        next = target + count
        left -= count
        return target
    }
}
