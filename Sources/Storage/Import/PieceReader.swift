/// Cuts the inputs, one after another, into pieces of whole records. Cutting needs the quote state from the beginning on, so it is done
/// in order, by one thread at a time; the scan that finds the cut is the one that finds the fields.
final class PieceReader {
    static let pieceBytes = 1 << 20
    static let recordBytesMax = 64 << 20

    private let inputs: [ImportInput]
    private let layout: InputLayout
    private let scanner: FieldScanner
    private var current = 0
    private var isOpen = false
    private var inputEnded = false
    private var carry: [UInt8] = []
    private var line = 1
    private var failure: StorageError?
    private var sequence = 0
    private var bytesBefore = 0

    init(inputs: [ImportInput], layout: InputLayout) {
        self.inputs = inputs
        self.layout = layout
        scanner = FieldScanner(layout.dialect)
    }

    /// Fills `piece` with the next records; false at the end of the last input.
    func next(into piece: Piece) throws -> Bool {
        while true {
            if let failure { throw failure }
            guard current < inputs.count else { return false }
            if !isOpen { try openInput() }
            if try cut(into: piece) { return true }
            bytesBefore += inputs[current].bytesRead
            inputs[current].release()
            current += 1
            isOpen = false
        }
    }

    private func openInput() throws {
        let file = layout.files[current]
        isOpen = true
        inputEnded = false
        carry = []
        line = file.firstDataLine
        var left = file.dataOffset
        var drop = [UInt8](repeating: 0, count: 64 << 10)
        while left > 0 {
            let wanted = min(left, drop.count)
            let got = try drop.withUnsafeMutableBytes { try inputs[current].read(into: $0.baseAddress!, count: wanted) }
            guard got > 0 else { break }
            left -= got
        }
    }

    private func cut(into piece: Piece) throws -> Bool {
        let input = inputs[current]
        var capacity = max(PieceReader.pieceBytes, min(carry.count * 2, PieceReader.recordBytesMax))
        piece.grow(to: capacity, keeping: 0)
        var count = carry.count
        carry.withUnsafeBufferPointer { held in
            if let base = held.baseAddress { piece.bytes.update(from: base, count: held.count) }
        }
        while true {
            while count < capacity, !inputEnded {
                let got = try input.read(into: piece.bytes + count, count: capacity - count)
                if got == 0 { inputEnded = true }
                count += got
            }
            guard count > 0 else { return false }
            (piece.bytes + count).update(repeating: 0, count: ByteArena.slack)
            let result = scanner.scan(piece.bytes, count: count, atEnd: inputEnded, into: piece.ends)
            if inputEnded, let open = result.openQuote {
                failure = unterminated(piece, openAt: open, name: input.name)
                guard result.consumed > 0 else { return false }
            }
            if result.consumed > 0 {
                deliver(piece, result, count: count)
                return true
            }
            guard capacity < PieceReader.recordBytesMax else {
                let what = result.openQuote == nil ? "a record" : "a quoted field"
                throw StorageError(
                    .data, "\(input.name), line \(line): \(what) that begins here is longer than 64 MB",
                    hint: "is a closing quote missing, or the delimiter or line end another one?")
            }
            capacity = min(capacity * 2, PieceReader.recordBytesMax)
            piece.grow(to: capacity, keeping: count)
        }
    }

    private func deliver(_ piece: Piece, _ result: FieldScanner.Result, count: Int) {
        let whole = min(result.consumed, count)
        piece.count = whole
        piece.records = result.records
        piece.lines = result.records + result.innerLines
        piece.sawQuote = result.sawQuote
        piece.sawInnerQuote = result.sawInnerQuote
        piece.firstLine = line
        piece.input = current
        piece.sequence = sequence
        piece.bytesRead = bytesBefore + inputs[current].bytesRead
        sequence += 1
        line += piece.lines
        carry = Array(UnsafeBufferPointer(start: piece.bytes + whole, count: failure == nil ? count - whole : 0))
    }

    private func unterminated(_ piece: Piece, openAt open: Int, name: String) -> StorageError {
        var openLine = line
        for i in 0..<open where piece.bytes[i] == layout.dialect.recordEnd { openLine += 1 }
        return StorageError(
            .data, "\(name), line \(openLine): the quote that opens here is never closed",
            hint: "if quotes mean nothing in this file, say quote: \"\"")
    }
}
