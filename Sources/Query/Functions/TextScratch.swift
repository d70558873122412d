#if canImport(Glibc)
    import Glibc
#endif
import Storage

/// Bytes under construction, kept from row to row. One belongs to one run of a kernel.
struct TextScratch: ~Copyable {
    private var memory: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private(set) var count = 0

    init() {
        capacity = 256
        memory = .allocate(capacity: capacity)
    }

    deinit { memory.deallocate() }

    var buffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: memory, count: count) }

    @inline(__always) mutating func clear() { count = 0 }

    /// Room for `more` bytes; they count once ``advance(by:)`` says so.
    @inline(__always)
    mutating func reserve(_ more: Int) -> UnsafeMutablePointer<UInt8> {
        if count + more > capacity { grow(count + more) }
        return memory + count
    }

    @inline(__always) mutating func advance(by bytes: Int) { count += bytes }

    @inline(never)
    private mutating func grow(_ needed: Int) {
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: max(needed, capacity * 2))
        larger.update(from: memory, count: count)
        memory.deallocate()
        memory = larger
        capacity = max(needed, capacity * 2)
    }

    @inline(__always)
    mutating func append(_ view: TextView) {
        guard let base = view.base, view.count > 0 else { return }
        memcpy(reserve(view.count), base, view.count)
        count += view.count
    }

    mutating func append(contentsOf text: some Collection<UInt8>) {
        let target = reserve(text.count)
        for (index, byte) in text.enumerated() { target[index] = byte }
        count += text.count
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        reserve(1)[0] = byte
        count += 1
    }

    /// Appends the UTF-8 form of a scalar.
    @inline(__always)
    mutating func append(scalar: UInt32) {
        let target = reserve(4)
        func tail(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: 0x80 | (scalar >> shift & 0x3F)) }
        switch scalar {
        case 0..<0x80:
            target[0] = UInt8(truncatingIfNeeded: scalar)
            count += 1
        case 0x80..<0x800:
            target[0] = UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6)
            target[1] = tail(0)
            count += 2
        case 0x800..<0x10000:
            target[0] = UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12)
            target[1] = tail(6)
            target[2] = tail(0)
            count += 3
        default:
            target[0] = UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18)
            target[1] = tail(12)
            target[2] = tail(6)
            target[3] = tail(0)
            count += 4
        }
    }
}
