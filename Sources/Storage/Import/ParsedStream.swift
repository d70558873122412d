import Glibc

/// Parsed pieces in the order of the input, made by workers of their own while the caller deals with those before.
///
/// A worker takes the reading lock, cuts the next piece, gives the lock away and parses; at most `window` pieces are on their way.
final class ParsedStream: @unchecked Sendable {
    private let reader: PieceReader
    private let reading = ImportMonitor()
    private let monitor = ImportMonitor()
    private let makeParser: @Sendable () -> PieceParser
    private let window: Int
    private var slots: [ParsedPiece?]
    private var free: [Piece] = []
    private var next = 0
    private var claimed = 0
    private var isClosed = false
    private var threads: [ImportThread] = []

    init(reader: PieceReader, workers: Int, makeParser: @escaping @Sendable () -> PieceParser) {
        self.reader = reader
        self.makeParser = makeParser
        window = workers * 2 + 1
        slots = Array(repeating: nil, count: window)
    }

    func start(workers: Int) throws {
        for _ in 0..<workers {
            threads.append(try ImportThread { [unowned self] in self.work() })
        }
    }

    /// Stops the workers and waits for them. Must be called before the stream is released.
    func close() {
        monitor.withLock {
            isClosed = true
            monitor.wakeAll()
        }
        for thread in threads { thread.join() }
        threads = []
    }

    var isCancelled: Bool { monitor.withLock { isClosed } }

    /// The next piece, or nil after about 50 ms without one.
    func poll() -> ParsedPiece? {
        monitor.withLock {
            if slots[next % window] == nil { monitor.waitBriefly() }
            guard let parsed = slots[next % window] else { return nil }
            slots[next % window] = nil
            next += 1
            monitor.wakeAll()
            return parsed
        }
    }

    private func work() {
        let parser = makeParser()
        while true {
            var sequence = -1
            var piece: Piece?
            var last: ParsedPiece?
            reading.withLock {
                sequence = monitor.withLock {
                    while !isClosed, claimed - next >= window { monitor.wait() }
                    if isClosed { return -1 }
                    claimed += 1
                    return claimed - 1
                }
                guard sequence >= 0 else { return }
                let buffer = monitor.withLock { free.popLast() } ?? Piece(capacity: PieceReader.pieceBytes)
                do {
                    if try reader.next(into: buffer) { piece = buffer } else { last = ParsedPiece() }
                } catch {
                    last = ParsedPiece()
                    last?.failure = error
                }
                last?.isLast = true
                if last != nil { monitor.withLock { isClosed = true } }
            }
            guard sequence >= 0 else { return }
            let parsed = last ?? piece.map { parser.parse($0) } ?? ParsedPiece()
            monitor.withLock {
                if let piece { free.append(piece) }
                slots[sequence % window] = parsed
                monitor.wakeAll()
            }
            if last != nil { return }
        }
    }
}
