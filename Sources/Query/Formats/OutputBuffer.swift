/// Gathers a writer's bytes and hands them on in large pieces. Not for sharing between threads.
public final class OutputBuffer {
    private let sink: ByteSink
    private let start: UnsafeMutablePointer<UInt8>
    let capacity: Int
    /// Where the next byte goes.
    private var next: UnsafeMutablePointer<UInt8>
    /// The end of the room; a writer's inner loop holds it beside its own pointer.
    let limit: UnsafeMutablePointer<UInt8>

    public init(_ sink: ByteSink, capacity: Int = 256 << 10) {
        precondition(capacity >= 1024)
        self.sink = sink
        self.capacity = capacity
        start = .allocate(capacity: capacity)
        next = start
        limit = start + capacity
    }

    deinit { start.deallocate() }

    /// Hands everything gathered so far to the sink. What the sink refused is dropped: a failed write is never tried again.
    public func flush() throws {
        let count = next - start
        guard count > 0 else { return }
        next = start
        try sink.write(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// Room for `count` bytes (at most the capacity) in one piece; ``advance(to:)`` says how many were used.
    @inline(__always)
    func room(_ count: Int) throws -> UnsafeMutablePointer<UInt8> {
        if limit - next < count { try flush() }
        precondition(count <= capacity)
        return next
    }

    @inline(__always)
    func advance(to end: UnsafeMutablePointer<UInt8>) {
        next = end
    }

    @inline(__always)
    func append(_ byte: UInt8) throws {
        let p = try room(1)
        p.pointee = byte
        next = p + 1
    }

    func append(_ bytes: UnsafeBufferPointer<UInt8>) throws {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        if bytes.count > capacity {
            try flush()
            return try sink.write(UnsafeRawBufferPointer(bytes))
        }
        let p = try room(bytes.count)
        p.update(from: base, count: bytes.count)
        next = p + bytes.count
    }

    public func append(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBufferPointer { try append($0) }
    }

    public func append(_ text: String) throws {
        var text = text
        try text.withUTF8 { try append($0) }
    }

    func append(repeating byte: UInt8, count: Int) throws {
        var left = count
        while left > 0 {
            let piece = min(left, 1024)
            let p = try room(piece)
            p.update(repeating: byte, count: piece)
            next = p + piece
            left -= piece
        }
    }
}
