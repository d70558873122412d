#if canImport(Glibc)
    import Glibc
#endif

/// Growable bytes aligned to a cache line. Not thread safe while it grows; safe to read from many threads after.
final class RawBuffer: @unchecked Sendable {
    static let alignment = 64
    private(set) var base: UnsafeMutableRawPointer
    private(set) var capacity: Int
    var count = 0
    /// Whoever owns the bytes where they are not our own.
    private let owner: AnyObject?

    init(borrowing base: UnsafeMutableRawPointer, capacity: Int, owner: AnyObject) {
        self.base = base
        self.capacity = capacity
        self.owner = owner
    }

    init(capacity: Int = 0) {
        self.capacity = max(capacity, RawBuffer.alignment)
        base = .allocate(byteCount: self.capacity, alignment: RawBuffer.alignment)
        owner = nil
    }

    deinit {
        if owner == nil { base.deallocate() }
    }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    /// Room for `size` more bytes, counted as written. The bytes are not cleared.
    func grow(_ size: Int) -> UnsafeMutableRawPointer {
        if count &+ size > capacity {
            precondition(owner == nil, "borrowed bytes do not grow")
            let larger = max(count + size, capacity * 2)
            let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: RawBuffer.alignment)
            moved.copyMemory(from: base, byteCount: count)
            base.deallocate()
            base = moved
            capacity = larger
        }
        let at = base + count
        count &+= size
        return at
    }

    func growZeroed(_ size: Int) -> UnsafeMutableRawPointer {
        let at = grow(size)
        if size > 0 { memset(at, 0, size) }
        return at
    }

    func append(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return }
        grow(bytes.count).copyMemory(from: start, byteCount: bytes.count)
    }

    // A caller may hold nothing but the call's own result, so what reads through the raw pointer must keep the object alive itself.

    func append(_ other: RawBuffer) { withExtendedLifetime(other) { append(other.bytes) } }

    func read<T: BitwiseCopyable>(_ offset: Int = 0, as type: T.Type) -> T {
        precondition(offset >= 0 && offset + MemoryLayout<T>.size <= count, "a read beyond the buffer")
        return withExtendedLifetime(self) { base.loadUnaligned(fromByteOffset: offset, as: type) }
    }

    func checksum(_ length: Int? = nil, seed: UInt64 = 0) -> UInt64 {
        withExtendedLifetime(self) { Checksum.of(base, count: length ?? count, seed: seed) }
    }

    func equals(_ other: RawBuffer) -> Bool {
        withExtendedLifetime((self, other)) { bytes.elementsEqual(other.bytes) }
    }

    func append<T: BitwiseCopyable>(_ value: T) {
        grow(MemoryLayout<T>.size).storeBytes(of: value, as: T.self)
    }

    /// Zeros up to a multiple of 8.
    func padToWord() {
        let rest = count & 7
        if rest != 0 { _ = growZeroed(8 - rest) }
    }
}
