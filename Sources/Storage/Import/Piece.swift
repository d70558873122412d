/// Whole records cut from an input, with their field ends: what one worker parses at a time.
final class Piece: @unchecked Sendable {
    private(set) var bytes: UnsafeMutablePointer<UInt8>
    private(set) var capacity: Int
    /// Bytes of whole records.
    var count = 0
    let ends: FieldEnds
    var records = 0
    var lines = 0
    var sawQuote = false
    /// Without it every quoted field is its bytes between the quotes.
    var sawInnerQuote = false
    /// The line that the first record starts in, counted from 1 in its file.
    var firstLine = 1
    var input = 0
    var sequence = 0
    /// Bytes of the original input read when this piece was cut.
    var bytesRead = 0

    init(capacity: Int) {
        self.capacity = capacity
        bytes = .allocate(capacity: capacity + ByteArena.slack)
        (bytes + capacity).initialize(repeating: 0, count: ByteArena.slack)
        ends = FieldEnds(bytesMax: capacity)
    }

    deinit { bytes.deallocate() }

    /// Keeps the first `kept` bytes.
    func grow(to newCapacity: Int, keeping kept: Int) {
        guard newCapacity > capacity else { return }
        let wider = UnsafeMutablePointer<UInt8>.allocate(capacity: newCapacity + ByteArena.slack)
        wider.update(from: bytes, count: kept)
        (wider + newCapacity).initialize(repeating: 0, count: ByteArena.slack)
        bytes.deallocate()
        bytes = wider
        capacity = newCapacity
        ends.reserve(bytesMax: newCapacity)
    }

    /// The line of a byte of this piece.
    func line(at position: Int, recordEnd: UInt8) -> Int {
        var line = firstLine
        for i in 0..<position where bytes[i] == recordEnd { line += 1 }
        return line
    }
}
